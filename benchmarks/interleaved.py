"""Compare ways to do a thing: in one process, in rounds that take turns, as ratios of medians.

Absolute times differ between machines and between minutes; only the ratios travel.
"""

from __future__ import annotations

import gc
import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROUNDS = 21


def compare(
    title: str, ways: Mapping[str, Callable[[], object]], *, calls: int, rounds: int = ROUNDS
) -> dict[str, float]:
    """Time each way, print a table, and return seconds per call.

    Args:
        title: The heading.
        ways: What to call, by name. The first is what the others are compared with.
        calls: How often each is called in a round.
        rounds: How often they take turns.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name, way in ways.items():
            gc.collect()
            started = time.perf_counter()
            for _ in range(calls):
                way()
            times[name].append((time.perf_counter() - started) / calls)
    medians = {name: statistics.median(values) for name, values in times.items()}
    base = next(iter(medians.values()))
    print(f"\n{title}  ({rounds} rounds of {calls})")
    for name, median in medians.items():
        print(f"  {name:<44} {median * 1e6:>10.2f} us   rate x {base / median:.2f}")
    return medians
