"""Purchase orders of two types with one number: neither cancels, replaces or withholds the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.documents import MAX_TYPE_LENGTH, DocumentKey
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State
from connector.domain.transactions import Purpose, Stream
from connector.services.order_types import types_of_number
from connector.services.outbound.translate import TranslateResult
from connector.services.release import forecast_skipped
from testkit.memory.stores import FixedRouting
from testkit.samples.routing_data import a_partner, routing_data
from tests.unit.services.outbound.test_translate import ORDER, Harness, an_order

BERG = {"internalId": 102, "number": "60001", "name": "Berg Engros AS"}
REGULAR = ORDER.of_type("RegularOrder")
DROP_SHIP = ORDER.of_type("DropShip")


@pytest.fixture
def harness_with(ports):
    def make(**changes):
        settings = {"partners.berg": a_partner(isa_id="BERG", supplier="60001")}
        settings |= {key.replace("__", "."): value for key, value in changes.items()}
        return Harness(**ports, routing=FixedRouting(routing_data(settings)))

    return make


@pytest.fixture
def harness(harness_with):
    return harness_with()


def sent(harness, document, key=ORDER):
    assert harness.see(document) is TranslateResult.QUEUED
    harness.becomes(State.ACKNOWLEDGED, key=key, transaction_id=f"T-{key.number}")
    harness.due()


def written(harness, key):
    return [(one.state, one.purpose, one.receiver_id) for one in reversed(harness.ledger.revisions(key))]


def test_each_has_a_history_and_a_receiver_of_its_own(harness):
    sent(harness, an_order(orderType="Blanket"))
    sent(harness, an_order("7.0", supplier=BERG), REGULAR)
    assert harness.see(an_order(orderType="Blanket", description="touched")) is TranslateResult.QUEUED
    assert harness.see(an_order("8.0", supplier=BERG)) is TranslateResult.QUEUED
    assert written(harness, ORDER) == [
        (State.ACKNOWLEDGED, Purpose.ORIGINAL, "ACMEPRODUCET"),
        (State.TRANSLATED, Purpose.REPLACE, "ACMEPRODUCET"),
    ]
    assert written(harness, REGULAR) == [
        (State.ACKNOWLEDGED, Purpose.ORIGINAL, "BERGT"),
        (State.TRANSLATED, Purpose.REPLACE, "BERGT"),
    ]
    assert harness.newest(REGULAR).business_number == "500123"
    assert types_of_number(harness.ledger, ORDER) == ["Blanket", "RegularOrder"]


@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.TRANSLATED, State.PARKED])
def test_at_one_partner_the_second_is_a_question_that_stays_while_the_first_changes(harness, state):
    harness.see(an_order())
    harness.becomes(state, transaction_id="T-1")
    assert harness.see(an_order("5.0", orderType="DropShip")) is TranslateResult.PARKED
    asked = harness.newest(DROP_SHIP)
    assert "of the type RegularOrder has the same number (nordic/purchase_order/500123)" in asked.reason
    assert "this one has the type DropShip" in asked.reason
    assert "release nordic/purchase_order/DropShip:500123 --as" in asked.next_step
    assert harness.states() == [state]
    harness.see(an_order("11.0"))
    assert harness.states(DROP_SHIP) == [State.PARKED]


def test_the_second_leaves_as_an_original_when_a_person_says_so_and_is_replaced_by_itself(harness):
    sent(harness, an_order())
    second = an_order("5.0", orderType="DropShip")
    harness.see(second)
    harness.see(second, key=DROP_SHIP, cause=Cause.AS_ORIGINAL.named_at(harness.clock.now()))
    harness.becomes(State.ACKNOWLEDGED, key=DROP_SHIP)
    assert harness.see(an_order("6.0", orderType="DropShip")) is TranslateResult.QUEUED
    assert [line[:2] for line in written(harness, DROP_SHIP)] == [
        (State.ACKNOWLEDGED, Purpose.ORIGINAL),
        (State.TRANSLATED, Purpose.REPLACE),
    ]
    assert harness.states() == [State.ACKNOWLEDGED]


def test_a_cancelled_one_does_not_cancel_the_other(harness):
    sent(harness, an_order())
    assert harness.see(an_order("5.0", orderType="DropShip", status="Cancelled")) is TranslateResult.SKIPPED
    assert harness.states() == [State.ACKNOWLEDGED]


def test_a_type_that_is_never_sent_keeps_nothing_back(harness_with):
    harness = harness_with(defaults__order_types={"Blanket": "do_not_send"})
    assert harness.see(an_order(orderType="Blanket")) is TranslateResult.SKIPPED
    assert harness.see(an_order("7.0")) is TranslateResult.QUEUED
    assert (harness.newest(REGULAR).purpose, harness.states()) == (Purpose.ORIGINAL, [State.SKIPPED])


def test_the_type_of_a_record_of_an_earlier_release_is_read_from_the_document_that_was_kept(harness):
    sent(harness, an_order(orderType="DropShip"))
    harness.becomes(State.ACKNOWLEDGED, document_type=None)
    assert harness.see(an_order(orderType="DropShip", timeStamp="AAAAAE0YIiM=")) is TranslateResult.KNOWN
    assert harness.see(an_order("11.0", orderType="DropShip")) is TranslateResult.QUEUED
    assert harness.states() == [State.ACKNOWLEDGED, State.TRANSLATED]
    assert harness.see(an_order("7.0", supplier=BERG)) is TranslateResult.QUEUED
    assert written(harness, REGULAR) == [(State.TRANSLATED, Purpose.ORIGINAL, "BERGT")]


def test_what_was_sent_under_the_key_of_the_other_is_not_sent_again_by_itself(harness):
    """An earlier release had both in one history."""
    sent(harness, an_order(orderType="Blanket"))
    harness.see(an_order("7.0", supplier=BERG), key=ORDER)
    regular = harness.newest(REGULAR)
    mixed = replace(regular, key=ORDER, sequence=2, state=State.ACKNOWLEDGED, document_type=None)
    harness.ledger.add(mixed, source=harness.ledger.source_of(regular), request=None)
    del harness.ledger.rows[(REGULAR, 1)]
    assert harness.see(an_order(orderType="Blanket", description="touched")) is TranslateResult.PARKED
    asked = harness.newest(ORDER.of_type("Blanket"))
    assert "of the type RegularOrder has the same number" in asked.reason
    assert "of this one, of the type Blanket, to acme (Orderful T-500123)" in asked.reason
    assert harness.see(an_order("8.0", supplier=BERG)) is TranslateResult.QUEUED
    assert harness.newest().purpose is Purpose.REPLACE


def test_a_document_that_no_longer_tells_its_type_counts_as_the_same(harness):
    sent(harness, an_order())
    harness.becomes(State.ACKNOWLEDGED, document_type=None)
    harness.ledger.bodies.clear()
    assert harness.see(an_order("11.0")) is TranslateResult.QUEUED
    assert harness.states() == [State.ACKNOWLEDGED, State.TRANSLATED]


def test_a_type_of_any_length_makes_a_short_key():
    key = DocumentKey.of_order("nordic", "500123").of_type("x" * 500_000)
    assert key.number == f"{'x' * MAX_TYPE_LENGTH}:500123"


def test_a_forecast_counts_no_order_that_would_be_a_question(harness_with):
    """Another file sends drop shipments again; one of them has the number of an order that acme has."""
    harness = harness_with(defaults__order_types={"DropShip": "do_not_send"})
    sent(harness, an_order())
    second = an_order("5.0", orderType="DropShip")
    assert harness.see(second) is TranslateResult.SKIPPED
    wanted = harness_with()
    assert list(forecast_skipped(harness.ledger, wanted.routing.load(), Stream.TEST, now=harness.clock.now())) == []
    cause = Cause.RELEASE.named_at(harness.clock.now())
    assert wanted.see(second, key=DROP_SHIP, cause=cause) is TranslateResult.PARKED
