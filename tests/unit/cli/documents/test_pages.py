from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.cli.documents.conftest import ORDER, PARKED, SENT


@pytest.fixture
def opened(connector, stack, ledger, monkeypatch):
    stack.outputs["OrderfulBaseUrl"] = "https://api.orderful.com"
    launched = []
    monkeypatch.setattr("click.launch", launched.append)
    monkeypatch.setattr(stack, "launched", launched, raising=False)

    def run(*options):
        return connector("documents", "open", "500123", *options)

    return run


def test_the_page_at_orderful_is_printed_and_opened(opened, stack):
    page = "https://ui.orderful.com/transactions/802210971"
    assert (opened("--json").data, stack.launched) == ({"orderful": page}, [])
    assert opened("--browse").out == f"orderful  {page}\n"
    assert stack.launched == [page]


def test_a_transaction_that_is_listed_under_a_number_is_opened_by_that(opened, ledger):
    ledger.kept = [replace(SENT, transaction_id="b646771e-a068-4e32", listed_as="802210999")]
    assert opened().out.endswith("/transactions/802210999\n")
    ledger.kept = [replace(SENT, transaction_id="b646771e-a068-4e32")]
    output = "At Orderful: its transaction b646771e-a068-4e32 is not listed under a number yet"
    assert (opened().code, output in opened().err) == (1, True)


def test_a_document_without_a_transaction_says_that(opened, ledger):
    ledger.kept = [PARKED]
    assert (opened().code, "At Orderful: it has no transaction there." in opened().err) == (1, True)


def test_an_address_that_nobody_documents_is_a_setting(opened, stack, ledger, monkeypatch):
    stack.outputs["OrderfulBaseUrl"] = "https://api-eu.orderful.com"
    assert "https://api-eu.orderful.com is not known; CONNECTOR_ORDERFUL_PAGE gives it." in opened().err
    assert "In Visma: the address of its pages is documented nowhere; CONNECTOR_VISMA_PAGE gives it." in opened().err
    monkeypatch.setenv("CONNECTOR_ORDERFUL_PAGE", "https://ui.example/t/{transaction_id}")
    monkeypatch.setenv("CONNECTOR_VISMA_PAGE", "https://erp.example/{company}?k={kind}&t={type}&n={number}")
    ledger.kept = [replace(PARKED, key=replace(ORDER, number="DropShip:500123")), SENT]
    stack.routing.data["companies"]["nordic"]["visma"]["company_id"] = "a b"
    ledger.kept = [replace(SENT, key=replace(ORDER, number="DropShip:500123"))]
    assert opened("--json").data == {
        "orderful": "https://ui.example/t/802210971",
        "visma": "https://erp.example/a%20b?k=purchase_order&t=DropShip&n=500123",
    }


def test_a_browser_that_does_not_start_is_no_success(opened, monkeypatch):
    monkeypatch.setattr("click.launch", lambda _: 3)
    result = opened("--browse")
    assert (result.code, "No browser could be started here" in result.err) == (1, True)


@pytest.mark.parametrize("page", ["https://x/{number!z}", "https://x/{number!r}", "https://x/{number:d}"])
def test_a_value_stands_as_it_is(opened, monkeypatch, page):
    monkeypatch.setenv("CONNECTOR_VISMA_PAGE", page)
    result = opened()
    assert (result.code, "CONNECTOR_VISMA_PAGE is no address of a page" in result.err) == (2, True)


@pytest.mark.parametrize("page", ["file:///etc/{number}", "https://x/{0}", "https://x/{other}", "https://x/{", "x"])
def test_what_is_no_address_of_a_page_is_refused(opened, monkeypatch, page):
    monkeypatch.setenv("CONNECTOR_VISMA_PAGE", page)
    result = opened()
    assert (result.code, result.out) == (2, "")
    assert "CONNECTOR_VISMA_PAGE is no address of a page; it may hold {company}" in result.err
