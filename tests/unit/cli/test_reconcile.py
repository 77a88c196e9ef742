"""`connector reconcile`: what a person is shown, and what a person closes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.errors import ListRefused, Throttled
from connector.services.ports import Resource
from connector.services.reconcile.night import Nightly
from testkit.memory.reconcile_harness import Harness, lines
from testkit.memory.stores import CALLER


@pytest.fixture
def harness(stack):
    found = Harness()
    stack.clock = found.clock
    stack.routing = found.routing
    stack.ledger = found.ledger
    stack.findings = found.book
    stack.document_list = found.lists
    stack.transaction_list = lambda _deadline: found.listed
    return found


def test_it_shows_what_is_missing_and_the_command_and_keeps_nothing(connector, harness):
    harness.save(1, lines=lines())
    harness.clock.forward(hours=3)
    result = connector("reconcile")
    assert result.code == 3
    assert "missing  nordic/purchase_order/1" in result.out
    assert "-> connector backfill --company nordic --kind purchase_order --number 1 --since 2026-11-02" in result.out
    assert result.out.endswith("1 finding. What changed after 2026-11-02 10:00:00Z is not judged yet.\n")
    assert harness.book.findings() == []


def test_nothing_found_is_exit_code_0(connector, harness):
    harness.save(1, lines=lines())
    harness.flow()
    harness.clock.forward(hours=3)
    result = connector("reconcile", "--json")
    assert (result.code, result.data["findings"], result.data["problems"]) == (0, [], [])
    assert (result.data["documents"], result.data["transactions"]) == (1, 1)


def test_the_window_and_the_partner_are_the_persons(connector, harness):
    harness.save(1, lines=lines())
    harness.clock.forward(days=3)
    assert connector("reconcile", "--since", "2026-11-04T00:00Z").code == 0
    assert connector("reconcile", "--since", "2026-11-01", "--partner", "matsenteret").code == 0
    assert connector("reconcile", "--since", "2026-11-01", "--until", "2026-11-03", "--company", "nordic").code == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--company", "south"), "No company 'south' is in the applied routing, only nordic."),
        (("--partner", "x"), "No partner 'x' is in the applied routing, only acme, matsenteret."),
        (("--since", "2027-01-01"), "The window ends"),
    ],
)
def test_wrong_input_is_one_sentence(connector, harness, arguments, sentence):
    result = connector("reconcile", *arguments)
    assert (result.code, result.err.startswith(sentence)) == (2, True)


def test_what_vismas_hour_does_not_allow_is_told(connector, stack, harness):
    for number in range(80):
        harness.save(number, lines=lines())
    harness.clock.forward(hours=3)
    harness.lists.page_size = 1
    harness.lists.share_left = 0.1
    waited = []
    stack.wait = waited.append
    result = connector("reconcile")
    assert result.code == 1
    assert "Not read: Not everything was read: what is left of Visma's hour belongs to polling." in result.out
    assert sum(waited, timedelta()) <= timedelta(hours=6)


def find_one_in_the_night(harness):
    harness.save(1, lines=lines())
    harness.clock.forward(hours=3)
    Nightly(
        reconciler=harness.reconciler(),
        book=harness.book,
        clock=harness.clock,
        telemetry=harness.telemetry,
        days=timedelta(days=14),
    ).run()


def test_what_a_night_found_is_listed_until_a_person_closes_it(connector, stack, harness):
    output = connector("reconcile", "list").out
    assert output.startswith("Nothing is open.\nNo nightly run has ended yet, or one is under way. What a run by hand")
    find_one_in_the_night(harness)
    listed = connector("reconcile", "list", "--json").data
    (found,) = listed["findings"]
    assert (found["category"], found["document"]) == ("missing", "nordic/purchase_order/1")
    assert listed["last_run"] == "2026-11-02T11:00:00Z"
    closed = connector("reconcile", "close", found["id"], "--reason", "sent by mail", "--by", "kari")
    assert closed.out == f"{found['id']} is closed: missing, nordic/purchase_order/1.\n"
    assert connector("reconcile", "list").out.startswith("Nothing is open.")
    shown = connector("reconcile", "list", "--all").out
    assert f"Closed by kari ({CALLER}): sent by mail" in shown


def test_the_reason_is_asked_for_at_a_terminal_beside_the_finding(connector, harness, asked):
    find_one_in_the_night(harness)
    (found,) = harness.book.findings()
    result = connector("reconcile", "close", found.finding_id)
    assert result.code == 0
    assert result.err.startswith("missing, nordic/purchase_order/1: ")
    (closed,) = harness.book.findings()
    assert closed.closed_because == "told by mail"


def test_a_finding_that_is_not_there_is_not_closed(connector, harness):
    result = connector("reconcile", "close", "00000000", "--reason", "x")
    assert (result.code, result.err) == (
        2,
        "No nightly run has a finding '00000000'; connector reconcile list shows them.\n",
    )


def test_a_window_in_which_everything_is_young_is_refused(connector, harness):
    harness.save(1, lines=lines())
    harness.clock.forward(minutes=40)
    result = connector("reconcile", "--since", f"{harness.clock.now() - timedelta(minutes=45):%Y-%m-%dT%H:%MZ}")
    assert result.code == 2
    assert "nothing younger than an hour is judged" in result.err


def test_what_the_last_night_could_not_read_is_told(connector, harness):
    for resource in Resource:
        harness.lists.broken[resource] = ListRefused("Visma answered 403.")
    Nightly(
        reconciler=harness.reconciler(),
        book=harness.book,
        clock=harness.clock,
        telemetry=harness.telemetry,
        days=timedelta(days=14),
    ).run()
    result = connector("reconcile", "list")
    assert result.code == 1
    assert result.out.startswith("No finding is open.\n")
    assert "Not read: nordic v1/purchaseorder (dated): Visma answered 403." in result.out
    assert connector("reconcile", "list", "--json").data["problems"]


def test_pauses_of_orderful_and_of_visma_are_waited_out(connector, stack, harness):
    key = harness.save(1, lines=lines())
    harness.save(2, Resource.CUSTOMER_INVOICES)
    harness.flow()
    harness.orderful.delete(harness.transaction_of(key))
    harness.clock.forward(hours=3)
    harness.listed.broken = Throttled("Orderful answered 429.", retry_after=timedelta(seconds=30))
    harness.lists.share_left = 0.1
    waited = []

    def wait(pause):
        waited.append(pause)
        harness.listed.broken = None
        if len(waited) > 3:
            harness.lists.share_left = 0.9

    stack.wait = wait
    result = connector("reconcile")
    assert (result.code, "1 finding" in result.out) == (3, True)
    assert waited == [timedelta(seconds=30), *[timedelta(minutes=5)] * 3]
    assert "A pause was asked for; this goes on at 2026-11-02" in result.err


def test_nothing_is_closed_without_a_reason(connector, harness):
    result = connector("reconcile", "close", "00000000", "--reason", " ")
    assert (result.code, result.err) == (2, "--reason is empty.\n")
