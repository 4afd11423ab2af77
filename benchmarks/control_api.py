"""Check of the control API against its OpenAPI document, and the time of its calls.

Run it with ``pip install schemathesis openapi-spec-validator`` and ``python benchmarks/control_api.py``. A request that
the document allows may be rejected because of the contents of the account, for example for an unknown ID.
"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import requests

from pytest_asc.cli.running_server import AccountOptions, running_server
from pytest_asc.transports.control_client import EmulatorClient

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = 50


def best(call: Callable[[], object]) -> float:
    """Return the milliseconds of the fastest of some calls."""
    seconds = []
    for _ in range(TIMES):
        begin = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begin)
    return min(seconds) * 1000


def main() -> int:
    """Print the times, and run both tools; return 1 if one of them reports an error."""
    with ExitStack() as stack:
        running = stack.enter_context(running_server(AccountOptions(), proxy=False))
        client = stack.enter_context(EmulatorClient(running.control.url))
        app = client.find("apps")[0]
        calls: dict[str, Callable[[], object]] = {
            "GET resources/apps/ID": lambda: client.get("apps", app["id"]),
            "GET state": client.dump,
            "POST resources": lambda: client.add("betaTesters"),
            "POST time": client.advance,
            "POST reset": client.reset,
        }
        for name, call in calls.items():
            print(f"{name:24} {best(call):5.1f} ms")
        document = f"{running.control.url}openapi.json"
        folder = stack.enter_context(TemporaryDirectory())
        Path(folder, "openapi.json").write_bytes(requests.get(document, timeout=30).content)
        excluded = ["--exclude-checks", "positive_data_acceptance", "--exclude-path", "/events"]
        tools = [
            ["openapi-spec-validator", "openapi.json"],
            ["schemathesis", "run", document, *excluded, *sys.argv[1:]],
        ]
        return max(subprocess.run(command, check=False, cwd=folder).returncode for command in tools)


if __name__ == "__main__":
    sys.exit(main())
