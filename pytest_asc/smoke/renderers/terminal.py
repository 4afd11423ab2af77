"""The smoke report for people at a terminal."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from pytest_asc.diagnosis.formatting import one_line
from pytest_asc.smoke.renderers import text_timeline
from pytest_asc.smoke.renderers.phrases import CERTAINTY, facts, failed, roles, skipped, title_of, verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

Piece = tuple[str, dict[str, bool]]
"""A text and its markup, as ``TerminalWriter.write`` takes them."""
Line = list[Piece]

_LABELS = 11
_NARROWEST = 20
_LONGEST = 2_000
# GitHub's runner obeys a line that begins with the one or holds the other. Foreign words shall not command it.
_COMMAND, _OLD_COMMAND = "::", "##["
_LEVELS = {"error": {"red": True, "bold": True}, "warning": {"yellow": True, "bold": True}, "note": {"bold": True}}
_TONES = {"mark": {"bold": True}, "live": {"green": True}, "over": {"red": True}, "outside": {"light": True}}
_FANCY = "…" + "".join(text_timeline.LINES)


def render(report: Mapping[str, Any], *, width: int, encoding: str | None = "utf-8") -> list[Line]:
    """Lay the report out.

    Args:
        report: The report, as it is written to ``--asc-report``, with ``mode`` and ``checks``.
        width: The terminal's columns. Only an address may be longer: it cannot be clicked in halves.
        encoding: The terminal's encoding; what it cannot show is replaced.
    """
    page = _Page(width, encoding or "ascii")
    said = verdict(report)
    page.write(said, **_verdict_markup(report))
    page.gap()
    for label, sentences in facts(report):
        page.row(label, *sentences)
        if label == "token":
            page.draw(report)
    if doors := list(roles(report)):
        page.gap()
    for label, sentences in doors:
        page.row(label, *sentences)
    for finding in report["findings"]:
        page.gap()
        page.row(
            finding["level"], f"{finding['cause']} ({CERTAINTY[finding['certainty']]})", **_LEVELS[finding["level"]]
        )
        title = title_of(finding["cause"])
        if title[1:] not in said:
            page.row("", f"{title}.")
        page.row("seen", finding["evidence"])
        page.row("fix", finding["fix"])
        page.row("docs", finding["docs"])
    for label, checks in (("failed", failed(report)), ("skipped", skipped(report))):
        if checks:
            page.gap()
            page.row(label, *checks)
    return page.lines


def _verdict_markup(report: Mapping[str, Any]) -> dict[str, bool]:
    if not report["ok"]:
        return {"red": True, "bold": True}
    warned = any(finding["level"] == "warning" for finding in report["findings"])
    return {"yellow" if warned else "green": True, "bold": True}


class _Page:
    """Lines in the making."""

    def __init__(self, width: int, encoding: str) -> None:
        self.lines: list[Line] = []
        self._width = width
        self._fancy = _can_encode(_FANCY, encoding)

    def gap(self) -> None:
        """Leave one line blank."""
        if self.lines[-1]:
            self.lines.append([])

    def write(self, text: str, **markup: bool) -> None:
        """Write a paragraph."""
        self.lines += [[(line, markup)] for line in self._wrap(text, self._width)]

    def row(self, label: str, *sentences: str, **markup: bool) -> None:
        """Write sentences, each on lines of its own, beside a label."""
        for sentence in sentences:
            for line in self._wrap(sentence, self._width - _LABELS):
                self.lines.append([(f"  {label}".ljust(_LABELS), markup or {"light": True}), (line, {})])
                label, markup = "", {}

    def draw(self, report: Mapping[str, Any]) -> None:
        """Draw the token's times."""
        ink = text_timeline.LINES if self._fancy else text_timeline.ASCII
        pieces = text_timeline.draw(report, width=self._width - _LABELS, ink=ink)
        if pieces:
            self.lines.append([(" " * _LABELS, {}), *((text, _TONES[tone]) for tone, text in pieces)])

    def _wrap(self, text: str, width: int) -> list[str]:
        width = max(width - 1, _NARROWEST)  # the column that _defuse may need
        words = [part for word in self._plain(text).split() for part in _cut(word, width)]
        lines = wrap(" ".join(words), width, break_long_words=False, break_on_hyphens=False)
        return [_defuse(line) for line in lines]

    def _plain(self, text: str) -> str:
        line = one_line(text, _LONGEST).replace(_OLD_COMMAND, " ".join(_OLD_COMMAND))
        if self._fancy:
            return line
        return line.replace("…", "...").encode("ascii", "replace").decode("ascii")


def _defuse(line: str) -> str:
    return f"{' '.join(_COMMAND)}{line.removeprefix(_COMMAND)}" if line.startswith(_COMMAND) else line


def _cut(word: str, width: int) -> list[str]:
    return [word] if "://" in word else wrap(word, width, break_on_hyphens=False)


def _can_encode(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
