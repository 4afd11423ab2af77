"""Default attributes of a new resource: a plausible value, or null."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.spec.api_spec import api_spec, depends_on_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.spec.compiled_format import ValueType

# Default of an attribute, where the API specification does not suggest one: {n} is the resource's number
# among those of its type, {now}, {soon} and {later} are times.
_KNOWN: Mapping[str, Mapping[str, Any]] = {
    "analyticsReportInstances": {"granularity": "DAILY", "processingDate": "{today}"},
    "apps": {"name": "App {n}", "bundleId": "com.example.app{n}", "sku": "APP{n}", "primaryLocale": "en-US"},
    # Apple creates none without a contact.
    "appStoreReviewDetails": {
        "contactFirstName": "Alex",
        "contactLastName": "Example",
        "contactPhone": "+1 415 555 0100",
        "contactEmail": "alex@example.com",
    },
    # Numbers from the beginning (microsoft/asconnect takes no null).
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
    # Apple takes it and shows null (observed).
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
# What a create request must give, by the type of the attribute, where the table above does not know better.
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
_BUILD_LIFE = timedelta(days=90).total_seconds()  # TestFlight builds expire after 90 days (documented)
_INVITATION_LIFE = timedelta(days=3).total_seconds()  # invitations of users do after three (documented)


# Types whose defaults have a time in the future.
_WITH_EXPIRY = frozenset(
    name for name, known in _KNOWN.items() if {"{soon}", "{later}"} & {str(value) for value in known.values()}
)


def defaults(resource_type: str, number: int, now: float) -> dict[str, Any]:
    """Return every attribute of a type: a plausible value where a resource always has one, else null.

    Args:
        resource_type: The type.
        number: Number of the resource among those of its type, from 1.
        now: Seconds since 1970.
    """
    fixed, templates = _templates(resource_type)
    values = dict(fixed)
    if templates:
        now_text = timestamp(now)
        fields = {"n": number, "now": now_text, "today": now_text[:10]}
        if resource_type in _WITH_EXPIRY:
            fields |= {"soon": timestamp(now + _INVITATION_LIFE), "later": timestamp(now + _BUILD_LIFE)}
        for name, template in templates.items():
            values[name] = template.format(attribute=name, **fields)
    return values


@depends_on_spec
@cache
def _templates(resource_type: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values that are the same for every resource, and the templates that are formatted for each."""
    fixed: dict[str, Any] = {}
    templates: dict[str, str] = {}
    known = _KNOWN.get(resource_type, {})
    for schema in api_spec().schemas_of(resource_type):
        required = api_spec().required_attributes(schema)
        for name, code in schema.attributes.items():
            value = known[name] if name in known else _of_type(code, required=name in required)
            fixed[name] = value
            if isinstance(value, str) and "{" in value:
                templates[name] = value
    return fixed, templates


def _of_type(code: ValueType, *, required: bool) -> Any:
    if code == "boolean":
        return False
    if not required:
        return None
    allowed = api_spec().enum(code)
    if allowed:
        return allowed[0]
    if isinstance(code, list):
        return []
    if isinstance(code, str) and code.startswith("integer:"):
        return max(1, int(code[8:].partition("..")[0]))
    return _BY_FORMAT.get(code) if isinstance(code, str) else None
