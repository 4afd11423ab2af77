from __future__ import annotations

import re
from typing import Any

import pytest
from emulator.harness import NOW

from pytest_asc.emulator.account.defaults import _DEFAULTS, defaults
from pytest_asc.emulator.account.ids import IdGenerator
from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.iso_8601 import parse_date_time
from pytest_asc.emulator.spec.type_validation import type_mismatch


@pytest.mark.parametrize("kind", api_spec().types)
def test_default_attributes_are_valid_and_required_ones_are_not_null(kind: str) -> None:
    values = defaults(kind, 3, NOW)
    schemas = api_spec().schemas_of(kind)
    codes = {name: code for schema in schemas for name, code in schema.attributes.items()}
    assert values.keys() == codes.keys()
    assert [name for name, value in values.items() if type_mismatch(codes[name], value)] == []
    required = api_spec().required_attributes(schemas[-1]) - {"csrContent"}  # shown as null (observed)
    objects = {name for name in required if isinstance(codes.get(name), dict) or str(codes.get(name)).startswith("$")}
    assert {name for name in required & values.keys() if values[name] is None} <= objects


def test_default_values_are_of_attributes_that_exist() -> None:
    for kind, values in _DEFAULTS.items():
        known = {name for schema in api_spec().schemas_of(kind) for name in schema.attributes}
        assert values.keys() <= known


def test_each_resource_has_a_different_default_name() -> None:
    assert [defaults("apps", number, NOW)["bundleId"] for number in (1, 2)] == ["com.example.app1", "com.example.app2"]


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("appStoreVersionPhasedReleases", {"phasedReleaseState": "INACTIVE", "currentDayNumber": 0, "startDate": None}),
        ("devices", {"status": "ENABLED", "model": None}),
    ],
)
def test_a_new_resource_is_in_apples_initial_state(kind: str, state: dict[str, Any]) -> None:
    assert defaults(kind, 1, NOW).items() >= state.items()


def test_dates_have_apples_format_and_zone() -> None:
    assert timestamp(1_612_267_219) == "2021-02-02T04:00:19-08:00"
    build = defaults("builds", 1, 1_612_267_219)
    assert (build["uploadedDate"], build["expirationDate"]) == (
        "2021-02-02T04:00:19-08:00",
        "2021-05-03T05:00:19-07:00",  # ninety days later, in summer
    )


@pytest.mark.parametrize(
    ("kind", "form"),
    [("apps", r"\d{10}"), ("bundleIds", r"[A-Z0-9]{10}"), ("builds", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")],
)
def test_ids_have_apples_format_for_their_type(kind: str, form: str) -> None:
    made = [IdGenerator(7).new(kind), *(one.new(kind) for one in [IdGenerator(8)] for _ in range(50))]
    assert all(re.fullmatch(form, identifier) for identifier in made)
    assert len(set(made)) == 51


APP = api_spec().schema("App").attributes
BUILD = api_spec().schema("Build").attributes


@pytest.mark.parametrize(
    ("code", "value", "problem"),
    [
        ("string", "x", None),
        ("string", None, None),
        ("string", 1, "got an integer, expected a string"),
        ("string:number", "1.99", None),
        ("string:number", 1.99, "got a number, expected a string"),
        ("date-time", "2021-02-02T04:00:19-08:00", None),
        ("boolean", True, None),
        ("boolean", 1, "got an integer, expected a boolean"),
        ("integer", True, "got a boolean, expected an integer"),
        ("integer:1..5", 3, None),
        ("integer:1..5", 6, "got 6, expected 1 to 5"),
        ("number", 1, None),
        ("number", 1.5, None),
        (["string"], ["a", "b"], None),
        (["string"], "a", "got a string, expected an array"),
        (["string"], ["a", 1], "1: got an integer, expected a string"),
        ({"a": "integer"}, {"a": 1}, None),
        ({"a": "integer"}, {"a": "1"}, "a: got a string, expected an integer"),
        ({"a": "integer"}, {"b": 1}, "got a member 'b', expected one of a"),
        ({"a": "integer"}, [], "got an array, expected an object"),
        ({"*": "string"}, {"any": "x"}, None),
        (BUILD["iconAssetToken"], {"templateUrl": "x", "width": 1, "height": 1}, None),
        (BUILD["processingState"], "VALID", None),
        (BUILD["processingState"], "valid", "got 'valid', expected one of PROCESSING, FAILED, INVALID, VALID"),
        (BUILD["processingState"], [], "got [], expected one of PROCESSING, FAILED, INVALID, VALID"),
    ],
)
def test_a_type_mismatch_is_explained(code: Any, value: Any, problem: str | None) -> None:
    assert type_mismatch(code, value) == problem


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-28T20:26:40Z",
        "2026-05-28T20:26:40.220Z",
        "2026-05-28T12:26:40-08:00",
        "2026-05-28T12:26:40.220-0800",
        timestamp(NOW),
    ],
)
def test_every_valid_date_time_is_parsed(text: str) -> None:
    assert type_mismatch("date-time", text) is None
    assert parse_date_time(text) == NOW


def test_a_date_time_may_have_no_seconds() -> None:
    assert parse_date_time("2026-05-28T20:26Z") == NOW - 40


def test_a_date_without_a_time_is_not_a_date_time() -> None:
    with pytest.raises(ValueError, match="expected a date-time, got '2026-05-28'"):
        parse_date_time("2026-05-28")
