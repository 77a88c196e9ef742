"""What would become of recent documents under a routing: read in bounds, translated as if new, nothing recorded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.errors import Misconfigured
from connector.domain.reasons import Reason
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Stream
from connector.services.outbound.dry_run import MAX_PAGES, NEWEST, WINDOWS, DryRun
from connector.services.ports import Resource
from testkit.memory.effects import StepDeadline
from testkit.memory.reconcile_harness import Harness, lines
from testkit.samples.visma_samples import an_order_line


@pytest.fixture
def harness():
    return Harness()


@pytest.fixture
def run(harness):
    """The results of the one company by kind, with the routing in force or another one."""

    def run(routing=None):
        routing = Routing.from_data(routing) if routing else harness.routing.load()
        dry = DryRun(lists=harness.lists, routing=routing, stream=Stream.TEST, deadline=StepDeadline())
        today = harness.clock.now().date()
        return {result.kind.value: result for result in dry.run(routing.companies["nordic"], today=today)}

    return run


def test_it_says_how_many_would_be_sent_and_what_the_others_would_wait_for(harness, run):
    for number in range(4):
        harness.save(number, lines=lines())
    harness.save(10, lines=[an_order_line(1, uom="PAL"), an_order_line(2, uom="ESKE")])
    harness.save(11, lines=[an_order_line(1, uom="PAL")])
    harness.save(12, lines=lines(), status="Hold", hold=True)
    (outcome,) = run()["purchase_order"].partners
    assert (outcome.partner, outcome.documents, outcome.sent, outcome.parked) == ("acme", 7, 4, 2)
    assert outcome.units == {"PAL": "defaults.units.PAL", "ESKE": "defaults.units.ESKE"}
    parked, held = outcome.obstacles
    assert (parked.code, parked.waits_for, parked.documents) == (Reason.UNIT_UNMAPPED, "defaults.units.PAL", 2)
    assert "Visma's unit PAL cannot be translated" in parked.sentence
    assert (held.code, held.is_parked, str(held.example)) == (Reason.ON_HOLD, False, "nordic/purchase_order/12")


def test_the_file_decides_and_not_what_is_in_force(harness, run):
    harness.save(1, lines=[an_order_line(1, uom="PAL")])
    data = {**harness.routing.load().data}
    data["defaults"] = {**data["defaults"], "units": {**data["defaults"]["units"], "PAL": "pallet"}}
    assert run()["purchase_order"].partners[0].sent == 0
    assert run(data)["purchase_order"].partners[0].sent == 1


def test_go_live_and_the_ledger_are_not_looked_at_and_nothing_is_recorded(harness, run):
    harness.save(1, lines=lines())
    harness.flow(minutes=10)
    harness.flow(minutes=10)
    before = (dict(harness.ledger.rows), list(harness.orderful.filed), list(harness.outbox.queued_documents))
    late = {**harness.routing.load().data}
    late["companies"] = {"nordic": {**late["companies"]["nordic"], "go_live": "2099-01-01"}}
    assert run(late)["purchase_order"].partners[0].sent == 1
    assert (dict(harness.ledger.rows), list(harness.orderful.filed), list(harness.outbox.queued_documents)) == before


def test_the_newest_are_looked_at_and_no_more(harness, run):
    for number in range(NEWEST):
        harness.save(number, lines=[an_order_line(1, uom="PAL")])
    harness.clock.forward(hours=1)
    for number in range(100, 100 + NEWEST - 1):
        harness.save(number, lines=lines())
    (outcome,) = run()["purchase_order"].partners
    assert (outcome.documents, outcome.sent, outcome.parked) == (NEWEST, NEWEST - 1, 1)


def test_where_the_last_days_have_too_few_a_longer_time_is_read(harness, run):
    harness.save(1, lines=lines())
    harness.clock.forward(days=30)
    harness.save(2, lines=lines())
    found = run()["purchase_order"]
    assert found.partners[0].documents == 2
    assert found.since == harness.clock.now().date() - WINDOWS[-1]
    harness.clock.forward(days=61)
    assert run()["purchase_order"].partners[0].documents == 0


def test_a_list_that_has_no_end_is_read_to_a_bound_and_that_is_told(harness, run):
    harness.lists.page_size = 1
    for number in range(MAX_PAGES + 3):
        harness.save(number, lines=lines())
    found = run()["purchase_order"]
    assert (found.partners[0].documents, found.is_whole) == (MAX_PAGES, False)
    assert found.since == harness.clock.now().date() - WINDOWS[0]


def test_it_stops_where_the_rest_of_vismas_hour_belongs_to_polling(harness, run):
    harness.lists.page_size, harness.lists.share_left = 1, 0.1
    for number in range(3):
        harness.save(number, lines=lines())
    assert run()["purchase_order"].partners[0].documents == 1


def test_rows_that_visma_gives_although_they_are_older_do_not_count(harness, run):
    harness.save(1, lines=lines())
    harness.clock.forward(days=70)
    harness.lists.obeys = False
    assert run()["purchase_order"].partners[0].documents == 0


def test_a_supplier_that_is_no_partner_is_named_with_its_documents(harness, run):
    for number in (1, 2):
        harness.save(number, lines=lines(), supplier={"number": "59999", "name": "Ukjent AS"})
    (stranger,) = run()["purchase_order"].strangers
    assert (stranger.number, stranger.name, stranger.documents) == ("59999", "Ukjent AS", 2)


def test_what_would_not_be_sent_in_any_case_makes_nobody_a_stranger(harness, run):
    unknown = {"number": "59999", "name": "Ukjent AS"}
    harness.save(1, lines=lines(), supplier=unknown)
    for number, changes in enumerate(({"status": "Cancelled"}, {"orderType": "StandardBlanket"}), 2):
        harness.save(number, lines=lines(), supplier=unknown, **changes)
        harness.save(number + 2, lines=lines(), supplier={"number": "59998"}, **changes)
    (stranger,) = run()["purchase_order"].strangers
    assert (stranger.number, stranger.documents) == ("59999", 1)


def test_credit_notes_count_with_the_invoices_of_the_customer(harness, run):
    harness.save(1, Resource.CUSTOMER_INVOICES)
    harness.save(2, Resource.CUSTOMER_CREDIT_NOTES)
    (outcome,) = run()["customer_invoice"].partners
    assert outcome.documents == 2
    assert all(str(one.example).startswith("nordic/customer_invoice/") for one in outcome.obstacles)


def test_lists_without_any_partner_are_not_read(harness, run):
    data = {**harness.routing.load().data}
    data["partners"] = {name: one for name, one in data["partners"].items() if "supplier" not in one["visma"]}
    harness.lists.broken[Resource.PURCHASE_ORDERS] = Misconfigured("Visma refused.")
    assert set(run(data)) == {"customer_invoice"}
    with pytest.raises(Misconfigured):
        run()


def test_only_documents_of_the_branch_are_looked_at(harness, run):
    harness.save(1, lines=lines())
    data = {**harness.routing.load().data}
    nordic = data["companies"]["nordic"]
    data["companies"] = {"nordic": {**nordic, "visma": {**nordic["visma"], "branch": "77"}}}
    documents = harness.erp.documents[Resource.PURCHASE_ORDERS]
    for branch, number in (("77", 1), ("1", 0), (None, 1)):
        documents.update({name: replace(one, branch=branch) for name, one in documents.items()})
        assert run(data)["purchase_order"].partners[0].documents == number
