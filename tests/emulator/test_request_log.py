from __future__ import annotations

from emulator.harness import BASE, NOW, TOKEN, EmulatorClient

from pytest_asc.diagnosis.http.http_response import HttpResponse
from pytest_asc.emulator.app import Emulator, Request, Response
from pytest_asc.emulator.request_records import record_of

APPS = f"{BASE}/v1/apps"


def answer(response: Response, url: str = APPS, status: int | None = None) -> HttpResponse:
    return HttpResponse(
        method="GET",
        url=url,
        status=status or response.status,
        headers=response.headers,
        body=response.body,
        sent_at=NOW,
        received_at=NOW,
    )


def send(emulator: Emulator, authorization: str | None = None) -> Response:
    return emulator.handle(Request("GET", APPS, {"Authorization": authorization} if authorization else {}))


def test_each_response_has_its_own_record(emulator_client: EmulatorClient) -> None:
    answers = [
        send(emulator_client.emulator),
        send(emulator_client.emulator, TOKEN),
        send(emulator_client.emulator, "Bearer nonsense"),
    ]
    records = emulator_client.emulator.requests
    assert [record_of(answer(one), records) for one in answers] == records
    assert [record.refusal and record.refusal.cause for record in records] == [
        "header-missing", "bearer-missing", "token-malformed",
    ]  # fmt: skip


def test_a_record_is_found_without_the_url_of_the_response(emulator_client: EmulatorClient) -> None:
    response = send(emulator_client.emulator)
    assert record_of(answer(response, url=BASE), emulator_client.emulator.requests) is not None


def test_a_response_of_another_emulator_has_no_record(emulator_client: EmulatorClient) -> None:
    send(emulator_client.emulator)
    assert record_of(answer(send(Emulator())), emulator_client.emulator.requests) is None


def test_a_response_of_a_front_end_has_no_correlation_key(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.fault("not-apple")
    page = send(emulator_client.emulator)
    assert not [name for name in page.headers if name.lower().startswith("x-apple")]
    record = record_of(answer(page), emulator_client.emulator.requests)
    assert record is not None
    assert record.refusal is not None
    assert record.refusal.cause == "not-apple"
    assert record_of(answer(page, url=f"{BASE}/v1/users"), emulator_client.emulator.requests) is None
    assert record_of(answer(page, status=503), emulator_client.emulator.requests) is None


def test_the_log_keeps_the_last_ten_thousand_requests(emulator_client: EmulatorClient) -> None:
    emulator = emulator_client.emulator
    for number in range(10_050):
        emulator.handle(Request("GET", f"{BASE}/v1/apps/{number}", {}))
    assert [record.path for record in emulator.requests] == [f"/v1/apps/{number}" for number in range(50, 10_050)]


def test_the_log_keeps_64_mib_of_bodies_and_drops_the_oldest_requests(emulator_client: EmulatorClient) -> None:
    emulator = emulator_client.emulator
    bodies = [bytes([number]) * (10 * 2**20) for number in range(9)]
    for body in bodies:
        emulator.handle(Request("POST", APPS, {}, body))
    assert [record.body for record in emulator.requests] == bodies[-6:]


def test_the_log_counts_headers_among_its_64_mib(emulator_client: EmulatorClient) -> None:
    emulator = emulator_client.emulator
    for number in range(9):
        emulator.handle(Request("GET", f"{APPS}/{number}", {"X-Padding": "x" * (10 * 2**20)}))
    assert [record.path for record in emulator.requests] == [f"/v1/apps/{number}" for number in range(3, 9)]


def test_a_body_larger_than_the_log_is_truncated_and_other_requests_are_kept(emulator_client: EmulatorClient) -> None:
    emulator = emulator_client.emulator
    emulator.handle(Request("POST", APPS, {}, b"first"))
    emulator.handle(Request("POST", APPS, {}, b"x" * 70 * 2**20))
    assert [len(record.body) for record in emulator.requests] == [5, 16 * 2**20]


def test_reset_empties_a_full_log(emulator_client: EmulatorClient) -> None:
    emulator = emulator_client.emulator
    emulator.handle(Request("POST", APPS, {}, b"x" * 60 * 2**20))
    emulator.reset()
    emulator.handle(Request("POST", APPS, {}, b"x" * 60 * 2**20))
    assert [len(record.body) for record in emulator.requests] == [60 * 2**20]
