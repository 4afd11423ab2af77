"""Detection of the end of the process that started this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from queue import SimpleQueue

_SECONDS = 0.2
_FIRST = 1
"""Id of the process that adopts those whose parent has ended."""
# A background job outlives its shell; setsid ends as soon as it has started its command.
_LEAVE_BEHIND = {"sh", "ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "mksh", "nu", "pwsh", "setsid", "tcsh",
                 "zsh"}  # fmt: skip


class Parent(NamedTuple):
    """The process that has started this one."""

    id: int
    name: str

    @property
    def has_ended(self) -> bool:
        """Return whether another process has adopted this one."""
        return os.getppid() != self.id


def watched_parent() -> Parent | None:
    """Return the process that has started this one; None if this process should outlive it.

    A shell may end: what it has started in the background goes on. So does a process with a session of its own.
    """
    if sys.platform == "win32":  # it does not tell that a parent has ended
        return None
    parent = os.getppid()
    if parent <= _FIRST or os.getsid(0) == os.getpid():
        return None
    names = _names(parent)
    programs = {name.rstrip("0123456789.-") for name in names}
    return Parent(parent, names[0]) if _LEAVE_BEHIND.isdisjoint(programs) else None


def wait(signals: SimpleQueue[int], parent: Parent | None, saving: int | None, save: Callable[[], None]) -> str:
    """Wait for a signal that ends this process, or for the end of the parent; return what it was.

    Args:
        signals: Numbers of the signals that have come. A signal handler may interrupt the wait for the next one at any
            point and add to the queue, which an event or a condition would not bear.
        parent: Of :func:`watched_parent`, called when this process started.
        saving: Number of the signal that asks for ``save``, and ends nothing; None where there is none.
        save: Called each time.
    """
    while True:
        try:
            number = signals.get(timeout=_SECONDS)
        except Empty:
            if parent is not None and parent.has_ended:
                return f"the end of {parent.name} (process {parent.id}), which had started it"
            continue
        while number == saving and not signals.empty():  # once for several
            number = signals.get()
        if number != saving:
            return signal.Signals(number).name
        save()


def _names(process: int) -> list[str]:
    """Return the names of a process and of its program: a shell that runs a script has the name of the script."""
    try:
        name = Path(f"/proc/{process}/comm").read_text(encoding="utf-8", errors="replace").strip()
        program = os.path.realpath(f"/proc/{process}/exe")
    except OSError:
        command = ["/bin/ps", "-o", "comm=", "-p", str(process)]
        shown = subprocess.run(command, capture_output=True, check=False).stdout  # noqa: S603  no input
        return [os.fsdecode(shown).strip().rpartition("/")[2].removeprefix("-")]
    return [name, Path(program).name]
