"""Secret strings, and the redactor that replaces them in texts."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# No run of this many characters of a secret is ever shown. This is short enough that a truncated repr reveals nothing
# useful, and long enough that ordinary words do not match.
GRAM = 16
HIDDEN = "***"
# Every run of GRAM characters contains a run of PROBE characters that starts at a multiple of STEP, so it is enough to
# search at these positions.
PROBE = 8
STEP = GRAM - PROBE + 1
# mask() reads only the ends of a longer text.
_MAX_ID_LENGTH = 1_000
# A substring to search for first, which is fast, the kind of secret, and the pattern. The base64 patterns match the
# start of private keys in DER: PKCS #8, SEC 1 and PKCS #1.
_SECRETS = (
    ("PRIVATE KEY", "a private key", r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY"),
    ("AgEA", "a private key", r"(?<![\w+/])MIG[A-Za-z0-9]AgEA[\w+/]"),
    ("AgEB", "a private key", r"(?<![\w+/])MIGkAgEB[\w+/]"),
    ("AQEE", "a private key", r"(?<![\w+/])MHcCAQEE[\w+/]"),
    ("IBADAN", "a private key", r"(?<![\w+/])MII[A-Za-z0-9]{3}IBADAN[\w+/]"),
    ("IBAAK", "a private key", r"(?<![\w+/])MII[A-Za-z0-9]{3}IBAAK[CB][\w+/]"),
    ("MC4CAQAwBQYDK2V", "a private key", r"(?<![\w+/])MC4CAQAwBQYDK2V[\w+/]"),
    # The second look-ahead with its back-reference emulates an atomic group. Without it, a text with many possible
    # headers would take quadratic time.
    (".eyJ", "a JSON Web Token", r"(?<![\w-])(?=[\w-]*eyJ[\w-]{10})(?=([\w-]+))\1\.eyJ[\w-]{10,}\.[\w-]{16,}"),
    ("earer ", "a bearer token", r"\b[Bb]earer +[\w.~+/-]{20,}"),
    *((f"gh{kind}_", "a GitHub token", rf"\bgh{kind}_\w{{30,}}") for kind in "opsru"),
    ("github_pat_", "a GitHub token", r"\bgithub_pat_\w{30,}"),
    ("glpat-", "a GitLab token", r"\bglpat-[\w-]{20,}"),
    ("xox", "a Slack token", r"\bxox[abeoprs]-[\w-]{10,}"),
)

# A run of characters that occur in base64, tokens and percent-encoding.
WORD = re.compile(r"[A-Za-z0-9+/_%~-]{16,}={0,2}")
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{1,40}-----.*?(?:-----END [A-Z0-9 ]{1,40}-----|\Z)", re.DOTALL)
_PEM_LINE = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]{1,40}-----")
"""A BEGIN or END line, which is part of a key's text, but not secret."""
_HEXADECIMAL = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
_APP_PASSWORD = re.compile(r"\b[a-z]{4}(?:-[a-z]{4}){3}\b")
KINDS = tuple(map(re.compile, ("[A-Z]", "[a-z]", "[0-9]")))
_KEY_FILE = re.compile(r"[A-Z][A-Za-z]{1,11}Key_[A-Z0-9]{10}")
_KIND_CHANGES = re.compile(r"(?<=[A-Z])(?=[a-z0-9])|(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Za-z])")
_MIN_DISTINCT = 6
"""Minimum number of distinct characters in a secret."""
_MIN_KIND_CHANGES = 0.35
"""Minimum share of the characters of a secret that differ in kind from the one before them."""
_MAX_EXAMINED = 2_000
# This many random characters almost certainly include a digit.
_SURELY_HAS_DIGIT = 40


