"""Areas of an account that can be recorded, each with its resource types."""

from __future__ import annotations

import re
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from collections.abc import Iterable


class Area(NamedTuple):
    """A part of an account that can be recorded on its own."""

    name: str
    types: tuple[str, ...]
    """Resource types. ``*`` stands for any text."""
    default: bool = True
    """True if the area is recorded by default."""


AREAS = (
    Area("prices", ("*Price", "*Prices", "*PricePoints", "*PriceSchedules", "*Availabilities", "territories")),
    Area("apps", ("apps", "appInfos", "actors", "accessibilityDeclarations", "ageRatingDeclarations", "androidToIos*",
                  "appCategories", "appTags", "endUserLicenseAgreements", "territoryAgeRatings")),
    Area("versions", ("appStoreVersions", "appStoreReview*", "appStoreVersionPhasedReleases",
                      "appStoreVersionSubmissions", "reviewSubmission*", "routingAppCoverages")),
    Area("localizations", ("appInfoLocalizations", "appStoreVersionLocalizations", "appKeywords", "appPreview*",
                           "appScreenshot*")),
    Area("testflight", ("beta*", "buildBeta*")),
    Area("builds", ("builds", "buildBundle*", "buildIcons", "preReleaseVersions", "appEncryptionDeclaration*")),
    Area("products", ("inAppPurchase*", "subscription*", "promotedPurchases", "winBackOffers")),
    Area("users", ("users", "userInvitations")),
    Area("provisioning", ("bundleId*", "certificates", "devices", "merchantIds", "passTypeIds", "profiles")),
    Area("xcode-cloud", ("ci*", "scm*")),
    Area("reviews", ("customerReviews", "customerReviewResponses")),
    Area("app-clips", ("appClip*",), default=False),
    Area("product-pages", ("appAssetLibrar*", "appCustomProductPage*", "appEvent*", "appStoreVersionExperiment*",
                           "nominations"), default=False),
    Area("game-center", ("gameCenter*",), default=False),
    Area("uploads", ("backgroundAsset*", "buildUpload*"), default=False),
    Area("webhooks", ("webhook*",), default=False),
    Area("alternative-distribution", ("alternativeDistribution*", "marketplace*"), default=False),
    Area("analytics", ("analytics*",), default=False),
    Area("performance", ("diagnostic*", "perfPowerMetrics"), default=False),
    Area("sandbox", ("sandbox*",), default=False),
    Area("other", ("*",), default=False),
)  # fmt: skip
"""All areas. A type belongs to the first area whose types match it."""
NAMES = tuple(area.name for area in AREAS)
_REPORTS = {"sales", "finance"}


class AreaError(ValueError):
    """Area or type in an option that does not exist."""


@cache
def area_of(resource_type: str) -> str:
    """Return the name of the area that a resource type belongs to."""
    return next(area.name for area in AREAS if any(fnmatchcase(resource_type, name) for name in area.types))


def read_areas(text: str | None) -> tuple[str, ...]:
    """Return the areas that an option names, in the order of the table; the default areas if the option is None.

    Raises:
        AreaError: An area does not exist.
    """
    if text is None:
        return tuple(area.name for area in AREAS if area.default)
    names = [re.sub(r"[\s_]+", "-", name.strip().lower()) for name in text.split(",") if name.strip()]
    if names == ["all"]:
        return NAMES
    for name in names:
        if name in _REPORTS:
            raise AreaError(f"--areas: there is no area {name!r}: sales and finance reports are not recorded")
        if name not in NAMES:
            hint = f"{_hint(name, NAMES)} The" if _hint(name, NAMES) else "; the"
            raise AreaError(f"--areas: there is no area {name!r}{hint} areas are {', '.join(NAMES)}, or all")
    if not names:
        raise AreaError(f"--areas is empty; the areas are {', '.join(NAMES)}, or all")
    return tuple(name for name in NAMES if name in names)


def types_of(areas: Iterable[str]) -> frozenset[str]:
    """Return the resource types of some areas."""
    wanted = set(areas)
    return frozenset(name for name in api_spec().types if area_of(name) in wanted)


def read_types(text: str | None) -> frozenset[str]:
    """Return the resource types that an option names.

    Raises:
        AreaError: A type does not exist.
    """
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    for name in names:
        if name not in api_spec().types:
            raise AreaError(f"--keep: there is no resource type {name!r}{_hint(name, api_spec().types)}")
    return frozenset(names)


def _hint(name: str, names: Iterable[str]) -> str:
    close = get_close_matches(name, list(names), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
