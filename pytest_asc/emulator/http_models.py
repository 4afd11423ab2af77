"""A request and an answer, whatever carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

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
        """The value of a header, whatever the case of its name."""
        value = self.headers.get(name)
        if value is not None:
            return value
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)


Broken = Literal["refused", "reset", "timeout", "cut", "tls", "proxy"]
"""How a connection fails.

``refused``: nobody listens. ``reset``: closed before an answer. ``timeout``: no answer in the client's time. ``cut``:
the body ends before its Content-Length. ``tls``: the certificate is signed by nobody whom the client trusts.
``proxy``: a proxy on the way wants a password (407).
"""


class Delivery(NamedTuple):
    """What happens to an answer on its way. Each transport has its own way to let it happen."""

    broken: Broken | None = None
    """All but ``cut`` leave no answer to deliver: its status is 0."""
    latency: float = 0.0
    """Seconds that the answer takes; a client that waits for less gets none."""
    sleep: bool = False
    """Whether to wait that long, and not only to say so."""


class Response(NamedTuple):
    """An answer of the emulated service."""

    status: int
    """0 where there is no answer, as in the Fetch standard."""
    headers: dict[str, str]
    body: bytes
    crash: Exception | None = None
    """Set where the emulator itself failed: a bug of pytest-asc. A transport inside the test's process raises it."""
    delivery: Delivery | None = None
    """What happens to it on its way; None for nothing."""
