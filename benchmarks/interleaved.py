"""Comparison of alternatives by time ratio, measured in alternating rounds of one process.

Every round measures all cases one after the other, so that a slow moment of the machine affects all of them; the result
is the median over the rounds of the ratio within a round. Only ratios are comparable between machines. By default,
times are CPU times, which other work on the machine affects less than elapsed times.
"""

from __future__ import annotations

import gc
import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ROUNDS = 21


class Aim(NamedTuple):
    """A case, the case that it is compared with, and the greatest ratio of their times; None without an aim."""

    case: str
    other: str
    limit: float | None = None


def repeat(call: Callable[[], object]) -> Callable[[int], None]:
    """Return a function that calls as often as its argument says."""

    def run(times: int) -> None:
        for _ in range(times):
            call()

    return run


def measure(
    cases: Mapping[str, tuple[Callable[[int], None], int]],
    rounds: int = ROUNDS,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, list[float]]:
    """Measure the seconds of one call, for each case and round.

    Args:
        cases: By name, a function that runs the case a given number of times, and that number for each round.
        rounds: Number of rounds; one more round precedes them as warm-up.
        clock: Returns the time. The CPU time of this process leaves out what other processes do for a case.
    """
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, (run, times) in cases.items():
            gc.collect()
            started = clock()
            run(times)
            took = (clock() - started) / times
            if number:
                seconds[name].append(took)
    return seconds


def show(title: str, aims: Iterable[Aim], seconds: Mapping[str, list[float]]) -> None:
    """Print the ratios with their aims, and the times on this machine."""
    print(f"\n{title}\n{'case':34}{'compared with':34}{'time ratio':>10}{'aim':>9}")
    for aim in aims:
        pairs = zip(seconds[aim.case], seconds[aim.other], strict=True)
        ratio = statistics.median(one / two for one, two in pairs)
        print(f"{aim.case:34}{aim.other:34}{ratio:10.3f}{'' if aim.limit is None else f'≤ {aim.limit:.2f}':>9}")
    times = ", ".join(f"{name} {statistics.median(values) * 1e6:.2f}" for name, values in seconds.items())
    print(f"microseconds on this machine: {times}")
