"""Implementation of ``make_asc_token``: checks its arguments and generates any token, valid or not."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pytest_asc.apple.services import SERVICES, ServiceIds
from pytest_asc.credentials.tokens import mint

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pytest_asc.apple.services import ServiceName
    from pytest_asc.credentials.finder import Credentials
    from pytest_asc.credentials.tokens import Token

_ARGUMENTS = ("lifetime", "scope", "issued_at", "claims", "headers", "service", *ServiceIds.__annotations__)
# Names of the same arguments in PyJWT, fastlane and clients of other APIs, for hints in error messages.
_OTHER_NAMES = {
    "duration": "lifetime",
    "exp": "lifetime",
    "expiration": "lifetime",
    "expires": "lifetime",
    "expires_in": "lifetime",
    "ttl": "lifetime",
    "iat": "issued_at",
    "now": "issued_at",
    "payload": "claims",
}
# Longer texts are shortened, so that error messages show too little of a secret to be of use.
_LONGEST_TEXT = 12


class TokenFactory(Protocol):
    """Type of the fixture ``make_asc_token``."""

    def __call__(
        self,
        *,
        lifetime: float = ...,
        scope: Sequence[str] | None = None,
        issued_at: float | None = None,
        claims: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
        service: ServiceName | None = None,
        **ids: Unpack[ServiceIds],
    ) -> Token:
        """Generate a signed token. The values of claims are not checked, so that invalid tokens can be generated.

        Args:
            lifetime: Seconds from ``iat`` to ``exp``, even 0 or less; by default the lifetime of the test or run.
            scope: The requests that the token is valid for, such as ``["GET /v1/apps"]``; None for all.
            issued_at: ``iat``, in seconds since 1970; by default one minute before now.
            claims: Claims to add or replace; None as a value removes a claim.
            headers: Header parameters to add or replace; None as a value removes a parameter.
            service: The name of the service that the token is for; by default the service of the test.
            **ids: The IDs that the service's tokens contain, such as ``team_id`` and ``service_id`` for WeatherKit.

        Raises:
            TypeError: An argument is unknown or has the wrong type.
            ValueError: The service does not exist, or an ID that its tokens contain is missing.
        """


class SigningTokenFactory(NamedTuple):
    """The token factory of a test."""

    credentials: Credentials
    default_lifetime: float
    """Lifetime of tokens by default, in seconds."""
    default_service: ServiceName

    def __call__(
        self,
        *,
        lifetime: float | None = None,
        scope: Sequence[str] | None = None,
        issued_at: float | None = None,
        claims: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
        service: ServiceName | None = None,
        **ids: Unpack[ServiceIds],
    ) -> Token:
        """Generate a token; see :class:`TokenFactory`."""
        __tracebackhide__ = True
        for name, value in ids.items():
            if name not in ServiceIds.__annotations__:
                raise TypeError(_unexpected(name, value))
            if type(value) is not str:
                raise TypeError(f"make_asc_token({name}={_shown(value)}): expected a string")
        for name, value in (("lifetime", lifetime), ("issued_at", issued_at)):
            if value is not None and not (type(value) in {int, float} and math.isfinite(value)):
                raise TypeError(f"make_asc_token({name}={_shown(value)}): expected a number of seconds")
        for name, members in (("claims", claims), ("headers", headers)):
            if members is not None and not isinstance(members, Mapping):
                raise TypeError(f"make_asc_token({name}={_shown(members)}): expected a dict")
        if scope is not None:
            _check_scope(scope)
        if service is not None and service not in SERVICES:
            nearest = get_close_matches(str(service), SERVICES, n=1)
            hint = f"Did you mean {nearest[0]!r}? " if nearest else ""
            raise ValueError(
                f"make_asc_token(service={service!r}): there is no such service. {hint}"
                f"The services are {', '.join(SERVICES)}."
            )
        return mint(
            self.credentials,
            now=time.time(),
            lifetime=self.default_lifetime if lifetime is None else lifetime,
            scope=scope,
            issued_at=issued_at,
            claims=claims,
            headers=headers,
            service=service or self.default_service,
            **ids,
        )


def _check_scope(scope: object) -> None:
    __tracebackhide__ = True
    is_text = isinstance(scope, (str, bytes))
    if is_text or not isinstance(scope, Sequence) or not all(type(entry) is str for entry in scope):
        given = repr(scope) if isinstance(scope, str) else _shown(scope)
        example = [scope] if isinstance(scope, str) else ["GET /v1/apps"]
        raise TypeError(
            f"make_asc_token(scope={given}): expected a list such as {example!r}. "
            "For a token with an invalid scope, use claims={'scope': …}."
        )


def _unexpected(name: str, value: object) -> str:
    nearest = _OTHER_NAMES.get(name) or next(iter(get_close_matches(name, _ARGUMENTS, n=1)), None)
    hint = f" Did you mean {nearest!r}?" if nearest else ""
    return (
        f"make_asc_token() got an unexpected keyword argument {name!r} ({name}={_shown(value)}).{hint} "
        f"Its arguments are {', '.join(_ARGUMENTS)}."
    )


def _shown(value: object) -> str:
    if isinstance(value, (int, float, type(None))):
        return repr(value)
    text = value if isinstance(value, str) else type(value).__name__
    return repr(text) if len(text) <= _LONGEST_TEXT else f"{text[:4]!r}…"
