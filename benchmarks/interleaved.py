"""Compare ways to do a thing: in one process, in rounds that take turns, as ratios.

Every round measures all cases one after the other, so that a slow moment of the machine meets them alike; what is shown
is the median over the rounds of the ratio within a round. Only ratios travel between machines. Time is the processor's,
which other work on the machine disturbs less than the wall's.
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
    """A case, what it is compared with, and the time of the one over the time of the other to reach."""

    case: str
    other: str
    most: float | None = None


def repeat(call: Callable[[], object]) -> Callable[[int], None]:
    """Run a call as often as wanted."""

    def run(times: int) -> None:
        for _ in range(times):
            call()

    return run


def measure(cases: Mapping[str, tuple[Callable[[int], None], int]], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Seconds of one call, for each case and round.

    Args:
        cases: By name, what runs the case as often as it is told, and how often to run it in a round.
        rounds: How often the cases take turns; one more round comes first and warms up.
    """
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, (run, times) in cases.items():
            gc.collect()
            started = time.process_time()
            run(times)
            took = (time.process_time() - started) / times
            if number:
                seconds[name].append(took)
    return seconds


def show(title: str, aims: Iterable[Aim], seconds: Mapping[str, list[float]]) -> None:
    """Print the ratios beside the aims, and the times of this machine."""
    print(f"\n{title}\n{'case':34}{'compared with':34}{'time ratio':>10}{'aim':>9}")
    for aim in aims:
        pairs = zip(seconds[aim.case], seconds[aim.other], strict=True)
        ratio = statistics.median(one / two for one, two in pairs)
        print(f"{aim.case:34}{aim.other:34}{ratio:10.3f}{'' if aim.most is None else f'≤ {aim.most:.2f}':>9}")
    times = ", ".join(f"{name} {statistics.median(values) * 1e6:.2f}" for name, values in seconds.items())
    print(f"microseconds here: {times}")
