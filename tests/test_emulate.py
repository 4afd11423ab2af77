"""``pytest_asc.emulate``, the emulator without pytest's fixtures."""

from __future__ import annotations

import _socket
import json
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests
from emulator.miniature import MINIATURE

import pytest_asc
from pytest_asc.transports.apple_hosts import AppleHostError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

APPS = "https://api.appstoreconnect.apple.com/v1/apps"


@pytest.mark.parametrize("arguments", [{"sample": "account.json"}, {"allow_unfired": "no"}])
def test_emulate_rejects_other_values_for_true_and_false(arguments: dict[str, Any]) -> None:
    ((name, value),) = arguments.items()
    with pytest.raises(TypeError, match=f"{name}={value!r}: expected True or False"), pytest_asc.emulate(**arguments):
        pass


def test_emulate_and_diagnose_reject_credentials_of_another_type() -> None:
    path: Any = "AuthKey_2X9R7KQF34.p8"
    expected = "credentials: got a value of type str, expected Credentials"
    with pytest.raises(TypeError, match=expected), pytest_asc.emulate(credentials=path):
        pass
    with pytest.raises(TypeError, match=expected):
        pytest_asc.diagnose("a.b.c", credentials=path)


@pytest.mark.parametrize("now", [float("inf"), float("nan"), 10**30, True])
def test_diagnose_rejects_a_time_that_cannot_be_formatted(now: float) -> None:
    with pytest.raises(ValueError, match="expected a number of seconds since 1970"):
        pytest_asc.diagnose("a.b.c", now=now)


def test_a_name_in_place_of_a_service_is_a_type_error_that_says_where_names_are_accepted() -> None:
    with pytest.raises(TypeError, match=r"got 'weatherkit', expected a Service; pytest_asc\.emulate\(service=…\)"):
        pytest_asc.Emulator("weatherkit")  # type: ignore[arg-type]


def test_emulate_answers_requests_to_apples_host_inside_the_with_block() -> None:
    with pytest_asc.emulate() as account:
        app = account.add("apps", name="Lists")
        response = requests.get(APPS, headers={"Authorization": f"Bearer {account.token()}"}, timeout=5)
        assert [one["id"] for one in response.json()["data"]] == [app["id"]]
        assert requests.get(APPS, headers={"Authorization": "Bearer x"}, timeout=5).status_code == 401
    assert str(account.requests[0]).startswith("GET /v1/apps 200")


def test_other_connections_to_apple_are_errors_even_if_a_test_replaced_a_method_of_sockets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest_asc.emulate():
        monkeypatch.setattr(socket.socket, "connect", _socket.socket.connect)
    with pytest_asc.emulate(), socket.socket() as plain, pytest.raises(AppleHostError, match="appstoreconnect"):
        plain.connect(("api.appstoreconnect.apple.com", 443))


def test_emulate_applies_role_sample_and_load() -> None:
    with pytest_asc.emulate(role="DEVELOPER", sample=True, load={"data": [{"type": "apps", "id": "7"}]}) as account:
        assert account.role == "DEVELOPER"
        assert len(account.find("apps")) > 1


def test_emulate_uses_the_given_openapi_document_only_inside_the_with_block(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(MINIATURE), encoding="utf-8")
    with pytest_asc.emulate(openapi=file, sample=True) as account:
        assert account.api_version == "0.1"
        account.add("shelves", name="Oak", kind="OAK")
        shelves = APPS.replace("/v1/apps", "/v2/shelves?filter[kind]=OAK")
        response = requests.get(shelves, headers={"Authorization": f"Bearer {account.token()}"}, timeout=5)
        assert [one["attributes"]["name"] for one in response.json()["data"]] == ["Oak"]
    with pytest_asc.emulate() as account:
        assert account.api_version != "0.1"
        assert requests.get(APPS, headers={"Authorization": f"Bearer {account.token()}"}, timeout=5).ok


def test_emulate_raises_value_error_if_the_openapi_document_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"), pytest_asc.emulate(openapi=tmp_path / "none.json"):
        pytest.fail("it was opened")


