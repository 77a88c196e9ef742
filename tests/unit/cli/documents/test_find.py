from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.documents import DocumentKey, Kind
from testkit.memory.stores import a_change
from tests.unit.cli.documents.conftest import INVOICE, SENT


def test_a_number_that_several_documents_have_must_be_named_in_full(connector, ledger):
    ledger.kept = [SENT, replace(SENT, key=DocumentKey("nordic", Kind.SUPPLIER_INVOICE, "500123"))]
    result = connector("documents", "show", "500123")
    assert (result.code, result.out) == (2, "")
    assert "nordic/purchase_order/500123, nordic/supplier_invoice/500123" in result.err


@pytest.mark.parametrize("key", ["nordic/order/1", "nordic/purchase_order", "//"])
def test_what_is_no_key_is_wrong_input(connector, ledger, key):
    result = connector("documents", "trace", key)
    assert (result.code, result.out) == (2, "")
    assert "company/kind/number" in result.err


@pytest.mark.parametrize("number", ["2026/17", "AB#1", "nordic/order/1", "A/B/C"])
def test_a_number_may_have_the_signs_of_a_key(connector, ledger, number):
    ledger.kept = [replace(SENT, key=DocumentKey("nordic", Kind.PURCHASE_ORDER, number))]
    (row,) = connector("documents", "list", "--number", number, "--json").data
    for text in (number, row["document"], f"nordic#purchase_order#{number}"):
        assert connector("documents", "show", text, "--json").data["document"] == row["document"]


@pytest.mark.parametrize("kept", ["CreditNote:900145", "DebitNote:900145", "CashSale:900145"])
def test_a_credit_or_debit_note_is_found_by_its_number_alone(connector, ledger, kept):
    ledger.kept = [replace(SENT, key=DocumentKey("nordic", Kind.CUSTOMER_INVOICE, kept))]
    for number in ("900145", kept):
        assert connector("documents", "show", number, "--json").data["document"].endswith(f"/{kept}")


def test_an_order_of_a_second_type_is_found_by_its_number(connector, ledger):
    second = replace(SENT, key=SENT.key.of_type("DropShip"))
    ledger.kept = [second]
    assert connector("documents", "show", "500123", "--json").data["document"].endswith("/DropShip:500123")
    ledger.kept = [SENT, second]
    assert "nordic/purchase_order/500123, nordic/purchase_order/DropShip:500123" in (
        connector("documents", "show", "500123").err
    )


def test_a_change_of_an_order_is_not_shown_with_an_invoice_of_its_number(connector, stack, ledger):
    ledger.kept = [replace(SENT, key=INVOICE)]
    stack.changes.put(a_change(number=INVOICE.number))
    assert connector("documents", "show", str(INVOICE), "--json").data["changes"] == []
    found = connector("documents", "show", INVOICE.number, "--json").data
    assert found["document"] == str(INVOICE), "what came in only counts where nothing of ours has the number"


def test_an_order_of_which_only_changes_are_known_is_shown_and_cannot_be_replayed(connector, stack, ledger):
    stack.changes.put(a_change(number="500777"))
    found = connector("documents", "show", "500777", "--json").data
    assert (found["document"], found["revisions"], len(found["changes"])) == ("nordic/purchase_order/500777", [], 1)
    assert connector("documents", "trace", "500777").code == 0
    result = connector("documents", "replay", "500777", "--yes")
    assert (result.code, stack.outbox.queued) == (1, [])
    assert "no revision of nordic/purchase_order/500777" in result.err
