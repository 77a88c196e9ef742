"""Reading a Visma purchase order (`PurchaseOrderDto`). Its plain amounts are in the currency of the order."""

from __future__ import annotations

from connector.domain.documents import DocumentDiscount, OrderLine, Party, PurchaseOrder
from connector.edi.visma.amounts import Names, figures_of
from connector.edi.visma.fields import Data, day, flag, missing, number, part, path_of, rows, text, whole
from connector.edi.visma.parties import address_of, contact_of, internal_id_of, taxes_of, terms_of

# Visma's screen calls them branch and warehouse; the other two are customer and supplier.
_OURS = frozenset({"CompanyLocation", "Site"})
_PATTERNS = frozenset({"standardblanket", "standard"})
"""Types of orders from which others are made; the second is the word of Visma's screen."""

_NAMES = Names(quantity="orderQty", unit_price="unitCost", amount="amount", discount="discountAmount")


def read_purchase_order(data: Data, order_number: str) -> PurchaseOrder:
    """Read an order. One without lines reads well: whether it is sent is not decided here.

    Raises:
        Parked: something indispensable is missing or cannot be understood.
    """
    ordered_on = day(data, "date")
    if ordered_on is None:
        raise missing("date", "order date")
    supplier = part(data, "supplier")
    supplier_number = text(supplier, "number")
    if supplier_number is None:
        raise missing("supplier.number", "supplier number")
    currency = text(data, "currency")
    currency = currency.upper() if currency else None
    lines = [
        _line(line, f"lines[{index}]", currency, own=text(data, "orderNbr"))
        for index, line in enumerate(rows(data, "lines"))
    ]
    return PurchaseOrder(
        number=order_number,
        order_type=text(data, "orderType") or "RegularOrder",
        cancelled=text(data, "status") == "Cancelled",
        ordered_on=ordered_on,
        promised_on=day(data, "promisedOn"),
        description=text(data, "description"),
        supplier=Party(
            number=supplier_number,
            name=text(supplier, "name"),
            location=text(part(data, "location"), "id"),
            internal_id=internal_id_of(supplier),
        ),
        supplier_reference=text(data, "supplierRef"),
        ship_to=_ship_to(data),
        branch=text(part(data, "branch"), "number"),
        currency=currency,
        terms=terms_of(data, "terms"),
        ship_via=text(data, "shipVia"),
        ship_terms=text(data, "shipTerms"),
        fob_point=text(data, "fobPoint"),
        lines=tuple(lines),
        discounts=_discounts(data),
        taxes=taxes_of(data, "taxDetails"),
        line_total=number(data, "lineTotal"),
        tax_total=number(data, "taxTotal"),
        order_total=number(data, "orderTotal"),
        note=text(data, "note"),
        ships_to_us=text(data, "shippingDestinationType") in _OURS,
    )


def _line(line: Data, where: str, currency: str | None, *, own: str | None) -> OrderLine:
    line_number = whole(line, "lineNbr", where)
    if line_number is None:
        # An 860 refers to it: nothing may be made up.
        raise missing(path_of("lineNbr", where), "line number")
    inventory = part(line, "inventory")
    item = text(inventory, "number")
    line_type = text(line, "lineType")
    cancelled = flag(line, "canceled")
    described = line_type == "Description"
    theirs, goes = text(line, "alternateId"), not cancelled and not described
    quantity, unit_price, discount, amount, empty = figures_of(
        line,
        _NAMES,
        where,
        currency,
        needed=item is not None and goes,
        names_item=bool(item or theirs) and goes,
    )
    return OrderLine(
        number=line_number,
        item=item,
        item_description=text(inventory, "description"),
        description=text(line, "lineDescription"),
        supplier_item=theirs,
        quantity=quantity,
        unit=text(line, "uom"),
        unit_price=unit_price,
        discount=discount,
        amount=amount,
        requested=day(line, "requested", where),
        promised=day(line, "promised", where),
        warehouse=text(part(line, "warehouse"), "id"),
        tax_code=text(part(line, "taxCategory"), "number"),
        note=text(line, "note"),
        cancelled=cancelled,
        is_text=described or (item is None and empty),
        is_charge=line_type == "Freight",
        source=where,
        blanket=_blanket(line, own),
    )


def _blanket(line: Data, own: str | None) -> str | None:
    """The blanket order that a line is called off from.

    Visma: `orderNumber` is the originating blanket order. What `orderType` beside it says is not documented: the type
    of the blanket order or that of the line. An order made from a Standard order names that pattern in the same fields,
    and a pattern was never sent to anybody. A line that names its own order (`own`) is called off from none.
    """
    number = text(line, "orderNumber")
    is_pattern = (text(line, "orderType") or "").casefold() in _PATTERNS
    return None if is_pattern or number == own else number


def _ship_to(data: Data) -> Party:
    """Where the goods go: Visma spreads it over an account, its location, a warehouse, an address and a contact."""
    account = part(data, "shipTo")
    location = part(data, "shippingLocation")
    warehouse = part(data, "warehouse")
    contact = contact_of(data, "shippingContact")
    to_warehouse = text(data, "shippingDestinationType") == "Site"
    name = (contact.name if contact else None) or text(account, "name") or text(location, "name")
    return Party(
        number=text(account, "number"),
        name=name or text(warehouse, "description"),
        location=text(warehouse, "id") if to_warehouse or not location else text(location, "id"),
        address=address_of(data, "shippingAddress"),
        contact=contact,
        location_name=text(warehouse, "description") if to_warehouse else text(location, "name"),
        account_name=text(account, "name"),
    )


def _discounts(data: Data) -> tuple[DocumentDiscount, ...]:
    """Group and document discounts; those of type `Line` are in the lines already."""
    found = []
    for index, raw in enumerate(rows(data, "discountDetails")):
        amount = number(raw, "discountAmt", f"discountDetails[{index}]")
        if amount and text(raw, "type") != "Line" and not flag(raw, "skipDiscount"):
            # Not documented; a percentage in the base product, and believed only where it gives the amount.
            percent = number(raw, "discount", f"discountDetails[{index}]")
            found.append(DocumentDiscount(abs(amount), text(raw, "discountCode"), percent))
    return tuple(found)
