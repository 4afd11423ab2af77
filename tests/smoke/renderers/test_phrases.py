"""Sentences of the report about a token's lifetime and times, the clocks, and the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from smoke.renderers.sample_reports import NOON, make_finding, make_report

from pytest_asc.smoke.renderers.phrases import facts, headline
from pytest_asc.smoke.renderers.text_timeline import ASCII, draw
from pytest_asc.smoke.report import ClockSummary, CredentialsSummary, RequestSummary, TokenSummary

if TYPE_CHECKING:
    from pytest_asc.apple.causes import Level
    from pytest_asc.smoke.report import Report


DAY = 86_400
PRODUCTS, APPS = "GET /v1/ciProducts", "GET /v1/apps"


def report(iat: int | None = NOON, exp: int | None = NOON + 900, *, scope: object = None, **members: Any) -> Report:
    lifetime = exp - iat if exp is not None and iat is not None else None
    token = TokenSummary(issued_at=iat, expires_at=exp, lifetime=lifetime, scope=scope)
    credentials = CredentialsSummary("team", None, None, {})
    return make_report(**{"credentials": credentials, "token": token, "clock": ClockSummary(local_now=NOON), **members})


def sentences(case: Report, label: str) -> list[str]:
    return next((fact.sentences for fact in facts(case) if fact.label == label), [])


@pytest.mark.parametrize(
    ("case", "life"),
    [
        (report(), "15 min of the 20 min allowed"),
        (report(exp=NOON + 3600), "1 h, which is 40 min more than the 20 min allowed"),
        # A lifetime of months is compared with the limit for its scope.
        (report(exp=NOON + 30 * DAY, scope=[PRODUCTS]), f"30 days of the 182 days 14 h allowed, scope {PRODUCTS}"),
        (report(scope=[PRODUCTS]), f"15 min of the 20 min allowed, scope {PRODUCTS}"),
        (
            report(exp=NOON + DAY, scope=[PRODUCTS, APPS]),
            f"1 day, which is 23 h 40 min more than the 20 min allowed, scope {PRODUCTS}, {APPS}",
        ),
        (report(exp=NOON - 60), "exp 1 min before iat"),
        (report(exp=None), "lifetime unknown"),
        # Values that are not times give no lifetime.
        (report(exp=1200), f"iat {NOON}, exp 1200, which are not times in seconds since 1970"),
        (
            report(NOON * 1000, (NOON + 900) * 1000),
            f"iat {NOON * 1000}, exp {(NOON + 900) * 1000}, which are not times in seconds since 1970",
        ),
        (report(None, (NOON + 900) * 1000), f"exp {(NOON + 900) * 1000}, which are not times in seconds since 1970"),
    ],
)
def test_a_tokens_lifetime_is_compared_with_the_limit(case: Report, life: str) -> None:
    assert sentences(case, "token")[0] == life


@pytest.mark.parametrize(
    ("case", "line"),
    [
        (report(exp=NOON + 30 * DAY, scope=[PRODUCTS]), "iat=now ===== exp ....................... limit"),
        (report(exp=NOON + 30 * DAY, scope=[APPS]), "iat=now = limit xxxxxxxxxxxxxxxxxxxxxxxxxxx exp"),
        (report(exp=1200), ""),
        (report(NOON * 1000, (NOON + 900) * 1000), ""),
    ],
)
def test_a_timeline_is_to_the_scale_of_the_limit(case: Report, line: str) -> None:
    assert "".join(text for _, text in draw(case, width=47, glyphs=ASCII)) == line


@pytest.mark.parametrize(
    ("skew", "words"),
    [
        (0.4, "in sync with Apple's, to the second"),
        (34.2, "34.2 s ahead of Apple's"),
        (-59.9, "59.9 s behind Apple's"),
        (600.2, "10 min ahead of Apple's"),
        (-7200.4, "2 h behind Apple's"),
    ],
)
def test_a_clock_skew_is_given_in_a_suitable_unit(skew: float, words: str) -> None:
    clock = ClockSummary(skew_seconds=skew, local_now=NOON)
    assert sentences(report(clock=clock), "clock") == [words]


@pytest.mark.parametrize(
    ("warnings", "words"),
    [(0, "this token."), (1, "this token, apart from 1 warning."), (2, "this token, apart from 2 warnings.")],
)
def test_warnings_are_counted_in_the_headline(warnings: int, words: str) -> None:
    case = report(findings=(make_finding(level="warning"),) * warnings)
    assert headline(case) == f"The checks found nothing wrong with {words}"


@pytest.mark.parametrize(
    ("cause", "level", "words"),
    [
        ("not-apple", "error", "GET /v1/apps returned 401: the response is not from Apple."),
        (
            "key-unknown-to-apple",
            "error",
            "App Store Connect rejected the token: Apple does not recognise this combination of key ID",
        ),
        ("transient-401", "warning", "App Store Connect accepted these credentials, but with 1 warning."),
    ],
)
def test_the_headline_says_whether_apple_or_the_emulator_rejected_the_request(
    cause: str, level: Level, words: str
) -> None:
    request = RequestSummary("GET", "https://api.appstoreconnect.apple.com/v1/apps", status=401)
    findings = (make_finding(cause, level=level),)
    assert headline(report(mode="live", ok=False, cause=cause, request=request, findings=findings)).startswith(words)
