"""Tokens as people's code made them, verified without sending them."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from real_cases.evidence import (
    BUNDLE_ID,
    DAY,
    HOUR,
    ISSUER,
    KEY,
    KEY_ID,
    MINUTE,
    NOW,
    TEAM_ID,
    Case,
    Held,
    of_team,
    token,
)

SERVICES_ID = "com.example.weather"


def in_der(text: str) -> str:
    """Return the token with its signature in DER, as OpenSSL writes it."""
    signed = text.rpartition(".")[0]
    der = KEY.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
    return f"{signed}.{base64.urlsafe_b64encode(der).decode().rstrip('=')}"


CASES = (
    # Lifetime.
    Case(
        "fastlane/fastlane#29468",
        "a duration of 1200 in a tool that dates iat a minute back: refused every time",
        Held(token(iat=NOW - 60, exp=NOW + 20 * MINUTE)),
        ("token-lifetime-too-long",),
        "1260 s after iat",
    ),
    Case(
        "fastlane/docs#1029",
        "a duration beyond 1200",
        Held(token(exp=NOW + 30 * MINUTE)),
        ("token-lifetime-too-long",),
        "at most 1200 s",
    ),
    Case(
        "agisboye/app-store-server-api#64",
        "the hour of the App Store Server's tokens, at App Store Connect",
        Held(token(exp=NOW + HOUR, bid=BUNDLE_ID), service="app-store-connect"),
        ("token-of-other-service", "token-lifetime-too-long"),
        "too long for App Store Connect but not for the App Store Server API",
    ),
    Case(
        "richzw/appstore#28",
        "exactly the hour that the App Store Server allows: refused at times",
        Held(token(exp=NOW + HOUR, bid=BUNDLE_ID), service="app-store-server"),
        ("token-lifetime-at-limit",),
        "3600 s is the limit",
    ),
    Case(
        "scottrhoyt/apple-music-jwt#1",
        "exactly the six months that Apple Music allows: refused, while 182 days work",
        Held(of_team(exp=NOW + 15_777_000), service="apple-music"),
        ("token-lifetime-at-limit",),
        "15777000 s is the limit",
    ),
    Case(
        "scottrhoyt/apple-music-jwt#2",
        "182 days for Apple Music: all is well",
        Held(of_team(exp=NOW + 182 * DAY), service="apple-music"),
        (),
    ),
    Case(
        "mikebronner/laravel-sign-in-with-apple#53",
        "a client secret of 180 days: its times are well",
        Held(of_team(exp=NOW + 180 * DAY, aud="https://appleid.apple.com", sub="com.example.web")),
        (),
    ),
    # Times.
    Case(
        "isaced/appstore-connect-sdk#14",
        "an option that was taken for a duration, and goes into exp as it is",
        Held(token(exp=600)),
        ("token-exp-is-duration",),
        "exp is 600",
    ),
    Case(
        "isaced/appstore-connect-sdk#25",
        "an exp that is now: the tokens are over when they are made",
        Held(token(exp=NOW)),
        ("token-expired",),
        "0 s ago",
    ),
    Case(
        "code-payments/code-ios-app#570",
        "one token for a whole job: over after eleven minutes of waiting for a build",
        Held(token(iat=NOW - 11 * MINUTE, exp=NOW - MINUTE)),
        ("token-expired",),
        "the token is 11 min old",
    ),
    Case(
        "lcobucci/jwt#336",
        "a library that writes microseconds into exp",
        Held(token(exp=f"{NOW + 900}.908116")),
        ("token-time-not-integer",),
    ),
    Case(
        "lcobucci/jwt#819",
        "an exp that is an hour off, as the zone is (known from a summary)",
        Held(token(exp=NOW + HOUR + 10 * MINUTE), utc_offset=HOUR),
        ("token-time-zone-bug",),
        "1 h",
    ),
    # Header.
    Case(
        "fastlane/fastlane#29985",
        "a kid with a newline, seen where the token alone is at hand",
        Held(token({"kid": f"{KEY_ID}\n"})),
        ("key-id-whitespace",),
        "kid: length 11, expected 10",
    ),
    Case(
        "Timothylock/go-signin-with-apple#9",
        "a library that wrote neither alg nor kid",
        Held(
            of_team({"alg": None, "kid": None}, exp=NOW + HOUR, aud="https://appleid.apple.com", sub="com.example.web")
        ),
        ("token-algorithm", "token-kid-missing"),
    ),
    # Claims.
    Case(
        "isaced/appstore-connect-sdk#34",
        "the form for individual keys that worked in the end",
        Held(token(iss=None, sub="user", scope=["GET /v1/apps?filter[platform]=IOS"])),
        (),
    ),
    Case(
        "ethanhuang13/CupertinoJWT#10",
        "an example for APNs and DeviceCheck, tried at App Store Connect",
        Held(of_team(), service="app-store-connect"),
        ("token-of-other-service",),
        "APNs or DeviceCheck",
    ),
    Case(
        "bitrise-io/go-xcode#256",
        "a client without iat, which worked for years",
        Held(token({"typ": None}, iat=None)),
        (),
    ),
    Case(
        "bitrise-io/go-xcode#256",
        "a client that writes the audience as a list, as its library does",
        Held(token(aud=["appstoreconnect-v1"])),
        (),
    ),
    Case(
        "jwt/ruby-jwt#498",
        "a token for WeatherKit that works",
        Held(
            of_team({"id": f"{TEAM_ID}.{SERVICES_ID}", "typ": None}, exp=NOW + HOUR, sub=SERVICES_ID),
            service="weatherkit",
        ),
        (),
    ),
    # Signature and text.
    Case(
        "netbirdio/ios-client#103",
        "a shell script that signs with openssl dgst",
        Held(in_der(token(exp=NOW + 20 * MINUTE))),
        ("token-signature-der",),
    ),
    Case(
        "kylebrowning/APNSwift#36",
        "the same for APNs, which takes it",
        Held(in_der(of_team()), service="apns"),
        (),
    ),
    Case(
        "genesluder/python-apns#30",
        "the bytes of an older PyJWT put into a text",
        Held(f"{of_team().encode()!r}", service="apns"),
        ("token-bytes-repr",),
    ),
    Case(
        "dev.to/hasone/generate-jwt-token-for-apple-store-connect-api-using-python-3j5h",
        "a tutorial's token: 20 minutes to the second, for one request",
        Held(token(exp=NOW + 20 * MINUTE, scope=["GET /v1/apps"], iss=ISSUER)),
        ("token-lifetime-at-limit",),
    ),
)
