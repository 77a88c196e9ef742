"""A paused partner on the deployed stack: orders are made, edited and cancelled meanwhile, and none is lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from connector.domain.documents import DocumentKey
from connector.domain.order_change.record import ChangeState
from connector.domain.revision.record import Revision, State
from demo.catalogue import purchase_order
from proof.deployed.environment import OTHER_SUPPLIER, SUPPLIER, Environment, prepared
from testkit.laptop.observed import SENT, Laptop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("empty stack")]

BEFORE = [str(number) for number in range(320_001, 320_012)]
EDITED_LATER, CANCELLED_LATER, TAKEN_BACK, ASKED = BEFORE[:5], BEFORE[5:8], BEFORE[8:10], BEFORE[10]
"""Orders that the partner has when it is paused; of the last one it asks for a change."""
NEW = [str(number) for number in range(321_001, 321_021)]
LEFT_ALONE, EDITED, EDITED_AND_CANCELLED, CANCELLED = NEW[:5], NEW[5:10], NEW[10:15], NEW[15:]
CHANGED_MEANWHILE = len(NEW) + len(EDITED_LATER + CANCELLED_LATER + TAKEN_BACK)


@pytest.fixture(scope="module")
def environment(empty: Laptop) -> Iterator[Environment]:
    with prepared(empty, "pauses") as found:
        yield found


def _quiesce(environment: Environment) -> None:
    laptop, queues = environment.laptop, ("DocumentsQueueUrl", "DeliveriesQueueUrl", "ChangesQueueUrl")

    def is_quiescent() -> bool:
        return not any(laptop.waiting(queue) for queue in queues) and laptop.poll()["queued"] == 0

    laptop.until(is_quiescent, "the stack to be quiescent")


def _edit(environment: Environment, numbers: list[str], quantity: int) -> None:
    line = {"operation": "Update", "lineNumber": {"value": 1}, "orderQty": {"value": quantity}}
    of_orders = {"kind": "purchaseorder", "company": environment.company_id, "numbers": numbers}
    environment.laptop.visma.control("POST", "edits", {**of_orders, "update": {"lines": [line]}})


def _cancel(environment: Environment, numbers: list[str]) -> None:
    for number in numbers:
        edit = {"kind": "purchaseorder", "company": environment.company_id, "number": number}
        environment.laptop.visma.control("PATCH", "documents", {**edit, "changes": {"status": "Cancelled"}})


def _reached(environment: Environment, number: str) -> list[Revision]:
    """What the partner got of an order, oldest first."""
    revisions = environment.laptop.ledger.revisions(DocumentKey.parse(environment.key(number)), limit=50)
    return [one for one in reversed(revisions) if one.state in SENT and one.transaction_id is not None]


def _as(environment: Environment, numbers: list[str]) -> set[tuple[str, ...]]:
    return {tuple(str(one.purpose) for one in _reached(environment, number)) for number in numbers}


def _command(environment: Environment, *words: str) -> dict[str, object]:
    ended = environment.laptop.connector(*words, "--json")
    assert ended.returncode in {0, 3}, ended.stderr
    found: dict[str, object] = json.loads(ended.stdout)
    return found


def test_after_a_pause_the_partner_has_what_visma_has_each_once(environment: Environment) -> None:
    laptop, scope = environment.laptop, ("--company", environment.company, "--partner", "supplier")
    for number in BEFORE:
        environment.order(number)
    _quiesce(environment)
    assert _as(environment, BEFORE) == {("original",)}

    _command(environment, "pause", *scope, "--reason", "their warehouse moves", "--by", "operator", "--yes")
    for number in NEW:
        environment.order(number)
    _quiesce(environment)
    _edit(environment, [*EDITED, *EDITED_AND_CANCELLED, *EDITED_LATER, *TAKEN_BACK], 30)
    for_another = purchase_order("322001", SUPPLIER, [("1310", "20")])
    for_another["supplier"] |= {"number": OTHER_SUPPLIER, "internalId": 2}
    laptop.put(environment.company_id, for_another)
    _quiesce(environment)
    # Somebody applies a file that knows nothing of the pause.
    laptop.apply_unchecked(json.loads(json.dumps(laptop.routing().data)))
    _edit(environment, [*EDITED, *EDITED_LATER], 40)
    _edit(environment, TAKEN_BACK, 20)
    _cancel(environment, [*EDITED_AND_CANCELLED, *CANCELLED, *CANCELLED_LATER])
    asked = environment.asks(ASKED, 25)
    laptop.collect()
    change = laptop.decided(asked["id"])
    _quiesce(environment)

    sent = Counter(one["businessNumber"] for one in laptop.transactions(sender=environment.ours))
    assert sent == Counter([*BEFORE, "322001"]), "nothing of the paused partner, and everything of the other one"
    assert (change.state, change.reason_codes[0]) == (ChangeState.PARKED, "paused")
    (pause,) = [one for one in _command(environment, "status")["pauses"] if environment.company in one["options"]]  # type: ignore[attr-defined]
    waiting = len(LEFT_ALONE + EDITED + EDITED_LATER + CANCELLED_LATER)
    assert pause["count"] == waiting

    output = _command(environment, "resume", *scope, "--by", "operator", "--yes")
    assert len(output["released"]) == waiting  # type: ignore[arg-type]
    _quiesce(environment)
    laptop.until(lambda: laptop.decided(asked["id"]).state is ChangeState.APPLIED, "the change to be applied")
    _quiesce(environment)

    assert CHANGED_MEANWHILE == 30
    assert _as(environment, [*LEFT_ALONE, *EDITED]) == {("original",)}
    assert _as(environment, [*EDITED_AND_CANCELLED, *CANCELLED]) == {()}
    assert _as(environment, EDITED_LATER) == {("original", "replace")}
    assert _as(environment, CANCELLED_LATER) == {("original", "cancellation")}
    assert _as(environment, [*TAKEN_BACK, ASKED]) == {("original",)}
    assert all(
        len(laptop.transactions(number, sender=environment.ours)) == len(_reached(environment, number))
        for number in NEW
    )
    for number in [*LEFT_ALONE, *EDITED, *EDITED_LATER, *TAKEN_BACK]:
        kept = json.loads(laptop.ledger.source_of(_reached(environment, number)[-1]))
        in_visma = laptop.order(number, company_id=environment.company_id)
        assert kept["lines"][0]["orderQty"] == in_visma["lines"][0]["orderQty"], number
    assert [one for one in laptop.ledger.in_state(State.PARKED) if one.key.company == environment.company] == []
