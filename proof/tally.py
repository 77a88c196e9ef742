"""What a proof tells: how often a guarantee was tried, and each time that it did not hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Size(Enum):
    """How long a proof may take."""

    FAST = "fast"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Tally:
    """The outcome of one proof.

    Attributes:
        guarantee: What was to hold, as one line of the table.
        cases: How often it was tried.
        violations: Each time that it did not hold, with what repeats it.
        figures: What else was measured, for a person.
    """

    guarantee: str
    cases: int
    violations: tuple[str, ...] = ()
    figures: str = ""
