"""Key files: the folders they are searched in, reading them, and their exposure to other users."""

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
    """Return the path with ``~`` replaced by the home folder; a relative one starts in the settings' folder."""
    if path == "~" or path.startswith(("~/", "~\\")):
        return settings.home / path[2:]
    return settings.folder / path


def shown(path: Path, settings: Settings) -> str:
    """Return the path for a report: without the user's name, and with the key ID masked."""
    text = str(path)
    for folder, short in ((settings.folder, "."), (settings.home, "~")):
        if path.is_relative_to(folder):
            text = f"{short}/{path.relative_to(folder).as_posix()}"
            break
    printable = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
    return _ID_IN_NAME.sub(lambda key_id: mask(key_id[0]), printable)


KEYS_FOLDER = "API_PRIVATE_KEYS_DIR"
"""The variable for a further folder that altool searches."""


def named_folder(settings: Settings) -> Path | None:
    """Return the path in altool's variable for a folder; None where it is not set."""
    named = settings.environ.get(KEYS_FOLDER, "").strip()
    return expand(named, settings) if named else None


def folders(settings: Settings) -> list[Path]:
    """Return the folders that Apple's altool searches for keys (documented in its help), in order of precedence."""
    named = named_folder(settings)
    found = [
        settings.folder / "private_keys",
        *(settings.home / name for name in ("private_keys", ".private_keys", ".appstoreconnect/private_keys")),
        *([named] if named else []),
    ]
    return list(dict.fromkeys(found))  # the current folder may be the home folder


def find(key_id: str | None, places: Iterable[Path]) -> list[Path]:
    """Return the key files in the folders, one for each key ID, in order of precedence.

    Args:
        key_id: The key ID to look for; None for all.
        places: The folders, in order of precedence.
    """
    files: dict[str, Path] = {}
    for folder in places:
        for file in sorted(folder.glob("AuthKey_*.p8")):
            if (name := _AUTH_KEY.fullmatch(file.name)) and key_id in {None, name[1]}:
                files.setdefault(name[1], file)
    return list(files.values())


def read(path: Path, name: str) -> bytes | Finding:
    """Read the file, up to one byte more than a key can have; a finding where it cannot be read.

    Args:
        path: The file.
        name: What to call it.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            # A named pipe would wait for ever.
            return make_finding(
                "key-file-unreadable",
                f"{name} is {_file_type(mode)}, expected a file",
                fix="Give the path of the file itself.",
            )
        with path.open("rb") as file:
            return file.read(MAX_SIZE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return make_finding("key-file-missing", f"{name} does not exist")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "a path cannot contain a zero byte"
        return make_finding("key-file-unreadable", f"{name} cannot be opened: {why}")


def _file_type(mode: int) -> str:
    return "a folder" if stat.S_ISDIR(mode) else "not a regular file"


def exposure(path: Path, name: str) -> Finding | None:
    """Return a finding where others can read the file: by its mode, or because git tracks it.

    Args:
        path: The file.
        name: What to call it.
    """
    seen = []
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & (stat.S_IRGRP | stat.S_IROTH):
        seen.append(f"has mode {mode:04o}")
    if is_tracked(path):
        seen.append("is tracked by git")
    return make_finding("key-file-exposed", f"{name} {' and '.join(seen)}") if seen else None


def is_tracked(path: Path) -> bool:
    """Return whether the file is in the index of the git repository around it.

    The index is searched for the entry instead of asking git, which may be absent, slow, or refuse. An index of
    version 4, whose paths are compressed, and a split one tell nothing: the answer is then no.
    """
    path = path.resolve()
    for folder in path.parents:
        if (index := _index(folder)) is not None:
            name = os.fsencode(path.relative_to(folder).as_posix())
            # gitformat-index(5): an entry ends with 16 bits of flags, the low 12 the name's length, and the name.
            return struct.pack(">H", min(len(name), 0xFFF)) + name + b"\0" in index
    return False


def _index(folder: Path) -> bytes | None:
    """The index of the git repository whose working tree starts here; None if none does, empty if it tells nothing."""
    git = folder / ".git"
    try:
        if git.is_file():  # a worktree or a submodule: the file says where the repository is
            git = folder / git.read_text("utf-8").partition("gitdir:")[2].strip()
        return (git / "index").read_bytes() if git.is_dir() else None
    except (OSError, ValueError):
        return b""
