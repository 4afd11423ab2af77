"""Messages of Apple's tools and of other clients that name the cause of a failure without an HTTP response.

Observed in the threads that each line names, unless it says "documented". Matching ignores case, and the first line of
the table that matches is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pytest_asc.apple.causes import CauseSlug


class ToolMessage(NamedTuple):
    """A message, the cause that it shows, and where it was observed."""

    text: str
    """A part of the message that distinguishes it from all others."""
    cause: CauseSlug
    source: str
    fix: str | None = None
    """The fix, if it differs from the one in the table of causes."""
    also: str = ""
    """Another part that the message must contain, if the first part is ambiguous."""


_ROLE = "Use a key whose role allows it: signing in the cloud needs an Admin key."
_SIGN_IN = (
    "Sign in to an account in Xcode, or pass xcodebuild -authenticationKeyPath, -authenticationKeyID and "
    "-authenticationKeyIssuerID."
)
_SESSION = "Give the tool an API key, or create a new session with fastlane spaceauth."
_KEY_OR_APP_SPECIFIC = "Give the tool an API key, or an app-specific password from account.apple.com."
_HASH = "Call app_store_connect_api_key first and pass what it returns, or pass the JSON file as api_key_path."
_JSON_FILE = "Pass the .p8 as key_filepath, or write the JSON file that fastlane documents for api_key_path."
_KEY_TEXT = (
    "Pass the text of the .p8 with its BEGIN and END lines and its line breaks, or its path where a path is expected."
)

_NOTARY = (
    "Check the key ID and the issuer ID, and leave the issuer ID out for an individual key; with an Apple ID, pass its "
    "Team ID and an app-specific password."
)
_ALTOOL = (
    "Compare the key ID and the issuer ID with Users and Access, Integrations, App Store Connect API, check that the "
    "key is Active, and check both for surrounding whitespace and quotes; with an Apple ID, use an app-specific "
    "password."
)
_SERVER = (
    "Check the key ID, the issuer ID and the bundle ID, and use an In-App Purchase key; production rejects an app "
    "that was never released, so use the sandbox."
)
TEAM_KEY_FIX = (
    "Compare all IDs with Certificates, Identifiers & Profiles, Keys, and check that this service is enabled there."
)
"""The fix for a rejected key from the developer account, which is not a key of App Store Connect."""
_OTHER_ENVIRONMENT = (
    "Send the request to the other environment, sandbox or production: a transaction exists only in one. The token "
    "was accepted."
)
_TRUST = "Add the proxy's certificate to those that the client trusts, or bypass the proxy."
_OUTAGE = "Try again later, and check Apple's system status."


_COMPARE_ALL = (
    "Compare the key ID and the issuer ID or Team ID with Apple's pages, and check that the key is active and for this "
    "service."
)


OTHER_VENDORS = (
    "boto3.", "botocore.", "docker:", "error response from daemon", "fatal: authentication failed for", "firebase:",
    "google.auth.", "npm err!", "openai.", "pip:", "slack:", "stripe.", "twilio.",
)  # fmt: skip
"""Parts of messages from other vendors' tools and libraries, in lower case."""
APPLE_TERMS = (
    "apple", "apns", "app store", "appstore", "itunes", "fastlane", "notary", "xcode", "provider token",
    "providertoken", "weatherkit", "musickit", "mapkit", "devicecheck", "p8", "signed bearer token",
    "authentication credentials are missing",
)  # fmt: skip
"""Parts that show that a text is about one of Apple's services, even if another vendor's tool wrote it."""


class Wording(NamedTuple):
    """Pattern for a cause that many tools report in similar words."""

    form: str
    """A regular expression. Its repetitions are bounded, so that no text takes long to search."""
    cause: CauseSlug
    said: str
    """The meaning, for the evidence: it completes the sentence "the text says that …"."""
    fix: str | None = None


