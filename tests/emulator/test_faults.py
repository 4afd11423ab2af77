from __future__ import annotations

import pytest
from emulator.harness import ISSUER_ID, KEY, KEY_ID, NOW, TOKEN, Bench, token

from pytest_asc.diagnosis.causes import CAUSES
from pytest_asc.emulator.api import Emulator, Request
from pytest_asc.emulator.faults import FAULTS
from pytest_asc.services import APP_STORE_SERVER, APP_STORE_SERVER_SANDBOX


def test_every_fault_is_a_cause() -> None:
    assert set(FAULTS) <= set(CAUSES)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("agreement-missing", 403, "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED"),
        ("membership-expired", 403, "FORBIDDEN_ERROR"),
        ("role-insufficient", 403, "FORBIDDEN_ERROR"),
        ("rate-limited", 429, "RATE_LIMIT_EXCEEDED"),
        ("clock-ahead", 401, "NOT_AUTHORIZED"),
        ("clock-behind", 401, "NOT_AUTHORIZED"),
        ("key-unknown-to-apple", 401, "NOT_AUTHORIZED"),
        ("individual-key-as-team", 401, "NOT_AUTHORIZED"),
    ],
)
def test_a_fault_refuses_what_was_good_and_names_itself(bench: Bench, fault: str, status: int, code: str) -> None:
    assert bench.get("/v1/apps").status == 200
    bench.emulator.fault(fault)
    answer = bench.get("/v1/apps")
    assert (answer.status, answer.codes) == (status, [code])
    (_, record) = bench.emulator.requests
    assert record.refusal is not None
    assert record.refusal.cause == fault
    bench.emulator.reset()
    assert bench.get("/v1/apps").status == 200


def test_membership_is_told_by_its_detail(bench: Bench) -> None:
    bench.emulator.fault("membership-expired")
    assert "is not associated with an active membership" in bench.get("/v1/apps").json["errors"][0]["detail"]


def test_the_rate_limit_is_shown_as_used_up(bench: Bench) -> None:
    bench.emulator.fault("rate-limited")
    assert bench.get("/v1/apps").headers["X-Rate-Limit"] == "user-hour-lim:3600;user-hour-rem:0;"


def test_an_outage_is_html_and_json_in_turn(bench: Bench) -> None:
    bench.emulator.fault("apple-outage")
    first, second = bench.send("GET", "/v1/apps", headers={}), bench.get("/v1/apps")
    assert (first.status, first.headers["Content-Type"]) == (502, "text/html")
    assert b"<center>Apple</center>" in first.body
    assert (second.status, second.codes) == (500, ["UNEXPECTED_ERROR"])


def test_something_else_answers_with_a_page(bench: Bench) -> None:
    bench.emulator.fault("not-apple")
    answer = bench.get("/v1/apps")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html")
    assert answer.body.startswith(b"<!DOCTYPE html>")
    assert bench.emulator.requests[0].refusal is not None


def test_an_account_in_which_nothing_is_visible(bench: Bench) -> None:
    app = bench.emulator.add("apps")
    bench.emulator.fault("no-apps-visible")
    bench.emulator.add("apps")
    answer = bench.get("/v1/apps")
    assert (answer.status, answer.ids, answer.json["meta"]["paging"]["total"]) == (200, [], 0)
    assert bench.get(f"/v1/apps/{app['id']}").status == 404


@pytest.mark.parametrize(("fault", "date"), [("clock-ahead", "20:16:40"), ("clock-behind", "20:46:40")])
def test_the_date_tells_of_the_clocks(bench: Bench, fault: str, date: str) -> None:
    bench.emulator.fault(fault)
    assert date in bench.get("/v1/apps").headers["Date"]


def test_a_token_is_refused_once_and_then_taken(bench: Bench) -> None:
    bench.emulator.fault("transient-401")
    other = {"Authorization": f"Bearer {token(scope=['GET /v1/apps'])}"}
    answers = [bench.get("/v1/apps").status, bench.send("GET", "/v1/apps", headers=other).status]
    assert [*answers, bench.get("/v1/apps").status] == [401, 401, 200]
    refusals = [record.refusal for record in bench.emulator.requests]
    assert [refusal and refusal.cause for refusal in refusals] == ["transient-401", "transient-401", None]


def test_a_team_key_is_refused_in_the_form_for_individual_keys(bench: Bench) -> None:
    bench.emulator.fault("issuer-id-missing")
    individual = {"Authorization": f"Bearer {token(iss=None, sub='user')}"}
    assert bench.send("GET", "/v1/apps", headers=individual).status == 401
    assert bench.get("/v1/apps").status == 200


def test_a_token_with_other_members_than_the_documented_is_refused(bench: Bench) -> None:
    bench.emulator.fault("token-form")
    odd = {"Authorization": f"Bearer {token(nonce='x')}"}
    assert bench.send("GET", "/v1/apps", headers=odd).status == 401
    (record,) = bench.emulator.requests
    assert record.refusal is not None
    assert (record.refusal.cause, record.refusal.evidence) == ("token-form", "the emulated service takes no nonce")
    assert bench.get("/v1/apps").status == 200


def test_an_individual_key_is_taken_in_its_own_form(bench: Bench) -> None:
    bench.emulator.fault("individual-key-as-team")
    good = token(iss=None, sub="user")
    assert bench.send("GET", "/v1/apps", headers={"Authorization": f"Bearer {good}"}).status == 200


def test_a_bad_token_is_refused_before_the_account_is_looked_at(bench: Bench) -> None:
    bench.emulator.fault("agreement-missing")
    assert bench.send("GET", "/v1/apps", headers={"Authorization": f"Bearer {TOKEN}x"}).status == 401


def test_only_production_refuses_an_app_that_was_never_released() -> None:
    emulator = Emulator(service=APP_STORE_SERVER, clock=lambda: NOW)
    emulator.trust(KEY_ID, ISSUER_ID, "team", KEY.public_key())
    emulator.fault("app-not-released")
    headers = {"Authorization": f"Bearer {token(bid='com.example.app')}"}
    statuses = {
        service.name: emulator.handle(Request("GET", service.base_url + service.probe, headers)).status
        for service in (APP_STORE_SERVER, APP_STORE_SERVER_SANDBOX)
    }
    assert statuses == {"app-store-server": 401, "app-store-server-sandbox": 404}


def test_a_state_of_the_key_or_the_token_is_rehearsed_otherwise(bench: Bench) -> None:
    for cause in set(CAUSES) - set(FAULTS):
        with pytest.raises(ValueError, match=f"^'{cause}' is a state of the key or the token, .*--asc-fault={cause}$"):
            bench.emulator.fault(cause)


def test_an_unknown_cause_is_answered_with_the_known(bench: Bench) -> None:
    with pytest.raises(ValueError, match="no fault 'gremlins'; there are accept-header, agreement-missing, "):
        bench.emulator.fault("gremlins")
