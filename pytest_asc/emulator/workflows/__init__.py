"""What types of resources do beyond the catalogue: a table by type.

A write asks it after the body was found to fit and before anything is changed, and tells it afterwards. Each workflow
is a module of this folder.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pytest_asc.emulator.workflows import analytics, build_uploads, certificates, codes, portal, profiles, webhooks
from pytest_asc.emulator.workflows.hooks import PLAIN, Workflow
from pytest_asc.emulator.workflows.uploads import UPLOAD, is_uploaded

if TYPE_CHECKING:
    from collections.abc import Mapping

WORKFLOWS: Mapping[str, Workflow] = {
    **analytics.WORKFLOWS,
    **build_uploads.WORKFLOWS,
    **certificates.WORKFLOWS,
    **codes.WORKFLOWS,
    **portal.WORKFLOWS,
    **profiles.WORKFLOWS,
    **webhooks.WORKFLOWS,
}
"""The workflow of each type that has one of its own."""


@cache
def workflow_of(kind: str) -> Workflow:
    """The workflow of a type: its own, that of all uploads, or one that does nothing."""
    return WORKFLOWS.get(kind) or (UPLOAD if is_uploaded(kind) else PLAIN)
