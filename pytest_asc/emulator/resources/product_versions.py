"""Versions of in-app purchases, subscriptions and subscription groups, with their localizations and images.

A product is created with its first version, and has only one version in flight at a time (observed). In v1 of the API,
localizations belong to a product, in v2 to a version. In the emulator, a localization belongs to both as long as the
version is a draft (inferred; that both versions of the API keep working is documented).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.account.schedule import HOUR
from pytest_asc.emulator.jsonapi import product_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.product_kinds import (
    BY_IMAGE,
    BY_LOCALIZATION,
    BY_VERSION,
    DRAFT,
    product_of,
    version_in_flight,
    version_of_image,
    versions_of,
)
from pytest_asc.emulator.resources.product_states import follow_version, update_state
from pytest_asc.emulator.resources.state_machine import (
    StateMachine,
    Step,
    link,
    matches,
    outcome_of,
    related_many,
    related_one,
    request_resources,
)
from pytest_asc.emulator.resources.uploads import UPLOAD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource
    from pytest_asc.emulator.resources.product_kinds import ProductKind

# State of a localization of API v1, by the state of the version; for all others, that of a draft.
_LOCALIZATION_STATES = {
    "WAITING_FOR_REVIEW": "WAITING_FOR_REVIEW",
    "IN_REVIEW": "WAITING_FOR_REVIEW",
    "ACCEPTED": "APPROVED",
    "APPROVED": "APPROVED",
    "REJECTED": "REJECTED",
}
# Names of states in errors, if they differ (observed).
_STATE_NAMES = {"APPROVED": "ACTIVE"}


# States.


def _after_state_change(account: Account, version: Resource, state: str) -> None:
    texts = _LOCALIZATION_STATES.get(state, DRAFT)
    for localization in related_many(account, version, "localizations"):
        account.store.update(localization, {"state": texts})
    product = product_of(account, version)
    if product is None:
        return
    if state == "APPROVED":
        for other in versions_of(account, product):
            if other is not version and matches(other, state="APPROVED"):
                account.store.update(other, {"state": "REPLACED_WITH_NEW_VERSION"})
    follow_version(account, product, state)


VERSION = StateMachine("state", {}, _after_state_change)
"""States of a version that is an item of a review submission. The submission changes them."""
STANDALONE_VERSION = StateMachine(
    "state",
    # The times are inferred.
    {"WAITING_FOR_REVIEW": Step(12 * HOUR, "IN_REVIEW"), "IN_REVIEW": Step(2 * HOUR, outcome_of)},
    _after_state_change,
)
"""States of a version that was submitted without a review submission, in the older way."""


def create_first_version(account: Account, product: Resource, kind: ProductKind, state: str) -> None:
    """Create the first version of a product, which is created with it."""
    version = account.create_automatic(kind.version_type, None, {"version": 1, "state": state})
    link(account, version, kind.owner, product)


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    kind = BY_VERSION[entity.type]
    (product,) = request_resources(account, entity, kind.owner)
    present = version_in_flight(account, product)
    if present:
        values = {"id": present.id, "noun": kind.noun, "product": product.id}
        raise RefusedError(ApiError(product_errors.VERSION_IN_FLIGHT, values))


def _after_create(account: Account, version: Resource, _: ValidatedResource) -> None:
    """Set the version number, and copy the localizations of the previous version (observed)."""
    product = product_of(account, version)
    others = [one for one in versions_of(account, product) if one is not version] if product else []
    numbers = [int(one.attributes["version"] or 0) for one in others]
    account.store.update(version, {"version": max(numbers, default=0) + 1, "state": DRAFT})
    for localization in related_many(account, others[-1], "localizations") if others else ():
        copy = account.create(localization.type, None, {**localization.attributes, "state": DRAFT})
        link(account, copy, "version", version)
        if product:
            link(account, copy, BY_LOCALIZATION[copy.type].localization_owner, product)


def _after_add(account: Account, version: Resource) -> None:
    """Replace the automatic first version of the product by the version that the test has added."""
    attributes = version.attributes
    account.store.update(version, {"state": attributes["state"] or DRAFT, "version": attributes["version"] or 1})
    product = product_of(account, version)
    for other in versions_of(account, product) if product else ():
        if other is not version and account.is_automatic(other):
            for localization in related_many(account, other, "localizations"):
                link(account, localization, "version", version)
            account.remove(other)


# Localizations and images.


def _unmodifiable(kind: ProductKind) -> RefusedError:
    template = product_errors.VERSION_UNMODIFIABLE
    return RefusedError(ApiError(template._replace(code=template.code.format(kind=kind.code))))


def _is_open(version: Resource | None) -> bool:
    return version is None or version.attributes["state"] in {None, DRAFT}


def _validate_create_part(account: Account, entity: ValidatedResource) -> None:
    """Reject a localization or an image for a version that is not a draft (observed)."""
    for version in request_resources(account, entity, "version"):
        if not _is_open(version):
            raise _unmodifiable(BY_VERSION[version.type])


def _after_create_localization(account: Account, localization: Resource, _: ValidatedResource) -> None:
    kind = BY_LOCALIZATION[localization.type]
    account.store.update(localization, {"state": DRAFT})
    product = related_one(account, localization, kind.localization_owner)
    version = related_one(account, localization, "version")
    if product is None and version:
        product = product_of(account, version)
        if product:
            link(account, localization, kind.localization_owner, product)
    elif product:
        draft = version_in_flight(account, product)
        if draft and _is_open(draft):
            link(account, localization, "version", draft)
    if product:
        update_state(account, product)


def _validate_update_localization(account: Account, localization: Resource, entity: ValidatedResource) -> None:
    """Reject changes of texts that are live or in review; the error depends on the version of the API (observed)."""
    kind = BY_LOCALIZATION[localization.type]
    version = related_one(account, localization, "version")
    if version and entity.api_version != "v1":
        if not _is_open(version):
            raise _unmodifiable(kind)
        return
    state = localization.attributes["state"]
    if state not in {None, DRAFT}:
        values = {"title": kind.title, "state": _STATE_NAMES.get(state, state)}
        raise RefusedError(at_pointer(product_errors.LOCALIZATION_CLOSED, "/data/attributes/state", **values))


def _before_delete_localization(account: Account, localization: Resource) -> None:
    """Reject the deletion of texts that are live or in review, and of the last localization (observed)."""
    kind = BY_LOCALIZATION[localization.type]
    version = related_one(account, localization, "version")
    product = related_one(account, localization, kind.localization_owner)
    last = product is not None and len(related_many(account, product, kind.localization_type)) == 1
    closed = not _is_open(version) or localization.attributes["state"] not in {None, DRAFT}
    submitted = product is not None and not all(map(_is_open, versions_of(account, product)))
    if last and (closed or submitted):
        raise RefusedError(ApiError(product_errors.LAST_LOCALIZATION))
    if closed:
        raise _unmodifiable(kind)
    if last and product:
        follow_version(account, product, DRAFT, complete=False)


def _validate_create_image(account: Account, entity: ValidatedResource) -> None:
    _validate_create_part(account, entity)
    UPLOAD.validate_create(account, entity)


def _before_delete_image(account: Account, image: Resource) -> None:
    if not _is_open(version_of_image(account, image)):
        raise _unmodifiable(BY_IMAGE[image.type])
    UPLOAD.before_delete(account, image)


_LOCALIZATIONS = ResourceHooks(
    validate_create=_validate_create_part,
    after_create=_after_create_localization,
    validate_update=_validate_update_localization,
    before_delete=_before_delete_localization,
)

HOOKS: Mapping[str, ResourceHooks] = {
    **dict.fromkeys(
        BY_VERSION,
        ResourceHooks(
            validate_create=_validate_create,
            after_create=_after_create,
            after_add=_after_add,
        ),
    ),
    **dict.fromkeys(BY_LOCALIZATION, _LOCALIZATIONS),
    **dict.fromkeys(
        BY_IMAGE, UPLOAD._replace(validate_create=_validate_create_image, before_delete=_before_delete_image)
    ),
}
