"""Public functions that do not require pytest: ``diagnose`` and ``emulate``."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from pytest_asc.apple.services import SERVICES
from pytest_asc.credentials.finder import Credentials
from pytest_asc.credentials.netrc import find_entry
from pytest_asc.credentials.settings import home_folder
from pytest_asc.diagnosis.diagnose import DiagnosisContext, check_time
from pytest_asc.diagnosis.diagnose import diagnose as diagnose_in_context
from pytest_asc.emulator.app import Emulator
from pytest_asc.transports.responses_mock import intercept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from os import PathLike

    from typing_extensions import Unpack

    from pytest_asc.apple.roles import Role
    from pytest_asc.apple.services import ServiceName
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.emulator.seeding import CheckedDocument


_account: CheckedDocument | None = None
"""The account with which every emulator of :func:`emulate` starts; None for an empty account."""


def start_from(account: CheckedDocument | None) -> CheckedDocument | None:
    """Set the account with which every emulator of :func:`emulate` starts, and return the previous one."""
    global _account
    before, _account = _account, account
    return before


class EmulatorSettings(TypedDict, total=False):
    """Arguments of :func:`emulate`."""

    service: ServiceName
    role: Role
    load: str | PathLike[str] | Mapping[str, Any] | None
    sample: bool
    clock: Callable[[], float] | None
    seed: int
    allow_unfired: bool
    credentials: Credentials | None
    openapi: str | PathLike[str] | None


class EmulatorFactory(Protocol):
    """Type of the fixture ``asc_emulator_factory``."""

    def __call__(self, **settings: Unpack[EmulatorSettings]) -> AbstractContextManager[Emulator]:
        """Open an emulator; see :func:`emulate`."""


def diagnose(
    evidence: object = None,
    /,
    *,
    token: str | bytes | None = None,
    request: object = None,
    service: ServiceName | None = None,
    now: float | None = None,
    credentials: Credentials | None = None,
) -> tuple[Finding, ...]:
    """Find the causes of a failure, without sending a request.

    Args:
        evidence: A response or request of requests or httpx, an exception, a token, a JSON error document, or a mapping
            of status, headers and body.
        token: The token, if the evidence does not contain it.
        request: The request, if the evidence does not contain it.
        service: The name of the service that the request is for; by default it is derived from the host, the token or
            the key.
        now: The time, in seconds since 1970; by default the current time.
        credentials: The key to verify the token with. It is used only if the token contains its key ID.

    Returns:
        One finding for each cause, the best-supported error first; empty if nothing is wrong.

    Raises:
        TypeError: The type of the evidence is not supported, or ``credentials`` is not a Credentials object.
        ValueError: The service does not exist, or ``now`` is not a time.
    """
    __tracebackhide__ = True
    now = time.time() if now is None else now
    check_time(now)
    _check_credentials(credentials)
    return diagnose_in_context(
        evidence,
        token=token,
        request=request,
        service=service,
        now=now,
        context=DiagnosisContext(
            credentials=credentials,
            netrc=lambda host: find_entry(host, environ=os.environ, home=home_folder()),
            utc_offset=time.localtime(now).tm_gmtoff,
        ),
    )


def _check_credentials(credentials: object) -> None:
    __tracebackhide__ = True
    if not isinstance(credentials, (Credentials, NoneType)):
        given = type(credentials).__name__
        raise TypeError(
            f"credentials: got a value of type {given}, expected Credentials, as Credentials.load returns them"
        )


@contextmanager
def emulate(
    *,
    service: ServiceName = "app-store-connect",
    role: Role = "ADMIN",
    load: str | PathLike[str] | Mapping[str, Any] | None = None,
    sample: bool = False,
    clock: Callable[[], float] | None = None,
    seed: int = 0,
    allow_unfired: bool = False,
    credentials: Credentials | None = None,
    openapi: str | PathLike[str] | None = None,
) -> Iterator[Emulator]:
    """Emulate Apple's hosts in this process, without pytest.

    ::

        with pytest_asc.emulate(sample=True) as account:
            client = MyClient(token=account.token())
            assert client.app_names()

    In a pytest run whose ini file sets ``asc_account``, the emulator starts with that account.

    Args:
        service: The name of the service to emulate.
        role: The role of the key.
        load: A document of resources, or the path of one; see :meth:`pytest_asc.Emulator.load`.
        sample: Also load the sample account.
        clock: Function that returns the current time, in seconds since 1970; by default ``time.time``.
        seed: Seed for generated IDs. The same seed gives the same IDs.
        allow_unfired: Allow planned failures that have not happened by the end of the ``with`` block.
        credentials: The key that the emulator accepts; by default a throw-away key.
        openapi: Path of another version of Apple's OpenAPI document than the one that ships with this package. It is
            compiled on each call, and applies to all emulators of the process until this one is closed: do not use
            emulators that were opened earlier in the meantime.

    Yields:
        The emulator. Its method ``token()`` generates tokens that it accepts, signed with the key in ``credentials``.

    Raises:
        AssertionError: A planned failure did not happen by the end of the ``with`` block.
        OSError: A document cannot be read.
        TypeError: ``sample`` or ``allow_unfired`` is not a bool, or the credentials are none.
        ValueError: The service or the role does not exist, or a document is invalid.
    """
    __tracebackhide__ = True
    if service not in SERVICES:
        raise ValueError(f"service={service!r}: expected one of {', '.join(SERVICES)}")
    for name, value in (("sample", sample), ("allow_unfired", allow_unfired)):
        if type(value) is not bool:
            raise TypeError(f"{name}={value!r}: expected True or False")
    _check_credentials(credentials)
    with ExitStack() as stack:
        if openapi is not None:
            from pytest_asc.emulator.spec.user_document import emulating, load_document  # noqa: PLC0415  rarely used

            stack.enter_context(emulating(load_document(Path(openapi), None, lambda _: None)))
        emulator = Emulator(SERVICES[service], clock or time.time, seed, credentials=credentials)
        emulator.role = role
        if _account is not None:
            emulator.load(_account)
        if sample:
            emulator.load_sample()
        if load is not None:
            emulator.load(load)
        stack.enter_context(intercept(emulator))
        yield emulator
    if not allow_unfired and (unused := emulator.explain_missing()):
        raise AssertionError(unused)
