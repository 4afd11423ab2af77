"""What types of resources do beyond the catalogue: a table by type.

A write asks it after the body was found to fit and before anything is changed, and tells it afterwards. Each workflow
is a module of this folder, with a table of its own. What Apple does in time is planned in the account's schedule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.workflows import (
    builds,
    groups,
    people,
    phased,
    review,
    review_items,
    testers,
    versions,
    xcode_cloud,
)
from pytest_asc.emulator.workflows.hooks import PLAIN, Workflow

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PLAIN", "WORKFLOWS", "Workflow"]

WORKFLOWS: Mapping[str, Workflow] = {
    **builds.WORKFLOWS,
    **groups.WORKFLOWS,
    **people.WORKFLOWS,
    **phased.WORKFLOWS,
    **review.WORKFLOWS,
    **review_items.WORKFLOWS,
    **testers.WORKFLOWS,
    **versions.WORKFLOWS,
    **xcode_cloud.WORKFLOWS,
}
"""The workflow of each type that has one."""
