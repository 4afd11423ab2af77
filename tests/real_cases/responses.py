"""Responses of Apple as people pasted them, with the token of the request."""

from __future__ import annotations

from real_cases.evidence import (
    API,
    BUNDLE_ID,
    FORBIDDEN,
    HOUR,
    KEY_ID,
    NOW,
    PUSH,
    SANDBOX,
    TEAM_ID,
    Case,
    Held,
    at_server,
    error,
    make_response,
    of_team,
    refused,
    token,
)

WEATHER = "https://weatherkit.apple.com/api/v1"
BAD_GATEWAY = "<html><head><title>502</title></head><body><center>502</center><hr><center>Apple</center></body></html>"
NEW_LICENSE = (
    "You currently don't have access to this resource. To resolve this issue, the Account Holder must agree to the "
    "latest Program License Agreement in their account on the Apple Developer website."
)
NO_MEMBERSHIP = "Team ID: 'AB12CD34EF' is not associated with an active membership."


CASES = (
    # Keys, IDs and services.
    Case(
        "egodigital/node-appstore-connect#3",
        "a good token that names another of the team's keys",
        Held(refused(token({"kid": "9QWERTY123"}))),
        ("key-unknown-to-apple",),
        "a wrong key ID",
    ),
    Case(
        "alexalok/dotAPNS#85",
        "a key of APNs that was good no longer",
        Held(make_response(403, {"reason": "InvalidProviderToken"}, url=PUSH, method="POST", bearer=of_team())),
        ("key-unknown-to-apple",),
        "a revoked key",
    ),
    Case(
        "vapor/apns#47",
        "key ID and Team ID in each other's place",
        Held(
            make_response(
                403,
                {"reason": "InvalidProviderToken"},
                url=PUSH,
                method="POST",
                bearer=of_team({"kid": TEAM_ID}, iss=KEY_ID),
            )
        ),
        ("key-unknown-to-apple",),
        "a wrong Team ID",
    ),
    Case(
        "patrickbussmann/oauth2-apple#3",
        "invalid_client, whatever was tried with the client secret",
        Held(
            make_response(400, {"error": "invalid_client"}, url="https://appleid.apple.com/auth/token", method="POST"),
        ),
        ("key-unknown-to-apple",),
    ),
    Case(
        "apple/app-store-server-library-java#92",
        "production's 401 for an app that was never released",
        Held(at_server(token(bid=BUNDLE_ID))),
        ("key-unknown-to-apple",),
        "never released",
    ),
    Case(
        "awa/go-iap#283",
        "a 401 of the sandbox without a body",
        Held(at_server(token(bid=BUNDLE_ID), "", SANDBOX)),
        ("key-unknown-to-apple",),
    ),
    Case(
        "readdle/app-store-server-api#19",
        "an hour at the sandbox: refused, while five minutes work",
        Held(at_server(token(exp=NOW + HOUR, bid=BUNDLE_ID), host=SANDBOX)),
        ("key-unknown-to-apple", "token-lifetime-at-limit"),
        "3600 s is the limit",
    ),
    # The two bodies of WeatherKit are taken from summaries.
    Case(
        "developer.apple.com/forums: WeatherKit's NOT_ENABLED",
        "a good token, minutes after WeatherKit was ticked",
        Held(
            make_response(
                401,
                {"reason": "NOT_ENABLED"},
                url=f"{WEATHER}/weather/en/37/-122",
                bearer=of_team({"id": f"{TEAM_ID}.com.example"}, exp=NOW + HOUR, sub="com.example"),
            )
        ),
        ("service-not-enabled",),
        "wait a few hours",
    ),
    Case(
        "a user's report of MISSING_AUTH",
        "a token of App Store Connect's at WeatherKit",
        Held(make_response(401, {"reason": "MISSING_AUTH"}, url=f"{WEATHER}/availability/37/-122", bearer=token())),
        ("token-of-other-service",),
        "expected the Services ID",
    ),
    # Agreements, roles, limits, failures.
    Case(
        "SharezoneApp/sharezone-app#1981",
        "a pipeline that stopped overnight: a new agreement",
        Held(
            make_response(
                403,
                error(403, "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED"),
                url=f"{API}/v1/apps/1434868489/appStoreVersions",
                bearer=token(),
            )
        ),
        ("agreement-missing",),
        "Account Holder",
    ),
    Case(
        "AvdLee/appstoreconnect-swift-sdk#101",
        "a new license agreement under the bare code FORBIDDEN",
        Held(make_response(403, error(403, "FORBIDDEN", "Access Unavailable", NEW_LICENSE), bearer=token())),
        ("agreement-missing",),
        "Account Holder",
    ),
    Case(
        "fastlane/fastlane spaceship/lib/spaceship/connect_api/api_client.rb",
        "a membership that has run out",
        Held(make_response(403, error(403, "FORBIDDEN_ERROR", FORBIDDEN, NO_MEMBERSHIP), bearer=token())),
        ("membership-expired",),
    ),
    Case(
        "fastlane/docs#1050",
        "a Developer's key that sets a changelog",
        Held(
            make_response(
                403,
                error(403, "FORBIDDEN_ERROR", FORBIDDEN, "The API key in use does not allow this request"),
                url=f"{API}/v1/betaBuildLocalizations/1",
                method="PATCH",
                bearer=token(),
            )
        ),
        ("role-insufficient",),
        "a key whose role allows it",
    ),
    Case(
        "jeonghwanko/mimi-seed-sdk#19",
        "a key that lists apps and gets no sales reports",
        Held(
            make_response(
                403,
                error(403, "FORBIDDEN_ERROR", FORBIDDEN, "The API key in use does not allow this request"),
                url=f"{API}/v1/salesReports",
                bearer=token(),
            )
        ),
        ("role-insufficient",),
    ),
    Case(
        "bitrise-steplib/steps-ios-auto-provision-appstoreconnect#14",
        "a refusal that speaks of teams, whose cause never came out",
        Held(
            make_response(
                403,
                error(403, "FORBIDDEN_ERROR", FORBIDDEN, "Unable to find a team with the given Content Provider ID"),
                bearer=token(),
            )
        ),
        ("request-refused",),
        "Content Provider ID",
    ),
    Case(
        "AvdLee/appstoreconnect-swift-sdk#239",
        "too many requests in an hour",
        Held(
            make_response(
                429,
                error(429, "RATE_LIMIT_EXCEEDED", "The request rate limit has been reached."),
                bearer=token(),
                **{"X-Rate-Limit": "user-hour-lim:3600;user-hour-rem:0;"},
            )
        ),
        ("rate-limited",),
        "0 of 3600",
    ),
    Case(
        "rakutentech/macos-push-tester#38",
        "a new token for every push",
        Held(make_response(429, {"reason": "TooManyProviderTokenUpdates"}, url=PUSH, method="POST", bearer=of_team())),
        ("rate-limited",),
        "Use the same token",
    ),
    Case(
        "fastlane/fastlane#19241",
        "an error of Apple's own on the list of users",
        Held(
            make_response(
                500,
                error(500, "UNEXPECTED_ERROR", "An unexpected error occurred."),
                url=f"{API}/v1/users",
                bearer=token(),
            )
        ),
        ("apple-outage",),
        "system status",
    ),
    Case(
        "fastlane/fastlane#19278",
        "a page of Apple's front end",
        Held(make_response(502, BAD_GATEWAY, bearer=token(), **{"Content-Type": "text/html"})),
        ("apple-outage",),
    ),
    Case(
        "mafreud/weather_kit#23",
        "WeatherKit's own 403, which names no reason",
        Held(
            make_response(
                403,
                {"status": 403, "error": "Forbidden", "message": "Access Denied", "path": "/api/v1/weather"},
                url=f"{WEATHER}/weather/en/44.96/-93.39",
            )
        ),
        ("request-refused",),
        "403 Forbidden",
    ),
)
