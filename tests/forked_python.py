"""Python processes that are forked from one which has loaded pytest and the plugin, and so need not load them anew."""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
from contextlib import redirect_stdout, suppress
from functools import cached_property
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

# What every run with the fixtures loads. A test that loads httpx or aiohttp is the first to do so.
LOADED = (
    "pytest_asc.emulator.app",
    "pytest_asc.faults.registry",
    "pytest_asc.plugin.report_sections",
    "pytest_asc.plugin.test_context",
    "pytest_asc.smoke.hooks",
    "pytest_asc.transports.http_client",
    "pytest_asc.transports.requests_adapter",
    "pytest_asc.transports.responses_mock",
)
FORKS = sys.platform == "linux"  # elsewhere it may not be safe


class ForkedProcess:
    """A process, with what ``subprocess.Popen`` has of it. Its output fits into pipes: nobody reads while it runs."""

    def __init__(self, connection: socket.socket, pipes: Sequence[IO[Any] | None]) -> None:
        self.stdin, self.stdout, self.stderr = pipes
        self._connection = connection
        self._answers = connection.makefile()
        self.pid = int(self._answers.readline())
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return its exit status, which is negative where a signal ended it."""
        if self.returncode is None:
            with self._connection, self._answers:
                self._connection.settimeout(timeout)
                self.returncode = int(self._answers.readline())
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[Any, Any]:
        """Wait for its end; return the rest of its output."""
        self.wait(timeout)
        out, err = (pipe and not pipe.closed and pipe.read() for pipe in (self.stdout, self.stderr))
        for pipe in filter(None, (self.stdin, self.stdout, self.stderr)):
            pipe.close()
        return out, err

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


Process: TypeAlias = "ForkedProcess | subprocess.Popen[Any]"


class ForkedPython:
    """Starts processes by forking them from one process, which it starts on first use.

    Args:
        modules: What that process loads besides.
    """

    def __init__(self, *modules: str) -> None:
        self._modules = modules

    @cached_property
    def _parent(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        own, other = socket.socketpair()
        with other:
            command = [sys.executable, __file__, str(other.fileno()), *LOADED, *self._modules]
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[other.fileno()]), own

    def _start(self, arguments: Sequence[str], folder: Path, descriptors: Sequence[int]) -> socket.socket:
        request = {"arguments": arguments, "folder": str(folder), "environment": dict(os.environ)}
        own, other = socket.socketpair()
        with other:
            socket.send_fds(self._parent[1], [b"."], [other.fileno(), *descriptors])
        own.sendall(json.dumps(request).encode())
        own.shutdown(socket.SHUT_WR)
        return own

    def start(self, *arguments: str, text: bool = False) -> Process:
        """Start ``python`` with ``-m`` or ``-c`` in the current folder.

        Args:
            *arguments: Options and arguments of ``python``.
            text: Whether its pipes are of text; standard error has one as well then.
        """
        if not FORKS:
            pipe = subprocess.PIPE
            command = [sys.executable, *arguments]
            return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe if text else None, text=text)
        kind = "t" if text else "b"
        (stdin, given), (taken, stdout) = os.pipe(), os.pipe()
        pipes: list[IO[Any] | None] = [os.fdopen(given, f"w{kind}"), os.fdopen(taken, f"r{kind}"), None]
        ends = [stdin, stdout]
        if text:
            lines, stderr = os.pipe()
            pipes[2] = os.fdopen(lines)
            ends.append(stderr)
        connection = self._start(arguments, Path.cwd(), ends if text else [*ends, 2])
        for end in ends:
            os.close(end)
        return ForkedProcess(connection, pipes)

    def run(
        self, *arguments: str, folder: Path, given: str = "", timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run ``python`` with ``-m`` or ``-c`` in a folder, with a text on standard input, to its end.

        Raises:
            TimeoutError, subprocess.TimeoutExpired: The process has not ended after ``timeout`` seconds.
        """
        if not FORKS:
            return subprocess.run(
                [sys.executable, *arguments],
                cwd=folder,
                input=given,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as stdin,
            tempfile.TemporaryFile("w+", encoding="utf-8") as stdout,
            tempfile.TemporaryFile("w+", encoding="utf-8") as stderr,
        ):
            files = (stdin, stdout, stderr)
            stdin.write(given)
            stdin.seek(0)
            connection = self._start(arguments, folder, [file.fileno() for file in files])
            process = ForkedProcess(connection, [None] * 3)
            try:
                status = process.wait(timeout)
            except TimeoutError:
                process.kill()
                raise
            for file in (stdout, stderr):
                file.seek(0)
            return subprocess.CompletedProcess(arguments, status, stdout.read(), stderr.read())

    def close(self) -> None:
        """End the process that the others are forked from."""
        if "_parent" in vars(self):
            process, connection = self._parent
            connection.close()
            process.wait()


def _become(request: dict[str, Any], descriptors: list[int]) -> None:
    """Run in this process what Python was asked to."""
    for standard, descriptor in enumerate(descriptors):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    os.environ.clear()
    os.environ.update(request["environment"])
    tempfile.tempdir = None  # as the environment has it
    os.chdir(request["folder"])
    sys.path[0] = request["folder"]
    arguments = iter(request["arguments"])
    while (option := next(arguments)) not in {"-m", "-c"}:
        if option == "-W":
            warnings.simplefilter(next(arguments))
    program = next(arguments)
    sys.argv = [option, *arguments]
    if option == "-m":
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    else:
        exec(program, {"__name__": "__main__"})


def _status(request: dict[str, Any], descriptors: list[int]) -> int:
    """Run in this process what Python was asked to; return the exit status."""
    try:
        _become(request, descriptors)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
            return 1
        return ended.code or 0
    return 0


def _exit(status: int) -> NoReturn:
    """End this process as Python does, without the teardown of modules, which would copy most of the shared memory."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _keep(connection: socket.socket, descriptors: list[int]) -> None:
    """Fork the process that a client asks for, and tell the client when it ends."""
    request = json.loads(connection.makefile("rb").read())
    child = os.fork()
    if not child:
        connection.close()
        _exit(_status(request, descriptors))
    for descriptor in descriptors:
        os.close(descriptor)
    connection.sendall(f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    with suppress(BrokenPipeError):  # nobody waits
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _serve(client: socket.socket, modules: Sequence[str]) -> None:
    """Load modules, then fork for each request until the client ends."""
    with tempfile.TemporaryDirectory() as empty, redirect_stdout(StringIO()):
        import_module("pytest").main(["-p", "no:cacheprovider", "--rootdir", empty, empty])
    for name in modules:
        import_module(name)
    gc.freeze()
    while descriptors := socket.recv_fds(client, 1, 4)[1]:
        with socket.socket(fileno=descriptors[0]) as connection:
            if not os.fork():
                client.close()
                _keep(connection, descriptors[1:])
        for descriptor in descriptors[1:]:
            os.close(descriptor)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
