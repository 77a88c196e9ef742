"""Reading a sales order of Visma: its header, with the list of its lines under `lines`.

The header is what Visma answers for `/SalesOrders/{type}/{orderId}` with everything expanded, the lines what it answers
for `.../lines`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import field

from connector.domain.documents import Address, DocumentDiscount, Kind, OrderLine, Party, PurchaseOrder
from connector.domain.totals import ZERO
from connector.edi.regions import region_code
from connector.edi.visma import shape
from connector.edi.visma.fields import day_of, each, missing, said
from connector.edi.visma.order_line import Lines, order_line
from connector.edi.visma.parties import contact_of, internal_id_of, terms_of
from connector.edi.visma.shape import NOTHING, Day, Flag, Id, Number, Reference, Row, Text, Whole


class _Item(shape.ItemReference, gc=False):
    number: Text = field(default=None, name="id")


class SalesOrderLine(shape.OrderLine, gc=False):
    """A line of a sales order.

    What `extendedPrice` is after, the discount or not, is not published, so it is not read: a line comes to what its
    other figures say, and the stated total tells whether that is right.
    """

    number: Whole = field(default=None, name="lineId")
    inventory: _Item | None = None
    description: Text = None
    their_item: Text = field(default=None, name="inventoryAlternateId")
    unit: Text = field(default=None, name="unitOfMeasure")
    quantity: Number = None
    unit_price: Number = None
    amount: Number = field(default=None, name="")
    requested: Day | None = field(default=None, name="requestDate")
    promised: Day | None = field(default=None, name="shipDate")
    warehouse_id: Text = None
    tax_category_id: Text = None

    @property
    def place(self) -> Id:
        """The warehouse."""
        return self.warehouse_id

    @property
    def tax_code(self) -> Id:
        """The VAT category."""
        return self.tax_category_id


class _CustomerLocation(Row, gc=False):
    id: Id = None
    gln: Text = None


class _Customer(Row, gc=False):
    id: Id = None
    name: Text = None
    order: Text = None
    internal_id: Id = None
    location: _CustomerLocation | None = None


class _Totals(Row, gc=False):
    discount_total: Number = None
    freight_total: Number = None
    tax_total: Number = None
    order_total: Number = None


class _Address(Row, gc=False):
    line1: Text = None
    line2: Text = None
    line3: Text = None
    postal_code: Text = None
    city: Text = None
    country: Reference | None = None
    county: Reference | None = None


class _Shipping(Row, gc=False):
    contact: shape.Contact | None = None
    address: _Address | None = None


class _Status(Row, gc=False):
    cancelled: Flag = None


class _Financial(Row, gc=False):
    terms: Reference | None = None


class SalesOrder(Row, gc=False):
    """A sales order, as far as it is read."""

    order_id: Text = None
    type: Text = None
    status: _Status | None = None
    date: Day | None = None
    description: Text = None
    customer: _Customer | None = None
    shipping: _Shipping | None = None
    branch: Reference | None = None
    currency_id: Text = None
    financial_information: _Financial | None = None
    lines: Sequence[SalesOrderLine] | None = None
    totals: _Totals | None = None
    note: Text = None


def read_sales_order(order: SalesOrder, order_number: str) -> PurchaseOrder:
    """Read a sales order as the customer's purchase order that it confirms.

    Raises:
        Parked: something indispensable is missing or cannot be understood.
    """
    ordered_on = day_of(order.date)
    if ordered_on is None:
        raise missing("date", "order date", by_api=True)
    customer, totals = order.customer or _Customer(), order.totals or _Totals()
    customer_number = said(customer.id)
    if customer_number is None:
        raise missing("customer.id", "customer number", by_api=True)
    location = customer.location or _CustomerLocation()
    currency = said(order.currency_id)
    currency = currency.upper() if currency else None
    discount = totals.discount_total
    lines = each(order_line, order.lines or (), "lines", Lines(currency, None))
    return PurchaseOrder(
        kind=Kind.SALES_ORDER_CONFIRMATION,
        number=order_number,
        order_type=said(order.type) or "SO",
        cancelled=bool((order.status or _Status()).cancelled),
        ordered_on=ordered_on,
        promised_on=None,
        description=said(order.description),
        supplier=Party(
            number=customer_number,
            name=said(customer.name),
            location=said(location.id),
            gln=said(location.gln),
            internal_id=internal_id_of(customer),
        ),
        supplier_reference=said(customer.order),
        ship_to=_ship_to(order.shipping or _Shipping()),
        branch=said((order.branch or NOTHING).id),
        currency=currency,
        terms=terms_of((order.financial_information or _Financial()).terms),
        ship_via=None,
        ship_terms=None,
        fob_point=None,
        lines=(*lines, *_freight(totals)),
        discounts=(DocumentDiscount(abs(discount)),) if discount else (),
        taxes=(),
        line_total=None,
        tax_total=totals.tax_total,
        order_total=totals.order_total,
        note=said(order.note),
    )


def _freight(totals: _Totals) -> tuple[OrderLine, ...]:
    """The freight of the order as a line, as Visma has it on purchase orders."""
    freight = totals.freight_total
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


def _ship_to(shipping: _Shipping) -> Party:
    """Where the goods go. Visma's V3 calls the parts of an address otherwise than its ERP API."""
    contact = contact_of(shipping.contact)
    name = contact.name if contact else None
    return Party(number=None, name=name, address=_address(shipping.address or _Address()), contact=contact)


def _address(raw: _Address) -> Address | None:
    country = said((raw.country or NOTHING).id)
    country = country.upper() if country else None
    county = raw.county or NOTHING
    county_id, county_name = said(county.id), said(county.name)
    address = Address(
        lines=tuple(line for line in (said(raw.line1), said(raw.line2), said(raw.line3)) if line),
        postal_code=said(raw.postal_code),
        city=said(raw.city),
        region=region_code(country, county_id, county_name) or county_name or county_id,
        country=country,
    )
    return None if address == Address() else address
