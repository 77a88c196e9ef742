"""A stack in memory, and its reconciliation."""

from __future__ import annotations

import pytest

from testkit.memory.reconcile_world import World


@pytest.fixture
def world() -> World:
    return World()
