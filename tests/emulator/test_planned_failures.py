"""Planned failures: responses, order, and failures that cannot be planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_asc.apple.services import WEATHERKIT
from pytest_asc.emulator.app import Emulator

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient


def test_planned_failures_happen_as_often_as_planned_and_in_order(
    emulator_client: EmulatorClient, emulator: Emulator
) -> None:
    emulator.fail("GET", "/v1/apps", status=429, times=2)
    emulator.fail("GET", "/v1/apps/*", status=500)
    emulator.fail("GET", "/v1/apps", status=503, headers={"Retry-After": "1"})
    assert [emulator_client.get("/v1/apps").status for _ in range(4)] == [429, 429, 503, 200]
    (pending,) = emulator.pending_failures
    assert (pending.path, pending.times) == ("/v1/apps/*", 1)
    assert emulator_client.get("/v1/apps/1").codes == ["UNEXPECTED_ERROR"]
    assert emulator.pending_failures == []


@pytest.mark.parametrize(
    ("path", "hits", "misses"),
    [
        ("/v1/apps/{id}", ["/v1/apps/1"], ["/v1/apps", "/v1/apps/1/builds"]),
        ("/v1/apps/{id}/builds", ["/v1/apps/a.b/builds?limit=1"], ["/v1/apps/1/relationships/builds"]),
        ("/v1/*builds", ["/v1/builds", "/v1/apps/1/relationships/builds"], ["/v1/buildsx"]),
        ("/v1/apps/1", ["/v1/apps/1"], ["/v1/apps/11"]),
        ("/v1/apps/[1].*", ["/v1/apps/[1].x"], ["/v1/apps/1.x"]),
    ],
)
def test_paths_may_have_placeholders_and_wildcards(
    emulator_client: EmulatorClient, emulator: Emulator, path: str, hits: list[str], misses: list[str]
) -> None:
    emulator.fail("GET", path, status=503, times=99)
    assert {emulator_client.get(hit).status for hit in hits} == {503}
    assert 503 not in {emulator_client.get(miss).status for miss in misses}


def test_a_failure_can_happen_after_successful_responses(emulator_client: EmulatorClient, emulator: Emulator) -> None:
    emulator.fail("GET", "/v1/apps", status=503, after=2)
    assert emulator_client.send("GET", "/v1/apps", headers={}).status == 401, "a bad token is not counted"
    assert [emulator_client.get("/v1/apps").status for _ in range(4)] == [200, 200, 503, 200]


def test_status_headers_and_body_of_a_failure_can_be_chosen(
    emulator_client: EmulatorClient, emulator: Emulator
) -> None:
    emulator.fail("GET", "/v1/apps", status=409, code="STATE_ERROR", title="No", detail="Not now.")
    assert emulator_client.get("/v1/apps").json["errors"][0] | {"id": ""} == {
        "id": "",
        "status": "409",
        "code": "STATE_ERROR",
        "title": "No",
        "detail": "Not now.",
    }
    emulator.fail("GET", "/v1/apps", status=200, body=b"<html>", headers={"Content-Type": "text/html"})
    answer = emulator_client.get("/v1/apps")
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, b"<html>", "text/html")
    emulator.fail("GET", "/v1/apps", status=429)
    answer = emulator_client.get("/v1/apps")
    assert answer.headers["X-Rate-Limit"] == "user-hour-lim:3600;user-hour-rem:0;"
    assert "Retry-After" not in answer.headers


def test_a_bad_token_does_not_use_up_a_planned_failure(emulator_client: EmulatorClient, emulator: Emulator) -> None:
    emulator.fail("GET", "/v1/apps", status=401)
    refused = emulator_client.send("GET", "/v1/apps", headers={})
    assert [entry.times for entry in emulator.pending_failures] == [1]
    assert emulator_client.get("/v1/apps").body == refused.body
    assert emulator.pending_failures == []


@pytest.mark.parametrize("headers", [None, {}])
@pytest.mark.parametrize(
    ("status", "media_type", "part"),
    [
        (502, "text/html", b"<center>Apple</center>"),
        (503, "text/html", b"<title>503 Service Unavailable</title>"),
        (401, "application/json", b'"code": "NOT_AUTHORIZED"'),
        (429, "application/json", b'"code": "RATE_LIMIT_EXCEEDED"'),
    ],
)
def test_a_front_end_failure_happens_before_authentication(
    emulator_client: EmulatorClient, headers: dict[str, str] | None, status: int, media_type: str, part: bytes
) -> None:
    emulator_client.emulator.fail("GET", "/v1/apps", status=status, front_end=True)
    answer = emulator_client.send("GET", "/v1/apps", headers=headers)
    assert (answer.status, answer.headers["Content-Type"]) == (status, media_type)
    assert part in answer.body
    assert not {"X-Rate-Limit", "X-Apple-Jingle-Correlation-Key"} & set(answer.headers)


def test_latency_is_reported_and_does_not_change_the_response(
    emulator_client: EmulatorClient, emulator: Emulator
) -> None:
    app = emulator.add("apps")["id"]
    emulator.fail("GET", "/v1/apps/{id}", latency=2.5)
    emulator.fail("GET", "/v1/apps/{id}", latency=1, status=503)
    assert emulator_client.get(f"/v1/apps/{app}").json["data"]["id"] == app
    assert emulator_client.get(f"/v1/apps/{app}").status == 503
    emulator_client.get(f"/v1/apps/{app}")
    deliveries = [record.delivery for record in emulator.requests]
    assert [delivery and delivery.latency for delivery in deliveries] == [2.5, 1, None]


@pytest.mark.parametrize("broken", ["refused", "reset", "timeout", "tls", "proxy"])
def test_a_broken_connection_leaves_no_response(
    emulator_client: EmulatorClient, emulator: Emulator, broken: Any
) -> None:
    emulator.fail("GET", "/v1/apps", broken=broken)
    assert (emulator_client.send("GET", "/v1/apps", headers={}).status, emulator_client.get("/v1/apps").status) == (
        0,
        200,
    )
    record = emulator.requests[0]
    assert record.delivery is not None
    assert (record.status, record.delivery.broken, record.refusal) == (0, broken, None)
    assert record.outcome == f"got no response ({broken})"


def test_a_truncated_response_keeps_its_content_length(emulator_client: EmulatorClient, emulator: Emulator) -> None:
    whole = emulator_client.get("/v1/apps").body
    emulator.fail("GET", "/v1/apps", broken="cut")
    emulator.fail("GET", "/v1/apps", broken="cut", status=503, body=b"")
    answer = emulator_client.get("/v1/apps")
    assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(whole)))
    assert whole.startswith(answer.body)
    assert 0 < len(answer.body) < len(whole)
    empty = emulator_client.get("/v1/apps")
    assert (empty.status, empty.body, empty.headers["Content-Length"]) == (503, b"", "1")


@pytest.mark.parametrize(
    ("method", "path", "arguments", "complaint"),
    [
        ("get", "/v1/apps", {"status": 500}, "got the method 'get', expected one of GET, POST, PATCH, DELETE"),
        ("GET", "/v1/app", {"status": 500}, "there is no such path; did you mean /v1/apps"),
        ("GET", "/v1/apps/1/buildz", {"status": 500}, r"did you mean /v1/apps/\{id\}/builds"),
        ("GET", "/v1/apps?limit=1", {"status": 500}, "there is no such path; did you mean /v1/apps"),
        ("GET", "nonsense", {"status": 500}, r"no such path\. A pattern with \* is not checked"),
        ("GET", "/v1/apps", {}, "it has no effect: give status=…, broken=… or latency=…"),
        ("GET", "/v1/apps", {"status": 42}, "got the status 42, expected a number from 100 to 599"),
        ("GET", "/v1/apps", {"status": "500"}, "got the status '500', expected a number"),
        ("GET", "/v1/apps", {"broken": "melted"}, "got broken='melted', expected one of refused, reset, timeout, cut"),
        ("GET", "/v1/apps", {"broken": "reset", "status": 500}, "there is no response, so it cannot have a status"),
        ("GET", "/v1/apps", {"broken": "cut", "front_end": True}, "need a status"),
        ("GET", "/v1/apps", {"latency": 1, "body": b""}, "need a status"),
        ("GET", "/v1/apps", {"latency": -1}, "got latency=-1, expected a number of seconds"),
        ("GET", "/v1/apps", {"latency": "1"}, "got latency='1', expected a number of seconds"),
        ("GET", "/v1/apps", {"status": 500, "sleep": True}, "sleep=True needs a latency"),
        ("GET", "/v1/apps", {"status": 429, "headers": {"X": "a\r\nY: b"}}, "expected one line of text"),
        ("GET", "/v1/apps", {"status": 429, "headers": {"X": "a\x00"}}, "expected one line of text"),
        ("GET", "/v1/apps", {"status": 429, "headers": {"X": 3}}, "expected one line of text"),
        ("GET", "/v1/apps", {"status": 429, "headers": {"X: y": "a"}}, "expected a name of letters"),
        ("GET", "/v1/apps", {"status": 429, "headers": {"": "a"}}, "expected a name of letters"),
        ("GET", "/v1/apps", {"status": 429, "headers": {"Content-Length": "3"}}, "which is set from the body"),
        ("GET", "/v1/apps", {"status": 500, "times": 0}, "got times=0, expected a whole number of at least 1"),
        ("GET", "/v1/apps", {"status": 500, "after": -1}, "got after=-1, expected a whole number of at least 0"),
    ],
)
def test_fail_rejects_a_failure_that_can_never_happen(
    emulator: Emulator, method: str, path: str, arguments: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        emulator.fail(method, path, **arguments)
    assert str(caught.value).startswith(f"planned failure of {method} {path}: ")
    assert emulator.pending_failures == []


def test_fail_accepts_any_path_of_another_service() -> None:
    emulator = Emulator(service=WEATHERKIT)
    emulator.fail("GET", "/api/v1/availability/37/-122", status=503)
    assert len(emulator.pending_failures) == 1


def test_the_message_about_unused_failures_lists_the_requests_that_came(
    emulator_client: EmulatorClient, emulator: Emulator
) -> None:
    assert emulator.explain_missing() is None
    emulator.fail("GET", "/v1/builds", status=503, times=2)
    emulator.fail("GET", "/v1/users", broken="reset", latency=0.5)
    emulator.fail("GET", "/v1/devices", status=503, optional=True)
    for path in ("/v1/builds", "/v1/apps?limit=1", "/v1/nothing"):
        emulator_client.get(path)
    assert emulator.explain_missing() == (
        "asc_emulator: planned failures did not happen as often as planned:\n"
        "  GET /v1/builds, status 503: 1 of 2 times\n"
        "  GET /v1/users, broken (reset), latency 0.5 s: 0 of 1 times\n"
        "Requests received:\n"
        "  GET /v1/builds returned 503\n"
        "  GET /v1/apps returned 200\n"
        "  GET /v1/nothing returned 404\n"
        "If that is intended, plan them with optional=True, or mark the test with "
        "@pytest.mark.asc(allow_unfired=True)."
    )
    emulator.reset()
    assert emulator.explain_missing() is None


def test_fail_rejects_a_method_that_the_path_does_not_have(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match=r"Apple's API has no POST here, only GET"):
        emulator.fail("POST", "/v1/apps", status=500)
    with pytest.raises(ValueError, match="has no DELETE here, only GET, PATCH"):
        emulator.fail("DELETE", "/v1/apps/{id}", status=500)
    emulator.fail("POST", "/v1/app*", status=500, optional=True)


def test_uploads_can_fail(emulator_client: EmulatorClient, emulator: Emulator) -> None:
    emulator.fail("PUT", "/object-storage/*", status=503)
    emulator.fail("PUT", "/object-storage/*", broken="reset")
    base = "http://127.0.0.1:1"
    assert emulator_client.send("PUT", f"{base}/object-storage/x", body=b"1").status == 503
    assert emulator_client.send("PUT", f"{base}/object-storage/x", body=b"1").status == 0
    assert emulator_client.send("PUT", f"{base}/object-storage/x", body=b"1").status == 400
    assert emulator.pending_failures == []


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("BETA_CONTRACT_MISSING", "Beta Contract is missing."),
        ("BUILD_SDK_NOT_ALLOWED_FOR_EXTERNAL_TESTING", "Build SDK build is not yet supported."),
    ],
)
def test_a_failure_with_a_known_code_has_apples_title_and_detail(
    emulator_client: EmulatorClient, emulator: Emulator, code: str, detail: str
) -> None:
    emulator.fail("POST", "/v1/betaAppReviewSubmissions", status=422, code=f"ENTITY_UNPROCESSABLE.{code}")
    (error,) = emulator_client.send("POST", "/v1/betaAppReviewSubmissions").json["errors"]
    assert (error["status"], error["code"], error["detail"]) == ("422", f"ENTITY_UNPROCESSABLE.{code}", detail)
    emulator.fail("GET", "/v1/apps", status=409, code=f"ENTITY_UNPROCESSABLE.{code}", detail="Mine")
    (error,) = emulator_client.get("/v1/apps").json["errors"]
    assert (error["status"], error["detail"]) == ("409", "Mine")
