"""Mail what needs a person, once a day (EventBridge Scheduler)."""

from __future__ import annotations

from typing import Any

from connector.bootstrap.send_digest import send_digest


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point."""
    return send_digest()(event, context)
