"""Every Python HTTP client reaches the emulator without changes, and no connection to Apple is made."""

from __future__ import annotations

import re
from importlib.util import find_spec
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from plugin.python_clients import CLIENTS, MODULES, URL, PythonClient, module, places

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared_runs import RunTogether

pytestmark = pytest.mark.usefixtures("one_certificate")
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "python-tests.md"
IN_THE_TEST = "imported in the test"
CELLS = [(client, place) for client in CLIENTS for place in places(client)]


def missing(client: PythonClient) -> str | None:
    """Return the first library that a client needs and that is not installed."""
    code = f"{client.make} {client.call}"
    needed = [*(name for name in MODULES if f"{name}." in code), *([client.needs] if client.needs else [])]
    return next((name for name in needed if find_spec(name) is None), None)


@pytest.mark.parametrize(("client", "place"), CELLS, ids=[f"{client.name} {place}" for client, place in CELLS])
def test_the_emulator_answers_requests_of_every_python_client(
    pytester: pytest.Pytester,
    runpytest_forked: Callable[..., pytest.RunResult],
    run_together: RunTogether,
    client: PythonClient,
    place: str,
) -> None:
    if library := missing(client):
        pytest.skip(f"{library} is not installed")
    if place == IN_THE_TEST:
        pytester.makepyfile(module(client, place))
        runpytest_forked("-p", "no:cacheprovider").assert_outcomes(passed=1)
    else:  # these run in this process, which has loaded the libraries
        modules = [module(*cell) for cell in CELLS if cell[1] != IN_THE_TEST and not missing(cell[0])]
        run_together(modules)[module(client, place)].assert_passed(1)


def test_the_documentation_lists_every_client_and_where_it_may_be_created() -> None:
    rows = re.findall(
        r"^\| `(.+?)`(.*?) \| (\w+) \| (\S+) \| (\S+) \| (\S+) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    assert [(name + rest, kind, marks.count("yes")) for name, rest, kind, *marks in rows] == [
        (client.name, "async" if client.is_async else "sync", len(places(client))) for client in CLIENTS
    ]


