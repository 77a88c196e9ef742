"""Quiescence of a deployed stack: whether anything is still in progress, before the results are checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from connector.domain.documents import DocumentKey
from connector.domain.order_change.record import ChangeEvent, ChangeState
from connector.domain.revision.record import Event, State
from testkit.laptop.observed import Laptop

ON_THEIR_WAY: Final = (State.TRANSLATED, State.SENDING, State.UNCONFIRMED, State.CHANGING)
"""States of revisions in progress."""

_QUEUES: Final = ("DocumentsQueueUrl", "DeliveriesQueueUrl", "ChangesQueueUrl", "HintsQueueUrl")
_DEAD_LETTERS: Final = ("DocumentsDeadLettersUrl", "DeliveriesDeadLettersUrl", "ChangesDeadLettersUrl")
_EVENTS: Final = 8
"""Most history entries in a sentence."""

_DUE: Final = (ChangeState.RECEIVED, ChangeState.APPLYING)


UNFINISHED = "was never finished"
"""The text for a scan that ran out of time."""

LOCKED = "is locked until"
"""The text for a locked cursor, which is no sign of progress."""


@dataclass(frozen=True, slots=True)
class Quiescence:
    """Finds messages, revisions, changes and cursors in progress.

    Attributes:
        laptop: The stack.
        companies: Routing names of the companies whose cursors are checked.
        ours: Selects the documents to check, with their changes; by default all of the companies.
        dead_before: The number of earlier dead letters, which are ignored.
    """

    laptop: Laptop
    companies: frozenset[str]
    ours: Callable[[DocumentKey], bool]
    dead_before: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls, laptop: Laptop, companies: Iterable[str], ours: Callable[[DocumentKey], bool] | None = None
    ) -> Quiescence:
        """A check that ignores the present dead letters."""
        names = frozenset(companies)
        dead = {queue: laptop.waiting(queue) for queue in _DEAD_LETTERS}
        return cls(laptop, names, ours or (lambda key: key.company in names), dead)

    def stuck(self) -> list[str]:
        """What is in progress, each as a sentence."""
        return [*self._messages(), *self._revisions(), *self._changes(), *self._cursors()]

    def _messages(self) -> list[str]:
        queues = (*_QUEUES, *_DEAD_LETTERS)
        counts = {queue: self.laptop.waiting(queue) - self.dead_before.get(queue, 0) for queue in queues}
        return [f"{count} messages are in {queue}." for queue, count in counts.items() if count > 0]

    def _revisions(self) -> list[str]:
        return [
            f"{revision.key} revision {revision.sequence} is {state}; {_lately(revision.history)}."
            for state in ON_THEIR_WAY
            for revision in self.laptop.ledger.in_state(state)
            if self.ours(revision.key)
        ]

    def _changes(self) -> list[str]:
        return [
            f"The change {change.transaction_id} of {change.key} is {state}; {_lately(change.history)}."
            for state in _DUE
            for change in self.laptop.changes.in_state(state)
            if self.ours(change.key)
        ]

    def _cursors(self) -> list[str]:
        now, found = datetime.now(UTC), []
        for (company, resource), cursor in self.laptop.cursors().items():
            ours = company in self.companies
            if (ours or company.startswith("(")) and cursor.locked_until and cursor.locked_until > now:
                found.append(f"The cursor of {company} {resource} {LOCKED} {cursor.locked_until:%H:%M:%S} UTC.")
            if ours and cursor.unfinished:
                found.append(f"The scan of {company} {resource} {UNFINISHED}.")
        return found


def _lately(history: Sequence[Event | ChangeEvent]) -> str:
    """The last history entries, with UTC times."""
    return "; ".join(f"{event.at:%H:%M:%S} {event.state}, {event.note}" for event in history[-_EVENTS:])
