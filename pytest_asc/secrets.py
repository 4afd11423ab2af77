"""Secret strings, and the redactor that removes them from texts."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# A run of this many characters of a secret is never shown: short enough that a clipped repr leaks nothing of use,
# long enough to match no ordinary word.
GRAM = 16
HIDDEN = "***"
# Every run of GRAM characters has PROBE characters that begin at a multiple of STEP.
PROBE = 8
STEP = GRAM - PROBE + 1
# Longer texts are masked by their ends alone.
_LONGEST_ID = 1_000
# The text of a key or token, and a part of it to search for first. Those in base64 are the beginnings of private keys
# in DER: PKCS #8, SEC 1 and PKCS #1.
_SECRETS = (
    ("PRIVATE KEY", "a private key", r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY"),
    ("AgEA", "a private key", r"(?<![\w+/])MIG[A-Za-z0-9]AgEA[\w+/]"),
    ("AgEB", "a private key", r"(?<![\w+/])MIGkAgEB[\w+/]"),
    ("AQEE", "a private key", r"(?<![\w+/])MHcCAQEE[\w+/]"),
    ("IBADAN", "a private key", r"(?<![\w+/])MII[A-Za-z0-9]{3}IBADAN[\w+/]"),
    ("IBAAK", "a private key", r"(?<![\w+/])MII[A-Za-z0-9]{3}IBAAK[CB][\w+/]"),
    ("MC4CAQAwBQYDK2V", "a private key", r"(?<![\w+/])MC4CAQAwBQYDK2V[\w+/]"),
    # The second look-ahead and its group take all characters of the header at once: each is read once, however many
    # headers a text seems to have.
    (".eyJ", "a JSON Web Token", r"(?<![\w-])(?=[\w-]*eyJ[\w-]{10})(?=([\w-]+))\1\.eyJ[\w-]{10,}\.[\w-]{16,}"),
    ("earer ", "a bearer token", r"\b[Bb]earer +[\w.~+/-]{20,}"),
    *((f"gh{kind}_", "a token of GitHub", rf"\bgh{kind}_\w{{30,}}") for kind in "opsru"),
    ("github_pat_", "a token of GitHub", r"\bgithub_pat_\w{30,}"),
    ("glpat-", "a token of GitLab", r"\bglpat-[\w-]{20,}"),
    ("xox", "a token of Slack", r"\bxox[abeoprs]-[\w-]{10,}"),
)

# A run of the characters that base64, tokens and percent-encoding are made of.
WORD = re.compile(r"[A-Za-z0-9+/_%~-]{16,}={0,2}")
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{1,40}-----.*?(?:-----END [A-Z0-9 ]{1,40}-----|\Z)", re.DOTALL)
_PEM_LINE = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]{1,40}-----")
"""No secret, though it stands in the text of one."""
_HEXADECIMAL = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
_APP_PASSWORD = re.compile(r"\b[a-z]{4}(?:-[a-z]{4}){3}\b")
KINDS = tuple(map(re.compile, ("[A-Z]", "[a-z]", "[0-9]")))
_KEY_FILE = re.compile(r"[A-Z][A-Za-z]{1,11}Key_[A-Z0-9]{10}")
_KIND_CHANGES = re.compile(r"(?<=[A-Z])(?=[a-z0-9])|(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Za-z])")
_FEWEST = 6
"""Different characters of a secret."""
_LEAST_CHANGES = 0.35
_LONGEST_EXAMINED = 2_000
# So many random characters have a digit among them.
_SURELY_MIXED = 40


class SecretStr(str):
    """A ``str`` whose ``repr`` holds no part of it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {HIDDEN}>"


def mask(text: str) -> str:
    """Shorten an identifier so that its owner recognises it and nobody else can use it.

    ``2X9R4HXF34`` becomes ``2X9R…34`` and an issuer ID ``5724…072a``. What is not printable is escaped.
    """
    ends = text if len(text) <= _LONGEST_ID else text[:GRAM] + text[-GRAM:]
    shown = ends.encode("unicode_escape").decode("ascii")
    if len(shown) <= len("AAAABB"):
        return f"{shown[:1]}…"
    tail = 4 if len(shown) > GRAM else 2
    return f"{shown[:4]}…{shown[-tail:]}"


