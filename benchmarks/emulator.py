"""Time of a test with ``asc_session``, relative to the same test with ``responses``, alternating in one pytest run.

Run it with ``python benchmarks/emulator.py``. It compares the time of a test beyond that of an empty test: set-up of
the fixtures, the request, and teardown. The lower bound is a test with empty fixtures of the same shape, and a request
through an adapter without any work.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from interleaved import Aim, show

if TYPE_CHECKING:
    from collections.abc import Generator

TURNS = 300
AIMS = (
    Aim("asc_session, one GET", "responses, one GET", 0.6),
    Aim("asc_emulator, no request", "responses, no request", 0.9),
    Aim("empty fixtures, bare GET", "responses, one GET"),
    Aim("empty fixture, no request", "responses, no request"),
)
TESTS = """
import pytest
import requests
import responses
from session import BareAdapter, bare_session

URL = "https://api.appstoreconnect.apple.com/v1/apps"


@pytest.fixture
def mock():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture(scope="session")
def run():
    pass


@pytest.fixture
def token(run):
    pass


@pytest.fixture
def emulator(run):
    yield


@pytest.fixture
def session(run, token, emulator):
    with bare_session(BareAdapter()) as session:
        yield session


def get(mock):
    mock.get(URL, body="{}")
    assert requests.get(URL, headers={"Authorization": "Bearer x"}).status_code == 200


@pytest.mark.parametrize("turn", range(%d))
class TestTurns:
    def test_empty(self, turn):
        pass

    def test_responses_get(self, turn, mock):
        get(mock)

    def test_responses(self, turn, mock):
        pass

    def test_floor_get(self, turn, session):
        assert session.get(URL, headers={"Authorization": "Bearer x"}).status_code == 200

    def test_floor(self, turn, emulator):
        pass

    def test_session_get(self, turn, asc_session):
        assert asc_session.get("/v1/apps").status_code == 200

    def test_emulator(self, turn, asc_emulator):
        pass
"""
NAMES = {
    "test_responses_get": "responses, one GET",
    "test_responses": "responses, no request",
    "test_floor_get": "empty fixtures, bare GET",
    "test_floor": "empty fixture, no request",
    "test_session_get": "asc_session, one GET",
    "test_emulator": "asc_emulator, no request",
}


class Stopwatch:
    """Plugin that times each test, and runs the tests of one turn consecutively."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Order the tests by turn."""
        items.sort(key=lambda item: item.callspec.params["turn"])  # type: ignore[attr-defined]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Time a test including its fixtures."""
        started = time.process_time()
        try:
            return (yield)
        finally:
            self.seconds[item.originalname].append(time.process_time() - started)  # type: ignore[attr-defined]


def main() -> None:
    """Run the tests, and print the ratios."""
    stopwatch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "test_turns.py")
        file.write_text(TESTS % TURNS, encoding="utf-8")
        status = pytest.main(["-p", "no:cacheprovider", "-p", "no:terminal", str(file)], [stopwatch])
    assert status == 0, status
    empty = stopwatch.seconds.pop("test_empty")
    net = {
        NAMES[name]: [one - none for one, none in zip(seconds, empty, strict=True)]
        for name, seconds in stopwatch.seconds.items()
    }
    show("A test, beyond an empty one", AIMS, net)


if __name__ == "__main__":
    main()
