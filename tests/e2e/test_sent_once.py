"""Each document at Orderful exactly once, on the deployed stack: lost answers, twins, and a ledger that is lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from connector.domain.documents import DocumentKey
from connector.domain.revision.record import State
from demo.catalogue import purchase_order
from proof.deployed.environment import COMPANIES, SUPPLIER, Environment, prepared
from testkit.laptop.observed import SENT, Laptop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("empty stack")]

LINES = [("1310", "20"), ("1402", "5")]
LOST = {"fault": "lost_response", "match": {"method": "POST"}}


@pytest.fixture(scope="module")
def environment(empty: Laptop) -> Iterator[Environment]:
    """Two companies with one ISA id, each with the same supplier."""
    with prepared(empty, "begins") as found:
        data = json.loads(json.dumps(empty.routing().data))
        ours = data["companies"][found.company]
        visma = {**ours["visma"], "company_id": COMPANIES["twin"], "tenant_id": "8f0c9004-5b7a-4c39-9d26-3e1f0a4b5c6d"}
        data["companies"]["twin"] = {**ours, "name": "twin AS", "visma": visma}
        data["partners"]["twin-supplier"] = {**data["partners"]["supplier"], "company": "twin"}
        empty.apply_unchecked(data)
        yield found


def _written(environment: Environment, numbers: list[str], *companies: str) -> list[str]:
    """Orders of these numbers in each company; their keys."""
    for company in companies:
        for number in numbers:
            environment.laptop.put(COMPANIES[company], purchase_order(number, SUPPLIER, LINES))
    return [str(DocumentKey.of_order(company, number)) for company in companies for number in numbers]


def _at_orderful(environment: Environment, numbers: list[str]) -> Counter[str]:
    filed = Counter(each["businessNumber"] for each in environment.laptop.transactions(sender=environment.ours))
    return Counter({number: filed[number] for number in numbers})


def test_twins_whose_answers_are_lost_are_each_sent_once(environment: Environment) -> None:
    """Nothing at Orderful tells the two companies' orders apart: each has to find its own transaction."""
    laptop = environment.laptop
    laptop.orderful.control("PUT", "pace", {"number_lag": 300})
    laptop.orderful.control("POST", "faults", {**LOST, "times": 2})
    keys = _written(environment, ["330001"], "begins", "twin")
    laptop.poll()
    ended = laptop.ended(keys)

    assert {one.state in SENT for one in ended.values()} == {True}
    assert _at_orderful(environment, ["330001"]) == {"330001": 2}
    assert len({one.transaction_id for one in ended.values()}) == 2


def test_a_lost_answer_is_found_although_the_search_by_number_shows_nothing(environment: Environment) -> None:
    laptop = environment.laptop
    laptop.orderful.control("PUT", "pace", {"number_lag": 300})
    laptop.orderful.control("POST", "faults", LOST)
    keys = _written(environment, ["331001"], "begins")
    laptop.poll()

    assert laptop.ended(keys)[keys[0]].state in SENT
    assert _at_orderful(environment, ["331001"]) == {"331001": 1}


def test_what_was_sent_before_the_ledger_was_lost_is_not_sent_again(environment: Environment) -> None:
    laptop = environment.laptop
    laptop.orderful.control("PUT", "pace", {"number_lag": 0})
    numbers = [str(number) for number in range(332001, 332006)]
    keys = _written(environment, numbers, "begins")
    laptop.poll()
    before = {key: one.transaction_id for key, one in laptop.ended(keys).items()}
    table = laptop.outputs["DocumentsTable"]
    gone = [*numbers, *map(str, before.values())]
    for item in laptop.items("DocumentsTable"):
        if any(name in item["pk"]["S"] for name in gone):
            laptop.dynamodb.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})
    touch = {"kind": "purchaseorder", "company": environment.company_id, "numbers": numbers, "cause": "touch"}
    laptop.visma.control("POST", "touches", touch)
    laptop.poll()

    ended = laptop.ended(keys)
    assert {key: one.transaction_id for key, one in ended.items()} == before
    assert {one.state for one in ended.values()} <= SENT | {State.PARKED}
    assert _at_orderful(environment, numbers) == dict.fromkeys(numbers, 1)
