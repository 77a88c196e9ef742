"""Nothing from before go-live leaves by itself, and what changes after it is asked about."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
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
from testkit.samples.visma_samples import MISSING, a_customer_invoice, an_order_line
from tests.unit.services.outbound.test_translate import ORDER, Bench, an_order

GO_LIVE = "2026-11-02"
INVOICE = DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "100231")
OLD = "2023-05-04T00:00:00"


@pytest.fixture
def bench_with(ports):
    def make(**changes):
        settings = {"companies.nordic.go_live": GO_LIVE} | {
            key.replace("__", "."): value for key, value in changes.items()
        }
        return Bench(**ports, routing=FixedRouting(routing_data(settings)))

    return make


@pytest.fixture
def bench(bench_with):
    return bench_with()


def old_order(price="10.0", **changes):
    return an_order(price, date=OLD, **changes)


class TestADocumentFromBeforeGoLive:
    @pytest.mark.parametrize("status", ["Open", "Closed", "Hold", "Cancelled"])
    def test_it_is_recorded_and_not_sent_whatever_its_status(self, bench, status):
        assert bench.see(old_order(status=status)) is TranslateResult.BASELINE
        assert (bench.states(), bench.due()) == ([State.BASELINE], [])
        assert bench.newest().reason == "It is from before go-live."

    def test_it_may_be_touched_as_often_as_anybody_likes(self, bench):
        for stamp in ("AAAAAE0YIiE=", "AAAAAE0YIiI=", "AAAAAE0YIiM="):
            bench.see(old_order(timeStamp=stamp))
        writes = bench.ledger.writes
        assert bench.see(old_order(timeStamp="AAAAAE0YIiQ=", status="Closed")) is TranslateResult.KNOWN
        assert (bench.states(), bench.due(), bench.ledger.writes) == ([State.BASELINE], [], writes)

    def test_an_old_invoice_that_is_paid_is_not_sent(self, bench):
        old = a_customer_invoice(createdDateTime="2025-01-05T10:00:00", status="Closed")
        assert bench.see(old, key=INVOICE) is TranslateResult.BASELINE

    def test_the_creation_counts_where_visma_gives_it(self, bench_with):
        bench = bench_with(defaults__units={"STK": "each", "KG": "kilogram"})
        new = a_customer_invoice(createdDateTime="2026-11-02T10:00:00", documentDate="2026-10-30T00:00:00")
        assert bench.see(new, key=INVOICE) is TranslateResult.QUEUED

    def test_one_that_cannot_be_read_is_recorded_too_and_not_asked_about_at_each_touch(self, bench):
        broken = {"supplier": MISSING}
        assert bench.see(old_order(**broken)) is TranslateResult.BASELINE
        assert "cannot be read" in bench.newest().reason
        assert bench.see(old_order(**broken, timeStamp="AAAAAE0YIiM=")) is TranslateResult.KNOWN

    def test_one_for_nobody_is_recorded_and_not_parked(self, bench):
        assert bench.see(old_order(supplier={"number": "99"})) is TranslateResult.BASELINE
        assert bench.see(old_order(supplier={"number": "99"}, timeStamp="AAAAAE0YIiM=")) is TranslateResult.KNOWN

    def test_a_later_go_live_of_the_partner_holds_when_it_gets_mapped(self, bench_with):
        bench = bench_with(companies__nordic__go_live="2020-01-01", partners__acme__visma={"supplier": "1"})
        assert bench.see(an_order(date="2026-10-30T00:00:00")) is TranslateResult.PARKED
        bench.routing.apply(
            bench.routing.load().data | {"partners": {"acme": _acme(go_live=GO_LIVE)}},
        )
        assert bench.see(an_order(date="2026-10-30T00:00:00"), cause="release now") is TranslateResult.BASELINE
        assert (bench.states(), bench.due()) == ([State.BASELINE], [])


def _acme(**settings):
    isa_id = {"live": "ACMEPRODUCE", "test": "ACMEPRODUCET"}
    return {"company": "nordic", "visma": {"supplier": "50012"}, "orderful": {"isa_id": isa_id}, **settings}


class TestItsChangeAfterGoLive:
    def test_it_is_asked_about_once_with_the_choices(self, bench):
        bench.see(old_order("10.0"))
        assert bench.see(old_order("11.0")) is TranslateResult.PARKED
        parked = bench.newest()
        assert "from before go-live (2026-11-01 23:00 UTC) and changed in Visma since" in parked.reason
        assert parked.reason_code == Reason.CHANGED_SINCE_GO_LIVE
        for command in ("--as replacement", "--as original", "documents close nordic/purchase_order/500123"):
            assert command in parked.next_step
        writes = bench.ledger.writes
        assert bench.see(old_order("11.0")) is TranslateResult.PARKED
        assert (bench.states(), bench.due(), bench.ledger.writes) == ([State.BASELINE, State.PARKED], [], writes)

    @pytest.mark.parametrize("then", [{"price": "11.0"}, {"status": "Open"}])
    def test_a_change_before_a_go_live_that_is_still_to_come_is_recorded(self, bench_with, then):
        bench = bench_with(companies__nordic__go_live="2026-12-01")
        seen = {"seen_at": bench.clock.now()}
        bench.see(an_order("10.0", status="Hold"), **seen)
        assert bench.see(an_order(**{"price": "10.0", "status": "Open"} | then), **seen) is TranslateResult.BASELINE
        assert bench.newest().visma_status == "Open"
        later = {"seen_at": datetime(2026, 12, 2, tzinfo=UTC)}
        assert bench.see(an_order("12.0"), **later) is TranslateResult.PARKED

    @pytest.mark.parametrize(("policy", "then"), [("park", TranslateResult.PARKED), ("ignore", TranslateResult.KNOWN)])
    def test_a_change_with_an_unknown_status_is_asked_about_at_once(self, bench_with, policy, then):
        """Nobody knows whether another status will follow."""
        bench = bench_with(defaults__before_go_live=policy)
        bench.see(old_order("10.0"))
        assert bench.see(old_order("11.0", status="Odd")) is then
        assert bench.newest().reason_code == (
            Reason.UNKNOWN_STATUS if then is TranslateResult.PARKED else Reason.BEFORE_GO_LIVE
        )

    def test_a_change_that_is_taken_back_ends_the_question(self, bench):
        bench.see(old_order("10.0"))
        bench.see(old_order("11.0"))
        assert bench.see(old_order("10.0")) is TranslateResult.KNOWN
        assert bench.states() == [State.BASELINE, State.SUPERSEDED]

    def test_a_withdrawal_is_asked_about(self, bench):
        bench.see(old_order())
        assert bench.see(old_order(status="Cancelled")) is TranslateResult.PARKED
        assert "was withdrawn" in bench.newest().reason

    @pytest.mark.parametrize("status", ["Hold", "Balanced"])
    def test_an_order_that_was_no_order_yet_is_asked_about_when_it_is_released(self, bench, status):
        """The partner cannot have it from anywhere: silence would lose it."""
        bench.see(old_order(status=status))
        assert bench.see(old_order(status=status)) is TranslateResult.KNOWN
        for _ in range(2):
            assert bench.see(old_order(status="Open")) is TranslateResult.PARKED
        assert "may be sent now" in bench.newest().reason
        assert bench.states() == [State.BASELINE, State.PARKED]

    def test_what_is_edited_on_hold_is_asked_about_when_it_is_released(self, bench):
        bench.see(old_order("10.0"))
        assert bench.see(old_order("11.0", status="Hold", hold=True)) is TranslateResult.KNOWN
        assert bench.see(old_order("11.0")) is TranslateResult.PARKED

    def test_routing_may_ignore_it(self, bench_with):
        bench = bench_with(defaults__before_go_live="ignore")
        bench.see(old_order("10.0"))
        assert bench.see(old_order("11.0")) is TranslateResult.BASELINE
        assert bench.see(old_order("11.0")) is TranslateResult.KNOWN
        assert (bench.states(), bench.due()) == ([State.SUPERSEDED, State.BASELINE], [])

    @pytest.mark.parametrize(
        ("before", "after", "purpose"),
        [
            ({}, {"price": "11.0"}, Purpose.REPLACE),
            ({}, {"status": "Cancelled"}, Purpose.CANCELLATION),
            ({"status": "Hold"}, {"status": "Open"}, Purpose.ORIGINAL),
        ],
    )
    def test_routing_may_send_it_by_itself(self, bench_with, before, after, purpose):
        bench = bench_with(defaults__before_go_live="send")
        assert bench.see(old_order(**before)) is TranslateResult.BASELINE
        assert bench.see(old_order(**after)) is TranslateResult.QUEUED
        assert bench.newest().purpose is purpose

    def test_it_is_asked_about_in_any_case_when_the_supplier_is_another_one(self, bench_with):
        bench = bench_with(defaults__before_go_live="send")
        bench.see(old_order("10.0", supplier={"number": "77"}))
        assert bench.see(old_order("10.0")) is TranslateResult.PARKED


class TestThePersonWhoIsAsked:
    @pytest.mark.parametrize(
        ("cause", "changes", "purpose"),
        [
            (Cause.AS_ORIGINAL, {}, Purpose.ORIGINAL),
            (Cause.AS_REPLACEMENT, {}, Purpose.REPLACE),
            (Cause.AS_REPLACEMENT, {"status": "Cancelled"}, Purpose.CANCELLATION),
        ],
    )
    def test_chooses_as_what_it_is_sent(self, bench, cause, changes, purpose):
        bench.see(old_order("10.0"))
        bench.see(old_order("11.0", **changes))
        assert (
            bench.see(old_order("11.0", **changes), cause=cause.named_at(bench.clock.now())) is TranslateResult.QUEUED
        )
        sent = bench.newest()
        assert (sent.purpose, sent.released, sent.look_up_first) == (purpose, True, True)
        assert bench.states() == [State.BASELINE, State.TRANSLATED]

    def test_may_send_what_nobody_changed(self, bench):
        bench.see(old_order())
        assert bench.see(old_order(), cause=Cause.AS_ORIGINAL.named_at(bench.clock.now())) is TranslateResult.QUEUED
        assert bench.states() == [State.TRANSLATED]

    def test_cannot_send_an_original_of_what_is_withdrawn(self, bench):
        bench.see(old_order())
        bench.see(old_order(status="Cancelled"))
        wish = Cause.AS_ORIGINAL.named_at(bench.clock.now())
        assert bench.see(old_order(status="Cancelled"), cause=wish) is TranslateResult.SKIPPED

    def test_closes_a_question_and_hears_of_the_next_change_only(self, bench):
        bench.see(old_order("10.0"))
        bench.see(old_order("11.0"))
        bench.ledger.move(bench.newest(), State.CLOSED, now=bench.clock.now(), note="told by telephone")
        assert bench.see(old_order("11.0", timeStamp="AAAAAE0YIiM=")) is TranslateResult.KNOWN
        assert bench.see(old_order("12.0")) is TranslateResult.PARKED
        assert bench.states() == [State.BASELINE, State.CLOSED, State.PARKED]

    def test_is_asked_again_when_a_change_that_was_closed_is_changed_back(self, bench):
        """What the person did about it, told the partner for example, has to be done again."""
        bench.see(old_order("10.0"))
        bench.see(old_order("11.0"))
        bench.ledger.move(bench.newest(), State.CLOSED, now=bench.clock.now(), note="told by telephone")
        assert bench.see(old_order("10.0")) is TranslateResult.PARKED
        assert bench.see(old_order("11.0")) is TranslateResult.KNOWN
        assert bench.states() == [State.BASELINE, State.CLOSED, State.SUPERSEDED]

    @pytest.mark.parametrize("closed", [True, False])
    def test_is_not_asked_about_what_no_partner_sees(self, bench, closed):
        elsewhere = {"location": {"id": 99, "name": "Elsewhere"}}
        bench.see(old_order("10.0"))
        if closed:
            bench.see(old_order("11.0"))
            bench.ledger.move(bench.newest(), State.CLOSED, now=bench.clock.now(), note="told by telephone")
        assert bench.see(old_order("11.0" if closed else "10.0", **elsewhere)) is TranslateResult.KNOWN

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
    def test_is_not_asked_any_more_when_there_is_nothing_to_answer(self, bench, before, asked, then):
        bench.see(old_order(**before))
        assert bench.see(old_order(**asked)) is TranslateResult.PARKED
        assert bench.see(old_order(**then)) is TranslateResult.SKIPPED
        assert State.PARKED not in bench.states()
        assert bench.see(old_order(**then, timeStamp="AAAAAE0YIiM=")) in {
            TranslateResult.KNOWN,
            TranslateResult.SKIPPED,
        }

    def test_has_once_sent_it_and_from_then_on_it_is_like_any_other(self, bench):
        bench.see(old_order("10.0"))
        bench.see(old_order("11.0"))
        bench.see(old_order("11.0"), cause=Cause.AS_REPLACEMENT.named_at(bench.clock.now()))
        bench.becomes(State.SENT)
        assert bench.see(old_order("12.0")) is TranslateResult.QUEUED
        assert bench.newest().purpose is Purpose.REPLACE

    @pytest.mark.parametrize(("name", "isa_id", "supplier"), [("acme", "ACMENEW", "50012"), ("berg", "BERG", "60000")])
    def test_has_once_sent_it_and_another_receiver_gets_it_as_well(self, bench, name, isa_id, supplier):
        bench.see(old_order("10.0"), cause=Cause.AS_ORIGINAL.named_at(bench.clock.now()))
        bench.becomes(State.SENT)
        data = bench.routing.load().data
        partner = a_partner(isa_id=isa_id, supplier=supplier)
        bench.routing.apply({**data, "partners": {**data["partners"], name: partner}})
        assert bench.see(old_order("11.0", supplier={"number": supplier})) is TranslateResult.QUEUED
        assert [one.purpose for one in bench.ledger.revisions(ORDER)[:2]] == [Purpose.ORIGINAL, Purpose.CANCELLATION]


@pytest.mark.parametrize("touch", [{}, {"status": "Closed"}, {"documentDueDate": "2026-12-24T00:00:00"}])
def test_the_question_about_a_draft_from_before_stays_until_a_person_answers(bench_with, touch):
    bench = bench_with(defaults__units={"STK": "each", "KG": "kilogram"})
    draft = a_customer_invoice(createdDateTime="2026-10-01T10:00:00", documentDate="2026-11-02T00:00:00")
    assert bench.see(draft, key=INVOICE) is TranslateResult.PARKED
    for stamp in ("AAAAAE0YIiE=", "AAAAAE0YIiI="):
        assert bench.see(draft | touch | {"timeStamp": stamp}, key=INVOICE) is TranslateResult.PARKED
    wish = Cause.AS_ORIGINAL.named_at(bench.clock.now())
    assert bench.see(draft | touch, key=INVOICE, cause=wish) is TranslateResult.QUEUED


class TestAWorkerThatDies:
    """What the history says of go-live outlives a worker that dies between two of its writes."""

    @pytest.fixture
    def dies(self, bench_with):
        def make(step, *, after, **changes):
            bench = bench_with(**changes)
            doomed = bench.translator(
                ledger=killer(step, after=after).watch(bench.ledger, "add", "move", "retranslated")
            )

            def see_again(document):
                message = bench.message(document)
                with suppress(Killed):
                    doomed.handle(message)
                return bench.translator().handle(message)

            return bench, see_again

        return make

    DEATHS: ClassVar[list[tuple[int, bool]]] = [(step, after) for step in (1, 2) for after in (False, True)]

    @pytest.mark.parametrize(("step", "after"), DEATHS)
    def test_leaves_an_old_document_old(self, dies, step, after):
        bench, see_again = dies(step, after=after, defaults__before_go_live="ignore")
        bench.see(old_order("10.0"))
        see_again(old_order("11.0"))
        assert (bench.states(), bench.due()) == ([State.SUPERSEDED, State.BASELINE], [])

    @pytest.mark.parametrize(("step", "after"), DEATHS)
    def test_leaves_the_question_whether_a_document_is_old(self, dies, step, after):
        bench, see_again = dies(step, after=after, companies__nordic__go_live="2026-11-02T06:00")
        assert bench.see(an_order("10.0", date="2026-11-02T00:00:00")) is TranslateResult.PARKED
        assert see_again(an_order("10.0", date="2026-11-03T00:00:00")) is TranslateResult.PARKED
        assert (bench.states(), bench.newest().field) == ([State.SUPERSEDED, State.PARKED], "go_live")


class TestAnAnswerThatDoesNotLeaveAtOnce:
    """A person said that the partner has it; something else keeps it back, and it is decided anew."""

    @pytest.mark.parametrize("kept", ["refused", "edited before it left", "on hold"])
    def test_holds_until_it_has_left(self, bench, kept):
        first = {"status": "Hold"} if kept == "on hold" else {}
        bench.see(old_order("10.0", **first))
        bench.see(old_order("10.0", **first), cause=Cause.AS_REPLACEMENT.named_at(bench.clock.now()))
        if kept == "refused":
            bench.becomes(State.SENDING)
            bench.becomes(State.REJECTED)
        assert bench.see(old_order("12.0")) is TranslateResult.QUEUED
        assert bench.newest().purpose is Purpose.REPLACE

    def test_holds_when_the_unit_that_was_missing_is_mapped(self, bench):
        order = old_order(lines=[an_order_line(1, uom="PAL")])
        bench.see(order)
        assert bench.see(order, cause=Cause.AS_REPLACEMENT.named_at(bench.clock.now())) is TranslateResult.PARKED
        data = bench.routing.load().data
        units = {**data["defaults"].get("units", {}), "PAL": "pallet"}
        bench.routing.apply({**data, "defaults": {**data["defaults"], "units": units}})
        assert bench.see(order, cause=Cause.RELEASE.named_at(bench.clock.now())) is TranslateResult.QUEUED
        assert bench.newest().purpose is Purpose.REPLACE

    def test_does_not_hold_for_another_supplier(self, bench_with):
        bench = bench_with(partners__berg=a_partner(isa_id="BERG", supplier="60000"))
        bench.see(old_order("10.0"))
        bench.see(old_order("11.0", status="Hold"), cause=Cause.AS_REPLACEMENT.named_at(bench.clock.now()))
        bench.see(old_order("11.0", supplier={"number": "60000"}))
        assert bench.newest().purpose is not Purpose.REPLACE


class TestWhatTheLedgerKnowsAsNew:
    @pytest.fixture
    def bench(self, bench_with):
        return bench_with(companies__nordic__go_live="2026-11-01")

    @pytest.mark.parametrize("known", [{"status": "Hold"}, {}], ids=["on hold", "translated"])
    def test_stays_new_when_its_date_is_corrected(self, bench, known):
        bench.see(an_order("10.0", date="2026-11-02T00:00:00", **known))
        assert bench.see(an_order("10.0", date="2026-10-30T00:00:00")) is TranslateResult.QUEUED

    def test_is_asked_about_when_it_waited_for_a_person_and_its_date_is_corrected(self, bench):
        stranger = {"supplier": {"number": "99"}}
        bench.see(an_order("10.0", date="2026-11-02T00:00:00", **stranger))
        for stamp in ("AAAAAE0YIiE=", "AAAAAE0YIiI="):
            earlier = an_order("10.0", date="2026-10-30T00:00:00", timeStamp=stamp, **stranger)
            assert bench.see(earlier) is TranslateResult.PARKED
        data = bench.routing.load().data
        berg = a_partner(isa_id="BERG", supplier="99")
        bench.routing.apply({**data, "partners": {**data["partners"], "berg": berg}})
        assert bench.see(earlier, cause=Cause.RELEASE.named_at(bench.clock.now())) is TranslateResult.PARKED
        assert (bench.newest().field, bench.due()) == ("go_live", [])

    def test_becomes_old_when_go_live_is_corrected_and_it_waited_for_routing(self, bench):
        bench.see(an_order("10.0", date="2026-11-02T00:00:00", supplier={"number": "99"}))
        data = bench.routing.load().data
        nordic = {**data["companies"]["nordic"], "go_live": "2026-12-01"}
        berg = a_partner(isa_id="BERG", supplier="99")
        bench.routing.apply(
            {**data, "companies": {"nordic": nordic}, "partners": {**data["partners"], "berg": berg}},
        )
        wish = Cause.RELEASE.named_at(bench.clock.now())
        again = an_order("10.0", date="2026-11-02T00:00:00", supplier={"number": "99"})
        assert bench.see(again, cause=wish) is TranslateResult.BASELINE

    def test_is_sent_to_another_receiver_whose_go_live_is_later(self, bench):
        bench.see(an_order(date="2026-11-02T00:00:00"))
        bench.becomes(State.SENT)
        data = bench.routing.load().data
        berg = a_partner(isa_id="BERG", supplier="60000") | {"go_live": "2026-12-01"}
        bench.routing.apply({**data, "partners": {**data["partners"], "berg": berg}})
        assert bench.see(an_order(date="2026-11-02T00:00:00", supplier={"number": "60000"})) is TranslateResult.QUEUED


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
    def test_is_a_question_once_it_is_switched_on_if_it_was_ready(self, bench_with, off, status, then):
        bench = bench_with(**self.SKIP, **self.OFF[off])
        assert bench.see(an_order(status=status)) is TranslateResult.SKIPPED
        bench.routing.apply(bench_with(**self.SKIP).routing.load().data)
        for price in ("10.0", "11.0"):
            assert bench.see(an_order(price)) is then
        assert bench.newest().field == ("send" if then is TranslateResult.PARKED else None)
        wish = Cause.AS_ORIGINAL.named_at(bench.clock.now())
        assert bench.see(an_order("11.0"), cause=wish) is (
            TranslateResult.QUEUED if then is TranslateResult.PARKED else then
        )

    @pytest.mark.parametrize("off", ["kind", "partner", "unmapped"])
    @pytest.mark.parametrize("price", ["10.0", "11.0"])
    def test_is_from_before_go_live_still_once_it_is_switched_on(self, bench_with, off, price):
        skip = {"companies__nordic__unmapped_partner": "skip"}
        bench = bench_with(**skip)
        assert bench.see(old_order(status="Hold")) is TranslateResult.BASELINE
        bench.routing.apply(bench_with(**skip, **self.OFF[off]).routing.load().data)
        bench.see(old_order(price, status="Hold"))
        bench.routing.apply(bench_with(**skip).routing.load().data)
        assert bench.see(old_order(price)) is TranslateResult.PARKED
        assert (bench.newest().field, bench.due()) == ("before_go_live", [])

    @pytest.mark.parametrize(
        ("price", "cause", "then"),
        [
            ("10.0", Cause.POLL, TranslateResult.KNOWN),
            ("11.0", Cause.POLL, TranslateResult.PARKED),
            ("10.0", Cause.RELEASE, TranslateResult.QUEUED),
        ],
    )
    def test_does_not_leave_by_a_touch_when_a_person_did_not_release_it(self, bench_with, price, cause, then):
        bench = bench_with(companies__nordic__go_live="2026-01-01", partners__acme=None)
        bench.see(an_order("10.0"))
        waiting = bench.newest()
        wanted = bench_with(companies__nordic__go_live="2026-01-01").routing.load()
        forecasts = list(forecast_waiting(bench.ledger, wanted, Stream.TEST, today=date(2026, 11, 2)))
        assert [one.key for one in forecasts if one.would_leave] == [waiting.key]
        keep_waiting(forecasts, bench.ledger, now=bench.clock.now())
        bench.routing.apply(wanted.data)
        assert bench.see(an_order(price), cause=cause.named_at(bench.clock.now())) is then

    @pytest.mark.parametrize("price", ["10.0", "11.0"])
    @pytest.mark.parametrize("off", ["kind", "partner", "unmapped"])
    def test_is_a_question_also_when_it_was_put_on_hold_meanwhile(self, bench_with, off, price):
        bench = bench_with(**self.SKIP, **self.OFF[off])
        bench.see(an_order())
        assert bench.see(an_order(price, status="Hold")) is TranslateResult.SKIPPED
        bench.routing.apply(bench_with(**self.SKIP).routing.load().data)
        bench.see(an_order(price, status="Hold"))
        assert bench.see(an_order(price)) in {TranslateResult.PARKED, TranslateResult.KNOWN}
        assert (bench.newest().state, bench.newest().field, bench.due()) == (State.PARKED, "send", [])

    @pytest.mark.parametrize("status", ["Hold", "Completed"])
    def test_is_let_go_by_the_status_that_it_has_then(self, bench_with, status):
        bench = bench_with(companies__nordic__go_live="2026-01-01", partners__acme=None)
        bench.see(an_order())
        wanted = bench_with(companies__nordic__go_live="2026-01-01").routing.load()

        def fates():
            return [one.effect for one in forecast_waiting(bench.ledger, wanted, Stream.TEST, today=date(2026, 11, 2))]

        keep_waiting(
            forecast_waiting(bench.ledger, wanted, Stream.TEST, today=date(2026, 11, 2)),
            bench.ledger,
            now=bench.clock.now(),
        )
        bench.routing.apply(wanted.data)
        assert (bench.see(an_order(status=status)), fates()) == (TranslateResult.KNOWN, [ReleaseEffect.NOT_NOW])
        writes = bench.ledger.writes
        assert (bench.see(an_order(status=status)), bench.ledger.writes) == (TranslateResult.KNOWN, writes)
        bench.see(an_order())
        assert ReleaseEffect.NOT_NOW not in fates()

    @pytest.mark.parametrize("off", ["kind", "partner", "unmapped"])
    def test_is_told_by_a_person_to_a_partner_that_has_an_earlier_state(self, bench_with, off):
        bench = bench_with(**self.SKIP)
        bench.see(an_order())
        bench.becomes(State.SENT)
        bench.routing.apply(bench_with(**self.SKIP, **self.OFF[off]).routing.load().data)
        assert bench.see(an_order(status="Cancelled")) is TranslateResult.PARKED
        assert "was withdrawn in Visma after it was sent" in (bench.newest().reason or "")


class TestWithoutAGoLiveInRouting:
    SINCE = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)

    @pytest.fixture
    def bench(self, bench_with):
        return _without_go_live(bench_with)

    def test_what_the_first_reading_shows_is_from_before(self, bench):
        assert bench.see(an_order(), listed_since=self.SINCE, first_scan=True) is TranslateResult.BASELINE

    def test_what_is_dated_before_the_first_reading_is_from_before(self, bench):
        assert bench.see(old_order(), listed_since=self.SINCE) is TranslateResult.BASELINE

    def test_a_document_of_that_day_that_the_first_reading_did_not_show_is_new(self, bench):
        assert bench.see(an_order(date="2026-11-02T00:00:00"), listed_since=self.SINCE) is TranslateResult.QUEUED

    def test_what_the_ledger_knows_is_not_made_old_by_an_upgrade(self, bench):
        unknown_unit = {"lines": [{**an_order()["lines"][0], "uom": "PAL"}]}
        bench.see(old_order(**unknown_unit))
        assert bench.states() == [State.PARKED]
        assert bench.see(old_order(), listed_since=self.SINCE + timedelta(days=1)) is TranslateResult.QUEUED


def _without_go_live(bench_with):
    bench = bench_with()
    data = {**bench.routing.load().data}
    data["companies"] = {"nordic": {k: v for k, v in data["companies"]["nordic"].items() if k != "go_live"}}
    bench.routing.apply(data)
    return bench


class TestAGoLiveThatIsCorrectedBackwards:
    NEW: ClassVar[dict[str, str]] = {"date": "2026-11-03T00:00:00"}

    @pytest.mark.parametrize("cause", ["poll", "baseline 2026-11-02T08:00:00+00:00"])
    @pytest.mark.parametrize("price", ["10.0", "11.0"])
    def test_asks_about_what_came_between(self, bench_with, cause, price):
        bench = bench_with(companies__nordic__go_live="2026-12-02")
        assert bench.see(an_order(**self.NEW)) is TranslateResult.BASELINE
        bench.routing.apply(bench_with().routing.load().data)
        assert bench.see(an_order(price, **self.NEW), cause=cause) is TranslateResult.PARKED
        assert "from after it" in bench.newest().reason
        assert bench.see(an_order(price, **self.NEW)) is TranslateResult.PARKED
        assert (bench.states(), bench.due()) == ([State.BASELINE, State.PARKED], [])
        wish = Cause.AS_ORIGINAL.named_at(bench.clock.now())
        assert bench.see(an_order(price, **self.NEW), cause=wish) is TranslateResult.QUEUED

    def test_leaves_a_draft_of_that_time_until_it_is_ready(self, bench_with):
        bench = bench_with(companies__nordic__go_live="2026-12-02")
        bench.see(an_order(status="Hold", **self.NEW))
        bench.routing.apply(bench_with().routing.load().data)
        assert bench.see(an_order(status="Hold", **self.NEW)) is TranslateResult.KNOWN
        assert bench.see(an_order(**self.NEW)) is TranslateResult.PARKED

    def test_does_not_take_an_old_order_for_a_new_one_that_was_dated_anew(self, bench_with):
        bench = bench_with(companies__nordic__go_live="2026-12-02")
        bench.see(old_order())
        bench.routing.apply(bench_with().routing.load().data)
        assert bench.see(an_order(**self.NEW)) is TranslateResult.PARKED
        assert bench.newest().field == "before_go_live"


class TestTheBaseline:
    CAUSE = "baseline 2026-11-02T08:00:00+00:00"

    def test_it_records_what_is_open_without_sending(self, bench):
        assert bench.see(old_order(), cause=self.CAUSE) is TranslateResult.BASELINE
        assert bench.due() == []

    def test_what_is_new_is_left_to_polling(self, bench):
        assert bench.see(an_order(date="2026-11-02T00:00:00"), cause=self.CAUSE) is TranslateResult.KNOWN
        assert (bench.states(), bench.due()) == ([], [])

    def test_what_changed_since_is_left_to_polling(self, bench):
        bench.see(old_order())
        assert bench.see(old_order("11.0"), cause=self.CAUSE) is TranslateResult.KNOWN
        assert bench.states() == [State.BASELINE]

    def test_what_the_ledger_knows_is_left_alone(self, bench):
        bench.see(an_order(date="2026-11-02T00:00:00"))
        bench.due()
        assert bench.see(an_order("11.0"), cause=self.CAUSE) is TranslateResult.KNOWN
        assert (bench.states(), bench.due()) == ([State.TRANSLATED], [])


def test_a_document_of_the_very_day_is_asked_about_when_nobody_can_tell(bench_with):
    bench = bench_with(companies__nordic__go_live="2026-11-02T07:30+00:00")
    first = {"listed_since": datetime(2026, 11, 2, 9, 0, tzinfo=UTC)}
    assert bench.see(an_order(date="2026-11-02T00:00:00"), **first) is TranslateResult.PARKED
    assert "about the time of go-live" in bench.newest().reason
    assert (
        bench.see(an_order(date="2026-11-02T00:00:00"), **first, cause=Cause.AS_ORIGINAL.value)
        is TranslateResult.QUEUED
    )
    assert bench.newest(ORDER).purpose is Purpose.ORIGINAL
