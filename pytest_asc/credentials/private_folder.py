"""Private folders for key files.

A folder is removed when its process ends. If the process was killed, the next process that makes a folder removes it.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PREFIX = "pytest-asc-"
_FILES = re.compile(r"AuthKey_\w+\.p8|ca\.pem|bundle\.pem|fastlane\.json|isolated-[\w.-]+")


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a folder that only its owner can read, and remove it when the context ends."""
    folder, remove = new_private_folder()
    try:
        yield folder
    finally:
        remove()


def new_private_folder() -> tuple[Path, Callable[[], None]]:
    """Make a folder that only its owner can read, and remove those that killed processes left behind.

    A process holds a lock on its folder, which the operating system releases however the process ends.

    Returns:
        The folder, and a function that removes it.
    """
    _remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    return folder, partial(_remove, folder, _lock(folder))


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner can read, without changing line breaks."""
    path.touch(mode=0o600)
    path.write_bytes(text.encode("utf-8"))  # in text mode, Windows would change line breaks


def _remove(folder: Path, lock: int | None) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if lock is not None:
        os.close(lock)


def _remove_abandoned() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if not _is_ours(folder):
            continue
        lock = _lock(folder)
        if lock is not None:
            _remove(folder, lock)


def _is_ours(folder: Path) -> bool:
    """Return whether a folder belongs to this user and contains only files that this package writes.

    An empty folder does not count, because another process may have created it and not locked it yet.
    """
    if sys.platform == "win32":
        return False  # folders cannot be locked here
    try:
        names = [path.name for path in folder.iterdir()] if folder.lstat().st_uid == os.getuid() else []
    except OSError:
        return False
    return bool(names) and not folder.is_symlink() and all(map(_FILES.fullmatch, names))


def _lock(folder: Path) -> int | None:
    """Lock a folder and return the file descriptor of the lock; None if another process holds it."""
    if sys.platform == "win32":
        return None
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
        else:
            return descriptor
    return None
