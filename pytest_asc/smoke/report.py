"""Model of the smoke report, which all renderers use, and its JSON form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pytest_asc.apple.services import APP_STORE_CONNECT, SERVICES
from pytest_asc.diagnosis.findings import Finding
from pytest_asc.experiments.role_access import AreaAccess
from pytest_asc.experiments.table import ExperimentRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.apple.services import Service

SCHEMA_VERSION = 1

ReportMode = Literal["live", "emulator", "offline"]
"""``offline``: no request was sent."""
Outcome = Literal["passed", "failed", "skipped"]


class CredentialsSummary(NamedTuple):
    """Type of the key, and masked IDs."""

    kind: str | None
    key_id: str | None
    issuer_id: str | None
    sources: Mapping[str, str]
    """The source of each setting that was found, by the name of the setting."""


class TokenSummary(NamedTuple):
    """Times of a token, in seconds since 1970, and its scope. Times that are missing or not integers are None."""

    issued_at: int | None = None
    expires_at: int | None = None
    lifetime: int | None = None
    """Seconds from ``iat`` to ``exp``."""
    scope: object = None
    """The claim ``scope`` of the token, of any JSON type."""
    minted_by: str | None = None
    """The program or variable that the token comes from; None if it is not known."""


class RequestSummary(NamedTuple):
    """The first request and its response."""

    method: str
    url: str
    status: int | None = None
    """Status of the response; None if there was no response."""
    code: str | None = None
    """``code`` of the first error in the response."""
    words: str | None = None
    """``title`` and ``detail`` of the first error in the response."""
    apps_visible: int | None = None
    """Number of apps that the key can read; None if it is not known."""


class ClockSummary(NamedTuple):
    """This machine's clock and Apple's, in seconds since 1970."""

    skew_seconds: float | None = None
    """Skew of this machine's clock, positive if it is ahead; None if it is not known."""
    apple_now: int | None = None
    """``Date`` of the response; None if it is not known."""
    local_now: int | None = None

    @property
    def now(self) -> int | None:
        """The time by Apple's clock, or by this machine's clock if Apple's time is not known."""
        return self.local_now if self.apple_now is None else self.apple_now


class RateLimit(NamedTuple):
    """Number of requests per hour and of those that remain, from the header ``X-Rate-Limit``."""

    limit: int
    remaining: int


class CheckOutcome(NamedTuple):
    """The outcome of one check."""

    name: str
    outcome: Outcome
    reason: str | None
    """The cause of a failure, or the reason for a skip."""


@dataclass(frozen=True)
class Report:
    """Result of a smoke run or of a diagnosis. It contains no secret and no complete identifier."""

    ok: bool
    cause: str | None
    """The cause of the failure, from the table of causes; None if ``ok`` is true or the cause is not known."""
    mode: ReportMode
    service: str
    """Name of the service, from the table of services."""
    credentials: CredentialsSummary | None
    token: TokenSummary | None
    request: RequestSummary | None
    clock: ClockSummary | None
    rate_limit: RateLimit | None
    experiments: tuple[ExperimentRecord, ...]
    """Further requests to find the cause of a 401; ``probes`` in JSON."""
    role_access: tuple[AreaAccess, ...] | None
    """Access of the key's role to each area; ``roles`` in JSON, which has no such member if this is None."""
    checks: tuple[CheckOutcome, ...]
    findings: tuple[Finding, ...]
    searched: tuple[str, ...] = ()
    """The options, ini values and variables that were searched, if no credentials were found."""
    api_version: str | None = None
    """Version of the emulated API; None in live mode and for other services. JSON then has no such member."""

    @property
    def service_entry(self) -> Service:
        """The entry in the table of services; App Store Connect for an unknown name."""
        return SERVICES.get(self.service, APP_STORE_CONNECT)

    @property
    def warnings(self) -> int:
        """The number of warnings."""
        return sum(finding.level == "warning" for finding in self.findings)

    @property
    def cause_finding(self) -> Finding | None:
        """The finding with the cause of the failure; None if there is none."""
        return next((finding for finding in self.findings if finding.cause == self.cause), None)

    def to_json(self) -> dict[str, Any]:
        """Return the report as a JSON object of schema version 1."""
        return {
            "schema_version": SCHEMA_VERSION,
            "ok": self.ok,
            "cause": self.cause,
            "mode": self.mode,
            "service": self.service,
            **({} if self.api_version is None else {"api_version": self.api_version}),
            "credentials": self.credentials
            and {**self.credentials._asdict(), "sources": dict(self.credentials.sources)},
            "token": self.token and self.token._asdict(),
            "request": self.request and self.request._asdict(),
            "clock": self.clock and self.clock._asdict(),
            "rate_limit": self.rate_limit and self.rate_limit._asdict(),
            "probes": [experiment._asdict() for experiment in self.experiments],
            **({} if self.role_access is None else {"roles": [area._asdict() for area in self.role_access]}),
            "checks": [check._asdict() for check in self.checks],
            "findings": [finding.as_json() for finding in self.findings],
            **({"searched": list(self.searched)} if self.searched else {}),
        }

    @classmethod
    def from_json(cls, document: Any) -> Report:
        """Make a report from the JSON object that ``to_json`` returns.

        Raises:
            KeyError: A member is missing.
            TypeError: A member is unknown or has the wrong type.
        """
        credentials, token, request = document["credentials"], document["token"], document["request"]
        clock, rate_limit, roles = document["clock"], document["rate_limit"], document.get("roles")
        return cls(
            ok=document["ok"],
            cause=document["cause"],
            mode=document["mode"],
            service=document["service"],
            credentials=credentials and CredentialsSummary(**{**credentials, "sources": credentials["sources"] or {}}),
            token=token and TokenSummary(**token),
            request=request and RequestSummary(**request),
            clock=clock and ClockSummary(**clock),
            rate_limit=rate_limit and RateLimit(**rate_limit),
            experiments=tuple(ExperimentRecord(**experiment) for experiment in document["probes"]),
            role_access=None if roles is None else tuple(AreaAccess(**area) for area in roles),
            checks=tuple(CheckOutcome(**check) for check in document["checks"]),
            findings=tuple(Finding(**finding) for finding in document["findings"]),
            searched=tuple(document.get("searched", ())),
            api_version=document.get("api_version"),
        )
