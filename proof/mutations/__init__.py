"""Mutation tests: each planted bug must be detected by the crash points or the state machine.

A bug replaces one function of the connector; scenarios, rules and checks are unchanged.
"""

from __future__ import annotations

from typing import Final

from proof.crash_points import Kills, Where, tried
from proof.model.clockwork import NotQuiescent
from proof.model.scenarios import SCENARIOS
from proof.mutations import asking, changing, knowing, reading, sending
from proof.mutations.plant import Mutation
from proof.state_machine import explored
from proof.tally import Size, Tally

MUTATIONS = (*reading.MUTATIONS, *sending.MUTATIONS, *changing.MUTATIONS, *asking.MUTATIONS, *knowing.MUTATIONS)

MAX_RUNS: Final = 2_000
"""Most runs of the state machine to detect a bug. Most are detected within 50, the rarest took 330."""

SEEDS: Final = (1, 2, 3, 4)
"""Additional seeds of the long form."""


def prove(size: Size) -> list[Tally]:
    """Plant each bug, and check that it is detected; in the long form also with each seed of the state machine."""
    tries = [(mutation, mutation.scenario or "fixed seed", shown(mutation)) for mutation in MUTATIONS]
    if size is Size.LONG:
        tries += [
            (mutation, f"seed {number}", found_by_machine(mutation, number))
            for mutation in MUTATIONS
            if mutation.is_for_the_machine
            for number in (*SEEDS, *([None] if mutation.scenario else []))
        ]
    missed = tuple(f"'{one.name}' was planted and nothing turned red ({how})." for one, how, red in tries if not red)
    names = "; ".join(mutation.name for mutation in MUTATIONS)
    return [Tally(f"Each of {len(MUTATIONS)} planted bugs turns the model red", len(tries), missed, names)]


def shown(mutation: Mutation) -> bool:
    """Whether a planted bug is detected in its scenario, or by the state machine when it has none."""
    if not mutation.scenario:
        return found_by_machine(mutation)
    with mutation.planted():
        kills = Kills()
        try:
            scenario = next(scenario for scenario in SCENARIOS if scenario.name == mutation.scenario)
            tried(scenario, kills, where=Where.IN_THE_SCENARIO, report_all=False)
        except NotQuiescent:
            return True
        return bool(kills.violations)


def found_by_machine(mutation: Mutation, number: int | None = None) -> bool:
    """Whether the state machine finds a planted bug; `number` is its seed, None for the fixed one."""
    with mutation.planted():
        runs = explored(
            runs=MAX_RUNS, number=number, rules=mutation.rules, configurations=mutation.configurations, shrink=False
        )
        return runs.violation is not None
