"""Reconciliation: it finds each gap that was planted, and nothing else."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.errors import ListRefused, Misconfigured, Transient
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State
from connector.domain.transactions import Dialect, OrderfulRequest
from connector.services.ports import Resource
from connector.services.reconcile.local_book import LocalBook
from connector.services.release import message_for
from testkit.memory.effects import START, StepDeadline
from testkit.memory.orderful import LostAnswer
from testkit.memory.reconcile_harness import Harness, in_short, lines
from testkit.memory.visma import FakeErp
from testkit.samples.routing_data import a_partner, routing_data

BILLS, SALES, NOTES = Resource.SUPPLIER_INVOICES, Resource.CUSTOMER_INVOICES, Resource.CUSTOMER_CREDIT_NOTES


def test_a_stack_without_gaps_has_no_findings(harness):
    for number in range(1, 6):
        harness.save(number, lines=lines())
    harness.flow()
    harness.flow(hours=3)
    assert harness.reconcile() == []


def test_a_document_that_was_sent_sixty_times_has_no_findings_and_its_first_one_is_watched(harness):
    for count in range(60):
        key = harness.save(1, lines=lines(200 + count))
        harness.flow(minutes=40)
    *_, first = harness.ledger.revisions(key, limit=100)
    harness.clock.forward(hours=3)
    assert harness.reconcile() == []
    copy = harness.orderful.copy(first.transaction_id)
    harness.clock.forward(hours=3)
    assert [(one.category, one.subject) for one in harness.reconcile()] == [("doubled", copy)]


def quiet_background(harness: Harness) -> None:
    """A document in each of the states that are as they should be."""
    harness.save("B1", lines=lines(), date="2026-09-01T00:00:00")  # from before go-live
    harness.save("B2", lines=lines(), status="Hold", hold=True)  # a draft
    harness.save("B3", lines=[*lines(), *lines()], supplier={"number": "99999", "name": "Nobody"})  # unmapped: parked
    unit = harness.save("B4", lines=[{**lines()[0], "uom": "PAL"}])  # parked, then closed
    never = harness.save("B5", orderType="StandardBlanket", lines=lines())  # never sent
    replaced = harness.save("B6", lines=lines())
    cancelled = harness.save("B7", lines=lines())
    parked = harness.save("B8", lines=[{**lines()[0], "uom": "PAL"}])
    touched = harness.save("B9", lines=lines())
    harness.save("B10", BILLS)
    harness.save("B11", SALES)
    refused = harness.save("B13", lines=lines())
    doubled = harness.save("B14", lines=lines())
    deleted = harness.save("B15", lines=lines())
    harness.flow()
    assert harness.current(never).state is State.SKIPPED
    assert harness.current(unit).state is State.PARKED
    harness.ledger.move(harness.current(unit), State.CLOSED, now=harness.clock.now(), note="closed")
    harness.save("B6", lines=lines(7))  # a replacement
    harness.save("B7", status="Cancelled")
    harness.save("B8", lines=[{**lines()[0], "uom": "PAL", "orderQty": 3}])  # supersedes what was parked
    harness.save("B9")  # nothing that a partner sees
    harness.orderful.update_status(harness.transaction_of(refused), acknowledgment_status="REJECTED")
    second = harness.orderful.copy(harness.transaction_of(doubled))
    harness.orderful.delete(harness.transaction_of(deleted))
    for key, concern in ((doubled, "DOUBLED"), (deleted, "DELETED")):
        sent = harness.current(key)
        harness.ledger.move(sent, sent.state, now=harness.clock.now(), note="closed", closed_concern=concern)
    harness.flow()
    assert second
    assert len(harness.ledger.revisions(replaced)) == len(harness.ledger.revisions(cancelled)) == 2
    assert len(harness.ledger.revisions(parked)) == 2
    assert len(harness.ledger.revisions(touched)) == 1
    assert harness.current(refused).state is State.REJECTED


def test_it_finds_each_of_forty_planted_gaps_and_nothing_else(harness):
    quiet_background(harness)
    orders = {n: harness.save(n, lines=lines(n)) for n in range(1, 51)}
    bills = {n: harness.save(n, BILLS) for n in range(101, 106)}
    sales = {n: harness.save(n, SALES) for n in range(201, 206)}
    drafts = {n: harness.save(n, lines=lines(), status="Hold", hold=True) for n in range(301, 303)}
    harness.flow()
    assert harness.current(sales[201]).state is State.DELIVERED
    assert harness.current(bills[101]).state is State.DELIVERED
    harness.save(49, lines=lines(490))
    harness.save(50, lines=lines(500))
    harness.flow()
    expected = set()

    # Ten rows that the poller was made to miss.
    for n in range(401, 405):
        expected.add(("missing", str(harness.save(n, lines=lines(n)))))
    expected.add(("missing", str(harness.save(411, SALES))))
    expected.add(("missing", str(harness.save(412, NOTES))))
    for n in (1, 2):
        harness.save(n, lines=lines(1000 + n))
        expected.add(("missing", str(orders[n])))
    harness.save(3, status="Cancelled")
    expected.add(("missing", str(orders[3])))
    harness.save(301, status="Open", hold=False)
    expected.add(("missing", str(drafts[301])))

    # Eight records that the ledger lost: with their owners, without, and the newest revision alone.
    for n in range(4, 8):
        harness.forget(orders[n])
        expected.add(("missing", str(orders[n])))
    for n in range(8, 10):
        harness.forget(orders[n], owners=False)
        expected.add(("missing", str(orders[n])))
    for n in (49, 50):
        harness.forget(orders[n], sequence=2, owners=n == 49)
        expected.add(("missing", str(orders[n])))

    # Eight transactions deleted at Orderful, and eight copied.
    for key in (*(orders[n] for n in range(11, 17)), bills[102], sales[202]):
        harness.orderful.delete(harness.transaction_of(key))
        expected.add(("missing", str(key)))
    for key in (*(orders[n] for n in range(17, 23)), bills[103], sales[203]):
        harness.orderful.copy(harness.transaction_of(key))
        expected.add(("doubled", str(key)))

    # Six changed at Orderful: quantity, price, a line, the number, the receiver, the total.
    def at(n):
        expected.add(("different", str(orders[n])))
        return harness.transaction_of(orders[n])

    harness.change_message(at(23), lambda tree: tree["PO1_loop"][0]["baselineItemData"][0].update(quantity="99999"))
    harness.change_message(at(24), lambda tree: tree["PO1_loop"][0]["baselineItemData"][0].update(unitPrice="0.01"))
    harness.change_message(at(25), lambda tree: tree["PO1_loop"].pop())
    harness.change_listed(at(26), business_number="999")
    harness.change_listed(at(27), receiver_id="SOMEBODYT")
    total = "totalMonetaryValueSummary"
    harness.change_message(harness.transaction_of(sales[204]), lambda tree: tree[total][0].update(amount="100"))
    expected.add(("different", str(sales[204])))

    assert len(expected) == 40
    harness.clock.forward(hours=3)
    found = harness.reconcile()
    assert in_short(found) == expected
    assert len(found) == 40


@pytest.mark.parametrize("calls", [2, 3, 7])
def test_a_run_that_is_put_aside_at_any_point_finds_the_same(harness, calls):
    orders = [harness.save(n, lines=lines(n)) for n in range(1, 31)]
    harness.flow()
    for key in orders[:5]:
        harness.orderful.delete(harness.transaction_of(key))
    for key in orders[5:10]:
        harness.orderful.copy(harness.transaction_of(key))
    for key in orders[10:15]:
        harness.forget(key)
    harness.clock.forward(hours=3)
    _, progress = harness.begin(most_calls=calls)
    invocations = 0
    while not progress.is_done:
        progress = harness.reconciler(most_calls=calls).go_on(progress)
        invocations += 1
        assert invocations < 500
    assert invocations > 3
    assert progress.transactions == 30
    expected = {("missing", str(key)) for key in (*orders[:5], *orders[10:15])}
    assert in_short(harness.book.findings()) == expected | {("doubled", str(key)) for key in orders[5:10]}


def test_what_is_younger_than_an_hour_is_left_to_the_next_run(harness):
    harness.save(1, lines=lines())
    harness.clock.forward(minutes=50)
    assert harness.reconcile() == []
    harness.clock.forward(minutes=20)
    assert in_short(harness.reconcile()) == {("missing", "nordic/purchase_order/1")}


def test_of_a_document_that_is_on_its_way_nothing_is_said(harness):
    key = harness.save(1, lines=lines())
    harness.clock.forward(minutes=10)
    harness.poller().poll_all(harness.routing.load().companies.values(), StepDeadline())
    for message in harness.outbox.queued_documents:
        harness.translator().handle(message)
    harness.clock.forward(minutes=50)
    assert harness.reconcile() == []
    harness.clock.forward(hours=2)
    (found,) = harness.reconcile()
    assert found.next_step == f"connector documents trace {key}"
    assert "still TRANSLATED" in found.sentence


def test_what_lies_outside_the_window_is_not_judged(harness):
    harness.save(1, lines=lines())
    harness.clock.forward(days=20)
    assert harness.reconcile() == []
    assert in_short(harness.reconcile(days=25)) == {("missing", "nordic/purchase_order/1")}


def test_an_order_dated_back_is_found_by_when_it_was_changed(harness):
    harness.clock.forward(days=30)
    harness.save(1, lines=lines(), date="2026-10-25T00:00:00")
    harness.clock.forward(hours=3)
    assert in_short(harness.reconcile()) == {("missing", "nordic/purchase_order/1")}


def test_another_content_with_a_row_version_that_is_known_is_a_gap(harness, monkeypatch):
    """Row versions come again after a backup of Visma was restored, and the poller has not seen it."""
    harness.save(1, lines=lines())
    harness.flow()
    monkeypatch.setattr(harness, "_version", harness._version - 1)
    harness.save(1, lines=lines(7))
    harness.clock.forward(hours=3)
    assert in_short(harness.reconcile()) == {("missing", "nordic/purchase_order/1")}


def test_a_status_alone_is_a_gap_without_a_row_version_too(harness):
    def save(**changes):
        harness.save(1, lines=lines(), **changes)
        raw = json.loads(harness.erp.documents[Resource.PURCHASE_ORDERS]["RegularOrder", "1"].raw)
        del raw["timeStamp"]
        harness.erp.save("1", raw=json.dumps(raw).encode(), document_type="RegularOrder")

    save()
    harness.flow()
    harness.clock.forward(hours=3)
    assert harness.reconcile() == []
    save(status="Cancelled")
    harness.clock.forward(hours=3)
    assert in_short(harness.reconcile()) == {("missing", "nordic/purchase_order/1")}


def test_a_draft_that_a_person_would_be_asked_about_by_now_is_a_gap(harness):
    unmapped = [{**lines()[0], "uom": "PAL"}]
    key = harness.save(1, lines=unmapped, status="Hold", hold=True)
    harness.flow()
    assert harness.current(key).state is State.SKIPPED
    harness.save(1, lines=unmapped, status="Open", hold=False)
    harness.clock.forward(hours=3)
    (found,) = harness.reconcile()
    assert found.sentence.endswith("(status Open); a person would be asked.")


def test_what_only_routing_decides_otherwise_is_no_gap(harness):
    harness.save(1, lines=lines(), status="Hold", hold=True)
    harness.save(2, lines=[{**lines()[0], "uom": "PAL"}])
    harness.flow()
    harness.clock.forward(hours=3)
    statuses = {"purchase_order": ["Open", "Hold"]}
    changes = {"companies.nordic.go_live": "2026-10-20", "defaults.units.PAL": "each", "defaults.send_when": statuses}
    harness.routing.apply(routing_data(changes))
    assert harness.reconcile() == []


def test_without_a_go_live_nothing_from_before_the_first_run_is_judged(harness):
    harness.routing.apply(routing_data())
    key = harness.save(1, lines=lines())
    request = OrderfulRequest.create(Dialect.X12, an_order_elsewhere())
    harness.orderful.file(request)
    harness.clock.forward(days=2)
    assert harness.reconcile() == []
    harness.save(2, lines=lines())
    harness.orderful.file(request)
    harness.clock.forward(hours=3)
    assert {one for _, one in in_short(harness.reconcile())} == {"nordic/purchase_order/2", "1002"}
    assert key.number == "1"


def test_a_transaction_of_our_parties_that_nobody_sent_is_unknown_after_go_live_alone(harness):
    harness.routing.apply(routing_data({"companies.nordic.go_live": "2026-11-03"}))
    harness.orderful.file(OrderfulRequest.create(Dialect.X12, an_order_elsewhere()))
    harness.clock.forward(days=2)
    harness.orderful.file(OrderfulRequest.create(Dialect.X12, an_order_elsewhere()))
    harness.orderful.file(OrderfulRequest.create(Dialect.X12, an_order_elsewhere(receiver="STRANGERT")))
    harness.clock.forward(hours=3)
    (found,) = harness.reconcile()
    assert (found.category, found.subject, found.filed_under) == ("unknown", "1002", ("850_PURCHASE_ORDER", "77"))
    assert "No document owns it." in found.sentence


def test_a_document_without_record_is_told_once_with_the_transaction_that_nobody_owns(harness):
    key = harness.save(1, lines=lines())
    harness.flow()
    name = harness.transaction_of(key)
    harness.forget(key)
    harness.clock.forward(hours=3)
    (found,) = harness.reconcile()
    assert (found.document, found.transactions) == (str(key), (name,))
    assert found.sentence.endswith(f"it would be sent. Orderful has {name}, which nobody owns.")
    assert found.next_step == "connector backfill --company nordic --kind purchase_order --number 1 --since 2026-11-02"


def test_what_is_filed_without_a_date_or_ahead_is_selected_by_the_command(harness):
    later = f"{harness.clock.now() + timedelta(days=90):%Y-%m-%d}"
    harness.save(1, lines=lines(), date=f"{later}T00:00:00")
    harness.save(2, lines=lines(), date=None)
    harness.clock.forward(hours=3)
    assert [one.next_step.partition("--number ")[2] for one in harness.reconcile()] == [
        f"1 --since {later} --until {later}",
        "2 --by-day modified --since 2026-11-01",
    ]


def test_the_steps_for_what_was_sent_are_commands_that_send_it_again(harness):
    changed, deleted, replaced = (harness.save(n, lines=lines()) for n in (1, 2, 3))
    harness.flow()
    first = harness.transaction_of(replaced)
    harness.save(3, lines=lines(7))
    harness.flow()
    for name in (harness.transaction_of(changed), first):
        harness.change_message(name, lambda tree: tree["PO1_loop"].pop())
    harness.orderful.delete(harness.transaction_of(deleted))
    harness.clock.forward(hours=3)
    found = harness.reconcile()
    steps = {one.document: one.next_step for one in found}
    close = {one.document: f"connector reconcile close {one.finding_id} --reason TEXT" for one in found}
    assert steps[str(changed)].endswith(
        f"connector documents resend {changed} --as replacement; then: {close[str(changed)]}"
    )
    assert steps[str(deleted)].endswith(
        f"connector documents resend {deleted} --as original; if it has it: {close[str(deleted)]}"
    )
    assert steps[str(replaced)] == f"connector documents show {replaced}; then: {close[str(replaced)]}"


def test_each_step_ends_its_finding(harness):
    """What sends or queues the document ends it with the next run; what stays at Orderful is closed by its command."""
    keys = {number: harness.save(number, lines=lines(number)) for number in range(1, 7)}
    harness.flow()
    first = {number: harness.transaction_of(key) for number, key in keys.items()}
    harness.save(1, lines=lines(70))  # missing, a state
    unread = harness.save(7, lines=lines())  # missing, no record
    harness.orderful.delete(first[2])  # missing, no such transaction
    copy = harness.orderful.copy(first[3])  # doubled
    instead = harness.orderful.copy(first[4])  # doubled, in place of the original
    harness.orderful.delete(first[4])
    harness.change_message(first[5], lambda tree: tree["PO1_loop"].pop())  # different
    harness.forget(keys[6])  # unknown
    harness.delete(6)
    harness.clock.forward(hours=3)
    found = harness.reconcile()
    stay = {first[4], instead, first[5], first[6]}
    assert {one.subject for one in found} == {str(keys[1]), str(unread), first[2], copy} | stay
    closed = {one.subject for one in found if f"connector reconcile close {one.finding_id} --reason" in one.next_step}
    assert closed == {first[2], copy} | stay

    harness.flow()  # reads what `connector backfill` would queue
    for key, cause in ((keys[2], Cause.AS_ORIGINAL), (keys[5], Cause.AS_REPLACEMENT)):
        sent, now = harness.current(key), harness.clock.now()
        source = harness.ledger.source_of(sent)
        again = message_for(sent, source, harness.payloads, now=now, cause=cause, resends_after=sent.sequence)
        harness.outbox.documents([again])
    harness.work()
    harness.orderful.delete(copy)
    harness.clock.forward(hours=3)
    assert {one.subject for one in harness.reconcile() if one.last_seen == harness.clock.now()} == stay


def test_a_cancellation_that_the_former_partner_does_not_have_is_found(harness):
    beta = a_partner(isa_id="BETA", supplier="50013")
    harness.routing.apply(routing_data({"companies.nordic.go_live": "2026-10-20", "partners.beta": beta}))
    key = harness.save(1, lines=lines())
    harness.flow()
    harness.save(1, lines=lines(), supplier={"internalId": 999, "number": "50013", "name": "Beta"})
    harness.flow()
    (withdrawn,) = (one for one in harness.ledger.revisions(key) if one.is_withdrawal)
    harness.orderful.delete(withdrawn.transaction_id)
    harness.clock.forward(hours=3)
    (found,) = harness.reconcile()
    assert (found.category, found.subject) == ("missing", withdrawn.transaction_id)
    assert found.next_step == (
        f"connector documents trace {key}; then: connector reconcile close {found.finding_id} --reason TEXT"
    )


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ({"transaction_type": "810_INVOICE"}, "type 850_PURCHASE_ORDER, at Orderful 810_INVOICE"),
        ({"sender_id": "SOUTHT"}, "sender NORDICFOODT, at Orderful SOUTHT"),
        ({"receiver_id": "SOMEBODYT"}, "receiver ACMEPRODUCET, at Orderful SOMEBODYT"),
        ({"business_number": "2"}, "number 1, at Orderful 2"),
    ],
)
def test_each_difference_of_the_envelope_is_named(harness, listed, said):
    south = {
        "visma": {"company_id": "2", "tenant_id": "2"},
        "orderful": {"isa_id": {"live": "SOUTH", "test": "SOUTHT"}},
    }
    harness.routing.apply(routing_data({"companies.nordic.go_live": "2026-10-20", "companies.south": south}))
    harness.erps.erps["south"] = FakeErp(harness.clock)
    key = harness.save(1, lines=lines())
    harness.flow()
    harness.change_listed(harness.transaction_of(key), **listed)
    harness.clock.forward(hours=3)
    (found,) = harness.reconcile()
    assert (found.category, found.document) == ("different", str(key))
    assert said in found.sentence


def test_a_message_of_another_document_in_a_transaction_is_a_difference(harness):
    key = harness.save(1, lines=lines())
    harness.flow()
    head = "beginningSegmentForPurchaseOrder"
    harness.change_message(harness.transaction_of(key), lambda tree: tree[head][0].update(purchaseOrderNumber="2"))
    harness.clock.forward(hours=3)
    assert in_short(harness.reconcile()) == {("different", str(key))}


@pytest.mark.parametrize(
    ("path", "changed", "said"),
    [
        (["beginningSegmentForPurchaseOrder", 0, "date"], "20261109", "date 2026-11-02, at Orderful 2026-11-09"),
        (
            ["beginningSegmentForPurchaseOrder", 0, "transactionSetPurposeCode"],
            "05",
            "purpose original, at Orderful replace",
        ),
        (["dateTimeReference", 0, "date"], "20261009", "delivery date 2026-10-02, at Orderful 2026-10-09"),
        (
            ["PO1_loop", 1, "dateTimeReference", 0, "date"],
            "20261009",
            "line 2: delivery date 2026-10-02, at Orderful 2026-10-09",
        ),
        (
            ["PO1_loop", 1, "baselineItemData", 0],
            {"assignedIdentification": "2", "quantity": "101", "unitPrice": "10", "productServiceID": "77"},
            "line 2: item 1298/AC-500-DR, at Orderful 77",
        ),
    ],
)
def test_what_a_partner_would_deliver_otherwise_is_a_difference(harness, path, changed, said):
    key = harness.save(1, lines=lines())
    harness.flow()

    def edit(tree):
        *way, last = path
        for step in way:
            tree = tree[step]
        tree[last] = changed

    harness.change_message(harness.transaction_of(key), edit)
    harness.clock.forward(hours=3)
    (found,) = harness.reconcile()
    assert (found.category, found.document) == ("different", str(key))
    assert found.sentence.endswith(f"was sent: {said}.")


def test_a_transaction_whose_owner_has_no_record_is_unknown(harness):
    key = harness.save(1, lines=lines())
    harness.flow()
    name = harness.transaction_of(key)
    harness.forget(key, owners=False)
    harness.delete(1)
    harness.clock.forward(hours=3)
    (found,) = harness.reconcile()
    assert (found.category, found.transactions) == ("unknown", (name,))
    assert f"It belongs to revision 1 of {key}, of which the ledger has no record." in found.sentence


@pytest.mark.parametrize("is_closed", [False, True])
def test_what_a_tried_revision_says_and_nobody_owns_is_told_until_a_person_has_closed_the_revision(harness, is_closed):
    """The answer to the post was lost, and Orderful's lists hid the transaction for longer than it is asked about."""
    key = harness.save(1, lines=lines())
    harness.orderful.script.append(LostAnswer("No answer came."))
    with pytest.raises(LostAnswer):
        harness.flow()
    tried = harness.current(key)
    assert tried.state is State.UNCONFIRMED
    if is_closed:
        harness.ledger.move(tried, State.CLOSED, now=harness.clock.now(), note="closed")
    harness.clock.forward(hours=3)
    found = {one.sentence for one in harness.reconcile() if one.category == "unknown"}
    if is_closed:
        assert found == set()
    else:
        (sentence,) = found
        assert f"It is what revision 1 of {key} says, which was tried and is UNCONFIRMED." in sentence


