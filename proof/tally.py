"""The result of a proof: the number of cases of a guarantee, and its violations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Size(Enum):
    """The size of a proof."""

    FAST = "fast"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Tally:
    """The result of one proof.

    Attributes:
        guarantee: The guarantee, as one line of the table.
        cases: The number of cases.
        violations: The violations, with what reproduces them.
        figures: Further measurements.
    """

    guarantee: str
    cases: int
    violations: tuple[str, ...] = ()
    figures: str = ""
