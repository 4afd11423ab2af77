"""Table of Apple's services: the tokens that each requires, and its responses to invalid ones.

It is read by token verification, token generation, the smoke check and the emulator. Headers, claims, audiences, hosts
and lifetimes are documented on each service's page about tokens, unless a line says otherwise. The bodies of rejections
are observed, in responses that users have published; comments name the sources.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping

ServiceName = Literal[
    "app-store-connect",
    "enterprise",
    "app-store-server",
    "app-store-server-sandbox",
    "weatherkit",
    "apns",
    "apple-music",
    "mapkit-js",
    "maps-server",
    "device-check",
    "sign-in-with-apple",
    "apple-ads",
]
"""The names of the services. mypy checks that each service is listed here, and a test that nothing else is."""

KeyType = Literal["team", "individual", "enterprise"]
"""The types of API keys: for a team, for one user, and for the Enterprise Program (documented)."""

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60
# Apple Music and Sign in with Apple document this number. App Store Connect documents "six months", so the exact number
# is inferred there.
SIX_MONTHS = 15_777_000


class ServiceIds(TypedDict, total=False):
    """IDs in tokens, other than key ID and issuer ID."""

    team_id: str
    """The Team ID, which has 10 characters; for Apple Ads, the ``SEARCHADS.…`` ID of the team."""
    service_id: str
    """The Services ID that WeatherKit is enabled for."""
    bundle_id: str
    """The app's bundle ID, for the App Store Server API."""
    client_id: str
    """The app's bundle ID or Services ID for Sign in with Apple; for Apple Ads, the client's ``SEARCHADS.…``."""
    origin: str
    """The origin of the website that MapKit JS runs on."""


class ClaimSpec(NamedTuple):
    """Specification of one member of a token's header or claims: its value and its form."""

    value: str
    """Template of the value, with names of :class:`ServiceIds` and of the key's IDs in braces."""
    pattern: str
    """A regular expression for the whole value."""
    description: str
    """A description of the expected value, for errors."""
    required: bool = True
    """True if tokens without it are rejected; False if it is documented as required, but tokens without it work."""
    optional: bool = False
    """True if it is documented as optional."""


class TokenRejection(NamedTuple):
    """Response to a token that the service rejects."""

    status: int
    media_type: str
    body: str


class Acceptance(NamedTuple):
    """Response to the probe if the token is accepted."""

    statuses: tuple[int, ...] = (200,)
    member: str | None = "data"
    """The member that the JSON object in the body has; None if the body is a JSON array."""


RESOURCES = Acceptance()


@dataclass(frozen=True, kw_only=True, eq=False)
class Service:
    """An API of Apple that accepts JSON Web Tokens signed with ES256, with the key ID as ``kid``."""

    name: ServiceName
    """The name in options, reports and ``make_asc_token(service=...)``."""
    title: str
    """The name in sentences."""
    hosts: tuple[str, ...]
    """Hosts that its tokens may be sent to; requests go to the first."""
    sent_as_client_secret: bool = False
    """True if the token is sent as a client secret in the body, not as a bearer token."""
    claims: Mapping[str, ClaimSpec]
    """The claims that it requires, other than audience and times."""
    header: Mapping[str, ClaimSpec] = field(default_factory=dict)
    """The members of the header that it requires, other than ``alg`` and ``kid``."""
    typ: str | None = None
    """``typ`` in the documented header. Tokens are accepted with and without it."""
    audience: str | None = None
    """``aud``; None if its tokens have no audience."""
    individual_subject: str | None = None
    """The ``sub`` in tokens of individual keys, which have no ``iss``; None if the service has no individual keys."""
    tolerated_claims: tuple[str, ...] = ()
    """Claims that it does not require, but that occur in tokens which it accepts."""
    strict_claims: bool = False
    """True if other claims are not accepted."""
    scoped: bool = False
    """True if the token may have a ``scope``, the list of requests that it is valid for."""
    expires: bool = True
    """True if its tokens have ``exp``; otherwise their age is counted from ``iat``."""
    max_lifetime: int | None
    """Maximum lifetime of a token, in seconds; None if Apple documents no limit."""
    recommended_lifetime: int | None = None
    """Lifetime in seconds that leaves room for clock skew below the limit; None if none is needed."""
    counted_from: tuple[Literal["iat", "now"], ...] = ("iat",)
    """The times that ``exp`` is compared with to check the limit: ``iat``, the time of verification, or both."""
    long_lived_paths: tuple[str, ...] = ()
    """Regular expressions for the paths of the resources that accept tokens with a lifetime of up to
    :data:`SIX_MONTHS`."""
    der_signatures: bool = False
    """True if signatures in DER form are accepted, too."""
    probe: str = ""
    """Path of the cheapest request that needs a valid token and changes nothing; empty if none is known."""
    acceptance: Acceptance = RESOURCES
    refusal: TokenRejection | None = None
    """The response to an invalid token; None if none has been observed."""
    error_members: frozenset[str] = frozenset()
    """Members of its JSON errors; each error has at least one of them."""
    text_errors: bool = True
    """True if it sends errors in plain text or without a body; App Store Connect has one, for 406 (documented)."""
    sandbox: ServiceName | None = None
    """The name of the service that accepts the same tokens for apps that are not released."""
    key_type: Literal["team", "enterprise"] | None = None
    """The type of all its keys; None if it has keys of several types."""
    key_file: str = "AuthKey"
    """Start of the names of its key files."""

    @property
    def host(self) -> str:
        """The host that requests are sent to."""
        return self.hosts[0]

    @property
    def base_url(self) -> str:
        """Scheme and host."""
        return f"https://{self.host}"

    @property
    def takes_issuer_id(self) -> bool:
        """True if ``iss`` is the issuer ID from App Store Connect, and not a Team ID."""
        return self.claims["iss"] is ISSUER_ID

    @property
    def ids(self) -> tuple[str, ...]:
        """The names of the :class:`ServiceIds` that its tokens contain."""
        values = "".join(member.value for member in (*self.claims.values(), *self.header.values()))
        return tuple(name for name in ServiceIds.__annotations__ if f"{{{name}}}" in values)

    def is_probe(self, url: str) -> bool:
        """Return whether a URL is that of the probe, on any host."""
        return bool(self.probe) and url.endswith(self.probe)


