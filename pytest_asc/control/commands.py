"""Commands of the control API in one table, with the names and errors of :class:`pytest_asc.Emulator`."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from pytest_asc.apple.causes import CAUSES
from pytest_asc.apple.roles import ROLES
from pytest_asc.control.journal import details_of, entries_since
from pytest_asc.control.schemas import (
    BOOLEAN,
    OBJECT,
    OFFSET,
    SECONDS,
    STRING,
    TEXT,
    Schema,
    array_of,
    either,
    integer,
    members,
    one_of,
)
from pytest_asc.control.served_emulator import SERVED_FAULTS, TIME_MODES
from pytest_asc.emulator.account.account import members_of
from pytest_asc.emulator.account.fixture_loader import Entry
from pytest_asc.emulator.account.review_requirements import check_requirements
from pytest_asc.emulator.http_models import Broken
from pytest_asc.emulator.planned_failures import METHODS
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_asc.control.served_emulator import ServedEmulator

_JSON_VALUES = frozenset({"boolean", "integer", "number"})
_OK, _CREATED, _NO_CONTENT = 200, 201, 204


class Call(NamedTuple):
    """Arguments of a command."""

    path: Mapping[str, str]
    """Values of the parameters in the path."""
    query: Mapping[str, str]
    body: Any = None
    """The parsed body, which matches the command's schema; an empty object if there was no body."""


class Command(NamedTuple):
    """A command for one account."""

    method: str
    path: str
    """Path relative to the control URL; ``{name}`` is a parameter."""
    summary: str
    run: Callable[[ServedEmulator, Call], Any]
    """Function that runs the command and returns the JSON value of the response, or its JSON."""
    status: int = _OK
    body: Schema | None = None
    """Schema of the body; None if the command takes no body."""
    body_required: bool = True
    is_document: bool = False
    """True if the body is an account document."""
    query: Mapping[str, Schema] = {}


_RELATED = {"type": "object", "additionalProperties": members({}, {"data": {}}, others=True)}
_RESOURCE = members({"type": TEXT}, {"id": TEXT, "attributes": OBJECT, "relationships": _RELATED})
_LINKAGE = members({"type": TEXT, "id": TEXT}, {}, others=True)
_DAY = either("string", "integer")
_MONEY = either("string", "number")

SETTINGS = {
    "role": one_of(*ROLES),
    "rate_limit": {"type": ["integer", "null"], "minimum": 1, "maximum": 2**53},
    "clock_offset": OFFSET,
    "time": one_of(*TIME_MODES),
    "part_size": integer(1),
    "review_requirements": array_of(STRING),
}
"""Schemas of the settings of an account, by name."""


def _health(emulator: ServedEmulator, _: Call) -> Any:
    return {"status": "ok", "requests": emulator.request_count}


def _reset(emulator: ServedEmulator, call: Call) -> Any:
    emulator.reset()
    if call.body.get("sample"):
        emulator.load_sample()
    return {}


def _add(emulator: ServedEmulator, call: Call) -> Any:
    entry = _entry(call.body)
    return emulator.add(entry.resource_type, id=entry.identifier, **_members(entry)).copy()


def _counts(emulator: ServedEmulator, _: Call) -> Any:
    return emulator.count_resources()


def _find(emulator: ServedEmulator, call: Call) -> Any:
    _check_type(call)
    value_types, _relationships = members_of(call.path["type"])
    query = {name: _value(text, value_types.get(name)) for name, text in call.query.items()}
    return [resource.copy() for resource in emulator.find(call.path["type"], **query)]


def _get(emulator: ServedEmulator, call: Call) -> Any:
    _check_type(call)
    return emulator.get(call.path["type"], call.path["id"]).copy()


def _update(emulator: ServedEmulator, call: Call) -> Any:
    resource = _get(emulator, call)
    entry = _entry({"type": resource["type"], "id": resource["id"], **call.body})
    return emulator.update(resource, **_members(entry)).copy()


def _delete(emulator: ServedEmulator, call: Call) -> Any:
    emulator.delete(_get(emulator, call))


def _state(emulator: ServedEmulator, _: Call) -> Any:
    return emulator.dump_json()


def _replace(emulator: ServedEmulator, call: Call) -> Any:
    emulator.replace_account(call.body)
    return {}


def _load(emulator: ServedEmulator, call: Call) -> Any:
    emulator.load(call.body)
    return {}


def _load_sample(emulator: ServedEmulator, _: Call) -> Any:
    emulator.load_sample()
    return {}


def _requests(emulator: ServedEmulator, call: Call) -> Any:
    with_details = call.query.get("details") == "true"
    return entries_since(emulator, int(call.query.get("since", 0)), with_details=with_details)


