"""Journal of an unfinished recording, with the pages that have been read, redacted and encrypted.

The encryption key is derived from the API key. So the file alone cannot be read, and resuming a recording needs no
additional password.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken

from pytest_asc.recording.private_files import open_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class JournalError(Exception):
    """Journal that belongs to another recording, and cannot be resumed."""


class Journal:
    """Recorded pages by path and query of their request, stored in a file.

    Args:
        path: Path of the file; None to store nothing.
        secret: Secret from which the encryption key is derived.
        settings: Options of the recording. The journal of a recording with other options cannot be resumed.
        resume: True to continue with the pages of an existing file.

    Raises:
        JournalError: The file was written with another API key or with other options.
        OSError: The file cannot be read or written.
    """

    def __init__(self, path: Path | None, secret: bytes, settings: Mapping[str, Any], *, resume: bool) -> None:
        self._path = path
        self._fernet = Fernet(urlsafe_b64encode(hashlib.sha256(b"pytest-asc journal" + secret).digest()))
        self._pages: dict[str, Any] = {}
        self._settings = dict(settings)
        resumed = resume and path is not None and path.exists()
        if resumed and path is not None:
            self._read(path)
        self._file = open_private(path, append=resumed) if path else None
        self.resumed = len(self._pages)
        """Number of pages that an earlier run has read."""
        if not resumed:
            self._append({"settings": self._settings})

    def get(self, path: str) -> Any:
        """Return the page for a request; None if it has not been read yet."""
        return self._pages.get(path)

    def add(self, path: str, page: Any) -> None:
        """Add a page to the file."""
        self._append({"path": path, "page": page})

    def close(self, *, finished: bool) -> None:
        """Close the file; if the recording is finished, remove it."""
        if self._file and self._path:
            self._file.close()
            if finished:
                self._path.unlink(missing_ok=True)

    def _append(self, line: Any) -> None:
        if self._file:
            self._file.write(self._fernet.encrypt(json.dumps(line).encode()) + b"\n")
            self._file.flush()

    def _read(self, path: Path) -> None:
        content = path.read_bytes()
        lines = content.split(b"\n")
        whole = len(content)
        if lines.pop():  # the last line is incomplete: the process ended while it was written
            whole = content.rfind(b"\n") + 1
        try:
            read = [json.loads(self._fernet.decrypt(line)) for line in lines]
        except (InvalidToken, ValueError):
            raise JournalError(
                f"{path} was written with another API key, or is damaged. To start over, leave out --resume."
            ) from None
        if read and read[0].get("settings") != self._settings:
            raise JournalError(
                f"{path} was written with other options or for another host. Use the same ones, or leave out --resume "
                "to start over."
            )
        with path.open("r+b") as file:
            file.truncate(whole)
        self._pages = {line["path"]: line["page"] for line in read[1:]}
