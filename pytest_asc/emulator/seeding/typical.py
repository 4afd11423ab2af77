"""Functions that add typical data: a version ready for review, a released app, a build in TestFlight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.resources.builds import update_testflight_states
from pytest_asc.emulator.seeding.ready_versions import complete_version
from pytest_asc.emulator.seeding.resource_view import ResourceView
from pytest_asc.emulator.seeding.resources import add, resource_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account


def add_ready_version(
    account: Account, app: Mapping[str, Any] | None, identifier: str | None, members: Mapping[str, Any]
) -> ResourceView:
    """Add a version that can be submitted for review, and everything that it and its app still need for that.

    Args:
        account: The account.
        app: The app; None for a new one.
        identifier: ID of the version; None for a new one.
        members: Attributes and relationships of the version.

    Raises:
        ValueError: An attribute or a relationship does not exist, or a value is not valid.
    """
    __tracebackhide__ = True
    owner = add(account, "apps", None, {}) if app is None else app
    version = resource_of(account, add(account, "appStoreVersions", identifier, {**members, "app": owner}))
    complete_version(account, version)
    return ResourceView(account, version)


def add_released_app(account: Account, identifier: str | None, members: Mapping[str, Any]) -> ResourceView:
    """Add an app with a version that is for sale, and everything that the version needed for its review.

    Args:
        account: The account.
        identifier: ID of the app; None for a new one.
        members: Attributes and relationships of the app.

    Raises:
        ValueError: An attribute or a relationship does not exist, or a value is not valid.
    """
    __tracebackhide__ = True
    app = add(account, "apps", identifier, members)
    released = {"appStoreState": "READY_FOR_SALE", "appVersionState": "READY_FOR_DISTRIBUTION"}
    add_ready_version(account, app, None, {"versionString": "1.0", **released})
    return app


def add_testflight_build(
    account: Account, app: Mapping[str, Any] | None, identifier: str | None, testers: int, members: Mapping[str, Any]
) -> ResourceView:
    """Add a build that external testers can install: processed, approved, and in a beta group with testers.

    Args:
        account: The account.
        app: The app; None for a new one.
        identifier: ID of the build; None for a new one.
        testers: Number of testers in the group.
        members: Attributes and relationships of the build.

    Raises:
        ValueError: An attribute or a relationship does not exist, or a value is not valid.
    """
    __tracebackhide__ = True
    if type(testers) is not int or testers < 0:
        raise ValueError(f"testers: got {testers!r}, expected a whole number of at least 0")
    owner = add(account, "apps", None, {}) if app is None else app
    defaults = {"processingState": "VALID", "usesNonExemptEncryption": False}
    build = add(account, "builds", identifier, {**defaults, **members, "app": owner})
    people = [add(account, "betaTesters", None, {"apps": [owner]}) for _ in range(testers)]
    group = {"name": "External testers", "isInternalGroup": False, "app": owner, "betaTesters": people}
    add(account, "betaGroups", None, {**group, "builds": [build]})
    add(account, "betaAppReviewSubmissions", None, {"betaReviewState": "APPROVED", "build": build})
    update_testflight_states(account, resource_of(account, build))
    return build
