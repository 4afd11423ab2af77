"""Detection of the end of the parent process."""

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

_POLL_INTERVAL = 0.2  # seconds
_INIT = 1
"""ID of the process that adopts processes whose parent has ended."""
# Programs whose child processes may outlive them: shells leave background jobs behind, setsid ends at once.
_MAY_END_FIRST = {"sh", "ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "mksh", "nu", "pwsh", "setsid", "tcsh",
                 "zsh"}  # fmt: skip


class Parent(NamedTuple):
    """The process that started this one."""

    id: int
    name: str

    @property
    def has_ended(self) -> bool:
        """True if the parent has ended: another process has adopted this one."""
        return os.getppid() != self.id


def watched_parent() -> Parent | None:
    """Return the parent process; None if this process should outlive it.

    It should if the parent is a shell, which leaves background jobs behind, or if this process leads a session.
    """
    if sys.platform == "win32":  # getppid does not change when the parent ends
        return None
    parent = os.getppid()
    if parent <= _INIT or os.getsid(0) == os.getpid():
        return None
    names = _names(parent)
    programs = {name.rstrip("0123456789.-") for name in names}
    return Parent(parent, names[0]) if _MAY_END_FIRST.isdisjoint(programs) else None


def wait(signals: SimpleQueue[int], parent: Parent | None, save_signal: int | None, save: Callable[[], None]) -> str:
    """Wait for a signal that ends this process, or for the end of the parent.

    Args:
        signals: The numbers of the signals that were received. A queue is safe to use in a signal handler, which may
            interrupt the wait at any point; an event or a condition is not.
        parent: The result of :func:`watched_parent` at the start of this process.
        save_signal: Number of the signal on which ``save`` is called and the wait continues; None if there is none.
        save: Saves the account.

    Returns:
        The name of the signal, or a description of the parent's end.
    """
    while True:
        try:
            number = signals.get(timeout=_POLL_INTERVAL)
        except Empty:
            if parent is not None and parent.has_ended:
                return f"the end of its parent, {parent.name} (process {parent.id})"
            continue
        while number == save_signal and not signals.empty():  # save only once for several signals
            number = signals.get()
        if number != save_signal:
            return signal.Signals(number).name
        save()


def _names(process: int) -> list[str]:
    """Return the names of a process and of its program, which differ for a shell that runs a script."""
    try:
        name = Path(f"/proc/{process}/comm").read_text(encoding="utf-8", errors="replace").strip()
        program = os.path.realpath(f"/proc/{process}/exe")
    except OSError:
        command = ["/bin/ps", "-o", "comm=", "-p", str(process)]
        shown = subprocess.run(command, capture_output=True, check=False).stdout  # noqa: S603  no input
        return [os.fsdecode(shown).strip().rpartition("/")[2].removeprefix("-")]
    return [name, Path(program).name]
