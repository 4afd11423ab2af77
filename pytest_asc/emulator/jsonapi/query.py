"""Parser of query parameters: filtering, sorting, sparse fieldsets, inclusion and pagination (JSON:API)."""

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

# Filters that Apple accepts and ignores, by path (observed by two teams).
_IGNORED_FILTERS: Mapping[str, frozenset[str]] = {
    "/v1/appStoreVersionLocalizations/{id}/appScreenshotSets": frozenset({"screenshotDisplayType"}),
}
# Allowed values of filters for which Apple's document has no enum, by path and name (observed:
# rorkai/App-Store-Connect-CLI:docs/API_NOTES.md; the text of the error is inferred).
_ONLY_VALUES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("/v1/subscriptionPricePoints/{id}/adjustedEqualizations", "planType"): ("MONTHLY",),
}
_MAX_OFFSET_DIGITS = 18  # more resources than any account has
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True)
class Query:
    """A parsed and validated query. If ``errors`` is not empty, the other attributes must not be used."""

    filters: Mapping[str, tuple[str, ...]]
    """Accepted values by filter. A resource must match all filters."""
    exists: Mapping[str, bool]
    sort: tuple[tuple[str, bool], ...]
    """Attributes to sort by, each with True for descending order."""
    fields: Mapping[str, frozenset[str]]
    """Sparse fieldsets by type."""
    include: tuple[str, ...]
    enum_parameters: Mapping[str, tuple[str, ...]]
    """Values of ``period``, ``granularity`` and ``groupBy``, if they are given."""
    limit: int
    limits: Mapping[str, int]
    """Maximum number of related resources to include, by relationship."""
    offset: int
    """Number of resources on the pages before this one."""
    text: str
    """The query for the ``self`` link, percent-encoded; empty if there is none."""
    next_text: str
    """The query for the ``next`` link, without the cursor that precedes it."""
    errors: tuple[ApiError, ...]

    @cached_property
    def selection(self) -> tuple[object, ...]:
        """Cache key with filters and sort order, equal for all pages of a collection."""
        return tuple(self.filters.items()), tuple(self.exists.items()), self.sort


