"""The body that writes a change into a Visma order."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from connector.domain.order_change.edits import NO_EDITS, Edits, LineEdit, Operation
from connector.edi.visma.order_update import encode, hold_update, order_update

OCT_1 = date(2026, 10, 1)


def body_of(**values):
    """The body with one changed line, without what every one has."""
    (line,) = order_update(Edits(lines=(LineEdit(operation=Operation.UPDATE, number=1, **values),)))["lines"]
    assert line.pop("operation") == "Update"
    assert line.pop("lineNumber") == {"value": 1}
    return line


def test_a_change_an_added_and_a_deleted_line_are_written_as_visma_wants_them():
    edits = Edits(
        promised_on=OCT_1,
        lines=(
            LineEdit(operation=Operation.UPDATE, number=1, quantity=Decimal(24), promised=OCT_1),
            LineEdit(operation=Operation.DELETE, number=3),
            LineEdit(
                operation=Operation.INSERT,
                item="1298",
                line_type="GoodsForInventory",
                unit="STK",
                warehouse="1",
                quantity=Decimal(6),
                price=Decimal("41.5"),
                requested=OCT_1,
                promised=date(2026, 10, 8),
            ),
        ),
    )
    assert encode(order_update(edits)).decode() == (
        '{"promisedOn":{"value":"2026-10-01T00:00:00"},"lines":['
        '{"operation":"Update","lineNumber":{"value":1},"orderQty":{"value":24},'
        '"promised":{"value":"2026-10-01T00:00:00"}},'
        '{"operation":"Delete","lineNumber":{"value":3}},'
        '{"operation":"Insert","inventory":{"value":"1298"},"lineType":{"value":"GoodsForInventory"},'
        '"uom":{"value":"STK"},"warehouse":{"value":"1"},"orderQty":{"value":6},"unitCost":{"value":41.5},'
        '"requested":{"value":"2026-10-01T00:00:00"},"promised":{"value":"2026-10-08T00:00:00"}}]}'
    )


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ({"quantity": Decimal("2.50")}, {"orderQty": {"value": Decimal("2.50")}}),
        ({"price": Decimal(0)}, {"unitCost": {"value": Decimal(0)}}),
        ({"requested": OCT_1}, {"requested": {"value": "2026-10-01T00:00:00"}}),
        ({"promised": OCT_1}, {"promised": {"value": "2026-10-01T00:00:00"}}),
    ],
)
def test_only_what_changes_is_written(values, written):
    assert body_of(**values) == written


def test_what_an_added_line_leaves_to_visma_is_not_written():
    edit = LineEdit(operation=Operation.INSERT, item="1298", quantity=Decimal(1))
    assert order_update(Edits(lines=(edit,))) == {
        "lines": [{"operation": "Insert", "inventory": {"value": "1298"}, "orderQty": {"value": Decimal(1)}}]
    }


def test_a_date_of_the_header_leaves_the_lines_alone():
    assert order_update(Edits(promised_on=OCT_1)) == {"promisedOn": {"value": "2026-10-01T00:00:00"}}
    assert order_update(NO_EDITS) == {}


def test_decimals_stay_decimals_until_they_are_encoded():
    quantity = Decimal("0.1") + Decimal("0.2")
    assert body_of(quantity=quantity)["orderQty"]["value"] is quantity


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("1E+2", "100"),
        ("0.0000001", "0.0000001"),
        ("1E-7", "0.0000001"),
        ("0E-10", "0.0000000000"),
        ("24.0", "24.0"),
        ("123456789012.123456", "123456789012.123456"),
        ("0.30000000000000004", "0.30000000000000004"),
    ],
)
def test_numbers_are_exact_and_without_an_exponent(number, written):
    encoded = encode(order_update(Edits(lines=(LineEdit(operation=Operation.UPDATE, price=Decimal(number)),))))
    assert f'"unitCost":{{"value":{written}}}'.encode() in encoded
    value = json.loads(encoded, parse_float=Decimal)["lines"][0]["unitCost"]["value"]
    assert value == Decimal(number)


def test_texts_are_written_as_they_are():
    edit = LineEdit(operation=Operation.INSERT, item='Å"1/2')
    assert json.loads(encode(order_update(Edits(lines=(edit,)))))["lines"][0]["inventory"] == {"value": 'Å"1/2'}


def test_an_order_is_put_on_hold_and_released():
    assert encode(hold_update(hold=True)) == b'{"hold":{"value":true}}'
    assert encode(hold_update(hold=False)) == b'{"hold":{"value":false}}'


def test_cancelling_is_refused_because_visma_cannot():
    with pytest.raises(ValueError, match="no call that cancels"):
        order_update(Edits(cancelled=True))
