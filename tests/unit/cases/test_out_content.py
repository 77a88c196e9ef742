"""Documents as they come from Visma, through `connector translate`: what a partner reads in each dialect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from connector.cli.main import command_line
from testkit.x12_reader import every, only, read

CASES = Path(__file__).parents[2] / "data/cases/out"


class Result(NamedTuple):
    """What the command gave back."""

    code: int
    out: str
    err: str

    @property
    def message(self) -> dict[str, Any]:
        """Mosaic's message."""
        return json.loads(self.out)["body"]["message"]

    @property
    def segments(self) -> list[list[str]]:
        """The segments of the interchange."""
        return read(self.out)


@pytest.fixture
def translate(capsys, tmp_path, socket_disabled):
    """Run `connector translate` on a case; `settings` is what the defaults of its routing say besides."""

    def run(name: str, *options: str, settings: dict[str, str] | None = None, **changes: Any) -> Result:
        document = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8")) | changes
        file, routing = tmp_path / "document.json", tmp_path / "routing.yaml"
        file.write_text(json.dumps(document), encoding="utf-8")
        text = (CASES / "routing.yaml").read_text(encoding="utf-8")
        more = "".join(f"  {key}: {value}\n" for key, value in (settings or {}).items())
        routing.write_text(text.replace("defaults:\n", f"defaults:\n{more}"))
        code = command_line(["translate", str(file), "--config", str(routing), *options])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


X12 = ("--dialect", "x12", "--as", "x12")
MOSAIC = ("--dialect", "mosaic")


@pytest.mark.parametrize("options", [X12, MOSAIC, ()])
def test_a_standard_order_is_a_pattern_and_is_never_sent(translate, options):
    result = translate("order_standard_pattern", *options)
    assert (result.code, result.out) == (3, "")
    assert "pattern" in result.err


@pytest.mark.parametrize(
    ("name", "x12", "mosaic"),
    [
        ("order_blanket", ["BK", "60000B", ""], ("blanketFirm", None)),
        ("order_calloff_names_blanket", ["RL", "600010", "400001"], ("release", "400001")),
        ("order_default_dates", ["SA", "500123", ""], ("standalone", None)),
    ],
)
def test_the_order_type_and_the_blanket_order(translate, name, x12, mosaic):
    assert only(translate(name, *X12).segments, "BEG")[2:5] == x12
    message = translate(name, *MOSAIC).message
    assert (message["purchaseOrderType"], message.get("releaseNumber")) == mosaic


def test_the_order_date_is_no_wanted_day(translate):
    dates = every(translate("order_default_dates", *X12).segments, "DTM")
    assert dates == [["DTM", "002", "20261201"]] * 3
    message = translate("order_default_dates", *MOSAIC).message
    wanted = [part["dates"]["requestedDeliveryDate"] for part in (message, *message["lineItems"])]
    assert wanted == ["2026-12-01"] * 3


@pytest.mark.parametrize("empty", ["1900-01-01T00:00:00", "0001-01-01T00:00:00"])
def test_an_empty_date_of_visma_is_none(translate, empty):
    dates = every(translate("order_default_dates", *X12, promisedOn=empty).segments, "DTM")
    assert dates == [["DTM", "002", "20261201"]] * 2


def test_notes_of_colleagues_stay_unless_routing_sends_them(translate):
    for options in (X12, MOSAIC):
        silent = translate("order_internal_note", *options)
        assert silent.code == 0
        assert "INTERNAL" not in silent.out.upper()
        assert "Ukesbestilling" in silent.out
        output = translate("order_internal_note", *options, settings={"notes": "all"}).out
        assert "INTERNAL: do not pay" in output
        assert "margin 42 %" in output
        assert "margin" not in translate("order_internal_note", *options, settings={"notes": "header"}).out
        assert "do not pay" not in translate("order_internal_note", *options, settings={"notes": "lines"}).out


def test_our_company_is_not_called_by_its_key_in_the_routing(translate):
    names = [segment[2] for segment in every(translate("order_default_dates", *X12).segments, "N1")]
    assert names == ["Varemottak", "Sorlandets Gront AS"]
    assert "nordic" not in translate("order_default_dates", *MOSAIC).out.replace("NORDICFOOD", "").lower()


def test_a_credit_note_names_the_invoice_that_it_credits(translate):
    assert ["REF", "OI", "100231"] in every(translate("credit_note_applied_to_invoice", *X12).segments, "REF")
    # Mosaic has no place for VAT, a payment reference and a currency that is not agreed.
    agreed = {"currency": "NOK"}
    without = {
        "taxDetails": [],
        "vatTotalInCurrency": 0,
        "amountInCurrency": 200,
        "paymentReference": None,
    }
    memo = translate("credit_note_applied_to_invoice", *MOSAIC, settings=agreed, **without).message
    assert (memo["invoiceType"], memo["originalInvoiceNumber"]) == ("creditMemo", "100231")


def test_a_customer_invoice_names_our_sales_order_beside_the_buyers_number(translate):
    segments = translate("customer_invoice_sales_order_number", *X12).segments
    assert only(segments, "BIG")[4] == "PO-4711"
    assert every(segments, "REF").count(["REF", "VN", "200981"]) == 1