_JSON = "application/json"
UUID_PATTERN = r"(?i:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"
"""A regular expression for a UUID of any version: issuer IDs are documented as UUIDs, and their version varies."""

ISSUER_ID = ClaimSpec("{issuer_id}", UUID_PATTERN, "the issuer ID, a UUID")
TEAM_ID = ClaimSpec("{team_id}", r"[A-Z0-9]{10}", "the Team ID, 10 characters")
ADS_TEAM_ID = ClaimSpec("{team_id}", r"SEARCHADS\.\S+", "the team ID of Apple Ads, SEARCHADS.…")
ADS_CLIENT_ID = ClaimSpec("{client_id}", r"SEARCHADS\.\S+", "the client id of Apple Ads, SEARCHADS.…")
CLIENT_ID = ClaimSpec("{client_id}", r"(?!user$|SEARCHADS\.)\S+", "the client id, a bundle ID or Services ID")
SERVICES_ID = ClaimSpec("{service_id}", r"(?!user$|SEARCHADS\.)\S+", "the Services ID")
BUNDLE_ID = ClaimSpec("{bundle_id}", r"\S+", "the app's bundle ID")
# A sample project works without it (observed: denisblondeau/TestWeatherKitRESTAPI).
WEATHER_ID = ClaimSpec("{team_id}.{service_id}", r"[A-Z0-9]{10}\.\S+", "<Team ID>.<Services ID>", required=False)
# Tokens with neither origin nor scope work (observed: ryokun6/ryos #1783, JS00001/apple-maps-server-sdk #1).
ORIGIN = ClaimSpec("{origin}", r"\S+", "the website's origin", optional=True)
BROWSER_SCOPE = ClaimSpec("mapkit_js", r".*\b(mapkit_js|web_snapshots|embed_api)\b.*", "'mapkit_js'", optional=True)
SERVER_SCOPE = ClaimSpec("server_api", r".*\bserver_api\b.*", "'server_api'", optional=True)

# The same body for every invalid token (observed: egodigital/node-appstore-connect #3 and others).
NOT_AUTHORIZED = TokenRejection(
    401,
    _JSON,
    '{\n\t"errors": [{\n\t\t"status": "401",\n\t\t"code": "NOT_AUTHORIZED",\n'
    '\t\t"title": "Authentication credentials are missing or invalid.",\n'
    '\t\t"detail": "Provide a properly configured and signed bearer token, and make sure that it has not expired. '
    "Learn more about Generating Tokens for API Requests "
    'https://developer.apple.com/go/?id=api-generating-tokens"\n\t}]\n}',
)
# Observed by users of several clients; the ID in it differs in each response.
UNAUTHENTICATED = TokenRejection(401, "text/plain", "Unauthenticated\n\nRequest ID: {request_id}.0.0\n")
# The status is documented. The body is observed for a token of App Store Connect's form.
MISSING_AUTH = TokenRejection(401, _JSON, '{"reason": "MISSING_AUTH"}')
# Observed: the response to a well-formed token if WeatherKit is not enabled for its key or its Services ID.
NOT_ENABLED = TokenRejection(401, _JSON, '{"reason": "NOT_ENABLED"}')
# Documented: the response of APNs to a valid provider token with a device token of the other environment.
BAD_DEVICE_TOKEN = TokenRejection(400, _JSON, '{"reason": "BadDeviceToken"}')
# Documented, as is invalid_client of both client secrets.
_INVALID_PROVIDER_TOKEN = TokenRejection(403, _JSON, '{"reason": "InvalidProviderToken"}')
_INVALID_CLIENT = TokenRejection(400, _JSON, '{"error": "invalid_client"}')
# The status is documented; the empty body was observed once.
_EMPTY = TokenRejection(401, "text/plain", "")
# Observed: forum thread 750364.
_MAPS_NOT_AUTHORIZED = TokenRejection(401, _JSON, '{"error":{"message":"Not Authorized","details":[]}}')
# Observed, but not in a public source.
_UNVERIFIED = TokenRejection(401, "text/plain", "Unable to verify authorization token")

