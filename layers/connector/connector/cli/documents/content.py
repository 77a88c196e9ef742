"""What a document says: parties, lines and sums, from the Visma document as it was kept with a revision."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.cli.output import page, table
from connector.cli.sums import money
from connector.domain.documents import (
    BusinessDocument,
    Invoice,
    InvoiceLine,
    OrderLine,
    Party,
    PurchaseOrder,
    VismaDocument,
)
from connector.domain.errors import ConnectorError, Parked
from connector.domain.revision.facts import StoredDocument
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import Route
from connector.domain.totals import payable, reconcile

Content = Mapping[str, Any]
"""A document in words: JSON data."""


def content_of(stored: StoredDocument, routing: Routing) -> Content:
    """The content of a stored document, its sums as the translation works them out; why there is none otherwise."""
    document = stored.document
    if isinstance(document, Parked):
        return {"problem": document.sentence}
    content, route = document.content, _route(document, routing)
    return {
        "number": content.number,
        "type": document.document_type,
        "status": document.status,
        "dated": stored.dated,
        "currency": content.currency,
        "parties": _parties(document),
        "terms": content.terms and (content.terms.description or content.terms.id),
        **(_of_order(content) if isinstance(content, PurchaseOrder) else _of_invoice(content, route)),
        "lines": [_line(line) for line in content.lines],
        "sums": _sums(content, route),
    }


def _of_order(order: PurchaseOrder) -> dict[str, Any]:
    return {"promised": order.promised_on, "reference": order.supplier_reference, "note": order.note}


def _of_invoice(invoice: Invoice, route: Route | None) -> dict[str, Any]:
    """Its references as they are written: what stands for the customer's order is said by routing."""
    from connector.edi.canonical import with_references

    named = with_references(invoice, route)
    return {
        "due": invoice.due_on,
        "reference": named.counterparty_reference,
        "order_number": named.order_number,
        "other_references": named.other_references,
        "note": invoice.note,
    }


def _parties(document: VismaDocument) -> list[dict[str, Any]]:
    content = document.content
    named = {document.key.kind.facts.counterparty.value: content.party}
    if document.order is not None:
        named["ship to"] = document.order.ship_to
    return [
        {"role": role, "number": party.number, "name": party.name, **_place(party)} for role, party in named.items()
    ]


def _place(party: Party) -> dict[str, Any]:
    address = party.address
    parts = (
        [*address.lines, " ".join(filter(None, (address.postal_code, address.city))), address.country]
        if address
        else []
    )
    return {"location": party.location, "address": ", ".join(filter(None, parts)) or None}


def _line(line: OrderLine | InvoiceLine) -> dict[str, Any]:
    of_order: dict[str, Any] = {}
    if isinstance(line, OrderLine):
        of_order = {"wanted": line.promised or line.requested, "is": "cancelled" if line.cancelled else None}
        of_order["description"] = line.description or line.item_description
    return {
        "number": line.number,
        "item": line.item,
        "description": line.description,
        "quantity": line.quantity,
        "unit": line.unit,
        "unit_price": line.unit_price,
        "discount": line.discount,
        "amount": line.amount,
        "wanted": None,
        **of_order,
        "is": of_order.get("is") or ("text" if line.is_text else "charge" if line.is_charge else None),
    }


def _route(document: VismaDocument, routing: Routing) -> Route | None:
    """The settings of the document's partner; None where routing has none."""
    try:
        return routing.route(document.key.company, document.key.kind, document.counterparty)
    except ConnectorError:
        return None


def _sums(content: BusinessDocument, route: Route | None) -> dict[str, Any]:
    """What it amounts to; what Visma states, and what is wrong, where that does not add up."""
    try:
        totals = reconcile(content, route)
    except Parked as problem:
        return {"total": content.stated_total, "problem": problem.sentence}
    names = ("lines", "charges", "discounts", "tax", "rounding", "total")
    return {**{name: getattr(totals, name) for name in names}, "payable": payable(content, route)}


_NAMES = {"order_number": "order number", "other_references": "references"}


def as_text(content: Content) -> str:
    """The content for a person."""
    if "lines" not in content:
        return f"  {content['problem']}"
    plain = (
        *("type", "status", "dated", "promised", "due", "terms"),
        *("reference", "order_number", "other_references", "note"),
    )
    named = [(_NAMES.get(name, name), _one_line(content[name])) for name in plain if content.get(name)]
    parties = [
        (one["role"], "  ".join(str(one[part]) for part in ("number", "name", "location", "address") if one[part]))
        for one in content["parties"]
    ]
    lines = table(
        ("line", "item", "quantity", "unit", "price", "discount", "amount", "wanted", "description"),
        [
            (
                *(one["number"], one["item"], figure(one["quantity"]), one["unit"], money(one["unit_price"])),
                *(money(one["discount"] or None), money(one["amount"]), one["wanted"]),
                " ".join(filter(None, (one["description"], one["is"] and f"({one['is']})"))),
            )
            for one in content["lines"]
        ],
        indent="  ",
    )
    sums = content["sums"]
    # What is payable is another figure than the total for a credit memo alone, where lists have it below zero.
    shown = {
        name: sums[name] for name in sums if name != "problem" and (name != "payable" or sums[name] != sums["total"])
    }
    figures = [f"{name} {money(value)}" for name, value in shown.items() if value or name == "total"]
    total = f"{'  '.join(figures)} {content['currency'] or ''}".rstrip()
    return "\n".join(
        [
            page().fields((*parties, *named)),
            lines,
            f"  {total}",
            *([f"  {sums['problem']}"] if "problem" in sums else []),
        ]
    )


def _one_line(value: Any) -> Any:
    return "; ".join(value) if isinstance(value, tuple) else value


def figure(value: Decimal | None) -> str | None:
    """A quantity without the zeros that say nothing."""
    if value is None:
        return None
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
