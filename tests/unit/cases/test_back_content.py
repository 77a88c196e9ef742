"""Changes as partners send them, through `connector change`: who and what the message names beside its lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from connector.cli.main import command_line
from connector.cli.output import PARKED

CASES = Path(__file__).parents[2] / "data/cases/back"
ORDER = "'Varemottak', number 3, Brobekkveien 80, 0582 Oslo, NO"


class Result(NamedTuple):
    """What the command gave back."""

    code: int
    data: dict[str, Any]

    @property
    def quantity(self) -> Any:
        """What would be written into line 1, once nothing stands against it."""
        (line,) = self.data["put"]["body"]["lines"]
        return line["orderQty"]["value"]


@pytest.fixture
def change(capsys, tmp_path, socket_disabled):
    """Run `connector change` on a case; `settings` is what `changes`, `terms_of` what `terms` of its routing says."""

    def run(name: str, *options: str, settings: str = "", terms_of: str = "", **order: Any) -> Result:
        standing, routing = tmp_path / "order.json", tmp_path / "routing.yaml"
        standing.write_text(json.dumps(json.loads((CASES / f"{name}.order.json").read_text("utf-8")) | order))
        text = (CASES / "routing.yaml").read_text(encoding="utf-8")
        text = text.replace("lines: park}", f"lines: park, {settings}}}" if settings else "lines: park}")
        routing.write_text(text.replace("defaults:\n", f"defaults:\n  terms: {{{terms_of}}}\n"))
        files = ("--order", str(standing), "--config", str(routing))
        code = command_line(["change", str(CASES / f"{name}.860.json"), *files, *options, "--json"])
        return Result(code, json.loads(capsys.readouterr().out))

    return run


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("ship_to_by_code", "'OTHER DC', number 0099"),
        ("ship_to_by_gln", "'OTHER DC', GLN 7080009999999"),
    ],
)
def test_another_place_of_delivery_is_a_question_with_both_places(change, name, theirs):
    result = change(name)
    assert (result.code, result.data["decision"]) == (PARKED, "park")
    (reason,) = result.data["reasons"]
    assert reason.startswith(f"The ship-to is {theirs}; the order has {ORDER}. ")
    place = next(one for one in result.data["differences"] if one["field"] == "ship-to")
    assert (place["base"], place["theirs"], place["ours"]) == (ORDER, theirs, ORDER)
    assert (change(name, "--approved").code, result.quantity) == (0, 8)


@pytest.mark.parametrize(
    ("name", "places"), [("ship_to_by_code", '"0099": "3"'), ("ship_to_by_gln", '"7080009999999": "3"')]
)
def test_a_place_that_routing_names_is_the_order_s_own(change, name, places):
    result = change(name, settings=f"places: {{{places}}}")
    assert (result.code, result.quantity) == (0, 8)
    assert change(name, settings=f"places: {{{places}}}", shippingLocation={"id": 4}).code == PARKED


CHARGE = "It states allowances and charges: a charge of 50.00 (freight); the order has none."
TERMS = "It states terms of payment: net 10 days, counted from the invoice date; the order has '30 dager netto'."
UNREAD = "Line 1: it says more than is read here: composite quantity (quantity 10, quantity 5, quantity 15)."


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("header_charge", CHARGE),
        ("header_terms", TERMS),
        ("unread_elements", UNREAD),
    ],
)
def test_what_a_change_does_not_write_is_a_question_in_words(change, name, reason):
    result = change(name)
    assert (result.code, result.data["decision"], result.data["reasons"]) == (PARKED, "park", [reason])


def test_terms_that_the_order_has_are_no_question(change):
    assert (change("header_terms", terms_of='"30": {net_days: 10}').code) == 0
    assert (change("header_terms", terms_of='"30": {net_days: 30}').code) == PARKED


def test_an_approval_that_only_takes_over_a_party_says_so(capsys, tmp_path):
    message = json.loads((CASES / "ship_to_by_code.860.json").read_text("utf-8"))
    del message["transactionSets"][0]["POC_loop"], message["transactionSets"][0]["CTT_loop"]
    path = tmp_path / "place.json"
    path.write_text(json.dumps(message), encoding="utf-8")
    files = ("--order", str(CASES / "ship_to_by_code.order.json"), "--config", str(CASES / "routing.yaml"))
    assert command_line(["change", str(path), *files]) == PARKED
    assert "An approval would write nothing, and take the parties that are named as the order's own." in (
        capsys.readouterr().out
    )
