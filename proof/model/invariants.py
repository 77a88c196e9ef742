"""The invariants, checked at every event and when the system is quiescent.

The checks do not rely on the connector: the partner's content is taken from the transactions, Visma's from Visma. Of
the ledger they use only the reason of a difference, and the owner of every transaction.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from connector.domain.documents import DocumentKey, Kind
from connector.domain.inbound import Validation
from connector.domain.order_change.record import CHANGE, DECIDED, Change, ChangeEvent, ChangeState
from connector.domain.reasons import Reason
from connector.domain.revision.record import (
    KNOWN_TO_PARTNER,
    UNRESOLVED,
    Revision,
    State,
    current_revision,
    own_revisions,
)
from proof.model.asking import NOTHING, View
from proof.model.changing import Changing
from proof.model.directory import Directory
from proof.model.go_live import BeforeGoLive, Condition
from proof.model.invoices import view_of_invoice
from proof.model.orderful import Inbound, Orderful
from proof.model.partner import CANCELLED, Receivers, document_of, view_in, view_of
from proof.model.stores import RecordedChanges, RecordedCursors, RecordedLedger
from proof.model.visma import Visma, content_id

FINAL = frozenset(
    {
        *(State.SENT, State.VALID, State.DELIVERED, State.ACKNOWLEDGED, State.PARKED, State.REJECTED),
        *(State.SUPERSEDED, State.SKIPPED, State.AGREED, State.BASELINE, State.CLOSED),
    }
)
"""States in which a revision may stay."""


_WAITS_UNTIL_READY = frozenset({State.CLOSED, State.SKIPPED})


def _awaiting_withdrawal(revisions: Sequence[Revision]) -> set[str | None]:
    """Receivers from which a person must withdraw, or has withdrawn, a document, without a newer revision for them.

    One of them may be the current receiver again, after two changes of its ISA id.
    """
    newest: dict[str | None, Revision] = {}
    for one in revisions:
        if one.state is not State.SUPERSEDED:
            newest.setdefault(one.receiver_id, one)
    states = {State.PARKED, State.REJECTED, State.CLOSED}
    return {named for named, one in newest.items() if one.is_withdrawal and one.state in states}


@dataclass(frozen=True, slots=True)
class Document:
    """A document in Visma.

    Attributes:
        name: Its name for the partner.
        now: Its content and counterparty.
        content_id: The revision id of its content.
        excuses: The states of its newest revision in which the partner may have another content.
    """

    name: str
    key: DocumentKey
    now: Condition
    content_id: str
    excuses: frozenset[State]


@dataclass(slots=True)
class Invariants:
    """Checks events and results.

    Attributes:
        documents: Every document in Visma.
        on_hold: Orders that a user put on hold.
        sent_again: Documents that a person resent.
        shown: The revision id of the order when a change was parked, by transaction.
    """

    visma: Visma
    receivers: Receivers
    orderful: Orderful
    inbound: Inbound
    ledger: RecordedLedger
    changes: RecordedChanges
    cursors: RecordedCursors
    directory: Directory
    before_go_live: BeforeGoLive
    changing: Changing
    documents: Callable[[], Sequence[Document]]
    today: Callable[[], date]
    on_hold: set[str] = field(default_factory=set)
    shown: dict[str, str] = field(default_factory=dict)
    sent_again: set[str] = field(default_factory=set)
    observed: list[str] = field(default_factory=list)
    _last: dict[str, ChangeEvent] = field(default_factory=dict)
    _taken_up: dict[str, str] = field(default_factory=dict)
    _versions: dict[str, int] = field(default_factory=dict)

    def listen(self) -> None:
        """Subscribe to all events."""
        self.visma.on_written.append(self._written)
        self.orderful.on_delivered += [self.before_go_live.leaves, self._leaves]
        self.ledger.on_revision += [self.receivers.notes, self._agreed]
        self.changes.on_record.append(self._recorded)

    @property
    def violations(self) -> list[str]:
        """The violations so far."""
        return [
            *self.observed,
            *self.visma.violations,
            *self.receivers.violations,
            *self.before_go_live.violations,
            *self.inbound.violations,
            *self.cursors.fell,
        ]

    def check_quiescent(self) -> list[str]:
        """All violations, including those of the quiescent state."""
        self.before_go_live.rests(self.today())
        self.receivers.unsettled.clear()
        found = self.violations
        for document in self.documents():
            found += self._document(document)
        for number, order in self.visma.orders.items():
            if (order["status"] == "Hold") != (number in self.on_hold):
                found.append(f"Order {number} is {order['status']}, which no user has set.")
        found += self._transactions()
        for number in self.inbound.transactions:
            found += self._change(number)
        for number, day in self.receivers.days.items():
            promised = self.visma.orders[number]["promisedOn"]
            if promised[:10] != day.isoformat():
                found.append(f"Order {number} is promised on {promised}; its partner asked for {day}.")
        return found

    # -- events ------------------------------------------------------------------------------------------------------

    def _written(self, number: str, written: dict[str, Any], stood: bytes) -> None:
        if set(written) <= {"hold"}:
            return
        # Others may be APPLYING as well: their worker was killed, or the answer to its claim was lost.
        change = next(one for one in self._of_order(number) if one.transaction_id == self._taken_up.get(number))
        order = json.loads(stood)
        supplier = order["supplier"]["number"]
        if change.sender_id != self.directory.receiver(("supplier", supplier)):
            self.observed.append(
                f"{change.transaction_id} of {change.sender_id} was written into an order of {supplier}."
            )
        self.observed += self._measured_by_what_it_had(change)
        now = view_of({**self.visma.orders[number], "status": "Open"})
        before = view_of({**order, "status": "Open"})
        had = [self._had(change)]
        if not change.approved_by:
            had += [view for view in self.receivers.may_have_had(change.transaction_id) if view != CANCELLED]
            self.observed += self.changing.over_another_value(change, had=had, before=before, now=now)
        self.observed += self.changing.written(
            change,
            written,
            had=had,
            items={line["lineNbr"]: line["inventory"]["number"] for line in order["lines"]},
        )
        self.receivers.note_edit(number, by=change.sender_id)
        approved = {item: now.get(item, NOTHING) for item in {**before, **now} if now.get(item) != before.get(item)}
        self.receivers.note_granted(change.transaction_id, approved if change.approved_by else None)
        self._versions[change.transaction_id] = self.visma.versions[number]
        if change.approved_by and content_id(stood) != self.shown.get(change.transaction_id):
            self.observed.append(f"{change.transaction_id} was written into another order than its approver was shown.")

    def _leaves(self, body: Mapping[str, Any]) -> None:
        """Check a withdrawal: a receiver may lose a document to its other ISA id after a change or a resend."""
        on_hold = document_of(body)
        receiver, name = on_hold
        document = next((one for one in self.documents() if one.name == name), None)
        if document is None or view_in(body) != CANCELLED or document.now.view == CANCELLED:
            return
        has_changed = on_hold in self.receivers.edited or self.receivers.has.get(on_hold) != document.now.view
        has_changed = has_changed or name in self.receivers.unsettled
        may_move = has_changed or on_hold in self.receivers.refused or name in self.sent_again
        if receiver in self.directory.ever(document.now.counterparty) and not may_move:
            self.observed.append(
                f"{name} was withdrawn from {receiver}, whose order it is, although nothing had changed."
            )

    def _agreed(self, revision: Revision) -> None:
        if revision.state is State.AGREED:
            self.receivers.note_granted(revision.change_id or "")

    def _recorded(self, change: Change) -> None:
        number, before = change.number, self._last.get(change.transaction_id)
        self._last[change.transaction_id] = change.history[-1]
        if change.history[-1] == before:
            return  # only a delivery was added
        if change.state is ChangeState.APPLYING:
            self._taken_up[number] = change.transaction_id
        if change.state is ChangeState.PARKED and number in self.visma.seen:
            self.shown[change.transaction_id] = content_id(self.visma.seen[number])
        owner = self._owner(number)
        self.observed += self.changing.recorded(change, owner=owner)
        self.observed += self._asked_in_vain(change)
        if change.state is ChangeState.RECORDED and change.document == CHANGE:
            self.observed += self._no_longer_so(change)
        if change.state is ChangeState.APPLIED and not self._overwritten(change):
            had, has = self._had(change), view_of({**self.visma.orders[number], "status": "Open"})
            for part in self.receivers.request(change.transaction_id).in_view_of(had).parts:
                if part.on(had) != had and part.on(has) != has:
                    self.observed.append(f"{change.transaction_id} is APPLIED, and {part} does not stand in {number}.")

    def _no_longer_so(self, change: Change) -> list[str]:
        """Check a duplicate: the order, as last read, has the requested values."""
        request = self.receivers.request(change.transaction_id)
        if request.order != change.number or request.is_difference or change.number not in self.visma.seen:
            return []
        has = view_of({**json.loads(self.visma.seen[change.number]), "status": "Open"})
        return [
            f"{change.transaction_id} is RECORDED, and {part} does not stand in {change.number}."
            for part in request.parts
            if part.on(has) != has
        ]

    def _owner(self, number: str) -> str | None:
        """The ISA id of the order's partner when the order was last read."""
        if number not in self.visma.seen:
            return None
        supplier = json.loads(self.visma.seen[number])["supplier"]["number"]
        return self.directory.receiver(("supplier", supplier))

    def _overwritten(self, change: Change) -> bool:
        """Whether a user edited the order after the change was written, or, without a write, after it was read."""
        written = self._versions.get(change.transaction_id)
        if written is None:
            return self.visma.edited_since_read(change.number)
        return self.visma.edited_since(change.number, written)

    def _measured_by_what_it_had(self, change: Change) -> list[str]:
        """Check that a change was not compared with a revision that left after Orderful had received it."""
        revision = self.ledger.get(change.key, change.known_sequence or 0)
        if revision is None or revision.state is State.AGREED:
            return []
        left = self.receivers.left_after(change.transaction_id).get(revision.transaction_id or "")
        if left is None:
            return []
        as_of = f"revision {revision.sequence}, which left after it, {left}"
        return [f"{change.transaction_id} was written as a change of {as_of}."]

    def _asked_in_vain(self, change: Change) -> list[str]:
        """Check that a person is asked which state the partner had only where nobody can tell."""
        if Reason.CROSSES_REVISION not in change.reason_codes or self.receivers.is_in_doubt(change.transaction_id):
            return []
        taken_up = max(event.at for event in change.history if event.state is ChangeState.APPLYING)
        # While a revision is being sent or needs attention, nobody knows whether it has arrived; nor does the connector
        # know of a rejection before it has tracked it, or what the partner noted of a state that a person closed.
        has_arrived = {one.transaction_id for sendings in self.receivers.sendings.values() for one in sendings}
        if any(
            one.state in UNRESOLVED | {State.CLOSED}
            or one.needs_attention
            or one.updated_at >= taken_up
            or (one.state in KNOWN_TO_PARTNER - {State.AGREED} and one.transaction_id not in has_arrived)
            for one in self.ledger.revisions(change.key, limit=1000)
        ):
            return []
        return [f"{change.transaction_id} is {change.state}, and its sender had the order for certain: {change.reason}"]

    def _had(self, change: Change) -> View:
        """The partner's content when it wrote its change; a request is a difference to it."""
        revision = self.ledger.get(change.key, change.known_sequence or 0)
        return view_of({**json.loads(self.ledger.source_of(revision)), "status": "Open"}) if revision else {}

    # -- when quiescent ------------------------------------------------------------------------------------------------

    def _document(self, document: Document) -> list[str]:
        revisions = self.ledger.revisions(document.key, limit=1000)
        found = [
            f"{document.key}: revision {one.sequence} ended {one.state}." for one in revisions if one.state not in FINAL
        ]
        if not revisions:
            return [*found, f"{document.key} is not in the ledger."]
        return found + self._at_former_receivers(document, revisions) + self._at_receiver(document, revisions)

    def _at_former_receivers(self, document: Document, revisions: Sequence[Revision]) -> list[str]:
        """Check that no former receiver has a document, unless a person must withdraw it, or it is on hold."""
        if not document.now.ready and document.now.view != CANCELLED:
            return []
        former = self.receivers.holders(document.name).keys() - self.directory.ever(document.now.counterparty)
        left = former - _awaiting_withdrawal(revisions)
        return [f"{document.key} was never withdrawn from {receiver}." for receiver in sorted(left)]

    def _at_receiver(self, document: Document, revisions: Sequence[Revision]) -> list[str]:
        """Check that the receiver has the content of Visma, or that the ledger has the reason."""
        name, now = document.name, document.now
        receiver = self.directory.receiver(now.counterparty)
        ids = self.directory.ever(now.counterparty) - _awaiting_withdrawal(revisions)
        own = {one: view for one, view in self.receivers.holders(name).items() if one in ids}
        # When the ISA id changes and the document does not, the document stays at the former id.
        if (list(own.values()) or [CANCELLED]) == [now.view]:
            return []
        # Newer revisions that were superseded before they were sent do not count.
        recorded = own_revisions(revisions)
        current = current_revision(recorded) or recorded[0]
        excuses = document.excuses
        is_known = current.revision_id == document.content_id
        if current.state in {State.REJECTED, State.CLOSED, State.SKIPPED}:
            is_known = is_known or self._reads_as(current) == now.view  # followed by an immaterial change
        if current.state in excuses and (is_known or (current.state in _WAITS_UNTIL_READY and not now.ready)):
            return []  # it is compared with what it becomes once that is ready
        is_sent = any(one.sent_at is not None and one.receiver_id in ids for one in recorded)
        if current.state is State.AGREED and is_known and not is_sent and self._is_approved(current):
            return []  # by the approval of its change, the partner has it from elsewhere
        if self.before_go_live.is_old(name) and not own:
            allowed = self.before_go_live.may_stay(name, now, mapped=receiver is not None)
            if current.state in allowed and (is_known or current.state is not State.PARKED or not now.ready):
                return []
            excuses |= allowed
        expected = f" and should be {' or '.join(sorted(excuses))}" if excuses else ""
        states = [str(one.state) for one in reversed(recorded)]
        has = f"its partner has {own}, Visma {now.view} for {receiver}"
        return [f"{document.key}: {has}; the newest of {states} has no reason for it{expected}."]

    def _is_approved(self, agreed: Revision) -> bool:
        """Whether a person has approved the change of a revision."""
        changes = [one for one in self.changes.all() if one.transaction_id == agreed.change_id]
        return any(one.decided_by is not None for one in changes)

    def _reads_as(self, revision: Revision) -> View:
        said = json.loads(self.ledger.source_of(revision))
        return view_of_invoice(said) if revision.key.kind is not Kind.PURCHASE_ORDER else view_of(said)

    def _transactions(self) -> list[str]:
        owners = Counter(one.transaction_id for one in self.ledger.rows.values() if one.transaction_id)
        filed = [one.transaction_id for one in self.orderful.transactions]
        return [f"Transaction {name} belongs to {owners[name]} revisions." for name in filed if owners[name] != 1]

    def _change(self, number: str) -> list[str]:
        if self.inbound.validation[number] is Validation.PROCESSING:
            return []
        records = [one for one in self.changes.all() if self.receivers.number_of(one.transaction_id) == number]
        if not records or len({one.transaction_id for one in records}) != len(records):
            return [f"{number} is recorded {len(records)} times."]
        found = [f"{one.transaction_id} is {one.state}." for one in records if one.state not in DECIDED or one.on_hold]
        delivery = self.inbound.transactions[number].delivery
        if delivery is not None and number in self.inbound.waiting:
            found.append(f"{number} is {records[0].state}, and its delivery is not confirmed.")
        return found

    def _of_order(self, number: str) -> list[Change]:
        return [change for change in self.changes.all() if change.number == number]
