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
"""Media type of tables, which some collections are available as."""


def refuse_media(request: Request, *, has_body: bool) -> Response | ApiError | None:
    """Return the response to a request with an unsupported media type; None if its media types are supported.

    A body without a Content-Type is treated as JSON (inferred).

    Args:
        request: The request.
        has_body: True if the operation takes a body.
    """
    if not choose_media_type(request.header("Accept"), (JSON,)):
        return errors.NOT_ACCEPTABLE
    sent = request.header("Content-Type") if has_body else None
    if sent is not None and _essence(sent) != JSON:
        return ApiError(errors.MEDIA_TYPE_UNSUPPORTED, {"value": sent})
    return None


@lru_cache(maxsize=32)  # few entries, because an Accept header can be long
def choose_media_type(accept: str | None, offered: tuple[str, ...]) -> str | None:
    """Return the media type that an Accept header prefers, the first of equal ones; None if it accepts none.

    Args:
        accept: Value of the header; None if the request has none, which accepts everything (RFC 9110, 12.5.1).
        offered: Media types of the operation without parameters; the default comes first.
    """
    if not accept or not accept.strip():
        return offered[0]
    weights = {_essence(part): _weight(part) for part in accept.split(",")}
    offered_weights = {media_type: _offered_weight(media_type, weights) for media_type in offered}
    best = max(offered, key=lambda media_type: offered_weights[media_type])
    return best if offered_weights[best] > 0 else None


def _offered_weight(media_type: str, weights: Mapping[str, float]) -> float:
    """Return the weight of the most specific media range that matches a media type; 0 if none does."""
    ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    return next((weights[one] for one in ranges if one in weights), 0.0)


def _essence(value: str) -> str:
    """Return a media type without its parameters."""
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
