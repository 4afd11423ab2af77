"""Encodings of keys: PEM blocks, base64, and the outermost bytes of DER. Nothing here is specific to Apple."""

from __future__ import annotations

import base64
import re
from itertools import pairwise
from typing import NamedTuple

# Editors replace hyphens with longer dashes, or several hyphens with one dash.
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_WORDS = r"[A-Z0-9]+(?:\s{1,8}[A-Z0-9]+){0,5}"
# Repetitions are bounded, so that searching takes linear time.
BOUNDARY = re.compile(
    rf"(?<![{DASHES}])[{DASHES}]{{1,10}}\s{{0,8}}(BEGIN|END)\s{{0,8}}({_WORDS})\s{{0,8}}[{DASHES}]{{1,10}}"
)
"""A BEGIN or END line, even if dashes or spaces are damaged. Groups: BEGIN or END, and the label."""

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+")
_URL_SAFE = str.maketrans("-_", "+/")
# The words of labels, to restore a label that has lost its spaces.
_LABELS = {
    label.replace(" ", ""): label
    for label in ("PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PUBLIC KEY")
}


class Block(NamedTuple):
    """A PEM block."""

    label: str
    body: str
    """The text between the BEGIN and the END line."""
    on_own_lines: bool
    """True if the BEGIN and END lines are well-formed and contain nothing else."""


def main_block(text: str) -> Block | None:
    """Return the first private key in a text, or else its first PEM block of any kind; None if there is no block.

    Other blocks may precede the key: ``openssl ecparam`` writes EC PARAMETERS first, some tools write a certificate.
    """
    blocks = [
        _block(text, begin, end)
        for begin, end in pairwise(BOUNDARY.finditer(text))
        if (begin[1], end[1]) == ("BEGIN", "END")
    ]
    return next((block for block in blocks if block.label.endswith("PRIVATE KEY")), blocks[0] if blocks else None)


def count_private_keys(text: str) -> int:
    """Return the number of different private keys in a text."""
    boundaries = pairwise(BOUNDARY.finditer(text))
    bodies = (
        "".join(text[begin.end() : end.start()].split())
        for begin, end in boundaries
        if (begin[1], end[1]) == ("BEGIN", "END") and _label(begin).endswith("PRIVATE KEY")
    )
    return len(set(bodies))


def _block(text: str, begin: re.Match[str], end: re.Match[str]) -> Block:
    own_lines = all(
        boundary[0] == f"-----{boundary[1]} {_label(boundary)}-----"
        and text[: boundary.start()].rpartition("\n")[2] == ""
        and text[boundary.end() :].partition("\n")[0].strip() == ""
        for boundary in (begin, end)
    )
    return Block(_label(begin), text[begin.end() : end.start()], own_lines)


def _label(boundary: re.Match[str]) -> str:
    parts = boundary[2].split()
    return _LABELS.get("".join(parts), " ".join(parts))


def format_block(label: str, body: str) -> str:
    """Format a PEM block from a label and base64 text, which may contain whitespace."""
    digits = "".join(body.split())
    lines = (digits[at : at + 64] for at in range(0, len(digits), 64))
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])


def decode_base64(text: str) -> bytes | None:
    """Decode base64 or base64url, even if it is wrapped, truncated or not padded; return None for any other text."""
    digits = "".join(text.split()).rstrip("=")
    # A PEM block without whitespace would match as well, because of its hyphens.
    if not _BASE64.fullmatch(digits) or ("-" in digits and BOUNDARY.search(text)):
        return None
    # A single character at the end encodes only six bits, less than a byte.
    whole = digits[:-1] if len(digits) % 4 == 1 else digits
    return base64.b64decode(whole.translate(_URL_SAFE) + "=" * (-len(whole) % 4))


def encode_base64(data: bytes) -> str:
    """Encode as base64 in one line."""
    return base64.b64encode(data).decode("ascii")


def decode_text(data: bytes) -> str:
    """Decode a text in UTF-8, UTF-16 or a Windows code page. A byte order mark is kept."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16-le" if data[:1] == b"\xff" else "utf-16-be", errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


SEQUENCE = rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...)"
"""Regular expression for the start of a SEQUENCE in DER or BER; some PKCS#12 archives have an indefinite length."""
_DER = re.compile(SEQUENCE + rb"[\x02\x06\x30]", re.DOTALL)
_PRIVATE_KEYS = (
    ("EC PRIVATE KEY", re.compile(SEQUENCE + rb"\x02\x01\x01\x04", re.DOTALL)),  # RFC 5915: version 1, octets
    ("PRIVATE KEY", re.compile(SEQUENCE + rb"\x02\x01[\x00\x01]\x30", re.DOTALL)),  # RFC 5958: version, algorithm
)


def is_der(data: bytes) -> bool:
    """Return whether data is DER of a key, certificate or archive, and not text."""
    return bool(_DER.match(data)) and any(byte < ord("\t") for byte in data)


def der_size(data: bytes) -> int | None:
    """Return the size of the outermost DER element in bytes, including its header; None if its length is indefinite."""
    first = data[1]
    if first < 0x80:  # noqa: PLR2004 - a short length is the byte itself
        return 2 + first
    size = first & 0x7F
    return 2 + size + int.from_bytes(data[2 : 2 + size], "big") if size else None


def private_key_label(data: bytes) -> str | None:
    """Return the PEM label for a private key in DER; None for anything else."""
    return next((label for label, form in _PRIVATE_KEYS if form.match(data)), None)
