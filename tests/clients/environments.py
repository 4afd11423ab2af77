"""Published clients of App Store Connect, each installed in an environment of its own.

The requirements of the clients conflict.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVERS = Path(__file__).parent / "drivers"

# Short timeouts: an unreachable package index skips the tests.
_PIP = ("--quiet", "--disable-pip-version-check", "--retries=1", "--timeout=15")
_NPM = ("--loglevel=error", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=15000")
_ERROR = re.compile(r"^(ERROR|npm error).*", re.MULTILINE)
_TIMEOUT_SECONDS = 300


class Client(NamedTuple):
    """Published client of App Store Connect, with its pinned version."""

    package: str
    version: str
    language: Literal["python", "node"]
    requirements: tuple[str, ...] = ()
    """Further packages that its documentation requires."""

    @property
    def driver(self) -> Path:
        """Program in the drivers folder that uses the client."""
        name = self.package.strip("@").replace("/", "_").replace("-", "_")
        return DRIVERS / f"{name}{'.py' if self.language == 'python' else '.mjs'}"


CLIENTS = (
    Client("asconnect", "7.1.1", "python"),
    Client("appstoreconnect", "0.10.1", "python"),
    Client("apple-appstore-connect-client", "1.0.5", "python"),
    Client("applaud", "0.9.4", "python"),
    Client("codemagic-cli-tools", "0.70.0", "python"),
    Client("storepulse", "0.5.2", "python"),
    Client("aso-keyword-toolkit", "0.5.0", "python", ("pyjwt", "cryptography")),
    Client("appstore-connect-sdk", "2.0.0", "node"),
    Client("node-app-store-connect-api", "5.0.6", "node"),
    Client("appstore-tools", "1.0.13", "node"),
    Client("@expo/apple-utils", "2.2.1", "node"),
)


class UnavailableError(Exception):
    """An environment cannot be created; the message gives the reason."""


def install(client: Client, folder: Path) -> Path:
    """Return the environment of a client, and install it in the folder if it is missing.

    Args:
        client: The client to install.
        folder: Folder of all environments; they are kept for later runs.

    Raises:
        UnavailableError: The interpreter, npm or the package index is not available.
    """
    runtime = sys.implementation.cache_tag if client.language == "python" else "node"
    environment = folder / f"{client.driver.stem}-{client.version}-{runtime}"
    if environment.is_dir():
        return environment
    folder.mkdir(parents=True, exist_ok=True)
    # Renamed when complete, so that an existing folder is never partial. A virtual environment can be moved, except for
    # its scripts.
    with TemporaryDirectory(dir=folder) as scratch:
        partial = Path(scratch) / "made"
        for command in _commands(client, partial):
            _run(command)
        try:
            partial.rename(environment)
        except OSError:
            if not environment.is_dir():  # another worker has installed it meanwhile
                raise
    return environment


def driver_command(client: Client, environment: Path, folder: Path) -> list[str]:
    """Return the command that runs the driver of a client.

    Args:
        client: The client.
        environment: Its environment.
        folder: Working directory of the driver, which it may write to.
    """
    if client.language == "python":
        # Isolated mode: otherwise the driver, which has the name of its package, would shadow it on sys.path.
        return [str(environment / "bin" / "python"), "-I", str(client.driver)]
    # Node searches for packages next to the program.
    (folder / "node_modules").symlink_to(environment / "node_modules")
    return ["node", str(shutil.copy(client.driver, folder))]


def _commands(client: Client, environment: Path) -> Iterator[list[str]]:
    if client.language == "python":
        yield [sys.executable, "-m", "venv", str(environment)]
        pip = [str(environment / "bin" / "python"), "-m", "pip", "install", *_PIP]
        yield [*pip, f"{client.package}=={client.version}", *client.requirements]
    else:
        environment.mkdir()
        yield ["node", "--version"]
        yield ["npm", "install", *_NPM, "--prefix", str(environment), f"{client.package}@{client.version}"]


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS)
    except FileNotFoundError:
        raise UnavailableError(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"{command[0]} took more than {_TIMEOUT_SECONDS} seconds") from None
    except subprocess.CalledProcessError as error:
        message = _ERROR.search(error.stderr)
        raise UnavailableError(message[0] if message else f"{command[0]} exited with {error.returncode}") from None
