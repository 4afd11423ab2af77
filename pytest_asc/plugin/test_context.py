"""What one test is to the fixtures: its mode, its options, the causes that it rehearses, and what became of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from pytest_asc.credentials.finder import CredentialsError
from pytest_asc.credentials.settings import SettingsError
from pytest_asc.faults.registry import CREDENTIALS, check_fault
from pytest_asc.plugin.markers import MarkerError, merge
from pytest_asc.plugin.run_context import get_run_context, netrc_entry, utc_offset

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_asc.apple.services import Service
    from pytest_asc.credentials.finder import Credentials
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.http.response import HttpResponse
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.plugin.live_failures import LiveFailures
    from pytest_asc.plugin.markers import MarkerOptions, Mode
    from pytest_asc.plugin.run_context import RunContext

TEST_CONTEXT: pytest.StashKey[TestContext] = pytest.StashKey()


class TestContext:
    """Made when the first fixture of ours is asked for, and kept on the test.

    Args:
        item: The test.
        state: What the fixtures of the run share.
    """

    def __init__(self, item: pytest.Item, state: RunContext) -> None:
        self.state = state
        self.options = _options(item)
        self.mode: Mode = self.options.mode or _wanted_mode(item) or state.mode
        self.faults = (*self.options.faults, *([state.fault] if state.fault else ()))
        """The causes that the emulator is put into, of the test's markers and of the run."""
        self.rehearsed = self.faults if self.mode == "emulator" else ()
        """Those that are brought about in the token and the service that is asked: none of a live one."""
        self.emulator: Emulator | None = None
        """The one that the test asked for."""
        self.refusals: LiveFailures | None = None
        """What its live session was refused."""
        self._failure: CredentialsError | None = None

    def credentials(self, request: pytest.FixtureRequest) -> Credentials:
        """The credentials for this mode: ``asc_credentials`` where that is of the same mode, or overridden.

        Args:
            request: Of the fixture that asks. They are not kept here: one that an overridden ``asc_credentials`` asks
                for gets those that were there before.

        Raises:
            CredentialsError: There are none that can be used.
        """
        __tracebackhide__ = True
        state, mode = self.state, self.mode
        for fault in self.options.faults:
            if mode == "emulator" and fault in CREDENTIALS:
                return state.reading(mode, fault).require()
        try:
            # pytest 8.0 takes a second look-up of a fixture that failed for one of an overridden fixture.
            if self._failure:
                raise self._failure
            credentials: Credentials = request.getfixturevalue("asc_credentials")
        except CredentialsError as error:
            self._failure = error
            if mode == state.mode:
                raise
            return state.reading(mode).require()
        if mode != state.mode and credentials is state.reading(state.mode).credentials:
            return state.reading(mode).require()
        return credentials

    def service(self, credentials: Credentials) -> Service:
        """The service of Apple's that the test is for."""
        return self.state.service(credentials.kind, self.rehearsed)

    def live_service(self, request: pytest.FixtureRequest) -> Service:
        """The service that live requests are for; where there is a token alone, the settings say the kind of key."""
        try:
            kind = self.credentials(request).kind
        except CredentialsError:
            kind = self.state.reading("live").kind
        return self.state.service(kind)

    def diagnosis(self, request: pytest.FixtureRequest) -> Callable[..., tuple[Finding, ...]]:
        """The diagnosis with what is known in this test: its credentials, its emulator, this machine's netrc file."""
        from pytest_asc.diagnosis.diagnose import DiagnosisContext, diagnose  # noqa: PLC0415  few tests need it
        from pytest_asc.emulator.request_log import record_of  # noqa: PLC0415

        try:
            credentials = self.credentials(request)
        except CredentialsError:
            credentials = None

        def refusal(answer: HttpResponse) -> Finding | None:
            record = record_of(answer, self.emulator.requests) if self.emulator else None
            return record.refusal if record else None

        def asc_diagnose(
            thing: object = None,
            *,
            token: str | bytes | None = None,
            request: object = None,
            service: str | None = None,
            now: float | None = None,
        ) -> tuple[Finding, ...]:
            __tracebackhide__ = True
            return diagnose(
                thing,
                token=token,
                request=request,
                service=service,
                now=time.time() if now is None else now,
                surroundings=DiagnosisContext(
                    credentials=credentials,
                    netrc=lambda host: netrc_entry(host, self.emulator),
                    refusal=refusal,
                    utc_offset=utc_offset(self.rehearsed),
                ),
            )

        return asc_diagnose


def get_test_context(request: pytest.FixtureRequest) -> TestContext:
    """The situation of the test that a fixture is asked for in; markers that make no sense fail it."""
    __tracebackhide__ = True
    stash: pytest.Stash = request.node.stash
    if TEST_CONTEXT not in stash:
        stash[TEST_CONTEXT] = TestContext(request.node, get_run_context(request.config))
    return stash[TEST_CONTEXT]


def _options(item: pytest.Item) -> MarkerOptions:
    try:
        options = merge((mark.args, mark.kwargs) for mark in item.iter_markers("asc"))
        for fault in options.faults:
            check_fault(fault)
    except (MarkerError, SettingsError) as error:
        pytest.fail(str(error), pytrace=False)
    return options


def _wanted_mode(item: pytest.Item) -> Mode | None:
    """The mode that a test takes by what it asks for."""
    if item.get_closest_marker("asc_live"):
        return "live"
    return "emulator" if "asc_emulator" in getattr(item, "fixturenames", ()) else None
