"""Default values of the attributes of a new resource."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.spec.api_spec import api_spec, depends_on_spec

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pytest_asc.emulator.spec.compiled_format import ValueType

# Defaults of attributes by type, for what cannot be derived from the API spec. {n} is the number of the resource among
# those of its type; {today} is a date; {now}, {soon} (3 days) and {later} (90 days) are times.
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "analyticsReportInstances": {"granularity": "DAILY", "processingDate": "{today}"},
    "apps": {"name": "App {n}", "bundleId": "com.example.app{n}", "sku": "APP{n}", "primaryLocale": "en-US"},
    # Apple does not accept review details without a contact.
    "appStoreReviewDetails": {
        "contactFirstName": "Alex",
        "contactLastName": "Example",
        "contactPhone": "+1 415 555 0100",
        "contactEmail": "alex@example.com",
    },
    # Numbers from the start: the client microsoft/asconnect fails if they are null.
    "appStoreVersionPhasedReleases": {
        "phasedReleaseState": "INACTIVE",
        "currentDayNumber": 0,
        "totalPauseDuration": 0,
    },
    "appStoreVersions": {
        "platform": "IOS",
        "versionString": "1.{n}",
        "appStoreState": "PREPARE_FOR_SUBMISSION",
        "appVersionState": "PREPARE_FOR_SUBMISSION",
        "reviewType": "APP_STORE",
        "releaseType": "AFTER_APPROVAL",
        "createdDate": "{now}",
    },
    "betaGroups": {"name": "Beta Group {n}", "createdDate": "{now}"},
    "betaTesters": {
        "firstName": "Beta",
        "lastName": "Tester {n}",
        "email": "tester{n}@example.com",
        "inviteType": "EMAIL",
        "state": "INVITED",
    },
    "builds": {
        "version": "{n}",
        "uploadedDate": "{now}",
        "expirationDate": "{later}",
        "minOsVersion": "15.0",
        "processingState": "VALID",
        "buildAudienceType": "APP_STORE_ELIGIBLE",
    },
    "bundleIds": {"name": "Bundle {n}", "identifier": "com.example.app{n}", "platform": "IOS", "seedId": "9XYZ8WV7UT"},
    # Apple accepts the attribute and returns null for it (observed).
    "certificates": {"csrContent": None},
    "customerReviewResponses": {"state": "PUBLISHED", "lastModifiedDate": "{now}"},
    "devices": {"status": "ENABLED"},
    "betaAppReviewSubmissions": {"betaReviewState": "WAITING_FOR_REVIEW", "submittedDate": "{now}"},
    "buildBetaDetails": {
        "internalBuildState": "READY_FOR_BETA_TESTING",
        "externalBuildState": "READY_FOR_BETA_SUBMISSION",
    },
    **{
        f"gameCenter{kind}Versions": {"state": "PREPARE_FOR_SUBMISSION"}
        for kind in ("Achievement", "Activity", "Challenge", "LeaderboardSet", "Leaderboard")
    },
    "preReleaseVersions": {"version": "1.{n}", "platform": "IOS"},
    "reviewSubmissions": {"platform": "IOS", "state": "READY_FOR_REVIEW"},
    "reviewSubmissionItems": {"state": "READY_FOR_REVIEW"},
    "userInvitations": {
        "email": "invited{n}@example.com",
        "firstName": "Invited",
        "lastName": "Member {n}",
        "roles": ["DEVELOPER"],
        "allAppsVisible": True,
        "expirationDate": "{soon}",
    },
    "users": {
        "username": "user{n}@example.com",
        "firstName": "Team",
        "lastName": "Member {n}",
        "roles": ["DEVELOPER"],
        "allAppsVisible": True,
    },
}
# Defaults of attributes that a create request must have, by value type, if the table above has no default.
_BY_FORMAT = {
    "string": "{attribute} {n}",
    "email": "{attribute}{n}@example.com",
    "uri": "https://example.com/{attribute}/{n}",
    "date-time": "{now}",
    "date": "{today}",
    "duration": "P1D",
    "string:number": "{n}",
    "$IntegerRange": {"minimum": 1, "maximum": 1},
    "integer": 1,
    "number": 1,
}
_BUILD_LIFETIME = timedelta(days=90).total_seconds()  # TestFlight builds expire after 90 days (documented)
_INVITATION_LIFETIME = timedelta(days=3).total_seconds()  # invitations of users expire after 3 days (documented)


# Types with a default that is a time in the future. For all others, such times need not be formatted.
_WITH_EXPIRY = frozenset(
    name for name, known in _DEFAULTS.items() if {"{soon}", "{later}"} & {str(value) for value in known.values()}
)


def defaults(resource_type: str, number: int, now: float, given: Collection[str] = ()) -> dict[str, Any]:
    """Return all attributes of a type: those that a resource always has with a plausible value, the others with null.

    Args:
        resource_type: The type.
        number: Number of the resource among those of its type, starting with 1.
        now: Seconds since 1970.
        given: Names of attributes whose values the caller replaces.
    """
    fixed, templates = _templates(resource_type)
    values = dict(fixed)
    needed = [name for name in templates if name not in given]
    if needed:
        now_text = timestamp(now)
        fields = {"n": number, "now": now_text, "today": now_text[:10]}
        if resource_type in _WITH_EXPIRY:
            fields |= {"soon": timestamp(now + _INVITATION_LIFETIME), "later": timestamp(now + _BUILD_LIFETIME)}
        for name in needed:
            values[name] = templates[name].format(attribute=name, **fields)
    return values


@depends_on_spec
@cache
def _templates(resource_type: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values that are the same for every resource, and the templates to be formatted for each resource."""
    fixed: dict[str, Any] = {}
    templates: dict[str, str] = {}
    known = _DEFAULTS.get(resource_type, {})
    for schema in api_spec().schemas_of(resource_type):
        required = api_spec().required_attributes(schema)
        for name, value_type in schema.attributes.items():
            value = known[name] if name in known else _default_of(value_type, required=name in required)
            fixed[name] = value
            if isinstance(value, str) and "{" in value:
                templates[name] = value
    return fixed, templates


def _default_of(value_type: ValueType, *, required: bool) -> Any:
    if value_type == "boolean":
        return False
    if not required:
        return None
    allowed = api_spec().enum(value_type)
    if allowed:
        return allowed[0]
    if isinstance(value_type, list):
        return []
    if isinstance(value_type, str) and value_type.startswith("integer:"):
        return max(1, int(value_type[8:].partition("..")[0]))
    return _BY_FORMAT.get(value_type) if isinstance(value_type, str) else None
