"""A share of the companies: several runs of the poller read theirs side by side.

The parameter `PollShares` of the stack says how many there are. Each has a schedule of its own, whose event names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

MAX_SHARES = 8
"""As many as `template.yaml` has schedules for."""


@dataclass(frozen=True, slots=True)
class Share:
    """One share of the companies. A company is always in the same one, until the number of shares changes.

    Attributes:
        number: Which one, from 0.
        of: How many there are.
    """

    number: int = 0
    of: int = 1

    def has(self, company: str) -> bool:
        """Whether the company with this name belongs to it."""
        return crc32(company.encode()) % self.of == self.number

    @property
    def others(self) -> tuple[Share, ...]:
        """The other shares."""
        return tuple(Share(number, self.of) for number in range(self.of) if number != self.number)


ALL = Share()
"""Every company."""


def shares_of(event: Mapping[str, Any], of: int) -> tuple[Share, ...]:
    """The shares that a run reads: the one that its event names, or every one when it names none.

    An event that is sent by hand names none. One that counts other shares than the stack has is from before a
    deployment, or was typed for another stack; it means every share as well.

    Args:
        event: What the function was started with.
        of: How many shares the stack has.

    Raises:
        ValueError: it names a share that cannot be.
    """
    number, count = event.get("share", 0), event.get("shares", 1)
    if not (isinstance(number, int) and isinstance(count, int) and 0 <= number < count <= MAX_SHARES):
        sentence = f"There is no share {number!r} of {count!r}: shares count from 0, and are {MAX_SHARES} at most."
        raise ValueError(sentence)
    if "share" in event and count == of:
        return (Share(number, of),)
    return (Share(0, of), *Share(0, of).others)
