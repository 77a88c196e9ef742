"""An SQS client with the validation rules of SQS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

MAX_BYTES = 262_144
"""Most bytes of a batch, in every version of SQS."""

_GROUP = re.compile(r"[!-~]{1,128}")
# SQS: characters that XML 1.0 does not allow.
_FORBIDDEN = re.compile("[^\x09\x0a\x0d\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class StrictSqs:
    """Stores messages, and refuses invalid calls as SQS does."""

    def __init__(self) -> None:
        """Start with empty queues."""
        self.refuses = False
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.postponed: list[str] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        """Store up to ten messages."""
        if self.refuses:
            raise _refused("InternalError")
        if not 1 <= len(Entries) <= 10:
            raise _refused("TooManyEntriesInBatchRequest")
        bodies = [entry["MessageBody"] for entry in Entries]
        if sum(len(body.encode()) for body in bodies) > MAX_BYTES:
            raise _refused("BatchRequestTooLong")
        for entry in Entries:
            if not entry["MessageBody"] or _FORBIDDEN.search(entry["MessageBody"]):
                raise _refused("InvalidMessageContents")
            if not _GROUP.fullmatch(entry["MessageGroupId"]) or not _GROUP.fullmatch(entry["MessageDeduplicationId"]):
                raise _refused("InvalidParameterValue")
        self.taken += [(QueueUrl, dict(entry)) for entry in Entries]
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def change_message_visibility(self, *, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803
        """Record the postponed message."""
        self.postponed.append(ReceiptHandle)

    def events(self, url: str) -> list[dict[str, Any]]:
        """Remove all messages of a queue and return them as Lambda events of ten."""
        entries = [entry for queue, entry in self.taken if queue == url]
        self.taken = [(queue, entry) for queue, entry in self.taken if queue != url]
        records = [_record(place, entry) for place, entry in enumerate(entries)]
        return [{"Records": records[start : start + 10]} for start in range(0, len(records), 10)]


def _record(place: int, entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": f"m{place}",
        "receiptHandle": f"r{place}",
        "body": entry["MessageBody"],
        "attributes": {"MessageGroupId": entry["MessageGroupId"], "ApproximateReceiveCount": "1"},
    }


def _refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "SendMessageBatch")
