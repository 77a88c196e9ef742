"""Converts plain values to and from DynamoDB's attribute format, and times to sortable text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

Item = dict[str, Any]


def to_item(values: dict[str, Any]) -> Item:
    """Attributes of an item; None values are left out."""
    from boto3.dynamodb.types import TypeSerializer

    serialize = TypeSerializer().serialize
    return {name: serialize(value) for name, value in values.items() if value is not None}


def from_item(item: Item) -> dict[str, Any]:
    """The values of an item; binary attributes are plain bytes."""
    from boto3.dynamodb.types import TypeDeserializer

    deserialize = TypeDeserializer().deserialize
    return {name: value["B"] if "B" in value else deserialize(value) for name, value in item.items()}


def expiry(written: datetime, keep: timedelta | None) -> int | None:
    """The expiry of an item for DynamoDB's time to live (seconds since 1970); None: never."""
    return None if keep is None else int((written + keep).timestamp())


def time_text(moment: datetime) -> str:
    """An instant as text that sorts by time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_time(text: str | None) -> datetime | None:
    """The instant in such a text; None for no text."""
    return datetime.fromisoformat(text) if text else None
