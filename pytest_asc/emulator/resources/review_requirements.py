"""What a version must have before it can be reviewed.

All of these were seen among the associated errors of refused submissions (fastlane #20100, the comment in fastlane's
``api_client.rb``, code that others have published). Apple asks for more, such as screenshots, an age rating and
answers on privacy: see the limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi import entity_errors, state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, at_pointer
from pytest_asc.emulator.resources.state_machine import matches, one, related_many
from pytest_asc.emulator.resources.versions import EDITABLE, siblings, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource

_VERSION = ("copyright",)
_LOCALIZATION = ("description", "keywords", "supportUrl")
_UPDATE = (*_LOCALIZATION, "whatsNew")
"""A first version has nothing that would be new (observed)."""


def missing(account: Account, version: Resource) -> dict[str, Sequence[ApiError]]:
    """Why a version cannot be reviewed, by the path of the resource that is at fault; nothing where it can."""
    return {path: faults for path, faults in _faults(account, version) if faults}


def _faults(account: Account, version: Resource) -> Iterator[tuple[str, list[ApiError]]]:
    build = one(account, version, "build")
    faults = _unset(version, _VERSION)
    if build is None:
        faults.append(at_pointer(entity_errors.RELATIONSHIP_REQUIRED, "/data/relationships/build", name="build"))
    if state_of(version) not in EDITABLE:
        faults.append(ApiError(state_errors.NOT_READY))
    yield _path(version), faults
    if build:
        processing = [] if matches(build, processingState="VALID") else [ApiError(state_errors.BUILD_PROCESSING)]
        yield _path(build), [*processing, *_unset(build, ("usesNonExemptEncryption",))]
    localizations = related_many(account, version, "appStoreVersionLocalizations")
    wanted = _UPDATE if siblings(account, version) else _LOCALIZATION
    for localization in localizations:
        yield _path(localization), _unset(localization, wanted)
    if not localizations:
        yield "/v1/appStoreVersionLocalizations/", [_required("description")]


def _unset(resource: Resource, names: Sequence[str]) -> list[ApiError]:
    return [_required(name) for name in names if resource.attributes[name] in {None, ""}]


def _required(name: str) -> ApiError:
    return at_pointer(entity_errors.ATTRIBUTE_REQUIRED, f"/data/attributes/{name}", name=name)


def _path(resource: Resource) -> str:
    return f"/v1/{resource.type}/{resource.id}"
