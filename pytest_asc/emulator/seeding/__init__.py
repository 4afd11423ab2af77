"""Changes that a test makes to an account without the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.account import members_of, validate_attributes
from pytest_asc.emulator.account.fixture_loader import Entry, read_document
from pytest_asc.emulator.account.times import today
from pytest_asc.emulator.resources import hooks_of
from pytest_asc.emulator.seeding.measurements import make_measurement
from pytest_asc.emulator.seeding.ready_versions import complete_version
from pytest_asc.emulator.seeding.sales import as_day, make_sale

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from os import PathLike

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource


def add(account: Account, resource_type: str, identifier: str | None, members: Mapping[str, Any]) -> dict[str, Any]:
    """Add one resource, with defaults for the attributes that are left out.

    Args:
        account: Where to add it.
        resource_type: The type, such as ``apps``.
        identifier: Its id; None for a new one.
        members: Attributes, and relationships as ids, as resources or as lists of them.

    Returns:
        The resource, as :meth:`Account.show` gives it.

    Raises:
        ValueError: There is no such type, attribute or relationship, a value does not fit, or the id is taken.
    """
    known = members_of(resource_type).relationships
    attributes = {name: value for name, value in members.items() if name not in known}
    relationships = {name: value for name, value in members.items() if name in known}
    validate_attributes(resource_type, attributes)
    account.discard_automatic(resource_type, identifier)
    resource = account.create(resource_type, identifier, attributes)
    account.relate(resource, relationships)
    hooks_of(resource_type).after_add(account, resource)
    return account.show(resource)


def add_ready_version(
    account: Account, app: Mapping[str, Any] | None, identifier: str | None, members: Mapping[str, Any]
) -> dict[str, Any]:
    """Add a version that can be submitted for review, with whatever it and its app lack for that.

    Args:
        account: Where to add it.
        app: The app; None for a new one.
        identifier: Id of the version; None for a new one.
        members: Attributes and relationships of the version, which are kept.

    Returns:
        The version, as :meth:`Account.show` gives it.

    Raises:
        ValueError: There is no such attribute or relationship, or a value does not fit.
    """
    owner = app or add(account, "apps", None, {})
    version = _find(account, add(account, "appStoreVersions", identifier, {**members, "app": owner}))
    complete_version(account, version)
    return account.show(version)


def load(account: Account, source: str | PathLike[str] | Mapping[str, Any]) -> None:
    """Add the content of a document or a JSON file: ``{"data": [{"type", "id", "attributes", …}, …]}``.

    The order does not matter: a relationship may lead to a resource that comes later. Beside ``data``, the document may
    hold ``sales`` and ``measurements``, each an array of the arguments of :func:`sell` and :func:`measure`.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no such document, or something in it does not fit.
    """
    document = read_document(source)
    entries = [Entry.read(place, entry) for place, entry in enumerate(document["data"])]
    for entry in entries:
        validate_attributes(entry.resource_type, entry.attributes)
    for entry in entries:
        account.discard_automatic(entry.resource_type, entry.identifier)
    added = [account.create(entry.resource_type, entry.identifier, entry.attributes) for entry in entries]
    for resource, entry in zip(added, entries, strict=True):
        account.relate(resource, entry.relationships)
    for resource in added:
        hooks_of(resource.type).after_add(account, resource)
    _call_for_each(document, "sales", lambda **details: sell(account, **details))
    _call_for_each(document, "measurements", lambda **members: measure(account, **members))


def sell(account: Account, product: Mapping[str, Any], **details: Any) -> None:
    """Enter a sale into the ledger; see :func:`pytest_asc.emulator.seeding.sales.make_sale`.

    Args:
        account: Whose ledger.
        product: The app, in-app purchase or subscription: its type and id.
        **details: Number of units, day, country and price.

    Raises:
        ValueError: It is not there or not sold, or a detail does not fit.
    """
    account.ledger.sales.append(make_sale(account.store, _find(account, product), today(account.now), **details))


def measure(
    account: Account, resource: Mapping[str, Any], metric: str, *, day: str | date | int = -1, **members: Any
) -> None:
    """Enter a measurement into the ledger; see :func:`pytest_asc.emulator.seeding.measurements.make_measurement`.

    Raises:
        ValueError: The resource is not there, or it has no such measurements.
    """
    measured = _find(account, resource)
    measured_on = as_day(day, today(account.now))
    account.ledger.measurements.append(make_measurement(account.store, measured, metric, measured_on, members))


def decide(account: Account, subject: Mapping[str, Any] | str, outcome: str) -> None:
    """Choose the outcome of a decision.

    Args:
        account: The account.
        subject: The resource; or a type, for all of its resources without an outcome of their own.
        outcome: One of :data:`~pytest_asc.emulator.account.outcomes.OUTCOMES` for the type.

    Raises:
        ValueError: The resource is not there, or does not end so.
    """
    if isinstance(subject, str):
        account.outcomes.choose(subject, None, outcome)
        return
    resource = _find(account, subject)
    account.outcomes.choose(resource.type, resource.id, outcome)
    hooks_of(resource.type).after_decide(account, resource, outcome)


def _find(account: Account, resource: Mapping[str, Any]) -> Resource:
    resource_type, identifier = resource.get("type"), resource.get("id")
    found = account.store.get(str(resource_type), str(identifier))
    if found is None:
        raise ValueError(f"there is no resource of type {resource_type!r} with id {identifier!r}: add it first")
    return found


def _call_for_each(document: Mapping[str, Any], name: str, function: Callable[..., None]) -> None:
    """Call a function with the arguments that each entry of an array in the document holds."""
    try:
        for entry in document.get(name, ()):
            function(**entry)
    except TypeError as error:
        raise ValueError(f"{name!r} of the document: {error}") from None
