"""What a person is told before a request is what the request leads to, and telling it changes nothing."""

from __future__ import annotations

from functools import partial

import pytest

from connector.domain.pause import Pause, Scope
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Stream
from connector.services.outbound.planning import Planner, history_of
from testkit.memory.stores import CALLER, FixedRouting
from testkit.samples.routing_data import routing_data
from tests.unit.services.outbound.test_translate import ORDER, Harness, an_order

NO_ACME = {"partners.acme.visma.supplier": "59999"}
TO_COME = {"partners.acme.go_live": "2099-01-01"}
UNIT = {"defaults.units.STK": None}


def outlook_after(harness, cause, changes, *, pauses=(), after=None):
    """What is said of the newest revision before it is sent again."""
    routing = Routing.from_data(routing_data(changes))
    planner = Planner(
        ledger=harness.ledger, routing=routing, stream=Stream.TEST, history=partial(history_of, harness.ledger)
    )
    revision, now = harness.newest(), harness.clock.now()
    source = harness.ledger.source_of(revision)
    named = cause.named_at(now, resends_after=after)
    return planner.outlook(revision, source, named, pauses=pauses, now=now)


@pytest.mark.parametrize(
    ("before", "now", "cause", "expected"),
    [
        (NO_ACME, {}, Cause.REPLAY, (State.TRANSLATED, None)),
        (NO_ACME, NO_ACME, Cause.REPLAY, (State.PARKED, "mapped to no partner")),
        (NO_ACME, TO_COME, Cause.REPLAY, (State.BASELINE, "It is from before go-live.")),
        (NO_ACME, TO_COME, Cause.AS_ORIGINAL, (State.TRANSLATED, None)),
        (TO_COME, {**TO_COME, **UNIT}, Cause.AS_ORIGINAL, (State.PARKED, "STK")),
        (UNIT, {"partners.acme.send_when.purchase_order": ["Closed"]}, Cause.REPLAY, (State.SKIPPED, "Open")),
    ],
)
def test_what_is_said_of_a_request_is_what_becomes_of_it(ports, before, now, cause, expected):
    state, why = expected
    harness = Harness(**ports, routing=FixedRouting(routing_data(before)))
    harness.see(an_order())
    harness.outbox.clear()
    writes = harness.ledger.writes
    said = outlook_after(harness, cause, now)
    assert (said.state, said.leaves) == (state, state is State.TRANSLATED)
    assert why in said.why if why else said.why is None
    assert (harness.ledger.writes, harness.due()) == (writes, [])
    later = Harness(**ports, routing=FixedRouting(routing_data(now)))
    later.see(an_order(), cause=cause.named_at(harness.clock.now()))
    assert later.newest().state is state
    assert bool(later.due()) is said.leaves


def test_what_keeps_a_document_from_before_go_live_from_leaving_names_the_way_out(ports):
    harness = Harness(**ports, routing=FixedRouting(routing_data(TO_COME)))
    harness.see(an_order())
    said = outlook_after(harness, Cause.REPLAY, TO_COME)
    assert said.next_step == f"If the partner does not have it: connector documents release {ORDER} --as original"


def test_what_a_pause_would_keep_does_not_leave(ports):
    harness = Harness(**ports, routing=FixedRouting(routing_data(NO_ACME)))
    harness.see(an_order())
    pause = Pause(scope=Scope(partner="acme"), since=harness.clock.now(), by="kari", caller=CALLER, reason="they move")
    said = outlook_after(harness, Cause.REPLAY, {}, pauses=[pause])
    assert (said.state, said.leaves, said.why) == (State.PARKED, False, pause.sentence)
    assert said.next_step == "connector resume --partner acme"


def test_a_request_has_to_wait_for_what_is_being_sent(ports):
    harness = Harness(**ports, routing=FixedRouting(routing_data({})))
    harness.see(an_order())
    harness.becomes(State.SENDING)
    said = outlook_after(harness, Cause.AS_REPLACEMENT, {}, after=1)
    assert (said.state, said.leaves) == (None, False)
    assert "is still being sent" in said.why


def test_a_request_that_somebody_else_has_made_already_changes_nothing(ports):
    harness = Harness(**ports, routing=FixedRouting(routing_data({})))
    harness.see(an_order())
    harness.becomes(State.ACKNOWLEDGED)
    assert outlook_after(harness, Cause.AS_REPLACEMENT, {}, after=1).leaves
    said = outlook_after(harness, Cause.AS_REPLACEMENT, {}, after=0)
    assert (said.state, said.leaves) == (None, False)
    assert said.why == "The ledger knows this state of it already, or a newer one."
