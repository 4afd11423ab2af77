"""Apple's errors of requests for reports, word for word as far as users have published them."""

from __future__ import annotations

from pytest_asc.emulator.jsonapi.errors import ErrorTemplate

# 400 (observed in answers that users quote).
_INVALID = ("PARAMETER_ERROR.INVALID", "A parameter has an invalid value")
VENDOR_NUMBER = ErrorTemplate(400, *_INVALID, "Invalid vendor number specified. Try again.")
VERSION = ErrorTemplate(
    400,
    *_INVALID,
    "The version parameter you have specified is invalid. The latest version for this report is {latest}.",
)
VERSION_MISSING = ErrorTemplate(
    400, *_INVALID, "Please include the version parameter. The latest version for this report is {latest}."
)
# The code is observed, the words are inferred.
DATE_MISSING = ErrorTemplate(400, *_INVALID, "Please include the reportDate parameter.")
_COMBINATION = (
    "PARAMETER_ERROR.INVALID.INVALID_COMBINATION",
    "Some provided parameters cannot be used in this combination.",
)
# Observed: forum thread 697788.
DATE_FORMAT = ErrorTemplate(
    400,
    *_COMBINATION,
    "Invalid combination of date type and date. For daily and weekly reports, use format YYYY-MM-DD. For monthly, use "
    "YYYY-MM. For yearly, use YYYY.",
)
# Modelled on that one (inferred).
COMBINATION = ErrorTemplate(400, *_COMBINATION, "Invalid combination of {names}.")
# 404 and 410 (observed; the rest of Apple's sentence on the 410 is not known, nor is its code).
_NONE = ("NOT_FOUND", "The specified resource does not exist")
NO_SALES = ErrorTemplate(
    404, _NONE[0], "The request expected results but none were found", "There were no sales for the date specified."
)
NOT_YET = ErrorTemplate(
    404,
    *_NONE,
    "Report is not available yet. Daily reports for the Americas are available by 5 am Pacific Time; Japan, Australia, "
    "and New Zealand by 5 am Japan Standard Time; and 5 am Central European Time for all other territories.",
)
GONE = ErrorTemplate(410, "GONE", "The specified resource is no longer available", "Report is no longer available.")
# Apple's page of the endpoint documents that one of the two has to be there; the words are inferred.
DIMENSION_MISSING = ErrorTemplate(
    400,
    "PARAMETER_ERROR.REQUIRED",
    "A required parameter is missing",
    "One of the parameters 'groupBy' and 'filter[{dimension}]' is required but neither was provided",
)
