"""A random walk over all types of the API. ``ASC_WALK_STEPS`` and ``ASC_WALK_SEED`` set its length and seed."""

from __future__ import annotations

import os

from emulator.random_walk import RandomWalk

STEPS = int(os.environ.get("ASC_WALK_STEPS", "400"))
SEED = int(os.environ.get("ASC_WALK_SEED", "0"))


def test_the_emulator_is_consistent_with_a_model_during_a_random_walk() -> None:
    walk = RandomWalk(SEED)
    walk.run(STEPS)
    assert walk.problems == []
    statuses = {status for _, _, status in walk.answers}
    assert {200, 201, 204, 404, 409} <= statuses, "it went nowhere"
