"""Recognition of keys, tokens and passwords in untrusted text, by their form and by the words before them."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pytest_asc.apple import causes, messages, services
from pytest_asc.diagnosis.key.placeholders import placeholder
from pytest_asc.secrets import GRAM, KINDS, WORD, looks_secret, redactor

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_SIZE, _TAIL = 128 * 1024, 4 * 1024
"""Number of characters to search at the start and at the end of a text. Reports quote nothing in between."""

_MIN_MIXED = 20
_MIN_SECRET = 4
_MIN_PIECE = 8
_PUNCTUATION = "`*.,;:()[]{}"

# The end of a line, escaped or not, followed by the indentation or the quote marks (>) of the next line.
_BREAK = re.compile(r"(?:\\{1,4}r)?(?:\r?\n|\\{1,4}n)[ \t>|]{0,20}")
_CHARACTERS = f"{string.ascii_letters}{string.digits}+/=_.%-"
# Leading folders of a path, and the names of Apple's key files. They are not secret.
_PATH = re.compile(r"\A~?(?:[a-z_]{0,20}[0-9]{0,2}/){0,10}(?:[A-Z][A-Za-z]{1,11}Key_[A-Z0-9]{10}\b)?")

# A secret of any form after a word that announces it.
_NAMED = re.compile(
    r"(?:password|passwd|passphrase|secret|private_?key|api_?key|token|session)[\"'\\]{0,3}\s{0,4}(?:=>|[:=])\s{0,4}"
    r"[\"'\\]{0,3}([^\s\"'\\&,;<>]{8,2000})",
    re.IGNORECASE,
)
_NAMES = ("password", "passwd", "passphrase", "secret", "key", "token", "session")
"""Words, at least one of which occurs in every text that ``_NAMED`` matches. Searching for words is faster."""
_PASSWORDS = tuple(
    (words, re.compile(form, re.IGNORECASE))
    for words, form in (
        (("machine",), r"\bmachine\s{1,8}\S{1,300}\s{1,8}(?:login\s{1,8}\S{1,300}\s{1,8})?password\s{1,8}(\S{4,2000})"),
        (("-p",), r"\s(?:-p|--password|--pass)[ =][\"']?([^\s\"'@][^\s\"']{5,2000})"),
        (("://",), r"://[^/\s:@]{0,300}:([^@/\s]{4,300})@"),
        (("basic", "bearer"), r"\b(?:Basic|Bearer)\s{1,8}([^\s\"'\\]{8,4000})"),
        (("-",), r"\b([a-z]{4}(?:-[a-z]{4}){3})\b"),
    )
)


# Part of a BEGIN or END line, which is the same for all keys and not secret.
_PART_OF_BOUNDARY = re.compile(r"-----[A-Z]*|[A-Z]*-----")


def secrets_in(text: str) -> Iterator[str]:
    """Yield everything in a text that may be a secret or part of one.

    Words that occur in this package's own tables are not secret. A secret of several lines includes its line breaks.
    """
    text = text if len(text) <= _MAX_SIZE else f"{text[:_MAX_SIZE]} {text[-_TAIL:]}"
    for word in (*_words(text), *_blocks(text), *_named(text)):
        if word not in _own_texts() and not _PART_OF_BOUNDARY.fullmatch(word):
            yield word


def register_secrets(*evidence: object) -> None:
    """Register the secrets in texts, bytes and mappings with the redactor of this process."""
    for each in evidence:
        text = _as_text(each)
        for secret in secrets_in(text) if text else ():
            if len(set(secret)) < _MIN_SECRET:  # a line of dashes or spaces
                continue
            if len(secret) < GRAM:
                redactor.add_word(secret)
                continue
            redactor.add_token(secret)
            if "\n" in secret:  # a repr shows the line breaks escaped
                redactor.add_token(repr(secret)[1:-1])


def _as_text(evidence: object) -> str:
    if isinstance(evidence, (bytes, bytearray)):
        return bytes(evidence).decode("utf-8", "replace")
    if isinstance(evidence, Mapping):
        try:
            return json.dumps(evidence, default=str, skipkeys=True, ensure_ascii=False)
        except (ValueError, RecursionError):
            return ""
    return evidence if isinstance(evidence, str) else ""


def _words(text: str) -> Iterator[str]:
    for match in WORD.finditer(text):
        bare = _PATH.sub("", match[0], count=1)
        if looks_secret(bare) or any(map(_is_mixed, bare.split("/"))):
            yield bare
        elif "%" in bare and looks_secret(decoded := unquote(unquote(bare))):
            yield from (bare, decoded)


def _is_mixed(word: str) -> bool:
    """Return whether a word is long and has upper-case letters, lower-case letters and digits, as in few words."""
    return len(word) >= _MIN_MIXED and all(kind.search(word) for kind in KINDS)


def _blocks(text: str) -> Iterator[str]:
    """Yield values that extend over several lines, with and without their line breaks."""
    if "\n" not in text and "\\" not in text:
        return
    start, pieces = 0, [""]
    at = 0
    for found in (*_BREAK.finditer(text), None):
        end = found.start() if found else len(text)
        line = text[at:end]
        first = line[: len(line) - len(line.lstrip(_CHARACTERS))]
        if len(pieces) > 1 or pieces[0]:
            pieces.append(first)
            if first != line or not found:
                yield from _joined(text[start : at + len(first)], pieces)
        if first != line or not pieces[0]:
            last = line[len(line.rstrip(_CHARACTERS)) :]
            start, pieces = end - len(last), [last]
        at = found.end() if found else end


def _joined(block: str, pieces: list[str]) -> Iterator[str]:
    joined = "".join(pieces)
    if len([piece for piece in pieces if piece]) > 1 and looks_secret(joined):
        yield from (block, joined, *(piece for piece in pieces if len(piece) >= _MIN_PIECE))


def _named(text: str) -> Iterator[str]:
    lower = text.lower()
    if _may_have(_NAMES, lower):
        for match in _NAMED.finditer(text):
            value = match[1].strip(_PUNCTUATION)
            if re.search("[0-9]", value) and not _is_not_secret(value):
                yield value
    for words, form in _PASSWORDS:
        if _may_have(words, lower):
            values = (match[1].strip(_PUNCTUATION) for match in form.finditer(text))
            yield from (value for value in values if not _is_not_secret(value))


def _may_have(words: tuple[str, ...], lower: str) -> bool:
    """Return whether a pattern that requires one of the words may match a text in lower case.

    In a text that is not ASCII it always may: with ``re.IGNORECASE``, a dotless i matches an i.
    """
    return not lower.isascii() or any(word in lower for word in words)


def _is_not_secret(value: str) -> bool:
    """Return whether a value is no secret: it is too short, a placeholder, a variable or a function call."""
    return len(value) < _MIN_SECRET or value.startswith("$") or "(" in value or placeholder(value) is not None


@cache
def _own_texts() -> str:
    """Return the texts of this package's tables of causes, services and messages."""
    return repr((causes.CAUSES, services.SERVICES, messages.MESSAGES))
