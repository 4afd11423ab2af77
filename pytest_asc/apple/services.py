"""Table of Apple's services: the tokens that each requires, and its responses to bad ones. One fact is one line.

Token verification, token generation, the smoke check and the emulator read it. Header, claims, audiences, hosts and
lifetimes are documented, on each service's page about tokens, unless a line says otherwise. The
bodies of refusals are observed: in responses that users have shown, with the place beside them.
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
"""The names of the services. mypy holds that each service is listed here, a test that nothing else is."""

KeyType = Literal["team", "individual", "enterprise"]
"""The types of API keys: of a team, of one user, and of the Enterprise Program (documented)."""

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60
# The figure that Apple Music and Sign in with Apple name. App Store Connect says "six months" in words (so inferred).
SIX_MONTHS = 15_777_000


class ServiceIds(TypedDict, total=False):
    """The ids that go into tokens beside those of the key."""

    team_id: str
    """The 10 characters of the developer team; for Apple Ads, its own ``SEARCHADS.…``."""
    service_id: str
    """The Services ID that WeatherKit is enabled for."""
    bundle_id: str
    """The app's, for the App Store Server API."""
    client_id: str
    """The app's bundle ID or Services ID for Sign in with Apple; for Apple Ads, its own ``SEARCHADS.…``."""
    origin: str
    """The website that MapKit JS runs on."""


class ClaimSpec(NamedTuple):
    """One member of a header or of claims: what fills it, and what it looks like."""

    value: str
    """With the names of ids in braces."""
    pattern: str
    """A regular expression for the whole of it."""
    description: str
    """A description for errors."""
    required: bool = True
    """True if a token without it is refused; otherwise it is documented as required, and works without."""
    optional: bool = False
    """True if it is documented as one that may be left out."""


class TokenRejection(NamedTuple):
    """The response to a token that is not accepted."""

    status: int
    media_type: str
    body: str


class Acceptance(NamedTuple):
    """The response to the probe when the token is accepted."""

    statuses: tuple[int, ...] = (200,)
    member: str | None = "data"
    """The member of the JSON object in it; None where it is a JSON list."""


RESOURCES = Acceptance()


@dataclass(frozen=True, kw_only=True, eq=False)
class Service:
    """One API of Apple's that takes a JSON Web Token, signed with ES256 and with the key ID as ``kid``."""

    name: ServiceName
    """The name in options, reports and ``make_asc_token(service=...)``."""
    title: str
    """The name in sentences."""
    hosts: tuple[str, ...]
    """Hosts that its tokens may be sent to; requests go to the first."""
    sent_as_client_secret: bool = False
    """True where the token is posted as a client secret, and not sent as a bearer."""
    claims: Mapping[str, ClaimSpec]
    """The claims that it asks for, beside audience and times."""
    header: Mapping[str, ClaimSpec] = field(default_factory=dict)
    """The members of the header that it asks for, beside ``alg`` and ``kid``."""
    typ: str | None = None
    """``typ`` in the documented header. Its presence and its absence are no fault."""
    audience: str | None = None
    """``aud``; None where the claims hold none."""
    individual_subject: str | None = None
    """The ``sub`` that individual keys have in place of ``iss``; None where there are no such keys."""
    tolerated_claims: tuple[str, ...] = ()
    """Claims that it does not ask for, and that are in tokens which it accepts."""
    strict_claims: bool = False
    """True where the claims may hold nothing else."""
    scoped: bool = False
    """True where a ``scope`` may list the requests that the token is good for."""
    expires: bool = True
    """True where the claims hold ``exp``; where they do not, a token's life is counted from ``iat``."""
    max_lifetime: int | None
    """Seconds that a token may live; None where Apple names no limit."""
    recommended_lifetime: int | None = None
    """Seconds that leave room for clock skew where the lifetime is limited; None where no such figure is needed."""
    counted_from: tuple[Literal["iat", "now"], ...] = ("iat",)
    """Start of that life: at ``iat``, at the time when the service looks, or at both."""
    long_lived_paths: tuple[str, ...] = ()
    """The resources that take tokens of up to :data:`SIX_MONTHS`, as regular expressions for their paths."""
    der_signatures: bool = False
    """True where a signature in DER form is accepted, too."""
    probe: str = ""
    """The cheapest request that needs a valid token and changes nothing; empty where none is known."""
    acceptance: Acceptance = RESOURCES
    refusal: TokenRejection | None = None
    """The response to a bad token; None where none has been seen."""
    error_members: frozenset[str] = frozenset()
    """The members that its errors in JSON have, one at least."""
    text_errors: bool = True
    """True where it has errors in plain text or without a body; App Store Connect has one, for 406 (documented)."""
    sandbox: ServiceName | None = None
    """The name of the service that takes the same tokens for apps that are not released."""
    key_type: Literal["team", "enterprise"] | None = None
    """The type of all its keys; None where there are several."""
    key_file: str = "AuthKey"
    """The beginning of the names of its key files."""

    @property
    def host(self) -> str:
        """The host that requests go to."""
        return self.hosts[0]

    @property
    def base_url(self) -> str:
        """Scheme and host."""
        return f"https://{self.host}"

    @property
    def takes_issuer_id(self) -> bool:
        """Return whether ``iss`` is the issuer ID of App Store Connect's keys, not a Team ID."""
        return self.claims["iss"] is ISSUER_ID

    @property
    def ids(self) -> tuple[str, ...]:
        """The names of :class:`ServiceIds` that its tokens hold."""
        values = "".join(member.value for member in (*self.claims.values(), *self.header.values()))
        return tuple(name for name in ServiceIds.__annotations__ if f"{{{name}}}" in values)

    def is_probe(self, url: str) -> bool:
        """Return whether a URL is the probe's, on any host."""
        return bool(self.probe) and url.endswith(self.probe)


