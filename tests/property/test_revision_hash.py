from datetime import date, timedelta
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from connector.domain.documents import InvoiceLine, Kind, OrderLine, Terms
from connector.domain.invoice_types import InvoiceType
from connector.domain.revision.content_hash import revision_id
from connector.edi.visma.read import decode, read_document
from testkit.samples.strategies import invoices, orders
from testkit.samples.visma_samples import (
    a_credit_note,
    a_customer_invoice,
    a_purchase_order,
    a_supplier_invoice,
    as_json,
)

SAMPLES = st.sampled_from([a_purchase_order, a_supplier_invoice, a_customer_invoice, a_credit_note])
EMPTY = (None, "", [])
# References to other documents of ours: they come late or never change, so they do not count.
_NOT_SEEN = {
    "source",
    "order_source",
    "sent_by_visma",
    "is_instalment",
    "sales_order",
    "shipment",
    "buyer_reference",
    "other_references",
    "location_name",
    "account_name",
    "implied_total",
    "ships_to_us",
}


def id_of(data):
    return revision_id(read_document(decode(as_json(data)), company="nordic").content)


def rewritten(chance, value):
    """The same object as Visma might as well have written it: other field order, notation, gaps and wrapping."""
    if isinstance(value, dict):
        names = chance.sample(sorted(value), len(value))
        kept = [name for name in names if value[name] not in EMPTY or chance.random() < 0.5]
        return {name: rewritten(chance, value[name]) for name in kept}
    if isinstance(value, list):
        return [rewritten(chance, row) for row in value] or chance.choice([[], None])
    if isinstance(value, Decimal):
        value = chance.choice([value, value.normalize(), value.quantize(Decimal("0.000001"))])
    elif value in EMPTY:
        value = chance.choice(["", None, "  "])
    elif isinstance(value, str):
        value = chance.choice([value, f" {value}", f"{value} "])
    return chance.choice([value, {"value": value}])


@given(SAMPLES, st.integers(0, 2**32))
def test_the_id_does_not_depend_on_how_visma_writes_the_document(sample, seed):
    assert id_of(rewritten(Random(seed), sample())) == id_of(sample())


@given(st.one_of(orders(), invoices()), st.data())
def test_the_id_does_not_depend_on_the_order_of_lines(document, data):
    lines = tuple(data.draw(st.permutations(document.lines)))
    assert revision_id(replace(document, lines=lines)) == revision_id(document)


def another(value):
    """A value of the same kind that a partner would see as different."""
    match value:
        case bool():
            changed = not value
        case Kind() | InvoiceType():
            changed = next(word for word in type(value) if word is not value)
        case Decimal():
            changed = value + Decimal("0.01")
        case int():
            changed = value + 1
        case date():
            changed = value + timedelta(days=1) if value < date.max else value - timedelta(days=1)
        case str():
            changed = f"{value}x"
        case tuple():
            changed = value[:-1]
        case _:
            changed = replace(value, name=f"{value.name}x")
    return changed


def filling(record, name):
    """Something for a field that has no value."""
    if name in {"promised_on", "requested", "promised", "due_on", "discount_due_on"}:
        return date(2026, 1, 1)
    if name in {"cash_discount", "line_total", "tax_total", "order_total", "detail_total", "total", "amount"}:
        return Decimal(7)
    if name == "order_line":
        return 7
    return Terms("30") if name == "terms" else "something"


@given(st.one_of(orders(), invoices()), st.data())
def test_any_change_of_the_document_changes_the_id(document, data):
    name = data.draw(st.sampled_from([field.name for field in fields(document) if field.name not in _NOT_SEEN]))
    before = getattr(document, name)
    if before == ():
        return
    after = filling(document, name) if before is None else another(before)
    assert revision_id(replace(document, **{name: after})) != revision_id(document)


@given(st.one_of(orders(), invoices()), st.data())
def test_any_change_of_a_line_changes_the_id(document, data):
    index = data.draw(st.integers(0, len(document.lines) - 1))
    line = document.lines[index]
    kind = OrderLine if isinstance(line, OrderLine) else InvoiceLine
    name = data.draw(st.sampled_from([field.name for field in fields(kind) if field.name not in _NOT_SEEN]))
    before = getattr(line, name)
    after = filling(line, name) if before is None else another(before)
    lines = (*document.lines[:index], replace(line, **{name: after}), *document.lines[index + 1 :])
    assert revision_id(replace(document, lines=lines)) != revision_id(document)


def test_a_credit_note_that_is_applied_after_it_was_sent_is_no_new_revision():
    applied = [{"docType": "Invoice", "refNbr": "100231", "amountPaid": 100}]
    assert read_document(decode(as_json(a_credit_note(applications=applied))), company="nordic").content != (
        read_document(decode(as_json(a_credit_note(applications=[]))), company="nordic").content
    )
    assert id_of(a_credit_note(applications=applied)) == id_of(a_credit_note(applications=[]))
