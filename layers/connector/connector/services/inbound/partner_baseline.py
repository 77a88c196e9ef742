"""Keeps the partner baseline of an order in the ledger while a partner's change is written.

reserve   CHANGING takes the next number: the translator waits, so that no poll sends the partner its own request
settle    AGREED when the order is just what the partner knew plus what it asked for: it knows this content
          SUPERSEDED, with the content, when somebody else's edit came along, when a part of the change was not
          written, when the change crossed a revision, when another partner had the order last, or when it was withdrawn
          or refused meanwhile: the partner has to be sent the whole
drop      SUPERSEDED: nothing was written
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connector.domain.documents import MAX_TYPE_LENGTH, DocumentKey, Party, PurchaseOrder
from connector.domain.errors import Parked, Transient
from connector.domain.order_change.crossing import ReadStates, cancellation_for, states_read
from connector.domain.order_change.edits import NO_EDITS, Edits, equals_with_edits
from connector.domain.order_change.order_snapshot import OrderSnapshot
from connector.domain.order_change.record import Change
from connector.domain.revision.assess import needs_full_resend
from connector.domain.revision.content_hash import revision_id
from connector.domain.revision.record import KNOWN_TO_PARTNER, UNRESOLVED, ChangeResult, Event, Revision, State
from connector.domain.revision.row_version import version_in
from connector.domain.routing.route import Notes
from connector.edi.visma.order_snapshot import read_order_snapshot
from connector.services.inbound.ports import AgreedRevisions
from connector.services.order_types import types_of_number
from connector.services.ports import Clock

_FIRST_LOOK = 20
_MAX_REVISIONS = 1000
# Revisions that never left and that the agreed one supersedes.
_UNSENT = frozenset({State.TRANSLATED, State.PARKED, State.SKIPPED, State.BASELINE})


def _has_it(revisions: Sequence[Revision], partner: str | None, supplier: Party) -> bool:
    """Whether the partner was the last to have the order, and does not have it as cancelled.

    Args:
        revisions: Of the order, newest first.
        partner: Its ISA id.
        supplier: The supplier of the order now.
    """
    reached = [one for one in revisions if one.state in KNOWN_TO_PARTNER]
    last = next((one for one in reached if not one.is_withdrawal), None)
    if last is not None and last.receiver_id not in {None, partner}:
        return False
    return cancellation_for(revisions, sender_id=partner, supplier=supplier) is None


def _was_sent_after(revisions: Sequence[Revision], known_sequence: int | None) -> bool:
    """Whether a state was sent that the partner did not have when it wrote its change.

    What was sent last does not have the change: the partner may take that for a refusal.
    """
    since = known_sequence or 0
    return since > 0 and any(
        one.sequence > since
        and one.state in KNOWN_TO_PARTNER
        and one.state is not State.AGREED
        and not one.is_withdrawal
        for one in revisions
    )


@dataclass(frozen=True, slots=True)
class PartnerBaseline:
    """Writes the revisions of an order that a partner's change causes."""

    ledger: AgreedRevisions
    clock: Clock

    def newest_known(self, order: DocumentKey) -> Revision | None:
        """The newest revision that the partner has, or may have."""
        for limit in (_FIRST_LOOK, _MAX_REVISIONS):
            revisions = self.ledger.revisions(order, limit=limit)
            found = next((one for one in revisions if one.state in KNOWN_TO_PARTNER and not one.is_withdrawal), None)
            if found is not None or len(revisions) < limit:
                return found
        return None

    def is_with(self, order: DocumentKey, partner: str, supplier: Party) -> bool:
        """Whether the partner was sent the order last, and does not have it as cancelled.

        Args:
            order: The order.
            partner: Its ISA id.
            supplier: The supplier of the order now.
        """
        newest = self.newest_known(order)
        if newest is None or newest.receiver_id != partner:
            return False
        return _has_it(self.ledger.revisions(order, limit=_FIRST_LOOK), partner, supplier)

    def read_at(self, order: DocumentKey, change: Change, supplier: Party) -> ReadStates:
        """What the partner had of the order, which is for this supplier now, when it wrote the change."""
        found = ReadStates(None)
        for limit in (_FIRST_LOOK, _MAX_REVISIONS):
            revisions = self.ledger.revisions(order, limit=limit)
            found = states_read(
                (one for one in revisions if one.change_id != change.transaction_id),
                sender_id=change.sender_id,
                supplier=supplier,
                filed_at=change.filed_at,
                recorded_at=change.created_at,
            )
            if len(revisions) < limit:
                break
        return found

    def last_decided(self, order: DocumentKey, sequence: int, *, by_person: Callable[[str], bool]) -> Revision | None:
        """The newest revision up to `sequence` that we sent, or whose change a person approved; None without one.

        Args:
            order: The order.
            sequence: The revision that the partner last saw.
            by_person: Whether a person approved the change with this transaction id.
        """
        for limit in (_FIRST_LOOK, _MAX_REVISIONS):
            revisions = self.ledger.revisions(order, limit=limit)
            for one in revisions:
                if one.sequence > sequence or one.is_withdrawal or one.state not in KNOWN_TO_PARTNER:
                    continue
                if one.state is not State.AGREED or by_person(one.change_id or ""):
                    return one
            if len(revisions) < limit:
                break
        return None

    def agreed_since(self, order: DocumentKey, sequence: int, *, until: int) -> list[Revision]:
        """The states that the partner asked for after revision `sequence`, up to revision `until`, oldest first."""
        revisions: Sequence[Revision] = ()
        for limit in (_FIRST_LOOK, _MAX_REVISIONS):
            revisions = self.ledger.revisions(order, limit=limit)
            if len(revisions) < limit or revisions[-1].sequence <= sequence:
                break
        return [one for one in reversed(revisions) if sequence < one.sequence <= until and one.state is State.AGREED]

    def order_types(self, order: DocumentKey) -> list[str]:
        """The types of the orders with this number; first the one that the partner's 860 is probably about."""
        return types_of_number(self.ledger, order)

    def content(self, order: DocumentKey, sequence: int) -> PurchaseOrder | None:
        """The order of a revision; None when the ledger does not have it, or its document has expired."""
        revision = self.ledger.get(order, sequence)
        if revision is None:
            return None
        try:
            source = self.ledger.source_of(revision)
        except Parked:
            return None
        return read_order_snapshot(source, company=order.company).content

    def begun(self, order: DocumentKey) -> str | None:
        """The transaction of the change that has reserved the next revision; None without one."""
        newest = self._newest(order)
        return newest.change_id if newest is not None and newest.state is State.CHANGING else None

    def was_sent_since(self, order: DocumentKey, timestamp: datetime) -> bool:
        """Whether the order was sent to the partner after `timestamp` (UTC), or may have been."""
        return any(
            one.state in KNOWN_TO_PARTNER and one.state is not State.AGREED and one.created_at > timestamp
            for one in self.ledger.revisions(order, limit=_FIRST_LOOK)
        )

    def is_written(self, order: DocumentKey, change: Change) -> bool:
        """Whether an attempt that did not end has written the change into the order, or may have."""
        return any(
            one.change_id == change.transaction_id and one.change_result is not ChangeResult.NOT_WRITTEN
            for one in self.ledger.revisions(order, limit=_FIRST_LOOK)
        )

    def reserve(self, order: DocumentKey, change: Change) -> None:
        """Reserve the next revision for the order after the change.

        Raises:
            Transient: another change is being written into this order.
            Conflict: the translator was faster; read the order again.
        """
        newest = self._newest(order)
        if newest is not None and newest.state is State.CHANGING:
            if newest.change_id == change.transaction_id:
                return
            raise Transient(f"{newest.change_id} is being written into this order.", document=str(order))
        reserved = self._revision(order, change, newest, state=State.CHANGING, note="the partner's change is written")
        self.ledger.reserve(reserved)

    def settle(
        self,
        order: DocumentKey,
        change: Change,
        *,
        base: PurchaseOrder,
        requested: Edits,
        after: OrderSnapshot,
        raw: bytes,
        notes: Notes,
        is_all: bool = True,
    ) -> None:
        """Record whether the partner knows the present content of the order.

        Args:
            order: The order.
            change: The change that was written, or found in the order already.
            base: The order as the partner last saw it at the first decision.
            requested: The edits that the partner asked for, written by us or by somebody else.
            after: The order in Visma now.
            raw: Its bytes.
            notes: Which notes of an order are sent to the partner.
            is_all: The order has everything that the message asks for.

        Raises:
            Transient: an earlier revision is still being sent, and would revert the partner's own change.
        """
        version = version_in(after.etag)
        newest, known = self._newest(order), self.newest_known(order)
        if known is not None and known.state in UNRESOLVED:
            raise Transient(
                f"Revision {known.sequence} is still being sent; the change is noted after it.", document=str(order)
            )
        content, is_known = revision_id(after.content), False
        if known is not None:
            # The partner may have been sent a newer state after the first decision.
            last = base if known.sequence == change.known_sequence else self.content(order, known.sequence)
            base = last or base
            is_known = known.revision_id == content
            is_known |= last is not None and equals_with_edits(after.content, last, NO_EDITS, notes=notes)
        if is_known or not requested:
            self.drop(order, change, version=version)
            return
        reserved = newest if newest is not None and self._is_reserved(newest, change) else None
        revisions = self.ledger.revisions(order, limit=_FIRST_LOOK)
        if known is None:
            # What the change was compared with has been refused since. Without a state to compare with, a person has
            # approved it: the partner has the order from elsewhere.
            is_full_resend_due = bool(change.known_sequence)
        else:
            is_full_resend_due = (
                needs_full_resend(revisions, known)
                or not _has_it(revisions, change.sender_id, after.content.supplier)
                or _was_sent_after(revisions, change.known_sequence)
            )
        if is_full_resend_due or not is_all or not equals_with_edits(after.content, base, requested, notes=notes):
            note = "the change stands along with somebody's edit" if is_all else "a part of the change is not written"
            due = self._revision(order, change, newest, state=State.SUPERSEDED, note=note)
            due = replace(due, revision_id=content, visma_version=version, change_result=ChangeResult.FULL_RESEND)
            self._note_full_resend(due, revisions, reserved)
            return
        for revision in revisions:
            is_newer = known is None or revision.sequence > known.sequence
            # A withdrawal from another receiver still has to be sent; the partner itself has the order again.
            is_elsewhere = revision.is_withdrawal and revision.receiver_id != change.sender_id
            if is_newer and revision.state in _UNSENT and not is_elsewhere:
                self._supersede(revision, "the partner asked for the content that took its place")
        agreed = self._revision(order, change, newest, state=State.AGREED, note="the partner asked for this content")
        agreed = replace(
            agreed,
            revision_id=content,
            visma_version=version,
            receiver_id=change.sender_id,
            counterparty=after.content.supplier.number,
            counterparty_id=after.content.supplier.internal_id,
            document_type=after.content.order_type[:MAX_TYPE_LENGTH],
        )
        if reserved is not None:
            agreed = replace(agreed, sequence=reserved.sequence, created_at=reserved.created_at)
            agreed = replace(agreed, history=(*reserved.history, *agreed.history))
        self.ledger.agreed(agreed, was=State.CHANGING if reserved else None, source=raw)

    def drop(self, order: DocumentKey, change: Change, *, version: str | None = None) -> None:
        """Give a reservation up. `version` is Visma's row version after a write."""
        newest = self._newest(order)
        if newest is not None and self._is_reserved(newest, change):
            result = ChangeResult.KNOWN_ALREADY if version else ChangeResult.NOT_WRITTEN
            self.ledger.move(
                newest,
                State.SUPERSEDED,
                now=self.clock.now(),
                note="the partner knows the content already" if version else "the change was not written",
                visma_version=version,
                change_result=result,
            )

    def _note_full_resend(self, due: Revision, revisions: Sequence[Revision], reserved: Revision | None) -> None:
        """Note that the change was written together with somebody else's edit, so that the whole order is sent."""
        if reserved is not None:
            self.ledger.move(
                reserved,
                State.SUPERSEDED,
                now=due.updated_at,
                note=due.history[-1].note,
                revision_id=due.revision_id,
                visma_version=due.visma_version,
                change_result=due.change_result,
            )
        elif not any(
            (one.state, one.change_id, one.revision_id) == (due.state, due.change_id, due.revision_id)
            for one in revisions
        ):
            self.ledger.reserve(due)

    def _newest(self, order: DocumentKey) -> Revision | None:
        return next(iter(self.ledger.revisions(order, limit=1)), None)

    def _is_reserved(self, revision: Revision, change: Change) -> bool:
        return revision.state is State.CHANGING and revision.change_id == change.transaction_id

    def _supersede(self, revision: Revision, note: str) -> None:
        self.ledger.move(revision, State.SUPERSEDED, now=self.clock.now(), note=note)

    def _revision(
        self, order: DocumentKey, change: Change, newest: Revision | None, *, state: State, note: str
    ) -> Revision:
        now = self.clock.now()
        return Revision(
            key=order,
            sequence=newest.sequence + 1 if newest else 1,
            revision_id="",
            state=state,
            created_at=now,
            updated_at=now,
            partner=change.partner,
            stream=change.stream,
            business_number=order.number,
            change_id=change.transaction_id,
            history=(Event(now, state, f"{note} ({change.transaction_id})"),),
        )
