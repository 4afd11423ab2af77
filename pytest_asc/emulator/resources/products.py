"""In-app purchases, subscriptions and subscription groups: creation, deletion, and submission without an app."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi import entity_errors, product_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.price_schedules import complete_price, validate_available
from pytest_asc.emulator.resources.product_kinds import (
    BY_PRODUCT,
    DRAFT,
    is_approved,
    siblings_of,
    version_in_flight,
    versions_of,
)
from pytest_asc.emulator.resources.product_states import (
    INCOMPLETE,
    VERSION_STATES,
    is_draft_in_submission,
    missing_parts,
    update_state,
)
from pytest_asc.emulator.resources.product_versions import STANDALONE_VERSION, create_first_version
from pytest_asc.emulator.resources.state_machine import matches, related_many, related_one, request_resources
from pytest_asc.emulator.resources.uploads import UPLOAD, commit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource


# Products.


_SALE_DEFAULTS = {"marketSettings": [], "multiSeatStatus": "DISABLED"}
"""Attributes of a new subscription since 4.5 (observed)."""


def _set_sale_defaults(account: Account, product: Resource) -> None:
    """Set the defaults of a subscription's sale attributes; Family Sharing turns seats off (documented)."""
    given = product.attributes
    changes = {name: value for name, value in _SALE_DEFAULTS.items() if name in given and given[name] is None}
    if given.get("familySharable") and "multiSeatStatus" in given:
        changes["multiSeatStatus"] = "DISABLED"
    account.store.update(product, changes)


def _after_create(account: Account, product: Resource, _: ValidatedResource) -> None:
    _set_sale_defaults(account, product)
    if product.type != "subscriptionGroups":
        account.store.update(product, {"state": "MISSING_METADATA"})
    create_first_version(account, product, BY_PRODUCT[product.type], DRAFT)


def _after_add(account: Account, product: Resource) -> None:
    """Create the resources that every product has, unless the test has added them."""
    _set_sale_defaults(account, product)
    if "state" in product.attributes and product.attributes["state"] is None:
        account.store.update(product, {"state": "MISSING_METADATA"})
        update_state(account, product)
    if not versions_of(account, product):
        state = VERSION_STATES.get(str(product.attributes.get("state")), DRAFT)
        create_first_version(account, product, BY_PRODUCT[product.type], state)


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    """Reject the product id of a deleted product (observed)."""
    identifier = entity.attributes["productId"]
    if identifier in account.retired_product_ids:
        template, name = entity_errors.ATTRIBUTE_DUPLICATE, "productId"
        raise RefusedError(
            at_pointer(template, f"/data/attributes/{name}", type=entity.type, name=name, value=identifier)
        )


def _validate_update(account: Account, product: Resource, entity: ValidatedResource) -> None:
    if entity.relationships.get("prices"):
        validate_available(account, product)
    if matches(product, familySharable=True) and entity.attributes.get("familySharable") is False:
        raise RefusedError(at_pointer(product_errors.FAMILY_SHARING, "/data/attributes/familySharable"))


def _after_update(account: Account, product: Resource, entity: ValidatedResource) -> None:
    if entity.relationships.get("prices"):
        for price in related_many(account, product, "prices"):
            complete_price(account, price)
    if entity.attributes.get("familySharable"):
        _set_sale_defaults(account, product)
    update_state(account, product)


def _before_delete(account: Account, product: Resource) -> None:
    """Reject the deletion of a complete subscription (observed); otherwise remember the product id."""
    if product.type == "subscriptions" and product.attributes["state"] not in INCOMPLETE:
        raise RefusedError(ApiError(product_errors.SUBSCRIPTION_NOT_DELETED))
    account.retired_product_ids.add(product.attributes["productId"])


# Requirements for a review.


def _update_product(name: str, account: Account, _: Resource, entity: ValidatedResource) -> None:
    """Update the state of the product that a request refers to."""
    for product in request_resources(account, entity, name):
        update_state(account, product)


def _after_screenshot(name: str, account: Account, screenshot: Resource) -> None:
    product = related_one(account, screenshot, name)
    if product:
        update_state(account, product)


def _screenshots(name: str) -> ResourceHooks:
    return UPLOAD._replace(after_update=partial(commit, after_complete=partial(_after_screenshot, name)))


# Submission.


