"""What a callback names is looked up, checked and recorded once; a made-up one costs little."""

from __future__ import annotations

from contextlib import suppress

from connector.domain.errors import NoRouting, PutOff
from connector.domain.inbound import ApiVersion, Confirmation
from connector.domain.order_change.record import ChangeState
from connector.domain.transactions import Stream
from connector.services.inbound.apply import ApplyResult
from connector.services.messages import HintMessage
from connector.services.ports import Metric
from testkit.memory.change_harness import ORDER, Harness, an_860, more_of
from testkit.memory.stores import FixedHintBudget

# -- callbacks ------------------------------------------------------------------------------------------------------


def test_a_forged_hint_costs_one_request_and_changes_nothing() -> None:
    harness = Harness()

    outcome = harness.apply(HintMessage(transaction_id="999999999"))

    assert (outcome, harness.inbound.fetches, harness.orders.reads) == (ApplyResult.NOTHING_TO_DO, ["999999999"], 0)
    assert harness.changes.all() == []
    assert harness.telemetry.counts[Metric.CALLBACKS_UNUSABLE] == 1


def test_ten_thousand_forged_hints_cost_a_bounded_number_of_calls_and_a_true_one_behind_them_is_taken() -> None:
    harness, calls = Harness(), FixedHintBudget(unknown=20, recorded=1)
    number = harness.inbound.send(an_860(more_of(1, 900)), inbox=False)
    put_off = 0
    for forged in [
        *(HintMessage(transaction_id=str(10**9 + one)) for one in range(10_000)),
        harness.inbound.hint(number),
    ]:
        try:
            harness.apply(forged, hint_budget=calls)
        except PutOff:
            put_off += 1
    assert (put_off, len(harness.inbound.fetches)) == (10_001 - 20, 20)

    harness.clock.forward(minutes=5)
    harness.collector(inbox_ids=()).run()  # the list shows it, and its delivery only the callback names
    assert harness.apply(harness.inbound.hint(number), hint_budget=calls) is ApplyResult.NOTHING_TO_DO
    harness.quiesce()

    assert harness.change().state is ChangeState.APPLIED
    assert harness.inbound.confirmed == [(number, Confirmation.ACCEPTED)]


def test_forged_deliveries_of_a_known_transaction_cost_a_bounded_number_of_calls() -> None:
    harness, calls = Harness(), FixedHintBudget(recorded=3)
    number = harness.inbound.send(an_860(more_of(1, 900)))
    harness.collect()
    harness.quiesce()
    theirs = harness.inbound.looks

    for one in range(50):
        with suppress(PutOff):
            made_up = f"00000000-0000-4000-8000-{one:012d}"
            harness.apply(
                HintMessage(transaction_id=number, delivery_id=made_up, version=ApiVersion.V4), hint_budget=calls
            )

    assert harness.inbound.looks == theirs + 3


def test_without_a_routing_a_hint_costs_no_call_and_rings_nothing() -> None:
    harness = Harness()
    harness.routing.failure = NoRouting("No routing was applied yet.")
    harness.telemetry.counts.clear()

    assert harness.apply(HintMessage(transaction_id="802210971")) is ApplyResult.NOTHING_TO_DO
    assert (harness.inbound.fetches, harness.telemetry.counts) == ([], {})


def test_a_hint_of_the_other_stream_is_neither_recorded_nor_confirmed() -> None:
    harness = Harness()
    number = harness.inbound.send(an_860(more_of(1, 900)), stream=Stream.LIVE)

    harness.apply(harness.inbound.hint(number))

    assert (harness.changes.all(), harness.inbound.confirmed) == ([], [])
    assert harness.telemetry.counts[Metric.DOUBLED_OR_WRONG_STREAM] == 1


def test_a_hint_at_somebody_elses_transaction_is_ignored() -> None:
    harness = Harness()
    number = harness.inbound.send(an_860(more_of(1, 900)), receiver_id="SOMEBODYT", sender_id=None)

    harness.apply(harness.inbound.hint(number))

    assert (harness.changes.all(), harness.inbound.confirmed) == ([], [])


def test_a_callback_about_another_readers_document_does_nothing() -> None:
    harness = Harness()
    number = harness.inbound.send(
        {"purchaseOrderNumber": "500123"}, document="850", transaction_type="850_PURCHASE_ORDER"
    )

    harness.apply(harness.inbound.hint(number))

    assert (harness.changes.all(), harness.inbound.confirmed, harness.inbound.waiting) == ([], [], [number])


def test_other_documents_are_recorded_and_change_nothing() -> None:
    harness = Harness()
    harness.inbound.send(
        {"purchaseOrderNumber": "500123", "status": "accepted"},
        document="855",
        transaction_type="855_PURCHASE_ORDER_ACKNOWLEDGMENT",
    )
    harness.collect()
    harness.quiesce()

    change = harness.change()
    assert (change.state, change.document, change.key) == (ChangeState.RECORDED, "855", ORDER)
    assert (harness.orders.reads, harness.inbound.confirmed) == (0, [("802210971", Confirmation.ACCEPTED)])
