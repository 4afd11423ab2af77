"""App Asset Library: images and videos, their placements on surfaces, and the order of placements.

The rules are documented in Apple's guides to the App Asset Library (4.5.1). These are inferred: the state of an asset
after processing, the states of a parent that allow no changes, and that an ordering request must name every placement
of a group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.apple.asset_library import CREATIVE_GROUP, CREATIVE_SIZES, DEVICE_GROUPS, SURFACES
from pytest_asc.emulator.account.reference_data import image_spec_id
from pytest_asc.emulator.account.times import utc_timestamp
from pytest_asc.emulator.jsonapi import asset_library_errors, entity_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import related_many, related_one, request_resources
from pytest_asc.emulator.resources.uploads import UPLOAD, commit
from pytest_asc.emulator.resources.version_states import EDITABLE, state_of
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

PLACEMENTS = "appAssetLibraryPlacements"
_ASSETS = {"image": "IMAGE", "video": "VIDEO"}
"""Relationships of a placement to its asset, each with the media type of the asset."""
_PROCESSING = ("UPLOAD_COMPLETE",)
_UNUSABLE = ("AWAITING_UPLOAD", "FAILED", "ARCHIVED", "REJECTED")
_ORDERABLE = {name: surface for name, surface in SURFACES.items() if name != "appEventLocalization"}
"""Surfaces whose placements can be ordered."""
_CREATIVE_TYPES = frozenset(CREATIVE_SIZES) | SURFACES["appEventLocalization"].types.keys()
# Relationships from a surface to its parent, whose state decides whether placements can change.
_PARENTS: Mapping[str, tuple[str, ...]] = {
    "appStoreVersionLocalizations": ("appStoreVersion",),
    "appCustomProductPageLocalizations": ("appCustomProductPageVersion",),
    "appEventLocalizations": ("appEvent",),
    "appStoreVersionExperimentTreatmentLocalizations": (
        "appStoreVersionExperimentTreatment",
        "appStoreVersionExperimentV2",
    ),
}
# States of a parent in which placements can change.
_OPEN_PARENT_STATES = EDITABLE | {"DRAFT", "READY_FOR_REVIEW"}
# State of a placement, by the state of the parent.
_PLACEMENT_STATES = {
    "READY_FOR_REVIEW": "PARENT_READY_FOR_REVIEW",
    "WAITING_FOR_REVIEW": "PARENT_WAITING_FOR_REVIEW",
    "IN_REVIEW": "PARENT_IN_REVIEW",
    "PENDING_DEVELOPER_RELEASE": "PARENT_APPROVED",
    "PENDING_APPLE_RELEASE": "PARENT_APPROVED",
    "PROCESSING_FOR_DISTRIBUTION": "PARENT_APPROVED",
    "APPROVED": "PARENT_APPROVED",
    "ACCEPTED": "PARENT_APPROVED",
    "PUBLISHED": "ACTIVE",
    "READY_FOR_DISTRIBUTION": "ACTIVE",
    "REPLACED_WITH_NEW_VERSION": "INACTIVE",
}
_DRAFT = "PARENT_PREPARE_FOR_SUBMISSION"


# Assets.


def _after_create_asset(account: Account, asset: Resource, entity: ValidatedResource) -> None:
    UPLOAD.after_create(account, asset, entity)
    now = utc_timestamp(account.now)
    account.store.update(asset, {"createdDate": now, "lastModifiedDate": now})


def _validate_update_asset(account: Account, asset: Resource, entity: ValidatedResource) -> None:
    UPLOAD.validate_update(account, asset, entity)
    if entity.attributes.get("archived") and asset.attributes["state"] not in {"APPROVED", "ARCHIVED"}:
        raise RefusedError(at_pointer(asset_library_errors.NOT_APPROVED, "/data/attributes/archived"))


def _after_update_asset(account: Account, asset: Resource, entity: ValidatedResource) -> None:
    commit(account, asset, entity, _after_processing)
    changes = {"lastModifiedDate": utc_timestamp(account.now)}
    archived, state = entity.attributes.get("archived"), asset.attributes["state"]
    if archived is not None and state in {"APPROVED", "ARCHIVED"}:
        changes["state"] = "ARCHIVED" if archived else "APPROVED"
    account.store.update(asset, changes)


def _after_processing(account: Account, asset: Resource) -> None:
    """Set the attributes that are derived from the processed file, and update the state of the asset's placements."""
    if asset.type == "appAssetLibraryVideos":
        frame: dict[str, object] = {"state": "COMPLETE", "errors": [], "warnings": [], "image": None}
        account.store.update(asset, {"previewFrameImage": frame})
    else:
        image = asset.attributes["imageAsset"]
        account.store.update(asset, {"specId": image_spec_id(image["width"], image["height"])})
    for placement in related_many(account, asset, "placements"):
        update_placement(account, placement)


