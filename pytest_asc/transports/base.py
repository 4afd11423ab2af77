"""The interface of a transport: four steps between an HTTP library and an emulator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from pytest_asc.emulator.http_models import Broken, Delivery, Response

RequestT = TypeVar("RequestT")
ConvertedT = TypeVar("ConvertedT")
DeliveredT = TypeVar("DeliveredT")


class Transport(ABC, Generic[RequestT, ConvertedT, DeliveredT]):
    """Carries a library's requests to an emulator, and the emulator's responses back: mutate, convert, handle, deliver.

    The third step is :meth:`pytest_asc.emulator.app.Emulator.handle`. A response with a ``crash`` reports a bug of
    pytest-asc, which a transport raises in the process of the test.
    """

    @abstractmethod
    def mutate(self, request: RequestT) -> None:
        """Change a request as the emulator's ``client_fault`` has it, or raise the library's exception for it."""

    @abstractmethod
    def convert(self, request: RequestT) -> ConvertedT:
        """Convert a request of the library into one of the emulator."""

    @abstractmethod
    def deliver(self, request: RequestT, response: Response, delivery: Delivery, timeout: float | None) -> DeliveredT:
        """Deliver a response late, cut or not at all; see :func:`plan_delivery`."""


class DeliveryPlan(NamedTuple):
    """The fate of a response on its way to a client."""

    broken: Broken | None
    """The failure of the connection."""
    wait: float
    """Seconds to sleep before the client gets the response or the failure."""


def plan_delivery(delivery: Delivery, timeout: float | None) -> DeliveryPlan:
    """Decide between a delivery's own failure and the client's timeout, and how long to wait.

    Args:
        delivery: The latency and the failure that the emulator asks for.
        timeout: Seconds that the client waits for a response; None if it waits for ever, or it is not known.
    """
    late = timeout is not None and delivery.latency > timeout
    wait = timeout if late and timeout is not None else delivery.latency
    return DeliveryPlan("timeout" if late else delivery.broken, wait if delivery.sleep else 0.0)
