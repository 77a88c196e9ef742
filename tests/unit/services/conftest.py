"""The ports in memory, one set for each test."""

from __future__ import annotations

import pytest

from testkit.memory.outbound import ManualClock, MemoryLedger, MemoryOutbox, MemoryPayloads, RecordingTelemetry


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
def telemetry() -> RecordingTelemetry:
    return RecordingTelemetry()
