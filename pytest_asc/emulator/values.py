"""The values of attributes: whether one fits its type, and a plausible one where none is given."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.catalogue import catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.catalogue import Code

# Apple writes its dates in the time of Cupertino (observed); without daylight saving here, so that they depend on
# nothing but the clock.
CUPERTINO = timezone(timedelta(hours=-8))

_NUMERIC = frozenset({"apps"})
_PORTAL = frozenset(
    {"bundleIds", "certificates", "devices", "merchantIds", "passTypeIds", "profiles"},
)
_PORTAL_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Identifiers:
    """Makes ids of the form that Apple gives a type's resources: the same sequence for the same seed.

    Apps have numbers, what the developer portal keeps has 10 capitals and digits, all else UUIDs (observed).
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random: random.Random | None = None

    def new(self, kind: str) -> str:
        """The next id for a resource of this type."""
        if kind in _NUMERIC:
            return str(self._source().randrange(10**9, 10**10))
        if kind in _PORTAL:
            return "".join(self._source().choices(_PORTAL_ALPHABET, k=10))
        return self.uuid()

    def uuid(self) -> str:
        """The next UUID."""
        text = f"{self._source().getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def _source(self) -> random.Random:
        if self._random is None:
            self._random = random.Random(self._seed)  # noqa: S311  ids of an emulator are no secrets
        return self._random


def timestamp(now: float) -> str:
    """A date and time as Apple writes it: ``2021-02-02T04:00:19-08:00``."""
    return datetime.fromtimestamp(now, CUPERTINO).isoformat(timespec="seconds")


# What stands for an attribute that was not given, where the catalogue cannot know better: {n} is the resource's number
# among those of its type, {now} and {later} are times.
_KNOWN: Mapping[str, Mapping[str, Any]] = {
    "analyticsReportInstances": {"granularity": "DAILY", "processingDate": "{today}"},
    "apps": {"name": "App {n}", "bundleId": "com.example.app{n}", "sku": "APP{n}", "primaryLocale": "en-US"},
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
    "customerReviewResponses": {"state": "PUBLISHED", "lastModifiedDate": "{now}"},
    "preReleaseVersions": {"version": "1.{n}", "platform": "IOS"},
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


def defaults(kind: str, number: int, now: float) -> dict[str, Any]:
    """Every attribute of a type: a plausible value where a resource always has one, else null.

    Args:
        kind: The type.
        number: Which resource of its type it is, from 1.
        now: Seconds since 1970.
    """
    fixed, written = _templates(kind)
    words = {"n": number, "now": timestamp(now), "later": timestamp(now + _BUILD_LIFE), "today": timestamp(now)[:10]}
    return {**fixed, **{name: text.format(attribute=name, **words) for name, text in written.items()}}


@cache
def _templates(kind: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of attributes that are the same for every resource, and the texts that are filled in for each."""
    fixed: dict[str, Any] = {}
    written: dict[str, str] = {}
    known = _KNOWN.get(kind, {})
    for schema in catalogue().schemas_of(kind):
        required = catalogue().required_attributes(schema)
        for name, code in schema.attributes.items():
            value = known.get(name)
            if value is None:
                value = _of_type(code, required=name in required)
            fixed[name] = value
            if isinstance(value, str) and "{" in value:
                written[name] = value
    return fixed, written


def _of_type(code: Code, *, required: bool) -> Any:
    if code == "boolean":
        return False
    if not required:
        return None
    allowed = catalogue().enum(code)
    if allowed:
        return allowed[0]
    if isinstance(code, list):
        return []
    if isinstance(code, str) and code.startswith("integer:"):
        return max(1, int(code[8:].partition("..")[0]))
    return _BY_FORMAT.get(code) if isinstance(code, str) else None


_PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}
_JSON_NAMES = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "text",
    list: "an array",
    dict: "an object",
}


def misfit(code: Code, value: Any) -> str | None:
    """Say what is wrong with a value for its type: what was got and what was expected. None: it fits, or is null."""
    if value is None:
        return None
    if isinstance(code, list):
        return _misfit_in_array(code[0], value)
    if isinstance(code, dict) or (isinstance(code, str) and code.startswith("$")):
        return _misfit_in_object(catalogue().members(code), value)
    allowed = catalogue().enum(code)
    if allowed is None:
        return _misfit_of_scalar(code, value)
    return None if value in allowed else f"got {value!r}, expected one of {', '.join(allowed)}"


def _misfit_of_scalar(code: str, value: Any) -> str | None:
    kind, _, bounds = code.partition(":")
    expected = (str,) if code == "string:number" else _PYTHON_TYPES.get(kind, (str,))
    if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
        return f"got {_json_name(value)}, expected {_JSON_NAMES[expected[0]]}"
    lowest, _, highest = bounds.partition("..")
    if highest and value not in range(int(lowest), int(highest) + 1):
        return f"got {value}, expected {lowest} to {highest}"
    return None


def _misfit_in_array(code: Code, value: Any) -> str | None:
    if not isinstance(value, list):
        return f"got {_json_name(value)}, expected an array"
    return next((problem for item in value if (problem := misfit(code, item))), None)


def _misfit_in_object(members: Mapping[str, Code], value: Any) -> str | None:
    if not isinstance(value, dict):
        return f"got {_json_name(value)}, expected an object"
    for name, item in value.items():
        code = members.get(name, members.get("*"))
        if code is None:
            return f"got a member {name!r}, expected one of {', '.join(members)}"
        problem = misfit(code, item)
        if problem:
            return f"{name}: {problem}"
    return None


def _json_name(value: Any) -> str:
    return _JSON_NAMES.get(type(value), type(value).__name__)
