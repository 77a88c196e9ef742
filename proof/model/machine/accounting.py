"""Rules: invoices of the accounting department, and their routing."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from proof.model.invoices import CUSTOMER
from proof.model.machine.base import LATE_CUSTOMER, LONG_AGO, MAX_INVOICES, Base, rule_named
from proof.system import invoice_key

INVOICES = st.integers(0, MAX_INVOICES - 1)


class Accounting(Base):
    """Users who write invoices, and the bank."""

    @rule(
        customer=st.sampled_from([CUSTOMER, CUSTOMER, LATE_CUSTOMER]),
        released=st.booleans(),
        age=st.sampled_from(["new", "old", "migrated"]),
    )
    @rule_named("new invoice", lambda machine: len(machine.invoices) < MAX_INVOICES)
    def a_new_invoice(self, customer: str, released: bool, age: str) -> None:  # noqa: FBT001 - hypothesis passes by name
        """An invoice is created, perhaps not released, perhaps for an unmapped customer.

        With a go-live, it may be from before it, or be migrated: entered now and dated long before.
        """
        # The first poll as go-live counts only for documents that the ledger does not know.
        has_such = self.has_past and (age == "old" or self.system.setting.go_live is not None)
        kind = age if has_such else "new"
        self.count(f"{kind} invoice")
        dates = {"old": {"created": LONG_AGO}, "migrated": {"dated": LONG_AGO}}.get(kind, {})
        self.add_invoice(customer, status="Open" if released else "Balanced", **dates)

    @rule(
        draw=INVOICES,
        what=st.sampled_from(["release", "correct", "correct", "pay", "touch", "note", "void"]),
        quantity=st.sampled_from([8, 10, 12]),
    )
    @rule_named("invoice")
    def an_invoice_goes_on(self, draw: int, what: str, quantity: int) -> None:
        """An invoice is released, corrected, paid, printed, annotated or voided."""
        number = self.invoices[draw % len(self.invoices)]
        invoice = self.system.invoices.documents[number]
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
    @rule_named("invoice routing")
    def routing_says_what_becomes_of_changed_invoices(self, replaced: bool) -> None:  # noqa: FBT001
        """The setting `on_revision` of invoices changes."""
        if replaced == self.replaces_invoices:
            return
        self.count("invoice routing")
        self.replaces_invoices = replaced
        self.system.apply_routing(self.routed())

    @rule(draw=INVOICES)
    @rule_named("replay invoice")
    def an_operator_replays_an_invoice(self, draw: int) -> None:
        """A rejected or parked invoice is replayed."""
        key = invoice_key(self.invoices[draw % len(self.invoices)])
        if not self.system.waiting(key):
            return
        self.count("replay invoice")
        self.system.replay(key)
