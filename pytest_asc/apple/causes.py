"""Table of causes: the reasons for a rejection that can be distinguished.

It is read by diagnosis, the emulator, ``--asc-fault`` and the documentation. A slug is a public name and is never
renamed. The certainty is that of the usual evidence; a check with weaker or stronger evidence overrides it.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Level = Literal["error", "warning", "note"]
Certainty = Literal["certain", "likely", "possible"]
# In descending order.
LEVELS: tuple[Level, ...] = get_args(Level)
CERTAINTIES: tuple[Certainty, ...] = get_args(Certainty)

CauseGroup = Literal["key", "ids", "token", "authorization", "request", "response", "network", "clock", "service"]
"""The subject of a cause. ``authorization``: the request arrives without the token in its Authorization header.
``service``: the state of a service other than App Store Connect."""

CauseSlug = Literal[
    "credentials-missing",
    "credentials-conflict",
    "key-empty",
    "key-placeholder",
    "key-newlines-lost",
    "key-base64-encoded",
    "key-pem-lines-missing",
    "key-invisible-characters",
    "key-indented",
    "key-quoted",
    "key-truncated",
    "key-encrypted",
    "key-is-certificate",
    "key-is-public",
    "key-is-pkcs12",
    "key-not-ec",
    "key-wrong-curve",
    "key-unparsable",
    "key-file-missing",
    "key-file-unreadable",
    "key-content-for-path",
    "key-path-for-content",
    "key-file-exposed",
    "variable-not-read",
    "tool-setting-conflict",
    "key-several",
    "key-of-other-vendor",
    "key-id-missing",
    "issuer-id-missing",
    "service-id-missing",
    "key-id-whitespace",
    "issuer-id-whitespace",
    "key-id-quoted",
    "issuer-id-quoted",
    "ids-swapped",
    "issuer-id-not-uuid",
    "id-placeholder",
    "key-id-is-file-name",
    "key-id-file-mismatch",
    "key-of-other-service",
    "individual-key-as-team",
    "key-unknown-to-apple",
    "token-malformed",
    "token-base64-alphabet",
    "token-bytes-repr",
    "token-whitespace",
    "token-algorithm",
    "token-kid-missing",
    "token-audience",
    "token-issuer",
    "token-subject",
    "token-claims-mixed",
    "token-of-other-service",
    "token-lifetime-too-long",
    "token-lifetime-at-limit",
    "token-long-lived-not-allowed",
    "token-expired",
    "token-exp-is-duration",
    "token-time-milliseconds",
    "token-time-not-integer",
    "token-time-zone-bug",
    "token-issued-in-future",
    "token-signature-der",
    "token-signature-mismatch",
    "token-signature-hmac",
    "token-scope-format",
    "token-scope-mismatch",
    "token-form",
    "header-missing",
    "bearer-missing",
    "bearer-doubled",
    "header-overridden-by-netrc",
    "headers-is-token",
    "token-in-body",
    "wrong-host",
    "insecure-url",
    "url-invalid",
    "redirect-dropped-authorization",
    "accept-header",
    "clock-ahead",
    "clock-behind",
    "transient-401",
    "agreement-missing",
    "membership-expired",
    "role-insufficient",
    "account-holder-only",
    "rate-limited",
    "apple-outage",
    "not-apple",
    "proxy-authentication",
    "proxy-invalid",
    "tls-intercepted",
    "connection-failed",
    "timed-out",
    "missing-auth",
    "service-not-enabled",
    "app-not-released",
    "device-token-or-topic",
    "no-apps-visible",
    "request-refused",
    "not-a-token",
    "token-placeholder",
    "token-quoted",
    "apple-id-session",
    "nothing-to-check",
]
"""The name of a cause. mypy checks that each line of the table is listed here, and a test that nothing else is."""

DOCS_URL = "https://pytest-asc.readthedocs.io/en/stable/"
"""The address of this project's documentation."""

