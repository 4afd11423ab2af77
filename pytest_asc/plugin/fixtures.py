"""Fixtures. Each can be overridden in a conftest.py file; fixtures that depend on it then use the override."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from typing_extensions import Unpack

    from pytest_asc.api import EmulatorFactory, EmulatorSettings
    from pytest_asc.credentials.finder import Credentials
    from pytest_asc.credentials.token_factory import TokenFactory
    from pytest_asc.credentials.tokens import Token
    from pytest_asc.diagnosis.interface import Diagnose
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.plugin.run_context import RunContext
    from pytest_asc.session import Session
    from pytest_asc.transports.server import Server


def run_fixture(config: pytest.Config) -> object:
    """Return a plugin with the fixture ``_asc_run``, which the other fixtures request instead of ``request``.

    This saves time: whenever pytest 9 looks up or sets up a fixture with an argument ``request``, it inspects a
    signature, which takes 10 µs. ``_asc_run`` gets the configuration from its closure.

    Args:
        config: The configuration of the pytest run.
    """

    @pytest.fixture(scope="session")
    def _asc_run() -> RunContext:
        """Context of the run, with the request of the fixture that is being set up."""
        from pytest_asc.credentials.settings import SettingsError
        from pytest_asc.plugin.options import check_settings
        from pytest_asc.plugin.run_context import get_run_context

        run = get_run_context(config)
        try:
            check_settings(run.settings)
        except SettingsError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        return run

    # The plugin is a class, because pytest has deprecated bound methods as session-scoped fixtures.
    return type("RunFixture", (), {"_asc_run": _asc_run})


@pytest.fixture(scope="session")
def asc_credentials(_asc_run: RunContext) -> Credentials:
    """API key of the run: key ID, issuer ID, type, private key, and the source of each.

    In emulator mode (the default), it is a throw-away key that the emulator accepts. In live mode, it comes from the
    command line, the ini file, the environment or the key folders, in this order. To use another source, override the
    fixture::

        @pytest.fixture(scope="session")
        def asc_credentials():
            return Credentials.load(key_id="2X9R7KQF34", issuer_id="5724…", key=vault.read("asc"))

    Raises CredentialsError, with the cause and the fix, if there is no usable key.
    """
    __tracebackhide__ = True
    return _asc_run.credentials_result(_asc_run.mode).require()


@pytest.fixture
def asc_token(_asc_run: RunContext) -> Token:
    """Signed token that is valid now: a ``str`` for the Authorization header, whose ``repr`` does not show it.

    ::

        def test_header(asc_token):
            client = MyClient(headers={"Authorization": f"Bearer {asc_token}"})

    ``iat`` is one minute in the past, and ``exp`` is 15 minutes after ``iat``. To change this lifetime, pass it in
    seconds: ``--asc-token-lifetime=600``, or ``@pytest.mark.asc(lifetime=600)`` for one test. Tests share a token until
    one minute before it expires. In live mode, a token in ASC_TOKEN takes precedence over a key.

    Raises LifetimeError if Apple rejects tokens with this lifetime. To test with such a token, use ``make_asc_token``.
    """
    from pytest_asc.faults.tokens import TOKENS, make_faulty_token
    from pytest_asc.plugin.test_context import get_test_context

    __tracebackhide__ = True
    request = _asc_run.fixture_request
    context = get_test_context(request)
    if context.mode == "live" and (external := context.run.external_token()):
        return external
    context.emulate_hosts(request)
    credentials = context.credentials(request)
    service = context.service(credentials)
    for fault in context.active_faults:
        if fault in TOKENS:
            token = make_faulty_token(fault, credentials, now=time.time(), service=service.name)
            context.faulty_tokens.append(token)
            return token
    return context.run.token_source(credentials, context.options.lifetime, service).token()


@pytest.fixture
def make_asc_token(_asc_run: RunContext) -> TokenFactory:
    """Function that generates any token, invalid ones included.

    ::

        def test_expired(make_asc_token, asc_emulator):
            token = make_asc_token(lifetime=-60)

    ``make_asc_token(*, lifetime=900, scope=None, issued_at=None, claims=None, headers=None, service=None, **ids)``

    - lifetime: seconds from ``iat`` to ``exp``; may be 0 or negative.
    - scope: a list of the requests that the token is valid for, such as ``["GET /v1/apps"]``; by default all.
    - issued_at: ``iat``, in seconds since 1970; by default one minute before the current time.
    - claims, headers: claims and header parameters to add or replace; None as a value removes one.
    - service, ids: another Apple service, and the IDs that its tokens contain:
      ``make_asc_token(service="weatherkit", team_id="…", service_id="…")``.

    Raises TypeError for an unknown argument or a value of the wrong type, and ValueError for an unknown service.
    """
    from pytest_asc.credentials.token_factory import SigningTokenFactory
    from pytest_asc.plugin.test_context import get_test_context

    __tracebackhide__ = True
    request = _asc_run.fixture_request
    context = get_test_context(request)
    context.emulate_hosts(request)
    credentials = context.credentials(request)
    service = context.service(credentials)
    return SigningTokenFactory(credentials, context.run.lifetime(context.options.lifetime), service.name)


@pytest.fixture
def asc_session(_asc_run: RunContext, asc_token: str) -> Iterator[Session]:
    """A ``requests.Session`` for the App Store Connect API: that of the emulator or, in live mode, Apple's.

    ::

        def test_apps(asc_session):
            for app in asc_session.resources("/v1/apps"):
                ...

    URLs may be relative. Each request has a valid token, because a new one is generated before the last one expires.
    The token is sent to the API's host only, even if a redirect is followed. ``pages(url)`` and ``resources(url)``
    follow ``links.next``.

    In emulator mode, the session returns every response unchanged, including errors. In live mode, it retries GET
    requests after 429, 5xx and connection errors, and it is read-only: POST, PATCH, PUT and DELETE raise
    WriteRefusedError unless the test is marked ``asc(allow_writes=True)`` and the run has ``--asc-allow-writes``. If a
    live test fails, its report lists the causes of the session's failed requests.
    """
    from pytest_asc.credentials.tokens import Token
    from pytest_asc.plugin.test_context import get_test_context

    session: Session
    request = _asc_run.fixture_request
    context = get_test_context(request)
    token = asc_token.fresh if isinstance(asc_token, Token) else lambda: asc_token
    if context.mode == "emulator":
        from pytest_asc.session import Session
        from pytest_asc.transports.requests_adapter import EmulatorAdapter

        emulator: Emulator = request.getfixturevalue("asc_emulator")
        session = Session(emulator.base_url, token=token, adapter=EmulatorAdapter(emulator))
    else:
        from pytest_asc.plugin.live_failures import LiveFailures, RecordingSession

        base_url = context.base_url(request)
        writes = context.options.allow_writes and request.config.getoption("asc_allow_writes")
        renew = asc_token.renewed if isinstance(asc_token, Token) else None
        failures = context.live_failures = LiveFailures(context.diagnosis(request))
        observers = context.run.live_observers
        session = RecordingSession(
            base_url, token=token, renew=renew, writes=writes, failures=failures, observers=observers
        )
    with session:
        yield session


@pytest.fixture
def asc_diagnose(_asc_run: RunContext) -> Diagnose:
    """Function that finds the causes of a failed request, without sending one.

    ::

        def test_why(asc_diagnose, my_client):
            response = my_client.apps()
            assert not asc_diagnose(response)

    ``asc_diagnose(evidence=None, *, token=None, request=None, service=None, now=None)``

    - evidence: a response or request of requests or httpx, an exception, a token, a JSON error document, or a mapping
      of status, headers and body.
    - token, request: the token and the request, if the evidence does not contain them.
    - service: the name of the service that the request is for; by default derived from the host, the token or the key.
    - now: seconds since 1970; by default the current time.

    Returns a tuple with one finding for each cause, the best-supported error first; it is empty if nothing is wrong. If
    the key ID in the token is that of ``asc_credentials``, the token is verified with that key. For a response of
    ``asc_emulator``, the finding is the reason for which the emulator rejected the request. Raises TypeError for
    evidence of another type.
    """
    from pytest_asc.plugin.test_context import get_test_context

    request = _asc_run.fixture_request
    context = get_test_context(request)
    context.emulate_hosts(request)
    return context.diagnosis(request)


@pytest.fixture
def asc_emulator(_asc_run: RunContext) -> Iterator[Emulator]:
    """Emulator of the App Store Connect API, new for each test, with an empty account of one team.

    ::

        def test_my_client(asc_emulator, asc_token):
            asc_emulator.add("apps", name="Lists", bundleId="com.example.lists")
            assert my_client.app_names(token=asc_token) == ["Lists"]

    It responds to ``asc_session``, and to requests to https://api.appstoreconnect.apple.com that any code in the test
    sends with requests, httpx, aiohttp, urllib3, urllib.request or http.client. Any other connection to Apple's hosts
    raises an error. This applies to every test that uses a fixture of this plugin, even if it does not request
    ``asc_emulator``. With ``--asc-service``, it emulates the endpoints of that service instead.

    It rejects the requests that Apple rejects, with the same status and body. ``asc_emulator.requests`` and the report
    of a failed test list the requests, with the reason for each rejection. If a planned failure has not happened when
    the test ends, that is an error, unless the test is marked ``asc(allow_unfired=True)``.
    """
    from pytest_asc.plugin.test_context import get_test_context

    __tracebackhide__ = True
    request = _asc_run.fixture_request
    context = get_test_context(request)
    if context.is_marked_live:
        pytest.fail("A test marked asc_live sends requests to Apple, so it cannot use asc_emulator.", pytrace=False)
    if context.mode == "live":
        pytest.fail(
            "This test is in live mode, so asc_emulator would receive its live token. Name asc_emulator in the "
            "arguments of the test, or mark the test with @pytest.mark.asc(mode='emulator').",
            pytrace=False,
        )
    emulator = context.start_emulator(request)
    yield emulator
    if emulator in context.run.open_emulators:  # its planned failures may happen in a later test
        return
    if not context.options.allow_unfired and (missing := emulator.explain_missing()):
        pytest.fail(missing, pytrace=False)


@pytest.fixture(scope="session")
def asc_emulator_factory(_asc_run: RunContext, asc_credentials: Credentials) -> EmulatorFactory:
    """Function that opens an emulator for a module, a class or the whole session.

    ::

        @pytest.fixture(scope="module", autouse=True)
        def account(asc_emulator_factory):
            with asc_emulator_factory(sample=True) as account:
                yield account

    While it is open, ``asc_emulator`` and ``asc_session`` use this emulator instead of a new one for each test. The
    function takes the arguments of ``pytest_asc.emulate``: ``service``, ``role``, ``load``, ``sample``, ``clock``,
    ``seed``, ``allow_unfired``, ``openapi``. If a planned failure has not happened when the ``with`` block ends, it
    raises AssertionError.
    """
    from contextlib import contextmanager

    from pytest_asc.api import emulate

    emulator_key = _asc_run.credentials_result("emulator").require() if _asc_run.mode == "live" else asc_credentials

    @contextmanager
    def asc_emulator_factory(**settings: Unpack[EmulatorSettings]) -> Iterator[Emulator]:
        __tracebackhide__ = True
        settings.setdefault("credentials", emulator_key)
        with emulate(**settings) as emulator:
            _asc_run.open_emulators.append(emulator)
            try:
                yield emulator
            finally:
                _asc_run.open_emulators.remove(emulator)

    return asc_emulator_factory


@pytest.fixture
def asc_env(_asc_run: RunContext, asc_credentials: Credentials, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Environment variables with the key of ``asc_credentials``, under every name that this plugin reads.

    ::

        def test_my_release_script(asc_env, asc_emulator):
            release.main()  # reads ASC_KEY_ID, ASC_ISSUER_ID and ASC_PRIVATE_KEY_PATH

    Others contain a token of that key, the key type, the lifetime of tokens and the mode. The fixture sets them for the
    duration of the test, removes variables that would select another key, and returns those that it has set. For a
    subprocess, use ``env=asc_server.env``.
    """
    from pytest_asc.apple.services import service_for
    from pytest_asc.credentials.variables import MISLEADING, credential_variables

    service = service_for(asc_credentials.kind)
    variables = {
        **credential_variables(asc_credentials, service.base_url, asc_credentials.key_file.parent),
        "ASC_KEY_TYPE": asc_credentials.kind,
        "ASC_TOKEN": str(_asc_run.token_source(asc_credentials, None, service).token()),
        "ASC_TOKEN_LIFETIME": str(_asc_run.lifetime()),
        "ASC_MODE": _asc_run.mode,
    }
    for name in MISLEADING:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def asc_server(_asc_run: RunContext, asc_emulator: Emulator) -> Iterator[Server]:
    """HTTP server for ``asc_emulator``, for other processes and for clients that the emulator does not intercept.

    ::

        def test_my_tool(asc_server, asc_emulator):
            asc_emulator.add("apps", name="Lists", bundleId="com.example.lists")
            subprocess.run(["my-tool", "--base-url", asc_server.url], env=asc_server.env, check=True)

    It listens on loopback ports. ``url`` is the base URL for HTTP, and ``https_url`` the one for HTTPS; ``ca_file`` has
    the certificate of the authority to trust. ``proxy_url`` is an HTTP proxy that forwards requests to
    https://api.appstoreconnect.apple.com to the emulator, and rejects other hosts. ``env`` contains the environment
    variables for a subprocess. The server runs until the end of the session; each test has its own account. Requires
    ``pip install 'pytest-asc[server]'``.
    """
    server: Server = _asc_run.fixture_request.getfixturevalue("_asc_server")
    with server.answering(asc_emulator) as crashes:
        yield server
    if crashes:
        raise crashes[0]


