from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smoke.renderers.sample_reports import STORED_REPORTS, load, load_json

from pytest_asc.smoke.renderers import text_timeline
from pytest_asc.smoke.renderers.terminal import render, render_lines
from pytest_asc.smoke.report import Report

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_asc.smoke.renderers.terminal import Line


def text_of(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in lines]


@pytest.mark.parametrize("path", STORED_REPORTS, ids=lambda path: path.stem)
def test_a_terminal_report_equals_the_stored_rendering(path: Path) -> None:
    expected = path.with_suffix(".txt").read_text("utf-8")
    assert text_of(render_lines(load(path.stem), width=80)) == expected.splitlines()
    assert render(load(path.stem), width=80).splitlines() == expected.splitlines()


def test_the_terminal_report_of_a_passed_run_is_short() -> None:
    assert len(render_lines(load("good"), width=80)) <= 10


@pytest.mark.parametrize("path", STORED_REPORTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "no such encoding", None])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_lines_fit_the_terminal(path: Path, encoding: str | None, width: int) -> None:
    for line in text_of(render_lines(load(path.stem), width=width, encoding=encoding)):
        assert len(line) <= width or "://" in line
        line.encode("utf-8" if encoding == "utf-8" else "ascii")


@pytest.mark.parametrize(
    ("name", "colour"), [("good", "green"), ("warned", "yellow"), ("lifetime-too-long", "red"), ("not-asked", "red")]
)
def test_the_headline_has_the_colour_of_the_outcome(name: str, colour: str) -> None:
    text, markup = render_lines(load(name), width=80)[0][0]
    starts = {"warned": "The emulator", "not-asked": "No request was sent"}
    assert text.startswith(starts.get(name, "App Store Connect"))
    assert markup == {colour: True, "bold": True}


@pytest.mark.parametrize(
    ("apps", "words"),
    [(0, "; no apps are visible."), (1, "; 1 app is visible."), (7, "; 7 apps are visible."), (None, ".")],
)
def test_the_headline_counts_the_visible_apps(apps: int | None, words: str) -> None:
    report = load_json("good")
    report["request"]["apps_visible"] = apps
    assert (
        text_of(render_lines(Report.from_json(report), width=80))[0]
        == f"App Store Connect accepted these credentials{words}"
    )


def test_the_part_of_a_timeline_beyond_the_limit_is_red() -> None:
    lines = render_lines(load("lifetime-too-long"), width=80)
    beyond, legend = (markup for line in lines for text, markup in line if text_timeline.LINES.over in text)
    assert (beyond, legend) == ({"red": True}, {"light": True})


@pytest.mark.parametrize(
    "path",
    [
        ("credentials",),
        ("credentials", "kind"),
        ("credentials", "key_id"),
        ("credentials", "issuer_id"),
        ("credentials", "sources"),
        ("token",),
        ("token", "issued_at"),
        ("token", "expires_at"),
        ("token", "lifetime"),
        ("token", "minted_by"),
        ("request",),
        ("request", "status"),
        ("request", "code"),
        ("request", "words"),
        ("clock",),
        ("clock", "skew_seconds"),
        ("clock", "apple_now"),
        ("clock", "local_now"),
        ("rate_limit",),
    ],
    ids=".".join,
)
@pytest.mark.parametrize("name", ["good", "clock-ahead", "not-asked"])
def test_the_terminal_report_accepts_null_members(name: str, path: tuple[str, ...]) -> None:
    report = load_json(name)
    *parents, member = path
    owner = report
    for parent in parents:
        owner = owner[parent] or {}
    owner[member] = None
    lines = text_of(render_lines(Report.from_json(report), width=80))
    starts = {("request",): "The request got no response", ("request", "status"): "GET /v1/apps got no response"}
    changed = starts.get(path, "App Store Connect") if name == "clock-ahead" else "App Store Connect"
    assert lines[0].startswith("No request was sent" if name == "not-asked" else changed)
    assert "None" not in "\n".join(lines)


NASTY = st.sampled_from(
    [
        "\r\n",
        "::error::",
        "::add-mask::x ",
        "##[debug]",
        "\x1b]0;x\x07",
        "\x1b[2J",
        "\u2028",
        "\x85",
        "\u202e",
        "x" * 90,
    ]
)
EXTERNAL_TEXT = st.lists(NASTY | st.text(), max_size=8).map("".join)


@given(external=EXTERNAL_TEXT, width=st.integers(40, 120), encoding=st.sampled_from(["utf-8", "ascii"]))
def test_text_from_outside_contains_no_command_for_the_terminal_or_the_ci_runner(
    external: str, width: int, encoding: str
) -> None:
    report = load_json("unknown-key")
    report["request"].update(code=external, words=external)
    report["findings"][0].update(evidence=f"not {external}", fix=external, docs=external)
    report["checks"][0].update(outcome="skipped", reason=external)
    report["credentials"]["sources"]["key_id"] = external
    for line in text_of(render_lines(Report.from_json(report), width=width, encoding=encoding)):
        assert line.isprintable()
        assert len(line) <= width or "://" in line
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


def test_the_searched_settings_are_listed_in_verbose_mode() -> None:
    short, long = (" ".join(text_of(render_lines(load("not-asked"), width=80, verbose=one))) for one in (False, True))
    assert "-v lists the options and variables" in short
    assert "searched ASC_KEY_ID, ASC_PRIVATE_KEY, ASC_PRIVATE_KEY_PATH" in long
