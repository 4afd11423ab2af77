"""Apple's errors about requests for reports, in Apple's words as far as users have published them."""

from __future__ import annotations

from pytest_asc.emulator.jsonapi.errors import ErrorTemplate

# 400 (observed in responses that users have published).
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
# The code is observed, title and detail are inferred.
DATE_MISSING = ErrorTemplate(400, *_INVALID, "Please include the reportDate parameter.")
_COMBINATION = (
    "PARAMETER_ERROR.INVALID.INVALID_COMBINATION",
    "Some provided parameters cannot be used in this combination.",
)
# Observed in forum thread 697788.
DATE_FORMAT = ErrorTemplate(
    400,
    *_COMBINATION,
    "Invalid combination of date type and date. For daily and weekly reports, use format YYYY-MM-DD. For monthly, use "
    "YYYY-MM. For yearly, use YYYY.",
)
# Inferred, modelled on the error above.
COMBINATION = ErrorTemplate(400, *_COMBINATION, "Invalid combination of {names}.")
# 404 and 410 (observed; for the 410, only a part of the detail is known, and the code is not).
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
# That one of the two is required is documented on Apple's page of the endpoint; the error is inferred.
DIMENSION_MISSING = ErrorTemplate(
    400,
    "PARAMETER_ERROR.REQUIRED",
    "A required parameter is missing",
    "One of the parameters 'groupBy' and 'filter[{dimension}]' is required but neither was provided",
)