APP_STORE_CONNECT = Service(
    name="app-store-connect",
    title="App Store Connect",
    hosts=("api.appstoreconnect.apple.com",),
    typ="JWT",
    claims={"iss": ISSUER_ID},
    individual_subject="user",
    audience="appstoreconnect-v1",
    scoped=True,
    max_lifetime=20 * MINUTE,
    recommended_lifetime=15 * MINUTE,
    counted_from=("iat", "now"),
    # The list of resources is documented, the mapping to paths inferred.
    long_lived_paths=(
        r"/v1/ciBuildActions/[^/]+(/(artifacts|buildRun|issues|testResults))?",
        r"/v1/ciBuildRuns/[^/]+(/(actions|builds))?",
        r"/v1/scmGitReferences/[^/]+",
        r"/v1/ciIssues/[^/]+",
        r"/v1/ciMacOsVersions(/[^/]+(/xcodeVersions)?)?",
        r"/v1/ciProducts(/[^/]+(/(additionalRepositories|app|buildRuns|primaryRepositories|workflows))?)?",
        r"/v1/scmProviders(/[^/]+(/repositories)?)?",
        r"/v1/(apps|builds)/[^/]+/perfPowerMetrics",
        r"/v1/builds/[^/]+/diagnosticSignatures",
        r"/v1/diagnosticSignatures/[^/]+/logs",
        r"/v1/scmPullRequests/[^/]+",
        r"/v1/scmRepositories(/[^/]+(/(gitReferences|pullRequests))?)?",
        r"/v1/ciTestResults/[^/]+",
        r"/v1/ciWorkflows/[^/]+(/(buildRuns|repository))?",
        r"/v1/ciXcodeVersions(/[^/]+(/macOsVersions)?)?",
    ),
    probe="/v1/apps?limit=1",
    refusal=NOT_AUTHORIZED,
    error_members=frozenset({"errors"}),
    text_errors=False,
)
ENTERPRISE = Service(
    name="enterprise",
    title="the Enterprise Program API",
    hosts=("api.enterprise.developer.apple.com",),
    typ="JWT",
    claims={"iss": ISSUER_ID},
    audience="apple-developer-enterprise-v1",
    scoped=True,
    max_lifetime=20 * MINUTE,
    recommended_lifetime=15 * MINUTE,
    counted_from=("iat", "now"),
    probe="/v1/bundleIds?limit=1",
    refusal=NOT_AUTHORIZED,  # inferred: the same as for App Store Connect
    error_members=frozenset({"errors"}),
    text_errors=False,
    key_type="enterprise",
)
APP_STORE_SERVER = Service(
    name="app-store-server",
    title="the App Store Server API",
    hosts=("api.storekit.itunes.apple.com",),
    typ="JWT",
    claims={"iss": ISSUER_ID, "bid": BUNDLE_ID},
    audience="appstoreconnect-v1",
    max_lifetime=HOUR,
    # There is no transaction with this ID: the response to a valid token is an error that says so (documented;
    # observed: forum thread 757720).
    probe="/inApps/v1/transactions/0",
    acceptance=Acceptance((400, 404), "errorCode"),
    refusal=UNAUTHENTICATED,
    sandbox="app-store-server-sandbox",
    key_file="SubscriptionKey",
    key_type="team",
)
APP_STORE_SERVER_SANDBOX = Service(
    name="app-store-server-sandbox",
    title="the App Store Server sandbox",
    hosts=("api.storekit-sandbox.itunes.apple.com",),
    typ="JWT",
    claims=APP_STORE_SERVER.claims,
    audience=APP_STORE_SERVER.audience,
    max_lifetime=APP_STORE_SERVER.max_lifetime,
    probe=APP_STORE_SERVER.probe,
    acceptance=APP_STORE_SERVER.acceptance,
    refusal=UNAUTHENTICATED,
    key_file="SubscriptionKey",
    key_type="team",
)
WEATHERKIT = Service(
    name="weatherkit",
    title="WeatherKit",
    hosts=("weatherkit.apple.com",),
    header={"id": WEATHER_ID},
    claims={"iss": TEAM_ID, "sub": SERVICES_ID},
    strict_claims=True,
    max_lifetime=None,  # the documented example has a lifetime of 1.78 years
    probe="/api/v1/availability/37/-122?country=US",
    acceptance=Acceptance(member=None),
    refusal=MISSING_AUTH,
    key_type="team",
)
APNS = Service(
    name="apns",
    title="APNs",
    hosts=("api.push.apple.com", "api.sandbox.push.apple.com"),
    claims={"iss": TEAM_ID},
    expires=False,
    max_lifetime=HOUR,
    der_signatures=True,  # reports by users contradict each other
    refusal=_INVALID_PROVIDER_TOKEN,
)
APPLE_MUSIC = Service(
    name="apple-music",
    title="Apple Music",
    hosts=("api.music.apple.com",),
    claims={"iss": TEAM_ID},
    max_lifetime=SIX_MONTHS,
    counted_from=("now",),
    refusal=_EMPTY,
)
MAPKIT_JS = Service(
    name="mapkit-js",
    title="MapKit JS",
    hosts=("cdn.apple-mapkit.com",),  # observed: the host that its script sends the token to
    typ="JWT",
    claims={"iss": TEAM_ID, "scope": BROWSER_SCOPE, "origin": ORIGIN},
    max_lifetime=None,
)
MAPS_SERVER = Service(
    name="maps-server",
    title="the Apple Maps Server API",
    hosts=("maps-api.apple.com",),
    typ="JWT",
    claims={"iss": TEAM_ID, "scope": SERVER_SCOPE},
    max_lifetime=None,
    refusal=_MAPS_NOT_AUTHORIZED,
    error_members=frozenset({"error"}),
)
DEVICE_CHECK = Service(
    name="device-check",
    title="DeviceCheck",
    hosts=("api.devicecheck.apple.com", "api.development.devicecheck.apple.com"),
    claims={"iss": TEAM_ID},
    tolerated_claims=("exp",),  # observed: tsndr/cloudflare-worker-jwt #64
    expires=False,
    max_lifetime=None,
    refusal=_UNVERIFIED,
)
SIGN_IN = Service(
    name="sign-in-with-apple",
    title="Sign in with Apple",
    hosts=("appleid.apple.com",),
    sent_as_client_secret=True,
    claims={"iss": TEAM_ID, "sub": CLIENT_ID},
    audience="https://appleid.apple.com",
    max_lifetime=SIX_MONTHS,
    counted_from=("now",),
    refusal=_INVALID_CLIENT,
)
APPLE_ADS = Service(
    name="apple-ads",
    title="Apple Ads",
    hosts=("appleid.apple.com",),
    sent_as_client_secret=True,
    claims={"iss": ADS_TEAM_ID, "sub": ADS_CLIENT_ID},
    audience="https://appleid.apple.com",
    max_lifetime=180 * DAY,
    refusal=_INVALID_CLIENT,
)

