"""Memory that requests leave behind, apart from the log."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest
from emulator.harness import BASE, TOKEN, EmulatorClient, token

from pytest_asc.emulator.app import Request

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = "x" * 20_000
REQUESTS = 1200
MOST = 10 * 2**20
"""Bytes. The standard library's cache of parsed URLs has half of it; every request would have 24 MB."""


def long_path(number: int) -> Request:
    return Request("GET", f"{BASE}/v1/apps/{number}{LONG}", {"Authorization": f"Bearer {TOKEN}"})


def long_filter(number: int) -> Request:
    return Request("GET", f"{BASE}/v1/apps?filter[name]={number}{LONG}", {"Authorization": f"Bearer {TOKEN}"})


def long_query_of_a_resource(number: int) -> Request:
    fields = "name," * 4000
    return Request(
        "GET", f"{BASE}/v1/apps/1?fields[apps]={fields}&limit={number}", {"Authorization": f"Bearer {TOKEN}"}
    )


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
    "make_request",
    [long_path, long_filter, long_query_of_a_resource, unknown_parameter, long_method, long_accept, bad_token,
     long_token],
)  # fmt: skip
def test_requests_of_any_length_leave_little_in_memory(
    emulator_client: EmulatorClient, make_request: Callable[[int], Request]
) -> None:
    emulator = emulator_client.emulator
    emulator.add("apps", id="1")
    emulator.handle(make_request(0))
    tracemalloc.start()
    try:
        for number in range(1, REQUESTS):
            emulator.handle(make_request(number))
        emulator._log.clear()
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
