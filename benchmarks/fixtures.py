"""The cost of a fixture for each test, beside a mock of responses, in one run of pytest.

Run it with ``python benchmarks/fixtures.py``. What pytest itself spends on a test without a fixture is subtracted.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import pytest
from interleaved import Aim, show

ROUNDS, TESTS = 15, 20
URL = "https://api.appstoreconnect.apple.com/v1/apps"
AIMS = (
    Aim("test_asc_emulator", "test_responses", 0.9),
    Aim("test_asc_session_get", "test_responses_get", 0.6),
    Aim("test_asc_emulator_get", "test_responses_get"),
    Aim("test_empty", "test_responses"),
)
MODULE = f"""
import pytest
import requests
import responses

pytestmark = pytest.mark.parametrize("number", range({(ROUNDS + 1) * TESTS}))
HEADERS = {{"Authorization": "Bearer x"}}

@pytest.fixture
def empty():
    yield

@pytest.fixture
def mock():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock

def test_bare(number):
    pass

def test_empty(number, empty):
    pass

def test_responses(number, mock):
    pass

def test_asc_emulator(number, asc_emulator):
    pass

def test_responses_get(number, mock):
    mock.get("{URL}", json={{"data": []}})
    assert requests.get("{URL}", headers=HEADERS, timeout=1).ok

def test_asc_session_get(number, asc_session):
    assert asc_session.get("/v1/apps").ok

def test_asc_emulator_get(number, asc_emulator, asc_token):
    assert requests.get("{URL}", headers={{"Authorization": f"Bearer {{asc_token}}"}}, timeout=1).ok
"""


class Timer:
    """A plugin that runs the tests in rounds, each once, and takes the processor's time."""

    def __init__(self) -> None:
        self.rounds: list[dict[str, float]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests in rounds, unreported."""
        from _pytest.runner import runtestprotocol  # noqa: PLC0415

        cases: dict[str, list[pytest.Item]] = defaultdict(list)
        for item in session.items:
            cases[item.name.partition("[")[0]].append(item)
        for number in range(ROUNDS + 1):
            spent = {}
            for name, all_items in cases.items():
                items = all_items[number * TESTS : (number + 1) * TESTS]
                gc.collect()
                started = time.process_time()
                for item, following in zip(items, [*items[1:], items[0]], strict=True):
                    reports = runtestprotocol(item, log=False, nextitem=following)
                    if any(report.failed for report in reports):
                        raise RuntimeError(reports)
                spent[name] = (time.process_time() - started) / len(items)
            if number:
                self.rounds.append(spent)
        return True


def main() -> None:
    """Measure, and print the ratios."""
    timer = Timer()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "test_fixtures.py"
        file.write_text(MODULE, encoding="utf-8")
        pytest.main(["-q", "-p", "no:cacheprovider", f"--rootdir={folder}", str(file)], plugins=[timer])
    cases = timer.rounds[0].keys() - {"test_bare"}
    show(
        "Fixtures, without pytest's own time for a test",
        AIMS,
        {case: [spent[case] - spent["test_bare"] for spent in timer.rounds] for case in sorted(cases)},
    )


if __name__ == "__main__":
    main()
