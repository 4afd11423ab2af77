"""What types of resources do beyond the catalogue: a table by type.

A write asks it after the body was found to fit and before anything is changed, and tells it afterwards. Each workflow
is a module of this folder, with a table of its own. What Apple does in time is planned in the account's schedule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.resources import (
    analytics,
    asset_packs,
    build_uploads,
    builds,
    certificates,
    groups,
    offer_codes,
    phased_releases,
    profiles,
    provisioning,
    review,
    review_items,
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

__all__ = ["HOOKS", "NO_HOOKS", "ResourceHooks", "hooks_of"]

HOOKS: Mapping[str, ResourceHooks] = {
    **analytics.HOOKS,
    **asset_packs.HOOKS,
    **build_uploads.HOOKS,
    **builds.HOOKS,
    **certificates.HOOKS,
    **offer_codes.HOOKS,
    **groups.HOOKS,
    **user_invitations.HOOKS,
    **phased_releases.HOOKS,
    **provisioning.HOOKS,
    **profiles.HOOKS,
    **review.HOOKS,
    **review_items.HOOKS,
    **testers.HOOKS,
    **versions.HOOKS,
    **webhooks.HOOKS,
    **xcode_cloud.HOOKS,
}
"""The workflow of each type that has one of its own."""


def hooks_of(kind: str) -> ResourceHooks:
    """The workflow of a type: its own, that of all uploads, or one that does nothing."""
    return HOOKS.get(kind) or (UPLOAD if is_uploaded(kind) else NO_HOOKS)
