from __future__ import annotations

import pytest
from emulator.harness import TOKEN, EmulatorClient
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.emulator.jsonapi.negotiation import choose_media_type

OFFERED = ("application/json", "text/csv")
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("accept", "fits"),
    [
        (None, True),
        ("", True),
        ("*/*", True),
        ("application/*", True),
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("text/html, application/json;q=0.1", True),
        ("text/html, */*; q=0.8", True),
        ("application/json;q=0, */*", False),
        ("application/json;q=x", False),
        ("text/html", False),
        ("application/vnd.api+json", False),
        ("text/*, application/a-gzip", False),
        (";,=", False),
    ],
)
def test_an_accept_header_accepts_its_media_ranges(accept: str | None, fits: bool) -> None:
    assert (choose_media_type(accept, ("application/json",)) is not None) == fits


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        (" ", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("Text/CSV", "text/csv"),
        ("text/*", "text/csv"),
        ("text/csv, */*;q=0.1", "text/csv"),
        ("text/csv;q=0.5, application/json;q=0.6", "application/json"),
        ("application/json;q=0, */*", "text/csv"),
        ("text/csv; header=absent ; q=0.3, application/json;q=0.2", "text/csv"),
        ("text/html", None),
        ("text/csv;q=none", None),
    ],
)
def test_the_media_type_with_the_highest_weight_is_chosen(accept: str | None, chosen: str | None) -> None:
    assert choose_media_type(accept, OFFERED) == chosen


@given(st.text())
def test_no_accept_header_raises(accept: str) -> None:
    assert choose_media_type(accept, OFFERED) in {None, *OFFERED}


def test_the_response_406_is_in_plain_text(emulator_client: EmulatorClient) -> None:
    answer = emulator_client.send("GET", "/v1/apps", headers={**BEARER, "accept": "text/csv"})
    assert (answer.status, answer.headers["Content-Type"]) == (406, "text/plain")
    assert emulator_client.send("GET", "/v1/apps", headers={"accept": "text/csv"}).status == 401, (
        "the token is verified before"
    )


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (None, 400),
        ("application/json", 400),
        ("application/json;charset=UTF-8", 400),
        ("APPLICATION/JSON", 400),
        ("application/vnd.api+json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ],
)
def test_a_body_that_is_not_json_by_its_content_type_gets_415(
    emulator_client: EmulatorClient, sent: str | None, status: int
) -> None:
    headers = BEARER if sent is None else {**BEARER, "content-type": sent}
    answer = emulator_client.send("POST", "/v1/betaGroups", headers=headers, body=b"{")
    assert answer.status == status
    assert emulator_client.send("GET", "/v1/apps", headers=headers).status == 200, "without a body it does not matter"
