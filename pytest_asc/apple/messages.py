"""Messages of Apple's tools and of other clients that name the cause of a failure without an HTTP response.

Observed in the threads that each line names, unless it says "documented". The texts are compared without regard to
case; the first line of the table that fits wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pytest_asc.apple.causes import CauseSlug


class ToolMessage(NamedTuple):
    """A message, the cause that it names, and where it was seen."""

    text: str
    """A part of the message that no other message has."""
    cause: CauseSlug
    source: str
    fix: str | None = None
    """Instead of the fix of the table of causes."""


_ROLE = "Use a key whose role allows it: signing in the cloud takes an Admin key."
_SIGN_IN = (
    "Sign Xcode in to an account, or give xcodebuild -authenticationKeyPath, -authenticationKeyID and "
    "-authenticationKeyIssuerID."
)
_SESSION = "Give the tool an API key, or create a session anew with fastlane spaceauth."
_KEY_OR_APP_SPECIFIC = "Give the tool an API key, or an app-specific password made at account.apple.com."
_HASH = "Call app_store_connect_api_key first and pass what it returns, or give the JSON file as api_key_path."
_JSON_FILE = "Give the .p8 as key_filepath, or write the JSON file that fastlane documents for api_key_path."
_KEY_TEXT = (
    "Give the text of the .p8 with its BEGIN and END lines and its line breaks, or its path where a path is read."
)

MESSAGES: tuple[ToolMessage, ...] = (
    # Agreements.
    ToolMessage("agreement is missing or has expired", "agreement-missing", "openframeworks/projectGenerator#593"),
    ToolMessage("programlicenseagreementupdated", "agreement-missing", "rogerluan/app-store-connect-notifier#169"),
    ToolMessage("required_agreements_missing_or_expired", "agreement-missing", "keymanapp/keyman#10518"),
    ToolMessage("pla_not_accepted", "agreement-missing", "vechain/veworld-mobile#1830"),
    ToolMessage("contract_not_valid", "agreement-missing", "vechain/veworld-mobile#1830"),
    ToolMessage("required contracts to perform", "agreement-missing", "vechain/veworld-mobile#1830"),
    ToolMessage("sign the relevant contracts", "agreement-missing", "tauri-apps/tauri#3709"),
    ToolMessage("agree to the latest program license agreement", "agreement-missing", "fastlane/fastlane#29138"),
    # Roles.
    ToolMessage(
        "only be performed by the account holder",
        "account-holder-only",
        "fastlane/fastlane#20697",
    ),
    ToolMessage("api key in use does not allow", "role-insufficient", "fastlane/fastlane#21544"),
    ToolMessage("cloud signing permission error", "role-insufficient", "SquadQuest/SquadQuest#491", _ROLE),
    # Apple IDs: passwords, sessions, two-factor authentication.
    ToolMessage("app-specific password", "apple-id-session", "Mortennn/Notarize#1", _KEY_OR_APP_SPECIFIC),
    ToolMessage("unable to create an authentication session", "apple-id-session", "zeplin/fastlane-plugin-notarize#20"),
    ToolMessage("failed to get authorization for username", "apple-id-session", "alephium/alephium-frontend#149"),
    ToolMessage("two-factor authentication", "apple-id-session", "fastlane/fastlane#17062", _SESSION),
    ToolMessage("two-step verification", "apple-id-session", "fastlane/fastlane#17062", _SESSION),
    ToolMessage("fastlane spaceauth", "apple-id-session", "fastlane/fastlane#19249", _SESSION),
    ToolMessage("fastlane_session", "apple-id-session", "fastlane/fastlane#19249", _SESSION),
    ToolMessage("missing password for user", "apple-id-session", "fastlane/fastlane#15038", _SESSION),
    ToolMessage("spaceship::unauthorizedaccesserror", "apple-id-session", "fastlane/fastlane#16106", _SESSION),
    ToolMessage("spaceship.unauthorizedaccesserror", "apple-id-session", "fastlane/fastlane#16106", _SESSION),
    ToolMessage("app password authentication requires", "apple-id-session", "fastlane/fastlane#29820"),
    ToolMessage("apple id or password was incorrect", "apple-id-session", "fastlane/fastlane#18116"),
    ToolMessage("idmsa.apple.com", "apple-id-session", "fastlane/fastlane#18116", _SESSION),
    # The key and its file.
    ToolMessage("failed to load authkey file", "key-file-missing", "futuregene/future-os#106"),
    ToolMessage("authenticationkeypath flag must be", "key-file-missing", "Scottish-Tech-Army/Soundscape-Android#979",
                "Give an absolute path: xcodebuild expands neither ~ nor a relative path."),
    ToolMessage("key file could not be found", "key-file-missing", "matthijs2704/vapor-apns#31"),
    ToolMessage("not the path to such a file", "key-path-for-content", "dotnet/runtime: System.Security.Cryptography",
                _KEY_TEXT),
    ToolMessage("invalid curve name", "key-newlines-lost", "fastlane/fastlane#22183"),
    ToolMessage("invalidasn1", "key-unparsable", "fastlane/fastlane#22055", _KEY_TEXT),
    ToolMessage("unable to parse ec private key", "key-unparsable", "anchore/quill#595", _KEY_TEXT),
    ToolMessage("key must be a pem encoded", "key-unparsable", "anchore/quill#595", _KEY_TEXT),
    ToolMessage("invalidpemdocument", "key-newlines-lost", "AudiusProject/apps#14560"),
    ToolMessage("no start line", "key-pem-lines-missing", "auth0/node-jsonwebtoken#803", _KEY_TEXT),
    ToolMessage("bad end line", "key-pem-lines-missing", "auth0/node-jsonwebtoken#803", _KEY_TEXT),
    ToolMessage("must be an asymmetric key when using", "key-unparsable", "apple/app-store-server-library-node#79",
                _KEY_TEXT),
    ToolMessage("decoder routines::unsupported", "key-unparsable", "auth0/node-jsonwebtoken#803", _KEY_TEXT),
    ToolMessage("could not deserialize key data", "key-unparsable", "jpadilla/pyjwt#234", _KEY_TEXT),
    ToolMessage("unexpected token at '-----begin", "tool-setting-conflict", "fastlane/fastlane#21017", _JSON_FILE),
    ToolMessage("value must be a hash! found string", "tool-setting-conflict", "fastlane/fastlane#18324", _HASH),
    # Ids and accounts.
    ToolMessage("issuerid is required", "issuer-id-missing", "microsoft/app-store-vsts-extension#290"),
    ToolMessage("must be a valid uuid", "issuer-id-not-uuid", "danieljustus/symaira-memory#527"),
    ToolMessage("failed to use accounts", "credentials-missing", "theengs/app#122", _SIGN_IN),
    ToolMessage("no accounts: add a new account", "credentials-missing", "joreilly/Confetti#1400", _SIGN_IN),
    # One-word reasons, for clients that repeat them without status and body. APNs' are documented.
    ToolMessage("toomanyprovidertokenupdates", "rate-limited", "documented: Handling notification responses from APNs",
                "Keep a token for 20 to 60 minutes instead of one for each push, and compare its age in seconds."),
    ToolMessage("baddevicetoken", "device-token-or-topic", "documented: Handling notification responses from APNs"),
    ToolMessage("devicetokennotfortopic", "device-token-or-topic", "element-hq/sygnal#102"),
    ToolMessage("topicdisallowed", "device-token-or-topic", "genesluder/python-apns#6"),
    ToolMessage("device token payload", "device-token-or-topic", "marinosoftware/DeviceCheckSample#5"),
    ToolMessage("expiredprovidertoken", "token-expired", "documented: Handling notification responses from APNs",
                "Generate a new token: APNs takes one for an hour at most."),
    ToolMessage("missingprovidertoken", "header-missing", "documented: Handling notification responses from APNs"),
    ToolMessage("invalidprovidertoken", "key-unknown-to-apple",
                "documented: Handling notification responses from APNs"),
    ToolMessage("badly formatted authorization token", "key-of-other-service", "Kylmakalle/devicecheck#5",
                "Use a key that has DeviceCheck ticked, with its Team ID as iss; a key of App Store Connect does not."),
    ToolMessage("failed_to_verify_jwt", "key-unknown-to-apple", "tschoffelen/mapkit-jwt#2",
                "Compare Team ID and key id with Apple's pages, and see that MusicKit or MapKit JS is ticked for it."),
    ToolMessage("invalid asc api json key", "key-unknown-to-apple", "expo/eas-cli#1003"),
    ToolMessage("invalid_client", "key-unknown-to-apple", "mikebronner/laravel-sign-in-with-apple#38",
                "Compare Team ID, Services ID and key id with Apple's pages, and see that the key has Sign in with "
                "Apple ticked."),
)  # fmt: skip
