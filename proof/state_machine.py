"""A model of the whole system in virtual time, driven by hypothesis: users, partners, operators, schedules, faults.

The invariants (`model/invariants.py`), after every rule and again when the system is quiescent:

* every material revision has a final state, and its receiver has the content of Visma, or the ledger has the reason;
* no former receiver has a document, unless a person must withdraw it;
* a document from before go-live is sent only if a person or the policy selects it; only its material changes are
  parked;
* every transaction at Orderful belongs to one revision, and none repeats the content at the receiver (flood, echo);
* the watermark never falls;
* no edit of a user is overwritten unseen, only requested values are written, and no change is written into an order of
  another partner;
* a parked document is released once; every 860 is recorded and decided, and its delivery is confirmed after that;
* without a person, no 860 is written over a newer one, out of sequence, twice, or before Orderful has validated it; a
  recorded duplicate repeats an applied 860; and messages of other senders have no effect on those of a partner;
* the written values are those of the message at Orderful at that time, in their fields;
* the nightly comparison finds nothing once everything is settled.
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
from proof.model.machine.faults import Faults
from proof.model.machine.functions import Functions
from proof.model.machine.partners import Partners
from proof.tally import Size, Tally

STEPS: Final = 30
MANY_STEPS: Final = 90
"""Steps for every second seed of the long form: combinations of faults need long runs."""

FAST_RUNS: Final = 500
LONG_RUNS: Final = 600
"""Runs for each seed of the long form; half as many with `MANY_STEPS`."""

SEEDS: Final = range(1, 31)
GUARANTEE: Final = "Whatever comes in whatever order: no loss, no repetition, no echo, no lost edit, nothing left over"


class Connector(Functions, Partners, Accounting, Faults):
    """All rules."""


@dataclass(slots=True)
class Found:
    """The result of runs of the machine.

    Attributes:
        violation: The first violation with its steps; None without one.
        steps: The number of calls of each rule.
    """

    runs: int
    violation: str | None
    steps: Counter[str] = field(default_factory=Counter)


def prove(size: Size) -> list[Tally]:
    """Run the machine, derandomized in the fast form, with several seeds in the long form."""
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
    configurations: Sequence[str] = (),
    shrink: bool = True,
) -> Found:
    """Run the machine until a violation, at most `runs` times.

    Args:
        runs: Most runs.
        steps: Most steps of a run.
        number: The seed; None for a derandomized run.
        rules: Names of the enabled rules; all when empty.
        configurations: Names of the configurations to draw from; all when empty.
        shrink: Whether to shrink the steps of a violation.
    """
    drawn = tuple(configurations) or Connector.configurations

    # A class with its own counters and seed.
    class Mine(Connector):
        runs = 0
        steps: ClassVar[Counter[str]] = Counter()
        enabled_rules = frozenset(rules) or None
        configurations = drawn

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
        except Exception as error:  # noqa: BLE001 - any exception is a violation
            way = "\n".join(map(str, [*lines, *getattr(error, "__notes__", [])]))
            violation = (
                f"{'derandomized' if number is None else f'seed {number}'}: {type(error).__name__}: {error}\n{way}"
            )
    return Found(mine.runs, violation, Counter(mine.steps))
