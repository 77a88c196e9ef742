"""Planted bugs: crash points and state machine are worth something only if each of these turns them red.

A bug takes the place of one function of the connector; scenarios, rules and judge stay as they are.
"""

from __future__ import annotations

from typing import Final

from proof.crash_points import Kills, tried
from proof.model.clockwork import NeverRests
from proof.model.scenarios import SCENARIOS
from proof.mutations import asking, changing, knowing, reading, sending
from proof.mutations.plant import Mutation
from proof.state_machine import explored
from proof.tally import Size, Tally

MUTATIONS = (*reading.MUTATIONS, *sending.MUTATIONS, *changing.MUTATIONS, *asking.MUTATIONS, *knowing.MUTATIONS)

MOST_RUNS: Final = 2_000
"""Runs of the state machine in which a bug must have shown itself. Most do within 50, the rarest took 330."""

SEEDS: Final = (1, 2, 3, 4)
"""Besides the fixed lots, in the long form."""


def prove(size: Size) -> list[Tally]:
    """Plant each bug and see that it is found."""
    missed, tries = [], 0
    for mutation in MUTATIONS:
        for number in (None, *SEEDS) if size is Size.LONG and not mutation.scenario else (None,):
            tries += 1
            if not caught(mutation, number):
                missed.append(f"'{mutation.name}' was planted and nothing turned red (seed {number}).")
    names = "; ".join(mutation.name for mutation in MUTATIONS)
    return [Tally(f"Each of {len(MUTATIONS)} planted bugs turns the model red", tries, tuple(missed), names)]


def caught(mutation: Mutation, number: int | None = None) -> bool:
    """Whether a planted bug shows itself; `number` is the seed of the state machine."""
    with mutation.planted():
        if not mutation.scenario:
            runs = explored(runs=MOST_RUNS, number=number, rules=mutation.rules, worlds=mutation.worlds, shrink=False)
            return runs.violation is not None
        kills = Kills()
        try:
            scenario = next(scenario for scenario in SCENARIOS if scenario.name == mutation.scenario)
            tried(scenario, kills, everywhere=False, to_the_end=False)
        except NeverRests:
            return True
        return bool(kills.violations)
