from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from recording.apple import SENTINEL, prepare_command
from recording.live_emulator import Live, new_live

from pytest_asc.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recording.live_emulator import Change

    from pytest_asc import Emulator

FILE = "account.json"
RIGHTS = "USES_THIRD_PARTY_CONTENT"


def new_emulator(key_files: dict[str, str]) -> Emulator:
    """Return an emulator with three apps, and testers with sentinels in their names."""
    emulator = new_live(key_files).emulator
    for number in range(3):
        app = emulator.add("apps", id=str(6448311069 - number), name=f"{SENTINEL} {number}")
        group = emulator.add("betaGroups", app=app, name=SENTINEL)
        for one in range(3):
            emulator.add("betaTesters", betaGroups=[group], email=f"{SENTINEL}{number}{one}@example.org")
        emulator.add("builds", app=app, version=str(number))
        emulator.add("appStoreVersions", app=app)
    return emulator


@pytest.fixture(scope="module")
def emulator(key_files: dict[str, str]) -> Emulator:
    """An emulator that the tests only read."""
    return new_emulator(key_files)


@pytest.fixture(scope="module")
def recording(emulator: Emulator, key_files: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The recording of that account."""
    recorded = Live(emulator)
    with pytest.MonkeyPatch.context() as patch, recorded.serving() as url:
        prepare_command(patch, {**key_files, "ASC_BASE_URL": url}, tmp_path_factory.mktemp("recording"))
        assert main(["record", FILE, "--quiet", "--areas", "apps,versions,testflight,builds,localizations"]) == 0
        assert recorded.methods == {"GET"}
        return Path(FILE).read_text(encoding="utf-8")


@pytest.fixture
def live(
    emulator: Emulator, recording: str, key_files: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Live]:
    """A live account, with a recording of it in FILE."""
    made = Live(emulator)
    with made.serving() as url:
        prepare_command(monkeypatch, {**key_files, "ASC_BASE_URL": url}, tmp_path)
        Path(FILE).write_text(recording, encoding="utf-8")
        yield made
    assert made.methods <= {"GET"}


def compare(*options: str) -> dict[str, Any]:
    status = main(["compare", FILE, "--report", "report.json", *options])
    report: dict[str, Any] = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert status == (1 if report["differences"] else 0)
    return report


def test_comparing_a_recording_with_its_own_account_finds_no_differences(live: Live) -> None:
    report = compare("--budget", "5000")
    assert report["differences"] == []
    assert report["asked"] > 500
    assert report["left_out"] == 0


def test_lists_that_require_ids_are_neither_recorded_nor_compared(
    key_files: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    emulator = new_emulator(key_files)
    app = emulator.get("apps", "6448311069")
    emulator.add("nominations", relatedApps=[app], state="SUBMITTED")
    detail = emulator.add("gameCenterDetails", app=app)
    board = emulator.add("gameCenterLeaderboards", gameCenterDetail=detail)
    boards = emulator.add("gameCenterLeaderboardSets", gameCenterDetail=detail, gameCenterLeaderboards=[board])
    emulator.add(
        "gameCenterLeaderboardSetMemberLocalizations", gameCenterLeaderboardSet=boards, gameCenterLeaderboard=board
    )
    live = Live(emulator)
    with live.serving() as url:
        prepare_command(monkeypatch, {**key_files, "ASC_BASE_URL": url}, tmp_path)
        assert main(["record", FILE, "--quiet", "--areas", "apps,game-center,product-pages"]) == 0
        assert compare("--budget", "600", "--quiet")["differences"] == []
    assert not any(path.startswith("/v1/gameCenterLeaderboardSetMemberLocalizations") for path in live.paths)
    assert sum(path.startswith("/v1/nominations?filter%5Bstate%5D=") for path in live.paths) > 2


def test_the_budget_limits_the_number_of_live_requests(live: Live, capsys: pytest.CaptureFixture[str]) -> None:
    report = compare("--budget", "40")
    assert len(live.paths) <= 42
    assert report["left_out"] > 500
    assert "not sent, beyond the budget" in capsys.readouterr().out


def changed_data(path: str, change: Callable[[Any], None]) -> Change:
    def apply(asked: str, status: int, document: Any) -> tuple[int, Any]:
        if asked.partition("?")[0] == path and status == 200:
            change(document)
        return status, document

    return apply


def answer(path: str, status: int, document: Any) -> Change:
    return lambda asked, *given: (status, document) if asked.partition("?")[0] == path else given


def renamed_code(asked: str, status: int, document: Any) -> tuple[int, Any]:
    if asked.startswith("/v1/apps?limit=0"):
        document["errors"][0]["code"] = "PARAMETER_ERROR.OTHER"
    return status, document


def first(document: Any) -> Any:
    """Return the first resource of a document; an empty one if there is none, or if the fieldset lacks its members."""
    return {"attributes": {}, "relationships": {}, "links": {}, **(document["data"] or [{}])[0]}


def app(**attributes: Any) -> Change:
    return changed_data("/v1/apps", lambda one: first(one)["attributes"].update(attributes))


def builds(change: Callable[[Any], Any]) -> Change:
    return changed_data("/v1/builds", change)


PLANTED: list[tuple[str, str, str, Change]] = [
    ("status", "/v1/betaGroups", "", answer("/v1/betaGroups", 404, {"errors": [{"code": "NOT_FOUND"}]})),
    ("code", "/v1/apps", "errors", renamed_code),
    ("member", "/v1/builds", "data.attributes.version", builds(lambda one: first(one)["attributes"].pop("version", 0))),
    ("member", "/v1/apps", "data.attributes.newOne", app(newOne=1)),
    ("member", "/v1/builds", "data.relationships.app", builds(lambda one: first(one)["relationships"].pop("app", 0))),
    ("member", "/v1/builds", "meta", builds(lambda one: one.pop("meta"))),
    ("type", "/v1/apps", "data.attributes.sku", app(sku=7)),
    ("null", "/v1/apps", "data.attributes.sku", app(sku=None)),
    ("null", "/v1/apps", "data.attributes.contentRightsDeclaration", app(contentRightsDeclaration=RIGHTS)),
    ("order", "/v1/apps", "data[0]", changed_data("/v1/apps", lambda one: one["data"].reverse())),
    ("links", "/v1/builds", "data.links.self", builds(lambda one: first(one)["links"].update(self="https://x/v1/y"))),
    ("links", "/v1/builds", "links.next", builds(lambda one: one["links"].pop("next", None))),
    ("paging", "/v1/builds", "meta.paging.total", builds(lambda one: one["meta"]["paging"].update(total=99))),
    ("paging", "/v1/builds", "meta.paging.limit", builds(lambda one: one["meta"]["paging"].pop("limit"))),
    ("resources", "/v1/builds", "data", builds(lambda one: one.update(data=one["data"][:-1]))),
]


@pytest.mark.parametrize(("what", "path", "where", "change"), PLANTED, ids=[f"{one[0]} {one[2]}" for one in PLANTED])
def test_a_difference_in_a_response_is_found(live: Live, what: str, path: str, where: str, change: Change) -> None:
    live.change = change
    report = compare("--budget", "230", "--quiet")
    found = [one for one in report["differences"] if one["what"] == what and one["where"] == where]
    assert found
    assert {one["path"].partition("?")[0] for one in report["differences"]} == {path}
    assert all(one["method"] == "GET" and one["live"] != one["emulator"] for one in report["differences"])


def test_an_attribute_that_the_live_api_leaves_out_is_a_known_difference(live: Live) -> None:
    live.change = changed_data("/v1/apps", lambda one: first(one)["attributes"].pop("accessibilityUrl", None))
    report = compare("--budget", "230")
    assert report["differences"] == []
    assert {one["where"] for one in report["known_differences"]} >= {"data.attributes.accessibilityUrl"}
    assert {one["known"] for one in report["known_differences"]} >= {
        "Apple leaves out some attributes that were never set; the emulator returns null"
    }


def test_the_reports_contain_no_values_of_the_account(live: Live, capfd: pytest.CaptureFixture[str]) -> None:
    def with_sentinels(_asked: str, status: int, document: Any) -> tuple[int, Any]:
        for one in document["data"] if isinstance(document.get("data"), list) else []:
            if "attributes" in one:
                one["attributes"] = dict.fromkeys(one["attributes"], f"{SENTINEL} value")
            one["links"] = {"self": f"https://{SENTINEL}.example/v1/a b {SENTINEL}?x={SENTINEL}"}
        return status, document

    live.change = with_sentinels
    report = compare("--report", "report.html", "--budget", "300")
    assert report["differences"]
    written = "".join(path.read_text(encoding="utf-8") for path in Path().iterdir())
    shown = capfd.readouterr()
    assert SENTINEL.lower() not in (written + shown.out + shown.err).lower()
    if os.name == "posix":  # Windows has no such file modes
        assert stat.S_IMODE(Path("report.html").stat().st_mode) == 0o600


def test_the_html_report_loads_nothing(live: Live) -> None:
    live.change = changed_data("/v1/apps", lambda one: one["data"].reverse())
    compare("--report", "report.html", "--budget", "100")
    page = Path("report.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "order" in page


def test_areas_without_access_in_the_recording_are_not_requested(live: Live) -> None:
    document = json.loads(Path(FILE).read_text(encoding="utf-8"))
    document["recording"]["closed"] = [{"path": "/v1/builds", "code": "FORBIDDEN_ERROR"}]
    Path(FILE).write_text(json.dumps(document), encoding="utf-8")
    compare("--budget", "230")
    assert not any(path.partition("?")[0] == "/v1/builds" for path in live.paths)


def test_a_rejected_token_is_an_error_and_not_a_difference(live: Live, capsys: pytest.CaptureFixture[str]) -> None:
    live.change = lambda *_: (401, {"errors": [{"code": "NOT_AUTHORIZED"}]})
    assert main(["compare", FILE]) == 2
    assert "401 NOT_AUTHORIZED" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        ("{", "account.json"),
        ('{"data": 1}', "expected a document"),
        ('{"data": [{"type": "app", "id": "1"}]}', "there is no type 'app'"),
        ('{"data": [], "key": "-----BEGIN PRIVATE KEY-----"}', "key looks like a private key"),
    ],
)
def test_an_invalid_file_is_rejected_before_any_request(
    live: Live, content: str | None, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(FILE).unlink()
    if content is not None:
        Path(FILE).write_text(content, encoding="utf-8")
    assert main(["compare", FILE]) == 4
    assert message in capsys.readouterr().err
    assert live.paths == []


@pytest.mark.parametrize("options", [["--budget", "0"], ["--budget", "many"], ["--report", "nowhere/report.json"]])
def test_invalid_options_of_compare_are_rejected(live: Live, options: list[str]) -> None:
    try:
        status = main(["compare", FILE, *options])
    except SystemExit as ended:
        status = int(str(ended.code))
    assert status == 4
    assert live.paths == []
