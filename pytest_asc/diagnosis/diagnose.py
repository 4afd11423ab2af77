"""One diagnosis of whatever a test holds: the judges of requests, tokens, answers and failures brought together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from pytest_asc.apple.causes import CAUSES, CERTAINTIES, LEVELS
from pytest_asc.apple.services import SERVICES, service_for
from pytest_asc.diagnosis.http.clock import read_date
from pytest_asc.diagnosis.http.evidence import KINDS, HttpEvidence, parse_evidence, parse_request
from pytest_asc.diagnosis.http.http_response import HttpResponse
from pytest_asc.diagnosis.http.network import read_failure
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
    """The key at hand: its id, its type, and the public half that verifies its signatures."""

    @property
    def key_id(self) -> str:
        """The ``kid`` of the tokens that it signs."""

    @property
    def kind(self) -> str:
        """Its type: team, individual or enterprise."""

    @property
    def public_key(self) -> EllipticCurvePublicKey:
        """The public half."""

    def issuer(self, service: Service) -> str | None:
        """Return the ``iss`` of its tokens for a service; None where they have none, or it is not known."""


@dataclass(frozen=True)
class DiagnosisContext:
    """What is known beside the thing."""

    credentials: VerificationKey | None = None
    """The key at hand. It judges the tokens that name it."""
    netrc: Callable[[str], NetrcEntry | None] = lambda _: None
    """What a netrc file has for a host."""
    refusal: Callable[[HttpResponse], Finding | None] = lambda _: None
    """The true reason of an answer, where an emulator gave it."""
    timeout: float | None = None
    """Seconds that a request was given; None where that is not known."""
    utc_offset: int = 0
    """Seconds that local time is ahead of UTC, to tell a naive local time."""


def diagnose(
    thing: object = None,
    *,
    now: float,
    token: str | bytes | None = None,
    request: object = None,
    service: str | None = None,
    surroundings: DiagnosisContext | None = None,
) -> tuple[Finding, ...]:
    """Say what is wrong with whatever a test holds; nothing is sent. What is good gives no finding.

    Args:
        thing: A response, a request, an exception, a token, an error document, or a mapping of these.
        now: Seconds since 1970.
        token: The token, where the thing does not hold it.
        request: The request, where the thing does not hold it.
        service: The name of the service that is meant; by default the one of the host, of the token or of the key.
        surroundings: What is known beside it.

    Returns:
        One finding for each cause, errors first, the most certain first, in the order of the table of causes.

    Raises:
        TypeError: The thing is none that is known.
        ValueError: There is no such service.
    """
    if thing is None and token is None and request is None:
        raise TypeError(f"asc_diagnose got nothing. Give it {KINDS}.")
    if service is not None and service not in SERVICES:
        raise ValueError(f"there is no service {service!r}; there are {', '.join(SERVICES)}")
    held = _held(thing, token, request)
    case = Diagnosis(held, SERVICES[service] if service else None, now, surroundings or DiagnosisContext())
    if held.finding:
        return (held.finding,)
    if held.failure:
        return case.of_failure(held.failure)
    return case.of_answer(held.reply) if held.reply else case.unanswered()


def _held(thing: object, token: str | bytes | None, request: object) -> HttpEvidence:
    held = HttpEvidence() if thing is None else parse_evidence(thing)
    if request is not None:
        held = replace(held, request=parse_request(request))
    if token is not None:
        held = replace(held, token=open_token(token))
    elif held.token is None and held.request:
        held = replace(held, token=held.request.token)
    return held


def open_token(token: object) -> str:
    """The text of a token.

    Raises:
        TypeError: It is neither text nor bytes.
    """
    if isinstance(token, str):
        return token
    if isinstance(token, (bytes, bytearray)):
        return bytes(token).decode("utf-8", "replace")
    raise TypeError(f"a token is a str or bytes, got a {type(token).__name__}")


def verify_evidence_token(token: str, *, service: Service, credentials: VerificationKey | None) -> TokenVerification:
    """Examine a token, with the key at hand where the token names it."""
    examination = verify_token(token, service=service)
    decoded = examination.decoded
    if credentials is None or decoded is None or decoded.key_id != credentials.key_id:
        return examination
    return verify_token(
        token,
        service=service,
        key=credentials.public_key,
        kind=credentials.kind,
        issuer_id=credentials.issuer(service),
    )


def decoded_of(token: str | None) -> DecodedToken | None:
    """A token taken apart, unverified; None where it is none."""
    if token is None:
        return None
    try:
        return decode(token)
    except TokenError:
        return None


def service_of(*, host: str = "", token: DecodedToken | None = None, kind: str | None = None) -> Service:
    """The service that is most likely meant.

    Told by the host of the request; or by the token's audience or claims, the key's own service first where several
    would take them; or by the kind of the key.
    """
    own = service_for(kind or "team")
    by_host = [one for one in SERVICES.values() if host in one.hosts]
    if len(by_host) == 1:
        return by_host[0]
    audience = token.claims.get("aud") if token else None
    by_audience = [one for one in SERVICES.values() if one.audience and audience in (one.audience, [one.audience])]
    by_claims = closest_services(token.header, token.claims) if token else []
    return next(iter([*by_claims, *by_audience, own]))


class Diagnosis:
    """The evidence of one diagnosis."""

    def __init__(self, held: HttpEvidence, service: Service | None, now: float, surroundings: DiagnosisContext) -> None:
        self._request: HttpRequest | None = held.request
        self._hops = held.hops
        self._now = now
        self._around = surroundings
        credentials = surroundings.credentials
        decoded = decoded_of(held.token)
        host = held.request.host if held.request else ""
        self._service = service or service_of(host=host, token=decoded, kind=credentials.kind if credentials else None)
        self._decoded = decoded
        self._token = (
            None
            if held.token is None
            else verify_evidence_token(held.token, service=self._service, credentials=credentials)
        )

    def unanswered(self) -> tuple[Finding, ...]:
        """A token and a request that nothing is known to have come of."""
        return _in_order((*self._of_request(), *self._of_token(self._now)))

    def of_failure(self, failure: BaseException) -> tuple[Finding, ...]:
        """A request that got no answer: nobody has judged the token."""
        url = self._request.url if self._request else ""
        wrong = (one for one in self._of_request() if one.level == "error" and not _is_of_authorization(one))
        return (*wrong, read_failure(failure, url=url or self._service.base_url, timeout=self._around.timeout))

    def of_answer(self, reply: ParsedResponse) -> tuple[Finding, ...]:
        """An answer, with what is known of the request and the token."""
        answer = self._answer(reply)
        decoded = self._decoded
        read = diagnose_response(
            answer,
            header=decoded.header if decoded else None,
            claims=decoded.claims if decoded else None,
            service=self._service,
        )
        of_request = self._of_request()
        if exact := self._around.refusal(answer):
            return _in_order((*(self._seen_closer(exact, of_request, answer) or [exact]), *_softened(read)))
        error = next((one for one in read if one.level == "error"), None)
        if error is None:
            return _in_order((*_tolerated(of_request), *_softened(self._of_token(self._time(answer))), *read))
        if _token_was_taken(answer, error):
            of_request = tuple(one for one in of_request if not _is_of_authorization(one))
            of_token: tuple[Finding, ...] = ()
            insecure = _tolerated(of_request)
            of_request = (*(one for one in of_request if one.cause != "insecure-url"), *insecure)
        else:
            by_clock = error.definition.group == "clock"
            of_token = self._token.findings if by_clock and self._token else self._of_token(self._time(answer))
        explained = any(one.level == "error" for one in (*of_request, *of_token))
        if explained and (error.definition.opaque or _is_of_token_times(error)):
            read = ()
        return _in_order((*of_request, *of_token, *read))

    def _seen_closer(self, exact: Finding, of_request: Iterable[Finding], answer: HttpResponse) -> list[Finding]:
        """What tells more than the emulator can see: which netrc file spoilt the header, and the local time zone."""
        if _is_of_authorization(exact):
            return [one for one in of_request if _is_of_authorization(one) or one.cause == "token-in-body"]
        if _is_of_token_times(exact):
            return [one for one in self._of_token(self._time(answer)) if one.cause == "token-time-zone-bug"]
        return []

    def _of_request(self) -> tuple[Finding, ...]:
        request = self._request
        if request is None:
            return ()
        netrc = self._around.netrc(request.host) if request.host else None
        return check_request(request, service=self._service, netrc=netrc, hops=self._hops)

    def _of_token(self, at: float) -> tuple[Finding, ...]:
        if self._token is None:
            return ()
        findings = self._token.at(at, utc_offset=self._around.utc_offset)
        request, decoded = self._request, self._token.decoded
        if request and request.url and request.method and decoded and self._token.sound:
            scope = check_scope(decoded, request.method, request.url)
            return (*findings, scope) if scope else findings
        return findings

    def _answer(self, reply: ParsedResponse) -> HttpResponse:
        """The answer, with times that accuse nobody: when it came is not known, only that it is no later than now."""
        first = self._hops[0] if self._hops else self._request
        answer = HttpResponse(
            method=(first and first.method) or "the request",
            url=(first and first.url) or self._service.base_url,
            status=reply.status,
            headers=reply.headers,
            body=reply.body,
            sent_at=self._now,
            received_at=self._now,
        )
        date = read_date(answer)
        if date is None or reply.status in (_UNAUTHORIZED, _FORBIDDEN) or self._now <= date:
            return answer
        return replace(answer, sent_at=float(date), received_at=float(date))

    def _time(self, answer: HttpResponse) -> float:
        """The time by which a token was judged."""
        date = read_date(answer)
        return self._now if date is None else float(date)


def _is_of_authorization(finding: Finding) -> bool:
    """Return whether the finding explains that no token arrived in the Authorization header."""
    return finding.definition.group == "authorization"


def _is_of_token_times(finding: Finding) -> bool:
    """Return whether the finding is that the token has expired or is not valid yet."""
    return finding.definition.group == "token" and finding.definition.validity is not None


def _token_was_taken(answer: HttpResponse, error: Finding) -> bool:
    """Whether the answer comes from behind the gate, so that header and token were good."""
    status = answer.status
    return (
        answer.is_json
        and status in range(400, 500)
        and status != _UNAUTHORIZED
        and error.cause != "key-unknown-to-apple"
        and (status != _FORBIDDEN or error.certainty == "certain")
    )


def _softened(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What is no error: of a request that was accepted, no error explains anything."""
    return tuple(one for one in findings if one.level != "error")


def _tolerated(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The faults of a request that worked all the same."""
    return tuple(replace(one, level="warning") for one in findings if one.cause == "insecure-url")


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding for each cause, best first."""
    best = sorted(
        findings, key=lambda one: (LEVELS.index(one.level), CERTAINTIES.index(one.certainty), _ORDER[one.cause])
    )
    by_cause: dict[str, Finding] = {}
    for finding in best:
        by_cause.setdefault(finding.cause, finding)
    return tuple(by_cause.values())
