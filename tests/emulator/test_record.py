from __future__ import annotations

from emulator.harness import BASE, NOW, TOKEN, Bench

from pytest_asc.diagnosis.answer import Answer
from pytest_asc.emulator.api import Emulator, Request, Response
from pytest_asc.emulator.record import record_of

APPS = f"{BASE}/v1/apps"


def answer(response: Response, url: str = APPS, status: int | None = None) -> Answer:
    return Answer(
        method="GET",
        url=url,
        status=status or response.status,
        headers=response.headers,
        body=response.body,
        sent_at=NOW,
        received_at=NOW,
    )


def ask(emulator: Emulator, authorization: str | None = None) -> Response:
    return emulator.handle(Request("GET", APPS, {"Authorization": authorization} if authorization else {}))


def test_each_answer_leads_to_its_own_record(bench: Bench) -> None:
    answers = [ask(bench.emulator), ask(bench.emulator, TOKEN), ask(bench.emulator, "Bearer nonsense")]
    records = bench.emulator.requests
    assert [record_of(answer(one), records) for one in answers] == records
    assert [record.refusal and record.refusal.cause for record in records] == [
        "header-missing", "bearer-missing", "token-malformed",
    ]  # fmt: skip


def test_the_url_of_an_answer_need_not_be_known(bench: Bench) -> None:
    response = ask(bench.emulator)
    assert record_of(answer(response, url=BASE), bench.emulator.requests) is not None


def test_an_answer_of_another_emulator_has_no_record(bench: Bench) -> None:
    ask(bench.emulator)
    assert record_of(answer(ask(Emulator())), bench.emulator.requests) is None


def test_an_answer_from_in_front_of_apple_bears_no_name_of_apples(bench: Bench) -> None:
    bench.emulator.fault("not-apple")
    page = ask(bench.emulator)
    assert not [name for name in page.headers if name.lower().startswith("x-apple")]
    record = record_of(answer(page), bench.emulator.requests)
    assert record is not None
    assert record.refusal is not None
    assert record.refusal.cause == "not-apple"
    assert record_of(answer(page, url=f"{BASE}/v1/users"), bench.emulator.requests) is None
    assert record_of(answer(page, status=503), bench.emulator.requests) is None
