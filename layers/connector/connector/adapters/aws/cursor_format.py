"""The storage format of a cursor: a small head in JSON, and its rows as packed columns.

A row is its id (8 bytes of hash, which do not compress), its stamp and its flags; 20,000 rows take about 250 KB. The
format of earlier releases, with the rows in the head, is read as well.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from connector.domain.polling.cursor import Cursor, Rows, Scan, Waiting, row_id, stamp_of

_FORMAT = b"1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A cursor without its rows, and the number of rows."""

    watermark: datetime | None
    caught_up_at: datetime | None
    begun_at: datetime | None
    scan: Scan | None
    candidate: Scan | None
    full_page: int | None
    remembered: int
    waiting: int


class _OldWaiting(msgspec.Struct, frozen=True):
    modified: str
    unchanged_since: datetime
    first_seen: datetime


class _OldHead(msgspec.Struct, frozen=True):
    known: dict[str, str]
    watermark: datetime | None = None
    caught_up_at: datetime | None = None
    waiting: dict[str, _OldWaiting] = {}


_head = msgspec.json.Decoder(Head)
_old_head = msgspec.json.Decoder(_OldHead)


def packed(cursor: Cursor) -> tuple[bytes, bytes]:
    """The head and the rows of a cursor; empty bytes without rows."""
    head = Head(
        watermark=cursor.watermark,
        caught_up_at=cursor.caught_up_at,
        begun_at=cursor.begun_at,
        scan=cursor.scan,
        candidate=cursor.candidate,
        full_page=cursor.full_page,
        remembered=len(cursor.rows),
        waiting=len(cursor.waiting),
    )
    return zlib.compress(msgspec.json.encode(head)), _packed_rows(cursor)


def head_of(head: bytes) -> Head:
    """Read a head in this format or the earlier one."""
    text = zlib.decompress(head)
    try:
        return _head.decode(text)
    except msgspec.ValidationError:
        return _unpacked_old(text)[0]


def unpacked(head: bytes, rows: bytes | None) -> Cursor:
    """The cursor.

    Args:
        head: The stored head.
        rows: The stored rows; None when they are lost. Then the pass begins again and queues the rows of its window
            again, which the ledger recognises.
    """
    text = zlib.decompress(head)
    try:
        stored = _head.decode(text)
    except msgspec.ValidationError:
        return _unpacked_old(text)[1]
    lost = rows is None
    marks, waiting = _unpacked_rows(rows) if rows else ({}, {})
    scan = stored.scan
    return Cursor(
        watermark=stored.watermark,
        caught_up_at=stored.caught_up_at,
        begun_at=stored.begun_at,
        rows=Rows(marks),
        waiting=waiting,
        scan=scan.again() if lost and scan else scan,
        candidate=None if lost else stored.candidate,
        full_page=stored.full_page,
    )


def _unpacked_old(text: bytes) -> tuple[Head, Cursor]:
    """Read a cursor in the earlier format. An unfinished pass begins again."""
    old = _old_head.decode(text)
    waiting = {
        row_id(key): Waiting(stamp_of(one.modified), one.unchanged_since, one.first_seen)
        for key, one in old.waiting.items()
    }
    cursor = Cursor(
        watermark=old.watermark,
        caught_up_at=old.caught_up_at,
        begun_at=old.watermark,
        rows=Rows.queued({row_id(key): stamp_of(modified) for key, modified in old.known.items()}),
        waiting=waiting,
    )
    head = Head(
        watermark=cursor.watermark,
        caught_up_at=cursor.caught_up_at,
        begun_at=cursor.begun_at,
        scan=None,
        candidate=None,
        full_page=None,
        remembered=len(cursor.rows),
        waiting=len(waiting),
    )
    return head, cursor


def _packed_rows(cursor: Cursor) -> bytes:
    marks, waiting = cursor.rows.marks, cursor.waiting
    if not marks and not waiting:
        return b""
    rows, restless = sorted(marks), sorted(waiting)
    columns = [
        struct.pack("<II", len(rows), len(restless)),
        _column("Q", rows),
        _column("q", [marks[row] >> 2 for row in rows]),
        _column("B", [marks[row] & 3 for row in rows]),
        _column("Q", restless),
        _column("q", [waiting[row].stamp for row in restless]),
        _column("q", [_micros(waiting[row].unchanged_since) for row in restless]),
        _column("q", [_micros(waiting[row].first_seen) for row in restless]),
    ]
    return _FORMAT + zlib.compress(b"".join(columns))


def _unpacked_rows(body: bytes) -> tuple[dict[int, int], dict[int, Waiting]]:
    columns = zlib.decompress(body[len(_FORMAT) :])
    count, restless = struct.unpack_from("<II", columns)
    place = struct.calcsize("<II")

    def column(kind: str, length: int) -> Sequence[int]:
        nonlocal place
        layout = f"<{length}{kind}"
        start, place = place, place + struct.calcsize(layout)
        return struct.unpack_from(layout, columns, start)

    rows, stamps, flags = column("Q", count), column("q", count), column("B", count)
    marks = {row: stamp << 2 | flag for row, stamp, flag in zip(rows, stamps, flags, strict=True)}
    names, timestamps = column("Q", restless), column("q", restless)
    unchanged, seen = column("q", restless), column("q", restless)
    waiting = {
        row: Waiting(stamp, _instant(since), _instant(first))
        for row, stamp, since, first in zip(names, timestamps, unchanged, seen, strict=True)
    }
    return marks, waiting


def _column(kind: str, values: Iterable[int]) -> bytes:
    listed = list(values)
    return struct.pack(f"<{len(listed)}{kind}", *listed)


def _micros(timestamp: datetime) -> int:
    return (timestamp - _EPOCH) // _MICROSECOND


def _instant(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND
