from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulator.harness import ISSUER_ID, KEY, KEY_ID, NOW, TOKEN, EmulatorClient, token

from pytest_asc.apple.causes import CAUSES
from pytest_asc.apple.services import APP_STORE_SERVER, APP_STORE_SERVER_SANDBOX
from pytest_asc.emulator.app import Emulator, Request
from pytest_asc.emulator.request_records import CORRELATION_KEY
from pytest_asc.emulator.service_faults import FAULTS

if TYPE_CHECKING:
    from pytest_asc.apple.causes import CauseSlug


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
def test_a_fault_rejects_a_valid_request_and_its_cause_is_in_the_record(
    emulator_client: EmulatorClient, fault: CauseSlug, status: int, code: str
) -> None:
    assert emulator_client.get("/v1/apps").status == 200
    emulator_client.emulator.fault(fault)
    answer = emulator_client.get("/v1/apps")
    assert (answer.status, answer.codes) == (status, [code])
    (_, record) = emulator_client.emulator.requests
    assert record.refusal is not None
    assert record.refusal.cause == fault
    emulator_client.emulator.reset()
    assert emulator_client.get("/v1/apps").status == 200


def test_an_expired_membership_is_named_in_the_detail(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.fault("membership-expired")
    assert "is not associated with an active membership" in emulator_client.get("/v1/apps").json["errors"][0]["detail"]


def test_a_rate_limited_response_shows_no_remaining_requests(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.fault("rate-limited")
    assert emulator_client.get("/v1/apps").headers["X-Rate-Limit"] == "user-hour-lim:3600;user-hour-rem:0;"


def test_an_outage_alternates_between_html_and_json(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.fault("apple-outage")
    first, second = emulator_client.send("GET", "/v1/apps", headers={}), emulator_client.get("/v1/apps")
    assert (first.status, first.headers["Content-Type"]) == (502, "text/html")
    assert b"<center>Apple</center>" in first.body
    assert (second.status, second.codes) == (500, ["UNEXPECTED_ERROR"])


def test_a_captive_portal_responds_with_an_html_page(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.fault("not-apple")
    answer = emulator_client.get("/v1/apps")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html")
    assert answer.body.startswith(b"<!DOCTYPE html>")
    assert emulator_client.emulator.requests[0].refusal is not None


def test_a_hidden_account_has_no_visible_apps(emulator_client: EmulatorClient) -> None:
    app = emulator_client.emulator.add("apps")
    emulator_client.emulator.fault("no-apps-visible")
    emulator_client.emulator.add("apps")
    answer = emulator_client.get("/v1/apps")
    assert (answer.status, answer.ids, answer.json["meta"]["paging"]["total"]) == (200, [], 0)
    assert emulator_client.get(f"/v1/apps/{app['id']}").status == 404


@pytest.mark.parametrize(("fault", "date"), [("clock-ahead", "20:16:40"), ("clock-behind", "20:46:40")])
def test_the_date_header_shows_the_clock_offset(emulator_client: EmulatorClient, fault: CauseSlug, date: str) -> None:
    emulator_client.emulator.fault(fault)
    assert date in emulator_client.get("/v1/apps").headers["Date"]


SALES_REPORT = (
    "/v1/salesReports?filter[frequency]=DAILY&filter[reportType]=SALES&filter[reportSubType]=SUMMARY"
    "&filter[vendorNumber]=80012345"
)


@pytest.mark.parametrize("path", ["/v1/apps", SALES_REPORT])
def test_the_injected_406_is_the_emulators_own(emulator_client: EmulatorClient, path: str) -> None:
    def answer(accept: str) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = emulator_client.get(path, Accept=accept)
        return status, {name: value for name, value in headers.items() if name != CORRELATION_KEY}, body

    real = answer("image/png")
    emulator_client.emulator.reset()
    emulator_client.emulator.fault("accept-header")
    assert real[0] == 406
    assert answer("*/*") == real


def test_a_token_is_rejected_once_and_then_accepted(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.fault("transient-401")
    other = {"Authorization": f"Bearer {token(scope=['GET /v1/apps'])}"}
    answers = [emulator_client.get("/v1/apps").status, emulator_client.send("GET", "/v1/apps", headers=other).status]
    assert [*answers, emulator_client.get("/v1/apps").status] == [401, 401, 200]
    refusals = [record.refusal for record in emulator_client.emulator.requests]
    assert [refusal and refusal.cause for refusal in refusals] == ["transient-401", "transient-401", None]


def test_a_token_of_a_team_key_in_the_format_for_individual_keys_is_rejected(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.fault("issuer-id-missing")
    individual = {"Authorization": f"Bearer {token(iss=None, sub='user')}"}
    assert emulator_client.send("GET", "/v1/apps", headers=individual).status == 401
    assert emulator_client.get("/v1/apps").status == 200


def test_a_token_with_undocumented_members_is_rejected(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.fault("token-form")
    odd = {"Authorization": f"Bearer {token(nonce='x')}"}
    assert emulator_client.send("GET", "/v1/apps", headers=odd).status == 401
    (record,) = emulator_client.emulator.requests
    assert record.refusal is not None
    assert (record.refusal.cause, record.refusal.evidence) == (
        "token-form",
        "the emulated service does not accept nonce",
    )
    assert emulator_client.get("/v1/apps").status == 200


def test_a_token_of_an_individual_key_in_its_own_format_is_accepted(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.fault("individual-key-as-team")
    good = token(iss=None, sub="user")
    assert emulator_client.send("GET", "/v1/apps", headers={"Authorization": f"Bearer {good}"}).status == 200


def test_an_invalid_token_is_rejected_before_the_state_of_the_account_is_checked(
    emulator_client: EmulatorClient,
) -> None:
    emulator_client.emulator.fault("agreement-missing")
    assert emulator_client.send("GET", "/v1/apps", headers={"Authorization": f"Bearer {TOKEN}x"}).status == 401


def test_only_production_rejects_an_app_that_was_never_released() -> None:
    emulator = Emulator(service=APP_STORE_SERVER, clock=lambda: NOW)
    emulator.trust(KEY_ID, ISSUER_ID, "team", KEY.public_key())
    emulator.fault("app-not-released")
    headers = {"Authorization": f"Bearer {token(bid='com.example.app')}"}
    statuses = {
        service.name: emulator.handle(Request("GET", service.base_url + service.probe, headers)).status
        for service in (APP_STORE_SERVER, APP_STORE_SERVER_SANDBOX)
    }
    assert statuses == {"app-store-server": 401, "app-store-server-sandbox": 404}


def test_a_cause_of_the_key_or_the_token_is_rejected_with_the_way_to_inject_it(emulator_client: EmulatorClient) -> None:
    causes: set[Any] = set(CAUSES) - set(FAULTS)
    for cause in causes:
        problem = f"^'{cause}' is a fault of the key or the token, not of the service: .*--asc-fault={cause}$"
        with pytest.raises(ValueError, match=problem):
            emulator_client.emulator.fault(cause)


def test_the_error_about_a_misspelt_cause_suggests_the_nearest(emulator_client: EmulatorClient) -> None:
    with pytest.raises(ValueError, match=r"no fault 'bearer-mising'; did you mean 'bearer-missing'\?$"):
        emulator_client.emulator.fault("bearer-mising")  # type: ignore[arg-type]


def test_the_error_about_an_unknown_cause_lists_the_faults(emulator_client: EmulatorClient) -> None:
    with pytest.raises(ValueError, match="no fault 'gremlins'; the faults of the service are accept-header, acc"):
        emulator_client.emulator.fault("gremlins")  # type: ignore[arg-type]


def test_the_nearest_cause_is_found_for_words_in_another_order(emulator_client: EmulatorClient) -> None:
    with pytest.raises(ValueError, match="no fault 'expired-token'; did you mean 'token-expired'"):
        emulator_client.emulator.fault("expired-token")  # type: ignore[arg-type]
