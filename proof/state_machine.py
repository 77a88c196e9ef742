"""A model of the whole system in virtual time, driven by hypothesis: users, partners, operators, schedules, trouble.

The invariants (`model/judge.py`), after every rule and again when the system is quiescent:

* every material revision ends in one final state, and its receiver has what Visma has, or the ledger says why not;
* no former receiver still has a document, unless a person has to withdraw it there;
* nothing from before go-live leaves unless a person or the policy chose it, its material changes are asked about and
  nothing else is, and nothing newer is kept back for it;
* every transaction at Orderful belongs to exactly one revision, and none repeats what the receiver has (flood, echo);
* the watermark never falls;
* no edit of a user's is overwritten unseen, nothing is written that nobody asked for, and no change of a partner is
  written into an order that is another one's;
* what is parked is released once; every 860 is recorded, decided, and Orderful told after that and not before;
* no 860 is written over a newer one, before its turn, twice, or while Orderful has not let it through, unless a person
  wants it; what is recorded as a repetition repeats what was applied; and nobody else's message bears on a partner's;
* what is written is what the message says that Orderful has by then, in the field that it is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import ClassVar, Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.reporting import with_reporter
from hypothesis.stateful import run_state_machine_as_test

from proof.model.machine.accounting import Accounting
from proof.model.machine.functions import Functions
from proof.model.machine.partners import Partners
from proof.model.machine.trouble import Trouble
from proof.tally import Size, Tally

STEPS: Final = 30
MANY_STEPS: Final = 90
"""Of every second seed of the long form: what takes several accidents shows itself late in a run."""

FAST_RUNS: Final = 300
LONG_RUNS: Final = 600
"""Runs with each of the seeds of the long form; half as many when they are long."""

SEEDS: Final = range(1, 11)
GUARANTEE: Final = "Whatever comes in whatever order: no loss, no repetition, no echo, no lost edit, nothing left over"


class Connector(Functions, Partners, Accounting, Trouble):
    """All rules together."""


@dataclass(slots=True)
class Found:
    """What runs of a machine found.

    Attributes:
        violation: The first violation, with the steps that lead to it; None when there is none.
        steps: How often each rule was played.
    """

    runs: int
    violation: str | None
    steps: Counter[str] = field(default_factory=Counter)


def prove(size: Size) -> list[Tally]:
    """Run the machine, with fixed lots in the fast form and one seed after the other in the long one."""
    if size is Size.FAST:
        found = [explored(runs=FAST_RUNS)]
    else:
        found = [
            explored(runs=LONG_RUNS, number=number)
            if number % 2
            else explored(runs=LONG_RUNS // 2, steps=MANY_STEPS, number=number)
            for number in SEEDS
        ]
    steps = sum((one.steps for one in found), Counter())
    names = ", ".join(f"{name} {count}" for name, count in sorted(steps.items()))
    return [
        Tally(
            GUARANTEE,
            sum(one.runs for one in found),
            tuple(one.violation for one in found if one.violation),
            f"runs of up to {STEPS if size is Size.FAST else MANY_STEPS} steps; steps: {names}",
        )
    ]


def explored(
    *,
    runs: int,
    steps: int = STEPS,
    number: int | None = None,
    rules: AbstractSet[str] = frozenset(),
    worlds: Sequence[str] = (),
    shrink: bool = True,
) -> Found:
    """Run the machine until a run goes wrong, or often enough.

    Args:
        runs: How often at most.
        steps: How many steps a run has at most.
        number: The seed; without one the same lots are drawn each time.
        rules: Names of the rules in play; all when empty.
        worlds: Names of the worlds to draw from; all when empty.
        shrink: Whether to look for the shortest way to what was found.
    """

    # Counters of its own, and a seed of its own.
    class Mine(Connector):
        runs = 0
        steps: ClassVar[Counter[str]] = Counter()
        in_the_game = frozenset(rules) or None
        settings = tuple(worlds) or Connector.settings

    lines: list[object] = []
    violation: str | None = None
    chosen = settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        derandomize=number is None,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    mine = Mine if number is None else seed(number)(Mine)
    with with_reporter(lines.append):
        try:
            run_state_machine_as_test(mine, settings=chosen)
        except Exception as error:  # noqa: BLE001 - a defect that shows itself as an exception is a finding as well
            way = "\n".join(map(str, [*lines, *getattr(error, "__notes__", [])]))
            violation = (
                f"{'derandomized' if number is None else f'seed {number}'}: {type(error).__name__}: {error}\n{way}"
            )
    return Found(mine.runs, violation, Counter(mine.steps))
