"""A stand-in for Apple on loopback that shares no code with the emulator: resources in dicts, and only GET requests."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from pytest_asc.credentials.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pytest

SENTINEL = "Sentinel"


def error(status: int, code: str) -> dict[str, Any]:
    return {"errors": [{"id": "1", "status": str(status), "code": code, "title": "No.", "detail": "No."}]}


class Account:
    """Resources, and settings for errors of the service.

    A relationship is a list of pairs (type, id), or one such pair; None if it is not set.
    """

    def __init__(self) -> None:
        self.resources: dict[tuple[str, str], dict[str, Any]] = {}
        self.order: dict[str, list[str]] = {}
        self.closed: tuple[str, ...] = ()
        """Prefixes of paths to which the key has no access."""
        self.failures: dict[int, int] = {}
        """Status of error responses, by the number of the request."""
        self.headers: dict[str, str] = {}
        self.requests: list[tuple[str, str]] = []
        self.violations: list[str] = []
        self.on_request: Callable[[int], None] = lambda _number: None
        self.change: Callable[[str, dict[str, Any]], object] = lambda _path, _document: None
        """Function that changes the document of a successful response before it is sent."""
        self.base = ""
        """Scheme and host of links to next pages."""
        self.missing: set[str] = set()
        """Paths that get 404."""

    def add(self, kind: str, identifier: str, attributes: Mapping[str, Any], **related: Any) -> tuple[str, str]:
        self.resources[kind, identifier] = {"attributes": dict(attributes), "related": related}
        self.order.setdefault(kind, []).append(identifier)
        return kind, identifier

    def answer(self, method: str, target: str) -> tuple[int, dict[str, Any]]:
        self.requests.append((method, target))
        number = len(self.requests)
        self.on_request(number)
        if method != "GET":
            self.violations.append(f"{method} {target}")
            return 405, error(405, "METHOD_NOT_ALLOWED")
        if number in self.failures:
            return self.failures[number], error(self.failures[number], "UNEXPECTED_ERROR")
        parts = urlsplit(target)
        if parts.path.startswith(self.closed) and self.closed:
            return 403, error(403, "FORBIDDEN_ERROR")
        status, document = self.find(parts.path, {name: one[0] for name, one in parse_qs(parts.query).items()})
        if status == 200:
            self.change(parts.path, document)
        return status, document

    def find(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        _, version, kind, *rest = path.split("/")
        if path in self.missing or (rest and (kind, rest[0]) not in self.resources):
            return 404, error(404, "NOT_FOUND")
        if not rest:
            pairs: Any = [(kind, identifier) for identifier in self.order.get(kind, [])]
        elif len(rest) == 1:
            pairs = (kind, rest[0])
        else:
            related = self.resources[kind, rest[0]]["related"]
            if rest[-1] not in related:
                return 404, error(404, "NOT_FOUND")
            pairs = related[rest[-1]]
        return self.page(f"/{version}", path, query, pairs)

    def page(self, version: str, path: str, query: dict[str, str], pairs: Any) -> tuple[int, dict[str, Any]]:
        include = [name for name in query.get("include", "").split(",") if name]
        limits = {name[6:-1]: int(value) for name, value in query.items() if name.startswith("limit[")}
        document: dict[str, Any] = {"links": {"self": path}}
        shown = pairs
        if isinstance(pairs, list):
            limit, offset = int(query.get("limit", "50")), int(query.get("cursor", "0"))
            shown = pairs[offset : offset + limit]
            if offset + limit < len(pairs):
                following = urlencode({**query, "cursor": offset + limit}, safe="[],")
                document["links"]["next"] = f"{self.base}{path}?{following}"
            document["meta"] = {"paging": {"total": len(pairs), "limit": limit}}
            document["data"] = [self.show(version, pair, include, limits) for pair in shown]
        else:
            document["data"] = self.show(version, pairs, include, limits) if pairs else None
        if include:
            found = {}
            for pair in shown if isinstance(shown, list) else [shown] if shown else []:
                for name in include:
                    related = self.resources[pair]["related"].get(name) or []
                    for other in (related if isinstance(related, list) else [related])[: limits.get(name, 10)]:
                        found[other] = self.show(version, other, [], {})
            document["included"] = list(found.values())
        return 200, document

    def show(self, version: str, pair: Any, include: list[str], limits: dict[str, int]) -> dict[str, Any]:
        kind, identifier = pair
        resource = self.resources[pair]
        own = f"{version}/{kind}/{identifier}"
        relationships: dict[str, Any] = {}
        for name, related in resource["related"].items():
            member: dict[str, Any] = {}
            if name in include and isinstance(related, list):
                limit = limits.get(name, 10)
                member["meta"] = {"paging": {"total": len(related), "limit": limit}}
                member["data"] = [{"type": one, "id": other} for one, other in related[:limit]]
            elif name in include:
                member["data"] = related and {"type": related[0], "id": related[1]}
            relationships[name] = {**member, "links": {"related": f"{own}/{name}"}}
        return {
            "type": kind,
            "id": identifier,
            "attributes": resource["attributes"],
            "relationships": relationships,
            "links": {"self": own},
        }


@contextmanager
def serving(account: Account) -> Iterator[str]:
    """Serve an account, and yield the base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True  # otherwise a body in several packets waits 40 ms for an acknowledgement

        def _serve(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers["Host"] != f"127.0.0.1:{server.server_port}":
                account.violations.append(f"Host {self.headers['Host']}")
            if not str(self.headers["Authorization"]).startswith("Bearer eyJ"):
                account.violations.append("no token")
            status, document = account.answer(self.command, self.path)
            body = json.dumps(document).encode()
            self.send_response_only(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in account.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = do_OPTIONS = _serve  # noqa: N815  http.server's

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's name
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    account.base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield account.base
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def prepare_command(patch: pytest.MonkeyPatch, variables: Mapping[str, str], folder: Path) -> None:
    """Set the environment and the current folder of a command, so that it only has the settings of these variables."""
    for name in {name for setting in SETTINGS for name in setting.env}:
        patch.delenv(name, raising=False)
    for name, value in variables.items():
        patch.setenv(name, value)
    patch.chdir(folder)


def large_account() -> Account:
    """Return an account with more than a thousand resources and with sentinels in every free text."""
    account = Account()
    secret = f"{SENTINEL} text"
    for number in range(3):
        app = ("apps", str(6448311069 + number))
        info, version = ("appInfos", f"info-{number}"), ("appStoreVersions", f"version-{number}")
        infos = [
            account.add("appInfoLocalizations", f"info-{number}-{locale}",
                        {"locale": locale, "name": secret, "subtitle": secret, "privacyPolicyUrl": None}, appInfo=info)
            for locale in ("en-US", "de-DE")
        ]  # fmt: skip
        account.add("appInfos", info[1], {"state": "READY_FOR_DISTRIBUTION"}, appInfoLocalizations=infos, app=app)
        texts = [
            account.add("appStoreVersionLocalizations", f"text-{number}-{locale}",
                        {"locale": locale, "description": secret, "supportUrl": f"https://{SENTINEL}.example/?sig=1"},
                        appStoreVersion=version)
            for locale in ("en-US", "de-DE", "fr-FR")
        ]  # fmt: skip
        detail = account.add("appStoreReviewDetails", f"detail-{number}",
                             {"contactFirstName": SENTINEL, "contactPhone": "+1 408 555 1234",
                              "contactEmail": f"{SENTINEL}@example.org", "demoAccountPassword": secret},
                             appStoreVersion=version)  # fmt: skip
        account.add("appStoreVersions", version[1], {"versionString": "1.0", "platform": "IOS",
                    "appVersionState": "IN_REVIEW", "createdDate": "2026-05-01T08:00:00-07:00"}, app=app,
                    appStoreVersionLocalizations=texts, appStoreReviewDetail=detail)  # fmt: skip
        reviews = [
            account.add("customerReviews", f"review-{number}-{one}",
                        {"rating": 5, "title": secret, "body": secret, "reviewerNickname": SENTINEL,
                         "territory": "USA", "createdDate": "2026-05-01T08:00:00-07:00"},
                        **({"response": None} if number else {}))  # those of the first app do not tell
            for one in range(60)
        ]  # fmt: skip
        group = ("betaGroups", f"group-{number}")
        testers = [
            account.add("betaTesters", f"tester-{number}-{one}",
                        {"firstName": f"{SENTINEL}{one}", "lastName": SENTINEL, "state": "INSTALLED",
                         "email": f"{SENTINEL}{one}@example.org"}, builds=[], betaGroups=[group])
            for one in range(90)
        ]  # fmt: skip
        account.add("betaGroups", group[1], {"name": secret, "isInternalGroup": False}, app=app, betaTesters=testers,
                    builds=[])  # fmt: skip
        for one in range(130):
            account.add("builds", f"build-{number}-{one}", {"version": str(one), "processingState": "VALID"}, app=app)
        account.add("apps", app[1], {"name": f"{SENTINEL} {number}", "bundleId": f"org.{SENTINEL}.app{number}",
                    "sku": SENTINEL, "primaryLocale": "en-US"}, appInfos=[info], appStoreVersions=[version],
                    customerReviews=reviews)  # fmt: skip
    for number in range(200):
        account.add("devices", f"DEVICE{number:04}", {"name": f"{SENTINEL}s iPhone", "platform": "IOS",
                    "status": "ENABLED", "udid": f"{number:040x}".replace("0", "c")})  # fmt: skip
    account.add("certificates", "CERT000001", {"certificateContent": SENTINEL * 20, "name": secret,
                "certificateType": "DISTRIBUTION", "displayName": secret, "serialNumber": "5EC12E7"})  # fmt: skip
    account.add("users", "00000000-0000-4000-8000-00000000abcd", {"username": f"{SENTINEL}0@example.org",
                "firstName": f"{SENTINEL}0", "lastName": SENTINEL, "roles": ["ADMIN"]})  # fmt: skip
    return account