def test_what_was_sent_from_elsewhere_before_the_ledger_knew_the_document_is_explained(harness):
    """The document is from before go-live; another system sends it again while the connector knows it."""
    key = harness.save(77, lines=lines(), date="2026-10-01T00:00:00")
    harness.orderful.file(OrderfulRequest.create(Dialect.X12, an_order_elsewhere()))
    harness.flow()
    assert harness.current(key).state is State.BASELINE
    harness.clock.forward(hours=3)
    assert harness.reconcile() == []
    harness.orderful.file(OrderfulRequest.create(Dialect.X12, an_order_elsewhere()))
    harness.clock.forward(hours=3)
    assert in_short(harness.reconcile()) == {("unknown", str(key))}


def test_a_copy_whose_original_is_gone_stands_in_its_place(harness):
    key = harness.save(1, lines=lines())
    harness.flow()
    first = harness.transaction_of(key)
    second = harness.orderful.copy(first)
    harness.orderful.delete(first)
    harness.clock.forward(hours=3)
    copy, gone = harness.reconcile()
    assert (copy.category, copy.subject) == ("doubled", second)
    assert f"in place of {first}, which is gone" in copy.sentence
    assert "Cancel one" not in copy.next_step
    assert gone.sentence.endswith(f"{second}, a copy of it, is there in its place.")
    assert "resend" not in gone.next_step


