"""Mosaic, Orderful's v4: the request, and the one list of what Mosaic has no place for."""

from __future__ import annotations

from typing import Any

from connector.domain.documents import Invoice, PurchaseOrder
from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.canonical import CanonicalDocument
from connector.edi.dialect import Gap, WrittenDialect
from connector.edi.kinds import KINDS
from connector.edi.mosaic.write.common import ORDER_SUMS, product_ids

_LONGEST_AT_ORDERFUL = 35


def _foreign_unit(document: CanonicalDocument) -> str | bool:
    return next((f"{line.source}.uom" for line in document.lines if line.unit.mosaic is None), False)


def _without_item(document: CanonicalDocument) -> str | bool:
    return next((f"{line.source}.inventory" for line in document.lines if not product_ids(line)), False)


def _charged_order(document: CanonicalDocument) -> bool:
    return isinstance(document.content, PurchaseOrder) and any(
        charge.kind not in ORDER_SUMS for charge in document.charges
    )


def _without_goods(document: CanonicalDocument) -> bool:
    return isinstance(document.content, Invoice) and not document.lines


GAPS = (
    Gap(
        "currency",
        "Mosaic's purchase order and invoice have no currency, and none is agreed with this partner",
        lambda document: (document.content.currency or document.route.currency) != document.route.currency,
    ),
    Gap(
        "taxDetails",
        "Mosaic knows North American taxes only and has no place for VAT",
        lambda document: any(amount for _, amount in document.taxes),
    ),
    Gap(
        "lines[].uom",
        "Mosaic has no word for the unit (kilogram, litre, hour, square metre and others are missing)",
        _foreign_unit,
    ),
    Gap("lines[].inventory", "Mosaic needs the number of an item on every line", _without_item),
    Gap("lines", "Mosaic's purchase order has no place for charges other than freight", _charged_order),
    Gap(
        "purpose",
        "Mosaic's invoice cannot say that it replaces or cancels an earlier one",
        lambda document: isinstance(document.content, Invoice) and document.purpose is not Purpose.ORIGINAL,
    ),
    Gap(
        "paymentReference",
        "Mosaic has no place for a payment reference (KID, OCR)",
        lambda document: isinstance(document.content, Invoice) and bool(document.content.payment_reference),
    ),
    Gap(
        "contractDocRef",
        "Mosaic's invoice has no contract number",
        lambda document: isinstance(document.content, Invoice) and bool(document.content.contract_number),
    ),
    Gap(
        "applications",
        "Mosaic's invoice can name one original invoice, and this credit note credits several",
        lambda document: isinstance(document.content, Invoice) and len(document.content.original_invoices) > 1,
    ),
    Gap(
        "invoiceLines",
        "Mosaic's invoice needs at least one line of goods, and this one has charges only",
        _without_goods,
    ),
)


def first_gap(document: CanonicalDocument) -> Gap | None:
    """The first thing Mosaic cannot carry, with the very field, or None when Mosaic carries everything."""
    for gap in GAPS:
        found = gap.found(document)
        if found:
            return gap._replace(field=found) if isinstance(found, str) else gap
    return None


def body(document: CanonicalDocument, stream: Stream) -> dict[str, Any]:
    """The body of the create request.

    Raises:
        Parked: an ISA id is none that Orderful takes, or the order type is not mapped.
    """
    content, route = document.content, document.route
    sender, receiver = route.company.isa_id.on(stream), route.partner_isa_id.on(stream)
    for isa_id in (sender, receiver):
        if not 1 <= len(isa_id) <= _LONGEST_AT_ORDERFUL:
            raise Parked(
                f"'{isa_id}' is no ISA id: Orderful takes 1 to {_LONGEST_AT_ORDERFUL} characters.",
                next_step="Correct orderful.isa_id in the routing file and apply it.",
                field="orderful.isa_id",
                code=Reason.ISA_ID_INVALID,
            )
    return {
        "type": route.transaction_type.value,
        "stream": stream.value,
        "senderId": sender,
        "receiverId": receiver,
        "message": KINDS[content.kind].mosaic(document, content),
    }


MOSAIC = WrittenDialect(name=Dialect.MOSAIC, body=body, first_gap=first_gap)
