"""The size of an image, read from its first bytes."""

from __future__ import annotations

from typing import NamedTuple

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
# The segments of a JPEG that hold its size: all starts of frames.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class Size(NamedTuple):
    """In pixels."""

    width: int
    height: int


def size_of(content: bytes) -> Size:
    """The size of a PNG or a JPEG; 0 by 0 for anything else."""
    if content.startswith(_PNG) and content[12:16] == b"IHDR":
        return Size(_number(content[16:20]), _number(content[20:24]))
    if content.startswith(_JPEG):
        return _size_of_jpeg(content)
    return Size(0, 0)


def _size_of_jpeg(content: bytes) -> Size:
    place = len(_JPEG)
    while content[place : place + 1] == b"\xff" and place + 9 <= len(content):
        if content[place + 1] in _FRAMES:
            return Size(_number(content[place + 7 : place + 9]), _number(content[place + 5 : place + 7]))
        place += 2 + _number(content[place + 2 : place + 4])
    return Size(0, 0)


def _number(content: bytes) -> int:
    return int.from_bytes(content, "big")
