"""One worker owns a change while it decides; others leave it alone and lose nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.errors import Conflict
from connector.domain.inbound import Confirmation
from connector.domain.order_change.record import ChangeState
from connector.services.inbound.apply import ApplyResult
from connector.services.inbound.record import message_for
from testkit.memory.change_world import World, an_860, more_of


def test_a_claim_that_runs_keeps_a_second_worker_away() -> None:
    world = World()
    message = world.arrived(more_of(1, 900))
    change = world.change()
    world.changes.save(
        change.moved(
            ChangeState.APPLYING,
            now=world.clock.now(),
            note="looked at",
            claim_until=world.clock.now() + timedelta(seconds=90),
        )
    )

    with pytest.raises(Conflict):
        world.apply(message)
    world.clock.forward(seconds=91)
    assert world.apply(message) is ApplyResult.APPLIED


def test_a_callback_that_comes_while_the_change_is_being_written_keeps_nobody_waiting() -> None:
    world = World()
    number = world.inbound.send(an_860(more_of(1, 900)), inbox=False)
    world.recorder().take(replace(world.inbound.held[number], delivery=None))
    world.orders.on_put.append(lambda: world.apply(world.inbound.hint(number)))

    assert world.apply(message_for(world.change())) is ApplyResult.APPLIED

    assert (world.orders.theirs, world.inbound.confirmed) == (1, [(number, Confirmation.ACCEPTED)])
