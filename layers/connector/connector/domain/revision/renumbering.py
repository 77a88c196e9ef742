"""What changed in master data and not in the document: numbers by which Visma names the same thing differently now.

Visma shows the number that a supplier, a customer or an item has when the document is read, not the one it had when the
document was written.
"""

from __future__ import annotations

from msgspec.structs import replace

from connector.domain.documents import BusinessDocument, Invoice, InvoiceLine, Party, PurchaseOrder


def renumbered(before: BusinessDocument, now: BusinessDocument) -> BusinessDocument:
    """`before` with the numbers that `now` shows, where they name the same thing.

    A supplier or customer is the same one by Visma's internal id. Customer invoices name no internal id, and their
    customer cannot be changed: of a released invoice only the due date and the cash discount date can be edited
    (Visma's help, "About correction of a released invoice"). For the same reason an item of an invoice is the same one
    where nothing else in its line differs. On an order nothing tells another number from another item.
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
    is_same = is_fixed if None in ids else len(ids) == 1
    return replace(before, number=now.number) if is_same else before


def _line(before: InvoiceLine, now: InvoiceLine | None) -> InvoiceLine:
    if now is None or None in {before.item, now.item}:
        return before
    as_now = replace(before, item=now.item, source=now.source)
    return as_now if as_now == now else before
