"""What a document says: parties, lines and sums, from the Visma document as it was kept with a revision."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.cli.output import table
from connector.domain.documents import Invoice, InvoiceLine, OrderLine, Party, PurchaseOrder, VismaDocument, party_of
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
    content = document.content
    return {
        "number": content.number,
        "type": document.document_type,
        "status": document.status,
        "dated": stored.dated,
        "currency": content.currency,
        "parties": _parties(document),
        "terms": content.terms and (content.terms.description or content.terms.id),
        **(_of_order(content) if isinstance(content, PurchaseOrder) else _of_invoice(content)),
        "lines": [_line(line) for line in content.lines],
        "sums": _sums(document, routing),
    }


def _of_order(order: PurchaseOrder) -> dict[str, Any]:
    return {"promised": order.promised_on, "reference": order.supplier_reference, "note": order.note}


def _of_invoice(invoice: Invoice) -> dict[str, Any]:
    return {
        "due": invoice.due_on,
        "reference": invoice.counterparty_reference,
        "order_number": invoice.order_number,
        "note": invoice.note,
    }


def _parties(document: VismaDocument) -> list[dict[str, Any]]:
    content = document.content
    named = {document.key.kind.facts.counterparty.value: party_of(content)}
    if isinstance(content, PurchaseOrder):
        named["ship to"] = content.ship_to
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


def _sums(document: VismaDocument, routing: Routing) -> dict[str, Any]:
    """What it amounts to; what Visma states, and what is wrong, where that does not add up."""
    content = document.content
    route: Route | None
    try:
        route = routing.route(document.key.company, document.key.kind, document.counterparty)
    except ConnectorError:
        route = None
    try:
        totals = reconcile(content, route)
    except Parked as problem:
        stated = content.order_total if isinstance(content, PurchaseOrder) else content.total
        return {"total": stated, "problem": problem.sentence}
    names = ("lines", "charges", "discounts", "tax", "rounding", "total")
    return {**{name: getattr(totals, name) for name in names}, "payable": payable(content, route)}


def as_text(content: Content) -> str:
    """The content for a person."""
    if "lines" not in content:
        return f"  {content['problem']}"
    plain = ("type", "status", "dated", "promised", "due", "terms", "reference", "order_number", "note")
    named = [(name.replace("_", " "), content[name]) for name in plain if content.get(name)]
    parties = [
        (one["role"], "  ".join(str(one[part]) for part in ("number", "name", "location", "address") if one[part]))
        for one in content["parties"]
    ]
    lines = table(
        ("line", "item", "quantity", "unit", "price", "discount", "amount", "wanted", "description"),
        [
            (
                *(one["number"], one["item"], figure(one["quantity"]), one["unit"], figure(one["unit_price"])),
                *(figure(one["discount"] or None), figure(one["amount"]), one["wanted"]),
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
    figures = [f"{name} {figure(value)}" for name, value in shown.items() if value or name == "total"]
    total = f"{'  '.join(figures)} {content['currency'] or ''}".rstrip()
    return "\n".join(
        [
            *(f"  {name:<14}{value}" for name, value in (*parties, *named)),
            lines,
            f"  {total}",
            *([f"  {sums['problem']}"] if "problem" in sums else []),
        ]
    )


def figure(value: Decimal | None) -> str | None:
    """A figure without the zeros that say nothing, but with two decimals where it has any."""
    if value is None:
        return None
    whole, _, decimals = format(value, "f").partition(".")
    kept = decimals.rstrip("0")
    return f"{whole}.{kept:0<2}" if kept else whole
