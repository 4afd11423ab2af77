"""Endpoints of Apple's services other than App Store Connect, and the responses of all services to rejected tokens.

The formats are documented on Apple's pages about the endpoints; the values are made up.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from pytest_asc.apple.services import APP_STORE_SERVER, APP_STORE_SERVER_SANDBOX, WEATHERKIT
from pytest_asc.emulator.http_models import JSON, Response
from pytest_asc.emulator.jsonapi import errors
from pytest_asc.emulator.jsonapi.errors import ApiError, as_base32

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_asc.apple.services import Service, TokenRejection


class Endpoint(NamedTuple):
    """Response to GET requests for a path, whatever their query and headers."""

    path: str
    """Regular expression that matches the whole path."""
    status: int
    body: Any


_COORDINATES = r"-?\d+(\.\d+)?/-?\d+(\.\d+)?"
# Observed in forum thread 757720. The emulated account has no transactions.
_NO_TRANSACTION = Endpoint(
    r"/inApps/v1/transactions/[^/]+", 404, {"errorCode": 4040010, "errorMessage": "Transaction id not found."}
)

ENDPOINTS: dict[str, tuple[Endpoint, ...]] = {
    WEATHERKIT.name: (
        Endpoint(
            rf"/api/v1/availability/{_COORDINATES}",
            200,
            ["currentWeather", "forecastDaily", "forecastHourly", "forecastNextHour", "weatherAlerts"],
        ),
        Endpoint(
            rf"/api/v1/weather/[\w-]+/{_COORDINATES}",
            200,
            {
                "currentWeather": {
                    "name": "CurrentWeather",
                    "metadata": {
                        "attributionURL": "https://developer.apple.com/weatherkit/data-source-attribution/",
                        "expireTime": "2026-01-01T00:05:00Z",
                        "latitude": 37.334,
                        "longitude": -122.008,
                        "readTime": "2026-01-01T00:00:00Z",
                        "reportedTime": "2026-01-01T00:00:00Z",
                        "units": "m",
                        "version": 1,
                    },
                    "asOf": "2026-01-01T00:00:00Z",
                    "conditionCode": "Clear",
                    "daylight": True,
                    "humidity": 0.5,
                    "temperature": 20.0,
                }
            },
        ),
    ),
    APP_STORE_SERVER.name: (_NO_TRANSACTION,),
    APP_STORE_SERVER_SANDBOX.name: (_NO_TRANSACTION,),
}
"""Endpoints by the name of the service. Services that are not listed have the operations of the API spec."""


def respond(service: Service, method: str, url: str) -> Response | ApiError:
    """Respond to an authenticated request."""
    path = urlsplit(url).path
    for endpoint in ENDPOINTS[service.name]:
        if method == "GET" and re.fullmatch(endpoint.path, path):
            return Response(endpoint.status, {"Content-Type": JSON}, json.dumps(endpoint.body).encode())
    return ApiError(errors.NOT_EMULATED, {"what": f"{method} {path} of {service.title}"})


def reject_token(refusal: TokenRejection, new_id: Callable[[], str]) -> Response:
    """Return the response to a rejected token, in the format of the service.

    Args:
        refusal: The service's response to rejected tokens.
        new_id: Returns a new UUID, for responses that contain a request id.
    """
    body = refusal.body
    if "{request_id}" in body:
        body = body.replace("{request_id}", as_base32(new_id()))
    return Response(refusal.status, {"Content-Type": refusal.media_type}, body.encode())
