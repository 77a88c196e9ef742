"""The connector with fakes in virtual time, with users, operators and partners.

Every side effect of every function is recorded by one `EffectRecorder`, which can kill its worker. `Invariants` checks
all events.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from connector.domain.documents import DocumentKey, Kind
from connector.domain.order_change.record import Change, ChangeState
from connector.domain.pause import Pause, Scope
from connector.domain.reasons import Reason
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import (
    MAY_NEED_ATTENTION,
    NEEDS_PERSON,
    Revision,
    State,
    current_revision,
    own_revisions,
)
from connector.domain.transactions import Stream
from connector.services.decider import Decider
from connector.services.inbound.partner_baseline import PartnerBaseline
from connector.services.inbound.review import ChangeReview
from connector.services.release import forecast_waiting, message_for, release, release_waiting_changes
from connector.services.resume import let_go, resumable
from proof.model.changing import Changing
from proof.model.clockwork import Clockwork, NotQuiescent
from proof.model.directory import Directory
from proof.model.functions import COMPANY, Configuration
from proof.model.go_live import BeforeGoLive, Condition
from proof.model.invariants import Document, Invariants
from proof.model.invoices import CUSTOMER, invoice_key, view_of_invoice
from proof.model.partner import CANCELLED, invoice, view_of
from testkit.samples.visma_samples import a_purchase_order, an_order_line

OPERATOR = Decider("operator", "arn:aws:sts::123456789012:assumed-role/Operator/operator")
_ABOUT_GO_LIVE = frozenset({"before_go_live", "go_live", "closed"})
"""Fields of parked documents from before go-live, and of changes after a close."""


class System(Clockwork):
    """The functions in virtual time, users, operators and partners."""

    def __init__(self, setting: Configuration | None = None) -> None:
        """Start empty."""
        super().__init__(setting)
        self.directory = Directory()
        self.directory.note(self.setting.routing())
        self.before_go_live = BeforeGoLive(self.setting.go_live or self.today, self.setting.before_go_live)
        self.invariants = Invariants(
            visma=self.visma,
            receivers=self.receivers,
            orderful=self.orderful,
            inbound=self.inbound,
            ledger=self.ledger,
            changes=self.changes,
            cursors=self.cursors,
            directory=self.directory,
            before_go_live=self.before_go_live,
            changing=Changing(self.changes, self.inbound, self.receivers, self.clock),
            documents=self.documents,
            today=lambda: self.today,
        )
        self.invariants.listen()
        self.receivers.is_paused = lambda: self.is_paused

    # -- users --------------------------------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        """The day on Visma's clock."""
        return self.clock.now().astimezone(self.visma.erp.zone).date()

    def edit(self, number: str, **changes: Any) -> None:
        """A user edits an order in Visma."""
        before = self._order_condition(number)
        self.visma.edit(number, **changes)
        if "status" in changes:
            (self.invariants.on_hold.add if changes["status"] == "Hold" else self.invariants.on_hold.discard)(number)
        self._compare(number, before, self._order_condition(number))

    def order(self, number: str, *, dated: date | None = None, **changes: Any) -> None:
        """A user creates an order: 800 pieces of item 1298 at 10.00 and 100 of item 1299 at 5.00."""
        lines = [
            an_order_line(1),
            an_order_line(
                2, orderQty=Decimal(100), unitCost=Decimal(5), inventory={"number": "1299"}, alternateId="AC-2"
            ),
        ]
        day = dated or self.today
        self.visma.put_in(
            a_purchase_order(**{"orderNbr": number, "date": f"{day}T00:00:00", "lines": lines, **changes})
        )
        if changes.get("status") == "Hold":
            self.invariants.on_hold.add(number)
        self.before_go_live.written(number, day, self._order_condition(number))

    def change_supplier(self, number: str, supplier: str) -> None:
        """A user corrects the supplier of an order."""
        self.edit(number, supplier=a_supplier(supplier))

    def renumber_supplier(self, number: str, supplier: str) -> None:
        """A user changes the number of an order's supplier."""
        before = self.visma.orders[number]["supplier"]
        self.directory.renumbered(("supplier", before["number"]), ("supplier", supplier))
        self.edit(number, supplier={**before, "number": supplier})

    def change_quietly(self, number: str, what: str, *, turn: int) -> None:
        """A user makes an immaterial change: a catalogue text, a tax category, a note."""
        header: dict[str, dict[str, Any]] = {
            "location": {"location": {"id": turn, "name": f"Location {turn}"}},
            "note": {"note": f"Note {turn} to a colleague"},
        }
        line: dict[str, dict[str, Any]] = {
            "catalogue": {"inventory": {"description": f"Renamed {turn} times"}},
            "tax category": {"taxCategory": {"number": str(turn), "description": f"Category {turn}"}},
            "note of a line": {"note": f"Note {turn} to a colleague"},
        }
        if what in header:
            self.edit(number, **header[what])
            return
        ((field, said),) = line[what].items()
        self.edit(
            number,
            lines=[
                {**one, field: {**(one.get(field) or {}), **said} if isinstance(said, dict) else said}
                # The text of the catalogue is sent where a line has none of its own.
                if what != "catalogue" or one.get("lineDescription")
                else one
                for one in self.visma.orders[number]["lines"]
            ],
        )

    def invoice(
        self,
        number: str,
        *,
        quantity: int,
        status: str = "Open",
        customer: str = CUSTOMER,
        created: date | None = None,
        dated: date | None = None,
    ) -> None:
        """A user creates an invoice for item 1298 at 100.00, or changes its quantity."""
        is_new = number not in self.invoices.documents
        entered = created or self.today
        day = dated or entered
        self._at_invoice(
            number,
            lambda: self.invoices.write(
                number, quantity=quantity, status=status, customer=customer, created=entered, dated=day
            ),
        )
        if is_new:
            self.before_go_live.written(invoice(number), day, self._invoice_condition(number), entered=entered)

    def touch_invoice(self, number: str, **changes: Any) -> None:
        """A user, or the bank, changes header fields of an invoice: its balance, its status."""
        self._at_invoice(number, lambda: self.invoices.touch(number, **changes))

    def _at_invoice(self, number: str, write: Callable[[], None]) -> None:
        before = self._invoice_condition(number) if number in self.invoices.documents else None
        write()
        if before is not None:
            self._compare(invoice(number), before, self._invoice_condition(number))

    def _compare(self, name: str, before: Condition, after: Condition) -> None:
        if (before.view, before.counterparty) != (after.view, after.counterparty):
            self.receivers.note_edit(name)
        self.before_go_live.edited(name, after)

    def _order_condition(self, number: str) -> Condition:
        order = self.visma.orders[number]
        ready = order["status"] in {"Open", "PendingPrint", "PendingEmail", "Printed"}
        return Condition(view_of(order), ("supplier", order["supplier"]["number"]), ready)

    def _invoice_condition(self, number: str) -> Condition:
        ready = self.invoices.documents[number]["status"] in {"Open", "Closed"}
        return Condition(self.invoices.view(number), ("customer", self.invoices.customer(number)), ready)

    # -- operators ----------------------------------------------------------------------------------------------------

    def approve(self, number: str) -> None:
        """An operator approves a parked change, or closes one that repeats an applied one."""

        def command() -> None:
            change = self.change(number)
            if change is None:
                return
            if Reason.MAYBE_REPEATED in change.reason_codes and self.receivers.was_granted(number):
                self._end(change, ChangeState.CLOSED, "The partner says that it is the same message.")
            else:
                self._review.approve(change, OPERATOR)

        self.person(command)

    def reject(self, number: str) -> None:
        """An operator rejects a parked change."""

        def command() -> None:
            change = self.change(number)
            if change is not None:
                self._end(change, ChangeState.REJECTED, "The truck is full.")

        self.person(command)

    @property
    def _review(self) -> ChangeReview:
        return ChangeReview(self.changes, self.outbox, self.clock)

    def _end(self, change: Change, state: ChangeState, reason: str) -> None:
        known = PartnerBaseline(self.ledger, self.clock)
        self._review.end(change, state, replace(OPERATOR, reason=reason), known=known, order=change.key)

    def apply_routing(self, changes: dict[str, Any] | None = None) -> None:
        """An operator applies another routing file, which releases parked documents and changes."""
        data = self.setting.routing(changes)
        self.routing.apply(data)
        self.directory.note(data)

        def command() -> None:
            now = self.clock.now()
            waiting = list(forecast_waiting(self.ledger, self.routing.routing, Stream.TEST, now=now))
            release(waiting, self.ledger, self.outbox, self.payloads, now=now)
            release_waiting_changes(self.changes, self.outbox, self.clock)

        self.person(command)

    def waiting(self, key: DocumentKey) -> list[Revision]:
        """The revisions of a document that need a person: the current one, and withdrawals."""
        current = self.current_revision(key)
        revisions = self.ledger.revisions(key, limit=1000)
        return [one for one in revisions if one.state in NEEDS_PERSON and (one.is_withdrawal or one == current)]

    def question(self, key: DocumentKey) -> Revision | None:
        """The revision of a document from before go-live that needs a person; None without one."""
        waiting = self.waiting(key)
        return next((one for one in waiting if not one.is_withdrawal and one.field in _ABOUT_GO_LIVE), None)

    def replay(self, key: DocumentKey) -> None:
        """An operator replays a document (`connector documents replay`)."""

        def command() -> None:
            current = self.current_revision(key)
            if current is None:
                return
            for waiting in self.waiting(key):
                self.invariants.sent_again.add(self._name(key))
                # A withdrawal is created again; the message has the current document.
                self._queue(waiting if not waiting.is_withdrawal else current, Cause.again(waiting))

        self.person(command)

    def release_as(self, key: DocumentKey, cause: Cause) -> None:
        """An operator releases a document from before go-live (`connector documents release --as ...`)."""
        self.before_go_live.chosen.add(self._name(key))
        self.receivers.closed.pop(self._name(key), None)
        self.invariants.sent_again.add(self._name(key))

        def command() -> None:
            question = self.question(key)
            if question is not None:
                self._queue(question, cause)

        self.person(command)

    def close(self, key: DocumentKey) -> None:
        """An operator closes a document about which a question is asked (`connector documents close`)."""
        name, shown = self._name(key), self.question(key)
        if shown is not None and self.before_go_live.is_old(name):
            self.before_go_live.closed(name, self._condition_in(shown))

        def command() -> None:
            question = self.question(key)
            if question is not None:
                try:
                    self.ledger.move(question, State.CLOSED, now=self.clock.now(), note="closed by a person")
                finally:
                    if not self.before_go_live.is_old(name):
                        self._note_close(key, question)

        self.person(command)

    def close_waiting(self, key: DocumentKey) -> None:
        """An operator closes a document that waits (`connector documents close`)."""

        def command() -> None:
            current = self.current_revision(key)
            if current is not None and current in self.waiting(key):
                try:
                    self.ledger.move(current, State.CLOSED, now=self.clock.now(), note="closed by a person")
                finally:
                    self._note_close(key, current)

        self.person(command)

    def _note_close(self, key: DocumentKey, closed: Revision) -> None:
        """Record what a person has closed, also when the answer to the write was lost."""
        written = self.ledger.get(key, closed.sequence)
        if written is not None and written.state is State.CLOSED:
            shown = self._condition_in(closed)
            self.receivers.closed[self._name(key)] = (shown.view, partial(self.directory.ever, shown.counterparty))
            self.receivers.ever_closed.add(self._name(key))

    def may_be_resent(self, key: DocumentKey) -> bool:
        """Whether the partner has the newest state of a document, and nothing is paused."""
        current = self.current_revision(key)
        return current is not None and current.state in MAY_NEED_ATTENTION and not self.is_paused

    def resend(self, key: DocumentKey, cause: Cause) -> None:
        """An operator has what the partner has sent a second time (`connector documents resend`)."""
        self.receivers.resent.add(self._name(key))
        self.invariants.sent_again.add(self._name(key))

        def command() -> None:
            current = self.current_revision(key)
            if current is not None and self.may_be_resent(key):
                newest = self.ledger.revisions(key, limit=1)[0]
                self._queue(current, cause, resends_after=newest.sequence)

        self.person(command)

    @property
    def is_paused(self) -> bool:
        """Whether an operator has paused everything."""
        return bool(self.ledger.pauses(now=self.clock.now()))

    def pause(self) -> None:
        """An operator pauses all sending (`connector pause --all`)."""
        self.ledger.pause(
            Pause(scope=Scope(), since=self.clock.now(), by=OPERATOR.name, caller=OPERATOR.caller, reason="stocktaking")
        )

    def resume(self) -> None:
        """An operator ends the pause, and lets go what it kept (`connector resume --all`)."""

        def command() -> None:
            self.ledger.resume(Scope())
            found = resumable(
                Scope(),
                staying=(),
                ledger=self.ledger,
                changes=self.changes,
                routing=self.routing.routing,
                stream=Stream.TEST,
                now=self.clock.now(),
            )
            let_go(
                found,
                ledger=self.ledger,
                outbox=self.outbox,
                payloads=self.payloads,
                changes=self.changes,
                clock=self.clock,
            )

        self.person(command)

    def retry(self, number: str) -> None:
        """An operator has a change decided again (`connector changes retry`)."""

        def command() -> None:
            if (change := self.change(number)) is not None:
                self._review.retry(change, OPERATOR)

        self.person(command)

    def close_change(self, number: str) -> None:
        """An operator closes a change (`connector changes close`)."""

        def command() -> None:
            if (change := self.change(number)) is not None:
                self._end(change, ChangeState.CLOSED, "Settled by phone.")

        self.person(command)

    def _queue(self, revision: Revision, cause: Cause, *, resends_after: int | None = None) -> None:
        source, now = self.ledger.source_of(revision), self.clock.now()
        self.outbox.documents(
            [message_for(revision, source, self.payloads, now=now, cause=cause, resends_after=resends_after)]
        )

    def _condition_in(self, question: Revision) -> Condition:
        """The state of the document in a parked revision."""
        said = json.loads(self.ledger.source_of(question))
        if question.key.kind is Kind.PURCHASE_ORDER:
            return Condition(view_of(said), ("supplier", said["supplier"]["number"]), ready=said["status"] == "Open")
        ready = said["status"] in {"Open", "Closed"}
        return Condition(view_of_invoice(said), ("customer", said["customer"]["number"]), ready=ready)

    def _name(self, key: DocumentKey) -> str:
        return key.number if key.kind is Kind.PURCHASE_ORDER else invoice(key.number)

    def redrive(self) -> None:
        """An operator moves dead letters back."""
        for queue in self.queues:
            queue.redrive()

    def clear_faults(self) -> None:
        """Clear all faults, and redrive dead letters."""
        self.effects.plan.clear()
        self.visma.on_put.clear()
        self.visma.lose = self.visma.silent = 0
        self.visma.erp.hides = False
        self.visma.erp.failures.clear()
        self.orderful.script.clear()
        self.orderful.list_lag = self.orderful.number_lag = timedelta(0)
        self.redrive()
        self.resume()

    def current_revision(self, key: DocumentKey) -> Revision | None:
        """The current revision of a document."""
        return current_revision(own_revisions(self.ledger.revisions(key, limit=1000)))

    def documents(self) -> list[Document]:
        """Every document as it stands in Visma."""
        orders = [
            self._document(name, order_key(name), self._order_condition(name), self.visma.content_id(name))
            for name in self.visma.orders
        ]
        invoices = [
            self._document(
                invoice(number),
                invoice_key(number),
                self._invoice_condition(number),
                self.invoices.content_id(number),
            )
            for number in self.invoices.documents
        ]
        return [*orders, *invoices]

    def _document(self, name: str, key: DocumentKey, now: Condition, content_id: str) -> Document:
        return Document(name, key, now, content_id, self._excuses(name, key, now))

    def _excuses(self, name: str, key: DocumentKey, now: Condition) -> frozenset[State]:
        """States in which the newest revision of a document may stay unsent; empty when it must be sent."""
        excuses: set[State] = set()
        if name in self.receivers.ever_closed:
            # Another content is asked about, unless the receiver has an earlier one.
            excuses.add(State.PARKED)
            if not now.ready:
                excuses.add(State.CLOSED)  # it is compared with what was closed once it is ready
        if self.receivers.is_closed(name, now.view):
            excuses |= {State.CLOSED, State.SKIPPED}  # SKIPPED after a change that no partner sees
        if any(held == name for _, held in self.receivers.refused):
            excuses.add(State.REJECTED)
        own = self.directory.ever(now.counterparty)
        has = any((receiver, name) in self.receivers.has for receiver in own)
        withdrawn = now.view == CANCELLED
        if self.directory.receiver(now.counterparty) is None:
            # Routing may have changed after it was decided.
            excuses |= {State.PARKED, State.SKIPPED}
        elif (not now.ready and not withdrawn) or (withdrawn and not has):
            excuses.add(State.SKIPPED)
        if key.kind.facts.plain_type is not None and has:
            # A change of a sent document is parked by default.
            excuses.add(State.PARKED)
        return frozenset(excuses)

    def change(self, number: str) -> Change | None:
        """The record of an 860."""
        key = self.changes.known(number)
        return self.changes.get(key, number) if key else None


def a_supplier(number: str) -> dict[str, Any]:
    """A supplier in an order, with a unique internal id."""
    return {"internalId": _IDS.get(number) or int(number), "number": number, "name": number}


def order_key(number: str) -> DocumentKey:
    """The ledger's key of an order."""
    return DocumentKey.of_order(COMPANY, number)


_IDS = {"50012": 101}
"""The internal id of the supplier in the sample order."""

__all__ = ["Configuration", "NotQuiescent", "System", "a_supplier", "invoice_key", "order_key"]
