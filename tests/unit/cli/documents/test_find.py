from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.revision.record import Owner
from testkit.memory.stores import a_change
from tests.unit.cli.documents.conftest import INVOICE, ORDER, SENT


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


@pytest.mark.parametrize("command", ["show", "trace", "close"])
def test_a_transaction_leads_to_its_document(connector, stack, ledger, command):
    """Orderful and partners name transactions: one that was sent, under each of its ids, and one that came in."""
    ledger.owned = dict.fromkeys(("802210971", "0d5c5e1e-7c3f-4d0b-9f0e-3f2f6a1b9c11"), Owner(ORDER, 1))
    change = a_change(transaction_id="802219999", number=ORDER.number)
    stack.changes.put(change, message={})
    options = ("--dry-run",) if command == "close" else ()
    for name in ("802210971", "0d5c5e1e-7c3f-4d0b-9f0e-3f2f6a1b9c11", "802219999"):
        result = connector("documents", command, name, *options)
        assert (result.code, str(ORDER) in result.out + result.err) == (0, True)


def test_a_number_goes_before_a_transaction_with_the_same_one(connector, ledger):
    ledger.owned = {"500123": Owner(INVOICE, 1)}
    assert connector("documents", "show", "500123", "--json").data["document"] == str(ORDER)


def test_an_unknown_name_is_said_to_be_neither(connector, ledger):
    assert ", and no such transaction.\n" in connector("documents", "show", "999").err


@pytest.mark.parametrize("command", ["show", "trace"])
def test_several_are_shown_one_after_the_other_and_an_unknown_one_stops_none(connector, ledger, command):
    ledger.kept = [*ledger.kept, replace(SENT, key=INVOICE)]
    names = ("500123", "999", "100231")
    result = connector("documents", command, *names, "--json")
    assert [one["document"] for one in result.data] == [str(ORDER), str(INVOICE)]
    assert (result.code, "knows no document 999" in result.err) == (1, True)
    text = connector("documents", command, *names).out
    assert text == "\n\n".join(connector("documents", command, one).out for one in ("500123", "100231"))


def test_a_revision_is_named_of_one_document(connector, ledger):
    assert connector("documents", "show", "500123", "100231", "--revision", "1").code == 2


@pytest.mark.parametrize("name", ["00500123", "nordic/purchase_order/00500123"])
def test_a_number_with_leading_zeros_proposes_the_one_without(connector, ledger, name):
    output = connector("documents", "show", name).err
    assert output == f"The ledger knows no document {name}. Without leading zeros it knows {ORDER}.\n"


@pytest.mark.parametrize("name", ["000", "00999"])
def test_without_such_a_document_nothing_is_proposed(connector, ledger, name):
    assert "Without leading zeros" not in connector("documents", "show", name).err
