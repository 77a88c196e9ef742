"""What a partner has and Visma no longer has: no list shows it, and one look at Visma tells."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import ListRefused, Misconfigured, Throttled
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State
from connector.services.ports import Resource
from connector.services.reconcile.absence import address_of
from connector.services.reconcile.night import Nightly
from connector.services.release import message_for
from testkit.memory.reconcile_harness import in_short, lines
from testkit.samples.routing_data import routing_data

SALES, NOTES = Resource.CUSTOMER_INVOICES, Resource.CUSTOMER_CREDIT_NOTES


def sent(harness, *numbers, **changes):
    """Orders that the partner has."""
    keys = [harness.save(number, lines=lines(), **changes) for number in numbers]
    harness.flow()
    harness.clock.forward(hours=3)
    return keys


def night(harness, **changes):
    """A run of the night, in as many invocations as it takes."""
    for _ in range(100):
        progress = Nightly(
            reconciler=harness.reconciler(**changes),
            book=harness.book,
            clock=harness.clock,
            telemetry=harness.telemetry,
            days=timedelta(days=14),
        ).run()
        if progress is None or progress.ended_at:
            return in_short(harness.book.findings())
        harness.clock.forward(minutes=5)
    raise AssertionError("the run does not end")


def test_an_order_that_was_deleted_after_it_was_sent_is_found(harness):
    key, kept = sent(harness, 1, 2)
    harness.delete(1)

    (found,) = harness.reconcile()

    assert (found.category, found.document) == ("deleted", str(key))
    assert found.transactions == (harness.transaction_of(key),)
    assert found.sentence == (
        "acme has it, as revision 1 that was sent 2026-11-02 08:10 UTC, and Visma has no such document any more."
    )
    assert found.next_step == (
        f"Tell acme, since no cancellation leaves by itself; connector documents show {key}; then: "
        f"connector reconcile close {found.finding_id} --reason TEXT"
    )
    assert harness.lists.looks == ["1"]
    assert kept.number not in harness.lists.looks
    assert harness.current(key).state is State.DELIVERED


def test_an_order_that_went_to_another_branch_is_found(harness):
    harness.routing.apply(
        routing_data({"companies.nordic.visma.branch": "1", "companies.nordic.go_live": "2026-10-20"})
    )
    key, kept = sent(harness, 1, 2)
    harness.move_to_branch(1, "2")
    assert night(harness) == {("deleted", str(key))}
    (found,) = harness.book.findings()
    assert "it is of branch 2 in Visma now, and company nordic is branch 1." in found.sentence
    harness.move_to_branch(1, "1")
    harness.clock.forward(days=1)
    assert night(harness) == set()
    assert harness.current(kept).state is State.DELIVERED


@pytest.mark.parametrize("calls", [2, 3, 5])
def test_a_run_that_is_put_aside_at_any_point_finds_the_same(harness, calls):
    keys = sent(harness, *range(1, 21))
    for number in (3, 11, 20):
        harness.delete(number)
    harness.lists.page_size, harness.listed.page_size = 4, 4
    found = night(harness, most_calls=calls)
    assert found == {("deleted", str(keys[at])) for at in (2, 10, 19)}
    assert sorted(harness.lists.looks) == ["11", "20", "3"]


def test_an_order_that_no_list_shows_and_that_is_there_is_no_finding(harness):
    """It was let go long after it was last changed."""
    harness.save(1, lines=[{**lines()[0], "uom": "PAL"}], date="2026-10-25T00:00:00")
    harness.flow()
    harness.clock.forward(days=30)
    changes = {"companies.nordic.go_live": "2026-10-20", "defaults.units.PAL": "each"}
    harness.routing.apply(routing_data(changes))
    key = DocumentKey("nordic", Kind.PURCHASE_ORDER, "1")
    parked = harness.current(key)
    source, now = harness.ledger.source_of(parked), harness.clock.now()
    harness.outbox.documents([message_for(parked, source, harness.payloads, now=now, cause=Cause.RELEASE)])
    harness.work()
    harness.clock.forward(hours=3)
    assert harness.reconcile() == []
    assert harness.lists.looks == ["1"]
    harness.delete(1)
    assert in_short(harness.reconcile()) == {("deleted", str(key))}


def test_what_the_partner_was_told_of_before_is_no_finding(harness):
    cancelled, refused = harness.save(1, lines=lines()), harness.save(2, lines=lines())
    harness.flow()
    harness.save(1, status="Cancelled")
    harness.orderful.update_status(harness.transaction_of(refused), acknowledgment_status="REJECTED")
    harness.flow()
    assert harness.current(refused).state is State.REJECTED
    assert len(harness.ledger.revisions(cancelled)) == 2
    harness.clock.forward(hours=3)
    for number in ("1", "2"):
        harness.delete(number)
    assert harness.reconcile() == []
    assert harness.lists.looks == []


def test_invoices_and_notes_are_asked_for_where_they_would_be(harness):
    invoice, note = harness.save(7, SALES), harness.save(8, NOTES)
    harness.flow()
    harness.clock.forward(hours=3)
    assert harness.current(note).state is State.DELIVERED
    harness.delete(7, SALES)
    harness.delete(8, NOTES)
    assert in_short(harness.reconcile()) == {("deleted", str(invoice)), ("deleted", str(note))}


@pytest.mark.parametrize(
    ("kind", "number", "address"),
    [
        (Kind.PURCHASE_ORDER, "500123", (Resource.PURCHASE_ORDERS, "500123", "")),
        (Kind.PURCHASE_ORDER, "DropShip:500123", (Resource.PURCHASE_ORDERS, "500123", "DropShip")),
        (Kind.PURCHASE_ORDER, "A:7", (Resource.PURCHASE_ORDERS, "A:7", "")),
        (Kind.PURCHASE_ORDER, "DropShip:", (Resource.PURCHASE_ORDERS, "DropShip:", "")),
        (Kind.SUPPLIER_INVOICE, "7", (Resource.SUPPLIER_INVOICES, "7", "")),
        (Kind.SUPPLIER_INVOICE, "DebitAdj:7", (Resource.SUPPLIER_INVOICES, "7", "DebitAdj")),
        (Kind.CUSTOMER_INVOICE, "7", (Resource.CUSTOMER_INVOICES, "7", "")),
        (Kind.CUSTOMER_INVOICE, "CreditNote:7", (Resource.CUSTOMER_CREDIT_NOTES, "7", "CreditNote")),
        (Kind.CUSTOMER_INVOICE, "DebitNote:7", (Resource.CUSTOMER_DEBIT_NOTES, "7", "DebitNote")),
        (Kind.CUSTOMER_INVOICE, "FinCharge:7", (Resource.CUSTOMER_INVOICES, "7", "FinCharge")),
    ],
)
def test_where_a_document_would_be(kind, number, address):
    assert address_of(DocumentKey("nordic", kind, number)) == address


def test_a_finding_stays_until_visma_has_the_document_or_a_person_closes_it(harness):
    (key,) = sent(harness, 1)
    before = harness.erp.documents[Resource.PURCHASE_ORDERS].copy()
    harness.delete(1)
    for _ in range(3):
        assert night(harness) == {("deleted", str(key))}
        harness.clock.forward(days=1)
    assert len([event for event in harness.telemetry.events("error") if event == "reconciliation: deleted"]) == 1
    harness.erp.documents[Resource.PURCHASE_ORDERS].update(before)
    assert night(harness) == set()


def test_a_finding_stays_when_its_transaction_is_older_than_the_window(harness):
    (key,) = sent(harness, 1)
    harness.delete(1)
    night(harness)
    harness.clock.forward(days=20)
    assert night(harness) == {("deleted", str(key))}


def test_a_finding_ends_when_the_partner_has_a_cancellation(harness):
    (key,) = sent(harness, 1)
    before = harness.erp.documents[Resource.PURCHASE_ORDERS].copy()
    harness.delete(1)
    night(harness)
    harness.erp.documents[Resource.PURCHASE_ORDERS].update(before)
    harness.save(1, status="Cancelled")
    harness.flow()
    harness.delete(1)
    assert len(harness.ledger.revisions(key)) == 2
    harness.clock.forward(days=1)
    assert night(harness) == set()


def test_visma_is_asked_so_many_times_a_night_and_the_next_one_goes_on(harness):
    keys = sent(harness, *range(101, 111))
    for number in range(101, 111):
        harness.delete(number)
    nights = []
    for _ in range(5):
        harness.lists.looks.clear()
        night(harness, most_looks=4)
        nights.append(sorted(harness.lists.looks))
        harness.clock.forward(days=1)
    output = ["101", "102", "103", "104"]
    assert nights == [output, [*output, "105", "106"], [*output, "107", "108"], [*output, "109", "110"], output]
    assert in_short(harness.book.findings()) == {("deleted", str(one)) for one in keys}


def test_what_is_there_keeps_nothing_else_from_being_asked_for(harness, monkeypatch):
    """No list shows any of them, as after a run that was killed; one is gone."""
    keys = sent(harness, *range(101, 111))
    harness.delete(109)
    monkeypatch.setattr("connector.services.reconcile.documents.DocumentComparison.names", lambda *_: frozenset())
    looks = []
    for _ in range(4):
        harness.lists.looks.clear()
        night(harness, most_looks=4)
        looks.append([*harness.lists.looks])
        harness.clock.forward(days=1)
    assert looks == [
        ["101", "102", "103", "104"],
        ["105", "106", "107", "108"],
        ["109", "110", "101", "102"],
        ["109", "103", "104", "105"],
    ]
    assert in_short(harness.book.findings()) == {("deleted", str(keys[8]))}


class TestNotKnown:
    """Anything but a plain 404 tells nothing."""

    def run(self, harness, **changes):
        reconciler, progress = harness.begin(most_tries=1, **changes)
        progress = reconciler.go_on(progress)
        return progress, in_short(harness.book.findings())

    def test_an_unclear_answer_is_a_problem_of_the_run_and_stops_no_other_look(self, harness):
        _, second = sent(harness, 1, 2)
        for number in ("1", "2"):
            harness.delete(number)
        harness.lists.unclear["1"] = Misconfigured("Visma answered 400.")
        progress, found = self.run(harness)
        assert found == {("deleted", str(second))}
        assert progress.problems == ("nordic/purchase_order/1: Visma answered 400.",)

    def test_a_refusal_ends_the_looks_of_the_company(self, harness):
        sent(harness, 1, 2)
        for number in ("1", "2"):
            harness.delete(number)
        harness.lists.unclear["1"] = ListRefused("Visma answered 403.")
        progress, found = self.run(harness)
        assert found == set()
        assert progress.problems == ("nordic, what no list shows: Visma answered 403.",)
        assert progress.is_done

    def test_a_finding_of_which_nothing_is_known_now_stays(self, harness):
        (key,) = sent(harness, 1)
        harness.delete(1)
        night(harness)
        harness.clock.forward(days=1)
        harness.lists.unclear["1"] = Misconfigured("Visma answered 400.")
        assert night(harness) == {("deleted", str(key))}

    def test_a_pause_that_visma_asks_for_is_kept(self, harness):
        (key,) = sent(harness, 1)
        harness.delete(1)
        harness.lists.unclear["1"] = Throttled("Visma answered 429.", retry_after=timedelta(minutes=1))
        pauses = []

        def wait(pause):
            pauses.append(pause)
            harness.lists.unclear.clear()
            return True

        progress, found = self.run(harness, wait=wait)
        assert (pauses, progress.is_done, found) == ([timedelta(minutes=1)], True, {("deleted", str(key))})

    def test_vismas_hour_is_left_to_polling(self, harness, monkeypatch):
        sent(harness, 1, 2, 3)
        for number in ("1", "2", "3"):
            harness.delete(number)
        real = type(harness.lists(harness.routing.load().companies["nordic"], None)).look

        def look(lists, *address):
            harness.lists.share_left = 0.3
            try:
                return real(lists, *address)
            finally:
                harness.lists.share_left = None

        monkeypatch.setattr(type(harness.lists(harness.routing.load().companies["nordic"], None)), "look", look)
        reconciler, progress = harness.begin()
        invocations = 0
        while not progress.is_done:
            progress = reconciler.go_on(progress)
            invocations += 1
            assert invocations < 10
        assert invocations == 4
        assert harness.lists.looks == ["1", "2", "3"]
        assert len(harness.book.findings()) == 3


def test_one_partner(harness):
    sent(harness, 1)
    harness.delete(1)
    assert harness.reconcile(partner="matsenteret") == []
    assert harness.lists.looks == []


def test_what_a_person_closed_is_not_asked_for_again_and_stays_closed(harness):
    sent(harness, 1)
    harness.delete(1)
    night(harness)
    (found,) = harness.book.findings()
    harness.book.put(replace(found, closed_at=harness.clock.now(), closed_by="kari", closed_because="by mail"))
    harness.lists.looks.clear()
    harness.clock.forward(days=1)
    night(harness)
    assert [one.is_open for one in harness.book.findings()] == [False]
    assert harness.lists.looks == []


def test_nothing_is_left_behind_in_the_book(harness):
    sent(harness, 1, 2)
    harness.delete(1)
    night(harness)
    assert harness.book._seen == {}
