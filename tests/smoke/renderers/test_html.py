from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smoke.renderers.sample_reports import STORED_REPORTS, load, load_json

import pytest_asc
from pytest_asc.smoke.renderers.html import render
from pytest_asc.smoke.renderers.phrases import facts, headline
from pytest_asc.smoke.report import Report

if TYPE_CHECKING:
    from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VOID = {"meta", "br"}

ROLES: list[dict[str, Any]] = [
    {"area": "apps", "method": "GET", "path": "/v1/apps", "status": 200, "opens": True, "words": None},
    {"area": "users", "method": "GET", "path": "/v1/users", "status": 403, "opens": False, "words": "Not allowed."},
    {"area": "sales", "method": "GET", "path": "/v1/salesReports", "status": None, "opens": None, "words": None},
]


class Page(HTMLParser):
    """Parsed page; one that is not well-formed is refused."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.lines: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self._open[-1] not in {"style", "title"}:
            self.lines.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.lines)


@pytest.mark.parametrize("path", STORED_REPORTS, ids=lambda path: path.stem)
def test_a_page_has_every_text_of_the_report(path: Path) -> None:
    document, report = load_json(path.stem), load(path.stem)
    text = Page(render(report)).text
    assert headline(report) in text
    for fact in facts(report):
        assert fact.label == "probes" or all(sentence in text for sentence in fact.sentences)
    for finding in document["findings"]:
        assert finding["evidence"] in text
        assert f"Fix {finding['fix']}" in text
        assert f"cause {finding['cause']}" in text
    for check in document["checks"]:
        assert f"{check['name']} {check['outcome']} {check['reason'] or ''}".strip() in text
    for probe in document["probes"]:
        assert f"{probe['name']} {probe['status'] or 'none'}" in text


WORDS = """
App Store Connect · smoke check · 2018-06-07 21:40:00 UTC
App Store Connect refuses this token: this machine's clock is ahead of Apple's.

error This machine's clock is ahead of Apple's
Fix Synchronise this machine's clock (NTP), or backdate iat by a minute and keep exp at 15 minutes.
seen iat 21:40:34 was 34 s in the future; Apple's clock said 21:40:00 UTC and this machine's 21:40:34
cause clock-ahead
how sure certain: what was seen proves it
read on https://www.rfc-editor.org/rfc/rfc9110#field.date

The token's times
Apple's clock 21:40:00 this machine 21:40:34 iat 21:40:34 limit 22:00:00 exp 22:00:34
The bar is the token's life, hatched where it is beyond what is allowed. To scale, in UTC.

What is known
key team key 2X9R…34 (ASC_KEY_ID), issuer 5724…072a (ASC_ISSUER_ID) private key from ASC_PRIVATE_KEY_PATH
token 20 min of the 20 min allowed, minted by pytest-asc
iat 21:40:34 (in 34 s), exp 22:00:34 (in 20 min 34 s) UTC at Apple
answer 401 NOT_AUTHORIZED to GET /v1/apps, 3571 of 3600 requests left "Authentication credentials"
clock 34.2 s ahead of Apple's: 21:40:34 here, 21:40:00 UTC there

Checks What was looked at, in this order
check outcome reason
key passed
ids passed
token passed
clock failed clock-ahead
GET /v1/apps failed clock-ahead

Experiments One small request each
tried answer what it shows
older iat, five minutes of life 200 the clock

What the key's role opens One small request for each area
area this key answer
apps GET /v1/apps opens 200
users GET /v1/users does not open 403 Not allowed.
sales GET /v1/salesReports not known none

