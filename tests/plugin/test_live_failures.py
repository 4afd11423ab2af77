"""Failed requests of a live session: recorded once, counted, and limited in number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from loopback import APPS, REFUSED, Apple, Reply

from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.plugin.live_failures import MAX_FAILURES, LiveFailures, RecordingSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_asc.diagnosis.findings import Finding

TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2VudGluZWwtc2VudGluZWw"


class FakeDiagnosis:
    """A diagnosis that records its arguments."""

    def __init__(self) -> None:
        self.diagnosed: list[object] = []

    def __call__(self, response: object) -> tuple[Finding, ...]:
        self.diagnosed.append(response)
        return (make_finding("key-unknown-to-apple", "seen"),)


@pytest.fixture
def diagnosis() -> FakeDiagnosis:
    return FakeDiagnosis()


@pytest.fixture
def failures(diagnosis: FakeDiagnosis) -> LiveFailures:
    return LiveFailures(diagnosis)


def session(url: str, failures: LiveFailures, **more: Any) -> RecordingSession:
    return RecordingSession(url, failures=failures, token=lambda: TOKEN, retries=0, **more)


def test_a_successful_request_is_not_diagnosed(apple: Apple, diagnosis: FakeDiagnosis, failures: LiveFailures) -> None:
    apple.answer = lambda _: Reply(200, APPS)
    with session(apple.url, failures) as live_session:
        assert live_session.get("/v1/apps").ok
    assert (diagnosis.diagnosed, bool(failures), str(failures)) == ([], False, "")


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(401, REFUSED), "returned 401"),
        (Reply(429, b""), "returned 429"),
        (Reply(503, b""), "returned 503"),
        (Reply(200, b"<html></html>", {"Content-Type": "text/html"}), "returned 200"),
    ],
)
def test_a_failure_names_the_request_and_the_cause_without_the_query(
    apple: Apple, failures: LiveFailures, reply: Reply, outcome: str
) -> None:
    apple.answer = lambda _: reply
    with session(apple.url, failures) as live_session:
        live_session.get("/v1/apps?filter[name]=private")
    first, second, _ = str(failures).splitlines()
    assert first == f"GET /v1/apps {outcome}"
    assert second == "  key-unknown-to-apple (possible): seen"


def test_repeated_failures_are_reported_once_with_their_count(apple: Apple, failures: LiveFailures) -> None:
    apple.answer = lambda _: Reply(401, REFUSED)
    with session(apple.url, failures) as live_session:
        for _ in range(3):
            live_session.get("/v1/apps")
    assert str(failures).count("GET /v1/apps") == 1
    assert str(failures).endswith("(3 times)")


def test_a_limited_number_of_failures_is_kept(apple: Apple, failures: LiveFailures) -> None:
    apple.answer = lambda _: Reply(404, REFUSED)
    with session(apple.url, failures) as live_session:
        for number in range(MAX_FAILURES + 5):
            live_session.get(f"/v1/apps/{number}")
    assert str(failures).count("returned 404") == MAX_FAILURES


@pytest.mark.parametrize("prepared", [True, False])
def test_a_redirect_that_ends_in_a_failure_is_recorded_once(
    start_apple: Callable[[], Apple], diagnosis: FakeDiagnosis, failures: LiveFailures, prepared: bool
) -> None:
    first, second = start_apple(), start_apple()
    first.answer = lambda _: Reply(302, b"", {"Location": f"{second.url}/elsewhere"})
    second.answer = lambda _: Reply(401, REFUSED)
    with session(first.url, failures) as live_session:
        if prepared:
            response = live_session.send(live_session.prepare_request(requests.Request("GET", f"{first.url}/v1/apps")))
        else:
            response = live_session.get("/v1/apps")
    assert [request.token for request in (*first.requests, *second.requests)] == [TOKEN, None]
    assert diagnosis.diagnosed == [response]
    assert len(response.history) == 1


def test_a_retry_that_succeeds_is_not_a_failure(apple: Apple, diagnosis: FakeDiagnosis, failures: LiveFailures) -> None:
    apple.replies += [Reply(200, APPS), Reply(401, REFUSED), Reply(200, APPS)]
    with session(apple.url, failures, renew=lambda: TOKEN) as live_session:
        assert [live_session.get("/v1/apps").status_code for _ in range(2)] == [200, 200]
    assert len(apple.requests) == 3
    assert diagnosis.diagnosed == []


def test_an_exception_is_recorded_and_raised(
    unused_port: int, diagnosis: FakeDiagnosis, failures: LiveFailures
) -> None:
    live_session = session(f"http://127.0.0.1:{unused_port}", failures)
    with live_session, pytest.raises(requests.ConnectionError) as died:
        live_session.get("/v1/apps")
    assert diagnosis.diagnosed == [died.value]
    assert str(failures).startswith("GET /v1/apps raised ConnectionError\n")


def test_a_failure_without_findings_is_not_reported(apple: Apple) -> None:
    apple.answer = lambda _: Reply(404, REFUSED)
    failures = LiveFailures(lambda _: ())
    with session(apple.url, failures) as live_session:
        live_session.get("/v1/apps")
    assert not failures


def test_a_streamed_body_can_still_be_read(apple: Apple) -> None:
    def read(response: Any) -> tuple[Finding, ...]:
        return (make_finding("not-apple", str(len(response.content))),)

    apple.answer = lambda _: Reply(401, REFUSED)
    with session(apple.url, LiveFailures(read)) as live_session:
        response = live_session.get("/v1/apps", stream=True)
        assert b"".join(response.iter_content(7)) == REFUSED