def submission_errors(account: Account, product: Resource) -> Mapping[str, list[ApiError]]:
    """Return the associated errors about missing parts of a product, apart from prices, which have their own error."""
    found: list[ApiError] = []
    lacks = missing_parts(account, product)
    for part, names, template in (
        ("attributes", lacks.attributes, entity_errors.ATTRIBUTE_REQUIRED),
        ("relationships", lacks.relationships, entity_errors.RELATIONSHIP_REQUIRED),
    ):
        found += [at_pointer(template, f"/data/{part}/{name}", name=name) for name in names]
    if lacks.availability:
        found.append(ApiError(product_errors.AVAILABILITY_NEVER_SET))
    return {f"/v1/{product.type}/{product.id}": found} if found else {}


def validate_complete(account: Account, product: Resource) -> None:
    """Reject a product that does not have everything that a review requires.

    Raises:
        RefusedError: A member or a price is missing.
    """
    if product.type == "subscriptionGroups" or product.attributes["state"] not in INCOMPLETE:
        return
    associated = submission_errors(account, product)
    if associated:
        values = {"type": product.type, "id": product.id}
        raise RefusedError(ApiError(product_errors.NOT_SUBMITTABLE, values, associated=associated))
    territories = missing_parts(account, product).territories
    if territories:
        raise RefusedError(ApiError(product_errors.PRICES_MISSING, {"territories": ", ".join(territories)}))


def _validate_submission(name: str, account: Account, entity: ValidatedResource) -> None:
    for product in request_resources(account, entity, name):
        first = _is_first(account, product)
        version = version_in_flight(account, product)
        if not (first and is_draft_in_submission(account, product)):
            if version is None or not matches(version, state=DRAFT):
                values = {"title": BY_PRODUCT[product.type].title, "id": product.id}
                raise RefusedError(ApiError(product_errors.NO_PENDING_VERSION, values))
            validate_complete(account, product)
        if first:
            template = product_errors.FIRST_ON_VERSION
            code = template.code.format(kind=product.attributes.get("inAppPurchaseType") or "SUBSCRIPTION")
            raise RefusedError(ApiError(template._replace(code=code)))


def _is_first(account: Account, product: Resource) -> bool:
    """Return whether the app has no approved product of this kind; False if the app is unknown."""
    siblings = siblings_of(account, product)
    kind = product.attributes.get("inAppPurchaseType")
    same = [one for one in siblings if one.attributes.get("inAppPurchaseType") == kind]
    return bool(siblings) and not any(is_approved(account, one) for one in same)


def _validate_group_submission(account: Account, entity: ValidatedResource) -> None:
    for group in request_resources(account, entity, "subscriptionGroup"):
        submitted = [
            version
            for subscription in related_many(account, group, "subscriptions")
            for version in versions_of(account, subscription)
            if not matches(version, state=DRAFT)
        ]
        if not submitted:
            raise RefusedError(ApiError(product_errors.GROUP_ALONE))
        version = version_in_flight(account, group)
        if version is None or not matches(version, state=DRAFT):
            raise RefusedError(
                ApiError(product_errors.NO_PENDING_VERSION, {"title": BY_PRODUCT[group.type].title, "id": group.id})
            )


def _submit(name: str, account: Account, _: Resource, entity: ValidatedResource) -> None:
    for version in _pending(account, entity, name):
        STANDALONE_VERSION.enter(account, version, "WAITING_FOR_REVIEW")


def _pending(account: Account, entity: ValidatedResource, name: str) -> Iterator[Resource]:
    for product in request_resources(account, entity, name):
        version = version_in_flight(account, product)
        if version:
            yield version


def _submissions(name: str) -> ResourceHooks:
    return ResourceHooks(validate_create=partial(_validate_submission, name), after_create=partial(_submit, name))


_PRODUCTS = ResourceHooks(
    validate_create=_validate_create,
    after_create=_after_create,
    validate_update=_validate_update,
    after_update=_after_update,
    before_delete=_before_delete,
    after_add=_after_add,
)

HOOKS: Mapping[str, ResourceHooks] = {
    "inAppPurchases": _PRODUCTS,
    "subscriptions": _PRODUCTS,
    "subscriptionGroups": ResourceHooks(after_create=_after_create, after_add=_after_add),
    "inAppPurchaseAvailabilities": ResourceHooks(after_create=partial(_update_product, "inAppPurchase")),
    "subscriptionAvailabilities": ResourceHooks(after_create=partial(_update_product, "subscription")),
    "inAppPurchaseAppStoreReviewScreenshots": _screenshots("inAppPurchaseV2"),
    "subscriptionAppStoreReviewScreenshots": _screenshots("subscription"),
    "inAppPurchaseSubmissions": _submissions("inAppPurchaseV2"),
    "subscriptionSubmissions": _submissions("subscription"),
    "subscriptionGroupSubmissions": ResourceHooks(
        validate_create=_validate_group_submission, after_create=partial(_submit, "subscriptionGroup")
    ),
}
