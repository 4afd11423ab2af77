"""Faults of the service and of the network, each a function that changes an emulator."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pytest_asc.apple.causes import CAUSES
from pytest_asc.apple.services import (
    APP_STORE_CONNECT,
    APP_STORE_SERVER,
    BAD_DEVICE_TOKEN,
    ENTERPRISE,
    MISSING_AUTH,
    NOT_ENABLED,
    UNAUTHENTICATED,
)
from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.formatting import host_of
from pytest_asc.emulator.auth.authenticator import KeyOverrides
from pytest_asc.emulator.http_models import Delivery, Response
from pytest_asc.emulator.jsonapi import errors
from pytest_asc.emulator.jsonapi.errors import ApiError, at_parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_asc.apple.services import Service, TokenRejection
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.emulator.auth.authenticator import Authenticator
    from pytest_asc.emulator.http_models import Broken

MINUTE = 60.0
TEAM = "9XYZ8WV7UT"


class ResponseOverride(NamedTuple):
    """Response to every request while a fault is active."""

    responses: Iterator[Response | TokenRejection | ApiError]
    refusal: Finding
    before_authentication: bool = False
    """True if the response comes from a front end, which verifies no tokens."""
    service: Service | None = None
    """Service whose hosts send the response; None for every emulated service."""

    def covers(self, url: str) -> bool:
        """Return whether requests to this URL get the response."""
        return self.service is None or host_of(url).partition(":")[0].lower() in self.service.hosts


class FaultTarget(Protocol):
    """Attributes and methods of an emulator that faults use."""

    authenticator: Authenticator
    client_fault: str | None
    clock_offset: float
    response_override: ResponseOverride | None

    def hide_account(self) -> None:
        """Show an empty account to all keys."""


def _override_response(
    cause: str,
    evidence: str,
    *responses: Response | TokenRejection | ApiError,
    before_authentication: bool = False,
    service: Service | None = None,
) -> Callable[[FaultTarget], None]:
    def apply(emulator: FaultTarget) -> None:
        emulator.response_override = ResponseOverride(
            cycle(responses), make_finding(cause, evidence), before_authentication, service
        )

    return apply


def _break_connection(cause: str, broken: Broken) -> Callable[[FaultTarget], None]:
    lost = Response(0, {}, b"", delivery=Delivery(broken))
    return _override_response(cause, f"the emulated network fails: {broken}", lost, before_authentication=True)


def _client_fault(cause: str) -> Callable[[FaultTarget], None]:
    def apply(emulator: FaultTarget) -> None:
        emulator.client_fault = cause

    return apply


def _both(first: Callable[[FaultTarget], None], second: Callable[[FaultTarget], None]) -> Callable[[FaultTarget], None]:
    def apply(emulator: FaultTarget) -> None:
        first(emulator)
        second(emulator)

    return apply


def _shift_clock(seconds: float) -> Callable[[FaultTarget], None]:
    def apply(emulator: FaultTarget) -> None:
        emulator.clock_offset = seconds

    return apply


def _override_keys(overrides: KeyOverrides) -> Callable[[FaultTarget], None]:
    return lambda emulator: emulator.authenticator.override_keys(overrides)


# The redirect leads to another host of Apple's, which the emulator answers as well.
_REDIRECT_HEADERS = {"Location": ENTERPRISE.base_url + ENTERPRISE.probe, "Content-Type": "text/html"}
_WEBSITE = "<!DOCTYPE html>\n<html><head><title>Not found</title></head><body>Not found</body></html>\n"
_CAPTIVE_PORTAL = (
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Sign in to this network</body></html>\n"
)

_NETWORK: Mapping[str, Broken] = {
    "connection-failed": "refused",
    "timed-out": "timeout",
    "tls-intercepted": "tls",
    "proxy-authentication": "proxy",
}

CLIENT_FAULTS = tuple(slug for slug, cause in CAUSES.items() if cause.client_mistake)
"""Mistakes of the client: the emulator stores only the cause, and in-process transports change each request."""

FAULTS: Mapping[str, Callable[[FaultTarget], None]] = {
    "agreement-missing": _override_response(
        "agreement-missing", "the emulated team has a pending agreement", ApiError(errors.AGREEMENT_MISSING)
    ),
    "membership-expired": _override_response(
        "membership-expired",
        "the emulated team's membership has expired",
        ApiError(errors.MEMBERSHIP_EXPIRED, {"team": TEAM}),
    ),
    "role-insufficient": _override_response(
        "role-insufficient", "the emulated key has no permissions", ApiError(errors.ROLE_INSUFFICIENT)
    ),
    "account-holder-only": _override_response(
        "account-holder-only", "the emulated operation needs the Account Holder", ApiError(errors.ACCOUNT_HOLDER_ONLY)
    ),
    "device-token-or-topic": _override_response(
        "device-token-or-topic", "the emulated service rejects the device token", BAD_DEVICE_TOKEN
    ),
    "rate-limited": _override_response(
        "rate-limited", "the emulated key has used up its requests for this hour", ApiError(errors.RATE_LIMIT_EXCEEDED)
    ),
    **{slug: _break_connection(slug, broken) for slug, broken in _NETWORK.items()},
    "apple-outage": _override_response(
        "apple-outage",
        "the emulated service is down",
        errors.html(502, errors.BAD_GATEWAY),
        ApiError(errors.UNEXPECTED_ERROR),
        before_authentication=True,
    ),
    "not-apple": _override_response(
        "not-apple",
        "a sign-in page responds instead of the emulated service",
        errors.html(200, _CAPTIVE_PORTAL),
        before_authentication=True,
    ),
    "clock-ahead": _shift_clock(-10 * MINUTE),
    "clock-behind": _shift_clock(20 * MINUTE),
    "key-unknown-to-apple": _override_keys(KeyOverrides(revoked=True)),
    "individual-key-as-team": _override_keys(KeyOverrides(key_type="individual")),
    "issuer-id-missing": _override_keys(KeyOverrides(key_type="team")),
    "transient-401": _override_keys(KeyOverrides(reject_first_use=True)),
    "token-form": _override_keys(KeyOverrides(documented_members_only=True)),
    "missing-auth": _override_response("missing-auth", "the emulated service receives no token", MISSING_AUTH),
    "service-not-enabled": _override_response(
        "service-not-enabled", "WeatherKit is not enabled for the emulated key", NOT_ENABLED
    ),
    "app-not-released": _override_response(
        "app-not-released", "the emulated app was never released", UNAUTHENTICATED, service=APP_STORE_SERVER
    ),
    "request-refused": _override_response(
        "request-refused",
        "the emulated service does not accept the parameter limit",
        at_parameter(errors.PARAMETER_ILLEGAL, "limit"),
    ),
    "accept-header": _override_response(
        "accept-header", "the emulated service has no response that Accept allows", errors.NOT_ACCEPTABLE
    ),
    "redirect-dropped-authorization": _override_response(
        "redirect-dropped-authorization",
        "the emulated service redirects to another host",
        Response(307, _REDIRECT_HEADERS, b""),
        service=APP_STORE_CONNECT,
    ),
    **{slug: _client_fault(slug) for slug in CLIENT_FAULTS},
    "wrong-host": _both(
        _client_fault("wrong-host"),
        _override_response(
            "wrong-host", "the emulated website has no API", errors.html(404, _WEBSITE), before_authentication=True
        ),
    ),
    "no-apps-visible": lambda emulator: emulator.hide_account(),
}
"""Functions that apply a fault to an emulator, by the slug of its cause."""
