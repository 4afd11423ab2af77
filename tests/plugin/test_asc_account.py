from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_asc import emulate

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = {
    "data": [
        {"type": "apps", "id": "6448311069", "attributes": {"name": "Lists"}},
        {"type": "apps", "id": "6448311070", "attributes": {"name": "Notes"}},
    ],
    "recording": {"format": 1, "redacted": True, "listed": {"apps": ["6448311070", "6448311069"]}},
}
INI = "[pytest]\nasc_account = accounts/ours.json\n"


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Path:
    """Folder of a suite with an account file in ``asc_account``."""
    pytester.makeini(INI)
    folder = pytester.mkdir("accounts")
    (folder / "ours.json").write_text(json.dumps(ACCOUNT), encoding="utf-8")
    return folder


def test_every_emulator_of_a_run_starts_with_the_resources_of_asc_account(
    suite: Path, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        """
        import urllib.request
        import pytest
        import pytest_asc

        IDS = ["6448311070", "6448311069"]

        def ids(session):
            return [one["id"] for one in session.resources("/v1/apps")]

        def test_session(asc_session):
            assert ids(asc_session) == IDS

        def test_writes_on_top(asc_emulator, asc_session):
            asc_emulator.add("apps", id="1")
            asc_emulator.delete(asc_emulator.get("apps", IDS[0]))
            assert ids(asc_session) == [IDS[1], "1"]

        def test_changes_of_the_previous_test_are_gone(asc_session):
            assert ids(asc_session) == IDS

        def test_server(asc_server, asc_token):
            request = urllib.request.Request(f"{asc_server.url}/v1/apps")
            request.add_header("Authorization", f"Bearer {asc_token}")
            assert b"Notes" in urllib.request.urlopen(request).read()

        def test_failures_on_top(asc_emulator, asc_session):
            asc_emulator.fail("GET", "/v1/apps", status=429)
            assert asc_session.get("/v1/apps").status_code == 429
            assert asc_emulator.advance() == []

        def test_emulate():
            further = {"data": [{"type": "apps", "id": "3"}]}
            with pytest_asc.emulate() as account, pytest_asc.emulate(load=further) as other:
                assert [one["id"] for one in account.find("apps")] == IDS
                assert [one["id"] for one in other.find("apps")] == [*IDS, "3"]
        """
    )
    pytester.makepyfile(
        test_shared="""
        import pytest

        @pytest.fixture(scope="module", autouse=True)
        def account(asc_emulator_factory):
            with asc_emulator_factory(load={"data": [{"type": "apps", "id": "2"}]}) as account:
                yield account

        def test_shared(asc_session):
            assert len(list(asc_session.resources("/v1/apps"))) == 3
        """
    )
    pytester.runpytest("-W", "error").assert_outcomes(passed=7)
    with emulate() as after_the_run:
        assert after_the_run.dump() == {"data": []}


def test_the_path_in_asc_account_is_relative_to_rootdir(
    suite: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile("def test_one(asc_emulator): assert asc_emulator.get('apps', '6448311069')")
    monkeypatch.chdir(suite)
    pytester.runpytest(f"--rootdir={pytester.path}", "-c", "../tox.ini", "..").assert_outcomes(passed=1)


def test_xdist_workers_start_with_the_resources_of_asc_account(suite: Path, pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(asc_emulator): assert asc_emulator.get('apps', '6448311069')")
    pytester.runpytest("-n", "1").assert_outcomes(passed=1)


def test_the_emulated_smoke_check_starts_with_the_resources_of_asc_account(
    suite: Path, pytester: pytest.Pytester
) -> None:
    assert pytester.runpytest("--asc-smoke", "--asc-mode=emulator").ret == pytest.ExitCode.OK


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "*asc_account = accounts/ours.json: *No such file*"),
        ("{", "*asc_account = accounts/ours.json: *cannot be loaded*"),
        (json.dumps({"data": [{"type": "app", "id": "1"}]}), "*there is no type 'app'; did you mean 'apps'*"),
        (json.dumps({"data": [{"type": "apps", "id": "-----BEGIN PRIVATE KEY-----"}]}), "*looks like a private key*"),
        (
            json.dumps({"data": [{"type": "builds", "relationships": {"app": {"data": {"type": "apps", "id": "9"}}}}]}),
            "*there is no resource of type 'apps' with id '9'*",
        ),
    ],
)
def test_an_invalid_account_file_is_a_usage_error(
    suite: Path, pytester: pytest.Pytester, content: Any, message: str
) -> None:
    (suite / "ours.json").unlink()
    if content is not None:
        (suite / "ours.json").write_text(content, encoding="utf-8")
    pytester.makepyfile("def test_one(): pass")
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
