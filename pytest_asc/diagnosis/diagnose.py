"""Diagnosis of a response, request, token or exception: combines the checks of each part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from pytest_asc.apple.causes import CAUSES, CERTAINTIES, LEVELS
from pytest_asc.apple.services import SERVICES, service_for
from pytest_asc.diagnosis.http.clock import read_date
from pytest_asc.diagnosis.http.evidence import ACCEPTED_EVIDENCE, HttpEvidence, parse_evidence, parse_request
from pytest_asc.diagnosis.http.http_response import HttpResponse
from pytest_asc.diagnosis.http.network import diagnose_failure
from pytest_asc.diagnosis.http.origin import is_foreign_host
from pytest_asc.diagnosis.http.request import check_request
from pytest_asc.diagnosis.http.response import diagnose_response
from pytest_asc.diagnosis.token.claims import closest_services
from pytest_asc.diagnosis.token.verify import TokenError, TokenVerification, check_scope, decode, verify_decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from pytest_asc.apple.services import Service
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.http.authorization import NetrcEntry
    from pytest_asc.diagnosis.http.evidence import ParsedResponse
    from pytest_asc.diagnosis.http.request import HttpRequest
    from pytest_asc.diagnosis.token.verify import DecodedToken

_POSITIONS = {slug: position for position, slug in enumerate(CAUSES)}
_UNAUTHORIZED, _FORBIDDEN = 401, 403
_MAX_TIME = 2**37
"""Maximum distance from 1970, in seconds, of a time that every platform can format."""


class VerificationKey(Protocol):
    """A key that tokens can be verified with: its key ID, its type and its public key."""

    @property
    def key_id(self) -> str:
        """The key ID, which is the ``kid`` of its tokens."""

    @property
    def kind(self) -> str:
        """The type of the key: ``team``, ``individual`` or ``enterprise``."""

    @property
    def public_key(self) -> EllipticCurvePublicKey:
        """The public key."""

    def issuer(self, service: Service) -> str | None:
        """Return the ``iss`` of the key's tokens for a service; None if they have no ``iss`` or it is not known."""


@dataclass(frozen=True)
class DiagnosisContext:
    """Information that is available in addition to the evidence."""

    credentials: VerificationKey | None = None
    """The key to verify tokens with; only tokens that contain its key ID are verified."""
    netrc: Callable[[str], NetrcEntry | None] = lambda _: None
    """Function that returns the netrc entry for a host; None if there is none."""
    emulator_finding: Callable[[HttpResponse], Finding | None] = lambda _: None
    """Function that returns the cause of an error response from an emulator; None for any other response."""
    timeout: float | None = None
    """Timeout of the request in seconds; None if it is not known."""
    utc_offset: int = 0
    """Offset of local time from UTC in seconds, positive east of Greenwich, to recognise local times in claims."""


def diagnose(
    evidence: object = None,
    *,
    now: float,
    token: str | bytes | None = None,
    request: object = None,
    service: str | None = None,
    context: DiagnosisContext | None = None,
) -> tuple[Finding, ...]:
    """Diagnose evidence without sending a request.

    Args:
        evidence: A response, a request, an exception, a token, an error document, or a mapping of these.
        now: The current time, in seconds since 1970.
        token: The token, if the evidence does not contain it.
        request: The request, if the evidence does not contain it.
        service: The name of the service that the request is for; by default it is derived from the host, the token or
            the key.
        context: Information that is available in addition to the evidence.

    Returns:
        One finding for each cause: errors first, then by certainty, then in the order of the table of causes. Empty if
        nothing is wrong.

    Raises:
        TypeError: The type of the evidence is not supported.
        ValueError: The service does not exist, or ``now`` is not a time.
    """
    __tracebackhide__ = True
    check_time(now)
    if evidence is None and token is None and request is None:
        raise TypeError(f"asc_diagnose got no evidence. Pass {ACCEPTED_EVIDENCE}.")
    if service is not None and service not in SERVICES:
        raise ValueError(f"there is no service {service!r}; the services are {', '.join(SERVICES)}")
    parsed = _collect_evidence(evidence, token, request)
    return Diagnosis(parsed, SERVICES[service] if service else None, now, context or DiagnosisContext()).findings()


def check_time(now: object) -> None:
    """Check the argument ``now`` of a diagnosis.

    Raises:
        ValueError: It is not a number of seconds since 1970.
    """
    __tracebackhide__ = True
    if type(now) not in {int, float} or not abs(now) < _MAX_TIME:  # type: ignore[arg-type]
        raise ValueError(f"now={now!r}: expected a number of seconds since 1970")


def _collect_evidence(evidence: object, token: str | bytes | None, request: object) -> HttpEvidence:
    __tracebackhide__ = True
    parsed = HttpEvidence() if evidence is None else parse_evidence(evidence)
    if parsed.finding and parsed.finding.cause == "nothing-to-check" and (token or request):
        parsed = replace(parsed, finding=None)
    if request is not None:
        parsed = replace(parsed, request=parse_request(request))
    if token is not None:
        parsed = replace(parsed, token=token_text(token))
    return parsed


