"""Completion of versions so that they meet all requirements for a review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.account import members_of
from pytest_asc.emulator.resources import hooks_of
from pytest_asc.emulator.resources.app_infos import app_info_of
from pytest_asc.emulator.resources.review_details import CONTACT
from pytest_asc.emulator.resources.review_requirements import FAMILIES, UNANSWERED
from pytest_asc.emulator.resources.state_machine import link, related_many, related_one
from pytest_asc.emulator.resources.versions import other_versions
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource

_TEXTS = {"description": "What the app does.", "keywords": "example", "supportUrl": "https://example.com/support"}
_CONTACT = dict(zip(CONTACT, ("Alex", "Example", "+1 415 555 0100", "alex@example.com"), strict=True))
_CATEGORY = "PRODUCTIVITY"
_COMPLETE = {"assetDeliveryState": {"state": "COMPLETE", "errors": [], "warnings": []}}
_BASE_TERRITORY = {"USA": "USD"}


def complete_version(account: Account, version: Resource) -> None:
    """Add everything that a version and its app still need for a review; existing data is not changed."""
    _set_missing(account, version, {"copyright": "2026 Example"})
    app = related_one(account, version, "app")
    _complete_build(account, version, app)
    if related_one(account, version, "appStoreReviewDetail") is None:
        link(account, version, "appStoreReviewDetail", account.create("appStoreReviewDetails", None, {}))
    detail = related_one(account, version, "appStoreReviewDetail")
    if detail:
        _set_missing(account, detail, _CONTACT)
    locale = app.attributes["primaryLocale"] if app else "en-US"
    if not related_many(account, version, "appStoreVersionLocalizations"):
        localization = account.create("appStoreVersionLocalizations", None, {"locale": locale})
        link(account, localization, "appStoreVersion", version)
    for localization in related_many(account, version, "appStoreVersionLocalizations"):
        _complete_localization(account, version, localization)
    if app:
        _complete_app(account, app)


def _complete_build(account: Account, version: Resource, app: Resource | None) -> None:
    build = related_one(account, version, "build")
    if build is None:
        build = account.create("builds", None, {})
        link(account, version, "build", build)
        if app:
            link(account, build, "app", app)
        hooks_of(build.type).after_add(account, build)
    _set_missing(account, build, {"usesNonExemptEncryption": False})


def _complete_localization(account: Account, version: Resource, localization: Resource) -> None:
    news = {"whatsNew": "Improvements."} if other_versions(account, version) else {}
    _set_missing(account, localization, {**_TEXTS, **news})
    for requirement, families in FAMILIES.items():
        family = families.get(str(version.attributes["platform"]))
        if family is None or requirement not in account.review_requirements:
            continue
        present = [
            one
            for one in related_many(account, localization, "appScreenshotSets")
            if one.attributes["screenshotDisplayType"] in family
        ]
        if any(related_many(account, one, "appScreenshots") for one in present):
            continue
        display_type = family.larger or family.display_type
        screenshots = present[0] if present else None
        if screenshots is None:
            screenshots = account.create("appScreenshotSets", None, {"screenshotDisplayType": display_type})
            link(account, screenshots, "appStoreVersionLocalization", localization)
        file = {"fileName": "screenshot.png", "fileSize": 1, **_COMPLETE}
        link(account, screenshots, "appScreenshots", account.create("appScreenshots", None, file))


def _complete_app(account: Account, app: Resource) -> None:
    _set_missing(account, app, {"contentRightsDeclaration": "DOES_NOT_USE_THIRD_PARTY_CONTENT"})
    info = app_info_of(account, app)
    if info and related_one(account, info, "primaryCategory") is None:
        link(account, info, "primaryCategory", _find_or_create(account, "appCategories", _CATEGORY, {}))
    declaration = related_one(account, info, "ageRatingDeclaration") if info else None
    if info and declaration is None:
        declaration = account.create("ageRatingDeclarations", None, {})
        link(account, info, "ageRatingDeclaration", declaration)
    if declaration:
        _set_missing(account, declaration, _mildest_answers())
    schedule = related_one(account, app, "appPriceSchedule")
    if schedule is None:
        schedule = _find_or_create(account, "appPriceSchedules", app.id, {})
        link(account, app, "appPriceSchedule", schedule)
    if not related_many(account, schedule, "manualPrices"):
        for territory, currency in _BASE_TERRITORY.items():
            base = _find_or_create(account, "territories", territory, {"currency": currency})
            price = account.create("appPrices", None, {"manual": True})
            link(account, price, "territory", base)
            link(account, schedule, "baseTerritory", base)
            link(account, schedule, "manualPrices", price)
    if related_one(account, app, "appAvailabilityV2") is None:
        availability = _find_or_create(account, "appAvailabilities", app.id, {"availableInNewTerritories": True})
        link(account, app, "appAvailabilityV2", availability)


def _mildest_answers() -> dict[str, Any]:
    """Return the mildest answer to each required question of an age rating declaration."""
    answers: dict[str, Any] = {}
    for name, value_type in members_of("ageRatingDeclarations").attributes.items():
        if name not in UNANSWERED:
            allowed = api_spec().enum(value_type)
            answers[name] = False if value_type == "boolean" else allowed[0] if allowed else "NONE"
    return answers


def _find_or_create(account: Account, resource_type: str, identifier: str, attributes: Mapping[str, Any]) -> Resource:
    return account.store.get(resource_type, identifier) or account.create(resource_type, identifier, attributes)


def _set_missing(account: Account, resource: Resource, values: Mapping[str, Any]) -> None:
    """Set those of the attributes that have no value yet."""
    account.store.update(
        resource, {name: value for name, value in values.items() if resource.attributes[name] in {None, ""}}
    )