def test_what_routing_leaves_to_another_system_is_not_unknown(harness):
    off = {"companies.nordic.go_live": "2026-10-20", "defaults.kinds.purchase_order.send": False}
    harness.routing.apply(routing_data(off))
    harness.orderful.file(OrderfulRequest.create(Dialect.X12, an_order_elsewhere()))
    harness.clock.forward(hours=3)
    assert harness.reconcile() == []


@pytest.mark.parametrize("cut_off", ["put", "remove"])
def test_the_transaction_that_nobody_owns_is_told_whenever_the_run_is_cut_off(harness, monkeypatch, cut_off):
    key = harness.save(1, lines=lines())
    harness.flow()
    name = harness.transaction_of(key)
    harness.forget(key)
    harness.clock.forward(hours=3)
    reconciler, progress = harness.begin()
    real = getattr(LocalBook, cut_off)

    def then_killed(book, finding):
        real(book, finding)
        if finding.category == ("missing" if cut_off == "put" else "unknown"):
            raise KeyboardInterrupt

    monkeypatch.setattr(LocalBook, cut_off, then_killed)
    with pytest.raises(KeyboardInterrupt):
        reconciler.go_on(progress)
    monkeypatch.undo()
    assert harness.reconciler().go_on(harness.book.progress()).is_done
    (found,) = harness.book.findings()
    assert found.transactions == (name,)
    assert found.sentence.endswith(f"Orderful has {name}, which nobody owns.")


