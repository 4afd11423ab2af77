"""Placeholders: values that were never replaced with the real one."""

from __future__ import annotations

import re

_FORMS = tuple(
    (what, re.compile(form, re.IGNORECASE | re.DOTALL))
    for what, form in (
        ("a variable that was not expanded", r"\$\{.*\}|\$\(.*\)|\$\w+|%\w+%|\{\{.*\}\}|@\w+@"),
        ("a reference that was not resolved", r"(op|env|vault|keychain|arn):\S+"),
        ("a masked value", r"[*\u2022]{3,}|x{3,}|\[?(masked|redacted|filtered|hidden)\]?"),
        ("a stand-in in angle brackets", r"<[^<>]*>"),
        ("a text with an ellipsis", r".*(\.\.\.|\u2026).*"),
        ("the words of a template", r"(change|replace)[-_ ]?(me|this).*|(your|my|insert|paste|add|enter)[-_ ].*"),
        ("a word for nothing", r"todo|tbd|placeholder|dummy|none|null|undefined"),
    )
)
# A key is longer, and a text with a BEGIN line is at least meant to be one.
_MAX_SIZE = 150


def placeholder(text: str) -> str | None:
    """Describe the placeholder that a text is, quotes and blanks aside; None if it is none."""
    value = text.strip("\"' \t\r\n")
    if len(value) > _MAX_SIZE or "BEGIN" in value:
        return None
    return next((what for what, form in _FORMS if form.fullmatch(value)), None)
