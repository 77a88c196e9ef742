"""What a queue gave up: which document or change it is about, how that stands, and what to do with it.

A dead letter is a message that was received too often. What it asks for is read from its body, which is never shown: it
may hold a document of Visma.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import msgspec

from connector.domain.documents import DocumentKey
from connector.domain.order_change.record import Change
from connector.domain.revision.record import UNRESOLVED, Revision, State
from connector.services.messages import ChangeMessage, DeliveryMessage, DocumentMessage, HintMessage

Message = DocumentMessage | DeliveryMessage | ChangeMessage | HintMessage


class Queue(StrEnum):
    """The queues that have dead letters, by the names that people type."""

    DOCUMENTS = "documents"
    DELIVERIES = "deliveries"
    CHANGES = "changes"

    @property
    def function(self) -> str:
        """The function that works the queue off."""
        return _FUNCTIONS[self]


_FUNCTIONS = {
    Queue.DOCUMENTS: "translate_document",
    Queue.DELIVERIES: "deliver_transaction",
    Queue.CHANGES: "apply_change",
}
_READ: Mapping[Queue, Callable[[str], Message]] = {
    Queue.DOCUMENTS: msgspec.json.Decoder(DocumentMessage).decode,
    Queue.DELIVERIES: msgspec.json.Decoder(DeliveryMessage).decode,
    Queue.CHANGES: msgspec.json.Decoder(ChangeMessage | HintMessage).decode,
}


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that its queue gave up.

    Attributes:
        queue: Which one gave it up; callbacks have theirs in common with changes.
        message_id: SQS's name for it, the same as in the log of the function.
        receipt: By which it is given back or deleted, as long as it is held.
        group: Its message group.
        body: What it says; never shown.
        tries: After how many receives its queue gives a message up; None when the queue does not say.
        since: When it was given up (SQS: a FIFO queue sets the time anew).
        home: The address of the queue that it came from.
    """

    queue: Queue
    message_id: str
    receipt: str
    group: str
    body: str
    since: datetime
    home: str
    tries: int | None = None

    @property
    def message(self) -> Message | None:
        """What it asks for; None when it is no message of ours."""
        try:
            return _READ[self.queue](self.body)
        except msgspec.DecodeError:
            return None

    @property
    def key(self) -> DocumentKey | None:
        """The document or order that it is about; None when it names none."""
        message = self.message
        return None if message is None or isinstance(message, HintMessage) else message.key

    @property
    def transaction_id(self) -> str | None:
        """The incoming transaction that it is about."""
        message = self.message
        return message.transaction_id if isinstance(message, ChangeMessage | HintMessage) else None

    @property
    def what(self) -> str:
        """What it is, in words."""
        message = self.message
        if isinstance(message, DocumentMessage):
            return f"{message.key}, changed in Visma {message.modified_at:%Y-%m-%d %H:%M} UTC"
        if isinstance(message, DeliveryMessage):
            return f"sending of revision {message.sequence} of {message.key}"
        if isinstance(message, ChangeMessage):
            return f"change {message.transaction_id} of {message.key}"
        if isinstance(message, HintMessage):
            return f"callback about transaction {message.transaction_id}"
        return "no message of the connector"

    def subject(self, name: str) -> str | None:
        """What a name that a person types identifies here: the message id, the document or the transaction.

        Returns:
            None when the name does not identify this dead letter.
        """
        key = self.key
        if name == self.message_id:
            return self.message_id
        if key is not None and name in {str(key), key.number, key.number.rpartition(":")[2]}:
            return str(key)
        return f"transaction {name}" if name == self.transaction_id else None


class DeadLetters(Protocol):
    """The dead letters of one queue."""

    queue: Queue

    def count(self) -> DeadLetterCount:
        """How many there are."""

    def hold(self, limit: int) -> Sequence[DeadLetter]:
        """Receive at most ten visible dead letters; they are invisible to others for a while. Empty when there is none.

        Those of one document come oldest first, and the next ones when the received ones are deleted (SQS: FIFO).
        """

    def give_back(self, dead_letters: Sequence[DeadLetter]) -> None:
        """Make received dead letters visible again."""

    def send_back(self, dead_letters: Sequence[DeadLetter]) -> Mapping[str, str]:
        """Move received dead letters back to the queues that they came from.

        Returns:
            The reason for each dead letter that stays, by its id.
        """

    def delete(self, dead_letters: Sequence[DeadLetter]) -> Mapping[str, str]:
        """Delete received dead letters; returns as `send_back`."""


