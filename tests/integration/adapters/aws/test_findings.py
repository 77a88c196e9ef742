"""What reconciliation keeps, in DynamoDB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from connector.adapters.aws.cursors import DynamoCursors
from connector.adapters.aws.findings import DynamoFindingBook
from connector.domain.documents import Kind
from connector.domain.errors import Conflict
from connector.domain.reconcile.finding import Category, Finding
from connector.services.ports import Resource
from connector.services.reconcile.local_book import LocalBook
from connector.services.reconcile.ports import (
    BackfillProgress,
    DocumentStep,
    Progress,
    Question,
    Selection,
    TransactionStep,
)
from testkit.aws import CURSORS, aws_in_memory, make_table

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
STEP = TransactionStep(since=NOW - timedelta(days=1), until=NOW, senders=("NORDICT",))


def a_finding(**changes):
    finding = Finding(
        category=Category.MISSING,
        company="nordic",
        subject="nordic/purchase_order/500123",
        sentence="Visma has it, and the ledger has no record of it.",
        next_step="connector backfill",
        state="1",
        at=NOW,
        first_seen=NOW,
        last_seen=NOW,
        filed_under=("850", "500123"),
    )
    return msgspec.structs.replace(finding, **changes)


@pytest.fixture(autouse=True)
def _aws(monkeypatch):
    with aws_in_memory(monkeypatch):
        make_table(CURSORS)
        yield


@pytest.fixture(params=["memory", "dynamodb"])
def book(request):
    return LocalBook() if request.param == "memory" else DynamoFindingBook(CURSORS)


def test_a_close_outlives_a_run_that_has_read_the_finding_before(book):
    read_by_a_run = a_finding()
    book.put(read_by_a_run)
    book.put(a_finding(closed_at=NOW, closed_by="kari", closed_because="sent by mail"))

    book.put(msgspec.structs.replace(read_by_a_run, last_seen=NOW + timedelta(minutes=5), reported="1"))

    (found,) = book.findings()
    assert (found.closed_by, found.closed_because, found.reported) == ("kari", "sent by mail", "1")
    book.put(a_finding(state="2"))
    assert [one.is_open for one in book.findings()] == [True]


def test_a_finding_is_kept_until_it_is_removed(book):
    one, other = a_finding(), a_finding(subject="12345", transactions=("12345",))
    book.put(one)
    book.put(other)
    book.put(msgspec.structs.replace(one, reported="1"))
    assert {(found.subject, found.reported) for found in book.findings()} == {(one.subject, "1"), ("12345", None)}
    book.remove(one)
    book.remove(one)
    assert book.findings() == [other]


def test_one_run_at_a_time_and_its_progress(book):
    assert book.progress() is None
    book.take(now=NOW, lease=timedelta(minutes=6))
    with pytest.raises(Conflict):
        book.take(now=NOW + timedelta(minutes=5), lease=timedelta(minutes=6))
    step = DocumentStep(company="nordic", resource=Resource.PURCHASE_ORDERS, question=Question.DATED)
    progress = Progress(started_at=NOW, since=NOW, until=NOW, steps=(STEP, step), at=1, handled=7, problems=("x",))
    book.keep(progress)
    assert book.progress() == progress
    book.give_back()
    book.take(now=NOW, lease=timedelta(minutes=6))
    book.take(now=NOW + timedelta(minutes=7), lease=timedelta(minutes=6))


def test_ids_and_beginnings(book):
    assert book.seen(STEP.name) == frozenset()
    ids = frozenset(map(str, range(802_000_000, 802_030_000)))
    book.keep_seen(STEP.name, ids)
    assert book.seen(STEP.name) == ids
    book.forget_seen(STEP.name)
    assert book.seen(STEP.name) == frozenset()
    book.keep_beginnings({"nordic": NOW})
    assert book.beginnings() == {"nordic": NOW}


def test_how_far_a_backfill_came(book):
    assert book.backfill() is None
    selection = Selection(since=NOW.date(), until=NOW.date(), kind=Kind.PURCHASE_ORDER, numbers=frozenset({"1", "2"}))
    progress = BackfillProgress(selection=selection, at=1, page=3, found=7, queued=7)
    book.keep_backfill(progress)
    assert book.backfill() == progress


def test_it_is_no_cursor():
    book = DynamoFindingBook(CURSORS)
    book.take(now=NOW, lease=timedelta(minutes=6))
    book.put(a_finding())
    assert DynamoCursors(CURSORS).all_cursors() == []
