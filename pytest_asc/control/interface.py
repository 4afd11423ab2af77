"""The interface of an emulator that a test controls, in this process or in another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from datetime import date
    from os import PathLike

    from pytest_asc.apple.causes import CauseSlug
    from pytest_asc.apple.roles import Role
    from pytest_asc.emulator.http_models import Broken
    from pytest_asc.emulator.request_records import RequestRecords
    from pytest_asc.emulator.seeding import ResourceView


class ControlledEmulator(Protocol):
    """Members of :class:`pytest_asc.Emulator` that an emulator in another process has as well.

    They are described there. :class:`pytest_asc.transports.control_client.EmulatorClient` is the one for ``serve`` and
    ``run``.
    """

    role: Role
    clock_offset: float
    part_size: int

    @property
    def review_requirements(self) -> AbstractSet[str]:
        """Names of what a review requires."""

    @review_requirements.setter
    def review_requirements(self, names: AbstractSet[str]) -> None: ...

    @property
    def requests(self) -> RequestRecords:
        """Requests that were handled, in order."""

    @property
    def request_count(self) -> int:
        """Number of requests that were handled since the start or the last reset."""

    def add(self, resource_type: str, /, *, id: str | None = None, **members: Any) -> ResourceView:  # noqa: A002
        """Add a resource."""

    def get(self, resource_type: str, id: str, /) -> ResourceView:  # noqa: A002
        """Return a resource; LookupError where there is none."""

    def find(self, resource_type: str, /, **attributes: Any) -> list[ResourceView]:
        """Return the resources with these values."""

    def update(self, resource: Mapping[str, Any], /, **members: Any) -> ResourceView:
        """Change a resource."""

    def delete(self, resource: Mapping[str, Any], /) -> None:
        """Delete a resource."""

    def deliver_webhooks_to(self, receiver: str | None) -> None:
        """Send the notifications of webhooks to a URL on this machine; None to send nothing."""

    def load(self, source: str | PathLike[str] | Mapping[str, Any]) -> None:
        """Add the resources of a JSON file or a mapping."""

    def load_sample(self) -> None:
        """Add the sample account."""

    def dump(self) -> dict[str, Any]:
        """Return the account as a document that ``load`` reads."""

    def save(self, file: str | PathLike[str]) -> None:
        """Write the account to a JSON file."""

    def reset(self) -> None:
        """Return to an empty account and the initial settings."""

    def sell(self, product: Mapping[str, Any], /, **details: Any) -> None:
        """Enter a sale."""

    def measure(
        self, resource: Mapping[str, Any], metric: str, /, *, day: str | date | int = -1, **members: Any
    ) -> None:
        """Enter a measurement."""

    def advance(
        self,
        seconds: float | None = None,
        *,
        minutes: float | None = None,
        hours: float | None = None,
        days: float | None = None,
    ) -> list[str]:
        """Let time pass, and return what happened."""

    def decide(self, about: Mapping[str, Any] | str, outcome: str) -> None:
        """Choose the outcome of a decision."""

    def fault(self, cause: CauseSlug) -> None:
        """Inject a fault of the service."""

    def fail(
        self,
        method: str,
        path: str,
        *,
        status: int | None = None,
        broken: Broken | None = None,
        latency: float = 0.0,
        sleep: bool = False,
        times: int = 1,
        after: int = 0,
        optional: bool = False,
        front_end: bool = False,
        code: str | None = None,
        title: str | None = None,
        detail: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> None:
        """Plan a failure of the next requests of a method and path."""
