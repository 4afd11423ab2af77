"""Errors of the App Asset Library. They are documented in Apple's guides to it, unless a comment says otherwise."""

from __future__ import annotations

from pytest_asc.emulator.jsonapi.errors import ErrorTemplate

_OTHER_STATE = "The request cannot be fulfilled because of the state of another resource."
_INVALID = ("ENTITY_ERROR.ATTRIBUTE.INVALID", "The provided entity includes an attribute with an invalid value")

NOT_SUPPORTED = ErrorTemplate(
    409,
    *_INVALID,
    "The requested 'placementType' and 'placementGroup' combination is not supported for this parent.",
)
NOT_APPROVED = ErrorTemplate(
    409, "STATE_ERROR.INVALID_ASSET_STATE", _OTHER_STATE, "Only an approved asset can be archived."
)
HAS_PLACEMENTS = ErrorTemplate(
    409,
    "STATE_ERROR.ASSET_HAS_PLACEMENTS",
    _OTHER_STATE,
    "The asset cannot be deleted while placements still use it. Delete those placements first.",
)
# The code is observed, title and detail are inferred.
IN_POST_PROCESSING = ErrorTemplate(
    409, "STATE_ERROR.ASSET_IN_POST_PROCESSING", _OTHER_STATE, "The asset is still being processed."
)
# Inferred.
NOT_USABLE = ErrorTemplate(
    409, "STATE_ERROR.INVALID_ASSET_STATE", _OTHER_STATE, "The asset cannot be placed while it is {state}."
)
TOO_MANY = ErrorTemplate(409, "STATE_ERROR", _OTHER_STATE, "Too many placements of the type {type} ({limit})")
ORDER_INCOMPLETE = ErrorTemplate(
    409,
    "ENTITY_ERROR.RELATIONSHIP.INVALID",
    "The provided entity includes a relationship with an invalid value",
    "The ordered placements are not all placements of the group '{group}'.",
)


def closed(parent: str, state: str, feature: str) -> ErrorTemplate:
    """Return the error for a surface whose parent accepts no placements.

    Args:
        parent: Name of the parent, such as ``AppCustomProductPageVersion``.
        state: State of the parent, such as ``IN_REVIEW``.
        feature: Apple's name of the feature.
    """
    title = f"Creating a placement is not permitted in {parent}'s current state"
    return ErrorTemplate(
        409,
        "STATE_ERROR.INVALID_STATE",
        title,
        title,  # as the detail: inferred, because all other errors have a detail
        meta={"state": state.lower(), "feature": feature},
    )
