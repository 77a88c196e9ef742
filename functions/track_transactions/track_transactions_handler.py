"""Track sent transactions (EventBridge Scheduler)."""

from __future__ import annotations

from typing import Any

from connector.bootstrap.track_transactions import track_transactions


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point."""
    return track_transactions()(event, context)
