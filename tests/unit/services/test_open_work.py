"""What is open is counted within bounds: however much there is, so much is read and no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.documents import DocumentKey
from connector.domain.order_change.record import ChangeState
from connector.domain.pause import Pause, Scope
from connector.domain.reasons import Reason
from connector.domain.revision.record import Revision, State
from connector.domain.routing.resolve import Routing
from connector.services.open_work import MAX_RECORDS, PartnerWork, Subject, open_work
from connector.services.ports import TrackerProgress
from testkit.memory.stores import InMemoryChanges, MemoryLedger, a_change
from testkit.samples.routing_data import routing_data

NOW = datetime(2026, 11, 29, 7, 0, tzinfo=UTC)
MIDNIGHT = NOW.replace(hour=0)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
ACME = Pause(scope=Scope(partner="acme"), since=NOW - HOUR, by="kari", caller="arn:kari", reason="they move")
LISTS = 2 + 2 + 1 + 1
"""Parked, rejected, two of attention, paused, sent today."""


def a_revision(number: int, **changes) -> Revision:
    revision = Revision(
        key=DocumentKey.of_order("nordic", str(number)),
        sequence=1,
        revision_id="r",
        state=State.PARKED,
        created_at=NOW - timedelta(days=1) + SECOND * number,
        updated_at=NOW,
        partner="acme",
    )
    return replace(revision, **changes)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


def put(ledger: MemoryLedger, *revisions: Revision) -> None:
    for one in revisions:
        ledger.rows[(one.key, one.sequence)] = one


def look(ledger, changes=None, *pauses):
    return open_work(ledger, changes or InMemoryChanges(), pauses, Routing(routing_data()), since=MIDNIGHT)


def test_what_waits_is_counted_by_reason_the_longest_first(ledger):
    changes = InMemoryChanges()
    changes.put(
        a_change(state=ChangeState.PARKED, reason_codes=(Reason.DATE_BEYOND_LIMIT,), created_at=NOW - 48 * HOUR)
    )
    changes.put(a_change(transaction_id="2", state=ChangeState.APPLIED))
    put(
        ledger,
        a_revision(1, reason_code="unmapped-unit"),
        a_revision(2, reason_code="unmapped-unit"),
        a_revision(3, state=State.REJECTED, reason_code="request-refused", sent_at=NOW - 36 * HOUR),
        a_revision(4, state=State.SENT, attention="late", concern="OVERDUE", sent_at=NOW),
        a_revision(5),
        a_revision(6, state=State.SKIPPED, reason_code="send-off"),
    )
    work = look(ledger, changes)
    assert [(subject, tally.count) for subject, tally in work.for_person.items()] == [
        (Subject("change", "date-beyond-limit"), 1),
        (Subject("document", "request-refused"), 1),
        (Subject("document", "unmapped-unit"), 2),
        (Subject("document", None), 1),
        (Subject("document", "acknowledgment-overdue"), 1),
    ]
    assert work.for_person[Subject("document", "unmapped-unit")].oldest == NOW - timedelta(days=1) + SECOND
    assert not work.is_partial


def test_what_pauses_keep_is_counted_apart_and_what_one_left_behind(ledger):
    put(
        ledger,
        a_revision(1, reason_code="paused"),
        a_revision(2, reason_code="paused", partner="berg"),
    )
    work = look(ledger, None, ACME)
    assert {pause: tally.count for pause, tally in work.paused.items()} == {ACME: 1, None: 1}
    assert work.for_person == {}


def test_what_is_on_its_way_is_counted_and_what_left_today_by_partner(ledger):
    put(
        ledger,
        a_revision(1, state=State.TRANSLATED),
        a_revision(2, state=State.UNCONFIRMED),
        a_revision(3, state=State.SENT, sent_at=MIDNIGHT + HOUR),
        a_revision(4, state=State.DELIVERED, sent_at=MIDNIGHT + HOUR, partner="berg"),
        a_revision(7, state=State.SENT, sent_at=MIDNIGHT + HOUR, partner="acme-of-old", counterparty="50012"),
        a_revision(5, state=State.VALID, sent_at=MIDNIGHT - HOUR),
        a_revision(6, state=State.ACKNOWLEDGED, sent_at=MIDNIGHT + HOUR),
    )
    old_name = a_revision(8, partner="acme-of-old", counterparty="50012")
    ledger.keep_progress(TrackerProgress().counting([a_revision(6), old_name], NOW.date()))
    work = look(ledger)
    assert (work.being_sent.count, work.sent.count) == (2, 4)
    assert work.by_partner == {"acme": PartnerWork(sent=2, acknowledged=2), "berg": PartnerWork(sent=1)}


def test_what_failed_and_what_waits_is_counted_by_partner_the_most_first(ledger):
    changes = InMemoryChanges()
    changes.put(a_change(state=ChangeState.PARKED, reason_codes=(Reason.DATE_BEYOND_LIMIT,)))
    put(
        ledger,
        a_revision(1, state=State.SENT, sent_at=MIDNIGHT + HOUR),
        a_revision(2, partner="berg"),
        a_revision(3, state=State.REJECTED, sent_at=NOW, partner="berg"),
        a_revision(4, state=State.SENT, attention="late", concern="OVERDUE", sent_at=NOW, partner="berg"),
        a_revision(5, partner=None, reason_code="unmapped-partner"),
        a_revision(6, reason_code="paused"),
    )
    assert list(look(ledger, changes).by_partner.items()) == [
        ("berg", PartnerWork(failed=2, waiting=1)),
        ("acme", PartnerWork(sent=1, waiting=1)),
        ("-", PartnerWork(waiting=1)),
    ]


def test_more_sent_documents_of_a_day_than_are_read_is_said(ledger):
    put(ledger, *(a_revision(number, state=State.SENT, sent_at=NOW) for number in range(MAX_RECORDS + 1)))
    work = look(ledger)
    assert (work.is_sent_partial, work.by_partner) == (True, {"acme": PartnerWork(sent=MAX_RECORDS)})


def test_ten_thousand_open_documents_cost_as_many_reads_as_a_thousand(ledger):
    put(ledger, *(a_revision(number, reason_code="unmapped-unit") for number in range(9_000)))
    put(ledger, *(a_revision(number, reason_code="paused") for number in range(9_000, 10_000)))
    work = look(ledger)
    assert work.for_person == {
        Subject("document", "unmapped-unit"): work.for_person[Subject("document", "unmapped-unit")]
    }
    assert work.for_person[Subject("document", "unmapped-unit")].count == MAX_RECORDS
    assert work.is_partial
    assert (ledger.queries, ledger.reads <= 2 * (MAX_RECORDS + 1)) == (LISTS, True)