# References. Apple's pages document the rules; the others explain what can damage keys and headers.
_APPLE = "https://developer.apple.com/documentation/appstoreconnectapi/"
TOKENS = _APPLE + "generating-tokens-for-api-requests"
KEYS = _APPLE + "creating-api-keys-for-app-store-connect-api"
REVOKED = _APPLE + "revoking-api-keys"
ERRORS = _APPLE + "interpreting-and-handling-errors"
STATUSES = _APPLE + "about-the-http-status-code"
IDENTIFIERS = "https://developer.apple.com/help/account/manage-identifiers/register-an-app-id"
RATES = _APPLE + "identifying-rate-limits"
ROLES = "https://developer.apple.com/help/app-store-connect/reference/role-permissions"
AGREEMENTS = "https://developer.apple.com/help/app-store-connect/manage-agreements/sign-and-update-agreements"
WEATHER = "https://developer.apple.com/documentation/weatherkitrestapi/request-authentication-for-weatherkit-rest-api"
SERVER = "https://developer.apple.com/documentation/appstoreserverapi/generating-json-web-tokens-for-api-requests"
PUSH = "https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns"
STATUS = "https://developer.apple.com/system-status/"
SECRETS = (
    "https://docs.github.com/en/actions/security-for-github-actions/security-guides/using-secrets-in-github-actions"
)
FASTLANE = "https://docs.fastlane.tools/app-store-connect-api/"
NTP = "https://www.rfc-editor.org/rfc/rfc9110#field.date"
PROXIES = "https://requests.readthedocs.io/en/latest/user/advanced/#proxies"
NETRC = "https://requests.readthedocs.io/en/latest/user/authentication/#netrc-authentication"
REDIRECTS = "https://requests.readthedocs.io/en/latest/user/quickstart/#redirection-and-history"
TLS = "https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification"

_KEYS_PAGE = "Users and Access, Integrations, App Store Connect API"
_AGAIN = (
    "Use the AuthKey_<key ID>.p8 file from App Store Connect. It can be downloaded once: if it is lost, generate a new "
    f"key under {_KEYS_PAGE}."
)
_STORE = "Store the unchanged file, or the file encoded in base64, in the secret."


class Cause(NamedTuple):
    """One line of the table: a reason for a rejection."""

    slug: CauseSlug
    group: CauseGroup
    level: Level
    certainty: Certainty
    title: str
    """The cause in a few words, for the first line of a report."""
    fix: str
    """The fix: one sentence in the imperative."""
    reference: str
    """URL of the page that documents the rule: Apple's, or that of the tool or standard."""
    opaque: bool = False
    """True if the response does not name its cause, so that any other error explains it better."""
    explains_opaque: bool = False
    """True for a warning before the request that becomes the likely cause if the response is opaque."""
    validity: Literal["expired", "not yet valid"] | None = None
    """State of the token by the service's clock, for causes in which the clock or the times are wrong."""
    member: str = ""
    """Member of a token in which a mistake in an ID can be seen; empty if there is none, or it has its own cause."""
    holds_no_key: bool = False
    """True if the value in place of a key contains no key, so that it need not be kept secret."""
    of_evidence: bool = False
    """True if the cause is that the evidence proves nothing. It cannot be injected as a fault."""
    client_mistake: bool = False
    """True for a mistake in the request that the client sends, which no state of the service can cause."""

    @property
    def docs(self) -> str:
        """URL of this project's page about the cause."""
        return f"{DOCS_URL}causes/{self.slug}/"


