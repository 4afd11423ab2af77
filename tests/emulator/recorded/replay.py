"""Comparison of recorded responses of the real API with those of the emulator.

The recordings are lines of JSON with ``request`` (a description or the whole request), ``status`` and ``response``. A
case creates the state of the account in which a line was recorded, with ``add`` or requests, and sends the request.

Some lines are complete captures, others only have the parts of a response that somebody has published. Members that a
line has are compared. Members that it lacks are only compared if the line is a capture, whose errors have ids.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from emulator.harness import find_openapi
from emulator.resources.api_writer import ApiWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from emulator.harness import Answer

Json: TypeAlias = "dict[str, Any]"

# Ids: real ones, and the placeholders in published responses.
_ID = re.compile(
    r"[0-9a-zA-Z]{8}-[0-9a-zA-Z]{4}-[0-9a-zA-Z]{4}-[0-9a-zA-Z]{4}-[0-9a-zA-Z]{8,12}"  # UUID
    r"|\d{6,}|\{\w*[iI]d\}|<resource-id>|\byyyy\b|(?<=')(?=[A-Z0-9]{10}\d?')[A-Z0-9]{10}\d?"
)
# Lines with associated errors without the enclosing error. Another source of each line has the enclosing error.
_WITHOUT_ENCLOSING_ERROR = frozenset({25, 38})
_CUT = re.compile("…|\\.\\.\\.")
_UNKNOWN = "?"
_ERROR_TEXTS = ("status", "code", "title", "detail")


class Line(NamedTuple):
    """A line of the recordings."""

    number: int
    """Number of the line, starting with 0."""
    request: str
    status: int | str | None
    response: Json

    @property
    def about_associated_errors(self) -> bool:
        """True if the errors of the line are associated errors, without the enclosing error."""
        return " associated" in self.request or self.number in _WITHOUT_ENCLOSING_ERROR


class Replay(ApiWriter):
    """Client that writes requests, with a short method for adding resources that the requests need."""

    def add(self, resource_type: str, **members: Any) -> Json:
        return self.emulator_client.emulator.add(resource_type, **members)

    def fetch(self, path: str) -> Answer:
        return self.emulator_client.get(path)


Case: TypeAlias = "Callable[[Replay], Answer]"


def find_recordings() -> Path | None:
    """Return the path of the recordings, next to Apple's OpenAPI document; None if there are none."""
    document = find_openapi()
    path = document and document.with_name("recorded.jsonl")
    return path if path and path.is_file() else None


@cache
def recorded_lines() -> tuple[Line, ...]:
    """Return the lines of the recordings; none if they are not available."""
    path = find_recordings()
    if path is None:
        return ()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return tuple(Line(number, line["request"], line["status"], line["response"]) for number, line in enumerate(lines))


def differences(line: Line, answer: Answer) -> list[str]:
    """Return the differences between a recorded response and the emulator's, each as a sentence."""
    found = []
    if not line.about_associated_errors and isinstance(line.status, int) and answer.status != line.status:
        found.append(f"status {answer.status}, recorded {line.status}: {answer.body.decode()}")
        return found
    recorded = line.response.get("errors")
    if recorded is None:
        return [*found, *_missing(line.response, answer.json if answer.body else {}, "")]
    ours = answer.json.get("errors", [])
    if line.about_associated_errors:
        others = [other for one in ours for _, other in _associated(one)]
        return [
            _missing_error_text(error, others)
            for error in recorded
            if not any(not list(_error_differences(error, other)) for other in others)
        ]
    if len(recorded) != len(ours):
        return [*found, f"{len(ours)} errors, recorded {len(recorded)}: {ours}"]
    for error, other in zip(recorded, ours, strict=True):
        found.extend(_error_differences(error, other))
    return found


