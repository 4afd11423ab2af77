"""Files that only their owner can read, from the moment they are created."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def problem_of_file(path: Path) -> str | None:
    """Return the reason why a file cannot be written to this path; None if the path shows no reason."""
    if path.is_dir():
        return "it is a folder, expected a file"
    folder = path.absolute().parent
    return None if folder.is_dir() else f"the folder {folder} does not exist"


def open_private(path: Path, *, append: bool = False) -> IO[bytes]:
    """Open a file that only its owner can read for writing. An existing file is replaced, or appended to.

    Raises:
        OSError: The file cannot be opened, or belongs to another user.
    """
    if not append:
        path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_EXCL) | getattr(os, "O_NOFOLLOW", 0)
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def replace_private(path: Path, text: str) -> None:
    """Replace a file atomically: if writing fails, the old content is still there.

    Raises:
        OSError: The file cannot be written. No temporary file is left.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        with open_private(unfinished) as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise
