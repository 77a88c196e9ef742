"""Reconciliation of what partners sent: what Orderful's list shows late is found, recorded and decided once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.documents import DocumentKey
from connector.domain.errors import Misconfigured, Transient
from connector.domain.inbound import Validation
from connector.domain.order_change.record import ChangeState
from connector.domain.revision.record import State
from connector.domain.transactions import Stream
from connector.services.inbound.collect import LIST_OVERLAP
from connector.services.messages import HintMessage
from connector.services.reconcile import run
from testkit.memory.change_harness import an_860, more_of
from testkit.memory.reconcile_harness import in_short, lines
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order

CHANGE, NEXT = "802210971", "802210972"
LIMITS = {
    "companies.nordic.go_live": "2026-10-20",
    "defaults.units.KRT": "case",
    "defaults.changes": {"quantity": "50%", "price": "0%", "dates": "14d"},
}


@pytest.fixture
def harness(harness):
    """A stack that has collected for some days, with order 500123 at its partner."""
    harness.routing.apply(routing_data(LIMITS))
    harness.inbox_ids = ()
    day = f"{harness.clock.now():%Y-%m-%d}T00:00:00"
    harness.save("500123", lines=lines(800), date=day)
    harness.orders.put_in(a_purchase_order(lines=lines(800), date=day))
    harness.flow()
    collect(harness)
    harness.clock.forward(days=3)
    assert harness.reconcile() == []
    collect(harness)
    return harness


def collect(harness):
    """A run of the collector, and what it queues."""
    harness.collector().run()
    apply(harness)


def apply(harness):
    """The queues of hints and of changes."""
    while harness.outbox.queued_hints or harness.outbox.queued_changes:
        queued = [*harness.outbox.queued_hints, *harness.outbox.queued_changes]
        harness.outbox.clear()
        for message in queued:
            harness.applier().handle(message)


def asks(harness, number=CHANGE, quantity=900, **changes):
    """The partner changes the first line; only the list has it."""
    message = an_860(more_of(1, quantity), purchaseOrderDate="2026-11-02", purchaseOrderChangeDate="2026-11-05")
    return harness.inbound.send(message, number=number, inbox=False, **changes)


def every_five_minutes(harness, **by):
    """The collector runs on its schedule for so long."""
    for _ in range(timedelta(**by) // timedelta(minutes=15)):
        harness.clock.forward(minutes=15)
        collect(harness)


@pytest.mark.parametrize("late", [timedelta(hours=2), timedelta(days=1)])
def test_a_change_that_the_list_shows_late_is_found_recorded_and_applied(harness, late):
    harness.inbound.list_lag = late
    asks(harness)
    every_five_minutes(harness, hours=late / timedelta(hours=1) + 2)
    assert late > LIST_OVERLAP
    assert harness.changes.all() == []

    (found,) = harness.reconcile()

    assert (found.category, found.subject, found.document) == (
        "unrecorded",
        CHANGE,
        "nordic/purchase_order/500123",
    )
    assert found.sentence.startswith(f"Orderful has {CHANGE}, the 860 of acme with number 500123, received 2026-11-0")
    assert found.next_step == (
        f"It is looked up now: connector changes show {CHANGE}; if that knows none: connector changes fetch {CHANGE}"
    )
    apply(harness)
    (change,) = harness.changes.all()
    assert change.state is ChangeState.APPLIED
    assert harness.orders.line(1)["orderQty"] == 900
    assert len(harness.orders.puts) == 1
    harness.book.kept.clear()
    assert harness.reconcile() == []


def test_a_list_that_shows_it_in_time_leaves_nothing_to_find(harness):
    harness.inbound.list_lag = timedelta(minutes=50)
    asks(harness)
    every_five_minutes(harness, hours=3)
    assert len(harness.changes.all()) == 1
    assert harness.reconcile() == []


@pytest.mark.parametrize("order", ["hint first", "list first", "at once"])
def test_what_comes_by_a_hint_of_the_night_and_by_another_way_is_written_once(harness, order):
    """Each way is there twice; the list shows it while the hint waits."""
    harness.inbound.list_lag = timedelta(hours=2)
    asks(harness)
    every_five_minutes(harness, hours=4)
    harness.reconcile()
    harness.reconcile()
    hints = [*harness.outbox.queued_hints]
    assert hints == [HintMessage(transaction_id=CHANGE)] * 2
    harness.outbox.clear()
    harness.watermark.put(harness.clock.now() - timedelta(hours=5))
    if order == "list first":
        collect(harness)
    elif order == "at once":
        harness.collector().run()
    for hint in hints:
        harness.applier().handle(hint)
    apply(harness)
    harness.watermark.put(harness.clock.now() - timedelta(hours=5))
    collect(harness)
    assert [one.state for one in harness.changes.all()] == [ChangeState.APPLIED]
    assert len(harness.orders.puts) == 1
    assert harness.orders.line(1)["orderQty"] == 900


def test_a_later_change_that_was_applied_is_not_overwritten_by_the_late_one(harness):
    harness.inbound.list_lag = timedelta(hours=2)
    asks(harness)
    harness.clock.forward(minutes=30)
    asks(harness, NEXT, 700)
    harness.applier().handle(harness.inbound.hint(NEXT))
    apply(harness)
    every_five_minutes(harness, hours=4)
    assert in_short(harness.reconcile()) == {("unrecorded", "nordic/purchase_order/500123")}
    apply(harness)
    states = {one.transaction_id: one.state for one in harness.changes.all()}
    assert states == {NEXT: ChangeState.APPLIED, CHANGE: ChangeState.PARKED}
    assert harness.orders.line(1)["orderQty"] == 700


def test_an_answer_is_found_too(harness):
    harness.inbound.list_lag = timedelta(hours=2)
    refusal = {"purchaseOrderNumber": "500123", "acknowledgmentType": "rejectWithDetail"}
    answer = {"document": "855", "transaction_type": "855_PURCHASE_ORDER_ACKNOWLEDGMENT"}
    harness.inbound.send(refusal, number=NEXT, inbox=False, **answer)
    advice = {"document": "824", "transaction_type": "824_SOMETHING_ELSE_THAN_WE_THINK"}
    harness.inbound.send({}, number=CHANGE, inbox=False, business_number="0001", **advice)
    every_five_minutes(harness, hours=4)
    found = harness.reconcile()
    assert {(one.subject, one.document) for one in found} == {(NEXT, "nordic/purchase_order/500123"), (CHANGE, None)}
    apply(harness)
    assert {one.document for one in harness.changes.all()} == {"855", "824"}


def test_an_order_that_was_deleted_after_a_change_of_it_was_agreed_is_found(harness):
    asks(harness)
    every_five_minutes(harness, hours=1)
    key = DocumentKey.of_order("nordic", "500123")
    assert [one.state for one in harness.ledger.revisions(key)] == [State.AGREED, State.DELIVERED]
    harness.delete("500123")
    harness.clock.forward(hours=3)
    (found,) = harness.reconcile()
    assert (found.category, found.document) == ("deleted", str(key))
    assert found.sentence == (
        "acme has it, as revision 2 that was agreed 2026-11-05 08:25 UTC, and Visma has no such document any more."
    )


class TestNotFound:
    """What is no gap."""

    def found(self, harness, **changes):
        harness.inbound.list_lag = timedelta(hours=2)
        asks(harness, **changes)
        every_five_minutes(harness, hours=4)
        return harness.reconcile()

    @pytest.mark.parametrize(
        "changes",
        [
            {"stream": Stream.LIVE},
            {"receiver_id": "SOMEBODYT"},
            {"document": "850", "transaction_type": "850_PURCHASE_ORDER"},
            {"document": "997", "transaction_type": "997_FUNCTIONAL_ACKNOWLEDGMENT"},
            {"document": None, "transaction_type": None},
            {"validation": Validation.PROCESSING},
        ],
    )
    def test_what_is_not_ours_or_not_collected(self, harness, changes):
        assert self.found(harness, **changes) == []
        assert harness.outbox.queued_hints == []

    def test_what_orderful_processes_for_more_than_a_day_is_recorded_for_a_person(self, harness):
        self.found(harness, validation=Validation.PROCESSING)
        harness.clock.forward(days=1)
        assert len(harness.reconcile()) == 1
        apply(harness)
        (change,) = harness.changes.all()
        assert (change.state, change.validation) == (ChangeState.PARKED, Validation.PROCESSING)

    def test_what_is_younger_than_an_hour(self, harness):
        asks(harness)
        harness.clock.forward(minutes=50)
        assert harness.reconcile() == []

    def test_a_type_that_routing_does_not_take_and_what_came_before_it_did(self, harness):
        harness.routing.apply(routing_data({**LIMITS, "inbound.take": ["860", "855"]}))
        assert harness.reconcile() == []
        answer = {"document": "855", "transaction_type": "855_PURCHASE_ORDER_ACKNOWLEDGMENT"}
        harness.routing.apply(routing_data({**LIMITS, "inbound.take": ["860"]}))
        assert self.found(harness, **answer) == []
        harness.routing.apply(routing_data(LIMITS))
        assert harness.reconcile() == []
        harness.clock.forward(days=1)
        harness.inbound.send({}, number=NEXT, inbox=False, **answer)
        harness.clock.forward(hours=3)
        assert [one.subject for one in harness.reconcile()] == [NEXT]

    def test_what_an_isa_id_received_before_routing_had_it(self, harness):
        harness.inbound.list_lag = timedelta(hours=2)
        asks(harness, receiver_id="SOUTHT")
        harness.clock.forward(hours=4)
        south = {"live": "SOUTH", "test": "SOUTHT"}
        harness.routing.apply(routing_data({**LIMITS, "companies.nordic.orderful.isa_id": south}))
        assert harness.reconcile() == []
        asks(harness, NEXT, receiver_id="SOUTHT")
        harness.clock.forward(hours=4)
        assert [one.subject for one in harness.reconcile()] == [NEXT]

    def test_what_came_before_the_company_was_first_reconciled(self, harness):
        harness.book.since.clear()
        assert self.found(harness) == []

    def test_a_stack_from_before_has_collected_since_its_companies_were_first_reconciled(self, harness):
        harness.book.since = {name: at for name, at in harness.book.since.items() if not name.startswith("#")}
        assert len(self.found(harness)) == 1

    def test_what_is_known_by_another_id(self, harness):
        uuid = "5f0c7a52-3c1e-4f6b-9a3d-000802210971"
        asks(harness, aliases=(uuid,))
        collect(harness)
        change = harness.changes.all()[0]
        assert change.names == (CHANGE, uuid)
        harness.inbound.transactions[uuid] = replace(harness.inbound.transactions.pop(CHANGE), transaction_id=uuid)
        harness.clock.forward(hours=3)
        assert harness.reconcile() == []

    def test_a_pointer_without_a_record_is_no_record(self, harness):
        asks(harness)
        collect(harness)
        harness.changes.records.clear()
        harness.clock.forward(hours=3)
        assert len(harness.reconcile()) == 1


def test_one_partner_or_one_company(harness):
    harness.inbound.list_lag = timedelta(hours=2)
    asks(harness)
    asks(harness, NEXT, sender_id="STRANGERT")
    every_five_minutes(harness, hours=4)
    assert [one.subject for one in harness.reconcile(partner="acme")] == [CHANGE]
    harness.book.kept.clear()
    assert harness.reconcile(partner="matsenteret") == []
    whole = harness.reconcile()
    assert {one.subject for one in whole} == {CHANGE, NEXT}
    assert "the 860 of STRANGERT" in next(one.sentence for one in whole if one.subject == NEXT)


def test_a_run_by_a_person_queues_nothing_and_names_the_command(harness):
    harness.inbound.list_lag = timedelta(hours=2)
    asks(harness)
    every_five_minutes(harness, hours=4)
    (found,) = harness.reconcile(outbox=None)
    assert found.next_step == f"connector changes fetch {CHANGE}"
    assert harness.outbox.queued_hints == []


def test_what_a_person_closed_is_not_looked_up_again(harness):
    harness.inbound.list_lag = timedelta(hours=2)
    asks(harness)
    every_five_minutes(harness, hours=4)
    (found,) = harness.reconcile()
    harness.outbox.clear()
    harness.book.kept[found.finding_id] = type(found)(
        **{**{name: getattr(found, name) for name in found.__struct_fields__}, "closed_at": harness.clock.now()}
    )
    harness.reconcile()
    assert harness.outbox.queued_hints == []


@pytest.mark.parametrize("calls", [None, 2, 3])
def test_more_than_a_page_and_more_than_one_invocation_may_look_up(harness, monkeypatch, calls):
    monkeypatch.setattr(run, "MAX_HINTS", 7)
    harness.inbound.list_lag = timedelta(hours=2)
    harness.listed.page_size = 4
    names = {asks(harness, str(802_210_000 + number)) for number in range(30)}
    every_five_minutes(harness, hours=4)
    _, progress = harness.begin(days=2)
    invocations, hints = 0, []
    while not progress.is_done:
        progress = harness.reconciler(most_calls=calls).go_on(progress)
        assert len(harness.outbox.queued_hints) <= 7
        hints += harness.outbox.queued_hints
        harness.outbox.clear()
        invocations += 1
        assert invocations < 100
    assert progress.received == 30
    assert sorted(one.transaction_id for one in hints) == sorted(names)
    assert {one.subject for one in harness.book.findings()} == names
    assert invocations >= 5


def test_killed_between_the_finding_and_the_hint_it_is_looked_up_by_the_next_invocation(harness, monkeypatch):
    harness.inbound.list_lag = timedelta(hours=2)
    asks(harness)
    every_five_minutes(harness, hours=4)
    reconciler, progress = harness.begin()
    harness.book.keep(progress)
    monkeypatch.setattr(harness.outbox, "hints", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        reconciler.go_on(progress)
    monkeypatch.undo()
    assert harness.reconciler().go_on(harness.book.progress()).is_done
    assert harness.outbox.queued_hints == [HintMessage(transaction_id=CHANGE)]
    assert len(harness.book.findings()) == 1


def test_a_queue_that_takes_nothing_is_a_problem_of_the_transaction_and_not_of_the_run(harness):
    harness.inbound.list_lag = timedelta(hours=2)
    asks(harness)
    every_five_minutes(harness, hours=4)
    missed = harness.save(1, lines=lines())
    harness.clock.forward(hours=3)
    harness.outbox.failures = [Transient("The queue did not take it.")] * 2
    reconciler, progress = harness.begin(most_tries=2)
    with pytest.raises(Transient):
        reconciler.go_on(progress)
    progress = reconciler.go_on(harness.book.progress())
    assert (progress.is_done, progress.is_listed) == (True, True)
    assert progress.problems == (f"{CHANGE}: The queue did not take it.",)
    assert in_short(harness.book.findings()) == {
        ("unrecorded", "nordic/purchase_order/500123"),
        ("missing", str(missed)),
    }


def test_orderful_that_refuses_the_list_of_what_we_received_is_a_problem_of_the_run(harness, monkeypatch):
    def refused(*_, **__):
        raise Misconfigured("Orderful answered 401.")

    monkeypatch.setattr(type(harness.listed), "received", refused)
    reconciler, progress = harness.begin(days=1)
    harness.book.keep(progress)
    progress = reconciler.go_on(progress)
    assert progress.is_done
    assert progress.is_listed
    assert len(progress.problems) == 2
