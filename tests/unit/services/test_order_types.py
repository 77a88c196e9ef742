"""Purchase orders of two types with one number: neither cancels, replaces or withholds the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.documents import LONGEST_TYPE, DocumentKey
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State
from connector.domain.transactions import Purpose
from connector.services.order_types import types_of_number
from connector.services.outbound.translate import TranslateResult
from testkit.memory.stores import FixedRouting
from testkit.samples.routing_data import a_partner, routing_data
from tests.unit.services.outbound.test_translate import ORDER, Bench, an_order

BERG = {"internalId": 102, "number": "60001", "name": "Berg Engros AS"}
REGULAR = ORDER.of_type("RegularOrder")
DROP_SHIP = ORDER.of_type("DropShip")


@pytest.fixture
def bench_with(ports):
    def make(**changes):
        settings = {"partners.berg": a_partner(isa_id="BERG", supplier="60001")}
        settings |= {key.replace("__", "."): value for key, value in changes.items()}
        return Bench(**ports, routing=FixedRouting(routing_data(settings)))

    return make


@pytest.fixture
def bench(bench_with):
    return bench_with()


def sent(bench, document, key=ORDER):
    assert bench.see(document) is TranslateResult.QUEUED
    bench.becomes(State.ACKNOWLEDGED, key=key, transaction_id=f"T-{key.number}")
    bench.due()


def written(bench, key):
    return [(one.state, one.purpose, one.receiver_id) for one in reversed(bench.ledger.revisions(key))]


def test_each_has_a_history_and_a_receiver_of_its_own(bench):
    sent(bench, an_order(orderType="Blanket"))
    sent(bench, an_order("7.0", supplier=BERG), REGULAR)
    assert bench.see(an_order(orderType="Blanket", description="touched")) is TranslateResult.QUEUED
    assert bench.see(an_order("8.0", supplier=BERG)) is TranslateResult.QUEUED
    assert written(bench, ORDER) == [
        (State.ACKNOWLEDGED, Purpose.ORIGINAL, "ACMEPRODUCET"),
        (State.TRANSLATED, Purpose.REPLACE, "ACMEPRODUCET"),
    ]
    assert written(bench, REGULAR) == [
        (State.ACKNOWLEDGED, Purpose.ORIGINAL, "BERGT"),
        (State.TRANSLATED, Purpose.REPLACE, "BERGT"),
    ]
    assert bench.newest(REGULAR).business_number == "500123"
    assert types_of_number(bench.ledger, ORDER) == ["Blanket", "RegularOrder"]


@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.TRANSLATED, State.PARKED])
def test_at_one_partner_the_second_is_a_question_that_stays_while_the_first_changes(bench, state):
    bench.see(an_order())
    bench.becomes(state, transaction_id="T-1")
    assert bench.see(an_order("5.0", orderType="DropShip")) is TranslateResult.PARKED
    asked = bench.newest(DROP_SHIP)
    assert "of the type RegularOrder has the same number (nordic/purchase_order/500123)" in asked.reason
    assert "this one has the type DropShip" in asked.reason
    assert "release nordic/purchase_order/DropShip:500123 --as" in asked.next_step
    assert bench.states() == [state]
    bench.see(an_order("11.0"))
    assert bench.states(DROP_SHIP) == [State.PARKED]


def test_the_second_leaves_as_an_original_when_a_person_says_so_and_is_replaced_by_itself(bench):
    sent(bench, an_order())
    second = an_order("5.0", orderType="DropShip")
    bench.see(second)
    bench.see(second, key=DROP_SHIP, cause=Cause.AS_ORIGINAL.named_at(bench.clock.now()))
    bench.becomes(State.ACKNOWLEDGED, key=DROP_SHIP)
    assert bench.see(an_order("6.0", orderType="DropShip")) is TranslateResult.QUEUED
    assert [line[:2] for line in written(bench, DROP_SHIP)] == [
        (State.ACKNOWLEDGED, Purpose.ORIGINAL),
        (State.TRANSLATED, Purpose.REPLACE),
    ]
    assert bench.states() == [State.ACKNOWLEDGED]


def test_a_cancelled_one_does_not_cancel_the_other(bench):
    sent(bench, an_order())
    assert bench.see(an_order("5.0", orderType="DropShip", status="Cancelled")) is TranslateResult.SKIPPED
    assert bench.states() == [State.ACKNOWLEDGED]


def test_a_type_that_is_never_sent_keeps_nothing_back(bench_with):
    bench = bench_with(defaults__order_types={"Blanket": "do_not_send"})
    assert bench.see(an_order(orderType="Blanket")) is TranslateResult.SKIPPED
    assert bench.see(an_order("7.0")) is TranslateResult.QUEUED
    assert (bench.newest(REGULAR).purpose, bench.states()) == (Purpose.ORIGINAL, [State.SKIPPED])


def test_the_type_of_a_record_of_an_earlier_release_is_read_from_the_document_that_was_kept(bench):
    sent(bench, an_order(orderType="DropShip"))
    bench.becomes(State.ACKNOWLEDGED, document_type=None)
    assert bench.see(an_order(orderType="DropShip", timeStamp="AAAAAE0YIiM=")) is TranslateResult.KNOWN
    assert bench.see(an_order("11.0", orderType="DropShip")) is TranslateResult.QUEUED
    assert bench.states() == [State.ACKNOWLEDGED, State.TRANSLATED]
    assert bench.see(an_order("7.0", supplier=BERG)) is TranslateResult.QUEUED
    assert written(bench, REGULAR) == [(State.TRANSLATED, Purpose.ORIGINAL, "BERGT")]


def test_what_was_sent_under_the_key_of_the_other_is_not_sent_again_by_itself(bench):
    """An earlier release had both in one history."""
    sent(bench, an_order(orderType="Blanket"))
    bench.see(an_order("7.0", supplier=BERG), key=ORDER)
    regular = bench.newest(REGULAR)
    mixed = replace(regular, key=ORDER, sequence=2, state=State.ACKNOWLEDGED, document_type=None)
    bench.ledger.add(mixed, source=bench.ledger.source_of(regular), request=None)
    del bench.ledger.rows[(REGULAR, 1)]
    assert bench.see(an_order(orderType="Blanket", description="touched")) is TranslateResult.PARKED
    asked = bench.newest(ORDER.of_type("Blanket"))
    assert "of the type RegularOrder has the same number" in asked.reason
    assert "of this one, of the type Blanket, to acme (Orderful T-500123)" in asked.reason
    assert bench.see(an_order("8.0", supplier=BERG)) is TranslateResult.QUEUED
    assert bench.newest().purpose is Purpose.REPLACE


def test_a_document_that_no_longer_tells_its_type_counts_as_the_same(bench):
    sent(bench, an_order())
    bench.becomes(State.ACKNOWLEDGED, document_type=None)
    bench.ledger.bodies.clear()
    assert bench.see(an_order("11.0")) is TranslateResult.QUEUED
    assert bench.states() == [State.ACKNOWLEDGED, State.TRANSLATED]


def test_a_type_of_any_length_makes_a_short_key():
    key = DocumentKey.of_order("nordic", "500123").of_type("x" * 500_000)
    assert key.number == f"{'x' * LONGEST_TYPE}:500123"