@pytest.fixture(scope="session")
def _asc_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Server of this process. Its folder is in pytest's base temporary directory, where pytest removes old ones."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from pytest_asc.transports import SERVER_IS_MISSING

    try:
        from pytest_asc.transports.server import Server
    except ModuleNotFoundError:
        raise pytest.fail.Exception(f"asc_server is not available: {SERVER_IS_MISSING}", pytrace=False) from None
    parent = tmp_path_factory.getbasetemp()
    with TemporaryDirectory(prefix="pytest-asc-", dir=parent) as folder, Server(Path(folder)) as server:
        yield server


@pytest.fixture
def _asc_emulated(_asc_run: RunContext) -> None:
    """Start the emulator for ``asc_credentials``, which cannot start one for each test because it has session scope."""
    from pytest_asc.plugin.test_context import get_test_context

    request = _asc_run.fixture_request
    get_test_context(request).emulate_hosts(request)


@pytest.fixture
def _asc_live(_asc_run: RunContext) -> None:
    """Skip a test marked ``asc_live`` if there are no credentials or the run is in emulator mode."""
    from pytest_asc.credentials.finder import CredentialsError
    from pytest_asc.plugin.test_context import get_test_context

    request = _asc_run.fixture_request
    if _asc_run.settings.choice("mode") == "emulator":
        pytest.skip("asc_live: the run is in emulator mode")
    if _asc_run.external_token():
        return
    try:
        get_test_context(request).credentials(request)
    except CredentialsError as error:
        if error.findings[0].cause in {"credentials-missing", "key-empty"}:
            pytest.skip(f"asc_live: no credentials: {error.findings[0].evidence}")
        raise


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let tests request the private fixtures that have to be set up before all others.

    ``_asc_live`` skips tests marked ``asc_live``, even if they use no other fixture of this plugin.
    """
    if not isinstance(item, pytest.Function):
        return
    if "asc_credentials" in item.fixturenames and "asc_emulator_factory" not in item.fixturenames:
        item.fixturenames.insert(0, "_asc_emulated")
    if item.get_closest_marker("asc_live"):
        item.fixturenames.insert(0, "_asc_live")
