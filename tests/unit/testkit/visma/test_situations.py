"""The catalogue of sample documents: each states its rule in figures, and the sandbox serves it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from testkit.sandboxes import VismaSandbox, bearer
from testkit.visma.resources import RESOURCES
from testkit.visma.situations import SITUATIONS, situation_named

EACH = pytest.mark.parametrize("name", SITUATIONS)


def dec(value: Any) -> Decimal:
    return Decimal(str(value))


def rows_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    return document.get("invoiceLines") or document["lines"]


@EACH
def test_the_figures_of_a_situation_add_up_by_the_rules_of_visma(name: str) -> None:
    situation = SITUATIONS[name]
    document = situation.document()
    rows = rows_of(document)
    if situation.kind == "purchaseorder":
        net = sum((dec(row["amount"]) for row in rows), Decimal(0))
        assert (dec(document["lineTotal"]), dec(document["orderTotal"])) == (net, net + dec(document["taxTotal"]))
        return
    rate = dec(document["exchangeRate"] or 1)
    amount = "costInCurrency" if situation.kind == "supplierInvoice" else "amountInCurrency"
    net = sum((dec(row[amount]) for row in rows), Decimal(0))
    before = net + dec(document["vatTotalInCurrency"])
    difference = dec(document["roundingDiff"]) / rate
    assert dec(document["detailTotalInCurrency"]) == net
    assert dec(document["balanceInCurrency"]) == before - difference, "payable = before - difference"
    assert dec(document["amount"]) == round(dec(document["balanceInCurrency"]) * rate, 2), "plain is company currency"


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("order_standard_pattern", ("orderType",), "StandardBlanket"),
        ("order_blanket", ("orderType",), "Blanket"),
        ("order_calloff_names_blanket", ("lines", 0, "orderNumber"), "610400"),
        ("order_calloff_names_blanket", ("lines", 0, "orderType"), "Blanket"),
        ("order_calloff_names_blanket", ("lines", 0, "requested"), "2026-11-23T00:00:00"),
        ("order_reverse_charge", ("orderTotal",), 1000.0),
        ("order_use_tax", ("orderTotal",), 1000.0),
        ("order_partly_deductible_vat", ("orderTotal",), 1250.0),
        ("order_amount_entered", ("lines", 0, "amount"), 100.0),
        ("order_line_surcharge", ("orderTotal",), 1100.0),
        ("order_line_free", ("orderTotal",), 0.0),
        ("order_default_dates", ("lines", 0, "requested"), "2026-11-20T00:00:00"),
        ("order_default_dates", ("lines", 0, "promised"), "2026-12-01T00:00:00"),
        ("order_eur", ("lines", 0, "unitCostInBaseCurrency"), 117.14),
        ("order_internal_note", ("lines", 0, "note"), "Internt: margin 42 %"),
        ("supplier_invoice_reverse_charge", ("balanceInCurrency",), 1000.0),
        ("supplier_invoice_use_tax", ("balanceInCurrency",), 1000.0),
        ("supplier_invoice_partly_deductible_vat", ("balanceInCurrency",), 1250.0),
        ("supplier_invoice_eur_rounded_down", ("roundingDiff",), 3.51),
        ("supplier_invoice_eur_rounded_up", ("roundingDiff",), -2.34),
        ("supplier_invoice_eur_rounded_up", ("balanceInCurrency",), 250.0),
        ("supplier_invoice_rounded_no_rate", ("exchangeRate",), None),
        ("customer_invoice_manual_amount", ("amountInCurrency",), 40.0),
        ("customer_invoice_priced_text_line", ("invoiceLines", 1, "inventoryNumber"), None),
        ("customer_invoice_eur_rounded", ("amountInCurrency",), 250.0),
        ("customer_invoice_rounded", ("amount",), 250.0),
        ("customer_invoice_lines_null", ("lines",), None),
        ("customer_invoice_negative_total", ("amountInCurrency",), -200.0),
        ("customer_invoice_sales_order_number", ("invoiceLines", 0, "soOrderNbr"), "200981"),
        ("credit_note_applied_to_invoice", ("applications", 0, "refNbr"), "910007"),
        ("debit_note_settled_by_payment", ("documentType",), "DebitNote"),
    ],
)
def test_a_situation_states_what_it_is_about(name: str, path: tuple[str | int, ...], value: object) -> None:
    found: Any = SITUATIONS[name].document()
    for step in path:
        found = found[step]
    assert found == value


@pytest.mark.parametrize(("name", "rates"), [("order_reverse_charge", [25.0, 25.0]), ("order_use_tax", [25.0])])
def test_tax_rows_that_are_no_part_of_the_total_are_listed(name: str, rates: list[float]) -> None:
    order = SITUATIONS[name].document()
    assert ([row["vatRate"] for row in order["taxDetails"]], order["taxTotal"]) == (rates, 0.0)


def test_no_two_situations_share_a_number_or_a_document() -> None:
    keys = [(one.kind, one.document()[RESOURCES[one.kind.lower()].number]) for one in SITUATIONS.values()]
    assert len(set(keys)) == len(keys)
    first, second = (SITUATIONS["order_use_tax"].document() for _ in range(2))
    first["lines"][0]["amount"] = 0.0
    assert second["lines"][0]["amount"] == 1000.0


def test_the_catalogue_is_read_and_served_by_control_calls() -> None:
    sandbox = VismaSandbox()
    client = sandbox.app.test_client()
    assert [one["name"] for one in client.get("/_sandbox/situations").get_json()] == list(SITUATIONS)
    body = {"names": ["credit_note_applied_to_invoice"], "changes": {"customer": {"number": "7", "name": "Seven"}}}
    answer = client.post("/_sandbox/situations", json=body)
    entry = {"name": "credit_note_applied_to_invoice", "kind": "customerCreditNote", "number": "920001"}
    assert (answer.status_code, answer.get_json()) == (201, [entry])
    shown = client.get("/v1/customerCreditNote?expandApplications=true", headers=bearer(sandbox)).get_json()[0]
    assert (shown["applications"][0]["docType"], shown["customer"]["number"]) == ("Invoice", "7")
    assert len(client.post("/_sandbox/situations", json={}).get_json()) == len(SITUATIONS)
    with pytest.raises(ValueError, match="knows no situation 'order_of_the_day'"):
        situation_named("order_of_the_day")