class SecretStr(str):
    """A ``str`` whose ``repr`` shows no part of it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {HIDDEN}>"


def mask(text: str) -> str:
    """Shorten an identifier so that its owner recognises it, but nobody else can use it.

    ``2X9R4HXF34`` becomes ``2X9R…34``, and an issuer ID becomes ``5724…072a``. Unprintable characters are escaped.
    """
    ends = text if len(text) <= _MAX_ID_LENGTH else text[:GRAM] + text[-GRAM:]
    shown = ends.encode("unicode_escape").decode("ascii")
    if len(shown) <= len("AAAABB"):
        return f"{shown[:1]}…"
    tail = 4 if len(shown) > GRAM else 2
    return f"{shown[:4]}…{shown[-tail:]}"


def looks_secret(word: str) -> bool:
    """Return whether a word looks like part of a key or token, and not like an ordinary word or a name in code.

    In random text, about every second character differs in kind (upper case, lower case, digit) from the one before it.
    In names, few characters do.
    """
    if len(word) < GRAM or len(set(word)) < _MIN_DISTINCT:
        return False
    if _HEXADECIMAL.fullmatch(word) or _APP_PASSWORD.fullmatch(word):
        return True
    start = word[:_MAX_EXAMINED]
    needed = KINDS if len(start) < _SURELY_HAS_DIGIT else KINDS[:2]
    pieces = (start, *start.split("/"))
    return any(
        len(piece) >= GRAM
        and not _KEY_FILE.fullmatch(piece)
        and all(kind.search(piece) for kind in needed)
        and len(_KIND_CHANGES.findall(piece)) >= _MIN_KIND_CHANGES * len(piece)
        for piece in pieces
    )


def hide_secrets(text: str) -> str:
    """Replace everything in a text that looks like a key, part of a token or an app-specific password."""
    text = _APP_PASSWORD.sub(HIDDEN, _PEM.sub(HIDDEN, text))
    return WORD.sub(lambda word: HIDDEN if looks_secret(word[0]) else word[0], text)


def secret_in(text: str) -> str | None:
    """Return the kind of secret that a text seems to contain, such as ``a private key``; None if it contains none."""
    if len(text) < GRAM:
        return None
    return next((kind for part, kind, form in _SECRETS if part in text and re.search(form, text)), None)


class Redactor:
    """Replaces registered secrets, and parts of them, in texts.

    Reports truncate and wrap long values and escape their line breaks, so it is not enough to search for whole secrets:
    every run of :data:`GRAM` characters that occurs in a secret is replaced.

    Args:
        keep: Number of the latest tokens and passwords to remember. Older tokens have expired and no longer occur in
            reports.
    """

    def __init__(self, keep: int = 2_000) -> None:
        self._keep = keep
        self._lines: list[str] = []
        self._tokens: deque[str] = deque(maxlen=keep)
        self._pending: deque[str] = deque(maxlen=keep)
        self._grams: set[str] = set()
        self._probes: set[str] = set()
        self._words: deque[str] = deque(maxlen=keep)

    def add_word(self, word: str) -> None:
        """Register a password, which is replaced as a whole and may be shorter than :data:`GRAM`."""
        if word and word not in self._words:
            self._words.append(word)

    def add_token(self, token: str) -> None:
        """Register a token. This is fast, because tokens are indexed only when a text is redacted."""
        self._pending.append(token)

    def add_key(self, text: str) -> None:
        """Register the words of a key's text, except for its BEGIN and END lines, which are not secret."""
        words = [
            word for word in text.replace("\\n", "\n").split() if len(word) >= GRAM and not word.startswith("-----")
        ]
        self._lines += words
        for word in words:
            self._add(word)

    def add_id(self, text: str) -> None:
        """Register an identifier that reports do not show in full."""
        self._lines.append(text)
        self._add(text)

    def __bool__(self) -> bool:
        return bool(self._lines or self._tokens or self._pending or self._words)

    def clean(self, text: str) -> str:
        """Return ``text`` with every part of a secret replaced by ``***``; the same object if there is none."""
        if not self.may_contain_secret(text):
            return text
        for word in self._words:
            text = text.replace(word, HIDDEN)
        grams = self._grams
        hidden = [at for at in range(len(text) - GRAM + 1) if text[at : at + GRAM] in grams]
        return _replace_runs(text, hidden) if hidden else text

    def may_contain_secret(self, text: str) -> bool:
        """Return whether a text may contain part of a secret. This takes a tenth of the time of a full search."""
        if self._pending:
            self._index_tokens()
        if any(word in text for word in self._words):
            return True
        return not self._probes.isdisjoint([text[at : at + PROBE] for at in range(0, len(text) - PROBE + 1, STEP)])

    def _index_tokens(self) -> None:
        drops_tokens = len(self._tokens) + len(self._pending) > self._keep
        new = [self._pending.popleft() for _ in range(len(self._pending))]
        self._tokens.extend(new)
        if drops_tokens:
            self._grams.clear()
            self._probes.clear()
            new = [*self._lines, *self._tokens]
        for secret in new:
            self._add(secret)

    def _add(self, secret: str) -> None:
        for piece in _PEM_LINE.split(secret):
            self._grams.update(_runs(piece, GRAM))
            if len(piece) >= GRAM:
                self._probes.update(_runs(piece, PROBE))


def _runs(text: str, length: int) -> Iterable[str]:
    return (text[at : at + length] for at in range(len(text) - length + 1))


def _replace_runs(text: str, hidden: Iterable[int]) -> str:
    """Replace the runs that start at the given positions. Overlapping and adjacent runs are replaced as one."""
    parts: list[str] = []
    shown_to = 0
    for at in hidden:
        if at > shown_to or not parts:
            parts += (text[shown_to:at], HIDDEN)
        shown_to = at + GRAM
    return "".join([*parts, text[shown_to:]])


redactor = Redactor()
"""The redactor of this process, with which keys and tokens are registered when they are read or generated."""
