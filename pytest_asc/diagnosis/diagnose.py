"""Diagnosis of a response, request, token or exception: combines the checks of each part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from pytest_asc.apple.causes import CAUSES, CERTAINTIES, LEVELS
from pytest_asc.apple.services import SERVICES, service_for
from pytest_asc.diagnosis.http.clock import read_date
from pytest_asc.diagnosis.http.evidence import ACCEPTED_EVIDENCE, HttpEvidence, parse_evidence, parse_request
from pytest_asc.diagnosis.http.http_response import HttpResponse
from pytest_asc.diagnosis.http.network import read_failure
from pytest_asc.diagnosis.http.origin import is_foreign_host
from pytest_asc.diagnosis.http.request import check_request
from pytest_asc.diagnosis.http.response import diagnose_response
from pytest_asc.diagnosis.token.claims import closest_services
from pytest_asc.diagnosis.token.verify import TokenError, TokenVerification, check_scope, decode, verify_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from pytest_asc.apple.services import Service
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.http.authorization import NetrcEntry
    from pytest_asc.diagnosis.http.evidence import ParsedResponse
    from pytest_asc.diagnosis.http.request import HttpRequest
    from pytest_asc.diagnosis.token.verify import DecodedToken

_ORDER = {slug: place for place, slug in enumerate(CAUSES)}
_UNAUTHORIZED, _FORBIDDEN = 401, 403


class VerificationKey(Protocol):
    """An available key: its key ID, its type, and the public key that verifies its signatures."""

    @property
    def key_id(self) -> str:
        """The ``kid`` of the tokens that it signs."""

    @property
    def kind(self) -> str:
        """Its type: team, individual or enterprise."""

    @property
    def public_key(self) -> EllipticCurvePublicKey:
        """The public key, with which signatures are verified."""

    def issuer(self, service: Service) -> str | None:
        """Return the ``iss`` of its tokens for a service; None if they have none, or if it is not known."""


@dataclass(frozen=True)
class DiagnosisContext:
    """Facts that are known in addition to the evidence."""

    credentials: VerificationKey | None = None
    """The available key, which verifies tokens with its key ID."""
    netrc: Callable[[str], NetrcEntry | None] = lambda _: None
    """Returns the entry of a netrc file for a host; None if there is none."""
    refusal: Callable[[HttpResponse], Finding | None] = lambda _: None
    """Returns the actual cause of a response that an emulator sent; None for any other response."""
    timeout: float | None = None
    """Timeout of the request, in seconds; None if it is not known."""
    utc_offset: int = 0
    """Seconds by which local time is ahead of UTC, to recognise local times that were used as UTC."""


def diagnose(
    evidence: object = None,
    *,
    now: float,
    token: str | bytes | None = None,
    request: object = None,
    service: str | None = None,
    context: DiagnosisContext | None = None,
) -> tuple[Finding, ...]:
    """Diagnose evidence offline: no request is sent. Parts without a mistake give no finding.

    Args:
        evidence: A response, a request, an exception, a token, an error document, or a mapping of these.
        now: Seconds since 1970.
        token: The token, if the evidence does not contain it.
        request: The request, if the evidence does not contain it.
        service: The name of the service that the request is for; by default it is derived from the host, the token or
            the key.
        context: What is known in addition to the evidence.

    Returns:
        One finding for each cause: errors first, then by certainty, then in the order of the table of causes.

    Raises:
        TypeError: The type of the evidence is not supported.
        ValueError: There is no such service.
    """
    __tracebackhide__ = True
    if evidence is None and token is None and request is None:
        raise TypeError(f"asc_diagnose got no evidence. Pass {ACCEPTED_EVIDENCE}.")
    if service is not None and service not in SERVICES:
        raise ValueError(f"there is no service {service!r}; the services are {', '.join(SERVICES)}")
    parsed = _collect(evidence, token, request)
    diagnosis = Diagnosis(parsed, SERVICES[service] if service else None, now, context or DiagnosisContext())
    if parsed.finding and (parsed.finding.cause != "nothing-to-check" or not (token or request)):
        return (parsed.finding,)
    if parsed.failure:
        return diagnosis.from_failure(parsed.failure)
    if parsed.response:
        return diagnosis.from_response(parsed.response)
    return _in_order((*diagnosis.from_request(), *parsed.notes))


def _collect(evidence: object, token: str | bytes | None, request: object) -> HttpEvidence:
    __tracebackhide__ = True
    parsed = HttpEvidence() if evidence is None else parse_evidence(evidence)
    if request is not None:
        parsed = replace(parsed, request=parse_request(request))
    if token is not None:
        parsed = replace(parsed, token=open_token(token))
    elif parsed.token is None and parsed.request:
        parsed = replace(parsed, token=parsed.request.token)
    return parsed


def open_token(token: object) -> str:
    """Return a token as text.

    Raises:
        TypeError: It is neither ``str`` nor ``bytes``.
    """
    if isinstance(token, str):
        return token
    if isinstance(token, (bytes, bytearray)):
        return bytes(token).decode("utf-8", "replace")
    raise TypeError(f"token: got a value of type {type(token).__name__}, expected a str or bytes")


def verify_evidence_token(token: str, *, service: Service, credentials: VerificationKey | None) -> TokenVerification:
    """Verify a token. Its signature is checked only if it has the key ID of the available key."""
    verification = verify_token(token, service=service)
    decoded = verification.decoded
    if credentials is None or decoded is None or decoded.key_id != credentials.key_id:
        return verification
    return verify_token(
        token,
        service=service,
        key=credentials.public_key,
        key_type=credentials.kind,
        issuer_id=credentials.issuer(service),
    )


def decoded_of(token: str | None) -> DecodedToken | None:
    """Return the decoded token, unverified; None if it is not a token."""
    if token is None:
        return None
    try:
        return decode(token)
    except TokenError:
        return None


def service_of(*, host: str = "", token: DecodedToken | None = None, key_type: str | None = None) -> Service:
    """Return the service that the request is most likely for.

    It is determined by the host of the request; otherwise by the token's audience or claims, preferring the key's own
    service if several services accept them; otherwise by the type of the key.
    """
    own = service_for(key_type or "team")
    by_host = [one for one in SERVICES.values() if host in one.hosts]
    if len(by_host) == 1:
        return by_host[0]
    audience = token.claims.get("aud") if token else None
    by_audience = [one for one in SERVICES.values() if one.audience and audience in (one.audience, [one.audience])]
    by_claims = closest_services(token.header, token.claims) if token else []
    return next(iter([*by_claims, *by_audience, own]))


class Diagnosis:
    """One diagnosis, with its parsed evidence."""

    def __init__(self, parsed: HttpEvidence, service: Service | None, now: float, context: DiagnosisContext) -> None:
        self._request: HttpRequest | None = parsed.request
        self._hops = parsed.hops
        self._now = now
        self._context = context
        credentials = context.credentials
        decoded = decoded_of(parsed.token)
        host = parsed.request.host if parsed.request else ""
        self._service = service or service_of(
            host=host, token=decoded, key_type=credentials.kind if credentials else None
        )
        self._decoded = decoded
        self._token = (
            None
            if parsed.token is None
            else verify_evidence_token(parsed.token, service=self._service, credentials=credentials)
        )

    def from_request(self) -> tuple[Finding, ...]:
        """Diagnose a token and a request whose outcome is not known."""
        return _in_order((*self._of_request(), *self._of_token(self._now)))

    def from_failure(self, failure: BaseException) -> tuple[Finding, ...]:
        """Diagnose a request that got no response, and thus says nothing about the token."""
        url = self._request.url if self._request else ""
        wrong = (one for one in self._of_request() if one.level == "error" and not _is_of_authorization(one))
        return (*wrong, read_failure(failure, url=url or self._service.base_url, timeout=self._context.timeout))

    def from_response(self, parsed: ParsedResponse) -> tuple[Finding, ...]:
        """Diagnose a response, together with its request and token if they are known."""
        response = self._http_response(parsed)
        decoded = self._decoded
        of_response = diagnose_response(
            response,
            header=decoded.header if decoded else None,
            claims=decoded.claims if decoded else None,
            service=self._service,
        )
        of_request = self._of_request()
        if exact := self._context.refusal(response):
            return _in_order(
                (*(self._more_specific(exact, of_request, response) or [exact]), *_without_errors(of_response))
            )
        error = next((one for one in of_response if one.level == "error"), None)
        if error is None:
            return _in_order(
                (
                    *_insecure_url_warnings(of_request),
                    *_without_errors(self._of_token(self._time(response))),
                    *of_response,
                )
            )
        misdirected = any(one.cause == "wrong-host" for one in of_request)
        if error.cause == "not-apple" and is_foreign_host(response.url) and not misdirected:
            # A token for a host that is not Apple's need not meet Apple's rules.
            return _in_order((*(one for one in of_request if one.definition.group == "request"), *of_response))
        if _token_was_taken(response, error):
            of_request = tuple(one for one in of_request if not _is_of_authorization(one))
            of_token: tuple[Finding, ...] = ()
            insecure = _insecure_url_warnings(of_request)
            of_request = (*(one for one in of_request if one.cause != "insecure-url"), *insecure)
        else:
            by_clock = error.definition.group == "clock"
            of_token = self._token.findings if by_clock and self._token else self._of_token(self._time(response))
        explained = any(one.level == "error" for one in (*of_request, *of_token))
        if explained and (error.definition.opaque or _is_of_token_times(error)):
            of_response = ()
        return _in_order((*of_request, *of_token, *of_response))

    def _more_specific(self, exact: Finding, of_request: Iterable[Finding], response: HttpResponse) -> list[Finding]:
        """Return findings that are more specific than the emulator's, such as a netrc file or the local time zone."""
        if _is_of_authorization(exact):
            return [one for one in of_request if _is_of_authorization(one) or one.cause == "token-in-body"]
        if _is_of_token_times(exact):
            return [one for one in self._of_token(self._time(response)) if one.cause == "token-time-zone-bug"]
        return []

    def _of_request(self) -> tuple[Finding, ...]:
        request = self._request
        if request is None:
            return ()
        netrc = self._context.netrc(request.host) if request.host else None
        return check_request(request, service=self._service, netrc=netrc, hops=self._hops)

    def _of_token(self, at: float) -> tuple[Finding, ...]:
        if self._token is None:
            return ()
        findings = self._token.at(at, utc_offset=self._context.utc_offset)
        request, decoded = self._request, self._token.decoded
        if request and request.url and request.method and decoded and self._token.sound:
            scope = check_scope(decoded, request.method, request.url)
            return (*findings, scope) if scope else findings
        return findings

    def _http_response(self, parsed: ParsedResponse) -> HttpResponse:
        """Return the response, with times that do not suggest a clock error.

        It is not known when the response arrived. If its ``Date`` is in the past, the response is most likely old, so
        that date is used as the time at which it was sent and received.
        """
        first = self._hops[0] if self._hops else self._request
        response = HttpResponse(
            method=(first and first.method) or "the request",
            url=(first and first.url) or self._service.base_url,
            status=parsed.status,
            headers=parsed.headers,
            body=parsed.body,
            sent_at=self._now,
            received_at=self._now,
        )
        date = read_date(response)
        if date is None or parsed.status in (_UNAUTHORIZED, _FORBIDDEN) or self._now <= date:
            return response
        return replace(response, sent_at=float(date), received_at=float(date))

    def _time(self, response: HttpResponse) -> float:
        """Return the time at which the service verified the token, in seconds since 1970."""
        date = read_date(response)
        return self._now if date is None else float(date)