@pytest.mark.parametrize(
    "fixture", ["asc_token", "make_asc_token", "asc_session", "asc_emulator", "asc_credentials", "asc_diagnose"]
)
def test_with_every_fixture_no_request_reaches_apple(pytester: pytest.Pytester, fixture: str) -> None:
    pytester.makepyfile(
        f"""
        import urllib.request, urllib.error, pytest

        def test_refused({fixture}):
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen({URL!r})
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)


def test_a_client_created_for_the_module_reaches_the_emulator_of_each_test(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        f"""
        import httpx, pytest

        @pytest.fixture(scope="module")
        def client(asc_credentials):
            client = httpx.Client()
            assert client.get({URL!r}).status_code == 401  # while the fixture is set up
            yield client
            client.close()

        @pytest.mark.parametrize("name", ["One", "Two"])
        def test_app(client, asc_emulator, asc_token, name):
            asc_emulator.add("apps", name=name)
            apps = client.get({URL!r}, headers={{"Authorization": f"Bearer {{asc_token}}"}}).json()["data"]
            assert [app["attributes"]["name"] for app in apps] == [name]
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


CONNECTIONS = [
    "socket.getaddrinfo('api.appstoreconnect.apple.com', 443)",
    "socket.gethostbyname('API.appstoreconnect.apple.com.')",
    "socket.create_connection(('api.appstoreconnect.apple.com', 443))",
    "plain.connect(('northamerica-1.object-storage.apple.com', 443))",
    "asyncio.run(asyncio.open_connection('api.appstoreconnect.apple.com', 443))",
]


def connection(call: str) -> str:
    return f"""
    import asyncio, socket, pytest
    from pytest_asc.transports.apple_hosts import AppleHostError

    def test_socket(asc_token):
        with socket.socket() as plain, pytest.raises(AppleHostError, match="(?i)apple.com.*asc_server") as raised:
            {call}
        assert "test_any_other" in str(raised.value) or "a client" in str(raised.value)
    """


@pytest.mark.parametrize("call", CONNECTIONS)
def test_any_other_connection_to_apple_raises_an_error_that_says_what_to_do(
    run_together: RunTogether, call: str
) -> None:
    run_together(map(connection, CONNECTIONS), "-Wignore")[connection(call)].assert_passed(1)


PROGRAMS = [
    "subprocess.run(['curl', '-s', f'{API}/v1/apps'])",
    "subprocess.run(f'curl -s {API}/v1/apps', shell=True)",
    "subprocess.run(['curl', f'{API}/v1/apps'], env={'PATH': '/usr/bin'})",
    "subprocess.run([sys.executable, '-c', f'import urllib.request as r; r.urlopen(\"{API}/v1/apps\")'])",
    "os.system(f'curl -s {API}/v1/apps')",
    "asyncio.run(asyncio.create_subprocess_exec('curl', f'--url={API}/v1/apps'))",
]


def program(call: str) -> str:
    return f"""
    import asyncio, os, subprocess, sys, pytest
    from pytest_asc.transports.apple_hosts import AppleHostError

    API = "https://api.appstoreconnect.apple.com"

    def test_program(asc_token):
        with pytest.raises(AppleHostError, match="a URL of api.appstoreconnect.apple.com.*env=asc_server.env"):
            {call}
    """


@pytest.mark.parametrize("call", PROGRAMS)
def test_a_subprocess_with_a_url_of_apple_and_no_proxy_is_not_started(run_together: RunTogether, call: str) -> None:
    run_together(map(program, PROGRAMS), "-Wignore")[program(call)].assert_passed(1)


def test_a_subprocess_with_the_environment_of_asc_server_or_another_url_is_started(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        import subprocess, sys

        PRINT = [sys.executable, "-c", "import sys; print(len(sys.argv))"]

        def test_environment(asc_server):
            assert subprocess.check_output([*PRINT, {URL!r}], env=asc_server.env).strip() == b"2"

        def test_other(asc_token):
            url = "https://example.com/api.appstoreconnect.apple.com"
            assert subprocess.check_output([*PRINT, url, b"bytes"]).strip() == b"3"

        def test_without():
            assert subprocess.check_output([*PRINT, {URL!r}]).strip() == b"2"
        """
    )
    pytester.runpytest("-p", "no:cacheprovider").assert_outcomes(passed=3)


@pytest.mark.parametrize(
    "perform", ["client.perform()", "client.perform_rb()", "pycurl.CurlMulti().add_handle(client)"]
)
@pytest.mark.skipif(find_spec("pycurl") is None, reason="pycurl is not installed")
def test_a_transfer_of_pycurl_to_apple_raises_an_error(
    pytester: pytest.Pytester, runpytest_forked: Callable[..., pytest.RunResult], perform: str
) -> None:
    pytester.makepyfile(
        f"""
        import pycurl, pytest
        from pytest_asc.transports.apple_hosts import AppleHostError

        @pytest.fixture
        def client():
            client = pycurl.Curl()
            client.setopt(pycurl.URL, {URL!r})
            return client

        def test_refused(asc_token, client):
            with pytest.raises(AppleHostError, match="pycurl got a URL of api.appstoreconnect.apple.com"):
                {perform}

        def test_led_to_the_server(asc_server, client, asc_emulator):
            client.setopt(pycurl.PROXY, asc_server.proxy_url)
            client.setopt(pycurl.CAINFO, str(asc_server.ca_file))
            client.perform_rb()
            assert len(asc_emulator.requests) == 1
        """
    )
    runpytest_forked("-p", "no:cacheprovider").assert_outcomes(passed=2)


OTHER_HOSTS = [
    ("weatherkit.apple.com", "WeatherKit", "Emulate it with --asc-service=weatherkit, or mock this host"),
    ("api.storekit.itunes.apple.com", "App Store Server", "Emulate it with --asc-service=app-store-server, or"),
    ("api.push.apple.com", "APNs", "Mock this host with another library"),
    ("api.music.apple.com", "Apple Music", "Mock this host with another library"),
]


def other_host(host: str, service: str, advice: str) -> str:
    return f"""
    import http.client, requests, pytest
    from pytest_asc.transports.apple_hosts import AppleHostError

    @pytest.mark.parametrize("call", [
        lambda: http.client.HTTPSConnection({host!r}).connect(),
        lambda: requests.get("https://{host}/1"),
    ])
    def test_other(asc_token, call):
        with pytest.raises(AppleHostError, match={host + " .*" + service + ".*" + advice!r}):
            call()
    """


@pytest.mark.parametrize(("host", "service", "advice"), OTHER_HOSTS)
def test_the_error_for_a_host_of_another_service_names_the_service_and_what_to_do(
    run_together: RunTogether, host: str, service: str, advice: str
) -> None:
    run_together(starmap(other_host, OTHER_HOSTS))[other_host(host, service, advice)].assert_passed(2)


def test_tests_without_the_fixtures_and_requests_to_other_hosts_are_not_intercepted(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import socket, urllib.request
        from http.server import BaseHTTPRequestHandler, HTTPServer
        from threading import Thread

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_): pass

        def test_other_host(asc_token):
            with HTTPServer(("127.0.0.1", 0), Handler) as server:
                Thread(target=server.handle_request).start()
                with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/") as response:
                    assert response.status == 200

        def test_without(monkeypatch):
            from pytest_asc.transports.apple_hosts import emulator_for
            assert emulator_for("api.appstoreconnect.apple.com") is None
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


FAILURES = {
    "urllib.request": (
        "urllib.request.urlopen(urllib.request.Request(URL, headers=headers), timeout=1).read()",
        {
            "refused": "urllib.error.URLError",
            "tls": "urllib.error.URLError",
            "reset": "ConnectionResetError",
            "timeout": "TimeoutError",
            "cut": "http.client.IncompleteRead",
        },
    ),
    "urllib3": (
        "urllib3.request('GET', URL, headers=headers, timeout=1, retries=urllib3.Retry(0))",
        dict.fromkeys(["refused", "tls", "reset", "timeout", "proxy"], "urllib3.exceptions.MaxRetryError"),
    ),
    "httpx": (
        "httpx.get(URL, headers=headers, timeout=1)",
        {
            "refused": "httpx.ConnectError",
            "tls": "httpx.ConnectError",
            "reset": "httpx.ReadError",
            "timeout": "httpx.ReadTimeout",
            "cut": "httpx.RemoteProtocolError",
            "proxy": "httpx.ProxyError",
        },
    ),
    "aiohttp": (
        "asyncio.run(get())",
        {
            "refused": "aiohttp.ClientConnectorError",
            "tls": "aiohttp.ClientConnectorCertificateError",
            "reset": "aiohttp.ClientOSError",
            "timeout": "aiohttp.ServerTimeoutError",
            "cut": "aiohttp.ClientPayloadError",
            "proxy": "aiohttp.ClientHttpProxyError",
        },
    ),
}


BROKEN = [(client, broken) for client, (_, errors) in FAILURES.items() for broken in errors]


def broken_connection(client: str, broken: str) -> str:
    call, errors = FAILURES[client]
    plan = "latency=30" if broken == "timeout" else f"broken={broken!r}"
    return f"""
    import asyncio, http.client, urllib.error, urllib.request
    import pytest, {"requests" if "urllib." in client else client}

    URL = {URL!r}

    def test_failure(asc_emulator, asc_token):
        headers = {{"Authorization": f"Bearer {{asc_token}}"}}

        async def get():
            import aiohttp
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session:
                async with session.get(URL, headers=headers) as response:
                    return await response.read()

        asc_emulator.fail("GET", "/v1/apps", {plan}, times=2, optional=True)  # aiohttp tries again once
        with pytest.raises({errors[broken]}):
            {call}
    """


@pytest.mark.parametrize(("client", "broken"), BROKEN)
def test_a_broken_connection_raises_the_exception_of_the_client(
    run_together: RunTogether, client: str, broken: str
) -> None:
    run_together(starmap(broken_connection, BROKEN))[broken_connection(client, broken)].assert_passed(1)


MALFORMED = [
    ([("Content-Length", "5"), ("Content-Length", "5")], "/v1/apps"),
    ([("Content-Length", "5"), ("Content-Length", "6")], "/v1/apps"),
    ([("Content-Length", "five")], "/v1/apps"),
    ([("Content-Length", "-5")], "/v1/apps"),
    ([("Content-Length", "0x5")], "/v1/apps"),
    ([("Content-Length", "9" * 5000)], "/v1/apps"),
    ([("Content-Length", "2"), ("Transfer-Encoding", "chunked")], "/v1/apps"),
    ([("Transfer-Encoding", "chunked")], "/v1/apps"),
    ([], "http://example.com/v1/apps"),
]


def malformed(headers: list[tuple[str, str]], target: str) -> str:
    return f"""
    from http.client import HTTPSConnection

    def test_malformed(asc_token, asc_emulator):
        connection = HTTPSConnection("api.appstoreconnect.apple.com")
        connection.putrequest("POST", {target!r})
        for name, value in [("Authorization", f"Bearer {{asc_token}}"), *{headers!r}]:
            connection.putheader(name, value)
        connection.endheaders(b"x\\r\\n0\\r\\n\\r\\n")
        response = connection.getresponse()
        assert response.status == 400
        assert response.read().startswith(b"Bad Request: ")
        assert asc_emulator.requests == []
    """


@pytest.mark.parametrize(("headers", "target"), MALFORMED)
def test_a_malformed_request_is_answered_with_400(
    run_together: RunTogether, headers: list[tuple[str, str]], target: str
) -> None:
    run_together(starmap(malformed, MALFORMED))[malformed(headers, target)].assert_passed(1)


ODD_VALUES: list[str | bytes] = ["\xe9", "\xff", b"\xe2\x82\xac", b"\xed\xa0\x80", "\x00", "a\r\n b", "a\r\n\tb: c"]


def odd_value(value: str | bytes) -> str:
    return f"""
    from http.client import HTTPSConnection

    def test_odd(asc_token, asc_emulator):
        connection = HTTPSConnection("api.appstoreconnect.apple.com")
        headers = {{"X-Odd": {value!r}, "Authorization": f"Bearer {{asc_token}}"}}
        connection.request("GET", "/v1/apps", headers=headers)
        assert connection.getresponse().status == 200
    """


@pytest.mark.parametrize("value", ODD_VALUES)
def test_unusual_header_values_reach_the_emulator_unchanged(run_together: RunTogether, value: str | bytes) -> None:
    run_together(map(odd_value, ODD_VALUES))[odd_value(value)].assert_passed(1)


# asyncio.TimeoutError is the built-in TimeoutError from Python 3.11 on.
TIMEOUTS = {
    "requests.get(URL, headers=headers, timeout=10)": "requests.ReadTimeout",
    "requests.Session().get(URL, headers=headers, timeout=(3, 10))": "requests.ReadTimeout",
    "asc_session.get(URL, timeout=10)": "requests.ReadTimeout",
    "httpx.get(URL, headers=headers, timeout=10)": "httpx.ReadTimeout",
    "httpx.Client(timeout=httpx.Timeout(60, read=10)).get(URL, headers=headers)": "httpx.ReadTimeout",
    "anyio.run(httpx_get)": "httpx.ReadTimeout",
    "anyio.run(httpx_get, backend='trio')": "httpx.ReadTimeout",
    "asyncio.run(aiohttp_get(aiohttp.ClientTimeout(total=10)))": "asyncio.TimeoutError",
    "asyncio.run(aiohttp_get(aiohttp.ClientTimeout(sock_read=10)))": "asyncio.TimeoutError",
    "urllib3.request('GET', URL, headers=headers, timeout=10, retries=False)": "urllib3.exceptions.ReadTimeoutError",
    "urllib.request.urlopen(urllib.request.Request(URL, headers=headers), timeout=10)": "TimeoutError",
    "http_client_get()": "TimeoutError",
}


def timeout(call: str) -> str:
    return f"""
    import asyncio, http.client, time, urllib.request
    import anyio, aiohttp, httpx, pytest, requests, urllib3

    URL = {URL!r}

    def test_timeout(asc_emulator, asc_session, asc_token):
        headers = {{"Authorization": f"Bearer {{asc_token}}"}}

        async def httpx_get():
            async with httpx.AsyncClient(timeout=10) as client:
                return await client.get(URL, headers=headers)

        async def aiohttp_get(timeout):
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(URL, headers=headers) as got:
                return await got.read()

        def http_client_get():
            connection = http.client.HTTPSConnection("api.appstoreconnect.apple.com", timeout=10)
            connection.request("GET", "/v1/apps", headers=headers)
            return connection.getresponse()

        def call():
            return {call}

        started = time.monotonic()
        asc_emulator.fail("GET", "/v1/apps", latency=9)
        call()
        asc_emulator.fail("GET", "/v1/apps", latency=11)
        with pytest.raises({TIMEOUTS[call]}):
            call()
        assert time.monotonic() - started < 9, "nobody waits"
    """


@pytest.mark.parametrize("call", TIMEOUTS)
def test_a_latency_beyond_the_timeout_raises_the_timeout_of_each_client_without_waiting(
    run_together: RunTogether, call: str
) -> None:
    for name in ["trio", "httpx", "aiohttp"]:
        if name in call and find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    run_together(map(timeout, TIMEOUTS))[timeout(call)].assert_passed(1)
