"""Requirements that a version must meet before it can be reviewed.

Each is observed among the associated errors of refused submissions (fastlane #20100, the comment in fastlane's
``api_client.rb``, other published code). Apple requires more, such as screenshots, an age rating and answers on
privacy: see ``docs/limits.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi import entity_errors, state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, at_pointer
from pytest_asc.emulator.resources.state_machine import matches, related_many, related_one
from pytest_asc.emulator.resources.versions import EDITABLE, other_versions, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource

_VERSION_ATTRIBUTES = ("copyright",)
_LOCALIZATION_ATTRIBUTES = ("description", "keywords", "supportUrl")
_UPDATE_ATTRIBUTES = (*_LOCALIZATION_ATTRIBUTES, "whatsNew")
"""The first version has no whatsNew (observed)."""


def unmet_requirements(account: Account, version: Resource) -> dict[str, Sequence[ApiError]]:
    """Errors that prevent the review of a version, by the path of the resource concerned; empty if there are none."""
    return {path: errors for path, errors in _errors(account, version) if errors}


def _errors(account: Account, version: Resource) -> Iterator[tuple[str, list[ApiError]]]:
    build = related_one(account, version, "build")
    errors = _unset(version, _VERSION_ATTRIBUTES)
    if build is None:
        errors.append(at_pointer(entity_errors.RELATIONSHIP_REQUIRED, "/data/relationships/build", name="build"))
    if state_of(version) not in EDITABLE:
        errors.append(ApiError(state_errors.NOT_READY))
    yield _path(version), errors
    if build:
        processing = [] if matches(build, processingState="VALID") else [ApiError(state_errors.BUILD_PROCESSING)]
        yield _path(build), [*processing, *_unset(build, ("usesNonExemptEncryption",))]
    localizations = related_many(account, version, "appStoreVersionLocalizations")
    names = _UPDATE_ATTRIBUTES if other_versions(account, version) else _LOCALIZATION_ATTRIBUTES
    for localization in localizations:
        yield _path(localization), _unset(localization, names)
    if not localizations:
        yield "/v1/appStoreVersionLocalizations/", [_required("description")]


def _unset(resource: Resource, names: Sequence[str]) -> list[ApiError]:
    return [_required(name) for name in names if resource.attributes[name] in {None, ""}]


def _required(name: str) -> ApiError:
    return at_pointer(entity_errors.ATTRIBUTE_REQUIRED, f"/data/attributes/{name}", name=name)


def _path(resource: Resource) -> str:
    return f"/v1/{resource.type}/{resource.id}"
