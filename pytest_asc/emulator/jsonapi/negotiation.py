"""Media types: what a request may send, and what it is ready to get."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_asc.emulator.http_models import JSON
from pytest_asc.emulator.jsonapi import errors
from pytest_asc.emulator.jsonapi.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.http_models import Request, Response

# Beside JSON (documented).
CSV = "text/csv"
DIAGNOSTIC_LOGS = "application/vnd.apple.diagnostic-logs+json"
GZIP = "application/a-gzip"
XCODE_METRICS = "application/vnd.apple.xcode-metrics+json"


def refuse_media(request: Request, *, sends: bool) -> Response | ApiError | None:
    """The answer to a request with media types that do not fit; None where they do.

    A body without a Content-Type is taken for JSON (inferred).

    Args:
        request: The request.
        sends: Whether its operation takes a body.
    """
    if not choose(request.header("Accept"), (JSON,)):
        return errors.NOT_ACCEPTABLE
    sent = request.header("Content-Type") if sends else None
    if sent is not None and _essence(sent) != JSON:
        return ApiError(errors.MEDIA_TYPE_UNSUPPORTED, {"value": sent})
    return None


@lru_cache(maxsize=256)
def choose(accept: str | None, offered: tuple[str, ...]) -> str | None:
    """The media type that an Accept header likes best, the first where it likes several; None where it takes none.

    Args:
        accept: The header's value; without one, everything is liked (RFC 9110, 12.5.1).
        offered: Media types without parameters, the usual one first.
    """
    if not accept or not accept.strip():
        return offered[0]
    weights = {_essence(part): _weight(part) for part in accept.split(",")}
    liked = {media: _liking(media, weights) for media in offered}
    best = max(offered, key=lambda media: liked[media])
    return best if liked[best] > 0 else None


def _liking(media: str, weights: Mapping[str, float]) -> float:
    """The weight of the closest range."""
    ranges = (media, f"{media.partition('/')[0]}/*", "*/*")
    return next((weights[one] for one in ranges if one in weights), 0.0)


def _essence(value: str) -> str:
    return value.partition(";")[0].strip().lower()


def _weight(part: str) -> float:
    for parameter in part.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
