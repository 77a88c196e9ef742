"""Trouble on the deployed stack: what the vendors, the queue and the documents themselves can do wrong."""

from __future__ import annotations

import copy
import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connector.domain.order_change.record import ChangeState
from connector.domain.revision.record import Revision, State
from connector.services.messages import INLINE_LIMIT
from demo.catalogue import purchase_order
from proof.deployed.environment import change_of
from testkit.aws import lambda_event
from testkit.laptop import deploy
from testkit.laptop.observed import SENT, Laptop
from testkit.laptop.stack import ORDERFUL_KEY
from tests.e2e.conftest import NORDIC

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]

ORDERS = ("nordic", "v1/purchaseorder")


def _key(number: str) -> str:
    return f"nordic/purchase_order/{number}"


# -- Visma's lists


@pytest.mark.parametrize(
    ("fault", "number", "said"),
    [
        ("html_200", "500910", "HTML"),
        ("truncated", "500911", "JSON"),
        ("wrong_shape", "500912", "records"),
        ("empty_200", "500913", "empty"),
    ],
)
def test_a_list_that_is_none_leaves_the_cursor_in_place_and_the_next_poll_recovers(
    nordic: Laptop, fault: str, number: str, said: str
) -> None:
    assert nordic.poll()["problems"] == []
    before = nordic.cursors()[ORDERS]
    nordic.put(NORDIC, purchase_order(number, "50012", [("1298", "2")]))
    nordic.visma.control(
        "POST", "faults", {"fault": fault, "times": None, "match": {"path_prefix": "/v1/purchaseorder"}}
    )

    answer = nordic.poll()
    nordic.visma.control("DELETE", "faults")

    assert answer["queued"] == 0
    ours = [problem for problem in answer["problems"] if problem.startswith("nordic v1/purchaseorder: ")]
    assert len(ours) == 1
    assert said in ours[0]
    after = nordic.cursors()[ORDERS]
    assert (after.watermark, after.caught_up_at, after.locked_until) == (before.watermark, before.caught_up_at, None)
    assert nordic.poll() == {"queued": 1, "problems": []}
    assert nordic.ended([_key(number)])[_key(number)].state in SENT
    assert len(nordic.transactions(number)) == 1


# -- Orderful's key


@pytest.fixture
def wrong_key(nordic: Laptop) -> Iterator[Laptop]:
    """Somebody put a wrong key into the secret, and the deliverer has just started with it."""
    arn = nordic.outputs["OrderfulSecretArn"]
    deploy.put_secret(nordic.stack.aws.endpoint, arn, {"api_key": "mistyped"})
    nordic.reconfigure("DeliverTransactionFunction")
    try:
        yield nordic
    finally:
        deploy.put_secret(nordic.stack.aws.endpoint, arn, ORDERFUL_KEY)
        nordic.reconfigure("TrackTransactionsFunction", RESEND_AFTER_SECONDS="900")


def test_a_refused_key_holds_sending_back_and_everything_is_sent_once_after_it_is_right_again(
    wrong_key: Laptop,
) -> None:
    laptop, numbers = wrong_key, [str(number) for number in range(500920, 500926)]
    laptop.orderful.control("DELETE", "requests")
    for number in numbers:
        laptop.put(NORDIC, purchase_order(number, "50012", [("1902", "5")]))
    assert laptop.poll()["queued"] == len(numbers)

    def held_back() -> list[Revision] | None:
        # The queues first: what they no longer have is in the state that it stays in.
        waiting = laptop.waiting("DocumentsQueueUrl") + laptop.waiting("DeliveriesQueueUrl")
        found = [laptop.newest(_key(number)) for number in numbers]
        return None if None in found or waiting else [one for one in found if one]

    revisions = laptop.until(held_back, "the messages to be done with")
    assert {(one.state, one.attempts) for one in revisions} == {(State.TRANSLATED, 0)}
    assert laptop.waiting("DeliveriesDeadLettersUrl") == 0
    # While the ledger is young, Orderful is asked what it has before anything is posted: the refusal comes there.
    refused = laptop.orderful.control("GET", "requests")["requests"]
    assert {request["status"] for request in refused} == {401}
    # At most one try for each of the workers that were at it when the first refusal came.
    assert 1 <= len(refused) < len(numbers)
    breaker = {"pk": {"S": "breaker#orderful"}, "sk": {"S": "breaker"}}
    table = laptop.outputs["DocumentsTable"]
    assert laptop.dynamodb.get_item(TableName=table, Key=breaker)["Item"]["reason"]["S"]

    # The operator corrects the key. Five minutes pass: the breaker closes, and the sweep finds what waits.
    deploy.put_secret(laptop.stack.aws.endpoint, laptop.outputs["OrderfulSecretArn"], ORDERFUL_KEY)
    laptop.dynamodb.delete_item(TableName=table, Key=breaker)
    laptop.reconfigure("TrackTransactionsFunction", RESEND_AFTER_SECONDS="1")
    laptop.orderful.control("DELETE", "requests")

    def all_left() -> bool:
        laptop.track()  # again, for what moved within the last second is not stuck yet
        return not [one for one in map(laptop.newest, map(_key, numbers)) if one and one.state is State.TRANSLATED]

    laptop.until(all_left, "the sweep to find what waits")
    ended = laptop.ended([_key(number) for number in numbers])
    assert {one.state for one in ended.values()} <= SENT
    posts = laptop.orderful.control("GET", "requests?method=POST")["requests"]
    assert [request["status"] for request in posts if request["status"] >= 400] == []
    assert len(posts) == len(numbers)
    assert [len(laptop.transactions(number)) for number in numbers] == [1] * len(numbers)


