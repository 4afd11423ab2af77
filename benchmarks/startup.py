"""What an installed plugin costs a run that does not use it: imports, and whole pytest runs.

Modules are counted, since counts do not jitter. Times are medians of processes that take turns, as ratios.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 15
# Without bytecode, pytest rewrites the plugin's assertions anew at every start.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

LOAD = """
import sys, time, pytest
{before}
known = set(sys.modules)
started = time.perf_counter()
import {module}
print(time.perf_counter() - started, len(set(sys.modules) - known))
"""


def load(module: str, *, path: str = "") -> tuple[float, int]:
    """Seconds and new modules of an import, in a process that has pytest loaded."""
    code = LOAD.format(module=module, before=f"sys.path.insert(0, {path!r})" if path else "")
    output = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    seconds, modules = output.stdout.split()
    return float(seconds), int(modules)


def run(folder: str, *options: str) -> float:
    """Seconds of a whole pytest run of one empty test."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "one_hook.py").write_text("import pytest\n\ndef pytest_configure(config): pass\n")
        Path(folder, "our_dependencies.py").write_text("import cryptography, jwt, requests, responses\n")
        Path(folder, "test_empty.py").write_text("def test_empty(): pass\n")
        modules = {
            "a module with one hook": ("one_hook", folder),
            "pytest_asc.plugin": ("pytest_asc.plugin", ""),
            "xdist.plugin": ("xdist.plugin", ""),
            "our dependencies, had they been imported": ("our_dependencies", folder),
        }
        loads: dict[str, list[tuple[float, int]]] = {name: [] for name in modules}
        runs: dict[str, list[float]] = {"-p no:asc": [], "with the plugin": []}
        for _ in range(ROUNDS):
            for name, (module, path) in modules.items():
                loads[name].append(load(module, path=path))
            runs["-p no:asc"].append(run(folder, "-p", "no:asc"))
            runs["with the plugin"].append(run(folder))
    floor = statistics.median(seconds for seconds, _ in loads["a module with one hook"])
    print(f"Loading the plugin module  ({ROUNDS} rounds)")
    for name, values in loads.items():
        median = statistics.median(seconds for seconds, _ in values)
        print(f"  {name:<44} {median * 1e3:>8.2f} ms   x {median / floor:>6.2f}   {values[0][1]:>4} modules")
    without = statistics.median(runs["-p no:asc"])
    print(f"\nA run of one empty test  ({ROUNDS} rounds)")
    for name, times in runs.items():
        print(f"  {name:<44} {statistics.median(times) * 1e3:>8.1f} ms   x {statistics.median(times) / without:>6.3f}")


if __name__ == "__main__":
    main()
