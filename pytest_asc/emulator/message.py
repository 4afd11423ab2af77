"""A request and an answer, whatever carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

# The one media type of Apple's documents: clients compare it as a whole, so nothing may follow it (observed).
JSON = "application/json"


class Request(NamedTuple):
    """A request to the emulated service."""

    method: str
    url: str
    """Absolute: links in the answer keep its scheme and host."""
    headers: Mapping[str, str]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The value of a header, whatever the case of its name."""
        value = self.headers.get(name)
        if value is not None:
            return value
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)


class Response(NamedTuple):
    """An answer of the emulated service."""

    status: int
    headers: dict[str, str]
    body: bytes
    crash: Exception | None = None
    """Set where the emulator itself failed: a bug of pytest-asc. A transport inside the test's process raises it."""
