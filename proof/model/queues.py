"""SQS FIFO queues in virtual time, and Lambda's event source mapping.

AWS: a message that was received is invisible until its visibility timeout ends, and so is the rest of its group; a
message is deleted only after its function said that it is done; a deduplication id counts for five minutes, also after
its message is gone; the receive after the last allowed one moves a message to the dead-letter queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from testkit.memory.effects import EffectRecorder, ManualClock

VISIBILITY = timedelta(seconds=360)
"""As in template.yaml: six times the time-out of the functions."""

BATCH = 10
"""`BatchSize` in template.yaml."""

DEDUPLICATION_INTERVAL = timedelta(minutes=5)
"""SQS: how long a deduplication id counts."""


@dataclass(slots=True)
class Message:
    """A message."""

    message_id: str
    group: str
    body: str
    visible_at: datetime
    receives: int = 0


@dataclass(slots=True)
class Queue:
    """One FIFO queue.

    Attributes:
        max_receives: `maxReceiveCount`.
        dead: The dead letters.
        redelivered: Ids whose next deletion is lost, so that they are delivered once more.
        sent: Every accepted body, without duplicates.
    """

    name: str
    clock: ManualClock
    max_receives: int
    messages: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)
    redelivered: set[str] = field(default_factory=set)
    sent: list[str] = field(default_factory=list)
    _ids: dict[str, datetime] = field(default_factory=dict)
    _last: int = 0

    def send(self, entry: dict[str, Any]) -> None:
        """Accept a message, unless it is a duplicate."""
        now, known = self.clock.now(), entry["MessageDeduplicationId"]
        if known in self._ids and now - self._ids[known] < DEDUPLICATION_INTERVAL:
            return
        self._ids[known] = now
        self._last += 1
        self.sent.append(entry["MessageBody"])
        self.messages.append(Message(f"{self.name}-{self._last}", entry["MessageGroupId"], entry["MessageBody"], now))

    def again(self, body: str, *, group: str) -> None:
        """Add a deleted message again."""
        self._last += 1
        self.messages.append(Message(f"{self.name}-{self._last}", group, body, self.clock.now()))

    def receive(self) -> list[Message]:
        """Up to a batch of messages, in the order of their groups."""
        now = self.clock.now()
        blocked: set[str] = set()
        batch: list[Message] = []
        for message in list(self.messages):
            if message.group in blocked or len(batch) == BATCH:
                continue
            if message.visible_at > now:
                blocked.add(message.group)
                continue
            if message.receives >= self.max_receives:
                self.messages.remove(message)
                self.dead.append(message)
                continue
            message.receives += 1
            message.visible_at = now + VISIBILITY
            batch.append(message)
        return batch

    def delete(self, message_id: str) -> None:
        """Delete a message, unless its deletion is lost."""
        if message_id in self.redelivered:
            self.redelivered.discard(message_id)
            return
        self.messages = [one for one in self.messages if one.message_id != message_id]

    def postpone(self, message_id: str, seconds: int) -> None:
        """Set when a received message is visible again."""
        for message in self.messages:
            if message.message_id == message_id:
                message.visible_at = self.clock.now() + timedelta(seconds=seconds)

    def give_up(self, place: int) -> None:
        """Move a message to the dead-letter queue."""
        self.dead.append(self.messages.pop(place))

    def redrive(self) -> None:
        """An operator moves the dead letters back (`connector deadletters redrive`)."""
        back, self.dead = self.dead, []
        for message in back:
            message.receives, message.visible_at = 0, self.clock.now()
        self.messages += back

    def next_visible(self) -> datetime | None:
        """When a message can be received at the earliest; None when there is none."""
        first: dict[str, datetime] = {}
        for message in self.messages:
            first.setdefault(message.group, message.visible_at)
        return min(first.values(), default=None)


class Sqs:
    """The SQS client that the adapters speak to."""

    def __init__(self, effects: EffectRecorder, queues: Sequence[Queue]) -> None:
        """Use these queues; a queue's name is its URL."""
        self.queues = {queue.name: queue for queue in queues}
        self._effects = effects

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        def take() -> None:
            for entry in Entries:
                self.queues[QueueUrl].send(entry)

        self._effects(f"send to {QueueUrl}", take)
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def change_message_visibility(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        ReceiptHandle: str,  # noqa: N803
        VisibilityTimeout: int,  # noqa: N803
    ) -> None:
        queue = self.queues[QueueUrl]
        self._effects(f"postpone on {QueueUrl}", lambda: queue.postpone(ReceiptHandle, VisibilityTimeout))


def event_of(batch: Sequence[Message]) -> dict[str, Any]:
    """The Lambda event of a batch."""
    return {
        "Records": [
            {
                "messageId": message.message_id,
                "receiptHandle": message.message_id,
                "body": message.body,
                "attributes": {"MessageGroupId": message.group, "ApproximateReceiveCount": str(message.receives)},
            }
            for message in batch
        ]
    }
