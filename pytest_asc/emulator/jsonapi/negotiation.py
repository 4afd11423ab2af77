"""Media types of requests and responses (RFC 9110, 12.5.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_asc.emulator.http_models import JSON
from pytest_asc.emulator.jsonapi import errors
from pytest_asc.emulator.jsonapi.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.http_models import Request, Response

CSV = "text/csv"
"""Media type of the tables that some collections are given as, too."""


def refuse_media(request: Request, *, sends: bool) -> Response | ApiError | None:
    """Return the response to a request whose media types its operation does not support; None if it does.

    A body without a Content-Type is taken for JSON (inferred).

    Args:
        request: The request.
        sends: True if its operation takes a body.
    """
    if not choose_media_type(request.header("Accept"), (JSON,)):
        return errors.NOT_ACCEPTABLE
    sent = request.header("Content-Type") if sends else None
    if sent is not None and _essence(sent) != JSON:
        return ApiError(errors.MEDIA_TYPE_UNSUPPORTED, {"value": sent})
    return None


@lru_cache(maxsize=32)  # an Accept header may be long
def choose_media_type(accept: str | None, offered: tuple[str, ...]) -> str | None:
    """Return the media type that an Accept header prefers, the first of equals; None if it accepts none.

    Args:
        accept: The header's value; without one, everything is accepted (RFC 9110, 12.5.1).
        offered: Media types without parameters, the default first.
    """
    if not accept or not accept.strip():
        return offered[0]
    weights = {_essence(part): _weight(part) for part in accept.split(",")}
    offered_weights = {media_type: _offered_weight(media_type, weights) for media_type in offered}
    best = max(offered, key=lambda media_type: offered_weights[media_type])
    return best if offered_weights[best] > 0 else None


def _offered_weight(media_type: str, weights: Mapping[str, float]) -> float:
    """Weight of the most specific range that a media type is in; 0 if it is in none."""
    ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    return next((weights[one] for one in ranges if one in weights), 0.0)


def _essence(value: str) -> str:
    """A media type without its parameters."""
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
