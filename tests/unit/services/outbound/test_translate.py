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
from testkit.memory.stores import FixedRouting, LaggingRouting
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import (
    MISSING,
    a_credit_note,
    a_customer_invoice,
    a_purchase_order,
    a_supplier_invoice,
    an_instalment,
    an_order_line,
    as_json,
)

ORDER = DocumentKey("nordic", Kind.PURCHASE_ORDER, "500123")


def an_order(price="10.0", **changes):
    """Order 500123 with one line; the price makes its content."""
    return a_purchase_order(**({"lines": [an_order_line(unitCost=Decimal(price))]} | changes))


class Harness(Connector):
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
def harness(ports):
    return Harness(**ports)


@pytest.fixture
def harness_with(ports):
    return lambda changes: Harness(**ports, routing=FixedRouting(routing_data(changes)))


class TestANewDocument:
    def test_it_is_captured_translated_and_queued(self, harness):
        assert harness.see(an_order()) is TranslateResult.QUEUED
        revision = harness.newest()
        assert (revision.sequence, revision.state, revision.purpose) == (1, State.TRANSLATED, Purpose.ORIGINAL)
        assert (revision.partner, revision.business_number) == ("acme", "500123")
        assert (revision.sender_id, revision.receiver_id) == ("NORDICFOODT", "ACMEPRODUCET")
        assert revision.stream is Stream.TEST
        assert revision.visma_status == "Open"
        assert [event.state for event in revision.history] == [CAPTURED, State.TRANSLATED]
        assert harness.outbox.queued_deliveries == [
            DeliveryMessage(company="nordic", kind=Kind.PURCHASE_ORDER, number="500123", sequence=1)
        ]
        assert harness.telemetry.counts[Metric.DOCUMENTS_TRANSLATED] == 1

    def test_both_bodies_are_kept_beside_it(self, harness):
        raw = as_json(an_order())
        harness.see(raw)
        assert harness.ledger.source_of(harness.newest()) == raw
        assert "message" in harness.ledger.request_of(harness.newest())

    def test_a_large_document_is_fetched_from_the_payload_bucket(self, harness):
        place = harness.payloads.put("documents/x", as_json(an_order()))
        assert harness.see(b"", document=msgspec.UNSET, document_at=place) is TranslateResult.QUEUED

    def test_a_lost_body_parks_only_its_document(self, harness):
        assert harness.see(b"", document=msgspec.UNSET, document_at="gone") is TranslateResult.PARKED
        assert harness.states() == [State.PARKED]
        (revision,) = harness.ledger.revisions(ORDER)
        assert "gone" in revision.reason
        assert revision.next_step
        assert harness.see(b"", document=msgspec.UNSET, document_at="gone") is TranslateResult.PARKED
        assert harness.states() == [State.PARKED]
        assert harness.see(an_order()) is TranslateResult.QUEUED
        assert harness.newest().state is State.TRANSLATED

    def test_a_body_that_can_be_read_again_is_read_by_a_replay(self, harness):
        place = "documents/x.json.z"
        assert harness.see(b"", document=msgspec.UNSET, document_at=place) is TranslateResult.PARKED
        for is_there, outcome in ((False, TranslateResult.PARKED), (True, TranslateResult.QUEUED)):
            if is_there:
                harness.payloads.put("documents/x", as_json(an_order()))
            harness.clock.forward(minutes=5)
            revision = harness.newest()
            message = message_for(
                revision,
                harness.ledger.source_of(revision),
                harness.payloads,
                now=harness.clock.now(),
                cause=Cause.again(revision),
            )
            assert (message.document, message.document_at) == (msgspec.UNSET, place)
            assert harness.translator().handle(message) is outcome
        assert harness.states() == [State.SUPERSEDED, State.TRANSLATED]

    def test_a_message_for_a_document_of_which_nothing_is_kept_can_be_read(self, harness):
        assert harness.see(b"", document=msgspec.UNSET) is TranslateResult.PARKED
        message = message_for(harness.newest(), b"", harness.payloads, now=harness.clock.now(), cause=Cause.REPLAY)
        written = msgspec.json.encode(message)
        assert harness.translator().handle(msgspec.json.decode(written, type=DocumentMessage)) is TranslateResult.PARKED

    @pytest.mark.parametrize(
        ("kind", "number", "document"),
        [
            (Kind.SUPPLIER_INVOICE, "900145", a_supplier_invoice()),
            (Kind.CUSTOMER_INVOICE, "100231", a_customer_invoice()),
            (Kind.CUSTOMER_INVOICE, "CreditNote:100240", a_credit_note()),
        ],
    )
    def test_every_kind_finds_its_way(self, harness_with, kind, number, document):
        harness = harness_with({"defaults.units": {"STK": "each", "KRT": "case", "KG": "kilogram"}})
        key = DocumentKey("nordic", kind, number)
        assert harness.see(document, key=key) is TranslateResult.QUEUED, harness.newest(key).reason
        assert harness.newest(key).business_number == number.removeprefix("CreditNote:")


