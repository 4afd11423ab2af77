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

# Attributes, besides the arguments, that the texts of built-in exceptions are made of.
_MESSAGE_ATTRIBUTES = ("msg", "text", "strerror", "filename", "filename2", "reason", "name", "path")
# Types without a text.
_PLAIN = frozenset({bool, int, float, type(None)})


def redact(value: Any, redactor: Redactor) -> Any:
    """Return a copy of a value without secrets, or the value itself if it holds none.

    Strings, bytes, collections, dataclasses and pytest's own representations are searched to any depth, the keys of
    dictionaries included. Other objects are returned as they are. The value is not changed.
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
    """Return the attributes of an object that holds data; none of any other object."""
    names = [field.name for field in fields(value)] if is_dataclass(value) and not isinstance(value, type) else []
    if names or isinstance(value, SimpleNamespace) or hasattr(type(value), "toterminal"):
        names += getattr(value, "__dict__", {})
    return {name: getattr(value, name) for name in names if hasattr(value, name)}


def _same(old: Iterable[Any], new: Iterable[Any]) -> bool:
    return all(one is other for one, other in zip(old, new, strict=True))


def _texts(values: Iterable[Any]) -> list[str]:
    """Return all texts that :func:`redact` would search. Most reports hold no secret, so this must be fast."""
    texts: list[str] = []
    seen: set[int] = set()
    pending: list[Iterable[Any]] = [values]
    while pending:
        for value in pending.pop():
            kind = type(value)
            if kind in _PLAIN:
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
        if name != "result":  # nodes
            vars(report)[name] = redact(value, redactor)


def redact_exception(error: BaseException, redactor: Redactor) -> None:
    """Redact the messages of an exception and of its causes, in place."""
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        pending += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
        for name in ("args", "__notes__", *_MESSAGE_ATTRIBUTES, *getattr(one, "__dict__", ())):
            value = getattr(one, name, None)
            if name not in {"args", "__notes__"} and not isinstance(value, str):
                continue
            clean = redact(value, redactor)
            if clean is not value:
                with suppress(AttributeError, TypeError):  # read-only: what shows it is redacted as well
                    setattr(one, name, clean)
