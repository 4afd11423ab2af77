"""Dimensions of PNG and JPEG images, read from their headers."""

from __future__ import annotations

from typing import NamedTuple

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
# Markers of the JPEG segments that contain the dimensions (start of frame).
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class ImageSize(NamedTuple):
    """Dimensions of an image, in pixels."""

    width: int
    height: int


def image_size(content: bytes) -> ImageSize:
    """Return the dimensions of a PNG or JPEG image; 0 by 0 for other content."""
    if content.startswith(_PNG) and content[12:16] == b"IHDR":
        return ImageSize(_number(content[16:20]), _number(content[20:24]))
    if content.startswith(_JPEG):
        return _jpeg_size(content)
    return ImageSize(0, 0)


def _jpeg_size(content: bytes) -> ImageSize:
    offset = len(_JPEG)
    while content[offset : offset + 1] == b"\xff" and offset + 9 <= len(content):
        if content[offset + 1] in _START_OF_FRAME:
            return ImageSize(_number(content[offset + 7 : offset + 9]), _number(content[offset + 5 : offset + 7]))
        offset += 2 + _number(content[offset + 2 : offset + 4])
    return ImageSize(0, 0)


def _number(content: bytes) -> int:
    return int.from_bytes(content, "big")