class TestTheSameContentAgain:
    def test_what_the_partner_has_is_known(self, harness):
        harness.see(an_order())
        harness.due()
        for state in (State.SENDING, State.UNCONFIRMED, State.SENT, State.ACKNOWLEDGED, State.REJECTED):
            harness.becomes(state)
            assert harness.see(an_order(), cause="poll") is TranslateResult.KNOWN
        assert harness.states() == [State.REJECTED]
        assert harness.due() == []

    def test_a_change_that_the_partner_cannot_see_sends_nothing(self, harness):
        harness.see(an_order())
        harness.becomes(State.SENT)
        harness.due()
        touched = an_order(timeStamp="AAAAAE0YIiJ=", lastModifiedDateTime="2026-11-02T10:00:00", printed=False)
        assert harness.see(touched) is TranslateResult.KNOWN
        assert harness.due() == []

    def test_what_was_translated_and_perhaps_never_queued_is_queued_again(self, harness):
        harness.see(an_order())
        assert harness.see(an_order()) is TranslateResult.KNOWN
        assert harness.due() == [1, 1]
        assert harness.states() == [State.TRANSLATED]

    def test_a_parked_document_seen_again_stays_parked_without_an_event(self, harness):
        harness.see(an_order(supplier={"number": "99"}))
        parked = harness.newest()
        assert harness.see(an_order(supplier={"number": "99"})) is TranslateResult.PARKED
        assert harness.newest() == replace(parked, seen_at=harness.clock.now())
        assert harness.telemetry.counts[Metric.DOCUMENTS_PARKED] == 1

    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("step", [1, 2])
    def test_a_death_between_ledger_and_queue_is_made_good_by_the_second_try(self, harness, step, after):
        """T1: one revision, and it is queued."""
        reaper = killer(step, after=after)
        doomed = harness.translator(
            ledger=reaper.watch(harness.ledger, "add"), outbox=reaper.watch(harness.outbox, "deliveries")
        )
        message = harness.message(an_order())
        with pytest.raises(Killed):
            doomed.handle(message)
        harness.translator().handle(message)
        assert reaper.steps == ["add", "deliveries"][:step]
        assert harness.states() == [State.TRANSLATED]
        assert set(harness.due()) == {1}


class TestANewerRevision:
    def test_it_replaces_one_that_was_sent(self, harness):
        harness.see(an_order("10.0"))
        harness.becomes(State.SENT)
        harness.see(an_order("11.0"))
        assert harness.newest().purpose is Purpose.REPLACE
        assert harness.states() == [State.SENT, State.TRANSLATED]
        assert harness.due() == [1, 2]

    def test_it_comes_before_one_that_never_left(self, harness):
        harness.see(an_order("10.0"))
        harness.see(an_order("11.0"))
        assert harness.states() == [State.SUPERSEDED, State.TRANSLATED]
        assert harness.newest().purpose is Purpose.ORIGINAL

    def test_it_waits_while_the_one_before_is_being_sent_or_in_doubt(self, harness):
        harness.see(an_order("10.0"))
        for state in (State.SENDING, State.UNCONFIRMED):
            harness.becomes(state)
            with pytest.raises(Transient, match="still being sent") as waiting:
                harness.see(an_order("11.0"))
            assert waiting.value.retry_after == timedelta(seconds=30)
        assert harness.states() == [State.UNCONFIRMED]

    def test_it_waits_when_the_one_before_is_claimed_under_its_hands(self, harness):
        harness.see(an_order("10.0"))
        original = harness.ledger.add

        def claimed_first(revision, **named):
            harness.ledger.claim(ORDER, 1, now=harness.clock.now(), lease=timedelta(seconds=90))
            return original(revision, **named)

        harness.ledger.add = claimed_first
        with pytest.raises(Conflict):
            harness.see(an_order("11.0"))
        assert harness.states() == [State.SENDING]

    def test_it_is_an_original_when_the_one_before_was_rejected(self, harness):
        harness.see(an_order("10.0"))
        harness.becomes(State.REJECTED)
        harness.see(an_order("11.0"))
        assert harness.newest().purpose is Purpose.ORIGINAL

    def test_it_is_a_replacement_when_only_the_last_of_several_was_rejected(self, harness):
        harness.see(an_order("10.0"))
        harness.becomes(State.ACKNOWLEDGED)
        harness.see(an_order("11.0"))
        harness.becomes(State.REJECTED)
        harness.see(an_order("12.0"))
        assert harness.newest().purpose is Purpose.REPLACE

    def test_a_change_taken_back_before_it_left_sends_nothing(self, harness):
        """A, B, A: the partner has A."""
        harness.see(an_order("10.0"))
        harness.becomes(State.SENT)
        harness.see(an_order("11.0"))
        harness.due()
        assert harness.see(an_order("10.0")) is TranslateResult.KNOWN
        assert harness.states() == [State.SENT, State.SUPERSEDED]
        assert harness.due() == []

    def test_a_change_taken_back_after_it_left_is_sent_as_a_revision_of_its_own(self, harness):
        harness.see(an_order("10.0"))
        harness.becomes(State.SENT)
        harness.see(an_order("11.0"))
        harness.becomes(State.SENT)
        harness.see(an_order("10.0"))
        assert harness.states() == [State.SENT, State.SENT, State.TRANSLATED]
        assert harness.newest().revision_id == harness.ledger.get(ORDER, 1).revision_id
        assert harness.newest().purpose is Purpose.REPLACE

    def test_a_change_made_again_after_it_was_taken_back_is_a_revision_of_its_own(self, harness):
        """A, B, A, B: superseded is the end of a revision; the second B gets its own number."""
        harness.see(an_order("10.0"))
        harness.becomes(State.SENT)
        harness.see(an_order("11.0"))
        harness.see(an_order("10.0"))
        harness.due()
        assert harness.see(an_order("11.0")) is TranslateResult.QUEUED
        assert harness.states() == [State.SENT, State.SUPERSEDED, State.TRANSLATED]
        assert harness.due() == [3]

    @pytest.mark.parametrize("policy", ["park", "ignore"])
    def test_an_order_with_many_unsent_changes_is_never_taken_for_a_new_one(self, harness_with, policy):
        """The sending lies far back in the history; without it the order would leave a second time as original."""
        harness = harness_with({"partners.acme.on_revision": policy})
        harness.see(an_order("10.0"))
        harness.becomes(State.ACKNOWLEDGED)
        harness.due()
        for price in range(11, 150):
            harness.see(an_order(f"{price}.0"))
        assert harness.due() == []
        assert set(harness.states()[1:]) <= {State.PARKED, State.SKIPPED, State.SUPERSEDED}


