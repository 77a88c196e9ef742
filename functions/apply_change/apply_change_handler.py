"""Decide incoming changes and apply them in Visma (changes.fifo)."""

from __future__ import annotations

from typing import Any

from connector.bootstrap.apply_change import apply_change


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point."""
    return apply_change()(event, context)
