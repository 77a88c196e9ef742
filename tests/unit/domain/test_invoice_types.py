"""What Visma's types of invoices mean."""

from __future__ import annotations

import pytest

from connector.domain.invoice_types import is_invoice_type, why_never_sent
from connector.domain.reasons import Reason


@pytest.mark.parametrize("word", ["Invoice", "CreditNote", "DebitNote", "CreditAdj", "DebitAdj", "FinCharge"])
def test_invoices_are_told_from_other_documents(word):
    assert is_invoice_type(word) is True


@pytest.mark.parametrize("word", ["CashSale", "CashReturn", "QuickCheck"])
def test_what_is_paid_when_it_is_made_asks_nobody_for_money(word):
    assert is_invoice_type(word) is False
    sentence = f"Documents of the type {word} are paid when they are made; they are never sent."
    assert why_never_sent(word) == (Reason.TYPE_NEVER_SENT, sentence)


@pytest.mark.parametrize("word", [None, "", "SelfBilling"])
def test_of_an_unknown_type_nothing_is_claimed(word):
    assert is_invoice_type(word) is None
