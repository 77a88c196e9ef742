"""What must hold, whatever happened: watched while it happens, and checked when the system is quiescent.

Nothing here asks the connector what it thinks it did. What the partner has comes from what reached it, what Visma has
from Visma; the ledger is only asked why the two differ, and whether it knows of every transaction.
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
from connector.domain.revision.record import Revision, State, current_revision
from proof.model.asking import NOTHING, View
from proof.model.changing import Changing
from proof.model.directory import Directory
from proof.model.go_live import BeforeGoLive, Condition
from proof.model.invoices import view_of_invoice
from proof.model.orderful import Inbound, Orderful
from proof.model.partner import CANCELLED, Receivers, held_in, view_in, view_of
from proof.model.stores import RecordedChanges, RecordedCursors, RecordedLedger
from proof.model.visma import Visma, content_id

FINAL = frozenset(
    {
        *(State.SENT, State.VALID, State.DELIVERED, State.ACKNOWLEDGED, State.PARKED, State.REJECTED),
        *(State.SUPERSEDED, State.SKIPPED, State.AGREED, State.BASELINE, State.CLOSED),
    }
)
"""States in which a revision may stay."""


def _with_a_person(revisions: Sequence[Revision]) -> set[str | None]:
    """Receivers from which a person has to withdraw a document, or has: nothing newer is recorded for them.

    One of them may be the receiver by now: its ISA id was changed and changed back.
    """
    newest: dict[str | None, Revision] = {}
    for one in revisions:
        if one.state is not State.SUPERSEDED:
            newest.setdefault(one.receiver_id, one)
    states = {State.PARKED, State.REJECTED, State.CLOSED}
    return {named for named, one in newest.items() if one.withdraws is not None and one.state in states}


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it stands in Visma.

    Attributes:
        name: What the partner calls it.
        now: What the partner should have of it, and whose it is.
        content_id: Hash of its content.
        excuses: Why the partner may have something else: the states its newest revision may be in.
    """

    name: str
    key: DocumentKey
    now: Condition
    content_id: str
    excuses: frozenset[State]


