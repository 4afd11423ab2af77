"""Key files: the folders that are searched, reading a file, and the check whether others can read it."""

from __future__ import annotations

import os
import re
import stat
import struct
from typing import TYPE_CHECKING

from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.diagnosis.key.check import MAX_SIZE
from pytest_asc.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_asc.credentials.settings import Settings

_ID_IN_NAME = re.compile(r"(?<=Key_)[\w-]+")
_AUTH_KEY = re.compile(r"AuthKey_([\w-]+)\.p8")


def expand(path: str, settings: Settings) -> Path:
    """Expand ``~`` in a path, and resolve a relative path against the folder of the settings."""
    if path == "~" or path.startswith(("~/", "~\\")):
        return settings.home / path[2:]
    return settings.folder / path


def display_path(path: Path, settings: Settings) -> str:
    """Format a path for reports: without the user's name, and with the key ID masked."""
    text = str(path)
    for folder, short in ((settings.folder, "."), (settings.home, "~")):
        if path.is_relative_to(folder):
            text = f"{short}/{path.relative_to(folder).as_posix()}"
            break
    printable = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
    return _ID_IN_NAME.sub(lambda key_id: mask(key_id[0]), printable)


KEYS_FOLDER = "API_PRIVATE_KEYS_DIR"
"""The variable with an additional folder that altool searches."""


def named_folder(settings: Settings) -> Path | None:
    """Return the folder in altool's variable; None if the variable is not set."""
    named = settings.environ.get(KEYS_FOLDER, "").strip()
    return expand(named, settings) if named else None


def folders(settings: Settings) -> list[Path]:
    """Return the folders in which Apple's altool searches for keys (documented in its help), in order of precedence."""
    named = named_folder(settings)
    found = [
        settings.folder / "private_keys",
        *(settings.home / name for name in ("private_keys", ".private_keys", ".appstoreconnect/private_keys")),
        *([named] if named else []),
    ]
    return list(dict.fromkeys(found))  # the current folder may be the home folder


def find(key_id: str | None, searched: Iterable[Path]) -> list[Path]:
    """Return the key files in folders, one for each key ID, in order of precedence.

    Args:
        key_id: The key ID to search for; None for all key files.
        searched: The folders, in order of precedence.
    """
    files: dict[str, Path] = {}
    for folder in searched:
        for file in sorted(folder.glob("AuthKey_*.p8")):
            if (name := _AUTH_KEY.fullmatch(file.name)) and key_id in {None, name[1]}:
                files.setdefault(name[1], file)
    return list(files.values())


def read(path: Path, name: str) -> bytes | Finding:
    """Read a key file, up to one byte more than the maximum size of a key.

    Args:
        path: The file.
        name: The name of the file in findings.

    Returns:
        The content, or a finding if the file cannot be read.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            # Reading a named pipe would block for ever.
            return make_finding(
                "key-file-unreadable",
                f"{name} is {_file_type(mode)}, expected a file",
                fix="Set the path to the key file itself.",
            )
        with path.open("rb") as file:
            return file.read(MAX_SIZE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return make_finding("key-file-missing", f"{name} does not exist")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "a path cannot contain a null byte"
        return make_finding("key-file-unreadable", f"{name} cannot be opened: {why}")


def _file_type(mode: int) -> str:
    return "a folder" if stat.S_ISDIR(mode) else "not a regular file"


def check_exposure(path: Path, name: str) -> Finding | None:
    """Return a finding if the mode of a file lets other users read it, or if git tracks it.

    Args:
        path: The file.
        name: The name of the file in findings.
    """
    problems = []
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & (stat.S_IRGRP | stat.S_IROTH):
        problems.append(f"has mode {mode:04o}")
    if is_tracked(path):
        problems.append("is tracked by git")
    return make_finding("key-file-exposed", f"{name} {' and '.join(problems)}") if problems else None


def is_tracked(path: Path) -> bool:
    """Return whether a file is in the index of the git repository that contains it.

    This searches the index file itself, because git may be missing, slow, or refuse to run. The result is False for an
    index of version 4, which compresses paths, and for a split index.
    """
    path = path.resolve()
    for folder in path.parents:
        if (index := _index(folder)) is not None:
            name = os.fsencode(path.relative_to(folder).as_posix())
            # An entry ends with 16 bits of flags, whose low 12 bits are the length of the name, and the name
            # (gitformat-index(5)).
            return struct.pack(">H", min(len(name), 0xFFF)) + name + b"\0" in index
    return False


def _index(folder: Path) -> bytes | None:
    """Return the git index of a folder; None if the folder is no root of a repository, empty if it is unreadable."""
    git = folder / ".git"
    try:
        if git.is_file():  # a worktree or a submodule: the file contains the path of the repository
            git = folder / git.read_text("utf-8").partition("gitdir:")[2].strip()
        return (git / "index").read_bytes() if git.is_dir() else None
    except (OSError, ValueError):
        return b""
