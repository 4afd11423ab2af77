"""With --asc-live-guard, a test writes to the live API only where the test and the run allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from loopback import Apple

CLIENTS = {
    "requests": "requests.post(URL + '/v1/apps', json={})",
    "urllib": "urllib.request.urlopen(urllib.request.Request(URL + '/v1/apps', data=b'{}'))",
    "urllib3": "urllib3.PoolManager().request('DELETE', URL + '/v1/apps/1')",
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("allowed", [False, True])
def test_a_client_of_the_tests_own_writes_only_where_test_and_run_allow_it(
    pytester: pytest.Pytester, apple: Apple, credentials: None, client: str, marked: bool, allowed: bool
) -> None:
    pytester.makepyfile(
        f"""
        import urllib.request, pytest, requests, urllib3
        from contextlib import suppress
        from urllib.error import HTTPError
        URL = {apple.url!r}

        @pytest.mark.asc(allow_writes={marked})
        def test_x():
            requests.get(URL + "/v1/apps")
            with suppress(HTTPError):
                {CLIENTS[client]}
        """
    )
    options = ["--asc-allow-writes"] if allowed else []
    result = pytester.runpytest("--asc-mode=live", "--asc-live-guard", f"--asc-base-url={apple.url}", *options)
    methods = [request.method for request in apple.requests]
    assert methods[0] == "GET"
    assert len(methods) == (2 if marked and allowed else 1)
    if not (marked and allowed):
        result.stdout.fnmatch_lines(["E*WriteRefusedError: * was not sent to 127.0.0.1: --asc-live-guard *"])
