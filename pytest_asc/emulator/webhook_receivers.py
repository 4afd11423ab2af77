"""Receivers of webhook notifications: a function of the test, or a URL by way of a transport."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pytest_asc.emulator.http_models import Request

Receiver: TypeAlias = Callable[[Request], object]
"""Takes a notification, and returns the response: see :meth:`pytest_asc.Emulator.deliver_webhooks_to`."""


class _Transport:
    """The transport to URLs, which a layer above provides."""

    open: Callable[[str], Receiver] | None = None


def set_url_transport(open_url: Callable[[str], Receiver]) -> None:
    """Set the function that makes a receiver of a URL. It raises a ValueError where nothing may be sent to the URL."""
    _Transport.open = staticmethod(open_url)


def receiver_of(target: str | Receiver) -> Receiver:
    """Return the receiver that a target is or names.

    Raises:
        TypeError: It is neither a URL nor callable.
        ValueError: It is a URL that is not of this machine.
    """
    __tracebackhide__ = True
    if isinstance(target, str):
        if _Transport.open is None:
            raise ValueError("no transport to URLs is loaded: import pytest_asc.transports, or pass a callable")
        return _Transport.open(target)
    if not callable(target):
        raise TypeError(f"got {target!r}, expected a URL on this machine or a callable that takes a request")
    return target
