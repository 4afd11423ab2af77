"""What a request's query asks for, checked against what its operation takes."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from pytest_asc.emulator.jsonapi import errors
from pytest_asc.emulator.spec.api_spec import ENUM_PARAMETERS, api_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_asc.emulator.jsonapi.errors import ApiError, ErrorTemplate
    from pytest_asc.emulator.spec.api_spec import Operation

DEFAULT_LIMIT = 50  # observed: fastlane/fastlane #17886
DEFAULT_INCLUDED_LIMIT = 10  # observed: MortenGregersen/Bagbutik #181

_LONGEST_OFFSET = 18  # digits: more is a number that no account needs
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True)
class Query:
    """A checked query. Where ``errors`` is not empty, the rest is not to be used."""

    filters: Mapping[str, tuple[str, ...]]
    """The values that each filter takes, any of them; a resource has to pass every filter."""
    exists: Mapping[str, bool]
    sort: tuple[tuple[str, bool], ...]
    """Attribute, and whether the order is descending."""
    fields: Mapping[str, frozenset[str]]
    """The members to show, by type; all where the type is not there."""
    include: tuple[str, ...]
    enum_parameters: Mapping[str, tuple[str, ...]]
    """``period``, ``granularity`` and ``groupBy``, where they are given."""
    limit: int
    limits: Mapping[str, int]
    """How many related resources to include at most, by relationship."""
    offset: int
    """How many resources the pages before this one held."""
    text: str
    """The query as links repeat it, encoded, with ``?``; empty where there is none."""
    next_text: str
    """The same without its cursor, to be put behind another one."""
    errors: tuple[ApiError, ...]

    @cached_property
    def selection(self) -> tuple[object, ...]:
        """What decides which resources are selected and in which order; the same for all pages."""
        return tuple(self.filters.items()), tuple(self.exists.items()), self.sort


def parse(operation: Operation, text: str) -> Query:
    """Take a query apart and check every parameter of it.

    Args:
        operation: What is asked for.
        text: The query as it stands in the URL, without ``?``.
    """
    pairs = parse_qsl(text, keep_blank_values=True)
    return _Parser(operation).run(pairs)


class _Parser:
    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.errors: list[ApiError] = []
        self.filters: dict[str, tuple[str, ...]] = {}
        self.exists: dict[str, bool] = {}
        self.sort: list[tuple[str, bool]] = []
        self.fields: dict[str, frozenset[str]] = {}
        self.include: tuple[str, ...] = ()
        self.enum_parameters: dict[str, tuple[str, ...]] = {}
        self.limit = min(DEFAULT_LIMIT, operation.limit or DEFAULT_LIMIT)
        self.limits: dict[str, int] = {}
        self.offset = 0

    def run(self, pairs: list[tuple[str, str]]) -> Query:
        merged: dict[str, str] = {}
        for name, value in pairs:
            # One parameter given twice is taken for a list (inferred).
            merged[name] = f"{merged[name]},{value}" if name in merged else value
        for name, value in merged.items():
            self.parameter(name, value)
        for name in sorted(self.operation.required - merged.keys()):
            self.errors.append(errors.at_parameter(errors.PARAMETER_REQUIRED, name))
        return Query(
            filters=self.filters,
            exists=self.exists,
            sort=tuple(self.sort),
            fields=self.fields,
            include=self.include,
            enum_parameters=self.enum_parameters,
            limit=self.limit,
            limits=self.limits,
            offset=self.offset,
            text=_encode(pairs),
            next_text=_encode([pair for pair in pairs if self.repeats(pair[0])]),
            errors=tuple(self.errors),
        )

    def repeats(self, name: str) -> bool:
        """Whether the link to the next page repeats a parameter.

        Limits of relationships that are not included are left out (observed: zelentsov-dev/asc-mcp #27).
        """
        if name.startswith("limit["):
            return name[6:-1] in self.include
        return name != "cursor"

    def parameter(self, name: str, value: str) -> None:
        family, bracket, rest = name.partition("[")
        member = rest.removesuffix("]")
        check = (_MEMBER_CHECKS if bracket else _CHECKS).get(family)
        if check is None or (bracket and not rest.endswith("]")):
            self.refuse(errors.PARAMETER_ILLEGAL, name)
        else:
            check(self, name, member, value)

    def refuse(self, form: ErrorTemplate, parameter: str, **values: object) -> None:
        self.errors.append(errors.at_parameter(form, parameter, **values))

    def check_filter(self, name: str, member: str, value: str) -> None:
        if member not in self.operation.filters:
            # An unknown filter is an invalid value where there are filters (documented), else no parameter at all.
            form = errors.FILTER_UNKNOWN if self.operation.filters else errors.PARAMETER_ILLEGAL
            self.refuse(form, name, value=member)
            return
        values = _split(value)
        allowed = api_spec().enum(self.operation.filters[member])
        wrong = [item for item in values if allowed is not None and item not in allowed]
        for item in wrong:
            self.refuse(errors.FILTER_VALUE, name, value=item)
        self.filters[member] = values

    def check_exists(self, name: str, member: str, value: str) -> None:
        if member not in self.operation.exists:
            self.refuse(errors.PARAMETER_ILLEGAL, name)
        elif value not in _BOOLEANS:
            self.refuse(errors.EXISTS_VALUE, name, value=value)
        else:
            self.exists[member] = _BOOLEANS[value]

    def check_fields(self, name: str, member: str, value: str) -> None:
        if not self.operation.fields:
            self.refuse(errors.PARAMETER_ILLEGAL, name)
        elif member not in self.operation.fields:
            self.refuse(errors.FIELDS_TYPE, name, value=member)
        else:
            self.fields[member] = frozenset(
                self.known(name, _split(value), self.operation.fields[member], errors.FIELD_NAME)
            )

    def check_include(self, name: str, _member: str, value: str) -> None:
        if not self.operation.include:
            self.refuse(errors.PARAMETER_ILLEGAL, name)
        else:
            self.include = self.known(name, _split(value), self.operation.include, errors.RELATIONSHIP_NAME)

    def check_choice(self, name: str, _member: str, value: str) -> None:
        if name not in self.operation.enum_parameters:
            self.refuse(errors.PARAMETER_ILLEGAL, name)
        else:
            items = _split(value) if name == "groupBy" else (value,)
            self.enum_parameters[name] = self.known(
                name, items, self.operation.enum_parameters[name], errors.CHOICE_VALUE
            )

    def check_sort(self, name: str, _member: str, value: str) -> None:
        if not self.operation.sort:
            self.refuse(errors.PARAMETER_ILLEGAL, name)
        else:
            known = self.known(name, _split(value), self.operation.sort, errors.SORT_NAME)
            self.sort = [(item.removeprefix("-"), item.startswith("-")) for item in known]

    def check_limit(self, name: str, _member: str, value: str) -> None:
        self.limit = self.number(name, value, self.operation.limit)

    def check_included_limit(self, name: str, member: str, value: str) -> None:
        self.limits[member] = self.number(name, value, self.operation.limits.get(member))

    def check_cursor(self, name: str, _member: str, value: str) -> None:
        offset = decode_cursor(value)
        if self.operation.limit is None:
            self.refuse(errors.PARAMETER_ILLEGAL, name)
        elif offset is None:
            self.refuse(errors.CURSOR_VALUE, name, value=value)
        else:
            self.offset = offset

    def known(self, name: str, items: tuple[str, ...], allowed: frozenset[str], form: ErrorTemplate) -> tuple[str, ...]:
        """The items that are allowed; the others are refused, each by its name."""
        for item in items:
            if item not in allowed:
                self.refuse(form, name, value=item)
        return tuple(item for item in items if item in allowed)

    def number(self, name: str, value: str, most: int | None) -> int:
        if most is None:
            self.refuse(errors.PARAMETER_ILLEGAL, name)
        elif not (value.isascii() and value.isdecimal() and len(value) <= len(str(most)) and 1 <= int(value) <= most):
            self.refuse(errors.LIMIT_VALUE, name, value=value, most=most)
        else:
            return int(value)
        return 1


_MEMBER_CHECKS: Mapping[str, Callable[[_Parser, str, str, str], None]] = {
    "filter": _Parser.check_filter,
    "exists": _Parser.check_exists,
    "fields": _Parser.check_fields,
    "limit": _Parser.check_included_limit,
}
_CHECKS: Mapping[str, Callable[[_Parser, str, str, str], None]] = {
    "include": _Parser.check_include,
    "sort": _Parser.check_sort,
    "limit": _Parser.check_limit,
    "cursor": _Parser.check_cursor,
    **dict.fromkeys(ENUM_PARAMETERS, _Parser.check_choice),
}


def encode_cursor(offset: int) -> str:
    """Where the next page begins, in a form that invites nobody to count in it."""
    return base64.urlsafe_b64encode(f"page.{offset}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> int | None:
    """The offset that a cursor stands for; None where it is not one of ours."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    number = text.removeprefix("page.")
    if len(number) > _LONGEST_OFFSET or not number.isdecimal() or encode_cursor(int(number)) != cursor:
        return None
    return int(number)


def _split(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for item in value.split(",") if item))


def _encode(pairs: list[tuple[str, str]]) -> str:
    """Parameters as Apple's links show them: brackets encoded, commas not (observed)."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe=',')}" for name, value in pairs)
