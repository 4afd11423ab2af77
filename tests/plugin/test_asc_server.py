from __future__ import annotations

import sys
import tempfile

import pytest

HELPERS = """
    import ssl
    import pytest

    APPLE = "https://api.appstoreconnect.apple.com"

    def headers(token):
        return {"Authorization": f"Bearer {token}"}

    def trust(server):
        return ssl.create_default_context(cafile=server.ca_file)

    def check(document, base):
        app, = document["data"]
        assert app["links"]["self"] == f"{base}/v1/apps/{app['id']}"
"""


def run(pytester: pytest.Pytester, test: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(helpers=HELPERS, test_it=test)
    pytester.syspathinsert()
    return pytester.runpytest("-W", "error", "-p", "no:cacheprovider", *options)


def test_all_http_clients_read_the_account_of_the_test(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import asyncio
        import json
        import ssl
        from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener
        import aiohttp
        import httpx
        import pytest
        import requests
        from helpers import APPLE, check, headers, trust

        @pytest.fixture(autouse=True)
        def app(asc_emulator):
            asc_emulator.add("apps", name="Lists")

        @pytest.mark.parametrize("attribute", ["url", "https_url"])
        def test_requests(asc_server, asc_token, attribute):
            base = getattr(asc_server, attribute)
            answer = requests.get(f"{base}/v1/apps", headers=headers(asc_token), verify=asc_server.ca_file, timeout=9)
            check(answer.json(), base)

        @pytest.mark.parametrize("attribute", ["url", "https_url"])
        def test_httpx(asc_server, asc_token, attribute):
            base = getattr(asc_server, attribute)
            with httpx.Client(verify=trust(asc_server), headers=headers(asc_token), trust_env=False) as client:
                check(client.get(f"{base}/v1/apps").json(), base)

        def test_httpx_through_the_proxy(asc_server, asc_token):
            how = {"verify": trust(asc_server), "proxy": asc_server.proxy_url}
            with httpx.Client(headers=headers(asc_token), **how) as client:
                check(client.get(f"{APPLE}/v1/apps").json(), APPLE)

        def test_urllib(asc_server, asc_token):
            proxy = ProxyHandler({"https": asc_server.proxy_url})
            opener = build_opener(HTTPSHandler(context=trust(asc_server)), proxy)
            with opener.open(Request(f"{APPLE}/v1/apps", headers=headers(asc_token))) as answer:
                check(json.load(answer), APPLE)

        def test_aiohttp(asc_server, asc_token):
            async def get():
                async with aiohttp.ClientSession(headers=headers(asc_token)) as session:
                    how = {"ssl": trust(asc_server), "proxy": asc_server.proxy_url}
                    async with session.get(f"{APPLE}/v1/apps", **how) as answer:
                        return await answer.json()

            check(asyncio.run(get()), APPLE)
        """,
    )
    result.assert_outcomes(passed=7)


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_one_server_serves_the_whole_run_and_each_test_has_its_own_account(
    pytester: pytest.Pytester, options: tuple[str, ...]
) -> None:
    result = run(
        pytester,
        """
        import threading
        import pytest
        import requests
        from helpers import headers

        urls = set()

        @pytest.fixture(scope="session")
        def client():
            with requests.Session() as client:
                client.trust_env = False
                yield client

        @pytest.mark.parametrize("number", range(6))
        def test(asc_server, asc_emulator, asc_session, asc_token, client, number):
            urls.add(asc_server.url)
            assert len(urls) == 1
            assert len([one for one in threading.enumerate() if "pytest-asc" in one.name]) == 1
            asc_emulator.add("apps", name=f"Lists {number}")
            assert asc_server.emulator is asc_emulator
            answer = client.get(f"{asc_server.url}/v1/apps", headers=headers(asc_token), timeout=60)
            answers = [answer, asc_session.get("/v1/apps")]
            names = [[app["attributes"]["name"] for app in answer.json()["data"]] for answer in answers]
            assert names == [[f"Lists {number}"]] * 2
            assert len(asc_emulator.requests) == 2
        """,
        *options,
    )
    result.assert_outcomes(passed=6)


def test_the_report_of_a_failed_test_gives_the_reason_for_a_rejected_request(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import httpx
        from helpers import headers

        def test(asc_server, make_asc_token, asc_diagnose):
            answer = httpx.get(f"{asc_server.url}/v1/apps", headers=headers(make_asc_token(lifetime=1201)))
            assert [finding.cause for finding in asc_diagnose(answer)] == ["token-lifetime-too-long"]
            answer.raise_for_status()
        """,
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*- asc emulator -*", "GET /v1/apps returned 401: token-lifetime-too-long"])


def test_a_crash_of_the_emulator_reaches_the_client_and_the_test(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import httpx
        from helpers import headers

        def broken(*_):
            raise RuntimeError("a bug of ours")

        def test(asc_server, asc_token, monkeypatch):
            monkeypatch.setattr("pytest_asc.emulator.app.find_endpoint", broken)
            answer = httpx.get(f"{asc_server.url}/v1/apps", headers=headers(asc_token))
            assert answer.status_code == 500
            assert "a bug of ours" in answer.json()["errors"][0]["detail"]

        def test_next(asc_server, asc_token):
            assert httpx.get(f"{asc_server.url}/v1/apps", headers=headers(asc_token)).status_code == 200
        """,
    )
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test _*", "E *RuntimeError: a bug of ours"])


def test_between_tests_the_server_answers_503(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import httpx
        import pytest
        from helpers import headers

        places = []

        def test_first(asc_server, asc_token):
            places.append((asc_server, asc_token))

        def test_second():
            (server, token), = places
            answer = httpx.get(f"{server.url}/v1/apps", headers=headers(token))
            assert (answer.status_code, answer.text) == (503, "No test is using the emulator now.\\n")
            with pytest.raises(RuntimeError, match="no test is using"):
                server.emulator
        """,
    )
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("missing", ["aiohttp", "trustme"])
def test_asc_server_without_the_server_extra_says_what_to_install(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name in [name for name in sys.modules if name.startswith("pytest_asc.transports.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    result = run(
        pytester,
        """
        def test_server(asc_server): pass
        def test_emulator(asc_emulator): pass
        """,
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*pip install 'pytest-asc[[]server]'"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_run_with_asc_server_leaves_no_token_and_no_file_behind(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pytester.mkdir("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    result = run(
        pytester,
        """
        import httpx, os
        from helpers import headers

        def test(asc_server, asc_token):
            if os.name == "posix":  # Windows has no such modes
                assert oct(asc_server.ca_file.parent.stat().st_mode)[-3:] == "700"
                assert oct(asc_server.ca_file.stat().st_mode)[-3:] == "600"
            assert [path.name for path in asc_server.ca_file.parent.iterdir()] == ["ca.pem"]
            assert "PRIVATE" not in asc_server.ca_file.read_text()
            httpx.get(f"{asc_server.url}/v1/apps", headers=headers(asc_token))
            with open("token", "w") as file:
                file.write(asc_token)
        """,
        "--log-level=DEBUG",
        "-rA",
        "-s",
        "--basetemp=base",
    )
    result.assert_outcomes(passed=1)
    assert (pytester.path / "token").read_text() not in result.stdout.str() + result.stderr.str()
    assert list(folder.iterdir()) == []
