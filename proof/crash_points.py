"""Every crash point: each scenario is run again with a worker killed before, and after, each of its side effects.

Whatever the kill hits, time passes, what was in flight is delivered again (and then once more, its deletion lost), and
everything ends exactly as it does undisturbed: the same transactions, the same order in Visma, the same
states, the same confirmations. The long form also refuses each side effect and loses its answer, and kills twice.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from proof.model.scenarios import SCENARIOS, Scenario, outcome
from proof.system import System
from proof.tally import Size, Tally
from testkit.memory.effects import KILLS, FaultKind

SEED = 20_261_125
DOUBLE_KILLS = 3_000
"""Pairs of kills in the long form, over all scenarios."""


@dataclass(frozen=True, slots=True)
class NamedPoint:
    """A crash point that has a name: between the end of one effect and the beginning of the next."""

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
"""The table of crash points, each with the effects between which it lies; a test holds that each was tried."""


@dataclass(slots=True)
class Kills:
    """What was tried.

    Attributes:
        points: Kills and lost answers, by what befell the worker.
        effects: The effects that were hit, by name.
        named: How often each named point was hit.
    """

    points: Counter[str] = field(default_factory=Counter)
    effects: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Undisturbed:
    """A scenario as it goes when nobody dies: its effects, and how it ends."""

    scenario: Scenario
    first: int
    steps: Sequence[str]
    outcome: dict[str, Any]


def prove(size: Size) -> list[Tally]:
    """Kill at every point of every scenario."""
    kills = Kills()
    for number, scenario in enumerate(SCENARIOS):
        tried(scenario, kills, everywhere=size is Size.LONG or number == 0)
    guarantee = "A worker may die before or after any side effect: nothing is lost, nothing is done twice"
    tallies = [Tally(guarantee, kills.points.total(), tuple(kills.violations), summary(kills))]
    if size is Size.LONG:
        tallies += [_answers_lost(), _killed_twice()]
    return tallies


def summary(kills: Kills) -> str:
    """What was hit: how many different effects, and each named point how often."""
    sides = ", ".join(f"{count} x {side} it" for side, count in sorted(kills.points.items()))
    named = ", ".join(f"{point.name} {kills.named[point.name]}" for point in NAMED if kills.named)
    points = f"; named points: {named}" if named else ""
    return f"{len(kills.effects)} different effects in {len(SCENARIOS)} scenarios: {sides}{points}"


def tried(
    scenario: Scenario,
    kills: Kills,
    *,
    faults: Sequence[FaultKind] = KILLS,
    everywhere: bool = True,
    to_the_end: bool = True,
) -> None:
    """Run a scenario once for each of its effects and each fault.

    `everywhere` is also at the cursors of lists that hold nothing, and in the polls that find nothing new. Unless it is
    told `to_the_end`, the first violation is enough.
    """
    calm = _undisturbed(scenario, kills)
    for place, step in enumerate(calm.steps):
        if not (everywhere or _matters(calm.steps, place)):
            continue
        for fault in faults:
            if kills.violations and not to_the_end:
                return
            _hit(calm, {place + 1: fault}, kills)
            kills.points[fault.value] += 1
            kills.effects[step] += 1
            if fault not in KILLS:
                continue
            for name in _names(calm.steps, place, fault):
                kills.named[name] += 1


def _undisturbed(scenario: Scenario, kills: Kills) -> _Undisturbed:
    system = scenario.system()
    first = len(system.effects.steps)
    scenario.steps(system)
    wrong = system.judge.violations_when_quiescent()
    if (len(system.orderful.delivered), len(system.visma.puts)) != (scenario.sent, scenario.puts):
        wrong.append(f"{len(system.orderful.delivered)} transactions were sent and {len(system.visma.puts)} PUTs made.")
    kills.violations += [f"{scenario.name}, undisturbed: {sentence}" for sentence in wrong]
    return _Undisturbed(scenario, first, system.effects.steps[first:], outcome(system))


def _hit(calm: _Undisturbed, plan: dict[int, FaultKind], kills: Kills) -> None:
    """Run the scenario with this plan, run until quiescence, and compare."""
    system = calm.scenario.system()
    for step, fault in plan.items():
        system.effects.at(step, fault)
    wrong: list[str] = []
    try:
        calm.scenario.steps(system)
        system.quiesce()
        wrong += system.judge.violations_when_quiescent()
    except AssertionError as error:
        wrong.append(str(error))
    ended = outcome(system)
    wrong += [
        f"{part}: {ended[part]} instead of {calm.outcome[part]}" for part in ended if ended[part] != calm.outcome[part]
    ]
    if not system.effects.injected:
        wrong.append("the planned step was never reached")
    injected = ", then ".join(system.effects.injected)
    kills.violations += [f"{calm.scenario.name}, {injected or plan}: {sentence}" for sentence in wrong]


def _matters(steps: Sequence[str], place: int) -> bool:
    """Whether the effect is part of the scenario and not of a poll that finds nothing."""
    step = steps[place]
    if "the cursor of v1/purchaseorder" not in step:
        return "the cursor of" not in step
    neighbour = steps[place - 1] if "write" in step else steps[place + 1]
    return "the cursor of" not in neighbour


def _names(steps: Sequence[str], place: int, fault: FaultKind) -> Iterator[str]:
    """The named points that a kill hits: after their effect, or before the next one."""
    place = place if fault is FaultKind.KILLED_AFTER else place - 1
    following = steps[place + 1] if place + 1 < len(steps) else ""
    for point in NAMED:
        if place >= 0 and steps[place] == point.after and point.before in {"", following}:
            yield point.name


def _answers_lost() -> Tally:
    """Each side effect refused, and each with its answer lost: the worker lives on and has to cope."""
    kills = Kills()
    for scenario in SCENARIOS:
        tried(scenario, kills, faults=(FaultKind.REFUSED, FaultKind.LOST))
    return Tally(
        "Any side effect may be refused, or its answer be lost: the same",
        kills.points.total(),
        tuple(kills.violations),
        summary(kills),
    )


def _killed_twice() -> Tally:
    """Two workers of one scenario die, the second one at any step of the recovery or after it."""
    kills, lots = Kills(), random.Random(SEED)  # noqa: S311 - it draws cases, not secrets
    for scenario in SCENARIOS:
        calm = _undisturbed(scenario, kills)
        for _ in range(DOUBLE_KILLS // len(SCENARIOS)):
            first = lots.randint(1, len(calm.steps))
            second = first + lots.randint(1, 30)
            _hit(calm, {first: lots.choice(KILLS), second: lots.choice(KILLS)}, kills)
            kills.points["two kills"] += 1
    guarantee = f"Two workers may die in one scenario (drawn with seed {SEED}): the same"
    return Tally(guarantee, kills.points.total(), tuple(kills.violations))


__all__ = ["NAMED", "Kills", "System", "prove", "summary", "tried"]
