"""Renderer of the smoke report for a terminal."""

from __future__ import annotations

import re
from textwrap import wrap
from typing import TYPE_CHECKING

from pytest_asc.diagnosis.formatting import one_line
from pytest_asc.smoke.renderers import text_timeline
from pytest_asc.smoke.renderers.phrases import CERTAINTY, facts, failed, headline, roles, skipped, title_of

if TYPE_CHECKING:
    from pytest_asc.smoke.report import Report

Piece = tuple[str, dict[str, bool]]
"""A text and its markup, as ``TerminalWriter.write`` accepts them."""
Line = list[Piece]

_LABEL_WIDTH = 11
_MIN_WIDTH = 20
_MAX_LENGTH = 2_000
# GitHub Actions runs a line that starts with the first text, or contains the second, as a workflow command. Quoted text
# must not become one.
_COMMAND, _OLD_COMMAND = "::", "##["
_LEVELS = {"error": {"red": True, "bold": True}, "warning": {"yellow": True, "bold": True}, "note": {"bold": True}}
_TONES = {"mark": {"bold": True}, "valid": {"green": True}, "over": {"red": True}, "outside": {"light": True}}
# Lines are not broken between a number and its unit.
_AMOUNT, _NO_BREAK = re.compile(r"\b(\d{1,7}) (s|min|h|days?)\b"), "\u00a0"
_UNICODE = "…" + "".join(text_timeline.LINES)


def render(report: Report, *, width: int = 80, encoding: str | None = "utf-8") -> str:
    """Return the report as plain text.

    Args:
        report: The report.
        width: Number of columns. Only URLs may be longer, so that they can be clicked.
        encoding: Encoding of the terminal. Characters that it lacks are replaced.
    """
    lines = (
        "".join(text for text, _ in line).rstrip() for line in render_lines(report, width=width, encoding=encoding)
    )
    return "\n".join(lines) + "\n"


def render_brief_lines(report: Report, *, width: int, encoding: str | None = "utf-8") -> list[Line]:
    """Return the lines for ``-qq``: the outcome, and the fix and the page of each error and warning.

    Args:
        report: The report.
        width: Number of columns. Only URLs may be longer, so that they can be clicked.
        encoding: Encoding of the terminal. Characters that it lacks are replaced.
    """
    page = _Page(width, encoding or "ascii")
    page.write(headline(report), **_headline_markup(report))
    for finding in report.findings:
        if finding.level != "note":
            page.row(finding.level, finding.cause, **_LEVELS[finding.level])
            page.row("fix", finding.fix)
            page.row("docs", finding.docs)
    return page.lines


def render_lines(report: Report, *, width: int, encoding: str | None = "utf-8", verbose: bool = False) -> list[Line]:
    """Return the lines of the report with their markup.

    Args:
        report: The report.
        width: Number of columns. Only URLs may be longer, so that they can be clicked.
        encoding: Encoding of the terminal. Characters that it lacks are replaced.
        verbose: List the options and variables that were searched, if no credentials were found.
    """
    page = _Page(width, encoding or "ascii")
    outcome = headline(report)
    page.write(outcome, **_headline_markup(report))
    page.gap()
    for label, sentences in facts(report):
        page.row(label, *sentences)
        if label == "token":
            page.draw(report)
    if areas := list(roles(report)):
        page.gap()
    for label, sentences in areas:
        page.row(label, *sentences)
    for finding in report.findings:
        page.gap()
        page.row(finding.level, f"{finding.cause} ({CERTAINTY[finding.certainty]})", **_LEVELS[finding.level])
        title = title_of(finding.cause)
        if title[1:] not in outcome:
            page.row("", f"{title}.")
        page.row("evidence", finding.evidence)
        page.row("fix", finding.fix)
        page.row("docs", *filter(None, (finding.docs, finding.reference)))
    if report.searched:
        page.gap()
        page.row(
            "searched",
            ", ".join(report.searched) if verbose else "-v lists the options and variables that were searched",
        )
    for label, checks in (("failed", failed(report)), ("skipped", skipped(report))):
        if checks:
            page.gap()
            page.row(label, *checks)
    return page.lines


def _headline_markup(report: Report) -> dict[str, bool]:
    if not report.ok:
        return {"red": True, "bold": True}
    return {"yellow" if report.warnings else "green": True, "bold": True}


class _Page:
    """The lines of the report."""

    def __init__(self, width: int, encoding: str) -> None:
        self.lines: list[Line] = []
        self._width = width
        self._unicode = _can_encode(_UNICODE, encoding)

    def gap(self) -> None:
        """Add a blank line."""
        if self.lines[-1]:
            self.lines.append([])

    def write(self, text: str, **markup: bool) -> None:
        """Add a paragraph."""
        self.lines += [[(line, markup)] for line in self._wrap(text, self._width)]

    def row(self, label: str, *sentences: str, **markup: bool) -> None:
        """Add sentences next to a label, each starting on a new line."""
        for sentence in sentences:
            for line in self._wrap(sentence, self._width - _LABEL_WIDTH):
                self.lines.append([(f"  {label}".ljust(_LABEL_WIDTH), markup or {"light": True}), (line, {})])
                label, markup = "", {}

    def draw(self, report: Report) -> None:
        """Add the timeline of the token."""
        glyphs = text_timeline.LINES if self._unicode else text_timeline.ASCII
        pieces = text_timeline.draw(report, width=self._width - _LABEL_WIDTH, glyphs=glyphs)
        if pieces:
            indent = " " * _LABEL_WIDTH
            self.lines.append([(indent, {}), *((text, _TONES[tone]) for tone, text in pieces)])
            self.lines.append([(f"{indent}{text_timeline.legend(pieces, glyphs)}", {"light": True})])

    def _wrap(self, text: str, width: int) -> list[str]:
        width = max(width - 1, _MIN_WIDTH)  # one column for _break_command
        words = [part for word in self._plain(text).split() for part in _cut(word, width)]
        text = _AMOUNT.sub(rf"\1{_NO_BREAK}\2", " ".join(words))
        lines = wrap(text, width, break_long_words=False, break_on_hyphens=False)
        return [_break_command(line.replace(_NO_BREAK, " ")) for line in lines]

    def _plain(self, text: str) -> str:
        line = one_line(text, _MAX_LENGTH).replace(_OLD_COMMAND, " ".join(_OLD_COMMAND))
        if self._unicode:
            return line
        return line.replace("…", "...").encode("ascii", "replace").decode("ascii")


def _break_command(line: str) -> str:
    return f"{' '.join(_COMMAND)}{line.removeprefix(_COMMAND)}" if line.startswith(_COMMAND) else line


def _cut(word: str, width: int) -> list[str]:
    return [word] if "://" in word else wrap(word, width, break_on_hyphens=False)


def _can_encode(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
