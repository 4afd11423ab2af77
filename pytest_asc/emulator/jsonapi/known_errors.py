"""Errors of Apple that have no cause in the data of an account, for planned failures.

A planned failure with the code of one of them has its title and detail. All codes are observed. Title and detail of the
first are observed, and those of the last for another kind of submission; those of the second are inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi.errors import ErrorTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping

_ERRORS = (
    # A fault on Apple's side, which affected many teams in September 2026 (forum threads 814565 and 848325).
    ErrorTemplate(
        422,
        "ENTITY_UNPROCESSABLE.BETA_CONTRACT_MISSING",
        "Beta contract is missing for the app.",
        "Beta Contract is missing.",
    ),
    ErrorTemplate(
        422,
        "ENTITY_UNPROCESSABLE.SUBMISSION_LIMIT_REACHED",
        "The limit of submissions is reached.",
        "Too many builds have been submitted for beta review. Please try again later.",
    ),
    # For a build that was made with a beta version of Xcode, which the build resource does not show.
    ErrorTemplate(
        422,
        "ENTITY_UNPROCESSABLE.BUILD_SDK_NOT_ALLOWED_FOR_EXTERNAL_TESTING",
        "The build's SDK build is not supported yet.",
        "Build SDK build is not yet supported.",
    ),
)
KNOWN_ERRORS: Mapping[str, ErrorTemplate] = {template.code: template for template in _ERRORS}
"""Error templates by code."""
