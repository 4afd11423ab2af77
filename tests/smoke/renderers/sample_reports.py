"""Reports for the tests of the renderers."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_asc.diagnosis.findings import Finding
from pytest_asc.smoke.report import ClockSummary, Report, TokenSummary

if TYPE_CHECKING:
    from pytest_asc.apple.causes import Certainty, Level

NOON = 1_528_372_800  # 2018-06-07 12:00:00 UTC

# The renderings of each report are beside it: .txt for the terminal, .md for the job summary.
STORED_REPORTS = sorted((Path(__file__).parent / "reports").glob("*.json"), key=lambda path: path.stem)


@cache
def _text_of(name: str) -> str:
    return (STORED_REPORTS[0].parent / f"{name}.json").read_text("utf-8")


def load_json(name: str) -> dict[str, Any]:
    """Return the JSON of a stored report, which a test may change before parsing it."""
    document: dict[str, Any] = json.loads(_text_of(name))
    return document


def load(name: str) -> Report:
    return Report.from_json(load_json(name))


def make_report(**members: Any) -> Report:
    """Return an offline report without findings, with some members changed."""
    return Report(
        **{
            "ok": True,
            "cause": None,
            "mode": "offline",
            "service": "app-store-connect",
            "credentials": None,
            "token": None,
            "request": None,
            "clock": None,
            "rate_limit": None,
            "experiments": (),
            "role_access": None,
            "checks": (),
            "findings": (),
            **members,
        }
    )


def report_of_times(iat: int | None, exp: int | None, *, here: int | None = NOON, apple: int | None = NOON) -> Report:
    return make_report(
        token=TokenSummary(issued_at=iat, expires_at=exp), clock=ClockSummary(apple_now=apple, local_now=here)
    )


def make_finding(cause: str = "clock-ahead", *, level: Level = "error", certainty: Certainty = "certain") -> Finding:
    return Finding(cause, level, certainty, evidence="", fix="", docs="")