# -- how far one trouble reaches


def _left(laptop: Laptop, numbers: list[str]) -> dict[str, Revision]:
    """The documents once their messages are done with, by number."""

    def look() -> dict[str, Revision] | None:
        found = {number: laptop.newest(_key(number)) for number in numbers}
        waiting = laptop.waiting("DocumentsQueueUrl") + laptop.waiting("DeliveriesQueueUrl")
        return None if None in found.values() or waiting else {n: one for n, one in found.items() if one}

    return laptop.until(look, "the documents to come to an end")


def _breaker(laptop: Laptop) -> dict[str, Any]:
    key = {"pk": {"S": "breaker#orderful"}, "sk": {"S": "breaker"}}
    found: dict[str, Any] = laptop.dynamodb.get_item(TableName=laptop.outputs["DocumentsTable"], Key=key)
    return found.get("Item", {})


def _held_until(laptop: Laptop) -> datetime:
    """The end of the longest hold of calls of Orderful."""
    ends = [value["S"] for name, value in _breaker(laptop).items() if name.startswith("hold_")]
    return max((datetime.fromisoformat(end) for end in ends), default=datetime.min.replace(tzinfo=UTC))


def test_a_refusal_of_one_relationship_rejects_its_document_and_the_next_ones_are_sent(nordic: Laptop) -> None:
    refusal = {"fault": "error", "status": 403, "message": "no permission for this relationship"}
    nordic.orderful.control("POST", "faults", {**refusal, "match": {"method": "POST"}})
    nordic.put(NORDIC, purchase_order("500940", "50012", [("1902", "5")]))
    assert nordic.poll()["queued"] == 1
    rejected = _left(nordic, ["500940"])["500940"]
    assert rejected.state is State.REJECTED
    assert "no permission for this relationship" in (rejected.reason or "")

    nordic.put(NORDIC, purchase_order("500941", "50012", [("1902", "5")]))
    assert nordic.poll()["queued"] == 1
    assert nordic.ended([_key("500941")])[_key("500941")].state in SENT
    assert "until" not in _breaker(nordic)


def test_after_a_429_nothing_is_posted_by_anybody_until_its_time_is_over(nordic: Laptop) -> None:
    began = datetime.now(UTC)
    first, *others = numbers = [str(number) for number in range(500942, 500946)]
    nordic.orderful.control("DELETE", "requests")
    nordic.orderful.control("POST", "faults", {"fault": "http_429", "retry_after": 10, "match": {"method": "POST"}})
    nordic.put(NORDIC, purchase_order(first, "50012", [("1902", "5")]))
    assert nordic.poll()["queued"] == 1
    nordic.until(lambda: _held_until(nordic) > began, "everybody to be held")
    for number in others:
        nordic.put(NORDIC, purchase_order(number, "50012", [("1902", "5")]))
    assert nordic.poll()["queued"] == len(others)
    ended = nordic.ended([_key(number) for number in numbers])
    assert {one.state for one in ended.values()} <= SENT
    posts = nordic.orderful.control("GET", "requests?method=POST")["requests"]
    timestamps = [datetime.fromisoformat(one["at"]) for one in posts]
    (limited,) = [at for at, one in zip(timestamps, posts, strict=True) if one["status"] == 429]
    # A worker believes for a second that nothing is held.
    assert [at - limited for at in timestamps if timedelta(seconds=1) < at - limited < timedelta(seconds=10)] == []
    assert [len(nordic.transactions(number)) for number in numbers] == [1] * len(numbers)


