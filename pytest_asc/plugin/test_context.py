"""Context of a test: its mode, marker options, active faults, emulator and failed live requests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from pytest_asc.credentials.finder import CredentialsError
from pytest_asc.credentials.settings import SettingsError
from pytest_asc.faults.registry import CREDENTIALS, check_fault
from pytest_asc.plugin.markers import MarkerError, merge
from pytest_asc.plugin.report_sections import REPORT_SECTIONS, describe_requests
from pytest_asc.plugin.run_context import get_run_context, netrc_entry, utc_offset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.apple.services import Service, ServiceName
    from pytest_asc.credentials.finder import Credentials
    from pytest_asc.credentials.tokens import Token
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.http.http_response import HttpResponse
    from pytest_asc.diagnosis.interface import Diagnose
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.auth.authenticator import Authenticator
    from pytest_asc.plugin.live_failures import LiveFailures
    from pytest_asc.plugin.markers import MarkerOptions, Mode
    from pytest_asc.plugin.run_context import RunContext

_TEST_CONTEXT: pytest.StashKey[TestContext] = pytest.StashKey()


class TestContext:
    """Context of a test, in the test's stash. It is created when the test first requests a fixture of this plugin.

    Args:
        item: The test.
        run: The context of the run.
    """

    def __init__(self, item: pytest.Item, run: RunContext) -> None:
        self._item = item
        self.run = run
        self.options = _options(item)
        self.is_marked_live = item.get_closest_marker("asc_live") is not None
        """True if the test is marked ``asc_live``."""
        requested = self.options.mode or self._requested_mode(item)
        self.mode: Mode = run.resolver.mode(requested, smoke=False) if requested else run.mode
        self.faults = run.active_faults("emulator", self.options.faults)
        """The causes to inject into the test's emulator: those of its markers and that of the run."""
        self.active_faults = run.active_faults(self.mode, self.options.faults)
        """The causes to inject in the mode of the test: the same ones, or none in live mode."""
        self.emulator: Emulator | None = None
        """The emulator of the test; None in live mode."""
        self.faulty_tokens: list[Token] = []
        """The tokens of ``asc_token`` that have a fault."""
        self.earlier_requests = 0
        """Number of requests that the emulator had received before the test."""
        self.live_failures: LiveFailures | None = None
        """The failed requests of the test's live session; None in emulator mode."""
        self._credentials_error: CredentialsError | None = None
        self._starting = False

    def report_sections(self) -> Iterator[tuple[str, str]]:
        """Yield the title and text of each section for the report of a failed test."""
        if self.live_failures:
            yield "asc live", str(self.live_failures)
        if self.emulator and (text := describe_requests(self.emulator.requests_since(self.earlier_requests))):
            yield "asc emulator", text

    def _explain_unused_fault(self) -> str | None:
        """Return the error for a token fault in the test's markers that had no effect, or None."""
        from pytest_asc.faults.tokens import TOKENS  # noqa: PLC0415  rarely used

        faults = [fault for fault in self.options.faults if fault in TOKENS]
        if not faults or self.emulator is None or self.emulator.has_received(self.faulty_tokens):
            return None
        records = self.emulator.requests_since(self.earlier_requests)
        if self.faulty_tokens and not records:  # the client may have rejected the token itself
            return None
        received = (
            ["Requests received:", *(f"  {record}" for record in records)] if records else ["No request was received."]
        )
        return "\n".join(
            [
                f"The fault {faults[0]!r} had no effect: no request was sent with the token of asc_token.",
                *received,
                "A client that signs its own tokens ignores asc_token: pass asc_token to it, or use a service fault.",
                "If that is intended, mark the test with @pytest.mark.asc(allow_unfired=True).",
            ]
        )

    def _requested_mode(self, item: pytest.Item) -> Mode | None:
        """Return the mode that a test requests by its markers and fixtures, or None."""
        if self.is_marked_live:
            return "live"
        return "emulator" if "asc_emulator" in getattr(item, "fixturenames", ()) else None

    def emulate_hosts(self, request: pytest.FixtureRequest) -> None:
        """In emulator mode, start the emulator even without a usable key, so that no request reaches Apple's hosts.

        Args:
            request: The ``request`` object of the calling fixture.
        """
        if self.mode != "emulator" or self.emulator or self._starting:
            return
        try:
            self.start_emulator(request)
        except CredentialsError:
            self._start_emulator(self._service_without_key())

    def start_emulator(self, request: pytest.FixtureRequest) -> Emulator:
        """Return the emulator of this test. The first call starts it; it handles Apple's hosts until the test ends.

        Args:
            request: The ``request`` object of the calling fixture.

        Raises:
            CredentialsError: There are no usable credentials.
        """
        __tracebackhide__ = True
        if self._credentials_error and self.mode == self.run.mode:
            raise self._credentials_error
        if self.emulator:
            return self.emulator
        if self.run.open_emulators:
            return self._share(self.run.open_emulators[-1])
        self._starting = True
        try:
            credentials = self.credentials(request)
        finally:
            self._starting = False
        if self.emulator:  # an overridden asc_credentials has requested it
            return self.emulator
        service = self.service(credentials)
        return self._start_emulator(service, self.run.authenticator(credentials, service), credentials)

    def _share(self, emulator: Emulator) -> Emulator:
        """Use an emulator of a wider scope. When the test ends, undo the changes that its markers made."""
        from pytest_asc.emulator.service_faults import FAULTS  # noqa: PLC0415  not used in live mode

        for fault in self.options.faults:
            if fault in FAULTS:
                pytest.fail(
                    f"@pytest.mark.asc(faults=[{fault!r}]) would also affect other tests, because this test uses a "
                    "shared emulator of asc_emulator_factory. Use pytest_asc.emulate() and "
                    f"account.fault({fault!r}) in the test, or move it to another module.",
                    pytrace=False,
                )
        self.emulator, self.earlier_requests = emulator, emulator.request_count
        role, requirements = emulator.role, emulator.review_requirements

        def end() -> None:
            emulator.role, emulator.review_requirements = role, requirements
            self._end()

        self._set_options(emulator)
        self._item.addfinalizer(end)
        return emulator

    def _set_options(self, emulator: Emulator) -> None:
        if self.options.role:
            emulator.role = self.options.role
        if self.options.relax:
            emulator.review_requirements -= set(self.options.relax)

    def _end(self) -> None:
        """Fail the test if a fault had no effect. Remove the context, for plugins that run a test again."""
        __tracebackhide__ = True
        del self._item.stash[_TEST_CONTEXT]
        if not self.options.allow_unfired and (unused := self._explain_unused_fault()):
            pytest.fail(unused, pytrace=False)

    def _start_emulator(
        self, service: Service, authenticator: Authenticator | None = None, credentials: Credentials | None = None
    ) -> Emulator:
        from pytest_asc.emulator.app import Emulator  # noqa: PLC0415  not used in live mode
        from pytest_asc.emulator.service_faults import FAULTS  # noqa: PLC0415
        from pytest_asc.transports.responses_mock import intercept  # noqa: PLC0415

        emulator = self.emulator = Emulator(service=service, authenticator=authenticator, credentials=credentials)
        if self.run.account is not None:
            emulator.load(self.run.account)
        self._set_options(emulator)
        for fault in self.faults:
            if fault in FAULTS:
                emulator.fault(fault)
        interception = intercept(emulator)
        interception.__enter__()

        def end() -> None:
            interception.__exit__()
            self._end()

        self._item.addfinalizer(end)
        return emulator

    def credentials(self, request: pytest.FixtureRequest) -> Credentials:
        """Return the credentials for the test's mode: ``asc_credentials`` if it has the same mode or is overridden.

        They are not cached, because a fixture that an overriding ``asc_credentials`` requests gets the overridden ones.

        Args:
            request: The ``request`` object of the calling fixture.

        Raises:
            CredentialsError: There are no usable credentials.
        """
        __tracebackhide__ = True
        run, mode = self.run, self.mode
        for fault in self.options.faults:
            if mode == "emulator" and fault in CREDENTIALS:
                return run.credentials_result(mode, fault).require()
        try:
            # If a fixture has failed, pytest 8.0 answers the next request for it with the fixture that it overrides.
            if self._credentials_error:
                raise self._credentials_error
            credentials: Credentials = request.getfixturevalue("asc_credentials")
        except CredentialsError as error:
            self._credentials_error = error
            if mode == run.mode:
                raise
            return run.credentials_result(mode).require()
        if mode != run.mode and credentials is run.credentials_result(run.mode).credentials:
            return run.credentials_result(mode).require()
        return credentials

    def service(self, credentials: Credentials) -> Service:
        """Return the service that the test uses with a key."""
        return self.run.resolver.service(credentials.kind, self.active_faults)

    def _service_without_key(self) -> Service:
        return self.run.resolver.service(self.run.credentials_result(self.mode).kind, self.active_faults)

    def base_url(self, request: pytest.FixtureRequest) -> str:
        """Return the base URL of the test's session.

        Raises:
            pytest.fail.Exception: The configured URL is invalid, or its host belongs to another service.
        """
        try:
            key_type = self.credentials(request).kind
        except CredentialsError:  # with only a token, the key type comes from the settings
            service = self._service_without_key()
        else:
            service = self.run.resolver.service(key_type, self.active_faults)
        try:
            return self.run.resolver.checked_base_url(service, self.mode)
        except SettingsError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None

    def diagnosis(self, request: pytest.FixtureRequest) -> Diagnose:
        """Return ``asc_diagnose``, which uses the test's credentials and emulator, and this machine's netrc file."""
        from pytest_asc.diagnosis.diagnose import DiagnosisContext, diagnose  # noqa: PLC0415  rarely used
        from pytest_asc.diagnosis.pasted_secrets import register_secrets  # noqa: PLC0415
        from pytest_asc.emulator.request_records import record_of  # noqa: PLC0415

        try:
            credentials = self.credentials(request)
        except CredentialsError:
            credentials = None

        def emulator_finding(response: HttpResponse) -> Finding | None:
            record = record_of(response, self.emulator.requests) if self.emulator else None
            return record.refusal if record else None

        def asc_diagnose(
            evidence: object = None,
            /,
            *,
            token: str | bytes | None = None,
            request: object = None,
            service: ServiceName | None = None,
            now: float | None = None,
        ) -> tuple[Finding, ...]:
            __tracebackhide__ = True
            # The report of a failed test shows the arguments of functions in the traceback.
            register_secrets(evidence, token, request)
            return diagnose(
                evidence,
                token=token,
                request=request,
                service=service,
                now=time.time() if now is None else now,
                context=DiagnosisContext(
                    credentials=credentials,
                    netrc=lambda host: netrc_entry(host, self.emulator),
                    emulator_finding=emulator_finding,
                    utc_offset=utc_offset(self.active_faults),
                ),
            )

        return asc_diagnose


def get_test_context(request: pytest.FixtureRequest) -> TestContext:
    """Return the context of the test that requests a fixture. If its markers are invalid, the test fails."""
    __tracebackhide__ = True
    stash: pytest.Stash = request.node.stash
    if _TEST_CONTEXT not in stash:
        context = stash[_TEST_CONTEXT] = TestContext(request.node, get_run_context(request.config))
        stash[REPORT_SECTIONS] = context.report_sections
    return stash[_TEST_CONTEXT]


def _options(item: pytest.Item) -> MarkerOptions:
    try:
        options = merge((mark.args, mark.kwargs) for mark in item.iter_markers("asc"))
    except MarkerError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    try:
        for fault in options.faults:
            check_fault(fault)
    except SettingsError as error:
        raise pytest.fail.Exception(f"@pytest.mark.asc(faults=…): {error}", pytrace=False) from None
    return options
