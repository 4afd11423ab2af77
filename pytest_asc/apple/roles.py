"""Table of the areas of the API and the roles of users and keys that have access to each.

Apple publishes tables for its web sites ("Role permissions" in App Store Connect Help, "Program Roles"), and some pages
of the API mention roles. That the API follows the web sites is inferred. Each line states its basis: documented,
observed (by whom), or inferred. The check marks of Program Roles are images; they were taken from a transcription
(tedgonzalez/app-store-connect-roles).
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from operator import itemgetter
from typing import Literal, NamedTuple, get_args

Role = Literal[
    "ACCESS_TO_REPORTS",
    "ACCOUNT_HOLDER",
    "ADMIN",
    "APP_MANAGER",
    "CLOUD_MANAGED_APP_DISTRIBUTION",
    "CLOUD_MANAGED_DEVELOPER_ID",
    "CREATE_APPS",
    "CUSTOMER_SUPPORT",
    "DEVELOPER",
    "FINANCE",
    "GENERATE_INDIVIDUAL_KEYS",
    "MARKETING",
    "SALES",
]
"""Apple's names (documented: UserRole). Roles that only supplement another role give no access on their own."""

ROLES: tuple[Role, ...] = get_args(Role)

UNLIMITED: frozenset[Role] = frozenset({"ACCOUNT_HOLDER", "ADMIN"})
"""The roles with access to everything in the API (documented)."""

ANY = tuple(role for role in ROLES if role not in UNLIMITED)

_CACHED_PATHS = 256  # enough for the paths of a test, which repeat the same few IDs

_TEAM: tuple[Role, ...] = ("APP_MANAGER", "DEVELOPER", "MARKETING")
_READERS: tuple[Role, ...] = ("APP_MANAGER", "CUSTOMER_SUPPORT", "DEVELOPER", "MARKETING")


class RoleArea(NamedTuple):
    """Group of operations that the same roles have access to."""

    name: str
    readers: tuple[Role, ...]
    """Roles that may GET, in addition to :data:`UNLIMITED`."""
    writers: tuple[Role, ...]
    """Roles that may POST, PATCH and DELETE, in addition to :data:`UNLIMITED`."""
    basis: str
    """Basis of this line: documented, observed or inferred, and where."""
    names: tuple[str, ...]
    """First segments of its paths, where ``*`` matches any ending (``ci*``), or first and last segment
    (``builds/perfPowerMetrics``)."""
    team_keys: bool = False
    """True if individual keys have no access, regardless of their user's role."""

    def roles(self, method: str) -> tuple[Role, ...]:
        """Return the roles that may send a request with this method."""
        return ("ADMIN", *(self.readers if method == "GET" else self.writers))


