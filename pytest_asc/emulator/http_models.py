"""Request and response models, independent of any HTTP library."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

# Apple's responses have this Content-Type without parameters, and some clients compare the whole value (observed).
JSON = "application/json"

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
"""A value of a parsed JSON document."""


class Request(NamedTuple):
    """A request to the emulated service."""

    method: str
    url: str
    """Absolute URL: links in the response keep its scheme and host."""
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

``refused``: nothing listens. ``reset``: closed before a response. ``timeout``: no response within the client's timeout.
``cut``: the body ends before its Content-Length. ``tls``: the client does not trust the certificate. ``proxy``: a proxy
requires a password (407).
"""


class Delivery(NamedTuple):
    """Delivery of a response that is late, or over a connection that fails, or both. Each transport implements it."""

    broken: Broken | None = None
    """Failure of the connection. With every value but ``cut`` there is no response, and its status is 0."""
    latency: float = 0.0
    """Seconds until the response arrives; a client with a shorter timeout gets no response."""
    sleep: bool = False
    """True to wait for the latency, False only to report it."""


class Response(NamedTuple):
    """Response of the emulated service."""

    status: int
    """0 if there is no response, as in the Fetch standard."""
    headers: dict[str, str]
    body: bytes
    crash: Exception | None = None
    """Exception of the emulator itself, a bug in pytest-asc. Transports in the test's process raise it."""
    delivery: Delivery | None = None
    """None for a response that arrives whole and at once."""

    def json(self) -> Any:
        """Return the body, parsed as JSON.

        Raises:
            ValueError: The body is not valid JSON.
        """
        return json.loads(self.body)
