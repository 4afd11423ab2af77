from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi.filtering import resolve
from pytest_asc.emulator.operations.reads import EMULATED
from pytest_asc.emulator.spec.api_spec import Operation, api_spec
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Iterator


def reads() -> Iterator[Operation]:
    for path in api_spec().paths:
        operation = api_spec().operation("GET", path) if "GET" in api_spec().methods(path) else None
        if operation and operation.kind in EMULATED:
            yield operation


def test_the_whole_api_is_there() -> None:
    assert len(api_spec().types) > 200
    assert sum(len(api_spec().methods(path)) for path in api_spec().paths) > 1200


def test_every_path_starts_from_a_type_of_resource() -> None:
    for operation in reads():
        if operation.kind in {"getCollection", "getInstance"} and operation.schema:
            assert operation.root == operation.schema.type


def test_every_relationship_that_is_read_leads_to_the_type_it_answers() -> None:
    for operation in reads():
        if operation.kind in {"getCollection", "getInstance"}:
            continue
        over = relation(operation.root, operation.relationship)
        answered = operation.schema.type if operation.schema else operation.linkage
        if answered is None:
            continue
        assert over is not None, operation.path
        assert (over.target, over.many) == (answered, operation.many), operation.path


def test_every_sort_and_include_is_understood() -> None:
    for operation in reads():
        if operation.schema is None:
            continue
        kind = operation.schema.type
        assert all(resolve(kind, name.removeprefix("-")) for name in operation.sort), operation.path
        assert all(relation(kind, name) for name in operation.include), operation.path
        assert all(resolve(kind, name) for name in operation.exists), operation.path


# They ask for the prices of another plan.
NOT_UNDERSTOOD = {"planType", "upfrontPricePointId"}


def test_every_filter_but_two_is_understood() -> None:
    filters = {(operation.schema.type, name) for operation in reads() if operation.schema for name in operation.filters}
    not_understood = {name for kind, name in filters if resolve(kind, name) is None}
    assert not_understood == NOT_UNDERSTOOD
    assert len(filters) > 200


def test_strict_clients_find_what_recordings_hold_beside_the_document() -> None:
    assert "csrContent" in api_spec().schema("Certificate").attributes
    assert api_spec().schema("BundleIdCapability").relationships["bundleId"].target == "bundleIds"


def test_the_newest_schema_of_a_type_comes_last() -> None:
    assert [schema.name for schema in api_spec().schemas_of("inAppPurchases")] == ["InAppPurchase", "InAppPurchaseV2"]
    assert api_spec().schema("InAppPurchaseV2").path == "/v2/inAppPurchases"


def test_it_is_read_on_first_use_and_once() -> None:
    code = (
        "import pytest_asc.emulator.app\n"
        "from pytest_asc.emulator.spec.api_spec import api_spec\n"
        "assert api_spec.cache_info().currsize == 0\n"
        "assert api_spec() is api_spec()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
