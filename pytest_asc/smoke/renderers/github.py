"""The smoke report for GitHub Actions: annotations of the run, and a summary of the job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_asc.diagnosis.formatting import one_line
from pytest_asc.smoke.renderers import text_timeline
from pytest_asc.smoke.renderers.phrases import CERTAINTY, facts, title_of, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_LONGEST = 2_000
_RULER_WIDTH = 72
_COMMANDS = ("error", "warning")
_OUTCOMES = {"passed": "✅ passed", "failed": "❌ failed", "skipped": "⚪ skipped"}
_DOORS = {True: "✅ yes", False: "❌ no", None: "⚪ unknown"}
_MARKUP = re.compile(r"[\\`*_\[\]|#~&]")


def annotate(report: Mapping[str, Any]) -> list[str]:
    """One workflow command per error and warning, each a line to print.

    The form, and what must be escaped in it, is documented at
    https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
    """
    return [
        f"::{finding['level']} title={_property(title_of(finding['cause']))}::{_data(_told(finding))}"
        for finding in report["findings"]
        if finding["level"] in _COMMANDS
    ]


def summary(report: Mapping[str, Any]) -> str:
    """The report as Markdown for ``$GITHUB_STEP_SUMMARY``."""
    return "\n".join(_paragraphs(report)) + "\n"


def _told(finding: Mapping[str, str]) -> list[str]:
    return [
        f"{finding['cause']} ({CERTAINTY[finding['certainty']]})",
        finding["evidence"],
        finding["fix"],
        finding["docs"],
    ]


def _data(lines: Iterable[str]) -> str:
    text = "\n".join(one_line(line, _LONGEST) for line in lines)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data([text]).replace(":", "%3A").replace(",", "%2C")


def _paragraphs(report: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {'✅' if report['ok'] else '❌'} {_markdown(verdict(report))}"
    for finding in report["findings"]:
        yield ""
        yield f"**{_markdown(finding['level'])}: {_markdown(title_of(finding['cause']))}**"
        yield ""
        yield f"- Cause: {_markdown(finding['cause'])} ({_markdown(CERTAINTY[finding['certainty']])})"
        yield f"- Seen: {_markdown(finding['evidence'])}"
        yield f"- Fix: {_markdown(finding['fix'])}"
        yield f"- Docs: {_address(finding['docs'])}"
    yield ""
    yield from _table(
        ("check", "outcome", "reason"),
        ((check["name"], _OUTCOMES[check["outcome"]], check["reason"] or "") for check in report["checks"]),
    )
    if report["probes"]:
        yield ""
        yield from _table(
            ("experiment", "answer", "what it showed"),
            ((probe["name"], _status(probe["status"]), probe["showed"]) for probe in report["probes"]),
        )
    if report.get("roles"):
        yield ""
        yield from _table(
            ("area", "the key's role opens it", "request", "answer"),
            (
                (look["area"], _DOORS[look["opens"]], f"{look['method']} {look['path']}", _answer(look))
                for look in report["roles"]
            ),
        )
    known = [(label, "; ".join(sentences)) for label, sentences in facts(report) if label != "probes"]
    if known:
        yield ""
        yield from _table(("", "what is known"), known)
    picture = "".join(text for _, text in text_timeline.draw(report, width=_RULER_WIDTH))
    if picture:
        yield from ("", "```text", picture, "```")


def _status(status: int | None) -> str:
    return str(status or "none")


def _answer(look: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (str(look["status"] or ""), look["words"])))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(_markdown, row))} |"


def _markdown(text: str) -> str:
    """Foreign words as words: no markup, no HTML, no end of a table's cell."""
    return _MARKUP.sub(r"\\\g<0>", one_line(text, _LONGEST)).replace("<", "&lt;")


def _address(url: str) -> str:
    return f"<{re.sub('[<>]', '', one_line(url, _LONGEST)).replace(' ', '%20')}>"
