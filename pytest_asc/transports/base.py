"""Interface of a transport, with the four steps between an HTTP library and an emulator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from pytest_asc.emulator.http_models import Broken, Delivery, Response

RequestT = TypeVar("RequestT")
ConvertedT = TypeVar("ConvertedT")
DeliveredT = TypeVar("DeliveredT")


class Transport(ABC, Generic[RequestT, ConvertedT, DeliveredT]):
    """Passes requests of a library to an emulator, and responses back, in four steps: mutate, convert, handle, deliver.

    The third step is :meth:`pytest_asc.emulator.app.Emulator.handle`. If a response has a ``crash``, there is a bug in
    pytest-asc, and a transport in the process of the test raises it.
    """

    @abstractmethod
    def mutate(self, request: RequestT) -> None:
        """Inject the emulator's ``client_fault`` into a request, or raise the library's exception for the fault."""

    @abstractmethod
    def convert(self, request: RequestT) -> ConvertedT:
        """Convert a request of the library into a request to the emulator."""

    @abstractmethod
    def deliver(self, request: RequestT, response: Response, delivery: Delivery, timeout: float | None) -> DeliveredT:
        """Deliver a response late, cut or not at all; see :func:`plan_delivery`."""


class DeliveryPlan(NamedTuple):
    """Failure of the connection, if any, and the time until the client gets the response or the failure."""

    broken: Broken | None
    """Failure of the connection; None if there is none."""
    wait: float
    """Seconds to wait before the client gets the response or the failure."""


def plan_delivery(delivery: Delivery, timeout: float | None) -> DeliveryPlan:
    """Decide whether the delivery's failure or the client's timeout comes first, and how long to wait.

    Args:
        delivery: Latency and failure that the emulator has planned.
        timeout: Seconds that the client waits for a response; None if it waits forever, or the timeout is not known.
    """
    late = timeout is not None and delivery.latency > timeout
    wait = timeout if late and timeout is not None else delivery.latency
    return DeliveryPlan("timeout" if late else delivery.broken, wait if delivery.sleep else 0.0)
