"""The outbox over SQS FIFO queues: one message group per document or hint, in batches limited by count and bytes."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from connector.adapters.aws import clients
from connector.adapters.aws.errors import translated
from connector.domain.documents import DocumentKey
from connector.domain.errors import ConnectorError, Transient
from connector.services.consume import Received
from connector.services.log_fields import HINT_GROUP
from connector.services.messages import ChangeMessage, DeliveryMessage, DocumentMessage, HintMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

# SQS: 10 entries a call, and the bytes of all entries together are limited; 256 KB holds everywhere.
_MAX_ENTRIES = 10
_MAX_BYTES = 256 * 1024
# A page of 1,000 rows is 100 calls; four at a time keep that near a second.
_PARALLEL_CALLS = 4
# SQS: letters, digits and punctuation, up to 128.
_GROUP_NAME = re.compile(r"[!-~]{1,128}")


class SqsOutbox(clients.OnSqs):
    """The `Outbox` port over four queues; one that this function may not write to has no URL."""

    def __init__(
        self,
        *,
        documents_url: str = "",
        deliveries_url: str = "",
        changes_url: str = "",
        hints_url: str = "",
        client: SQSClient | None = None,
    ) -> None:
        """Write to these queues; the client is created at first use."""
        self._documents_url = documents_url
        self._deliveries_url = deliveries_url
        self._changes_url = changes_url
        self._hints_url = hints_url
        super().__init__(client)

    def documents(self, messages: Iterable[DocumentMessage]) -> None:
        """Queue documents; SQS drops the same state of a document within five minutes."""
        entries = [_entry(group_name(each.key), _body(each), known_by=_body(_unseen(each))) for each in messages]
        self._send(self._documents_url, entries)

    def deliveries(self, messages: Iterable[DeliveryMessage]) -> None:
        """Queue deliveries, each with its own deduplication id: the ledger's claim handles a repetition."""
        entries = [_entry(group_name(each.key), _body(each)) for each in messages]
        self._send(self._deliveries_url, entries)

    def hints(self, messages: Iterable[HintMessage]) -> None:
        """Queue hints; SQS drops a callback that is repeated within five minutes."""
        bodies = [(_safe(f"{HINT_GROUP}{each.transaction_id}"), _body(each)) for each in messages]
        entries = [_entry(group, body, known_by=body) for group, body in bodies]
        self._send(self._hints_url, entries)

    def changes(self, messages: Iterable[ChangeMessage]) -> None:
        """Queue changes. Each has its own deduplication id, as with deliveries."""
        entries = [_entry(group_name(each.key), _body(each)) for each in messages]
        self._send(self._changes_url, entries)

    def _send(self, url: str, entries: Sequence[SendMessageBatchRequestEntryTypeDef]) -> None:
        parts = list(batches(entries))
        groups = {entry["MessageGroupId"] for entry in entries if "MessageGroupId" in entry}
        if len(parts) == 1 or len(groups) < len(entries):
            # Messages of one document keep their order only if they are sent one after the other.
            for batch in parts:
                self._send_batch(url, batch)
            return
        client = self._client  # created before the threads need it: creating clients is not thread-safe
        with ThreadPoolExecutor(_PARALLEL_CALLS) as pool:
            list(pool.map(lambda batch: self._send_batch(url, batch, client), parts))

    def _send_batch(
        self, url: str, batch: Sequence[SendMessageBatchRequestEntryTypeDef], client: SQSClient | None = None
    ) -> None:
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {**entry, "Id": str(position)} for position, entry in enumerate(batch)
        ]
        with translated("queue"):
            answer = (client or self._client).send_message_batch(QueueUrl=url, Entries=entries)
        # SQS answers 200 even when it did not take every entry.
        failed = answer.get("Failed", [])
        if failed:
            raise Transient(f"The queue did not take {len(failed)} of {len(batch)} messages ({failed[0].get('Code')}).")


def group_name(key: DocumentKey) -> str:
    """The message group of a document: its key, or a hash of it where SQS would refuse the key."""
    return _safe(key.stored)


