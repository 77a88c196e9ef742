"""Holds our requests against Orderful's published structure."""

from datetime import date
from decimal import Decimal

import jsonschema
import pytest

from connector.domain.documents import Contact, DocumentDiscount, Kind, Party, Terms
from connector.domain.invoice_types import InvoiceType
from connector.domain.routing.route import DialectChoice, TermsRule
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.translate import translate
from connector.edi.units import UNITS
from contracts import facts
from testkit.samples.business_documents import (
    OUR_ADDRESS,
    a_line,
    a_route,
    a_text,
    an_invoice,
    an_invoice_line,
    an_order,
)

SPECIFICATION = facts.load("orderful.json")
SCHEMAS = SPECIFICATION["components"]["schemas"]

SHIP_TO = Party(
    location="1",
    name="Warehouse",
    address=OUR_ADDRESS,
    contact=Contact("Ola", phone="22 33 44 55", email="ola@example.no", fax="22 33 44 56"),
)
ORDER = an_order(
    a_line(1, discount=Decimal("2.50"), note="Fragile", promised=date(2026, 10, 5)),
    a_line(2, warehouse="2"),
    a_text(3, "Call first"),
    a_line(4, is_charge=True, quantity=Decimal(1), unit_price=Decimal(80)),
    ship_to=SHIP_TO,
    description="Autumn",
    supplier_reference="Q-1",
    ship_via="DHL",
    ship_terms="DAP",
    fob_point="Oslo",
    terms=Terms("2/10", "2% 10, net 30"),
    discounts=(DocumentDiscount(Decimal(10), "Bonus"),),
)
INVOICE = an_invoice(
    an_invoice_line(1, discount=Decimal("2.50"), note="Late"),
    an_invoice_line(2, sales_order="SO-1", shipment="S-1"),
    an_invoice_line(3, is_charge=True, quantity=Decimal(1), unit_price=Decimal(80)),
    counterparty_reference="REF-9",
    note="Thank you",
    original_invoices=("100200",),
    terms=Terms("2/10", "2% 10, net 30"),
    discount_due_on=date(2026, 9, 13),
    cash_discount=Decimal("5.00"),
    discounts=(DocumentDiscount(Decimal(10), "Bonus"),),
    rounding=Decimal("0.40"),
)
DOCUMENTS = {
    "order": (ORDER, Purpose.ORIGINAL),
    "replaced order": (ORDER, Purpose.REPLACE),
    "cancelled order": (ORDER, Purpose.CANCELLATION),
    "dropship order": (an_order(order_type="DropShip"), Purpose.ORIGINAL),
    "call-off": (an_order(a_line(1, blanket="400001"), a_line(2)), Purpose.ORIGINAL),
    "invoice": (INVOICE, Purpose.ORIGINAL),
    "invoice of one shipment": (an_invoice(an_invoice_line(sales_order="SO-1", shipment="S-1")), Purpose.ORIGINAL),
    "credit memo": (an_invoice(invoice_type=InvoiceType.CREDIT_MEMO), Purpose.ORIGINAL),
    "debit memo": (an_invoice(invoice_type=InvoiceType.DEBIT_MEMO), Purpose.ORIGINAL),
    "supplier invoice": (an_invoice(kind=Kind.SUPPLIER_INVOICE, counterparty_reference="I-1"), Purpose.ORIGINAL),
}


def request(name, dialect):
    content, purpose = DOCUMENTS[name]
    route = a_route(content, dialect=dialect, terms={"2/10": TermsRule(30, "2", 10)})
    return translate(content, route, stream=Stream.TEST, purpose=purpose).request


def check(instance, schema):
    jsonschema.Draft202012Validator(
        {**schema, "components": SPECIFICATION["components"]}, format_checker=jsonschema.FormatChecker()
    ).validate(instance)


def unknown_keys(instance, schema, path="message"):
    """Keys that the schema does not list: the schemas of documents allow any, so the validator cannot tell."""
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rsplit("/", 1)[1]]
    for part in schema.get("allOf", ()):
        return unknown_keys(instance, part, path)
    if isinstance(instance, dict):
        known = schema.get("properties", {})
        return [
            fault
            for key, value in instance.items()
            for fault in (unknown_keys(value, known[key], f"{path}.{key}") if key in known else [f"{path}.{key}"])
        ]
    if isinstance(instance, list):
        return [fault for item in instance for fault in unknown_keys(item, schema["items"], f"{path}[]")]
    return []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_mosaic_documents_follow_their_schema_and_have_no_key_beyond_it(name):
    body = request(name, DialectChoice.MOSAIC).body
    envelope = {key: value for key, value in SCHEMAS["CreateTransactionBodyV4Dto"].items() if key != "properties"}
    properties = dict(SCHEMAS["CreateTransactionBodyV4Dto"]["properties"])
    # `message` is one of several documents that allow any key, so `oneOf` cannot be told apart; ours is named.
    properties["message"] = SCHEMAS[body["type"]]
    check(body, {**envelope, "properties": properties})
    assert set(body) == set(properties)
    assert unknown_keys(body["message"], SCHEMAS[body["type"]]) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_x12_envelopes_follow_the_v3_schema(name):
    body = dict(request(name, DialectChoice.X12).body)
    message = body.pop("message")
    schema = SCHEMAS["CreateTransactionBodyV3"]
    check(body, schema)
    # The specification calls `message` a JSON string; every example of it, and running code, sends an object.
    assert set(body) | {"message"} == {"type", "stream", "sender", "receiver", "message"}
    assert set(body["type"]) == {"name"}
    assert set(body["sender"]) == set(body["receiver"]) == {"isaId"}
    assert [set(message), len(message["transactionSets"])] == [{"transactionSets"}, 1]


def test_every_document_here_is_one_that_auto_gives_to_mosaic():
    for content, purpose in DOCUMENTS.values():
        translation = translate(content, a_route(content), stream=Stream.TEST, purpose=purpose)
        assert translation.dialect is Dialect.MOSAIC


def test_every_mosaic_unit_is_one_of_orderfuls_values():
    allowed = set(SCHEMAS["Quantity"]["properties"]["unitOfMeasure"]["enum"])
    assert {unit.mosaic for unit in UNITS.values() if unit.mosaic} <= allowed
