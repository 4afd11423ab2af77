"""Table of the areas of the API and the roles of users and keys that have access to each.

Apple's tables are for its web sites ("Role permissions" in App Store Connect Help, "Program Roles"), and some pages of
the API name roles. That the API follows the web sites is inferred. Each line says what it stands on: documented,
observed (by whom), or inferred. The marks of Program Roles are pictures; they were read where others have written them
down (tedgonzalez/app-store-connect-roles).
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
"""Apple's names (documented: UserRole). Those that are given on top of another role open nothing by themselves."""

ROLES: tuple[Role, ...] = get_args(Role)

UNLIMITED: frozenset[Role] = frozenset({"ACCOUNT_HOLDER", "ADMIN"})
"""The roles that may do everything here (documented)."""

ANY = tuple(role for role in ROLES if role not in UNLIMITED)

_PATHS = 256  # that are remembered: those of a test have the same few ids again and again

_TEAM: tuple[Role, ...] = ("APP_MANAGER", "DEVELOPER", "MARKETING")
_READERS: tuple[Role, ...] = ("APP_MANAGER", "CUSTOMER_SUPPORT", "DEVELOPER", "MARKETING")


class RoleArea(NamedTuple):
    """Operations that are open to the same roles."""

    name: str
    readers: tuple[Role, ...]
    """Roles that may GET, besides those that may do everything."""
    writers: tuple[Role, ...]
    """Roles that may POST, PATCH and DELETE, besides those."""
    basis: str
    """The source of this line."""
    names: tuple[str, ...]
    """The first names of its paths, with ``*`` for their rest: ``ci*``; or first and last: ``builds/perfPowerMetrics``.
    """
    team_keys: bool = False
    """True if individual keys have no access, regardless of their user's role."""

    def roles(self, method: str) -> tuple[Role, ...]:
        """The roles that may send a request of this method."""
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


@lru_cache(maxsize=_PATHS)
def role_area_of(path: str) -> RoleArea | None:
    """The area that a path belongs to; None where there is no such path.

    A relationship of an app (``/v1/apps/{id}/builds``) belongs where its name does, anything else where the first name
    of its path does.
    """
    parts = path.split("/")
    root, last = "".join(parts[2:3]), "".join(parts[4:][-1:])
    names = (f"{root}/{last}", last if root == "apps" else "", root)
    return next(filter(None, map(_role_area_of_name, names)), None)


def _role_area_of_name(name: str) -> RoleArea | None:
    """The area whose table says the most of a name."""
    fitting = [(len(known), area) for area in ROLE_AREAS for known in area.names if _fits(name, known)]
    return max(fitting, key=itemgetter(0))[1] if fitting else None


def _fits(name: str, known: str) -> bool:
    return name.startswith(known[:-1]) if known.endswith("*") else name == known


def title(role: str) -> str:
    """A role as the web site writes it: ``App Manager``."""
    return role.replace("_", " ").title()


def check_role(role: str) -> Role:
    """The role, if it is one.

    Raises:
        ValueError: It is none.
    """
    __tracebackhide__ = True
    if role not in ROLES:
        close = get_close_matches(str(role).upper().replace(" ", "_"), ROLES, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else "."
        raise ValueError(f"there is no role {role!r}{hint} The roles are {', '.join(ROLES)}")
    return role
