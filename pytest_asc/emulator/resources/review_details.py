"""Contact details for App Review and for beta app review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import RefusedError, at_pointer
from pytest_asc.emulator.resources.app_infos import replace_automatic
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.phone_numbers import is_valid_phone_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.errors import ApiError, ErrorTemplate
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

CONTACT = ("contactFirstName", "contactLastName", "contactPhone", "contactEmail")
"""Attributes of the contact, in the order in which they are required."""
_MAX_NOTES = 4000  # characters (observed; Apple's help says bytes)
_PHONE_INVALID: Mapping[str, ErrorTemplate] = {
    "appStoreReviewDetails": entity_errors.REVIEW_PHONE_INVALID,
    "betaAppReviewDetails": entity_errors.BETA_REVIEW_PHONE_INVALID,
}


def _validate(resource_type: str, sent: Mapping[str, Any], present: Mapping[str, Any]) -> None:
    """Reject details with an invalid value or without a contact, one missing attribute at a time (observed).

    The attributes of a PATCH are checked together with the existing ones (observed).
    """
    merged = {**present, **sent}
    errors: list[ApiError] = []
    missing = [name for name in CONTACT if not merged.get(name)]
    if missing:
        name = missing[0]
        errors.append(at_pointer(entity_errors.ATTRIBUTE_REQUIRED, f"/data/attributes/{name}", name=name))
    phone = sent.get("contactPhone")
    if phone and not is_valid_phone_number(phone):
        errors.append(at_pointer(_PHONE_INVALID[resource_type], "/data/attributes/contactPhone"))
    if len(sent.get("notes") or "") > _MAX_NOTES:
        pointer = "/data/attributes/notes"
        errors.append(at_pointer(entity_errors.TOO_LONG, pointer, label="Review Notes", most=_MAX_NOTES))
    if errors:
        raise RefusedError(*errors)


def _validate_create(_: Account, entity: ValidatedResource) -> None:
    _validate(entity.type, entity.attributes, {})


def _validate_update(_: Account, detail: Resource, entity: ValidatedResource) -> None:
    if entity.attributes:
        _validate(entity.type, entity.attributes, detail.attributes)


HOOKS: Mapping[str, ResourceHooks] = {
    "appStoreReviewDetails": ResourceHooks(validate_create=_validate_create, validate_update=_validate_update),
    "betaAppReviewDetails": ResourceHooks(validate_update=_validate_update, after_add=replace_automatic),
}
