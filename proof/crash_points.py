"""Crash points: each scenario is repeated with a worker killed before, and after, each of its side effects.

After a kill, messages in flight are delivered again (and once more, since their deletion is lost). The result must
equal that without faults: the same transactions, orders in Visma, states and confirmations. The long form also refuses
each side effect, loses its answer, and kills two workers. The fast form kills once at each pair of consecutive side
effects, and in every scenario at each of its named points.
"""

from __future__ import annotations

import gc
import json
import os
import random
import warnings
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from itertools import groupby
from typing import Any, Final, NoReturn, TypeAlias

from proof.model.scenarios import SCENARIOS, Scenario, outcome
from proof.system import System
from proof.tally import Size, Tally
from testkit.memory.effects import KILLS, FaultKind

SEED = 20_261_125
DOUBLE_KILLS = 3_000
"""Pairs of kills in the long form, for all scenarios together."""

Plan: TypeAlias = Mapping[int, FaultKind]
"""The faults of one run: each at the n-th side effect of the scenario, counted from 1."""


@dataclass(frozen=True, slots=True)
class NamedPoint:
    """A named crash point: between one side effect and the next."""

    name: str
    summary: str
    after: str
    before: str = ""


NAMED: Final = (
    NamedPoint("P1", "lock taken", after="poll_visma: take the cursor of v1/purchaseorder"),
    NamedPoint(
        "P2",
        "some pages queued",
        after="poll_visma: send to documents.fifo",
        before="poll_visma: send to documents.fifo",
    ),
    NamedPoint(
        "P3",
        "all queued, cursor not written",
        after="poll_visma: send to documents.fifo",
        before="poll_visma: write the cursor of v1/purchaseorder",
    ),
    NamedPoint(
        "P4",
        "cursor written; the same write gives the lock back",
        after="poll_visma: write the cursor of v1/purchaseorder",
    ),
    NamedPoint(
        "T1",
        "translated and queued, message not deleted",
        after="translate_document: send to deliveries.fifo",
        before="translate_document: delete a message of documents.fifo",
    ),
    NamedPoint(
        "D1",
        "claimed, not posted",
        after="deliver_transaction: write SENDING in the ledger",
        before="deliver_transaction: POST the transaction",
    ),
    NamedPoint(
        "D2",
        "posted, answer lost",
        after="deliver_transaction: POST the transaction",
        before="deliver_transaction: write SENT in the ledger",
    ),
    NamedPoint(
        "D3",
        "recorded, message not deleted",
        after="deliver_transaction: write SENT in the ledger",
        before="deliver_transaction: delete a message of deliveries.fifo",
    ),
    NamedPoint(
        "D4",
        "found at Orderful, not recorded",
        after="deliver_transaction: write SENDING in the ledger",
        before="deliver_transaction: write SENT in the ledger",
    ),
    NamedPoint(
        "C1",
        "hint queued, 202 not sent",
        after="receive_callback: send to hints.fifo",
        before="receive_callback: answer 202",
    ),
    NamedPoint("C2", "202 sent", after="receive_callback: answer 202"),
    NamedPoint(
        "A1",
        "decided, not written",
        after="apply_change: write CHANGING in the ledger",
        before="apply_change: PUT the order",
    ),
    NamedPoint(
        "A2",
        "written, not recorded",
        after="apply_change: PUT the order",
        before="apply_change: write the bodies of a revision",
    ),
    NamedPoint(
        "A3",
        "recorded, not confirmed",
        after="apply_change: write APPLIED for a change",
        before="apply_change: confirm the delivery",
    ),
    NamedPoint(
        "A4", "412, to be decided anew", after="apply_change: PUT the order", before="apply_change: PUT the order"
    ),
    NamedPoint(
        "K1", "token minted, not stored", after="poll_visma: mint a token", before="poll_visma: store the token"
    ),
)
"""The named crash points, each with its side effects; a test checks that each was tried."""


class Where(Enum):
    """At which effects of a scenario the worker is hit."""

    EVERYWHERE = auto()
    """Also at the cursors of lists that hold nothing, and in the polls that find nothing new."""

    IN_THE_SCENARIO = auto()
    """At each effect that is part of the scenario."""

    NAMED_AND_NEW = auto()
    """Of these, after those that begin a named point; and on both sides of one that no scenario before had with the
    same effect behind it."""


