"""Other plugins and mocks in the same test: they answer first, and the emulator answers what they pass on."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = """
import requests, pytest
API = "https://api.appstoreconnect.apple.com"
URL = f"{API}/v1/apps"
def headers(token):
    return {"Authorization": f"Bearer {token}"}
"""
CASES = {
    "responses": (
        "responses",
        (),
        """
        import responses

        @responses.activate
        def test_mock_first(asc_token):
            responses.get(URL, json={"mocked": True})
            responses.add_passthru(f"{API}/v1/builds")
            assert requests.get(URL).json() == {"mocked": True}
            assert requests.get(f"{API}/v1/builds", headers=headers(asc_token)).json()["data"] == []
        """,
    ),
    "responses, fixture": (
        "responses",
        (),
        """
        import responses

        @pytest.fixture
        def before():
            with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
                yield mock

        @pytest.fixture
        def after(asc_token):
            with responses.RequestsMock() as mock:
                yield mock

        def test_started_after(after):
            after.get(URL, json={"mocked": True})
            assert requests.get(URL).json() == {"mocked": True}

        def test_started_before(before, asc_token):
            before.get(URL, json={"mocked": True})
            before.get("https://example.com/", json={"mocked": True})
            assert requests.get(URL, headers=headers(asc_token)).json()["data"] == []
            assert requests.get("https://example.com/").json() == {"mocked": True}
        """,
    ),
    "requests_mock, fixture after": (
        "requests_mock",
        ("-prequests_mock",),
        """
        def test_mock_first(asc_token, requests_mock):
            requests_mock.get(URL, json={"mocked": True})
            assert requests.get(URL).json() == {"mocked": True}
        """,
    ),
    "respx, fixture before": (
        "respx",
        ("-prespx",),
        """
        import httpx

        def test_mock_first(respx_mock, asc_token):
            respx_mock.get(URL).respond(json={"mocked": True})
            assert httpx.get(URL).json() == {"mocked": True}
        """,
    ),
    "requests_mock": (
        "requests_mock",
        ("-prequests_mock",),
        """
        def test_mock_first(requests_mock, asc_token):
            requests_mock.get(URL, json={"mocked": True})
            requests_mock.get(f"{API}/v1/builds", real_http=True)
            assert requests.get(URL).json() == {"mocked": True}
            assert requests.get(f"{API}/v1/builds", headers=headers(asc_token)).json()["data"] == []
        """,
    ),
    "pytest_httpx": (
        "pytest_httpx",
        ("-ppytest_httpx",),
        """
        import httpx

        @pytest.mark.httpx_mock(should_mock=lambda request: request.url.path == "/v1/apps")
        def test_mock_first(asc_token, httpx_mock):
            httpx_mock.add_response(url=URL, json={"mocked": True})
            assert httpx.get(URL).json() == {"mocked": True}
            assert httpx.get(f"{API}/v1/builds", headers=headers(asc_token)).json()["data"] == []
        """,
    ),
    "respx": (
        "respx",
        ("-prespx",),
        """
        import httpx, respx

        @respx.mock
        def test_mock_first(asc_token):
            respx.get(URL).respond(json={"mocked": True})
            respx.get(f"{API}/v1/builds").pass_through()
            assert httpx.get(URL).json() == {"mocked": True}
            assert httpx.get(f"{API}/v1/builds", headers=headers(asc_token)).json()["data"] == []
        """,
    ),
    "vcrpy": (
        "vcr",
        (),
        """
        import httpx, urllib3, vcr

        def test_cassette_first(asc_emulator, asc_token, tmp_path):
            for _ in range(2):
                with vcr.use_cassette(str(tmp_path / "apps.yaml"), filter_headers=["authorization"]) as cassette:
                    assert httpx.get(URL, headers=headers(asc_token)).json()["data"] == []
            assert cassette.play_count == 1
            assert len(asc_emulator.requests) == 1
        """,
    ),
    "vcrpy, requests": (
        "vcr",
        (),
        """
        import vcr

        def test_cassette_first(asc_emulator, asc_token, tmp_path):
            for _ in range(2):
                with vcr.use_cassette(str(tmp_path / "apps.yaml"), filter_headers=["authorization"]) as cassette:
                    assert requests.get(URL, headers=headers(asc_token)).json()["data"] == []
            assert cassette.play_count == 1
            assert len(asc_emulator.requests) == 1
        """,
    ),
    "pytest-recording": (
        "pytest_recording",
        ("-precording", "--block-network"),
        """
        import httpx

        def test_network_blocked(asc_token):
            assert requests.get(URL, headers=headers(asc_token)).json()["data"] == []
            assert httpx.get(URL, headers=headers(asc_token)).json()["data"] == []
        """,
    ),
    "pytest-socket": (
        "pytest_socket",
        ("-psocket", "--disable-socket"),
        """
        import httpx, urllib.request

        def test_sockets_disabled(asc_session, asc_token):
            assert asc_session.get("/v1/apps").json()["data"] == []
            assert requests.get(URL, headers=headers(asc_token)).json()["data"] == []
            assert httpx.get(URL, headers=headers(asc_token)).json()["data"] == []
            assert urllib.request.urlopen(urllib.request.Request(URL, headers=headers(asc_token))).status == 200
        """,
    ),
    "pytest-socket, asyncio": (
        "pytest_socket",
        ("-psocket", "--disable-socket", "--allow-unix-socket"),
        """
        import aiohttp, asyncio

        def test_sockets_disabled(asc_token):
            async def get():
                async with aiohttp.ClientSession() as session, session.get(URL, headers=headers(asc_token)) as response:
                    return (await response.json())["data"]
            assert asyncio.run(get()) == []
        """,
    ),
    "pytest-asyncio": (
        "pytest_asyncio",
        ("-pasyncio", "-o", "asyncio_default_fixture_loop_scope=function"),
        """
        import httpx, pytest_asyncio

        @pytest_asyncio.fixture
        async def client(asc_token):
            async with httpx.AsyncClient(headers=headers(asc_token)) as client:
                yield client

        @pytest.mark.asyncio
        async def test_async(client):
            assert (await client.get(URL)).json()["data"] == []
        """,
    ),
    "anyio": (
        "trio",
        ("-panyio",),
        """
        import httpx

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
        async def test_async(anyio_backend, asc_token):
            async with httpx.AsyncClient() as client:
                assert (await client.get(URL, headers=headers(asc_token))).json()["data"] == []
        """,
    ),
    "freezegun": (
        "freezegun",
        (),
        """
        import freezegun, jwt

        def test_time(asc_emulator, asc_session, asc_token):
            with freezegun.freeze_time("2030-01-01 12:00:00") as clock:
                assert asc_emulator.requests == []
                response = asc_session.get("/v1/apps")
                assert response.status_code == 200
                assert response.headers["Date"] == "Tue, 01 Jan 2030 12:00:00 GMT"
                token = response.request.headers["Authorization"].split()[1]
                assert jwt.decode(token, options={"verify_signature": False})["iat"] == 1893499200 - 60
                assert requests.get(URL, headers=headers(asc_token)).status_code == 401  # it is of today
                clock.tick(3600)
                renewed = asc_session.get("/v1/apps")
                assert renewed.status_code == 200
                assert renewed.request.headers["Authorization"].split()[1] != token
                assert requests.get(URL, headers=headers(token)).status_code == 401

        @freezegun.freeze_time("2020-05-05")
        def test_decorated(asc_session):
            assert asc_session.get("/v1/apps").headers["Date"] == "Tue, 05 May 2020 00:00:00 GMT"
        """,
    ),
    "time-machine": (
        "time_machine",
        (),
        """
        import time_machine

        @time_machine.travel("2030-01-01 12:00:00+00:00", tick=False)
        def test_time(asc_session):
            response = asc_session.get("/v1/apps")
            assert (response.status_code, response.headers["Date"]) == (200, "Tue, 01 Jan 2030 12:00:00 GMT")
        """,
    ),
    "pytest-xdist": (
        "xdist",
        ("-n", "2"),
        """
        @pytest.mark.parametrize("turn", range(4))
        def test_apps(asc_token, asc_emulator, turn):
            requests.get(URL, headers=headers(asc_token))
            assert len(asc_emulator.requests) == 1
        """,
    ),
    "pytest-randomly": (
        "pytest_randomly",
        ("-prandomly",),
        """
        @pytest.mark.parametrize("turn", range(4))
        def test_apps(asc_token, asc_emulator, turn):
            requests.get(URL, headers=headers(asc_token))
            assert len(asc_emulator.requests) == 1
        """,
    ),
    "pytest-rerunfailures": (
        "pytest_rerunfailures",
        ("-prerunfailures", "--reruns", "1"),
        """
        runs = []

        def test_flaky(asc_emulator, asc_session):
            asc_session.get("/v1/apps")
            assert len(asc_emulator.requests) == 1  # each run has an account of its own
            runs.append(1)
            assert len(runs) == 2
        """,
    ),
    "pytest-timeout": (
        "pytest_timeout",
        ("-ptimeout", "--timeout", "60"),
        """
        def test_apps(asc_session):
            assert asc_session.get("/v1/apps").status_code == 200
        """,
    ),
}


@pytest.mark.usefixtures("one_certificate")
@pytest.mark.parametrize("name", CASES)
def test_the_fixtures_work_together_with_another_plugin_or_mock(
    pytester: pytest.Pytester,
    runpytest_forked: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    module, options, code = CASES[name]
    if find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    # The suite disables plugins that change every run; this run needs its plugin.
    names = os.environ["PYTEST_ADDOPTS"].split()
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(set(names) - {one.replace("-p", "-pno:") for one in options}))
    options = tuple(one for one in options if one.replace("-p", "-pno:") not in names)
    lines = code.split("\n")
    pytester.makepyfile(HEAD + "\n".join(line[8:] for line in lines))
    result = runpytest_forked("-p", "no:cacheprovider", *options)
    outcomes = result.parseoutcomes()
    assert outcomes.pop("passed")
    assert not outcomes.keys() & {"failed", "errors", "error", "skipped"}
