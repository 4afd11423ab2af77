"""The smoke report as one page that needs nothing else: no script, and no style, font or picture from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest_asc
from pytest_asc.diagnosis.token.verify import utc
from pytest_asc.smoke.renderers.html_elements import element, page, table
from pytest_asc.smoke.renderers.phrases import CERTAINTY, facts, service_of, title_of, verdict
from pytest_asc.smoke.renderers.timeline import picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from xml.etree.ElementTree import Element

STYLE = Path(__file__).with_name("page.css")

# The page asks nobody for anything, whatever foreign words stand in it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


class StatusIcon(NamedTuple):
    """A state told by shape and word: colour only repeats it."""

    word: str
    state: str
    shape: str
    """The outline, as an SVG path in a square of 24."""
    stroke: str
    """What is drawn inside."""


_DISC = "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22z"
_OCTAGON = "M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4z"
_TRIANGLE = "M12 1.5 23.5 22H.5z"
_TICK, _CROSS, _DASH = "M6.5 12.5l3.7 3.7 7.3-8", "M8 8l8 8M16 8l-8 8", "M7 12h10"

_SIGNS = {
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

# These facts have tables of their own.
_TABLES = frozenset({"probes", "roles"})


def render(report: Mapping[str, Any]) -> str:
    """The report as an HTML document.

    Args:
        report: The report, as it is written to ``--asc-report``, with ``mode`` and ``checks``.
    """
    said = verdict(report) if report["checks"] else "No check was made."
    style = element("style")
    style.text = "\n" + STYLE.read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", said),
        style,
    )
    body = element(
        "body",
        element("header", *_heading(report, said)),
        element("main", *_sections(report)),
        element("footer", f"Written by pytest-asc {pytest_asc.__version__}. {_SAFE}"),
    )
    return page(element("html", head, body, lang="en"))


def _heading(report: Mapping[str, Any], said: str) -> Iterator[Element]:
    clock = report["clock"] or {}
    apple, here = clock.get("apple_now"), clock.get("local_now")
    now = here if apple is None else apple
    service = service_of(report).title
    parts = (
        f"{service[0].upper()}{service[1:]}",
        "a rehearsal with the emulator" if report["mode"] == "emulator" else "smoke check",
        None if now is None else utc(now),
    )
    yield element("p", " · ".join(filter(None, parts)), class_="origin")
    yield element("h1", _sign(_overall(report)), element("span", said))


def _overall(report: Mapping[str, Any]) -> str:
    if not report["ok"]:
        return "error"
    if not report["checks"]:
        return "note"
    return "warning" if any(finding["level"] == "warning" for finding in report["findings"]) else "good"


def _sections(report: Mapping[str, Any]) -> Iterator[Element]:
    yield from (_finding(finding) for finding in _worst_first(report))
    drawn = picture(report)
    if drawn is not None:
        yield _section("The token's times", element("figure", drawn, element("figcaption", _caption(drawn))))
    known = [element("div", element("dt", label), *_told(sentences)) for label, sentences in _facts(report)]
    if known:
        yield _section("What is known", element("dl", *known))
    if report["checks"]:
        rows = ((check["name"], _marked(check["outcome"]), check["reason"]) for check in report["checks"])
        yield _section("Checks", table("What was looked at, in this order", ("check", "outcome", "reason"), rows))
    if report["probes"]:
        yield _section("Experiments", _experiments(report["probes"]))
    if report.get("roles"):
        yield _section("What the key's role opens", _roles(report["roles"]))


def _worst_first(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The findings, the report's own cause first and notes last."""
    levels = ["error", "warning", "note"]
    return sorted(report["findings"], key=lambda one: (one["cause"] != report["cause"], levels.index(one["level"])))


def _finding(finding: Mapping[str, Any]) -> Element:
    level = finding["level"]
    return element(
        "article",
        element("p", _marked(level), class_="level"),
        element("h2", title_of(finding["cause"])),
        element("p", element("strong", "Fix"), " ", finding["fix"], class_="fix"),
        element(
            "dl",
            element("div", element("dt", "seen"), element("dd", finding["evidence"])),
            element("div", element("dt", "cause"), element("dd", element("code", finding["cause"]))),
            element("div", element("dt", "how sure"), element("dd", CERTAINTY[finding["certainty"]])),
            element("div", element("dt", "read on"), element("dd", _address(finding["docs"]))),
        ),
        class_=_SIGNS[level].state,
    )


def _address(url: str) -> Element | str:
    """A link that says where it leads, on paper too."""
    return element("a", url, href=url) if url.startswith(("https://", "http://")) else url


def _facts(report: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    return ((label, sentences) for label, sentences in facts(report) if label not in _TABLES)


def _told(sentences: Iterable[str]) -> Iterator[Element]:
    return (element("dd", sentence) for sentence in sentences)


def _caption(drawn: Element) -> str:
    beyond = ", hatched where it is beyond what is allowed" if drawn.find("rect[@class='over']") is not None else ""
    return f"The bar is the token's life{beyond}. To scale, in UTC."


def _experiments(probes: Sequence[Mapping[str, Any]]) -> Element:
    head = ["tried", "answer"]
    rows = [[probe["name"], _status(probe)] for probe in probes]
    if any(probe.get("showed") for probe in probes):
        head.append("what it shows")
        rows = [[*row, probe.get("showed")] for row, probe in zip(rows, probes, strict=True)]
    return table("One small request each", head, rows)


def _roles(roles: Iterable[Mapping[str, Any]]) -> Element:
    rows = (
        (
            element("span", role["area"], element("br"), element("code", f"{role['method']} {role['path']}")),
            "not known" if role["opens"] is None else _marked("opens" if role["opens"] else "closed"),
            " ".join(filter(None, (_status(role), role.get("words")))),
        )
        for role in roles
    )
    return table("One small request for each area", ("area", "this key", "answer"), rows)


def _status(asked: Mapping[str, Any]) -> str:
    # What was not asked has none, either.
    return str(asked["status"] or "none")


def _section(title: str, content: Element) -> Element:
    return element("section", element("h2", title), content)


def _marked(name: str) -> Element:
    """A sign and its word."""
    sign = _SIGNS[name]
    return element("span", _sign(name), " ", sign.word, class_=f"sign {sign.state}")


def _sign(name: str) -> Element:
    sign = _SIGNS[name]
    return element(
        "svg",
        element("path", d=sign.shape, class_="shape"),
        element("path", d=sign.stroke, class_="stroke"),
        class_=sign.state,
        viewBox="0 0 24 24",
        aria_hidden="true",
    )
