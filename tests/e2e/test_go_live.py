"""Go-live, a corrected supplier and a rename in the catalogue, on the deployed stack."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from connector.domain.documents import DocumentKey
from connector.domain.revision.record import State
from proof.deployed.environment import OTHER_SUPPLIER, Environment, prepared
from testkit.laptop.observed import Laptop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("empty stack")]

OLD, TOUCHED, CHANGED, RENAMED, PAGE = 300, 80, 20, 50, 100


@pytest.fixture(scope="module")
def environment(empty: Laptop) -> Iterator[Environment]:
    """A company that begins today, with two suppliers."""
    with prepared(empty, "begins") as found:
        data = json.loads(json.dumps(empty.routing().data))
        data["companies"][found.company]["go_live"] = "2026-01-01"
        empty.apply_unchecked(data)
        empty.visma.control("PUT", "options", {"max_page_size": PAGE})
        yield found
        empty.visma.control("PUT", "options", {"max_page_size": 1000})


def _generated(environment: Environment, count: int, first: int, traffic: str) -> list[str]:
    recipe = {"kind": "purchaseorder", "company": environment.company_id, "count": count, "first_number": first}
    written = {"written_at": f"{traffic}T06:00:00+00:00"} if traffic < "2026" else {}
    environment.laptop.visma.control("POST", "generate", {**recipe, "first_day": traffic, "days": 1, **written})
    return [str(first + index) for index in range(count)]


def _quiet(environment: Environment) -> None:
    """Poll until a poll queues nothing and nothing is on its way."""
    laptop = environment.laptop

    def is_quiescent() -> bool:
        # A poll beside full queues finds nothing new and takes their time.
        moving = any(laptop.waiting(queue) for queue in ("DocumentsQueueUrl", "DeliveriesQueueUrl"))
        return not moving and laptop.poll()["queued"] == 0

    laptop.until(is_quiescent, "the stack to be quiescent")


def _states(environment: Environment, numbers: list[str]) -> Counter[State]:
    """The state of the newest revision of each order."""
    newest = [environment.laptop.newest(environment.key(number)) for number in numbers]
    return Counter(one.state for one in newest if one is not None)


def test_of_many_old_orders_none_is_sent_and_the_changed_ones_are_asked_about(environment: Environment) -> None:
    laptop = environment.laptop
    numbers = _generated(environment, OLD, 300_001, "2025-05-02")
    recorded = laptop.connector("baseline", "--company", environment.company, "--yes", "--json")
    assert recorded.returncode == 0, recorded.stderr
    laptop.until(lambda: laptop.waiting("DocumentsQueueUrl") == 0, "the baseline to be recorded")
    of_orders = {"kind": "purchaseorder", "company": environment.company_id}
    laptop.visma.control("POST", "touches", {**of_orders, "numbers": numbers[:TOUCHED], "cause": "touch"})
    line = {"operation": "Update", "lineNumber": {"value": 1}, "orderQty": {"value": 99}}
    changed = numbers[TOUCHED - CHANGED // 2 : TOUCHED + CHANGED // 2]
    laptop.visma.control("POST", "edits", {**of_orders, "numbers": changed, "update": {"lines": [line]}})
    _quiet(environment)

    assert _states(environment, numbers) == {State.BASELINE: OLD - CHANGED, State.PARKED: CHANGED}
    assert laptop.transactions(sender=environment.ours) == []
    parked = laptop.newest(environment.key(changed[0]))
    assert parked is not None
    assert "from before go-live" in (parked.reason or "")

    answered = laptop.connector(
        "documents", "release", environment.key(changed[0]), "--as", "replacement", "--by", "operator", "--yes"
    )
    assert answered.returncode == 0, answered.stderr
    laptop.until(lambda: laptop.transactions(changed[0], sender=environment.ours), "the answer to leave")
    closed = laptop.connector(
        "documents", "close", environment.key(changed[1]), "--reason", "told by telephone", "--yes"
    )
    assert closed.returncode == 0, closed.stderr
    assert _states(environment, changed[1:2]) == {State.CLOSED: 1}
    assert len(laptop.transactions(sender=environment.ours)) == 1


def test_a_corrected_supplier_is_an_original_for_the_new_one_and_a_cancellation_for_the_old_one(
    environment: Environment,
) -> None:
    laptop, number = environment.laptop, "310001"
    environment.order(number)
    laptop.poll()
    laptop.until(lambda: laptop.transactions(number, sender=environment.ours), "the order to leave")
    laptop.visma.control(
        "PUT",
        f"orders/{number}/supplier",
        {"company": environment.company_id, "internalId": 2, "number": OTHER_SUPPLIER, "name": "Right AS"},
    )
    laptop.poll()
    laptop.until(lambda: len(laptop.transactions(number, sender=environment.ours)) == 3, "both to be told")

    sent = laptop.ledger.revisions(DocumentKey.parse(environment.key(number)))[::-1]
    output = [(str(one.purpose), one.receiver_id) for one in sent]
    assert output == [
        ("original", environment.partner),
        ("cancellation", environment.partner),
        ("original", environment.other_partner),
    ]
    receivers = Counter(each["receiver"]["isaId"] for each in laptop.transactions(number, sender=environment.ours))
    assert receivers == {environment.partner: 2, environment.other_partner: 1}


def test_a_rename_in_the_catalogue_sends_nothing(environment: Environment) -> None:
    laptop = environment.laptop
    numbers = _generated(environment, RENAMED, 320_001, "2026-11-20")
    _quiet(environment)
    sent = Counter(each["businessNumber"] for each in laptop.transactions(sender=environment.ours))
    assert all(sent[number] == 1 for number in numbers)
    before = len(laptop.transactions(sender=environment.ours))
    rename = {"kind": "purchaseorder", "company": environment.company_id, "field": "inventory", "text": "Renamed"}
    for item in ("1298", "1305", "1311", "2044", "2051", "3102"):
        laptop.visma.control("POST", "renames", {**rename, "id": item})
    _quiet(environment)

    assert len(laptop.transactions(sender=environment.ours)) == before
    assert _states(environment, numbers) == {State.SKIPPED: RENAMED}
