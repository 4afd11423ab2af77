"""Script that ends a command and its descendants if ``run`` is killed, which closes this script's standard input.

It runs in a process of its own, and imports nothing from this package.
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

_POLL_INTERVAL = 0.05  # seconds


def process_tree(process: int) -> list[int]:
    """Return the IDs of a process and its descendants."""
    children = defaultdict(list)
    for child, parent in _parents():
        children[parent].append(child)
    found = [process]
    for parent in found:
        found += children[parent]
    return found


def main(process: int, grace_period: float) -> None:
    """Wait until standard input ends, and then end a process and its descendants.

    Args:
        process: The ID of the process.
        grace_period: Seconds from SIGTERM to SIGKILL.
    """
    sys.stdin.buffer.read()
    remaining = process_tree(process)
    _send(signal.SIGTERM, remaining)
    deadline = time.monotonic() + grace_period
    while remaining and time.monotonic() < deadline:
        time.sleep(_POLL_INTERVAL)
        remaining = [each for each in remaining if _is_running(each)]
    _send(signal.SIGKILL, remaining)


def _parents() -> list[tuple[int, int]]:
    """Return the ID of each process and of its parent."""
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
    for process in processes:
        with suppress(OSError):
            os.kill(process, number)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
