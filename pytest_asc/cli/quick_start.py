"""Faster start of ``serve`` and ``run``."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def quick_start() -> Iterator[None]:
    """Import modules and load the account faster than usual, inside this context.

    Everything that is loaded is kept until the process ends, so the garbage collector is off, and ignores these objects
    later. On import, aiohttp reads the system's certificate authorities for its client, which these commands do not
    use. This takes a quarter of the start-up time, so the methods of ``SSLContext`` that read them do nothing.
    """
    import ssl  # noqa: PLC0415  not needed for --help

    context: Any = ssl.SSLContext
    load_default_certs = context.load_default_certs
    context.load_default_certs = context.set_default_verify_paths = lambda *_: None
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if collects:
            gc.enable()
        context.load_default_certs = load_default_certs
        del context.set_default_verify_paths  # restores the method of the base class
