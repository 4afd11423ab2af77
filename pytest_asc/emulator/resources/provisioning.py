"""What the developer portal's resources have in common, and the smaller ones of them: devices and capabilities."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import matches, one, related_many, request_resources
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

TEAM_ID = "9XYZ8WV7UT"
"""The team's id, which the bundle ids of the emulator begin with, too."""
TEAM_NAME = "Example"
_CLASSES = {"IOS": "IPHONE", "MAC_OS": "MAC"}  # inferred: the portal knows it from the UDID


def portal_time(now: float) -> str:
    """A time as the developer portal writes it (observed in 2023): ``2023-11-10T08:09:51.000+00:00``."""
    return datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="milliseconds")


def invalidate(account: Account, name: str, resource: Resource) -> None:
    """Make the profiles whose relationship leads to a resource invalid."""
    over = relation("profiles", name)
    for profile in account.store.some("profiles", resource.ids(over.inverse)) if over else ():
        account.store.update(profile, {"profileState": "INVALID"})


def _register(account: Account, device: Resource, _entity: ValidatedResource) -> None:
    changes = {
        "addedDate": portal_time(account.now),
        "deviceClass": _CLASSES.get(device.attributes["platform"]),
        "status": "ENABLED",
    }
    account.store.update(device, changes)


def _existing(account: Account, entity: ValidatedResource) -> Resource | None:
    """The capability of this type that the bundle id has: Apple answers with it, unchanged (observed: rorkai #2586)."""
    (bundle_id,) = request_resources(account, entity, "bundleId")
    capabilities = related_many(account, bundle_id, "bundleIdCapabilities")
    return next(
        (each for each in capabilities if matches(each, capabilityType=entity.attributes["capabilityType"])), None
    )


def _identify(account: Account, entity: ValidatedResource) -> str | None:
    """The id of a capability (observed): its bundle id's and its type."""
    ((_, bundle_id),) = entity.relationships["bundleId"]
    identifier = f"{bundle_id}_{entity.attributes['capabilityType']}"
    return None if account.store.get(entity.type, identifier) else identifier


def _change(account: Account, capability: Resource, *_: object) -> None:
    """Change what an app may do: the profiles of its bundle id become invalid (observed)."""
    bundle_id = one(account, capability, "bundleId")
    if bundle_id:
        invalidate(account, "bundleId", bundle_id)


HOOKS: Mapping[str, ResourceHooks] = {
    "bundleIdCapabilities": ResourceHooks(
        existing=_existing, identify=_identify, created=_change, updated=_change, deleting=_change
    ),
    "devices": ResourceHooks(created=_register),
}
