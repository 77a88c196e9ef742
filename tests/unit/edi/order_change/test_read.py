"""A partner that sends our own order back as a change, word for word, asks for nothing and no person is asked."""

from __future__ import annotations

from dataclasses import replace as changed
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from connector.domain.documents import Address, DocumentDiscount, Party, Tax
from connector.domain.order_change.decide import ChangeAction, decide
from connector.domain.routing.route import Charset, DialectChoice, Identity, Notes, TermsRule, WithoutItem
from connector.domain.transactions import Purpose, Stream
from connector.edi.order_change.read import read_change
from connector.edi.translate import translate
from testkit.samples.business_documents import a_line, a_route, an_order
from testkit.samples.change_requests import snapshot

LINES = (a_line(1, discount=Decimal(5), note="Call first"), a_line(2, warehouse="2"))
PLAIN = an_order(*LINES)
NORWEGIAN = replace(
    PLAIN,
    supplier=Party(number="50012", name="Sørlandets Grønt AS"),
    ship_to=Party(
        location="0042",
        name="Lager Ås",
        address=Address(("Brobekkveien 80", "Port Æ"), "0582", "Ålesund", None, "NO"),
    ),
    ship_via="Bring Pårt",
    ship_terms="DAP Ås",
    fob_point="Ås",
    supplier_reference="S-1",
    description="Ukesbestilling",
    note="Ring 30 min før",
)
CHARGED = replace(
    NORWEGIAN,
    discounts=(DocumentDiscount(Decimal("10.00"), "Campaign"),),
    lines=(
        *LINES,
        a_line(3, item=None, supplier_item=None, is_charge=True, quantity=Decimal(1), unit_price=Decimal(50)),
    ),
)
CALL_OFF = replace(PLAIN, lines=tuple(replace(line, blanket="400001") for line in LINES))
TAXED = replace(CHARGED, taxes=(Tax("3", Decimal(25), Decimal(280), Decimal(70)),), tax_total=Decimal(70))
TERMS = {"30": TermsRule(net_days=30, discount_percent="2", discount_days=10)}


def sent(order, route) -> dict[str, Any]:
    """The message of the 850, made an 860 with no lines but what it says of them besides."""
    message = translate(order, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL).request.body["message"]
    if "transactionSets" not in message:
        return {
            **message,
            "purpose": "change",
            "changeSequenceNumber": "1",
            "lineItems": [{**item, "changeReason": "changeToItem"} for item in message["lineItems"]],
        }
    (tree,) = message["transactionSets"]
    begun = tree.pop("beginningSegmentForPurchaseOrder")
    loops = []
    for loop in tree.pop("PO1_loop"):
        (base,) = loop.pop("baselineItemData")
        loops.append({"lineItemChange": [{**base, "changeOrResponseTypeCode": "RZ"}], **loop})
    header = {**begun[0], "transactionSetPurposeCode": "04"}
    return {"transactionSets": [{**tree, "beginningSegmentForPurchaseOrderChange": [header], "POC_loop": loops}]}


@pytest.mark.parametrize("order", [PLAIN, NORWEGIAN, CHARGED, CALL_OFF, TAXED])
@pytest.mark.parametrize("dialect", [DialectChoice.X12, DialectChoice.MOSAIC])
@pytest.mark.parametrize("terms", [{}, TERMS])
@pytest.mark.parametrize("charset", [Charset.BASIC, Charset.EXTENDED, Charset.UTF8])
def test_what_was_sent_is_no_question_when_it_comes_back(order, dialect, terms, charset):
    if order is TAXED and dialect is DialectChoice.MOSAIC:
        order = replace(order, taxes=(), tax_total=None)
    route = changed(
        a_route(order, dialect=dialect, terms=terms, notes=Notes.ALL, x12={"charset": charset}),
        partner_identity=Identity(gln="7080001234560"),
        lines_without_item=WithoutItem.CHARGE,
    )
    route = changed(route, changes=changed(route.changes, dates=timedelta(days=100), quantity=Decimal(1)))
    request = read_change(sent(order, route))
    decision = decide(request, base=order, ours=snapshot(order), route=route)
    assert decision.reasons == ()
    assert (decision.action, decision.places) == (ChangeAction.APPLY, ())
    assert not decision.edits
