"""A row of figures, and the ways to time and to print one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        figure: What was measured.
        measured: The result, with its unit.
        budget: What docs/performance.md allows; empty where nothing is promised.
        kept: Whether the result is inside the budget; None where nothing is promised.
    """

    figure: str
    measured: str
    budget: str = ""
    kept: bool | None = None

    def __str__(self) -> str:
        """The row in Markdown."""
        judgment = "" if self.kept is None else "yes" if self.kept else "**no**"
        return f"| {self.figure} | {self.measured} | {self.budget} | {judgment} |"


def microseconds(*actions: Callable[[], object], calls: int = 10, rounds: int = 150) -> list[float]:
    """CPU time of one call of each action, the best of many rounds: what else the machine does only makes it slower.

    The actions take turns, so that all of them see the same machine.
    """
    best = [float("inf")] * len(actions)
    for _ in range(rounds):
        for place, action in enumerate(actions):
            started = time.process_time()
            for _ in range(calls):
                action()
            best[place] = min(best[place], time.process_time() - started)
    return [seconds / calls * 1e6 for seconds in best]


def show(rows: Iterable[Row]) -> list[Row]:
    """Print rows as they come."""
    shown = []
    for row in rows:
        print(row, flush=True)
        shown.append(row)
    return shown
