"""Devices, bundle IDs and their capabilities, and functions for all provisioning resources."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import matches, related_many, related_one, request_resources
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

TEAM_ID = "9XYZ8WV7UT"
"""The team ID. It is also the seedId of the emulator's bundle IDs."""
TEAM_NAME = "Example"
# UDIDs of older devices, of devices since 2018, and of Macs, which have a hardware UUID.
_UDID = re.compile("[0-9a-f]{40}|[0-9a-f]{8}-[0-9a-f]{16}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DEVICE_CLASSES = {"IOS": "IPHONE", "MAC_OS": "MAC"}  # inferred; Apple derives the class from the UDID


def portal_time(now: float) -> str:
    """Format a time in the style of the developer portal (observed in 2023): ``2023-11-10T08:09:51.000+00:00``."""
    return datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="milliseconds")


def invalidate(account: Account, name: str, resource: Resource) -> None:
    """Set the state of the profiles that are related to a resource to INVALID.

    Args:
        account: The account.
        name: Relationship of the profiles to the resource.
        resource: The resource.
    """
    relationship = relation("profiles", name)
    for profile in account.store.get_many("profiles", resource.ids(relationship.inverse)) if relationship else ():
        account.store.update(profile, {"profileState": "INVALID"})


def _validate_create_device(_: Account, entity: ValidatedResource) -> None:
    udid = entity.attributes["udid"]
    if not _UDID.fullmatch(udid):
        raise RefusedError(at_pointer(entity_errors.DEVICE_NUMBER, "/data/attributes/udid", value=udid))


def _after_create_device(account: Account, device: Resource, _entity: ValidatedResource) -> None:
    changes = {
        "addedDate": portal_time(account.now),
        "deviceClass": _DEVICE_CLASSES.get(device.attributes["platform"]),
        "status": "ENABLED",
    }
    account.store.update(device, changes)


def _find_existing_capability(account: Account, entity: ValidatedResource) -> Resource | None:
    """Find an existing capability of the same type: Apple responds with it unchanged (observed: rorkai #2586)."""
    (bundle_id,) = request_resources(account, entity, "bundleId")
    capabilities = related_many(account, bundle_id, "bundleIdCapabilities")
    return next(
        (
            capability
            for capability in capabilities
            if matches(capability, capabilityType=entity.attributes["capabilityType"])
        ),
        None,
    )


def _choose_capability_id(account: Account, entity: ValidatedResource) -> str | None:
    """Build the id from the bundle ID's id and the capability type (observed)."""
    ((_, bundle_id),) = entity.relationships["bundleId"]
    identifier = f"{bundle_id}_{entity.attributes['capabilityType']}"
    return None if account.store.get(entity.type, identifier) else identifier


def _invalidate_profiles(account: Account, capability: Resource, *_: object) -> None:
    """Invalidate the profiles of the bundle ID whose capabilities change (observed)."""
    bundle_id = related_one(account, capability, "bundleId")
    if bundle_id:
        invalidate(account, "bundleId", bundle_id)


def _after_create_bundle_id(account: Account, bundle_id: Resource, _entity: ValidatedResource) -> None:
    """Set the platform to UNIVERSAL, whatever the request says (observed)."""
    account.store.update(bundle_id, {"platform": "UNIVERSAL"})


HOOKS: Mapping[str, ResourceHooks] = {
    "bundleIdCapabilities": ResourceHooks(
        find_existing=_find_existing_capability,
        choose_id=_choose_capability_id,
        after_create=_invalidate_profiles,
        after_update=_invalidate_profiles,
        before_delete=_invalidate_profiles,
    ),
    "bundleIds": ResourceHooks(after_create=_after_create_bundle_id),
    "devices": ResourceHooks(validate_create=_validate_create_device, after_create=_after_create_device),
}