@dataclass(slots=True)
class Kills:
    """The tried kills.

    Attributes:
        points: The injected faults, by kind.
        effects: The side effects with faults, by name.
        named: The number of kills at each named point.
        pairs: The side effects with faults, each with the next one.
    """

    points: Counter[str] = field(default_factory=Counter)
    effects: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _FaultFree:
    """A scenario without faults: its side effects and result."""

    scenario: Scenario
    first: int
    steps: Sequence[str]
    outcome: dict[str, Any]


def prove(size: Size) -> list[Tally]:
    """Kill at every point of every scenario, or where the fast form does."""
    kills = Kills()
    for scenario in SCENARIOS:
        tried(scenario, kills, where=Where.EVERYWHERE if size is Size.LONG else Where.NAMED_AND_NEW)
    guarantee = "A worker may die before or after any side effect: nothing is lost, nothing is done twice"
    tallies = [Tally(guarantee, kills.points.total(), tuple(kills.violations), summary(kills))]
    if size is Size.LONG:
        tallies += [_answers_lost(), _two_kills()]
    return tallies


def summary(kills: Kills) -> str:
    """The number of different side effects with faults, and the kills at each named point."""
    sides = ", ".join(f"{count} x {side} it" for side, count in sorted(kills.points.items()))
    named = ", ".join(f"{point.name} {kills.named[point.name]}" for point in NAMED if kills.named)
    points = f"; named points: {named}" if named else ""
    return f"{len(kills.effects)} different effects in {len(SCENARIOS)} scenarios: {sides}{points}"


def tried(
    scenario: Scenario,
    kills: Kills,
    *,
    faults: Sequence[FaultKind] = KILLS,
    where: Where = Where.EVERYWHERE,
    report_all: bool = True,
) -> None:
    """Run a scenario once for each of its effects that is meant and each fault.

    Unless it is told `report_all`, the first violation is enough.
    """
    reference = _run_without_faults(scenario, kills)
    plans: list[Plan] = []
    for place, step in enumerate(reference.steps):
        if where is not Where.EVERYWHERE and not _is_relevant(reference.steps, place):
            continue
        pair = (step, reference.steps[place + 1] if place + 1 < len(reference.steps) else "")
        is_new = pair not in kills.pairs
        for fault in faults:
            names = list(_names(reference.steps, place, fault)) if fault in KILLS else []
            if where is Where.NAMED_AND_NEW and not is_new and not (names and fault is FaultKind.KILLED_AFTER):
                continue
            plans.append({place + 1: fault})
            kills.points[fault.value] += 1
            kills.effects[step] += 1
            kills.named.update(names)
            kills.pairs.add(pair)
    _run_with_faults(reference, plans, kills, report_all=report_all)


def _run_without_faults(scenario: Scenario, kills: Kills) -> _FaultFree:
    system = scenario.system()
    first = len(system.effects.steps)
    scenario.steps(system)
    wrong = system.invariants.check_quiescent()
    if (len(system.orderful.delivered), len(system.visma.puts)) != (scenario.sent, scenario.puts):
        wrong.append(f"{len(system.orderful.delivered)} transactions were sent and {len(system.visma.puts)} PUTs made.")
    kills.violations += [f"{scenario.name}, without faults: {sentence}" for sentence in wrong]
    return _FaultFree(scenario, first, system.effects.steps[first:], outcome(system))


def _run_with_faults(reference: _FaultFree, plans: Collection[Plan], kills: Kills, *, report_all: bool = True) -> None:
    """Run the scenario with each plan until it is quiescent, and compare.

    What the plans share is run once: this process runs the scenario without faults, and forks at the first fault of
    each plan. The child injects the faults, runs to the end, and reports what is wrong.
    """
    system, fork = reference.scenario.system(), _Fork()
    for step, planned in groupby(sorted(plans, key=min), key=min):
        system.effects.at(step, partial(fork.each, system, list(planned), kills, report_all=report_all))
    wrong: list[str] = []
    try:
        wrong = _run(reference, system, fork)
    except Exception as error:
        if fork.is_parent:
            raise
        wrong = [f"{type(error).__name__}: {error}"]
    finally:
        if not fork.is_parent:
            injected = ", then ".join(system.effects.injected)
            fork.report([f"{reference.scenario.name}, {injected}: {sentence}" for sentence in wrong])
    if fork.count < len(plans) and (report_all or not kills.violations):
        kills.violations.append(f"{reference.scenario.name}: {len(plans) - fork.count} planned steps were not reached.")