def _request(emulator: ServedEmulator, call: Call) -> Any:
    number = call.path["number"]
    if not (number.isascii() and number.isdigit() and len(number) <= 16):  # noqa: PLR2004  digits that every JSON number can have
        raise LookupError(f"there is no request {number!r}: expected its number, starting with 1")
    return details_of(emulator, int(number))


def _fail(emulator: ServedEmulator, call: Call) -> Any:
    arguments = dict(call.body)
    if arguments.get("body") is not None:
        arguments["body"] = arguments["body"].encode()
    emulator.fail(arguments.pop("method"), arguments.pop("path"), **arguments)
    return _failures(emulator, call)


def _failures(emulator: ServedEmulator, _: Call) -> Any:
    return [
        {"method": one.method, "path": one.path, "status": one.status, "broken": one.broken, "times": one.times}
        for one in emulator.pending_failures
    ]


def _discard_failures(emulator: ServedEmulator, _: Call) -> Any:
    emulator.discard_failures()


def _faults(emulator: ServedEmulator, _: Call) -> Any:
    injected = emulator.faults
    return [{"cause": cause, "title": CAUSES[cause].title, "injected": cause in injected} for cause in SERVED_FAULTS]


def _end_faults(emulator: ServedEmulator, _: Call) -> Any:
    emulator.end_faults()


def _fault(emulator: ServedEmulator, call: Call) -> Any:
    emulator.fault(call.body["cause"])
    return {}


def _decisions(emulator: ServedEmulator, _: Call) -> Any:
    return emulator.open_decisions()


def _decide(emulator: ServedEmulator, call: Call) -> Any:
    body = call.body
    about = emulator.get(body["type"], body["id"]) if "id" in body else body["type"]
    emulator.decide(about, body["outcome"])
    return {}


def _time(emulator: ServedEmulator, call: Call) -> Any:
    seconds = call.body.get("advance")
    return {"happened": emulator.advance() if seconds is None else emulator.advance(seconds)}


def _deliver_webhooks(emulator: ServedEmulator, call: Call) -> Any:
    emulator.deliver_webhooks_to(call.body["url"])
    return {"url": call.body["url"]}


def _sell(emulator: ServedEmulator, call: Call) -> Any:
    details = dict(call.body)
    emulator.sell(details.pop("product"), **details)
    return {}


def _measure(emulator: ServedEmulator, call: Call) -> Any:
    values = dict(call.body)
    emulator.measure(values.pop("resource"), values.pop("metric"), **values)
    return {}


def _settings(emulator: ServedEmulator, _: Call) -> Any:
    return {
        "role": emulator.role,
        "rate_limit": emulator.rate_limit if emulator.limits_rate else None,
        "clock_offset": emulator.clock_offset,
        "time": emulator.time,
        "part_size": emulator.part_size,
        "review_requirements": sorted(emulator.review_requirements),
    }


def _set(emulator: ServedEmulator, call: Call) -> Any:
    given = dict(call.body)
    if "review_requirements" in given:
        given["review_requirements"] = check_requirements(frozenset(given["review_requirements"]))
    if "rate_limit" in given:
        emulator.limit_rate(given.pop("rate_limit"))
    for name, value in given.items():
        setattr(emulator, name, value)
    return _settings(emulator, call)


def _value(text: str, value_type: object) -> Any:
    """Parse the value of an attribute in a query: as JSON, except for strings and dates."""
    if isinstance(value_type, str) and (value_type in _JSON_VALUES or value_type.startswith(("$", "["))):
        with suppress(ValueError, RecursionError):
            return json.loads(text)
    return text


def _entry(document: Mapping[str, Any]) -> Entry:
    entry = Entry.read(0, document)
    if "id" in entry.attributes or "id" in entry.relationships:
        raise ValueError("the id is a member of the resource, not of its attributes or relationships")
    both = entry.attributes.keys() & entry.relationships.keys()
    if both:
        raise ValueError(f"{min(both)!r} is given both as an attribute and as a relationship")
    return entry


def _members(entry: Entry) -> dict[str, Any]:
    return {**entry.attributes, **entry.relationships}


def _check_type(call: Call) -> None:
    if call.path["type"] not in api_spec().types:
        from pytest_asc.emulator.account.account import nearest_names  # noqa: PLC0415  only needed for the message

        resource_type = call.path["type"]
        raise LookupError(f"there is no type {resource_type!r}{nearest_names(resource_type, api_spec().types)}")


