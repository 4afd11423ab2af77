"""Recording, loading and comparing with a stand-in for Apple that shares no code with the emulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from recording.apple import SENTINEL, prepare_command, serving
from recording.strict_apple import StrictAccount, strict_account

from pytest_asc import Emulator
from pytest_asc.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILE = "account.json"


@pytest.fixture
def apple(key_files: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StrictAccount]:
    prepare_command(monkeypatch, key_files, tmp_path)
    account = strict_account()
    with serving(account) as url:
        monkeypatch.setenv("ASC_BASE_URL", url)
        assert main(["record", FILE, "--areas", "users", "--quiet"]) == 0
        yield account
    assert account.violations == []


def compare() -> dict[str, Any]:
    status = main(["compare", FILE, "--report", "report.json", "--report", "report.html", "--quiet"])
    report: dict[str, Any] = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert status == (1 if report["differences"] else 0)
    return report


def test_a_comparison_with_the_recorded_account_finds_no_differences(apple: StrictAccount) -> None:
    report = compare()
    assert report["differences"] == []
    assert report["asked"] > 40
    emulator = Emulator()
    emulator.load(FILE)
    assert len(emulator.find("users")) == len(emulator.find("userInvitations")) == 3
    assert SENTINEL.lower() not in "".join(path.read_text(encoding="utf-8") for path in Path().iterdir()).lower()


def users(change: Callable[[list[Any]], object]) -> Callable[[str, dict[str, Any]], object]:
    """Change the users in every list of users."""
    return lambda path, document: change(document["data"]) if path == "/v1/users" and document["data"] else None


def attributes(**values: Any) -> Callable[[str, dict[str, Any]], object]:
    return users(lambda found: found[0].get("attributes", {}).update(values))


@pytest.mark.parametrize(
    ("what", "where", "change"),
    [
        ("member", "data.attributes.shoeSize", attributes(shoeSize=44)),
        ("member", "data.relationships", users(lambda found: found[0].pop("relationships", None))),
        ("type", "data.attributes.allAppsVisible", attributes(allAppsVisible="yes")),
        ("null", "data.attributes.username", attributes(username=None)),
        ("order", "data[0]", users(lambda found: found.reverse())),
        ("links", "data.links.self", users(lambda found: found[0]["links"].update(self="/v1/people/1"))),
        ("resources", "data", users(lambda found: found.pop())),
        (
            "paging",
            "meta.paging.total",
            lambda path, one: one["meta"]["paging"].update(total=9) if "meta" in one else None,
        ),
        ("links", "links.self", lambda _path, one: one["links"].update(self="/v1/other")),
    ],
)
def test_every_changed_member_is_found(
    apple: StrictAccount, what: str, where: str, change: Callable[[str, dict[str, Any]], object]
) -> None:
    apple.change = change
    assert (what, where) in {(one["what"], one["where"]) for one in compare()["differences"]}


def test_a_changed_status_and_a_changed_code_are_found(apple: StrictAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = apple.answer

    def planted(method: str, target: str) -> tuple[int, dict[str, Any]]:
        status, document = answer(method, target)
        if target == "/v1/users?limit=1":
            return 410, {"errors": [{"code": "GONE"}]}
        if target == "/v1/users?limit=0":
            document["errors"][0]["code"] = "PARAMETER_ERROR.OTHER"
        return status, document

    monkeypatch.setattr(apple, "answer", planted)
    found = {(one["path"], one["what"], one["live"], one["emulator"]) for one in compare()["differences"]}
    assert found == {
        ("/v1/users?limit=1", "status", "410 GONE", "200"),
        ("/v1/users?limit=0", "code", "PARAMETER_ERROR.OTHER", "PARAMETER_ERROR.INVALID"),
    }
