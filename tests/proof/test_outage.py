"""Orderful is away from Friday evening to Monday morning, and nobody has to do anything about it."""

from __future__ import annotations

from datetime import timedelta

from connector.domain.errors import Transient
from connector.domain.ledger import State
from connector.services.ports import Metric
from proof.model.functions import DOCUMENTS
from proof.model.stories import ORDER
from proof.system import System, order_key
from tests.support.fakes import LostAnswer

WEEKEND = timedelta(hours=60)


def test_a_document_that_waits_for_one_in_doubt_outlasts_a_weekend() -> None:
    system = System()
    system.poll()
    system.order(ORDER)
    system.rest()
    system.orderful.script.append(LostAnswer("The connection to Orderful was lost."))
    system.edit(ORDER, line_2={"orderQty": 120.0})
    while (newest := system.standing(order_key(ORDER))) is None or newest.state is not State.UNCONFIRMED:
        system.step()

    system.orderful.failing = Transient("Orderful is away.")
    system.edit(ORDER, line_2={"orderQty": 130.0})
    monday = system.clock.now() + WEEKEND
    while system.clock.now() < monday:
        system.step()
    assert system.telemetry.counts[Metric.MESSAGES_HELD_UP] > 0
    (documents,) = [queue for queue in system.queues if queue.name == DOCUMENTS]
    assert len(documents.messages) == 1
    assert documents.dead == []

    system.orderful.failing = None
    # A delivery stands in the ledger and is queued again from there: its dead letters are waste.
    for queue in system.queues:
        queue.dead.clear()
    system.rest()
    assert len(system.orderful.delivered) == 3
    assert system.judge.at_rest() == []
