from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.relationships import Relation, create_inverse, dependants, relation

if TYPE_CHECKING:
    from collections.abc import Iterator


def every_relation() -> Iterator[Relation]:
    for kind in api_spec().types:
        for schema in api_spec().schemas_of(kind):
            for name in schema.relationships:
                found = relation(kind, name)
                if found:
                    yield found


def test_the_other_side_of_the_other_side_is_this_side() -> None:
    two_sided = [one for one in every_relation() if not one.inverse.startswith("~")]
    assert len(two_sided) > 300
    for one in two_sided:
        back = relation(one.target, one.inverse)
        assert back is not None
        assert (back.target, back.inverse, back.inverse_many) == (one.type, one.name, one.many)


@pytest.mark.parametrize(
    ("kind", "name", "inverse"),
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
def test_the_two_sides_of_a_relationship(kind: str, name: str, inverse: str) -> None:
    found = relation(kind, name)
    assert found is not None
    assert found.inverse == inverse


def test_two_names_for_the_same_resources_are_one_relation() -> None:
    assert relation("apps", "inAppPurchasesV2") == relation("apps", "inAppPurchases")
    assert relation("apps", "appAvailabilityV2") is not None


def test_what_leads_to_no_resource_is_no_relation() -> None:
    assert relation("apps", "perfPowerMetrics") is None
    assert relation("apps", "nothing") is None
    assert relation("nothing", "apps") is None


@pytest.mark.parametrize(
    ("kind", "target", "name"),
    [
        ("subscriptionGroups", "apps", "subscriptionGroups"),
        ("inAppPurchases", "apps", "inAppPurchases"),
        ("buildUploadFiles", "buildUploads", "buildUploadFiles"),
        ("inAppPurchaseImages", "inAppPurchaseVersions", "images"),
        ("webhookPings", "webhooks", None),
        ("nothing", "apps", None),
    ],
)
def test_the_way_back_to_what_shows_no_relationship(kind: str, target: str, name: str | None) -> None:
    found = create_inverse(kind, target)
    assert (found.name if found else None) == name


def test_what_cannot_be_created_without_another_depends_on_it() -> None:
    assert ("appStoreVersionLocalizations", "appStoreVersionLocalizations") in dependants("appStoreVersions")
    assert ("subscriptionGroups", "subscriptionGroups") in dependants("apps")
    assert ("profiles", "profiles") in dependants("bundleIds")
    assert "certificates" not in {kind for kind, _ in dependants("profiles")}
    assert "profiles" not in {kind for kind, _ in dependants("certificates")}, "one of many can be spared"
    assert dependants("nothing") == ()
