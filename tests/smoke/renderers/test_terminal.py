from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.smoke.renderers import text_timeline
from pytest_asc.smoke.renderers.terminal import render

if TYPE_CHECKING:
    from pytest_asc.smoke.renderers.terminal import Line

# Each report stands beside its faces: .txt is the terminal's, .md the job summary's.
REPORTS = sorted((Path(__file__).parent / "reports").glob("*.json"), key=lambda path: path.stem)


def load(path: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return report


def text_of(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in lines]


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_face(path: Path) -> None:
    assert text_of(render(load(path), width=80)) == path.with_suffix(".txt").read_text("utf-8").splitlines()


def test_a_good_run_is_short() -> None:
    assert len(render(load(REPORTS[0].with_name("good.json")), width=80)) <= 9


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "no such encoding", None])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_fits_the_terminal(path: Path, encoding: str | None, width: int) -> None:
    for line in text_of(render(load(path), width=width, encoding=encoding)):
        assert len(line) <= width or "://" in line
        line.encode("utf-8" if encoding == "utf-8" else "ascii")


@pytest.mark.parametrize(
    ("name", "colour"), [("good", "green"), ("warned", "yellow"), ("lifetime-too-long", "red"), ("not-asked", "red")]
)
def test_the_verdict_has_the_colour_of_the_outcome(name: str, colour: str) -> None:
    text, markup = render(load(REPORTS[0].with_name(f"{name}.json")), width=80)[0][0]
    assert text.startswith("App Store Connect" if name != "warned" else "The emulator")
    assert markup == {colour: True, "bold": True}


@pytest.mark.parametrize(
    ("apps", "words"),
    [(0, "; no apps are visible."), (1, "; 1 app is visible."), (7, "; 7 apps are visible."), (None, ".")],
)
def test_the_verdict_counts_the_apps(apps: int | None, words: str) -> None:
    report = load(REPORTS[0].with_name("good.json"))
    report["request"]["apps_visible"] = apps
    assert text_of(render(report, width=80))[0] == f"App Store Connect accepts these credentials{words}"


def test_what_is_beyond_the_limit_is_red() -> None:
    lines = render(load(REPORTS[0].with_name("lifetime-too-long.json")), width=80)
    (beyond,) = (markup for line in lines for text, markup in line if text_timeline.LINES.over in text)
    assert beyond == {"red": True}


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
def test_members_may_be_null(name: str, path: tuple[str, ...]) -> None:
    report = load(REPORTS[0].with_name(f"{name}.json"))
    *parents, member = path
    owner = report
    for parent in parents:
        owner = owner[parent] or {}
    owner[member] = None
    assert text_of(render(report, width=80))[0].startswith("App Store Connect")
    assert "None" not in "\n".join(text_of(render(report, width=80)))


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
FOREIGN = st.lists(NASTY | st.text(), max_size=8).map("".join)


@given(foreign=FOREIGN, width=st.integers(40, 120), encoding=st.sampled_from(["utf-8", "ascii"]))
def test_foreign_words_command_neither_terminal_nor_runner(foreign: str, width: int, encoding: str) -> None:
    report = load(REPORTS[0].with_name("unknown-key.json"))
    report["request"].update(code=foreign, description=foreign)
    report["findings"][0].update(evidence=f"not {foreign}", fix=foreign, docs=foreign)
    report["checks"][0].update(outcome="skipped", reason=foreign)
    report["credentials"]["sources"]["key_id"] = foreign
    for line in text_of(render(report, width=width, encoding=encoding)):
        assert line.isprintable()
        assert len(line) <= width or "://" in line
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
