"""The values of attributes: whether one fits its type, and a plausible one where none is given."""

from __future__ import annotations

import random
import re
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.emulator.catalogue import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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


_STAMP = re.compile(r"(.{10}T\d\d:\d\d)(:\d\d)?[.\d]*(?:Z|([+-]\d\d):?(\d\d))", re.ASCII)


def moment(text: str) -> float:
    """The seconds since 1970 of a text of the type ``date-time``, without fractions.

    Raises:
        ValueError: It is of no such type.
    """
    found = _STAMP.fullmatch(text)
    if found is None:
        raise ValueError(f"expected a date-time, got {text!r}")
    minute, second, hours, minutes = found.groups()
    # Python 3.10 reads no Z and no zone without a colon.
    return datetime.fromisoformat(f"{minute}{second or ''}{hours or '+00'}:{minutes or '00'}").timestamp()


# What stands for an attribute that was not given, where the catalogue cannot know better: {n} is the resource's number
# among those of its type, {now}, {soon} and {later} are times.
_KNOWN: Mapping[str, Mapping[str, Any]] = {
    "analyticsReportInstances": {"granularity": "DAILY", "processingDate": "{today}"},
    "apps": {"name": "App {n}", "bundleId": "com.example.app{n}", "sku": "APP{n}", "primaryLocale": "en-US"},
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
    "customerReviewResponses": {"state": "PUBLISHED", "lastModifiedDate": "{now}"},
    "devices": {"status": "ENABLED"},
    "betaAppReviewSubmissions": {"betaReviewState": "WAITING_FOR_REVIEW", "submittedDate": "{now}"},
    "buildBetaDetails": {
        "internalBuildState": "READY_FOR_BETA_TESTING",
        "externalBuildState": "READY_FOR_BETA_SUBMISSION",
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


def defaults(kind: str, number: int, now: float) -> dict[str, Any]:
    """Every attribute of a type: a plausible value where a resource always has one, else null.

    Args:
        kind: The type.
        number: Which resource of its type it is, from 1.
        now: Seconds since 1970.
    """
    fixed, written = _templates(kind)
    words = {
        "n": number,
        "now": timestamp(now),
        "soon": timestamp(now + _INVITATION_LIFE),
        "later": timestamp(now + _BUILD_LIFE),
        "today": timestamp(now)[:10],
    }
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


# Apple refuses a date where a date and time is wanted (observed); its own times have fractions, and zones without a
# colon (observed in recordings).
_TIMES = {
    "date": re.compile(r"[0-9-]{10}"),
    "date-time": re.compile(r"[0-9-]{10}T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)", re.ASCII),
}
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


class Misfit(NamedTuple):
    """A value that is not of its type."""

    path: tuple[str, ...]
    """Where it stands in the attribute: names of members and places in arrays."""
    value: Any
    code: Code
    """What was expected; of an unknown member, its object's."""
    unknown: bool = False
    """Whether it is a member that its object does not have."""


def misfit(code: Code, value: Any) -> str | None:
    """Say what is wrong with a value for its type: what was got and what was expected. None: it fits, or is null."""
    found = next(misfits(code, value), None)
    if found is None:
        return None
    if found.unknown:
        *before, name = found.path
        return "".join(f"{step}: " for step in before) + (
            f"got a member {name!r}, expected one of {', '.join(catalogue().members(found.code))}"
        )
    return "".join(f"{step}: " for step in found.path) + _explained(found.code, found.value)


def misfits(code: Code, value: Any, path: tuple[str, ...] = ()) -> Iterator[Misfit]:
    """Everything in a value that is not of its type; null fits every type."""
    if value is None:
        return
    if isinstance(code, list) and isinstance(value, list):
        for place, item in enumerate(value):
            yield from misfits(code[0], item, (*path, str(place)))
    elif _is_object(code) and isinstance(value, dict):
        members = catalogue().members(code)
        for name, item in value.items():
            if name in members or "*" in members:
                yield from misfits(members.get(name, members.get("*")), item, (*path, name))
            else:
                yield Misfit((*path, name), item, code, unknown=True)
    elif isinstance(code, list) or _is_object(code) or not _fits(code, value):
        yield Misfit(path, value, code)


def _is_object(code: Code) -> bool:
    return isinstance(code, dict) or (isinstance(code, str) and code.startswith("$"))


def _fits(code: Any, value: Any) -> bool:
    allowed = catalogue().enum(code)
    if allowed is not None:
        return value in allowed
    kind, bounds = _scalar(code)
    if not isinstance(value, kind) or (isinstance(value, bool) and bool not in kind):
        return False
    if bounds is not None:
        return value in bounds
    form = _TIMES.get(code)
    return form is None or _is_time(form, str(value))


def _is_time(form: re.Pattern[str], text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return form.fullmatch(text) is not None


@cache
def _scalar(code: str) -> tuple[tuple[type, ...], range | None]:
    """The Python types that a scalar may have, and its bounds."""
    kind, _, bounds = code.partition(":")
    lowest, _, highest = bounds.partition("..")
    types = (str,) if code == "string:number" else _PYTHON_TYPES.get(kind, (str,))
    return types, range(int(lowest), int(highest) + 1) if highest else None


def _explained(code: Code, value: Any) -> str:
    allowed = catalogue().enum(code)
    if allowed is not None:
        return f"got {value!r}, expected one of {', '.join(allowed)}"
    if isinstance(code, list) or _is_object(code):
        return f"got {_json_name(value)}, expected {_JSON_NAMES[list if isinstance(code, list) else dict]}"
    kind, bounds = _scalar(code)
    if not isinstance(value, kind) or isinstance(value, bool):
        return f"got {_json_name(value)}, expected {_JSON_NAMES[kind[0]]}"
    return f"got {value!r}, expected {f'{bounds[0]} to {bounds[-1]}' if bounds else code}"


def _json_name(value: Any) -> str:
    return _JSON_NAMES.get(type(value), type(value).__name__)
