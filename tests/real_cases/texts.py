"""Texts that people pasted: output of tools, messages, headers, commands, and other text in place of a token."""

from __future__ import annotations

import json

from real_cases.evidence import API, APPS, Case, Held, token

ALTOOL = (
    'Error Domain=ITunesConnectionAuthenticationErrorDomain Code=-26000 "Failed to generate JWT token: Error '
    'Domain=NSCocoaErrorDomain Code=-43 "Failed to load AuthKey file." UserInfo={NSLocalizedDescription=Failed to load'
)
CONTRACT = (
    "WARN [2024-01-19 19:33:42.77]: [altool] *** Error: You do not have required contracts to perform an operation "
    '(403)\nWARN [2024-01-19 19:33:42.77]: [altool]     "iris-code" = "FORBIDDEN_ERROR.CONTRACT_NOT_VALID";'
)
NOTARYTOOL = "Error: HTTP status code: 401. Unauthenticated. Ensure that all authentication arguments are correct."
INVALID = {
    "status": "401",
    "code": "NOT_AUTHORIZED",
    "title": "Authentication credentials are missing or invalid.",
    "detail": "Provide a properly configured and signed bearer token. https://developer.apple.com/go/?id=x",
}
PASSWORD = "Error: Unable to validate your application. Please sign in with an app-specific password."
ACCOUNTS = "error: exportArchive Failed to Use Accounts"
NODE = "Error: error:0909006C:PEM routines:get_name:no start line\n    at Sign.sign (node:internal/crypto/sig:131:29)"
ALLOWED = "[!] This request is forbidden for security reasons - The API key in use does not allow this request"
TWO_FACTOR = "Two-factor Authentication (6 digits code) is enabled for account 'a@example.com'"
GUZZLE = (
    "Client error: `POST https://appleid.apple.com/auth/token` resulted in a `400 Bad Request`: "
    '{"error":"invalid_client"}'
)

CASES = (
    # The output of tools.
    Case(
        "daniil-shumko/flutter_github_actions_basics#2", "altool without its key", Held(ALTOOL), ("key-file-missing",)
    ),
    Case("vechain/veworld-mobile#1830", "altool without a contract", Held(CONTRACT), ("agreement-missing",)),
    Case("electron/notarize#110", "notarytool's 401", Held(NOTARYTOOL), ("key-unknown-to-apple",), "401"),
    Case("Mortennn/Notarize#1", "altool and a password", Held(PASSWORD), ("apple-id-session",), "app-specific"),
    Case("fastlane/fastlane#17062", "a second factor", Held(TWO_FACTOR), ("apple-id-session",)),
    Case("fastlane/fastlane#21544", "a role, by fastlane", Held(ALLOWED), ("role-insufficient",)),
    Case("theengs/app#122", "xcodebuild without an account", Held(ACCOUNTS), ("credentials-missing",)),
    Case("auth0/node-jsonwebtoken#803", "OpenSSL by Node", Held(NODE), ("key-pem-lines-missing",)),
    Case(
        "mikebronner/laravel-sign-in-with-apple#38", "Guzzle", Held(GUZZLE), ("key-unknown-to-apple",), "invalid_client"
    ),
    # JSON, complete or in part.
    Case(
        "Apple-Actions/upload-testflight-build#181",
        "the member errors alone",
        Held(f'"errors": {json.dumps([INVALID])}'),
        ("key-unknown-to-apple",),
        "NOT_AUTHORIZED",
    ),
    Case(
        "firebase/firebase-ios-sdk#4042",
        "APNs' reason and a line of curl",
        Held('{"reason":"InvalidProviderToken"}* Closing connection 0'),
        ("key-unknown-to-apple",),
        "InvalidProviderToken",
    ),
    Case("internxt/drive-server-old#452", "APNs' reason", Held("TooManyProviderTokenUpdates"), ("rate-limited",)),
    # A token with other text around it.
    Case(
        "ethanhuang13/CupertinoJWT#13",
        "a curl command",
        Held(f"curl -v -H 'Authorization: Bearer {token()}' \"{APPS}\""),
        (),
    ),
    Case("axios/axios#4392", "a header of a JavaScript object", Held(f"'Authorization': 'Bearer {token()}'"), ()),
    Case(
        "isaced/appstore-connect-sdk#21", "a header with a quoted value", Held(f"Authorization: 'Bearer {token()}'"), ()
    ),
    Case("PouleR/apple-music-api#2", "a member of a call", Held(f"developerToken: '{token()}',"), ()),
    Case(
        "laganvalleydup.co.uk",
        "a curl command on two lines",
        Held(f'curl -X GET "{API}/v1/apps/1" \\\n-H "Authorization: Bearer {token()}"'),
        (),
    ),
    # No token.
    Case("onmyway133/AppStoreConnect#2", "an error's name", Held("invalidJWT"), ("not-a-token",)),
    Case("expo/eas-cli#1003", "EAS", Held("Invalid ASC API JSON key - check your key ID"), ("key-unknown-to-apple",)),
)
