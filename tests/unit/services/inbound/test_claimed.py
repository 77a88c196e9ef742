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
from testkit.memory.change_harness import Harness, an_860, more_of


def test_a_claim_that_runs_keeps_a_second_worker_away() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900))
    change = harness.change()
    harness.changes.save(
        change.moved(
            ChangeState.APPLYING,
            now=harness.clock.now(),
            note="looked at",
            claim_until=harness.clock.now() + timedelta(seconds=90),
        )
    )

    with pytest.raises(Conflict):
        harness.apply(message)
    harness.clock.forward(seconds=91)
    assert harness.apply(message) is ApplyResult.APPLIED


def test_a_callback_that_comes_while_the_change_is_being_written_keeps_nobody_waiting() -> None:
    harness = Harness()
    number = harness.inbound.send(an_860(more_of(1, 900)), inbox=False)
    harness.recorder().take(replace(harness.inbound.transactions[number], delivery=None))
    harness.orders.on_put.append(lambda: harness.apply(harness.inbound.hint(number)))

    assert harness.apply(message_for(harness.change())) is ApplyResult.APPLIED

    assert (harness.orders.theirs, harness.inbound.confirmed) == (1, [(number, Confirmation.ACCEPTED)])
