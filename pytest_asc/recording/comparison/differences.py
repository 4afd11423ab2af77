"""Differences between two responses to the same request. They contain no values of the account."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from pytest_asc.emulator.spec.api_spec import api_spec, depends_on_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_asc.emulator.spec.compiled_format import ValueType
    from pytest_asc.recording.reader import ApiResponse

_OK = 200
_MAX_IDS = 5
_NAMES = re.compile(r"[A-Za-z][\w.-]{0,79}", re.ASCII)
_CODE = re.compile(r"[A-Z][A-Z0-9_.]{0,119}", re.ASCII)
_ID = re.compile(r"[\w.~=:-]{1,512}", re.ASCII)
_LINK = re.compile(r"(/[\w.~=:%-]{0,512}){1,8}", re.ASCII)
_PLAIN_LINK = re.compile(rf"https?://[\w.:-]+({_LINK.pattern})", re.ASCII)
"""Pattern of URLs without a query, which most links are."""
_ABSENT = "absent"
_OTHER = "(another form)"
_JSON_API = {"algorithm", "associatedErrors", "code", "detail", "id", "links", "meta", "parameter", "pointer", "source",
             "status", "title"}  # fmt: skip


class Difference(NamedTuple):
    """A difference between the responses of the live API and of the emulator."""

    path: str
    """Path and query of the request."""
    what: str
    """Kind: ``status``, ``code``, ``member``, ``type``, ``null``, ``order``, ``links``, ``paging`` or ``resources``."""
    where: str
    """Path in the response document, such as ``data.attributes.name``."""
    live: str
    emulator: str
    resource: tuple[str, str] | None = None
    """Type and id of the resource concerned; None if the difference is not about a single resource."""
    known: str | None = None
    """Reason for a known difference; None for any other."""

    def as_json(self) -> dict[str, Any]:
        """Return the difference as a JSON value."""
        members = {"method": "GET", **self._asdict()}
        if self.resource is None:
            del members["resource"]
        else:
            members["resource"] = {"type": self.resource[0], "id": self.resource[1]}
        if self.known is None:
            del members["known"]
        return members


def differences(path: str, live: ApiResponse, emulator: ApiResponse) -> Iterator[Difference]:
    """Yield the differences between two responses.

    Args:
        path: Path and query of the request.
        live: Response of the live API.
        emulator: Response of the emulator.
    """
    if live.status != emulator.status:
        yield Difference(path, "status", "", _status(live), _status(emulator))
        return
    if live.status != _OK:
        found: Iterator[Difference] = _of_errors(path, live, emulator)
    else:
        found = _of_documents(path, live.document, emulator.document)
    yield from found


def _status(response: ApiResponse) -> str:
    return " ".join([str(response.status), *_codes(response)])


def _codes(response: ApiResponse) -> list[str]:
    return sorted(_shown(code, _CODE) for code in response.codes)


def _of_errors(path: str, live: ApiResponse, emulator: ApiResponse) -> Iterator[Difference]:
    if _codes(live) != _codes(emulator):
        yield Difference(path, "code", "errors", " ".join(_codes(live)), " ".join(_codes(emulator)))
        return
    ours = _by_code(emulator)
    for code, error in _by_code(live).items():
        yield from _of_members(path, f"errors[{code}]", error, ours.get(code, {}), None)


def _by_code(response: ApiResponse) -> dict[str, Mapping[str, Any]]:
    errors = response.document.get("errors") if isinstance(response.document, dict) else None
    found = errors if isinstance(errors, list) else []
    return {_shown(str(error.get("code")), _CODE): error for error in found if isinstance(error, dict)}


def _of_documents(path: str, live: Any, emulator: Any) -> Iterator[Difference]:
    if not isinstance(live, dict) or not isinstance(emulator, dict):
        if kind_of(live) != kind_of(emulator):
            yield Difference(path, "type", "", kind_of(live), kind_of(emulator))
        return
    yield from _of_members(path, "", live, emulator, None, deep=False)
    yield from _of_data(path, live.get("data"), emulator.get("data"))
    yield from _of_included(path, live, emulator)
    yield from _of_links(path, "links", live.get("links"), emulator.get("links"), None)
    yield from _of_paging(path, live.get("meta"), emulator.get("meta"))


def _of_data(path: str, live: Any, emulator: Any) -> Iterator[Difference]:
    if kind_of(live) != kind_of(emulator):
        what = "null" if live is None or emulator is None else "type"
        yield Difference(path, what, "data", kind_of(live), kind_of(emulator))
    elif isinstance(live, list):
        ours = list(_resources(emulator))
        theirs = list(_resources(live))
        yield from _of_sets(path, "data", theirs, ours, None)
        if theirs != ours and sorted(theirs) == sorted(ours):
            place = next(place for place, one in enumerate(theirs) if one != ours[place])
            yield Difference(path, "order", f"data[{place}]", _ids(theirs[place:][:1]), _ids(ours[place:][:1]))
        by_id = _resources(emulator)
        for key, resource in _resources(live).items():
            if key in by_id:
                yield from _of_resources(path, "data", resource, by_id[key], key)
    elif isinstance(live, dict):
        theirs, ours = list(_resources([live])), list(_resources([emulator]))
        yield from _of_sets(path, "data", theirs, ours, None)
        if theirs == ours and theirs:
            yield from _of_resources(path, "data", live, emulator, theirs[0])


def _of_included(path: str, live: Mapping[str, Any], emulator: Mapping[str, Any]) -> Iterator[Difference]:
    theirs, ours = _resources(live.get("included")), _resources(emulator.get("included"))
    yield from _of_sets(path, "included", list(theirs), list(ours), None)
    for key, resource in theirs.items():
        if key in ours:
            yield from _of_resources(path, "included", resource, ours[key], key)


def _of_sets(
    path: str, where: str, live: list[tuple[str, str]], emulator: list[tuple[str, str]], key: tuple[str, str] | None
) -> Iterator[Difference]:
    more, less = [one for one in live if one not in emulator], [one for one in emulator if one not in live]
    if more or less:
        yield Difference(path, "resources", where, f"also {_ids(more)}", f"also {_ids(less)}", key)


def _of_resources(
    path: str, where: str, live: Mapping[str, Any], emulator: Mapping[str, Any], key: tuple[str, str]
) -> Iterator[Difference]:
    yield from _of_members(path, where, live, emulator, key, deep=False)
    for name in ("attributes", "relationships"):
        theirs, ours = live.get(name), emulator.get(name)
        if name not in live or name not in emulator:
            continue
        place = f"{where}.{name}"
        if not isinstance(theirs, dict) or not isinstance(ours, dict):
            if kind_of(theirs) != kind_of(ours):
                yield Difference(path, "type", place, kind_of(theirs), kind_of(ours), key)
        elif name == "attributes":
            yield from _of_members(path, place, theirs, ours, key)
        else:
            yield from _of_members(path, place, theirs, ours, key, deep=False)
            for relationship in sorted(theirs.keys() & ours.keys()):
                yield from _of_relationships(
                    path, f"{place}.{_shown(relationship)}", theirs[relationship], ours[relationship], key
                )
    yield from _of_links(path, f"{where}.links", live.get("links"), emulator.get("links"), key)


def _of_relationships(path: str, where: str, live: Any, emulator: Any, key: tuple[str, str]) -> Iterator[Difference]:
    if not isinstance(live, dict) or not isinstance(emulator, dict):
        if kind_of(live) != kind_of(emulator):
            yield Difference(path, "type", where, kind_of(live), kind_of(emulator), key)
        return
    yield from _of_members(path, where, live, emulator, key, deep=False)
    if "data" in live and "data" in emulator:
        theirs, ours = live["data"], emulator["data"]
        if kind_of(theirs) != kind_of(ours):
            what = "null" if theirs is None or ours is None else "type"
            yield Difference(path, what, f"{where}.data", kind_of(theirs), kind_of(ours), key)
        else:
            more, less = (list(_resources(one if isinstance(one, list) else [one])) for one in (theirs, ours))
            yield from _of_sets(path, f"{where}.data", more, less, key)
    yield from _of_links(path, f"{where}.links", live.get("links"), emulator.get("links"), key)


def _of_members(
    path: str,
    where: str,
    live: Mapping[str, Any],
    emulator: Mapping[str, Any],
    key: tuple[str, str] | None,
    *,
    deep: bool = True,
) -> Iterator[Difference]:
    """Compare the names of members; with ``deep``, also the types of their values, and which ones are null."""
    for name in sorted({*live, *emulator}, key=str):
        is_nested = ".attributes." in where or "[]" in where
        shown = str(name) if str(name) in _member_names() else _OTHER if is_nested else _shown(str(name))
        place = f"{where}.{shown}" if where else shown
        if name not in live or name not in emulator:
            theirs = kind_of(live[name]) if name in live else _ABSENT
            ours = kind_of(emulator[name]) if name in emulator else _ABSENT
            yield Difference(path, "member", place, theirs, ours, key)
        elif deep:
            yield from _of_values(path, place, live[name], emulator[name], key)


def _of_values(path: str, where: str, live: Any, emulator: Any, key: tuple[str, str] | None) -> Iterator[Difference]:
    if kind_of(live) != kind_of(emulator):
        what = "null" if live is None or emulator is None else "type"
        yield Difference(path, what, where, kind_of(live), kind_of(emulator), key)
    elif isinstance(live, dict):
        yield from _of_members(path, where, live, emulator, key)
    elif isinstance(live, list) and live and emulator:
        yield from _of_values(path, f"{where}[]", live[0], emulator[0], key)


def _of_links(path: str, where: str, live: Any, emulator: Any, key: tuple[str, str] | None) -> Iterator[Difference]:
    theirs, ours = _links(path, live), _links(path, emulator)
    for name in sorted(theirs.keys() | ours.keys()):
        if theirs.get(name) != ours.get(name):
            one, other = theirs.get(name, _ABSENT), ours.get(name, _ABSENT)
            yield Difference(path, "links", f"{where}.{_shown(name)}", one, other, key)


def _links(path: str, links: Any) -> dict[str, str]:
    """Return links without scheme, host and cursor, and only with parameters that the request has."""
    members = links.items() if isinstance(links, dict) else ()
    return {str(name): _link(path, link) if isinstance(link, str) else kind_of(link) for name, link in members}


def _link(path: str, link: str) -> str:
    plain = _PLAIN_LINK.fullmatch(link)
    if plain:
        return plain[1]
    own = {name for name, _ in parse_qsl(path.partition("?")[2].removesuffix(" (next page)"), keep_blank_values=True)}
    parts = urlsplit(link)
    text = "&".join(
        f"{one}={value}" if one in own else f"{_shown(one)}={_OTHER}"
        for one, value in sorted(parse_qsl(parts.query, keep_blank_values=True))
        if one != "cursor"
    )
    target = _shown(parts.path, _LINK)
    return f"{target}?{text}" if text else target


def _of_paging(path: str, live: Any, emulator: Any) -> Iterator[Difference]:
    theirs, ours = _paging(live), _paging(emulator)
    for name in sorted(theirs.keys() | ours.keys()):
        if theirs.get(name) != ours.get(name):
            one, other = theirs.get(name, _ABSENT), ours.get(name, _ABSENT)
            yield Difference(path, "paging", f"meta.paging.{_shown(name)}", one, other)


def _paging(meta: Any) -> dict[str, str]:
    paging = meta.get("paging") if isinstance(meta, dict) else None
    members = paging if isinstance(paging, dict) else {}
    numbers = {str(name): value for name, value in members.items() if name != "nextCursor"}
    shown = {name: str(value) if type(value) is int else kind_of(value) for name, value in numbers.items()}
    return shown if isinstance(paging, dict) else {"paging": kind_of(paging)} if isinstance(meta, dict) else {}


def _resources(items: Any) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return resources by type and id."""
    found = items if isinstance(items, list) else []
    return {(str(one.get("type")), str(one.get("id"))): one for one in found if isinstance(one, dict)}


