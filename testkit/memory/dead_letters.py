"""Dead letters in memory, as SQS gives them: of one message group nothing shows behind what is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from connector.services.dead_letters import Dropped, Letter, LetterCount, Queue

_AT_ONCE = 10


class MemoryDeadLetters:
    """The `DeadLetters` port.

    Attributes:
        lying: What was given up, the oldest first.
        back: What was put back, in order.
        stubborn: The ids of those that can neither be put back nor deleted.
    """

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.lying: list[Letter] = []
        self.back: list[Letter] = []
        self.stubborn: set[str] = set()
        self._held: set[str] = set()

    def count(self) -> LetterCount:
        return LetterCount(len(self.lying) - len(self._held), len(self._held), timedelta(days=14))

    def hold(self, limit: int) -> Sequence[Letter]:
        behind = {one.group for one in self.lying if one.message_id in self._held}
        some = [one for one in self.lying if one.group not in behind][: min(limit, _AT_ONCE)]
        self._held |= {one.message_id for one in some}
        return some

    def give_back(self, letters: Sequence[Letter]) -> None:
        self._held -= {one.message_id for one in letters}

    def send_back(self, letters: Sequence[Letter]) -> Mapping[str, str]:
        failed = self.delete(letters)
        self.back += [one for one in letters if one.message_id not in failed]
        return failed

    def delete(self, letters: Sequence[Letter]) -> Mapping[str, str]:
        failed = {one.message_id: "SQS refused it (Busy)." for one in letters if one.message_id in self.stubborn}
        gone = {one.message_id for one in letters} - failed.keys()
        assert gone <= self._held, "only what is held may be taken away"
        self.lying = [one for one in self.lying if one.message_id not in gone]
        self._held -= gone
        return failed


class MemoryDrops:
    """The `DropBook` port."""

    def __init__(self) -> None:
        self.kept: list[Dropped] = []

    def put(self, dropped: Dropped) -> None:
        self.kept = [*(one for one in self.kept if one.message_id != dropped.message_id), dropped]

    def of(self, letters: Sequence[Letter]) -> Mapping[str, Dropped]:
        ids = {one.message_id for one in letters}
        return {one.message_id: one for one in self.kept if one.message_id in ids}

    def newest(self, limit: int) -> Sequence[Dropped]:
        return sorted(self.kept, key=lambda one: one.given_up, reverse=True)[:limit]