def parse(operation: Operation, text: str) -> Query:
    """Parse a query and validate each of its parameters.

    Args:
        operation: Operation of the request.
        text: The query of the URL, without ``?``.

    Returns:
        The query, with all errors in :attr:`Query.errors`.
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
            # The values of a repeated parameter are joined (inferred).
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
            next_text=_encode([pair for pair in pairs if self.is_in_next_link(pair[0])]),
            errors=tuple(self.errors),
        )

    def is_in_next_link(self, name: str) -> bool:
        """Return whether the link to the next page repeats a parameter.

        The link omits the limits of relationships that are not included (observed: zelentsov-dev/asc-mcp #27).
        """
        if name.startswith("limit["):
            return name[6:-1] in self.include
        return name != "cursor"

    def parameter(self, name: str, value: str) -> None:
        family, bracket, rest = name.partition("[")
        member = rest.removesuffix("]")
        check = (_MEMBER_CHECKS if bracket else _CHECKS).get(family)
        if check is None or (bracket and not rest.endswith("]")):
            self.add_error(errors.PARAMETER_ILLEGAL, name)
        else:
            check(self, name, member, value)

    def add_error(self, template: ErrorTemplate, parameter: str, **values: object) -> None:
        self.errors.append(errors.at_parameter(template, parameter, **values))

    def check_filter(self, name: str, member: str, value: str) -> None:
        if member not in self.operation.filters:
            # An unknown filter is INVALID if the operation has other filters (documented), otherwise ILLEGAL.
            template = errors.FILTER_UNKNOWN if self.operation.filters else errors.PARAMETER_ILLEGAL
            self.add_error(template, name, value=member)
            return
        values = _split(value)
        allowed = api_spec().enum(self.operation.filters[member])
        only = _ONLY_VALUES.get((self.operation.path, member))
        for item in values:
            if allowed is not None and item not in allowed:
                self.add_error(errors.FILTER_VALUE, name, value=item)
            elif only is not None and item not in only:
                self.add_error(errors.FILTER_VALUE_OF, name, value=item, expected=", ".join(only))
        if member not in _IGNORED_FILTERS.get(self.operation.path, ()):
            self.filters[member] = values

    def check_exists(self, name: str, member: str, value: str) -> None:
        if member not in self.operation.exists:
            self.add_error(errors.PARAMETER_ILLEGAL, name)
        elif value not in _BOOLEANS:
            self.add_error(errors.EXISTS_VALUE, name, value=value)
        else:
            self.exists[member] = _BOOLEANS[value]

    def check_fields(self, name: str, member: str, value: str) -> None:
        if not self.operation.fields:
            self.add_error(errors.PARAMETER_ILLEGAL, name)
        elif member not in self.operation.fields:
            self.add_error(errors.FIELDS_TYPE, name, value=member)
        else:
            self.fields[member] = frozenset(
                self.allowed_items(name, _split(value), self.operation.fields[member], errors.FIELD_NAME)
            )

    def check_include(self, name: str, _member: str, value: str) -> None:
        if not self.operation.takes_include:
            self.add_error(errors.PARAMETER_ILLEGAL, name)
        else:
            self.include = self.allowed_items(name, _split(value), self.operation.include, errors.RELATIONSHIP_NAME)

    def check_enum_parameter(self, name: str, _member: str, value: str) -> None:
        if name not in self.operation.enum_parameters:
            self.add_error(errors.PARAMETER_ILLEGAL, name)
        else:
            items = _split(value) if name == "groupBy" else (value,)
            self.enum_parameters[name] = self.allowed_items(
                name, items, self.operation.enum_parameters[name], errors.ENUM_VALUE
            )

    def check_sort(self, name: str, _member: str, value: str) -> None:
        if not self.operation.sort:
            self.add_error(errors.PARAMETER_ILLEGAL, name)
        else:
            items = self.allowed_items(name, _split(value), self.operation.sort, errors.SORT_NAME)
            self.sort = [(item.removeprefix("-"), item.startswith("-")) for item in items]

    def check_limit(self, name: str, _member: str, value: str) -> None:
        self.limit = self.parse_limit(name, value, self.operation.limit)

    def check_included_limit(self, name: str, member: str, value: str) -> None:
        self.limits[member] = self.parse_limit(name, value, self.operation.limits.get(member))

    def check_cursor(self, name: str, _member: str, value: str) -> None:
        offset = decode_cursor(value)
        if self.operation.limit is None:
            self.add_error(errors.PARAMETER_ILLEGAL, name)
        elif offset is None:
            self.add_error(errors.CURSOR_VALUE, name, value=value)
        else:
            self.offset = offset

    def allowed_items(
        self, name: str, items: tuple[str, ...], allowed: frozenset[str], template: ErrorTemplate
    ) -> tuple[str, ...]:
        """Return the allowed items, and add an error for each of the others."""
        for item in items:
            if item not in allowed:
                self.add_error(template, name, value=item)
        return tuple(item for item in items if item in allowed)

    def parse_limit(self, name: str, value: str, maximum: int | None) -> int:
        """Return a limit from 1 to the maximum; add an error and return 1 if it is invalid."""
        if maximum is None:
            self.add_error(errors.PARAMETER_ILLEGAL, name)
        elif not (
            value.isascii() and value.isdecimal() and len(value) <= len(str(maximum)) and 1 <= int(value) <= maximum
        ):
            self.add_error(errors.LIMIT_VALUE, name, value=value, most=maximum)
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
    **dict.fromkeys(ENUM_PARAMETERS, _Parser.check_enum_parameter),
}


def encode_cursor(offset: int) -> str:
    """Return an opaque cursor for the page that starts at an offset."""
    return base64.urlsafe_b64encode(f"page.{offset}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> int | None:
    """Return the offset of a cursor; None if the cursor is not from :func:`encode_cursor`."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    number = text.removeprefix("page.")
    if len(number) > _MAX_OFFSET_DIGITS or not number.isdecimal() or encode_cursor(int(number)) != cursor:
        return None
    return int(number)


def _split(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for item in value.split(",") if item))


def _encode(pairs: list[tuple[str, str]]) -> str:
    """Encode a query in the style of Apple's links: brackets are percent-encoded, commas are not (observed)."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe=',')}" for name, value in pairs)
