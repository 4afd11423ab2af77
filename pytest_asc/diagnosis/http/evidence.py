"""Parser of evidence: responses and requests of any HTTP library, recognised by their attributes, exceptions, texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import requests

from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.http.exceptions import ExceptionEvidence, read_exception
from pytest_asc.diagnosis.http.request import HttpRequest
from pytest_asc.diagnosis.pasted import error_document, read_pasted, status_and_url
from pytest_asc.diagnosis.tool_messages import diagnose_message

if TYPE_CHECKING:
    from pytest_asc.diagnosis.findings import Finding

ACCEPTED_EVIDENCE = (
    "a response or request of requests or httpx, an exception, a token, a JSON error document, the output of a tool, "
    "a header line, a curl command, a mapping of headers, "
    'or a mapping such as {"status": 401, "headers": {…}, "body": …, "url": …}'
)


class ParsedResponse(NamedTuple):
    """Status, headers and body of a response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class HttpEvidence:
    """Parsed evidence. Parts that the evidence does not contain are None or empty."""

    token: str | None = field(default=None, repr=False)
    request: HttpRequest | None = None
    hops: tuple[HttpRequest, ...] = ()
    """The earlier requests of a chain of redirects, in order."""
    response: ParsedResponse | None = field(default=None, repr=False)
    failure: BaseException | None = field(default=None, repr=False)
    """The exception that was raised in place of a response."""
    finding: Finding | None = None
    """A finding that needs no further checks."""
    notes: tuple[Finding, ...] = ()
    """Findings on the form of the evidence, such as quotes around a token."""


def parse_evidence(evidence: object) -> HttpEvidence:
    """Parse evidence of any supported type.

    Raises:
        TypeError: The type is not supported, or the body of the response has not been read.
    """
    __tracebackhide__ = True
    if isinstance(evidence, BaseException):
        return _parse_exception(evidence)
    if isinstance(evidence, (bytes, bytearray)):
        return parse_evidence(bytes(evidence).decode("utf-8", "replace"))
    if isinstance(evidence, str):
        return _parse_text(evidence)
    if isinstance(evidence, Mapping):
        return _parse_mapping(evidence)
    if isinstance(_attribute(evidence, "status_code"), int):
        return _parse_response(evidence)
    if (
        _attribute(evidence, "url") is not None
        and hasattr(evidence, "headers")
        and _attribute(evidence, "status") is None
    ):
        return HttpEvidence(request=parse_request(evidence))
    raise _unsupported(evidence)


def parse_request(evidence: object) -> HttpRequest:
    """Parse a request: an object or a mapping with method, url, headers and body.

    Raises:
        TypeError: It is not a request.
    """
    if isinstance(evidence, Mapping):
        names = _with_lower_case_names(evidence)
        if not names.keys() & {"url", "headers", "authorization"}:
            raise _unsupported(evidence)
        headers = evidence if "authorization" in names else names.get("headers")
        return HttpRequest(
            _text(names.get("method")), _text(names.get("url")), _headers(headers), _bytes(names.get("body"))
        )
    url, headers = _attribute(evidence, "url"), _attribute(evidence, "headers")
    if url is None:
        raise _unsupported(evidence)
    body = next((value for name in ("body", "content", "data") if (value := _attribute(evidence, name))), None)
    method = _text(_attribute(evidence, "method"))
    if isinstance(evidence, requests.Request) and not isinstance(headers, (str, bytes)):
        # The session may still add an Authorization header when it prepares the request.
        headers = headers if headers and "authorization" in _with_lower_case_names(headers) else None
    return HttpRequest(method, _text(url), _headers(headers), _bytes(body))


def _parse_response(evidence: object) -> HttpEvidence:
    try:
        body = _attribute(evidence, "content")
    except (requests.RequestException, OSError) as error:
        return HttpEvidence(failure=error, request=_request_of(evidence))
    if not isinstance(body, bytes):
        raise TypeError(
            f"The body of this {type(evidence).__name__} has not been read. Read it first, or pass a mapping: "
            '{"status": …, "headers": …, "body": …}.'
        )
    history = _attribute(evidence, "history")
    hops = (
        tuple(hop for response in history if (hop := _request_of(response)))
        if isinstance(history, (list, tuple))
        else ()
    )
    status: Any = _attribute(evidence, "status_code")
    return HttpEvidence(
        request=_request_of(evidence),
        hops=hops,
        response=ParsedResponse(status, _headers_or_empty(_attribute(evidence, "headers")), body),
    )


def _request_of(response: object) -> HttpRequest | None:
    request = _attribute(response, "request")
    return None if request is None else parse_request(request)


