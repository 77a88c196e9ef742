"""Compare Visma, the ledger and Orderful (EventBridge Scheduler)."""

from __future__ import annotations

from typing import Any

from connector.bootstrap.reconcile import reconcile


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point."""
    return reconcile()(event, context)