def _before_delete_asset(account: Account, asset: Resource) -> None:
    if related_many(account, asset, "placements"):
        raise RefusedError(ApiError(asset_library_errors.HAS_PLACEMENTS))
    UPLOAD.before_delete(account, asset)


# Placements.


def surface_of(account: Account, placement: Resource) -> Resource | None:
    """Return the localization that a placement is on."""
    found = (related_one(account, placement, name) for name in SURFACES)
    return next((surface for surface in found if surface), None)


def _parent_state(account: Account, surface: Resource) -> str:
    """Return the state of the parent of a surface, which decides whether placements can change."""
    parent: Resource | None = surface
    for name in _PARENTS[surface.type]:
        parent = related_one(account, parent, name) if parent else None
    if parent is None:
        return "PREPARE_FOR_SUBMISSION"
    if parent.type == "appStoreVersions":
        return state_of(parent)
    return str(parent.attributes.get("state") or parent.attributes.get("eventState") or "PREPARE_FOR_SUBMISSION")


def update_placement(account: Account, placement: Resource) -> None:
    """Update the state of a placement, which is derived from its asset and the parent of its surface."""
    surface = surface_of(account, placement)
    asset = next(filter(None, (related_one(account, placement, name) for name in _ASSETS)), None)
    state = _PLACEMENT_STATES.get(_parent_state(account, surface), _DRAFT) if surface else _DRAFT
    if asset and asset.attributes["state"] in {"AWAITING_UPLOAD", "UPLOAD_COMPLETE"}:
        state = "ASSET_PROCESSING"
    elif asset and asset.attributes["state"] == "FAILED":
        state = "FAILED"
    account.store.update(placement, {"state": state})


def follow_version(account: Account, version: Resource) -> None:
    """Update the placements of a version after the version has entered a state."""
    for localization in related_many(account, version, "appStoreVersionLocalizations"):
        for placement in related_many(account, localization, "placements"):
            update_placement(account, placement)


def _one_of(account: Account, entity: ValidatedResource, names: Mapping[str, object]) -> tuple[str, Resource]:
    """Return the one of these relationships that a request has, and its resource (documented: exactly one)."""
    given = [(name, found[0]) for name in names if (found := request_resources(account, entity, name))]
    if len(given) == 1:
        return given[0]
    if not given:
        name = next(iter(names))
        raise RefusedError(at_pointer(entity_errors.RELATIONSHIP_REQUIRED, f"/data/relationships/{name}", name=name))
    name = given[1][0]
    pointer = f"/data/relationships/{name}"
    raise RefusedError(at_pointer(entity_errors.RELATIONSHIP_NOT_ALLOWED, pointer, name=name, operation="CREATE"))


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    media, asset = _one_of(account, entity, _ASSETS)
    name, surface = _one_of(account, entity, SURFACES)
    kind, group = entity.attributes["placementType"], entity.attributes["placementGroup"]
    limit = SURFACES[name].types.get(kind)
    is_preview = kind == "APP_PREVIEW"
    known = group == CREATIVE_GROUP if kind in _CREATIVE_TYPES else group in DEVICE_GROUPS or group.startswith("WATCH_")
    fits = known and (kind in _CREATIVE_TYPES or is_preview is (media == "video"))
    if limit is None or not fits:
        raise RefusedError(at_pointer(asset_library_errors.NOT_SUPPORTED, "/data/attributes/placementType"))
    _validate_open(account, name, surface)
    state = asset.attributes["state"]
    if state in _PROCESSING:
        raise RefusedError(ApiError(asset_library_errors.IN_POST_PROCESSING))
    if state in _UNUSABLE:
        raise RefusedError(ApiError(asset_library_errors.NOT_USABLE, {"state": state}))
    if len(_placements(account, surface, group, kind)) >= limit:
        raise RefusedError(ApiError(asset_library_errors.TOO_MANY, {"type": kind, "limit": limit}))


