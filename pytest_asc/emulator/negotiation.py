"""Media types: what a request may send, and what it is ready to get."""

from __future__ import annotations

from functools import lru_cache

from pytest_asc.emulator import errors
from pytest_asc.emulator.errors import ApiError
from pytest_asc.emulator.message import JSON, Request, Response

# Apple answers this in plain text (documented); the words are inferred.
NOT_ACCEPTABLE = Response(406, {"Content-Type": "text/plain"}, b"Not Acceptable")


def refuse_media(request: Request, *, sends: bool) -> Response | ApiError | None:
    """The answer to a request with media types that do not fit; None where they do.

    A body without a Content-Type is taken for JSON (inferred).

    Args:
        request: The request.
        sends: Whether its operation takes a body.
    """
    if not accepts(request.header("Accept"), JSON):
        return NOT_ACCEPTABLE
    sent = request.header("Content-Type") if sends else None
    if sent is not None and _essence(sent) != JSON:
        return ApiError(errors.MEDIA_TYPE_UNSUPPORTED, {"value": sent})
    return None


@lru_cache(maxsize=256)
def accepts(accept: str | None, media: str) -> bool:
    """Whether an Accept header allows a media type (RFC 9110); without a header, everything is allowed.

    Args:
        accept: The header's value.
        media: A media type without parameters.
    """
    if not accept:
        return True
    weights = {_essence(part): _weight(part) for part in accept.split(",")}
    ranges = (media, f"{media.partition('/')[0]}/*", "*/*")
    return next((weights[one] for one in ranges if one in weights), 0.0) > 0


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
