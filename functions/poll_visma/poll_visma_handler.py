"""Poll Visma for changed documents (EventBridge Scheduler)."""

from __future__ import annotations

from typing import Any

from connector.bootstrap.poll_visma import poll_visma


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point."""
    return poll_visma()(event, context)
