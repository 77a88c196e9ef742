"""Collect inbound transactions from Orderful (EventBridge Scheduler)."""

from __future__ import annotations

from typing import Any

from connector.bootstrap.poll_orderful import poll_orderful


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point."""
    return poll_orderful()(event, context)
