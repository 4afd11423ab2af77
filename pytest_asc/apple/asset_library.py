"""Surfaces, groups, sizes and limits of the App Asset Library.

Documented in Apple's guides to the App Asset Library (4.5.1), unless a line says otherwise. That the sizes of a group
are those of the classic display type is inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Surface(NamedTuple):
    """Place on the App Store that shows assets: a localization."""

    types: Mapping[str, int]
    """Placement types, each with the maximum number of placements in one group."""
    parent_name: str
    """Name of the localization's parent in the error for a parent that cannot be edited in its state."""
    feature: str
    """Name of the feature in that error."""


_VERSION_TYPES = {
    "APP_SCREENSHOT": 10,
    "IMESSAGE_APP_SCREENSHOT": 10,
    "APP_PREVIEW": 3,
    "PRODUCT_PAGE_HEADER_ASSET": 1,
    "APP_STORE_SEARCH_RESULTS_ASSET": 1,  # the limit is inferred
}
SURFACES: Mapping[str, Surface] = {
    "appStoreVersionLocalization": Surface(_VERSION_TYPES, "AppStoreVersion", "ASC_FEATURE_APP_STORE_VERSIONS"),
    "appCustomProductPageLocalization": Surface(
        _VERSION_TYPES, "AppCustomProductPageVersion", "ASC_FEATURE_CUSTOM_PRODUCT_PAGES"
    ),
    "appStoreVersionExperimentTreatmentLocalization": Surface(
        _VERSION_TYPES, "AppStoreVersionExperiment", "ASC_FEATURE_PRODUCT_PAGE_OPTIMIZATIONS"
    ),
    "appEventLocalization": Surface(
        {"EVENT_CARD_ASSET": 1, "EVENT_DETAILS_PAGE_ASSET": 1}, "AppEvent", "ASC_FEATURE_IN_APP_EVENTS"
    ),
}
"""Surfaces by the relationship of a placement. The feature names, except that of custom product pages, are inferred."""

CREATIVE_GROUP = "DEFAULT_PROFILE"
"""The only group of creative assets (observed by the author of ascelerate, October 2026)."""

DEVICE_GROUPS: Mapping[str, tuple[str, tuple[tuple[int, int], ...]]] = {
    "IPHONE_DYNAMIC_ISLAND_LARGE_PROFILE": ("IPHONE_APP_STORE", ((1290, 2796), (1320, 2868), (1260, 2736))),
    "IPHONE_DYNAMIC_ISLAND_MEDIUM_PROFILE": ("IPHONE_APP_STORE", ((1179, 2556), (1206, 2622))),
    "IPHONE_FACE_ID_LARGE_PROFILE": ("IPHONE_APP_STORE", ((1242, 2688), (1284, 2778))),
    "IPHONE_FACE_ID_MEDIUM_PROFILE": ("IPHONE_APP_STORE", ((1125, 2436), (1170, 2532), (1080, 2340))),
    "IPHONE_HOME_BUTTON_LARGE_PROFILE": ("IPHONE_APP_STORE", ((1242, 2208),)),
    "IPHONE_HOME_BUTTON_MEDIUM_PROFILE": ("IPHONE_APP_STORE", ((750, 1334),)),
    "IPHONE_HOME_BUTTON_40_PROFILE": ("IPHONE_APP_STORE", ((640, 1136), (640, 1096))),
    "IPHONE_HOME_BUTTON_35_PROFILE": ("IPHONE_APP_STORE", ((640, 960), (640, 920))),
    "IPHONE_DUO_PROFILE": ("IPHONE_APP_STORE", ((2007, 2853), (1398, 2034))),
    "IPAD_13_PROFILE": ("IPAD_APP_STORE", ((2064, 2752), (2048, 2732))),
    "IPAD_129_PROFILE": ("IPAD_APP_STORE", ((2048, 2732),)),
    "IPAD_11_PROFILE": ("IPAD_APP_STORE", ((1668, 2388), (1668, 2420), (1488, 2266), (1640, 2360))),
    "IPAD_105_PROFILE": ("IPAD_APP_STORE", ((1668, 2224),)),
    "IPAD_97_PROFILE": ("IPAD_APP_STORE", ((1536, 2048), (768, 1024))),
    "MAC_PROFILE": ("MAC_APP_STORE", ((1280, 800), (1440, 900), (2560, 1600), (2880, 1800))),
    "TV_PROFILE": ("TV_APP_STORE", ((1920, 1080), (3840, 2160))),
    "VISION_PRO_PROFILE": ("VISION_PRO_APP_STORE", ((3840, 2160),)),
}
"""Device groups of screenshots and previews: platform, and sizes in pixels, each in portrait or landscape.

The names are observed (the author of ascelerate, October 2026). There are groups for watches, too, but their full names
are not known.
"""

CREATIVE_SIZES: Mapping[str, tuple[tuple[int, int], ...]] = {
    "PRODUCT_PAGE_HEADER_ASSET": ((3840, 1646),),
    "APP_STORE_SEARCH_RESULTS_ASSET": ((1920, 1280), (3840, 2560)),
}
"""Sizes of creative assets in pixels, by placement type."""

LARGEST_IMAGE = 524_288_000
"""Maximum size of an image, in bytes."""

FEATURES = (
    "APP_STORE_VERSIONS",
    "CUSTOM_PRODUCT_PAGES",
    "IN_APP_EVENTS",
    "PRODUCT_PAGE_OPTIMIZATIONS",
)
"""Features in the reference data: those of the surfaces above (inferred; Apple's data has a few more)."""
