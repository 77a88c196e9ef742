"""The ports in memory, one set for each test."""

from __future__ import annotations

from typing import Any

import pytest

from testkit.memory.effects import ManualClock
from testkit.memory.stores import MemoryLedger, MemoryOutbox, MemoryPayloads, RecordingTelemetry


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def outbox() -> MemoryOutbox:
    return MemoryOutbox()


@pytest.fixture
def payloads() -> MemoryPayloads:
    return MemoryPayloads()


@pytest.fixture
def ports(ledger, outbox, payloads, clock, telemetry) -> dict[str, Any]:
    """What `Connector` takes of them."""
    return {"ledger": ledger, "outbox": outbox, "payloads": payloads, "clock": clock, "telemetry": telemetry}


@pytest.fixture
def telemetry() -> RecordingTelemetry:
    return RecordingTelemetry()