def test_an_object_that_is_gone_parks_its_own_document(nordic: Laptop) -> None:
    queue = nordic.outputs["DocumentsQueueUrl"]
    head = {"company": "nordic", "kind": "purchase_order", "modified_at": "2026-11-20T08:00:00Z"}
    lost = json.dumps({**head, "number": "500946", "document_at": "documents/nordic/gone.json.z"})
    entries = [_entry("lost", lost), _entry("fine", _document_message("500947"))]
    nordic.sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    ended = nordic.ended([_key("500946"), _key("500947")])
    assert ended[_key("500946")].state is State.PARKED
    assert "documents/nordic/gone.json.z cannot be read" in (ended[_key("500946")].reason or "")
    assert ended[_key("500947")].state in SENT


def test_a_message_of_twenty_megabytes_is_reported_with_its_size_and_the_ones_behind_it_are_taken(
    nordic: Laptop,
) -> None:
    huge = nordic.partner_sends(change_of("500941", 6, note="x" * (20 << 20)), channels=["inbox"])
    small = nordic.partner_sends(change_of("500942", 6), channels=["inbox"])
    try:
        answer = nordic.collect()
        assert [problem for problem in answer["problems"] if "its first item cannot be read alone" in problem]
        decided = nordic.decided(small["id"])
        parked = nordic.decided(huge["id"])
    finally:
        _take_over(nordic, huge)
    assert decided.state in {ChangeState.APPLIED, ChangeState.PARKED}
    assert parked.state is ChangeState.PARKED
    assert "more than the 8,388,608 bytes that are loaded" in (parked.reason or "")
    # Without it the inbox is read again, and Orderful is told of what waited behind it.
    assert nordic.collect()["problems"] == []
    assert nordic.delivery(small["id"])["confirmed"] == 1


def _take_over(laptop: Laptop, sent: dict[str, Any]) -> None:
    """Accept a delivery at Orderful by hand."""
    request = urllib.request.Request(  # noqa: S310 - our own http URL
        f"{laptop.orderful.url}/transactions/{sent['id']}/deliveries/{sent['deliveryId']}/accept",
        data=b'{"note": "by hand"}',
        headers={
            "Content-Type": "application/json",
            "orderful-api-key": ORDERFUL_KEY["api_key"],
            "orderful-api-version": "v4",
        },
        method="POST",
    )
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - our own http URL


# -- the queue


def _entry(group: str, body: str) -> dict[str, str]:
    return {"Id": group, "MessageBody": body, "MessageGroupId": group, "MessageDeduplicationId": f"test {group}"}


def _document_message(number: str, company: str = "nordic") -> str:
    document = purchase_order(number, "50012", [("1402", "1")])
    head = {"company": company, "kind": "purchase_order", "number": number, "modified_at": "2026-11-20T08:00:00Z"}
    return json.dumps({**head, "document": document})


def test_a_malformed_message_goes_the_way_to_the_dead_letters_and_its_neighbours_are_sent(nordic: Laptop) -> None:
    queue = nordic.outputs["DocumentsQueueUrl"]
    nordic.switch("TranslateDocumentFunction", on=False)
    try:
        bodies = {"before": _document_message("500930"), "bad": '{"company": 7', "after": _document_message("500931")}
        nordic.sqs.send_message_batch(QueueUrl=queue, Entries=[_entry(name, body) for name, body in bodies.items()])
        batch = nordic.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
        assert len(batch) == 3
        (bad,) = [message for message in batch if message["Body"] == bodies["bad"]]

        answer = nordic.invoke("TranslateDocumentFunction", lambda_event(batch))

        assert answer == {"batchItemFailures": [{"itemIdentifier": bad["MessageId"]}]}
        for message in batch:
            if message is not bad:
                nordic.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        # The other receives that the queue grants it, without the delays between them.
        nordic.sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=bad["ReceiptHandle"], VisibilityTimeout=0)
        names: Any = ["RedrivePolicy"]
        policy = nordic.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]["RedrivePolicy"]
        for _ in range(int(json.loads(policy)["maxReceiveCount"]) - 1):
            (again,) = nordic.sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)["Messages"]
            assert again["Body"] == bodies["bad"]
    finally:
        nordic.switch("TranslateDocumentFunction", on=True)

    ended = nordic.ended([_key("500930"), _key("500931")])
    assert {one.state for one in ended.values()} <= SENT
    dead = nordic.outputs["DocumentsDeadLettersUrl"]
    nordic.until(lambda: nordic.waiting("DocumentsDeadLettersUrl") == 1, "the message among the dead letters")
    (message,) = nordic.sqs.receive_message(QueueUrl=dead)["Messages"]
    assert message["Body"] == bodies["bad"]
    nordic.sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
    assert nordic.waiting("DocumentsQueueUrl") == 0