def _parse_text(text: str) -> HttpEvidence:
    """Parse a text. A JSON object is parsed as a mapping if it contains evidence."""
    document = _json_object(text)
    if document is not None:
        try:
            return _parse_mapping(document)
        except TypeError:
            pass  # not evidence: read_pasted describes the document
    pasted = read_pasted(text)
    if pasted.findings and pasted.token is None:
        return HttpEvidence(finding=pasted.findings[0])
    headers = None if pasted.authorization is None else {"Authorization": pasted.authorization}
    request = HttpRequest(pasted.method, pasted.url, headers) if pasted.url or headers else None
    if pasted.document is None:
        return HttpEvidence(token=pasted.token, request=request, notes=pasted.findings)
    status, url = status_and_url(pasted.document)
    response = ParsedResponse(pasted.status or status, {}, _bytes(pasted.document))
    return HttpEvidence(token=pasted.token, request=request or HttpRequest(url=url), response=response)


def _json_object(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _parse_exception(error: BaseException) -> HttpEvidence:
    response = _attribute(error, "response")
    if isinstance(_attribute(response, "status_code"), int):
        return _parse_response(response)
    exception: ExceptionEvidence = read_exception(error)
    if exception == ExceptionEvidence():
        return HttpEvidence(finding=_message_finding(error))
    return HttpEvidence(request=exception.request, failure=exception.failure, finding=exception.finding)


def _message_finding(error: BaseException) -> Finding:
    """Diagnose the name and message of an exception; return a note if they suggest no cause."""
    name = type(error).__name__
    if finding := diagnose_message(f"{type(error).__module__}.{name}: {error}"):
        return finding
    return make_finding("nothing-to-check", f"{name} contains neither a request nor a response")


def _parse_mapping(evidence: Mapping[Any, Any]) -> HttpEvidence:
    names = _with_lower_case_names(evidence)
    errors = names.get("errors")
    if isinstance(errors, list):
        first = errors[0] if errors and isinstance(errors[0], Mapping) else {}
        return HttpEvidence(response=ParsedResponse(_status(evidence, first.get("status")), {}, _bytes(evidence)))
    if not names.keys() & {"status", "status_code", "url", "headers", "authorization"} and (
        document := error_document(json.dumps(evidence, default=str, skipkeys=True))
    ):
        found, url = status_and_url(document)
        return HttpEvidence(response=ParsedResponse(found, {}, _bytes(document)), request=HttpRequest(url=url))
    status = names.get("status", names.get("status_code"))
    if status is None:
        return HttpEvidence(request=parse_request(evidence))
    body = names.get("body", names.get("content"))
    response = ParsedResponse(_status(evidence, status), _headers_or_empty(names.get("headers")), _bytes(body))
    if names.get("request") is not None:
        return HttpEvidence(response=response, request=parse_request(names["request"]))
    request = HttpRequest(_text(names.get("method")), _text(names.get("url")))
    return HttpEvidence(response=response, request=request if request.url else None)


def _status(evidence: object, value: object) -> int:
    if (isinstance(value, int) and value in range(1000)) or (
        isinstance(value, str) and re.fullmatch("[0-9]{3}", value)
    ):
        return int(value)
    raise _unsupported(evidence)


def _unsupported(evidence: object) -> TypeError:
    name = type(evidence).__name__
    keys = ", ".join(sorted(map(str, evidence))[:5]) if isinstance(evidence, Mapping) else ""
    names = f" with the keys {keys}" if keys else ""
    return TypeError(f"asc_diagnose cannot read a value of type {name}{names}. Pass {ACCEPTED_EVIDENCE}.")


def _attribute(evidence: object, name: str) -> Any:
    """Return an attribute; None if it is missing, or if httpx raises RuntimeError because it is not available yet."""
    try:
        return getattr(evidence, name, None)
    except RuntimeError:
        return None


def _headers(value: object) -> dict[str, str] | str | None:
    """Return headers as a dictionary of strings; a string unchanged; None for any other type."""
    if isinstance(value, (str, bytes, bytearray)):
        return _text(value)
    pairs = value.items() if isinstance(value, Mapping) else value
    if not isinstance(pairs, Iterable):
        return None
    return {_text(pair[0]): _text(pair[1]) for pair in pairs if isinstance(pair, (tuple, list)) and len(pair) == 2}  # noqa: PLR2004


def _headers_or_empty(value: object) -> dict[str, str]:
    headers = _headers(value)
    return headers if isinstance(headers, dict) else {}


def _with_lower_case_names(evidence: Mapping[Any, Any]) -> dict[str, Any]:
    return {_text(name).lower(): value for name, value in evidence.items()}


def _text(value: object) -> str:
    if value is None:
        return ""
    # Headers are encoded in latin-1.
    return bytes(value).decode("latin-1") if isinstance(value, (bytes, bytearray)) else str(value)


def _bytes(value: object) -> bytes:
    """Return a body as bytes; empty if it is a stream."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, (Mapping, list)):
        return json.dumps(value, default=str, skipkeys=True).encode()
    return b""
