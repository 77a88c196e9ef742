from __future__ import annotations

import pytest

from connector.domain.advice import (
    BY_HAND,
    advised,
    after_refusal,
    after_rejection,
    correction,
    correction_at,
    in_words,
)
from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Parked
from connector.domain.reasons import Reason

INVOICES = [Kind.SUPPLIER_INVOICE, Kind.CUSTOMER_INVOICE]


def test_an_order_is_corrected_in_visma():
    assert correction(Kind.PURCHASE_ORDER) == "Correct it in Visma."
    assert correction(Kind.PURCHASE_ORDER, "Add lines in Visma.") == "Add lines in Visma."
    order = DocumentKey("nordic", Kind.PURCHASE_ORDER, "500123")
    advice = after_rejection(order)
    assert advice.startswith("Correct it in Visma and it is sent by itself.")
    assert advice.endswith(f"run `connector documents replay {order}`.")


@pytest.mark.parametrize(
    "said",
    [
        "Orderful answered 400. relationship: relationship doesn't exist (sender/receiver/type triple)",
        "Orderful answered 403: No permission for this relationship.",
        "receiver doesn't exist",
    ],
)
def test_a_relationship_that_is_missing_is_set_up_at_orderful_and_not_in_visma(said):
    order = DocumentKey("nordic", Kind.PURCHASE_ORDER, "500123")
    output = after_refusal(order, said)
    assert output == (
        "Set up what is missing at Orderful (`connector doctor` names it), then run "
        f"`connector documents replay {order}`."
    )
    assert after_refusal(order, "lineItems[0].sku: too long; its sender") == after_rejection(order)


@pytest.mark.parametrize("kind", INVOICES)
def test_nobody_is_told_to_correct_a_released_invoice(kind):
    key = DocumentKey("nordic", kind, "900145")
    for advice, named in ((correction(kind), "KEY"), (after_rejection(key), key)):
        assert "Correct it in Visma" not in advice
        assert "credit it there and make it anew" in advice
        assert f"connector documents close {named}" in advice


def test_an_error_without_advice_is_given_that_of_its_kind_and_keeps_its_own():
    for own, given in ((None, correction(Kind.CUSTOMER_INVOICE)), ("Do this.", "Do this.")):
        with pytest.raises(Parked) as parked, advised(Kind.CUSTOMER_INVOICE):
            raise Parked("It is wrong.", next_step=own, code=Reason.FIELD_INVALID)
        assert parked.value.next_step == given


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("lines[2].uom", "the unit on line 3 from the top"),
        ("lines[0].orderQty", "the quantity on line 1 from the top"),
        ("lines[0].unitCost", "the unit cost on line 1 from the top"),
        ("lines[11]", "line 12 from the top"),
        ("shippingAddress", "the shipping address"),
        ("invoiceLines[1].soShipmentNbr", "the shipment number on line 2 from the top"),
        ("paymentReference", "the payment reference"),
        ("currencyId", "the currency"),
        ("soOrderNbr", "the sales order number"),
        ("totals.freightTotal", "the freight total"),
        ("someNewFieldId", "the some new field ID"),
        ("terms", "the terms"),
    ],
)
def test_a_field_is_named_in_words(field, words):
    assert in_words(field) == words
    assert correction_at(field, Kind.PURCHASE_ORDER, "Shorten") == f"Shorten {words} in Visma."


def test_nobody_is_told_to_change_the_number_of_a_document():
    assert correction_at("orderNbr", Kind.PURCHASE_ORDER) == (
        "Visma keeps the number of an order: cancel it there and make it anew under another number; numbers come from "
        "the window Number series (CS201010). Or: Send it by hand and run `connector documents close KEY`."
    )
    assert correction_at("referenceNumber", Kind.CUSTOMER_INVOICE) == correction(Kind.CUSTOMER_INVOICE)


def test_what_has_no_field_and_a_key_of_the_routing_file_are_named_as_they_are():
    assert correction_at("", Kind.PURCHASE_ORDER) == "Correct it in Visma."
    output = correction_at("companies.nordic.name", Kind.CUSTOMER_INVOICE)
    assert output == "Correct companies.nordic.name in the routing file and apply it."


@pytest.mark.parametrize("key", ["nordic/customer_invoice/100231", None])
def test_what_is_told_of_an_error_names_the_document_where_it_is_known(key):
    error = Parked("Odd.", document=key, next_step=BY_HAND, code=Reason.INSTALMENT)
    assert str(error).endswith(f"Odd. Send it by hand and run `connector documents close {key or 'KEY'}`.")
