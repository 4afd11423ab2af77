"""Phone numbers as App Store Connect accepts them: by the numbering plan of their country.

Which numbers are accepted is observed for single numbers (rorkai/App-Store-Connect-CLI, docs/API_NOTES.md); for
countries that are not in the table, the lengths are those of ITU-T E.164.
"""

from __future__ import annotations

import re

# Number of digits after the country code.
_LENGTHS = {"1": (10,), "49": range(6, 12), "81": (9, 10), "44": (9, 10), "503": (8,)}
_SEPARATORS = re.compile(r"[\s().\-/]+")
_DIGITS = range(8, 16)  # country code and number, of a country that is not in the table
_LOCAL = (10, 11)  # without a country code
_SAME_DIGITS = 8  # no subscriber number ends in so many equal digits (inferred from a refused number)


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
