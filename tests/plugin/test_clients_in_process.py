"""Every Python client reaches the emulator without a change, and nothing else reaches Apple."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

URL = "https://api.appstoreconnect.apple.com/v1/apps"
CLIENTS = {
    "requests": "status = requests.get(URL, headers=headers, timeout=5).status_code",
    "requests session": "status = requests.Session().get(URL, headers=headers, timeout=5).status_code",
    "httpx": "status = httpx.get(URL, headers=headers).status_code",
    "httpx http2": "status = httpx.Client(http2=True).get(URL, headers=headers).status_code",
    "httpx mounts": """mounts = {"https://": httpx.HTTPTransport()}
status = httpx.Client(mounts=mounts).get(URL, headers=headers).status_code""",
    "httpx proxy": "status = httpx.Client(proxy='http://127.0.0.1:9').get(URL, headers=headers).status_code",
    "urllib3": "status = urllib3.request('GET', URL, headers=headers).status",
    "urllib3 proxy": (
        "status = urllib3.ProxyManager('http://127.0.0.1:9').request('GET', URL, headers=headers).status"
    ),
    "urllib.request": "status = urllib.request.urlopen(urllib.request.Request(URL, headers=headers)).status",
    "http.client": """connection = http.client.HTTPSConnection("api.appstoreconnect.apple.com")
connection.request("GET", "/v1/apps", headers=headers)
status = connection.getresponse().status""",
    "httpx async": """
async def get():
    async with httpx.AsyncClient() as client:
        return (await client.get(URL, headers=headers)).status_code
status = asyncio.run(get())""",
    "httpx async http2": """
async def get():
    async with httpx.AsyncClient(http2=True) as client:
        return (await client.get(URL, headers=headers)).status_code
status = asyncio.run(get())""",
    "httpx trio": """
async def get():
    async with httpx.AsyncClient() as client:
        return (await client.get(URL, headers=headers)).status_code
status = trio.run(get)""",
    "aiohttp": """
async def get():
    async with aiohttp.ClientSession() as session, session.get(URL, headers=headers) as response:
        return response.status
status = asyncio.run(get())""",
    "aiohttp proxy": """
async def get():
    async with aiohttp.ClientSession(proxy="http://127.0.0.1:9", headers=headers) as session:
        async with session.get(URL) as response:
            return response.status
status = asyncio.run(get())""",
}
MODULES = ("requests", "httpx", "urllib3", "urllib.request", "http.client", "asyncio", "trio", "aiohttp")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


@pytest.mark.parametrize("import_at", ["before the test", "in the test"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_is_answered_by_the_emulator(pytester: pytest.Pytester, client: str, import_at: str) -> None:
    code = CLIENTS[client]
    modules = [name for name in MODULES if f"{name}." in code]
    for name in [*modules, *(["h2"] if "http2" in code else [])]:
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    imports = "\n".join(f"import {name}" for name in modules)
    above, inside = (imports, "") if import_at == "before the test" else ("", imports)
    pytester.makepyfile(
        f"{above}\nURL = {URL!r}\n\ndef test_client(asc_token, asc_emulator):\n{_indented(inside)}\n"
        f"    headers = {{'Authorization': f'Bearer {{asc_token}}'}}\n{_indented(code)}\n    assert status == 200\n"
        "    assert [(one.method, one.url) for one in asc_emulator.requests] == [('GET', URL)]\n"
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "fixture", ["asc_token", "make_asc_token", "asc_session", "asc_emulator", "asc_credentials", "asc_diagnose"]
)
def test_every_fixture_keeps_requests_from_apple(pytester: pytest.Pytester, fixture: str) -> None:
    pytester.makepyfile(
        f"""
        import urllib.request, urllib.error, pytest

        def test_refused({fixture}):
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen({URL!r})
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)


def test_a_client_that_was_made_for_the_whole_module_reaches_the_emulator_of_each_test(
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


@pytest.mark.parametrize(
    "call",
    [
        "socket.getaddrinfo('api.appstoreconnect.apple.com', 443)",
        "socket.gethostbyname('API.appstoreconnect.apple.com.')",
        "socket.create_connection(('api.appstoreconnect.apple.com', 443))",
        "plain.connect(('northamerica-1.object-storage.apple.com', 443))",
        "asyncio.run(asyncio.open_connection('api.appstoreconnect.apple.com', 443))",
    ],
)
def test_any_other_connection_to_apple_raises_an_error_that_says_how_to_go_on(
    pytester: pytest.Pytester, call: str
) -> None:
    pytester.makepyfile(
        f"""
        import asyncio, socket, pytest
        from pytest_asc.transports.apple_hosts import AppleHostError

        def test_socket(asc_token):
            with socket.socket() as plain, pytest.raises(AppleHostError, match="(?i)apple.com.*asc_server") as raised:
                {call}
            assert "test_any_other" in str(raised.value) or "a client" in str(raised.value)
        """
    )
    pytester.runpytest("-W", "ignore").assert_outcomes(passed=1)


def test_a_host_of_another_service_is_named_with_the_option_for_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import http.client, pytest
        from pytest_asc.transports.apple_hosts import AppleHostError

        def test_push(asc_token):
            with pytest.raises(AppleHostError, match="api.push.apple.com .APNs.*--asc-service=apns"):
                http.client.HTTPSConnection("api.push.apple.com").connect()
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)


def test_tests_without_the_fixtures_and_other_hosts_are_left_alone(pytester: pytest.Pytester) -> None:
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


@pytest.mark.parametrize(
    ("client", "broken"), [(client, broken) for client, (_, errors) in FAILURES.items() for broken in errors]
)
def test_a_broken_connection_raises_the_exception_of_the_client(
    pytester: pytest.Pytester, client: str, broken: str
) -> None:
    call, errors = FAILURES[client]
    plan = "latency=30" if broken == "timeout" else f"broken={broken!r}"
    pytester.makepyfile(
        f"""
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
    )
    pytester.runpytest().assert_outcomes(passed=1)
