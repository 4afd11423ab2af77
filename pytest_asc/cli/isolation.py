"""A Linux network namespace for ``run --isolate``, in which Apple's host names resolve to the loopback address."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_asc.credentials.private_folder import write_private
from pytest_asc.credentials.settings import SettingsError

if sys.platform == "linux":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterable

_ADDRESS = "127.0.0.1"

# linux/sched.h, linux/mount.h, linux/sockios.h and linux/if.h.
_NEW_MOUNTS, _NEW_USERS, _NEW_NETWORK = 0x00020000, 0x10000000, 0x40000000
_BIND, _RECURSIVE, _PRIVATE = 4096, 16384, 1 << 18
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1

_HOSTS, _NAME_SERVICES = Path("/etc/hosts"), Path("/etc/nsswitch.conf")
_CA_BUNDLES = (
    # The list of Go's crypto/x509.
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
_HINT = (
    "Start a container with --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt "
    "apparmor=unconfined; on Ubuntu, run sysctl kernel.apparmor_restrict_unprivileged_userns=0."
)


def isolate() -> None:
    """Move this process, and all processes that it starts later, to a network namespace with only a loopback interface.

    The process also gets its own mount namespace. Call this before the process starts a thread.

    Raises:
        SettingsError: The system has no network namespaces, or does not allow them.
    """
    if sys.platform != "linux":
        raise SettingsError("--isolate needs Linux: it uses a network namespace")
    user, group = os.geteuid(), os.getegid()
    try:
        try:
            _unshare(_NEW_NETWORK | _NEW_MOUNTS)
        except PermissionError:
            _unshare(_NEW_USERS | _NEW_NETWORK | _NEW_MOUNTS)
            maps = {"setgroups": "deny", "uid_map": f"{user} {user} 1", "gid_map": f"{group} {group} 1"}
            for name, text in maps.items():
                Path("/proc/self", name).write_text(text, encoding="ascii")
        _mount(None, "/", _RECURSIVE | _PRIVATE)
        _bring_up("lo")
    except OSError as error:
        raise _not_allowed(error) from None


def resolve_to_loopback(hosts: Iterable[str], ca_file: Path, folder: Path) -> None:
    """Resolve host names to the loopback address, and add a certificate authority to the system's CA bundles.

    Args:
        hosts: The host names.
        ca_file: The certificate of the authority.
        folder: A private folder for the files that are mounted over the system's.

    Raises:
        SettingsError: The system does not allow mounts.
    """
    names = "".join(f"{_ADDRESS} {host}\n" for host in hosts)
    try:
        _mount_over(_HOSTS, f"{_ADDRESS} localhost\n::1 localhost\n{names}{_read_text(_HOSTS)}", folder)
        # Other sources, such as a resolver that listens on a Unix socket, would return Apple's addresses.
        services = re.sub(r"(?m)^\s*hosts:.*$", "hosts: files", _read_text(_NAME_SERVICES))
        if services:
            _mount_over(_NAME_SERVICES, services, folder)
        authority = ca_file.read_text("ascii")
        for path in {Path(name).resolve() for name in _CA_BUNDLES}:
            if bundle := _read_text(path):
                _mount_over(path, f"{bundle}\n{authority}", folder)
    except OSError as error:
        raise _not_allowed(error) from None


def _mount_over(path: Path, text: str, folder: Path) -> None:
    """Mount a file with other content over a file, for this process and the processes that it starts."""
    replacement = folder / f"isolated-{path.name}"
    write_private(replacement, text)
    replacement.chmod(0o644)  # the command may run as another user; the folder itself is private
    _mount(str(replacement), str(path), _BIND)


def _read_text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text("utf-8", errors="replace")
    return ""


def _unshare(flags: int) -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "unshare")


def _mount(source: str | None, target: str, flags: int) -> None:
    encoded_source = None if source is None else os.fsencode(source)
    if ctypes.CDLL(None, use_errno=True).mount(encoded_source, os.fsencode(target), None, ctypes.c_ulong(flags), None):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), f"mount {target}")


def _bring_up(interface: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh22x", interface.encode(), 0)
        (flags,) = struct.unpack_from("16xh", fcntl.ioctl(control, _GET_FLAGS, request))
        fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sh22x", interface.encode(), flags | _UP))


def _not_allowed(error: OSError) -> SettingsError:
    return SettingsError(
        f"--isolate: this system does not allow network namespaces ({error.filename or 'network'}: {error.strerror}). "
        f"{_HINT}"
    )
