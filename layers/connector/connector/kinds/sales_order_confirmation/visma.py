"""Reading a sales order of Visma: its header, with the list of its lines under `lines`.

The header is what Visma answers for `/SalesOrders/{type}/{orderId}` with everything expanded, the lines what it answers
for `.../lines`.
"""

from __future__ import annotations

from decimal import Decimal

from connector.domain.documents import Address, DocumentDiscount, Kind, OrderLine, Party, PurchaseOrder
from connector.domain.totals import ZERO
from connector.edi.regions import region_code
from connector.edi.visma.amounts import Names, figures_of
from connector.edi.visma.fields import Data, day, flag, missing, number, part, path_of, rows, text, whole
from connector.edi.visma.parties import contact_of, internal_id_of, terms_of

# What `extendedPrice` is after, the discount or not, is not published: a line comes to what its other figures say, and
# the stated total tells whether that is right.
_NAMES = Names(quantity="quantity", unit_price="unitPrice", amount="", discount="discountAmount")


def read_sales_order(data: Data, order_number: str) -> PurchaseOrder:
    """Read a sales order as the customer's purchase order that it confirms.

    Raises:
        Parked: something indispensable is missing or cannot be understood.
    """
    ordered_on = day(data, "date")
    if ordered_on is None:
        raise missing("date", "order date")
    customer, totals = part(data, "customer"), part(data, "totals")
    customer_number = text(customer, "id")
    if customer_number is None:
        raise missing("customer.id", "customer number")
    location = part(customer, "location")
    currency = text(data, "currencyId")
    currency = currency.upper() if currency else None
    discount = number(totals, "discountTotal", "totals")
    lines = [_line(line, f"lines[{index}]", currency) for index, line in enumerate(rows(data, "lines"))]
    return PurchaseOrder(
        kind=Kind.SALES_ORDER_CONFIRMATION,
        number=order_number,
        order_type=text(data, "type") or "SO",
        cancelled=flag(part(data, "status"), "cancelled"),
        ordered_on=ordered_on,
        promised_on=None,
        description=text(data, "description"),
        supplier=Party(
            number=customer_number,
            name=text(customer, "name"),
            location=text(location, "id"),
            gln=text(location, "gln"),
            internal_id=internal_id_of(customer),
        ),
        supplier_reference=text(customer, "order"),
        ship_to=_ship_to(part(data, "shipping")),
        branch=text(part(data, "branch"), "id"),
        currency=currency,
        terms=terms_of(part(data, "financialInformation"), "terms"),
        ship_via=None,
        ship_terms=None,
        fob_point=None,
        lines=(*lines, *_freight(totals)),
        discounts=(DocumentDiscount(abs(discount)),) if discount else (),
        taxes=(),
        line_total=None,
        tax_total=number(totals, "taxTotal", "totals"),
        order_total=number(totals, "orderTotal", "totals"),
        note=text(data, "note"),
    )


def _line(line: Data, where: str, currency: str | None) -> OrderLine:
    line_number = whole(line, "lineId", where)
    if line_number is None:
        raise missing(path_of("lineId", where), "line number")
    inventory = part(line, "inventory")
    item = text(inventory, "id")
    theirs = text(line, "inventoryAlternateId")
    quantity, unit_price, discount, amount, empty = figures_of(
        line, _NAMES, where, currency, needed=item is not None, names_item=bool(item or theirs)
    )
    return OrderLine(
        number=line_number,
        item=item,
        item_description=text(inventory, "description"),
        description=text(line, "description"),
        supplier_item=theirs,
        quantity=quantity,
        unit=text(line, "unitOfMeasure"),
        unit_price=unit_price,
        discount=discount,
        amount=amount,
        requested=day(line, "requestDate", where),
        promised=day(line, "shipDate", where),
        warehouse=text(line, "warehouseId"),
        tax_code=text(line, "taxCategoryId"),
        note=text(line, "note"),
        cancelled=False,
        is_text=item is None and empty,
        is_charge=False,
        source=where,
    )


def _freight(totals: Data) -> tuple[OrderLine, ...]:
    """The freight of the order as a line, as Visma has it on purchase orders."""
    freight = number(totals, "freightTotal", "totals")
    if not freight:
        return ()
    line = OrderLine(
        number=0,
        item=None,
        item_description=None,
        description=None,
        supplier_item=None,
        quantity=Decimal(1),
        unit=None,
        unit_price=freight,
        discount=ZERO,
        amount=freight,
        requested=None,
        promised=None,
        warehouse=None,
        tax_code=None,
        note=None,
        cancelled=False,
        is_text=False,
        is_charge=True,
        source="totals.freightTotal",
    )
    return (line,)


def _ship_to(shipping: Data) -> Party:
    """Where the goods go. Visma's V3 calls the parts of an address otherwise than its ERP API."""
    contact = contact_of(shipping, "contact")
    name = contact.name if contact else None
    return Party(number=None, name=name, address=_address(part(shipping, "address")), contact=contact)


def _address(raw: Data) -> Address | None:
    country = text(part(raw, "country"), "id")
    country = country.upper() if country else None
    county_id, county_name = text(part(raw, "county"), "id"), text(part(raw, "county"), "name")
    address = Address(
        lines=tuple(line for line in (text(raw, f"line{number}") for number in (1, 2, 3)) if line),
        postal_code=text(raw, "postalCode"),
        city=text(raw, "city"),
        region=region_code(country, county_id, county_name) or county_name or county_id,
        country=country,
    )
    return None if address == Address() else address
