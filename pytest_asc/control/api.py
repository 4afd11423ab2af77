"""Request handler of the control API."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from difflib import get_close_matches
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from urllib.parse import parse_qsl, unquote

from pytest_asc.control.commands import COMMANDS, Call, Command, dump
from pytest_asc.control.openapi import openapi_document
from pytest_asc.control.schemas import BOOLEAN, OBJECT, check, members
from pytest_asc.emulator.seeding import check_document
from pytest_asc.emulator.spec.api_spec import depends_on_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_asc.control.access import Access
    from pytest_asc.control.accounts import Accounts, OpenedAccount
    from pytest_asc.control.served_emulator import ServedEmulator
    from pytest_asc.emulator.seeding import CheckedDocument

CONTROL_PATH = "/_emulator"
"""Path of the control API on the server."""

_JSON, _HTML = "application/json", "text/html; charset=utf-8"
_FORBIDDEN = ("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")
_INTEGER = re.compile(r"-?[0-9]{1,16}")
"""As many digits as every JSON number can have."""
_MAX_CACHED_BYTES = 2**20
"""Maximum size of an account document, in bytes, whose check is cached."""
_SAMPLE = members({}, {"sample": BOOLEAN})


class ControlRequest(NamedTuple):
    """A request to the control API."""

    method: str
    target: str
    """Path and query, as received."""
    header: Callable[[str], str | None]
    """Function that returns the value of a header by its name."""
    secure: bool = False
    """True if the request came over TLS."""
    body: bytes = b""


class ControlResponse(NamedTuple):
    """A response of the control API."""

    status: int
    body: bytes = b""
    media_type: str = _JSON
    headers: Mapping[str, str] = {}


class EventStream(NamedTuple):
    """A response that does not end: the requests of an account, sent as events when they are handled."""

    emulator: ServedEmulator
    since: int
    """Number of the last request that the client already knows."""


class _RefusedError(Exception):
    """Rejection of a request, with status, headers and message of the error response."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class ControlApi:
    """Control API of a server.

    Args:
        accounts: The accounts to control.
        access: The access rules.
        base_url: Scheme, host and port of the server.
        version: Version of the package.
    """

    def __init__(self, accounts: Accounts, access: Access, base_url: str, version: str) -> None:
        self.accounts = accounts
        self.access = access
        self.tunnels = 0
        """Number of tunnels to the emulator that the proxy has opened."""
        self._base_url = base_url
        self._version = version

    @property
    def url(self) -> str:
        """URL of the control API and the page of the first account."""
        return f"{self._base_url}{CONTROL_PATH}/"

    @property
    def may_wait(self) -> bool:
        """True if a command may have to wait for a webhook receiver, which itself may send requests to the server."""
        return any(one.delivers_webhooks for one in (self.accounts.first, *(one.emulator for one in self.accounts)))

    def respond(self, request: ControlRequest) -> ControlResponse | EventStream:
        """Handle a request. It raises no exceptions: errors are in the response."""
        try:
            response = self._respond(request)
        except _RefusedError as error:
            response = ControlResponse(error.status, dump({"error": str(error)}), headers=error.headers)
        except LookupError as error:
            response = ControlResponse(404, dump({"error": _text(error)}))
        except (ValueError, TypeError) as error:
            response = ControlResponse(400, dump({"error": _text(error)}))
        except Exception as error:  # noqa: BLE001  a bug in pytest-asc must not stop the server
            response = ControlResponse(
                500, dump({"error": f"this is a bug in pytest-asc, please report it: {error!r}"})
            )
        if isinstance(response, ControlResponse) and request.method == "HEAD":
            return response._replace(body=b"")
        return response

    def _respond(self, request: ControlRequest) -> ControlResponse | EventStream:
        path, _, query = request.target.partition("?")
        segments = [unquote(one) for one in path.split("/") if one][1:]
        method = "GET" if request.method == "HEAD" else request.method
        is_page_of_account = len(segments) == 2 and segments[0] == "accounts"  # noqa: PLR2004  accounts/ID
        is_page = not segments or (is_page_of_account and method == "GET")
        denial = self.access.check(request.header, secure=request.secure, needs_secret=not is_page)
        if denial:
            raise _RefusedError(denial.status, denial.message)
        base, emulator = CONTROL_PATH, self.accounts.first
        if segments[:1] == ["accounts"]:
            if len(segments) == 1 or (is_page_of_account and method == "DELETE"):
                return self._manage_accounts(method, segments[1:], request)
            emulator = self.accounts.get(segments[1]).emulator
            base = f"{CONTROL_PATH}/accounts/{segments[1]}"
            segments = segments[2:]
        is_account = base != CONTROL_PATH
        if segments in ([], ["events"], ["openapi.json"]):
            if method != "GET":
                _refuse_method(method, {"GET", "DELETE"} if is_page_of_account else {"GET"})
            if not segments:
                return ControlResponse(200, *_page())
            if segments == ["events"]:
                return EventStream(emulator, _since(request, emulator))
            return ControlResponse(200, dump(openapi_document(self._version, base, is_account=is_account)))
        command, parameters = _find_command(method, segments, is_account=is_account)
        queried = dict(parse_qsl(query, keep_blank_values=True))
        _check_query(command, queried)
        if command.is_document:
            body = _read_document(request.body)
        else:
            body = _read(request.body, command.body, required=command.body_required)
        document = command.run(emulator, Call(parameters, queried, body))
        if method != "GET":
            emulator.notify_change()
        return ControlResponse(command.status, b"" if document is None else dump(document))

    def _manage_accounts(self, method: str, identifiers: list[str], request: ControlRequest) -> ControlResponse:
        if identifiers:
            self.accounts.close(identifiers[0])
            return ControlResponse(204)
        if method == "GET":
            return ControlResponse(200, dump([_account(one, request) for one in self.accounts]))
        if method != "POST":
            _refuse_method(method, {"GET", "POST"})
        sample = bool(_read(request.body, _SAMPLE, required=False).get("sample"))
        account = self.accounts.open(sample=sample)
        shown = {**_account(account, request), "private_key": str(account.credentials.pem)}
        return ControlResponse(201, dump(shown))


