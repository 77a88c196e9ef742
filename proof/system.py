"""The whole connector in one process, between fakes, in virtual time, with the people around it.

Every side effect of every function passes through one `EffectRecorder`, which can kill the worker that causes it; a
`Judge` hears of everything and says what should not have happened.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connector.domain.documents import DocumentKey, Kind
from connector.domain.order_change.record import Change
from connector.domain.reasons import Reason
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import NEEDS_PERSON, Revision, State, current_revision
from connector.domain.transactions import Stream
from connector.services.inbound.partner_baseline import PartnerBaseline
from connector.services.inbound.review import approve, close, reject
from connector.services.release import forecast_waiting, message_for, release, release_waiting_changes
from proof.model.changing import Changing
from proof.model.clockwork import Clockwork, NeverRests
from proof.model.directory import Directory
from proof.model.functions import COMPANY, Setting
from proof.model.go_live import BeforeGoLive, Condition
from proof.model.invoices import CUSTOMER, invoice_key, view_of_invoice
from proof.model.judge import Document, Judge
from proof.model.partner import CANCELLED, invoice, view_of
from testkit.samples.visma_samples import a_purchase_order, an_order_line

_ABOUT_GO_LIVE = frozenset({"before_go_live", "go_live", "closed"})
"""Fields of its questions. A change of what a person closed is one: to send it again asks it again."""


class System(Clockwork):
    """Everything: the functions in motion, users, operators and partners."""

    def __init__(self, setting: Setting | None = None) -> None:
        """Begin with an empty Visma, and nothing at Orderful."""
        super().__init__(setting)
        self.directory = Directory()
        self.directory.note(self.setting.routing())
        self.before_go_live = BeforeGoLive(self.setting.go_live or self.today, self.setting.before_go_live)
        self.judge = Judge(
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
        self.judge.listen()

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
            (self.judge.held.add if changes["status"] == "Hold" else self.judge.held.discard)(number)
        self._compare(number, before, self._order_condition(number))

    def order(self, number: str, *, dated: date | None = None, **changes: Any) -> None:
        """A user writes a new order: 800 pieces of item 1298 at 10.00 and 100 of item 1299 at 5.00."""
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
            self.judge.held.add(number)
        self.before_go_live.written(number, day, self._order_condition(number))

    def change_supplier(self, number: str, supplier: str) -> None:
        """A user corrects the supplier of an order."""
        self.edit(number, supplier=a_supplier(supplier))

    def renumber_supplier(self, number: str, supplier: str) -> None:
        """A user gives the supplier of an order another number; it stays the same supplier."""
        before = self.visma.orders[number]["supplier"]
        self.directory.renumbered(("supplier", before["number"]), ("supplier", supplier))
        self.edit(number, supplier={**before, "number": supplier})

    def change_quietly(self, number: str, what: str, *, turn: int) -> None:
        """Something of an order changes that no partner sees: a text of the catalogue, a tax category, a note."""
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
    ) -> None:
        """A user writes an invoice over pieces of item 1298 at 100.00, or another quantity into it."""
        is_new = number not in self.invoices.held
        day = created or self.today
        self._at_invoice(
            number,
            lambda: self.invoices.write(number, quantity=quantity, status=status, customer=customer, created=day),
        )
        if is_new:
            self.before_go_live.written(invoice(number), day, self._invoice_condition(number))

    def touch_invoice(self, number: str, **changes: Any) -> None:
        """A user, or the bank, changes fields of an invoice's head: what is still to be paid, its status."""
        self._at_invoice(number, lambda: self.invoices.touch(number, **changes))

    def _at_invoice(self, number: str, write: Callable[[], None]) -> None:
        before = self._invoice_condition(number) if number in self.invoices.held else None
        write()
        if before is not None:
            self._compare(invoice(number), before, self._invoice_condition(number))

    def _compare(self, name: str, before: Condition, after: Condition) -> None:
        if (before.view, before.counterparty) != (after.view, after.counterparty):
            self.receivers.hear_of_edit(name)
        self.before_go_live.edited(name, after)

    def _order_condition(self, number: str) -> Condition:
        order = self.visma.orders[number]
        ready = order["status"] in {"Open", "PendingPrint", "PendingEmail", "Printed"}
        return Condition(view_of(order), ("supplier", order["supplier"]["number"]), ready)

    def _invoice_condition(self, number: str) -> Condition:
        ready = self.invoices.held[number]["status"] in {"Open", "Closed"}
        return Condition(self.invoices.view(number), ("customer", self.invoices.customer(number)), ready)

    # -- operators ----------------------------------------------------------------------------------------------------

    def approve(self, number: str) -> None:
        """An operator approves a parked change.

        One that may be a message again is asked about: closed if the partner says that it is.
        """

        def command() -> None:
            change = self.change(number)
            if change is None:
                return
            if Reason.MAYBE_REPEATED in change.reason_codes and self.receivers.has_got(number):
                known = PartnerBaseline(self.ledger, self.clock)
                close(
                    change,
                    changes=self.changes,
                    known=known,
                    outbox=self.outbox,
                    clock=self.clock,
                    order=change.key,
                    by="operator",
                    reason="The partner says that it is the same message.",
                )
            else:
                approve(change, self.changes, self.outbox, self.clock, by="operator")

        self.person(command)

    def reject(self, number: str) -> None:
        """An operator rejects a parked change."""

        def command() -> None:
            change = self.change(number)
            if change is not None:
                known = PartnerBaseline(self.ledger, self.clock)
                said = {"by": "operator", "reason": "The truck is full."}
                reject(
                    change,
                    changes=self.changes,
                    known=known,
                    outbox=self.outbox,
                    clock=self.clock,
                    order=change.key,
                    **said,
                )

        self.person(command)

    def apply_routing(self, changes: dict[str, Any] | None = None) -> None:
        """An operator puts another routing file in force, which releases what waited for it."""
        data = self.setting.routing(changes)
        self.routing.apply(data)
        self.directory.note(data)

        def command() -> None:
            now = self.clock.now()
            waiting = list(forecast_waiting(self.ledger, self.routing.load(), Stream.TEST, today=now.date()))
            release(waiting, self.ledger, self.outbox, self.payloads, now=now)
            release_waiting_changes(self.changes, self.outbox, self.clock)

        self.person(command)

    def waiting(self, key: DocumentKey) -> list[Revision]:
        """What of a document waits for a person: the state that counts, and withdrawals from former receivers."""
        current = self.current_revision(key)
        revisions = self.ledger.revisions(key, limit=1000)
        return [one for one in revisions if one.state in NEEDS_PERSON and (one.withdraws is not None or one == current)]

    def question(self, key: DocumentKey) -> Revision | None:
        """The question that go-live asks about a document, while it is open."""
        waiting = self.waiting(key)
        return next((one for one in waiting if one.withdraws is None and one.field in _ABOUT_GO_LIVE), None)

    def replay(self, key: DocumentKey) -> None:
        """An operator has what waits of a document sent again (`connector documents replay`)."""

        def command() -> None:
            current = self.current_revision(key)
            if current is None:
                return
            for waiting in self.waiting(key):
                self.judge.sent_again.add(self._name(key))
                # A withdrawal is made anew; the message brings the document as it stands.
                self._queue(waiting if waiting.withdraws is None else current, Cause.again(waiting))

        self.person(command)

    def release_as(self, key: DocumentKey, cause: Cause) -> None:
        """An operator answers a question about go-live: `connector documents release --as original | replacement`."""
        self.before_go_live.chosen.add(self._name(key))
        self.judge.sent_again.add(self._name(key))

        def command() -> None:
            question = self.question(key)
            if question is not None:
                self._queue(question, cause)

        self.person(command)

    def close(self, key: DocumentKey) -> None:
        """An operator answers a question about go-live: nothing is sent (`connector documents close`)."""
        shown = self.question(key)
        if shown is not None:
            self.before_go_live.closed(self._name(key), self._condition_in(shown))

        def command() -> None:
            question = self.question(key)
            if question is not None:
                self.ledger.move(question, State.CLOSED, now=self.clock.now(), note="closed by a person")

        self.person(command)

    def _queue(self, revision: Revision, cause: Cause) -> None:
        source, now = self.ledger.source_of(revision), self.clock.now()
        self.outbox.documents([message_for(revision, source, self.payloads, now=now, cause=cause)])

    def _condition_in(self, question: Revision) -> Condition:
        """The document as the question shows it."""
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

    def calm(self) -> None:
        """Whatever trouble was still to come does not come."""
        self.effects.plan.clear()
        self.visma.on_put.clear()
        self.visma.lose = self.visma.silent = 0
        self.visma.erp.hides = False
        self.visma.erp.failures.clear()
        self.orderful.script.clear()
        self.orderful.list_lag = self.orderful.number_lag = timedelta(0)
        self.redrive()

    def current_revision(self, key: DocumentKey) -> Revision | None:
        """The revision of a document that counts."""
        return current_revision([one for one in self.ledger.revisions(key, limit=1000) if one.withdraws is None])

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
            for number in self.invoices.held
        ]
        return [*orders, *invoices]

    def _document(self, name: str, key: DocumentKey, now: Condition, content_id: str) -> Document:
        return Document(name, key, now, content_id, self._excuses(name, key, now))

    def _excuses(self, name: str, key: DocumentKey, now: Condition) -> frozenset[State]:
        """States in which the newest revision of a document may rightly stay unsent; none when it must go."""
        excuses: set[State] = set()
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
            # What was sent and then changes is a person's business unless routing says otherwise.
            excuses.add(State.PARKED)
        return frozenset(excuses)

    def change(self, number: str) -> Change | None:
        """The record of an 860."""
        key = self.changes.known(number)
        return self.changes.get(key, number) if key else None


def a_supplier(number: str) -> dict[str, Any]:
    """A supplier as orders name it; each has an internal id of its own."""
    return {"internalId": _IDS.get(number) or int(number), "number": number, "name": number}


def order_key(number: str) -> DocumentKey:
    """The ledger's key of an order."""
    return DocumentKey.of_order(COMPANY, number)


_IDS = {"50012": 101}
"""Of the supplier that the sample order names."""

__all__ = ["NeverRests", "Setting", "System", "a_supplier", "invoice_key", "order_key"]