@dataclass(frozen=True, slots=True)
class DeadLetterCount:
    """How many dead letters a queue has.

    Attributes:
        waiting: Visible dead letters.
        in_flight: Invisible dead letters: received by somebody, or behind a received one of their document.
        kept_for: The retention period of the queue; SQS deletes older dead letters.
    """

    waiting: int
    in_flight: int
    kept_for: timedelta


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a dead letter that a person drops. It is written before the delete, and confirmed after it.

    Attributes:
        at: When the drop was begun.
        given_up: When the queue gave the dead letter up.
        by: As that person typed it.
        caller: Who AWS says it was (ARN).
        is_confirmed: It is deleted. If False, the drop was interrupted, and the dead letter may still be there.
    """

    at: datetime
    queue: Queue
    message_id: str
    given_up: datetime
    what: str
    by: str
    caller: str
    reason: str
    is_confirmed: bool = False


class DropBook(Protocol):
    """The records of dropped dead letters; they are kept after the dead letter is deleted."""

    def put(self, dropped: Dropped) -> None:
        """Write the record of a dead letter; it replaces an earlier one of that dead letter."""

    def of(self, dead_letters: Sequence[DeadLetter]) -> Mapping[str, Dropped]:
        """The records of dead letters that are still there, by their ids."""

    def newest(self, limit: int) -> Sequence[Dropped]:
        """The records of the dead letters that were given up last, the last one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The state of the document or change that a dead letter is about.

    Attributes:
        state: Its state in the ledger; None when the ledger does not have it.
        why: Its reason, or else the note of its last event.
        is_over: Whether a redriven dead letter would have nothing to do.
    """

    state: str | None = None
    why: str | None = None
    is_over: bool = False


_UNKNOWN = Standing()


def standing(dead_letter: DeadLetter, revisions: Iterable[Revision], changes: Iterable[Change]) -> Standing:
    """How a dead letter's document or change stands.

    Args:
        dead_letter: Which one.
        revisions: Of its document.
        changes: That came in for its document.
    """
    message = dead_letter.message
    if isinstance(message, DeliveryMessage):
        found = next((one for one in revisions if one.sequence == message.sequence), None)
        return _UNKNOWN if found is None else _of_revision(found)
    if isinstance(message, ChangeMessage):
        change = next((one for one in changes if message.transaction_id in one.names), None)
        return _UNKNOWN if change is None else _of_change(change)
    return _UNKNOWN


def _of_revision(one: Revision) -> Standing:
    last = one.history[-1].note if one.history else None
    return Standing(
        state=one.state,
        why=one.attention or one.reason or last,
        is_over=one.state not in UNRESOLVED | {State.TRANSLATED},
    )


def _of_change(one: Change) -> Standing:
    last = one.history[-1].note if one.history else None
    return Standing(state=one.state, why=one.reason or last, is_over=not one.is_due and not one.is_unconfirmed)


def next_step(dead_letter: DeadLetter, stands: Standing) -> str:
    """The next step of a person for a dead letter."""
    message = dead_letter.message
    name = dead_letter.message_id
    drop, redrive = f"connector deadletters drop {name} --reason TEXT", f"connector deadletters redrive {name}"
    if message is None:
        return f"Nobody can read it: find out who put it into the queue, then {drop}"
    if isinstance(message, HintMessage):
        return (
            f"Put it back, never drop it: a document that came by callback alone may be stored nowhere else. {redrive}"
        )
    if stands.is_over:
        return f"It is {stands.state} and nothing is left to do: {redrive} (does nothing twice), or drop it."
    if isinstance(message, DocumentMessage):
        return f"It is stored nowhere else. Remove the cause, then {redrive}"
    return f"Remove the cause, then {redrive}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The result of moving or deleting dead letters.

    Attributes:
        done: How many were moved or deleted.
        failed: The reason for each dead letter that stays, by its id.
    """

    done: int = 0
    failed: Mapping[str, str]

    def plus(self, dead_letters: Sequence[DeadLetter], failed: Mapping[str, str]) -> Moved:
        """The result with that of more dead letters."""
        return replace(self, done=self.done + len(dead_letters) - len(failed), failed={**self.failed, **failed})
