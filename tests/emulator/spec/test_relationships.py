from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.relationships import Relation, create_inverse, dependants, relation

if TYPE_CHECKING:
    from collections.abc import Iterator


def every_relation() -> Iterator[Relation]:
    for resource_type in api_spec().types:
        for schema in api_spec().schemas_of(resource_type):
            for name in schema.relationships:
                found = relation(resource_type, name)
                if found:
                    yield found


def test_the_inverse_of_the_inverse_is_the_relation() -> None:
    two_sided = [one for one in every_relation() if not one.inverse.startswith("~")]
    assert len(two_sided) > 300
    for one in two_sided:
        back = relation(one.target, one.inverse)
        assert back is not None
        assert (back.target, back.inverse, back.inverse_many) == (one.type, one.name, one.many)


@pytest.mark.parametrize(
    ("resource_type", "name", "inverse"),
    [
        ("builds", "app", "builds"),
        ("apps", "betaTesters", "apps"),
        ("apps", "inAppPurchasesV2", "apps"),
        ("appCategories", "parent", "subcategories"),
        ("scmRepositories", "gitReferences", "repository"),
        ("scmRepositories", "defaultBranch", "~scmRepositories.defaultBranch"),
        ("users", "visibleApps", "~users.visibleApps"),
    ],
)
def test_a_relation_knows_the_name_of_its_inverse(resource_type: str, name: str, inverse: str) -> None:
    found = relation(resource_type, name)
    assert found is not None
    assert found.inverse == inverse


def test_two_names_for_the_same_resources_are_one_relation() -> None:
    assert relation("apps", "inAppPurchasesV2") == relation("apps", "inAppPurchases")
    assert relation("apps", "appAvailabilityV2") is not None


def test_a_relationship_without_a_target_type_has_no_relation() -> None:
    assert relation("apps", "perfPowerMetrics") is None
    assert relation("apps", "nothing") is None
    assert relation("nothing", "apps") is None


@pytest.mark.parametrize(
    ("resource_type", "target", "name"),
    [
        ("subscriptionGroups", "apps", "subscriptionGroups"),
        ("inAppPurchases", "apps", "inAppPurchases"),
        ("buildUploadFiles", "buildUploads", "buildUploadFiles"),
        ("inAppPurchaseImages", "inAppPurchaseVersions", "images"),
        ("webhookPings", "webhooks", None),
        ("nothing", "apps", None),
    ],
)
def test_a_resource_created_with_a_relationship_it_does_not_have_is_found_from_the_target(
    resource_type: str, target: str, name: str | None
) -> None:
    found = create_inverse(resource_type, target)
    assert (found.name if found else None) == name


def test_a_type_with_a_required_relationship_depends_on_its_target() -> None:
    assert ("appStoreVersionLocalizations", "appStoreVersionLocalizations") in dependants("appStoreVersions")
    assert ("subscriptionGroups", "subscriptionGroups") in dependants("apps")
    assert ("profiles", "profiles") in dependants("bundleIds")
    assert "certificates" not in {dependant for dependant, _ in dependants("profiles")}
    assert "profiles" not in {dependant for dependant, _ in dependants("certificates")}, "one of many can be spared"
    assert dependants("nothing") == ()
