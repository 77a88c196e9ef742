"""A stack in memory, and its reconciliation."""

from __future__ import annotations

import pytest

from testkit.memory.reconcile_harness import Harness


@pytest.fixture
def harness() -> Harness:
    return Harness()
