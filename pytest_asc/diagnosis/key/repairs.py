"""Repairs of the text of a key, one for each kind of damage that editors, shells and secret stores cause."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from pytest_asc.diagnosis.key import pem

if TYPE_CHECKING:
    from collections.abc import Callable

QUOTES = "\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a"


class Repair(NamedTuple):
    """The result of one repair."""

    text: str
    evidence: str
    """Description of the damage, without any part of the key."""


# Replacements of invisible characters, by Unicode category: a line break, a space or nothing.
_REPLACEMENTS = {"Zl": "\n", "Zp": "\n", "Zs": " ", "Cf": "", "Cc": ""}
_NAMES = {"\r": "carriage return", "\ufeff": "byte order mark"}


def visible_form(character: str) -> str:
    """Return the replacement of an invisible character, such as a space for a no-break space; others are unchanged."""
    if character.isascii() and (character.isprintable() or character in "\n\t"):
        return character
    if character in "\r\v\f\x85":
        return "\n"
    return _REPLACEMENTS.get(unicodedata.category(character), character)


def replace_invisible_characters(text: str) -> str:
    """Replace the invisible characters in a text."""
    return text.translate({ord(character): visible_form(character) for character in _invisible_characters(text)})


def _invisible_characters(text: str) -> list[str]:
    """Return the distinct invisible characters of a text, in order of first occurrence."""
    return sorted((character for character in set(text) if visible_form(character) != character), key=text.index)


def is_only_crlf(text: str) -> bool:
    """Return whether Windows line endings are the only invisible characters in a text."""
    bare = text.replace("\r\n", "\n")
    return bare != text and not _invisible_characters(bare)


def _replace_invisible(text: str) -> Repair | None:
    """Replace characters that editors do not show: byte order marks, carriage returns, zero-width spaces."""
    invisible = Counter({character: text.count(character) for character in _invisible_characters(text)})
    if not invisible:
        return None
    names = [
        f"{_NAMES.get(character) or unicodedata.name(character, '').lower() or f'U+{ord(character):04X}'} ({count})"
        for character, count in invisible.most_common(3)
    ]
    return Repair(replace_invisible_characters(text.replace("\r\n", "\n")), f"invisible characters: {', '.join(names)}")


def _unquote(text: str) -> Repair | None:
    """Remove quotes at the start and at the end."""
    bare = text.strip(QUOTES)
    if bare == text:
        return None
    ends = [f"{verb} with {mark}" for verb, mark in (("starts", text[0]), ("ends", text[-1])) if mark in QUOTES]
    return Repair(bare, f"it {' and '.join(ends)}")


_ESCAPED_BREAK = re.compile(r"\\{1,8}r\\{1,8}n|\\{1,8}[nr]")


def _unescape(text: str) -> Repair | None:
    r"""Replace literal ``\n`` and ``%0A``, and remove backslashes, which never occur in a key."""
    decoded = unquote(text)
    broken, breaks = _ESCAPED_BREAK.subn("\n", decoded)
    bare = broken.replace("\\", "")
    damages = (
        ("it is percent-encoded", decoded != text),
        (f"{breaks} line break{'s' * (breaks != 1)} written as \\n", breaks),
        (f"{len(broken) - len(bare)} stray backslash{'es' * (len(broken) - len(bare) != 1)}", bare != broken),
    )
    return Repair(bare, ", ".join(evidence for evidence, applies in damages if applies)) if bare != text else None


_INDENT = re.compile(r"^[ \t]+(?=\S)", re.MULTILINE)


def _unindent(text: str) -> Repair | None:
    """Remove indentation, as YAML files and here-documents leave it."""
    bare, count = _INDENT.subn("", text)
    return Repair(bare, f"{count} line{'s' * (count != 1)} with leading whitespace") if count else None


def _straighten_dashes(text: str) -> Repair | None:
    """Restore the hyphens of BEGIN and END lines."""
    straight = pem.BOUNDARY.sub(lambda line: f"-----{line[0].strip(pem.DASHES)}-----", text)
    return (
        Repair(straight, "its BEGIN and END lines do not have five hyphens at each end") if straight != text else None
    )


def _decode(text: str) -> Repair | None:
    """Decode a key file that was encoded in base64 once more, with or without its BEGIN and END lines."""
    data = pem.decode_base64(text)
    if not data:
        return None
    decoded = pem.decode_text(data)
    visible = replace_invisible_characters(decoded)
    if not visible or not (visible.isascii() or "BEGIN" in visible):
        return None
    return Repair(decoded, f"it is text of {len(decoded)} characters encoded in base64")


def _add_boundaries(text: str) -> Repair | None:
    """Add the BEGIN and END lines to a key without a BEGIN line."""
    boundaries = list(pem.BOUNDARY.finditer(text))
    if any(boundary[1] == "BEGIN" for boundary in boundaries):
        return None
    body = text[: boundaries[0].start()] if boundaries else text
    data = pem.decode_base64(body)
    if not data or not pem.is_der(data):
        return None
    missing = "no BEGIN line" if boundaries else "no BEGIN and END lines"
    complete = pem.format_block(pem.private_key_label(data) or "PRIVATE KEY", body)
    return Repair(complete, f"it is a key in base64 ({len(data)} bytes) with {missing}")


_BODY = re.compile(r"[ \t]*\n(?:\S+[ \t]*\n)+")
# Shells may remove the backslash of a literal \n, so that only the letter n is left.
_BREAKS_AS_N = re.compile(r"n((?:[A-Za-z0-9+/]{64}n)*[A-Za-z0-9+/=]{1,64})n")


def _restore_line_breaks(text: str) -> Repair | None:
    """Restore line breaks that were removed, doubled, or replaced with spaces or the letter n."""
    block = pem.main_block(text)
    if block is None or (block.on_own_lines and _BODY.fullmatch(block.body)):
        return None
    body = "".join(block.body.split())
    if match := _BREAKS_AS_N.fullmatch(body):
        body = "".join(match[1][at : at + 64] for at in range(0, len(match[1]), 65))
    if pem.decode_base64(body) is None:
        return None
    restored = pem.format_block(block.label, body)
    count, expected_count = text.count("\n") + 1, restored.count("\n") + 1
    evidence = (
        f"line count {count}, expected {expected_count}"
        if count != expected_count
        else "its BEGIN or END line contains other text"
    )
    return Repair(restored, evidence) if restored != text else None


def _relabel(text: str) -> Repair | None:
    """Correct a BEGIN line whose label does not match the format of the key, usually because it was written by hand."""
    block = pem.main_block(text)
    data = pem.decode_base64(block.body) if block else None
    label = pem.private_key_label(data) if data else None
    if block is None or label is None or label == block.label:
        return None
    return Repair(pem.format_block(label, block.body), f"its BEGIN line says {block.label} instead of {label}")


REPAIRS: tuple[tuple[str, Callable[[str], Repair | None]], ...] = (
    ("key-invisible-characters", _replace_invisible),
    ("key-quoted", _unquote),
    ("key-newlines-lost", _unescape),
    ("key-indented", _unindent),
    ("key-pem-lines-missing", _straighten_dashes),
    ("key-base64-encoded", _decode),
    ("key-pem-lines-missing", _add_boundaries),
    ("key-newlines-lost", _restore_line_breaks),
    ("key-pem-lines-missing", _relabel),
)
"""The repairs in the order in which they are tried, each with the cause that it proves.

After a repair, all of them are tried again from the start, because it can reveal further damage.
"""
