"""Visma's row versions: they order two states of a document, independent of any clock.

Visma: `timeStamp`, and the same value in quotes as the ETag, is the base64 of an 8-byte row version, a counter of the
database. Time stamps cannot order states: in the autumn hour a later one reads as earlier.
"""

from __future__ import annotations

import base64
import binascii

_BYTES = 8


def version_in(etag: str) -> str:
    """The row version in an ETag, without quotes and weakness mark."""
    return etag.strip().removeprefix("W/").strip('"')


def row_version(text: str | None) -> str | None:
    """The text if it is a row version; None for anything else, which could not be compared."""
    return text if _counter(text) is not None else None


def is_older(version: str | None, other: str | None) -> bool:
    """Whether `version` is certainly older than `other`; False when one of them is no row version."""
    first, second = _counter(version), _counter(other)
    return first is not None and second is not None and first < second


def _counter(version: str | None) -> int | None:
    try:
        raw = base64.b64decode(version or "", validate=True)
    except (binascii.Error, ValueError):
        return None
    return int.from_bytes(raw, "big") if len(raw) == _BYTES else None
