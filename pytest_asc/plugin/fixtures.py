"""The fixtures. Each is a few lines over the rooms behind it, and can be overridden in a conftest.py."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.credentials.finder import Credentials
    from pytest_asc.credentials.token_factory import TokenFactory
    from pytest_asc.credentials.tokens import Token
    from pytest_asc.diagnosis.interface import Diagnose
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.session import Session
    from pytest_asc.transports.server import Server


@pytest.fixture(scope="session")
def asc_credentials(request: pytest.FixtureRequest) -> Credentials:
    """The API key of the run: key id, issuer id, kind, private key, and where each came from.

    In emulator mode (the default) it is a throw-away key that the emulator knows; in live mode it comes from the
    command line, the ini file, the environment or the key folders. Override it to take a key from elsewhere::

        @pytest.fixture(scope="session")
        def asc_credentials():
            return Credentials.load(key_id="2X9R4HXF34", issuer_id="5724…", key=vault.read("asc"))

    Raises CredentialsError, which names the cause, where there is no usable key.
    """
    from pytest_asc.plugin.run_context import get_run_context

    __tracebackhide__ = True
    run = get_run_context(request.config)
    return run.credentials_result(run.mode).require()


@pytest.fixture
def asc_token(request: pytest.FixtureRequest) -> Token:
    """A signed token that is valid now: a ``str`` for the Authorization header, whose ``repr`` shows nothing.

    ::

        def test_header(asc_token):
            client = MyClient(headers={"Authorization": f"Bearer {asc_token}"})

    Its life is 15 minutes (``--asc-token-lifetime``, ``@pytest.mark.asc(lifetime=600)``; seconds from iat to exp), its
    iat a minute back. Tests share it until a minute before it expires. In live mode ASC_TOKEN, a token minted
    elsewhere, goes before a key.
    """
    from pytest_asc.faults.tokens import TOKENS, make_faulty_token
    from pytest_asc.plugin.test_context import get_test_context

    __tracebackhide__ = True
    context = get_test_context(request)
    if context.mode == "live" and (external := context.run.external_token()):
        return external
    credentials = context.credentials(request)
    service = context.service(credentials)
    for fault in context.active_faults:
        if fault in TOKENS:
            return make_faulty_token(fault, credentials, now=time.time(), service=service.name)
    return context.run.token_source(credentials, context.options.lifetime, service).token()


@pytest.fixture
def make_asc_token(request: pytest.FixtureRequest) -> TokenFactory:
    """Mint any token, bad ones included.

    ::

        def test_expired(make_asc_token, asc_emulator):
            token = make_asc_token(lifetime=-60)

    ``make_asc_token(lifetime=900, scope=None, issued_at=None, claims=None, headers=None, service=None, **ids)``:
    lifetime in seconds from iat to exp, scope a list such as ``["GET /v1/apps"]``, issued_at in seconds since 1970,
    claims and headers set on top of what is there, where None as a value takes one out; service one of Apple's others
    with the ids that its tokens hold: ``make_asc_token(service="weatherkit", team_id="…", service_id="…")``.
    """
    from pytest_asc.credentials.token_factory import SigningTokenFactory
    from pytest_asc.plugin.test_context import get_test_context

    __tracebackhide__ = True
    context = get_test_context(request)
    credentials = context.credentials(request)
    service = context.service(credentials)
    return SigningTokenFactory(credentials, context.run.lifetime(context.options.lifetime), service.name)


@pytest.fixture
def asc_session(request: pytest.FixtureRequest, asc_token: str) -> Iterator[Session]:
    """A ``requests.Session`` for the API, emulated or live by mode.

    ::

        def test_apps(asc_session):
            for app in asc_session.resources("/v1/apps"):
                ...

    URLs may be relative. The token is put in when a request is sent, renewed when it is about to expire, and goes to
    the API's host alone. In live mode GETs are tried again after 429 and 5xx, and the session only reads:
    POST, PATCH, PUT and DELETE raise WriteRefusedError unless the test is marked ``asc(allow_writes=True)`` and the run
    has ``--asc-allow-writes``. The report of a failed test says why Apple refused its requests; only those of this
    session are seen. In emulator mode answers arrive as they are.
    """
    from pytest_asc.credentials.tokens import Token
    from pytest_asc.plugin.test_context import get_test_context

    session: Session
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
        session = RecordingSession(base_url, token=token, renew=renew, writes=writes, failures=failures)
    with session:
        yield session


@pytest.fixture
def asc_diagnose(request: pytest.FixtureRequest) -> Diagnose:
    """Say what is wrong with anything a test holds, offline.

    ::

        def test_why(asc_diagnose, my_client):
            response = my_client.apps()
            assert not asc_diagnose(response)

    ``asc_diagnose(thing=None, *, token=None, request=None, service=None, now=None)``: thing a response or request of
    requests or httpx, an exception, a token, a JSON error document, or a mapping of status, headers and body; token and
    request where the thing does not hold them; service the name of the one that is meant; now in seconds since 1970.

    It gives a finding for each cause, best first, and none for what is good. The token is verified with the key of
    ``asc_credentials`` where it names that key; of an answer of ``asc_emulator`` it gives the true reason. Raises
    TypeError for what is none of these.
    """
    from pytest_asc.plugin.test_context import get_test_context

    return get_test_context(request).diagnosis(request)


@pytest.fixture
def asc_emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """The emulator of the API, with an empty account of one team, new for each test.

    ::

        def test_my_client(asc_emulator, asc_token):
            asc_emulator.add("apps", name="Lists", bundleId="com.example.lists")
            assert my_client.app_names(token=asc_token) == ["Lists"]

    It answers ``asc_session``, and api.appstoreconnect.apple.com for any code of the test that uses ``requests``; with
    ``--asc-service`` it stands for that service and answers its few endpoints. It
    refuses what Apple refuses, in Apple's words; ``asc_emulator.requests`` tells why, and so does the report of a
    failed test. A failure that was planned and did not happen is an error at the end of the test.
    """
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.service_faults import FAULTS
    from pytest_asc.plugin.test_context import get_test_context
    from pytest_asc.transports.responses_mock import intercept

    __tracebackhide__ = True
    if request.node.get_closest_marker("asc_live"):
        pytest.fail("A test marked asc_live talks to Apple: it cannot ask for asc_emulator", pytrace=False)
    context = get_test_context(request)
    credentials = context.credentials(request)
    service = context.service(credentials)
    emulator = context.emulator = Emulator(
        service=service, authenticator=context.run.authenticator(credentials, service)
    )
    if role := context.options.role:
        emulator.role = role
    for fault in context.faults:
        if fault in FAULTS:
            emulator.fault(fault)
    with intercept(emulator):
        yield emulator
    if not context.options.allow_unfired and (missing := emulator.explain_missing()):
        pytest.fail(missing, pytrace=False)


@pytest.fixture
def asc_server(asc_emulator: Emulator, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The emulator of ``asc_emulator`` on ports of this machine, for code that does not use ``requests``.

    ::

        def test_my_client(asc_server, asc_emulator, asc_token):
            asc_emulator.add("apps", name="Lists", bundleId="com.example.lists")
            response = httpx.get(f"{asc_server.url}/v1/apps", headers={"Authorization": f"Bearer {asc_token}"})

    ``url`` is where HTTP is spoken and ``https_url`` where HTTPS is, with a certificate that ``ca_file`` vouches for;
    ``proxy_url`` is a proxy through which https://api.appstoreconnect.apple.com is the emulator and other hosts
    are refused. The server lives for the run, the account for the test. It needs ``pip install 'pytest-asc[server]'``.
    """
    server: Server = request.getfixturevalue("_asc_server")
    with server.answering(asc_emulator) as crashes:
        yield server
    if crashes:
        raise crashes[0]