_JSON = "application/json"
UUID_PATTERN = r"(?i:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"
"""A regular expression for a UUID of any version: issuer IDs are documented as UUIDs, and real ones are of any."""

ISSUER_ID = ClaimSpec("{issuer_id}", UUID_PATTERN, "the issuer ID, a UUID")
TEAM_ID = ClaimSpec("{team_id}", r"[A-Z0-9]{10}", "the Team ID, 10 characters")
ADS_TEAM_ID = ClaimSpec("{team_id}", r"SEARCHADS\.\S+", "the team ID of Apple Ads, SEARCHADS.…")
ADS_CLIENT_ID = ClaimSpec("{client_id}", r"SEARCHADS\.\S+", "the client id of Apple Ads, SEARCHADS.…")
CLIENT_ID = ClaimSpec("{client_id}", r"(?!user$|SEARCHADS\.)\S+", "the client id, a bundle ID or Services ID")
SERVICES_ID = ClaimSpec("{service_id}", r"(?!user$|SEARCHADS\.)\S+", "the Services ID")
BUNDLE_ID = ClaimSpec("{bundle_id}", r"\S+", "the app's bundle ID")
# A demonstration works without it (observed: denisblondeau/TestWeatherKitRESTAPI).
WEATHER_ID = ClaimSpec("{team_id}.{service_id}", r"[A-Z0-9]{10}\.\S+", "<Team ID>.<Services ID>", required=False)
# Tokens with neither origin nor scope work (observed: ryokun6/ryos #1783, JS00001/apple-maps-server-sdk #1).
ORIGIN = ClaimSpec("{origin}", r"\S+", "the website's origin", optional=True)
BROWSER_SCOPE = ClaimSpec("mapkit_js", r".*\b(mapkit_js|web_snapshots|embed_api)\b.*", "'mapkit_js'", optional=True)
SERVER_SCOPE = ClaimSpec("server_api", r".*\bserver_api\b.*", "'server_api'", optional=True)

# One body for every bad token (observed: egodigital/node-appstore-connect #3 and others).
NOT_AUTHORIZED = TokenRejection(
    401,
    _JSON,
    '{\n\t"errors": [{\n\t\t"status": "401",\n\t\t"code": "NOT_AUTHORIZED",\n'
    '\t\t"title": "Authentication credentials are missing or invalid.",\n'
    '\t\t"detail": "Provide a properly configured and signed bearer token, and make sure that it has not expired. '
    "Learn more about Generating Tokens for API Requests "
    'https://developer.apple.com/go/?id=api-generating-tokens"\n\t}]\n}',
)
# Observed by users of several clients; each response has an id of its own.
UNAUTHENTICATED = TokenRejection(401, "text/plain", "Unauthenticated\n\nRequest ID: {request_id}.0.0\n")
# The status is documented. The body is observed for a token of App Store Connect's form.
MISSING_AUTH = TokenRejection(401, _JSON, '{"reason": "MISSING_AUTH"}')
# Observed: a token of the right form while WeatherKit is not enabled for its key or its Services ID.
NOT_ENABLED = TokenRejection(401, _JSON, '{"reason": "NOT_ENABLED"}')
# Documented: what APNs sends for the device token of another environment, where the provider token is good.
BAD_DEVICE_TOKEN = TokenRejection(400, _JSON, '{"reason": "BadDeviceToken"}')
# Documented, as is invalid_client of both client secrets.
_INVALID_PROVIDER_TOKEN = TokenRejection(403, _JSON, '{"reason": "InvalidProviderToken"}')
_INVALID_CLIENT = TokenRejection(400, _JSON, '{"error": "invalid_client"}')
# The status is documented; an empty body was seen once.
_EMPTY = TokenRejection(401, "text/plain", "")
# Observed: forum thread 750364.
_MAPS_NOT_AUTHORIZED = TokenRejection(401, _JSON, '{"error":{"message":"Not Authorized","details":[]}}')
# Observed, without a source that can be named.
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
    refusal=NOT_AUTHORIZED,  # inferred: it answers like App Store Connect
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
    # No transaction has this id: a valid token gets an error that says so (documented; observed: forum thread 757720).
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
    max_lifetime=None,  # the documented example lives for 1.78 years
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
    der_signatures=True,  # what users report of it differs
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
    hosts=("cdn.apple-mapkit.com",),  # observed: where its script sends the token
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
"""By name."""

PROBEABLE: tuple[ServiceName, ...] = tuple(service.name for service in SERVICES.values() if service.probe)
"""The services that a smoke check can ask."""


def service_for(key_type: str) -> Service:
    """Return the service that keys of this type (team, individual, enterprise) are for."""
    return ENTERPRISE if key_type == "enterprise" else APP_STORE_CONNECT


# Observed in uploads of screenshots (2025). Segments of analytics reports were seen at S3; here they share this host.
STORAGE_HOST = "northamerica-1.object-storage.apple.com"
_TOGETHER = (APP_STORE_CONNECT, ENTERPRISE)


def emulated_hosts(service: Service) -> tuple[str, ...]:
    """The hosts that an emulator of a service answers for, with any transport.

    App Store Connect and the Enterprise Program go together: what is meant for the one shall not reach the other. So
    does the storage that App Store Connect's files are at.
    """
    sandbox = (SERVICES[service.sandbox],) if service.sandbox else ()
    together = _TOGETHER if service in _TOGETHER else (service, *sandbox)
    files = (STORAGE_HOST,) if service is APP_STORE_CONNECT else ()
    return (*(host for one in together for host in one.hosts), *files)
