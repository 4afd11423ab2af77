"""Repairs of a key's text, one for each kind of damage caused by editors, shells and secret stores."""

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
    """Description of the damage in numbers. It contains no part of the text."""


# The visible form of each kind of invisible character: a line break, a space, or nothing.
_STANDS_FOR = {"Zl": "\n", "Zp": "\n", "Zs": " ", "Cf": "", "Cc": ""}
_NAMES = {"\r": "carriage return", "\ufeff": "byte order mark"}


def plain(character: str) -> str:
    """Return the visible form of a character: empty if it has no width, a space for a no-break space."""
    if character.isascii() and (character.isprintable() or character in "\n\t"):
        return character
    if character in "\r\v\f\x85":
        return "\n"
    return _STANDS_FOR.get(unicodedata.category(character), character)


def plain_text(text: str) -> str:
    """Return the visible form of a text."""
    return text.translate({ord(character): plain(character) for character in _odd(text)})


def _odd(text: str) -> list[str]:
    """Return the characters of a text that differ from their visible form, each once, in order."""
    return sorted((character for character in set(text) if plain(character) != character), key=text.index)


def is_only_crlf(text: str) -> bool:
    """Return whether the only invisible characters in a text are Windows line endings."""
    bare = text.replace("\r\n", "\n")
    return bare != text and not _odd(bare)


def _make_visible(text: str) -> Repair | None:
    """Remove or replace characters that editors do not show: byte order marks, carriage returns, zero-width spaces."""
    odd = Counter({character: text.count(character) for character in _odd(text)})
    if not odd:
        return None
    names = [
        f"{_NAMES.get(character) or unicodedata.name(character, '').lower() or f'U+{ord(character):04X}'} ({count})"
        for character, count in odd.most_common(3)
    ]
    return Repair(plain_text(text.replace("\r\n", "\n")), f"invisible characters: {', '.join(names)}")


def _unquote(text: str) -> Repair | None:
    """Remove quotes at either end."""
    bare = text.strip(QUOTES)
    if bare == text:
        return None
    ends = [f"{verb} with {mark}" for verb, mark in (("starts", text[0]), ("ends", text[-1])) if mark in QUOTES]
    return Repair(bare, f"it {' and '.join(ends)}")


_ESCAPED_BREAK = re.compile(r"\\{1,8}r\\{1,8}n|\\{1,8}[nr]")


def _unescape(text: str) -> Repair | None:
    r"""Replace literal ``\n`` and ``%0A``, and backslashes at line ends; none of these occurs in a key."""
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
    """Remove indentation, which YAML and heredocs leave in the text."""
    bare, count = _INDENT.subn("", text)
    return Repair(bare, f"{count} line{'s' * (count != 1)} with leading whitespace") if count else None


def _straighten_dashes(text: str) -> Repair | None:
    """Restore BEGIN and END lines in which dashes were replaced or lost."""
    straight = pem.BOUNDARY.sub(lambda line: f"-----{line[0].strip(pem.DASHES)}-----", text)
    return Repair(straight, "the dashes of its BEGIN and END lines are not five hyphens") if straight != text else None


def _decode(text: str) -> Repair | None:
    """Decode base64 of the whole file, or of its base64 text."""
    data = pem.decode_base64(text)
    if not data:
        return None
    decoded = pem.decode_text(data)
    visible = plain_text(decoded)
    if not visible or not (visible.isascii() or "BEGIN" in visible):
        return None
    return Repair(decoded, f"it is base64 of {len(decoded)} characters of text")


def _frame(text: str) -> Repair | None:
    """Add BEGIN and END lines to a key that has neither, or only the END line."""
    boundaries = list(pem.BOUNDARY.finditer(text))
    if any(boundary[1] == "BEGIN" for boundary in boundaries):
        return None
    body = text[: boundaries[0].start()] if boundaries else text
    data = pem.decode_base64(body)
    if not data or not pem.is_der(data):
        return None
    missing = "no BEGIN line" if boundaries else "no BEGIN and END lines"
    framed = pem.frame(pem.private_key_label(data) or "PRIVATE KEY", body)
    return Repair(framed, f"it is base64 of {len(data)} bytes with {missing}")


_BODY = re.compile(r"[ \t]*\n(?:\S+[ \t]*\n)+")
# A shell may have removed the backslash of each literal \n, so that only the letter n is left.
_BREAKS_AS_N = re.compile(r"n((?:[A-Za-z0-9+/]{64}n)*[A-Za-z0-9+/=]{1,64})n")


def _lay_out(text: str) -> Repair | None:
    """Restore line breaks that were replaced by spaces or the letter n, removed or doubled."""
    block = pem.main_block(text)
    if block is None or (block.on_own_lines and _BODY.fullmatch(block.body)):
        return None
    body = "".join(block.body.split())
    if match := _BREAKS_AS_N.fullmatch(body):
        body = "".join(match[1][at : at + 64] for at in range(0, len(match[1]), 65))
    if pem.decode_base64(body) is None:
        return None
    laid_out = pem.frame(block.label, body)
    had, has = text.count("\n") + 1, laid_out.count("\n") + 1
    seen = f"line count {had}, expected {has}" if had != has else "its BEGIN or END line is not a line of its own"
    return Repair(laid_out, seen) if laid_out != text else None


def _relabel(text: str) -> Repair | None:
    """Correct a BEGIN line, mostly written by hand, whose label does not match the form of the key."""
    block = pem.main_block(text)
    data = pem.decode_base64(block.body) if block else None
    label = pem.private_key_label(data) if data else None
    if block is None or label is None or label == block.label:
        return None
    return Repair(pem.frame(label, block.body), f"its BEGIN line says {block.label} instead of {label}")


REPAIRS: tuple[tuple[str, Callable[[str], Repair | None]], ...] = (
    ("key-invisible-characters", _make_visible),
    ("key-quoted", _unquote),
    ("key-newlines-lost", _unescape),
    ("key-indented", _unindent),
    ("key-pem-lines-missing", _straighten_dashes),
    ("key-base64-encoded", _decode),
    ("key-pem-lines-missing", _frame),
    ("key-newlines-lost", _lay_out),
    ("key-pem-lines-missing", _relabel),
)
"""The repairs, each with the cause that it proves, in the order in which they are tried.

After each repair they are tried from the start, because a repair can reveal further damage.
"""
