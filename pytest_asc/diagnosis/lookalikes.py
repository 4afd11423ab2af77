"""Recognition of values that users supply in place of a token: keys, IDs, placeholders, sessions, documents."""

from __future__ import annotations

import json
import re
from typing import Any

from pytest_asc.apple.services import UUID_PATTERN
from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.diagnosis.key.pem import BOUNDARY, decode_base64
from pytest_asc.diagnosis.key.placeholders import placeholder
from pytest_asc.diagnosis.key.repairs import QUOTES

MAX_SIZE = 64 * 1024
"""Maximum number of characters of a text that are examined."""

_BEARER = re.compile(r"\s{0,8}bearer(?:\s{1,8}|$)", re.IGNORECASE)
# A token consists of three parts separated by dots. The first is base64url of a JSON object, so it starts with eyJ.
_TOKEN = re.compile(r"eyJ[\w+/=-]*\.[\w.+/=-]*")

_FORMS = tuple(
    (what, re.compile(form, re.IGNORECASE))
    for what, form in (
        ("a UUID, like an issuer ID", UUID_PATTERN),
        (
            "the path of a file",
            r"(?:~|\.{1,2})?/[^\s]{0,1000}|[^\s]{1,1000}\.(?:p8|pem|key|json|p12)|[a-z]:\\[^\s]{0,1000}",
        ),
        ("a URL", r"[a-z][a-z0-9+.-]{0,20}://\S{1,2000}"),
        ("an email address, like an Apple ID", r"[^\s@]{1,100}@[^\s@]{1,100}\.[a-z]{2,20}"),
        ("64 hexadecimal digits, like a device token", r"[0-9a-f]{64}"),
        ("a number", r"[0-9]{1,60}"),
    )
)
_KEY_OR_TEAM_ID = re.compile(r"[A-Z0-9]{10}")
_APP_PASSWORD = re.compile(r"[a-z]{4}(?:-[a-z]{4}){3}")
_SESSION_WORDS = ("http::cookie", "myacinfo", "des5c1485")


def looks_like_token(text: str) -> bool:
    """Return whether a text is a token, possibly damaged, with no other text around it."""
    joined = "".join(text[:MAX_SIZE].split())
    return _TOKEN.fullmatch(joined) is not None or (len(text) > MAX_SIZE and joined.startswith("eyJ"))


def check_not_a_token(text: str) -> Finding | None:
    """Return a finding for a value that is not a token; None if it may be a token, even a damaged one.

    The evidence describes the value and its length, but contains no part of it.
    """
    if len(text) > MAX_SIZE or not text.strip() or looks_like_token(text):
        return None
    length = f"length {len(text)}"
    scheme = _BEARER.match(text)
    value = text[scheme.end() :] if scheme else text
    bare = value.strip().strip(QUOTES).strip()
    what = placeholder(value)
    if what:
        where = "Bearer is followed by" if scheme else "the token is"
        return make_finding("token-placeholder", f"{where} {what} ({length})")
    if bare != value.strip() and looks_like_token(bare):
        return make_finding("token-quoted", f"it {_describe_quotes(value.strip())} ({length})")
    if _is_session(bare):
        return make_finding("apple-id-session", f"the token is an Apple ID session or password ({length})")
    if base64_of_token(bare):
        evidence = f"it is a token encoded in base64 ({length})"
        return make_finding("token-malformed", evidence, fix="Decode the value before you send it.")
    described = describe(bare)
    return make_finding("not-a-token", f"it is {described} ({length})") if described else None


def base64_of_token(text: str) -> str | None:
    """Decode a text that is a token in base64; return None for any other text."""
    if len(text) > MAX_SIZE or "." in text:
        return None
    data = decode_base64(text)
    try:
        decoded = data.decode("ascii").strip() if data else ""
    except UnicodeDecodeError:
        return None
    return decoded if decoded.count(".") > 1 and looks_like_token(decoded) else None


def describe(text: str) -> str | None:
    """Describe a key, an ID, a document or another known kind of text; return None for any other text."""
    bare = text.strip()
    if boundary := BOUNDARY.search(bare[:MAX_SIZE]):
        label = " ".join(boundary[2].split())
        return "a private key" if label.endswith("PRIVATE KEY") else f"a PEM file ({label.lower()})"
    if _is_base64_of_pem(bare):
        return "a private key encoded in base64"
    if bare[:1] in {"{", "["} and (described := _describe_json(bare)):
        return described
    if bare.startswith("<"):
        plist = "<plist" in bare[:1000]
        return "an XML property list" if plist else "an HTML or XML page"
    if _KEY_OR_TEAM_ID.fullmatch(bare) and not bare.isalpha():
        return "10 capital letters and digits, like a key ID or a Team ID"
    return next((what for what, form in _FORMS if form.fullmatch(bare)), None)


def _describe_quotes(text: str) -> str:
    quotes = [f"{verb} with {mark}" for verb, mark in (("starts", text[0]), ("ends", text[-1])) if mark in QUOTES]
    return " and ".join(quotes)


def _is_session(text: str) -> bool:
    head = text[:2000].lower()
    return _APP_PASSWORD.fullmatch(text) is not None or any(word in head for word in _SESSION_WORDS)


def _is_base64_of_pem(text: str) -> bool:
    if len(text) > MAX_SIZE or "." in text:
        return False
    data = decode_base64(text)
    return data is not None and (b"PRIVATE KEY" in data or data[:2] in {b"\x30\x81", b"\x30\x77"})


_PRIVATE_MEMBERS = ("key", "private_key", "p8")


def _describe_json(text: str) -> str | None:
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return f"JSON: {'a list' if isinstance(document, list) else 'a value'}"
    return f"JSON {describe_object(document)}"


def describe_object(document: dict[str, Any]) -> str:
    """Describe a JSON object: the kind of key file that it is, or else the names of its members."""
    if document.get("type") == "service_account":
        return "of a Google service account"
    if "kty" in document or "keys" in document:
        return "Web Key (JWK)"
    if any(isinstance(document.get(name), str) for name in _PRIVATE_MEMBERS) and "key_id" in document:
        return "of a key file, with a private key in it"
    if document.get("status") in range(21_000, 21_200):
        # Documented: the response of verifyReceipt has a member status.
        return "of verifyReceipt, which takes a shared secret and no token"
    # Values may be secret, and so may names that are not words.
    names = [name for name in document if re.fullmatch(r"[A-Za-z][A-Za-z_-]{0,30}", name)][:5]
    return f"with the members {', '.join(names)}" if names else "without members"
