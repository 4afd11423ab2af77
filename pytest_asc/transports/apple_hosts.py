"""Apple's hosts in the process of a test: which emulator responds for a host, and a guard for all other connections.

The guard is an audit hook of Python (PEP 578). It is called for every lookup and connection that uses Python's
``socket``, regardless of the library, and of other patches.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pytest_asc.apple.services import APP_STORE_CONNECT, PROBEABLE, SERVICES, STORAGE_HOST, emulated_hosts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pytest_asc.apple.services import Service
    from pytest_asc.emulator.app import Emulator

_SERVICES: Mapping[str, Service] = {
    STORAGE_HOST: APP_STORE_CONNECT,
    # If two services share a host, the first one in the table counts.
    **{host: service for service in reversed(tuple(SERVICES.values())) for host in service.hosts},
}
_URL = re.compile(r"https?://(?:[^/\s'\"@]*@)?([\w.-]+)", re.IGNORECASE)
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")

_emulators: list[Emulator] = []


class AppleHostError(RuntimeError):
    """Attempt of a client to reach a host of Apple's, in a test with the emulator, in a way that cannot be emulated.

    It is not an ``OSError``, so that no client treats it as a network failure and retries.
    """


def start_answering(emulator: Emulator) -> None:
    """Respond with an emulator for its hosts from now on, in all threads; the emulator started last has precedence."""
    _emulators.append(emulator)
    _install_guard()
    _patch_socket()


def stop_answering(emulator: Emulator) -> None:
    """Undo :func:`start_answering`."""
    _emulators.remove(emulator)


def emulator_for(host: str | None) -> Emulator | None:
    """Return the emulator that responds for a host at the moment.

    Args:
        host: The host name, in upper or lower case.

    Returns:
        The emulator; None if the host is not Apple's, or no emulator is active.

    Raises:
        AppleHostError: The host is Apple's, but the active emulators do not emulate it.
    """
    if not _emulators or not host:
        return None
    name = host.lower().rstrip(".")
    service = _SERVICES.get(name)
    if service is None:
        return None
    for emulator in reversed(_emulators):
        if name in _hosts(emulator.service):
            return emulator
    mock = "mock this host with another library"
    advice = (
        f"Emulate it with --asc-service={service.name}, or {mock}" if service.name in PROBEABLE else mock.capitalize()
    )
    raise AppleHostError(
        f"{_caller()} tried to connect to {name} ({service.title}), but the emulator of this test is for "
        f"{_emulators[-1].service.title}. {advice}. To let a test reach Apple, mark it with asc_live and use no "
        "emulator in it."
    )


@cache
def _hosts(service: Service) -> frozenset[str]:
    return frozenset(emulated_hosts(service))


@cache
def _install_guard() -> None:
    """Install the guard, once per process: audit hooks cannot be removed."""
    sys.addaudithook(_audit)


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if _emulators and (check := _CHECKS.get(event)):
        check(args)


def _refuse_address(address: object) -> None:
    if isinstance(address, tuple) and address:
        _refuse(address[0])


def _refuse(host: object) -> None:
    """Raise an error if a host is Apple's and an emulator is active."""
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("ascii", "replace")
    if isinstance(host, str) and emulator_for(host):
        raise AppleHostError(
            f"{_caller()} tried to connect to {host}, but a test with asc fixtures does not reach Apple. The emulator "
            "intercepts requests, httpx, aiohttp, urllib3, urllib.request and http.client; direct any other client to "
            "the url or the proxy_url of asc_server. To let a test reach Apple, mark it with asc_live."
        )


def _refuse_command(command: object, environ: Iterable[str | bytes] | None) -> None:
    """Raise an error if a command contains a URL of Apple's, and its environment has no proxy."""
    parts = [command] if isinstance(command, (str, bytes, os.PathLike)) else command
    if not isinstance(parts, (list, tuple)):
        return
    words = [os.fsdecode(part) for part in parts if isinstance(part, (str, bytes, os.PathLike))]
    if words:
        refuse_urls("\n".join(words), PurePath(words[0].split()[0] if words[0].split() else "").name, environ)


def refuse_urls(text: str, client: str, environ: Iterable[str | bytes] | None = None) -> None:
    """Raise an error if a text contains a URL of Apple's that a client would send to Apple and not to the emulator.

    Args:
        text: A URL, or the command line of a program.
        client: Name of the client, for the message.
        environ: Names of the client's environment variables; None for those of this process. If a proxy is among them,
            nothing is raised: the client sends its requests to the proxy, and that of ``asc_server`` leads to the
            emulator.

    Raises:
        AppleHostError: The text contains such a URL, and an emulator is active.
    """
    hosts = _URL.findall(text) if _emulators else ()
    if not hosts or any(os.fsdecode(name) in _PROXIES for name in (os.environ if environ is None else environ)):
        return
    host = next((host for host in hosts if emulator_for(host)), None)
    if host:
        raise AppleHostError(
            f"{client} got a URL of {host}, but a test with asc fixtures does not reach Apple. The emulator intercepts "
            "requests only within the process of the test; for another process or a C library, use asc_server: run the "
            "program with env=asc_server.env, or direct it to asc_server.url. To let a test reach Apple, mark it with "
            "asc_live."
        )


_CHECKS: Mapping[str, Callable[[tuple[Any, ...]], None]] = {
    "socket.getaddrinfo": lambda args: _refuse(args[0]),
    "socket.gethostbyname": lambda args: _refuse(args[0]),
    "socket.connect": lambda args: _refuse_address(args[1]),
    "socket.sendto": lambda args: _refuse_address(args[1]),
    "subprocess.Popen": lambda args: _refuse_command(args[1], args[3]),
    "os.posix_spawn": lambda args: _refuse_command(args[1], args[2]),
    "os.system": lambda args: _refuse_command(args[0], None),
}
"""Checks by the name of Python's audit event."""

_CHECKS_HOSTS = "_asc_checks_hosts"
"""Attribute of the methods of ``socket.socket`` that check the host."""


def _patch_socket() -> None:
    """Check the host before ``connect`` looks it up, which causes no audit event; the hook only sees later steps.

    This is repeated for each emulator, because a test that replaced these methods may have removed the check.
    """
    cls: Any = socket.socket
    for name in ("connect", "connect_ex"):
        original = getattr(cls, name)
        if getattr(original, _CHECKS_HOSTS, False):
            continue

        def connect(self: Any, address: Any, original: Any = original) -> Any:
            if _emulators:
                _refuse_address(address)
            return original(self, address)

        setattr(connect, _CHECKS_HOSTS, True)
        setattr(cls, name, connect)


def _caller() -> str:
    """Return the name of the calling package: the nearest one that is neither this package nor the standard library."""
    this_package = __name__.partition(".")[0]
    frame = sys._getframe(1)  # noqa: SLF001  a documented function
    while frame.f_back:
        frame = frame.f_back
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package and package != this_package and package not in sys.stdlib_module_names:
            return package
    return "a client"
