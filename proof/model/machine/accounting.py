"""Rules: what the accounting department does with invoices, and what routing says of invoices."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from proof.model.invoices import CUSTOMER
from proof.model.machine.base import LATE_CUSTOMER, LONG_AGO, MOST_INVOICES, Base, in_play
from proof.system import invoice_key

INVOICES = st.integers(0, MOST_INVOICES - 1)


class Accounting(Base):
    """People who write invoices, and the bank that has them paid."""

    @rule(customer=st.sampled_from([CUSTOMER, CUSTOMER, LATE_CUSTOMER]), released=st.booleans(), old=st.booleans())
    @in_play("new invoice", lambda machine: len(machine.invoices) < MOST_INVOICES)
    def a_new_invoice(self, customer: str, released: bool, old: bool) -> None:  # noqa: FBT001 - hypothesis passes by name
        """An invoice is written, perhaps not released yet, perhaps to a customer that routing does not know.

        Where there is a go-live, it may be one that was written long before.
        """
        is_old = old and self.has_past
        self.count("old invoice" if is_old else "new invoice")
        status = "Open" if released else "Balanced"
        self.add_invoice(customer, status=status, created=LONG_AGO if is_old else None)

    @rule(
        draw=INVOICES,
        what=st.sampled_from(["release", "correct", "correct", "pay", "touch", "note", "void"]),
        quantity=st.sampled_from([8, 10, 12]),
    )
    @in_play("invoice")
    def an_invoice_goes_on(self, draw: int, what: str, quantity: int) -> None:
        """It is released, corrected, paid, printed, given a note for colleagues, or voided."""
        number = self.invoices[draw % len(self.invoices)]
        invoice = self.system.invoices.held[number]
        if invoice["status"] == "Voided":
            return
        self.count(f"invoice: {what}")
        if what == "correct":
            customer = self.system.invoices.customer(number)
            self.system.invoice(number, quantity=quantity, status=invoice["status"], customer=customer)
        elif what == "touch":
            self.system.touch_invoice(number, dontPrint=not invoice.get("dontPrint"))
        elif what == "note":
            self.quiet += 1
            self.system.touch_invoice(number, note=f"Note {self.quiet} to a colleague")
        else:
            status = {"release": "Open", "pay": "Closed", "void": "Voided"}[what]
            self.system.touch_invoice(number, status=status, balance=0, balanceInCurrency=0)

    @rule(replaced=st.booleans())
    @in_play("invoice routing")
    def routing_says_what_becomes_of_changed_invoices(self, replaced: bool) -> None:  # noqa: FBT001
        """Replaced at the partner, or shown to a person."""
        if replaced == self.replaces_invoices:
            return
        self.count("invoice routing")
        self.replaces_invoices = replaced
        self.system.apply_routing(self.routed())

    @rule(draw=INVOICES)
    @in_play("replay invoice")
    def an_operator_replays_an_invoice(self, draw: int) -> None:
        """A rejected or parked invoice is sent again."""
        key = invoice_key(self.invoices[draw % len(self.invoices)])
        if not self.system.waiting(key):
            return
        self.count("replay invoice")
        self.system.replay(key)
