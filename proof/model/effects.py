"""Where every side effect passes, so that it can be counted and the worker that causes it killed before or after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from connector.domain.errors import Conflict, Transient
from testkit.memory.outbound import Killed, ManualClock

Result = TypeVar("Result")

MILLISECONDS = 20
"""What a call to a neighbour takes: in virtual time too no two writes fall on the same instant."""


class Fate(Enum):
    """What can befall a worker at one of its side effects."""

    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"
    REFUSED = "trouble instead of"
    LOST = "the answer lost of"


KILLS = (Fate.KILLED_BEFORE, Fate.KILLED_AFTER)


@dataclass(slots=True)
class _Invocation:
    """A running worker. Once dead it does nothing more, whatever its `finally` blocks still try."""

    worker: str
    dead: bool = False


class Wire:
    """The side effects of all workers, in the order in which they happen.

    Attributes:
        steps: Their names so far, each `worker: effect`.
        plan: What is to happen at the n-th effect of the run, counted from 1.
        befallen: What has happened, as a person would tell it.
    """

    def __init__(self, clock: ManualClock) -> None:
        """Let `clock` go on a little with every effect."""
        self.steps: list[str] = []
        self.plan: dict[int, Fate | Callable[[], object]] = {}
        self.befallen: list[str] = []
        self._clock = clock
        self._running: list[_Invocation] = []

    @contextmanager
    def invocation(self, worker: str) -> Iterator[None]:
        """Run a worker; raises `Killed` out of it when that is its fate."""
        self._running.append(_Invocation(worker))
        try:
            yield
        finally:
            self._running.pop()

    def at(self, steps: int, fate: Fate | Callable[[], object]) -> None:
        """Let this happen at the effect that is so many steps away; 1 is the next one."""
        self.plan[len(self.steps) + steps] = fate

    def __call__(
        self,
        name: str,
        effect: Callable[[], Result],
        *,
        lost: Callable[[str], Exception] = Transient,
        refused: Callable[[str], Exception] = Transient,
    ) -> Result:
        """Carry out a side effect, unless the worker is dead or dies here.

        Args:
            name: What it does.
            effect: Does it.
            lost: What the worker gets to see when the answer is lost.
            refused: What it gets to see when nothing was done for want of the other side.
        """
        if not self._running:
            return effect()  # the world itself, not one of our workers
        mine = self._running[-1]
        if mine.dead:
            raise Killed(f"{mine.worker} is dead")
        self.steps.append(f"{mine.worker}: {name}")
        self._clock.forward(milliseconds=MILLISECONDS)
        fate = self.plan.pop(len(self.steps), None)
        if fate is None:
            return effect()
        if not isinstance(fate, Fate):
            fate()
            return effect()
        told = f"{fate.value} '{self.steps[-1]}'"
        self.befallen.append(told)
        if fate is Fate.KILLED_BEFORE:
            mine.dead = True
            raise Killed(told)
        if fate is Fate.REFUSED:
            raise refused(f"Planned: {told}.")
        effect()
        if fate is Fate.KILLED_AFTER:
            mine.dead = True
            raise Killed(told)
        raise lost(f"Planned: {told}.")


def repeated(wire: Wire, name: str, effect: Callable[[], Result]) -> Result:
    """A conditional write: botocore repeats it when the answer is lost, and then finds its own work in the way."""
    return wire(name, effect, lost=Conflict)
