"""Requirements that a version must meet before it can be reviewed.

They are observed among the associated errors of rejected submissions (fastlane #20100, the comment in fastlane's
``api_client.rb``, AppDab/AppDabActions, rorkai/App-Store-Connect-CLI, other published code). Requirements that cannot
be checked through the API are taken as met unless a test adds them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pytest_asc.emulator.jsonapi import entity_errors, state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, at_pointer
from pytest_asc.emulator.resources.app_infos import app_info_of
from pytest_asc.emulator.resources.review_details import CONTACT
from pytest_asc.emulator.resources.state_machine import matches, related_many, related_one
from pytest_asc.emulator.resources.uploads import state_of as upload_state
from pytest_asc.emulator.resources.version_states import EDITABLE, state_of
from pytest_asc.emulator.resources.versions import other_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource

UNANSWERED = frozenset(
    {"ageRatingOverride", "ageRatingOverrideV2", "developerAgeRatingInfoUrl", "kidsAgeBand", "koreaAgeRatingOverride"}
)
"""Attributes of an age rating declaration that may stay unanswered (inferred from their descriptions)."""
_TEXTS = ("description", "keywords", "supportUrl")
_SCREENSHOTS = "/v1/appScreenshots/"
_Errors: TypeAlias = "Iterator[tuple[str, ApiError]]"


class Family(NamedTuple):
    """A family of devices that requires screenshots."""

    display_type: str
    """Display type that the error names."""
    larger: str = ""
    """Larger display type whose screenshots are accepted as well; empty if there is none."""


FAMILIES: Mapping[str, Mapping[str, Family]] = {
    # Screenshots for 6.9" iPhones are accepted for 6.5" ones (observed, and documented: Screenshot specifications).
    "screenshots": {
        "IOS": Family("APP_IPHONE_65", "APP_IPHONE_67"),
        "MAC_OS": Family("APP_DESKTOP"),
        "TV_OS": Family("APP_APPLE_TV"),
        "VISION_OS": Family("APP_APPLE_VISION_PRO"),
    },
    "ipad-screenshots": {"IOS": Family("APP_IPAD_PRO_3GEN_129")},
    "watch-screenshots": {"IOS": Family("APP_WATCH_SERIES_4")},
}
"""Families of devices by requirement and platform."""


def _is_being_withdrawn(account: Account, version: Resource) -> bool:
    """Return whether the version is in a submission that is being canceled (observed: fastlane #21482)."""
    app = related_one(account, version, "app")
    submissions = related_many(account, app, "reviewSubmissions") if app else []
    return any(
        related_one(account, item, "appStoreVersion") is version
        for submission in submissions
        if matches(submission, state="CANCELING")
        for item in related_many(account, submission, "items")
    )


def unmet_requirements(account: Account, version: Resource) -> dict[str, Sequence[ApiError]]:
    """Return the errors about requirements that a version does not meet, by the path of the resource concerned."""
    found: dict[str, list[ApiError]] = {}
    if state_of(version) not in EDITABLE or _is_being_withdrawn(account, version):
        found[_path(version)] = [ApiError(state_errors.NOT_READY)]
    for requirement, check in _CHECKS:
        if requirement in account.review_requirements:
            for path, error in check(account, version):
                found.setdefault(path, []).append(error)
    return dict(found)


def _copyright(_: Account, version: Resource) -> _Errors:
    yield from _unset(version, ("copyright",))


def _build(account: Account, version: Resource) -> _Errors:
    build = related_one(account, version, "build")
    if build is None:
        yield _path(version), at_pointer(entity_errors.RELATIONSHIP_REQUIRED, "/data/relationships/build", name="build")
    elif not matches(build, processingState="VALID"):
        yield _path(build), ApiError(state_errors.BUILD_PROCESSING)


def _encryption(account: Account, version: Resource) -> _Errors:
    build = related_one(account, version, "build")
    if build:
        yield from _unset(build, ("usesNonExemptEncryption",))


def _review_contact(account: Account, version: Resource) -> _Errors:
    detail = related_one(account, version, "appStoreReviewDetail")
    if detail:
        yield from _unset(detail, CONTACT)
    else:
        pointer = "/data/relationships/appStoreReviewDetail"
        yield _path(version), at_pointer(state_errors.REVIEW_DETAIL_MISSING, pointer, id=version.id)


def _localized_texts(account: Account, version: Resource) -> _Errors:
    localizations = related_many(account, version, "appStoreVersionLocalizations")
    for localization in localizations:
        yield from _unset(localization, _TEXTS)
    if not localizations:
        yield "/v1/appStoreVersionLocalizations/", _required("description")


def _whats_new(account: Account, version: Resource) -> _Errors:
    for localization in related_many(account, version, "appStoreVersionLocalizations"):
        if other_versions(account, version):  # the first version of an app has no release notes (observed)
            yield from _unset(localization, ("whatsNew",))


def _screenshots_of(requirement: str) -> Callable[[Account, Resource], _Errors]:
    """Return the check for screenshots of a family of devices, with an error for each localization without them."""

    def check(account: Account, version: Resource) -> _Errors:
        family = FAMILIES[requirement].get(str(version.attributes["platform"]))
        for localization in related_many(account, version, "appStoreVersionLocalizations") if family else ():
            present = {
                screenshot_set.attributes["screenshotDisplayType"]
                for screenshot_set in related_many(account, localization, "appScreenshotSets")
                if related_many(account, screenshot_set, "appScreenshots")
            }
            if family and present.isdisjoint(family):
                yield _SCREENSHOTS, ApiError(state_errors.SCREENSHOT_REQUIRED[family.display_type])

    return check


def _screenshot_uploads(account: Account, version: Resource) -> _Errors:
    states = {
        upload_state(screenshot)
        for localization in related_many(account, version, "appStoreVersionLocalizations")
        for screenshot_set in related_many(account, localization, "appScreenshotSets")
        for screenshot in related_many(account, screenshot_set, "appScreenshots")
    }
    if states - {None, "COMPLETE"}:
        yield _SCREENSHOTS, ApiError(state_errors.SCREENSHOT_UPLOADS_IN_PROGRESS)


def _content_rights(account: Account, version: Resource) -> _Errors:
    app = related_one(account, version, "app")
    if app:
        yield from _unset(app, ("contentRightsDeclaration",))


def _primary_category(account: Account, version: Resource) -> _Errors:
    info = _info(account, version)
    if info and related_one(account, info, "primaryCategory") is None:
        name = "primaryCategory"
        yield _path(info), at_pointer(entity_errors.RELATIONSHIP_REQUIRED, f"/data/relationships/{name}", name=name)


def _age_rating(account: Account, version: Resource) -> _Errors:
    info = _info(account, version)
    declaration = related_one(account, info, "ageRatingDeclaration") if info else None
    if declaration:
        yield from _unset(declaration, [name for name in declaration.attributes if name not in UNANSWERED])
    elif info:
        name = "ageRatingDeclaration"
        yield _path(info), at_pointer(entity_errors.RELATIONSHIP_REQUIRED, f"/data/relationships/{name}", name=name)


def _price(account: Account, version: Resource) -> _Errors:
    app = related_one(account, version, "app")
    schedule = related_one(account, app, "appPriceSchedule") if app else None
    # The empty default schedule of an app does not count (observed).
    if app and not (schedule and related_many(account, schedule, "manualPrices")):
        yield "/v2/appPrices/", ApiError(state_errors.APP_PRICING_REQUIRED)


def _availability(account: Account, version: Resource) -> _Errors:
    app = related_one(account, version, "app")
    if app and related_one(account, app, "appAvailabilityV2") is None:
        yield "/v2/appAvailabilities/", ApiError(state_errors.APP_AVAILABILITY_REQUIRED)


def _privacy_answers(_account: Account, _version: Resource) -> _Errors:
    yield "/v1/appDataUsages/", ApiError(state_errors.APP_DATA_USAGES_REQUIRED)


def _tracking_answers(_: Account, version: Resource) -> _Errors:
    yield _path(version), ApiError(state_errors.APP_TRACKS_USERS)


def _medical_device_declaration(_: Account, version: Resource) -> _Errors:
    yield _path(version), ApiError(state_errors.MEDICAL_DEVICE_DECLARATION_MISSING)


# In the order of the errors. The requirement of an approved version is missing here: it applies to the submission.
_CHECKS: tuple[tuple[str, Callable[[Account, Resource], _Errors]], ...] = (
    ("copyright", _copyright),
    ("build", _build),
    ("review-contact", _review_contact),
    ("encryption", _encryption),
    ("localized-texts", _localized_texts),
    ("whats-new", _whats_new),
    *((requirement, _screenshots_of(requirement)) for requirement in FAMILIES),
    ("screenshot-uploads", _screenshot_uploads),
    ("content-rights", _content_rights),
    ("primary-category", _primary_category),
    ("age-rating", _age_rating),
    ("price", _price),
    ("availability", _availability),
    ("privacy-answers", _privacy_answers),
    ("tracking-answers", _tracking_answers),
    ("medical-device-declaration", _medical_device_declaration),
)


def _info(account: Account, version: Resource) -> Resource | None:
    app = related_one(account, version, "app")
    return app_info_of(account, app) if app else None


def _unset(resource: Resource, names: Sequence[str]) -> _Errors:
    for name in names:
        if resource.attributes[name] in {None, ""}:
            yield _path(resource), _required(name)


def _required(name: str) -> ApiError:
    return at_pointer(entity_errors.ATTRIBUTE_REQUIRED, f"/data/attributes/{name}", name=name)


def _path(resource: Resource) -> str:
    return f"/v1/{resource.type}/{resource.id}"
