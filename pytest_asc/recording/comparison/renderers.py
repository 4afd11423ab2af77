"""Renderers of the report of a comparison: text, JSON, and a self-contained HTML page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.html_elements import element, page, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from pytest_asc.recording.comparison.comparison import Report
    from pytest_asc.recording.comparison.differences import Difference

_HEAD = ("request", "kind", "location", "live", "emulator")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """\
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 3rem 1.5rem; max-width: 75rem; font: 1rem/1.5 system-ui, sans-serif; }
table { width: 100%; border-collapse: collapse; overflow-wrap: anywhere; font-size: 0.9rem; }
caption { text-align: left; font-weight: 650; padding: 1.5rem 0 0.5rem; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.75rem 0.35rem 0; border-top: 1px solid #8886; }
tbody th { font-weight: 400; }
"""
_SAFE = (
    "This page contains no values of the account, only names of members, types, codes, IDs and links. "
    "It can be attached to a bug report."
)
_TITLE = "Comparison of the live API and the emulator"
_MAX_LINES = 40


def headline(report: Report) -> str:
    """Return the result as one sentence."""
    found = _count(len(report.differences), "new difference" if report.known else "difference")
    known = f" and {_count(len(report.known), 'known one')}" if report.known else ""
    left_out = f"; {_count(report.left_out, 'request')} not sent, beyond the budget" if report.left_out else ""
    return f"{found}{known} in {_count(report.asked, 'request')}{left_out}"


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def render_text(report: Report) -> Iterator[str]:
    """Yield the lines of a table for a terminal. Equal differences are listed only once."""
    yield headline(report)
    grouped = _grouped(report.differences)
    for rows in list(grouped.values())[:_MAX_LINES]:
        first = rows[0]
        times = f" ({len(rows)} times)" if len(rows) > 1 else ""
        yield f"  GET {first.path}{times}"
        yield f"      {first.what}{first.where and f' of {first.where}'}: live {first.live}; emulator {first.emulator}"
    if len(grouped) > _MAX_LINES:
        yield f"  and {len(grouped) - _MAX_LINES} more; for all of them, add --report FILE"
    for text, rows in _by_reason(report.known).items():
        yield f"  {_count(len(rows), 'known difference')}: {text}"


def render_json(report: Report) -> str:
    """Return the report as a JSON document."""
    return json.dumps(report.as_json(), indent=2) + "\n"


def render_html(report: Report) -> str:
    """Return the report as an HTML page."""
    known = [(str(len(rows)), text, f"GET {rows[0].path}") for text, rows in _by_reason(report.known).items()]
    body: list[Element] = [
        element("h1", _TITLE),
        element("p", headline(report)),
        element("p", f"Version {api_spec().version} of the App Store Connect API. {_SAFE}"),
    ]
    if report.differences:
        rows = [(f"GET {one.path}", one.what, one.where, one.live, one.emulator) for one in report.differences]
        body.append(table("Differences", _HEAD, rows))
    if known:
        body.append(table("Known differences", ("number", "reason", "for example"), known))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", _TITLE),
    )
    style = element("style")
    style.text = _STYLE
    head.append(style)
    return page(element("html", head, element("body", *body), lang="en"))


def render_for(path: Path, report: Report) -> str:
    """Return the report in the format for a file name: an HTML page for ``.html``, otherwise JSON."""
    return render_html(report) if path.suffix.lower() in {".html", ".htm"} else render_json(report)


def _grouped(found: Sequence[Difference]) -> dict[tuple[str, ...], list[Difference]]:
    groups: dict[tuple[str, ...], list[Difference]] = {}
    for one in found:
        kind = one.resource[0] if one.resource else one.path
        groups.setdefault((kind, one.what, one.where, one.live, one.emulator), []).append(one)
    return groups


def _by_reason(found: Sequence[Difference]) -> dict[str, list[Difference]]:
    groups: dict[str, list[Difference]] = {}
    for one in found:
        groups.setdefault(str(one.known), []).append(one)
    return groups
