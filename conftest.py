"""Fixtures and hooks of the suite: pytester, an environment without credentials, servers on loopback."""

from __future__ import annotations

import ast
import gc
import importlib.metadata
import itertools
import json
import os
import socket
import sys
import time
import warnings
from contextlib import ExitStack
from functools import cache, cached_property, lru_cache, partial
from http.server import ThreadingHTTPServer
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from forked_python import FORKS, ForkedPython
from loopback import ISSUER_ID, KEY_ID, Apple, handler, serving
from shared_runs import SharedRuns

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from loopback import Smoke
    from shared_runs import RunTogether

pytest_plugins = ["pytester"]

# After a run in this process, pytester removes the modules that the run was the first to import. Most libraries do not
# work if only some of their modules are removed, and later runs are faster if all of them stay.
PRELOADED = (
    "pytest_asc.credentials.netrc",
    "pytest_asc.credentials.private_folder",
    "pytest_asc.emulator.app",
    "pytest_asc.transports.requests_adapter",
    "pytest_asc.transports.responses_mock",
    "pytest_asc.transports.write_guard",
    "pytest_asc.plugin.report_sections",
    "pytest_asc.smoke.hooks",
)
PRELOADED_WITH_EXTRAS = (  # a smoke run in this folder does without
    ("aiohttp", "pytest_asc.transports.server"),
    ("aiohttp", "pytest_asc.transports.aiohttp_client"),
    ("httpx", "pytest_asc.transports.httpcore_client"),
)

_numbers = itertools.count()

LONGEST_FILES = ("test_limits.py", "test_page.py", "test_types.py")
LONGEST_ID = 60
MOST_REQUESTS = 8
OTHERS = (
    "ASC_",
    "API_PRIVATE_KEYS_DIR",
    "APP_STORE_",
    "CI",
    "EXPO_",
    "GITHUB_",
    "NETRC",
    "PYTEST_ADDOPTS",
    "SPACESHIP_",
)
OTHER_PLUGINS = (
    "allure_pytest",
    "anyio",
    "asyncio",
    "html",
    "html_fixtures",
    "hypothesispytest",
    "metadata",
    "platformdirs",
    "pytest_httpx",
    "pytest_jsonreport",
    "pytest_reportlog",
    "randomly",
    "recording",
    "requests_mock",
    "rerunfailures",
    "respx",
    "socket",
    "sugar",
    "time_machine",
    "timeout",
    "xdist.looponfail",
)
NO_OTHER_PLUGINS = " ".join(f"-pno:{name}" for name in OTHER_PLUGINS)
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def _runs_tests(config: pytest.Config) -> bool:
    """Return whether this process runs tests, and does not only distribute them to the workers of pytest-xdist."""
    return hasattr(config, "workerinput") or config.getoption("dist", "no") == "no"