class TestAStateThatIsPast:
    """SQS: a deletion can fail, so a message can come again after the one behind it in its group was handled."""

    OLD, BETWEEN, NEW = "AAAAAE0YIiE=", "AAAAAE0YIiI=", "AAAAAE0YIiM="

    def test_an_older_state_that_comes_again_does_not_undo_its_successor(self, harness):
        first = harness.message(an_order("10.0", timeStamp=self.OLD))
        harness.translator().handle(first)
        harness.becomes(State.SENT)
        harness.see(an_order("11.0", timeStamp=self.NEW))
        harness.becomes(State.SENT)
        harness.due()

        assert harness.translator().handle(first) is TranslateResult.KNOWN
        assert (harness.states(), harness.due()) == ([State.SENT, State.SENT], [])

    def test_nor_one_that_took_an_unsent_change_back(self, harness):
        harness.see(an_order("10.0", timeStamp=self.OLD))
        harness.becomes(State.SENT)
        parked = harness.message(an_order("11.0", timeStamp=self.BETWEEN))
        harness.translator().handle(parked)
        assert harness.see(an_order("10.0", timeStamp=self.NEW)) is TranslateResult.KNOWN
        harness.due()

        assert harness.translator().handle(parked) is TranslateResult.KNOWN
        assert (harness.states(), harness.due()) == ([State.SENT, State.SUPERSEDED], [])

    def test_a_later_state_with_a_lower_version_counts_for_versions_begin_anew_in_a_restored_backup(self, harness):
        harness.see(an_order("10.0", timeStamp=self.NEW))
        harness.becomes(State.SENT)
        assert harness.see(an_order("11.0", timeStamp=self.OLD)) is TranslateResult.QUEUED

    @pytest.mark.parametrize("state", [State.TRANSLATED, State.SENT, State.REJECTED])
    def test_nor_one_from_the_dead_letters_after_it_was_taken_back_in_visma(self, harness, state):
        harness.see(an_order("10.0", timeStamp=self.OLD))
        harness.becomes(state)
        dead_letter = harness.message(an_order("11.0", timeStamp=self.BETWEEN), seen_at=harness.clock.now())
        harness.see(an_order("10.0", timeStamp=self.NEW))
        harness.due()

        assert harness.translator().handle(dead_letter) is TranslateResult.KNOWN
        assert (harness.states(), harness.due()) == ([state], [])

    def test_nor_one_from_before_a_change_that_was_written_however_often_it_comes(self, harness):
        """When Visma showed what the change has made of the order is not known: its row version decides each time."""
        harness.see(an_order("10.0", timeStamp=self.OLD))
        harness.becomes(State.SENT)
        agreed = replace(harness.newest(), sequence=2, revision_id="b" * 64, state=State.AGREED, seen_at=None)
        harness.ledger.rows[ORDER, 2] = replace(agreed, visma_version=self.NEW)
        before = harness.message(an_order("10.0", timeStamp=self.OLD))
        harness.due()

        assert [harness.translator().handle(before) for _ in range(2)] == [TranslateResult.KNOWN] * 2
        assert harness.newest().visma_version == self.NEW
        assert (harness.states(), harness.due()) == ([State.SENT, State.AGREED], [])

    def test_in_the_autumn_hour_a_later_state_reads_as_earlier_and_counts_all_the_same(self, harness):
        harness.see(an_order("10.0"))
        harness.becomes(State.SENT)
        assert (
            harness.see(an_order("11.0"), modified_at=harness.clock.now() - timedelta(minutes=50))
            is TranslateResult.QUEUED
        )

    @pytest.mark.parametrize("seen", [{"seen_at": None}, {"seen_at": datetime(2026, 11, 2, 8, tzinfo=UTC)}])
    def test_where_nobody_knows_which_was_seen_first_the_version_decides(self, harness, seen):
        harness.see(an_order("11.0", timeStamp=self.NEW), **seen)
        assert harness.see(an_order("10.0", timeStamp=self.OLD), **seen) is TranslateResult.KNOWN
        assert harness.states() == [State.TRANSLATED]

    def test_a_clock_of_visma_that_was_set_back_hides_no_newer_version(self, harness):
        harness.see(an_order("10.0", timeStamp=self.OLD))
        harness.becomes(State.SENT)
        earlier = harness.clock.now() - timedelta(hours=1)
        assert harness.see(an_order("11.0", timeStamp=self.NEW), seen_at=earlier) is TranslateResult.QUEUED


