"""Request and response models, independent of any HTTP library."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

# The one media type of Apple's documents: clients compare it as a whole, so nothing may follow it (observed).
JSON = "application/json"

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
"""A value of a parsed JSON document."""


class Request(NamedTuple):
    """A request to the emulated service."""

    method: str
    url: str
    """Absolute: links in the answer keep its scheme and host."""
    headers: Mapping[str, str]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the value of a header; its name is case-insensitive (RFC 9110)."""
        value = self.headers.get(name)
        if value is not None:
            return value
        lower_name = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == lower_name), None)


Broken = Literal["refused", "reset", "timeout", "cut", "tls", "proxy"]
"""Ways for a connection to fail.

``refused``: nothing listens. ``reset``: closed before a response. ``timeout``: no response in the client's time.
``cut``: the body ends before its Content-Length. ``tls``: the client does not trust the certificate. ``proxy``: a proxy
requires a password (407).
"""


class Delivery(NamedTuple):
    """Delivery of a response: broken, late, or both. Each transport implements it in its own way."""

    broken: Broken | None = None
    """Every value but ``cut`` leaves no response: its status is 0."""
    latency: float = 0.0
    """Seconds until the response arrives; a client with a shorter timeout gets none."""
    sleep: bool = False
    """Wait for the latency, in place of only reporting it."""


class Response(NamedTuple):
    """Response of the emulated service."""

    status: int
    """0 where there is no response, as in the Fetch standard."""
    headers: dict[str, str]
    body: bytes
    crash: Exception | None = None
    """Set where the emulator itself failed: a bug of pytest-asc. A transport inside the test's process raises it."""
    delivery: Delivery | None = None
    """None for an ordinary delivery."""

    def json(self) -> Any:
        """Return the body, parsed.

        Raises:
            ValueError: It is no JSON.
        """
        return json.loads(self.body)