def _account(account: OpenedAccount, request: ControlRequest) -> dict[str, Any]:
    """Return the JSON members of an account. Its URL has the host that the client has used."""
    key = account.credentials
    base = f"{'https' if request.secure else 'http'}://{request.header('Host')}{CONTROL_PATH}"
    return {
        "id": account.id,
        "key_id": key.key_id,
        "issuer_id": key.issuer_id,
        "control_url": f"{base}/accounts/{account.id}/",
    }


@cache
def _page() -> tuple[bytes, str, Mapping[str, str]]:
    """Return the page, its media type and its headers, which allow only its own script and no other hosts."""
    page = Path(__file__).with_name("page.html").read_bytes()
    sources = [f"{name}-src {_hash(page, tag)}" for name, tag in (("style", b"style"), ("script", b"script"))]
    policy = "; ".join(["default-src 'none'", *sources, "connect-src 'self'", "img-src data:", *_FORBIDDEN])
    return (
        page,
        _HTML,
        {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"},
    )


def _hash(page: bytes, tag: bytes) -> str:
    """Return the hash of the page's only element with a tag, as a source expression of the content security policy."""
    _, _, rest = page.partition(b"<" + tag + b">")
    content = rest.partition(b"</" + tag + b">")[0]
    return f"'sha256-{b64encode(sha256(content).digest()).decode()}'"


@cache
def _routes() -> list[tuple[list[str], dict[str, Command]]]:
    by_path: dict[str, dict[str, Command]] = {}
    for command in COMMANDS:
        by_path.setdefault(command.path, {})[command.method] = command
    return [(path.split("/"), commands) for path, commands in by_path.items()]


def _find_command(method: str, segments: list[str], *, is_account: bool) -> tuple[Command, dict[str, str]]:
    for template, commands in _routes():
        if len(template) == len(segments) and all(
            part.startswith("{") or part == segment for part, segment in zip(template, segments, strict=True)
        ):
            if method not in commands:
                _refuse_method(method, set(commands))
            pairs = zip(template, segments, strict=True)
            return commands[method], {part[1:-1]: segment for part, segment in pairs if part.startswith("{")}
    others = ["events", "openapi.json"] if is_account else ["accounts", "events", "openapi.json"]
    known = ", ".join(["/".join(template) for template, _ in _routes()] + others)
    raise LookupError(f"there is no path {'/'.join(segments)!r}; the paths are {known}")


def _refuse_method(method: str, allowed: set[str]) -> NoReturn:
    raise _RefusedError(
        405, f"got the method {method}, expected {' or '.join(sorted(allowed))}", Allow=", ".join(sorted(allowed))
    )


def _check_query(command: Command, query: dict[str, str]) -> None:
    unknown = next((name for name in query if name not in command.query), None) if command.query else None
    if unknown is not None:
        near = get_close_matches(unknown, command.query, n=1)
        hint = f"did you mean {near[0]!r}? The" if near else "the"
        raise ValueError(f"there is no query parameter {unknown!r}; {hint} parameters are {', '.join(command.query)}")
    for name, schema in command.query.items():
        if name in query:
            text = query[name]
            check(int(text) if _INTEGER.fullmatch(text) else text, schema, name)


def _read(body: bytes, schema: Any, *, required: bool) -> Any:
    """Parse the body, and check it against a schema.

    Raises:
        ValueError: The body is not valid JSON, or does not match the schema.
    """
    if schema is None or (not body.strip() and not required):
        return {}
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise ValueError("the body is not valid JSON, expected an object such as {}") from None
    check(value, schema)
    return value


def _read_document(body: bytes) -> CheckedDocument:
    """Parse and check an account document. The result is cached for clients that send the same before every test.

    Raises:
        ValueError: The body is not valid JSON, or not a valid account document.
    """
    check_once = _checked_document if len(body) <= _MAX_CACHED_BYTES else _checked_document.__wrapped__
    return check_once(body)


@depends_on_spec
@lru_cache(maxsize=2)
def _checked_document(body: bytes) -> CheckedDocument:
    return check_document(_read(body, OBJECT, required=True))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _since(request: ControlRequest, emulator: ServedEmulator) -> int:
    """Return the number of the last request that a client of the event stream knows; by default the latest."""
    last = request.header("Last-Event-ID") or ""
    return int(last) if last.isascii() and last.isdigit() and len(last) <= 16 else emulator.request_count  # noqa: PLR2004  digits that every JSON number can have


def _text(error: Exception) -> str:
    return str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
