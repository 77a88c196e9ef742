"""The customer invoices in the fake Visma: users write, correct, release, settle and void them; the lists show them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from connector.domain.documents import DocumentKey, Kind
from connector.domain.revision.content_hash import revision_id
from connector.edi.visma.read import decode, read_document
from connector.services.ports import Resource
from proof.model.asking import Said, View
from proof.model.partner import CANCELLED
from proof.model.visma import Visma
from testkit.memory.visma import row_version
from testkit.samples.visma_samples import a_customer_invoice, a_customer_invoice_line, as_json

INVOICES = Resource.CUSTOMER_INVOICES

CUSTOMER = "10045"
"""Visma's number of partner matsenteret; routing knows it from the start."""


class Invoices:
    """The customer invoices of company nordic. Nothing of ours writes here."""

    def __init__(self, visma: Visma) -> None:
        """Show them in the lists of `visma`, late when its orders are late."""
        self.held: dict[str, dict[str, Any]] = {}
        self._visma = visma
        self._version = 0

    def write(self, number: str, *, quantity: int, status: str, created: date, customer: str = CUSTOMER) -> None:
        """A user writes an invoice over so many pieces, or writes it anew; that leaves the time of its creation."""
        before = self.held.get(number)
        self.held[number] = json.loads(
            as_json(
                a_customer_invoice(
                    referenceNumber=number,
                    status=status,
                    hold=status == "Hold",
                    customer={"number": customer, "name": customer},
                    invoiceLines=[a_customer_invoice_line(1, quantity=Decimal(quantity))],
                    documentDate=before["documentDate"] if before else f"{created}T00:00:00",
                    createdDateTime=before["createdDateTime"] if before else f"{created}T12:00:00",
                )
            )
        )
        self._show(number)

    def touch(self, number: str, **changes: Any) -> None:
        """A user, or the bank, changes fields of its head."""
        self.held[number] |= changes
        self._show(number)

    def customer(self, number: str) -> str:
        """Whose it is."""
        named: str = self.held[number]["customer"]["number"]
        return named

    def view(self, number: str) -> View:
        """It as the partner would have it."""
        return view_of_invoice(self.held[number])

    def content_id(self, number: str) -> str:
        """Hash of what a partner can see of it."""
        raw = decode(json.dumps(self.held[number]).encode())
        return revision_id(read_document(raw, company="nordic", kind=Kind.CUSTOMER_INVOICE).content)

    def _show(self, number: str) -> None:
        self._version += 1
        visma, kind = self._visma, "Invoice"
        at = visma.stamp(INVOICES, number, kind)
        self.held[number] |= {"timeStamp": row_version(self._version), "lastModifiedDateTime": visma.erp.text_of(at)}
        raw = json.dumps(self.held[number]).encode()
        visma.erp.save(number, resource=INVOICES, at=at, late=visma.late, document_type=kind, raw=raw)


def view_of_invoice(said: Mapping[str, Any]) -> View:
    """An invoice of Visma as the partner would have it."""
    if said["status"] == "Voided":
        return CANCELLED
    return {
        line["inventoryNumber"]: Said(Decimal(str(line["quantity"])), Decimal(str(line["unitPriceInCurrency"])))
        for line in said["invoiceLines"]
    }


def invoice_key(number: str) -> DocumentKey:
    """The ledger's key of a customer invoice."""
    return DocumentKey("nordic", Kind.CUSTOMER_INVOICE, number)
