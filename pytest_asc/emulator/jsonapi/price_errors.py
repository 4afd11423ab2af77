"""Apple's errors about prices, in Apple's words as far as they are known.

Those of price schedules are observed (rorkai/App-Store-Connect-CLI, internal/cli/cmdtest/testdata/
pricing_schedule_create_409), unless marked otherwise.
"""

from __future__ import annotations

from pytest_asc.emulator.jsonapi.errors import ErrorTemplate

_TITLE = "There is a problem with the request entity"
START_IN_PAST = ErrorTemplate(
    409, "ENTITY_ERROR.INVALID_START_DATE", _TITLE, "Interval can not have a start date in the past"
)
START_IN_FUTURE = START_IN_PAST._replace(
    detail="Entire timeline must be covered for {territory}. The first interval has a start date {day}T00:00 in the "
    "future"
)
BASE_TERRITORY_REQUIRED = ErrorTemplate(
    409,
    "ENTITY_ERROR.BASE_TERRITORY_INTERVAL_REQUIRED",
    _TITLE,
    "There must be at least one manual price for the base territory.",
)
PRICE_POINT_NOT_FOUND = ErrorTemplate(
    409, "ENTITY_ERROR.NOT_FOUND", _TITLE, "The resource '{type}' with id '{id}' was not found."
)
# Code and title are observed, the detail is inferred:
INTERVALS = ErrorTemplate(
    409, "ENTITY_ERROR.INVALID_INTERVAL", _TITLE, "The intervals for {territory} must not overlap or leave a gap."
)
# Observed (several users), except for the title:
NOT_AVAILABLE = ErrorTemplate(
    409,
    "ENTITY_ERROR.RELATIONSHIP.INVALID",
    "The provided entity includes a relationship with an invalid value",
    "An error occurred while processing the pricing information.",
)
