"""Faster start of ``serve`` and ``run``."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def quick_start() -> Iterator[None]:
    """Import modules and load the account without work that a process does not need if all it does is serve.

    What is loaded is kept until the process ends, so the garbage collector neither runs meanwhile nor looks at these
    objects later. When aiohttp is imported, it reads the system's certificate authorities for its client, which nothing
    here uses; that takes a quarter of the whole start, so the methods of ``SSLContext`` that read them do nothing until
    the context manager is left.
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
        del context.set_default_verify_paths  # the method of the base class is visible again
