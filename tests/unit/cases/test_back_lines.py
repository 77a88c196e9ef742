"""860s as they come from partners, through `connector change`: dates, prices, quantities and purposes of lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from connector.cli.main import command_line

CASES = Path(__file__).parents[2] / "data/cases/back"


class Result(NamedTuple):
    """What the command gave back."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        """The decision as JSON."""
        return json.loads(self.out)

    @property
    def body(self) -> dict[str, Any]:
        """What is written, or would be after an approval."""
        return self.data["put"]["body"]


@pytest.fixture
def change(capsys, tmp_path, socket_disabled):
    """Run `connector change` on a case; `message` and `order` change the documents before."""

    def run(name: str, *options: str, message=None, order=None, settings: str = "") -> Result:
        files = {}
        for what, alter in (("860", message), ("order", order)):
            document = json.loads((CASES / f"{name}.{what}.json").read_text(encoding="utf-8"))
            if alter is not None:
                alter(document)
            files[what] = tmp_path / f"{what}.json"
            files[what].write_text(json.dumps(document), encoding="utf-8")
        routing = tmp_path / "routing.yaml"
        text = (CASES / "routing.yaml").read_text(encoding="utf-8")
        routing.write_text(text.replace("defaults:\n", f"defaults:\n{settings}"))
        arguments = ["change", str(files["860"]), "--order", str(files["order"]), "--config", str(routing), *options]
        code = command_line(arguments)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


def tree(message: dict[str, Any]) -> dict[str, Any]:
    """The transaction set of an 860."""
    return message["transactionSets"][0]


def an_update(number: int, **fields: Any) -> dict[str, Any]:
    """A line of the request to Visma."""
    wrapped = {name: {"value": value} for name, value in {"lineNumber": number, **fields}.items()}
    return {"operation": "Update", **wrapped}


def test_a_line_date_moves_the_promised_day_and_is_measured_against_it(change):
    result = change("line_date", "--json")
    assert (result.code, result.body) == (0, {"lines": [an_update(1, promised="2026-12-05T00:00:00")]})
    (difference,) = result.data["differences"]
    assert (difference["base"], difference["theirs"]) == ("2026-12-01", "2026-12-05")
    by_requested = change("line_date", "--json", settings="  line_date: requested\n")
    assert by_requested.body["lines"] == [an_update(1, requested="2026-12-05T00:00:00")]
    assert "from 2026-11-20 to 2026-12-05, further than 14 days" in by_requested.err


def no_lines(message):
    """The case counts one line (CTT01) and has none."""
    tree(message)["CTT_loop"][0]["transactionTotals"][0]["numberOfLineItems"] = "0"


def test_a_header_date_moves_the_lines_that_had_it(change):
    result = change("header_date_only", "--json", message=no_lines)
    day = "2026-12-15T00:00:00"
    assert result.code == 0
    assert result.body == {
        "promisedOn": {"value": day},
        "lines": [an_update(1, promised=day), an_update(2, promised=day)],
    }
    another = change(
        "header_date_only",
        "--json",
        message=no_lines,
        order=lambda order: order["lines"][1].update(promised="2026-12-03T00:00:00"),
    )
    assert (another.code, another.body["lines"]) == (0, [an_update(1, promised=day)])
    assert another.data["remarks"] == [
        "Line 2 keeps the day 2026-12-03: the date of the header moves the lines that had 2026-12-01."
    ]


def test_a_header_date_asks_about_lines_that_cannot_go_along(change):
    closed = change("header_date_only", order=lambda order: order["lines"][1].update(completed=True))
    assert closed.code == 3
    assert "Not written by an approval:\n  Line 2 is closed in Visma and keeps its day 2026-12-01.\n" in closed.out
    received = change("header_date_only", order=lambda order: order["lines"][0].update(qtyOnReceipts=4))
    assert "Line 1: 4 were received already; the day of the rest moves" in received.out
    assert "Line 1" not in received.err


def test_a_wholesale_price_per_each_is_read(change):
    result = change("price_basis_we", "--json")
    assert (result.code, result.body) == (0, {"lines": [an_update(1, unitCost=42)]})


@pytest.mark.parametrize("options", [(), ("--approved",)])
def test_a_price_that_nobody_can_read_is_lifted_by_no_approval(change, options):
    def per_dozen(message):
        tree(message)["POC_loop"][0]["lineItemChange"][0]["basisOfUnitPriceCode"] = "PD"

    result = change("price_basis_we", *options, message=per_dozen)
    assert result.code == 3
    assert "Line 1: its price of 42 has the basis 'PD'" in result.out
    assert "As things stand, an approval would write nothing." in result.out
    assert "change the order in Visma by hand and close the change" in result.out


@pytest.mark.parametrize("restated", [True, False])
def test_a_deletion_is_a_cancellation_with_or_without_lines(change, restated):
    def without_lines(message):
        del tree(message)["POC_loop"]

    result = change("purpose_03_delete", "--approved", message=None if restated else without_lines)
    assert (result.code, result.err) == (3, "PARKED: cancels-order\n")
    assert "Cancel the order in Visma, then approve the change" in result.out


def test_poc04_that_is_what_the_partner_had_is_a_question_with_a_proposal(change):
    result = change("poc04_is_what_partner_had")
    assert result.code == 3
    assert "POC03 says 200, POC04 says 150, and the partner had 150: 200 is read as the new quantity." in result.out
    assert "set partners.gront.changes.quantities to new_total in the routing file" in result.out
    approved = change("poc04_is_what_partner_had", "--approved", "--json")
    assert (approved.code, approved.body) == (0, {"lines": [an_update(1, orderQty=200)]})


def test_a_person_can_choose_the_reading_for_one_change(change):
    def unlike(message):
        tree(message)["POC_loop"][0]["lineItemChange"][0]["quantity1"] = "160"

    undecided = change("poc04_is_what_partner_had", "--approved", message=unlike)
    assert (undecided.code, "As things stand, an approval would write nothing." in undecided.out) == (3, True)
    assert "new_total, delta, old_total_with_new_in_poc04" in undecided.out
    for reading, quantity in (("new_total", 200), ("old_total_with_new_in_poc04", 160)):
        chosen = change("poc04_is_what_partner_had", "--approved", "--json", "--reading", reading, message=unlike)
        assert (chosen.code, chosen.body) == (0, {"lines": [an_update(1, orderQty=quantity)]})


def test_an_approval_that_writes_nothing_says_so(change):
    def charge_only(message):
        line = tree(message)["POC_loop"][0]
        line["lineItemChange"][0]["unitPrice"] = "41.5"
        line["SAC_loop"] = [{"servicePromotionAllowanceOrChargeInformation": [{"amount": "500"}]}]

    result = change("price_basis_we", message=charge_only)
    assert result.code == 3
    assert "Not written by an approval:\n  Line 1: it states allowances and charges: " in result.out
    assert "An approval would write nothing and close the change." in result.out
    approved = change("price_basis_we", "--approved", message=charge_only)
    assert (approved.code, "It writes nothing and closes the change." in approved.out) == (0, True)
    assert "the order is so already" not in result.out + approved.out


@pytest.mark.parametrize(
    ("totals", "reason"),
    [
        ({"numberOfLineItems": "2"}, "It says that it has 2 lines (CTT01), and 1 arrived"),
        ({"numberOfLineItems": "0"}, "It says that it has 0 lines (CTT01), and 1 arrived"),
        ({"numberOfLineItems": "one"}, "Its totals (CTT) cannot be read: 'one' is no number."),
        ({"numberOfLineItems": "1", "hashTotal": "99"}, "Its hash total (CTT02) is 99, and the quantities"),
        ({"numberOfLineItems": "1", "hashTotal": "8.5"}, None),
        ({"numberOfLineItems": "1", "hashTotal": "85"}, None),
        ({"numberOfLineItems": "1", "weight": "12", "unitOrBasisForMeasurementCode": "KG"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("in_loop", [True, False])
def test_a_count_or_a_hash_total_that_does_not_close_is_a_question(change, totals, reason, in_loop):
    def counted(message):
        of = tree(message)
        of["POC_loop"][0]["lineItemChange"][0]["quantity"] = "8.5"
        of.pop("CTT_loop")
        of |= {"CTT_loop": [{"transactionTotals": [totals]}]} if in_loop else {"transactionTotals": [totals]}

    def standing(order):
        order["lines"][0].update(orderQty=8.5, amount=352.75)

    result = change("price_basis_we", message=counted, order=standing)
    assert (result.code, reason is None or reason in result.out) == (3 if reason else 0, True)


def test_a_hash_total_may_be_cut_on_the_left(change):
    def long(message):
        of = tree(message)
        of["POC_loop"][0]["lineItemChange"][0]["quantity"] = "12345678901"
        of["CTT_loop"] = [{"transactionTotals": [{"numberOfLineItems": "1", "hashTotal": "2345678901"}]}]

    assert "CTT02" not in change("price_basis_we", message=long).out


@pytest.mark.parametrize(
    ("poc05", "sch02", "reason"),
    [
        ("EA", "EA", None),
        ("EA", "CA", "Line 1: it schedules in CA (SCH02), another unit than its quantity has (EA)."),
        (None, "EA", None),
        (None, "CA", "Line 1 is in unit CA, and the order has it in STK (each)."),
    ],
)
@pytest.mark.parametrize("in_loop", [True, False])
def test_the_unit_of_a_schedule_is_compared(change, poc05, sch02, reason, in_loop):
    def scheduled(message):
        loop = tree(message)["POC_loop"][0]
        line = loop["lineItemChange"][0]
        line.pop("compositeUnitOfMeasure")
        if poc05:
            line["unitOrBasisForMeasurementCode"] = poc05
        schedule = {"quantity": line["quantity"], "unitOrBasisForMeasurementCode": sch02}
        loop |= {"SCH_loop": [{"lineItemSchedule": [schedule]}]} if in_loop else {"lineItemSchedule": [schedule]}

    result = change("price_basis_we", message=scheduled)
    assert (result.code, reason is None or reason in result.out) == (3 if reason else 0, True)


def test_a_carrier_of_a_line_is_told_once(change):
    def carried(message):
        tree(message)["POC_loop"][0]["carrierDetailsRoutingSequenceTransitTime"] = [{"routing": "DHL"}]

    result = change("price_basis_we", "--json", message=carried)
    assert result.data["reasons"] == ["Line 1: it states carrier: routing DHL; the order has none."]


def test_what_visma_has_otherwise_is_not_so_already(change, tmp_path):
    def repeated(message):
        tree(message)["POC_loop"][0]["lineItemChange"][0]["unitPrice"] = "41.5"

    base = tmp_path / "had.json"
    base.write_bytes((CASES / "price_basis_we.order.json").read_bytes())
    result = change(
        "price_basis_we",
        "--had",
        str(base),
        message=repeated,
        order=lambda order: order["lines"][0].update(unitCost=44),
    )
    assert result.code == 0
    assert "Line 1: the price 41.5 is what the partner had; Visma keeps 44." in result.out
    assert "It writes nothing: the message repeats what the partner had, and Visma keeps what it has." in result.out
    assert "so already" in change("price_basis_we", message=repeated).out


@pytest.mark.parametrize("code", ["OC", "OA", None])
def test_a_confirmation_without_a_code_for_the_line_is_silent(change, code):
    def confirming(message):
        tree(message)["beginningSegmentForPurchaseOrderChange"][0]["transactionSetPurposeCode"] = "06"
        line = tree(message)["POC_loop"][0]["lineItemChange"][0]
        line |= {"changeOrResponseTypeCode": code, "unitPrice": "41.5"}

    assert change("price_basis_we", message=confirming).code == 0


def test_lines_of_an_order_in_a_confirmation_are_named(change):
    def restated(message):
        tree(message)["beginningSegmentForPurchaseOrderChange"][0]["transactionSetPurposeCode"] = "06"
        tree(message)["PO1_loop"] = [{"baselineItemData": [{"assignedIdentification": "9"}]}]

    assert "It has lines in PO1 segments" in change("price_basis_we", message=restated).out
