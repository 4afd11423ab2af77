"""The process that has started this one, and the end of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

_SECONDS = 0.2
_FIRST = 1
"""Id of the process that adopts those whose parent has ended."""
# A background job outlives its shell; setsid ends as soon as it has started its command.
_LEAVE_BEHIND = {"sh", "ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "mksh", "nu", "pwsh", "setsid", "tcsh",
                 "zsh"}  # fmt: skip


def watched_parent() -> int | None:
    """Return the id of the process that has started this one; None where this one goes on without it.

    A shell may end: what it has started in the background goes on. So does a process with a session of its own.
    """
    if sys.platform == "win32":  # it does not tell that a parent has ended
        return None
    parent = os.getppid()
    is_watched = parent > _FIRST and os.getsid(0) != os.getpid() and _name(parent) not in _LEAVE_BEHIND
    return parent if is_watched else None


def wait(stopping: threading.Event, parent: int | None, saving: threading.Event, save: Callable[[], None]) -> None:
    """Wait for an event, or for the end of the parent.

    Args:
        stopping: The event.
        parent: Of :func:`watched_parent`, called when this process started.
        saving: Event of a signal that asks for ``save``.
        save: Called each time.
    """
    while not stopping.wait(_SECONDS):
        if saving.is_set():
            saving.clear()
            save()
        if parent is not None and os.getppid() != parent:
            return


def _name(process: int) -> str:
    """Name of a process's program."""
    try:
        return Path(f"/proc/{process}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        command = ["/bin/ps", "-o", "comm=", "-p", str(process)]
        shown = subprocess.run(command, capture_output=True, check=False).stdout  # noqa: S603  no input
        return os.fsdecode(shown).strip().rpartition("/")[2].removeprefix("-")
