"""Send translated revisions to Orderful (deliveries.fifo)."""

from __future__ import annotations

from typing import Any

from connector.bootstrap.deliver_transaction import deliver_transaction


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point."""
    return deliver_transaction()(event, context)
