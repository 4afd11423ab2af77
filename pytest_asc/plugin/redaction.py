"""Redaction of secrets in the objects that pytest and other plugins report."""

from __future__ import annotations

import copy
from contextlib import suppress
from dataclasses import fields, is_dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_asc.secrets import Redactor

# Attributes, besides args, that appear in the messages of built-in exceptions.
_MESSAGE_ATTRIBUTES = ("msg", "text", "strerror", "filename", "filename2", "reason", "name", "path")
# Types whose values contain no text.
_TYPES_WITHOUT_TEXT = frozenset({bool, int, float, type(None)})


def redact(value: Any, redactor: Redactor) -> Any:
    """Return a copy of a value without secrets, or the value itself if it contains none. The value is not changed.

    Strings, bytes, collections, dataclasses and pytest's own representations of failures are searched to any depth,
    including the keys of dictionaries. Other objects are returned unchanged.
    """
    return _redact(value, redactor, {})


def _redact(value: Any, redactor: Redactor, known: dict[int, Any]) -> Any:
    if isinstance(value, str):
        return redactor.clean(value)
    if isinstance(value, bytes):
        text = value.decode("latin-1")
        clean = redactor.clean(text)
        return value if clean is text else clean.encode("latin-1")
    if id(value) in known:
        return known[id(value)]
    known[id(value)] = value
    clean = _redact_compound(value, redactor, known)
    known[id(value)] = clean
    return clean


def _redact_compound(value: Any, redactor: Redactor, known: dict[int, Any]) -> Any:
    if isinstance(value, (list, tuple, set, frozenset)):
        old = list(value)
        new = [_redact(item, redactor, known) for item in old]
        if _same(old, new):
            return value
        return value._make(new) if hasattr(value, "_make") else type(value)(new)
    if isinstance(value, dict):
        old = [part for item in value.items() for part in item]
        new = [_redact(part, redactor, known) for part in old]
        if _same(old, new):
            return value
        changed = copy.copy(value)
        changed.clear()
        changed.update(zip(new[::2], new[1::2], strict=True))
        return changed
    attributes = _attributes(value)
    cleaned = {name: _redact(item, redactor, known) for name, item in attributes.items()}
    if _same(attributes.values(), cleaned.values()):
        return value
    changed = copy.copy(value)
    for name, item in cleaned.items():
        # Some of pytest's report objects are frozen dataclasses.
        object.__setattr__(changed, name, item)
    return changed


def _attributes(value: Any) -> dict[str, Any]:
    """Return the attributes of a dataclass, a namespace or a representation of pytest; of other objects, none."""
    names = [field.name for field in fields(value)] if is_dataclass(value) and not isinstance(value, type) else []
    if names or isinstance(value, SimpleNamespace) or hasattr(type(value), "toterminal"):
        names += getattr(value, "__dict__", {})
    return {name: getattr(value, name) for name in names if hasattr(value, name)}


def _same(old: Iterable[Any], new: Iterable[Any]) -> bool:
    return all(before is after for before, after in zip(old, new, strict=True))


def _texts(values: Iterable[Any]) -> list[str]:
    """Return all texts that :func:`redact` would search. This must be fast, because most reports contain no secret."""
    texts: list[str] = []
    seen: set[int] = set()
    pending: list[Iterable[Any]] = [values]
    while pending:
        for value in pending.pop():
            kind = type(value)
            if kind in _TYPES_WITHOUT_TEXT:
                continue
            if issubclass(kind, str):
                texts.append(value)
            elif issubclass(kind, bytes):
                texts.append(value.decode("latin-1"))
            elif id(value) not in seen:
                seen.add(id(value))
                if issubclass(kind, dict):
                    pending += (value.keys(), value.values())
                elif issubclass(kind, (list, tuple, set, frozenset)):
                    pending.append(value)
                else:
                    pending.append(_attributes(value).values())
    return texts


def redact_report(report: object, redactor: Redactor) -> None:
    """Redact all attributes of a report, including those that other plugins added."""
    if not redactor.may_contain_secret(
        "\0".join(_texts(value for name, value in vars(report).items() if name != "result"))
    ):
        return
    for name, value in list(vars(report).items()):
        if name != "result":  # the collected nodes
            vars(report)[name] = redact(value, redactor)


def redact_exception(error: BaseException, redactor: Redactor) -> None:
    """Redact the messages of an exception, of its causes and of the exceptions of a group, in place."""
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        pending += [current.__cause__, current.__context__, *getattr(current, "exceptions", ())]
        for name in ("args", "__notes__", *_MESSAGE_ATTRIBUTES, *getattr(current, "__dict__", ())):
            value = getattr(current, name, None)
            if name not in {"args", "__notes__"} and not isinstance(value, str):
                continue
            clean = redact(value, redactor)
            if clean is not value:
                with suppress(AttributeError, TypeError):  # read-only; the report that shows it is redacted, too
                    setattr(current, name, clean)
