"""Receivers of webhook notifications: a function of the test, or a URL that a transport sends to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pytest_asc.emulator.http_models import Request

Receiver: TypeAlias = Callable[[Request], object]
"""Function that takes a notification and returns the response: see :meth:`pytest_asc.Emulator.deliver_webhooks_to`."""


class _Transport:
    """The transport to URLs, set by a higher layer: the emulator knows no HTTP library."""

    open: Callable[[str], Receiver] | None = None


def set_url_transport(open_url: Callable[[str], Receiver]) -> None:
    """Set the function that returns the receiver for a URL, and raises ValueError if nothing may be sent there."""
    _Transport.open = staticmethod(open_url)


def receiver_of(target: str | Receiver) -> Receiver:
    """Return the receiver for a URL; a callable is a receiver itself.

    Raises:
        TypeError: The target is neither a URL nor callable.
        ValueError: The URL does not lead to this machine, or no transport is loaded.
    """
    __tracebackhide__ = True
    if isinstance(target, str):
        if _Transport.open is None:
            raise ValueError("no transport to URLs is loaded: import pytest_asc.transports, or pass a callable")
        return _Transport.open(target)
    if not callable(target):
        raise TypeError(f"got {target!r}, expected a URL on this machine or a callable that takes a request")
    return target
