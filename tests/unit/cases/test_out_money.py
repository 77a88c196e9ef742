"""Documents that companies really have, through the `connector translate` command: what is payable reaches the partner.

The inputs are example documents with one thing changed each.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from connector.cli.main import command_line
from testkit.x12_reader import amount_due, every, only, read

CASES = Path(__file__).parents[2] / "data" / "cases" / "out"
ROUTING = CASES / "routing.yaml"


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def translate(tmp_path, capsys):
    """Run the command on a case, with the routing of the cases or with one setting of a partner changed."""

    def run(case: str, *options: str, **settings: Any) -> Result:
        data = yaml.safe_load(ROUTING.read_text())
        for partner in data["partners"].values():
            partner.update(settings)
        config = tmp_path / "routing.yaml"
        config.write_text(yaml.safe_dump(data))
        arguments = ["translate", str(CASES / f"{case}.json"), "--config", str(config), *options]
        code = command_line(arguments)
        return Result(code, *capsys.readouterr())

    return run


@pytest.fixture
def x12(translate):
    def run(case: str, **settings: Any) -> list[list[str]]:
        result = translate(case, "--dialect", "x12", "--as", "x12", **settings)
        assert result.code == 0, result.err
        return read(result.out)

    return run


def order_closes_at(segments: list[list[str]]) -> Decimal:
    """What an 850 adds up to by its own figures."""
    due = sum((Decimal(line[2]) * Decimal(line[4]) for line in every(segments, "PO1")), Decimal(0))
    for charge in every(segments, "SAC"):
        due += Decimal(charge[5]) / 100 * (1 if charge[1] == "C" else -1)
    return due + sum((Decimal(tax[2]) for tax in every(segments, "TXI")), Decimal(0))


def charges(segments: list[list[str]]) -> list[tuple[str, str, str, str]]:
    return [(charge[1], charge[2], charge[5], charge[15].upper()) for charge in every(segments, "SAC")]


ROUNDED_DOWN = ("A", "F050", "30", "ROUNDING")


@pytest.mark.parametrize(
    ("case", "total", "charged", "taxes"),
    [
        ("supplier_invoice_eur_rounded_down", "25000", [ROUNDED_DOWN], []),
        ("supplier_invoice_rounded_no_rate", "25000", [ROUNDED_DOWN], []),
        ("customer_invoice_eur_rounded", "25000", [ROUNDED_DOWN], []),
        ("customer_invoice_lines_null", "184375", [("C", "F050", "31", "ROUNDING")], [["VA", "368.69", "25"]]),
        ("supplier_invoice_reverse_vat", "25000", [], []),
        ("customer_invoice_negative_total", "20000", [], []),
    ],
)
def test_an_invoice_leaves_with_what_is_payable(x12, case, total, charged, taxes):
    segments = x12(case)
    assert only(segments, "BIG")[7] == ("CR" if case == "customer_invoice_negative_total" else "DI")
    assert only(segments, "TDS")[1] == total
    assert amount_due(segments) == Decimal(total) / 100
    assert charges(segments) == charged
    assert [tax[1:] for tax in every(segments, "TXI")] == taxes


@pytest.mark.parametrize(
    ("case", "total", "charged"),
    [
        ("order_amount_entered", "1096", [("C", "F050", "1", "ROUNDING")]),
        ("order_line_surcharge", "2343.5", [("C", "F050", "12250", "SURCHARGE")]),
        ("order_reverse_vat", "2221", []),
    ],
)
def test_an_order_leaves_with_what_is_payable(x12, translate, case, total, charged):
    segments = x12(case)
    assert only(segments, "AMT")[2] == total
    assert order_closes_at(segments) == Decimal(total)
    assert charges(segments) == charged
    assert not every(segments, "TXI")

    message = json.loads(translate(case, "--dialect", "mosaic").out)["body"]["message"]
    assert Decimal(message["monetaryAmounts"]["net"]) == Decimal(total)
    written = [
        (side[0].upper(), charge["type"].upper(), charge["amount"])
        for line in message["lineItems"]
        for side in ("allowances", "charges")
        for charge in line.get(side, [])
    ]
    assert written == [(side, why, f"{Decimal(cents) / 100:.2f}") for side, _, cents, why in charged]


def test_a_credit_memo_keeps_its_number_and_follows_the_sign_of_the_partner(x12):
    negative = x12("customer_invoice_negative_total", x12={"credit_sign": "negative"})
    assert only(negative, "BIG")[2] == "110006"
    assert only(negative, "TDS")[1] == "-20000"
    assert only(negative, "IT1")[2] == "-2"
    assert amount_due(negative) == -200


@pytest.mark.parametrize(
    ("case", "setting", "message"),
    [
        ("customer_invoice_manual_amount", "entered_amount", "10 x 50 = 500.00, Visma states 50.00"),
        ("customer_invoice_priced_text_line", "lines_without_item", "Line 2 names no item"),
    ],
)
def test_what_a_person_decides_is_parked_with_both_ways_out(translate, case, setting, message):
    result = translate(case)
    assert (result.code, result.out) == (3, "")
    assert message in result.err
    assert "in Visma" in result.err
    assert f"Set partners.butikken.kinds.customer_invoice.{setting}" in result.err


def test_a_manual_amount_is_sent_as_an_adjustment_where_routing_allows_it(x12):
    segments = x12("customer_invoice_manual_amount", entered_amount="adjust")
    assert only(segments, "TDS")[1] == "5000"
    assert amount_due(segments) == 50
    assert charges(segments) == [("A", "F050", "45000", "ADJUSTMENT")]


def test_a_priced_text_line_is_a_line_of_service_or_a_charge_as_routing_says(x12):
    service = x12("customer_invoice_priced_text_line", lines_without_item="service")
    assert [line[1:5] for line in every(service, "IT1")] == [["1", "1", "EA", "100"], ["2", "1", "UN", "49"]]
    assert "Ekspedisjonsgebyr" in [text[5] for text in every(service, "PID")]
    charge = x12("customer_invoice_priced_text_line", lines_without_item="charge")
    assert len(every(charge, "IT1")) == 1
    assert charges(charge) == [("C", "F050", "4900", "EKSPEDISJONSGEBYR")]
    for segments in (service, charge):
        assert only(segments, "TDS")[1] == "14900"
        assert amount_due(segments) == 149