def _ids(keys: list[tuple[str, str]]) -> str:
    shown = [f"{_shown(kind)} {_shown(identifier, _ID)}" for kind, identifier in keys[:_MAX_IDS]]
    more = [f"{len(keys) - _MAX_IDS} more"] if len(keys) > _MAX_IDS else []
    return ", ".join([*shown, *more]) or "none"


def _shown(text: str, form: re.Pattern[str] = _NAMES) -> str:
    """Return a name, code or id in a response, unless it has an unexpected form and could be a value."""
    return text if form.fullmatch(text) else _OTHER


@depends_on_spec
@cache
def _member_names() -> frozenset[str]:
    """Return the member names inside attributes and errors in Apple's document. Other names could be values."""
    names = set(_JSON_API)
    waiting: list[ValueType] = [
        value_type
        for resource_type in api_spec().types
        for schema in api_spec().schemas_of(resource_type)
        for value_type in schema.attributes.values()
    ]
    seen: set[str] = set()
    while waiting:
        value_type = waiting.pop()
        if isinstance(value_type, list):
            waiting += value_type
        elif str(value_type) not in seen and str(value_type).startswith(("$", "{")):
            seen.add(str(value_type))
            members = api_spec().members(value_type)
            names |= members.keys()
            waiting += members.values()
    return frozenset(names - {"*"})


def kind_of(value: Any) -> str:
    """Return the JSON type of a value."""
    if value is None:
        return "null"
    names = {bool: "boolean", int: "number", float: "number", str: "text", list: "array", dict: "object"}
    return names.get(type(value), "unknown")
