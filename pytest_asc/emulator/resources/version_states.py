"""States of App Store versions, and of the app infos that belong to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_asc.emulator.account.store import Resource

APP_STORE_STATES = {
    "PROCESSING_FOR_DISTRIBUTION": "PROCESSING_FOR_APP_STORE",
    "READY_FOR_DISTRIBUTION": "READY_FOR_SALE",
}
"""appStoreState by appVersionState, if the names differ."""
# The last five are inferred: appVersionState has no values for agreements and availability.
APP_VERSION_STATES = {
    "PROCESSING_FOR_APP_STORE": "PROCESSING_FOR_DISTRIBUTION",
    "READY_FOR_SALE": "READY_FOR_DISTRIBUTION",
    "DEVELOPER_REMOVED_FROM_SALE": "READY_FOR_DISTRIBUTION",
    "NOT_APPLICABLE": "PREPARE_FOR_SUBMISSION",
    "PENDING_CONTRACT": "ACCEPTED",
    "PREORDER_READY_FOR_SALE": "READY_FOR_DISTRIBUTION",
    "REMOVED_FROM_SALE": "READY_FOR_DISTRIBUTION",
}
"""appVersionState by appStoreState, if the names differ."""
EDITABLE = frozenset(
    {
        "PREPARE_FOR_SUBMISSION",
        "READY_FOR_REVIEW",
        "DEVELOPER_REJECTED",
        "REJECTED",
        "METADATA_REJECTED",
        "INVALID_BINARY",
    }
)
"""States in which a version can be edited: those that fastlane regards as editable, without WAITING_FOR_REVIEW, since a
submitted version cannot be edited (observed: nickustinov/itsyconnect-macos #27)."""
FINISHED = frozenset({"READY_FOR_DISTRIBUTION", "REPLACED_WITH_NEW_VERSION"})
"""States of a version that allow a new version of the app; all others do not (observed: fastlane #17534)."""
APPROVED = FINISHED | {
    "ACCEPTED",
    "PENDING_APPLE_RELEASE",
    "PENDING_DEVELOPER_RELEASE",
    "PROCESSING_FOR_DISTRIBUTION",
}
"""States of a version that has been approved by App Review."""
# State of an app info by the state of its version, if the names differ (inferred from the names).
_APP_INFO_STATES = {
    "INVALID_BINARY": "PREPARE_FOR_SUBMISSION",
    "METADATA_REJECTED": "REJECTED",
    "PENDING_APPLE_RELEASE": "PENDING_RELEASE",
    "PENDING_DEVELOPER_RELEASE": "PENDING_RELEASE",
    "PROCESSING_FOR_DISTRIBUTION": "PENDING_RELEASE",
    "WAITING_FOR_EXPORT_COMPLIANCE": "WAITING_FOR_REVIEW",
}


def state_of(version: Resource) -> str:
    """Return the appVersionState of a version."""
    return str(version.attributes["appVersionState"])


def app_info_states(state: str) -> dict[str, str]:
    """Return the state attributes of an app info whose version has this appVersionState."""
    return {"state": _APP_INFO_STATES.get(state, state), "appStoreState": APP_STORE_STATES.get(state, state)}
