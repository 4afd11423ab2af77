from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_asc.emulator.jsonapi.query import decode_cursor, encode_cursor, parse
from pytest_asc.emulator.spec.api_spec import Operation, api_spec


def operation(path: str) -> Operation:
    found = api_spec().operation("GET", path)
    assert found is not None
    return found


APPS = operation("/v1/apps")
APP = operation("/v1/apps/{id}")


@pytest.mark.parametrize(
    ("asked", "text", "code", "parameter", "detail"),
    [
        (APPS, "foo=1", "ILLEGAL", "foo", "The parameter 'foo' can not be used with this request"),
        (APPS, "filter[emaill]=x", "INVALID", "filter[emaill]", "'emaill' is not a valid filter type"),
        (APPS, "filter[platform]=IOS", "INVALID", "filter[platform]", "'platform' is not a valid filter type"),
        (APPS, "filter=x", "ILLEGAL", "filter", "The parameter 'filter' can not be used with this request"),
        (APPS, "filter[name=x", "ILLEGAL", "filter[name", "The parameter 'filter[name' can not be"),
        (APPS, "exists[builds]=true", "ILLEGAL", "exists[builds]", "The parameter 'exists[builds]' can not be"),
        (APPS, "exists[gameCenterEnabledVersions]=1", "INVALID", "exists[gameCenterEnabledVersions]", "'1' is not a"),
        (APPS, "sort=sku,-price", "INVALID", "sort", "'-price' is not a valid field name"),
        (APPS, "include=builds,apps", "INVALID", "include", "'apps' is not a valid relationship name"),
        (APPS, "fields[apps]=name,nope", "INVALID", "fields[apps]", "'nope' is not a valid field name"),
        (APPS, "fields[nope]=name", "INVALID", "fields[nope]", "'nope' is not a valid resource type"),
        (APPS, "limit=0", "INVALID", "limit", "'0' is not a valid limit, expected a number from 1 to 200"),
        (APPS, "limit=201", "INVALID", "limit", "'201' is not a valid limit, expected a number from 1 to 200"),
        (APPS, "limit=ten", "INVALID", "limit", "'ten' is not a valid limit"),
        (APPS, "limit=", "INVALID", "limit", "'' is not a valid limit"),
        (APPS, "limit=1&limit=2", "INVALID", "limit", "'1,2' is not a valid limit"),
        (APPS, "limit[builds]=51", "INVALID", "limit[builds]", "expected a number from 1 to 50"),
        (APPS, "limit[ciProduct]=1", "ILLEGAL", "limit[ciProduct]", "can not be used with this request"),
        (APPS, "cursor=abc", "INVALID", "cursor", "'abc' is not a valid cursor for this request"),
        (APPS, "filter[reviewSubmissions.platform]=PC", "INVALID", "filter[reviewSubmissions.platform]", "'PC' is not"),
        (APP, "limit=1", "ILLEGAL", "limit", "The parameter 'limit' can not be used with this request"),
        (APP, "sort=name", "ILLEGAL", "sort", "The parameter 'sort' can not be used with this request"),
        (APP, "cursor=x", "ILLEGAL", "cursor", "The parameter 'cursor' can not be used with this request"),
        (APP, "filter[name]=x", "ILLEGAL", "filter[name]", "The parameter 'filter[name]' can not be used"),
        (operation("/v1/apps/{id}/builds"), "sort=version", "ILLEGAL", "sort", "The parameter 'sort' can not be used"),
        (operation("/v1/actors"), "limit=1", "REQUIRED", "filter[id]", "The parameter 'filter[id]' is required"),
        (operation("/v1/appInfos/{id}/relationships/ageRatingDeclaration"), "include=x", "ILLEGAL", "include", ""),
    ],
)  # fmt: skip
def test_an_invalid_parameter_gets_apples_error(
    asked: Operation, text: str, code: str, parameter: str, detail: str
) -> None:
    (error,) = parse(asked, text).errors
    shown = error.as_json("x")
    assert shown["code"] == f"PARAMETER_ERROR.{code}"
    assert shown["source"] == {"parameter": parameter}
    assert detail in str(shown["detail"])


def test_all_errors_of_a_query_are_reported_together() -> None:
    errors = parse(APPS, "a=1&limit=900&sort=x,y&fields[apps]=z").errors
    assert [error.source["parameter"] for error in errors] == ["a", "limit", "sort", "sort", "fields[apps]"]


def test_a_query_is_parsed_into_its_parameters() -> None:
    query = parse(
        APPS,
        "filter%5Bname%5D=a%2Cb,c&exists[gameCenterEnabledVersions]=true&sort=-name,sku&include=builds,,ciProduct"
        "&fields[builds]=version&fields[apps]=&limit=7&limit[builds]=3&cursor=" + encode_cursor(14),
    )
    assert query.errors == ()
    assert query.filters == {"name": ("a", "b", "c")}
    assert query.exists == {"gameCenterEnabledVersions": True}
    assert query.sort == (("name", True), ("sku", False))
    assert query.include == ("builds", "ciProduct")
    assert query.fields == {"builds": frozenset({"version"}), "apps": frozenset()}
    assert (query.limit, query.limits, query.offset) == (7, {"builds": 3}, 14)
    assert "cursor=" in query.text
    assert "cursor=" not in query.next_text


def test_the_default_limit_is_fifty() -> None:
    assert parse(APPS, "").limit == 50


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=10**15))
def test_a_cursor_decodes_to_its_offset(offset: int) -> None:
    assert decode_cursor(encode_cursor(offset)) == offset


@settings(deadline=None)
@given(st.text())
def test_any_text_is_accepted_or_rejected_as_a_cursor(text: str) -> None:
    offset = decode_cursor(text)
    assert offset is None or encode_cursor(offset) == text


@settings(deadline=None)
@given(st.text())
def test_any_query_is_parsed_and_repeated_in_links(text: str) -> None:
    query = parse(APPS, text.replace("\ud800", ""))
    again = parse(APPS, query.text)
    assert query.text.isascii()
    assert (again.text, again.errors) == (query.text, query.errors)
