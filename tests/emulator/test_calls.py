from __future__ import annotations

import runpy
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "calls.py"

if not BENCHMARK.exists():
    pytest.skip("benchmarks/calls.py, which counts the calls, is not here", allow_module_level=True)

benchmark = runpy.run_path(str(BENCHMARK))


@pytest.mark.parametrize(("request_line", "most"), benchmark["AIMS"].items())
def test_a_request_through_the_session_makes_few_calls_in_the_package(request_line: str, most: int) -> None:
    calls = benchmark["count_calls"](benchmark["make_requests"]()[request_line])
    assert len(calls) <= most, "\n".join(calls)