@dataclass(slots=True)
class Judge:
    """Hears what happens and says what should not have.

    Attributes:
        documents: Every document as it stands in Visma.
        held: Orders that a user put on hold.
        sent_again: Documents that a person had sent again.
        shown: What the order said when a person was shown a parked change, by its transaction.
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
    held: set[str] = field(default_factory=set)
    shown: dict[str, str] = field(default_factory=dict)
    sent_again: set[str] = field(default_factory=set)
    heard: list[str] = field(default_factory=list)
    _last: dict[str, ChangeEvent] = field(default_factory=dict)
    _taken_up: dict[str, str] = field(default_factory=dict)
    _versions: dict[str, int] = field(default_factory=dict)

    def listen(self) -> None:
        """Hear of everything from now on."""
        self.visma.on_written.append(self._written)
        self.orderful.on_delivered += [self.before_go_live.leaves, self._leaves]
        self.ledger.on_agreed.append(self._agreed)
        self.changes.on_record.append(self._recorded)

    @property
    def complaints(self) -> list[str]:
        """What happened and should not have."""
        return [
            *self.heard,
            *self.visma.complaints,
            *self.receivers.complaints,
            *self.before_go_live.complaints,
            *self.inbound.complaints,
            *self.cursors.fell,
        ]

    def violations_when_quiescent(self) -> list[str]:
        """What is wrong now that nothing is going on any more, along with the complaints."""
        self.before_go_live.rests(self.today())
        self.receivers.unsettled.clear()
        found = self.complaints
        for document in self.documents():
            found += self._document(document)
        for number, order in self.visma.orders.items():
            if (order["status"] == "Hold") != (number in self.held):
                found.append(f"Order {number} is {order['status']}, which no user wanted.")
        found += self._transactions()
        for number in self.inbound.held:
            found += self._change(number)
        for number, day in self.receivers.days.items():
            promised = self.visma.orders[number]["promisedOn"]
            if promised[:10] != day.isoformat():
                found.append(f"Order {number} is promised on {promised}; its partner asked for {day}.")
        return found

    # -- while it happens ---------------------------------------------------------------------------------------------

    def _written(self, number: str, written: dict[str, Any], stood: bytes) -> None:
        if set(written) <= {"hold"}:
            return
        # Others may be APPLYING as well: a worker died, or did not hear that its claim was written.
        change = next(one for one in self._of_order(number) if one.transaction_id == self._taken_up.get(number))
        order = json.loads(stood)
        supplier = order["supplier"]["number"]
        if change.sender_id != self.directory.receiver(("supplier", supplier)):
            self.heard.append(f"{change.transaction_id} of {change.sender_id} was written into an order of {supplier}.")
        self.heard += self.changing.written(
            change,
            written,
            had=self._had(change),
            items={line["lineNbr"]: line["inventory"]["number"] for line in order["lines"]},
        )
        self.receivers.hear_of_edit(number, by=change.sender_id)
        now = view_of({**self.visma.orders[number], "status": "Open"})
        before = view_of({**order, "status": "Open"})
        approved = {item: now.get(item, NOTHING) for item in {**before, **now} if now.get(item) != before.get(item)}
        self.receivers.is_granted(change.transaction_id, approved if change.approved_by else None)
        self._versions[change.transaction_id] = self.visma.versions[number]
        if change.approved_by and content_id(stood) != self.shown.get(change.transaction_id):
            self.heard.append(f"{change.transaction_id} was written into another order than its approver was shown.")

    def _leaves(self, body: Mapping[str, Any]) -> None:
        """A receiver may lose a document to another ISA id of its own when it changes, or when a person sends it."""
        held = held_in(body)
        receiver, name = held
        document = next((one for one in self.documents() if one.name == name), None)
        if document is None or view_in(body) != CANCELLED or document.now.view == CANCELLED:
            return
        has_changed = held in self.receivers.edited or self.receivers.has.get(held) != document.now.view
        has_changed = has_changed or name in self.receivers.unsettled
        may_move = has_changed or held in self.receivers.refused or name in self.sent_again
        if receiver in self.directory.ever(document.now.counterparty) and not may_move:
            self.heard.append(f"{name} was withdrawn from {receiver}, whose order it is, although nothing had changed.")

    def _agreed(self, revision: Revision) -> None:
        self.receivers.is_granted(revision.change_id or "")

    def _recorded(self, change: Change) -> None:
        number, before = change.number, self._last.get(change.transaction_id)
        self._last[change.transaction_id] = change.history[-1]
        if change.history[-1] == before:
            return  # one more delivery was noted
        if change.state is ChangeState.APPLYING:
            self._taken_up[number] = change.transaction_id
        if change.state is ChangeState.PARKED and number in self.visma.seen:
            self.shown[change.transaction_id] = content_id(self.visma.seen[number])
        owner = self._owner(number)
        self.heard += self.changing.recorded(change, owner=owner)
        if change.state is ChangeState.RECORDED and change.document == CHANGE:
            self.heard += self._no_longer_so(change)
        if change.state is ChangeState.APPLIED and not self._overwritten(change):
            had, has = self._had(change), view_of({**self.visma.orders[number], "status": "Open"})
            for part in self.receivers.request(change.transaction_id).in_view_of(had).parts:
                if part.on(had) != had and part.on(has) != has:
                    self.heard.append(f"{change.transaction_id} is APPLIED, and {part} does not stand in {number}.")

    def _no_longer_so(self, change: Change) -> list[str]:
        """A repetition asks for what the order says, as one of our workers last read it."""
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
        """The ISA id of the partner whose order it was when one of our workers last read it."""
        if number not in self.visma.seen:
            return None
        supplier = json.loads(self.visma.seen[number])["supplier"]["number"]
        return self.directory.receiver(("supplier", supplier))

    def _overwritten(self, change: Change) -> bool:
        """Whether a user edited the order after the change was written into it; after it was read, if nothing was."""
        written = self._versions.get(change.transaction_id)
        if written is None:
            return self.visma.edited_since_read(change.number)
        return self.visma.edited_since(change.number, written)

    def _had(self, change: Change) -> View:
        """What the partner had when its change was first looked at: only a difference to that is a wish."""
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
        """Nobody else has a document, unless a person has to withdraw it there."""
        former = self.receivers.holders(document.name).keys() - self.directory.ever(document.now.counterparty)
        left = former - _with_a_person(revisions)
        return [f"{document.key} was never withdrawn from {receiver}." for receiver in sorted(left)]

    def _at_receiver(self, document: Document, revisions: Sequence[Revision]) -> list[str]:
        """Its receiver has what Visma has, or the ledger says why not."""
        name, now = document.name, document.now
        receiver = self.directory.receiver(now.counterparty)
        ids = self.directory.ever(now.counterparty) - _with_a_person(revisions)
        own = {one: view for one, view in self.receivers.holders(name).items() if one in ids}
        # Where the ISA id changed and the document did not, it stays under the former id.
        if (list(own.values()) or [CANCELLED]) == [now.view]:
            return []
        # Newer ones that were taken back before they left stand for nothing.
        own_revisions = [one for one in revisions if one.withdraws is None]
        current = current_revision(own_revisions) or own_revisions[0]
        excuses = document.excuses
        is_known = current.revision_id == document.content_id
        if current.state is State.REJECTED:
            is_known = is_known or self._reads_as(current) == now.view  # a change that nobody sees came behind it
        if current.state in excuses and is_known:
            return []
        is_sent = any(one.sent_at is not None for one in own_revisions)
        if current.state is State.AGREED and is_known and not is_sent and self._is_approved(current):
            return []  # who asked for a change of it has it from elsewhere, says the person who approved that
        if self.before_go_live.is_old(name) and not own:
            allowed = self.before_go_live.may_stay(name, now, mapped=receiver is not None)
            if current.state in allowed and (is_known or current.state is not State.PARKED or not now.ready):
                return []
            excuses |= allowed
        expected = f" and should be {' or '.join(sorted(excuses))}" if excuses else ""
        states = [str(one.state) for one in reversed(own_revisions)]
        has = f"its partner has {own}, Visma {now.view} for {receiver}"
        return [f"{document.key}: {has}; the newest of {states} does not say why{expected}."]

    def _is_approved(self, agreed: Revision) -> bool:
        """Whether a person has approved the change that a revision comes from."""
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
        delivery = self.inbound.held[number].delivery
        if delivery is not None and number in self.inbound.waiting:
            found.append(f"{number} is {records[0].state}, and Orderful was never told.")
        return found

    def _of_order(self, number: str) -> list[Change]:
        return [change for change in self.changes.all() if change.number == number]
