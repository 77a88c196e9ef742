"""Translating: every way a document can end in the ledger, and that no way sends twice or sends the wrong thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Conflict, Misconfigured, Transient
from connector.domain.reasons import Reason
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import CAPTURED, Revision, State, current_revision
from connector.domain.transactions import Purpose, Stream
from connector.services.messages import DeliveryMessage, DocumentMessage
from connector.services.outbound.translate import TranslateResult
from connector.services.ports import Metric
from connector.services.release import message_for
from testkit.memory.connector import Connector
from testkit.memory.effects import START, Killed, killer
from testkit.memory.stores import FixedRouting
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import (
    MISSING,
    a_credit_note,
    a_customer_invoice,
    a_purchase_order,
    a_supplier_invoice,
    an_order_line,
    as_json,
)

ORDER = DocumentKey("nordic", Kind.PURCHASE_ORDER, "500123")


def an_order(price="10.0", **changes):
    """Order 500123 with one line; the price makes its content."""
    return a_purchase_order(**({"lines": [an_order_line(unitCost=Decimal(price))]} | changes))


class Bench(Connector):
    """A translator between fakes, fed with Visma documents."""

    def message(self, document, /, *, key=ORDER, **changes):
        raw = document if isinstance(document, bytes) else as_json(document)
        return DocumentMessage(
            company=key.company,
            kind=key.kind,
            number=key.number,
            **({"modified_at": self.clock.now(), "seen_at": self.clock.now(), "document": msgspec.Raw(raw)} | changes),
        )

    def see(self, document, /, *, key=ORDER, **changes):
        """Visma shows this document: translate it, a minute after whatever came before."""
        self.clock.forward(minutes=1)
        return self.translator().handle(self.message(document, key=key, **changes))

    def states(self, key=ORDER):
        """States of all revisions, oldest first."""
        return [revision.state for revision in reversed(self.ledger.revisions(key, limit=1000))]

    def newest(self, key=ORDER) -> Revision:
        return self.ledger.revisions(key)[0]

    def becomes(self, state, *, key=ORDER, sequence=None, **changes):
        """What the deliverer and the tracker would have written."""
        row = self.ledger.get(key, sequence or self.newest(key).sequence)
        self.ledger.rows[(key, row.sequence)] = replace(row, state=state, **changes)

    def due(self):
        """Sequences queued for sending since the last look."""
        sequences = [message.sequence for message in self.outbox.queued_deliveries]
        self.outbox.clear()
        return sequences


@pytest.fixture
def bench(ports):
    return Bench(**ports)


@pytest.fixture
def bench_with(ports):
    return lambda changes: Bench(**ports, routing=FixedRouting(routing_data(changes)))


class TestANewDocument:
    def test_it_is_captured_translated_and_queued(self, bench):
        assert bench.see(an_order()) is TranslateResult.QUEUED
        revision = bench.newest()
        assert (revision.sequence, revision.state, revision.purpose) == (1, State.TRANSLATED, Purpose.ORIGINAL)
        assert (revision.partner, revision.business_number) == ("acme", "500123")
        assert (revision.sender_id, revision.receiver_id) == ("NORDICFOODT", "ACMEPRODUCET")
        assert revision.stream is Stream.TEST
        assert revision.visma_status == "Open"
        assert [event.state for event in revision.history] == [CAPTURED, State.TRANSLATED]
        assert bench.outbox.queued_deliveries == [
            DeliveryMessage(company="nordic", kind=Kind.PURCHASE_ORDER, number="500123", sequence=1)
        ]
        assert bench.telemetry.counts[Metric.DOCUMENTS_TRANSLATED] == 1

    def test_both_bodies_are_kept_beside_it(self, bench):
        raw = as_json(an_order())
        bench.see(raw)
        assert bench.ledger.source_of(bench.newest()) == raw
        assert "message" in bench.ledger.request_of(bench.newest())

    def test_a_large_document_is_fetched_from_the_payload_bucket(self, bench):
        place = bench.payloads.put("documents/x", as_json(an_order()))
        assert bench.see(b"", document=msgspec.UNSET, document_at=place) is TranslateResult.QUEUED

    def test_a_body_that_is_gone_is_the_trouble_of_its_document(self, bench):
        assert bench.see(b"", document=msgspec.UNSET, document_at="gone") is TranslateResult.PARKED
        assert bench.states() == [State.PARKED]
        (revision,) = bench.ledger.revisions(ORDER)
        assert "gone" in revision.reason
        assert revision.next_step
        assert bench.see(b"", document=msgspec.UNSET, document_at="gone") is TranslateResult.PARKED
        assert bench.states() == [State.PARKED]
        assert bench.see(an_order()) is TranslateResult.QUEUED
        assert bench.newest().state is State.TRANSLATED

    def test_a_body_that_can_be_read_again_is_read_by_a_replay(self, bench):
        place = "documents/x.json.z"
        assert bench.see(b"", document=msgspec.UNSET, document_at=place) is TranslateResult.PARKED
        for is_there, outcome in ((False, TranslateResult.PARKED), (True, TranslateResult.QUEUED)):
            if is_there:
                bench.payloads.put("documents/x", as_json(an_order()))
            bench.clock.forward(minutes=5)
            revision = bench.newest()
            message = message_for(
                revision,
                bench.ledger.source_of(revision),
                bench.payloads,
                now=bench.clock.now(),
                cause=Cause.again(revision),
            )
            assert (message.document, message.document_at) == (msgspec.UNSET, place)
            assert bench.translator().handle(message) is outcome
        assert bench.states() == [State.SUPERSEDED, State.TRANSLATED]

    def test_a_message_for_a_document_of_which_nothing_is_kept_can_be_read(self, bench):
        assert bench.see(b"", document=msgspec.UNSET) is TranslateResult.PARKED
        message = message_for(bench.newest(), b"", bench.payloads, now=bench.clock.now(), cause=Cause.REPLAY)
        written = msgspec.json.encode(message)
        assert bench.translator().handle(msgspec.json.decode(written, type=DocumentMessage)) is TranslateResult.PARKED

    @pytest.mark.parametrize(
        ("kind", "number", "document"),
        [
            (Kind.SUPPLIER_INVOICE, "900145", a_supplier_invoice()),
            (Kind.CUSTOMER_INVOICE, "100231", a_customer_invoice()),
            (Kind.CUSTOMER_INVOICE, "CreditNote:100240", a_credit_note()),
        ],
    )
    def test_every_kind_finds_its_way(self, bench_with, kind, number, document):
        bench = bench_with({"defaults.units": {"STK": "each", "KRT": "case", "KG": "kilogram"}})
        key = DocumentKey("nordic", kind, number)
        assert bench.see(document, key=key) is TranslateResult.QUEUED, bench.newest(key).reason
        assert bench.newest(key).business_number == number.removeprefix("CreditNote:")


class TestTheSameContentAgain:
    def test_what_the_partner_has_is_known(self, bench):
        bench.see(an_order())
        bench.due()
        for state in (State.SENDING, State.UNCONFIRMED, State.SENT, State.ACKNOWLEDGED, State.REJECTED):
            bench.becomes(state)
            assert bench.see(an_order(), cause="poll") is TranslateResult.KNOWN
        assert bench.states() == [State.REJECTED]
        assert bench.due() == []

    def test_a_change_that_the_partner_cannot_see_sends_nothing(self, bench):
        bench.see(an_order())
        bench.becomes(State.SENT)
        bench.due()
        touched = an_order(timeStamp="AAAAAE0YIiJ=", lastModifiedDateTime="2026-11-02T10:00:00", printed=False)
        assert bench.see(touched) is TranslateResult.KNOWN
        assert bench.due() == []

    def test_what_was_translated_and_perhaps_never_queued_is_queued_again(self, bench):
        bench.see(an_order())
        assert bench.see(an_order()) is TranslateResult.KNOWN
        assert bench.due() == [1, 1]
        assert bench.states() == [State.TRANSLATED]

    def test_a_parked_document_seen_again_stays_parked_without_a_write(self, bench):
        bench.see(an_order(supplier={"number": "99"}))
        writes = bench.ledger.writes
        assert bench.see(an_order(supplier={"number": "99"})) is TranslateResult.PARKED
        assert bench.ledger.writes == writes
        assert bench.telemetry.counts[Metric.DOCUMENTS_PARKED] == 1

    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("step", [1, 2])
    def test_a_death_between_ledger_and_queue_is_made_good_by_the_second_try(self, bench, step, after):
        """T1: one revision, and it is queued."""
        reaper = killer(step, after=after)
        doomed = bench.translator(
            ledger=reaper.watch(bench.ledger, "add"), outbox=reaper.watch(bench.outbox, "deliveries")
        )
        message = bench.message(an_order())
        with pytest.raises(Killed):
            doomed.handle(message)
        bench.translator().handle(message)
        assert reaper.steps == ["add", "deliveries"][:step]
        assert bench.states() == [State.TRANSLATED]
        assert set(bench.due()) == {1}


class TestANewerRevision:
    def test_it_replaces_one_that_was_sent(self, bench):
        bench.see(an_order("10.0"))
        bench.becomes(State.SENT)
        bench.see(an_order("11.0"))
        assert bench.newest().purpose is Purpose.REPLACE
        assert bench.states() == [State.SENT, State.TRANSLATED]
        assert bench.due() == [1, 2]

    def test_it_comes_before_one_that_never_left(self, bench):
        bench.see(an_order("10.0"))
        bench.see(an_order("11.0"))
        assert bench.states() == [State.SUPERSEDED, State.TRANSLATED]
        assert bench.newest().purpose is Purpose.ORIGINAL

    def test_it_waits_while_the_one_before_is_being_sent_or_in_doubt(self, bench):
        bench.see(an_order("10.0"))
        for state in (State.SENDING, State.UNCONFIRMED):
            bench.becomes(state)
            with pytest.raises(Transient, match="still being sent") as waiting:
                bench.see(an_order("11.0"))
            assert waiting.value.retry_after == timedelta(seconds=30)
        assert bench.states() == [State.UNCONFIRMED]

    def test_it_waits_when_the_one_before_is_claimed_under_its_hands(self, bench):
        bench.see(an_order("10.0"))
        original = bench.ledger.add

        def claimed_first(revision, **named):
            bench.ledger.claim(ORDER, 1, now=bench.clock.now(), lease=timedelta(seconds=90))
            return original(revision, **named)

        bench.ledger.add = claimed_first
        with pytest.raises(Conflict):
            bench.see(an_order("11.0"))
        assert bench.states() == [State.SENDING]

    def test_it_is_an_original_when_the_one_before_was_rejected(self, bench):
        bench.see(an_order("10.0"))
        bench.becomes(State.REJECTED)
        bench.see(an_order("11.0"))
        assert bench.newest().purpose is Purpose.ORIGINAL

    def test_it_is_a_replacement_when_only_the_last_of_several_was_rejected(self, bench):
        bench.see(an_order("10.0"))
        bench.becomes(State.ACKNOWLEDGED)
        bench.see(an_order("11.0"))
        bench.becomes(State.REJECTED)
        bench.see(an_order("12.0"))
        assert bench.newest().purpose is Purpose.REPLACE

    def test_a_change_taken_back_before_it_left_sends_nothing(self, bench):
        """A, B, A: the partner has A."""
        bench.see(an_order("10.0"))
        bench.becomes(State.SENT)
        bench.see(an_order("11.0"))
        bench.due()
        assert bench.see(an_order("10.0")) is TranslateResult.KNOWN
        assert bench.states() == [State.SENT, State.SUPERSEDED]
        assert bench.due() == []

    def test_a_change_taken_back_after_it_left_is_sent_as_a_revision_of_its_own(self, bench):
        bench.see(an_order("10.0"))
        bench.becomes(State.SENT)
        bench.see(an_order("11.0"))
        bench.becomes(State.SENT)
        bench.see(an_order("10.0"))
        assert bench.states() == [State.SENT, State.SENT, State.TRANSLATED]
        assert bench.newest().revision_id == bench.ledger.get(ORDER, 1).revision_id
        assert bench.newest().purpose is Purpose.REPLACE

    def test_a_change_made_again_after_it_was_taken_back_is_a_revision_of_its_own(self, bench):
        """A, B, A, B: superseded is the end of a revision; the second B gets its own number."""
        bench.see(an_order("10.0"))
        bench.becomes(State.SENT)
        bench.see(an_order("11.0"))
        bench.see(an_order("10.0"))
        bench.due()
        assert bench.see(an_order("11.0")) is TranslateResult.QUEUED
        assert bench.states() == [State.SENT, State.SUPERSEDED, State.TRANSLATED]
        assert bench.due() == [3]

    @pytest.mark.parametrize("policy", ["park", "ignore"])
    def test_an_order_with_many_unsent_changes_is_never_taken_for_a_new_one(self, bench_with, policy):
        """The sending lies far back in the history; without it the order would leave a second time as original."""
        bench = bench_with({"partners.acme.on_revision": policy})
        bench.see(an_order("10.0"))
        bench.becomes(State.ACKNOWLEDGED)
        bench.due()
        for price in range(11, 150):
            bench.see(an_order(f"{price}.0"))
        assert bench.due() == []
        assert set(bench.states()[1:]) <= {State.PARKED, State.SKIPPED, State.SUPERSEDED}


class TestAStateThatIsPast:
    """SQS: a deletion can fail, so a message can come again after the one behind it in its group was handled."""

    OLD, NEW = "AAAAAE0YIiE=", "AAAAAE0YIiI="

    def test_an_older_state_that_comes_again_does_not_undo_its_successor(self, bench):
        first = bench.message(an_order("10.0", timeStamp=self.OLD))
        bench.translator().handle(first)
        bench.becomes(State.SENT)
        bench.see(an_order("11.0", timeStamp=self.NEW))
        bench.becomes(State.SENT)
        bench.due()

        assert bench.translator().handle(first) is TranslateResult.KNOWN
        assert (bench.states(), bench.due()) == ([State.SENT, State.SENT], [])

    def test_nor_one_that_took_an_unsent_change_back(self, bench):
        bench.see(an_order("10.0", timeStamp=self.OLD))
        bench.becomes(State.SENT)
        parked = bench.message(an_order("11.0", timeStamp="AAAAAE0YIiG="))
        bench.translator().handle(parked)
        assert bench.see(an_order("10.0", timeStamp=self.NEW)) is TranslateResult.KNOWN
        bench.due()

        assert bench.translator().handle(parked) is TranslateResult.KNOWN
        assert (bench.states(), bench.due()) == ([State.SENT, State.SUPERSEDED], [])

    def test_a_later_state_with_a_lower_version_counts_for_versions_begin_anew_in_a_restored_backup(self, bench):
        bench.see(an_order("10.0", timeStamp=self.NEW))
        bench.becomes(State.SENT)
        assert bench.see(an_order("11.0", timeStamp=self.OLD)) is TranslateResult.QUEUED

    def test_in_the_autumn_hour_a_later_state_reads_as_earlier_and_counts_all_the_same(self, bench):
        bench.see(an_order("10.0"))
        bench.becomes(State.SENT)
        assert (
            bench.see(an_order("11.0"), modified_at=bench.clock.now() - timedelta(minutes=50)) is TranslateResult.QUEUED
        )

    @pytest.mark.parametrize("seen", [{"seen_at": None}, {"seen_at": datetime(2026, 11, 2, 8, tzinfo=UTC)}])
    def test_where_nobody_knows_which_was_seen_first_the_version_decides(self, bench, seen):
        bench.see(an_order("11.0", timeStamp=self.NEW), **seen)
        assert bench.see(an_order("10.0", timeStamp=self.OLD), **seen) is TranslateResult.KNOWN
        assert bench.states() == [State.TRANSLATED]

    def test_a_clock_of_visma_that_was_set_back_hides_no_newer_version(self, bench):
        bench.see(an_order("10.0", timeStamp=self.OLD))
        bench.becomes(State.SENT)
        earlier = bench.clock.now() - timedelta(hours=1)
        assert bench.see(an_order("11.0", timeStamp=self.NEW), seen_at=earlier) is TranslateResult.QUEUED


class TestARejectedRevision:
    def test_it_is_not_sent_again_by_itself(self, bench):
        bench.see(an_order())
        bench.becomes(State.REJECTED)
        bench.due()
        assert bench.see(an_order()) is TranslateResult.KNOWN
        assert bench.due() == []

    def test_it_is_sent_again_as_an_original_when_a_person_asks(self, bench):
        bench.see(an_order())
        bench.becomes(State.REJECTED)
        bench.due()
        assert bench.see(an_order(), cause="replay now") is TranslateResult.QUEUED
        assert bench.states() == [State.SUPERSEDED, State.TRANSLATED]
        assert (bench.newest().purpose, bench.due()) == (Purpose.ORIGINAL, [2])

    def test_it_is_closed_when_a_corrected_revision_follows(self, bench):
        bench.see(an_order())
        bench.becomes(State.REJECTED)
        assert bench.see(an_order("11.0")) is TranslateResult.QUEUED
        assert bench.states() == [State.SUPERSEDED, State.TRANSLATED]

    def test_it_is_found_behind_a_change_that_was_taken_back_before_it_left(self, bench):
        """It was changed and changed back while nobody knew yet that the partner refuses it."""
        bench.see(an_order("10.0"))
        bench.becomes(State.SENT)
        bench.see(an_order("11.0", timeStamp="AAAAAE0YIiE="))
        bench.becomes(State.SENT)
        bench.see(an_order("12.0", timeStamp="AAAAAE0YIiI="))
        bench.see(an_order("11.0", timeStamp="AAAAAE0YIiM="))
        bench.becomes(State.REJECTED, sequence=2)
        assert bench.states() == [State.SENT, State.REJECTED, State.SUPERSEDED]
        bench.due()

        refused = current_revision(bench.ledger.revisions(ORDER))
        source = bench.ledger.source_of(refused)
        wish = message_for(refused, source, bench.payloads, now=bench.clock.now(), cause=Cause.REPLAY)
        assert bench.translator().handle(wish) is TranslateResult.QUEUED
        assert bench.states() == [State.SENT, State.SUPERSEDED, State.SUPERSEDED, State.TRANSLATED]

    def test_a_replay_of_what_no_longer_stands_sends_nothing(self, bench):
        bench.see(an_order("10.0"))
        bench.becomes(State.REJECTED)
        refused = bench.newest()
        wish = message_for(
            refused, bench.ledger.source_of(refused), bench.payloads, now=bench.clock.now(), cause=Cause.REPLAY
        )
        bench.see(an_order("11.0"))
        bench.due()
        assert bench.translator().handle(wish) is TranslateResult.KNOWN
        assert bench.due() == []

    def test_a_wish_to_send_again_what_the_partner_has_sends_nothing(self, bench):
        bench.see(an_order())
        bench.becomes(State.DELIVERED)
        bench.due()
        assert bench.see(an_order(), cause="replay now") is TranslateResult.KNOWN
        assert bench.due() == []


class TestPolicy:
    @pytest.mark.parametrize(
        ("status", "outcome"),
        [
            ("Open", TranslateResult.QUEUED),
            ("Printed", TranslateResult.QUEUED),
            ("Balanced", TranslateResult.SKIPPED),
            ("Voided", TranslateResult.SKIPPED),
            ("Odd", TranslateResult.PARKED),
        ],
    )
    def test_the_status_decides_whether_it_leaves(self, bench, status, outcome):
        assert bench.see(an_order(status=status)) is outcome
        if outcome is not TranslateResult.QUEUED:
            assert f"Its status {status} is not one of send_when" in bench.newest().reason
        assert bench.telemetry.counts[Metric.DOCUMENTS_SKIPPED] == (outcome is TranslateResult.SKIPPED)

    def test_an_unknown_status_needs_a_person_until_it_is_known(self, bench):
        """A new word of Visma's for a finished document must not keep documents from leaving in silence."""
        bench.see(an_order(status="Odd"))
        revision = bench.newest()
        assert (revision.reason_code, revision.field) == (Reason.UNKNOWN_STATUS, "status")
        assert revision.waits_for == "defaults.send_when.purchase_order"
        assert "Add Odd to defaults.send_when.purchase_order in the routing file" in revision.next_step
        assert bench.see(an_order(status="Open")) is TranslateResult.QUEUED
        assert bench.newest().reason_code is None

    def test_an_unknown_status_is_sent_when_routing_names_it_or_a_person_says_so(self, bench, bench_with):
        bench.see(an_order(status="Odd"))
        assert bench.see(an_order(status="Odd"), cause="send as original") is TranslateResult.QUEUED
        bench = bench_with({"defaults.send_when": {"purchase_order": ["Odd"]}})
        assert bench.see(an_order("11.0", status="Odd")) is TranslateResult.QUEUED

    def test_an_unknown_status_of_what_was_withdrawn_needs_a_person(self, bench):
        for status in ("Open", "Cancelled"):
            bench.see(an_order(status=status))
            bench.becomes(State.SENT)
        assert bench.see(an_order("11.0", status="Odd")) is TranslateResult.PARKED
        assert bench.newest().reason_code == Reason.UNKNOWN_STATUS

    def test_an_unknown_status_of_what_is_sent_asks_only_about_a_change(self, bench):
        bench.see(an_order())
        bench.becomes(State.SENT)
        assert bench.see(an_order(status="Odd")) is TranslateResult.KNOWN
        assert bench.see(an_order("11.0", status="Odd")) is TranslateResult.PARKED
        assert bench.newest().reason_code == Reason.CHANGED_OUT_OF_STATUS

    @pytest.mark.parametrize(
        ("changes", "document", "code"),
        [
            ({"partners.acme.send": False}, {}, Reason.SEND_OFF),
            ({"partners.acme.send": False}, {"status": "Odd"}, Reason.SEND_OFF),
            ({"defaults.order_types": {"RegularOrder": "do_not_send"}}, {}, Reason.ORDER_TYPE_OFF),
            ({}, {"orderType": "StandardBlanket"}, Reason.PATTERN_ORDER),
            ({"defaults.unmapped_partner": "skip"}, {"supplier": {"number": "99"}}, Reason.UNMAPPED_PARTNER),
            ({}, {"status": "Hold", "hold": True}, Reason.ON_HOLD),
            ({}, {"status": "Balanced"}, Reason.STATUS_NOT_IN_SEND_WHEN),
            ({}, {"status": "Cancelled"}, Reason.WITHDRAWN_UNSENT),
        ],
    )
    def test_what_is_skipped_is_recorded_with_its_reason(self, bench_with, changes, document, code):
        bench = bench_with(changes)
        assert bench.see(an_order(**document)) is TranslateResult.SKIPPED
        assert (bench.newest().state, bench.newest().reason_code) == (State.SKIPPED, code)
        assert [one["reason_code"] for _, event, one in bench.telemetry.lines if event == "skipped"] == [code]

    def test_a_skipped_document_is_sent_once_its_status_allows(self, bench):
        bench.see(an_order(status="Hold", hold=True))
        assert bench.newest().reason == "It is on hold in Visma; it is sent once it is released."
        assert bench.see(an_order(status="Open")) is TranslateResult.QUEUED
        assert bench.states() == [State.TRANSLATED], "the same content, so the same revision"
        assert bench.newest().reason is None
        assert bench.due() == [1]

    def test_the_hold_flag_keeps_a_document_back_whatever_its_status_is(self, bench):
        assert bench.see(an_order(status="Open", hold=True)) is TranslateResult.SKIPPED
        assert bench.newest().reason == "It is on hold in Visma; it is sent once it is released."
        assert bench.see(an_order(status="Open")) is TranslateResult.QUEUED

    def test_drafts_are_sent_where_send_when_names_them(self, bench_with):
        bench = bench_with({"defaults.send_when": {"purchase_order": ["Hold", "Open"]}})
        assert bench.see(an_order(status="Hold", hold=True)) is TranslateResult.QUEUED

    def test_a_skipped_document_is_kept_in_its_newest_status(self, bench):
        """Who looks again later decides on what is kept, and must not find the status of former times."""
        bench.see(an_order(status="Hold"))
        assert bench.see(an_order(status="PendingApproval")) is TranslateResult.SKIPPED
        newest = bench.newest()
        assert (len(bench.states()), newest.visma_status) == (1, "PendingApproval")
        assert b'"PendingApproval"' in bench.ledger.source_of(newest)

    def test_a_skipped_document_whose_content_changed_is_superseded(self, bench):
        bench.see(an_order("10.0", status="Hold", hold=True))
        bench.see(an_order("11.0"))
        assert bench.states() == [State.SUPERSEDED, State.TRANSLATED]

    def test_a_partner_that_does_not_want_the_kind_gets_none(self, bench_with):
        bench = bench_with({"partners.acme.send": False})
        assert bench.see(an_order()) is TranslateResult.SKIPPED
        assert "send: false" in bench.newest().reason

    def test_a_held_document_for_nobody_is_skipped_and_not_parked(self, bench):
        assert bench.see(an_order(hold=True, status="Hold", supplier={"number": "99"})) is TranslateResult.SKIPPED
        assert bench.see(an_order(supplier={"number": "99"})) is TranslateResult.PARKED
        assert bench.newest().waits_for == 'partners.<name>.visma.supplier: "99"'

    def test_a_document_for_nobody_is_skipped_where_only_some_take_part(self, bench_with):
        bench = bench_with({"defaults.unmapped_partner": "skip"})
        assert bench.see(an_order(supplier={"number": "777"})) is TranslateResult.SKIPPED
        assert "777" in bench.newest().reason

    def test_a_cancelled_order_that_nobody_has_is_skipped(self, bench):
        assert bench.see(an_order(status="Cancelled")) is TranslateResult.SKIPPED
        assert "the partner never had it" in bench.newest().reason

    def test_a_cancelled_order_that_the_partner_has_is_cancelled_there(self, bench):
        bench.see(an_order())
        bench.becomes(State.SENT)
        assert bench.see(an_order(status="Cancelled")) is TranslateResult.QUEUED
        assert bench.newest().purpose is Purpose.CANCELLATION

    def test_an_order_cancelled_before_it_left_never_leaves(self, bench):
        bench.see(an_order())
        assert bench.see(an_order(status="Cancelled")) is TranslateResult.SKIPPED
        assert bench.states() == [State.SUPERSEDED, State.SKIPPED]

    def test_a_changed_document_is_parked_where_routing_says_so(self, bench_with):
        bench = bench_with({"partners.acme.on_revision": "park"})
        bench.see(an_order("10.0"))
        bench.becomes(State.SENT, transaction_id="T-1")
        assert bench.see(an_order("11.0")) is TranslateResult.PARKED
        revision = bench.newest()
        assert "changed in Visma after it was sent (Orderful T-1)" in revision.reason
        assert revision.field == "on_revision"
        assert revision.next_step.endswith("connector documents release nordic/purchase_order/500123 --as replacement")

    def test_a_withdrawn_document_is_parked_where_routing_says_so(self, bench_with):
        bench = bench_with({"partners.acme.on_revision": "park"})
        bench.see(an_order())
        bench.becomes(State.SENT)
        assert bench.see(an_order(status="Cancelled")) is TranslateResult.PARKED
        assert "was withdrawn" in bench.newest().reason

    def test_a_changed_document_is_ignored_where_routing_says_so(self, bench_with):
        bench = bench_with({"partners.acme.on_revision": "ignore"})
        bench.see(an_order("10.0"))
        bench.becomes(State.SENT)
        assert bench.see(an_order("11.0")) is TranslateResult.SKIPPED
        assert "routing says to ignore" in bench.newest().reason

    @pytest.mark.parametrize(
        ("word", "why"), [("Prepayment", "no invoices"), ("QuickCheck", "paid when they are made")]
    )
    def test_what_asks_nobody_for_money_is_never_sent(self, bench, word, why):
        key = DocumentKey("nordic", Kind.SUPPLIER_INVOICE, f"{word}:900145")
        assert bench.see(a_supplier_invoice(documentType=word), key=key) is TranslateResult.SKIPPED
        assert why in bench.newest(key).reason