def _error_differences(recorded: Json, ours: Json) -> Iterator[str]:
    whole = "id" in recorded
    for name in _ERROR_TEXTS:
        if name in recorded:
            if not _same_text(recorded[name], ours.get(name), quoted=name == "detail" and not whole):
                yield f"{name} {ours.get(name)!r}, recorded {recorded[name]!r}"
        elif whole and name in ours:
            yield f"{name} {ours[name]!r}, none recorded"
    for name in ("source", "links"):
        if (name in recorded or whole) and recorded.get(name) != ours.get(name):
            yield f"{name} {ours.get(name)}, recorded {recorded.get(name)}"
    if whole and _id_form(recorded["id"]) != _id_form(ours["id"]):
        yield f"id {ours['id']!r}, recorded {recorded['id']!r}"
    yield from _meta_differences(recorded.get("meta", {}), ours, whole=whole)


def _meta_differences(recorded: Json, ours: Json, *, whole: bool) -> Iterator[str]:
    meta = ours.get("meta", {})
    extra = sorted(meta.keys() - recorded.keys()) if whole or recorded else []
    if extra:
        yield f"meta has {extra}, recorded {sorted(recorded)}"
    for name, value in recorded.items():
        if name != "associatedErrors":
            if meta.get(name) != value:
                yield f"meta {name} {meta.get(name)!r}, recorded {value!r}"
            continue
        others = list(_associated(ours))
        for path, errors in value.items():
            for error in errors:
                here = [other for at, other in others if path == _UNKNOWN or _masked(path) == _masked(at)]
                if not any(not list(_error_differences(error, other)) for other in here):
                    yield f"at {path}: {_missing_error_text(error, [other for _, other in others])}"


def _missing_error_text(error: Json, others: list[Json]) -> str:
    """Return a sentence about a recorded associated error that is missing, with the codes of the existing ones."""
    recorded = ", ".join(str(error[name]) for name in _ERROR_TEXTS if name in error)
    codes = dict.fromkeys(other["code"] for other in others)
    return f"no associated error {recorded}; there are {', '.join(codes) or 'none'}"


def _associated(error: Json) -> Iterator[tuple[str, Json]]:
    for path, errors in error.get("meta", {}).get("associatedErrors", {}).items():
        for one in errors:
            yield path, one


def _missing(recorded: Any, ours: Any, path: str) -> Iterator[str]:
    """Yield what a recorded document has and the emulator's document lacks; ids and URLs of links may differ."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        for name, value in recorded.items():
            if name not in ours:
                yield f"{path}/{name} is missing"
            elif name not in {"id", "self", "related"}:
                yield from _missing(value, ours[name], f"{path}/{name}")
    elif isinstance(recorded, list) and isinstance(ours, list) and ours:
        for index, (value, other) in enumerate(zip(recorded, ours, strict=False)):
            yield from _missing(value, other, f"{path}/{index}")
    elif not (recorded == ours or (isinstance(recorded, str) and _same_text(recorded, ours))):
        yield f"{path} is {ours!r}, recorded {recorded!r}"


def _same_text(recorded: str, ours: object, *, quoted: bool = False) -> bool:
    """Return whether a text is equal to the recorded one, ignoring ids and parts that are missing in the recording.

    A published quotation may have left out the sentences that follow, or the start of a sentence.
    """
    if recorded == _UNKNOWN:
        return ours is not None
    if not isinstance(ours, str):
        return False
    pattern = ".*".join(re.escape(part) for part in _CUT.split(_masked(recorded)))
    if quoted and recorded[0].islower():
        pattern = f".*{pattern}"
    if quoted:
        pattern = re.sub(r"(\\\.)?$", r"(\\.( .*)?)?", pattern, count=1)
    return re.fullmatch(pattern, _masked(ours), re.DOTALL) is not None


def _masked(text: str) -> str:
    return _ID.sub("ID", text)


def _id_form(identifier: str) -> str:
    return "UUID" if "-" in identifier else f"{len(identifier)} characters"
