"""The emulator without pytest's fixtures."""

from __future__ import annotations

import subprocess
import sys

import pytest
import requests

import pytest_asc

APPS = "https://api.appstoreconnect.apple.com/v1/apps"


def test_requests_to_apple_are_answered_while_it_is_open() -> None:
    with pytest_asc.emulate() as account:
        app = account.add("apps", name="Lists")
        response = requests.get(APPS, headers={"Authorization": f"Bearer {account.token()}"}, timeout=5)
        assert [one["id"] for one in response.json()["data"]] == [app["id"]]
        assert requests.get(APPS, headers={"Authorization": "Bearer x"}, timeout=5).status_code == 401
    assert str(account.requests[0]).startswith("GET /v1/apps 200")


def test_settings_are_applied() -> None:
    with pytest_asc.emulate(role="DEVELOPER", sample=True, load={"data": [{"type": "apps", "id": "7"}]}) as account:
        assert account.role == "DEVELOPER"
        assert len(account.find("apps")) > 1


def test_an_unused_planned_failure_is_an_error_at_the_end() -> None:
    with pytest.raises(AssertionError, match="planned failures did not happen"), pytest_asc.emulate() as account:
        account.fail("GET", "/v1/apps", status=500)
    with pytest_asc.emulate(allow_unfired=True) as account:
        account.fail("GET", "/v1/apps", status=500)


def test_an_exception_of_the_program_is_not_hidden_by_an_unused_failure() -> None:
    def program() -> None:
        with pytest_asc.emulate() as account:
            account.fail("GET", "/v1/apps", status=500)
            raise KeyError

    with pytest.raises(KeyError):
        program()


def test_an_unknown_service_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of app-store-connect"), pytest_asc.emulate(service="x"):  # type: ignore[arg-type]
        pass


def test_a_program_needs_no_pytest() -> None:
    code = (
        "import sys, pytest_asc, requests\n"
        "with pytest_asc.emulate() as account:\n"
        f"    r = requests.get({APPS!r}, headers={{'Authorization': 'Bearer ' + account.token()}})\n"
        "print(r.status_code, 'pytest' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["200", "False"]