def _safe(name: str) -> str:
    return name if _GROUP_NAME.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()


def _body(message: DocumentMessage | DeliveryMessage | HintMessage | ChangeMessage) -> str:
    text = msgspec.json.encode(message).decode("utf-8", errors="replace")
    # SQS refuses the two non-characters; inside a JSON string their escapes mean the same.
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def _unseen(message: DocumentMessage) -> DocumentMessage:
    """The message without its time of reading, so that two polls of the same state give the same deduplication id."""
    return msgspec.structs.replace(message, seen_at=None, listed_since=None, first_scan=False)


def _entry(group: str, body: str, *, known_by: str | None = None) -> SendMessageBatchRequestEntryTypeDef:
    """An entry of a batch. SQS drops a repetition of `known_by` within five minutes; None is never dropped."""
    unique = uuid.uuid4().hex if known_by is None else hashlib.sha256(f"{group} {known_by}".encode()).hexdigest()
    return {"Id": "0", "MessageBody": body, "MessageGroupId": group, "MessageDeduplicationId": unique}


def batches(
    entries: Iterable[SendMessageBatchRequestEntryTypeDef],
) -> Iterator[list[SendMessageBatchRequestEntryTypeDef]]:
    """Batches of entries, in their order, each within the limits of one SQS call."""
    batch: list[SendMessageBatchRequestEntryTypeDef] = []
    size = 0
    for entry in entries:
        weight = len(entry["MessageBody"].encode())
        if batch and (len(batch) == _MAX_ENTRIES or size + weight > _MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += weight
    if batch:
        yield batch


class BatchedDeliveries:
    """The `Outbox` port of a consumer: deliveries of a whole batch go out together, ten to a call.

    Nothing is queued before `flush`, so the consumed messages must not be deleted before it.
    """

    def __init__(self, outbox: SqsOutbox) -> None:
        """Send through `outbox`."""
        self._outbox = outbox
        self._buffered: list[DeliveryMessage] = []

    def documents(self, messages: Iterable[DocumentMessage]) -> None:
        """Queue documents at once."""
        self._outbox.documents(messages)

    def deliveries(self, messages: Iterable[DeliveryMessage]) -> None:
        """Hold deliveries until the batch ends."""
        self._buffered.extend(messages)

    def hints(self, messages: Iterable[HintMessage]) -> None:
        """Queue hints at once."""
        self._outbox.hints(messages)

    def changes(self, messages: Iterable[ChangeMessage]) -> None:
        """Queue changes at once."""
        self._outbox.changes(messages)

    def flush(self) -> None:
        """Queue the buffered deliveries, in order. Refused ones are dropped: their documents are retried."""
        buffered, self._buffered = self._buffered, []
        if buffered:
            self._outbox.deliveries(buffered)


class SqsPostponer(clients.OnSqs):
    """The `Postponer` port over the queue that a function consumes."""

    def __init__(self, url: str, client: SQSClient | None = None) -> None:
        """Postpone messages of this queue; the client is created at first use."""
        self._url = url
        super().__init__(client)

    def postpone(self, receipt: str, delay: timedelta) -> None:
        """Set the visibility timeout. If SQS refuses, the queue's own, longer one applies, which is safe."""
        try:
            with translated("queue"):
                self._client.change_message_visibility(
                    QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=int(delay.total_seconds())
                )
        except ConnectorError:
            return


def received(event: Mapping[str, Any]) -> list[Received]:
    """The messages of a Lambda event from an SQS FIFO queue."""
    return [
        Received(
            message_id=record["messageId"],
            receipt=record["receiptHandle"],
            group=record["attributes"].get("MessageGroupId", record["messageId"]),
            body=record["body"],
            receives=int(record["attributes"].get("ApproximateReceiveCount", 1)),
        )
        for record in event.get("Records", [])
    ]


def failures(message_ids: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """The answer that keeps exactly these messages in the queue (`ReportBatchItemFailures`)."""
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in message_ids]}
