"""The whole connector in one process, between fakes, in virtual time, with the people around it.

Every side effect of every function passes through one `Wire`, which can kill the worker that causes it; a `Judge` hears
of everything and says what should not have happened.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from connector.domain.changes import Change
from connector.domain.documents import DocumentKey
from connector.domain.ledger import NEEDS_PERSON, Revision, State, standing
from connector.domain.revision_plan import Cause
from connector.domain.transactions import Stream
from connector.services.judge_change import approve, reject
from connector.services.release import forecast_waiting, message_for, release, release_waiting_changes
from proof.model.clockwork import Clockwork, NeverRests
from proof.model.functions import COMPANY, Setting
from proof.model.invoices import CUSTOMER, invoice_key
from proof.model.judge import Document, Judge
from proof.model.partner import invoice, view_of
from tests.support.visma_samples import a_purchase_order, an_order_line


class System(Clockwork):
    """Everything: the functions in motion, users, operators and a partner."""

    def __init__(self, setting: Setting | None = None) -> None:
        """Begin with an empty Visma, and nothing at Orderful."""
        super().__init__(setting)
        self.judge = Judge(
            visma=self.visma,
            partner=self.partner,
            orderful=self.orderful,
            inbound=self.inbound,
            ledger=self.ledger,
            changes=self.changes,
            cursors=self.cursors,
            documents=self.documents,
        )
        self.judge.listen()

    def edit(self, number: str, **changes: Any) -> None:
        """A user edits an order in Visma."""
        before = self.visma.content_id(number)
        self.visma.edit(number, **changes)
        if "status" in changes:
            (self.judge.held.add if changes["status"] == "Hold" else self.judge.held.discard)(number)
        if self.visma.content_id(number) != before:
            self.partner.edited.add(number)

    def order(self, number: str, **changes: Any) -> None:
        """A user writes a new order: 800 pieces of item 1298 at 10.00 and 100 of item 1299 at 5.00."""
        lines = [
            an_order_line(1),
            an_order_line(
                2, orderQty=Decimal(100), unitCost=Decimal(5), inventory={"number": "1299"}, alternateId="AC-2"
            ),
        ]
        self.visma.put_in(a_purchase_order(**{"orderNbr": number, "lines": lines, **changes}))
        if changes.get("status") == "Hold":
            self.judge.held.add(number)

    def invoice(self, number: str, *, quantity: int, status: str = "Open", customer: str = CUSTOMER) -> None:
        """A user writes an invoice over pieces of item 1298 at 100.00, or another quantity into it."""
        self._at_invoice(
            number, lambda: self.invoices.write(number, quantity=quantity, status=status, customer=customer)
        )

    def touch_invoice(self, number: str, **changes: Any) -> None:
        """A user, or the bank, changes fields of an invoice's head: what is still to be paid, its status."""
        self._at_invoice(number, lambda: self.invoices.touch(number, **changes))

    def _at_invoice(self, number: str, write: Callable[[], None]) -> None:
        before = self.invoices.content_id(number) if number in self.invoices.held else None
        write()
        if before not in {None, self.invoices.content_id(number)}:
            self.partner.edited.add(invoice(number))

    def approve(self, number: str) -> None:
        """An operator approves a parked change."""

        def command() -> None:
            change = self.change(number)
            if change is not None:
                approve(change, self.changes, self.outbox(), self.clock, by="operator")

        self.person(command)

    def reject(self, number: str) -> None:
        """An operator rejects a parked change."""

        def command() -> None:
            change = self.change(number)
            if change is not None:
                reject(change, self.changes, self.clock, by="operator", reason="The truck is full.")

        self.person(command)

    def apply_routing(self, changes: dict[str, Any] | None = None) -> None:
        """An operator puts another routing file in force, which releases what waited for it."""
        self.routing.apply(self.setting.routing(changes))

        def command() -> None:
            now = self.clock.now()
            waiting = list(forecast_waiting(self.ledger, self.routing.load(), Stream.TEST, today=now.date()))
            release(waiting, self.ledger, self.outbox(), self.payloads, now=now)
            release_waiting_changes(self.changes, self.outbox(), self.clock)

        self.person(command)

    def replay(self, key: DocumentKey) -> None:
        """An operator has the standing revision of a document sent again (`connector documents replay`)."""

        def command() -> None:
            revision = self.standing(key)
            if revision is None or revision.state not in NEEDS_PERSON:
                return
            source, now = self.ledger.source_of(revision), self.clock.now()
            self.outbox().documents([message_for(revision, source, self.payloads, now=now, cause=Cause.REPLAY)])

        self.person(command)

    def redrive(self) -> None:
        """An operator moves dead letters back."""
        for queue in self.queues:
            queue.redrive()

    def calm(self) -> None:
        """Whatever trouble was still to come does not come."""
        self.wire.plan.clear()
        self.visma.on_put.clear()
        self.visma.lose = self.visma.silent = 0
        self.visma.erp.hides = False
        self.visma.erp.failures.clear()
        self.orderful.script.clear()
        self.orderful.list_lag = self.orderful.number_lag = timedelta(0)
        self.redrive()

    def standing(self, key: DocumentKey) -> Revision | None:
        """The revision of a document that counts."""
        return standing(self.ledger.revisions(key, limit=1000))

    def documents(self) -> list[Document]:
        """Every document as it stands in Visma."""
        orders, invoices = self.visma.orders, self.invoices
        return [
            *(
                Document(name, order_key(name), view_of(order), self.visma.content_id(name), self._order_excuses(name))
                for name, order in orders.items()
            ),
            *(
                Document(
                    invoice(number),
                    invoice_key(number),
                    invoices.view(number),
                    invoices.content_id(number),
                    self._invoice_excuses(number),
                )
                for number in invoices.held
            ),
        ]

    def _order_excuses(self, number: str) -> frozenset[State]:
        order = self.visma.orders[number]
        return self._excuses(
            number,
            unmapped=("supplier", order["supplier"]["number"]) not in self._mapped(),
            held=order["status"] == "Hold",
            withdrawn=order["status"] == "Cancelled",
        )

    def _invoice_excuses(self, number: str) -> frozenset[State]:
        status = self.invoices.held[number]["status"]
        unmapped = ("customer", self.invoices.customer(number)) not in self._mapped()
        held, withdrawn = status not in {"Open", "Closed", "Voided"}, status == "Voided"
        excuses = self._excuses(invoice(number), unmapped=unmapped, held=held, withdrawn=withdrawn)
        # What was sent and then changes is a person's business unless routing says otherwise.
        return excuses | {State.PARKED} if invoice(number) in self.partner.has else excuses

    def _excuses(self, name: str, *, unmapped: bool, held: bool, withdrawn: bool) -> frozenset[State]:
        """States in which the newest revision of a document may rightly stay unsent; none when it must go."""
        refused = {State.REJECTED} if name in self.partner.refused else set()
        if unmapped:
            # Routing may have changed after it was decided.
            return frozenset({State.PARKED, State.SKIPPED} | refused)
        if held or (withdrawn and name not in self.partner.has):
            return frozenset({State.SKIPPED} | refused)
        return frozenset(refused)

    def _mapped(self) -> set[tuple[str, str]]:
        return {(role, name) for _, _, role, name in self.routing.load().numbers()}

    def change(self, number: str) -> Change | None:
        """The record of an 860."""
        key = self.changes.known(number)
        return self.changes.get(key, number) if key else None


def order_key(number: str) -> DocumentKey:
    """The ledger's key of an order."""
    return DocumentKey.of_order(COMPANY, number)


__all__ = ["NeverRests", "Setting", "System", "invoice_key", "order_key"]
