"""An instalment of an invoice is no invoice of its own: the invoice itself has the whole amount."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.revision.content_hash import revision_id
from connector.domain.routing.route import WithoutItem
from connector.domain.transactions import Purpose, Stream
from connector.edi.translate import translate
from connector.edi.visma.read import decode, read_document, read_typed
from testkit.samples.business_documents import a_route
from testkit.samples.visma_samples import (
    a_credit_note,
    a_customer_invoice,
    a_customer_invoice_line,
    a_supplier_instalment,
    a_supplier_invoice,
    a_supplier_invoice_line,
    an_instalment,
    as_json,
)


def read(data):
    raw = as_json(data)
    document = read_document(decode(raw), company="nordic")
    assert read_typed(raw, company="nordic", kind=document.key.kind) in {None, document}
    return document.content


def sent(data, **routing):
    content = read(data)
    return translate(content, a_route(content, **routing), stream=Stream.TEST, purpose=Purpose.ORIGINAL)


def with_line(data, **changes):
    return {**data, "invoiceLines": [{**data["invoiceLines"][0], **changes}]}


@pytest.mark.parametrize("data", [an_instalment(), a_supplier_instalment()], ids=["customer", "supplier"])
@pytest.mark.parametrize("priced", list(WithoutItem))
def test_an_instalment_is_asked_about_whatever_becomes_of_lines_without_an_item(data, priced):
    with pytest.raises(Parked) as caught:
        sent(data, lines_without_item=priced)
    assert caught.value.code is Reason.INSTALMENT
    assert caught.value.waits_for is None, "a setting would have the customer pay twice"
    assert "connector documents close KEY" in caught.value.next_step


OWN = {"type": "Income", "number": "3000"}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(with_line(an_instalment(), account=OWN), id="a fee on an account of income"),
        pytest.param(with_line(an_instalment(), account=None), id="no account"),
        pytest.param(
            with_line(an_instalment(), quantity=Decimal(1), unitPriceInCurrency=Decimal("765.47")), id="a price"
        ),
        pytest.param({**an_instalment(), "account": None}, id="the document names no account"),
        pytest.param(with_line(a_supplier_instalment(), account={"type": "Expense", "number": "6300"}), id="rent"),
        pytest.param(with_line(a_supplier_instalment(), poNumber="500123"), id="of an order"),
    ],
)
def test_another_invoice_of_one_amount_leaves(data):
    assert sent(data, lines_without_item=WithoutItem.CHARGE)


def test_an_invoice_with_vat_or_with_several_lines_is_none():
    line = an_instalment()["invoiceLines"][0]
    several = an_instalment(invoiceLines=[line, {**line, "lineNumber": 2}])
    whole = Decimal("1530.94")
    several |= dict.fromkeys(("amount", "amountInCurrency"), whole)
    assert sent(several, lines_without_item=WithoutItem.CHARGE)
    vat = a_customer_invoice(invoiceLines=[line], account=line["account"])
    assert sent(vat, lines_without_item=WithoutItem.CHARGE)


@pytest.mark.parametrize(
    "data",
    [
        a_customer_invoice(invoiceLines=[a_customer_invoice_line()], account={"number": "1500"}),
        a_credit_note(account={"number": "1500"}),
        a_supplier_invoice(invoiceLines=[a_supplier_invoice_line()]),
    ],
)
def test_an_ordinary_document_is_none(data):
    assert not read(data).is_instalment


def test_what_looks_like_an_instalment_has_the_id_that_it_had():
    content = read(an_instalment())
    as_read_before = type(content)(
        **{**{n: getattr(content, n) for n in content.__struct_fields__}, "is_instalment": False}
    )
    assert revision_id(content) == revision_id(as_read_before)
