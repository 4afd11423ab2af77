"""Wrong clocks, detected from the Date header of a response."""

from __future__ import annotations

from real_cases.evidence import (
    APPS,
    BUNDLE_ID,
    HOUR,
    MINUTE,
    NOW,
    PUSH,
    UNAUTHENTICATED,
    Case,
    Held,
    at_server,
    make_response,
    of_team,
    refused,
    token,
)

CASES = (
    Case(
        "Cap-go/capgo.app#2840",
        "1199 s by a clock that is 34 s fast",
        Held(refused(token(iat=NOW + 34, exp=NOW + 34 + 1199)), ahead=34),
        ("clock-ahead",),
        "1233 s in the future, more than the limit of 1200 s",
    ),
    Case(
        "AvdLee/appstoreconnect-swift-sdk#280",
        "20 minutes by a clock that is slightly fast",
        Held(refused(token(iat=NOW + 3, exp=NOW + 3 + 1200)), ahead=3),
        ("clock-ahead", "token-lifetime-at-limit"),
        "1203 s in the future",
    ),
    Case(
        "Ponytech/appstoreconnectapi#41",
        "20 minutes that failed until the clock was set, while 15 worked",
        Held(refused(token(iat=NOW + 40, exp=NOW + 40 + 1200)), ahead=40),
        ("clock-ahead", "token-lifetime-at-limit"),
        "Synchronise this machine's clock",
    ),
    Case(
        "rorkai/App-Store-Connect-CLI#2083",
        "ten minutes by a clock that is some seconds fast: iat is to come",
        Held(refused(token(iat=NOW + 4, exp=NOW + 4 + 600)), ahead=4),
        ("clock-ahead",),
        "iat 20:26:44 was 4 s in the future",
    ),
    Case(
        "rorkai/App-Store-Connect-CLI#2083",
        "the same clock after the change, with iat a minute back: all is well",
        Held(
            make_response(
                200, {"data": [{"type": "apps", "id": "1"}]}, url=APPS, bearer=token(iat=NOW - 56, exp=NOW + 604)
            ),
            ahead=4,
        ),
        (),
    ),
    Case(
        "actions/runner#2996",
        "a hosted runner that is 204 s slow (known from a summary): it works, by luck",
        Held(
            make_response(200, {"data": [{"type": "apps", "id": "1"}]}, bearer=token(iat=NOW - 264, exp=NOW + 300)),
            ahead=-204,
        ),
        ("clock-behind",),
        "3 min 24 s behind",
    ),
    Case(
        "awa/go-iap#277",
        "an hour for the App Store Server, by a clock that is one second fast",
        Held(at_server(token(iat=NOW + 1, exp=NOW + 1 + HOUR, bid=BUNDLE_ID)), ahead=1),
        ("clock-ahead", "token-lifetime-at-limit"),
        "1 s in the future",
    ),
    Case(
        "agisboye/app-store-server-api#23",
        "a first use that fails and a second that works, with a skewed clock",
        Held(at_server(token(iat=NOW + 2, exp=NOW + 2 + 5 * MINUTE, bid=BUNDLE_ID)), ahead=2),
        ("clock-ahead",),
    ),
    Case(
        "indygreg/apple-platform-rs#53",
        "a machine without NTP at the Notary API",
        Held(
            make_response(
                401,
                UNAUTHENTICATED,
                url="https://appstoreconnect.apple.com/notary/v2/submissions",
                method="POST",
                bearer=token(iat=NOW + 8, exp=NOW + 8 + 300),
            ),
            ahead=8,
        ),
        ("clock-ahead",),
    ),
    Case(
        "node-apn/node-apn#450",
        "ExpiredProviderToken for new tokens, until the system's time was set",
        Held(
            make_response(
                403, {"reason": "ExpiredProviderToken"}, url=PUSH, method="POST", bearer=of_team(iat=NOW - 2 * HOUR)
            ),
            ahead=-2 * HOUR,
        ),
        ("clock-behind",),
    ),
    Case(
        "node-apn/node-apn#496",
        "ExpiredProviderToken after an hour with one token",
        Held(
            make_response(
                403, {"reason": "ExpiredProviderToken"}, url=PUSH, method="POST", bearer=of_team(iat=NOW - 3700)
            )
        ),
        ("token-expired",),
        "the end of its lifetime",
    ),
)
