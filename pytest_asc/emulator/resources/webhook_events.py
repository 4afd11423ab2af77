"""Webhook events: the changes that cause them, and their payloads.

Types, members and formats are documented ("Understanding webhook events", App Store Connect API). The causes and the
receivers of events about alternative marketplaces are inferred.
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
    """An event that is caused by the change of an attribute."""

    attribute: str
    name: str
    """``type`` in the payload."""
    new: str
    """Attribute of the payload with the new value."""
    old: str | None = None
    """Attribute of the payload with the previous value; None if the payload has none."""
    is_flat: bool = False
    """True if ``instance`` itself has id, type and a link, and the payload has no ``version``."""
    has_timestamp: bool = True
    silent: frozenset[str] = frozenset()
    """New values that cause no event."""


class CreationEvent(NamedTuple):
    """An event that is caused by the creation of a resource."""

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
    # A success is reported by the created release (documented on the same page, "Trace background asset events").
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
"""Events about changes, by the type of the changed resource."""
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
"""Events about new resources, by the type of the resource."""
AVAILABILITY_EVENTS = (
    "alternativeDistributionPackageAvailableUpdated",
    "alternativeDistributionTerritoryAvailabilityUpdated",
)
"""Events about the availability of an app on alternative marketplaces: of a version, and in territories."""
# Relationships from a resource to its app, by type.
_PATHS_TO_APP: Mapping[str, tuple[str, ...]] = {
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
    """Return the ``eventType`` of webhooks, such as ``BUILD_UPLOAD_STATE_UPDATED``, for the ``type`` of a payload."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()


EVENT_TYPES = frozenset(
    event_type_of(name)
    for name in (
        *(event.name for event in STATE_EVENTS.values()),
        *(event.name for event in CREATION_EVENTS.values()),
        *AVAILABILITY_EVENTS,
    )
)
"""All values of ``eventType`` that the emulator sends."""


def observe(account: Account) -> None:
    """Make changes of the account cause events from now on."""
    observers: dict[str, Observer] = {
        resource_type: partial(_after_change, account, event) for resource_type, event in STATE_EVENTS.items()
    }
    account.store.observers = {**observers, "territoryAvailabilities": partial(_after_territory_change, account)}


def record_creation(account: Account, resource: Resource) -> None:
    """Record the event about a new resource, if there is one for its type."""
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
    """Return the state in the value of an attribute: the value itself, or its member ``state`` if it is an object."""
    return value.get("state") if isinstance(value, dict) else value


def _territories(account: Account, app: Resource | None) -> list[str]:
    availability = account.store.get("appAvailabilities", app.id) if app else None
    each = related_many(account, availability, "territoryAvailabilities") if availability else []
    found = [related(account.store, one, "territory") for one in each if one.attributes["available"]]
    return [territory.id for territory in found if territory]


def _app_of(account: Account, resource: Resource) -> Resource | None:
    found: Resource | None = resource
    for name in _PATHS_TO_APP.get(resource.type, ()):
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
    webhooks = [one for one in related_many(account, app, "webhooks") if _subscribes_to(one, event_type)] if app else []
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
    """Record an event for each webhook that subscribes to it; the webhook's app is regarded as the marketplace."""
    event_type = event_type_of(name)
    attributes = {**changes, "appId": app.id if app else None, "timestamp": _timestamp(account, "microseconds")}
    for webhook in account.store.all("webhooks"):
        marketplace = related(account.store, webhook, "app")
        if marketplace is None or not _subscribes_to(webhook, event_type):
            continue
        relationships = {
            key: {"data": {"type": one.type, "id": one.id}, "links": {"self": _link(_MARKETPLACE_HOST, one)}}
            for key, one in (("instance", resource), ("marketplaceApp", marketplace))
            if one
        }
        identifier = account.new_uuid()
        data = {"type": name, "id": identifier, "version": 1, "attributes": attributes, "relationships": relationships}
        record_event(account, [webhook], event_type, identifier, _payload(data))


def _subscribes_to(webhook: Resource, event_type: str) -> bool:
    return webhook.attributes["enabled"] is True and event_type in (webhook.attributes["eventTypes"] or ())


def _link(host: str, resource: Resource) -> str:
    return f"{host}/v1/{resource.type}/{resource.id}"


def _payload(data: Mapping[str, Any]) -> str:
    return json.dumps({"data": data}, separators=(",", ":"))


def _timestamp(account: Account, precision: Literal["seconds", "milliseconds", "microseconds"]) -> str:
    moment = datetime.fromtimestamp(account.now, timezone.utc)
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
