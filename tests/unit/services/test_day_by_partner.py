"""The numbers of a day by partner: what happened on that day, whatever became of it later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from connector.domain.documents import DocumentKey
from connector.domain.revision.record import Event, Revision, State
from connector.domain.routing.resolve import Routing
from connector.services import day_by_partner as module
from connector.services.day_by_partner import PartnerDay, day_by_partner
from testkit.memory.stores import MemoryLedger
from testkit.samples.routing_data import routing_data

DAY = date(2026, 11, 28)
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
NEXT = NOON + timedelta(days=1)
ROUTING = Routing(routing_data())


def a_revision(number: int, *events: tuple[datetime, State], **changes) -> Revision:
    history = tuple(Event(at, state, "") for at, state in events)
    revision = Revision(
        key=DocumentKey.of_order("nordic", str(number)),
        sequence=1,
        revision_id="r",
        state=events[-1][1],
        created_at=NOON,
        updated_at=events[-1][0],
        partner="acme",
        history=history,
    )
    return replace(revision, **changes)


def counted(*revisions: Revision) -> module.DayByPartner:
    ledger = MemoryLedger()
    ledger.rows |= {(one.key, one.sequence): one for one in revisions}
    return day_by_partner(ledger, ROUTING, DAY)


def test_what_happened_on_the_day_counts_and_nothing_of_other_days():
    before = NOON - timedelta(days=1)
    found = counted(
        a_revision(1, (NOON, State.SENT), (NOON, State.ACKNOWLEDGED), sent_at=NOON),
        a_revision(2, (before, State.SENT), (NOON, State.ACKNOWLEDGED), sent_at=before),
        a_revision(3, (NOON, State.SENT), (NEXT, State.ACKNOWLEDGED), sent_at=NOON),
        a_revision(4, (NOON, State.SENT), (NOON, State.REJECTED), sent_at=NOON, partner="berg"),
        a_revision(5, (NOON, State.PARKED), (NEXT, State.SENT), sent_at=NEXT, partner="berg"),
        a_revision(6, (NOON, State.SENT), sent_at=NOON, attention="late", attention_at=NOON, partner="berg"),
        a_revision(7, (before, State.SENT), (before, State.ACKNOWLEDGED), sent_at=before),
        a_revision(8, (NEXT, State.SENT), sent_at=NEXT),
        a_revision(9, (NOON, State.PARKED), partner=None),
    )
    assert list(found.partners.items()) == [
        ("berg", PartnerDay(sent=2, failed=2, parked=1)),
        ("acme", PartnerDay(sent=2, acknowledged=2)),
        ("-", PartnerDay(parked=1)),
    ]
    assert found.complete


def test_a_ledger_that_is_larger_than_what_is_read_is_said(monkeypatch):
    monkeypatch.setattr(module, "MAX_SCANNED", 0)
    found = counted(a_revision(1, (NOON, State.SENT), sent_at=NOON))
    assert (found.partners, found.complete) == ({}, False)