class TestParking:
    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            (b"", "The document is empty."),
            (b"<html>502</html>", "web page"),
            (b'{"orderNbr": "500123", "lines": [', "not JSON"),
            (b"[]", "a list of 0 documents"),
            (b"{}", "no number"),
        ],
    )
    def test_a_document_that_cannot_be_read_is_parked_under_the_hash_of_its_bytes(self, bench, raw, reason):
        assert bench.see(raw) is TranslateResult.PARKED
        revision = bench.newest()
        assert reason in revision.reason
        assert revision.next_step
        assert len(revision.revision_id) == 64
        assert bench.see(raw) is TranslateResult.PARKED
        assert bench.states() == [State.PARKED]

    def test_a_document_without_something_indispensable_is_parked_with_the_field(self, bench):
        assert bench.see(an_order(date=MISSING)) is TranslateResult.PARKED
        assert bench.newest().field == "date"

    def test_a_reason_that_quotes_a_book_is_cut_so_that_the_record_stays_small(self, bench):
        bench.see(an_order(lines=[an_order_line(uom="X" * 500_000)]))
        parked = bench.newest()
        assert parked.state is State.PARKED
        assert max(map(len, (parked.reason, parked.waits_for, parked.next_step, parked.history[-1].note))) <= 1_000

    def test_a_row_version_that_is_a_book_is_not_kept(self, bench):
        assert bench.see(an_order(timeStamp="A" * 500_000)) is TranslateResult.QUEUED
        assert bench.newest().visma_version is None

    def test_the_note_of_a_long_order_with_something_to_tell_of_each_line_stays_small(self, bench):
        lines = [an_order_line(number, uom="KG", unitCost=0, amount=0, extCost=0) for number in range(1, 101)]
        assert bench.see(an_order(lines=lines, taxDetails=[], taxTotal=0, orderTotal=0)) is TranslateResult.QUEUED
        note = bench.newest().history[-1].note
        assert "and 90 more left with the price 0" in note
        assert len(note) <= 1_000

    def test_an_invoice_of_a_type_nobody_knows_is_parked(self, bench):
        key = DocumentKey("nordic", Kind.SUPPLIER_INVOICE, "Odd:900145")
        assert bench.see(a_supplier_invoice(documentType="Odd"), key=key) is TranslateResult.PARKED
        assert bench.newest(key).field == "documentType"

    def test_an_unmapped_unit_is_parked_with_the_key_to_add_and_leaves_once_it_is_there(self, bench):
        order = an_order(lines=[an_order_line(uom="PAL")])
        assert bench.see(order) is TranslateResult.PARKED
        parked = bench.newest()
        assert parked.waits_for == "defaults.units.PAL"
        assert "PAL" in parked.reason
        bench.routing.apply(routing_data({"defaults.units.PAL": "each"}))
        wish = message_for(
            parked, bench.ledger.source_of(parked), bench.payloads, now=bench.clock.now(), cause=Cause.RELEASE
        )
        assert bench.translator().handle(wish) is TranslateResult.QUEUED
        assert bench.states() == [State.TRANSLATED]
        revision = bench.newest()
        assert (revision.reason, revision.field, revision.next_step, revision.waits_for) == (None, None, None, None)
        assert bench.due() == [1]
        assert bench.routing.fresh_asked == 1, "who releases has just changed the routing"

    def test_a_release_of_what_a_newer_revision_replaced_meanwhile_does_nothing(self, bench):
        """The release carries the old content: sending it would take the newer change back at the partner."""
        bench.see(an_order(lines=[an_order_line(uom="PAL")]))
        parked = bench.newest()
        wish = message_for(
            parked, bench.ledger.source_of(parked), bench.payloads, now=bench.clock.now(), cause=Cause.RELEASE
        )
        bench.see(an_order("12.0"))
        bench.becomes(State.SENT)
        bench.routing.apply(routing_data({"defaults.units.PAL": "each"}))
        bench.due()
        assert bench.translator().handle(wish) is TranslateResult.KNOWN
        assert bench.states() == [State.SUPERSEDED, State.SENT]
        assert bench.due() == []

    def test_a_parked_document_that_was_corrected_leaves_and_the_parked_one_is_superseded(self, bench):
        bench.see(an_order(lines=[an_order_line(uom="PAL")]))
        assert bench.see(an_order()) is TranslateResult.QUEUED
        assert bench.states() == [State.SUPERSEDED, State.TRANSLATED]

    def test_a_pinned_dialect_that_cannot_carry_it_parks_it(self, bench_with):
        bench = bench_with({"partners.acme.dialect": "mosaic"})
        order = an_order(lines=[an_order_line(uom="KG")])
        assert bench.see(order) is TranslateResult.PARKED
        assert "dialect" in bench.newest().next_step

    def test_a_parked_document_is_told_with_its_field_and_without_what_may_quote_it(self, bench):
        bench.see(an_order(supplier={"number": "99"}))
        level, event, fields = bench.telemetry.lines[-1]
        assert (level, event) == ("warning", "parked")
        assert fields["number"] == "500123"
        assert fields["field"] == "supplier.number"
        assert not {"reason", "next_step"} & fields.keys()


