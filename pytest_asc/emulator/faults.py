"""The causes that are a state of Apple's side, for rehearsal: what each does to the emulator."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.diagnosis.findings import found
from pytest_asc.diagnosis.words import host_of
from pytest_asc.emulator import errors
from pytest_asc.emulator.errors import ApiError
from pytest_asc.emulator.gate import Whims
from pytest_asc.services import APP_STORE_SERVER, MISSING_AUTH, NOT_ENABLED, UNAUTHENTICATED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.emulator.api import Emulator
    from pytest_asc.emulator.message import Response
    from pytest_asc.services import Refusal, Service

MINUTE = 60.0
TEAM = "9XYZ8WV7UT"


class Standing(NamedTuple):
    """An answer that every request gets for as long as a fault lasts."""

    answers: Iterator[Response | Refusal | ApiError]
    refusal: Finding
    before_gate: bool = False
    """Whether it comes from something in front of Apple, which judges no token."""
    service: Service | None = None
    """The service whose hosts answer so; None for all that are emulated."""

    def covers(self, url: str) -> bool:
        """Whether a request gets the answer."""
        return self.service is None or host_of(url).partition(":")[0].lower() in self.service.hosts


def _always(
    cause: str,
    evidence: str,
    *answers: Response | Refusal | ApiError,
    before_gate: bool = False,
    service: Service | None = None,
) -> Callable[[Emulator], None]:
    def apply(emulator: Emulator) -> None:
        emulator.standing = Standing(cycle(answers), found(cause, evidence), before_gate, service)

    return apply


def _shift_clock(seconds: float) -> Callable[[Emulator], None]:
    def apply(emulator: Emulator) -> None:
        emulator.clock_offset = seconds

    return apply


def _treat_keys(whims: Whims) -> Callable[[Emulator], None]:
    return lambda emulator: emulator.gate.change(whims)


_CAPTIVE_PORTAL = (
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Sign in to this network</body></html>\n"
)

FAULTS: Mapping[str, Callable[[Emulator], None]] = {
    "agreement-missing": _always(
        "agreement-missing", "the emulated team has an agreement to accept", ApiError(errors.AGREEMENT_MISSING)
    ),
    "membership-expired": _always(
        "membership-expired",
        "the emulated team's membership has expired",
        ApiError(errors.MEMBERSHIP_EXPIRED, {"team": TEAM}),
    ),
    "role-insufficient": _always(
        "role-insufficient", "the emulated key may do nothing", ApiError(errors.ROLE_INSUFFICIENT)
    ),
    "rate-limited": _always(
        "rate-limited", "the emulated key has used up its hour", ApiError(errors.RATE_LIMIT_EXCEEDED)
    ),
    "apple-outage": _always(
        "apple-outage",
        "the emulated service is out of order",
        errors.html(502, errors.BAD_GATEWAY),
        ApiError(errors.UNEXPECTED_ERROR),
        before_gate=True,
    ),
    "not-apple": _always(
        "not-apple",
        "a sign-in page answers in place of the emulated service",
        errors.html(200, _CAPTIVE_PORTAL),
        before_gate=True,
    ),
    "clock-ahead": _shift_clock(-10 * MINUTE),
    "clock-behind": _shift_clock(20 * MINUTE),
    "key-unknown-to-apple": _treat_keys(Whims(revoked=True)),
    "individual-key-as-team": _treat_keys(Whims(kind="individual")),
    "issuer-id-missing": _treat_keys(Whims(kind="team")),
    "transient-401": _treat_keys(Whims(refuses_once=True)),
    "token-form": _treat_keys(Whims(strict=True)),
    "missing-auth": _always("missing-auth", "the emulated service sees no token", MISSING_AUTH),
    "service-not-enabled": _always("service-not-enabled", "the emulated key has no WeatherKit", NOT_ENABLED),
    "app-not-released": _always(
        "app-not-released", "the emulated app was never released", UNAUTHENTICATED, service=APP_STORE_SERVER
    ),
    "no-apps-visible": lambda emulator: emulator.hide_account(),
}
"""By the slug of the cause."""
