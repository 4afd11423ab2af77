"""Reference data of the App Asset Library: one resource, which is the same in every account.

That there is exactly one is observed. Its id, the ids of its specifications and the names of the members inside them
are inferred, except for those in the examples of Apple's page "Discovering asset specifications".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from pytest_asc.apple.asset_library import (
    CREATIVE_GROUP,
    CREATIVE_SIZES,
    DEVICE_GROUPS,
    FEATURES,
    LARGEST_IMAGE,
    SURFACES,
)
from pytest_asc.emulator.account.store import Resource

if TYPE_CHECKING:
    from pytest_asc.emulator.account.store import Store

REFERENCE_DATA = "appAssetLibraryRefData"
REFERENCE_DATUM_ID = "1"
_KNOWN_IDS = {(1290, 2796): "f56c777c-99ea-5760-97ae-27c5f8cbb884"}
"""Specification ids of the documented example, by width and height."""


def image_spec_id(width: int, height: int) -> str | None:
    """Return the id of the specification for images of a size, in either orientation; None if there is none."""
    size = next((size for size in ((width, height), (height, width)) if size in _image_sizes()), None)
    return _KNOWN_IDS.get(size) or str(uuid5(NAMESPACE_URL, f"image-{size[0]}x{size[1]}")) if size else None


def make_reference_datum(_: Store, identifier: str) -> Resource | None:
    """Return the only resource with reference data; None if the id is another one."""
    return Resource(REFERENCE_DATA, REFERENCE_DATUM_ID, _attributes()) if identifier == REFERENCE_DATUM_ID else None


def _image_sizes() -> list[tuple[int, int]]:
    """Return the distinct sizes of images, in pixels."""
    of_devices = (size for _, sizes in DEVICE_GROUPS.values() for size in sizes)
    of_creative_assets = (size for sizes in CREATIVE_SIZES.values() for size in sizes)
    return list(dict.fromkeys((*of_devices, *of_creative_assets)))


def _attributes() -> dict[str, Any]:
    groups = [
        {"placementGroup": group, "platform": platform, "displayClasses": [group.replace("_PROFILE", "_DISPLAY")]}
        for group, (platform, _) in DEVICE_GROUPS.items()
    ]
    groups.append({"placementGroup": CREATIVE_GROUP, "platform": "ANY", "displayClasses": ["DEFAULT"]})
    types = dict.fromkeys(kind for surface in SURFACES.values() for kind in surface.types)
    return {
        "features": list(FEATURES),
        "placementProfileGroups": groups,
        "imageSpecs": [
            {
                "id": image_spec_id(width, height),
                "shortName": f"i{width}x{height}a0",
                "width": width,
                "height": height,
                "alphaAllowed": False,
                "maxFileSize": LARGEST_IMAGE,
            }
            for width, height in _image_sizes()
        ],
        "videoSpecs": [
            {
                "id": str(uuid5(NAMESPACE_URL, "video-1920x886")),
                "shortName": "v1920x886",
                "width": 1920,
                "height": 886,
                "minDuration": "PT15S",
                "maxDuration": "PT30S",
                "minFrameRate": 23,
                "maxFrameRate": 30,
                "soundRequired": True,
            }
        ],
        "placementTypes": list(types),
        "displayClasses": [one for group in groups for one in group["displayClasses"]],
    }
