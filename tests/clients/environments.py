"""The real clients, and an environment of its own for each: what one needs another cannot have."""

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

# A registry that does not answer is not waited for.
_PIP = ("--quiet", "--disable-pip-version-check", "--retries=1", "--timeout=15")
_NPM = ("--loglevel=error", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=15000")
_ERROR = re.compile(r"^(ERROR|npm error).*", re.MULTILINE)
_LONGEST = 300  # seconds that a command may take


class Client(NamedTuple):
    """Somebody's client, as it is published."""

    package: str
    version: str
    language: Literal["python", "node"]
    needs: tuple[str, ...] = ()
    """What its users are told to install along with it."""

    @property
    def driver(self) -> Path:
        """The program that uses it."""
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
    """An environment cannot be made; the message says why."""


def install(client: Client, folder: Path) -> Path:
    """The environment of a client: the one that is in the folder, or a new one that is left there.

    Raises:
        UnavailableError: It cannot be made.
    """
    runtime = sys.implementation.cache_tag if client.language == "python" else "node"
    place = folder / f"{client.driver.stem}-{client.version}-{runtime}"
    if place.is_dir():
        return place
    folder.mkdir(parents=True, exist_ok=True)
    # What is there is whole: it gets its name last. A virtual environment can be moved, all but its scripts.
    with TemporaryDirectory(dir=folder) as scratch:
        made = Path(scratch) / "made"
        for command in _commands(client, made):
            _run(command)
        try:
            made.rename(place)
        except OSError:
            if not place.is_dir():  # where it is, another worker was faster
                raise
    return place


def start(client: Client, place: Path, folder: Path) -> list[str]:
    """The command that starts a client's driver in a folder of its own, where it may write."""
    if client.language == "python":
        # Isolated: else the driver's folder came first, and a driver is named like its client.
        return [str(place / "bin" / "python"), "-I", str(client.driver)]
    # Node looks for packages beside the program.
    (folder / "node_modules").symlink_to(place / "node_modules")
    return ["node", str(shutil.copy(client.driver, folder))]


def _commands(client: Client, place: Path) -> Iterator[list[str]]:
    if client.language == "python":
        yield [sys.executable, "-m", "venv", str(place)]
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", *_PIP]
        yield [*pip, f"{client.package}=={client.version}", *client.needs]
    else:
        place.mkdir()
        yield ["node", "--version"]
        yield ["npm", "install", *_NPM, "--prefix", str(place), f"{client.package}@{client.version}"]


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_LONGEST)
    except FileNotFoundError:
        raise UnavailableError(f"{command[0]} is not on this machine") from None
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"{command[0]} took more than {_LONGEST} seconds") from None
    except subprocess.CalledProcessError as error:
        said = _ERROR.search(error.stderr)
        raise UnavailableError(said[0] if said else f"{command[0]} ended with {error.returncode}") from None
