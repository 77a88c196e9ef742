"""Reading a Visma purchase order (`PurchaseOrderDto`). Its plain amounts are in the currency of the order."""

from __future__ import annotations

from connector.domain.documents import DocumentDiscount, Party, PurchaseOrder
from connector.domain.routing.route import REFUSED
from connector.edi.visma import shape
from connector.edi.visma.fields import day_of, each, missing, said
from connector.edi.visma.order_line import Lines, order_line
from connector.edi.visma.parties import address_of, contact_of, internal_id_of, taxes_of, terms_of
from connector.edi.visma.shape import NOTHING

# Visma's screen calls them branch and warehouse; the other two are customer and supplier.
_OURS = frozenset({"CompanyLocation", "Site"})


def read_purchase_order(order: shape.PurchaseOrder, order_number: str) -> PurchaseOrder:
    """Read an order. One without lines reads well: whether it is sent is not decided here.

    Raises:
        Parked: something indispensable is missing or cannot be understood.
    """
    ordered_on = day_of(order.date)
    if ordered_on is None:
        raise missing("date", "order date", by_api=True)
    supplier = order.supplier or NOTHING
    supplier_number = said(supplier.number)
    if supplier_number is None:
        raise missing("supplier.number", "supplier number", by_api=True)
    currency = said(order.currency)
    currency = currency.upper() if currency else None
    lines = each(order_line, order.lines or (), "lines", Lines(currency, order_number))
    return PurchaseOrder(
        number=order_number,
        order_type=said(order.document_type) or "RegularOrder",
        cancelled=said(order.status) == "Cancelled",
        refused=said(order.status) in REFUSED,
        ordered_on=ordered_on,
        promised_on=day_of(order.promised_on),
        description=said(order.description),
        supplier=Party(
            number=supplier_number,
            name=said(supplier.name),
            location=said((order.location or NOTHING).id),
            internal_id=internal_id_of(supplier),
        ),
        supplier_reference=said(order.supplier_ref),
        ship_to=_ship_to(order),
        branch=said((order.branch or NOTHING).number),
        currency=currency,
        terms=terms_of(order.terms),
        ship_via=said(order.ship_via),
        ship_terms=said(order.ship_terms),
        fob_point=said(order.fob_point),
        lines=tuple(lines),
        discounts=_discounts(order),
        taxes=taxes_of(order.tax_details),
        line_total=order.line_total,
        tax_total=order.tax_total,
        order_total=order.order_total,
        note=said(order.note),
        sent_by_visma=_sent_by_visma(order),
        ships_to_us=said(order.shipping_destination_type) in _OURS,
    )


def _sent_by_visma(order: shape.PurchaseOrder) -> str:
    """How Visma sends the order to the supplier itself, "" where it does not."""
    if order.emailed:
        return "mail (emailed)"
    return "mail (PendingEmail)" if said(order.status) == "PendingEmail" and not order.dont_email else ""


def _ship_to(order: shape.PurchaseOrder) -> Party:
    """Where the goods go: Visma spreads it over an account, its location, a warehouse, an address and a contact."""
    account, location, warehouse = order.ship_to or NOTHING, order.shipping_location, order.warehouse or NOTHING
    contact = contact_of(order.shipping_contact)
    to_warehouse = said(order.shipping_destination_type) == "Site"
    is_warehouse = to_warehouse or location is None
    location_name = said(location.name) if location is not None else None
    name = (contact.name if contact else None) or said(account.name) or location_name
    given = order.shipping_address
    address = address_of(given)
    return Party(
        number=said(account.number),
        name=name or said(warehouse.description),
        location=said(warehouse.id) if is_warehouse or location is None else said(location.id),
        address=address,
        contact=contact,
        location_name=said(warehouse.description) if to_warehouse else location_name,
        account_name=said(account.name),
        is_warehouse=is_warehouse and said(warehouse.id) is not None,
        is_elsewhere=address is not None and given is not None and bool(given.override_address),
    )


def _discounts(order: shape.PurchaseOrder) -> tuple[DocumentDiscount, ...]:
    """Group and document discounts; those of type `Line` are in the lines already."""
    found = []
    for raw in order.discount_details or ():
        amount = raw.discount_amt
        if amount and said(raw.type) != "Line" and not raw.skip_discount:
            # Not documented; a percentage in the base product, and believed only where it gives the amount.
            percent = raw.discount
            found.append(DocumentDiscount(abs(amount), said(raw.discount_code), percent))
    return tuple(found)
