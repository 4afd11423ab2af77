"""Cost of the installed plugin in a run that does not use it: ``python benchmarks/startup.py``.

Modules are counted, because counts do not vary. Times are medians over alternating processes, and of the ratios within
a round; the time of a run is CPU time, which other work on the machine affects less than elapsed time.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 21
# Without bytecode files, pytest rewrites the plugin's assertions at every start.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
HOOK = "import pytest\n\ndef pytest_configure(config): pass\n"
LOAD = """
import sys, time, pytest
sys.path.insert(0, {folder!r})
known = set(sys.modules)
started = time.perf_counter()
import {module}
print(time.perf_counter() - started, len(set(sys.modules) - known))
"""


def load(module: str, folder: str) -> tuple[float, int]:
    """Return the seconds and the number of new modules of an import, in a process with pytest loaded."""
    code = LOAD.format(module=module, folder=folder)
    output = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    seconds, modules = output.stdout.split()
    return float(seconds), int(modules)


def run(folder: str, *options: str) -> float:
    """Return the CPU seconds of a pytest run of one empty test."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the tables."""
    loads: dict[str, list[tuple[float, int]]] = {}
    without: list[float] = []
    with_plugin: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "one_hook.py").write_text(HOOK)
        Path(folder, "package").mkdir()
        Path(folder, "package", "__init__.py").write_text("")
        Path(folder, "package", "one_hook.py").write_text(HOOK)
        Path(folder, "our_dependencies.py").write_text("import cryptography, jwt, requests, responses\n")
        Path(folder, "test_empty.py").write_text("def test_empty(): pass\n")
        for _ in range(ROUNDS):
            for module in ("one_hook", "package.one_hook", "pytest_asc.plugin", "xdist.plugin", "our_dependencies"):
                loads.setdefault(module, []).append(load(module, folder))
            without.append(run(folder, "-p", "no:asc"))
            with_plugin.append(run(folder))
    print(f"Loading a module where pytest is loaded ({ROUNDS} rounds)")
    for module, values in loads.items():
        ratio = statistics.median(mine[0] / floor[0] for mine, floor in zip(values, loads["one_hook"], strict=True))
        median = statistics.median(seconds for seconds, _ in values)
        print(f"  {module:24}{values[0][1]:>5} modules {median * 1e3:>9.2f} ms   x {ratio:.2f}")
    ratio = statistics.median(one / other for one, other in zip(with_plugin, without, strict=True))
    print("\nA run of one empty test, with the plugin and with -p no:asc")
    print(
        f"  {statistics.median(with_plugin) * 1e3:.1f} ms and {statistics.median(without) * 1e3:.1f} ms   x {ratio:.3f}"
    )


if __name__ == "__main__":
    main()
