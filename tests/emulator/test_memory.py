"""Memory that is still in use after requests, apart from the log."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from emulator.harness import BASE, TOKEN, EmulatorClient, token

from pytest_asc.emulator.app import Request

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = "x" * 20_000
REQUESTS = 400
MOST = 3 * 2**19
"""Maximum growth in bytes. If the requests were kept, each would take 8 MB."""
PARSED_URLS = 128
"""Size of the standard library's cache of parsed URLs."""


def long_path(number: int) -> Request:
    return Request("GET", f"{BASE}/v1/apps/{number}{LONG}", {"Authorization": f"Bearer {TOKEN}"})


def long_filter(number: int) -> Request:
    return Request("GET", f"{BASE}/v1/apps?filter[name]={number}{LONG}", {"Authorization": f"Bearer {TOKEN}"})


def long_query_of_a_resource(number: int) -> Request:
    fields = ["subscriptionStatusUrlVersionForSandbox"] * 500
    fields[number] = "name"
    url = f"{BASE}/v1/apps/1?fields[apps]={','.join(fields)}"
    return Request("GET", url, {"Authorization": f"Bearer {TOKEN}"})


def unknown_parameter(number: int) -> Request:
    return Request("GET", f"{BASE}/v1/apps?{number}={LONG}", {"Authorization": f"Bearer {TOKEN}"})


def long_method(number: int) -> Request:
    return Request(f"{LONG}{number}", f"{BASE}/v1/apps", {"Authorization": f"Bearer {TOKEN}"})


def long_accept(number: int) -> Request:
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": f"*/*, {LONG}/{number}"}
    return Request("GET", f"{BASE}/v1/apps", headers)


def bad_token(number: int) -> Request:
    return Request("GET", f"{BASE}/v1/apps", {"Authorization": f"Bearer {number}{LONG}"})


def long_token(number: int) -> Request:
    return Request("GET", f"{BASE}/v1/apps", {"Authorization": f"Bearer {token(bid=f'{number}{LONG}')}"})


@pytest.mark.parametrize(
    ("make_request", "status"),
    [(long_path, 404), (long_filter, 200), (long_query_of_a_resource, 200), (unknown_parameter, 400),
     (long_method, 405), (long_accept, 200), (bad_token, 401), (long_token, 200)],
)  # fmt: skip
def test_requests_of_any_length_leave_little_in_memory(
    emulator_client: EmulatorClient, make_request: Callable[[int], Request], status: int
) -> None:
    emulator = emulator_client.emulator
    emulator.add("apps", id="1")
    assert emulator.handle(make_request(0)).status == status
    tracemalloc.start()
    try:
        for number in range(1, REQUESTS):
            emulator.handle(make_request(number))
        emulator._log.clear()
        for number in range(PARSED_URLS):
            urlsplit(f"{BASE}/{number}")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < MOST


def test_a_high_rate_limit_takes_no_memory_for_each_request(emulator_client: EmulatorClient) -> None:
    emulator = emulator_client.emulator
    emulator.rate_limit = 10**9
    for _ in range(12_000):
        assert emulator_client.get("/v1/apps").status == 200
    tracemalloc.start()
    try:
        for _ in range(3000):
            assert emulator_client.get("/v1/apps").status == 200
        emulator._log.clear()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2**16
