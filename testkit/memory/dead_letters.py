"""Dead letters in memory. As with SQS, a message in flight hides the later ones of its message group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from connector.services.dead_letters import DeadLetter, DeadLetterCount, Dropped, Queue

_BATCH = 10


class MemoryDeadLetters:
    """The `DeadLetters` port.

    Attributes:
        messages: The dead letters, oldest first.
        redriven: The redriven messages, in order.
        failing: Ids of messages whose redrive and deletion fail.
    """

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.messages: list[DeadLetter] = []
        self.redriven: list[DeadLetter] = []
        self.failing: set[str] = set()
        self._held: set[str] = set()

    def count(self) -> DeadLetterCount:
        return DeadLetterCount(len(self.messages) - len(self._held), len(self._held), timedelta(days=14))

    def hold(self, limit: int) -> Sequence[DeadLetter]:
        behind = {one.group for one in self.messages if one.message_id in self._held}
        some = [one for one in self.messages if one.group not in behind][: min(limit, _BATCH)]
        self._held |= {one.message_id for one in some}
        return some

    def give_back(self, dead_letters: Sequence[DeadLetter]) -> None:
        self._held -= {one.message_id for one in dead_letters}

    def send_back(self, dead_letters: Sequence[DeadLetter]) -> Mapping[str, str]:
        failed = self.delete(dead_letters)
        self.redriven += [one for one in dead_letters if one.message_id not in failed]
        return failed

    def delete(self, dead_letters: Sequence[DeadLetter]) -> Mapping[str, str]:
        failed = {one.message_id: "SQS refused it (Busy)." for one in dead_letters if one.message_id in self.failing}
        gone = {one.message_id for one in dead_letters} - failed.keys()
        assert gone <= self._held, "only a held message may be deleted"
        self.messages = [one for one in self.messages if one.message_id not in gone]
        self._held -= gone
        return failed


class MemoryDrops:
    """The `DropBook` port."""

    def __init__(self) -> None:
        self.kept: list[Dropped] = []

    def put(self, dropped: Dropped) -> None:
        self.kept = [*(one for one in self.kept if one.message_id != dropped.message_id), dropped]

    def of(self, dead_letters: Sequence[DeadLetter]) -> Mapping[str, Dropped]:
        ids = {one.message_id for one in dead_letters}
        return {one.message_id: one for one in self.kept if one.message_id in ids}

    def newest(self, limit: int) -> Sequence[Dropped]:
        return sorted(self.kept, key=lambda one: one.given_up, reverse=True)[:limit]
