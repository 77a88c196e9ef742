"""The customer invoices in the fake Visma: users create, correct, release, settle and void them."""

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
    """The customer invoices of company nordic, which the connector does not write."""

    def __init__(self, visma: Visma) -> None:
        """Use the lists of `visma`, with its delay."""
        self.documents: dict[str, dict[str, Any]] = {}
        self._visma = visma
        self._version = 0

    def write(
        self, number: str, *, quantity: int, status: str, created: date, dated: date, customer: str = CUSTOMER
    ) -> None:
        """A user creates an invoice, or replaces it with the same date and creation time."""
        before = self.documents.get(number)
        self.documents[number] = json.loads(
            as_json(
                a_customer_invoice(
                    referenceNumber=number,
                    status=status,
                    hold=status == "Hold",
                    customer={"number": customer, "name": customer},
                    invoiceLines=[a_customer_invoice_line(1, quantity=Decimal(quantity))],
                    documentDate=before["documentDate"] if before else f"{dated}T00:00:00",
                    createdDateTime=before["createdDateTime"] if before else f"{created}T12:00:00",
                )
            )
        )
        self._show(number)

    def touch(self, number: str, **changes: Any) -> None:
        """A user, or the bank, changes header fields."""
        self.documents[number] |= changes
        self._show(number)

    def customer(self, number: str) -> str:
        """Its customer number."""
        named: str = self.documents[number]["customer"]["number"]
        return named

    def view(self, number: str) -> View:
        """Its content for the partner."""
        return view_of_invoice(self.documents[number])

    def content_id(self, number: str) -> str:
        """The revision id of its content."""
        raw = decode(json.dumps(self.documents[number]).encode())
        return revision_id(read_document(raw, company="nordic", kind=Kind.CUSTOMER_INVOICE).content)

    def _show(self, number: str) -> None:
        self._version += 1
        visma, kind = self._visma, "Invoice"
        at = visma.stamp(INVOICES, number, kind)
        self.documents[number] |= {
            "timeStamp": row_version(self._version),
            "lastModifiedDateTime": visma.erp.text_of(at),
        }
        raw = json.dumps(self.documents[number]).encode()
        visma.erp.save(number, resource=INVOICES, at=at, late=visma.late, document_type=kind, raw=raw)


def view_of_invoice(said: Mapping[str, Any]) -> View:
    """The content of an invoice for the partner."""
    if said["status"] == "Voided":
        return CANCELLED
    return {
        line["inventoryNumber"]: Said(Decimal(str(line["quantity"])), Decimal(str(line["unitPriceInCurrency"])))
        for line in said["invoiceLines"]
    }


def invoice_key(number: str) -> DocumentKey:
    """The ledger's key of a customer invoice."""
    return DocumentKey("nordic", Kind.CUSTOMER_INVOICE, number)
