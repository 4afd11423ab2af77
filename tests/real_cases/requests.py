"""Requests as people's code made them, and the exceptions that libraries raised."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import requests
from real_cases.evidence import API, APPS, Case, Held, make_response, of_team, token

if TYPE_CHECKING:
    from collections.abc import Callable


def raised(call: Callable[[], object]) -> BaseException:
    """Return the exception of a call that fails before the network."""
    try:
        call()
    except Exception as error:  # noqa: BLE001  whatever it is
        return error
    raise AssertionError("it raised nothing")


def untrusted(words: str, code: int) -> requests.exceptions.SSLError:
    """Return the exception of requests for a certificate, with OpenSSL's message and number."""
    error = ssl.SSLCertVerificationError(1, words)
    error.verify_message, error.verify_code = words, code
    return requests.exceptions.SSLError(error, request=requests.Request("GET", APPS).prepare())


AVAILABILITY = "weatherkit.apple.com/api/v1/availability/37.323/122.032"
MAPS_REFUSED = {"error": {"message": "Not Authorized", "details": []}}

CASES = (
    Case(
        "dev.to/hasone/generate-jwt-token-for-apple-store-connect-api-using-python-3j5h",
        "the token itself as the headers",
        Held(raised(lambda: requests.get(APPS, headers=token()))),  # type: ignore[arg-type]
        ("headers-is-token",),
    ),
    Case(
        "NangoHQ/nango#6955",
        "the token posted to the list of apps, to be exchanged for another",
        Held(requests.Request("POST", APPS, json={"token": token()}).prepare()),
        ("token-in-body",),
    ),
    Case(
        "AvdLee/appstoreconnect-swift-sdk#42",
        "a report asked for without its version: no fault of the token",
        Held(
            make_response(
                400,
                {"errors": [{"status": "400", "code": "PARAMETER_ERROR.REQUIRED", "title": "A required parameter"}]},
                url=f"{API}/v1/salesReports?filter[frequency]=WEEKLY",
                bearer=token(),
                Accept="application/a-gzip",
            )
        ),
        ("request-refused",),
    ),
    Case(
        "cantie/app-store-connect-api-php#35",
        "a report asked for as JSON",
        Held(
            make_response(
                406,
                "The provided Accept header is not supported for this request.\n\nAllowed: application/a-gzip",
                url=f"{API}/v1/salesReports",
                bearer=token(),
            )
        ),
        ("accept-header",),
        "application/a-gzip",
    ),
    Case(
        "fastlane/fastlane#10261",
        "a company's proxy with a certificate of its own",
        Held(untrusted("self-signed certificate in certificate chain", 19)),
        ("tls-intercepted",),
        "REQUESTS_CA_BUNDLE",
    ),
    Case(
        "fastlane/fastlane#21354",
        "a certificate of Apple's own that had run out, for some hours",
        Held(untrusted("certificate has expired", 10)),
        ("tls-intercepted",),
        "Apple's",
    ),
    # These three are taken from summaries, because the threads were not available.
    Case(
        "developer.apple.com/forums/thread/750364",
        "no blank between Bearer and the token",
        Held(
            {
                **make_response(401, MAPS_REFUSED),
                "request": {
                    "method": "GET",
                    "url": "https://maps-api.apple.com/v1/token",
                    "headers": {"Authorization": f"Bearer{of_team(scope='server_api')}"},
                },
            }
        ),
        ("bearer-missing",),
    ),
    Case(
        "developer.apple.com/forums/thread/748232",
        "a WeatherKit request whose header was never set",
        Held({**make_response(401, ""), "request": {"method": "GET", "url": f"https://{AVAILABILITY}", "headers": {}}}),
        ("header-missing",),
    ),
    Case(
        "a user's report of MISSING_AUTH",
        "a URL without https:// in front",
        Held(raised(lambda: requests.get(AVAILABILITY, headers={"Authorization": f"Bearer {token()}"}, timeout=1))),
        ("insecure-url",),
        "no scheme",
    ),
)
