"""Apps and app infos: resources that Apple creates with an app, and the app info that belongs to a version.

An app has one app info, and a second, editable one while a new version is in preparation (observed). That the first one
is removed when the new version is released is inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.account import members_of
from pytest_asc.emulator.jsonapi import state_errors
from pytest_asc.emulator.jsonapi.errors import RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.state_machine import link, matches, related_many, related_one, request_resources
from pytest_asc.emulator.resources.version_states import (
    APP_VERSION_STATES,
    EDITABLE,
    FINISHED,
    app_info_states,
    state_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_CATEGORIES = tuple(
    f"{rank}{kind}" for rank in ("primary", "secondary") for kind in ("Category", "SubcategoryOne", "SubcategoryTwo")
)
# Attributes of a localization that can only be changed for a new version (observed). The privacy policy is not one.
_EDITABLE_FOR_NEW_VERSION = ("name", "subtitle")
# Resources that every app has, by the app's relationship to them. They have the id of the app (observed).
_RESOURCES_OF_EVERY_APP = {
    "betaAppReviewDetail": "betaAppReviewDetails",
    "assetLibrary": "appAssetLibraries",
    "betaLicenseAgreement": "betaLicenseAgreements",
    "subscriptionGracePeriod": "subscriptionGracePeriods",
}


# Resources that Apple creates.


def _after_add_app(account: Account, app: Resource) -> None:
    """Create the resources that every app has, unless the test has added them."""
    for name, resource_type in _RESOURCES_OF_EVERY_APP.items():
        if related_one(account, app, name) is None and account.store.get(resource_type, app.id) is None:
            link(account, app, name, account.create_automatic(resource_type, app.id, {}))
    if not related_many(account, app, "appInfos"):
        info = _create(account, app, app_info_states("PREPARE_FOR_SUBMISSION"))
        attributes = {"locale": app.attributes["primaryLocale"], "name": app.attributes["name"]}
        localization = account.create_automatic("appInfoLocalizations", None, attributes)
        link(account, localization, "appInfo", info)
        _create_age_rating(account, info, {})


def _create(account: Account, app: Resource, attributes: dict[str, Any]) -> Resource:
    info = account.create_automatic("appInfos", None, attributes)
    link(account, info, "app", app)
    return info


def _create_age_rating(account: Account, info: Resource, answers: dict[str, Any]) -> None:
    """Create the age rating declaration of an app info. Answers that are not given are null (observed)."""
    unanswered = dict.fromkeys(members_of("ageRatingDeclarations").attributes)
    declaration = account.create_automatic("ageRatingDeclarations", None, {**unanswered, **answers})
    link(account, info, "ageRatingDeclaration", declaration)


def _copy_live(account: Account, app: Resource, live: Resource, state: str) -> Resource:
    """Create the editable app info of an app as a copy of its live one."""
    info = _create(account, app, {**live.attributes, **app_info_states(state)})
    for name in _CATEGORIES:
        category = related_one(account, live, name)
        if category:
            link(account, info, name, category)
    for localization in related_many(account, live, "appInfoLocalizations"):
        copy = account.create_automatic(localization.type, None, localization.attributes)
        link(account, copy, "appInfo", info)
    declaration = related_one(account, live, "ageRatingDeclaration")
    _create_age_rating(account, info, declaration.attributes if declaration else {})
    return info


# The app info of a version.


def is_live(info: Resource) -> bool:
    """Return whether an app info is the one on the App Store, and not that of a future version."""
    return info.attributes["state"] in {"READY_FOR_DISTRIBUTION", "REPLACED_WITH_NEW_INFO"}


def app_info_of(account: Account, app: Resource) -> Resource | None:
    """Return the app info for the next review: the one that is not live, if there is one."""
    infos = related_many(account, app, "appInfos")
    return min(infos, key=is_live, default=None)


def _pending_versions(account: Account, app: Resource) -> list[Resource]:
    versions = related_many(account, app, "appStoreVersions")
    return [version for version in versions if state_of(version) not in FINISHED]


def follow_version(account: Account, version: Resource, state: str, *, automatic_only: bool = False) -> None:
    """Update the app info of an app after one of its versions has entered a state.

    Args:
        account: The account.
        version: The version.
        state: appVersionState of the version.
        automatic_only: True to leave an app info unchanged that a test has added.
    """
    app = related_one(account, version, "app")
    info = app_info_of(account, app) if app else None
    if app is None or info is None or state == "REPLACED_WITH_NEW_VERSION":
        return
    if is_live(info):
        if state != "READY_FOR_DISTRIBUTION":
            _copy_live(account, app, info, state)
        return
    if automatic_only and not account.is_automatic(info):
        return
    account.store.update(info, app_info_states(state))
    if state == "READY_FOR_DISTRIBUTION":
        for other in related_many(account, app, "appInfos"):
            if other is not info:
                account.remove(other)
        for pending in _pending_versions(account, app)[:1]:
            _copy_live(account, app, info, state_of(pending))


def remove_app_info_of(account: Account, version: Resource) -> None:
    """Remove the editable app info of a version that is being deleted."""
    app = related_one(account, version, "app")
    infos = related_many(account, app, "appInfos") if app else []
    if app and any(map(is_live, infos)) and _pending_versions(account, app) == [version]:
        for info in infos:
            if not is_live(info):
                account.remove(info)


def _after_add(account: Account, info: Resource) -> None:
    """Set the two state attributes, and remove the app info that this one of the test replaces."""
    old, new = info.attributes["appStoreState"], info.attributes["state"]
    state = APP_VERSION_STATES.get(old, old) if new is None else new
    given = {name: value for name, value in info.attributes.items() if value is not None}
    account.store.update(info, {**app_info_states(state or "PREPARE_FOR_SUBMISSION"), **given})
    app = related_one(account, info, "app")
    for other in related_many(account, app, "appInfos") if app else ():
        stale = is_live(other) == is_live(info) or not (app and _pending_versions(account, app))
        if other is not info and account.is_automatic(other) and stale:
            account.remove(other)


# States in which an app info cannot be edited.


def _is_editable(info: Resource | None) -> bool:
    return info is None or info.attributes["state"] in EDITABLE


def _validate_update(_: Account, info: Resource, entity: ValidatedResource) -> None:
    if not _is_editable(info):
        reject_members(state_errors.FIELD_CLOSED, (), entity.relationships)


def reject_members(template: Any, attributes: Iterable[str], relationships: Iterable[str] = ()) -> None:
    """Raise errors for members that cannot be changed in the current state.

    Raises:
        RefusedError: There is at least one such member.
    """
    errors = [at_pointer(template, f"/data/attributes/{name}", name=name) for name in attributes]
    errors += [
        at_pointer(state_errors.RELATIONSHIP_CLOSED, f"/data/relationships/{name}", name=name) for name in relationships
    ]
    if errors:
        raise RefusedError(*errors)


def _validate_create_localization(account: Account, entity: ValidatedResource) -> None:
    for info in request_resources(account, entity, "appInfo"):
        if not _is_editable(info):
            reject_members(state_errors.FIELD_CLOSED, ["locale"])


def _after_create_localization(account: Account, _: Resource, entity: ValidatedResource) -> None:
    """Add the locale to the versions in preparation (observed)."""
    for info in request_resources(account, entity, "appInfo"):
        app = related_one(account, info, "app")
        for version in _pending_versions(account, app) if app else ():
            present = related_many(account, version, "appStoreVersionLocalizations")
            locale = entity.attributes["locale"]
            if state_of(version) in EDITABLE and not any(matches(one, locale=locale) for one in present):
                localization = account.create("appStoreVersionLocalizations", None, {"locale": locale})
                link(account, localization, "appStoreVersion", version)


def _validate_update_localization(account: Account, localization: Resource, entity: ValidatedResource) -> None:
    if not _is_editable(related_one(account, localization, "appInfo")):
        reject_members(
            state_errors.FIELD_CLOSED, [name for name in entity.attributes if name in _EDITABLE_FOR_NEW_VERSION]
        )


def _before_delete_localization(account: Account, localization: Resource) -> None:
    if not _is_editable(related_one(account, localization, "appInfo")):
        reject_members(state_errors.FIELD_CLOSED, ["locale"])


def replace_automatic(account: Account, resource: Resource) -> None:
    """Remove the resource of the app that Apple created automatically and the test has now replaced."""
    for other in list(account.store.all(resource.type)):
        if account.is_automatic(other) and related_one(account, other, "app") is None:
            account.remove(other)


HOOKS = {
    "apps": ResourceHooks(after_add=_after_add_app),
    "appInfos": ResourceHooks(validate_update=_validate_update, after_add=_after_add),
    "appInfoLocalizations": ResourceHooks(
        validate_create=_validate_create_localization,
        after_create=_after_create_localization,
        validate_update=_validate_update_localization,
        before_delete=_before_delete_localization,
    ),
    "betaLicenseAgreements": ResourceHooks(after_add=replace_automatic),
}