def _validate_open(account: Account, name: str, surface: Resource) -> None:
    state = _parent_state(account, surface)
    if state not in _OPEN_PARENT_STATES:
        described = SURFACES[name]
        raise RefusedError(ApiError(asset_library_errors.closed(described.parent_name, state, described.feature)))


def _placements(account: Account, surface: Resource, group: str, kind: str | None = None) -> list[Resource]:
    return [
        placement
        for placement in related_many(account, surface, "placements")
        if placement.attributes["placementGroup"] == group and kind in {None, placement.attributes["placementType"]}
    ]


def _after_create(account: Account, placement: Resource, _: ValidatedResource) -> None:
    _after_add(account, placement)


def _after_add(account: Account, placement: Resource) -> None:
    media = next((kind for name, kind in _ASSETS.items() if related_one(account, placement, name)), None)
    now = utc_timestamp(account.now)
    given = placement.attributes
    account.store.update(
        placement,
        {
            "mediaType": media or given["mediaType"],
            "createdDate": given["createdDate"] or now,
            "lastModifiedDate": given["lastModifiedDate"] or now,
        },
    )
    update_placement(account, placement)


def _before_delete(account: Account, placement: Resource) -> None:
    for name in SURFACES:
        surface = related_one(account, placement, name)
        if surface:
            _validate_open(account, name, surface)


# Order.


def _validate_order(account: Account, entity: ValidatedResource) -> None:
    _, surface = _one_of(account, entity, _ORDERABLE)
    group = entity.attributes["placementGroup"]
    ordered = request_resources(account, entity, "orderedPlacements")
    expected = _placements(account, surface, group)
    if {id(one) for one in ordered} != {id(one) for one in expected} or len(ordered) != len(expected):
        pointer = "/data/relationships/orderedPlacements"
        raise RefusedError(at_pointer(asset_library_errors.ORDER_INCOMPLETE, pointer, group=group))


def _after_order(account: Account, _request: Resource, entity: ValidatedResource) -> None:
    """Reorder the placements of a group as the request says; placements of other groups keep their order."""
    _, surface = _one_of(account, entity, _ORDERABLE)
    ordered = iter(request_resources(account, entity, "orderedPlacements"))
    group = entity.attributes["placementGroup"]
    present = related_many(account, surface, "placements")
    wanted = [next(ordered) if one.attributes["placementGroup"] == group else one for one in present]
    relationship = relation(surface.type, "placements")
    assert relationship is not None  # noqa: S101  the API spec has it
    account.store.relate(surface, relationship, [one.id for one in wanted])


_ASSET = UPLOAD._replace(
    after_create=_after_create_asset,
    validate_update=_validate_update_asset,
    after_update=_after_update_asset,
    before_delete=_before_delete_asset,
)
HOOKS: Mapping[str, ResourceHooks] = {
    "appAssetLibraryImages": _ASSET,
    "appAssetLibraryVideos": _ASSET,
    PLACEMENTS: ResourceHooks(
        validate_create=_validate_create,
        after_create=_after_create,
        before_delete=_before_delete,
        after_add=_after_add,
    ),
    "appAssetLibraryPlacementOrderingRequests": ResourceHooks(
        validate_create=_validate_order, after_create=_after_order
    ),
}