def test_emulate_raises_assertion_error_at_exit_if_a_planned_failure_was_not_used() -> None:
    with pytest.raises(AssertionError, match="planned failures did not happen"), pytest_asc.emulate() as account:
        account.fail("GET", "/v1/apps", status=500)
    with pytest_asc.emulate(allow_unfired=True) as account:
        account.fail("GET", "/v1/apps", status=500)


def test_an_exception_in_the_with_block_is_raised_instead_of_the_error_for_an_unused_failure() -> None:
    def program() -> None:
        with pytest_asc.emulate() as account:
            account.fail("GET", "/v1/apps", status=500)
            raise KeyError

    with pytest.raises(KeyError):
        program()


def test_emulate_raises_value_error_for_an_unknown_service() -> None:
    with pytest.raises(ValueError, match="expected one of app-store-connect"), pytest_asc.emulate(service="x"):  # type: ignore[arg-type]
        pass


def test_emulate_does_not_import_pytest() -> None:
    code = (
        "import sys, pytest_asc, requests\n"
        "with pytest_asc.emulate() as account:\n"
        f"    r = requests.get({APPS!r}, headers={{'Authorization': 'Bearer ' + account.token()}})\n"
        "print(r.status_code, 'pytest' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["200", "False"]


UNITTEST = """
import unittest
import pytest_asc, requests

URL = "https://api.appstoreconnect.apple.com/v1/apps"
emulation = pytest_asc.emulate(sample=True)

def setUpModule():
    global account
    account = emulation.__enter__()

def tearDownModule():
    emulation.__exit__(None, None, None)

def status(account):
    return requests.get(URL, headers={"Authorization": f"Bearer {account.token()}"}).status_code

class TestModule(unittest.TestCase):
    def test_the_account_of_the_module(self):
        self.assertEqual(status(account), 200)
        self.assertEqual(len(account.requests), 1)

class TestClass(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        context = pytest_asc.emulate(role="DEVELOPER")
        cls.account = context.__enter__()
        cls.addClassCleanup(context.__exit__, None, None, None)

    def test_an_account_within_that_of_the_module(self):
        self.assertEqual(status(self.account), 200)
        self.assertEqual(self.account.find("apps"), [])

class TestWithout(unittest.TestCase):
    def test_the_account_of_the_module_again(self):
        self.assertEqual(requests.get(URL, headers={"Authorization": "Bearer x"}).status_code, 401)
"""


def test_emulate_works_in_module_and_class_fixtures_of_unittest(tmp_path: Path) -> None:
    (tmp_path / "test_release.py").write_text(UNITTEST, encoding="utf-8")
    command = [sys.executable, "-W", "error::ResourceWarning", "-m", "unittest", "test_release.py"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_pytest_uses_it_for_modules_and_classes_of_unittest(
    pytester: pytest.Pytester, runpytest_forked: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile(test_release=UNITTEST)
    result = runpytest_forked("-W", "error::ResourceWarning", "-q", "-p", "no:cacheprovider", "test_release.py")
    result.assert_outcomes(passed=3)
    assert result.ret == 0


def test_emulate_stays_active_across_the_cells_of_a_notebook() -> None:
    cells = [
        "import contextlib, pytest_asc, requests",
        "stack = contextlib.ExitStack()\naccount = stack.enter_context(pytest_asc.emulate(sample=True))",
        "headers = {'Authorization': f'Bearer {account.token()}'}",
        f"status = requests.get({APPS!r}, headers=headers).status_code",
        "stack.close()",
    ]
    names: dict[str, Any] = {}
    for cell in cells:
        exec(cell, names)
    assert names["status"] == 200


def test_the_emulator_opened_last_answers_whichever_one_is_closed_first() -> None:
    first, second = pytest_asc.emulate(), pytest_asc.emulate()
    one, two = first.__enter__(), second.__enter__()
    requests.get(APPS, timeout=5)
    first.__exit__(None, None, None)
    requests.get(APPS, timeout=5)
    second.__exit__(None, None, None)
    assert (len(one.requests), len(two.requests)) == (0, 2)
