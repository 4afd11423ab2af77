"""Context of a test: its mode, its marker options, its active faults, its emulator and its live failures."""

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
    """Context of a test. It is created when the test first requests a fixture of this plugin, and kept in its stash.

    Args:
        item: The test.
        run: The context of the run.
    """

    def __init__(self, item: pytest.Item, run: RunContext) -> None:
        self._item = item
        self.run = run
        self.options = _options(item)
        self.is_marked_live = item.get_closest_marker("asc_live") is not None
        """The test is marked ``asc_live``."""
        requested = self.options.mode or self._requested_mode(item)
        self.mode: Mode = run.resolver.mode(requested, smoke=False) if requested else run.mode
        self.faults = run.active_faults("emulator", self.options.faults)
        """The causes that the emulator brings about: those of the test's markers and of the run."""
        self.active_faults = run.active_faults(self.mode, self.options.faults)
        """The causes that the token and the service show: none in live mode."""
        self.emulator: Emulator | None = None
        """The emulator of the test; None in live mode."""
        self.faulty_tokens: list[Token] = []
        """The tokens of ``asc_token`` that a fault has changed."""
        self.earlier_requests = 0
        """Requests that its emulator had handled before the test."""
        self.live_failures: LiveFailures | None = None
        """The failed requests of its live session."""
        self._credentials_error: CredentialsError | None = None
        self._starting = False

    def report_sections(self) -> Iterator[tuple[str, str]]:
        """Return the sections for the report of a failed test: their titles and texts."""
        if self.live_failures:
            yield "asc live", str(self.live_failures)
        if self.emulator and (text := describe_requests(self.emulator.requests_since(self.earlier_requests))):
            yield "asc emulator", text

    def _explain_unused_fault(self) -> str | None:
        """Describe a fault of the test's marker that no request has shown; None if each was used."""
        from pytest_asc.faults.tokens import TOKENS  # noqa: PLC0415  rarely used

        faults = [fault for fault in self.options.faults if fault in TOKENS]
        if not faults or self.emulator is None or self.emulator.has_received(self.faulty_tokens):
            return None
        records = self.emulator.requests_since(self.earlier_requests)
        if self.faulty_tokens and not records:  # the client may have refused to send such a token
            return None
        received = (
            ["Requests received:", *(f"  {record}" for record in records)] if records else ["No request was received."]
        )
        return "\n".join(
            [
                f"The fault {faults[0]!r} had no effect: no request was sent with the token of asc_token.",
                *received,
                "A client that signs its own tokens ignores asc_token: pass it this token, or use a service fault.",
                "If that is intended, mark the test with @pytest.mark.asc(allow_unfired=True).",
            ]
        )

    def _requested_mode(self, item: pytest.Item) -> Mode | None:
        """Return the mode that a test requests by its markers and fixtures."""
        if self.is_marked_live:
            return "live"
        return "emulator" if "asc_emulator" in getattr(item, "fixturenames", ()) else None

    def emulate_hosts(self, request: pytest.FixtureRequest) -> None:
        """Intercept requests to Apple's hosts with this test's emulator, with or without a key; not in live mode.

        Args:
            request: Of the requesting fixture.
        """
        if self.mode != "emulator" or self.emulator or self._starting:
            return
        try:
            self.start_emulator(request)
        except CredentialsError:
            self._start_emulator(self._service_without_key())

    def start_emulator(self, request: pytest.FixtureRequest) -> Emulator:
        """Return the emulator of this test; the first call starts it, for Apple's hosts and until the test ends.

        Args:
            request: Of the requesting fixture.

        Raises:
            CredentialsError: There are no credentials that can be used.
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
        """Use an emulator of a wider scope; what the test's markers change is restored when the test ends."""
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
        """Fail if a fault had no effect, and reset the context for another run of the same test."""
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
        """The credentials for this mode: ``asc_credentials`` if it has the same mode or is overridden.

        Args:
            request: Of the requesting fixture. The credentials are not cached here: a fixture that an overridden
                ``asc_credentials`` requests gets those that were there before.

        Raises:
            CredentialsError: There are none that can be used.
        """
        __tracebackhide__ = True
        run, mode = self.run, self.mode
        for fault in self.options.faults:
            if mode == "emulator" and fault in CREDENTIALS:
                return run.credentials_result(mode, fault).require()
        try:
            # After a fixture has failed, pytest 8.0 resolves a second request for it to the fixture that it overrides.
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
        """Return the service that the test is for."""
        return self.run.resolver.service(credentials.kind, self.active_faults)

    def _service_without_key(self) -> Service:
        return self.run.resolver.service(self.run.credentials_result(self.mode).kind, self.active_faults)

    def base_url(self, request: pytest.FixtureRequest) -> str:
        """Return the base URL of the test's session.

        Raises:
            pytest.fail.Exception: The configured URL is of no use, or its host is for another service.
        """
        try:
            key_type = self.credentials(request).kind
        except CredentialsError:  # with a token alone, the settings give the type of the key
            service = self._service_without_key()
        else:
            service = self.run.resolver.service(key_type, self.active_faults)
        try:
            return self.run.resolver.checked_base_url(service, self.mode)
        except SettingsError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None

    def diagnosis(self, request: pytest.FixtureRequest) -> Diagnose:
        """Return ``asc_diagnose``: it knows this test's credentials and emulator, and this machine's netrc file."""
        from pytest_asc.diagnosis.diagnose import DiagnosisContext, diagnose  # noqa: PLC0415  rarely used
        from pytest_asc.diagnosis.pasted_secrets import register_secrets  # noqa: PLC0415
        from pytest_asc.emulator.request_records import record_of  # noqa: PLC0415

        try:
            credentials = self.credentials(request)
        except CredentialsError:
            credentials = None

        def refusal(answer: HttpResponse) -> Finding | None:
            record = record_of(answer, self.emulator.requests) if self.emulator else None
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
            # The report of a failed test shows the arguments.
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
                    emulator_finding=refusal,
                    utc_offset=utc_offset(self.active_faults),
                ),
            )

        return asc_diagnose


def get_test_context(request: pytest.FixtureRequest) -> TestContext:
    """Return the context of the test that a fixture is requested in; invalid markers fail it."""
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
