"""``--asc-live-guard``: a test can write to the live API only if both the test and the run allow it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopback import Apple

pytestmark = pytest.mark.usefixtures("one_certificate")
# Each sends a request with METHOD to URL, and ignores the status.
CLIENTS = {
    "requests": "requests.request(METHOD, URL, timeout=30)",
    "requests_session": "with requests.Session() as session: session.request(METHOD, URL, timeout=30)",
    "urllib_request": """
with suppress(OSError):
    urllib.request.urlopen(urllib.request.Request(URL, method=METHOD)).close()""",
    "urllib3": "with urllib3.PoolManager() as pool: pool.request(METHOD, URL)",
    "http_client": """
with closing(http.client.HTTPConnection(parts.hostname, parts.port)) as connection:
    connection.request(METHOD, parts.path)
    connection.getresponse().read()""",
    "httpx": "httpx.request(METHOD, URL)",
    "httpx_http2": "with httpx.Client(http2=bool(find_spec('h2'))) as client: client.request(METHOD, URL)",
    "httpx_async": """
async def send():
    async with httpx.AsyncClient() as client:
        await client.request(METHOD, URL)
asyncio.run(send())""",
    "httpx_trio": """
async def send():
    async with httpx.AsyncClient() as client:
        await client.request(METHOD, URL)
trio.run(send)""",
    "httpcore": "with httpcore.ConnectionPool() as pool: pool.request(METHOD, URL)",
    "httpcore_connection": """
origin = httpcore.Origin(b"http", parts.hostname.encode(), parts.port)
with httpcore.HTTPConnection(origin) as connection:
    connection.request(METHOD, URL, headers={"Host": parts.netloc})""",
    "aiohttp": """
async def send():
    async with aiohttp.ClientSession() as session, session.request(METHOD, URL):
        pass
asyncio.run(send())""",
}
THROUGH_A_PROXY = {
    "requests": "requests.request(METHOD, URL, proxies={'http': PROXY}, timeout=30)",
    "urllib3": "with urllib3.ProxyManager(PROXY) as pool: pool.request(METHOD, URL)",
    "httpx": "with httpx.Client(proxy=PROXY) as client: client.request(METHOD, URL)",
    "aiohttp": """
async def send():
    async with aiohttp.ClientSession(proxy=PROXY) as session, session.request(METHOD, URL):
        pass
asyncio.run(send())""",
}
MODULES = ("requests", "urllib.request", "urllib3", "http.client", "httpx", "httpcore", "aiohttp", "asyncio", "trio")
APPLE = "api.appstoreconnect.apple.com"
DNS = """
import socket
import pytest

