"""Events of webhooks: which changes cause them, and their payloads.

Types, members and forms are documented ("Understanding webhook events", App Store Connect API). What causes the events
of alternative marketplaces, and to whom they go, is inferred.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.emulator.account.app_lookup import owner, related
from pytest_asc.emulator.resources.state_machine import related_many
from pytest_asc.emulator.resources.webhooks import record_event

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Observer, Resource

_MARKETPLACE_HOST = "https://api-appstoreconnect.itunes.apple.com"
_FOR_SALE = "READY_FOR_DISTRIBUTION"


class StateEvent(NamedTuple):
    """Event that a change of an attribute causes."""

    attribute: str
    name: str
    """``type`` of the payload."""
    new: str
    """Name of the attribute of the payload with the new value."""
    old: str | None = None
    """Name of the attribute of the payload with the previous value; None if there is none."""
    is_flat: bool = False
    """Id and type stand in ``instance`` itself, with a link, and there is no ``version``."""
    has_timestamp: bool = True
    silent: frozenset[str] = frozenset()
    """New values that cause no event."""


class CreationEvent(NamedTuple):
    """Event that a new resource causes."""

    name: str
    is_flat: bool = False
    is_for_marketplaces: bool = False


STATE_EVENTS: Mapping[str, StateEvent] = {
    "appStoreVersions": StateEvent("appVersionState", "appStoreVersionAppVersionStateUpdated", "newValue", "oldValue"),
    "buildBetaDetails": StateEvent(
        "externalBuildState",
        "buildBetaDetailExternalBuildStateUpdated",
        "newExternalBuildState",
        "oldExternalBuildState",
    ),
    "buildUploads": StateEvent("state", "buildUploadStateUpdated", "newState", has_timestamp=False),
    # Success is told by the release that is created (documented in the same page, "Trace background asset events").
    "backgroundAssetVersions": StateEvent(
        "state",
        "backgroundAssetVersionStateUpdated",
        "newState",
        "oldState",
        is_flat=True,
        silent=frozenset({"AWAITING_UPLOAD", "PROCESSING", "COMPLETE"}),
    ),
    "backgroundAssetVersionExternalBetaReleases": StateEvent(
        "state", "backgroundAssetVersionExternalBetaReleaseStateUpdated", "newState", "oldState", is_flat=True
    ),
    "backgroundAssetVersionAppStoreReleases": StateEvent(
        "state", "backgroundAssetVersionAppStoreReleaseStateUpdated", "newState", "oldState", is_flat=True
    ),
}
"""Events of changes, by the type of the resource that changes."""
CREATION_EVENTS: Mapping[str, CreationEvent] = {
    "betaFeedbackScreenshotSubmissions": CreationEvent("betaFeedbackScreenshotSubmissionCreated"),
    "betaFeedbackCrashSubmissions": CreationEvent("betaFeedbackCrashSubmissionCreated"),
    "backgroundAssetVersionInternalBetaReleases": CreationEvent(
        "backgroundAssetVersionInternalBetaReleaseCreated", is_flat=True
    ),
    "alternativeDistributionPackageVersions": CreationEvent(
        "alternativeDistributionPackageVersionCreated", is_for_marketplaces=True
    ),
}
"""Events of new resources, by their type."""
AVAILABILITY_EVENTS = (
    "alternativeDistributionPackageAvailableUpdated",
    "alternativeDistributionTerritoryAvailabilityUpdated",
)
"""Events of the availability of an app on alternative marketplaces: of a version, and of territories."""
# Relationships that lead from a resource to its app.
_WAYS_TO_APP: Mapping[str, tuple[str, ...]] = {
    "appStoreVersions": ("app",),
    "buildBetaDetails": ("build", "app"),
    "betaFeedbackScreenshotSubmissions": ("build", "app"),
    "betaFeedbackCrashSubmissions": ("build", "app"),
    "backgroundAssetVersions": ("backgroundAsset", "app"),
    "backgroundAssetVersionInternalBetaReleases": ("backgroundAssetVersion", "backgroundAsset", "app"),
    "backgroundAssetVersionExternalBetaReleases": ("backgroundAssetVersion", "backgroundAsset", "app"),
    "backgroundAssetVersionAppStoreReleases": ("backgroundAssetVersion", "backgroundAsset", "app"),
}


def event_type_of(name: str) -> str:
    """Return the ``eventType`` of a webhook for the ``type`` of a payload: ``BUILD_UPLOAD_STATE_UPDATED``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()


EVENT_TYPES = frozenset(
    event_type_of(name)
    for name in (
        *(event.name for event in STATE_EVENTS.values()),
        *(event.name for event in CREATION_EVENTS.values()),
        *AVAILABILITY_EVENTS,
    )
)
"""Every ``eventType`` that the emulator sends."""


def observe(account: Account) -> None:
    """Let changes of the account cause events, from now on."""
    observers: dict[str, Observer] = {
        resource_type: partial(_after_change, account, event) for resource_type, event in STATE_EVENTS.items()
    }
    account.store.observers = {**observers, "territoryAvailabilities": partial(_after_territory_change, account)}


def announce(account: Account, resource: Resource) -> None:
    """Record the event that a new resource causes, if it causes one."""
    event = CREATION_EVENTS.get(resource.type)
    if event is None or not _is_listening(account):
        return
    if event.is_for_marketplaces:
        app = _app_of_package(account, related(account.store, resource, "alternativeDistributionPackage"))
        _record_for_marketplaces(account, event.name, app, {}, resource)
        return
    timestamp = {"timestamp": _timestamp(account, "seconds" if event.is_flat else "milliseconds")}
    _record_for_app(account, event.name, timestamp, resource, is_flat=event.is_flat, has_link=True)


