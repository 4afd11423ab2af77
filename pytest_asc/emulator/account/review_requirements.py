"""Names of the requirements that a version or a submission must meet before it can be reviewed."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


REQUIREMENTS: Mapping[str, str] = {
    "age-rating": "every question of the age rating declaration is answered",
    "approved-version": "the app has an approved version, or the submission contains one",
    "availability": "the app's availability is set",
    "build": "the version has a processed build",
    "content-rights": "the app has a content rights declaration",
    "copyright": "the version has a copyright",
    "encryption": "the export compliance question for the build is answered",
    "localized-texts": "each localization has a description, keywords and a support URL",
    "price": "the app has a price, free or not",
    "primary-category": "the app info has a primary category",
    "review-contact": "the version has the contact for App Review",
    "screenshot-uploads": "all screenshots are processed",
    "screenshots": "each localization has a screenshot for the platform; for iOS, of an iPhone",
    "whats-new": "each localization of an update has release notes",
    "ipad-screenshots": "each localization has a screenshot of an iPad, for a build that runs on iPad",
    "medical-device-declaration": "the declaration on regulated medical devices, which only the web site has",
    "privacy-answers": "published answers on the app's privacy, which only the web site has",
    "tracking-answers": "answers on privacy that match a build that asks to track users",
    "watch-screenshots": "each localization has a screenshot of an Apple Watch, for a build with a Watch app",
}
"""Descriptions of the requirements, by name."""

COUNTS_AS_MET = frozenset(
    {
        "ipad-screenshots",
        "medical-device-declaration",
        "privacy-answers",
        "tracking-answers",
        "watch-screenshots",
    }
)
"""Requirements that cannot be met or detected through the API: taken as met unless a test adds them."""
DEFAULT = frozenset(REQUIREMENTS) - COUNTS_AS_MET
"""Requirements of a new account."""


def check_requirements(names: Iterable[str]) -> frozenset[str]:
    """Check the names of requirements, and return them as a set.

    Raises:
        ValueError: A name is unknown; the message suggests the nearest name, or lists all names.
    """
    checked = frozenset((names,) if isinstance(names, str) else names)
    for name in sorted(checked - REQUIREMENTS.keys()):
        nearest = get_close_matches(name, REQUIREMENTS, n=1)
        hint = f"did you mean {nearest[0]!r}?" if nearest else f"the requirements are {', '.join(REQUIREMENTS)}"
        raise ValueError(f"there is no review requirement {name!r}; {hint}")
    return checked