def token_text(token: object) -> str:
    """Return a token as text.

    Raises:
        TypeError: The token is neither ``str`` nor ``bytes``.
    """
    if isinstance(token, str):
        return token
    if isinstance(token, (bytes, bytearray)):
        return bytes(token).decode("utf-8", "replace")
    raise TypeError(f"token: got a value of type {type(token).__name__}, expected a str or bytes")


def verify_evidence_token(token: str, *, service: Service, credentials: VerificationKey | None) -> TokenVerification:
    """Verify a token. The signature is checked only if the token contains the key ID of the credentials."""
    try:
        return _verify_decoded(decode(token), service, credentials)
    except TokenError as error:
        return TokenVerification(None, (error.finding,))


def _verify_decoded(decoded: DecodedToken, service: Service, credentials: VerificationKey | None) -> TokenVerification:
    """Verify a decoded token; see :func:`verify_evidence_token`."""
    if credentials is None or decoded.key_id != credentials.key_id:
        return verify_decoded(decoded, service=service)
    return verify_decoded(
        decoded,
        service=service,
        key=credentials.public_key,
        key_type=credentials.kind,
        issuer_id=credentials.issuer(service),
    )


def _decode(token: str | None) -> tuple[DecodedToken | None, TokenVerification | None]:
    """Decode a token without verifying it.

    Returns:
        The decoded token and None; None and the result of the verification if the text is not a token; None and None
        without a text.
    """
    if token is None:
        return None, None
    try:
        return decode(token), None
    except TokenError as error:
        return None, TokenVerification(None, (error.finding,))


def decode_or_none(token: str | None) -> DecodedToken | None:
    """Decode a token without verifying it; return None if it is not a JSON Web Token."""
    return _decode(token)[0]


def infer_service(*, host: str = "", token: DecodedToken | None = None, key_type: str | None = None) -> Service:
    """Infer the service that a request is for from its host, or else from the token, or else from the type of the key.

    Args:
        host: The host of the request; empty if it is not known.
        token: The token; None if it is not known.
        key_type: The type of the key: team, individual or enterprise; None if it is not known.
    """
    by_host = [service for service in SERVICES.values() if host in service.hosts]
    if len(by_host) == 1:
        return by_host[0]
    audience = token.claims.get("aud") if token else None
    by_audience = [
        service
        for service in SERVICES.values()
        if service.audience and audience in (service.audience, [service.audience])
    ]
    by_claims = closest_services(token.header, token.claims) if token else []
    likely = [*by_claims, *by_audience]
    return likely[0] if likely else service_for(key_type or "team")


