"""Use case: let go what waited for a routing entry once the entry is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connector.domain.changes import ChangeState
from connector.domain.documents import DocumentKey
from connector.domain.errors import Conflict, Transient
from connector.domain.ledger import Revision, State
from connector.domain.revision_plan import Cause
from connector.services.change_ports import Changes
from connector.services.claim_check import loaded
from connector.services.judge_change import look_again
from connector.services.messages import DocumentMessage
from connector.services.ports import Clock, Ledger, Outbox, Payloads


@dataclass(frozen=True, slots=True)
class Released:
    """A revision that was queued again, and what it had waited for."""

    key: DocumentKey
    sequence: int
    waited_for: str


@dataclass(frozen=True, slots=True)
class ReleasedChange:
    """A change that was queued again, and what it had waited for."""

    key: DocumentKey
    transaction_id: str
    waited_for: str


def release_waiting(ledger: Ledger, outbox: Outbox, payloads: Payloads, *, now: datetime) -> list[Released]:
    """Queue every parked revision that waited for a routing entry again.

    The translator decides anew with the routing in force: what is still missing parks the same revision again, so
    releasing too much is harmless and releasing twice is the same as releasing once.
    """
    released = []
    for revision in ledger.in_state(State.PARKED):
        if revision.waits_for is None:
            continue
        try:
            source = ledger.source_of(revision)
        except Transient:
            continue  # it stays parked, is listed as such, and does not hold up the others
        outbox.documents([message_for(revision, source, payloads, now=now, cause=Cause.RELEASE)])
        released.append(Released(revision.key, revision.sequence, revision.waits_for))
    return released


def release_waiting_changes(changes: Changes, outbox: Outbox, clock: Clock) -> list[ReleasedChange]:
    """Queue every parked change that waited for a routing entry again.

    Whoever applies it decides anew with the routing in force, so releasing too much is harmless here as well. One that
    somebody decides about at the same moment is left to that person.

    Raises:
        Transient: the queue takes no more; what is marked as due by then is found by the sweep of the collector.
    """
    released = []
    for change in changes.in_state(ChangeState.PARKED):
        if change.waits_for is None:
            continue
        try:
            look_again(change, changes, outbox, clock)
        except Conflict:
            continue
        released.append(ReleasedChange(change.key, change.transaction_id, change.waits_for))
    return released


def message_for(
    revision: Revision, source: bytes, payloads: Payloads, *, now: datetime, cause: Cause
) -> DocumentMessage:
    """The message that asks for a stored document to be looked at again."""
    key = revision.key
    message = DocumentMessage(
        company=key.company,
        kind=key.kind,
        number=key.number,
        modified_at=revision.modified_at or revision.created_at,
        seen_at=revision.seen_at,
        listed_since=revision.listed_since,
        cause=cause.named_at(now),
    )
    return loaded(message, source, payloads, at=now)
