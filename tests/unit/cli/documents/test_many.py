"""One decision about many documents, selected by the filters of `list`."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from connector.domain.errors import Transient
from connector.domain.revision.record import State
from testkit.memory.stores import CALLER
from testkit.samples.visma_samples import a_purchase_order, as_json
from tests.unit.cli.documents.conftest import LATE, ORDER, PARKED, SENT


def order(number, revision=PARKED, **changes):
    return replace(revision, key=replace(ORDER, number=str(number)), **changes)


@pytest.fixture
def many(ledger):
    """Two parked for acme, one refused, one that is parked behind a newer state, one that has arrived."""
    ledger.kept = [
        order(1, partner="acme"),
        order(2, partner="acme"),
        order(3, state=State.REJECTED, partner="matsenteret", reason_code="delivery-failed"),
        order(4, partner="acme", sequence=1),
        order(4, SENT, sequence=2),
        order(5, SENT),
    ]
    return ledger


def numbers(stack):
    return [message.number for message in stack.outbox.queued]


def test_a_decision_takes_a_document_or_filters(connector, stack, many):
    for arguments in ((), ("500123", "--partner", "acme")):
        result = connector("documents", "replay", *arguments, "--yes")
        assert (result.code, result.out) == (2, "")
        assert "Name one document, or say by filters" in result.err
    assert numbers(stack) == []


def test_a_dry_run_says_what_would_be_done_and_what_is_left_out(connector, stack, many):
    result = connector("documents", "replay", "--partner", "acme", "--dry-run", "--json")
    assert [(one["document"][-1], one["will_be"]) for one in result.data["planned"]] == [("1", "sent"), ("2", "sent")]
    assert result.data["done"] == 0
    (left,) = result.data["left_out"]
    assert left["document"].endswith("/4")
    assert "only a rejected or parked revision waits for a person" in left["why"]
    assert "2 documents, the oldest on record since 2026-09-01 06:00Z, payable 20000.00 NOK; 1 left out." in result.err
    assert (numbers(stack), many.moved) == ([], [])
    shown = connector("documents", "replay", "--partner", "acme", "--dry-run")
    assert shown.out == "2 documents would be decided; nothing was done.\n"


def test_what_is_selected_is_sent_with_the_person_and_the_reason(connector, stack, many):
    options = ("--code", "delivery-failed", "--by", "ola", "--reason", "their VAN is back", "--yes")
    result = connector("documents", "replay", *options)
    assert (result.code, result.out) == (0, "1 document done, 0 failed, 0 left out.\n")
    assert numbers(stack) == ["3"]
    ((_, state, note),) = many.moved
    assert (state, note) == (State.REJECTED, f"to be sent again, says ola ({CALLER}): their VAN is back")


def test_without_a_yes_nothing_is_done(connector, stack, many):
    result = connector("documents", "replay", "--partner", "acme")
    assert (result.code, numbers(stack), many.moved) == (2, [], [])
    assert "will be" in result.err, "what would be done is said before"


def test_one_that_fails_stops_no_other(connector, stack, many, monkeypatch):
    source_of = many.source_of

    def failing(revision):
        if revision.key.number == "1":
            raise Transient("The ledger is too busy to be read.")
        return source_of(revision)

    monkeypatch.setattr(many, "source_of", failing)
    result = connector("documents", "replay", "--state", "parked,rejected", "--yes", "--json")
    assert result.code == 1
    assert numbers(stack) == ["2", "3"]
    assert result.data["done"] == 2
    assert [one["document"][-1] for one in result.data["failed"]] == ["1"]


def test_what_was_skipped_is_released_by_its_reason(connector, stack, ledger):
    ledger.kept = [order(n, state=State.SKIPPED, reason_code="send-off", partner="acme") for n in range(3)]
    ledger.kept = [*ledger.kept, order(9, state=State.SKIPPED, reason_code="on-hold", partner="acme"), order(10)]
    options = ("--as", "original", "--state", "skipped", "--code", "send-off", "--yes")
    assert connector("documents", "release", *options).code == 0
    assert numbers(stack) == ["0", "1", "2"]
    assert {message.cause.rpartition(" ")[0] for message in stack.outbox.queued} == {"send as original"}


def test_release_leaves_out_what_the_partner_has(connector, stack, ledger):
    ledger.kept = [order(1, partner="acme", sequence=2), order(1, SENT, sequence=1), order(2, partner="acme")]
    result = connector("documents", "release", "--as", "original", "--partner", "acme", "--yes", "--json")
    assert numbers(stack) == ["2"]
    assert "acme has it already" in result.data["left_out"][0]["why"]


def test_attention_is_closed_by_its_reason(connector, stack, ledger):
    ledger.kept = [order(1, LATE), order(2, LATE), order(3)]
    options = ("--attention", "--code", "acknowledgment-overdue", "--reason", "they have no 997", "--yes")
    assert connector("documents", "close", *options).code == 0
    assert [(one.key.number, state) for one, state, _ in ledger.moved] == [
        ("1", State.DELIVERED),
        ("2", State.DELIVERED),
    ]
    assert stack.outbox.queued == []


def test_what_waits_without_being_selected_is_left_out(connector, ledger):
    """The attention of an older revision is selected, and a newer one waits: each is decided by itself."""
    ledger.kept = [LATE, PARKED]
    result = connector("documents", "close", "--attention", "--reason", "done", "--yes", "--json")
    assert ledger.moved == []
    assert "What waits is revision 2" in result.data["left_out"][0]["why"]


def test_a_long_decision_says_how_far_it_came(connector, stack, ledger):
    ledger.kept = [order(f"{n:03}") for n in range(150)]
    result = connector("documents", "close", "--code", "unit-unmapped", "--reason", "done", "--yes")
    assert (result.code, len(ledger.moved)) == (0, 150)
    assert "100 more" in result.err
    assert "100 of 150 ..." in result.err
    assert result.out == "150 documents done, 0 failed, 0 left out.\n"


def test_a_dry_run_of_one_document_does_nothing(connector, stack, ledger):
    result = connector("documents", "close", "500123", "--dry-run")
    assert (result.code, ledger.moved) == (0, [])
    assert result.err.startswith(f"This closes revision 2 of {ORDER} (PARKED); it is not sent.\n")
    assert result.out == "Nothing was done (--dry-run).\n"
    data = connector("documents", "close", "500123", "--dry-run", "--json").data
    (planned,) = data["planned"]
    assert (planned["document"], planned["sequence"], planned["state"]) == (str(ORDER), 2, "PARKED")
    assert (planned["will_be"], data["done"]) == ("closed", 0)


def test_what_they_come_to_is_said_by_currency_before_the_question(connector, stack, ledger):
    ledger.kept = [order(n) for n in (1, 2, 3, 4)]
    ledger.sources = {
        "1": as_json(a_purchase_order(orderNbr="1")),
        "2": as_json(a_purchase_order(orderNbr="2", currency="SEK")),
        "3": as_json(a_purchase_order(orderNbr="3")),
        "4": b"not JSON any more",
    }
    result = connector("documents", "close", "--code", "unit-unmapped", "--dry-run", "--json")
    assert result.data["of_unknown_amount"] == 1
    assert result.data["sums"].keys() == {"NOK", "SEK"}
    one, two = (Decimal(result.data["sums"][name]) for name in ("SEK", "NOK"))
    assert (one > 0, two) == (True, 2 * one)
    assert f"since 2026-09-01 06:00Z, payable {two} NOK, {one} SEK, 1 of unknown amount; 0 left out." in result.err


@pytest.mark.parametrize("state", [State.SENT, State.VALID, State.DELIVERED, State.ACKNOWLEDGED])
@pytest.mark.parametrize("ended", [(), ("--ended",)])
def test_resend_by_filters_selects_whatever_orderful_has(connector, ledger, state, ended):
    ledger.kept = [order(1, SENT, state=state), order(2), order(3, SENT, state=State.SUPERSEDED)]
    options = ("--as", "replacement", "--partner", "acme", *ended, "--dry-run", "--json")
    result = connector("documents", "resend", *options)
    assert [one["document"][-1] for one in result.data["planned"]] == ["1"]
    assert result.data["left_out"] == []
    assert "this reads all of it" in result.err


@pytest.mark.parametrize(
    ("command", "states"),
    [
        (("release", "--as", "original"), {State.PARKED, State.SKIPPED, State.BASELINE, State.CLOSED}),
        (("replay",), {State.PARKED, State.REJECTED}),
        (("close",), {State.PARKED, State.REJECTED, State.UNCONFIRMED}),
    ],
)
def test_with_ended_every_state_of_which_something_can_be_done_is_selected(connector, ledger, command, states):
    ledger.kept = [order(number, state=state, partner="acme") for number, state in enumerate(State)]
    result = connector("documents", *command, "--partner", "acme", "--ended", "--dry-run", "--json")
    assert {one["state"] for one in result.data["planned"]} <= {state.value for state in states}
    named = {one["document"] for one in (*result.data["planned"], *result.data["left_out"])}
    assert len(named) == len(states)
