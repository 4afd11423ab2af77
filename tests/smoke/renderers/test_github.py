from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smoke.renderers.sample_reports import STORED_REPORTS, load, load_json

from pytest_asc.smoke.renderers.github import annotate, render
from pytest_asc.smoke.report import Report

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("path", STORED_REPORTS, ids=lambda path: path.stem)
def test_a_job_summary_equals_the_stored_rendering(path: Path) -> None:
    assert render(load(path.stem)) == path.with_suffix(".md").read_text("utf-8")


def test_a_passed_run_has_no_annotations() -> None:
    assert annotate(load("good")) == []


def test_one_annotation_per_error_and_warning() -> None:
    error, warning = annotate(load("clock-ahead"))
    assert error == (
        "::error title=This machine's clock is ahead of Apple's::clock-ahead (confirmed)"
        "%0Aiat 21:40:34 was 34 s in the future; Apple's clock showed 21:40:00 UTC and this machine's 21:40:34"
        "%0ASynchronise this machine's clock (NTP), or backdate iat by a minute and keep exp at 15 minutes."
        "%0Ahttps://pytest-asc.readthedocs.io/en/stable/causes/clock-ahead/"
        "%0Ahttps://www.rfc-editor.org/rfc/rfc9110#field.date"
    )
    assert warning.startswith("::warning title=The token's lifetime is exactly at the limit::token-lifetime-at-limit ")


def test_notes_get_no_annotation() -> None:
    report = load_json("clock-ahead")
    report["findings"][0]["level"] = "note"
    assert [line.split(" ")[0] for line in annotate(Report.from_json(report))] == ["::warning"]


def test_annotations_are_escaped_as_github_documents() -> None:
    report = load_json("clock-ahead")
    report["findings"][:] = [report["findings"][0] | {"cause": "50%: a, b", "evidence": "100%, a: b"}]
    (line,) = annotate(Report.from_json(report))
    assert line.startswith("::error title=50%25%3A a%2C b::50%25: a, b (confirmed")
    assert "%0A100%25, a: b%0A" in line


NASTY = st.sampled_from(["\r", "\n", "::error::", "::", ",", "%0A", "##[debug]", "\u2028", "\x85", "\x1b[2J", "\x0b"])
EXTERNAL_TEXT = st.lists(NASTY | st.text(), max_size=8).map("".join)


@given(external=EXTERNAL_TEXT)
def test_text_from_outside_cannot_break_out_of_its_annotation(external: str) -> None:
    report = load_json("clock-ahead")
    for finding in report["findings"]:
        finding.update(cause=f"c{external}", evidence=external, fix=external, docs=external)
    for line in annotate(Report.from_json(report)):
        assert line.isprintable()
        _, command, _ = line.split("::", 2)
        assert re.fullmatch(r"(error|warning) title=[^:,]+", command)


@given(
    external=st.lists(st.sampled_from(["|", "\n", "\\", "<b>", "```", "[x](y)", "\n# h", "&lt;"]) | st.text()).map(
        "".join
    )
)
def test_text_from_outside_cannot_change_the_structure_of_the_summary(external: str) -> None:
    unchanged, report = load("clock-ahead"), load_json("clock-ahead")
    for finding in report["findings"]:
        finding.update(evidence=external, fix=external)
    report["checks"][0].update(reason=external)
    report["credentials"]["sources"]["key_id"] = external
    lines = render(Report.from_json(report)).split("\n")
    assert [structure(line) for line in lines] == [structure(line) for line in render(unchanged).split("\n")]


def structure(line: str) -> tuple[str, int, int]:
    """Start of a line, number of its table cells, number of its tags."""
    unescaped = re.sub(r"\\[\\`*_\[\]|#~&]", "", line)
    return line[:3].strip(), unescaped.count("|"), unescaped.count("<")