@pytest.fixture(autouse=True)
def dns(monkeypatch):
    # Every name is this machine's: nothing leaves it.
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *args, **kwargs: look_up("127.0.0.1", *args, **kwargs))
"""
METHODS = ["GET", "POST", "DELETE"]


def suite(
    clients: dict[str, str],
    url: str,
    *,
    refused: bool = True,
    mark: str = "",
    import_in_test: bool = False,
    fixtures: str = "",
    proxy: str = "",
) -> tuple[str, int]:
    """A test module with a test for each client and method, and the number of clients."""
    lines = [
        "from contextlib import closing, suppress",
        "from importlib.util import find_spec",
        "from urllib.parse import urlsplit",
        "import pytest",
        f"URL, PROXY, REFUSED = {url!r}, {proxy!r}, {refused!r}",
        "parts = urlsplit(URL)",
    ]
    count = 0
    for name, code in clients.items():
        modules = [module for module in MODULES if f"{module}." in code]
        if not all(find_spec(module.partition(".")[0]) for module in modules):
            continue
        count += 1
        imports = [f"import {module}" for module in modules]
        lines += [
            *([] if import_in_test else imports),
            mark,
            f"@pytest.mark.parametrize('METHOD', {METHODS!r})",
            f"def test_{name}(METHOD{fixtures}):",
            *(f"    {line}" for line in imports if import_in_test),
            "    def use_client():",
            *(f"        {line}" for line in code.strip().splitlines()),
            "    if METHOD == 'GET' or not REFUSED:",
            "        use_client()",
            "        return",
            "    with pytest.raises(RuntimeError, match=f'{METHOD} was not sent to .*--asc-live-guard'):",
            "        use_client()",
        ]
    return "\n".join(lines), count


def check(result: pytest.RunResult, apple: Apple, count: int, methods: list[str]) -> None:
    result.assert_outcomes(passed=len(METHODS) * count)
    assert [request.method for request in apple.requests] == methods * count


@pytest.mark.parametrize(("marked", "allowed"), [(False, False), (True, False), (False, True), (True, True)])
def test_live_guard_allows_writes_of_other_clients_only_with_both_marker_and_option(
    pytester: pytest.Pytester, apple: Apple, credentials: None, marked: bool, allowed: bool
) -> None:
    refused, mark = not (marked and allowed), f"@pytest.mark.asc(allow_writes={marked})"
    source, count = suite(CLIENTS, f"{apple.url}/v1/apps", refused=refused, mark=mark)
    pytester.makepyfile(source)
    options = ["--asc-allow-writes"] if allowed else []
    result = pytester.runpytest("--asc-mode=live", "--asc-live-guard", f"--asc-base-url={apple.url}", *options)
    check(result, apple, count, ["GET"] if refused else METHODS)


@pytest.mark.parametrize("host", [APPLE, "API.AppStoreConnect.Apple.com.", "object-storage.apple.com"])
def test_live_guard_rejects_writes_to_apples_hosts_for_every_client(
    pytester: pytest.Pytester, apple: Apple, host: str
) -> None:
    source, count = suite(CLIENTS, f"http://{host}:{urlsplit(apple.url).port}/v1/apps")
    pytester.makepyfile(source)
    pytester.makeconftest(DNS)
    check(pytester.runpytest("--asc-live-guard"), apple, count, ["GET"])


def test_live_guard_also_covers_a_library_that_is_imported_during_a_test(
    pytester: pytest.Pytester, runpytest_forked: Callable[..., pytest.RunResult], apple: Apple
) -> None:
    source, count = suite(CLIENTS, f"http://{APPLE}:{urlsplit(apple.url).port}/v1/apps", import_in_test=True)
    pytester.makepyfile(source)
    pytester.makeconftest(DNS)
    check(runpytest_forked("--asc-live-guard"), apple, count, ["GET"])


def test_live_guard_rejects_writes_through_a_proxy(pytester: pytest.Pytester, apple: Apple) -> None:
    source, count = suite(THROUGH_A_PROXY, f"http://{APPLE}/v1/apps", proxy=apple.url)
    pytester.makepyfile(source)
    pytester.makeconftest(DNS)
    check(pytester.runpytest("--asc-live-guard"), apple, count, ["GET"])


def test_live_guard_allows_writes_to_hosts_other_than_the_api(
    pytester: pytest.Pytester, start_apple: Callable[[], Apple]
) -> None:
    base, other = start_apple(), start_apple()
    source, count = suite(CLIENTS, f"{other.url}/v1/apps", refused=False)
    pytester.makepyfile(source)
    check(pytester.runpytest("--asc-live-guard", f"--asc-base-url={base.url}"), other, count, METHODS)


@pytest.mark.parametrize("fixtures", [", asc_emulator", ", asc_token"])
def test_live_guard_allows_writes_to_the_emulator(pytester: pytest.Pytester, fixtures: str) -> None:
    clients = {name: code for name, code in CLIENTS.items() if "http.client" not in code and "_connection" not in name}
    source, count = suite(clients, f"https://{APPLE}/v1/apps", refused=False, fixtures=fixtures)
    pytester.makepyfile(source)
    pytester.runpytest("--asc-live-guard").assert_outcomes(passed=len(METHODS) * count)


def test_writes_of_other_clients_are_not_checked_without_asc_live_guard(
    pytester: pytest.Pytester, apple: Apple
) -> None:
    clients: dict[str, Any] = {"requests": CLIENTS["requests"]}
    source, count = suite(clients, f"http://{APPLE}:{urlsplit(apple.url).port}/v1/apps", refused=False)
    pytester.makepyfile(source)
    pytester.makeconftest(DNS)
    check(pytester.runpytest(), apple, count, METHODS)
