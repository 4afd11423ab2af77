"""Script that ends a command and its descendants when its standard input ends: ``run`` was killed.

It runs in a process of its own and imports nothing of the package.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

_STEP = 0.05  # seconds between two checks


def family(process: int) -> list[int]:
    """Return the ids of a process and its descendants."""
    children = defaultdict(list)
    for child, parent in _parents():
        children[parent].append(child)
    found = [process]
    for one in found:
        found += children[one]
    return found


def main(process: int, patience: float) -> None:
    """Wait for the end of standard input, and end a process and its descendants.

    Args:
        process: Its id.
        patience: Seconds that they have to end when they are asked to; then they are killed.
    """
    sys.stdin.buffer.read()
    remaining = family(process)
    _send(signal.SIGTERM, remaining)
    deadline = time.monotonic() + patience
    while remaining and time.monotonic() < deadline:
        time.sleep(_STEP)
        remaining = [one for one in remaining if _is_running(one)]
    _send(signal.SIGKILL, remaining)


def _parents() -> list[tuple[int, int]]:
    """Process ids, each with that of the parent."""
    if Path("/proc/self/stat").exists():
        pairs = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = stat.read_bytes().rpartition(b")")[2].split()
                pairs.append((int(stat.parent.name), int(fields[1])))
        return pairs
    listed = subprocess.run(["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, check=False).stdout
    return [(int(child), int(parent)) for child, parent in map(bytes.split, listed.splitlines())]


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True


def _send(number: signal.Signals, processes: list[int]) -> None:
    for one in processes:
        with suppress(OSError):
            os.kill(one, number)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