class TestARejectedRevision:
    def test_it_is_not_sent_again_by_itself(self, harness):
        harness.see(an_order())
        harness.becomes(State.REJECTED)
        harness.due()
        assert harness.see(an_order()) is TranslateResult.KNOWN
        assert harness.due() == []

    def test_it_is_sent_again_as_an_original_when_a_person_asks(self, harness):
        harness.see(an_order())
        harness.becomes(State.REJECTED)
        harness.due()
        assert harness.see(an_order(), cause="replay now") is TranslateResult.QUEUED
        assert harness.states() == [State.SUPERSEDED, State.TRANSLATED]
        assert (harness.newest().purpose, harness.due()) == (Purpose.ORIGINAL, [2])

    def test_it_is_closed_when_a_corrected_revision_follows(self, harness):
        harness.see(an_order())
        harness.becomes(State.REJECTED)
        assert harness.see(an_order("11.0")) is TranslateResult.QUEUED
        assert harness.states() == [State.SUPERSEDED, State.TRANSLATED]

    def test_it_is_found_behind_a_change_that_was_taken_back_before_it_left(self, harness):
        """It was changed and changed back while nobody knew yet that the partner refuses it."""
        harness.see(an_order("10.0"))
        harness.becomes(State.SENT)
        harness.see(an_order("11.0", timeStamp="AAAAAE0YIiE="))
        harness.becomes(State.SENT)
        harness.see(an_order("12.0", timeStamp="AAAAAE0YIiI="))
        harness.see(an_order("11.0", timeStamp="AAAAAE0YIiM="))
        harness.becomes(State.REJECTED, sequence=2)
        assert harness.states() == [State.SENT, State.REJECTED, State.SUPERSEDED]
        harness.due()

        refused = current_revision(harness.ledger.revisions(ORDER))
        source = harness.ledger.source_of(refused)
        message = message_for(refused, source, harness.payloads, now=harness.clock.now(), cause=Cause.REPLAY)
        assert harness.translator().handle(message) is TranslateResult.QUEUED
        assert harness.states() == [State.SENT, State.SUPERSEDED, State.SUPERSEDED, State.TRANSLATED]

    def test_a_replay_of_what_no_longer_stands_sends_nothing(self, harness):
        harness.see(an_order("10.0"))
        harness.becomes(State.REJECTED)
        refused = harness.newest()
        message = message_for(
            refused, harness.ledger.source_of(refused), harness.payloads, now=harness.clock.now(), cause=Cause.REPLAY
        )
        harness.see(an_order("11.0"))
        harness.due()
        assert harness.translator().handle(message) is TranslateResult.KNOWN
        assert harness.due() == []

    def test_a_request_to_send_again_what_the_partner_has_sends_nothing(self, harness):
        harness.see(an_order())
        harness.becomes(State.DELIVERED)
        harness.due()
        assert harness.see(an_order(), cause="replay now") is TranslateResult.KNOWN
        assert harness.due() == []


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
    def test_the_status_decides_whether_it_leaves(self, harness, status, outcome):
        assert harness.see(an_order(status=status)) is outcome
        if outcome is not TranslateResult.QUEUED:
            assert f"Its status {status} is not one of send_when" in harness.newest().reason
        assert harness.telemetry.counts[Metric.DOCUMENTS_SKIPPED] == (outcome is TranslateResult.SKIPPED)

    def test_an_unknown_status_needs_a_person_until_it_is_known(self, harness):
        """A new word of Visma's for a finished document must not keep documents from leaving in silence."""
        harness.see(an_order(status="Odd"))
        revision = harness.newest()
        assert (revision.reason_code, revision.field) == (Reason.UNKNOWN_STATUS, "status")
        assert revision.waits_for == "defaults.send_when.purchase_order"
        whole = "defaults.send_when.purchase_order: [Open, PendingEmail, PendingPrint, Printed, Odd]"
        assert f"Write {whole} into the routing file" in revision.next_step, "a list replaces the one that is built in"
        assert harness.see(an_order(status="Open")) is TranslateResult.QUEUED
        assert harness.newest().reason_code is None

    def test_an_unknown_status_is_sent_when_routing_names_it_or_a_person_says_so(self, harness, harness_with):
        harness.see(an_order(status="Odd"))
        assert harness.see(an_order(status="Odd"), cause="send as original") is TranslateResult.QUEUED
        harness = harness_with({"defaults.send_when": {"purchase_order": ["Odd"]}})
        assert harness.see(an_order("11.0", status="Odd")) is TranslateResult.QUEUED

    def test_an_unknown_status_of_what_was_withdrawn_needs_a_person(self, harness):
        for status in ("Open", "Cancelled"):
            harness.see(an_order(status=status))
            harness.becomes(State.SENT)
        assert harness.see(an_order("11.0", status="Odd")) is TranslateResult.PARKED
        assert harness.newest().reason_code == Reason.UNKNOWN_STATUS

    def test_an_unknown_status_of_what_is_sent_asks_only_about_a_change(self, harness):
        harness.see(an_order())
        harness.becomes(State.SENT)
        assert harness.see(an_order(status="Odd")) is TranslateResult.KNOWN
        assert harness.see(an_order("11.0", status="Odd")) is TranslateResult.PARKED
        assert harness.newest().reason_code == Reason.CHANGED_OUT_OF_STATUS

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
    def test_what_is_skipped_is_recorded_with_its_reason(self, harness_with, changes, document, code):
        harness = harness_with(changes)
        assert harness.see(an_order(**document)) is TranslateResult.SKIPPED
        assert (harness.newest().state, harness.newest().reason_code) == (State.SKIPPED, code)
        assert [one["reason_code"] for _, event, one in harness.telemetry.lines if event == "skipped"] == [code]

    def test_a_skipped_document_is_sent_once_its_status_allows(self, harness):
        harness.see(an_order(status="Hold", hold=True))
        assert harness.newest().reason == "It is on hold in Visma; it is sent once it is released."
        assert harness.see(an_order(status="Open")) is TranslateResult.QUEUED
        assert harness.states() == [State.TRANSLATED], "the same content, so the same revision"
        assert harness.newest().reason is None
        assert harness.due() == [1]

    def test_the_hold_flag_keeps_a_document_back_whatever_its_status_is(self, harness):
        assert harness.see(an_order(status="Open", hold=True)) is TranslateResult.SKIPPED
        assert harness.newest().reason == "It is on hold in Visma; it is sent once it is released."
        assert harness.see(an_order(status="Open")) is TranslateResult.QUEUED

    def test_drafts_are_sent_where_send_when_names_them(self, harness_with):
        harness = harness_with({"defaults.send_when": {"purchase_order": ["Hold", "Open"]}})
        assert harness.see(an_order(status="Hold", hold=True)) is TranslateResult.QUEUED

    def test_a_skipped_document_is_kept_in_its_newest_status(self, harness):
        """Who looks again later decides on what is kept, and must not find the status of former times."""
        harness.see(an_order(status="Hold"))
        assert harness.see(an_order(status="PendingApproval")) is TranslateResult.SKIPPED
        newest = harness.newest()
        assert (len(harness.states()), newest.visma_status) == (1, "PendingApproval")
        assert b'"PendingApproval"' in harness.ledger.source_of(newest)

    def test_a_skipped_document_whose_content_changed_is_superseded(self, harness):
        harness.see(an_order("10.0", status="Hold", hold=True))
        harness.see(an_order("11.0"))
        assert harness.states() == [State.SUPERSEDED, State.TRANSLATED]

    def test_a_partner_that_does_not_want_the_kind_gets_none(self, harness_with):
        harness = harness_with({"partners.acme.send": False})
        assert harness.see(an_order()) is TranslateResult.SKIPPED
        assert "send: false" in harness.newest().reason

    def test_a_held_document_for_nobody_is_skipped_and_not_parked(self, harness):
        assert harness.see(an_order(hold=True, status="Hold", supplier={"number": "99"})) is TranslateResult.SKIPPED
        assert harness.see(an_order(supplier={"number": "99"})) is TranslateResult.PARKED
        assert harness.newest().waits_for == 'partners.<name>.visma.supplier: "99"'

    @pytest.mark.parametrize(
        ("document", "code"),
        [
            ({"orderType": "StandardBlanket"}, Reason.PATTERN_ORDER),
            ({"status": "Cancelled"}, Reason.WITHDRAWN_UNSENT),
            ({"status": "Hold", "hold": True}, Reason.ON_HOLD),
        ],
    )
    def test_nobody_is_asked_for_the_partner_of_what_would_not_be_sent(self, harness, document, code):
        assert harness.see(an_order(supplier={"number": "99"}, **document)) is TranslateResult.SKIPPED
        assert harness.newest().reason_code == code

    def test_nobody_is_asked_for_the_partner_of_what_is_no_invoice(self, harness):
        key = DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "100231")
        write_off = a_customer_invoice(documentType="SmallCreditWo", customer={"number": "99"})
        assert harness.see(write_off, key=key) is TranslateResult.SKIPPED
        assert harness.newest(key).reason_code == Reason.TYPE_NEVER_SENT

    def test_a_question_for_the_partner_ends_with_the_order(self, harness):
        assert harness.see(an_order(supplier={"number": "99"})) is TranslateResult.PARKED
        assert harness.see(an_order(supplier={"number": "99"}, status="Cancelled")) is TranslateResult.SKIPPED
        assert State.PARKED not in harness.states()
        assert harness.newest().reason_code == Reason.WITHDRAWN_UNSENT

    def test_a_partner_that_has_a_cancelled_order_is_asked_about_without_its_route(self, harness_with, harness):
        harness.see(an_order())
        harness.becomes(State.SENT)
        harness.routing = harness_with({"partners.acme": None}).routing
        assert harness.see(an_order(status="Cancelled")) is TranslateResult.PARKED

    def test_a_document_for_nobody_is_skipped_where_only_some_take_part(self, harness_with):
        harness = harness_with({"defaults.unmapped_partner": "skip"})
        assert harness.see(an_order(supplier={"number": "777"})) is TranslateResult.SKIPPED
        assert "777" in harness.newest().reason

    def test_a_cancelled_order_that_nobody_has_is_skipped(self, harness):
        assert harness.see(an_order(status="Cancelled")) is TranslateResult.SKIPPED
        assert "the partner never had it" in harness.newest().reason

    def test_a_cancelled_order_that_the_partner_has_is_cancelled_there(self, harness):
        harness.see(an_order())
        harness.becomes(State.SENT)
        assert harness.see(an_order(status="Cancelled")) is TranslateResult.QUEUED
        assert harness.newest().purpose is Purpose.CANCELLATION

    def test_an_order_cancelled_before_it_left_never_leaves(self, harness):
        harness.see(an_order())
        assert harness.see(an_order(status="Cancelled")) is TranslateResult.SKIPPED
        assert harness.states() == [State.SUPERSEDED, State.SKIPPED]

    def test_a_changed_document_is_parked_where_routing_says_so(self, harness_with):
        harness = harness_with({"partners.acme.on_revision": "park"})
        harness.see(an_order("10.0"))
        harness.becomes(State.SENT, transaction_id="T-1")
        assert harness.see(an_order("11.0")) is TranslateResult.PARKED
        revision = harness.newest()
        assert "changed in Visma after it was sent (Orderful T-1)" in revision.reason
        assert revision.field == "on_revision"
        assert revision.next_step.endswith("connector documents release nordic/purchase_order/500123 --as replacement")

    def test_a_withdrawn_document_is_parked_where_routing_says_so(self, harness_with):
        harness = harness_with({"partners.acme.on_revision": "park"})
        harness.see(an_order())
        harness.becomes(State.SENT)
        assert harness.see(an_order(status="Cancelled")) is TranslateResult.PARKED
        assert "was withdrawn" in harness.newest().reason

    def test_a_changed_document_is_ignored_where_routing_says_so(self, harness_with):
        harness = harness_with({"partners.acme.on_revision": "ignore"})
        harness.see(an_order("10.0"))
        harness.becomes(State.SENT)
        assert harness.see(an_order("11.0")) is TranslateResult.SKIPPED
        assert "routing says to ignore" in harness.newest().reason

    @pytest.mark.parametrize(
        ("word", "why"), [("Prepayment", "no invoices"), ("QuickCheck", "paid when they are made")]
    )
    def test_what_asks_nobody_for_money_is_never_sent(self, harness, word, why):
        key = DocumentKey("nordic", Kind.SUPPLIER_INVOICE, f"{word}:900145")
        assert harness.see(a_supplier_invoice(documentType=word), key=key) is TranslateResult.SKIPPED
        assert why in harness.newest(key).reason


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
    def test_a_document_that_cannot_be_read_is_parked_under_the_hash_of_its_bytes(self, harness, raw, reason):
        assert harness.see(raw) is TranslateResult.PARKED
        revision = harness.newest()
        assert reason in revision.reason
        assert revision.next_step
        assert len(revision.revision_id) == 64
        assert harness.see(raw) is TranslateResult.PARKED
        assert harness.states() == [State.PARKED]

    def test_a_document_without_something_indispensable_is_parked_with_the_field(self, harness):
        assert harness.see(an_order(date=MISSING)) is TranslateResult.PARKED
        assert harness.newest().field == "date"

    @pytest.mark.parametrize(
        ("number", "document"),
        [
            ("100231", an_instalment()),
            ("CreditNote:100240", a_credit_note(roundingDiff=Decimal(5))),
            ("Odd:100231", a_customer_invoice(documentType="Odd")),
        ],
        ids=["by itself", "with its type in front", "of an unknown type"],
    )
    def test_a_next_step_names_the_document_in_its_command(self, harness, number, document):
        key = DocumentKey("nordic", Kind.CUSTOMER_INVOICE, number)
        assert harness.see(document, key=key) is TranslateResult.PARKED
        (revision,) = harness.ledger.revisions(key)
        assert f"`connector documents close {key}`" in revision.next_step
        assert "KEY" not in revision.next_step

    def test_a_reason_that_quotes_a_book_is_cut_so_that_the_record_stays_small(self, harness):
        harness.see(an_order(lines=[an_order_line(uom="X" * 500_000)]))
        parked = harness.newest()
        assert parked.state is State.PARKED
        assert max(map(len, (parked.reason, parked.waits_for, parked.next_step, parked.history[-1].note))) <= 1_000

    def test_a_row_version_that_is_a_book_is_not_kept(self, harness):
        assert harness.see(an_order(timeStamp="A" * 500_000)) is TranslateResult.QUEUED
        assert harness.newest().visma_version is None

    def test_the_note_of_a_long_order_with_something_to_tell_of_each_line_stays_small(self, harness):
        lines = [an_order_line(number, uom="KG", unitCost=0, amount=0, extCost=0) for number in range(1, 101)]
        assert harness.see(an_order(lines=lines, taxDetails=[], taxTotal=0, orderTotal=0)) is TranslateResult.QUEUED
        note = harness.newest().history[-1].note
        assert "and 90 more left with the price 0" in note
        assert len(note) <= 1_000

    def test_an_invoice_of_a_type_nobody_knows_is_parked(self, harness):
        key = DocumentKey("nordic", Kind.SUPPLIER_INVOICE, "Odd:900145")
        assert harness.see(a_supplier_invoice(documentType="Odd"), key=key) is TranslateResult.PARKED
        assert harness.newest(key).field == "documentType"

    def test_an_unmapped_unit_is_parked_with_the_key_to_add_and_leaves_once_it_is_there(self, harness):
        order = an_order(lines=[an_order_line(uom="PAL")])
        assert harness.see(order) is TranslateResult.PARKED
        parked = harness.newest()
        assert parked.waits_for == "defaults.units.PAL"
        assert "PAL" in parked.reason
        harness.routing.fresh_loads = 0
        harness.routing.apply(routing_data({"defaults.units.PAL": "each"}))
        message = message_for(
            parked, harness.ledger.source_of(parked), harness.payloads, now=harness.clock.now(), cause=Cause.RELEASE
        )
        assert harness.translator().handle(message) is TranslateResult.QUEUED
        assert harness.states() == [State.TRANSLATED]
        revision = harness.newest()
        assert (revision.reason, revision.field, revision.next_step, revision.waits_for) == (None, None, None, None)
        assert harness.due() == [1]
        assert harness.routing.fresh_loads == 1, "who releases has just changed the routing"

    def test_a_release_of_what_a_newer_revision_replaced_meanwhile_does_nothing(self, harness):
        """The release carries the old content: sending it would take the newer change back at the partner."""
        harness.see(an_order(lines=[an_order_line(uom="PAL")]))
        parked = harness.newest()
        message = message_for(
            parked, harness.ledger.source_of(parked), harness.payloads, now=harness.clock.now(), cause=Cause.RELEASE
        )
        harness.see(an_order("12.0"))
        harness.becomes(State.SENT)
        harness.routing.apply(routing_data({"defaults.units.PAL": "each"}))
        harness.due()
        assert harness.translator().handle(message) is TranslateResult.KNOWN
        assert harness.states() == [State.SUPERSEDED, State.SENT]
        assert harness.due() == []

    def test_a_request_is_about_the_document_as_visma_showed_it_last(self, harness):
        """An invoice is released in Visma between a person's request and its handling."""
        pallets = [an_order_line(uom="PAL")]
        harness.see(an_order(lines=pallets, status="Hold"))
        message = self.queued_again(harness, Cause.REPLAY)
        harness.see(an_order(lines=pallets, status="Open"))
        harness.routing.apply(routing_data({"defaults.units.PAL": "each"}))

        assert harness.translator().handle(message) is TranslateResult.QUEUED
        assert harness.newest().visma_status == "Open"

    def test_a_release_counts_although_visma_showed_the_document_with_a_newer_version_since(self, harness):
        pallets = [an_order_line(uom="PAL")]
        harness.see(an_order(lines=pallets, timeStamp="AAAAAE0YIiE="))
        harness.see(an_order(lines=pallets, timeStamp="AAAAAE0YIiI="))
        message = self.queued_again(harness, Cause.RELEASE)
        harness.routing.apply(routing_data({"defaults.units.PAL": "each"}))

        assert harness.translator().handle(message) is TranslateResult.QUEUED

    @pytest.mark.parametrize("seen", [{}, {"orderQty": Decimal(7)}], ids=["the same content", "another content"])
    def test_a_release_counts_although_a_poll_saw_the_document_with_the_old_routing_since(self, harness, seen):
        harness.see(an_order(lines=[an_order_line(uom="PAL")]))
        message = self.queued_again(harness, Cause.RELEASE)
        harness.see(an_order(lines=[an_order_line(uom="PAL", **seen)], status="Hold"))
        harness.see(an_order(lines=[an_order_line(uom="PAL", **seen)]))
        harness.routing.apply(routing_data({"defaults.units.PAL": "each"}))

        assert harness.translator().handle(message) is TranslateResult.QUEUED

    @pytest.mark.parametrize("cause", [Cause.REPLAY, Cause.RELEASE, Cause.AS_ORIGINAL, Cause.AS_REPLACEMENT])
    @pytest.mark.parametrize("end", [State.CLOSED, State.REJECTED])
    def test_a_request_from_before_the_end_of_a_document_sends_nothing(self, harness, cause, end):
        """It waited, as among dead letters, while somebody closed the document, or while it was sent and refused."""
        harness.see(an_order(lines=[an_order_line(uom="PAL")]))
        message = self.queued_again(harness, cause)
        harness.becomes(end)
        harness.routing.apply(routing_data({"defaults.units.PAL": "each"}))

        assert harness.translator().handle(message) is TranslateResult.KNOWN
        assert (harness.states(), harness.due()) == ([end], [])

    def test_of_two_replays_of_what_was_refused_one_counts(self, harness):
        harness.see(an_order())
        harness.becomes(State.REJECTED)
        messages = [self.queued_again(harness, Cause.REPLAY) for _ in range(2)]
        harness.due()
        for message in messages:
            harness.translator().handle(message)
            harness.becomes(State.REJECTED)
        assert harness.states() == [State.SUPERSEDED, State.REJECTED]
        assert harness.due() == [2]

    @pytest.mark.parametrize("end", [State.CLOSED, State.REJECTED])
    def test_what_is_closed_or_refused_is_sent_when_a_person_has_seen_that(self, harness, end):
        harness.see(an_order())
        harness.becomes(end)
        harness.due()
        harness.translator().handle(self.queued_again(harness, Cause.AS_ORIGINAL))
        assert harness.due() == [2]

    def queued_again(self, harness, cause):
        """The message of a request about the newest revision."""
        found = harness.newest()
        source = harness.ledger.source_of(found)
        return message_for(found, source, harness.payloads, now=harness.clock.now(), cause=cause)

    def test_a_parked_document_that_was_corrected_leaves_and_the_parked_one_is_superseded(self, harness):
        harness.see(an_order(lines=[an_order_line(uom="PAL")]))
        assert harness.see(an_order()) is TranslateResult.QUEUED
        assert harness.states() == [State.SUPERSEDED, State.TRANSLATED]

    def test_a_pinned_dialect_that_cannot_carry_it_parks_it(self, harness_with):
        harness = harness_with({"partners.acme.dialect": "mosaic"})
        order = an_order(lines=[an_order_line(uom="KG")])
        assert harness.see(order) is TranslateResult.PARKED
        assert "dialect" in harness.newest().next_step

    def test_a_parked_document_is_told_with_its_field_and_without_what_may_quote_it(self, harness):
        harness.see(an_order(supplier={"number": "99"}))
        level, event, fields = harness.telemetry.lines[-1]
        assert (level, event) == ("warning", "parked")
        assert fields["number"] == "500123"
        assert fields["field"] == "supplier.number"
        assert not {"reason", "next_step"} & fields.keys()


