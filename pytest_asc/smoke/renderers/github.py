"""Renderer of the smoke report for GitHub Actions: Markdown for the job summary, and annotations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_asc.diagnosis.formatting import one_line
from pytest_asc.smoke.renderers import text_timeline
from pytest_asc.smoke.renderers.phrases import CERTAINTY, facts, headline, title_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.experiments.role_access import AreaAccess
    from pytest_asc.smoke.report import Report

_MAX_LENGTH = 2_000
_TIMELINE_WIDTH = 72
_COMMANDS = ("error", "warning")
_OUTCOMES = {"passed": "✅ passed", "failed": "❌ failed", "skipped": "⚪ skipped"}
_ACCESS = {True: "✅ yes", False: "❌ no", None: "⚪ unknown"}
_MARKUP = re.compile(r"[\\`*_\[\]|#~&]")


def annotate(report: Report) -> list[str]:
    """Return a workflow command for each error and warning, each as a line to print.

    The syntax and its escape sequences are documented at
    https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
    """
    return [
        f"::{finding.level} title={_property(title_of(finding.cause))}::{_data(_annotation_lines(finding))}"
        for finding in report.findings
        if finding.level in _COMMANDS
    ]


def render(report: Report) -> str:
    """Return the report as Markdown, for ``$GITHUB_STEP_SUMMARY``."""
    return "\n".join(_paragraphs(report)) + "\n"


def _annotation_lines(finding: Finding) -> list[str]:
    return [
        f"{finding.cause} ({CERTAINTY[finding.certainty]})",
        finding.evidence,
        finding.fix,
        finding.docs,
        *filter(None, (finding.reference,)),
    ]


def _data(lines: Iterable[str]) -> str:
    text = "\n".join(one_line(line, _MAX_LENGTH) for line in lines)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data([text]).replace(":", "%3A").replace(",", "%2C")


def _paragraphs(report: Report) -> Iterator[str]:
    yield f"### {'✅' if report.ok else '❌'} {_markdown(headline(report))}"
    for finding in report.findings:
        yield ""
        yield f"**{_markdown(finding.level)}: {_markdown(title_of(finding.cause))}**"
        yield ""
        yield f"- Cause: {_markdown(finding.cause)} ({_markdown(CERTAINTY[finding.certainty])})"
        yield f"- Evidence: {_markdown(finding.evidence)}"
        yield f"- Fix: {_markdown(finding.fix)}"
        yield f"- Docs: {', '.join(_address(url) for url in (finding.docs, finding.reference) if url)}"
    yield ""
    yield from _table(
        ("check", "outcome", "reason"),
        ((check.name, _OUTCOMES[check.outcome], check.reason or "") for check in report.checks),
    )
    if report.experiments:
        yield ""
        yield from _table(
            ("experiment", "status", "result"),
            ((experiment.name, _status(experiment.status), experiment.showed) for experiment in report.experiments),
        )
    if report.role_access:
        yield ""
        yield from _table(
            ("area", "access", "request", "response"),
            (
                (area.area, _ACCESS[area.opens], f"{area.method} {area.path}", _response(area))
                for area in report.role_access
            ),
        )
    details = [(label, "; ".join(sentences)) for label, sentences in facts(report) if label != "tried"]
    if details:
        yield ""
        yield from _table(("", "details"), details)
    timeline = "".join(text for _, text in text_timeline.draw(report, width=_TIMELINE_WIDTH))
    if timeline:
        yield from ("", "```text", timeline, "```")


def _status(status: int | None) -> str:
    return str(status or "none")


def _response(area: AreaAccess) -> str:
    return " ".join(filter(None, (str(area.status or ""), area.words)))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(_markdown, row))} |"


def _markdown(text: str) -> str:
    """Escape Markdown, HTML and the separator of table cells."""
    return _MARKUP.sub(r"\\\g<0>", one_line(text, _MAX_LENGTH)).replace("<", "&lt;")


def _address(url: str) -> str:
    return f"<{re.sub('[<>]', '', one_line(url, _MAX_LENGTH)).replace(' ', '%20')}>"
