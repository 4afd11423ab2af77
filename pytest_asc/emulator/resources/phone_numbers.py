"""Validation of phone numbers by the numbering plan of their country, as App Store Connect does it.

The rules are inferred from single numbers that Apple accepted or rejected (observed: rorkai/App-Store-Connect-CLI,
docs/API_NOTES.md). For countries that are not in the table, the lengths are those of ITU-T E.164.
"""

from __future__ import annotations

import re

# Allowed numbers of digits after the country code, by country code.
_LENGTHS = {"1": (10,), "49": range(6, 12), "81": (9, 10), "44": (9, 10), "503": (8,)}
_SEPARATORS = re.compile(r"[\s().\-/]+")
_DIGITS = range(8, 16)  # digits of country code and number, for countries that are not in the table
_LOCAL = (10, 11)  # digits of a number without a country code
_SAME_DIGITS = 8  # a number that ends in so many equal digits is invalid (inferred from a number that was rejected)


def is_valid_phone_number(text: str) -> bool:
    """Return whether App Store Connect accepts a phone number."""
    compact = _SEPARATORS.sub("", text)
    digits = compact.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or digits.startswith("0"):
        return False
    if digits[-_SAME_DIGITS:] == digits[-1] * _SAME_DIGITS:
        return False
    if digits == compact:
        return len(digits) in _LOCAL
    for code, lengths in _LENGTHS.items():
        if digits.startswith(code):
            return len(digits) - len(code) in lengths
    return len(digits) in _DIGITS