Written by pytest-asc 0.1.0. This page holds no private key, no token and no whole identifier: it can be attached to a
ticket.
"""


def test_a_page_has_its_texts_in_order() -> None:
    report = load_json("clock-ahead")
    del report["findings"][1]
    report["request"]["words"] = "Authentication credentials"
    report["probes"][0]["showed"] = "the clock"
    report["roles"] = ROLES
    assert Page(render(Report.from_json(report))).text == " ".join(WORDS.split()).replace(
        "0.1.0", pytest_asc.__version__
    )


def test_the_cause_of_the_report_stands_before_the_others() -> None:
    report = load_json("clock-ahead")
    report["findings"].reverse()
    text = Page(render(Report.from_json(report))).text
    assert text.index("cause clock-ahead") < text.index("cause token-lifetime")


@pytest.mark.parametrize(
    ("name", "state"), [("good", "good"), ("warned", "warning"), ("strict", "error"), ("clock-ahead", "error")]
)
def test_the_headline_has_the_icon_of_the_outcome(name: str, state: str) -> None:
    assert re.search(r'<h1>\s*<svg class="(\w+)"', render(load(name)))[1] == state  # type: ignore[index]


def test_a_report_without_checks_has_no_outcome() -> None:
    report = load_json("good") | {"checks": [], "credentials": None, "token": None, "clock": None}
    report["request"]["status"] = None
    text = Page(render(Report.from_json(report))).text
    assert text.startswith("App Store Connect · smoke check No check was made. Written by")


@pytest.mark.parametrize("path", STORED_REPORTS, ids=lambda path: path.stem)
def test_a_page_is_accessible(path: Path) -> None:
    page = Page(render(load(path.stem)))
    assert ("html", "lang", "en") in page.attributes
    headings = [int(tag[1]) for tag in page.tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert set(headings[1:]) <= {2}
    assert page.tags.count("caption") == page.tags.count("table")
    assert {value for tag, name, value in page.attributes if (tag, name) == ("th", "scope")} <= {"col", "row"}
    images = page.tags.count("svg")
    hidden = page.attributes.count(("svg", "aria-hidden", "true"))
    titled = page.attributes.count(("svg", "role", "img"))
    assert images == hidden + titled
    assert page.tags.count("title") == 1 + titled


def assert_self_contained(page: Page) -> None:
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "base"} & set(page.tags)
    for tag, name, value in page.attributes:
        assert not name.startswith("on")
        if name in {"href", "src", "srcset", "action", "style"}:
            assert (tag, name) == ("a", "href")
            assert value.startswith(("https://", "http://"))


@pytest.mark.parametrize("path", STORED_REPORTS, ids=lambda path: path.stem)
def test_a_page_loads_nothing(path: Path) -> None:
    text = render(load(path.stem))
    assert_self_contained(Page(text))
    (style,) = re.findall("<style>(.*?)</style>", text, re.DOTALL)
    assert "@import" not in style
    assert set(re.findall(r"url\((.*?)\)", style)) == {"#hatched"}


NASTY = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "</style>",
        "-->",
        '" onload="x',
        "&lt;",
        "]]>",
        "\x00",
        "\ud800",
        "\u2028",
        "\x1b[2J",
    ]
)
EXTERNAL_TEXT = st.lists(NASTY | st.text(), max_size=8).map("".join)


@given(external=EXTERNAL_TEXT)
def test_text_of_others_is_never_markup(external: str) -> None:
    unchanged, report = load_json("unknown-key"), load_json("unknown-key")
    for one, words in ((unchanged, "words"), (report, f"so {external}")):
        one["request"].update(code=words, words=words)
        one["findings"][0].update(evidence=words, fix=words, docs=f"https://example.com {words.replace('/', '')}")
        one["checks"][0].update(name=words, reason=words)
        one["credentials"].update(kind=words, key_id=words, sources={"key_id": words})
        one["token"].update(minted_by=words, scope=[words])
        one["probes"][0].update(name=words, showed=words)
        one["roles"] = [ROLES[0] | {"area": words, "path": words, "words": words}]
    page = Page(render(Report.from_json(report)))
    assert page.tags == Page(render(Report.from_json(unchanged))).tags
    assert_self_contained(page)
    render(Report.from_json(report)).encode("utf-8")


def test_only_an_http_url_becomes_a_link() -> None:
    report = load_json("clock-ahead")
    for finding in report["findings"]:
        finding["docs"] = "javascript:alert(1)"
    page = Page(render(Report.from_json(report)))
    assert "a" not in page.tags
    assert "read on javascript:alert(1)" in page.text


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("name", ["clock-ahead", "broke-off"])
def test_a_browser_reads_the_page_as_it_was_written(name: str, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(render(Report.from_json(load_json(name) | {"roles": ROLES})), encoding="utf-8")
    browser = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--dump-dom", path.as_uri(),
        ],
        capture_output=True, encoding="utf-8", timeout=60, check=True,
    )  # fmt: skip
    written = Page(path.read_text(encoding="utf-8"))
    read = Page(browser.stdout)
    assert (read.tags, read.lines) == (written.tags, written.lines)
    assert "CONSOLE" not in browser.stderr
