"""Errors that Apple has for reasons that an account does not show.

A planned failure with the code of one has its words. The codes are observed; so are all words of the first, and those
of the last for another kind of submission. The words of the second are inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.jsonapi.errors import ErrorTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping

_ERRORS = (
    # A fault of Apple's, of many teams in September 2026 (developer forums, threads 814565 and 848325).
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
    # A build of a beta of Xcode; the build itself does not tell.
    ErrorTemplate(
        422,
        "ENTITY_UNPROCESSABLE.BUILD_SDK_NOT_ALLOWED_FOR_EXTERNAL_TESTING",
        "The build's SDK build is not supported yet.",
        "Build SDK build is not yet supported.",
    ),
)
KNOWN_ERRORS: Mapping[str, ErrorTemplate] = {template.code: template for template in _ERRORS}
"""By code."""
