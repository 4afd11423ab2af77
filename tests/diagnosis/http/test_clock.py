from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.apple.services import APNS, APP_STORE_CONNECT
from pytest_asc.diagnosis.http.clock import Skew, check_skew, check_times_against_date, read_date, read_skew
from pytest_asc.diagnosis.http.http_response import HttpResponse

NOON = 1_528_372_800  # 2018-06-07 12:00:00 UTC


def make_response(date: str | None, *, sent_at: float = NOON, received_at: float | None = None) -> HttpResponse:
    return HttpResponse(
        method="GET",
        url="https://api.appstoreconnect.apple.com/v1/apps?limit=1",
        status=200,
        headers={} if date is None else {"date": date},
        body=b"",
        sent_at=sent_at,
        received_at=sent_at + 0.2 if received_at is None else received_at,
    )


def response_at(apple: float, here: float) -> HttpResponse:
    return make_response(formatdate(apple, usegmt=True), sent_at=here)


@pytest.mark.parametrize(
    "date",
    [
        "Thu, 07 Jun 2018 12:00:00 GMT",
        "Thursday, 07-Jun-18 12:00:00 GMT",
        "Thu Jun  7 12:00:00 2018",
        "Thu, 07 Jun 2018 14:00:00 +0200",
    ],
)
def test_a_date_header_is_parsed_in_every_format_of_rfc_9110(date: str) -> None:
    assert read_date(make_response(date)) == NOON


@pytest.mark.parametrize(
    "date", [None, "", "yesterday", "Thu, 99 Jun 2018 12:00:00 GMT", "Thu, 07 Jun 2018 12:00 +9999"]
)
def test_a_response_without_a_valid_date_header_has_no_clock_skew(date: str | None) -> None:
    assert read_date(make_response(date)) is None
    assert read_skew(make_response(date)) is None
    assert check_skew(make_response(date)) is None
    assert check_times_against_date(make_response(date), {"exp": 0}, APP_STORE_CONNECT) is None


@given(st.text())
def test_any_date_header_is_read_without_an_exception(date: str) -> None:
    assert isinstance(read_date(make_response(date)), int | None)


def test_the_bounds_of_the_clock_skew_follow_from_the_times_of_the_request() -> None:
    skew = read_skew(make_response("Thu, 07 Jun 2018 12:00:00 GMT", sent_at=NOON + 34.0, received_at=NOON + 34.5))
    assert skew == Skew(low=33.0, high=34.5)
    assert skew.seconds == 33.8
    assert skew.proves_ahead(by=33)
    assert not skew.proves_ahead(by=34)
    assert not skew.proves_behind(by=0)


@given(
    true_skew=st.floats(-100_000, 100_000),
    apple=st.floats(NOON, NOON + 60),
    before=st.floats(0, 60),
    after=st.floats(0, 60),
)
def test_the_bounds_of_the_clock_skew_contain_the_true_skew_on_a_slow_network(
    true_skew: float, apple: float, before: float, after: float
) -> None:
    here = apple + true_skew
    skew = read_skew(make_response(formatdate(apple, usegmt=True), sent_at=here - before, received_at=here + after))
    assert skew is not None
    assert skew.low <= true_skew + 1e-6
    assert skew.high >= true_skew - 1e-6


@pytest.mark.parametrize(
    ("here", "cause"),
    [(0, None), (10.9, None), (11, "clock-ahead"), (34, "clock-ahead"), (-10, None), (-10.2, "clock-behind")],
)
def test_a_clock_that_is_wrong_by_more_than_ten_seconds_is_a_warning(here: float, cause: str | None) -> None:
    finding = check_skew(response_at(NOON, NOON + here))
    assert (finding and finding.cause) == cause
    if finding:
        assert finding.level == "warning"
        assert "Apple's clock showed 12:00:00 UTC" in finding.evidence


def test_a_minute_of_network_delay_is_not_reported_as_clock_skew() -> None:
    assert check_skew(make_response("Thu, 07 Jun 2018 12:00:00 GMT", sent_at=NOON - 60, received_at=NOON + 60)) is None


@pytest.mark.parametrize(
    ("here", "claims", "cause"),
    [
        # This machine's clock is ahead: its current time is in the future for Apple.
        (35, {"iat": NOON + 35, "exp": NOON + 935}, "clock-ahead"),
        (34, {"iat": NOON + 34, "exp": NOON + 34 + 1199}, "clock-ahead"),
        (34, {"exp": NOON + 34 + 1190}, "clock-ahead"),
        # It is behind: a token that is valid here has expired for Apple.
        (-1000, {"iat": NOON - 1000, "exp": NOON - 100}, "clock-behind"),
        (-1000, {"exp": NOON}, "clock-behind"),
        # The clock is right, and the token is not.
        (0, {"iat": NOON - 1000, "exp": NOON - 100}, "token-expired"),
        (0, {"iat": NOON + 3600, "exp": NOON + 4500}, "token-issued-in-future"),
        # All times are valid.
        (34, {"iat": NOON - 26, "exp": NOON + 874}, None),
        (0, {"iat": NOON, "exp": NOON + 1200}, None),
        (0, {"exp": NOON + 1200}, None),
        # Lifetimes too long by any clock, and missing or malformed times: the verification of the token reports them.
        (0, {"iat": NOON, "exp": NOON + 3600}, None),
        (0, {"exp": NOON + 3600}, None),
        (0, {}, None),
        (0, {"iat": True, "exp": "900"}, None),
        (0, {"iat": NOON * 1000, "exp": NOON * 1000 + 900}, None),
    ],
)
def test_claims_that_are_invalid_by_apples_clock_are_reported(
    here: float, claims: dict[str, object], cause: str | None
) -> None:
    finding = check_times_against_date(response_at(NOON, NOON + here), claims, APP_STORE_CONNECT)
    assert (finding and finding.cause) == cause
    if finding:
        assert finding.certainty == "certain"


@pytest.mark.parametrize(
    ("here", "ahead", "cause"), [(34, 34, "clock-ahead"), (1, 1, "clock-ahead"), (0, 5, "token-issued-in-future")]
)
def test_an_iat_slightly_in_the_future_is_a_likely_cause(here: int, ahead: int, cause: str) -> None:
    claims = {"iat": NOON + ahead, "exp": NOON + ahead + 900}
    finding = check_times_against_date(response_at(NOON, NOON + here), claims, APP_STORE_CONNECT)
    assert finding is not None
    assert (finding.cause, finding.level, finding.certainty) == (cause, "error", "likely")


@pytest.mark.parametrize(
    ("here", "iat", "cause"),
    [(0, NOON - 3600, "token-expired"), (-7200, NOON - 7200, "clock-behind"), (0, NOON - 60, None)],
)
def test_an_apns_token_without_exp_expires_an_hour_after_iat(here: int, iat: float, cause: str | None) -> None:
    finding = check_times_against_date(response_at(NOON, NOON + here), {"iat": int(iat)}, APNS)
    assert (finding and finding.cause) == cause
    assert finding is None or finding.evidence.startswith("the end of its lifetime ")


def test_the_evidence_on_a_clock_names_the_claim_and_both_clocks() -> None:
    finding = check_times_against_date(
        response_at(NOON, NOON + 34), {"iat": NOON + 34, "exp": NOON + 934}, APP_STORE_CONNECT
    )
    assert finding is not None
    assert finding.evidence == (
        "iat 12:00:34 was 34 s in the future; Apple's clock showed 12:00:00 UTC and this machine's 12:00:34"
    )
