"""Interface of an emulator that a test controls, either in the same process or in another one."""

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
    """Members of :class:`pytest_asc.Emulator` that are also available for an emulator in another process.

    They are documented in full there. :class:`pytest_asc.transports.control_client.EmulatorClient` implements the
    interface for an emulator of ``serve`` or ``run``.
    """

    role: Role
    clock_offset: float
    part_size: int

    @property
    def review_requirements(self) -> AbstractSet[str]:
        """Names of the requirements that a version or a submission must meet to be reviewed."""

    @review_requirements.setter
    def review_requirements(self, names: AbstractSet[str]) -> None: ...

    @property
    def requests(self) -> RequestRecords:
        """Records of the handled requests, in order."""

    @property
    def request_count(self) -> int:
        """Number of requests that were handled since the start or the last :meth:`reset`."""

    def add(self, resource_type: str, /, *, id: str | None = None, **members: Any) -> ResourceView:  # noqa: A002
        """Add a resource, with defaults for attributes that are not given; ValueError if a value is not valid."""

    def get(self, resource_type: str, id: str, /) -> ResourceView:  # noqa: A002
        """Return a resource; LookupError if it does not exist."""

    def find(self, resource_type: str, /, **attributes: Any) -> list[ResourceView]:
        """Return the resources of a type with these values."""

    def update(self, resource: Mapping[str, Any], /, **members: Any) -> ResourceView:
        """Change a resource, even if the API would not allow it; ValueError if a value is not valid."""

    def delete(self, resource: Mapping[str, Any], /) -> None:
        """Delete a resource and its dependent resources, even if the API would not allow it."""

    def deliver_webhooks_to(self, receiver: str | None) -> None:
        """Send the notifications of all webhooks to a URL on this machine; None to send nothing."""

    def load(self, source: str | PathLike[str] | Mapping[str, Any]) -> None:
        """Add the resources of a JSON file or a mapping; ValueError if one is not valid."""

    def load_sample(self) -> None:
        """Add the sample account that ships with the package."""

    def dump(self) -> dict[str, Any]:
        """Return the account as a document that ``load`` reads."""

    def save(self, file: str | PathLike[str]) -> None:
        """Write the account to a JSON file."""

    def reset(self) -> None:
        """Restore the empty account and the initial settings."""

    def sell(self, product: Mapping[str, Any], /, **details: Any) -> None:
        """Record a sale for the sales and finance reports."""

    def measure(
        self, resource: Mapping[str, Any], metric: str, /, *, day: str | date | int = -1, **members: Any
    ) -> None:
        """Record a measurement for the metrics operations."""

    def advance(
        self,
        seconds: float | None = None,
        *,
        minutes: float | None = None,
        hours: float | None = None,
        days: float | None = None,
    ) -> list[str]:
        """Advance the account's time, and return descriptions of the events that happened."""

    def decide(self, about: Mapping[str, Any] | str, outcome: str) -> None:
        """Choose the outcome of a decision of Apple or of a person."""

    def fault(self, cause: CauseSlug) -> None:
        """Inject a fault of the service or of the network."""

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
