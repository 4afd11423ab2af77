"""Journal of an unfinished recording: the pages that were read, redacted and encrypted.

It is encrypted with a key that is derived from the API key: who finds the file reads nothing, and who resumes needs no
further password.
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
    """The journal is not of this recording."""


class Journal:
    """Pages by the path of their request, kept in a file.

    Args:
        path: The file; None to keep nothing.
        secret: Secret to encrypt with.
        settings: The options of the recording. A journal with others is of no use.
        resume: Go on from the file, where it is there.

    Raises:
        JournalError: The file was written with another key or other options.
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
        """Number of pages that were there."""
        if not resumed:
            self._append({"settings": self._settings})

    def get(self, path: str) -> Any:
        """Return the page of a request; None if it is not there."""
        return self._pages.get(path)

    def add(self, path: str, page: Any) -> None:
        """Keep a page."""
        self._append({"path": path, "page": page})

    def close(self, *, finished: bool) -> None:
        """Close the file, and remove it where the recording is finished."""
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
        if lines.pop():  # the process ended in the middle of a line
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
