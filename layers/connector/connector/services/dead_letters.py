"""What a queue gave up: which document or change it is about, how that stands, and what to do with it.

A letter is a message that was received too often. What it asks for is read from its body, which is never shown: it may
hold a document of Visma.
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


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that its queue gave up.

    Attributes:
        queue: Which one gave it up; callbacks have theirs in common with changes.
        message_id: SQS's name for it, the same as in the log of the function.
        receipt: By which it is given back or deleted, as long as it is held.
        group: Its message group.
        body: What it says; never shown.
        tries: How often it was received before it was given up.
        since: When it was given up (SQS: a FIFO queue sets the time anew).
        home: The address of the queue that it came from.
    """

    queue: Queue
    message_id: str
    receipt: str
    group: str
    body: str
    tries: int
    since: datetime
    home: str

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
        """What a name stands for when a person means this letter by it: its id, its document, or its transaction.

        Returns:
            None when the name does not mean it.
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

    def count(self) -> LetterCount:
        """How many there are."""

    def hold(self, limit: int) -> Sequence[Letter]:
        """Take at most ten that nobody holds; nobody else gets them for a while. Empty when there is no other.

        Of one document the oldest come first, and the next ones only when those that are held are gone (SQS: FIFO).
        """

    def give_back(self, letters: Sequence[Letter]) -> None:
        """Let go of letters: they lie as they did."""

    def send_back(self, letters: Sequence[Letter]) -> Mapping[str, str]:
        """Put letters that are held into the queues that they came from, and take them away here.

        Returns:
            Why not, by the ids of those that stay.
        """

    def delete(self, letters: Sequence[Letter]) -> Mapping[str, str]:
        """Take letters that are held away for good; returns as `send_back`."""


@dataclass(frozen=True, slots=True)
class LetterCount:
    """How many dead letters a queue has.

    Attributes:
        waiting: That anybody may take.
        held: That somebody looks at, or that wait behind one of their document that is held.
        kept_for: After this time in the dead-letter queue SQS deletes a letter.
    """

    waiting: int
    held: int
    kept_for: timedelta


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a letter that a person drops. It is written before the letter is deleted, and confirmed after it.

    Attributes:
        at: When the drop was begun.
        given_up: When the queue gave the letter up.
        by: As that person typed it.
        caller: Who AWS says it was (ARN).
        is_confirmed: The letter is deleted. If not, the letter may lie there or be gone: the drop was interrupted.
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
    """Who dropped which letter, and why; it outlives the letter."""

    def put(self, dropped: Dropped) -> None:
        """Keep the record in the place of the one that its letter has."""

    def of(self, letters: Sequence[Letter]) -> Mapping[str, Dropped]:
        """The records of letters that are still there, by their ids."""

    def newest(self, limit: int) -> Sequence[Dropped]:
        """The records of the letters that were given up last, the last one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How what a letter is about stands in the ledger.

    Attributes:
        state: In words of the ledger; None where it knows nothing.
        why: What the ledger says of it last.
        is_over: Whether a redriven letter finds nothing to do.
    """

    state: str | None = None
    why: str | None = None
    is_over: bool = False


_UNKNOWN = Standing()


def standing(letter: Letter, revisions: Iterable[Revision], changes: Iterable[Change]) -> Standing:
    """How a letter's document or change stands.

    Args:
        letter: Which one.
        revisions: Of its document.
        changes: That came in for its document.
    """
    message = letter.message
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


def next_step(letter: Letter, stands: Standing) -> str:
    """What a person does with a letter."""
    message = letter.message
    name = letter.message_id
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
    """What became of letters.

    Attributes:
        done: How many.
        failed: Why not, by the ids of those that stay.
    """

    done: int = 0
    failed: Mapping[str, str]

    def plus(self, letters: Sequence[Letter], failed: Mapping[str, str]) -> Moved:
        """With some more."""
        return replace(self, done=self.done + len(letters) - len(failed), failed={**self.failed, **failed})
