"""What types of resources do beyond the catalogue: a table by type.

A write asks it after the body was found to fit and before anything is changed, and tells it afterwards. Each workflow
is a module of this folder, with a table of its own. What Apple does in time is planned in the account's schedule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.workflows import (
    analytics,
    asset_packs,
    build_uploads,
    builds,
    certificates,
    codes,
    groups,
    people,
    phased,
    portal,
    profiles,
    review,
    review_items,
    testers,
    versions,
    webhooks,
    xcode_cloud,
)
from pytest_asc.emulator.workflows.hooks import PLAIN, Workflow
from pytest_asc.emulator.workflows.uploads import UPLOAD, is_uploaded

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PLAIN", "WORKFLOWS", "Workflow", "workflow_of"]

WORKFLOWS: Mapping[str, Workflow] = {
    **analytics.WORKFLOWS,
    **asset_packs.WORKFLOWS,
    **build_uploads.WORKFLOWS,
    **builds.WORKFLOWS,
    **certificates.WORKFLOWS,
    **codes.WORKFLOWS,
    **groups.WORKFLOWS,
    **people.WORKFLOWS,
    **phased.WORKFLOWS,
    **portal.WORKFLOWS,
    **profiles.WORKFLOWS,
    **review.WORKFLOWS,
    **review_items.WORKFLOWS,
    **testers.WORKFLOWS,
    **versions.WORKFLOWS,
    **webhooks.WORKFLOWS,
    **xcode_cloud.WORKFLOWS,
}
"""The workflow of each type that has one of its own."""


def workflow_of(kind: str) -> Workflow:
    """The workflow of a type: its own, that of all uploads, or one that does nothing."""
    return WORKFLOWS.get(kind) or (UPLOAD if is_uploaded(kind) else PLAIN)
