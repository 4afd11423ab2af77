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


def read_operations() -> Iterator[Operation]:
    for path in api_spec().paths:
        operation = api_spec().operation("GET", path) if "GET" in api_spec().methods(path) else None
        if operation and operation.action in EMULATED:
            yield operation


def test_the_spec_has_the_whole_api() -> None:
    assert len(api_spec().types) > 200
    assert sum(len(api_spec().methods(path)) for path in api_spec().paths) > 1200


def test_the_path_of_a_collection_starts_with_its_resource_type() -> None:
    for operation in read_operations():
        if operation.action in {"getCollection", "getInstance"} and operation.schema:
            assert operation.root == operation.schema.type


def test_every_related_url_returns_the_target_type_of_its_relationship() -> None:
    for operation in read_operations():
        if operation.action in {"getCollection", "getInstance"}:
            continue
        related = relation(operation.root, operation.relationship)
        response_type = operation.schema.type if operation.schema else operation.linkage
        if response_type is None:
            continue
        assert related is not None, operation.path
        assert (related.target, related.many) == (response_type, operation.many), operation.path


def test_every_sort_include_and_exists_name_is_resolved() -> None:
    for operation in read_operations():
        if operation.schema is None:
            continue
        resource_type = operation.schema.type
        assert all(resolve(resource_type, name.removeprefix("-")) for name in operation.sort), operation.path
        assert all(relation(resource_type, name) for name in operation.include), operation.path
        assert all(resolve(resource_type, name) for name in operation.exists), operation.path


# The first two select the prices of another plan; the values of the third have a format that is not known.
NOT_RESOLVED = {"planType", "upfrontPricePointId", "specs"}


def test_all_filters_but_three_are_resolved() -> None:
    filters = {
        (operation.schema.type, name)
        for operation in read_operations()
        if operation.schema
        for name in operation.filters
    }
    not_resolved = {name for resource_type, name in filters if resolve(resource_type, name) is None}
    assert not_resolved == NOT_RESOLVED
    assert len(filters) > 200


def test_members_of_recorded_responses_that_the_document_lacks_are_in_the_spec() -> None:
    assert "csrContent" in api_spec().schema("Certificate").attributes
    assert api_spec().schema("BundleIdCapability").relationships["bundleId"].target == "bundleIds"


def test_the_newest_schema_of_a_type_comes_last() -> None:
    assert [schema.name for schema in api_spec().schemas_of("inAppPurchases")] == ["InAppPurchase", "InAppPurchaseV2"]
    assert api_spec().schema("InAppPurchaseV2").path == "/v2/inAppPurchases"


def test_the_compiled_spec_is_read_once_and_on_first_use() -> None:
    code = (
        "import pytest_asc.emulator.app\n"
        "from pytest_asc.emulator.spec.api_spec import api_spec\n"
        "assert api_spec.cache_info().currsize == 0\n"
        "assert api_spec() is api_spec()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