def pytest_configure(config: pytest.Config) -> None:
    """Set no deadline for examples: how long one takes depends on what else the machine does."""
    # A smoke run in this folder needs neither the tests' libraries nor this.
    if config.pluginmanager.has_plugin("hypothesispytest") and _runs_tests(config):
        hypothesis = import_module("hypothesis")
        hypothesis.settings.register_profile(
            "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
        )
        hypothesis.settings.load_profile("suite")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Import what runs of pytester need, and disable garbage collection until the tests are collected.

    After that it is rare. Runs of pytester leave so many cycles behind that the default thresholds cost an eighth of
    the suite's time.
    """
    if not _runs_tests(session.config):
        return (yield)
    gc.disable()
    for name in PRELOADED:
        import_module(name)
    for extra, name in PRELOADED_WITH_EXTRAS:
        if find_spec(extra):
            import_module(name)
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 10, 50)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the files with the longest tests first, so that the workers of pytest-xdist end at the same time."""
    items.sort(key=lambda item: item.path.name not in LONGEST_FILES)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name tests neither by tokens, which each worker makes anew, nor by keys."""
    return "long" if isinstance(val, (str, bytes)) and len(val) > LONGEST_ID else None


class Installed:
    """A distribution whose metadata is read once."""

    def __init__(self, distribution: importlib.metadata.Distribution) -> None:
        self._distribution = distribution

    def __getattr__(self, name: str) -> Any:
        return getattr(self._distribution, name)

    @cached_property
    def entry_points(self) -> Any:
        """The objects that it names for others to load, plugins of pytest among them."""
        return self._distribution.entry_points

    @cached_property
    def metadata(self) -> importlib.metadata.PackageMetadata:
        """Its name, its version and the like."""
        return self._distribution.metadata

    @property
    def version(self) -> str:
        """Its version."""
        return self.metadata["Version"]

    @cached_property
    def files(self) -> list[importlib.metadata.PackagePath] | None:
        """Its files."""
        return self._distribution.files


@pytest.fixture(scope="session", autouse=True)
def distributions() -> Iterator[None]:
    """Read the metadata of what is installed once, where each run of pytester would do so twice."""
    read = importlib.metadata.distributions

    @cache
    def installed(path: tuple[str, ...]) -> list[Installed]:
        return [Installed(distribution) for distribution in read(path=list(path))]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            importlib.metadata,
            "distributions",
            lambda **criteria: read(**criteria) if criteria else iter(installed(tuple(sys.path))),
        )
        yield


@pytest.fixture(scope="session", autouse=True)
def syntax_trees() -> Iterator[None]:
    """Parse each source file that tracebacks show once, where each run of pytester would parse it again."""
    code = import_module("_pytest._code.code")
    find = code.getstatementrange_ast

    @lru_cache(maxsize=16)
    def tree(text: str) -> ast.Module:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)

    def find_statement(line: int, source: object, *, astnode: ast.AST | None = None) -> Any:
        return find(line, source, astnode=astnode or tree(str(source)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(code, "getstatementrange_ast", find_statement)
        yield


@pytest.fixture(scope="session")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """A folder for what processes of tests compile, where the environment lets them keep none beside the sources."""
    if not sys.dont_write_bytecode:
        return None
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "bytecode"


@pytest.fixture(autouse=True)
def clean_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, bytecode: Path | None
) -> Path:
    """Remove credentials and proxies from the environment, and set and return an empty home folder."""
    for name in list(os.environ):
        if name.startswith(OTHERS) or name.upper() in PROXIES:
            monkeypatch.delenv(name)
    if bytecode:
        monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(bytecode))
    monkeypatch.setenv("PYTEST_ADDOPTS", NO_OTHER_PLUGINS)
    home = tmp_path_factory.getbasetemp() / "homes" / str(next(_numbers))
    home.mkdir(mode=0o700, parents=True)  # mktemp would also make a link to it, for each test
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    return home


@pytest.fixture
def pytester(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, forked_python: ForkedPython
) -> pytest.Pytester:
    """``pytester`` whose runs load no plugins that the suite does not test, and fork the workers of pytest-xdist.

    A test can load such a plugin with ``-pNAME``. Runs of ``runpytest_subprocess`` start their workers as usual.
    """
    monkeypatch.setenv("PYTEST_ADDOPTS", NO_OTHER_PLUGINS)
    if not FORKS or not find_spec("xdist"):
        return pytester
    gateways = import_module("execnet.gateway_io")

    def start(worker: Any, command: list[str], execmodel: object) -> None:
        worker.popen = forked_python.start(*command[1:])
        gateways.Popen2IO.__init__(worker, worker.popen.stdin, worker.popen.stdout, execmodel=execmodel)

    monkeypatch.setattr(gateways.Popen2IOMaster, "__init__", start)
    return pytester


@pytest.fixture(scope="session")
def shared_runs() -> SharedRuns:
    """The runs that cases share."""
    return SharedRuns()


@pytest.fixture
def run_together(request: pytest.FixtureRequest, pytester: pytest.Pytester, shared_runs: SharedRuns) -> RunTogether:
    """Run the modules of all cases of a table in one run of pytester, once; return what became of each."""
    return partial(shared_runs.outcomes, pytester, request.function.__name__)


@pytest.fixture(scope="session")
def forked_python() -> Iterator[ForkedPython]:
    """Processes that have pytest and the emulator loaded when they start."""
    python = ForkedPython()
    yield python
    python.close()


@pytest.fixture(scope="session")
def forked_server() -> Iterator[ForkedPython]:
    """Processes that have the commands ``run`` and ``serve`` loaded when they start."""
    python = ForkedPython("pytest_asc.cli.main", "pytest_asc.cli.running_server", "pytest_asc.transports.server")
    yield python
    python.close()


@pytest.fixture
def runpytest_forked(forked_python: ForkedPython) -> Callable[..., pytest.RunResult]:
    """``pytester.runpytest_subprocess``, in a forked process."""

    def run(*arguments: str) -> pytest.RunResult:
        started = time.perf_counter()
        done = forked_python.run("-m", "pytest", *arguments, folder=Path.cwd())
        sys.stdout.write(done.stdout)
        sys.stderr.write(done.stderr)
        duration = time.perf_counter() - started
        return pytest.RunResult(done.returncode, done.stdout.splitlines(), done.stderr.splitlines(), duration)

    return run


@pytest.fixture(scope="session")
def signing_key() -> ec.EllipticCurvePrivateKey:
    """The key that the server knows."""
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def key_text(signing_key: ec.EllipticCurvePrivateKey) -> str:
    """The key as Apple gives it."""
    return signing_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with one certificate."""
    end = "-----END CERTIFICATE-----\n"
    file = tmp_path_factory.mktemp("certificate") / "ca.pem"
    file.write_text(certifi.contents().partition(end)[0] + end, encoding="ascii")
    return file