class TestAProcessThatKnowsTheFormerRouting:
    """A process may use a version for a minute after another one was put in force."""

    @pytest.mark.parametrize(
        "former",
        [
            {"partners.acme.visma": {"supplier": "99999"}},
            {"partners.acme.visma": {"supplier": "99999"}, "defaults.unmapped_partner": "skip"},
            {"partners.acme.kinds": {"purchase_order": {"send": False}}},
            {"companies.nordic.go_live": "2027-01-01"},
        ],
        ids=["parks it", "skips it", "sends none of it", "takes it for old"],
    )
    def test_keeps_no_document_back_by_it(self, ports, former):
        harness = Harness(**ports, routing=LaggingRouting(routing_data(former)))
        harness.routing.apply(routing_data())
        assert harness.see(an_order()) is TranslateResult.QUEUED
        assert harness.due() == [1]

    def test_looks_for_a_newer_one_only_where_it_keeps_something_back(self, harness):
        harness.see(an_order())
        harness.see(an_order())
        assert harness.routing.fresh_loads == 0


class TestTheMachinery:
    def test_a_routing_that_cannot_be_read_sends_the_message_back(self, harness):
        class NoRouting:
            def load(self, *, fresh=False):
                raise Misconfigured("No routing was applied yet.")

        translator = harness.translator(routing=NoRouting())
        with pytest.raises(Misconfigured):
            translator.handle(harness.message(an_order()))
        assert harness.states() == []

    def test_a_lost_race_for_the_sequence_sends_the_message_back(self, harness):
        harness.see(an_order())
        original = harness.ledger.revisions
        harness.ledger.revisions = lambda key, **named: []
        with pytest.raises(Conflict):
            harness.see(an_order("11.0"))
        harness.ledger.revisions = original
        assert harness.states() == [State.TRANSLATED]

    def test_a_credit_note_whose_row_lacks_its_type_is_still_a_credit_note(self, harness):
        """The poller knows from which list the row came; read as an invoice it would bill what it should credit."""
        key = DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "CreditNote:100240")
        harness.see(a_credit_note(documentType=MISSING), key=key)
        bare = harness.newest(key)
        request = harness.ledger.request_of(bare)
        harness.ledger.rows.clear()
        harness.see(a_credit_note(), key=key)
        assert harness.newest(key).revision_id == bare.revision_id
        assert harness.ledger.request_of(harness.newest(key)) == request

    def test_times_are_those_of_the_clock(self, harness):
        harness.see(an_order())
        assert harness.newest().created_at == START + timedelta(minutes=1)


