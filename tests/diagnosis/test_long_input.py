"""Tokens whose lifetime is too long, or whose times are in the wrong unit or time zone."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from email.utils import formatdate
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from pytest_asc.apple.causes import CAUSES
from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.credentials.tokens import sign
from pytest_asc.diagnosis.http.http_response import HttpResponse
from pytest_asc.diagnosis.http.response import diagnose_response
from pytest_asc.diagnosis.token.verify import decode, verify_token
from pytest_asc.emulator.auth.authenticator import Authenticator, Key

NOW = 1_780_000_000
KEY = ec.generate_private_key(ec.SECP256R1())
ISSUER = "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a"
MINUTE, HOUR, DAY = 60, 3600, 86_400
PRODUCTS, APPS = "GET /v1/ciProducts", "GET /v1/apps"


def token(iat: Any = NOW, exp: Any = None, *, scope: Any = None) -> str:
    claims = {"iss": ISSUER, "iat": iat, "exp": exp, "aud": "appstoreconnect-v1", "scope": scope}
    given = {name: value for name, value in claims.items() if value is not None}
    return sign({"alg": "ES256", "kid": "2X9R7KQF34", "typ": "JWT"}, given, KEY)


class Form(NamedTuple):
    """A token with a wrong lifetime, and the expected finding."""

    token: str
    cause: str
    evidence: str
    level: str = "error"
    fix: str | None = None
    """Expected fix, if it is not the one in the table of causes."""
    utc_offset: int = 0
    """Seconds by which the local time of the machine is ahead of UTC."""


EAST, WEST = 2 * HOUR, -7 * HOUR
FORMS = {
    "20 minutes and a second": Form(
        token(exp=NOW + 1201),
        "token-lifetime-too-long",
        "exp is 1201 s after iat; App Store Connect accepts at most 1200 s",
    ),
    "exp 20 minutes ahead, iat a minute back": Form(
        token(NOW - 60, NOW + 1200), "token-lifetime-too-long", "exp is 1260 s after iat"
    ),
    "exactly 20 minutes": Form(
        token(exp=NOW + 1200), "token-lifetime-at-limit", "exp is 1200 s after iat, and 1200 s is the limit", "warning"
    ),
    "21 minutes without iat": Form(token(None, NOW + 1260), "token-lifetime-too-long", "exp is 1260 s ahead of 2026-"),
    "no exp": Form(token(), "token-lifetime-too-long", "the token has no exp: it would never expire"),
    "an hour": Form(token(exp=NOW + HOUR), "token-lifetime-too-long", "exp is 3600 s after iat"),
    "an hour, in a zone an hour ahead": Form(
        token(exp=NOW + HOUR), "token-lifetime-too-long", "exp is 3600 s after iat", utc_offset=HOUR
    ),
    "a day": Form(token(exp=NOW + DAY), "token-lifetime-too-long", "exp is 86400 s after iat"),
    "milliseconds": Form(
        token(NOW * 1000, (NOW + 900) * 1000),
        "token-time-milliseconds",
        "exp is 1780000900000: read as seconds",
    ),
    "exp alone in milliseconds": Form(token(exp=(NOW + 900) * 1000), "token-time-milliseconds", "exp is 1780000900000"),
    "seconds, and milliseconds for the life": Form(
        token(exp=NOW + 900 * 1000), "token-lifetime-too-long", "exp is 900000 s after iat"
    ),
    "a duration": Form(token(exp=1200), "token-exp-is-duration", "exp is 1200, which is 1970-01-01 00:20:00 UTC"),
    "a duration in milliseconds": Form(
        token(exp=900_000), "token-exp-is-duration", "exp is 900000, which is 1970-01-11 10:00:00 UTC"
    ),
    "a naive local time, east": Form(
        token(NOW + EAST, NOW + EAST + 900),
        "token-time-zone-bug",
        "the difference is this machine's offset",
        utc_offset=EAST,
    ),
    "a naive local time, west": Form(
        token(NOW + WEST, NOW + WEST + 900), "token-time-zone-bug", "offset from UTC, 7 h", utc_offset=WEST
    ),
    "a naive local exp alone, east": Form(
        token(exp=NOW + EAST + 900),
        "token-time-zone-bug",
        "differs from 15 min after iat by this mach",
        utc_offset=EAST,
    ),
    "a naive local exp alone, west": Form(
        token(exp=NOW + WEST + 900),
        "token-time-zone-bug",
        "differs from 15 min after iat by this mach",
        utc_offset=WEST,
    ),
    "long-lived without a scope": Form(token(exp=NOW + 30 * DAY), "token-lifetime-too-long", "exp is 2592000 s after"),
    "long-lived with an empty scope": Form(token(exp=NOW + DAY, scope=[]), "token-lifetime-too-long", "exp is 86400 s"),
    "long-lived with more than GET": Form(
        token(exp=NOW + DAY, scope=[PRODUCTS, "POST /v1/ciBuildRuns"]),
        "token-long-lived-not-allowed",
        "the scope contains 'POST /v1/ciBuildRuns'",
    ),
    "long-lived outside the thirteen": Form(
        token(exp=NOW + DAY, scope=[PRODUCTS, APPS]),
        "token-long-lived-not-allowed",
        "does not accept a long-lived token for 'GET /v1/apps'",
    ),
    "long-lived over six months": Form(
        token(exp=NOW + 15_777_001, scope=[PRODUCTS]),
        "token-long-lived-not-allowed",
        "more than six months",
        fix="Set exp to at most 15777000 s after iat.",
    ),
    "long-lived over six months, outside the thirteen": Form(
        token(exp=NOW + 15_777_001, scope=[APPS]), "token-long-lived-not-allowed", "more than six months"
    ),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
def test_each_token_with_a_wrong_lifetime_gets_one_finding_with_figures(form: Form) -> None:
    verification = verify_token(form.token, service=APP_STORE_CONNECT, key=KEY.public_key())
    (finding,) = verification.findings_at(NOW, utc_offset=form.utc_offset)
    assert (finding.cause, finding.level) == (form.cause, form.level)
    assert form.evidence in finding.evidence
    assert finding.fix == (form.fix or CAUSES[form.cause].fix)


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
def test_the_emulator_rejects_the_tokens_whose_finding_is_an_error(form: Form) -> None:
    authenticator = Authenticator(APP_STORE_CONNECT)
    authenticator.trust(Key("2X9R7KQF34", ISSUER, "team", KEY.public_key()))
    admitted = authenticator.authenticate(f"Bearer {form.token}", "GET", "/v1/ciProducts", NOW)
    assert isinstance(admitted, Key) == (form.level == "warning")


@pytest.mark.parametrize(
    "good",
    [
        token(exp=NOW + 1199),
        token(None, NOW + 1200),
        token(exp=NOW + DAY, scope=[PRODUCTS]),
        token(exp=NOW + 15_777_000, scope=[PRODUCTS, "GET /v1/scmRepositories/1/gitReferences?limit=2"]),
    ],
)
@pytest.mark.parametrize("utc_offset", [0, EAST, WEST])
def test_tokens_with_the_longest_valid_lifetime_have_no_finding(good: str, utc_offset: int) -> None:
    assert verify_token(good, service=APP_STORE_CONNECT).findings_at(NOW, utc_offset=utc_offset) == ()


@pytest.mark.parametrize("ahead", [90, 34 + 27])
def test_a_token_of_19_minutes_made_by_a_fast_clock_is_valid_here_and_rejected_by_apple(ahead: int) -> None:
    """The token is valid by the clock of this machine; the Date header shows which clock is wrong."""
    here = NOW + ahead
    text = token(here, here + 19 * MINUTE)
    verification = verify_token(text, service=APP_STORE_CONNECT, key=KEY.public_key())
    assert verification.findings_at(here) == ()
    assert [finding.level for finding in verification.findings_at(NOW)] == ["error"]
    refused = HttpResponse(
        method="GET",
        url=APP_STORE_CONNECT.base_url + APP_STORE_CONNECT.probe,
        status=401,
        headers={"Date": formatdate(NOW, usegmt=True)},
        body=b'{"errors": [{"status": "401", "code": "NOT_AUTHORIZED"}]}',
        sent_at=here,
        received_at=here + 0.2,
    )
    (finding,) = diagnose_response(refused, claims=decode(text).claims, service=APP_STORE_CONNECT)
    assert (finding.cause, finding.certainty) == ("clock-ahead", "certain")


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system cannot change its zone")
def test_times_of_naive_datetimes_are_reported_as_a_time_zone_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """``utcnow().timestamp()`` and ``mktime`` interpret UTC as local time."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        utc = datetime.fromtimestamp(NOW, tz=timezone.utc).replace(tzinfo=None)
        text = token(int(utc.timestamp()), int((utc + timedelta(minutes=15)).timestamp()))
        offset = time.localtime(NOW).tm_gmtoff
    finally:
        monkeypatch.undo()
        time.tzset()
    assert offset == 5.5 * HOUR
    (finding,) = verify_token(text, service=APP_STORE_CONNECT).findings_at(NOW, utc_offset=offset)
    assert (finding.cause, finding.certainty) == ("token-time-zone-bug", "likely")
