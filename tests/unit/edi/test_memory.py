"""Memories are bounded, and what they hold is what was kept last."""

from __future__ import annotations

from connector.edi import memory
from connector.edi.memory import remember


def test_a_memory_forgets_everything_when_it_is_full():
    kept: dict[int, int] = {}
    for number in range(5):
        remember(kept, number, number * number, most=3)
        assert len(kept) <= 3
    assert kept == {3: 9, 4: 16}


def test_without_a_bound_of_its_own_it_has_the_common_one(monkeypatch):
    monkeypatch.setattr(memory, "MAX_REMEMBERED", 1)
    kept: dict[str, int] = {}
    for key in ("a", "b"):
        remember(kept, key, 1)
    assert kept == {"b": 1}
