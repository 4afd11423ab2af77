from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.smoke.renderers.github import annotate, summary

# Each report stands beside its faces: .txt is the terminal's, .md the job summary's.
REPORTS = sorted((Path(__file__).parent / "reports").glob("*.json"), key=lambda path: path.stem)


def load(name: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((REPORTS[0].parent / f"{name}.json").read_text("utf-8"))
    return report


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_summary(path: Path) -> None:
    assert summary(load(path.stem)) == path.with_suffix(".md").read_text("utf-8")


def test_a_good_run_has_no_annotations() -> None:
    assert annotate(load("good")) == []


def test_one_annotation_per_error_and_warning() -> None:
    error, warning = annotate(load("clock-ahead"))
    assert error == (
        "::error title=This machine's clock is ahead of Apple's::clock-ahead (certain: what was seen proves it)"
        "%0Aiat 21:40:34 was 34 s to come; Apple's clock said 21:40:00 UTC and this machine's 21:40:34"
        "%0ASet the clock (NTP), or date iat a minute back and keep exp at 15 minutes."
        "%0Ahttps://www.rfc-editor.org/rfc/rfc9110#field.date"
    )
    assert warning.startswith("::warning title=The token's life is exactly the limit::token-lifetime-at-limit ")


def test_notes_are_no_annotations() -> None:
    report = load("clock-ahead")
    report["findings"][0]["level"] = "note"
    assert [line.split(" ")[0] for line in annotate(report)] == ["::warning"]


def test_escapes_are_those_that_github_documents() -> None:
    report = load("clock-ahead")
    report["findings"][:] = [report["findings"][0] | {"cause": "50%: a, b", "evidence": "100%, a: b"}]
    (line,) = annotate(report)
    assert line.startswith("::error title=50%25%3A a%2C b::50%25: a, b (certain")
    assert "%0A100%25, a: b%0A" in line


NASTY = st.sampled_from(["\r", "\n", "::error::", "::", ",", "%0A", "##[debug]", "\u2028", "\x85", "\x1b[2J", "\x0b"])
FOREIGN = st.lists(NASTY | st.text(), max_size=8).map("".join)


@given(foreign=FOREIGN)
def test_foreign_words_stay_within_their_annotation(foreign: str) -> None:
    report = load("clock-ahead")
    for finding in report["findings"]:
        finding.update(cause=f"c{foreign}", evidence=foreign, fix=foreign, docs=foreign)
    for line in annotate(report):
        assert line.isprintable()
        _, command, _ = line.split("::", 2)
        assert re.fullmatch(r"(error|warning) title=[^:,]+", command)


@given(
    foreign=st.lists(st.sampled_from(["|", "\n", "\\", "<b>", "```", "[x](y)", "\n# h", "&lt;"]) | st.text()).map(
        "".join
    )
)
def test_foreign_words_stay_within_their_place_in_the_summary(foreign: str) -> None:
    plain, report = load("clock-ahead"), load("clock-ahead")
    for finding in report["findings"]:
        finding.update(evidence=foreign, fix=foreign)
    report["checks"][0].update(reason=foreign)
    report["credentials"]["sources"]["key_id"] = foreign
    lines = summary(report).split("\n")
    assert [structure(line) for line in lines] == [structure(line) for line in summary(plain).split("\n")]


def structure(line: str) -> tuple[str, int, int]:
    """How a line starts, how many cells it has, how many tags."""
    unescaped = re.sub(r"\\[\\`*_\[\]|#~&]", "", line)
    return line[:3].strip(), unescaped.count("|"), unescaped.count("<")