_TABLE = (
    # The key's text, file and environment.
    Cause("credentials-missing", "key", "error", "certain", "No credentials were found",
          "Set ASC_KEY_ID, ASC_ISSUER_ID and ASC_PRIVATE_KEY (or ASC_PRIVATE_KEY_PATH). To try the check without a "
          "key, add --asc-mode=emulator.", KEYS),
    Cause("credentials-conflict", "key", "warning", "certain", "Two sources contain different credentials",
          "Unset one of the two sources.", KEYS),
    Cause("key-empty", "key", "error", "certain", "The key's variable is set but empty",
          "Run this step only where the secret exists: pull requests from forks and Dependabot do not get secrets.",
          SECRETS, holds_no_key=True),
    Cause("key-placeholder", "key", "error", "certain", "The key is a placeholder that was never replaced",
          "Expand the variable where the step is defined, or store the real value.", SECRETS, holds_no_key=True),
    Cause("key-newlines-lost", "key", "warning", "certain", "The key's line breaks were lost",
          _STORE, SECRETS),
    Cause("key-base64-encoded", "key", "warning", "certain", "The key is encoded in base64",
          "Decode the value before other tools use it.", SECRETS),
    Cause("key-pem-lines-missing", "key", "warning", "certain", "The key has no BEGIN and END lines",
          "Paste the whole file with its BEGIN and END lines.", SECRETS),
    Cause("key-invisible-characters", "key", "warning", "certain", "The key contains invisible characters",
          "Store the original file again, without opening it in an editor.", SECRETS),
    Cause("key-indented", "key", "warning", "certain", "The key's lines are indented",
          "Remove the whitespace at the start of each line.", SECRETS),
    Cause("key-quoted", "key", "warning", "certain", "The key is wrapped in quotes",
          "Remove the quotes in the secret.", SECRETS),
    Cause("key-truncated", "key", "error", "certain", "The key is cut off",
          "Copy the key again, up to and including its END line.", KEYS),
    Cause("key-encrypted", "key", "error", "certain", "The key is encrypted",
          "Use the original .p8 file: Apple does not encrypt it.", KEYS),
    Cause("key-is-certificate", "key", "error", "certain", "The file is a certificate, not a private key",
          _AGAIN, KEYS),
    Cause("key-is-public", "key", "error", "certain", "The file is a public key, not a private key",
          _AGAIN, KEYS),
    Cause("key-is-pkcs12", "key", "error", "certain", "The file is a PKCS#12 archive, not a .p8 key",
          _AGAIN, KEYS),
    Cause("key-not-ec", "key", "error", "certain", "The key is not an elliptic curve key",
          _AGAIN, KEYS),
    Cause("key-wrong-curve", "key", "error", "certain", "The key is not on the curve P-256",
          _AGAIN, KEYS),
    Cause("key-unparsable", "key", "error", "certain", "The key cannot be read",
          "Copy the .p8 file again, byte for byte.", KEYS),
    Cause("key-file-missing", "key", "error", "certain", "The key file does not exist",
          "Put the file where it was searched for, or set ASC_PRIVATE_KEY_PATH to its path.", KEYS),
    Cause("key-file-unreadable", "key", "error", "certain", "The key file cannot be opened",
          "Give this user permission to read the file, for example with chmod.", KEYS),
    Cause("key-content-for-path", "key", "warning", "certain", "A variable for a path contains the key itself",
          "Put the key into ASC_PRIVATE_KEY, or the path into this variable.", SECRETS),
    Cause("key-path-for-content", "key", "warning", "certain", "A variable for the key contains a path",
          "Put the path into ASC_PRIVATE_KEY_PATH.", SECRETS),
    Cause("key-file-exposed", "key", "warning", "certain", "Other users can read the key file",
          "Run chmod 600 on the file, and remove it from the repository if git tracks it.", KEYS),
    Cause("variable-not-read", "key", "error", "likely", "The credentials are in variables that are not read",
          "Rename them to ASC_KEY_ID, ASC_ISSUER_ID and ASC_PRIVATE_KEY (or ASC_PRIVATE_KEY_PATH).", KEYS),
    Cause("tool-setting-conflict", "key", "warning", "certain",
          "A setting of another tool contradicts the value, or is invalid",
          "Correct the setting or the value: the other tool uses them unchanged.", FASTLANE),
    Cause("key-several", "key", "error", "certain", "One file contains several private keys",
          "Keep only the key that belongs to the key ID.", KEYS),
    Cause("key-of-other-vendor", "key", "error", "certain", "The key is for another vendor's API",
          _AGAIN, KEYS),
    # IDs and the type of the key.
    Cause("key-id-missing", "ids", "error", "certain", "No key ID is set",
          "Set ASC_KEY_ID to the 10 characters in the name of AuthKey_<key ID>.p8.", KEYS, member="kid"),
    Cause("issuer-id-missing", "ids", "error", "possible",
          "No issuer ID is set, and the key is not an individual key",
          f"Set ASC_ISSUER_ID to the Issuer ID above the team keys under {_KEYS_PAGE}.", KEYS),
    Cause("service-id-missing", "ids", "error", "certain", "A required ID is missing",
          "Set the missing ID: in Apple's developer account, Services IDs and bundle IDs are listed under Identifiers, "
          "and the Team ID under Membership details.", IDENTIFIERS),
    Cause("key-id-whitespace", "ids", "warning", "certain", "The key ID has leading or trailing whitespace",
          "Store the secret again without whitespace: echo adds a newline, printf %s does not.", SECRETS, member="kid"),
    Cause("issuer-id-whitespace", "ids", "warning", "certain", "The issuer ID has leading or trailing whitespace",
          "Store the secret again without whitespace: echo adds a newline, printf %s does not.", SECRETS, member="iss"),
    Cause("key-id-quoted", "ids", "warning", "certain", "The key ID is wrapped in quotes",
          "Remove the quotes in the secret.", SECRETS, member="kid"),
    Cause("issuer-id-quoted", "ids", "warning", "certain", "The issuer ID is wrapped in quotes",
          "Remove the quotes in the secret.", SECRETS, member="iss"),
    Cause("ids-swapped", "ids", "error", "certain", "Key ID and issuer ID are swapped",
          "Swap the two values.", KEYS, member="kid and iss"),
    Cause("issuer-id-not-uuid", "ids", "error", "certain", "The issuer ID is not a UUID",
          f"Use the Issuer ID above the team keys under {_KEYS_PAGE}; it is not the Team ID.", KEYS),
    Cause("id-placeholder", "ids", "error", "certain", "An ID is a placeholder or an example",
          f"Replace the value with the ID shown under {_KEYS_PAGE}.", KEYS,
          explains_opaque=True, member="kid and iss"),
    Cause("key-id-is-file-name", "ids", "error", "certain", "The key ID is a file name",
          "Set the key ID to the part between AuthKey_ and .p8.", KEYS, member="kid"),
    Cause("key-id-file-mismatch", "ids", "warning", "likely", "The key ID and the key file belong to different keys",
          "Set the key ID to the one in the file's name, or use the file of this key ID.", KEYS, explains_opaque=True),
    Cause("key-of-other-service", "key", "warning", "likely", "The key file is for another Apple service",
          f"Generate a key under {_KEYS_PAGE}.", KEYS, explains_opaque=True),
    Cause("individual-key-as-team", "key", "error", "certain", "An individual key is used as a team key",
          "Leave the issuer ID out, or set ASC_KEY_TYPE=individual.", TOKENS),
    Cause("key-unknown-to-apple", "key", "error", "possible",
          "Apple does not recognise this combination of key ID, issuer ID and key",
          f"Compare the key ID and the issuer ID with those under {_KEYS_PAGE}, and check that the key is Active.",
          REVOKED, opaque=True),
    # The token.
    Cause("token-malformed", "token", "error", "certain", "The token is not a JSON Web Token",
          "Send the three base64url parts that the JWT library returned, unchanged.", TOKENS),
    Cause("token-base64-alphabet", "token", "error", "certain", "The token is in base64, not base64url",
          "Encode each part as base64url without padding, or leave it to a JWT library.", TOKENS),
    Cause("token-bytes-repr", "token", "error", "certain", "The token is the repr of a bytes object",
          "Decode the bytes (.decode('ascii')) instead of calling str() on them.", TOKENS),
    Cause("token-whitespace", "token", "error", "certain", "The token contains whitespace",
          "Strip whitespace from the token before use.", TOKENS),
    Cause("token-algorithm", "token", "error", "certain", "The token is not signed with ES256",
          "Sign with ES256: Apple accepts no other algorithm.", TOKENS),
    Cause("token-kid-missing", "token", "error", "certain", "The token's header has no key ID",
          "Put the key ID into the header as kid.", TOKENS),
    Cause("token-audience", "token", "error", "certain", "The token is for another audience",
          "Set aud to the audience that the service expects, such as appstoreconnect-v1.", TOKENS),
    Cause("token-issuer", "token", "error", "certain", "The token's issuer is missing or wrong",
          "Set iss to the issuer ID of the team (team key), or sub to user (individual key).", TOKENS),
    Cause("token-subject", "token", "error", "certain", "The token's subject is missing or wrong",
          "Set sub to user, and leave iss out: that is the form for individual keys.", TOKENS),
    Cause("token-claims-mixed", "token", "error", "certain",
          "The token has the claims of both a team key and an individual key",
          "Set iss for a team key or sub for an individual key, never both.", TOKENS),
    Cause("token-of-other-service", "token", "error", "certain", "The token is for another service",
          "Generate the token for the service that the request goes to, with a key of that service.", TOKENS),
    Cause("token-lifetime-too-long", "token", "error", "certain", "The token is valid for longer than Apple allows",
          "Set exp to at most 20 minutes after iat; 15 minutes leaves room for clock skew.", TOKENS),
    Cause("token-lifetime-at-limit", "token", "warning", "certain", "The token's lifetime is exactly at the limit",
          "Set exp to 15 minutes after iat: at the limit, the token fails if a clock is one second off.", TOKENS),
    Cause("token-long-lived-not-allowed", "token", "error", "certain",
          "A long-lived token is used where none is allowed",
          "Use a token with a lifetime of at most 20 minutes.", TOKENS),
    Cause("token-expired", "token", "error", "certain", "The token has expired",
          "Generate a new token: it is valid for minutes, not for a whole job.", TOKENS, validity="expired"),
    Cause("token-exp-is-duration", "token", "error", "certain", "The token's exp is a duration, not a time",
          "Set exp to the time of expiry in seconds since 1970.", TOKENS),
    Cause("token-time-milliseconds", "token", "error", "certain", "The token's times are not in seconds",
          "Divide the times by 1000: Apple expects seconds since 1970.", TOKENS),
    Cause("token-time-not-integer", "token", "error", "certain", "The token's times are not whole numbers",
          "Set iat and exp to whole numbers of seconds since 1970.", TOKENS),
    Cause("token-time-zone-bug", "token", "error", "likely", "The token's times are off by this machine's time zone",
          "Use time.time() or an aware datetime: a naive one is interpreted as local time.", TOKENS),
    Cause("token-issued-in-future", "token", "error", "certain", "The token's iat is in the future",
          "Set iat to now or a minute earlier, and check this machine's clock.", TOKENS, validity="not yet valid"),
    Cause("token-signature-der", "token", "error", "certain", "The token's signature is in DER form",
          "Encode the signature as r and s, 64 bytes, or leave it to a JWT library.", TOKENS),
    Cause("token-signature-mismatch", "token", "error", "certain", "The token is not signed with this key",
          "Sign with the private key that belongs to the key ID.", TOKENS),
    Cause("token-signature-hmac", "token", "error", "certain", "The token is signed with an HMAC, not with ES256",
          "Sign with ES256 and the private key itself: the text of the key is not a shared secret.", TOKENS),
    Cause("token-scope-format", "token", "error", "certain", "The token's scope is not a list of requests",
          'Write each entry as method and path, such as "GET /v1/apps".', TOKENS),
    Cause("token-scope-mismatch", "token", "error", "certain", "The token's scope does not cover the request",
          "Add the request to the scope, or leave the scope out.", TOKENS),
    Cause("token-form", "token", "error", "certain", "The token's header or claims differ from the documented form",
          "Set the members that differ to the documented values, or leave them out.", TOKENS),
    # The request.
    Cause("header-missing", "authorization", "error", "certain", "The request has no Authorization header",
          "Send the header Authorization: Bearer <token>.", TOKENS, client_mistake=True),
    Cause("bearer-missing", "authorization", "error", "certain",
          "The Authorization header does not have the form Bearer <token>",
          "Send the header Authorization: Bearer <token>.", TOKENS, client_mistake=True),
    Cause("bearer-doubled", "authorization", "error", "certain", "The Authorization header has Bearer twice",
          "Remove the word Bearer from the token: the header is Authorization: Bearer <token>.",
          TOKENS, client_mistake=True),
    Cause("header-overridden-by-netrc", "authorization", "error", "certain",
          "A netrc file replaced the Authorization header",
          "Use asc_session, give the token through auth=, or set trust_env of the requests session to False.",
          NETRC, client_mistake=True),
    Cause("headers-is-token", "authorization", "error", "certain", "The token was passed in place of the headers",
          'Pass headers={"Authorization": f"Bearer {token}"}.', TOKENS, client_mistake=True),
    Cause("token-in-body", "request", "error", "certain",
          "The token is in the body instead of the Authorization header",
          "Send the token itself in the Authorization header of each request: Apple does not exchange it for another.",
          TOKENS, client_mistake=True),
    Cause("wrong-host", "request", "error", "certain", "The request goes to the wrong host",
          "Send the request to https://api.appstoreconnect.apple.com.", TOKENS, client_mistake=True),
    Cause("insecure-url", "request", "error", "certain", "The URL does not start with https://",
          "Write https:// in front of the host.", TOKENS, client_mistake=True),
    Cause("url-invalid", "request", "error", "certain", "The URL is invalid",
          "Write the URL as in https://api.appstoreconnect.apple.com/v1/apps.", TOKENS, client_mistake=True),
    Cause("redirect-dropped-authorization", "authorization", "error", "certain",
          "A redirect removed the Authorization header",
          "Send the request to the API's own host: clients drop the header when a redirect leads to another host.",
          REDIRECTS),
    Cause("accept-header", "request", "error", "certain", "The Accept header does not match the resource",
          "Send Accept: application/a-gzip for sales and finance reports, otherwise application/json or */*.",
          STATUSES),
    # The response, the network, Apple.
    Cause("clock-ahead", "clock", "error", "certain", "This machine's clock is ahead of Apple's",
          "Synchronise this machine's clock (NTP), or backdate iat by a minute and keep exp at 15 minutes.",
          NTP, validity="not yet valid"),
    Cause("clock-behind", "clock", "error", "certain", "This machine's clock is behind Apple's",
          "Synchronise this machine's clock (NTP), for example with timedatectl set-ntp true.",
          NTP, validity="expired"),
    Cause("transient-401", "response", "warning", "certain",
          "Apple rejected a valid token, and accepted it when it was sent again",
          "Retry a request once after a 401 before giving up.", ERRORS),
    Cause("agreement-missing", "response", "error", "certain", "The Account Holder must accept a pending agreement",
          "Have the Account Holder accept the agreement under Business in App Store Connect; a new key does not help.",
          AGREEMENTS),
    Cause("membership-expired", "response", "error", "certain", "The team's membership is not active",
          "Have the Account Holder renew the membership at developer.apple.com/account.", "https://developer.apple.com/support/renewal/"),
    Cause("role-insufficient", "response", "error", "certain",
          "The key is valid, but its role does not allow this request",
          f"Use a key whose role allows it: keys and their roles are listed under {_KEYS_PAGE}.", ROLES),
    Cause("account-holder-only", "response", "error", "certain", "Only the Account Holder may do this",
          "Ask the Account Holder to do this on Apple's site: no key and no other role can.", ROLES),
    Cause("rate-limited", "response", "error", "certain", "The rate limit is reached",
          "Wait: the limit counts the requests of the last 60 minutes.", RATES),
    Cause("apple-outage", "response", "error", "certain", "Apple's server returned an error",
          "Try again later, and check Apple's system status.", STATUS),
    Cause("not-apple", "response", "error", "likely", "The response is not from Apple",
          "Check for a proxy or a sign-in page between this machine and Apple.", PROXIES, opaque=True),
    Cause("proxy-authentication", "network", "error", "certain", "The proxy requires a user name and password",
          "Put the user name and password into HTTPS_PROXY (http://user:password@host:port), or add the host to "
          "NO_PROXY.", PROXIES),
    Cause("proxy-invalid", "network", "error", "certain", "The proxy URL is invalid or not supported",
          "Write http://host:port in HTTPS_PROXY and ALL_PROXY; a socks5h:// proxy needs PySocks or socksio.",
          PROXIES, client_mistake=True),
    Cause("tls-intercepted", "network", "error", "likely", "The server's certificate is not trusted",
          "If a proxy inspects the traffic, set REQUESTS_CA_BUNDLE to its CA certificate.", TLS),
    Cause("connection-failed", "network", "error", "certain", "The connection failed",
          "Check DNS, firewall and proxy settings.", PROXIES),
    Cause("timed-out", "network", "error", "certain", "The request timed out",
          "Try again, or allow more time with --asc-timeout.", STATUS),
    Cause("missing-auth", "service", "error", "likely", "WeatherKit received no usable token",
          "Send Authorization: Bearer <token>; the token needs iss, sub and the header id, <Team ID>.<Services ID>.",
          WEATHER, opaque=True),
    Cause("service-not-enabled", "service", "error", "likely", "WeatherKit is not enabled for this key or Services ID",
          "Enable WeatherKit for the key and for the App ID, check that sub is the Services ID, and wait a few hours.",
          WEATHER),
    Cause("app-not-released", "service", "error", "likely",
          "The app was never released, so production rejects its tokens",
          "Use the sandbox until the app is on the App Store.", SERVER),
    Cause("device-token-or-topic", "service", "error", "certain",
          "The token is valid, but the device token, topic or code sent with it was rejected",
          "Check that the device token, topic or code belongs to this app, team and environment.", PUSH),
    Cause("no-apps-visible", "response", "warning", "certain", "No app is visible to this key",
          "Check that the account has an app; an individual key sees only its user's apps.", KEYS),
    Cause("request-refused", "response", "error", "certain", "Apple refused the request for another reason",
          "Read Apple's message above.", ERRORS, opaque=True),
    # Values that were given in place of a token or of evidence.
    Cause("not-a-token", "token", "error", "certain", "The value is not a token",
          "Generate a token with the key, and use it: three base64url parts separated by dots, starting with eyJ.",
          TOKENS),
    Cause("token-placeholder", "token", "error", "certain", "The token is a placeholder that was never replaced",
          "Set the variable before it is used, and check that the program that generates the token succeeds.", SECRETS),
    Cause("token-quoted", "token", "error", "certain", "The token is wrapped in quotes",
          "Remove the quotes: jq -r prints a string without them.", TOKENS),
    Cause("apple-id-session", "token", "error", "certain", "An Apple ID session or password is used instead of a token",
          "Use an API key instead: the API does not accept an Apple ID, and a key needs no two-factor "
          "authentication.", KEYS),
    Cause("nothing-to-check", "response", "note", "certain", "The evidence contains nothing that can be checked",
          "Provide the response, the request or the token.", TOKENS, of_evidence=True),
)  # fmt: skip

CAUSES: Mapping[str, Cause] = MappingProxyType({cause.slug: cause for cause in _TABLE})
"""The causes by slug."""


def nearest_cause(name: str) -> str | None:
    """Return the slug most similar to a name, regardless of the order of words; None if none is similar."""
    from difflib import get_close_matches  # noqa: PLC0415  only needed for an error message

    name = str(name)
    by_words = {"-".join(sorted(slug.split("-"))): slug for slug in CAUSES}
    words = "-".join(sorted(re.split(r"[-_ ]+", name.lower())))
    close = get_close_matches(name.lower(), CAUSES, n=1) or get_close_matches(words, by_words, n=1)
    return by_words.get(close[0], close[0]) if close else None
