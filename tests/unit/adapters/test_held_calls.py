"""A gate is shut while calls of its kind are held, and open while the store of the pauses is in trouble."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.adapters.held_calls import HeldCalls
from connector.domain.errors import Throttled, Transient
from connector.services.ports import Calls
from testkit.memory.effects import ManualClock
from testkit.memory.stores import MemoryBreaker

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Broken:
    def wait(self, calls, *, now):
        raise Transient("The breaker answered 500.")

    def hold(self, calls, *, until):
        raise Transient("The breaker answered 500.")


def test_a_pause_holds_the_calls_of_its_kind_and_says_what_is_left_of_it():
    holds, clock = MemoryBreaker(), ManualClock(NOW)
    gate, other = (HeldCalls(holds, calls, clock, "Orderful") for calls in (Calls.CREATE, Calls.READ))
    gate.enter()
    gate.hold(MINUTE)
    clock.forward(seconds=20)
    with pytest.raises(
        Throttled, match=r"Orderful asked for a pause; 40 s of it are left\. Nothing was sent"
    ) as caught:
        gate.enter()
    assert caught.value.retry_after == timedelta(seconds=40)
    other.enter()
    clock.forward(seconds=40)
    gate.enter()


def test_a_failing_store_holds_no_call_and_is_logged(caplog):
    gate = HeldCalls(Broken(), Calls.CREATE, ManualClock(NOW), "Orderful")
    gate.enter()
    gate.hold(MINUTE)
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert [record.getMessage() for record in caplog.records] == [
        "it is not known whether calls are held",
        "a pause that was asked for could not be written down",
    ]
    assert all(record.reason for record in caplog.records)
