"""Hooks of the resource types whose behavior is not fully described by the API spec: one table, by type.

Each module of this package has a table with the hooks of related types. API writes and seeding get them from
:func:`hooks_of`. Changes that Apple makes after some time are events of the account's schedule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.resources import (
    analytics,
    app_infos,
    asset_library,
    asset_packs,
    build_uploads,
    builds,
    certificates,
    experiments,
    game_center,
    groups,
    offer_codes,
    phased_releases,
    price_schedules,
    product_versions,
    products,
    profiles,
    provisioning,
    review,
    review_details,
    review_items,
    screenshots,
    subscription_settings,
    testers,
    user_invitations,
    versions,
    webhooks,
    xcode_cloud,
)
from pytest_asc.emulator.resources.hooks import NO_HOOKS, ResourceHooks
from pytest_asc.emulator.resources.uploads import UPLOAD
from pytest_asc.emulator.spec.uploads import is_uploaded

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FOUND_BY_HOOKS", "HOOKS", "NO_HOOKS", "ResourceHooks", "hooks_of"]

HOOKS: Mapping[str, ResourceHooks] = {
    **analytics.HOOKS,
    **app_infos.HOOKS,
    **asset_library.HOOKS,
    **asset_packs.HOOKS,
    **build_uploads.HOOKS,
    **builds.HOOKS,
    **certificates.HOOKS,
    **experiments.HOOKS,
    **game_center.HOOKS,
    **groups.HOOKS,
    **offer_codes.HOOKS,
    **user_invitations.HOOKS,
    **phased_releases.HOOKS,
    **price_schedules.HOOKS,
    **product_versions.HOOKS,
    **products.HOOKS,
    **provisioning.HOOKS,
    **profiles.HOOKS,
    **review.HOOKS,
    **review_details.HOOKS,
    **review_items.HOOKS,
    **screenshots.HOOKS,
    **subscription_settings.HOOKS,
    **testers.HOOKS,
    **versions.HOOKS,
    **webhooks.HOOKS,
    **xcode_cloud.HOOKS,
}
"""Hooks by resource type. Types of uploaded files that are not listed have the hooks :data:`UPLOAD`."""

FOUND_BY_HOOKS = price_schedules.PRICE_POINTS
"""Relationships, by type and name, whose hooks have their own error for a related resource that does not exist."""


def hooks_of(resource_type: str) -> ResourceHooks:
    """Return the hooks of a resource type: those in the table, those of uploads, or no hooks."""
    return HOOKS.get(resource_type) or (UPLOAD if is_uploaded(resource_type) else NO_HOOKS)
