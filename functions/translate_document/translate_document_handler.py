"""Translate changed documents (documents.fifo)."""

from __future__ import annotations

from typing import Any

from connector.bootstrap.translate_document import translate_document


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda entry point."""
    return translate_document()(event, context)
