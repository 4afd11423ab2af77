"""Pseudonyms: stable replacements for values that must not be part of a recording, in the same form.

While an account is being read, a value is replaced by a placeholder, which has its form and a keyed digest. Equal
values have equal placeholders, and guessing a value requires the key. In the end, placeholders are numbered in order of
the finished document, so that the numbers do not depend on the order of reading.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Form(NamedTuple):
    """A form that values can have, such as that of an email address."""

    name: str
    pattern: re.Pattern[str]
    """Pattern that matches values of this form."""
    make: Callable[[int, str], str]
    """Function that returns the pseudonym for a number and the detail of the value."""
    detail: Callable[[str], str] = lambda _value: ""
    """Function that returns a harmless detail of a value, such as its length, which its pseudonym shares."""


_TEMPLATE = re.compile(r"\{w\}x\{h\}(?:bb|\{c\})?\.(?:\{f\}|png|jpg)$")
"""End of the URL template of an image in any size (observed)."""
_ENDINGS = (
    r"\.(?:aar|cer|csv|geojson|gif|heic|ipa|jpe?g|json|m4v|mov|mp4|p8|p12|pdf|pkg|plist|png|strings|swift|txt|xcodeproj"
    r"|xcresult|xcworkspace|zip)"
)
_MAX_LENGTH = 512
"""Maximum length that a pseudonym copies from its value."""


def _ending(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def detail(value: str) -> str:
        found = pattern.search(value)
        return found[0] if found else ""

    return detail


def _length(value: str) -> str:
    case = "U" if value.upper() == value else "L"
    return f"{case}{min(len(value), _MAX_LENGTH)}"


def _padded(number: int, length: str, base: str) -> str:
    text = format(number, f"0{length[1:]}{base}")
    return text.upper() if length.startswith("U") else text


def _phone(number: int, _: str) -> str:
    """Return one of the numbers that are reserved for fictional use: 555-0100 to 555-0199."""
    area, line = divmod(number - 1, 100)
    return f"+1 {201 + area % 799} 555 01{line:02}"


def _udid(number: int, _: str) -> str:
    return f"{number:08X}-{number:016X}"


def _uuid(number: int, _: str) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def _content(number: int, _: str) -> str:
    return b64encode(f"pytest-asc has redacted content {number} of this account".encode()).decode()


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


FORMS: tuple[Form, ...] = (
    Form("email", _re(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+"), lambda n, _: f"user{n}@example.com"),
    Form("url", _re(r"[A-Za-z][A-Za-z0-9+.-]*://\S+"), lambda n, end: f"https://example.com/{n}{end and f'/{end}'}",
         _ending(_TEMPLATE)),
    Form("uuid", _re(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"), _uuid),
    Form("udid", _re(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{16}"), _udid),
    Form("digits", _re(r"\d+"), lambda n, length: _padded(n, length, "d"), _length),
    Form("phone", _re(r"\+?[\d ().-]{7,24}"), _phone),
    Form("hex", _re(r"[0-9A-Fa-f]{16,}"), lambda n, length: _padded(n, length, "x"), _length),
    Form("content", _re(r"[A-Za-z0-9+/_\s-]{60,}={0,2}\s*"), _content),
    Form("file", _re(rf"\S(.*\S)?{_ENDINGS}"), lambda n, end: f"file{n}{end}", _ending(_re(f"{_ENDINGS}$"))),
    Form("identifier", _re(r"[A-Za-z][\w-]*(\.[\w-]+){2,}(\.\*)?"), lambda n, end: f"com.example.id{n}{end}",
         _ending(re.compile(r"\.\*$"))),
    Form("domain", _re(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}"), lambda n, _: f"domain{n}.example.com"),
    Form("code", _re(r"[A-Z0-9]{8,12}"), lambda n, length: f"X{n:0{max(int(length[1:]) - 1, 1)}}", _length),
    Form("name", _re(r"\S+"), lambda n, _: f"Name{n}"),
    Form("text", re.compile(r".*", re.DOTALL), lambda n, _: f"Text {n}"),
)  # fmt: skip
"""All forms, the most specific first. Every text has at least one of them."""
_BY_NAME: Mapping[str, Form] = {form.name: form for form in FORMS}
_PLACEHOLDER = re.compile(r"\0([a-z]+):([0-9a-f]{32}):(.*)", re.DOTALL)


def form_of(value: str) -> str:
    """Return the name of the form of a value."""
    return next(form.name for form in FORMS if form.pattern.fullmatch(value))


class Placeholders:
    """Creates the placeholders of a recording.

    Args:
        key: Secret key of the digests.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, value: str, form: str | None = None) -> str:
        """Return the placeholder of a value.

        Args:
            value: The value.
            form: Name of the form; None for the form that the value looks like.
        """
        name = form or form_of(value)
        digest = hmac.new(self._key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]
        return f"\0{name}:{digest}:{_BY_NAME[name].detail(value)}"


def with_pseudonyms(value: Any) -> Any:
    """Replace each placeholder in a JSON value by a pseudonym; they are numbered in the order of first appearance."""
    return _Numbering().replace(value)


class _Numbering:
    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._counts: dict[str, int] = {}

    def replace(self, value: Any) -> Any:
        if isinstance(value, str):
            found = _PLACEHOLDER.fullmatch(value) if value.startswith("\0") else None
            return self._pseudonym(*found.groups()) if found else value
        if isinstance(value, Mapping):
            return {self.replace(name): self.replace(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.replace(item) for item in value]
        return value

    def _pseudonym(self, form: str, digest: str, detail: str) -> str:
        key = (form, digest)
        if key not in self._numbers:
            self._counts[form] = self._numbers[key] = self._counts.get(form, 0) + 1
        return _BY_NAME[form].make(self._numbers[key], detail)
