"""Renderer of the smoke report as a self-contained HTML page: no script, and no style, font or image from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest_asc
from pytest_asc.diagnosis.token.verify import utc
from pytest_asc.html_elements import element, page, table
from pytest_asc.smoke.renderers import timeline
from pytest_asc.smoke.renderers.phrases import CERTAINTY, facts, headline, title_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from xml.etree.ElementTree import Element

    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.experiments.role_access import AreaAccess
    from pytest_asc.experiments.table import ExperimentRecord
    from pytest_asc.smoke.report import Report

STYLE = Path(__file__).with_name("page.css")

# The page loads nothing, even where text of others contains markup.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


class StatusIcon(NamedTuple):
    """A state shown by shape and word: colour only repeats it."""

    word: str
    state: str
    shape: str
    """The outline, as an SVG path in a square of 24."""
    stroke: str
    """The symbol inside the outline, as an SVG path."""


_DISC = "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22z"
_OCTAGON = "M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4z"
_TRIANGLE = "M12 1.5 23.5 22H.5z"
_TICK, _CROSS, _DASH = "M6.5 12.5l3.7 3.7 7.3-8", "M8 8l8 8M16 8l-8 8", "M7 12h10"

_ICONS = {
    "good": StatusIcon("good", "good", _DISC, _TICK),
    "error": StatusIcon("error", "error", _OCTAGON, _CROSS),
    "warning": StatusIcon("warning", "warning", _TRIANGLE, "M12 8.5v6.2M12 18.2v.3"),
    "note": StatusIcon("note", "note", _DISC, "M12 10.8V18M12 6.6v.3"),
    "passed": StatusIcon("passed", "good", _DISC, _TICK),
    "failed": StatusIcon("failed", "error", _OCTAGON, _CROSS),
    "skipped": StatusIcon("skipped", "muted", _DISC, _DASH),
    "opens": StatusIcon("opens", "good", _DISC, _TICK),
    "closed": StatusIcon("does not open", "muted", _DISC, _DASH),
}

_SAFE = "This page holds no private key, no token and no whole identifier: it can be attached to a ticket."

# Facts that have tables of their own.
_TABLES = frozenset({"probes", "roles"})


def render(report: Report) -> str:
    """Return the report as an HTML document."""
    outcome = headline(report) if report.checks else "No check was made."
    style = element("style")
    style.text = "\n" + STYLE.read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", outcome),
        style,
    )
    body = element(
        "body",
        element("header", *_heading(report, outcome)),
        element("main", *_sections(report)),
        element("footer", f"Written by pytest-asc {pytest_asc.__version__}. {_SAFE}"),
    )
    return page(element("html", head, body, lang="en"))


def _heading(report: Report, outcome: str) -> Iterator[Element]:
    now = report.clock.now if report.clock else None
    service = report.service_entry.title
    parts = (
        f"{service[0].upper()}{service[1:]}",
        "smoke check against the emulator" if report.mode == "emulator" else "smoke check",
        f"API {report.api_version}" if report.api_version else None,
        None if now is None else utc(now),
    )
    yield element("p", " · ".join(filter(None, parts)), class_="origin")
    yield element("h1", _icon(_overall(report)), element("span", outcome))


def _overall(report: Report) -> str:
    if not report.ok:
        return "error"
    if not report.checks:
        return "note"
    return "warning" if report.warnings else "good"


def _sections(report: Report) -> Iterator[Element]:
    yield from (_finding(finding) for finding in _worst_first(report))
    if report.searched:
        summary = element("summary", f"{len(report.searched)} options and variables that were searched")
        yield element("details", summary, element("p", ", ".join(report.searched)))
    drawn = timeline.draw(report)
    if drawn is not None:
        yield _section("The token's times", element("figure", drawn, element("figcaption", _caption(drawn))))
    known = [element("div", element("dt", label), *_descriptions(sentences)) for label, sentences in _facts(report)]
    if known:
        yield _section("What is known", element("dl", *known))
    if report.checks:
        rows = ((check.name, _labelled_icon(check.outcome), check.reason) for check in report.checks)
        yield _section("Checks", table("Checks, in this order", ("check", "outcome", "reason"), rows))
    if report.experiments:
        yield _section("Experiments", _experiments(report.experiments))
    if report.role_access:
        yield _section("What the key's role opens", _roles(report.role_access))


def _worst_first(report: Report) -> list[Finding]:
    """Sort the findings: the report's own cause first and notes last."""
    levels = ["error", "warning", "note"]
    return sorted(report.findings, key=lambda one: (one.cause != report.cause, levels.index(one.level)))


def _finding(finding: Finding) -> Element:
    level = finding.level
    return element(
        "article",
        element("p", _labelled_icon(level), class_="level"),
        element("h2", title_of(finding.cause)),
        element("p", element("strong", "Fix"), " ", finding.fix, class_="fix"),
        element(
            "dl",
            element("div", element("dt", "seen"), element("dd", finding.evidence)),
            element("div", element("dt", "cause"), element("dd", element("code", finding.cause))),
            element("div", element("dt", "certainty"), element("dd", CERTAINTY[finding.certainty])),
            element(
                "div",
                element("dt", "read on"),
                *(element("dd", _address(url)) for url in (finding.docs, finding.reference) if url),
            ),
        ),
        class_=_ICONS[level].state,
    )


def _address(url: str) -> Element | str:
    """Make a link whose text is the URL, which can be read on paper."""
    return element("a", url, href=url) if url.startswith(("https://", "http://")) else url


def _facts(report: Report) -> Iterator[tuple[str, list[str]]]:
    return ((label, sentences) for label, sentences in facts(report) if label not in _TABLES)


def _descriptions(sentences: Iterable[str]) -> Iterator[Element]:
    return (element("dd", sentence) for sentence in sentences)


def _caption(drawn: Element) -> str:
    beyond = ", hatched where it is beyond what is allowed" if drawn.find("rect[@class='over']") is not None else ""
    return f"The bar is the token's life{beyond}. To scale, in UTC."


def _experiments(experiments: Sequence[ExperimentRecord]) -> Element:
    head = ["tried", "answer"]
    rows = [[experiment.name, _status(experiment)] for experiment in experiments]
    if any(experiment.showed for experiment in experiments):
        head.append("what it shows")
        rows = [[*row, experiment.showed] for row, experiment in zip(rows, experiments, strict=True)]
    return table("One small request each", head, rows)


def _roles(areas: Iterable[AreaAccess]) -> Element:
    rows = (
        (
            element("span", area.area, element("br"), element("code", f"{area.method} {area.path}")),
            "not known" if area.opens is None else _labelled_icon("opens" if area.opens else "closed"),
            " ".join(filter(None, (_status(area), area.words))),
        )
        for area in areas
    )
    return table("One small request for each area", ("area", "this key", "answer"), rows)


def _status(request: ExperimentRecord | AreaAccess) -> str:
    # A request that was not sent has none, either.
    return str(request.status or "none")


def _section(title: str, content: Element) -> Element:
    return element("section", element("h2", title), content)


def _labelled_icon(name: str) -> Element:
    """Make an icon with its word."""
    icon = _ICONS[name]
    return element("span", _icon(name), " ", icon.word, class_=f"icon {icon.state}")


def _icon(name: str) -> Element:
    icon = _ICONS[name]
    return element(
        "svg",
        element("path", d=icon.shape, class_="shape"),
        element("path", d=icon.stroke, class_="stroke"),
        class_=icon.state,
        viewBox="0 0 24 24",
        aria_hidden="true",
    )