def looks_secret(word: str) -> bool:
    """Return whether a word without blanks looks like a piece of a key or of a token, and not like one of a language.

    Random characters change between capitals, small letters and digits with every second one; names rarely do.
    """
    if len(word) < GRAM or len(set(word)) < _FEWEST:
        return False
    if _HEXADECIMAL.fullmatch(word) or _APP_PASSWORD.fullmatch(word):
        return True
    start = word[:_LONGEST_EXAMINED]
    needed = KINDS if len(start) < _SURELY_MIXED else KINDS[:2]
    pieces = (start, *start.split("/"))
    return any(
        len(piece) >= GRAM
        and not _KEY_FILE.fullmatch(piece)
        and all(kind.search(piece) for kind in needed)
        and len(_KIND_CHANGES.findall(piece)) >= _LEAST_CHANGES * len(piece)
        for piece in pieces
    )


def hide_secrets(text: str) -> str:
    """Replace what looks like a key, a piece of a token or an app-specific password in a text that is quoted."""
    text = _APP_PASSWORD.sub(HIDDEN, _PEM.sub(HIDDEN, text))
    return WORD.sub(lambda word: HIDDEN if looks_secret(word[0]) else word[0], text)


def secret_in(text: str) -> str | None:
    """Return the kind of key or token that a text looks like or holds: ``a private key``; None where it holds none."""
    if len(text) < GRAM:
        return None
    return next((kind for part, kind, form in _SECRETS if part in text and re.search(form, text)), None)


class Redactor:
    """Replaces every piece of a registered secret in a text, clipped pieces included.

    Reports clip long values in the middle, wrap them and escape their line ends, so a search for the whole secret is
    not enough: every run of :data:`GRAM` characters that occurs in a secret is taken out.
    """

    def __init__(self, keep: int = 2_000) -> None:
        self._keep = keep
        self._lines: list[str] = []
        self._tokens: deque[str] = deque(maxlen=keep)
        self._new: deque[str] = deque(maxlen=keep)
        self._grams: set[str] = set()
        self._probes: set[str] = set()
        self._words: deque[str] = deque(maxlen=keep)

    def add_word(self, word: str) -> None:
        """Register a password that may be shorter than :data:`GRAM`: it is replaced as a whole."""
        if word and word not in self._words:
            self._words.append(word)

    def add_token(self, token: str) -> None:
        """Register a token. Cheap: the work is done when a text is first cleaned.

        The latest ``keep`` tokens are remembered: those of long ago have left the reports, and have expired.
        """
        self._new.append(token)

    def add_key(self, text: str) -> None:
        """Register each word of a key's text, except the BEGIN and END lines, which are no secret."""
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
        return bool(self._lines or self._tokens or self._new or self._words)

    def clean(self, text: str) -> str:
        """Return ``text`` with every piece of a secret replaced by ``***``; the same object where there is none."""
        if not self.may_hold(text):
            return text
        for word in self._words:
            text = text.replace(word, HIDDEN)
        grams = self._grams
        hidden = [at for at in range(len(text) - GRAM + 1) if text[at : at + GRAM] in grams]
        return _cut(text, hidden) if hidden else text

    def may_hold(self, text: str) -> bool:
        """Return False where a text holds no piece of a secret; it takes a tenth of the time of a search."""
        if self._new:
            self._learn()
        if any(word in text for word in self._words):
            return True
        return not self._probes.isdisjoint([text[at : at + PROBE] for at in range(0, len(text) - PROBE + 1, STEP)])

    def _learn(self) -> None:
        forgets = len(self._tokens) + len(self._new) > self._keep
        new = [self._new.popleft() for _ in range(len(self._new))]
        self._tokens.extend(new)
        if forgets:
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


def _cut(text: str, hidden: Iterable[int]) -> str:
    """Replace the runs that begin at the given places, overlapping and touching ones as one."""
    parts: list[str] = []
    shown_to = 0
    for at in hidden:
        if at > shown_to or not parts:
            parts += (text[shown_to:at], HIDDEN)
        shown_to = at + GRAM
    return "".join([*parts, text[shown_to:]])


redactor = Redactor()
"""The redactor of this process: keys and tokens are registered where they are read or made."""