def _run(reference: _FaultFree, system: System, fork: _Fork) -> list[str]:
    """What is wrong at the end of a run with faults."""
    wrong: list[str] = []
    try:
        reference.scenario.steps(system)
        if fork.is_parent:
            return []
        system.quiesce()
        wrong += system.invariants.check_quiescent()
    except AssertionError as error:
        wrong.append(str(error))
    ended, expected = outcome(system), reference.outcome
    return wrong + [
        f"{part}: {ended[part]} instead of {expected[part]}" for part in ended if ended[part] != expected[part]
    ]


class _Fork:
    """Which of the processes of a scenario this one is: the parent, or the child of one plan."""

    def __init__(self) -> None:
        self.count = 0
        self._answer: int | None = None

    @property
    def is_parent(self) -> bool:
        """Whether this process starts the others."""
        return self._answer is None

    def each(self, system: System, plans: Sequence[Plan], kills: Kills, *, report_all: bool) -> FaultKind | None:
        """Fork for each plan. Returns the first fault of the plan in its child, and None in the parent."""
        for plan in plans:
            if kills.violations and not report_all:
                break
            self.count += 1
            source, answer = os.pipe()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # threads of the parent: the child needs none
                child = os.fork()
            if not child:
                return self._begin(system, plan, answer)
            os.close(answer)
            with os.fdopen(source, "rb") as answers:
                found = answers.read()
            os.waitpid(child, 0)
            kills.violations += json.loads(found) if found else [f"{plan}: the process ended without a result."]
        return None

    def _begin(self, system: System, plan: Plan, answer: int) -> FaultKind:
        gc.disable()  # a collection would copy the memory that the processes share
        self._answer = answer
        first = min(plan)
        system.effects.plan.clear()
        for step in sorted(plan.keys() - {first}):
            system.effects.at(step - first, plan[step])
        return plan[first]

    def report(self, wrong: Sequence[str]) -> NoReturn:
        """Tell the parent what is wrong, and end this child."""
        if self._answer is not None:
            with os.fdopen(self._answer, "wb") as answers:
                answers.write(json.dumps(wrong).encode())
        os._exit(0)


def _is_relevant(steps: Sequence[str], place: int) -> bool:
    """Whether the side effect belongs to the scenario, not to a poll without changes."""
    step = steps[place]
    if "the cursor of v1/purchaseorder" not in step:
        return "the cursor of" not in step
    adjacent = steps[place - 1] if "write" in step else steps[place + 1]
    return "the cursor of" not in adjacent


def _names(steps: Sequence[str], place: int, fault: FaultKind) -> Iterator[str]:
    """The named points of a kill: after their side effect, or before the next one."""
    place = place if fault is FaultKind.KILLED_AFTER else place - 1
    following = steps[place + 1] if place + 1 < len(steps) else ""
    for point in NAMED:
        if place >= 0 and steps[place] == point.after and point.before in {"", following}:
            yield point.name


def _answers_lost() -> Tally:
    """Refuse each side effect, and lose its answer; the worker continues."""
    kills = Kills()
    for scenario in SCENARIOS:
        tried(scenario, kills, faults=(FaultKind.REFUSED, FaultKind.LOST))
    return Tally(
        "Any side effect may be refused, or its answer be lost: the same",
        kills.points.total(),
        tuple(kills.violations),
        summary(kills),
    )


def _two_kills() -> Tally:
    """Kill two workers of one scenario, the second one during or after the recovery."""
    kills, rng = Kills(), random.Random(SEED)  # noqa: S311 - it draws cases, not secrets
    for scenario in SCENARIOS:
        reference = _run_without_faults(scenario, kills)
        plans: list[Plan] = []
        for _ in range(DOUBLE_KILLS // len(SCENARIOS)):
            first = rng.randint(1, len(reference.steps))
            second = first + rng.randint(1, 30)
            plans.append({first: rng.choice(KILLS), second: rng.choice(KILLS)})
            kills.points["two kills"] += 1
        _run_with_faults(reference, plans, kills)
    guarantee = f"Two workers may die in one scenario (drawn with seed {SEED}): the same"
    return Tally(guarantee, kills.points.total(), tuple(kills.violations))


__all__ = ["NAMED", "Kills", "System", "Where", "prove", "summary", "tried"]
