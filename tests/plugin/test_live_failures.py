"""What a live session is refused: noted once, counted, bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from loopback import APPS, REFUSED, Apple, Reply

from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.plugin.live_failures import MOST, LiveFailures, RecordingSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_asc.diagnosis.findings import Finding

TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2VudGluZWwtc2VudGluZWw"


class Notes:
    """A diagnosis that keeps what it was asked about."""

    def __init__(self) -> None:
        self.things: list[object] = []

    def __call__(self, thing: object) -> tuple[Finding, ...]:
        self.things.append(thing)
        return (make_finding("key-unknown-to-apple", "seen"),)


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def refusals(notes: Notes) -> LiveFailures:
    return LiveFailures(notes)


def session(url: str, refusals: LiveFailures, **more: Any) -> RecordingSession:
    return RecordingSession(url, refusals=refusals, token=lambda: TOKEN, retries=0, **more)


def test_what_is_good_is_not_diagnosed(apple: Apple, notes: Notes, refusals: LiveFailures) -> None:
    apple.answer = lambda _: Reply(200, APPS)
    with session(apple.url, refusals) as watched:
        assert watched.get("/v1/apps").ok
    assert (notes.things, bool(refusals), str(refusals)) == ([], False, "")


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(401, REFUSED), "was answered 401"),
        (Reply(429, b""), "was answered 429"),
        (Reply(503, b""), "was answered 503"),
        (Reply(200, b"<html></html>", {"Content-Type": "text/html"}), "was answered 200"),
    ],
)
def test_a_refusal_says_what_and_why_and_no_query(
    apple: Apple, refusals: LiveFailures, reply: Reply, outcome: str
) -> None:
    apple.answer = lambda _: reply
    with session(apple.url, refusals) as watched:
        watched.get("/v1/apps?filter[name]=private")
    first, second, _ = str(refusals).splitlines()
    assert first == f"GET /v1/apps {outcome}"
    assert second == "  key-unknown-to-apple (possible): seen"


def test_the_same_refusal_is_told_once_with_its_count(apple: Apple, refusals: LiveFailures) -> None:
    apple.answer = lambda _: Reply(401, REFUSED)
    with session(apple.url, refusals) as watched:
        for _ in range(3):
            watched.get("/v1/apps")
    assert str(refusals).count("GET /v1/apps") == 1
    assert str(refusals).endswith("(3 times)")


def test_only_so_many_are_kept(apple: Apple, refusals: LiveFailures) -> None:
    apple.answer = lambda _: Reply(404, REFUSED)
    with session(apple.url, refusals) as watched:
        for number in range(MOST + 5):
            watched.get(f"/v1/apps/{number}")
    assert str(refusals).count("was answered 404") == MOST


@pytest.mark.parametrize("prepared", [True, False])
def test_the_end_of_a_redirect_is_noted_once(
    start_apple: Callable[[], Apple], notes: Notes, refusals: LiveFailures, prepared: bool
) -> None:
    first, second = start_apple(), start_apple()
    first.answer = lambda _: Reply(302, b"", {"Location": f"{second.url}/elsewhere"})
    second.answer = lambda _: Reply(401, REFUSED)
    with session(first.url, refusals) as watched:
        if prepared:
            response = watched.send(watched.prepare_request(requests.Request("GET", f"{first.url}/v1/apps")))
        else:
            response = watched.get("/v1/apps")
    assert [request.token for request in (*first.requests, *second.requests)] == [TOKEN, None]
    assert notes.things == [response]
    assert len(response.history) == 1


def test_a_second_try_that_works_is_no_refusal(apple: Apple, notes: Notes, refusals: LiveFailures) -> None:
    apple.replies += [Reply(200, APPS), Reply(401, REFUSED), Reply(200, APPS)]
    with session(apple.url, refusals, renew=lambda: TOKEN) as watched:
        assert [watched.get("/v1/apps").status_code for _ in range(2)] == [200, 200]
    assert len(apple.requests) == 3
    assert notes.things == []


def test_an_exception_is_noted_and_raised(unused_port: int, notes: Notes, refusals: LiveFailures) -> None:
    watched = session(f"http://127.0.0.1:{unused_port}", refusals)
    with watched, pytest.raises(requests.ConnectionError) as died:
        watched.get("/v1/apps")
    assert notes.things == [died.value]
    assert str(refusals).startswith("GET /v1/apps ended with ConnectionError\n")


def test_what_has_no_finding_is_not_told(apple: Apple) -> None:
    apple.answer = lambda _: Reply(404, REFUSED)
    refusals = LiveFailures(lambda _: ())
    with session(apple.url, refusals) as watched:
        watched.get("/v1/apps")
    assert not refusals


def test_a_streamed_body_can_still_be_read(apple: Apple) -> None:
    def read(thing: Any) -> tuple[Finding, ...]:
        return (make_finding("not-apple", str(len(thing.content))),)

    apple.answer = lambda _: Reply(401, REFUSED)
    with session(apple.url, LiveFailures(read)) as watched:
        response = watched.get("/v1/apps", stream=True)
        assert b"".join(response.iter_content(7)) == REFUSED
