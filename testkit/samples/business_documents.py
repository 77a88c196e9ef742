"""Business documents and routes, for tests of the translation. Totals are consistent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from connector.domain.documents import (
    Address,
    BusinessDocument,
    Contact,
    Invoice,
    InvoiceLine,
    Kind,
    OrderLine,
    Party,
    PurchaseOrder,
    Terms,
)
from connector.domain.invoice_types import InvoiceType
from connector.domain.routing.route import (
    ChangeRules,
    Company,
    DialectChoice,
    Identity,
    ItemIds,
    OnRevision,
    Route,
    TermsRule,
    VismaTenant,
    X12Options,
)
from connector.domain.transactions import IsaId

OUR_GLN = "7080000000001"
OUR_ADDRESS = Address(("Storgata 1",), "0155", "Oslo", None, "NO")


def a_line(number: int = 1, **changes: Any) -> OrderLine:
    line = OrderLine(
        number=number,
        item=f"ITEM-{number}",
        item_description="Apple juice 1 l",
        description=None,
        supplier_item=f"ACME-{number}",
        quantity=Decimal(10),
        unit="STK",
        unit_price=Decimal("12.50"),
        discount=Decimal(0),
        amount=None,
        requested=date(2026, 10, 1),
        promised=date(2026, 10, 1),
        warehouse="1",
        tax_code="3",
        note=None,
        cancelled=False,
        is_text=False,
        is_charge=False,
        source=f"lines[{number - 1}]",
    )
    return msgspec.structs.replace(line, **changes)


def a_text(number: int, text: str) -> OrderLine:
    return a_line(
        number,
        item=None,
        item_description=None,
        supplier_item=None,
        description=text,
        quantity=Decimal(0),
        unit=None,
        unit_price=Decimal(0),
        is_text=True,
    )


def an_order(*lines: OrderLine, **changes: Any) -> PurchaseOrder:
    order = PurchaseOrder(
        number="500123",
        order_type="RegularOrder",
        cancelled=False,
        ordered_on=date(2026, 9, 10),
        promised_on=date(2026, 10, 1),
        description=None,
        supplier=Party(
            number="50012", name="Acme Produce", address=Address(("1 Farm Road",), "10001", "New York", "NY", "US")
        ),
        supplier_reference=None,
        ship_to=Party(location="1", name="Warehouse Oslo", address=OUR_ADDRESS),
        branch="1",
        currency="NOK",
        terms=Terms("30", "30 days net"),
        ship_via=None,
        ship_terms=None,
        fob_point=None,
        lines=lines or (a_line(1), a_line(2)),
        discounts=(),
        taxes=(),
        line_total=None,
        tax_total=None,
        order_total=None,
        note=None,
    )
    return msgspec.structs.replace(order, **changes)


def an_invoice_line(number: int = 1, **changes: Any) -> InvoiceLine:
    line = InvoiceLine(
        number=number,
        item=f"ITEM-{number}",
        description="Apple juice 1 l",
        counterparty_item=None,
        quantity=Decimal(10),
        unit="STK",
        unit_price=Decimal("12.50"),
        discount=Decimal(0),
        amount=None,
        tax_code="3",
        order_number=None,
        order_line=None,
        note=None,
        is_text=False,
        is_charge=False,
        source=f"invoiceLines[{number - 1}]",
    )
    return msgspec.structs.replace(line, **changes)


def an_invoice(*lines: InvoiceLine, **changes: Any) -> Invoice:
    invoice = Invoice(
        kind=Kind.CUSTOMER_INVOICE,
        number="100231",
        invoice_type=InvoiceType.INVOICE,
        voided=False,
        invoiced_on=date(2026, 9, 3),
        due_on=date(2026, 9, 3) + timedelta(days=30),
        discount_due_on=None,
        cash_discount=None,
        counterparty=Party(
            number="10045", name="Fjord Retail", address=Address(("Bryggen 2",), "5003", "Bergen", None, "NO")
        ),
        counterparty_reference="PO-4711",
        original_invoices=(),
        order_number="PO-4711",
        contract_number=None,
        payment_reference=None,
        description=None,
        branch="1",
        currency="NOK",
        terms=Terms("30", "30 days net"),
        lines=lines or (an_invoice_line(1), an_invoice_line(2)),
        discounts=(),
        taxes=(),
        detail_total=None,
        tax_total=None,
        rounding=Decimal(0),
        total=None,
        note=None,
    )
    return msgspec.structs.replace(invoice, **changes)


def a_company(**changes: Any) -> Company:
    company = Company(
        name="nordic",
        visma=VismaTenant(
            company_id="1",
            tenant_id="t",
            time_zone="Europe/Oslo",
            branch=None,
            overlap=timedelta(minutes=5),
            settle=timedelta(minutes=2),
            settle_cap=timedelta(hours=1),
            page_size=100,
        ),
        isa_id=IsaId(live="NORDICFOOD", test="NORDICFOODT"),
        identity=Identity(
            name="Nordic Food AS",
            gln=OUR_GLN,
            vat_number="NO912345678MVA",
            address=OUR_ADDRESS,
            contact=Contact("Purchasing", email="buy@nordic.example"),
        ),
    )
    return replace(company, **changes)


def change_rules(**changes: Any) -> ChangeRules:
    """The default limits of changes: nothing applies without a person."""
    rules = ChangeRules(key="partners.acme.changes")
    return replace(rules, **changes)


def a_route(content: BusinessDocument | None = None, **changes: Any) -> Route:
    """A route for `content` (default: an order), with a currency of the partner."""
    kind = content.kind if content is not None else Kind.PURCHASE_ORDER
    x12 = changes.pop("x12", {})
    rules = changes.pop("changes", {})
    route = Route(
        company=a_company(),
        partner="acme",
        kind=kind,
        transaction_type=kind.facts.transaction_type,
        partner_isa_id=IsaId(live="ACMEPRODUCE", test="ACMEPRODUCET"),
        partner_identity=Identity(gln="7080000000018"),
        send=True,
        send_when=frozenset({"Open"}),
        dialect=DialectChoice.AUTO,
        on_revision=OnRevision.REPLACE,
        currency="NOK",
        units={"STK": "each", "KG": "kilogram", "KRT": "case", "TIM": "hour"},
        items={"ITEM-1": ItemIds(gtin="7012345678900", partner_item="THEIRS-1")},
        require_item_id=None,
        terms={"30": TermsRule(net_days=30)},
        order_types={"RegularOrder": "standalone", "DropShip": "dropship"},
        x12=X12Options(**x12),
        changes=change_rules(**rules),
    )
    return replace(route, **changes)
