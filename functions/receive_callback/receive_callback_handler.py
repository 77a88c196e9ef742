"""Receive Orderful's callbacks as hints (API Gateway)."""

from __future__ import annotations

from typing import Any

from connector.bootstrap.receive_callback import receive_callback


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point."""
    return receive_callback()(event, context)
