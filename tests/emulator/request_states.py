"""State of the account and members of the body that hooks require for a valid request, in a table by operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_asc.emulator.app import Emulator

Json = dict[str, Any]


def _attributes(**changed: Any) -> Callable[[Emulator, Json], None]:
    """Return a function that changes attributes, if the body has them."""

    def apply(_: Emulator, data: Json) -> None:
        given = data.get("attributes", {})
        given.update({name: value for name, value in changed.items() if name in given})

    return apply


def _with_attributes(**added: Any) -> Callable[[Emulator, Json], None]:
    """Return a function that sets attributes, even if the body does not have them."""

    def apply(_: Emulator, data: Json) -> None:
        data.setdefault("attributes", {}).update(added)

    return apply


def _removed_attributes(*attributes: str) -> Callable[[Emulator, Json], None]:
    """Return a function that removes attributes whose value in a new resource cannot be changed."""

    def apply(_: Emulator, data: Json) -> None:
        for attribute in attributes:
            data.get("attributes", {}).pop(attribute, None)

    return apply


def _relationship(name: str, kind: str, **members: Any) -> Callable[[Emulator, Json], None]:
    """Return a function that sets a relationship to a new resource with these members."""

    def apply(emulator: Emulator, data: Json) -> None:
        data.setdefault("relationships", {})[name] = _to(emulator.add(kind, **members))

    return apply


def _to(resource: Json) -> Json:
    return {"data": {"type": resource["type"], "id": resource["id"]}}


def _one_to_review(emulator: Emulator, data: Json) -> None:
    """Relate the item to a custom product page, since a version would require many other resources."""
    submission = data["relationships"]["reviewSubmission"]
    page = emulator.add("appCustomProductPageVersions")
    data["relationships"] = {"reviewSubmission": submission, "appCustomProductPageVersion": _to(page)}


def _localization_of_an_update(emulator: Emulator, data: Json) -> None:
    """Relate the localization to a version of an app with an earlier version, so that it can have release notes."""
    app = emulator.add("apps")
    emulator.add("appStoreVersions", app=app, appStoreState="READY_FOR_SALE")
    data["relationships"]["appStoreVersion"] = _to(emulator.add("appStoreVersions", app=app))


def _tester_with_a_build(emulator: Emulator, data: Json) -> None:
    app, build = emulator.add("apps"), _approved(emulator)
    tester = emulator.add("betaTesters", state="NOT_INVITED")
    emulator.add("betaGroups", app=app, builds=[build], betaTesters=[tester])
    for name, resource in {"app": app, "betaTester": tester}.items():
        data["relationships"][name] = _to(resource)


def _with_a_price(emulator: Emulator, data: Json) -> None:
    """Add a price for the base territory to the schedule."""
    if not data["relationships"]["manualPrices"]["data"]:
        data["relationships"]["manualPrices"]["data"] = [_to(emulator.add("appPrices"))["data"]]


def _available(name: str, kind: str, availability: str, target: str) -> Callable[[Emulator, Json], None]:
    """Return a function that sets a relationship to a new product with an availability."""

    def apply(emulator: Emulator, data: Json) -> None:
        members: Json = {availability: emulator.add(target)}
        product = emulator.add(kind, **members)
        data["relationships"][name] = _to(product)

    return apply


def _group_with_an_approved_version(emulator: Emulator, data: Json) -> None:
    group = emulator.add("subscriptionGroups")
    emulator.add("subscriptionGroupVersions", subscriptionGroup=group, state="APPROVED")
    data["relationships"]["subscriptionGroup"] = _to(group)


def _group_with_a_submitted_subscription(emulator: Emulator, data: Json) -> None:
    group = emulator.add("subscriptionGroups")
    emulator.add("subscriptions", group=group, state="WAITING_FOR_REVIEW")
    data["relationships"]["subscriptionGroup"] = _to(group)


def _approved_build(emulator: Emulator, data: Json) -> None:
    data["relationships"]["build"] = _to(_approved(emulator))


def _approved(emulator: Emulator) -> Json:
    detail = emulator.add("buildBetaDetails", externalBuildState="IN_BETA_TESTING", autoNotifyEnabled=False)
    return emulator.add("builds", buildBetaDetail=detail, betaGroups=[emulator.add("betaGroups")])


def _placement(emulator: Emulator, data: Json) -> None:
    """Relate the placement to exactly one asset and one surface, and set a type and a group that are valid for them."""
    relationships = data.setdefault("relationships", {})
    relationships.clear()
    image = emulator.add("appAssetLibraryImages", state="APPROVED")
    localization = emulator.add("appStoreVersionLocalizations", appStoreVersion=emulator.add("appStoreVersions"))
    relationships |= {"image": _to(image), "appStoreVersionLocalization": _to(localization)}
    data["attributes"] = {"placementType": "APP_SCREENSHOT", "placementGroup": "IPAD_13_PROFILE"}


def _ordering(emulator: Emulator, data: Json) -> None:
    """Relate the request to all placements in a group of a surface."""
    localization = emulator.add("appStoreVersionLocalizations", appStoreVersion=emulator.add("appStoreVersions"))
    group = "IPAD_13_PROFILE"
    placements = [
        emulator.add("appAssetLibraryPlacements", placementGroup=group, appStoreVersionLocalization=localization)
        for _ in range(2)
    ]
    linkages = [_to(placement)["data"] for placement in reversed(placements)]
    data["attributes"] = {"placementGroup": group}
    data["relationships"] = {
        "orderedPlacements": {"data": linkages},
        "appStoreVersionLocalization": _to(localization),
    }


_RELEASABLE = {"appVersionState": "PENDING_DEVELOPER_RELEASE", "appStoreState": "PENDING_DEVELOPER_RELEASE"}

_CONTACT = {
    "contactFirstName": "Alex",
    "contactLastName": "Example",
    "contactPhone": "+1 415 555 0100",
    "contactEmail": "alex@example.com",
}

LINKED: Mapping[tuple[str, str], Json] = {
    ("PATCH", "/v1/gameCenterDetails/{id}/relationships/challengesMinimumPlatformVersions"): {
        "appStoreState": "READY_FOR_SALE"
    },
}
"""Members of the related resource in the body of a request that changes a relationship, by method and path."""

STATES: Mapping[tuple[str, str], Callable[[Emulator, Json], None]] = {
    ("POST", "/v1/appAssetLibraryPlacements"): _placement,
    ("POST", "/v1/appAssetLibraryPlacementOrderingRequests"): _ordering,
    ("PATCH", "/v1/appAssetLibraryImages/{id}"): _removed_attributes("archived", "uploaded"),
    ("PATCH", "/v1/appAssetLibraryVideos/{id}"): _removed_attributes("archived", "uploaded"),
    ("PATCH", "/v1/appStoreVersionPhasedReleases/{id}"): _removed_attributes("phasedReleaseState"),
    ("POST", "/v1/appStoreReviewDetails"): _with_attributes(**_CONTACT),
    ("PATCH", "/v1/appStoreReviewDetails/{id}"): _attributes(**_CONTACT),
    ("PATCH", "/v1/betaAppReviewDetails/{id}"): _attributes(**_CONTACT),
    ("PATCH", "/v1/appStoreVersionLocalizations/{id}"): _removed_attributes("whatsNew"),
    ("POST", "/v1/appStoreVersionLocalizations"): _localization_of_an_update,
    ("POST", "/v1/appStoreVersionReleaseRequests"): _relationship("appStoreVersion", "appStoreVersions", **_RELEASABLE),
    ("POST", "/v1/betaGroups"): _attributes(isInternalGroup=False, hasAccessToAllBuilds=False),
    ("POST", "/v1/betaTesterInvitations"): _tester_with_a_build,
    ("POST", "/v1/buildBetaNotifications"): _approved_build,
    ("PATCH", "/v1/builds/{id}"): _removed_attributes("usesNonExemptEncryption", "expired"),
    ("POST", "/v1/ciBuildRuns"): _relationship("workflow", "ciWorkflows", isEnabled=True),
    ("POST", "/v1/devices"): _attributes(udid="00008110-000A1B2C3D4E5F60"),
    ("POST", "/v1/appPriceSchedules"): _with_a_price,
    ("POST", "/v1/inAppPurchasePriceSchedules"): _available(
        "inAppPurchase", "inAppPurchases", "inAppPurchaseAvailability", "inAppPurchaseAvailabilities"
    ),
    ("POST", "/v1/subscriptionPrices"): _available(
        "subscription", "subscriptions", "subscriptionAvailability", "subscriptionAvailabilities"
    ),
    ("POST", "/v1/inAppPurchaseVersions"): _relationship("inAppPurchase", "inAppPurchases", state="APPROVED"),
    ("POST", "/v1/subscriptionVersions"): _relationship("subscription", "subscriptions", state="APPROVED"),
    ("POST", "/v1/subscriptionGroupVersions"): _group_with_an_approved_version,
    ("POST", "/v1/inAppPurchaseSubmissions"): _relationship(
        "inAppPurchaseV2", "inAppPurchases", state="READY_TO_SUBMIT"
    ),
    ("POST", "/v1/subscriptionSubmissions"): _relationship("subscription", "subscriptions", state="READY_TO_SUBMIT"),
    ("POST", "/v1/subscriptionGroupSubmissions"): _group_with_a_submitted_subscription,
    ("POST", "/v1/reviewSubmissionItems"): _one_to_review,
    ("POST", "/v1/subscriptionOfferCodes"): _attributes(autoRenewEnabled=True, offerMode="PAY_AS_YOU_GO"),
    ("PATCH", "/v1/reviewSubmissions/{id}"): _attributes(submitted=False, canceled=False),
}
"""Functions that change the account and the data of the body, by method and path."""
