"""Python HTTP clients in the table of the documentation, and each way in which they send a request."""

from __future__ import annotations

from typing import NamedTuple

URL = "https://api.appstoreconnect.apple.com/v1/apps"
PROXY = "http://127.0.0.1:9"  # no server listens there


class PythonClient(NamedTuple):
    """One way to send a request; the code reads ``URL`` and ``headers``."""

    name: str
    call: str
    """Sets ``status``; ``client`` is what ``make`` gives."""
    make: str = ""
    """An expression for a client that can be made before the test; empty where there is nothing to make."""
    needs: str = ""
    """A library that it needs besides those that the code names."""
    is_async: bool = False


_SYNC = "status = client.get(URL, headers=headers).status_code"
_POOL = "status = client.request('GET', URL, headers=headers).status"
_ASYNC = """
async def get():
    async with client:
        return (await client.get(URL, headers=headers)).status_code
status = anyio.run(get, backend="asyncio")"""
_AIOHTTP_MAKE = """asyncio.new_event_loop()
async def make():
    return aiohttp.ClientSession(ARGUMENTS)
session = client.run_until_complete(make())"""
_AIOHTTP = """
async def get():
    async with session, session.get(URL, headers=headers) as response:
        return response.status
status = client.run_until_complete(get())
client.close()"""

CLIENTS = (
    PythonClient("requests.get", "status = requests.get(URL, headers=headers, timeout=5).status_code"),
    PythonClient("requests.Session", _SYNC, "requests.Session()"),
    PythonClient("httpx.get", "status = httpx.get(URL, headers=headers).status_code"),
    PythonClient("httpx.Client", _SYNC, "httpx.Client()"),
    PythonClient("httpx.Client(http2=True)", _SYNC, "httpx.Client(http2=True)", "h2"),
    PythonClient("httpx.Client(mounts=…)", _SYNC, "httpx.Client(mounts={'https://': httpx.HTTPTransport()})"),
    PythonClient("httpx.Client(transport=…)", _SYNC, "httpx.Client(transport=httpx.HTTPTransport(retries=1))"),
    PythonClient("httpx.Client(proxy=…)", _SYNC, f"httpx.Client(proxy={PROXY!r})"),
    PythonClient("httpx.AsyncClient, asyncio", _ASYNC, "httpx.AsyncClient()", "anyio", is_async=True),
    PythonClient(
        "httpx.AsyncClient, trio", _ASYNC.replace("asyncio", "trio"), "httpx.AsyncClient()", "trio", is_async=True
    ),
    PythonClient("httpx.AsyncClient(http2=True)", _ASYNC, "httpx.AsyncClient(http2=True)", "h2", is_async=True),
    PythonClient(
        "aiohttp.request",
        """
async def get():
    async with aiohttp.request("GET", URL, headers=headers) as response:
        return response.status
status = asyncio.run(get())""",
        is_async=True,
    ),
    PythonClient("aiohttp.ClientSession", _AIOHTTP, _AIOHTTP_MAKE.replace("ARGUMENTS", ""), is_async=True),
    PythonClient(
        "aiohttp.ClientSession(proxy=…)",
        _AIOHTTP,
        _AIOHTTP_MAKE.replace("ARGUMENTS", f"proxy={PROXY!r}"),
        is_async=True,
    ),
    PythonClient("urllib3.request", "status = urllib3.request('GET', URL, headers=headers).status"),
    PythonClient("urllib3.PoolManager", _POOL, "urllib3.PoolManager()"),
    PythonClient("urllib3.HTTPSConnectionPool", _POOL, "urllib3.HTTPSConnectionPool('api.appstoreconnect.apple.com')"),
    PythonClient("urllib3.ProxyManager", _POOL, f"urllib3.ProxyManager({PROXY!r})"),
    PythonClient(
        "urllib.request.urlopen",
        "status = urllib.request.urlopen(urllib.request.Request(URL, headers=headers)).status",
    ),
    PythonClient(
        "urllib.request.build_opener",
        "status = client.open(urllib.request.Request(URL, headers=headers)).status",
        "urllib.request.build_opener()",
    ),
    PythonClient(
        "http.client.HTTPSConnection",
        """client.request("GET", "/v1/apps", headers=headers)
status = client.getresponse().status""",
        "http.client.HTTPSConnection('api.appstoreconnect.apple.com')",
    ),
)
MODULES = ("requests", "httpx", "urllib3", "urllib.request", "http.client", "asyncio", "aiohttp", "anyio")
PLACES = ("imported before the test", "imported in the test", "made before the test")


def places(client: PythonClient) -> tuple[str, ...]:
    """Return the places where a client can be created; a client that needs no object is only used in the test."""
    return PLACES if client.make else PLACES[:2]


def module(client: PythonClient, place: str) -> str:
    """Return a test module that sends one request."""
    code = f"{client.make}\n{client.call}"
    imports = "\n".join(f"import {name}" for name in MODULES if f"{name}." in code)
    make = f"client = {client.make}" if client.make else ""
    above, inside = {
        "imported before the test": (imports, make),
        "imported in the test": ("", f"{imports}\n{make}"),
        "made before the test": (f"{imports}\n{make}", ""),
    }[place]
    steps = [inside, "headers = {'Authorization': f'Bearer {asc_token}'}", client.call, "assert status == 200"]
    body = "\n".join(steps).replace("\n", "\n    ")
    return (
        f"URL = {URL!r}\n{above}\n\n"
        f"def test_client(asc_token, asc_emulator):\n    {body}\n"
        "    assert [(one.method, one.url) for one in asc_emulator.requests] == [('GET', URL)]\n"
    )
