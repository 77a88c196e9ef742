"""Changes on the deployed stack do what the partner meant, in the order it was meant, or a person is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.domain.order_change.record import ChangeState
from connector.domain.revision.record import State
from demo.catalogue import purchase_order
from proof.deployed.environment import OTHER_SUPPLIER, SUPPLIER, Environment, prepared
from testkit.laptop.observed import SENT, Laptop
from testkit.orderful.answers import TYPES, foreign_document

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("empty stack")]

CASES = Path(__file__).parents[1] / "data" / "cases" / "back"
APPLIED, PARKED = ChangeState.APPLIED, ChangeState.PARKED


@dataclass(frozen=True, slots=True)
class Case:
    """How a case has to end.

    Attributes:
        states: The states it may end in.
        said: What a person has to be told; of each group one.
        written: Line -> field -> value in Visma, `0` for the header; what is not named stays as it was.
        approved: The same once a person has approved it; when empty, the approval does not end as APPLIED. None
            approves nothing.
    """

    states: tuple[ChangeState, ...] = (PARKED,)
    said: tuple[tuple[str, ...], ...] = ()
    written: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    approved: Mapping[int, Mapping[str, Any]] | None = None


MOVED = "2026-12-15T00:00:00"
BACK = {
    "ship_to_by_code": Case(said=(("0099", "OTHER DC"), ("Oslo", "Brobekkveien", "0582"))),
    "ship_to_by_gln": Case(said=(("7080009999999", "OTHER DC"), ("Oslo", "Brobekkveien", "0582"))),
    "line_date": Case((APPLIED,), written={1: {"promised": "2026-12-05T00:00:00"}}),
    "header_date_only": Case(
        (APPLIED, PARKED),
        said=(("2026-12-15", "15 Dec"),),
        written={0: {"promisedOn": MOVED}, 1: {"promised": MOVED}, 2: {"promised": MOVED}},
    ),
    "header_charge": Case(said=(("50",), ("charge", "SAC"))),
    "header_terms": Case(said=(("10",), ("terms", "payment"))),
    "price_basis_we": Case((APPLIED,), written={1: {"unitCost": 42.0}}),
    "purpose_03_delete": Case(said=(("cancel",),), approved={}),
    "poc04_is_what_partner_had": Case(said=(("200",), ("150",)), approved={1: {"orderQty": 200.0}}),
    "unread_elements": Case((APPLIED, PARKED), (("composite",),), {1: {"unitCost": 42.0}}),
}
"""Name of a case -> its right end, as the list of cases has it."""


@pytest.fixture(scope="module")
def environment(empty: Laptop) -> Iterator[Environment]:
    """A company under the limits and the units of the cases; its second supplier states differences in POC03."""
    given = yaml.safe_load((CASES / "routing.yaml").read_text())["defaults"]
    with prepared(empty, "begins") as found:
        data = json.loads(json.dumps(empty.routing().data))
        data["defaults"]["units"] |= given["units"]
        data["partners"]["supplier"] |= {"changes": given["changes"], "dialect": given["dialect"]}
        data["partners"]["other"] |= {"changes": {**given["changes"], "quantities": "delta"}}
        empty.apply_unchecked(data)
        empty.poll()
        empty.collect()
        yield found


@pytest.fixture
def ordered(environment: Environment, request: pytest.FixtureRequest) -> str:
    """An order of 20 and 5 that was sent; its number."""
    number, supplier = request.param
    document = purchase_order(number, SUPPLIER, [("1310", "20"), ("1402", "5")])
    return _sent(environment, document | {"supplier": {**document["supplier"], "number": supplier}})


def _sent(environment: Environment, order: dict[str, Any]) -> str:
    """Put an order into Visma and wait until its partner has it; its number."""
    number = str(order["orderNbr"])
    environment.laptop.put(environment.company_id, order)
    environment.laptop.poll()
    key = environment.key(number)
    assert environment.laptop.ended([key])[key].state in SENT
    return number


def _order(environment: Environment, number: str) -> dict[str, Any]:
    return environment.laptop.order(number, company_id=environment.company_id)


def _quantities(environment: Environment, number: str) -> list[float]:
    return [line["orderQty"] for line in _order(environment, number)["lines"]]


def _no_echo(environment: Environment, number: str) -> None:
    """The partner got the order once and nothing of its own change."""
    laptop = environment.laptop
    laptop.poll()
    for queue in ("DocumentsQueueUrl", "DeliveriesQueueUrl"):
        laptop.until(lambda queue=queue: laptop.waiting(queue) == 0, f"{queue} to be empty")
    assert len(laptop.transactions(number, sender=environment.ours)) == 1
    newest = laptop.newest(environment.key(number))
    assert newest is not None
    assert newest.state is State.AGREED


@pytest.mark.parametrize("ordered", [("740001", SUPPLIER)], indirect=True)
def test_of_two_changes_minutes_apart_in_one_list_the_newer_change_stands(
    environment: Environment, ordered: str
) -> None:
    """Neither has a BCH05, and the list shows the newer one first."""
    laptop, now = environment.laptop, datetime.now(UTC)
    laptop.orderful.control("PUT", "options", {"page_order": "newest_first"})
    older, newer = (
        environment.asks(ordered, quantity, channels=[], created_at=(now - timedelta(minutes=ago)).isoformat())
        for quantity, ago in ((22, 4), (23, 1))
    )

    laptop.collect()

    assert laptop.decided(newer["id"]).state is APPLIED
    laptop.decided(older["id"])
    assert _quantities(environment, ordered) == [23.0, 5.0]
    _no_echo(environment, ordered)


@pytest.mark.parametrize("ordered", [("740002", OTHER_SUPPLIER)], indirect=True)
def test_a_difference_by_push_and_by_list_is_written_once(environment: Environment, ordered: str) -> None:
    """The push names the transaction by its UUID, the list by its number."""
    laptop = environment.laptop
    message = _x12_difference(ordered, 3)
    sent = laptop.partner_sends(message, sender=environment.other_partner, receiver=environment.ours, channels=[])
    pushed = {"id": sent["uuid"], "ediTransactionType": "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED"}
    pushed |= {
        "senderId": environment.other_partner,
        "receiverId": environment.ours,
        "stream": "test",
        "message": message,
    }

    assert laptop.demo.callback(pushed, secret=True) == 202
    laptop.until(lambda: laptop.waiting("ChangesQueueUrl") == 0, "the push to be worked off")
    laptop.collect()
    laptop.until(lambda: laptop.waiting("ChangesQueueUrl") == 0, "the changes queue to be empty")

    assert _quantities(environment, ordered) == [23.0, 5.0]
    assert laptop.puts(ordered) == [204]
    shown = laptop.connector("changes", "show", environment.key(ordered), "--json")
    states = sorted(one["state"] for one in json.loads(shown.stdout)["changes"])
    assert states in (["APPLIED"], ["APPLIED", "RECORDED"]), "one record, or one and its repetition"
    _no_echo(environment, ordered)


@pytest.mark.parametrize("ordered", [("740003", SUPPLIER)], indirect=True)
def test_in_a_shared_inbox_each_item_is_what_it_is(environment: Environment, ordered: str) -> None:
    """An 850 of somebody else, a rejecting 855, a rejecting 824 and a good 860."""
    laptop = environment.laptop
    refused = _sent(environment, purchase_order("740004", SUPPLIER, [("1310", "20")]))
    (transaction,) = laptop.transactions(refused, sender=environment.ours)
    foreign = laptop.partner_sends(
        foreign_document("850", "4711"),
        sender=environment.partner,
        receiver=environment.ours,
        type=TYPES["850"],
        channels=["inbox"],
    )
    answers = [
        laptop.orderful.control(
            "POST",
            f"transactions/{transaction['id']}/answers",
            {"kind": kind, "status": "rejected", "channels": ["inbox"]},
        )
        for kind in ("855", "824")
    ]
    change = environment.asks(ordered, 23, channels=["inbox"])

    laptop.collect()

    assert laptop.decided(change["id"]).state is APPLIED
    assert _quantities(environment, ordered) == [23.0, 5.0]
    laptop.until(lambda: laptop.waiting("ChangesQueueUrl") == 0, "the changes queue to be empty")
    listed = {row["transaction_id"]: row for row in json.loads(laptop.connector("changes", "list", "--json").stdout)}
    assert [(listed[one["id"]]["state"], listed[one["id"]]["order"]) for one in answers] == [
        ("ATTENTION", environment.key(refused))
    ] * 2
    laptop.collect()
    untouched = laptop.delivery(foreign["id"])
    assert (untouched["status"], untouched["asked"]) == ("SENT", 0), "it is another reader's"


@pytest.mark.parametrize("name", list(BACK))
def test_every_case_ends_as_it_should(environment: Environment, name: str) -> None:
    laptop, case, number = environment.laptop, BACK[name], str(740_101 + list(BACK).index(name))
    order, message = (json.loads((CASES / f"{name}.{part}.json").read_text()) for part in ("order", "860"))
    (one,) = message["transactionSets"]
    one["beginningSegmentForPurchaseOrderChange"][0]["purchaseOrderNumber"] = number
    _sent(environment, order | {"orderNbr": number})
    before = _order(environment, number)
    sent = laptop.partner_sends(message, sender=environment.partner, receiver=environment.ours)

    laptop.collect()
    change = laptop.decided(sent["id"])

    assert change.state in case.states, change.reason
    output = _shown_text(laptop, sent["id"])
    missing = [words for words in case.said if not re.search(rf"\b({'|'.join(words)})", output, re.IGNORECASE)]
    assert missing == [], output
    written = case.written if change.state is APPLIED else {}
    assert _business(_order(environment, number)) == _business(before, written)
    assert laptop.puts(number) == ([204] if written else [])
    if case.approved is not None:
        assert _approved(laptop, sent["id"]) is bool(case.approved)
        assert _business(_order(environment, number)) == _business(before, case.approved)


def test_no_case_is_left_out() -> None:
    assert {path.name.split(".")[0] for path in CASES.glob("*.860.json")} == BACK.keys()


def _approved(laptop: Laptop, transaction_id: str) -> bool:
    """Whether a change ends as APPLIED once a person has tried to approve it."""
    laptop.connector("changes", "approve", transaction_id, "--by", "kari", "--yes")
    laptop.until(lambda: laptop.waiting("ChangesQueueUrl") == 0, "the approval to be worked off")
    return laptop.decided(transaction_id).state is APPLIED


def _shown_text(laptop: Laptop, transaction_id: str) -> str:
    """What a person is told about a change: reason, differences and remarks."""
    shown = laptop.connector("changes", "show", transaction_id, "--json")
    (change,) = json.loads(shown.stdout)["changes"]
    differences = [" ".join(str(value) for value in one.values()) for one in change["differences"]]
    return "\n".join([change["reason"] or "", *differences, *change["remarks"]])


def _business(order: Mapping[str, Any], written: Mapping[int, Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """What a partner and a buyer agree on, after `written`."""
    wanted = written or {}
    of_header, of_line = ("status", "promisedOn"), ("orderQty", "unitCost", "requested", "promised", "canceled")
    lines = [{name: line[name] for name in of_line} | dict(wanted.get(line["lineNbr"], {})) for line in order["lines"]]
    return {**{name: order[name] for name in of_header}, **wanted.get(0, {}), "lines": lines}


def _x12_difference(number: str, more: int) -> dict[str, Any]:
    """An 860 that asks for so many more of line 1, as the difference."""
    beginning = {"transactionSetPurposeCode": "04", "purchaseOrderTypeCode": "SA", "purchaseOrderNumber": number}
    line = {"assignedIdentification": "1", "changeOrResponseTypeCode": "QI", "quantity": str(more)}
    unit = {"compositeUnitOfMeasure": [{"unitOrBasisForMeasurementCode": "EA"}]}
    item = {"productServiceIDQualifier": "BP", "productServiceID": "1310"}
    return {
        "transactionSets": [
            {
                "transactionSetHeader": [{"transactionSetIdentifierCode": "860", "transactionSetControlNumber": "1"}],
                "beginningSegmentForPurchaseOrderChange": [{**beginning, "date": "20261120", "date2": "20261128"}],
                "POC_loop": [{"lineItemChange": [{**line, **unit, **item}]}],
            }
        ]
    }