class TestTheMachinery:
    def test_a_routing_that_cannot_be_read_sends_the_message_back(self, bench):
        class NoRouting:
            def load(self, *, fresh=False):
                raise Misconfigured("No routing was applied yet.")

        translator = bench.translator(routing=NoRouting())
        with pytest.raises(Misconfigured):
            translator.handle(bench.message(an_order()))
        assert bench.states() == []

    def test_a_lost_race_for_the_sequence_sends_the_message_back(self, bench):
        bench.see(an_order())
        original = bench.ledger.revisions
        bench.ledger.revisions = lambda key, **named: []
        with pytest.raises(Conflict):
            bench.see(an_order("11.0"))
        bench.ledger.revisions = original
        assert bench.states() == [State.TRANSLATED]

    def test_a_credit_note_whose_row_lacks_its_type_is_still_a_credit_note(self, bench):
        """The poller knows from which list the row came; read as an invoice it would bill what it should credit."""
        key = DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "CreditNote:100240")
        bench.see(a_credit_note(documentType=MISSING), key=key)
        bare = bench.newest(key)
        request = bench.ledger.request_of(bare)
        bench.ledger.rows.clear()
        bench.see(a_credit_note(), key=key)
        assert bench.newest(key).revision_id == bare.revision_id
        assert bench.ledger.request_of(bench.newest(key)) == request

    def test_times_are_those_of_the_clock(self, bench):
        bench.see(an_order())
        assert bench.newest().created_at == START + timedelta(minutes=1)


