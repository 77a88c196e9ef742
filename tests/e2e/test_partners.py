"""The way back on the deployed stack: what partners send, what others pretend to send, and what comes of it."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from connector.domain.order_change.record import ChangeState
from connector.domain.revision.record import State
from connector.services.inbound.record import HINT_CALLS_A_MINUTE
from demo.catalogue import purchase_order
from demo.report import ChangeCheck
from proof.deployed.environment import change_of
from testkit.laptop import stack as laptop_stack
from testkit.laptop.observed import SENT, Laptop
from tests.e2e.conftest import NORDIC

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]

HOSTILE = 2000
CHANGE_TYPE = "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED"
SECRET = {laptop_stack.CALLBACK_SECRET["header"]: laptop_stack.CALLBACK_SECRET["secrets"][0]}


@pytest.fixture(scope="module")
def partners(nordic: Laptop) -> list[ChangeCheck]:
    """The last act of the demo."""
    return nordic.demo.play_partners()


@pytest.fixture
def ordered(nordic: Laptop, request: pytest.FixtureRequest) -> str:
    """An order of acme's that was sent; its number."""
    number = str(request.param)
    nordic.put(NORDIC, purchase_order(number, "50012", [("1310", "20"), ("1402", "5")]))
    nordic.poll()
    assert nordic.ended([_key(number)])[_key(number)].state in SENT
    return number


def _key(number: str) -> str:
    return f"nordic/purchase_order/{number}"


def _quantities(laptop: Laptop, number: str) -> list[float]:
    return [line["orderQty"] for line in laptop.order(number)["lines"]]


def test_every_change_of_the_scenario_ends_as_promised(partners: list[ChangeCheck]) -> None:
    assert {check.name: check.wrong for check in partners if check.wrong} == {}
    assert len(partners) == 6


def test_the_documents_of_the_scenario_are_still_as_promised_so_nothing_was_sent_back(
    nordic: Laptop, partners: list[ChangeCheck]
) -> None:
    # Orderful holds documents of other tests as well by now; here those of the scenario count.
    ours = {document.key for document in nordic.demo.documents}
    checks = {check.key: check.wrong for check in nordic.demo.checks() if check.key in ours}

    assert set(checks) == ours
    assert {key: wrong for key, wrong in checks.items() if wrong} == {}


@pytest.mark.parametrize("ordered", ["500720"], indirect=True)
def test_one_change_by_every_channel_during_edits_is_written_once_without_an_echo(nordic: Laptop, ordered: str) -> None:
    put = {"method": "PUT", "path_prefix": f"/v1/purchaseorder/{ordered}"}
    nordic.visma.control("POST", "faults", {"fault": "delay", "match": put, "seconds": 3})
    sent = nordic.partner_sends(change_of(ordered, 25), channels=["inbox", "webhook"])
    again = {"transactionId": int(sent["id"]), "delivery": {"deliveryId": sent["deliveryId"]}}

    nordic.collect()
    read = f"requests?method=GET&path_prefix=/v1/purchaseorder/{ordered}"
    nordic.until(lambda: nordic.visma.control("GET", read)["requests"], "the order to be read")
    edit = {"kind": "purchaseorder", "company": NORDIC, "number": ordered, "changes": {"emailed": True}}
    nordic.visma.control("PATCH", "documents", edit)
    change = nordic.decided(sent["id"])
    assert nordic.demo.callback(again, secret=True) == 202
    nordic.collect()
    for queue in ("HintsQueueUrl", "ChangesQueueUrl"):
        nordic.until(lambda: nordic.waiting(queue) == 0, "the queue to be empty")  # noqa: B023 - called at once
    nordic.poll()
    nordic.until(lambda: nordic.waiting("DocumentsQueueUrl") == 0, "the documents queue to be empty")
    nordic.poll()

    assert (change.state, change.decided_by) == (ChangeState.APPLIED, "rules")
    assert nordic.puts(ordered) == [412, 204], "the first met the user's edit, the second is the one that counts"
    assert (_quantities(nordic, ordered), nordic.order(ordered)["emailed"]) == ([25.0, 5.0], True)
    assert (nordic.delivery(sent["id"])["status"], nordic.delivery(sent["id"])["confirmed"]) == ("DELIVERED", 1)
    assert len(nordic.transactions(ordered)) == 1, "the order itself, and no echo"
    assert nordic.newest(_key(ordered)).state is State.AGREED


