"""Entries of netrc files, which requests uses unless a session sets ``auth``."""

from __future__ import annotations

import base64
import netrc
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_asc.diagnosis.http.authorization import NetrcEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = (".netrc", "_netrc")


def find_entry(host: str, *, environ: Mapping[str, str], home: Path) -> NetrcEntry | None:
    """Return the netrc entry that requests would use for a host, from the file in ``NETRC`` or in the home folder.

    Args:
        host: The host, without a port.
        environ: The environment.
        home: The user's home folder.

    Returns:
        The entry; None if there is no readable file, or the file has no entry for this host and no default entry.
    """
    named = environ.get("NETRC")
    for place, path in [("NETRC", Path(named))] if named else [(f"~/{name}", home / name) for name in _NAMES]:
        try:
            file = netrc.netrc(path)
            entry = file.authenticators(host)
        except (OSError, ValueError, netrc.NetrcParseError):
            continue
        if entry:
            login, account, password = entry
            pair = f"{login or account}:{password}".encode("latin-1", "replace")
            which = f"the entry for {host}" if host in file.hosts else "the default entry"
            return NetrcEntry(f"{which} in {place}", f"Basic {base64.b64encode(pair).decode('ascii')}")
    return None