# -- strange documents


def _wrapped(value: Any) -> Any:
    """Every scalar as `{"value": x}`, but for those the sandbox itself needs."""
    if isinstance(value, dict):
        return {name: inner if name == "orderNbr" else _wrapped(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_wrapped(inner) for inner in value]
    return {"value": value}


def _strange() -> dict[str, dict[str, Any]]:
    def order(number: str, **changes: Any) -> dict[str, Any]:
        return purchase_order(number, "50012", [("1298", "4"), ("1902", "6")]) | changes

    nulls = dict.fromkeys(order("500951")) | {"orderNbr": "500951", "orderType": "RegularOrder", "status": "Open"}
    unknown_type = order("500953", orderType="TeleportedOrder", shippingDestinationType="Moon")
    unknown_line = order("500955")
    unknown_line["lines"][0]["lineType"] = "Hologram"
    unmapped = order("500960", supplier={"number": "77777", "name": "Nobody AS"})
    twins = order("500961", supplier={"number": "50070", "name": "Twin AS"})
    unit = order("500962")
    unit["lines"][1]["uom"] = "PALL"
    names = order("500958", supplier={"number": "50012", "name": "N" * 40})
    names["shippingContact"]["name"] = "C" * 40
    names["shippingAddress"] |= {"addressLine1": "A" * 40, "city": "Ø" * 30}
    long_city = order("500966")
    long_city["shippingAddress"] |= {"city": "Ø" * 31}
    foreign = order("500959")
    foreign["lines"][0] |= {
        "lineDescription": "Копчёный лосось",
        "inventory": {"number": "1298", "description": "三文鱼"},
    }
    zero, negative = (
        purchase_order(number, "50012", [("1298", "4"), ("1902", quantity)])
        for number, quantity in (("500956", "0"), ("500957", "-2"))
    )
    listed = {
        "first": order("500950"),
        "nulls": nulls,
        "wrapped": _wrapped(order("500952")),
        "unknown type": unknown_type,
        "unknown status": order("500954", status="Levitating"),
        "unknown line type": unknown_line,
        "zero": zero,
        "negative": negative,
        "long names": names,
        "long city": long_city,
        "foreign": foreign,
        "unmapped": unmapped,
        "twins": twins,
        "unknown unit": unit,
        "no lines": order("500963", lines=[], lineTotal=0.0, taxTotal=0.0, orderTotal=0.0, taxDetails=[]),
        "last": order("500964"),
    }
    return copy.deepcopy(listed)


@pytest.fixture(scope="module")
def unusual(nordic: Laptop) -> dict[str, Revision]:
    """What became of strange documents that came in one poll between two ordinary ones."""
    documents = _strange()
    nordic.poll()  # what tests before left in Visma
    for document in documents.values():
        nordic.put(NORDIC, document)
    assert nordic.poll() == {"queued": len(documents), "problems": []}
    keys = {name: _key(document["orderNbr"]) for name, document in documents.items()}
    ended = nordic.ended(keys.values())
    return {name: ended[key] for name, key in keys.items()}


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("nulls", (State.PARKED, "date", "Visma gives no order date (date).")),
        ("unknown type", (State.PARKED, "orderType", "Visma's order type TeleportedOrder has no purchase order type.")),
        ("unknown status", (State.PARKED, "status", "Its status Levitating is not one of send_when")),
        ("zero", (State.PARKED, "lines[1].orderQty", "Line 2 orders 0.0 of 1902")),
        ("negative", (State.PARKED, "lines[1].orderQty", "Line 2 orders -2.0 of 1902")),
        ("unmapped", (State.PARKED, "supplier.number", "Supplier 77777 of company nordic is mapped to no partner.")),
        ("twins", (State.PARKED, "supplier.number", "Supplier 50070 of company nordic is mapped twice")),
        ("unknown unit", (State.PARKED, "lines[1].uom", "Visma's unit PALL cannot be translated")),
        ("no lines", (State.PARKED, "lines", "The order has no lines to order.")),
        ("long city", (State.PARKED, "shippingAddress", f"'{'Ø' * 31}' in the address of the ship-to party has more")),
    ],
)
def test_a_document_that_cannot_leave_says_in_the_ledger_why_and_where(
    unusual: dict[str, Revision], nordic: Laptop, name: str, outcome: tuple[State, str | None, str]
) -> None:
    state, field, reason = outcome
    revision = unusual[name]

    assert (revision.state, revision.field) == (state, field)
    assert str(revision.reason).startswith(reason)
    assert revision.next_step
    assert nordic.transactions(revision.key.number) == []