@pytest.fixture(scope="session")
def _asc_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of this run, or of this worker. A run that is killed leaves its folder where pytest sweeps later."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from pytest_asc.transports import SERVER_IS_MISSING

    try:
        from pytest_asc.transports.server import Server
    except ModuleNotFoundError:
        pytest.fail(f"asc_server cannot be had: {SERVER_IS_MISSING}", pytrace=False)
    within = tmp_path_factory.getbasetemp()
    with TemporaryDirectory(prefix="pytest-asc-", dir=within) as folder, Server(Path(folder)) as server:
        yield server


@pytest.fixture
def _asc_live(request: pytest.FixtureRequest) -> None:
    """Skip a test marked ``asc_live`` where there are no credentials, or the run is to stay in the emulator."""
    from pytest_asc.credentials.finder import CredentialsError
    from pytest_asc.plugin.run_context import get_run_context
    from pytest_asc.plugin.test_context import get_test_context

    run = get_run_context(request.config)
    if run.settings.choice("mode") == "emulator":
        pytest.skip("asc_live: the run is in emulator mode")
    if run.external_token():
        return
    try:
        get_test_context(request).credentials(request)
    except CredentialsError as error:
        if error.findings[0].cause in {"credentials-missing", "key-empty"}:
            pytest.skip(f"asc_live: {error.findings[0].evidence}")
        raise


def pytest_itemcollected(item: pytest.Item) -> None:
    """Have tests marked ``asc_live`` ask for credentials, whether or not they use a fixture of ours."""
    if item.get_closest_marker("asc_live") and isinstance(item, pytest.Function):
        item.fixturenames.insert(0, "_asc_live")