def test_a_document_that_a_shifted_page_shows_twice_keeps_the_name_of_its_transaction(harness, monkeypatch):
    key = harness.save(1, lines=lines())
    harness.flow()
    name = harness.transaction_of(key)
    harness.forget(key)
    harness.clock.forward(hours=3)
    harness.lists.page_size = 1
    shown_otherwise(
        harness, monkeypatch, lambda shown, page: shown if page != 1 else replace(shown, documents=shown.documents * 2)
    )
    assert [one.transactions for one in harness.reconcile()] == [(name,)]


def test_what_is_listed_under_another_id_is_what_was_sent(harness):
    harness.orderful.gives_uuids = True
    key = harness.save(1, lines=lines())
    harness.flow()
    harness.clock.forward(hours=3)
    sent = harness.current(key)
    harness.ledger.rows[key, 1] = replace(sent, listed_as=None)
    harness.ledger.owned.clear()
    assert harness.reconcile() == []
    harness.orderful.copy(harness.orderful.transactions[0].transaction_id)
    harness.clock.forward(hours=3)
    assert in_short(harness.reconcile()) == {("doubled", str(key))}


def test_a_partner_that_was_renamed_is_compared_under_its_name_in_force(harness):
    order = harness.save(1, lines=lines())
    harness.flow()
    harness.change_listed(harness.transaction_of(order), business_number="999")
    harness.clock.forward(hours=3)
    data = deepcopy(harness.routing.load().data)
    data["partners"]["acme-no"] = data["partners"].pop("acme")
    harness.routing.apply(data)
    assert in_short(harness.reconcile(partner="acme-no")) == {("different", str(order))}