class Diagnosis:
    """The diagnosis of one piece of parsed evidence."""

    def __init__(self, parsed: HttpEvidence, service: Service | None, now: float, context: DiagnosisContext) -> None:
        self._parsed = parsed
        self._request: HttpRequest | None = parsed.request
        self._hops = parsed.hops
        self._now = now
        self._context = context
        credentials = context.credentials
        token = parsed.request.token if parsed.token is None and parsed.request else parsed.token
        decoded, malformed = _decode(token)
        host = parsed.request.host if parsed.request else ""
        self._service = service or infer_service(
            host=host, token=decoded, key_type=credentials.kind if credentials else None
        )
        self._decoded = decoded
        self._token = _verify_decoded(decoded, self._service, credentials) if decoded else malformed

    @property
    def verification(self) -> TokenVerification | None:
        """The verification of the token; None if there is none."""
        return self._token

    def findings(self) -> tuple[Finding, ...]:
        """Return one finding for each cause; see :func:`diagnose`."""
        parsed = self._parsed
        if parsed.finding:
            return (parsed.finding,)
        if parsed.failure:
            return self.from_failure(parsed.failure)
        if parsed.response:
            return self.from_response(parsed.response)
        return _best_first((*self.from_request(), *parsed.notes))

    def from_request(self) -> tuple[Finding, ...]:
        """Diagnose a token and a request without a response."""
        return _best_first((*self._request_findings(), *self._token_findings(self._now)))

    def from_failure(self, failure: BaseException) -> tuple[Finding, ...]:
        """Diagnose a request that failed without a response. The token is not checked, because nothing rejected it."""
        url = self._request.url if self._request else ""
        wrong = (
            finding
            for finding in self._request_findings()
            if finding.level == "error" and not _is_authorization_finding(finding)
        )
        return (*wrong, diagnose_failure(failure, url=url or self._service.base_url, timeout=self._context.timeout))

    def from_response(self, parsed: ParsedResponse) -> tuple[Finding, ...]:
        """Diagnose a response, and its request and token if they are known."""
        response = self._http_response(parsed)
        decoded = self._decoded
        response_findings = diagnose_response(
            response,
            header=decoded.header if decoded else None,
            claims=decoded.claims if decoded else None,
            service=self._service,
        )
        request_findings = self._request_findings()
        if emulator_finding := self._context.emulator_finding(response):
            return _best_first(
                (
                    *(self._more_specific_findings(emulator_finding, request_findings, response) or [emulator_finding]),
                    *_without_errors(response_findings),
                )
            )
        error = next((finding for finding in response_findings if finding.level == "error"), None)
        if error is None:
            return _best_first(
                (
                    *_insecure_url_warnings(request_findings),
                    *_without_errors(self._token_findings(self._verification_time(response))),
                    *response_findings,
                )
            )
        has_wrong_host = any(finding.cause == "wrong-host" for finding in request_findings)
        if error.cause == "not-apple" and is_foreign_host(response.url) and not has_wrong_host:
            # Apple's rules do not apply to a token for another vendor's host.
            return _best_first(
                (
                    *(finding for finding in request_findings if finding.definition.group == "request"),
                    *response_findings,
                )
            )
        if _token_was_accepted(response, error):
            request_findings = tuple(finding for finding in request_findings if not _is_authorization_finding(finding))
            token_findings: tuple[Finding, ...] = ()
            insecure = _insecure_url_warnings(request_findings)
            request_findings = (
                *(finding for finding in request_findings if finding.cause != "insecure-url"),
                *insecure,
            )
        else:
            by_clock = error.definition.group == "clock"
            token_findings = (
                self._token.findings
                if by_clock and self._token
                else self._token_findings(self._verification_time(response))
            )
        explained = any(finding.level == "error" for finding in (*request_findings, *token_findings))
        if explained and (error.definition.opaque or _is_token_time_finding(error)):
            response_findings = ()
        return _best_first((*request_findings, *token_findings, *response_findings))

    def _more_specific_findings(
        self, emulator_finding: Finding, request_findings: Iterable[Finding], response: HttpResponse
    ) -> list[Finding]:
        """Return findings that explain the emulator's finding, such as a netrc entry or the local time zone."""
        if _is_authorization_finding(emulator_finding):
            return [
                finding
                for finding in request_findings
                if _is_authorization_finding(finding) or finding.cause == "token-in-body"
            ]
        if _is_token_time_finding(emulator_finding):
            return [
                finding
                for finding in self._token_findings(self._verification_time(response))
                if finding.cause == "token-time-zone-bug"
            ]
        return []

    def _request_findings(self) -> tuple[Finding, ...]:
        request = self._request
        if request is None:
            return ()
        netrc = self._context.netrc(request.host) if request.host else None
        return check_request(request, service=self._service, netrc=netrc, hops=self._hops)

    def _token_findings(self, at: float) -> tuple[Finding, ...]:
        if self._token is None:
            return ()
        findings = self._token.findings_at(at, utc_offset=self._context.utc_offset)
        request, decoded = self._request, self._token.decoded
        if request and request.url and request.method and decoded and self._token.can_be_valid:
            scope = check_scope(decoded, request.method, request.url)
            return (*findings, scope) if scope else findings
        return findings

    def _http_response(self, parsed: ParsedResponse) -> HttpResponse:
        """Make an ``HttpResponse`` whose times do not suggest a clock error.

        The time at which the response arrived is not known. A ``Date`` in the past most likely means an old response,
        not a clock error, so it is used as the time of the request and of the response.
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

    def _verification_time(self, response: HttpResponse) -> float:
        """Return the time at which the service verified the token, in seconds since 1970."""
        date = read_date(response)
        return self._now if date is None else float(date)


def _is_authorization_finding(finding: Finding) -> bool:
    """Return whether a finding explains why the Authorization header contained no token."""
    return finding.definition.group == "authorization"


def _is_token_time_finding(finding: Finding) -> bool:
    """Return whether a finding says that the token has expired or is not yet valid."""
    return finding.definition.group == "token" and finding.definition.validity is not None


def _token_was_accepted(response: HttpResponse, error: Finding) -> bool:
    """Return whether the service accepted the token and rejected the request for another reason."""
    status = response.status
    return (
        response.is_json
        and status in range(400, 500)
        and status != _UNAUTHORIZED
        and error.cause != "key-unknown-to-apple"
        and (status != _FORBIDDEN or error.certainty == "certain")
    )


def _without_errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return only the warnings and notes: errors cannot apply to a request that was accepted."""
    return tuple(finding for finding in findings if finding.level != "error")


def _insecure_url_warnings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings on an http:// URL as warnings, because the request was accepted."""
    return tuple(replace(finding, level="warning") for finding in findings if finding.cause == "insecure-url")


def _best_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings, the best-supported first, and keep one for each cause."""
    best = sorted(
        findings,
        key=lambda finding: (
            LEVELS.index(finding.level),
            CERTAINTIES.index(finding.certainty),
            _POSITIONS[finding.cause],
        ),
    )
    by_cause: dict[str, Finding] = {}
    for finding in best:
        by_cause.setdefault(finding.cause, finding)
    return tuple(by_cause.values())
