"""``--asc-openapi`` and the ini value ``asc_openapi``: the user's own OpenAPI document in a pytest run."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import pytest
from emulator.miniature import MINIATURE, Json

if TYPE_CHECKING:
    from pathlib import Path

TESTS = """
    def test_the_emulator_offers_the_operations_of_the_users_document(asc_emulator, asc_session):
        assert asc_emulator.api_version == "0.1"
        shelf = asc_emulator.add("shelves", name="Oak", kind="OAK")
        answer = asc_session.get("/v2/shelves?filter[kind]=OAK")
        assert [one["id"] for one in answer.json()["data"]] == [shelf["id"]]
        assert set(answer.json()["data"][0]["attributes"]) == {"name", "kind", "size", "old"}
        assert asc_session.get("/v1/apps").status_code == 404

    def test_workflows_work_although_the_users_document_lacks_types(asc_emulator):
        asc_emulator.load_sample()
        assert asc_emulator.find("apps")
"""


def write_document(pytester: pytest.Pytester, document: Json = MINIATURE) -> Path:
    return pytester.makefile(".json", openapi=json.dumps(document))


def test_the_option_names_a_document_that_is_compiled_once_and_cached(pytester: pytest.Pytester) -> None:
    write_document(pytester)
    pytester.makepyfile(TESTS)
    first = pytester.runpytest("--asc-openapi=openapi.json")
    first.assert_outcomes(passed=2)
    first.stdout.fnmatch_lines(
        [
            "asc: compiling the OpenAPI document *openapi.json *",
            "asc: compiled in * s: version 0.1, 7 operations",
            "asc: App Store Connect API 0.1, from *openapi.json",
            "asc: the roles for these are not known, so only ADMIN may use them: /v1/bookReports, /v2/shelves",
        ]
    )
    second = pytester.runpytest_subprocess("--asc-openapi=openapi.json")  # another process has only the file
    second.assert_outcomes(passed=2)
    assert "asc: compil" not in second.stdout.str()
    second.stdout.fnmatch_lines(["asc: App Store Connect API 0.1, from *openapi.json"])


def test_a_changed_document_is_compiled_again(pytester: pytest.Pytester) -> None:
    write_document(pytester)
    pytester.makepyfile("def test_version(asc_emulator): assert asc_emulator.api_version == '0.2'")
    pytester.runpytest("--asc-openapi=openapi.json").assert_outcomes(failed=1)
    write_document(pytester, {**MINIATURE, "info": {"version": "0.2"}})
    result = pytester.runpytest("--asc-openapi=openapi.json")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["asc: compiled in *"])


def test_a_path_in_the_ini_file_is_relative_to_the_ini_file(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_document(pytester)
    pytester.makeini("[pytest]\nasc_openapi = openapi.json\n")
    pytester.makepyfile(TESTS)
    folder = pytester.mkdir("elsewhere")
    monkeypatch.chdir(folder)
    pytester.runpytest("..").assert_outcomes(passed=2)


@pytest.mark.parametrize("arguments", [("-n2",), ("-n1", "-p", "no:cacheprovider")])
def test_workers_of_xdist_get_the_compiled_document(pytester: pytest.Pytester, arguments: tuple[str, ...]) -> None:
    pytest.importorskip("xdist")
    file = write_document(pytester)
    pytester.makeconftest(
        # The controller has read the file before it starts the workers, and the workers must not read it.
        f"""
        import pathlib
        def pytest_configure_node():
            pathlib.Path({str(file)!r}).unlink(missing_ok=True)
        """
    )
    pytester.makepyfile(TESTS)
    result = pytester.runpytest("--asc-openapi=openapi.json", *arguments)
    result.assert_outcomes(passed=2)
    assert result.stdout.str().count("asc: compiling") == 1


def test_a_run_without_a_document_uses_the_shipped_one_even_after_a_run_with_one(pytester: pytest.Pytester) -> None:
    from pytest_asc.emulator.spec.api_spec import shipped_spec  # noqa: PLC0415

    write_document(pytester)
    pytester.makepyfile("def test_apps(asc_session): assert asc_session.get('/v1/apps').ok")
    pytester.runpytest("--asc-openapi=openapi.json").assert_outcomes(failed=1)
    result = pytester.runpytest()
    result.assert_outcomes(passed=1)
    assert "App Store Connect API" not in result.stdout.str()
    assert shipped_spec()["version"]


def test_an_unsupported_operation_is_reported_once_and_answered_with_501(pytester: pytest.Pytester) -> None:
    document = copy.deepcopy(MINIATURE)
    document["paths"]["/v1/lamps"] = {"get": {"responses": {"400": {}}}}
    write_document(pytester, document)
    pytester.makepyfile(
        """
        def test_lamps(asc_session):
            answer = asc_session.get("/v1/lamps")
            assert answer.status_code == 501
            assert "GET /v1/lamps" in answer.text
        """
    )
    result = pytester.runpytest("--asc-openapi=openapi.json")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "asc: not understood: /paths/~1v1~1lamps/get: it has responses of 400, *",
            "asc: for the whole list, run: python -m pytest_asc openapi *openapi.json",
        ]
    )


def test_an_operation_without_known_roles_is_allowed_for_admin_only(pytester: pytest.Pytester) -> None:
    write_document(pytester)
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize(("role", "status"), [("ADMIN", 200), ("DEVELOPER", 403)])
        def test_role(asc_emulator, asc_session, role, status):
            asc_emulator.role = role
            assert asc_session.get("/v2/shelves?filter[kind]=OAK").status_code == status
        """
    )
    pytester.runpytest("--asc-openapi=openapi.json").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "ERROR: --asc-openapi: *openapi.json cannot be read: No such file or directory"),
        ("", "ERROR: --asc-openapi: *openapi.json is empty, expected an OpenAPI document"),
        ("[]", "ERROR: --asc-openapi: *openapi.json contains an array, *"),
        ("{}", "ERROR: --asc-openapi: this is not an OpenAPI document: /: there is no 'paths'"),
    ],
)
def test_a_file_that_is_not_an_openapi_document_is_a_usage_error(
    pytester: pytest.Pytester, content: str | None, complaint: str
) -> None:
    if content is not None:
        pytester.makefile(".json", openapi=content)
    pytester.makepyfile("def test_nothing(): pass")
    result = pytester.runpytest("--asc-openapi=openapi.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([complaint])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_a_damaged_cache_is_written_again(pytester: pytest.Pytester) -> None:
    write_document(pytester)
    pytester.makepyfile(TESTS)
    pytester.runpytest("--asc-openapi=openapi.json").assert_outcomes(passed=2)
    (file,) = pytester.path.glob(".pytest_cache/**/asc-openapi/*")
    file.write_bytes(file.read_bytes()[:100])
    result = pytester.runpytest("--asc-openapi=openapi.json")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["asc: compiled in *"])


def test_a_quiet_run_prints_nothing_about_the_document(pytester: pytest.Pytester) -> None:
    write_document(pytester)
    pytester.makepyfile(TESTS)
    result = pytester.runpytest("-q", "--asc-openapi=openapi.json")
    result.assert_outcomes(passed=2)
    assert "asc: " not in result.stdout.str()