def test_one_partner_or_one_company(harness):
    order, invoice = harness.save(1, lines=lines()), harness.save(2, SALES)
    harness.clock.forward(hours=3)
    assert in_short(harness.reconcile(partner="acme")) == {("missing", str(order))}
    harness.book.kept.clear()
    assert in_short(harness.reconcile(partner="matsenteret")) == {("missing", str(invoice))}
    assert harness.reconciler().begin(START, START + timedelta(days=1), company="other").steps == ()


class TestFailures:
    """What cannot be read is a problem of the run, and stops nothing else."""

    def run(self, harness, **changes):
        reconciler, progress = harness.begin(most_tries=1, **changes)
        progress = reconciler.go_on(progress)
        return progress, in_short(harness.book.findings())

    def test_a_list_that_ignores_the_question(self, harness):
        harness.save(1, lines=lines(), date="2026-09-01T00:00:00")
        harness.clock.forward(days=30)
        harness.lists.obeys = False
        progress, found = self.run(harness)
        assert found == set()
        assert [one.partition(":")[0] for one in progress.problems] == [
            "nordic v1/purchaseorder (dated)",
            "nordic v1/purchaseorder (modified)",
        ]

    def test_a_list_that_shows_its_first_page_again_and_again(self, harness, monkeypatch):
        harness.lists.page_size = 2
        for number in range(1, 6):
            harness.save(number, lines=lines())
        harness.clock.forward(hours=3)
        company = harness.routing.load().companies["nordic"]
        real = type(harness.lists(company, None)).page

        def first(lists, resource, question, *, since, page):
            return real(lists, resource, question, since=since, page=1)

        monkeypatch.setattr(type(harness.lists(company, None)), "page", first)
        progress, found = self.run(harness)
        assert len(found) == 2
        assert [one for one in progress.problems if "same page" in one][:1] == [
            "nordic v1/purchaseorder (dated): Visma shows the same page of v1/purchaseorder again and again."
        ]

    @pytest.mark.parametrize("call", ["content", "exists", "look"])
    def test_one_that_fails_each_time_keeps_no_other_from_being_compared(self, harness, monkeypatch, call):
        keys = [harness.save(number, lines=lines()) for number in range(1, 6)]
        harness.flow()
        harness.clock.forward(hours=3)
        names = {key: harness.transaction_of(key) for key in keys}
        for key, name in names.items():
            if call == "content":
                harness.change_message(name, lambda tree: tree["PO1_loop"].pop())
            elif call == "exists":
                harness.orderful.delete(name)
            else:
                harness.delete(key.number)
        failure, failing = Transient("It answered 500."), keys[2]
        if call == "look":
            harness.lists.unclear[failing.number] = failure
        else:
            real = getattr(type(harness.listed), call)

            def asked(listed, transaction_id):
                if transaction_id == names[failing]:
                    raise failure
                return real(listed, transaction_id)

            monkeypatch.setattr(type(harness.listed), call, asked)
        reconciler, progress = harness.begin()
        for _ in range(2):
            with pytest.raises(Transient):
                reconciler.go_on(harness.book.progress() or progress)
        progress = reconciler.go_on(harness.book.progress())
        assert {one.document for one in harness.book.findings()} == {str(key) for key in keys if key != failing}
        (problem,) = progress.problems
        assert problem.endswith(": It answered 500.")
        assert failing.number in problem or names[failing] in problem

    def test_a_list_that_fails(self, harness):
        harness.lists.broken[BILLS] = Misconfigured("Visma answered 400.")
        harness.save(1, SALES)
        harness.clock.forward(hours=3)
        progress, found = self.run(harness)
        assert len(progress.problems) == 3
        assert found == {("missing", "nordic/customer_invoice/1")}

    def test_a_list_that_is_refused_and_not_needed(self, harness):
        off = {"defaults.kinds.supplier_invoice.send": False}
        harness.routing.apply(routing_data({"companies.nordic.go_live": "2026-10-20", **off}))
        harness.lists.broken[BILLS] = ListRefused("Visma answered 403.")
        progress, found = self.run(harness)
        assert (progress.problems, found) == ((), set())

    def test_orderful_that_fails_makes_nothing_look_deleted(self, harness):
        key = harness.save(1, lines=lines())
        harness.flow()
        harness.clock.forward(hours=3)
        harness.orderful.delete(harness.transaction_of(key))
        harness.listed.broken = Misconfigured("Orderful answered 401.")
        progress, found = self.run(harness, days=1)
        assert found == set()
        assert not progress.is_listed
        assert len(progress.problems) == 4, "what we received, and what we sent, each of two days"

    def test_a_transient_error_is_retried_and_then_skipped(self, harness):
        harness.save(1, lines=lines())
        harness.clock.forward(hours=3)
        harness.lists.broken[BILLS] = Transient("Visma answered 502.")
        reconciler, progress = harness.begin(most_tries=2)
        for _ in range(3):
            with pytest.raises(Transient):
                progress = reconciler.go_on(harness.book.progress() or progress)
        progress = reconciler.go_on(harness.book.progress())
        assert (progress.is_done, len(progress.problems)) == (True, 3)

    def test_a_document_that_brings_out_a_defect(self, harness, monkeypatch):
        harness.save(1, lines=lines())
        harness.save(2, lines=lines())
        harness.clock.forward(hours=3)
        real = harness.ledger.revisions

        def revisions(key, *, limit=10):
            if key.number == "1":
                raise ZeroDivisionError
            return real(key, limit=limit)

        monkeypatch.setattr(harness.ledger, "revisions", revisions)
        progress, found = self.run(harness)
        assert found == {("missing", "nordic/purchase_order/2")}
        assert progress.problems == ("nordic 1: an unexpected failure: ZeroDivisionError.",)

    @pytest.mark.parametrize("text", ["9999-12-31T23:59:59", "0001-01-01T00:00:00", "9999-12-31T23:59:59-11:00"])
    @pytest.mark.parametrize("field", ["dated", "created", "modified"])
    def test_a_date_at_an_end_of_the_calendar(self, harness, monkeypatch, text, field):
        harness.save(1, lines=lines())
        harness.save(2, lines=lines())
        harness.clock.forward(hours=3)

        def odd(shown, _):
            rows = [replace(one, **{field: text}) if one.number == "1" else one for one in shown.documents]
            return replace(shown, documents=rows)

        shown_otherwise(harness, monkeypatch, odd)
        progress, found = self.run(harness)
        assert progress.is_done
        assert ("missing", "nordic/purchase_order/2") in found

    def test_a_row_without_any_date(self, harness, monkeypatch):
        harness.save(1, lines=lines())
        harness.save(2, lines=lines())
        harness.clock.forward(hours=3)

        def undated(shown, _):
            none = {"dated": None, "created": None, "modified": None}
            rows = [replace(one, **none) if one.number == "1" else one for one in shown.documents]
            return replace(shown, documents=rows)

        shown_otherwise(harness, monkeypatch, undated)
        progress, found = self.run(harness)
        assert found == {("missing", "nordic/purchase_order/2")}
        assert {one.partition(":")[0] for one in progress.problems} == {"nordic 1"}

    def test_rows_without_a_number(self, harness, monkeypatch):
        harness.save(1, lines=lines())
        harness.clock.forward(hours=3)
        shown_otherwise(harness, monkeypatch, lambda shown, page: replace(shown, unreadable=1) if page == 1 else shown)
        progress, found = self.run(harness)
        assert found == {("missing", "nordic/purchase_order/1")}
        assert progress.problems[0] == (
            "nordic v1/purchaseorder (dated): page 1 has 1 elements without a readable number."
        )

    def test_pages_without_any_number_do_not_go_on_for_ever(self, harness, monkeypatch):
        shown_otherwise(harness, monkeypatch, lambda shown, _: replace(shown, documents=(), unreadable=3))
        progress, _ = self.run(harness)
        assert progress.is_done
        assert len(progress.problems) == 2
        assert harness.lists.calls < 20

    def test_vismas_hour_is_left_to_polling(self, harness):
        for number in range(60):
            harness.save(number, lines=lines())
        harness.clock.forward(hours=3)
        harness.lists.share_left = 0.3
        reconciler, progress = harness.begin()
        progress = reconciler.go_on(progress)
        assert (progress.is_done, harness.lists.calls) == (False, 1)
        harness.lists.share_left = 0.9
        assert reconciler.go_on(progress).is_done
        assert len(harness.book.findings()) == 60

    def test_the_time_of_the_function_ends(self, harness):
        harness.save(1, lines=lines())
        harness.clock.forward(hours=3)
        _, progress = harness.begin()
        looks = 0
        while not progress.is_done:
            looks += 1
            progress = harness.reconciler(deadline=StepDeadline(3)).go_on(progress)
            assert looks < 100
        assert looks > 5
        assert in_short(harness.book.findings()) == {("missing", "nordic/purchase_order/1")}


def an_order_elsewhere(receiver: str = "ACMEPRODUCET"):
    """A request that something else than the connector sends."""
    heads = [{"transactionSetPurposeCode": "00", "purchaseOrderNumber": "77"}]
    return {
        "type": {"name": "850_PURCHASE_ORDER"},
        "stream": "TEST",
        "sender": {"isaId": "NORDICFOODT"},
        "receiver": {"isaId": receiver},
        "message": {"transactionSets": [{"beginningSegmentForPurchaseOrder": heads}]},
    }


def shown_otherwise(harness, monkeypatch, change):
    """Let Visma show something else than it has."""
    real = type(harness.lists(harness.routing.load().companies["nordic"], None)).page

    def page(lists, resource, question, *, since, page):
        page_shown = real(lists, resource, question, since=since, page=page)
        return change(page_shown, page) if resource is Resource.PURCHASE_ORDERS else page_shown

    monkeypatch.setattr(type(harness.lists(harness.routing.load().companies["nordic"], None)), "page", page)
