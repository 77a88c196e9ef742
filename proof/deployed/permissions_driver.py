"""Helpers of the exercises: unused numbers, queues, large documents."""

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
"""Visibility timeout of received messages: one that is visible much earlier was postponed by the function."""

_BREAKER = {"pk": {"S": "breaker#orderful"}, "sk": {"S": "breaker"}}
_LARGE_LINES = 2000
# Random bytes in each line: bodies are stored in the bucket when they exceed 100 KB after compression.
_LINE_BYTES = 57
_NOTE_BYTES = 150_000


@dataclass(slots=True)
class FunctionDriver:
    """Runs the work of a function, message by message.

    Attributes:
        environment: The company.
        seed: The seed of the documents.
    """

    environment: Environment
    seed: int
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(710001))

    @property
    def laptop(self) -> Laptop:
        """The stack."""
        return self.environment.laptop

    def number(self) -> str:
        """An unused order number."""
        return str(next(self._numbers))

    def small(self, number: str) -> dict[str, Any]:
        """An order that fits into its message."""
        return purchase_order(number, SUPPLIER, [("1310", "20"), ("1402", "5")])

    def large(self, number: str) -> dict[str, Any]:
        """An order that every function stores in the bucket."""
        document = purchase_order(number, SUPPLIER, [("1310", "20")] * _LARGE_LINES)
        draw = random.Random(self.seed)  # noqa: S311 - it draws cases, not secrets
        for line in document["lines"]:
            line["lineDescription"] = base64.b64encode(draw.randbytes(_LINE_BYTES)).decode()
        return document

    def large_note(self) -> str:
        """A note that makes a message too large for the table item."""
        draw = random.Random(self.seed)  # noqa: S311 - it draws cases, not secrets
        return base64.b64encode(draw.randbytes(_NOTE_BYTES)).decode()

    # -- functions

    def work(self, function: str, event: Mapping[str, Any] | None = None) -> Any:
        """The answer of a function, or its error as text."""
        answer = self.laptop.lambda_.invoke(FunctionName=self.laptop.outputs[function], Payload=json.dumps(event or {}))
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            return f"{payload.get('errorType')}: {payload.get('errorMessage')}"
        return payload

    # -- queues

    def event(self, queue: str, bodies: Mapping[str, bytes | str]) -> dict[str, Any]:
        """Send messages (group -> body) and receive them; returns the Lambda event."""
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
        """Receive all messages of a queue; returns the Lambda event."""
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
        """Delete the messages of an event."""
        for record in event["Records"]:
            self.laptop.sqs.delete_message(QueueUrl=self.laptop.outputs[queue], ReceiptHandle=record["receiptHandle"])

    def emptied(self, queue: str) -> list[str]:
        """Receive and delete all messages of a queue; returns their groups."""
        event = self.taken(queue)
        self.done(queue, event)
        return [record["attributes"]["MessageGroupId"] for record in event["Records"]]

    def comes_soon(self, queue: str, message_id: str) -> bool:
        """Whether a received message becomes visible before its visibility timeout."""
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
        """Write a revision into the ledger, in place of one with the same sequence."""
        key = {"pk": {"S": revision.key.stored}, "sk": {"S": f"rev#{revision.sequence:08d}"}}
        self.laptop.dynamodb.delete_item(TableName=self.laptop.outputs["DocumentsTable"], Key=key)
        self.laptop.ledger.add(revision, source=source, request=request)
        (planted,) = self.laptop.ledger.revisions(revision.key, limit=1)
        return planted

    def forget_token(self) -> None:
        """Delete the company's access token from the table, so that a function must store a new one."""
        place = {"pk": {"S": self.environment.company}}
        self.laptop.dynamodb.delete_item(TableName=self.laptop.outputs["TokensTable"], Key=place)

    def has_token(self) -> bool:
        """Whether the table has an access token of the company."""
        place = {"pk": {"S": self.environment.company}}
        item = self.laptop.dynamodb.get_item(TableName=self.laptop.outputs["TokensTable"], Key=place).get("Item", {})
        return "token" in item

    def clear(self) -> None:
        """Delete every document and change of the company, so that later runs do not process them."""
        for item in self.laptop.items("DocumentsTable"):
            if item["pk"]["S"].startswith(f"{self.environment.company}#"):
                place = {name: item[name] for name in ("pk", "sk")}
                self.laptop.dynamodb.delete_item(TableName=self.laptop.outputs["DocumentsTable"], Key=place)

    def forget_comparison(self) -> None:
        """Delete the findings and the progress of reconciliation."""
        for item in self.laptop.items("CursorsTable"):
            if item["pk"]["S"] == PARTITION:
                place = {name: item[name] for name in ("pk", "sk")}
                self.laptop.dynamodb.delete_item(TableName=self.laptop.outputs["CursorsTable"], Key=place)

    def throttle(self) -> None:
        """Let Orderful answer the next GET with a 429 and a wait of one second."""
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
        """Hold Visma's calls for half a minute."""
        until = to_item({"hold_visma": time_text(datetime.now(UTC) + timedelta(seconds=30))})
        self.laptop.dynamodb.put_item(
            TableName=self.laptop.outputs["DocumentsTable"], Item={**self._visma_breaker(), **until}
        )

    def throttle_visma(self) -> None:
        """End that hold, and let Visma answer the next GET with a 429 and a wait of one second."""
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
        # The first company that was polled got the 429.
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
        """Change the first quantity in the newest transaction of an order."""
        transaction = self.laptop.transactions(number)[-1]["id"]
        request = urllib.request.Request(  # noqa: S310 - our own http URL
            f"{self.laptop.orderful.url}/v3/transactions/{transaction}/message",
            headers={"orderful-api-key": ORDERFUL_KEY["api_key"]},
        )
        with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310 - our own http URL
            sets = json.loads(answer.read())["transactionSets"]
        sets[0]["PO1_loop"][0]["baselineItemData"][0]["quantity"] = "98765"
        self.laptop.orderful.control("PUT", f"transactions/{transaction}/message", {"transaction_sets": sets})

    def take_over(self, sent: Sequence[Mapping[str, Any]]) -> None:
        """Accept deliveries at Orderful, which empties the inbox."""
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
    """A copy of a revision for another document."""
    return replace(revision, key=key, business_number=key.number, source_at=None, request_at=None, **changes)


def with_number(content: Any, old: str, new: str) -> Any:
    """JSON content with the number replaced."""
    return json.loads(json.dumps(content).replace(old, new))