@pytest.fixture
def one_certificate(monkeypatch: pytest.MonkeyPatch, certificate: Path) -> None:
    """Have clients load one certificate: to load those of the machine takes longer than the rest of a request."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.fixture
def start_apple(signing_key: ec.EllipticCurvePrivateKey) -> Iterator[Callable[[], Apple]]:
    """Start any number of servers, each on a port of its own."""
    with ExitStack() as servers:

        def start() -> Apple:
            apple = Apple(signing_key)
            apple.url = servers.enter_context(serving(ThreadingHTTPServer(("127.0.0.1", 0), handler(apple))))
            return apple

        yield start


@pytest.fixture
def apple(start_apple: Callable[[], Apple]) -> Apple:
    """One server."""
    return start_apple()


@pytest.fixture
def make_token(signing_key: ec.EllipticCurvePrivateKey) -> Callable[..., str]:
    """Make a token that the server knows, with PyJWT alone."""

    def make_token(*, lifetime: int = 900, **claims: object) -> str:
        now = int(time.time())
        payload = {"iss": ISSUER_ID, "iat": now, "exp": now + lifetime, "aud": "appstoreconnect-v1", **claims}
        return jwt.encode(payload, signing_key, algorithm="ES256", headers={"kid": KEY_ID})

    return make_token


@pytest.fixture
def unused_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch, key_text: str) -> None:
    """Good credentials of a team key in the environment."""
    monkeypatch.setenv("ASC_KEY_ID", KEY_ID)
    monkeypatch.setenv("ASC_ISSUER_ID", ISSUER_ID)
    monkeypatch.setenv("ASC_PRIVATE_KEY", key_text)


@pytest.fixture
def smoke(pytester: pytest.Pytester, apple: Apple) -> Smoke:
    """Run the smoke check against the server; return the result and the report."""

    def smoke(*options: str) -> tuple[pytest.RunResult, dict[str, Any]]:
        result = pytester.runpytest(
            "--asc-smoke", f"--asc-base-url={apple.url}", "--asc-report=report.json", "-W", "error", *options
        )
        assert len(apple.requests) <= MOST_REQUESTS
        assert {request.method for request in apple.requests} <= {"GET"}
        return result, json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))

    return smoke