ROLE_AREAS = (
    RoleArea("apps", ANY, ("APP_MANAGER",), "inferred: keys of any role are tried with GET /v1/apps",
             ("apps", "appCategories", "territories", "actors")),
    RoleArea("app metadata", _READERS, ("APP_MANAGER", "MARKETING"),
             "observed: writing is closed to Developer (fastlane/docs #1050); Marketing is inferred",
             ("accessibilityDeclarations", "ageRatingDeclarations", "androidToIosAppMappingDetails", "appAssetLibrar*",
              "assetLibrary", "appInfo*",
              "appPreview*", "appScreenshot*", "appStoreVersionLocalizations", "appTags", "endUserLicenseAgreement*",
              "routingAppCoverages")),
    RoleArea("versions and review", _READERS, ("APP_MANAGER",), "documented: Program Roles, submit versions",
             ("appStoreVersions", "appStoreReview*", "appStoreVersionPhasedReleases", "appStoreVersionPromotions",
              "appStoreVersionReleaseRequests", "appStoreVersionSubmissions", "appEncryptionDeclaration*",
              "reviewSubmission*")),
    RoleArea("App Clips", _READERS, ("APP_MANAGER",), "inferred, as for versions", ("appClip*",)),
    RoleArea("product pages and events", _READERS, ("APP_MANAGER", "MARKETING"),
             "documented for nominations: App Store Connect Help; inferred for the rest",
             ("appCustomProductPage*", "appEvent*", "appStoreVersionExperiment*", "nominations")),
    RoleArea("pricing and availability", ("APP_MANAGER",), ("APP_MANAGER",),
             "documented: Program Roles; observed: reading is closed to some keys that read apps",
             ("appAvailabilit*", "appPricePoints", "appPriceSchedule*", "endAppAvailabilityPreOrders",
              "territoryAvailabilities")),
    RoleArea("in-app purchases", _TEAM, ("APP_MANAGER",),
             "documented: Managing in-app purchases; reading: documented for Marketing, inferred for Developer",
             ("inAppPurchase*", "promotedPurchases", "subscription*")),
    RoleArea("win-back offers", _TEAM, ("APP_MANAGER", "MARKETING"), "documented: Managing win-back offers",
             ("winBackOffers",)),
    RoleArea("uploads", ("APP_MANAGER", "DEVELOPER"), ("APP_MANAGER", "DEVELOPER"),
             "documented: App Store Connect Help, upload builds; API page, background assets",
             ("backgroundAsset*", "buildUpload*")),
    RoleArea("TestFlight", _TEAM, ("APP_MANAGER",),
             "documented: Program Roles, manage TestFlight builds; observed: fastlane/docs #1050",
             ("betaApp*", "betaBuildLocalizations", "betaLicenseAgreements", "betaRecruitment*", "betaTester*",
              "buildBeta*", "buildBundles", "builds", "preReleaseVersions")),
    RoleArea("TestFlight groups", _TEAM, _TEAM, "documented for internal groups: Program Roles", ("betaGroups",)),
    RoleArea("TestFlight feedback", ("APP_MANAGER", "DEVELOPER"), ("APP_MANAGER", "DEVELOPER"),
             "documented: API page, beta feedback", ("betaCrashLogs", "betaFeedback*")),
    RoleArea("Game Center", _TEAM, _TEAM, "documented: App Store Connect Help, configure Game Center",
             ("gameCenter*",)),
    RoleArea("Game Center activities", _TEAM, ("APP_MANAGER", "MARKETING"),
             "documented: API page, Game Center activities; reading is inferred for Developer",
             ("gameCenterActivit*",)),
    RoleArea("Xcode Cloud", ("APP_MANAGER", "DEVELOPER"), ("APP_MANAGER",), "documented: Program Roles",
             ("ci*", "scm*")),
    RoleArea("provisioning", ("APP_MANAGER", "DEVELOPER"), ("APP_MANAGER",),
             "documented: Program Roles, for those with access to certificates; API page, creating keys",
             ("bundleId*", "certificates", "devices", "merchantIds", "passTypeIds", "profiles"), team_keys=True),
    RoleArea("users", ("APP_MANAGER",), ("APP_MANAGER",), "documented: App Store Connect Help, add and edit users",
             ("users", "userInvitations")),
    RoleArea("sandbox testers", ("APP_MANAGER", "DEVELOPER"), ("APP_MANAGER", "DEVELOPER"),
             "documented: Program Roles", ("sandboxTester*",)),
    RoleArea("sales reports", ("FINANCE", "SALES"), (),
             "documented: Role permissions; API page, sales and finance; observed: no App Manager (mimi-seed-sdk #19)",
             ("salesReports",), team_keys=True),
    RoleArea("finance reports", ("FINANCE",), (), "documented: Role permissions; API page, sales and finance",
             ("financeReports",), team_keys=True),
    RoleArea("analytics", ("FINANCE", "SALES"), (), "documented: API page, analytics",
             ("analyticsReport*",)),
    RoleArea("customer reviews", _READERS, ("CUSTOMER_SUPPORT",),
             "documented: App Store Connect Help, view ratings and reviews; Role permissions",
             ("customerReview*", "appStoreVersions/customerReviews")),
    RoleArea("performance", ("APP_MANAGER", "DEVELOPER"), (), "documented: Program Roles, crash and energy reports",
             ("diagnosticSignatures", "perfPowerMetrics", "performanceOverviews", "builds/diagnosticSignatures",
              "builds/perfPowerMetrics")),
    RoleArea("webhooks", ("APP_MANAGER",), ("APP_MANAGER",), "documented: Program Roles", ("webhook*",)),
    RoleArea("alternative distribution", ("APP_MANAGER",), (), "inferred",
             ("alternativeDistribution*", "marketplace*")),
)  # fmt: skip


@lru_cache(maxsize=_CACHED_PATHS)
def role_area_of(path: str) -> RoleArea | None:
    """Return the area that a path belongs to; None if there is none.

    A relationship of an app (``/v1/apps/{id}/builds``) belongs to the area of the relationship's name. Any other path
    belongs to the area of its first segment.
    """
    parts = path.split("/")
    root, last = "".join(parts[2:3]), "".join(parts[4:][-1:])
    names = (f"{root}/{last}", last if root == "apps" else "", root)
    return next(filter(None, map(_role_area_of_name, names)), None)


def _role_area_of_name(name: str) -> RoleArea | None:
    """Return the area with the most specific entry for a name."""
    fitting = [(len(known), area) for area in ROLE_AREAS for known in area.names if _fits(name, known)]
    return max(fitting, key=itemgetter(0))[1] if fitting else None


def _fits(name: str, known: str) -> bool:
    return name.startswith(known[:-1]) if known.endswith("*") else name == known


def title(role: str) -> str:
    """Return the name of a role as the web site writes it: ``App Manager``."""
    return role.replace("_", " ").title()


def check_role(role: str) -> Role:
    """Check that a text is the name of a role, and return it.

    Raises:
        ValueError: There is no such role.
    """
    __tracebackhide__ = True
    if role not in ROLES:
        close = get_close_matches(str(role).upper().replace(" ", "_"), ROLES, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else "."
        raise ValueError(f"there is no role {role!r}{hint} The roles are {', '.join(ROLES)}")
    return role
