"""The harness of the deployed kills: what it counts and when it gives up, without a stack."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

import pytest

from proof.deployed import kills_run
from proof.deployed.killer import DIED
from proof.deployed.kills import PLANS, _figures, _kills
from proof.deployed.kills_run import CONSUMERS, STUCK, TIMEOUT_SECONDS, Run
from proof.deployed.quiescence import LOCKED
from proof.tally import Size
from testkit.laptop.observed import PIPELINE

PLAN = replace(PLANS[Size.FAST], documents=1, changes=0)


class Stack:
    """Nothing waits anywhere."""

    def waiting(self, queue: str) -> int:
        return 0


class Busy:
    """An environment in which another thread writes an order whenever somebody looks at one."""

    company = "kills"

    def __init__(self) -> None:
        self.laptop = Stack()
        self.run: Run | None = None

    def key(self, number: str) -> str:
        assert self.run is not None
        self.run.orders[f"{number}-{len(self.run.orders)}"] = 1
        return f"kills/purchase_order/{number}"


@pytest.fixture
def run() -> Run:
    environment = Busy()
    environment.run = made = Run(cast(Any, environment), PLAN, seed=1)
    return made


def hit(run: Run, function: str, times: int) -> None:
    for _ in range(times):
        run.killer.record_failure(function, DIED)


def test_orders_may_be_added_while_others_are_gone_through(run):
    run.orders |= {"1": 1, "2": 1, "3": 2}
    assert run._unasked() == ["1", "2"]


def test_counts_may_rise_while_they_are_added_up(run):
    counts = iter(run.killer.hits.values())
    seen = [next(counts)]
    hit(run, PIPELINE[0], 1)
    assert [*seen, *counts] == [0] * len(PIPELINE)


def test_fewer_kills_than_were_aimed_at_are_said_and_are_no_violation(run):
    for function in PIPELINE:
        hit(run, function, PLAN.floor)
    assert _kills(run) == (len(PIPELINE) * PLAN.floor, ())
    assert f"{len(PIPELINE) * PLAN.floor} of the {PLAN.hits} that were aimed at" in _figures(run)


def test_a_function_of_which_hardly_any_invocation_was_hit_is_a_violation(run):
    for function in PIPELINE[1:]:
        hit(run, function, PLAN.floor)
    _, (violation,) = _kills(run)
    assert violation.startswith(f"Only {PLAN.floor - 1} of {PIPELINE[0]}'s invocations were hit")


def test_when_the_time_is_over_only_what_is_short_is_killed(run):
    for function in PIPELINE[1:]:
        hit(run, function, PLAN.floor)
    assert all(map(run.wants, PIPELINE))
    run._late.set()
    assert [function for function in PIPELINE if run.wants(function)] == [PIPELINE[0]]


class Watch:
    """A clock that goes on by the seconds that somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False


@pytest.mark.parametrize(
    ("moves_until", "given_up_at"),
    [(0, STUCK), (300, 299 + STUCK), (10_000, TIMEOUT_SECONDS)],
    ids=["nothing moves", "it moves for a while", "it moves for ever"],
)
def test_a_run_is_stuck_when_nothing_moves_or_nothing_ends(run, monkeypatch, moves_until, given_up_at):
    watch = Watch()
    monkeypatch.setattr(kills_run, "time", watch)
    run._over = cast(Any, watch)
    run.said["PollOrderfulFunction"] = "nothing new"

    def left(_run: Run, since: datetime) -> list[str]:
        return [f"It is at step {min(int(watch.now), moves_until - 1)}."]

    monkeypatch.setattr(Run, "_left", left)

    run._wait_for_quiescence()

    assert (len(run.troubles), watch.now) == (2, given_up_at)
    assert run.troubles[-1] == "last answer of PollOrderfulFunction: nothing new"


def test_a_lock_that_comes_and_goes_is_no_progress(run, monkeypatch):
    watch = Watch()
    monkeypatch.setattr(kills_run, "time", watch)
    run._over = cast(Any, watch)
    held = f"The cursor of kills {LOCKED} "
    monkeypatch.setattr(
        Run, "_left", lambda _run, _since: ["It waits.", *([f"{held}{watch.now}"] if watch.now % 2 else [])]
    )

    run._wait_for_quiescence()

    assert watch.now == STUCK


@pytest.mark.parametrize("plan", PLANS.values(), ids=[size.name for size in PLANS])
def test_what_has_to_be_hit_may_be_hit(plan):
    assert 0 < plan.floor <= plan.share <= plan.most
    assert plan.floor <= plan.max_consumer_hits
    assert plan.hits <= plan.max_consumer_hits * len(CONSUMERS) + plan.most * (len(PIPELINE) - len(CONSUMERS))
