"""Nothing from before go-live leaves by itself, and what changes after it is asked about."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.reasons import Reason
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State
from connector.domain.transactions import Purpose, Stream
from connector.services.outbound.translate import TranslateResult
from connector.services.release import ReleaseEffect, forecast_waiting, keep_waiting
from testkit.memory.effects import Killed, killer
from testkit.memory.stores import FixedRouting
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import (
    MISSING,
    a_credit_note,
    a_customer_invoice,
    a_supplier_invoice,
    an_order_line,
)
from tests.unit.services.outbound.test_translate import ORDER, Harness, an_order

GO_LIVE = "2026-11-02"
INVOICE = DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "100231")
OLD = "2023-05-04T00:00:00"


@pytest.fixture
def harness_with(ports):
    def make(**changes):
        settings = {"companies.nordic.go_live": GO_LIVE} | {
            key.replace("__", "."): value for key, value in changes.items()
        }
        return Harness(**ports, routing=FixedRouting(routing_data(settings)))

    return make


@pytest.fixture
def harness(harness_with):
    return harness_with()


def old_order(price="10.0", **changes):
    return an_order(price, date=OLD, **changes)


class TestADocumentFromBeforeGoLive:
    @pytest.mark.parametrize("status", ["Open", "Closed", "Hold", "Cancelled"])
    def test_it_is_recorded_and_not_sent_whatever_its_status(self, harness, status):
        assert harness.see(old_order(status=status)) is TranslateResult.BASELINE
        assert (harness.states(), harness.due()) == ([State.BASELINE], [])
        assert harness.newest().reason == "It is from before go-live."

    def test_it_may_be_touched_any_number_of_times(self, harness):
        for stamp in ("AAAAAE0YIiE=", "AAAAAE0YIiI=", "AAAAAE0YIiM="):
            harness.see(old_order(timeStamp=stamp))
        history = harness.newest().history
        assert harness.see(old_order(timeStamp="AAAAAE0YIiQ=", status="Closed")) is TranslateResult.KNOWN
        assert (harness.states(), harness.due(), harness.newest().history) == ([State.BASELINE], [], history)

    def test_one_that_is_dated_later_and_was_shown_before_go_live_is_not_asked_about_however_often_it_is_touched(
        self, harness
    ):
        """That it was shown before go-live stays known when Visma shows it again."""
        harness.clock.forward(days=-2)
        dated = an_order(date="2026-11-20T00:00:00")
        assert harness.see(dated) is TranslateResult.BASELINE
        harness.clock.forward(days=2)
        assert [harness.see(dated) for _ in range(3)] == [TranslateResult.KNOWN] * 3
        assert harness.states() == [State.BASELINE]

    def test_an_old_invoice_that_is_paid_is_not_sent(self, harness):
        old = a_customer_invoice(createdDateTime="2025-01-05T10:00:00", status="Closed")
        assert harness.see(old, key=INVOICE) is TranslateResult.BASELINE

    def test_the_creation_counts_where_visma_gives_it(self, harness_with):
        harness = harness_with(defaults__units={"STK": "each", "KG": "kilogram"})
        new = a_customer_invoice(createdDateTime="2026-11-02T10:00:00", documentDate="2026-10-30T00:00:00")
        assert harness.see(new, key=INVOICE) is TranslateResult.QUEUED

    def test_one_that_cannot_be_read_is_recorded_too_and_not_asked_about_at_each_touch(self, harness):
        broken = {"supplier": MISSING}
        assert harness.see(old_order(**broken)) is TranslateResult.BASELINE
        assert "cannot be read" in harness.newest().reason
        assert harness.see(old_order(**broken, timeStamp="AAAAAE0YIiM=")) is TranslateResult.KNOWN

    def test_one_for_nobody_is_recorded_and_not_parked(self, harness):
        assert harness.see(old_order(supplier={"number": "99"})) is TranslateResult.BASELINE
        assert harness.see(old_order(supplier={"number": "99"}, timeStamp="AAAAAE0YIiM=")) is TranslateResult.KNOWN

    def test_one_that_becomes_nobodys_before_go_live_is_recorded_so(self, harness):
        """What becomes of it after go-live is a change of that state."""
        before = {"seen_at": datetime(2026, 11, 1, 12, tzinfo=UTC), "modified_at": datetime(2026, 11, 1, tzinfo=UTC)}
        harness.see(old_order(), **before)
        before["seen_at"] += timedelta(hours=1)
        assert harness.see(old_order(supplier={"number": "99"}), **before) is TranslateResult.BASELINE
        assert harness.see(old_order()) is TranslateResult.PARKED
        assert harness.newest().reason_code == Reason.CHANGED_SINCE_GO_LIVE

    def test_a_later_go_live_of_the_partner_holds_when_it_gets_mapped(self, harness_with):
        harness = harness_with(companies__nordic__go_live="2020-01-01", partners__acme__visma={"supplier": "1"})
        assert harness.see(an_order(date="2026-10-30T00:00:00")) is TranslateResult.PARKED
        harness.routing.apply(
            harness.routing.load().data | {"partners": {"acme": _acme(go_live=GO_LIVE)}},
        )
        assert harness.see(an_order(date="2026-10-30T00:00:00"), cause="release now") is TranslateResult.BASELINE
        assert (harness.states(), harness.due()) == ([State.BASELINE], [])


def _acme(**settings):
    isa_id = {"live": "ACMEPRODUCE", "test": "ACMEPRODUCET"}
    return {"company": "nordic", "visma": {"supplier": "50012"}, "orderful": {"isa_id": isa_id}, **settings}


class TestItsChangeAfterGoLive:
    def test_it_is_asked_about_once_with_the_choices(self, harness):
        harness.see(old_order("10.0"))
        assert harness.see(old_order("11.0")) is TranslateResult.PARKED
        parked = harness.newest()
        assert "from before go-live (2026-11-01 23:00 UTC) and changed in Visma since" in parked.reason
        assert parked.reason_code == Reason.CHANGED_SINCE_GO_LIVE
        for command in ("--as replacement", "--as original", "documents close nordic/purchase_order/500123"):
            assert command in parked.next_step
        assert harness.see(old_order("11.0")) is TranslateResult.PARKED
        assert (harness.states(), harness.due()) == ([State.BASELINE, State.PARKED], [])
        assert harness.newest().history == parked.history

    @pytest.mark.parametrize("then", [{"price": "11.0"}, {"status": "Open"}])
    def test_a_change_before_a_go_live_that_is_still_to_come_is_recorded(self, harness_with, then):
        harness = harness_with(companies__nordic__go_live="2026-12-01")
        seen = {"seen_at": harness.clock.now()}
        harness.see(an_order("10.0", status="Hold"), **seen)
        assert harness.see(an_order(**{"price": "10.0", "status": "Open"} | then), **seen) is TranslateResult.BASELINE
        assert harness.newest().visma_status == "Open"
        later = {"seen_at": datetime(2026, 12, 2, tzinfo=UTC)}
        assert harness.see(an_order("12.0"), **later) is TranslateResult.PARKED

    @pytest.mark.parametrize(("policy", "then"), [("park", TranslateResult.PARKED), ("ignore", TranslateResult.KNOWN)])
    def test_a_change_with_an_unknown_status_is_asked_about_at_once(self, harness_with, policy, then):
        """Nobody knows whether another status will follow."""
        harness = harness_with(defaults__before_go_live=policy)
        harness.see(old_order("10.0"))
        assert harness.see(old_order("11.0", status="Odd")) is then
        assert harness.newest().reason_code == (
            Reason.UNKNOWN_STATUS if then is TranslateResult.PARKED else Reason.BEFORE_GO_LIVE
        )

    def test_a_change_that_is_taken_back_ends_the_question(self, harness):
        harness.see(old_order("10.0"))
        harness.see(old_order("11.0"))
        assert harness.see(old_order("10.0")) is TranslateResult.KNOWN
        assert harness.states() == [State.BASELINE, State.SUPERSEDED]

    def test_a_withdrawal_is_asked_about(self, harness):
        harness.see(old_order())
        assert harness.see(old_order(status="Cancelled")) is TranslateResult.PARKED
        assert "was withdrawn" in harness.newest().reason

    @pytest.mark.parametrize("status", ["Hold", "Balanced"])
    def test_an_order_that_was_no_order_yet_is_asked_about_when_it_is_released(self, harness, status):
        """The partner cannot have it from anywhere: silence would lose it."""
        harness.see(old_order(status=status))
        assert harness.see(old_order(status=status)) is TranslateResult.KNOWN
        for _ in range(2):
            assert harness.see(old_order(status="Open")) is TranslateResult.PARKED
        assert "may be sent now" in harness.newest().reason
        assert harness.states() == [State.BASELINE, State.PARKED]

    def test_what_is_edited_on_hold_is_asked_about_when_it_is_released(self, harness):
        harness.see(old_order("10.0"))
        assert harness.see(old_order("11.0", status="Hold", hold=True)) is TranslateResult.KNOWN
        assert harness.see(old_order("11.0")) is TranslateResult.PARKED

    def test_routing_may_ignore_it(self, harness_with):
        harness = harness_with(defaults__before_go_live="ignore")
        harness.see(old_order("10.0"))
        assert harness.see(old_order("11.0")) is TranslateResult.BASELINE
        assert harness.see(old_order("11.0")) is TranslateResult.KNOWN
        assert (harness.states(), harness.due()) == ([State.SUPERSEDED, State.BASELINE], [])

    @pytest.mark.parametrize(
        ("before", "after", "purpose"),
        [
            ({}, {"price": "11.0"}, Purpose.REPLACE),
            ({}, {"status": "Cancelled"}, Purpose.CANCELLATION),
            ({"status": "Hold"}, {"status": "Open"}, Purpose.ORIGINAL),
        ],
    )
    def test_routing_may_send_it_by_itself(self, harness_with, before, after, purpose):
        harness = harness_with(defaults__before_go_live="send")
        assert harness.see(old_order(**before)) is TranslateResult.BASELINE
        assert harness.see(old_order(**after)) is TranslateResult.QUEUED
        assert harness.newest().purpose is purpose

    @pytest.mark.parametrize("state", [State.TRANSLATED, State.REJECTED])
    @pytest.mark.parametrize(
        "now", [{"price": "12.0", "status": "Hold"}, {"price": "10.0"}], ids=["on hold", "changed back"]
    )
    def test_a_change_that_has_not_reached_the_partner_is_superseded(self, harness_with, state, now):
        harness = harness_with(defaults__before_go_live="send")
        harness.see(old_order("10.0"))
        harness.see(old_order("11.0"))
        if state is State.REJECTED:
            harness.becomes(State.REJECTED)

        harness.see(old_order(**now))
        assert harness.states()[:2] == [State.BASELINE, State.SUPERSEDED]

    @pytest.mark.parametrize(
        ("line", "price", "before", "code"),
        [
            ({"qtyOnReceipts": 400}, "10.0", "Hold", Reason.GOODS_RECEIVED),
            ({"qtyOnReceipts": 400, "completed": True}, "11.0", "Open", Reason.LINE_CLOSED_SHORT),
            ({"qtyOnReceipts": 800, "completed": True}, "11.0", "Open", None),
            ({"qtyOnReceipts": 400}, "11.0", "Open", None),
        ],
        ids=["received, and never finished before", "closed short", "received in full", "received in part"],
    )
    def test_a_replacement_or_original_by_itself_is_kept_back_by_receipts_as_any_other(
        self, harness_with, line, price, before, code
    ):
        harness = harness_with(defaults__before_go_live="send")
        harness.see(old_order("10.0", status=before))
        harness.see(old_order(lines=[an_order_line(1, unitCost=Decimal(price), **line)]))
        assert harness.newest().reason_code == code
        assert (harness.newest().state is State.PARKED) is (code is not None)
        assert (harness.due() == []) is (code is not None)

    def test_what_visma_sends_as_well_is_asked_about_before_it_leaves(self, harness_with):
        harness = harness_with(defaults__before_go_live="send", defaults__sent_by_visma="park")
        harness.see(old_order("10.0"))
        harness.see(old_order("11.0", emailed=True))
        assert harness.newest().reason_code == Reason.SENT_BY_VISMA

    def test_it_is_asked_about_in_any_case_when_the_supplier_is_another_one(self, harness_with):
        harness = harness_with(defaults__before_go_live="send")
        harness.see(old_order("10.0", supplier={"number": "77"}))
        assert harness.see(old_order("10.0")) is TranslateResult.PARKED


class TestThePersonWhoIsAsked:
    @pytest.mark.parametrize(
        ("cause", "changes", "purpose"),
        [
            (Cause.AS_ORIGINAL, {}, Purpose.ORIGINAL),
            (Cause.AS_REPLACEMENT, {}, Purpose.REPLACE),
            (Cause.AS_REPLACEMENT, {"status": "Cancelled"}, Purpose.CANCELLATION),
        ],
    )
    def test_chooses_as_what_it_is_sent(self, harness, cause, changes, purpose):
        harness.see(old_order("10.0"))
        harness.see(old_order("11.0", **changes))
        assert (
            harness.see(old_order("11.0", **changes), cause=cause.named_at(harness.clock.now()))
            is TranslateResult.QUEUED
        )
        sent = harness.newest()
        assert (sent.purpose, sent.released, sent.look_up_first) == (purpose, True, True)
        assert harness.states() == [State.BASELINE, State.TRANSLATED]

    def test_may_send_what_nobody_changed(self, harness):
        harness.see(old_order())
        assert harness.see(old_order(), cause=Cause.AS_ORIGINAL.named_at(harness.clock.now())) is TranslateResult.QUEUED
        assert harness.states() == [State.TRANSLATED]

    def test_cannot_send_an_original_of_what_is_withdrawn(self, harness):
        harness.see(old_order())
        harness.see(old_order(status="Cancelled"))
        cause = Cause.AS_ORIGINAL.named_at(harness.clock.now())
        assert harness.see(old_order(status="Cancelled"), cause=cause) is TranslateResult.SKIPPED

    def test_closes_a_question_and_hears_of_the_next_change_only(self, harness):
        harness.see(old_order("10.0"))
        harness.see(old_order("11.0"))
        harness.ledger.move(harness.newest(), State.CLOSED, now=harness.clock.now(), note="told by telephone")
        assert harness.see(old_order("11.0", timeStamp="AAAAAE0YIiM=")) is TranslateResult.KNOWN
        assert harness.see(old_order("12.0")) is TranslateResult.PARKED
        assert harness.states() == [State.BASELINE, State.CLOSED, State.PARKED]

    def test_is_asked_again_when_a_change_that_was_closed_is_changed_back(self, harness):
        """What the person did about it, told the partner for example, has to be done again."""
        harness.see(old_order("10.0"))
        harness.see(old_order("11.0"))
        harness.ledger.move(harness.newest(), State.CLOSED, now=harness.clock.now(), note="told by telephone")
        assert harness.see(old_order("10.0")) is TranslateResult.PARKED
        assert harness.see(old_order("11.0")) is TranslateResult.KNOWN
        assert harness.states() == [State.BASELINE, State.CLOSED, State.SUPERSEDED]

    @pytest.mark.parametrize("closed", [True, False])
    def test_is_not_asked_about_what_no_partner_sees(self, harness, closed):
        elsewhere = {"location": {"id": 99, "name": "Elsewhere"}}
        harness.see(old_order("10.0"))
        if closed:
            harness.see(old_order("11.0"))
            harness.ledger.move(harness.newest(), State.CLOSED, now=harness.clock.now(), note="told by telephone")
        assert harness.see(old_order("11.0" if closed else "10.0", **elsewhere)) is TranslateResult.KNOWN

    @pytest.mark.parametrize(
        ("before", "asked", "then"),
        [
            ({"status": "Hold"}, {}, {"status": "Hold"}),
            ({"status": "Hold"}, {}, {"status": "Cancelled"}),
            ({}, {"supplier": {"number": "99"}}, {"status": "Hold", "supplier": {"number": "50012"}, "fobPoint": "x"}),
            ({}, {"price": "11.0"}, {"location": {"id": 99, "name": "Elsewhere"}}),
        ],
        ids=["on hold again", "cancelled", "of a stranger, then on hold", "changed back"],
    )
    def test_is_not_asked_any_more_when_there_is_nothing_to_answer(self, harness, before, asked, then):
        harness.see(old_order(**before))
        assert harness.see(old_order(**asked)) is TranslateResult.PARKED
        assert harness.see(old_order(**then)) is TranslateResult.SKIPPED
        assert State.PARKED not in harness.states()
        assert harness.see(old_order(**then, timeStamp="AAAAAE0YIiM=")) in {
            TranslateResult.KNOWN,
            TranslateResult.SKIPPED,
        }

    def test_has_once_sent_it_and_from_then_on_it_is_like_any_other(self, harness):
        harness.see(old_order("10.0"))
        harness.see(old_order("11.0"))
        harness.see(old_order("11.0"), cause=Cause.AS_REPLACEMENT.named_at(harness.clock.now()))
        harness.becomes(State.SENT)
        assert harness.see(old_order("12.0")) is TranslateResult.QUEUED
        assert harness.newest().purpose is Purpose.REPLACE

    @pytest.mark.parametrize(("name", "isa_id", "supplier"), [("acme", "ACMENEW", "50012"), ("berg", "BERG", "60000")])
    def test_has_once_sent_it_and_another_receiver_gets_it_as_well(self, harness, name, isa_id, supplier):
        harness.see(old_order("10.0"), cause=Cause.AS_ORIGINAL.named_at(harness.clock.now()))
        harness.becomes(State.SENT)
        data = harness.routing.load().data
        partner = a_partner(isa_id=isa_id, supplier=supplier)
        harness.routing.apply({**data, "partners": {**data["partners"], name: partner}})
        assert harness.see(old_order("11.0", supplier={"number": supplier})) is TranslateResult.QUEUED
        assert [one.purpose for one in harness.ledger.revisions(ORDER)[:2]] == [Purpose.ORIGINAL, Purpose.CANCELLATION]


@pytest.mark.parametrize("touch", [{}, {"status": "Closed"}, {"documentDueDate": "2026-12-24T00:00:00"}])
def test_the_question_about_a_draft_from_before_stays_until_a_person_answers(harness_with, touch):
    harness = harness_with(defaults__units={"STK": "each", "KG": "kilogram"})
    draft = a_customer_invoice(createdDateTime="2026-10-01T10:00:00", documentDate="2026-11-02T00:00:00")
    assert harness.see(draft, key=INVOICE) is TranslateResult.PARKED
    for stamp in ("AAAAAE0YIiE=", "AAAAAE0YIiI="):
        assert harness.see(draft | touch | {"timeStamp": stamp}, key=INVOICE) is TranslateResult.PARKED
    cause = Cause.AS_ORIGINAL.named_at(harness.clock.now())
    assert harness.see(draft | touch, key=INVOICE, cause=cause) is TranslateResult.QUEUED


class TestAnInvoiceEnteredAfterGoLiveAndDatedLongBefore:
    """Documents migrated to Visma after go-live are created then, with the dates of their originals."""

    MIGRATED: ClassVar[dict[str, str]] = {
        "createdDateTime": "2026-12-10T10:00:00",
        "documentDate": "2026-03-04T00:00:00",
    }

    @pytest.fixture
    def harness(self, harness_with):
        return harness_with(defaults__units={"STK": "each", "KG": "kilogram"})

    @pytest.mark.parametrize("status", ["Open", "Closed", "Balanced"])
    @pytest.mark.parametrize("cause", ["poll", "backfill", "baseline 2026-12-10T12:00:00+00:00"])
    def test_is_asked_about_and_does_not_leave(self, harness, status, cause):
        migrated = a_customer_invoice(**self.MIGRATED, status=status)
        assert harness.see(migrated, key=INVOICE, cause=cause) is TranslateResult.PARKED
        harness.see(migrated | {"timeStamp": "AAAAAE0YIiI="}, key=INVOICE)
        asked = harness.newest(INVOICE)
        assert (harness.states(INVOICE), harness.due()) == ([State.PARKED], [])
        assert (asked.reason_code, asked.field) == (Reason.ENTERED_LATE, "go_live")
        assert asked.reason.startswith("It is dated 2026-03-04, before go-live, and was entered in Visma on 2026-12-10")
        for command in ("--as replacement", "--as original", f"documents close {INVOICE}"):
            assert command in asked.next_step

    @pytest.mark.parametrize(
        ("number", "sample", "date"),
        [
            ("supplier_invoice/900145", a_supplier_invoice, "date"),
            ("customer_invoice/CreditNote:100240", a_credit_note, "documentDate"),
        ],
    )
    def test_is_asked_about_whatever_its_kind(self, harness, number, sample, date):
        key = DocumentKey.parse(f"nordic/{number}")
        dates = {"createdDateTime": "2026-12-10T10:00:00", date: "2026-03-04T00:00:00"}
        assert harness.see(sample(**dates), key=key) is TranslateResult.PARKED
        assert harness.newest(key).reason_code == Reason.ENTERED_LATE

    @pytest.mark.parametrize("policy", ["ignore", "send", "park"])
    def test_is_asked_about_whatever_routing_says_of_old_documents(self, harness_with, policy):
        harness = harness_with(defaults__before_go_live=policy)
        assert harness.see(a_customer_invoice(**self.MIGRATED), key=INVOICE) is TranslateResult.PARKED

    def test_is_asked_about_also_when_its_customer_is_mapped_later(self, harness):
        stranger = a_customer_invoice(**self.MIGRATED, customer={"number": "99"})
        harness.see(stranger, key=INVOICE)
        assert harness.newest(INVOICE).reason_code == Reason.UNMAPPED_PARTNER
        data = harness.routing.load().data
        berg = a_partner(isa_id="BERG", customer="99")
        harness.routing.apply({**data, "partners": {**data["partners"], "berg": berg}})
        again = harness.see(stranger, key=INVOICE, cause=Cause.RELEASE.named_at(harness.clock.now()))
        assert (again, harness.newest(INVOICE).reason_code) == (TranslateResult.PARKED, Reason.ENTERED_LATE)

    def test_can_be_told_from_a_draft_that_was_created_before_go_live(self, harness):
        """Migrated documents are closed by their code; a draft that became an invoice has to leave."""
        draft = a_customer_invoice(createdDateTime="2026-10-01T10:00:00", documentDate="2026-11-02T00:00:00")
        harness.see(draft, key=INVOICE)
        assert harness.newest(INVOICE).reason_code == Reason.AGE_UNCLEAR

    def test_stays_a_question_when_its_date_is_corrected(self, harness):
        harness.see(a_customer_invoice(**self.MIGRATED), key=INVOICE)
        corrected = a_customer_invoice(**self.MIGRATED | {"documentDate": "2026-12-10T00:00:00"})
        assert harness.see(corrected, key=INVOICE) is TranslateResult.PARKED
        assert "got another date" in harness.newest(INVOICE).reason
        cause = Cause.AS_ORIGINAL.named_at(harness.clock.now())
        assert harness.see(corrected, key=INVOICE, cause=cause) is TranslateResult.QUEUED

    def test_leaves_when_a_person_says_so(self, harness):
        migrated = a_customer_invoice(**self.MIGRATED)
        harness.see(migrated, key=INVOICE)
        cause = Cause.AS_ORIGINAL.named_at(harness.clock.now())
        assert harness.see(migrated, key=INVOICE, cause=cause) is TranslateResult.QUEUED

    @pytest.mark.parametrize(("entered_as", "then"), [("Balanced", "Open"), ("Open", "Closed")])
    def test_stays_closed_when_it_is_released_in_visma_or_paid(self, harness, entered_as, then):
        harness.see(a_customer_invoice(**self.MIGRATED, status=entered_as), key=INVOICE)
        harness.ledger.move(harness.newest(INVOICE), State.CLOSED, now=harness.clock.now(), note="migrated")
        later = a_customer_invoice(**self.MIGRATED, status=then, timeStamp="AAAAAE0YIiM=")
        assert harness.see(later, key=INVOICE) is TranslateResult.KNOWN
        assert (harness.states(INVOICE), harness.due()) == ([State.CLOSED], [])

    def test_is_a_question_also_when_go_live_was_too_late_at_first(self, harness_with):
        harness = harness_with(companies__nordic__go_live="2027-01-01")
        assert harness.see(a_customer_invoice(**self.MIGRATED), key=INVOICE) is TranslateResult.BASELINE
        harness.routing.apply(harness_with().routing.load().data)
        baseline = "baseline 2026-12-10T12:00:00+00:00"
        assert harness.see(a_customer_invoice(**self.MIGRATED), key=INVOICE, cause=baseline) is TranslateResult.PARKED
        assert harness.newest(INVOICE).reason_code == Reason.GO_LIVE_MOVED


class TestAWorkerThatDies:
    """What the history says of go-live outlives a worker that dies between two of its writes."""

    @pytest.fixture
    def dies(self, harness_with):
        def make(step, *, after, **changes):
            harness = harness_with(**changes)
            doomed = harness.translator(
                ledger=killer(step, after=after).watch(harness.ledger, "add", "move", "retranslated")
            )

            def see_again(document):
                message = harness.message(document)
                with suppress(Killed):
                    doomed.handle(message)
                return harness.translator().handle(message)

            return harness, see_again

        return make

    DEATHS: ClassVar[list[tuple[int, bool]]] = [(step, after) for step in (1, 2) for after in (False, True)]

    @pytest.mark.parametrize(("step", "after"), DEATHS)
    def test_leaves_an_old_document_old(self, dies, step, after):
        harness, see_again = dies(step, after=after, defaults__before_go_live="ignore")
        harness.see(old_order("10.0"))
        see_again(old_order("11.0"))
        assert (harness.states(), harness.due()) == ([State.SUPERSEDED, State.BASELINE], [])

    @pytest.mark.parametrize(("step", "after"), DEATHS)
    def test_leaves_the_question_whether_a_document_is_old(self, dies, step, after):
        harness, see_again = dies(step, after=after, companies__nordic__go_live="2026-11-02T06:00")
        assert harness.see(an_order("10.0", date="2026-11-02T00:00:00")) is TranslateResult.PARKED
        assert see_again(an_order("10.0", date="2026-11-03T00:00:00")) is TranslateResult.PARKED
        assert (harness.states(), harness.newest().field) == ([State.SUPERSEDED, State.PARKED], "go_live")


class TestAnAnswerThatDoesNotLeaveAtOnce:
    """A person said that the partner has it; something else keeps it back, and it is decided anew."""

    @pytest.mark.parametrize("kept", ["refused", "edited before it left", "on hold"])
    def test_holds_until_it_has_left(self, harness, kept):
        first = {"status": "Hold"} if kept == "on hold" else {}
        harness.see(old_order("10.0", **first))
        harness.see(old_order("10.0", **first), cause=Cause.AS_REPLACEMENT.named_at(harness.clock.now()))
        if kept == "refused":
            harness.becomes(State.SENDING)
            harness.becomes(State.REJECTED)
        assert harness.see(old_order("12.0")) is TranslateResult.QUEUED
        assert harness.newest().purpose is Purpose.REPLACE

    def test_holds_when_the_unit_that_was_missing_is_mapped(self, harness):
        order = old_order(lines=[an_order_line(1, uom="PAL")])
        harness.see(order)
        assert harness.see(order, cause=Cause.AS_REPLACEMENT.named_at(harness.clock.now())) is TranslateResult.PARKED
        data = harness.routing.load().data
        units = {**data["defaults"].get("units", {}), "PAL": "pallet"}
        harness.routing.apply({**data, "defaults": {**data["defaults"], "units": units}})
        assert harness.see(order, cause=Cause.RELEASE.named_at(harness.clock.now())) is TranslateResult.QUEUED
        assert harness.newest().purpose is Purpose.REPLACE

    def test_does_not_hold_for_another_supplier(self, harness_with):
        harness = harness_with(partners__berg=a_partner(isa_id="BERG", supplier="60000"))
        harness.see(old_order("10.0"))
        harness.see(old_order("11.0", status="Hold"), cause=Cause.AS_REPLACEMENT.named_at(harness.clock.now()))
        harness.see(old_order("11.0", supplier={"number": "60000"}))
        assert harness.newest().purpose is not Purpose.REPLACE


class TestWhatTheLedgerKnowsAsNew:
    @pytest.fixture
    def harness(self, harness_with):
        return harness_with(companies__nordic__go_live="2026-11-01")

    @pytest.mark.parametrize("known", [{"status": "Hold"}, {}], ids=["on hold", "translated"])
    def test_stays_new_when_its_date_is_corrected(self, harness, known):
        harness.see(an_order("10.0", date="2026-11-02T00:00:00", **known))
        assert harness.see(an_order("10.0", date="2026-10-30T00:00:00")) is TranslateResult.QUEUED

    def test_is_asked_about_when_it_waited_for_a_person_and_its_date_is_corrected(self, harness):
        stranger = {"supplier": {"number": "99"}}
        harness.see(an_order("10.0", date="2026-11-02T00:00:00", **stranger))
        for stamp in ("AAAAAE0YIiE=", "AAAAAE0YIiI="):
            earlier = an_order("10.0", date="2026-10-30T00:00:00", timeStamp=stamp, **stranger)
            assert harness.see(earlier) is TranslateResult.PARKED
        data = harness.routing.load().data
        berg = a_partner(isa_id="BERG", supplier="99")
        harness.routing.apply({**data, "partners": {**data["partners"], "berg": berg}})
        assert harness.see(earlier, cause=Cause.RELEASE.named_at(harness.clock.now())) is TranslateResult.PARKED
        assert (harness.newest().field, harness.due()) == ("go_live", [])

    def test_becomes_old_when_go_live_is_corrected_and_it_waited_for_routing(self, harness):
        harness.see(an_order("10.0", date="2026-11-02T00:00:00", supplier={"number": "99"}))
        data = harness.routing.load().data
        nordic = {**data["companies"]["nordic"], "go_live": "2026-12-01"}
        berg = a_partner(isa_id="BERG", supplier="99")
        harness.routing.apply(
            {**data, "companies": {"nordic": nordic}, "partners": {**data["partners"], "berg": berg}},
        )
        cause = Cause.RELEASE.named_at(harness.clock.now())
        again = an_order("10.0", date="2026-11-02T00:00:00", supplier={"number": "99"})
        assert harness.see(again, cause=cause) is TranslateResult.BASELINE

    def test_is_sent_to_another_receiver_whose_go_live_is_later(self, harness):
        harness.see(an_order(date="2026-11-02T00:00:00"))
        harness.becomes(State.SENT)
        data = harness.routing.load().data
        berg = a_partner(isa_id="BERG", supplier="60000") | {"go_live": "2026-12-01"}
        harness.routing.apply({**data, "partners": {**data["partners"], "berg": berg}})
        assert harness.see(an_order(date="2026-11-02T00:00:00", supplier={"number": "60000"})) is TranslateResult.QUEUED


class TestWhatRoutingKeepsOff:
    SKIP: ClassVar[dict[str, object]] = {
        "companies__nordic__unmapped_partner": "skip",
        "companies__nordic__go_live": "2026-01-01",
    }
    OFF: ClassVar[dict[str, dict[str, object]]] = {
        "kind": {"companies__nordic__kinds": {"purchase_order": {"send": False}}},
        "partner": {"partners__acme__kinds": {"purchase_order": {"send": False}}},
        "unmapped": {"partners__acme": None},
    }

    @pytest.mark.parametrize(
        ("status", "then"),
        [("Open", TranslateResult.PARKED), ("Completed", TranslateResult.PARKED), ("Hold", TranslateResult.QUEUED)],
    )
    @pytest.mark.parametrize("off", ["kind", "partner", "unmapped"])
    def test_is_a_question_once_it_is_switched_on_if_it_was_ready(self, harness_with, off, status, then):
        harness = harness_with(**self.SKIP, **self.OFF[off])
        assert harness.see(an_order(status=status)) is TranslateResult.SKIPPED
        harness.routing.apply(harness_with(**self.SKIP).routing.load().data)
        for price in ("10.0", "11.0"):
            assert harness.see(an_order(price)) is then
        assert harness.newest().field == ("send" if then is TranslateResult.PARKED else None)
        cause = Cause.AS_ORIGINAL.named_at(harness.clock.now())
        assert harness.see(an_order("11.0"), cause=cause) is (
            TranslateResult.QUEUED if then is TranslateResult.PARKED else then
        )

    @pytest.mark.parametrize("off", ["kind", "partner", "unmapped"])
    @pytest.mark.parametrize("price", ["10.0", "11.0"])
    def test_is_from_before_go_live_still_once_it_is_switched_on(self, harness_with, off, price):
        skip = {"companies__nordic__unmapped_partner": "skip"}
        harness = harness_with(**skip)
        assert harness.see(old_order(status="Hold")) is TranslateResult.BASELINE
        harness.routing.apply(harness_with(**skip, **self.OFF[off]).routing.load().data)
        harness.see(old_order(price, status="Hold"))
        harness.routing.apply(harness_with(**skip).routing.load().data)
        assert harness.see(old_order(price)) is TranslateResult.PARKED
        assert (harness.newest().field, harness.due()) == ("before_go_live", [])

    @pytest.mark.parametrize(
        ("price", "cause", "then"),
        [
            ("10.0", Cause.POLL, TranslateResult.KNOWN),
            ("11.0", Cause.POLL, TranslateResult.PARKED),
            ("10.0", Cause.RELEASE, TranslateResult.QUEUED),
        ],
    )
    def test_does_not_leave_by_a_touch_when_a_person_did_not_release_it(self, harness_with, price, cause, then):
        harness = harness_with(companies__nordic__go_live="2026-01-01", partners__acme=None)
        harness.see(an_order("10.0"))
        waiting = harness.newest()
        wanted = harness_with(companies__nordic__go_live="2026-01-01").routing.load()
        forecasts = list(forecast_waiting(harness.ledger, wanted, Stream.TEST, now=harness.clock.now()))
        assert [one.key for one in forecasts if one.would_leave] == [waiting.key]
        keep_waiting(forecasts, harness.ledger, now=harness.clock.now())
        harness.routing.apply(wanted.data)
        assert harness.see(an_order(price), cause=cause.named_at(harness.clock.now())) is then

    @pytest.mark.parametrize("price", ["10.0", "11.0"])
    @pytest.mark.parametrize("off", ["kind", "partner", "unmapped"])
    def test_is_a_question_also_when_it_was_put_on_hold_meanwhile(self, harness_with, off, price):
        harness = harness_with(**self.SKIP, **self.OFF[off])
        harness.see(an_order())
        assert harness.see(an_order(price, status="Hold")) is TranslateResult.SKIPPED
        harness.routing.apply(harness_with(**self.SKIP).routing.load().data)
        harness.see(an_order(price, status="Hold"))
        assert harness.see(an_order(price)) in {TranslateResult.PARKED, TranslateResult.KNOWN}
        assert (harness.newest().state, harness.newest().field, harness.due()) == (State.PARKED, "send", [])

    @pytest.mark.parametrize("status", ["Hold", "Completed"])
    def test_a_resumed_document_is_sent_by_its_current_status(self, harness_with, status):
        harness = harness_with(companies__nordic__go_live="2026-01-01", partners__acme=None)
        harness.see(an_order())
        wanted = harness_with(companies__nordic__go_live="2026-01-01").routing.load()

        def effects():
            return [
                one.effect for one in forecast_waiting(harness.ledger, wanted, Stream.TEST, now=harness.clock.now())
            ]

        keep_waiting(
            forecast_waiting(harness.ledger, wanted, Stream.TEST, now=harness.clock.now()),
            harness.ledger,
            now=harness.clock.now(),
        )
        harness.routing.apply(wanted.data)
        assert (harness.see(an_order(status=status)), effects()) == (TranslateResult.KNOWN, [ReleaseEffect.NOT_NOW])
        history = harness.newest().history
        assert (harness.see(an_order(status=status)), harness.newest().history) == (TranslateResult.KNOWN, history)
        harness.see(an_order())
        assert ReleaseEffect.NOT_NOW not in effects()

    @pytest.mark.parametrize("off", ["kind", "partner", "unmapped"])
    def test_is_told_by_a_person_to_a_partner_that_has_an_earlier_state(self, harness_with, off):
        harness = harness_with(**self.SKIP)
        harness.see(an_order())
        harness.becomes(State.SENT)
        harness.routing.apply(harness_with(**self.SKIP, **self.OFF[off]).routing.load().data)
        assert harness.see(an_order(status="Cancelled")) is TranslateResult.PARKED
        assert "was withdrawn in Visma after it was sent" in (harness.newest().reason or "")


class TestWithoutAGoLiveInRouting:
    SINCE = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)

    @pytest.fixture
    def harness(self, harness_with):
        return _without_go_live(harness_with)

    def test_what_the_first_reading_shows_is_from_before(self, harness):
        assert harness.see(an_order(), listed_since=self.SINCE, first_scan=True) is TranslateResult.BASELINE

    def test_what_is_dated_before_the_first_reading_is_from_before(self, harness):
        assert harness.see(old_order(), listed_since=self.SINCE) is TranslateResult.BASELINE

    def test_a_document_of_that_day_that_the_first_reading_did_not_show_is_new(self, harness):
        assert harness.see(an_order(date="2026-11-02T00:00:00"), listed_since=self.SINCE) is TranslateResult.QUEUED

    def test_what_the_ledger_knows_is_not_made_old_by_an_upgrade(self, harness):
        unknown_unit = {"lines": [{**an_order()["lines"][0], "uom": "PAL"}]}
        harness.see(old_order(**unknown_unit))
        assert harness.states() == [State.PARKED]
        assert harness.see(old_order(), listed_since=self.SINCE + timedelta(days=1)) is TranslateResult.QUEUED


def _without_go_live(harness_with):
    harness = harness_with()
    data = {**harness.routing.load().data}
    data["companies"] = {"nordic": {k: v for k, v in data["companies"]["nordic"].items() if k != "go_live"}}
    harness.routing.apply(data)
    return harness


class TestAGoLiveThatIsCorrectedBackwards:
    NEW: ClassVar[dict[str, str]] = {"date": "2026-11-03T00:00:00"}

    @pytest.mark.parametrize("cause", ["poll", "baseline 2026-11-02T08:00:00+00:00"])
    @pytest.mark.parametrize("price", ["10.0", "11.0"])
    def test_asks_about_what_came_between(self, harness_with, cause, price):
        harness = harness_with(companies__nordic__go_live="2026-12-02")
        assert harness.see(an_order(**self.NEW)) is TranslateResult.BASELINE
        harness.routing.apply(harness_with().routing.load().data)
        assert harness.see(an_order(price, **self.NEW), cause=cause) is TranslateResult.PARKED
        assert "from after it" in harness.newest().reason
        assert harness.see(an_order(price, **self.NEW)) is TranslateResult.PARKED
        assert (harness.states(), harness.due()) == ([State.BASELINE, State.PARKED], [])
        cause = Cause.AS_ORIGINAL.named_at(harness.clock.now())
        assert harness.see(an_order(price, **self.NEW), cause=cause) is TranslateResult.QUEUED

    def test_leaves_a_draft_of_that_time_until_it_is_ready(self, harness_with):
        harness = harness_with(companies__nordic__go_live="2026-12-02")
        harness.see(an_order(status="Hold", **self.NEW))
        harness.routing.apply(harness_with().routing.load().data)
        assert harness.see(an_order(status="Hold", **self.NEW)) is TranslateResult.KNOWN
        assert harness.see(an_order(**self.NEW)) is TranslateResult.PARKED

    def test_does_not_take_an_old_order_for_a_new_one_that_was_dated_anew(self, harness_with):
        harness = harness_with(companies__nordic__go_live="2026-12-02")
        harness.see(old_order())
        harness.routing.apply(harness_with().routing.load().data)
        assert harness.see(an_order(**self.NEW)) is TranslateResult.PARKED
        assert harness.newest().field == "before_go_live"


class TestTheBaseline:
    CAUSE = "baseline 2026-11-02T08:00:00+00:00"

    def test_it_records_what_is_open_without_sending(self, harness):
        assert harness.see(old_order(), cause=self.CAUSE) is TranslateResult.BASELINE
        assert harness.due() == []

    def test_what_is_new_is_left_to_polling(self, harness):
        assert harness.see(an_order(date="2026-11-02T00:00:00"), cause=self.CAUSE) is TranslateResult.KNOWN
        assert (harness.states(), harness.due()) == ([], [])

    def test_what_changed_since_is_left_to_polling(self, harness):
        harness.see(old_order())
        assert harness.see(old_order("11.0"), cause=self.CAUSE) is TranslateResult.KNOWN
        assert harness.states() == [State.BASELINE]

    def test_what_the_ledger_knows_is_left_alone(self, harness):
        harness.see(an_order(date="2026-11-02T00:00:00"))
        harness.due()
        assert harness.see(an_order("11.0"), cause=self.CAUSE) is TranslateResult.KNOWN
        assert (harness.states(), harness.due()) == ([State.TRANSLATED], [])


def test_a_document_of_the_very_day_is_asked_about_when_nobody_can_tell(harness_with):
    harness = harness_with(companies__nordic__go_live="2026-11-02T07:30+00:00")
    first = {"listed_since": datetime(2026, 11, 2, 9, 0, tzinfo=UTC)}
    assert harness.see(an_order(date="2026-11-02T00:00:00"), **first) is TranslateResult.PARKED
    assert "about the time of go-live" in harness.newest().reason
    assert (
        harness.see(an_order(date="2026-11-02T00:00:00"), **first, cause=Cause.AS_ORIGINAL.value)
        is TranslateResult.QUEUED
    )
    assert harness.newest(ORDER).purpose is Purpose.ORIGINAL
