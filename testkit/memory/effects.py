"""Time that a test moves, and the side effects of workers: counted, and a fault injected at one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final, TypeVar, cast

from connector.domain.errors import Conflict, Transient

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


Port = TypeVar("Port")
Result = TypeVar("Result")

MILLISECONDS: Final = 20
"""What a call to a neighbour takes: in virtual time too no two writes fall on the same instant."""


class ManualClock:
    """The `Clock` port: it moves only when a test moves it."""

    def __init__(self, start: datetime = START) -> None:
        self.time = start

    def now(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> None:
        """Let time pass: `forward(minutes=5)`."""
        self.time += timedelta(**by)


class MovingClock(ManualClock):
    """The `Clock` port: a test moves it, and each read moves it by a millisecond, so that no two times are equal."""

    def now(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


class StepDeadline:
    """The `Deadline` port: enough time for this many looks at it, then none; endless without a number."""

    def __init__(self, looks: int | None = None) -> None:
        self._looks = looks

    def remaining(self) -> timedelta:
        if self._looks is None:
            return timedelta(hours=1)
        self._looks -= 1
        return timedelta(hours=1) if self._looks >= 0 else timedelta(0)


class Killed(BaseException):
    """The worker died here. No handler of the code under test may catch it."""


class FaultKind(Enum):
    """What can happen to a worker at one of its side effects."""

    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"
    REFUSED = "trouble instead of"
    LOST = "the answer lost of"


KILLS = (FaultKind.KILLED_BEFORE, FaultKind.KILLED_AFTER)


@dataclass(slots=True)
class _Invocation:
    """A running worker. Once dead it does nothing more, whatever its `finally` blocks still try."""

    worker: str
    dead: bool = False


class EffectRecorder:
    """The side effects of all workers, in the order in which they happen, and the faults injected at them.

    Attributes:
        steps: Their names so far, each `worker: effect`, or `effect` where one worker has no name.
        plan: What is to happen at the n-th effect of the run, counted from 1.
        injected: What has happened, as a person would tell it.
    """

    def __init__(self, clock: ManualClock | None = None, *, worker: str | None = None) -> None:
        """Record nothing outside an invocation, unless a `worker` runs from the start.

        Args:
            clock: Goes on a little with every effect.
            worker: The name of the one worker; may be empty.
        """
        self.steps: list[str] = []
        self.plan: dict[int, FaultKind | Callable[[], object]] = {}
        self.injected: list[str] = []
        self._clock = clock
        self._running: list[_Invocation] = [] if worker is None else [_Invocation(worker)]

    @contextmanager
    def invocation(self, worker: str) -> Iterator[None]:
        """Run a worker; raises `Killed` out of it when that is planned."""
        self._running.append(_Invocation(worker))
        try:
            yield
        finally:
            self._running.pop()

    def at(self, steps: int, fault: FaultKind | Callable[[], object]) -> None:
        """Let this happen at the effect that is so many steps away; 1 is the next one."""
        self.plan[len(self.steps) + steps] = fault

    def watch(self, port: Port, *effects: str) -> Port:
        """The port, with these methods recorded."""
        return cast(Port, _Watched(port, self, effects))

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
            return effect()  # the environment itself, not one of our workers
        mine = self._running[-1]
        if mine.dead:
            raise Killed(f"{mine.worker} is dead")
        self.steps.append(f"{mine.worker}: {name}" if mine.worker else name)
        if self._clock is not None:
            self._clock.forward(milliseconds=MILLISECONDS)
        fault = self.plan.pop(len(self.steps), None)
        if fault is None:
            return effect()
        if not isinstance(fault, FaultKind):
            fault()
            return effect()
        effect_text = f"{fault.value} '{self.steps[-1]}'"
        self.injected.append(effect_text)
        if fault is FaultKind.KILLED_BEFORE:
            mine.dead = True
            raise Killed(effect_text)
        if fault is FaultKind.REFUSED:
            raise refused(f"Planned: {effect_text}.")
        effect()
        if fault is FaultKind.KILLED_AFTER:
            mine.dead = True
            raise Killed(effect_text)
        raise lost(f"Planned: {effect_text}.")

    def repeated(self, name: str, effect: Callable[[], Result]) -> Result:
        """A conditional write: botocore repeats it when the answer is lost, and then finds its own work in the way."""
        return self(name, effect, lost=Conflict)


def killer(at: int | None = None, *, after: bool = False) -> EffectRecorder:
    """Records one worker and kills it at its n-th effect: before it, or after it was carried out."""
    recorder = EffectRecorder(worker="")
    if at is not None:
        recorder.at(at, FaultKind.KILLED_AFTER if after else FaultKind.KILLED_BEFORE)
    return recorder


class _Watched:
    def __init__(self, port: object, recorder: EffectRecorder, effects: Sequence[str]) -> None:
        self._port, self._recorder, self._effects = port, recorder, effects

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        if name not in self._effects:
            return value
        return lambda *args, **named: self._recorder(name, lambda: value(*args, **named))