def _is_listening(account: Account) -> bool:
    return not account.outbox.is_paused and account.store.count("webhooks") > 0


def _after_change(account: Account, event: StateEvent, resource: Resource, before: Mapping[str, Any]) -> None:
    old, new = _state(before[event.attribute]), _state(resource.attributes[event.attribute])
    if old is None or old == new or not _is_listening(account):
        return
    if new not in event.silent:
        attributes = {event.new: new, **({event.old: old} if event.old else {})}
        if event.has_timestamp:
            attributes["timestamp"] = _timestamp(account, "seconds" if event.is_flat else "milliseconds")
        _record_for_app(account, event.name, attributes, resource, is_flat=event.is_flat, has_link=event.is_flat)
    package = related(account.store, resource, "alternativeDistributionPackage")
    if package and _FOR_SALE in {old, new}:
        app = related(account.store, resource, "app")
        changes = {"available": new == _FOR_SALE, "territories": _territories(account, app)}
        _record_for_marketplaces(account, AVAILABILITY_EVENTS[0], app, changes, package)


def _after_territory_change(account: Account, resource: Resource, before: Mapping[str, Any]) -> None:
    new = resource.attributes["available"]
    availability = owner(account.store, "appAvailabilities", "territoryAvailabilities", resource)
    territory = related(account.store, resource, "territory")
    if before["available"] in {None, new} or not (availability and territory) or not _is_listening(account):
        return
    app = account.store.get("apps", availability.id)  # the availability has the id of its app
    _record_for_marketplaces(
        account, AVAILABILITY_EVENTS[1], app, {"available": new, "territories": [territory.id]}, None
    )


def _state(value: Any) -> Any:
    """Return the state in the value of an attribute: the value, or the member of that name where it is an object."""
    return value.get("state") if isinstance(value, dict) else value


def _territories(account: Account, app: Resource | None) -> list[str]:
    availability = account.store.get("appAvailabilities", app.id) if app else None
    each = related_many(account, availability, "territoryAvailabilities") if availability else []
    found = [related(account.store, one, "territory") for one in each if one.attributes["available"]]
    return [territory.id for territory in found if territory]


def _app_of(account: Account, resource: Resource) -> Resource | None:
    found: Resource | None = resource
    for name in _WAYS_TO_APP.get(resource.type, ()):
        found = related(account.store, found, name)
    return found if found and found.type == "apps" else owner(account.store, "apps", resource.type, resource)


def _app_of_package(account: Account, package: Resource | None) -> Resource | None:
    version = owner(account.store, "appStoreVersions", "alternativeDistributionPackage", package)
    return related(account.store, version, "app")


def _record_for_app(
    account: Account,
    name: str,
    attributes: Mapping[str, Any],
    resource: Resource,
    *,
    is_flat: bool,
    has_link: bool,
) -> None:
    app = _app_of(account, resource)
    event_type = event_type_of(name)
    webhooks = [one for one in related_many(account, app, "webhooks") if _wants(one, event_type)] if app else []
    if not webhooks:
        return
    identity = {"type": resource.type, "id": resource.id}
    links = {"links": {"self": _link(APP_STORE_CONNECT.base_url, resource)}} if has_link else {}
    instance = {**identity, **links} if is_flat else {"data": identity, **links}
    version = {} if is_flat else {"version": 1}
    identifier = account.new_uuid()
    data = {
        "type": name,
        "id": identifier,
        **version,
        "attributes": attributes,
        "relationships": {"instance": instance},
    }
    record_event(account, webhooks, event_type, identifier, _payload(data))


def _record_for_marketplaces(
    account: Account, name: str, app: Resource | None, changes: Mapping[str, Any], resource: Resource | None
) -> None:
    """Record an event for each webhook of the account that names it: its app is taken for the marketplace."""
    event_type = event_type_of(name)
    attributes = {**changes, "appId": app.id if app else None, "timestamp": _timestamp(account, "microseconds")}
    for webhook in account.store.all("webhooks"):
        marketplace = related(account.store, webhook, "app")
        if marketplace is None or not _wants(webhook, event_type):
            continue
        relationships = {
            key: {"data": {"type": one.type, "id": one.id}, "links": {"self": _link(_MARKETPLACE_HOST, one)}}
            for key, one in (("instance", resource), ("marketplaceApp", marketplace))
            if one
        }
        identifier = account.new_uuid()
        data = {"type": name, "id": identifier, "version": 1, "attributes": attributes, "relationships": relationships}
        record_event(account, [webhook], event_type, identifier, _payload(data))


def _wants(webhook: Resource, event_type: str) -> bool:
    return webhook.attributes["enabled"] is True and event_type in (webhook.attributes["eventTypes"] or ())


def _link(host: str, resource: Resource) -> str:
    return f"{host}/v1/{resource.type}/{resource.id}"


def _payload(data: Mapping[str, Any]) -> str:
    return json.dumps({"data": data}, separators=(",", ":"))


def _timestamp(account: Account, precision: Literal["seconds", "milliseconds", "microseconds"]) -> str:
    moment = datetime.fromtimestamp(account.now, timezone.utc)
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
