from __future__ import annotations

import json
import os
import signal
import stat
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from loopback import Reply
from recording.apple import SENTINEL, large_account, prepare_command, serving

from pytest_asc import Emulator
from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.cli.main import main
from pytest_asc.credentials.throw_away import new_credentials
from pytest_asc.credentials.tokens import mint
from pytest_asc.recording.areas import NAMES, read_areas
from pytest_asc.recording.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopback import Apple
    from recording.apple import Account

FILE = "account.json"


def record(*options: str) -> Any:
    assert main(["record", FILE, *options]) == 0
    return json.loads(Path(FILE).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def recorded(key_files: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A recording of a large account that tests only read."""
    with pytest.MonkeyPatch.context() as patch, serving(large_account()) as url:
        prepare_command(patch, {**key_files, "ASC_BASE_URL": url}, tmp_path_factory.mktemp("recorded"))
        return record()


def new_token() -> str:
    return str(mint(new_credentials(APP_STORE_CONNECT), now=time.time()))


def files() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def everything_written() -> str:
    return "".join(path.read_text(encoding="utf-8", errors="replace") for path in Path().rglob("*") if path.is_file())


def test_a_recorded_account_can_be_loaded(recorded: Any) -> None:
    assert len(recorded["data"]) == len(large_account().resources) > 1000
    emulator = Emulator()
    emulator.load(recorded)
    app = emulator.get("apps", "6448311069")
    assert [one["id"] for one in emulator.find("builds", app=app)] == [f"build-0-{one}" for one in range(130)]
    assert len(emulator.find("betaTesters", betaGroups="group-1")) == 90
    assert len(emulator.find("customerReviews")) == 180
    (detail,) = emulator.find("appStoreReviewDetails", appStoreVersion="version-2")
    assert detail["attributes"]["contactEmail"].endswith("@example.com")


def test_secrets_and_personal_data_are_neither_written_nor_shown(
    account: Account, capfd: pytest.CaptureFixture[str]
) -> None:
    record()
    shown = capfd.readouterr()
    assert SENTINEL.lower() not in (everything_written() + shown.out + shown.err).lower()
    assert SENTINEL in json.dumps([one["attributes"] for one in account.resources.values()])


def test_equal_values_have_the_same_pseudonym(recorded: Any) -> None:
    data = {(one["type"], one["id"]): one["attributes"] for one in recorded["data"]}
    user = data["users", "00000000-0000-4000-8000-00000000abcd"]
    assert user["username"] == data["betaTesters", "tester-2-0"]["email"]
    assert user["firstName"] == data["betaTesters", "tester-1-0"]["firstName"]
    assert data["betaTesters", "tester-0-1"]["email"] != user["username"]


def test_types_given_with_keep_are_not_redacted(account: Account) -> None:
    document = record("--keep", "apps")
    assert document["recording"]["kept"] == ["apps"]
    names = [one["attributes"]["name"] for one in document["data"] if one["type"] == "apps"]
    assert names == [f"{SENTINEL} 0", f"{SENTINEL} 1", f"{SENTINEL} 2"]
    rest = [one for one in document["data"] if one["type"] != "apps"]
    assert SENTINEL.lower() not in json.dumps(rest).lower()


def test_the_file_is_private_and_no_other_file_is_left(account: Account) -> None:
    record("--areas", "users")
    if os.name == "posix":  # Windows has no such modes
        assert stat.S_IMODE(Path(FILE).stat().st_mode) == 0o600
    assert files() == [FILE]


def test_recordings_of_equal_accounts_have_equal_data(account: Account, recorded: Any) -> None:
    for ids in account.order.values():
        ids.reverse()
    assert record()["data"] == recorded["data"]


def test_the_emulator_lists_resources_in_the_order_of_the_recorded_account(account: Account) -> None:
    account.order["apps"].reverse()
    record()
    emulator = Emulator()
    emulator.load(FILE)
    assert [one["id"] for one in emulator.find("apps")] == account.order["apps"]


def test_only_the_given_areas_are_read(account: Account) -> None:
    document = record("--areas", "provisioning,users")
    assert {one["type"] for one in document["data"]} == {"devices", "certificates", "users"}
    assert document["recording"]["areas"] == ["users", "provisioning"]
    assert all(path.startswith(("/v1/users", "/v1/userInv", "/v1/bundleIds", "/v1/certificates", "/v1/devices", "/v1/m",
                                "/v1/passTypeIds", "/v1/profiles")) for _, path in account.requests)  # fmt: skip


def test_areas_can_be_given_in_apples_spelling() -> None:
    assert read_areas("Xcode Cloud, TestFlight,reviews") == ("testflight", "xcode-cloud", "reviews")
    assert read_areas("all") == NAMES


def test_areas_without_access_are_skipped_and_reported(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.closed = ("/v1/users", "/v1/userInvitations")
    document = record()
    told = capsys.readouterr().err
    assert "users: /v1/users, no access with this key (FORBIDDEN_ERROR)" in told
    assert "no access with this key: users" in told
    assert document["recording"]["closed"] == [
        {"path": "/v1/userInvitations", "code": "FORBIDDEN_ERROR"},
        {"path": "/v1/users", "code": "FORBIDDEN_ERROR"},
    ]
    assert document["recording"]["possible_roles"] == ["DEVELOPER"]
    assert sum(path.startswith("/v1/users") for _, path in account.requests) == 1
    Emulator().load(document)


def test_responses_with_429_and_500_are_retried_and_reported(
    account: Account, recorded: Any, waits: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    account.failures = {4: 429, 9: 500, 10: 502}
    assert record() == recorded
    assert waits == [1.0, 0.5, 1.0]
    assert "rate limit reached (429): trying again in 1 s" in capsys.readouterr().err


def test_requests_are_slowed_down_if_few_are_left(
    account: Account, waits: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    account.headers["X-Rate-Limit"] = "user-hour-lim:3600;user-hour-rem:250;"
    record("--areas", "users")
    assert waits == [1.0, 1.0]
    assert (
        capsys.readouterr().err.count("250 of 3600 requests are left this hour: from now on, waiting 1 s before each")
        == 1
    )


def test_an_interrupted_run_is_resumed_without_reading_again(
    account: Account, recorded: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupt(number: int) -> None:
        if number == 12:
            os.kill(os.getpid(), signal.SIGINT)

    account.on_request = interrupt
    assert main(["record", FILE]) == 130
    assert "continue with --resume" in capfd.readouterr().err
    assert files() == [f"{FILE}.unfinished"]
    if os.name == "posix":  # Windows has no such modes
        assert stat.S_IMODE(Path(f"{FILE}.unfinished").stat().st_mode) == 0o600
    assert SENTINEL.lower() not in everything_written().lower()
    interrupted = len(account.requests)
    assert record("--resume") == recorded
    assert not {*account.requests[:11]} & {*account.requests[interrupted:]}
    assert files() == [FILE]


def test_a_journal_that_ends_in_the_middle_of_a_line_is_resumed(account: Account, recorded: Any) -> None:
    account.failures = dict.fromkeys(range(10, 60), 503)
    assert main(["record", FILE]) == 1
    account.failures = {}
    journal = Path(f"{FILE}.unfinished")
    journal.write_bytes(journal.read_bytes()[:-20])
    assert record("--resume") == recorded


def test_a_journal_of_other_options_is_not_resumed(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.failures = dict.fromkeys(range(5, 60), 503)
    assert main(["record", FILE]) == 1
    account.failures = {}
    assert main(["record", FILE, "--resume", "--keep", "apps"]) == 4
    assert "was written with other options" in capsys.readouterr().err


def test_without_resume_a_recording_starts_from_the_beginning(account: Account, recorded: Any) -> None:
    account.failures = dict.fromkeys(range(5, 60), 503)
    assert main(["record", FILE]) == 1
    account.failures, account.requests = {}, []
    assert record() == recorded
    assert account.requests[0][1].startswith("/v1/apps?")


def test_nothing_is_shown_with_quiet(account: Account, capfd: pytest.CaptureFixture[str]) -> None:
    record("--quiet")
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("", "")


def test_a_progress_bar_is_shown_on_a_terminal(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tqdm")
    written: list[str] = []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stderr, "write", written.append)
    record("--areas", "users")
    assert "resources" in "".join(written)


def test_an_include_that_the_service_rejects_is_left_out(account: Account) -> None:
    complete = record("--areas", "apps,versions,localizations")
    answer = account.answer

    def refuse(method: str, target: str) -> Any:
        status, document = answer(method, target)
        return (400, {"errors": [{"code": "PARAMETER_ERROR.INVALID"}]}) if "include=" in target else (status, document)

    account.answer = refuse  # type: ignore[method-assign]
    assert len(record("--areas", "apps,versions,localizations")["data"]) == len(complete["data"])


def test_a_list_that_always_fails_is_reported_and_the_rest_is_recorded(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = account.answer

    def fail(method: str, target: str) -> Any:
        status, document = answer(method, target)
        return (500, {}) if target.startswith("/v1/devices") else (status, document)

    account.answer = fail  # type: ignore[method-assign]
    document = record("--areas", "provisioning,users")
    assert document["recording"]["unread"] == ["/v1/devices"]
    assert "not read completely: /v1/devices" in capsys.readouterr().err
    assert {one["type"] for one in document["data"]} == {"certificates", "users"}


def test_a_rejected_token_ends_the_recording(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.failures = dict.fromkeys(range(1, 5), 401)
    assert main(["record", FILE]) == 1
    assert "401" in capsys.readouterr().err
    assert not Path(FILE).exists()


@pytest.mark.parametrize("link", ["https://apple.example/v1/apps?cursor=2", "//apple.example/v1/apps", "http://[::1"])
def test_a_link_to_another_host_is_not_followed(
    account: Account, link: str, capsys: pytest.CaptureFixture[str]
) -> None:
    account.change = lambda _path, document: document["links"].update(next=link)
    assert main(["record", FILE, "--areas", "users"]) == 1
    assert "another host" in capsys.readouterr().err


def test_a_journal_of_another_key_is_not_resumed(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    account.failures = dict.fromkeys(range(5, 60), 503)
    assert main(["record", FILE]) == 1
    account.failures = {}
    monkeypatch.setenv("ASC_PRIVATE_KEY", new_credentials(APP_STORE_CONNECT).pem)
    monkeypatch.delenv("ASC_PRIVATE_KEY_PATH")
    assert main(["record", FILE, "--resume"]) == 4
    assert "was written with another API key" in capsys.readouterr().err


def test_a_recording_with_a_token_and_no_key_cannot_be_resumed(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASC_TOKEN", new_token())
    account.failures = dict.fromkeys(range(5, 60), 503)
    assert main(["record", FILE]) == 1
    assert files() == []
    assert main(["record", FILE, "--resume"]) == 4
    assert "--resume needs the API key" in capsys.readouterr().err
    account.failures = {}
    assert len(record()["data"]) == len(account.resources)


def test_a_response_that_is_not_a_document_is_an_error(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(account, "answer", lambda *_: (200, {}))
    assert main(["record", FILE]) == 1
    assert "not a JSON document with data" in capsys.readouterr().err
    assert not Path(FILE).exists()


def test_a_cycle_of_links_to_next_pages_ends_the_recording(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.change = lambda path, document: document["links"].update(next=f"{account.base}{path}?cursor=1")
    assert main(["record", FILE, "--areas", "users"]) == 1
    assert "points to a page that was already read" in capsys.readouterr().err


def test_a_redirect_is_not_followed(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.headers["Location"] = "https://apple.example/v1/apps"
    account.failures = dict.fromkeys(range(1, 5), 302)
    assert main(["record", FILE]) == 1
    assert "redirect" in capsys.readouterr().err
    assert len(account.requests) == 1


def test_the_proxy_of_the_environment_is_used(
    start_apple: Callable[[], Apple], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = start_apple()
    proxy.answer = lambda _: Reply(200, b'{"data": []}')
    monkeypatch.setenv("http_proxy", proxy.url)
    reader = Reader("http://api.example.invalid", token=new_token)
    assert reader.get("/v1/apps").status == reader.get("/v1/builds").status == 200
    reader.close()
    assert [request.path.removeprefix("http://api.example.invalid") for request in proxy.requests] == [
        "/v1/apps",
        "/v1/builds",
    ]


@pytest.mark.parametrize("form", ["{base}{path}", "{path}", "?{query}"])
def test_links_to_the_next_page_can_be_relative_or_absolute(account: Account, form: str) -> None:
    def relative(path: str, document: Any) -> None:
        link = document["links"].get("next")
        if link:
            text = link.removeprefix(account.base)
            document["links"]["next"] = form.format(base=account.base, path=text, query=text.partition("?")[2])

    account.change = relative
    assert sum(one["type"] == "builds" for one in record("--areas", "builds")["data"]) == 390


def test_links_with_apples_host_are_followed_at_the_host_of_the_base_url(account: Account) -> None:
    account.base = "https://api.appstoreconnect.apple.com"
    assert len(record("--areas", "testflight,apps")["data"]) > 270


def test_a_key_in_a_type_that_is_not_redacted_is_rejected_with_its_path(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "-----BEGIN PRIVATE KEY-----\nMIGTAgEAMBMGByqGSM49"
    account.resources["appStoreReviewDetails", "detail-1"]["attributes"]["notes"] = secret
    assert main(["record", FILE, "--keep", "appStoreReviewDetails"]) == 1
    told = capsys.readouterr().err
    assert "notes of appStoreReviewDetails detail-1 looks like a private key" in told
    assert "MIGTAg" not in told + everything_written()
    assert not Path(FILE).exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--areas", "app"], "there is no area 'app'; did you mean 'apps'?"),
        (["--areas", "sales"], "sales and finance reports are not recorded"),
        (["--keep", "app"], "there is no resource type 'app'; did you mean 'apps'?"),
        (["--territories", "ATLANTIS"], "there is no territory 'ATLANTIS'"),
    ],
)
def test_invalid_options_are_rejected_before_any_request(
    account: Account, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", FILE, *options]) == 4
    assert message in capsys.readouterr().err
    assert account.requests == []


@pytest.mark.parametrize("file", [".", "nowhere/account.json"])
def test_a_file_that_cannot_be_written_is_rejected_before_any_request(account: Account, file: str) -> None:
    assert main(["record", file]) == 4
    assert account.requests == []


def test_a_failed_write_leaves_no_temporary_file(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    assert main(["record", FILE, "--areas", "users"]) == 4
    assert files() == [f"{FILE}.unfinished"]
