"""What each of Apple's services wants of a token. One fact of Apple's is one line here.

Sources: Apple's pages "Generating Tokens for API Requests" (App Store Connect API, Enterprise Program API), unless a
line says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

# Longer lives are possible on some resources of App Store Connect, for tokens whose scope holds GET requests alone.
# Apple says "six months"; the number of seconds is the one its sibling services name (inferred).
SIX_MONTHS = 15_777_000


@dataclass(frozen=True)
class Service:
    """One API of Apple's that takes a JSON Web Token."""

    name: str
    """The name in options, reports and ``make_asc_token(service=...)``."""
    title: str
    """The name in sentences."""
    host: str
    audience: str | None
    max_lifetime: int | None
    """Seconds from ``iat`` to ``exp`` at most; None where Apple names no limit."""
    probe: str
    """The cheapest request that needs a valid token and changes nothing."""

    @property
    def base_url(self) -> str:
        """Scheme and host."""
        return f"https://{self.host}"


APP_STORE_CONNECT = Service(
    name="app-store-connect",
    title="App Store Connect",
    host="api.appstoreconnect.apple.com",
    audience="appstoreconnect-v1",
    max_lifetime=20 * 60,
    probe="/v1/apps?limit=1",
)
ENTERPRISE = Service(
    name="enterprise",
    title="the Enterprise Program API",
    host="api.enterprise.developer.apple.com",
    audience="apple-developer-enterprise-v1",
    max_lifetime=20 * 60,
    probe="/v1/bundleIds?limit=1",
)

SERVICES = {service.name: service for service in (APP_STORE_CONNECT, ENTERPRISE)}


def service_for(kind: str) -> Service:
    """The service that keys of this kind (team, individual, enterprise) are for."""
    return ENTERPRISE if kind == "enterprise" else APP_STORE_CONNECT


# The resources whose pages allow long-lived tokens, as paths (the list is documented, the mapping to paths inferred).
LONG_LIVED_PATHS = (
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
)
