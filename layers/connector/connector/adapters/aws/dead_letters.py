"""Dead letters over SQS, and the record of those that were dropped in the ledger's table.

A dead letter that is sent back gets a deduplication id of its own, made of its message id: no message that was queued
within the last five minutes hides it (SQS drops the second one of an id without a word), and the same dead letter sent
twice within five minutes, because it could not be deleted the first time, is taken once.

    pk = deadletters, sk = <given up>#<message id>    the record of one that a person drops
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from connector.adapters.aws import clients
from connector.adapters.aws.errors import translated
from connector.adapters.aws.items import from_item, time_text, to_item
from connector.adapters.aws.ledger import items_of
from connector.adapters.aws.queues import batches
from connector.domain.errors import ConnectorError
from connector.services.dead_letters import DeadLetter, DeadLetterCount, Dropped, Queue
from connector.services.messages import HintMessage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef, SendMessageBatchRequestEntryTypeDef

INVISIBLE_FOR = timedelta(minutes=2)
"""How long nobody else gets a dead letter that somebody looks at, unless it is given back before."""

_WHAT = "dead-letter queue"
_AT_ONCE = 10
_PARTITION = "deadletters"
_dropped = msgspec.json.Decoder(Dropped).decode


class SqsDeadLetters(clients.OnSqs):
    """The `DeadLetters` port over one dead-letter queue."""

    def __init__(
        self, queue: Queue, url: str, *, home: str, hints: str = "", wait: int = 1, client: SQSClient | None = None
    ) -> None:
        """Use the dead letters of one queue; the client is created at first use.

        Args:
            queue: Whose.
            url: Of the dead-letter queue.
            home: Of the queue itself.
            hints: Of the queue of callbacks, which gives up into the same one; empty for none.
            wait: Seconds that SQS looks for dead letters (SQS: with 0 it asks only some of its servers).
            client: Of SQS.
        """
        self.queue = queue
        self._url = url
        self._home = home
        self._hints = hints
        self._wait = wait
        super().__init__(client)

    def count(self) -> DeadLetterCount:
        attributes = self._attributes(
            self._url,
            *("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "MessageRetentionPeriod"),
        )
        return DeadLetterCount(
            waiting=int(attributes["ApproximateNumberOfMessages"]),
            in_flight=int(attributes["ApproximateNumberOfMessagesNotVisible"]),
            kept_for=timedelta(seconds=int(attributes["MessageRetentionPeriod"])),
        )

    def hold(self, limit: int) -> Sequence[DeadLetter]:
        with translated(_WHAT):
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=max(1, min(limit, _AT_ONCE)),
                VisibilityTimeout=int(INVISIBLE_FOR.total_seconds()),
                WaitTimeSeconds=self._wait,
                MessageSystemAttributeNames=["All"],
            )
        return [self._dead_letter(one) for one in answer.get("Messages", ())]

    def give_back(self, dead_letters: Sequence[DeadLetter]) -> None:
        """Let go of dead letters; if SQS refuses, they show again after `INVISIBLE_FOR`."""
        for some in _parts(dead_letters):
            entries: Any = [
                {"Id": str(place), "ReceiptHandle": one.receipt, "VisibilityTimeout": 0}
                for place, one in enumerate(some)
            ]
            try:
                with translated(_WHAT):
                    self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
            except ConnectorError:
                return

    def send_back(self, dead_letters: Sequence[DeadLetter]) -> Mapping[str, str]:
        failed: dict[str, str] = {}
        sent: list[DeadLetter] = []
        for home in dict.fromkeys(one.home for one in dead_letters):
            waiting = {one.message_id: one for one in dead_letters if one.home == home}
            for batch in batches(map(_entry, waiting.values())):
                some = [waiting.pop(str(entry["Id"])) for entry in batch]
                stuck = {one.group for one in dead_letters if one.message_id in failed}
                late = {one.message_id: _BEHIND for one in some if one.group in stuck}
                problems = late | self._sent(home, [one for one in batch if one["Id"] not in late])
                sent += [one for one in some if one.message_id not in problems]
                failed |= problems
        return failed | {
            name: f"It was put back and lies here as well: {why}" for name, why in self.delete(sent).items()
        }

    def delete(self, dead_letters: Sequence[DeadLetter]) -> Mapping[str, str]:
        failed: dict[str, str] = {}
        for some in _parts(dead_letters):
            entries: Any = [{"Id": str(place), "ReceiptHandle": one.receipt} for place, one in enumerate(some)]
            try:
                with translated(_WHAT):
                    answer = self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
            except ConnectorError as error:
                failed |= {one.message_id: str(error) for one in some}
                continue
            failed |= {some[int(one["Id"])].message_id: _refusal(one) for one in answer.get("Failed", ())}
        return failed

    def _sent(self, home: str, batch: Sequence[SendMessageBatchRequestEntryTypeDef]) -> dict[str, str]:
        """Send one batch; why not, by the ids of those that were not taken, or may not have been."""
        if not batch:
            return {}
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {**one, "Id": str(place)} for place, one in enumerate(batch)
        ]
        try:
            with translated("queue"):
                answer = self._client.send_message_batch(QueueUrl=home, Entries=entries)
        except ConnectorError as error:
            return {one["Id"]: str(error) for one in batch}
        return {batch[int(one["Id"])]["Id"]: _refusal(one) for one in answer.get("Failed", ())}

    def _dead_letter(self, one: MessageTypeDef) -> DeadLetter:
        attributes = one.get("Attributes", {})
        dead_letter = DeadLetter(
            queue=self.queue,
            message_id=one["MessageId"],
            receipt=one["ReceiptHandle"],
            group=attributes["MessageGroupId"],
            body=one["Body"],
            since=datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC),
            home=self._home,
        )
        home = self._home_of(dead_letter, attributes.get("DeadLetterQueueSourceArn", ""))
        return msgspec.structs.replace(dead_letter, home=home, tries=self._most_receives[home])

    def _home_of(self, dead_letter: DeadLetter, source: str) -> str:
        """Where it came from, as SQS says; where SQS does not, a callback is known by what it is."""
        if not self._hints:
            return self._home
        name = source.rpartition(":")[2]
        if name:
            return self._hints if name == self._hints.rpartition("/")[2] else self._home
        return self._hints if isinstance(dead_letter.message, HintMessage) else self._home

    @cached_property
    def _most_receives(self) -> Mapping[str, int | None]:
        """After how many receives each queue gives up; None for one that does not say.

        The count of a dead letter is no answer: SQS raises it with every receive, and only a receive shows one.
        """
        found: dict[str, int | None] = {}
        for url in filter(None, (self._home, self._hints)):
            policy = json.loads(self._attributes(url, "RedrivePolicy").get("RedrivePolicy") or "{}")
            found[url] = int(policy["maxReceiveCount"]) if "maxReceiveCount" in policy else None
        return found

    def _attributes(self, url: str, *names: Any) -> Mapping[str, str]:
        with translated(_WHAT):
            answer = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return {str(name): value for name, value in answer.get("Attributes", {}).items()}


_BEHIND = "One before it of the same document could not be put back."


def _entry(dead_letter: DeadLetter) -> SendMessageBatchRequestEntryTypeDef:
    unique = hashlib.sha256(f"redriven {dead_letter.message_id}".encode()).hexdigest()
    return {
        "Id": dead_letter.message_id,
        "MessageBody": dead_letter.body,
        "MessageGroupId": dead_letter.group,
        "MessageDeduplicationId": unique,
    }


def _parts(dead_letters: Sequence[DeadLetter]) -> Iterable[Sequence[DeadLetter]]:
    return (dead_letters[start : start + _AT_ONCE] for start in range(0, len(dead_letters), _AT_ONCE))


def _refusal(failed: Mapping[str, Any]) -> str:
    return f"SQS refused it ({failed.get('Code', 'unknown')})."


class DynamoDropBook(clients.OnDynamoDB):
    """The `DropBook` port over the ledger's table."""

    def __init__(self, table: str, client: DynamoDBClient | None = None) -> None:
        """Use `table`; the client is created at first use."""
        self._table = table
        super().__init__(client)

    def put(self, dropped: Dropped) -> None:
        key = _record_key(dropped.given_up, dropped.message_id)
        with translated("ledger"):
            self._client.put_item(TableName=self._table, Item=to_item(key | {"body": msgspec.json.encode(dropped)}))

    def of(self, dead_letters: Sequence[DeadLetter]) -> Mapping[str, Dropped]:
        keys = [to_item(_record_key(one.since, one.message_id)) for one in dead_letters]
        found = [_dropped(from_item(item)["body"]) for item in items_of(self._client, self._table, keys)]
        return {one.message_id: one for one in found}

    def newest(self, limit: int) -> Sequence[Dropped]:
        with translated("ledger"):
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues=to_item({":pk": _PARTITION}),
                ScanIndexForward=False,
                Limit=limit,
            )
        return [_dropped(from_item(item)["body"]) for item in answer["Items"]]


def _record_key(given_up: datetime, message_id: str) -> dict[str, Any]:
    """Nothing of it depends on when the dead letter is dropped, so a dead letter has one record."""
    return {"pk": _PARTITION, "sk": f"{time_text(given_up)}#{message_id}"}
