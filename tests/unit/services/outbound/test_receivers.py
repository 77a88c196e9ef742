"""A history belongs to a receiver, and a revision leaves only if the receiver would see something new."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Transient
from connector.domain.reasons import Reason
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State, current_revision
from connector.domain.transactions import Purpose
from connector.services.outbound.translate import TranslateResult
from connector.services.release import message_for
from testkit.memory.stores import FixedRouting
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_customer_invoice, an_order_line, as_json
from tests.unit.services.outbound.test_translate import ORDER, Harness, an_order

OTHER = {"internalId": 102, "number": "60001", "name": "Berg Engros AS"}
STRANGER = {"internalId": 999, "number": "99", "name": "Somebody"}
ACME, BERG = "ACMEPRODUCET", "BERGT"
QUIET = {"location": {"id": 99, "name": "Elsewhere"}}
"""A change that no partner sees."""


@pytest.fixture
def harness_with(ports):
    def make(**changes):
        settings = {"partners.berg": a_partner(isa_id="BERG", supplier="60001"), "defaults.on_reopen": "replace"}
        settings |= {key.replace("__", "."): value for key, value in changes.items()}
        return Harness(**ports, routing=FixedRouting(routing_data(settings)))

    return make


@pytest.fixture
def harness(harness_with):
    return harness_with()


def lines(harness):
    """What was written: state, purpose, receiver of each revision, oldest first."""
    return [(one.state, one.purpose, one.receiver_id) for one in reversed(harness.ledger.revisions(ORDER, limit=100))]


def sent_to_acme(harness, **changes):
    harness.see(an_order(**changes))
    harness.becomes(State.ACKNOWLEDGED, transaction_id="T-1")
    harness.due()


class TestAnOrderWhoseSupplierChanges:
    def test_it_is_withdrawn_at_the_former_supplier_and_an_original_for_the_new_one(self, harness):
        sent_to_acme(harness)
        assert harness.see(an_order(supplier=OTHER)) is TranslateResult.QUEUED
        assert lines(harness) == [
            (State.ACKNOWLEDGED, Purpose.ORIGINAL, ACME),
            (State.TRANSLATED, Purpose.CANCELLATION, ACME),
            (State.TRANSLATED, Purpose.ORIGINAL, BERG),
        ]
        withdrawal = harness.ledger.get(ORDER, 2)
        assert (withdrawal.withdraws, withdrawal.partner) == (1, "acme")
        assert ACME in as_json(harness.ledger.request_of(withdrawal)).decode()
        assert harness.due() == [2, 3]

    def test_it_is_withdrawn_once(self, harness):
        sent_to_acme(harness)
        for price in ("10.0", "11.0", "12.0"):
            harness.see(an_order(price, supplier=OTHER))
        assert [line[1] for line in lines(harness)].count(Purpose.CANCELLATION) == 1

    def test_later_revisions_replace_what_the_new_supplier_has(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(supplier=OTHER))
        harness.becomes(State.SENT, sequence=2)
        harness.becomes(State.SENT, sequence=3)
        harness.see(an_order("11.0", supplier=OTHER))
        assert lines(harness)[3:] == [(State.TRANSLATED, Purpose.REPLACE, BERG)]

    @pytest.mark.parametrize("supplier", [OTHER, STRANGER], ids=["another partner", "nobody in routing"])
    @pytest.mark.parametrize("status", ["Hold", "PendingApproval", "Balanced"])
    def test_it_is_not_withdrawn_while_it_is_edited(self, harness, supplier, status):
        """A slip in the supplier that is corrected before the order is released cancels nothing."""
        sent_to_acme(harness)
        harness.see(an_order(status=status, supplier=supplier))
        assert harness.due() == []
        harness.see(an_order(status=status))
        harness.see(an_order())
        assert [line[0] for line in lines(harness) if line[0] is not State.SUPERSEDED] == [State.ACKNOWLEDGED]

    @pytest.mark.parametrize("status", ["Hold", "PendingApproval"])
    @pytest.mark.parametrize("after", ["Open", "Cancelled"])
    def test_it_is_withdrawn_once_it_is_released_or_cancelled(self, harness, status, after):
        sent_to_acme(harness)
        harness.see(an_order(status=status, supplier=OTHER))
        harness.see(an_order(status=after, supplier=OTHER))
        queued = [harness.ledger.get(ORDER, sequence) for sequence in harness.due()]
        assert [(one.purpose, one.receiver_id) for one in queued] == [
            (Purpose.CANCELLATION, ACME),
            *([(Purpose.ORIGINAL, BERG)] if after == "Open" else []),
        ]

    @pytest.mark.parametrize("price", ["10.0", "11.0"], ids=["closed last", "changed and changed back"])
    def test_it_is_withdrawn_once_it_is_released_where_a_person_closed_it_before(self, harness, price):
        """The close is about what the new supplier gets, and the former one still has the order."""
        sent_to_acme(harness)
        harness.see(an_order(status="Hold", supplier=STRANGER))
        harness.becomes(State.CLOSED)
        harness.see(an_order(price, status="Hold", supplier=STRANGER))
        assert harness.due() == []
        for _ in range(2):
            harness.see(an_order(supplier=STRANGER))
        queued = [harness.ledger.get(ORDER, sequence) for sequence in harness.due()]
        assert [(one.purpose, one.receiver_id) for one in queued] == [(Purpose.CANCELLATION, ACME)]

    @pytest.mark.parametrize("cause", [Cause.AS_REPLACEMENT, Cause.AS_ORIGINAL])
    @pytest.mark.parametrize("status", ["Hold", "Open"], ids=["released on hold", "edited before it left"])
    def test_what_a_person_says_that_the_new_supplier_has_holds_although_the_former_one_had_it(
        self, harness_with, status, cause
    ):
        harness = harness_with(partners__somebody=a_partner(isa_id="SOME", supplier=STRANGER["number"]))
        sent_to_acme(harness)
        harness.see(an_order(status=status, supplier=STRANGER))
        current = current_revision(harness.ledger.revisions(ORDER, limit=10))
        asked = harness.ledger.source_of(current)
        harness.translator().handle(message_for(current, asked, harness.payloads, now=harness.clock.now(), cause=cause))
        harness.see(an_order("11.0", supplier=STRANGER))
        newest = current_revision(harness.ledger.revisions(ORDER, limit=10))
        wanted = Purpose.REPLACE if cause is Cause.AS_REPLACEMENT else Purpose.ORIGINAL
        assert (newest.state, newest.purpose, newest.receiver_id) == (State.TRANSLATED, wanted, "SOMET")

    def test_what_a_person_closed_is_withdrawn_after_what_is_still_being_sent(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(status="Hold", supplier=STRANGER))
        harness.becomes(State.CLOSED)
        harness.becomes(State.UNCONFIRMED, sequence=1)
        with pytest.raises(Transient):
            harness.see(an_order(supplier=STRANGER))
        assert harness.due() == []

    def test_nobody_is_asked_for_a_routing_entry_of_an_order_that_would_not_be_sent(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(status="Hold", hold=True, supplier=STRANGER))
        assert harness.newest().reason_code == Reason.ON_HOLD
        harness.see(an_order(supplier=STRANGER))
        current = current_revision(one for one in harness.ledger.revisions(ORDER) if not one.is_withdrawal)
        assert (current.state, current.reason_code) == (State.PARKED, Reason.UNMAPPED_PARTNER)
        harness.see(an_order(status="Cancelled", supplier=STRANGER))
        assert (harness.newest().state, harness.newest().reason_code) == (State.SKIPPED, Reason.WITHDRAWN_UNSENT)

    def test_it_is_withdrawn_while_it_is_edited_where_the_new_partner_gets_drafts(self, harness_with):
        harness = harness_with(defaults__send_when={"purchase_order": ["Open", "Hold"]})
        sent_to_acme(harness)
        harness.see(an_order(status="Hold", supplier=OTHER))
        assert [line[1:] for line in lines(harness)[1:]] == [(Purpose.CANCELLATION, ACME), (Purpose.ORIGINAL, BERG)]

    def test_what_the_former_supplier_never_had_is_not_withdrawn(self, harness):
        harness.see(an_order())
        harness.see(an_order(supplier=OTHER))
        assert lines(harness) == [
            (State.SUPERSEDED, Purpose.ORIGINAL, ACME),
            (State.TRANSLATED, Purpose.ORIGINAL, BERG),
        ]

    def test_it_waits_while_the_former_one_is_being_sent(self, harness):
        harness.see(an_order())
        harness.becomes(State.UNCONFIRMED)
        with pytest.raises(Transient, match="still being sent"):
            harness.see(an_order(supplier=OTHER))

    def test_it_comes_back_before_the_withdrawal_left(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(supplier=OTHER))
        assert harness.see(an_order()) is TranslateResult.KNOWN
        assert [line[0] for line in lines(harness)] == [State.ACKNOWLEDGED, State.SUPERSEDED, State.SUPERSEDED]

    def test_it_comes_back_after_the_withdrawal_left(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(supplier=OTHER))
        harness.becomes(State.SENT, sequence=2)
        harness.becomes(State.SENT, sequence=3)
        assert harness.see(an_order()) is TranslateResult.QUEUED
        assert lines(harness)[3:] == [
            (State.TRANSLATED, Purpose.CANCELLATION, BERG),
            (State.TRANSLATED, Purpose.REPLACE, ACME),
        ]

    def test_a_person_is_asked_when_it_comes_back_unless_routing_knows(self, harness_with):
        for on_reopen, purpose in (("park", None), ("original", Purpose.ORIGINAL), ("replace", Purpose.REPLACE)):
            harness = harness_with(defaults__on_reopen=on_reopen)
            key = DocumentKey("nordic", Kind.PURCHASE_ORDER, f"5001{len(on_reopen)}")
            harness.see(an_order(orderNbr=key.number), key=key)
            harness.becomes(State.SENT, key=key)
            harness.see(an_order(orderNbr=key.number, supplier=OTHER), key=key)
            harness.becomes(State.SENT, key=key, sequence=2)
            harness.becomes(State.SENT, key=key, sequence=3)
            harness.see(an_order(orderNbr=key.number), key=key)
            newest = harness.newest(key)
            assert newest.purpose is purpose
            assert newest.reason_code == (Reason.REOPENED_AFTER_CANCELLATION if purpose is None else None)

    def test_it_comes_back_changed_and_is_cancelled_after_the_withdrawal_left(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(supplier=STRANGER))
        harness.becomes(State.SENT, sequence=2)
        assert harness.see(an_order("11.0", status="Cancelled")) is TranslateResult.SKIPPED
        assert [line[1] for line in lines(harness)].count(Purpose.CANCELLATION) == 1

    def test_a_crash_between_the_two_is_made_good(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(supplier=OTHER))
        del harness.ledger.rows[(ORDER, 3)]
        assert harness.see(an_order(supplier=OTHER)) is TranslateResult.QUEUED
        assert [line[1:] for line in lines(harness)[1:]] == [(Purpose.CANCELLATION, ACME), (Purpose.ORIGINAL, BERG)]

    def test_one_that_routing_does_not_know_gets_nothing_and_the_former_one_its_withdrawal(self, harness):
        sent_to_acme(harness)
        assert harness.see(an_order(supplier=STRANGER)) is TranslateResult.PARKED
        assert lines(harness)[1:] == [(State.TRANSLATED, Purpose.CANCELLATION, ACME), (State.PARKED, None, None)]

    def test_a_supplier_that_left_the_routing_is_not_taken_for_another_one(self, harness):
        sent_to_acme(harness)
        harness.routing.apply({**harness.routing.load().data, "partners": {}})
        assert harness.see(an_order("11.0")) is TranslateResult.PARKED
        assert lines(harness)[1:] == [(State.PARKED, None, None)]

    def test_cancelled_lines_are_no_part_of_the_withdrawal(self, harness):
        cancelled = an_order_line(2, canceled=True, completed=True)
        sent_to_acme(harness, lines=[an_order_line(1), cancelled])
        harness.see(an_order(supplier=OTHER))
        (sets,) = harness.ledger.request_of(harness.ledger.get(ORDER, 2))["message"]["transactionSets"]
        assert len(sets["PO1_loop"]) == 1


class TestAWithdrawalThatAPersonHasToSeeTo:
    @pytest.fixture
    def harness(self, harness_with):
        return harness_with(partners__acme__on_revision="park")

    def test_it_is_parked_where_routing_says_so(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(supplier=OTHER))
        parked = harness.ledger.get(ORDER, 2)
        assert parked.state is State.PARKED
        assert "acme (ACMEPRODUCET) has it still (Orderful T-1)" in parked.reason
        assert "connector documents close nordic/purchase_order/500123 --revision 2" in parked.next_step
        assert lines(harness)[2] == (State.TRANSLATED, Purpose.ORIGINAL, BERG)

    def test_it_stays_while_the_order_changes_at_the_new_supplier(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(supplier=OTHER))
        harness.becomes(State.SENT)
        harness.see(an_order("11.0", supplier=OTHER))
        assert harness.ledger.get(ORDER, 2).state is State.PARKED
        assert len(lines(harness)) == 4

    def test_it_stays_while_the_order_changes_at_a_supplier_that_routing_does_not_know(self, harness):
        sent_to_acme(harness)
        for price in ("10.0", "11.0"):
            harness.see(an_order(price, supplier=STRANGER))
        assert lines(harness)[1:] == [
            (State.PARKED, None, ACME),
            (State.SUPERSEDED, None, None),
            (State.PARKED, None, None),
        ]

    def test_it_leaves_when_the_person_asks_for_it(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(supplier=OTHER))
        harness.becomes(State.SENT)
        data = harness.routing.load().data
        harness.routing.apply(
            {**data, "partners": {**data["partners"], "acme": a_partner(isa_id="ACMEPRODUCE", supplier="50012")}}
        )
        assert (
            harness.see(an_order(supplier=OTHER), cause=Cause.WITHDRAW.named_at(harness.clock.now()))
            is TranslateResult.KNOWN
        )
        assert lines(harness)[1:] == [
            (State.SUPERSEDED, None, ACME),
            (State.SENT, Purpose.ORIGINAL, BERG),
            (State.TRANSLATED, Purpose.CANCELLATION, ACME),
        ]

    def test_it_ends_when_the_receiver_was_told_in_another_way_and_a_person_asks_for_it(self, harness):
        """What it withdraws was refused, and what the receiver had before was withdrawn on its own."""
        sent_to_acme(harness)
        harness.see(an_order("11.0", supplier=OTHER))
        harness.becomes(State.SENT)
        withdrawal = replace(harness.ledger.get(ORDER, 2), sequence=4, state=State.SENT, purpose=Purpose.CANCELLATION)
        harness.ledger.add(withdrawal, source=b"{}", request=None)
        cause = Cause.WITHDRAW.named_at(harness.clock.now())
        assert harness.see(an_order("11.0", supplier=OTHER), cause=cause) is TranslateResult.KNOWN
        assert [line[0] for line in lines(harness)] == [
            *(State.ACKNOWLEDGED, State.SUPERSEDED, State.SENT, State.SENT),
        ]

    def test_it_ends_when_what_it_withdraws_was_refused_and_a_person_asks_for_it(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(supplier=STRANGER))
        harness.becomes(State.REJECTED, sequence=1)
        harness.see(an_order(supplier=STRANGER), cause=Cause.WITHDRAW.named_at(harness.clock.now()))
        assert [line[0] for line in lines(harness)][1:] == [State.SUPERSEDED, State.PARKED]

    @pytest.mark.parametrize("again", [TranslateResult.PARKED, TranslateResult.KNOWN])
    def test_it_stays_when_the_order_is_only_seen_again(self, harness, again):
        sent_to_acme(harness)
        stranger = an_order("10.0" if again is TranslateResult.KNOWN else "11.0", supplier=STRANGER)
        for seen in (an_order("10.0", supplier=STRANGER), stranger):
            harness.see(seen)
        assert lines(harness)[1] == (State.PARKED, None, ACME)

    def test_what_comes_back_after_a_person_has_withdrawn_it_there_is_sent(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(supplier=STRANGER))
        harness.ledger.move(
            harness.ledger.get(ORDER, 2), State.CLOSED, now=harness.clock.now(), note="told by telephone"
        )
        assert harness.see(an_order()) is not TranslateResult.KNOWN
        assert lines(harness)[1] == (State.CLOSED, None, ACME)

    def test_it_is_not_made_again_once_a_person_has_closed_it(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(supplier=OTHER))
        harness.ledger.move(
            harness.ledger.get(ORDER, 2), State.CLOSED, now=harness.clock.now(), note="told by telephone"
        )
        harness.becomes(State.SENT, sequence=3)
        harness.see(an_order("11.0", supplier=OTHER))
        assert [line[0] for line in lines(harness)] == [State.ACKNOWLEDGED, State.CLOSED, State.SENT, State.TRANSLATED]

    def test_it_is_parked_when_the_former_partner_left_the_routing(self, harness_with):
        harness = harness_with()
        sent_to_acme(harness)
        data = harness.routing.load().data
        harness.routing.apply({**data, "partners": {"berg": data["partners"]["berg"]}})
        harness.see(an_order(supplier=OTHER))
        assert lines(harness)[1] == (State.PARKED, None, ACME)
        assert "is mapped to no partner" in harness.ledger.get(ORDER, 2).reason


class TestAnIsaIdThatChanges:
    @pytest.fixture
    def moved(self, harness):
        sent_to_acme(harness)
        data = harness.routing.load().data
        partners = {**data["partners"], "acme": a_partner(isa_id="ACMENEW", supplier="50012")}
        harness.routing.apply({**data, "partners": partners})
        return harness

    def test_it_sends_nothing_by_itself(self, moved):
        assert moved.see(an_order(timeStamp="AAAAAE0YIiM=")) is TranslateResult.KNOWN
        assert moved.due() == []

    def test_what_no_partner_sees_moves_nothing_to_the_new_id(self, moved):
        assert moved.see(an_order(**QUIET)) is TranslateResult.SKIPPED
        assert moved.due() == []

    @pytest.mark.parametrize(
        ("status", "outcome"),
        [("Completed", TranslateResult.PARKED), ("Closed", TranslateResult.PARKED), ("Hold", TranslateResult.SKIPPED)],
    )
    def test_what_does_not_leave_is_not_withdrawn_at_the_old_id(self, moved, status, outcome):
        assert moved.see(an_order("11.0", status=status)) is outcome
        assert [line[1] for line in lines(moved)] == [Purpose.ORIGINAL, None]

    def test_what_was_withdrawn_at_the_old_id_and_comes_back_goes_to_the_new_one(self, moved):
        moved.see(an_order(supplier=STRANGER))
        moved.becomes(State.SENT, sequence=2)
        assert moved.see(an_order()) is TranslateResult.QUEUED
        assert lines(moved)[-1] == (State.TRANSLATED, Purpose.ORIGINAL, "ACMENEWT")

    def test_a_person_who_sends_it_again_sends_it_to_the_new_id_and_withdraws_it_at_the_old_one(self, moved):
        assert moved.see(an_order(), cause=Cause.REPLAY.named_at(moved.clock.now())) is TranslateResult.QUEUED
        assert [line[1:] for line in lines(moved)[1:]] == [
            (Purpose.CANCELLATION, ACME),
            (Purpose.ORIGINAL, "ACMENEWT"),
        ]

    def test_a_change_is_withdrawn_at_the_old_id_and_an_original_at_the_new_one(self, moved):
        moved.see(an_order("11.0"))
        assert lines(moved)[1:] == [
            (State.TRANSLATED, Purpose.CANCELLATION, ACME),
            (State.TRANSLATED, Purpose.ORIGINAL, "ACMENEWT"),
        ]

    @pytest.mark.parametrize(
        ("price", "written"),
        [
            ("11.0", [(State.SKIPPED, None, None)]),
            (
                "10.0",
                [(State.TRANSLATED, Purpose.CANCELLATION, ACME), (State.TRANSLATED, Purpose.ORIGINAL, "ACMENEWT")],
            ),
        ],
    )
    def test_what_a_person_closed_before_takes_the_place_of_what_was_sent(self, harness, price, written):
        """The partner was informed of it in another way, whatever its id is by now."""
        sent_to_acme(harness)
        harness.see(an_order("11.0"))
        harness.becomes(State.CLOSED)
        data = harness.routing.load().data
        acme = a_partner(isa_id="ACMENEW", supplier="50012")
        harness.routing.apply({**data, "partners": {**data["partners"], "acme": acme}})
        harness.see(an_order(price, **QUIET))
        assert lines(harness)[2:] == written


class TestAnIsaIdThatChangesBackWhileAWithdrawalWaits:
    """The order leaves acme for its new ISA id, the withdrawal at the former one is refused, and the id comes back."""

    @pytest.fixture
    def back(self, harness):
        def make(**changes):
            sent_to_acme(harness)
            data = harness.routing.load().data
            partners = {**data["partners"], "acme": a_partner(isa_id="ACMENEW", supplier="50012")}
            harness.routing.apply({**data, "partners": partners})
            harness.see(an_order(**changes))
            harness.becomes(State.REJECTED, sequence=2)
            if len(lines(harness)) > 2 and lines(harness)[2][0] is State.TRANSLATED:
                harness.becomes(State.SENT, sequence=3)
            harness.routing.apply(data)
            harness.due()
            return harness

        return make

    def withdrawn_again(self, harness, *, dies=False, **changes):
        if dies:  # a worker had begun with it
            harness.ledger.move(harness.ledger.get(ORDER, 2), State.SUPERSEDED, now=harness.clock.now(), note="begun")
        return harness.see(an_order(**changes), cause=Cause.WITHDRAW.named_at(harness.clock.now()))

    def test_what_the_former_id_has_still_is_replaced_there(self, back):
        """Else it has one state under its former id, and another one under the new id."""
        harness = back(price="11.0")
        assert harness.see(an_order("11.0", **QUIET)) is TranslateResult.QUEUED
        assert lines(harness)[-2:] == [
            (State.TRANSLATED, Purpose.CANCELLATION, "ACMENEWT"),
            (State.TRANSLATED, Purpose.REPLACE, ACME),
        ]

    @pytest.mark.parametrize("dies", [False, True])
    def test_what_was_cancelled_meanwhile_is_cancelled_there(self, back, dies):
        harness = back(status="Cancelled")
        assert self.withdrawn_again(harness, dies=dies, status="Cancelled") is TranslateResult.QUEUED
        assert lines(harness)[1:] == [
            (State.SUPERSEDED, Purpose.CANCELLATION, ACME),
            (State.TRANSLATED, Purpose.CANCELLATION, ACME),
        ]
        assert harness.due() == [3]

    def test_what_the_new_id_has_is_withdrawn_at_the_former_one_as_the_person_asks(self, back):
        harness = back(price="11.0")
        assert self.withdrawn_again(harness, price="11.0") is TranslateResult.KNOWN
        assert lines(harness)[1:] == [
            (State.SUPERSEDED, Purpose.CANCELLATION, ACME),
            (State.SENT, Purpose.ORIGINAL, "ACMENEWT"),
            (State.TRANSLATED, Purpose.CANCELLATION, ACME),
        ]
        assert harness.due() == [4]

    def test_what_stands_as_it_was_sent_there_is_not_withdrawn(self, back):
        harness = back(status="Cancelled")
        assert self.withdrawn_again(harness) is TranslateResult.KNOWN
        assert [line[0] for line in lines(harness)] == [State.ACKNOWLEDGED, State.SUPERSEDED, State.SUPERSEDED]
        assert harness.due() == []

    def test_what_a_third_one_has_to_forget_is_withdrawn_there_along_with_it(self, harness):
        """Routing named nobody for it when it was cancelled; both former receivers have a withdrawal that waits."""
        sent_to_acme(harness)
        harness.see(an_order(supplier=OTHER))
        harness.becomes(State.REJECTED, sequence=2)
        harness.becomes(State.SENT, sequence=3)
        harness.see(an_order(supplier=STRANGER))
        harness.becomes(State.REJECTED, sequence=4)
        harness.due()
        order = {"supplier": OTHER, "status": "Cancelled"}
        assert self.withdrawn_again(harness, **order) is TranslateResult.QUEUED
        assert lines(harness)[-2:] == [
            (State.TRANSLATED, Purpose.CANCELLATION, ACME),
            (State.TRANSLATED, Purpose.CANCELLATION, BERG),
        ]
        assert [line[0] for line in lines(harness)[:-2]] == [
            *(State.ACKNOWLEDGED, State.SUPERSEDED, State.SENT, State.SUPERSEDED, State.SUPERSEDED),
        ]


class TestOnRevisionIgnore:
    @pytest.fixture
    def harness(self, harness_with):
        return harness_with(partners__acme__on_revision="ignore")

    def test_a_cancellation_leaves_all_the_same(self, harness):
        sent_to_acme(harness)
        assert harness.see(an_order(status="Cancelled")) is TranslateResult.QUEUED
        assert harness.newest().purpose is Purpose.CANCELLATION

    def test_what_is_ordered_again_after_its_cancellation_leaves_as_well(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(status="Cancelled"))
        harness.becomes(State.SENT)
        assert harness.see(an_order("11.0")) is TranslateResult.QUEUED
        assert harness.newest().purpose is Purpose.REPLACE

    def test_a_withdrawal_at_a_former_supplier_leaves_as_well(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(supplier=OTHER))
        assert lines(harness)[1] == (State.TRANSLATED, Purpose.CANCELLATION, ACME)


class TestWhatNoPartnerSees:
    @pytest.mark.parametrize(
        "changes",
        [
            {"lines": [an_order_line(inventory={"number": "1298", "description": "Renamed in the catalogue"})]},
            {"lines": [an_order_line(taxCategory={"number": "9", "description": "x"})]},
            {"location": {"id": 99, "name": "Elsewhere"}},
        ],
        ids=["catalogue", "tax category", "location"],
    )
    def test_it_sends_nothing_and_the_ledger_says_why(self, harness, changes):
        sent_to_acme(harness, lines=[an_order_line(lineDescription="Carrots")])
        kept = {"lines": [an_order_line(lineDescription="Carrots")]}
        if "lines" in changes:
            changes = {"lines": [{**changes["lines"][0], "lineDescription": "Carrots"}]}
        assert harness.see(an_order(**(kept | changes))) is TranslateResult.SKIPPED
        assert (harness.newest().reason, harness.due()) == ("Nothing that the partner sees has changed.", [])

    def test_it_is_asked_about_nobody_where_changes_are_parked(self, harness_with):
        harness = harness_with(partners__acme__on_revision="park")
        sent_to_acme(harness)
        assert harness.see(an_order(**QUIET)) is TranslateResult.SKIPPED

    def test_a_change_behind_it_leaves(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(**QUIET))
        assert harness.see(an_order("11.0", **QUIET)) is TranslateResult.QUEUED
        assert harness.states() == [State.ACKNOWLEDGED, State.SUPERSEDED, State.TRANSLATED]

    def test_it_takes_back_a_change_that_never_left(self, harness):
        sent_to_acme(harness)
        harness.see(an_order("11.0"))
        harness.see(an_order(**QUIET))
        assert harness.states() == [State.ACKNOWLEDGED, State.SUPERSEDED, State.SKIPPED]

    def test_what_a_partner_refused_is_compared_with_what_it_has(self, harness):
        sent_to_acme(harness)
        harness.see(an_order("11.0"))
        harness.becomes(State.REJECTED)
        harness.due()
        assert harness.see(an_order(**QUIET)) is TranslateResult.SKIPPED

    def test_an_order_that_is_cancelled_and_ordered_again_has_changed_although_it_reads_the_same(self, harness):
        sent_to_acme(harness)
        harness.see(an_order(status="Cancelled"))
        harness.becomes(State.SENT)
        harness.due()
        assert harness.see(an_order()) is TranslateResult.QUEUED

    def test_an_invoice_that_is_touched_is_not_asked_about(self, harness_with):
        harness = harness_with(defaults__units={"STK": "each", "KG": "kilogram"})
        key = DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "100231")
        harness.see(a_customer_invoice(), key=key)
        harness.becomes(State.SENT, key=key)
        renumbered = a_customer_invoice(location={"countryId": "NO", "id": "1", "name": "Main"})
        assert harness.see(renumbered, key=key) is TranslateResult.SKIPPED
        moved = a_customer_invoice(location={"countryId": "NO", "id": "S-07", "name": "Butikk 7"})
        assert harness.see(moved, key=key) is TranslateResult.PARKED

    def test_an_invoice_that_says_what_a_person_closed_is_not_asked_about_under_a_new_number(self, harness_with):
        harness = harness_with(defaults__units={"STK": "each", "KG": "kilogram"})
        key = DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "100231")
        customer = {"internalId": 55, "number": "10045", "name": "Corner Market AS"}
        shop = {"location": {"countryId": "NO", "id": "S-07", "name": "Butikk 7"}}
        harness.see(a_customer_invoice(customer=customer), key=key)
        harness.becomes(State.SENT, key=key)
        assert harness.see(a_customer_invoice(customer=customer, **shop), key=key) is TranslateResult.PARKED
        harness.becomes(State.CLOSED, key=key)
        renumbered = a_customer_invoice(customer=customer | {"number": "77"}, **shop)
        assert harness.see(renumbered, key=key) is TranslateResult.SKIPPED
