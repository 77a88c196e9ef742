from __future__ import annotations

import pytest

from connector.domain.advice import advised, after_refusal, after_rejection, correction
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
    told = after_refusal(order, said)
    assert told == (
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
