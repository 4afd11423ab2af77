"""Whatever a test holds, taken apart: requests, answers and tokens of any HTTP library, told by their shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import requests

from pytest_asc.diagnosis.http.exceptions import ExceptionEvidence, read_exception
from pytest_asc.diagnosis.http.request import HttpRequest

if TYPE_CHECKING:
    from pytest_asc.diagnosis.findings import Finding

KINDS = (
    "a response or a request of requests or httpx, an exception, a token, a JSON error document, a mapping of headers, "
    'or a mapping like {"status": 401, "headers": {…}, "body": …, "url": …}'
)


class ParsedResponse(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class HttpEvidence:
    """What was in it; None for what was not."""

    token: str | None = field(default=None, repr=False)
    request: HttpRequest | None = None
    hops: tuple[HttpRequest, ...] = ()
    """The requests that were redirected before."""
    reply: ParsedResponse | None = field(default=None, repr=False)
    failure: BaseException | None = field(default=None, repr=False)
    """Why nothing came back."""
    finding: Finding | None = None
    """What the thing proves by itself."""


def parse_evidence(thing: object) -> HttpEvidence:
    """Take a thing apart.

    Raises:
        TypeError: It is none that is known, or its body has not been read; the message says what is expected.
    """
    if isinstance(thing, BaseException):
        return _open_exception(thing)
    if isinstance(thing, (bytes, bytearray)):
        return parse_evidence(bytes(thing).decode("utf-8", "replace"))
    if isinstance(thing, str):
        document = _json_object(thing)
        return HttpEvidence(token=thing) if document is None else _open_mapping(document)
    if isinstance(thing, Mapping):
        return _open_mapping(thing)
    if isinstance(_get(thing, "status_code"), int):
        return _open_response(thing)
    if _get(thing, "url") is not None and hasattr(thing, "headers") and _get(thing, "status") is None:
        return HttpEvidence(request=parse_request(thing))
    raise _unknown(thing)


def parse_request(thing: object) -> HttpRequest:
    """Take a request apart: an object or a mapping with method, url, headers and body.

    Raises:
        TypeError: It is none.
    """
    if isinstance(thing, Mapping):
        names = _lower(thing)
        if not names.keys() & {"url", "headers", "authorization"}:
            raise _unknown(thing)
        headers = thing if "authorization" in names else names.get("headers")
        return HttpRequest(
            _text(names.get("method")), _text(names.get("url")), _headers(headers), _bytes(names.get("body"))
        )
    url, headers = _get(thing, "url"), _get(thing, "headers")
    if url is None:
        raise _unknown(thing)
    body = next((value for name in ("body", "content", "data") if (value := _get(thing, name))), None)
    method = _text(_get(thing, "method"))
    if isinstance(thing, requests.Request) and not isinstance(headers, (str, bytes)):
        # What a session adds to it is not known before it is prepared.
        headers = headers if headers and "authorization" in _lower(headers) else None
    return HttpRequest(method, _text(url), _headers(headers), _bytes(body))


def _open_response(thing: object) -> HttpEvidence:
    try:
        body = _get(thing, "content")
    except (requests.RequestException, OSError) as error:
        return HttpEvidence(failure=error, request=_request_of(thing))
    if not isinstance(body, bytes):
        raise TypeError(
            f"The body of this {type(thing).__name__} has not been read. Read it before, or give a mapping: "
            '{"status": …, "headers": …, "body": …}.'
        )
    history = _get(thing, "history")
    hops = tuple(hop for one in history if (hop := _request_of(one))) if isinstance(history, (list, tuple)) else ()
    status: Any = _get(thing, "status_code")
    return HttpEvidence(
        request=_request_of(thing),
        hops=hops,
        reply=ParsedResponse(status, _known_headers(_get(thing, "headers")), body),
    )


def _request_of(response: object) -> HttpRequest | None:
    request = _get(response, "request")
    return None if request is None else parse_request(request)


def _open_exception(error: BaseException) -> HttpEvidence:
    response = _get(error, "response")
    if isinstance(_get(response, "status_code"), int):
        return _open_response(response)
    raised: ExceptionEvidence = read_exception(error)
    return HttpEvidence(request=raised.request, failure=raised.failure, finding=raised.finding)


def _open_mapping(thing: Mapping[Any, Any]) -> HttpEvidence:
    names = _lower(thing)
    errors = names.get("errors")
    if isinstance(errors, list):
        first = errors[0] if errors and isinstance(errors[0], Mapping) else {}
        return HttpEvidence(reply=ParsedResponse(_status(thing, first.get("status")), {}, _bytes(thing)))
    status = names.get("status", names.get("status_code"))
    if status is None:
        return HttpEvidence(request=parse_request(thing))
    body = names.get("body", names.get("content"))
    reply = ParsedResponse(_status(thing, status), _known_headers(names.get("headers")), _bytes(body))
    if names.get("request") is not None:
        return HttpEvidence(reply=reply, request=parse_request(names["request"]))
    asked = HttpRequest(_text(names.get("method")), _text(names.get("url")))
    return HttpEvidence(reply=reply, request=asked if asked.url else None)


def _status(thing: object, value: object) -> int:
    if isinstance(value, int) or (isinstance(value, str) and re.fullmatch("[0-9]{3}", value)):
        return int(value)
    raise _unknown(thing)


def _unknown(thing: object) -> TypeError:
    kind = type(thing).__name__
    names = f" with {', '.join(sorted(map(str, thing))[:5]) or 'nothing in it'}" if isinstance(thing, Mapping) else ""
    return TypeError(f"asc_diagnose can make nothing of a {kind}{names}. Give it {KINDS}.")


def _get(thing: object, name: str) -> Any:
    """An attribute; None where there is none. httpx raises RuntimeError for what has not been set or read."""
    try:
        return getattr(thing, name, None)
    except RuntimeError:
        return None


def _headers(value: object) -> dict[str, str] | str | None:
    """Headers as text by name; as they are where they are a text, None where they are nothing of the kind."""
    if isinstance(value, (str, bytes, bytearray)):
        return _text(value)
    pairs = value.items() if isinstance(value, Mapping) else value
    if not isinstance(pairs, Iterable):
        return None
    return {_text(pair[0]): _text(pair[1]) for pair in pairs if isinstance(pair, (tuple, list)) and len(pair) == 2}  # noqa: PLR2004


def _known_headers(value: object) -> dict[str, str]:
    headers = _headers(value)
    return headers if isinstance(headers, dict) else {}


def _lower(thing: Mapping[Any, Any]) -> dict[str, Any]:
    return {_text(name).lower(): value for name, value in thing.items()}


def _text(value: object) -> str:
    if value is None:
        return ""
    # latin-1 is how headers are sent.
    return bytes(value).decode("latin-1") if isinstance(value, (bytes, bytearray)) else str(value)


def _bytes(value: object) -> bytes:
    """A body as bytes; empty where it is a stream."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, (Mapping, list)):
        return json.dumps(value, default=str, skipkeys=True).encode()
    return b""


def _json_object(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