@pytest.mark.parametrize("ordered", ["500721"], indirect=True)
def test_a_change_beyond_the_limits_waits_for_a_person_who_approves_it(nordic: Laptop, ordered: str) -> None:
    sent = nordic.partner_sends(change_of(ordered, 60))
    nordic.collect()
    assert nordic.decided(sent["id"]).state is ChangeState.PARKED

    listed = json.loads(nordic.connector("changes", "list", "--json").stdout)
    assert sent["id"] in json.dumps(listed)
    shown = nordic.connector("changes", "show", sent["id"])
    assert "60" in shown.stdout
    approved = nordic.connector("changes", "approve", sent["id"], "--by", "kari", "--yes")
    assert approved.returncode == 0, approved.stderr
    change = nordic.until(
        lambda: (found := nordic.change(sent["id"])) and found.state is ChangeState.APPLIED and found, "the approval"
    )

    assert (change.decided_by, _quantities(nordic, ordered)) == ("kari", [60.0, 5.0])
    assert nordic.delivery(sent["id"])["confirmed"] == 1


@pytest.mark.parametrize("ordered", ["500722"], indirect=True)
def test_a_lost_answer_to_the_put_is_looked_up_and_nothing_is_written_twice(nordic: Laptop, ordered: str) -> None:
    put = {"method": "PUT", "path_prefix": f"/v1/purchaseorder/{ordered}"}
    nordic.visma.control("POST", "faults", {"fault": "lost_response", "match": put})
    sent = nordic.partner_sends(change_of(ordered, 25))

    nordic.collect()

    assert nordic.decided(sent["id"]).state is ChangeState.APPLIED
    assert nordic.puts(ordered) == [None]
    assert _quantities(nordic, ordered) == [25.0, 5.0]


@pytest.mark.parametrize("ordered", ["500723"], indirect=True)
def test_a_page_full_of_items_that_nobody_wants_does_not_hide_a_newer_change(nordic: Laptop, ordered: str) -> None:
    others = [
        nordic.partner_sends(change_of(ordered, 25), receiver="NORDICFOOD", stream="LIVE", channels=["inbox"])
        for _ in range(101)
    ]
    sent = nordic.partner_sends(change_of(ordered, 25), channels=["inbox"])

    nordic.collect()
    nordic.collect()

    assert nordic.decided(sent["id"]).state is ChangeState.APPLIED
    assert nordic.puts(ordered) == [204]
    waiting = {one["transactionId"]: one for one in nordic.orderful.control("GET", "deliveries")}
    for other in others:
        found = waiting[other["id"]]
        assert found["status"] == "SENT", "it is another reader's"
        nordic.orderful.control("POST", f"deliveries/{found['deliveryId']}/confirm", {"verb": "accept"})


@pytest.mark.parametrize("ordered", ["500726"], indirect=True)
def test_a_confirmation_that_never_reached_orderful_is_seen_by_what_is_still_in_the_inbox(
    nordic: Laptop, ordered: str
) -> None:
    sent = nordic.partner_sends(change_of(ordered, 25), channels=["inbox"])
    confirmation = {"method": "POST", "path_prefix": f"/transactions/{sent['id']}/"}
    nordic.orderful.control("POST", "faults", {"fault": "empty_200", "match": confirmation})

    nordic.collect()

    assert nordic.decided(sent["id"]).state is ChangeState.APPLIED
    assert nordic.delivery(sent["id"])["status"] == "SENT"
    nordic.collect()
    delivery = nordic.delivery(sent["id"])
    assert (delivery["status"], delivery["confirmed"]) == ("DELIVERED", 1)
    assert nordic.puts(ordered) == [204]


# -- answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ordered", ["500727"], indirect=True)
def test_an_answer_whose_callback_was_lost_is_found_by_polling_and_is_somebodys_attention(
    nordic: Laptop, ordered: str
) -> None:
    (order,) = nordic.transactions(ordered)
    rejected = {"kind": "855", "status": "rejected", "channels": []}
    sent = nordic.orderful.control("POST", f"transactions/{order['id']}/answers", rejected)

    first = nordic.collect()

    record = nordic.change(sent["id"])
    assert (record.state, str(record.key), record.partner) == (ChangeState.ATTENTION, _key(ordered), "acme")
    assert first["problems"] == []
    listed = json.loads(nordic.connector("changes", "list", "--json").stdout)
    assert [row["state"] for row in listed if row["transaction_id"] == sent["id"]] == ["ATTENTION"]
    messages = f"requests?method=GET&path_prefix=/v3/transactions/{sent['id']}"
    asked = nordic.orderful.control("GET", messages)["total"]
    assert nordic.demo.callback({"id": sent["id"]}, secret=True) == 202
    nordic.until(lambda: nordic.waiting("HintsQueueUrl") == 0, "the hints queue to be empty")
    assert nordic.collect()["taken"] == 0
    assert nordic.orderful.control("GET", messages)["total"] == asked, "it is recorded, and asked for once"
    closed = nordic.connector("changes", "close", sent["id"], "--by", "kari", "--reason", "settled", "--yes")
    assert closed.returncode == 0, closed.stderr
    assert nordic.collect()["taken"] == 0
    assert nordic.change(sent["id"]).state is ChangeState.CLOSED