COMMANDS = (
    Command("GET", "health", "Check that the emulator is running", _health),
    Command(
        "POST",
        "reset",
        "Reset to an empty account, without requests, planned failures and faults; keep keys and initial settings",
        _reset,
        body=members({}, {"sample": BOOLEAN}),
        body_required=False,
    ),
    Command("POST", "resources", "Add a resource", _add, _CREATED, _RESOURCE),
    Command("GET", "resources", "Count the resources of each type", _counts),
    Command("GET", "resources/{type}", "List the resources of a type", _find),
    Command("GET", "resources/{type}/{id}", "Read a resource", _get),
    Command(
        "PATCH",
        "resources/{type}/{id}",
        "Change a resource, without the restrictions of the API",
        _update,
        body=members({}, {"attributes": OBJECT, "relationships": _RELATED}),
    ),
    Command("DELETE", "resources/{type}/{id}", "Delete a resource", _delete, _NO_CONTENT),
    Command("GET", "state", "Read the whole account, as a document for PUT state", _state),
    Command("PUT", "state", "Replace the account", _replace, body=OBJECT, is_document=True),
    Command("POST", "state", "Add the content of a document to the account", _load, body=OBJECT, is_document=True),
    Command("POST", "sample", "Add the sample account", _load_sample),
    Command(
        "GET",
        "requests",
        "List the requests that the account has handled, newest last",
        _requests,
        query={"since": integer(0), "details": one_of("true", "false")},
    ),
    Command("GET", "requests/{number}", "Read a request with its headers and body, and its response", _request),
    Command(
        "POST",
        "failures",
        "Make the next requests with a method and path fail",
        _fail,
        body=members(
            {"method": one_of(*METHODS), "path": TEXT},
            {
                "status": {"type": ["integer", "null"]},
                "broken": {"type": ["string", "null"], "enum": [*get_args(Broken), None]},
                "latency": {"type": "number", "minimum": 0, "maximum": 3600},
                "sleep": BOOLEAN,
                "times": integer(1),
                "after": integer(0),
                "optional": BOOLEAN,
                "front_end": BOOLEAN,
                "code": either("string", "null"),
                "title": either("string", "null"),
                "detail": either("string", "null"),
                "headers": {"type": ["object", "null"], "additionalProperties": STRING},
                "body": either("string", "null"),
            },
        ),
    ),
    Command("GET", "failures", "List the planned failures that are still to happen", _failures),
    Command("DELETE", "failures", "Discard the planned failures", _discard_failures, _NO_CONTENT),
    Command("GET", "faults", "List the faults that can be injected, and whether each one is", _faults),
    Command(
        "POST",
        "faults",
        "Inject a fault",
        _fault,
        body=members({"cause": {**TEXT, "examples": list(SERVED_FAULTS)}}, {}),
    ),
    Command("DELETE", "faults", "End all faults", _end_faults, _NO_CONTENT),
    Command(
        "GET",
        "decisions",
        "List the open decisions of Apple and of people, with the possible outcomes",
        _decisions,
    ),
    Command(
        "POST",
        "decisions",
        "Choose the outcome of a decision, for a resource or for all of a type",
        _decide,
        body=members({"type": TEXT, "outcome": TEXT}, {"id": TEXT}),
    ),
    Command(
        "POST",
        "time",
        "Advance time by some seconds, or until Apple has finished all its work",
        _time,
        body=members({}, {"advance": {**SECONDS, "type": ["number", "null"]}}),
        body_required=False,
    ),
    Command(
        "POST",
        "webhooks",
        "Deliver the notifications of webhooks to a URL on this machine, or to none with null",
        _deliver_webhooks,
        body=members({"url": either("string", "null")}, {}),
    ),
    Command(
        "POST",
        "sales",
        "Record a sale",
        _sell,
        body=members(
            {"product": _LINKAGE},
            {
                "units": {"type": "integer"},
                "day": _DAY,
                "country": STRING,
                "product_type": STRING,
                "price": _MONEY,
                "currency": STRING,
                "proceeds": _MONEY,
                "device": STRING,
                "version": STRING,
            },
        ),
    ),
    Command(
        "POST",
        "measurements",
        "Record a measurement",
        _measure,
        body=members({"resource": _LINKAGE, "metric": TEXT}, {"day": _DAY}, others=True),
    ),
    Command("GET", "settings", "Read the settings", _settings),
    Command("PATCH", "settings", "Change settings; keep those that are left out", _set, body=members({}, SETTINGS)),
)
"""All commands for an account."""


def dump(document: Any) -> bytes:
    """Serialize a document for the body of a response; bytes are JSON already."""
    if not isinstance(document, bytes):
        document = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    return bytes(document) + b"\n"
