"""The complete work of the inbound functions, with every permission of their roles.

An exercise yields the deviations from the work with the complete role.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus

import msgspec

from connector.adapters.aws.queues import group_name
from connector.domain.documents import DocumentKey
from connector.domain.inbound import ApiVersion
from connector.domain.order_change.record import CHANGE, Change, ChangeState
from connector.domain.revision.content_hash import revision_id
from connector.domain.revision.record import State
from connector.edi.visma.read import decode, read_document
from connector.services.messages import HintMessage
from proof.deployed.environment import change_of
from proof.deployed.permissions_driver import FunctionDriver
from proof.deployed.permissions_out import BAD, Translated

_LONG_AGO = timedelta(days=1)


def callback(driver: FunctionDriver) -> Iterator[str]:
    """A callback with the secret."""
    body = {"transactionId": int(driver.number()), "delivery": {"deliveryId": "00000000-0000-4000-8000-000000000001"}}
    status = driver.laptop.demo.callback(body, secret=True)
    if status != HTTPStatus.ACCEPTED:
        yield f"the callback was answered {status}"
    if driver.emptied("HintsQueueUrl") != [f"hint#{body['transactionId']}"]:
        yield "the hint is not queued"


def collect(driver: FunctionDriver) -> Iterator[str]:
    """A small and a large 860 in the inbox, the small one started by a killed collector, and an unqueued change."""
    laptop, environment = driver.laptop, driver.environment
    before = datetime.now(UTC) - _LONG_AGO
    numbers = [driver.number(), driver.number()]
    messages = [change_of(numbers[0], 25), change_of(numbers[1], 25, note=driver.large_note())]
    sent = [
        laptop.partner_sends(one, sender=environment.partner, receiver=environment.ours, channels=["inbox"])
        for one in messages
    ]
    laptop.changes.know(sent[0]["id"], DocumentKey.parse(environment.key(numbers[0])))
    forgotten = Change(
        company=environment.company,
        number=driver.number(),
        transaction_id=f"forgotten-{driver.number()}",
        state=ChangeState.RECEIVED,
        created_at=before,
        updated_at=before,
        document=CHANGE,
    )
    laptop.changes.add(forgotten, message=change_of(forgotten.number, 25))
    driver.throttle()
    try:
        answer = driver.work("PollOrderfulFunction")
        yield from driver.throttled()
        # The inbox may have items of other tests.
        if (
            not isinstance(answer, dict)
            or answer["taken"] < len(sent)
            or (answer["requeued"], answer["problems"]) != (1, [])
        ):
            yield f"the collector answered {answer}"
        recorded = [laptop.change(one["id"]) for one in sent]
        if None in recorded or recorded[1] is None or not recorded[1].message_at:
            yield "the changes are not recorded, the large one in the bucket"
        groups = [group_name(DocumentKey.parse(environment.key(number))) for number in (*numbers, forgotten.number)]
        if sorted(driver.emptied("ChangesQueueUrl")) != sorted(groups):
            yield "the changes are not queued"
    finally:
        driver.take_over(sent)
        driver.emptied("ChangesQueueUrl")
        # Otherwise the next run requeues them, and a failed run holds the lease until it expires.
        driver.clear()
        place = {"pk": {"S": "(orderful)"}, "sk": {"S": "v3/transactions"}}
        laptop.dynamodb.delete_item(TableName=laptop.outputs["CursorsTable"], Key=place)


def apply(driver: FunctionDriver, large: Translated) -> Iterator[str]:
    """A large 860 for a large order by a hint; an invalid message; a token to store."""
    laptop, environment = driver.laptop, driver.environment
    number = driver.number()
    key = DocumentKey.parse(environment.key(number))
    laptop.put(environment.company_id, driver.large(number))
    source = json.dumps(laptop.order(number, company_id=environment.company_id)).encode()
    content = read_document(decode(source), company=environment.company).content
    known = replace(
        large.revision,
        key=key,
        business_number=number,
        revision_id=revision_id(content),
        state=State.ACKNOWLEDGED,
        visma_version=None,
    )
    driver.plant(known, source=source, request=None)
    sent = laptop.partner_sends(
        change_of(number, 25, note=driver.large_note()),
        sender=environment.partner,
        receiver=environment.ours,
        channels=["inbox"],
    )
    hint = HintMessage(transaction_id=sent["id"], delivery_id=sent["deliveryId"], version=ApiVersion.V4)
    event = driver.event("HintsQueueUrl", {f"hint#{sent['id']}": msgspec.json.encode(hint), "bad": BAD})
    driver.forget_token()
    try:
        (bad,) = [record["messageId"] for record in event["Records"] if record["body"] == BAD]
        driver.throttle()
        answer = driver.work("ApplyChangeFunction", event)
        yield from driver.throttled()
        if answer != {"batchItemFailures": [{"itemIdentifier": bad}]}:
            yield f"the hint was answered {answer}"
        if not driver.comes_soon("HintsQueueUrl", bad):
            yield "the message that went back was not given its delay"
        change = laptop.change(sent["id"])
        if change is None or not change.message_at:
            yield "the change is not recorded with its message in the bucket"
        yield from _worked_on(driver, key, sent)
    finally:
        driver.done("HintsQueueUrl", event)
        driver.emptied("ChangesQueueUrl")
        row = {"kind": "purchaseorder", "number": number, "company": environment.company_id}
        laptop.visma.control("DELETE", "documents", row)
        if laptop.delivery(sent["id"])["confirmed"] == 0:
            driver.take_over([sent])


def _worked_on(driver: FunctionDriver, key: DocumentKey, sent: Mapping[str, str]) -> Iterator[str]:
    """The change from its queue into the order, with an invalid message in the batch."""
    laptop = driver.laptop
    queued = driver.taken("ChangesQueueUrl")
    if [record["attributes"]["MessageGroupId"] for record in queued["Records"]] != [group_name(key)]:
        yield "the change is not queued"
    spoiled = driver.event("ChangesQueueUrl", {f"bad {key.number}": BAD})
    bad = spoiled["Records"][0]["messageId"]
    laptop.orderful.control("DELETE", "requests")
    answer = driver.work("ApplyChangeFunction", {"Records": [*queued["Records"], *spoiled["Records"]]})
    if not driver.comes_soon("ChangesQueueUrl", bad):
        yield "the message of the changes that went back was not given its delay"
    driver.done("ChangesQueueUrl", queued)
    driver.done("ChangesQueueUrl", spoiled)
    if laptop.orderful.control("GET", "requests?method=GET")["requests"]:
        yield "the message was asked for at Orderful, although it is in the bucket"
    change = laptop.change(sent["id"])
    if (
        answer != {"batchItemFailures": [{"itemIdentifier": bad}]}
        or change is None
        or change.state is not ChangeState.APPLIED
    ):
        yield f"the change ended {change and change.state} ({change and change.reason}), {answer}"
    quantity = Decimal(str(laptop.order(key.number, company_id=driver.environment.company_id)["lines"][0]["orderQty"]))
    if quantity != 25:
        yield f"the order has {quantity}"
    agreed = laptop.newest(str(key))
    if agreed is None or agreed.state is not State.AGREED or not agreed.source_at:
        yield f"the ledger says {agreed and agreed.state}, its document at {agreed and agreed.source_at}"
    if not driver.has_token() or laptop.delivery(sent["id"])["confirmed"] != 1:
        yield "the token was not stored, or Orderful was not told"
