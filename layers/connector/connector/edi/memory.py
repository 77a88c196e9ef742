"""Memories of what was worked out before, by the values that it depends on. They are bounded."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Kept = TypeVar("_Kept")

MAX_REMEMBERED = 4_000
"""So much is remembered of each element and segment; a document has mostly what those before it had."""


def remember(memory: dict[_Key, _Kept], key: _Key, kept: _Kept, *, most: int | None = None) -> None:
    """Keep what was worked out, and forget everything before when there are `most` of it (None: `MAX_REMEMBERED`)."""
    if len(memory) >= (most or MAX_REMEMBERED):
        memory.clear()
    memory[key] = kept