@pytest.mark.parametrize("name", ["first", "wrapped", "unknown line type", "long names", "foreign", "last"])
def test_a_document_that_is_only_unusual_is_sent_once(unusual: dict[str, Revision], nordic: Laptop, name: str) -> None:
    assert unusual[name].state in SENT
    (transaction,) = nordic.transactions(unusual[name].key.number)
    assert transaction["validationStatus"] == "VALID"


def test_what_waits_for_routing_names_the_key_to_add(unusual: dict[str, Revision]) -> None:
    waiting = {name: revision.waits_for for name, revision in unusual.items() if revision.waits_for}

    assert waiting == {
        "unknown type": "defaults.order_types.TeleportedOrder",
        "unknown status": "defaults.send_when.purchase_order",
        "unmapped": 'partners.<name>.visma.supplier: "77777"',
        "twins": "partners.twin-one.visma.supplier",
        "unknown unit": "defaults.units.PALL",
    }


def test_a_wrapped_document_is_the_same_document(unusual: dict[str, Revision], nordic: Laptop) -> None:
    plain, wrapped = (
        json.dumps(nordic.transactions(unusual[name].key.number)[0]["request"]["message"])
        for name in ("first", "wrapped")
    )

    assert wrapped.replace("500952", "500950") == plain


def test_foreign_letters_are_written_in_plain_ones_and_the_ledger_says_so(
    unusual: dict[str, Revision], nordic: Laptop
) -> None:
    (transaction,) = nordic.transactions(unusual["foreign"].key.number)
    text = json.dumps(transaction["request"], ensure_ascii=False)

    assert text.isascii()
    assert "Kopchenyy losos" in text
    assert any("nearest plain form" in event.note for event in unusual["foreign"].history)


# -- large documents


@pytest.mark.parametrize(("number", "lines"), [("500980", 5_000), ("500981", 10_000)])
def test_a_document_too_large_for_a_message_goes_through_the_bucket_and_arrives_with_all_its_lines(
    nordic: Laptop, number: str, lines: int
) -> None:
    recipe = {"kind": "purchaseorder", "company": NORDIC, "count": 1, "lines": lines, "first_number": int(number)}
    nordic.visma.control("POST", "generate", recipe)
    (document,) = [
        one
        for one in nordic.visma.control("GET", f"documents?kind=purchaseorder&company={NORDIC}")
        if one["orderNbr"] == number
    ]
    assert len(json.dumps(document)) > INLINE_LIMIT

    assert nordic.poll() == {"queued": 1, "problems": []}

    assert nordic.ended([_key(number)])[_key(number)].state in SENT
    # A page with it in weighs megabytes: the polls that follow need not read it again and again.
    nordic.visma.control("DELETE", "documents", {"kind": "purchaseorder", "company": NORDIC, "number": number})
    bucket = nordic.outputs["PayloadsBucket"]
    found = nordic.s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [each["Key"] for each in found if each["Key"].startswith(f"documents/nordic#purchase_order#{number}/")]
    (transaction,) = nordic.transactions(number)
    loops = transaction["request"]["message"]["transactionSets"][0]["PO1_loop"]
    sent = [loop["baselineItemData"][0] for loop in loops]
    assert len(sent) == lines
    assert sum(Decimal(line["quantity"]) for line in sent) == sum(
        Decimal(str(line["orderQty"])) for line in document["lines"]
    )
