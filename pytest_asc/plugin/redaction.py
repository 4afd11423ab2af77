"""Takes secrets out of pytest's report objects, in place, so that colours and structure stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_asc.secrets import Redactor


def redact(value: Any, redactor: Redactor) -> Any:
    """Return a value without secrets: strings are replaced, lists and pytest's own objects changed in place."""
    if isinstance(value, str):
        return redactor.clean(value)
    if isinstance(value, tuple):
        return tuple(redact(item, redactor) for item in value)
    if isinstance(value, list):
        value[:] = [redact(item, redactor) for item in value]
    elif isinstance(value, dict):
        for key, item in value.items():
            value[key] = redact(item, redactor)
    elif type(value).__module__.startswith("_pytest.") and hasattr(value, "__dict__"):
        for name, item in vars(value).items():
            # Some of pytest's report objects are frozen dataclasses.
            object.__setattr__(value, name, redact(item, redactor))
    return value
