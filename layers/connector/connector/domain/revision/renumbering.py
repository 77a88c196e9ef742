"""Recognises changed numbers and names in master data, so that they do not count as changes of the document.

Visma returns the number that a supplier, a customer or an item has when the document is read, not the number that it
had when the document was written; so it does with the name of a supplier or customer.
"""

from __future__ import annotations

from msgspec.structs import replace

from connector.domain.documents import BusinessDocument, Invoice, InvoiceLine, Party, PurchaseOrder


def renumbered(before: BusinessDocument, now: BusinessDocument) -> BusinessDocument:
    """`before` with the numbers and names of `now`, if they mean the same supplier, customer or item.

    Visma's internal id identifies a supplier or customer. Customer invoices have no internal id, but their customer
    cannot change: of a released invoice only the due date and the cash discount date can be edited (Visma's help,
        "About
    correction of a released invoice"). For the same reason, the item of an invoice line is the same if nothing else in
    the line differs. On an order, another number of the item cannot be distinguished from another item.
    """
    if isinstance(before, PurchaseOrder) and isinstance(now, PurchaseOrder):
        return replace(before, supplier=_party(before.supplier, now.supplier))
    if isinstance(before, Invoice) and isinstance(now, Invoice):
        is_fixed = before.kind is now.kind and now.kind.facts.counterparty_is_fixed
        counterparty = _party(before.counterparty, now.counterparty, is_fixed=is_fixed)
        shown = {line.number: line for line in now.lines}
        lines = tuple(_line(line, shown.get(line.number)) for line in before.lines)
        return replace(before, counterparty=counterparty, lines=lines)
    return before


def _party(before: Party, now: Party, *, is_fixed: bool = False) -> Party:
    ids = {before.internal_id, now.internal_id}
    is_same = is_fixed or before.number == now.number if None in ids else len(ids) == 1
    return replace(before, number=now.number, name=now.name) if is_same else before


def _line(before: InvoiceLine, now: InvoiceLine | None) -> InvoiceLine:
    if now is None or None in {before.item, now.item}:
        return before
    as_now = replace(before, item=now.item, source=now.source)
    return as_now if as_now == now else before
