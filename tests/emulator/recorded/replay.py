"""Recorded answers of the real API, and their comparison with the emulator's.

The recordings are lines of JSON: ``request``, ``status`` and ``response``, in words or whole. A case brings about the
state of the account that a line was recorded in, by ``add`` or by requests, and sends the request.

Some lines are whole captures, others quote the parts of an answer that somebody wrote down. A member that a line has is
compared; one that it lacks is compared only where the line is a capture, which its errors' ids show.
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

# Ids, real ones and the placeholders of those who wrote them down.
_ID = re.compile(
    r"[0-9a-zA-Z]{8}-[0-9a-zA-Z]{4}-[0-9a-zA-Z]{4}-[0-9a-zA-Z]{4}-[0-9a-zA-Z]{8,12}"  # UUID
    r"|\d{6,}|\{\w*[iI]d\}|<resource-id>|\byyyy\b|(?<=')(?=[A-Z0-9]{10}\d?')[A-Z0-9]{10}\d?"
)
# Lines that tell associated errors as if they stood alone: another source of each has the error around it.
_TOLD_ALONE = frozenset({25, 38})
_CUT = re.compile("…|\\.\\.\\.")
_UNKNOWN = "?"
_ERROR_TEXTS = ("status", "code", "title", "detail")


class Line(NamedTuple):
    """One line of the recordings."""

    number: int
    """Counted from 0."""
    request: str
    status: int | str | None
    response: Json

    @property
    def about_associated_errors(self) -> bool:
        """True if the errors of the line are associated errors of another resource, told without the error around."""
        return " associated" in self.request or self.number in _TOLD_ALONE


class Replay(ApiWriter):
    """Writer of requests, with the short way to resources that the requests need."""

    def add(self, resource_type: str, **members: Any) -> Json:
        return self.emulator_client.emulator.add(resource_type, **members)

    def fetch(self, path: str) -> Answer:
        return self.emulator_client.get(path)


Case: TypeAlias = "Callable[[Replay], Answer]"


def find_recordings() -> Path | None:
    """Return the path of the recordings, beside Apple's OpenAPI document; None where they are not."""
    document = find_openapi()
    path = document and document.with_name("recorded.jsonl")
    return path if path and path.is_file() else None


@cache
def recorded_lines() -> tuple[Line, ...]:
    """Return the lines of the recordings; none where they are not here."""
    path = find_recordings()
    if path is None:
        return ()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return tuple(Line(number, line["request"], line["status"], line["response"]) for number, line in enumerate(lines))


def differences(line: Line, answer: Answer) -> list[str]:
    """Return each difference between a recorded answer and the emulator's, as a sentence."""
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
            _none_like(error, others)
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
                    yield f"at {path}: {_none_like(error, [other for _, other in others])}"


def _none_like(error: Json, others: list[Json]) -> str:
    """Return a sentence on a recorded associated error that is not there, with the codes of those that are."""
    recorded = ", ".join(str(error[name]) for name in _ERROR_TEXTS if name in error)
    codes = dict.fromkeys(other["code"] for other in others)
    return f"no associated error {recorded}; there are {', '.join(codes) or 'none'}"


def _associated(error: Json) -> Iterator[tuple[str, Json]]:
    for path, errors in error.get("meta", {}).get("associatedErrors", {}).items():
        for one in errors:
            yield path, one


def _missing(recorded: Any, ours: Any, path: str) -> Iterator[str]:
    """Yield what a recorded document has and the emulator's lacks; ids and the URLs of links may differ."""
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
    """Return whether a text is the recorded one, whatever its ids, and whatever stands where the recording is cut.

    Who quotes one sentence may have left out those after it, and who begins within a sentence, what stands before.
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
