"""A clock for tests, and a recorder of side effects that injects faults."""

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

EFFECT_MILLISECONDS: Final = 20
"""Duration of a side effect in virtual time, so that no two writes have the same time."""


class ManualClock:
    """The `Clock` port; only a test advances it."""

    def __init__(self, start: datetime = START) -> None:
        self.time = start

    def now(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> None:
        """Advance the clock: `forward(minutes=5)`."""
        self.time += timedelta(**by)


class MovingClock(ManualClock):
    """The `Clock` port; each read advances it by a millisecond, so that no two times are equal."""

    def now(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


class StepDeadline:
    """The `Deadline` port: time is left for `looks` reads, then none; None for no limit."""

    def __init__(self, looks: int | None = None) -> None:
        self._looks = looks

    def remaining(self) -> timedelta:
        if self._looks is None:
            return timedelta(hours=1)
        self._looks -= 1
        return timedelta(hours=1) if self._looks >= 0 else timedelta(0)


class Killed(BaseException):
    """The worker was killed. The code under test must not catch it."""


class FaultKind(Enum):
    """A fault at a side effect of a worker."""

    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"
    REFUSED = "refused"
    LOST = "answer lost of"


KILLS = (FaultKind.KILLED_BEFORE, FaultKind.KILLED_AFTER)


@dataclass(slots=True)
class _Invocation:
    """A running worker. After it was killed it has no side effects, not even in `finally` blocks."""

    worker: str
    dead: bool = False


class EffectRecorder:
    """Records the side effects of all workers in their order, and injects faults.

    Attributes:
        steps: The names of the side effects, each `worker: effect`, or `effect` for a worker without a name.
        plan: The fault at the n-th side effect, counted from 1.
        injected: Descriptions of the injected faults.
    """

    def __init__(self, clock: ManualClock | None = None, *, worker: str | None = None) -> None:
        """Record side effects inside an invocation only, unless a `worker` is given.

        Args:
            clock: Advanced with every side effect.
            worker: The name of the only worker; may be empty.
        """
        self.steps: list[str] = []
        self.plan: dict[int, FaultKind | Callable[[], object]] = {}
        self.injected: list[str] = []
        self._clock = clock
        self._running: list[_Invocation] = [] if worker is None else [_Invocation(worker)]

    @contextmanager
    def invocation(self, worker: str) -> Iterator[None]:
        """Run a worker; raises `Killed` when a kill is planned."""
        self._running.append(_Invocation(worker))
        try:
            yield
        finally:
            self._running.pop()

    def at(self, steps: int, fault: FaultKind | Callable[[], object]) -> None:
        """Inject a fault at a later side effect; 1 is the next one.

        Args:
            steps: How many side effects later.
            fault: The fault; or what to call before the effect, which may return the fault to inject.
        """
        self.plan[len(self.steps) + steps] = fault

    def watch(self, port: Port, *effects: str) -> Port:
        """A proxy of the port that records these methods."""
        return cast(Port, _Watched(port, self, effects))

    def __call__(
        self,
        name: str,
        effect: Callable[[], Result],
        *,
        lost: Callable[[str], Exception] = Transient,
        refused: Callable[[str], Exception] = Transient,
    ) -> Result:
        """Execute a side effect, unless the worker was killed or is killed here.

        Args:
            name: The name of the side effect.
            effect: Executes it.
            lost: The error when the answer is lost.
            refused: The error when nothing was done.
        """
        if not self._running:
            return effect()  # the test itself
        invocation_state = self._running[-1]
        if invocation_state.dead:
            raise Killed(f"{invocation_state.worker} is dead")
        self.steps.append(f"{invocation_state.worker}: {name}" if invocation_state.worker else name)
        if self._clock is not None:
            self._clock.forward(milliseconds=EFFECT_MILLISECONDS)
        fault = self.plan.pop(len(self.steps), None)
        chosen = fault() if callable(fault) else fault
        if not isinstance(chosen, FaultKind):
            return effect()
        fault = chosen
        effect_text = f"{fault.value} '{self.steps[-1]}'"
        self.injected.append(effect_text)
        if fault is FaultKind.KILLED_BEFORE:
            invocation_state.dead = True
            raise Killed(effect_text)
        if fault is FaultKind.REFUSED:
            raise refused(f"Planned: {effect_text}.")
        effect()
        if fault is FaultKind.KILLED_AFTER:
            invocation_state.dead = True
            raise Killed(effect_text)
        raise lost(f"Planned: {effect_text}.")

    def repeated(self, name: str, effect: Callable[[], Result]) -> Result:
        """A conditional write: botocore retries it when the answer is lost, and the condition then fails."""
        return self(name, effect, lost=Conflict)


def killer(at: int | None = None, *, after: bool = False) -> EffectRecorder:
    """A recorder that kills its worker before or after its n-th side effect."""
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