SERVICES: Mapping[str, Service] = MappingProxyType(
    {
        service.name: service
        for service in (
            APP_STORE_CONNECT,
            ENTERPRISE,
            APP_STORE_SERVER,
            APP_STORE_SERVER_SANDBOX,
            WEATHERKIT,
            APNS,
            APPLE_MUSIC,
            MAPKIT_JS,
            MAPS_SERVER,
            DEVICE_CHECK,
            SIGN_IN,
            APPLE_ADS,
        )
    }
)
"""The services by name."""

PROBEABLE: tuple[ServiceName, ...] = tuple(service.name for service in SERVICES.values() if service.probe)
"""The services that the smoke check supports: those with a probe."""


def service_for(key_type: str) -> Service:
    """Return the service that keys of this type (team, individual, enterprise) are for."""
    return ENTERPRISE if key_type == "enterprise" else APP_STORE_CONNECT


# Observed in uploads of screenshots (2025). Segments of analytics reports were observed at S3; the emulator uses this
# host for them, too.
STORAGE_HOST = "northamerica-1.object-storage.apple.com"
_TOGETHER = (APP_STORE_CONNECT, ENTERPRISE)


def emulated_hosts(service: Service) -> tuple[str, ...]:
    """Return the hosts that an emulator of a service responds for, with any transport.

    App Store Connect and the Enterprise Program are emulated together, so that no request for one reaches Apple while
    the other is emulated. The storage host of App Store Connect's files is included.
    """
    sandbox = (SERVICES[service.sandbox],) if service.sandbox else ()
    together = _TOGETHER if service in _TOGETHER else (service, *sandbox)
    files = (STORAGE_HOST,) if service is APP_STORE_CONNECT else ()
    return (*(host for one in together for host in one.hosts), *files)
