"""What must hold, whatever happened: watched while it happens, and looked at when everything has come to rest.

Nothing here asks the connector what it thinks it did. What the partner has comes from what reached it, what Visma has
from Visma; the ledger is only asked why the two differ, and whether it knows of every transaction.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.domain.changes import DECIDED, Change, ChangeEvent, ChangeState
from connector.domain.documents import DocumentKey
from connector.domain.ledger import Revision, State
from proof.model.orderful import Inbound, Orderful
from proof.model.partner import Partner, View, view_of
from proof.model.stores import WiredChanges, WiredCursors, WiredLedger
from proof.model.visma import Visma, content_id

FINAL = frozenset(
    {
        *(State.SENT, State.VALID, State.DELIVERED, State.ACKNOWLEDGED, State.PARKED, State.REJECTED),
        *(State.SUPERSEDED, State.SKIPPED, State.AGREED),
    }
)
"""States in which a revision may stay."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it stands in Visma.

    Attributes:
        name: What the partner calls it.
        view: What the partner should have of it.
        content_id: Hash of all that a partner can see of it.
        excuses: Why the partner may have something else: the states its newest revision may be in.
    """

    name: str
    key: DocumentKey
    view: View
    content_id: str
    excuses: frozenset[State]


@dataclass(slots=True)
class Judge:
    """Hears what happens and says what should not have.

    Attributes:
        documents: Every document as it stands in Visma.
        held: Orders that a user put on hold.
        shown: What the order said when a person was shown a parked change, by its transaction.
    """

    visma: Visma
    partner: Partner
    orderful: Orderful
    inbound: Inbound
    ledger: WiredLedger
    changes: WiredChanges
    cursors: WiredCursors
    documents: Callable[[], Sequence[Document]]
    held: set[str] = field(default_factory=set)
    shown: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    _last: dict[str, ChangeEvent] = field(default_factory=dict)
    _taken_up: dict[str, str] = field(default_factory=dict)
    _versions: dict[str, int] = field(default_factory=dict)

    def listen(self) -> None:
        """Hear of everything from now on."""
        self.visma.on_written.append(self._written)
        self.ledger.on_agreed.append(self._agreed)
        self.changes.on_record.append(self._recorded)

    @property
    def complaints(self) -> list[str]:
        """What happened and should not have."""
        return [
            *self.heard,
            *self.visma.complaints,
            *self.partner.complaints,
            *self.inbound.complaints,
            *self.cursors.fell,
        ]

    def at_rest(self) -> list[str]:
        """What is wrong now that nothing is going on any more, along with the complaints."""
        found = self.complaints
        for document in self.documents():
            found += self._document(document)
        for number, order in self.visma.orders.items():
            if (order["status"] == "Hold") != (number in self.held):
                found.append(f"Order {number} is {order['status']}, which no user wanted.")
        found += self._transactions()
        for number in self.inbound.held:
            found += self._change(number)
        return found

    # -- while it happens ---------------------------------------------------------------------------------------------

    def _written(self, number: str, written: dict[str, Any], stood: bytes) -> None:
        if set(written) <= {"hold"}:
            return
        # Others may be APPLYING as well: a worker died, or did not hear that its claim was written.
        change = next(one for one in self._of_order(number) if one.transaction_id == self._taken_up.get(number))
        self.partner.is_granted(change.transaction_id)
        self._versions[change.transaction_id] = self.visma.versions[number]
        self._compare_turns(change)
        if change.approved_by and content_id(stood) != self.shown.get(change.transaction_id):
            self.heard.append(f"{change.transaction_id} was written into another order than its approver was shown.")

    def _compare_turns(self, change: Change) -> None:
        for other in self._of_order(change.number):
            is_newer = (other.change_sequence or 0) > (change.change_sequence or 0) > 0
            if is_newer and other.state is ChangeState.APPLIED and change.approved_by is None:
                self.heard.append(f"{change.transaction_id} was written over the newer {other.transaction_id}.")

    def _agreed(self, revision: Revision) -> None:
        self.partner.is_granted(revision.transaction_id or "")

    def _recorded(self, change: Change) -> None:
        number, before = change.number, self._last.get(change.transaction_id)
        self._last[change.transaction_id] = change.history[-1]
        if change.history[-1] == before:
            return  # one more delivery was noted
        if change.state is ChangeState.APPLYING:
            self._taken_up[number] = change.transaction_id
        if change.state is ChangeState.PARKED and number in self.visma.seen:
            self.shown[change.transaction_id] = content_id(self.visma.seen[number])
        if change.state is ChangeState.APPLIED and not self._overwritten(change):
            had, has = self._had(change), view_of({**self.visma.orders[number], "status": "Open"})
            for wish in self.partner.wishes[change.transaction_id][1]:
                if wish.on(had) != had and wish.on(has) != has:
                    self.heard.append(f"{change.transaction_id} is APPLIED, and {wish} does not stand in {number}.")

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

    # -- at rest ------------------------------------------------------------------------------------------------------

    def _document(self, document: Document) -> list[str]:
        revisions = self.ledger.revisions(document.key, limit=1000)
        found = [
            f"{document.key}: revision {one.sequence} ended {one.state}." for one in revisions if one.state not in FINAL
        ]
        if not revisions:
            return [*found, f"{document.key} is not in the ledger."]
        if self.partner.has.get(document.name) == document.view:
            return found
        # Newer ones that were taken back before they left stand for nothing.
        stands = next((one for one in revisions if one.state is not State.SUPERSEDED), revisions[0])
        if stands.state in document.excuses and stands.revision_id == document.content_id:
            return found
        expected = f" and should be {' or '.join(sorted(document.excuses))}" if document.excuses else ""
        states = [str(one.state) for one in reversed(revisions)]
        found.append(
            f"{document.key}: the partner has {self.partner.has.get(document.name)}, Visma {document.view}; the "
            f"newest of {states} does not say why{expected}."
        )
        return found

    def _transactions(self) -> list[str]:
        owners = Counter(one.transaction_id for one in self.ledger.rows.values() if one.transaction_id)
        filed = [one.transaction_id for one in self.orderful.transactions]
        return [f"Transaction {name} belongs to {owners[name]} revisions." for name in filed if owners[name] != 1]

    def _change(self, number: str) -> list[str]:
        records = [change for change in self.changes.all() if change.transaction_id == number]
        if len(records) != 1:
            return [f"{number} is recorded {len(records)} times."]
        (change,) = records
        delivery = self.inbound.held[number].delivery
        found = [f"{number} is {change.state}."] if change.state not in DECIDED or change.on_hold else []
        if delivery is not None and number in self.inbound.waiting:
            found.append(f"{number} is {change.state}, and Orderful was never told.")
        return found

    def _of_order(self, number: str) -> list[Change]:
        return [change for change in self.changes.all() if change.number == number]
