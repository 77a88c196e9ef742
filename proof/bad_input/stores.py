"""In-memory stores with the size limits of DynamoDB, and tables in moto for the adapters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import boto3
import msgspec
import pytest

from connector.domain.order_change.record import Change
from connector.domain.polling.cursor import Cursor
from connector.domain.revision.record import Revision, State
from connector.services.ports import CursorLease
from proof.bad_input.trial import CaseResult, floats_in
from testkit.aws import BUCKET, DOCUMENTS, aws_in_memory, make_bucket, make_table
from testkit.memory.stores import InMemoryChanges, MemoryCursors, MemoryLedger

MAX_ITEM_BYTES = 400_000
"""Most bytes of a DynamoDB item."""

MAX_KEY_BYTES = 2_048
"""Most bytes of a partition key."""


class MeasuredLedger(MemoryLedger):
    """Reports records that the table would refuse, and binary floats."""

    def __init__(self, result: CaseResult) -> None:
        super().__init__()
        self._ending = result

    def add(
        self,
        revision: Revision,
        *,
        source: bytes,
        request: dict[str, Any] | None,
        supersedes: Sequence[Revision] = (),
    ) -> None:
        self._measure(revision, request)
        super().add(revision, source=source, request=request, supersedes=supersedes)

    def retranslated(
        self,
        revision: Revision,
        *,
        was: State,
        source: bytes,
        request: dict[str, Any] | None,
        supersedes: Sequence[Revision] = (),
    ) -> None:
        self._measure(revision, request)
        super().retranslated(revision, was=was, source=source, request=request, supersedes=supersedes)

    def _measure(self, revision: Revision, request: dict[str, Any] | None) -> None:
        _measured(self._ending, revision.key.stored, revision)
        self._ending.expect(not list(floats_in(request)), "a binary float is in the request")


class MeasuredChanges(InMemoryChanges):
    """The same for records of changes."""

    def __init__(self, result: CaseResult) -> None:
        super().__init__()
        self._ending = result

    def add(self, change: Change, *, message: Any) -> Change:
        self._ending.expect(not list(floats_in(message)), "a binary float is in the message")
        return super().add(change, message=message)

    def _put(self, change: Change) -> None:
        _measured(self._ending, change.key.stored, change)
        super()._put(change)


class MeasuredCursors(MemoryCursors):
    """The same for cursors."""

    def __init__(self, result: CaseResult) -> None:
        super().__init__()
        self._ending = result

    def save(self, lease: CursorLease, cursor: Cursor, *, release: bool, not_before: datetime | None = None) -> None:
        _measured(self._ending, lease.company, cursor)
        super().save(lease, cursor, release=release, not_before=not_before)


def _measured(result: CaseResult, key: str, record: object) -> None:
    size = len(msgspec.json.encode(record))
    result.expect(size < MAX_ITEM_BYTES, f"a record of {size:,} bytes is more than the table takes")
    result.expect(len(key.encode()) <= MAX_KEY_BYTES, f"a key of {len(key):,} characters is more than the table takes")


@contextmanager
def aws_for_a_run() -> Iterator[None]:
    """Moto with the bucket; each case creates its tables."""
    with pytest.MonkeyPatch.context() as patch, aws_in_memory(patch):
        make_bucket()
        yield


@contextmanager
def fresh_table() -> Iterator[str]:
    """An empty ledger table for one case."""
    make_table(DOCUMENTS, by_state=True)
    try:
        yield DOCUMENTS
    finally:
        boto3.client("dynamodb").delete_table(TableName=DOCUMENTS)


__all__ = ["BUCKET", "MeasuredChanges", "MeasuredCursors", "MeasuredLedger", "aws_for_a_run", "fresh_table"]
