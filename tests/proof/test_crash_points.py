"""Crash points in their fast form."""

from __future__ import annotations

import pytest

from proof.crash_points import NAMED, Kills, Where, summary, tried
from proof.model.scenarios import SCENARIOS
from testkit.memory.effects import FaultKind

pytestmark = pytest.mark.xdist_group("crash points")


@pytest.fixture(scope="module")
def kills() -> Kills:
    found = Kills()
    for scenario in SCENARIOS:
        tried(scenario, found, where=Where.NAMED_AND_NEW)
    return found


def test_nothing_is_lost_or_doubled_when_a_worker_is_killed(kills):
    assert kills.violations == []
    assert kills.points.total() >= 500


def test_every_scenario_is_tried_at_each_of_its_named_points_and_every_new_pair_of_effects_on_both_sides():
    kills = Kills()
    scenario = next(one for one in SCENARIOS if one.name == "a changed order")
    tried(scenario, kills, where=Where.IN_THE_SCENARIO)
    effects = kills.points.total() // 2

    kills = Kills()
    tried(scenario, kills, where=Where.NAMED_AND_NEW)
    assert kills.points.total() == 2 * effects
    first = kills.named.copy()
    tried(scenario, kills, where=Where.NAMED_AND_NEW)
    assert kills.points.total() == 2 * effects + sum((kills.named - first).values())
    assert kills.named.keys() == (kills.named - first).keys() >= {"P3", "P4", "T1", "D1", "D2", "D3"}


def test_every_named_point_was_hit(kills):
    assert {point.name for point in NAMED} == {name for name, count in kills.named.items() if count}


@pytest.mark.parametrize(
    "effect",
    [
        "poll_visma: send to documents.fifo",
        "poll_visma: write the cursor of v1/purchaseorder",
        "translate_document: send to deliveries.fifo",
        "translate_document: delete a message of documents.fifo",
        "deliver_transaction: POST the transaction",
        "apply_change: PUT the order",
        "apply_change: confirm the delivery",
        "receive_callback: send to hints.fifo",
        "operator: send to documents.fifo",
    ],
)
def test_the_effects_of_every_function_are_among_those_hit(kills, effect):
    assert kills.effects[effect] >= 2


def test_a_scenario_holds_when_an_effect_is_refused_and_when_its_answer_is_lost():
    found = Kills()
    for scenario in SCENARIOS:
        if scenario.name in {"a new order", "an 860 applied"}:
            tried(scenario, found, faults=(FaultKind.REFUSED, FaultKind.LOST), where=Where.IN_THE_SCENARIO)
    assert found.violations == []
    assert found.points.total() >= 60


def test_the_proof_says_what_it_hit(kills):
    report = summary(kills)
    assert all(f"{point.name} " in report for point in NAMED)
    assert f"in {len(SCENARIOS)} scenarios" in report