def test_a_document_of_a_company_that_left_the_routing_is_parked_with_the_key_to_add(harness):
    other = DocumentKey("gone", Kind.PURCHASE_ORDER, "500123")
    assert harness.see(an_order(), key=other) is TranslateResult.PARKED
    assert harness.newest(other).waits_for == "companies.gone"


class TestContentThatIsNoLongerKept:
    """Bodies expire or are deleted; what was sent stays known by its hash, its number and its ids."""

    @pytest.fixture
    def sent(self, harness):
        harness.see(an_order())
        harness.becomes(State.ACKNOWLEDGED, transaction_id="1")
        harness.due()
        harness.ledger.bodies.clear()
        return harness

    def test_the_same_document_is_not_sent_again(self, sent):
        assert sent.see(an_order()) is TranslateResult.KNOWN
        assert sent.due() == []

    def test_another_content_is_a_replacement(self, sent):
        assert sent.see(an_order("11.0")) is TranslateResult.QUEUED
        assert (sent.newest().sequence, sent.newest().purpose) == (2, Purpose.REPLACE)

    def test_a_withdrawal_from_a_former_receiver_is_a_person_s(self, harness_with):
        harness = harness_with(
            {
                "partners.other": {
                    "company": "nordic",
                    "visma": {"supplier": "50013"},
                    "orderful": {"isa_id": {"live": "OTHER", "test": "OTHERT"}},
                }
            }
        )
        harness.see(an_order())
        harness.becomes(State.ACKNOWLEDGED, transaction_id="1")
        harness.ledger.bodies.clear()
        harness.see(an_order(supplier={"number": "50013", "name": "Other"}))
        withdrawal = next(one for one in harness.ledger.revisions(ORDER) if one.is_withdrawal)
        assert withdrawal.state is State.PARKED
        assert "has to be told that it is withdrawn" in withdrawal.reason
        assert "no longer kept" in withdrawal.reason
