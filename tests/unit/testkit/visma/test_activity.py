"""What people and nightly jobs do to many documents of the sandbox Visma in one call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.sandboxes import VismaOptions, VismaSandbox

NOON = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
STAMPS = ("lastModifiedDateTime", "timeStamp")


@pytest.fixture
def sandbox() -> VismaSandbox:
    sandbox = VismaSandbox(options=VismaOptions(zone="UTC"))
    sandbox.clock.freeze(NOON)
    for number, status, item in (("1", "Open", "1298"), ("2", "Closed", "1298"), ("3", "Open", "77")):
        line = {"lineNbr": 1, "inventory": {"number": item, "description": "Carrots"}, "orderQty": 1.0, "unitCost": 5.0}
        sandbox.put_document("purchaseorder", {"orderNbr": number, "status": status, "lines": [line]})
    sandbox.clock.advance(timedelta(hours=1))
    return sandbox


def control(sandbox: VismaSandbox, path: str, **body: Any) -> Any:
    answer = sandbox.app.test_client().post(f"/_sandbox/{path}", json={"kind": "purchaseorder", **body})
    return answer.get_json()["numbers"]


def business(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in STAMPS}


def test_a_touch_moves_both_stamps_and_nothing_else(sandbox: VismaSandbox) -> None:
    before = sandbox.document("purchaseorder", "1")
    assert control(sandbox, "touches", numbers=["1"]) == ["1"]
    after = sandbox.document("purchaseorder", "1")
    assert business(after) == business(before)
    assert after["lastModifiedDateTime"] == "2026-09-01T11:00:00"
    assert after["timeStamp"] > before["timeStamp"]


def test_an_edit_is_the_body_of_a_put_and_the_sums_follow(sandbox: VismaSandbox) -> None:
    line = {"operation": "Update", "lineNumber": {"value": 1}, "orderQty": {"value": 9}}
    assert control(sandbox, "edits", numbers=["3"], update={"lines": [line]}) == ["3"]
    assert sandbox.document("purchaseorder", "3")["lineTotal"] == 45.0


def test_an_item_is_renamed_on_all_open_orders_that_name_it(sandbox: VismaSandbox) -> None:
    assert control(sandbox, "renames", field="inventory", id="1298", text="Carrots, washed") == ["1"]
    texts = [row["lines"][0]["inventory"]["description"] for row in sandbox.documents("purchaseorder")]
    assert texts == ["Carrots, washed", "Carrots", "Carrots"]
