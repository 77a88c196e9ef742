"""What an exercise of a function needs: numbers of its own, queues in its hands, documents that are large."""

from __future__ import annotations

import base64
import itertools
import json
import random
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.adapters.aws.breaker import BELIEVED_FOR, visma_item
from connector.adapters.aws.findings import PARTITION
from connector.adapters.aws.items import Item, time_text, to_item
from connector.domain.documents import DocumentKey
from connector.domain.revision.record import Revision
from demo.catalogue import purchase_order
from proof.deployed.environment import SUPPLIER, Environment
from testkit.aws import lambda_event
from testkit.laptop.observed import Laptop
from testkit.laptop.stack import ORDERFUL_KEY

HIDDEN = 600
"""Seconds for which messages are taken: one that is visible much earlier was put back by the function."""

_BREAKER = {"pk": {"S": "breaker#orderful"}, "sk": {"S": "breaker"}}
_LARGE_LINES = 2000
# Random bytes behind each line's text: bodies go to the bucket when they are above 100 KB even after compression.
_LINE_BYTES = 57
_NOTE_BYTES = 150_000


@dataclass(slots=True)
class Bench:
    """The place where a function's whole work is done on purpose, message by message.

    Attributes:
        environment: The company that everything is about.
        seed: Same seed, same documents.
    """

    environment: Environment
    seed: int
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(710001))

    @property
    def laptop(self) -> Laptop:
        """The stack."""
        return self.environment.laptop

    def number(self) -> str:
        """A number that no order has had."""
        return str(next(self._numbers))

    def small(self, number: str) -> dict[str, Any]:
        """An order that travels inside its message."""
        return purchase_order(number, SUPPLIER, [("1310", "20"), ("1402", "5")])

    def large(self, number: str) -> dict[str, Any]:
        """An order that every hop has to put into the bucket."""
        document = purchase_order(number, SUPPLIER, [("1310", "20")] * _LARGE_LINES)
        draw = random.Random(self.seed)  # noqa: S311 - it draws cases, not secrets
        for line in document["lines"]:
            line["lineDescription"] = base64.b64encode(draw.randbytes(_LINE_BYTES)).decode()
        return document

    def large_note(self) -> str:
        """A note that makes a message too large for the table."""
        draw = random.Random(self.seed)  # noqa: S311 - it draws cases, not secrets
        return base64.b64encode(draw.randbytes(_NOTE_BYTES)).decode()

    # -- functions

    def work(self, function: str, event: Mapping[str, Any] | None = None) -> Any:
        """The answer of a function; the words of its error when it ended with one."""
        answer = self.laptop.lambda_.invoke(FunctionName=self.laptop.outputs[function], Payload=json.dumps(event or {}))
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            return f"{payload.get('errorType')}: {payload.get('errorMessage')}"
        return payload

    # -- queues

    def event(self, queue: str, bodies: Mapping[str, bytes | str]) -> dict[str, Any]:
        """Messages put into a queue and taken out again, each group with its body, as a consumer is given them."""
        entries = [
            {
                "Id": str(position),
                "MessageBody": body if isinstance(body, str) else body.decode(),
                "MessageGroupId": group,
                "MessageDeduplicationId": f"{group} {datetime.now(UTC).isoformat()}",
            }
            for position, (group, body) in enumerate(bodies.items())
        ]
        self.laptop.sqs.send_message_batch(QueueUrl=self.laptop.outputs[queue], Entries=entries)
        return self.taken(queue)

    def taken(self, queue: str) -> dict[str, Any]:
        """What waits in a queue, as a consumer is given it."""
        records: list[Any] = []
        while found := self.laptop.sqs.receive_message(
            QueueUrl=self.laptop.outputs[queue],
            MaxNumberOfMessages=10,
            AttributeNames=["All"],
            VisibilityTimeout=HIDDEN,
        ).get("Messages"):
            records += found
        return lambda_event(records, self.laptop.outputs[queue])

    def done(self, queue: str, event: Mapping[str, Any]) -> None:
        """Delete messages, as Lambda does with those that were handled."""
        for record in event["Records"]:
            self.laptop.sqs.delete_message(QueueUrl=self.laptop.outputs[queue], ReceiptHandle=record["receiptHandle"])

    def emptied(self, queue: str) -> list[str]:
        """The groups of the messages that waited in a queue, which is empty now."""
        event = self.taken(queue)
        self.done(queue, event)
        return [record["attributes"]["MessageGroupId"] for record in event["Records"]]

    def comes_soon(self, queue: str, message_id: str) -> bool:
        """Whether a message that was taken is to be seen again long before its time."""
        query = f"{self.laptop.stack.aws.endpoint}/_ministack/sqs/messages"
        with urllib.request.urlopen(query, timeout=300) as answer:  # noqa: S310 - our own http URL
            shown = json.loads(answer.read())["messages"]
        found = [
            message
            for regions in shown.values()
            for queues in regions.values()
            for url, messages in queues.items()
            for message in messages
            if url == self.laptop.outputs[queue] and message["MessageId"] == message_id
        ]
        now = datetime.now(UTC).timestamp()
        return any(message["VisibleAt"] - now < HIDDEN / 2 for message in found)

    # -- tables

    def plant(self, revision: Revision, *, source: bytes, request: dict[str, Any] | None) -> Revision:
        """Write a revision into the ledger as if it had come there; one of the same number gives way."""
        key = {"pk": {"S": revision.key.stored}, "sk": {"S": f"rev#{revision.sequence:08d}"}}
        self.laptop.dynamodb.delete_item(TableName=self.laptop.outputs["DocumentsTable"], Key=key)
        self.laptop.ledger.add(revision, source=source, request=request)
        (planted,) = self.laptop.ledger.revisions(revision.key, limit=1)
        return planted

    def forget_token(self) -> None:
        """Take the company's access token off the table: whoever needs one has to ask for it and store it."""
        place = {"pk": {"S": self.environment.company}}
        self.laptop.dynamodb.delete_item(TableName=self.laptop.outputs["TokensTable"], Key=place)

    def has_token(self) -> bool:
        """Whether the company's access token is on the table."""
        place = {"pk": {"S": self.environment.company}}
        item = self.laptop.dynamodb.get_item(TableName=self.laptop.outputs["TokensTable"], Key=place).get("Item", {})
        return "token" in item

    def clear(self) -> None:
        """Forget every document and change of the company, so that no later run looks after them."""
        for item in self.laptop.items("DocumentsTable"):
            if item["pk"]["S"].startswith(f"{self.environment.company}#"):
                place = {name: item[name] for name in ("pk", "sk")}
                self.laptop.dynamodb.delete_item(TableName=self.laptop.outputs["DocumentsTable"], Key=place)

    def forget_comparison(self) -> None:
        """Forget what reconciliation has found and how far it came, so that the next run begins anew."""
        for item in self.laptop.items("CursorsTable"):
            if item["pk"]["S"] == PARTITION:
                place = {name: item[name] for name in ("pk", "sk")}
                self.laptop.dynamodb.delete_item(TableName=self.laptop.outputs["CursorsTable"], Key=place)

    def throttle(self) -> None:
        """Have Orderful answer the next question with a 429 that asks for a second."""
        fault = {"fault": "http_429", "retry_after": 1, "match": {"method": "GET"}}
        self.laptop.orderful.control("POST", "faults", fault)

    def throttled(self) -> Iterator[str]:
        """What is wrong when the wait was not written down for the other functions; it is forgotten then."""
        self.laptop.orderful.control("DELETE", "faults")
        place = {"TableName": self.laptop.outputs["DocumentsTable"], "Key": _BREAKER}
        if "hold_read" not in self.laptop.dynamodb.get_item(**place).get("Item", {}):
            yield "the wait that Orderful asked for was not written down"
        self.laptop.dynamodb.delete_item(**place)

    # -- Visma

    def hold_visma(self) -> None:
        """Note that Visma asked for a pause of half a minute."""
        until = to_item({"hold_visma": time_text(datetime.now(UTC) + timedelta(seconds=30))})
        self.laptop.dynamodb.put_item(
            TableName=self.laptop.outputs["DocumentsTable"], Item={**self._visma_breaker(), **until}
        )

    def throttle_visma(self) -> None:
        """End that pause, and have Visma answer the next question with a 429 that asks for a second."""
        self.laptop.dynamodb.delete_item(TableName=self.laptop.outputs["DocumentsTable"], Key=self._visma_breaker())
        seen_until = datetime.now(UTC) + BELIEVED_FOR
        self.laptop.until(lambda: datetime.now(UTC) > seen_until, "the lifted pause to be read")
        place = {"pk": {"S": self.environment.company}, "sk": {"S": "v1/purchaseorder"}}
        self.laptop.dynamodb.delete_item(TableName=self.laptop.outputs["CursorsTable"], Key=place)
        fault = {"fault": "http_429", "retry_after": 1, "match": {"method": "GET"}}
        self.laptop.visma.control("POST", "faults", fault)

    def visma_throttled(self) -> Iterator[str]:
        """What is wrong when the wait was not written down for the other functions; it is forgotten then."""
        self.laptop.visma.control("DELETE", "faults")
        # Whichever company was asked first was told to wait.
        found = [one for one in self.laptop.items("DocumentsTable") if one["pk"]["S"].startswith("breaker#visma#")]
        if not any("hold_visma" in one for one in found):
            yield "the wait that Visma asked for was not written down"
        for one in found:
            place = {name: one[name] for name in ("pk", "sk")}
            self.laptop.dynamodb.delete_item(TableName=self.laptop.outputs["DocumentsTable"], Key=place)

    def _visma_breaker(self) -> Item:
        return to_item(visma_item(self.environment.company))

    # -- Orderful

    def edit_at_orderful(self, number: str) -> None:
        """Change the first quantity in the newest transaction of a number."""
        transaction = self.laptop.held(number)[-1]["id"]
        request = urllib.request.Request(  # noqa: S310 - our own http URL
            f"{self.laptop.orderful.url}/v3/transactions/{transaction}/message",
            headers={"orderful-api-key": ORDERFUL_KEY["api_key"]},
        )
        with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310 - our own http URL
            sets = json.loads(answer.read())["transactionSets"]
        sets[0]["PO1_loop"][0]["baselineItemData"][0]["quantity"] = "98765"
        self.laptop.orderful.control("PUT", f"transactions/{transaction}/message", {"transaction_sets": sets})

    def take_over(self, sent: Sequence[Mapping[str, Any]]) -> None:
        """Accept deliveries at Orderful, so that the inbox is empty again."""
        for one in sent:
            request = urllib.request.Request(  # noqa: S310 - our own http URL
                f"{self.laptop.orderful.url}/transactions/{one['id']}/deliveries/{one['deliveryId']}/accept",
                data=json.dumps({"note": "taken over"}).encode(),
                headers={
                    "Content-Type": "application/json",
                    "orderful-api-key": ORDERFUL_KEY["api_key"],
                    "orderful-api-version": "v4",
                },
                method="POST",
            )
            urllib.request.urlopen(request, timeout=300).close()  # noqa: S310 - our own http URL


def renumbered(revision: Revision, key: DocumentKey, **changes: Any) -> Revision:
    """A revision as it would be of another document."""
    return replace(revision, key=key, business_number=key.number, source_at=None, request_at=None, **changes)


def with_number(content: Any, old: str, new: str) -> Any:
    """JSON content with the number of another document in it."""
    return json.loads(json.dumps(content).replace(old, new))