def _is_of_authorization(finding: Finding) -> bool:
    """Return whether the finding explains why no token arrived in the Authorization header."""
    return finding.definition.group == "authorization"


def _is_of_token_times(finding: Finding) -> bool:
    """Return whether the finding is that the token has expired or is not yet valid."""
    return finding.definition.group == "token" and finding.definition.validity is not None


def _token_was_taken(response: HttpResponse, error: Finding) -> bool:
    """Return whether the service accepted header and token, and rejected the request for another reason."""
    status = response.status
    return (
        response.is_json
        and status in range(400, 500)
        and status != _UNAUTHORIZED
        and error.cause != "key-unknown-to-apple"
        and (status != _FORBIDDEN or error.certainty == "certain")
    )


def _without_errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return only warnings and notes, because an accepted request has no error to explain."""
    return tuple(one for one in findings if one.level != "error")


def _insecure_url_warnings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return a warning for an http:// URL of a request that was accepted nevertheless."""
    return tuple(replace(one, level="warning") for one in findings if one.cause == "insecure-url")


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return one finding for each cause, the best-supported first."""
    best = sorted(
        findings, key=lambda one: (LEVELS.index(one.level), CERTAINTIES.index(one.certainty), _ORDER[one.cause])
    )
    by_cause: dict[str, Finding] = {}
    for finding in best:
        by_cause.setdefault(finding.cause, finding)
    return tuple(by_cause.values())