_LACKS = (
    r"(?:missing|required|not (?:been )?(?:set|supplied|provided|given|found|defined)|undefined|is empty|must be set)"
)
_FAILS = r"(?:invalid|malformed|unsupported|unrecognized|cannot|can't|could not|couldn't|failed to|unable to|error)"
_KEY = r"(?:private ?key|key data|\bp8\b|\bpem\b|pkcs ?#?8|asn\.?1|ec key|signing key)"
# Inferred: these are not taken from the output of particular tools. They are tried after the messages of known tools,
# and before an HTTP status on its own.
WORDINGS: tuple[Wording, ...] = (
    Wording(rf"issuer[-_ ]?id.{{0,60}}{_LACKS}|{_LACKS}.{{0,40}}issuer[-_ ]?id", "issuer-id-missing",
            "an issuer ID is missing"),
    Wording(rf"key[-_ ]?id(?:entifier)?\b.{{0,60}}{_LACKS}|{_LACKS}.{{0,40}}key[-_ ]?id", "key-id-missing",
            "a key ID is missing"),
    Wording(r"no such file.{0,200}(?:key|\.p8)|(?:key|\.p8)\b.{0,200}(?:no such file|does not exist)",
            "key-file-missing", "a key file does not exist"),
    Wording(rf"{_FAILS}.{{0,60}}{_KEY}|{_KEY}.{{0,40}}{_FAILS}", "key-unparsable", "a key cannot be read", _KEY_TEXT),
    Wording(r"\b(?:token|jwt)\b.{0,30}(?<!not )(?:\bexpired|has expired)|(?<!not )\bexpired.{0,10}\b(?:token|jwt)\b",
            "token-expired", "a token has expired"),
    Wording(r"app[- ]specific password|\b2fa\b|verification code|apple id.{0,20}password", "apple-id-session",
            "an Apple ID is used to sign in", _KEY_OR_APP_SPECIFIC),
    Wording(r"(?:apple|itunes|fastlane|app store).{0,80}\bsession.{0,20}(?:expired|invalid)", "apple-id-session",
            "a session has expired", _SESSION),
    Wording(r"(?:must|need to|please) (?:provide|specify|supply|set).{0,60}(?:credentials|api key|keychain profile)",
            "credentials-missing", "credentials are missing"),
    Wording(r"(?<!syntaxerror: )invalid (?:[a-z]{2,15} )?(?:token|jwt|credentials)\b"
            r"|\b(?:token|jwt|credentials|api key)\b.{0,12}(?:not valid|invalid|rejected)",
            "key-unknown-to-apple", "a token or a key was rejected", _COMPARE_ALL),
)  # fmt: skip

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
    ToolMessage("pla update available", "agreement-missing", "fastlane/fastlane#29138"),
    # Roles.
    ToolMessage(
        "only be performed by the account holder",
        "account-holder-only",
        "fastlane/fastlane#20697",
    ),
    ToolMessage("api key in use does not allow", "role-insufficient", "fastlane/fastlane#21544"),
    ToolMessage("cloud signing permission error", "role-insufficient", "SquadQuest/SquadQuest#491", _ROLE),
    ToolMessage("app store connect access for", "role-insufficient", "opc.csdn.net/698465c37bbde9200b986020.html",
                "Use an account or a key of this team whose role may upload builds."),
    # Apple's notary and the uploads.
    ToolMessage("with user & password", "apple-id-session", "jitsi/jitsi-meet-electron#776",
                _KEY_OR_APP_SPECIFIC, "401"),
    ToolMessage("use the app-specific password", "apple-id-session", "electron/notarize#92", _KEY_OR_APP_SPECIFIC),
    ToolMessage("developer team id for the provided apple id", "apple-id-session", "Expensify/App#9299",
                "Pass the Team ID of a team that the Apple ID is a member of, or an API key."),
    ToolMessage("401. unauthenticated. ensure that all", "key-unknown-to-apple", "electron/notarize#110", _NOTARY),
    ToolMessage("no keychain password item found", "credentials-missing", "my-monkeys/OpenSuperWhisper#122",
                "Run notarytool store-credentials for the same keychain, or pass --key, --key-id and --issuer."),
    ToolMessage("is invalid for '--issuer", "issuer-id-not-uuid", "electron/notarize#88"),
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
    ToolMessage("apple 401 detected", "apple-id-session", "expo/eas-cli#2913", _SESSION),
    ToolMessage("itunes service key is empty", "apple-id-session", "expo/eas-cli#4394", _SESSION),
    ToolMessage("invalid username and password combination", "apple-id-session", "fastlane/fastlane: spaceship",
                _SESSION),
    ToolMessage("apple id and privacy statement", "apple-id-session", "fastlane/fastlane: spaceship",
                "Sign in at account.apple.com once and accept the statement, or give the tool an API key."),
    ToolMessage("multiple app store connect teams found", "apple-id-session", "fastlane/fastlane: spaceship",
                "Give the tool an API key, which belongs to one team, or set itc_team_id."),
    ToolMessage("failure to authenticate", "key-unknown-to-apple", "YosemiteCrew/Yosemite-Crew#2335", _ALTOOL),
    ToolMessage("unable to authenticate with app store connect", "key-unknown-to-apple",
                "opc.csdn.net/698465c37bbde9200b986020.html", _ALTOOL),
    # The key and its file.
    ToolMessage("couldn't find key p8 file", "key-file-missing", "fastlane/fastlane: app_store_connect_api_key"),
    ToolMessage("find api key json file", "key-file-missing", "jessesquires/jessesquires.com#192",
                "Pass an absolute path: ~ and relative paths are not expanded."),
    ToolMessage("app store connect api key not found at", "key-file-missing", "indygreg/apple-platform-rs"),
    ToolMessage("no such file or directory", "key-file-missing", "Node's ENOENT", also=".p8"),
    ToolMessage("no such file or directory", "key-file-missing", "Python's FileNotFoundError", also="authkey"),
    ToolMessage("has no authentication key", "key-unparsable", "fastlane/fastlane#20798", _KEY_TEXT),
    ToolMessage("api key json is missing field", "key-unparsable", "fastlane/fastlane: spaceship", _JSON_FILE),
    ToolMessage("parsing app store connect api key json", "key-unparsable", "indygreg/apple-platform-rs",
                "Create the file again with rcodesign encode-app-store-connect-api-key."),
    ToolMessage("unresolved conflict between options: 'api_key", "tool-setting-conflict", "fastlane/fastlane: pilot",
                "Pass api_key or api_key_path, not both."),
    ToolMessage("option specified for key_content", "credentials-missing",
                "fastlane/fastlane: app_store_connect_api_key"),
    ToolMessage("failed to load authkey file", "key-file-missing", "futuregene/future-os#106"),
    ToolMessage("authenticationkeypath flag must be", "key-file-missing", "Scottish-Tech-Army/Soundscape-Android#979",
                "Pass an absolute path: xcodebuild expands neither ~ nor a relative path."),
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
    ToolMessage("pkcs#8 asn.1 error", "key-unparsable", "indygreg/apple-platform-rs", _KEY_TEXT),
    ToolMessage("tags don't match", "key-unparsable", "Go: encoding/asn1", _KEY_TEXT),
    ToolMessage("failed to parse private key", "key-unparsable", "Go: crypto/x509", _KEY_TEXT),
    ToolMessage("failed to decode pem block", "key-pem-lines-missing", "Go: encoding/pem", _KEY_TEXT),
    ToolMessage("key is of invalid type", "key-unparsable", "golang-jwt/jwt",
                "Parse the text of the .p8 first, and sign with the ECDSA key that this returns."),
    ToolMessage("is not valid key material", "key-unparsable", "auth0/node-jsonwebtoken", _KEY_TEXT),
    ToolMessage("could not parse the provided public key", "key-unparsable", "home-assistant/core#101434", _KEY_TEXT),
    ToolMessage("no private key found", "key-pem-lines-missing", "jchambers/pushy", _KEY_TEXT),
    ToolMessage("algid parse error", "key-unparsable", "Java: java.security",
                "Convert the key to PKCS#8, with BEGIN PRIVATE KEY as Apple's files have it, and decode its base64."),
    ToolMessage("incorrect pkey type", "key-unparsable", "ruby/openssl",
                "Read the key with OpenSSL::PKey::EC: it is not an RSA key."),
    ToolMessage("the given key is a string", "key-unparsable", "jwt/ruby-jwt",
                "Sign with OpenSSL::PKey::EC.new(the text of the .p8), not with the text."),
    ToolMessage("cannot be coerced into a private key", "key-unparsable", "documented: PHP, openssl_sign", _KEY_TEXT),
    ToolMessage("asn1 encoding routines", "key-unparsable", "OpenSSL", _KEY_TEXT),
    ToolMessage("cryptographicexception: the system cannot find the file", "key-unparsable",
                "dotnet/runtime: System.Security.Cryptography",
                "On a server, import the key with MachineKeySet, or read it with ECDsa.ImportFromPem."),
    # IDs and accounts.
    ToolMessage("input required and not supplied: issuer", "issuer-id-missing", "actions/toolkit",
                "Set the input: a secret that does not exist is empty."),
    ToolMessage("input required and not supplied: api-key-id", "key-id-missing", "actions/toolkit",
                "Set the input: a secret that does not exist is empty."),
    ToolMessage("input required and not supplied: api-private-key", "credentials-missing", "actions/toolkit",
                "Set the input: a secret that does not exist is empty."),
    ToolMessage("apple_api_issuer", "credentials-missing", "electron-userland/electron-builder#8040",
                "Set all three: APPLE_API_KEY is the path of the .p8.", "need to be set"),
    ToolMessage("no account for team", "credentials-missing", "SignTools/SignTools#267", _SIGN_IN),
    ToolMessage("issuerid is required", "issuer-id-missing", "microsoft/app-store-vsts-extension#290"),
    ToolMessage("must be a valid uuid", "issuer-id-not-uuid", "danieljustus/symaira-memory#527"),
    ToolMessage("failed to use accounts", "credentials-missing", "theengs/app#122", _SIGN_IN),
    ToolMessage("no accounts: add a new account", "credentials-missing", "joreilly/Confetti#1400", _SIGN_IN),
    # Rejections described in words, without an HTTP status.
    ToolMessage("unable to find a team with the given content provider", "request-refused",
                "bitrise-steplib/steps-ios-auto-provision-appstoreconnect#14",
                "Check that key, team and membership belong together; the token was accepted."),
    ToolMessage("rate limit has been reached", "rate-limited", "fastlane/fastlane: spaceship"),
    ToolMessage("an unexpected error occurred on the server side", "apple-outage", "fastlane/fastlane: spaceship",
                _OUTAGE),
    ToolMessage("received an internal server error from apple", "apple-outage", "expo/eas-cli#3308", _OUTAGE),
    # App Store Server API, Apple Maps, Apple Music, WeatherKit and DeviceCheck.
    ToolMessage("httpstatuscode", "key-unknown-to-apple", "apple/app-store-server-library-node#60", _SERVER, "401"),
    ToolMessage("appstoreserverlibrary", "key-unknown-to-apple",
                "apple/app-store-server-library-python", _SERVER, "401"),
    ToolMessage("transaction_id_not_found", "request-refused", "apple/app-store-server-library-java#47",
                _OTHER_ENVIRONMENT),
    ToolMessage("weatherdaemon.wdsjwtauthenticator", "service-not-enabled", "developer.apple.com/forums: WeatherKit",
                "Enable WeatherKit for the App ID, as a capability and as an app service. It can take some minutes."),
    ToolMessage('"not authorized"', "key-unknown-to-apple", "documented: Apple Maps Server API",
                TEAM_KEY_FIX, '"details"'),
    ToolMessage("developertokenrequestfailed", "service-not-enabled", "documented: MusicTokenRequestError",
                "Enable MusicKit among the app services of the App ID; the system generates the token."),
    ToolMessage("unable to verify authorization token", "key-unknown-to-apple", "marinosoftware/DeviceCheckSample#1",
                "Compare Team ID and key ID, and check that the key signed the token and has DeviceCheck enabled."),
    ToolMessage("invalid_grant", "device-token-or-topic", "Timothylock/go-signin-with-apple#39",
                "Get a new authorization code: it works once, within five minutes, for one client ID."),
    ToolMessage("badenvironmentkey", "key-unknown-to-apple", "kylebrowning/APNSwift#229",
                "Use a key for this environment: the key is for the other one, sandbox or production."),
    ToolMessage("expected oauth 2 access token", "not-apple", "documented: errors of Google's APIs",
                "Look up the response in Google's documentation: Google's APIs do not use Apple's keys."),
    # The connection to Apple.
    ToolMessage("certificate_verify_failed", "tls-intercepted", "Python: ssl", _TRUST),
    ToolMessage("self-signed certificate", "tls-intercepted", "documented: curl", _TRUST),
    ToolMessage("self signed certificate", "tls-intercepted", "documented: curl", _TRUST),
    ToolMessage("unable to get local issuer certificate", "tls-intercepted", "documented: curl", _TRUST),
    ToolMessage("could not resolve host", "connection-failed", "documented: curl"),
    ToolMessage("enotfound", "connection-failed", "Node: dns", also="apple.com"),
    ToolMessage("tunnel failed, response 407", "proxy-authentication", "documented: curl"),
    ToolMessage("proxy authentication required", "proxy-authentication", "Python: http.client"),
    ToolMessage("operation timed out", "timed-out", "documented: curl"),
    ToolMessage("read timed out", "timed-out", "Python: requests", also="apple.com"),
    # One-word reasons, for clients that repeat them without status and body. APNs' are documented.
    ToolMessage("toomanyprovidertokenupdates", "rate-limited", "documented: Handling notification responses from APNs",
                "Use the same token for 20 to 60 minutes, not one for each push, and compare its age in seconds."),
    ToolMessage("baddevicetoken", "device-token-or-topic", "documented: Handling notification responses from APNs"),
    ToolMessage("devicetokennotfortopic", "device-token-or-topic", "element-hq/sygnal#102"),
    ToolMessage("topicdisallowed", "device-token-or-topic", "genesluder/python-apns#6"),
    ToolMessage("device token payload", "device-token-or-topic", "marinosoftware/DeviceCheckSample#5"),
    ToolMessage("expiredprovidertoken", "token-expired", "documented: Handling notification responses from APNs",
                "Generate a new token: APNs accepts one for at most an hour."),
    ToolMessage("missingprovidertoken", "header-missing", "documented: Handling notification responses from APNs"),
    ToolMessage("invalidprovidertoken", "key-unknown-to-apple",
                "documented: Handling notification responses from APNs"),
    ToolMessage("badly formatted authorization token", "key-of-other-service", "Kylmakalle/devicecheck#5",
                "Use a key with DeviceCheck enabled, and its Team ID as iss; keys of App Store Connect have none."),
    ToolMessage("failed_to_verify_jwt", "key-unknown-to-apple", "tschoffelen/mapkit-jwt#2",
                "Compare Team ID and key ID with Apple's pages, and check that MusicKit or MapKit JS is enabled."),
    ToolMessage("invalid asc api json key", "key-unknown-to-apple", "expo/eas-cli#1003"),
    ToolMessage("invalid_client", "key-unknown-to-apple", "mikebronner/laravel-sign-in-with-apple#38",
                "Compare Team ID, Services ID and key ID with Apple's pages, and enable Sign in with Apple for the "
                "key."),
)  # fmt: skip