# -- hostile callbacks ----------------------------------------------------------------------------------------------


def _bodies(seed: int) -> Iterator[bytes]:
    """Bodies that nobody at Orderful would send, and forged ones that somebody else might."""
    draw = random.Random(seed)
    real = {
        "id": "1",
        "type": {"name": CHANGE_TYPE},
        "stream": "TEST",
        "sender": {"isaId": "ACMEPRODUCET"},
        "receiver": {"isaId": "NORDICFOODT"},
        "message": change_of("500720", 9999),
    }
    odd: list[Any] = [None, True, [], {}, "", "x" * 300, -1, 1.5, 10**30, [[]], {"a": {}}, "\u0000", "../../etc", "%00"]
    makers = [
        lambda: json.dumps({**real, "id": str(draw.randrange(10**9, 10**10))}),
        lambda: json.dumps({**real, "id": draw.choice(odd)}),
        lambda: json.dumps({**real, draw.choice(list(real)): draw.choice(odd)}),
        lambda: json.dumps({**real, "stream": "LIVE", "id": str(draw.randrange(10**9, 10**10))}),
        lambda: json.dumps({**real, "receiver": {"isaId": "SOMEBODY"}, "id": str(draw.randrange(10**9, 10**10))}),
        lambda: json.dumps({"transactionId": draw.choice(odd), "delivery": draw.choice(odd)}),
        lambda: json.dumps({"transactionId": draw.randrange(10**18), "delivery": {"deliveryId": draw.choice(odd)}}),
        lambda: json.dumps([real] * draw.randrange(3)),
        lambda: "[" * draw.randrange(1, 20_000),
        lambda: '{"id":' * draw.randrange(1, 5_000),
        lambda: "",
        lambda: "<html></html>",
        lambda: draw.randbytes(draw.randrange(1, 2_000)),
        lambda: b"\xff\xfe" + json.dumps(real).encode("utf-16-le"),
        lambda: json.dumps(real)[: draw.randrange(1, 100)],
        lambda: '{"id": 1, "id": "2", "id": null}',
    ]
    while True:
        made = draw.choice(makers)()
        yield made if isinstance(made, bytes) else made.encode()


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        connection.request("POST", parts.path, body, {"Content-Type": "application/json", **headers})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("ordered", ["500724"], indirect=True)
def test_two_thousand_hostile_callbacks_change_nothing_and_hold_nobody_up(nordic: Laptop, ordered: str) -> None:
    draw = random.Random(860)
    bodies = _bodies(861)
    large = json.dumps({"id": "77", "message": "x" * 5_000_000}).encode()
    asked = [(large, SECRET)] * 4 + [
        (next(bodies), draw.choice([SECRET, SECRET, {}, {next(iter(SECRET)): "guess"}])) for _ in range(HOSTILE - 4)
    ]
    before = nordic.visma.control("GET", "requests?method=PUT")["total"]
    recorded = len([item for item in nordic.items("DocumentsTable") if item["sk"]["S"].startswith("in#")])

    asked_before = nordic.orderful.control("GET", "requests?method=GET&path_prefix=/v3/transactions/")["total"]
    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        answers = Counter(pool.map(lambda each: _post(nordic.stack.callback_url, *each), asked))
    sent = nordic.partner_sends(change_of(ordered, 25), channels=["inbox"])
    polled, collected = nordic.poll(), nordic.collect()

    assert sum(answers.values()) == HOSTILE
    assert set(answers) <= {202, 401, 429, 503}, answers
    assert answers[202] > HOSTILE / 4 < answers[401] + answers[429] + HOSTILE / 4
    assert (polled["problems"], collected["problems"]) == ([], [])
    assert nordic.decided(sent["id"]).state is ChangeState.APPLIED, "a true one gets through"
    nordic.until(lambda: nordic.waiting("ChangesQueueUrl") == 0, "the changes to be worked off")
    minutes = (time.monotonic() - started) / 60 + 2  # the first and the last of the clock are not whole ones
    looked_up = (
        nordic.orderful.control("GET", "requests?method=GET&path_prefix=/v3/transactions/")["total"] - asked_before
    )
    assert looked_up <= HINT_CALLS_A_MINUTE * minutes + 20, "what is forged costs a bounded number of calls"
    nordic.sqs.purge_queue(QueueUrl=nordic.outputs["HintsQueueUrl"])
    assert nordic.visma.control("GET", "requests?method=PUT")["total"] == before + 1
    now = len([item for item in nordic.items("DocumentsTable") if item["sk"]["S"].startswith("in#")])
    assert now == recorded + 1