def test_a_document_of_a_company_that_left_the_routing_is_parked_with_the_key_to_add(bench):
    other = DocumentKey("gone", Kind.PURCHASE_ORDER, "500123")
    assert bench.see(an_order(), key=other) is TranslateResult.PARKED
    assert bench.newest(other).waits_for == "companies.gone"


class TestContentThatIsNoLongerKept:
    """Bodies expire or are deleted; what was sent stays known by its hash, its number and its ids."""

    @pytest.fixture
    def sent(self, bench):
        bench.see(an_order())
        bench.becomes(State.ACKNOWLEDGED, transaction_id="1")
        bench.due()
        bench.ledger.bodies.clear()
        return bench

    def test_the_same_document_is_not_sent_again(self, sent):
        assert sent.see(an_order()) is TranslateResult.KNOWN
        assert sent.due() == []

    def test_another_content_is_a_replacement(self, sent):
        assert sent.see(an_order("11.0")) is TranslateResult.QUEUED
        assert (sent.newest().sequence, sent.newest().purpose) == (2, Purpose.REPLACE)

    def test_a_withdrawal_from_a_former_receiver_is_a_person_s(self, bench_with):
        bench = bench_with(
            {
                "partners.other": {
                    "company": "nordic",
                    "visma": {"supplier": "50013"},
                    "orderful": {"isa_id": {"live": "OTHER", "test": "OTHERT"}},
                }
            }
        )
        bench.see(an_order())
        bench.becomes(State.ACKNOWLEDGED, transaction_id="1")
        bench.ledger.bodies.clear()
        bench.see(an_order(supplier={"number": "50013", "name": "Other"}))
        withdrawal = next(one for one in bench.ledger.revisions(ORDER) if one.withdraws is not None)
        assert withdrawal.state is State.PARKED
        assert "has to be told that it is withdrawn" in withdrawal.reason
        assert "no longer kept" in withdrawal.reason
