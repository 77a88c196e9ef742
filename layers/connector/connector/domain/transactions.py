"""Terms of EDI: transaction types, streams, dialects, purposes, and the create request for Orderful."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import msgspec


class Stream(StrEnum):
    """Orderful's stream, live or test; a stack uses one of them."""

    TEST = "test"
    LIVE = "live"


class TransactionType(StrEnum):
    """Orderful's type words for what the connector sends."""

    PURCHASE_ORDER = "850_PURCHASE_ORDER"
    INVOICE = "810_INVOICE"
    PURCHASE_ORDER_ACKNOWLEDGMENT = "855_PURCHASE_ORDER_ACKNOWLEDGMENT"

    @property
    def number(self) -> str:
        """X12's number of the document (`850`)."""
        return self.value[:3]


class Dialect(StrEnum):
    """How a transaction is written for Orderful, in the order in which `auto` tries them.

    Attributes:
        label: Its name in a sentence.
        path: The path of Orderful's create request.
        headers: Additional headers of the request. Orderful: v4 is an unversioned path with the version in a header; v3
            has it in the path and takes no header.
    """

    label: str
    path: str
    headers: Mapping[str, str]

    def __new__(cls, word: str, label: str = "", path: str = "", headers: Mapping[str, str] | None = None) -> Self:
        """Make a member whose value is `word`; a lookup of an existing member passes the word alone."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.label, member.path = label, path
        member.headers = {"Content-Type": "application/json", **(headers or {})}
        return member

    MOSAIC = "mosaic", "Mosaic", "/transactions", {"orderful-api-version": "v4"}
    X12 = "x12", "X12", "/v3/transactions"


class Purpose(StrEnum):
    """Why a transaction is sent (X12 element 353)."""

    ORIGINAL = "original"
    REPLACE = "replace"
    CANCELLATION = "cancellation"


@dataclass(frozen=True, slots=True)
class IsaId:
    """An EDI address, one for each stream. Only the id is used in API calls, never the qualifier."""

    live: str
    test: str

    def on(self, stream: Stream) -> str:
        """The id on `stream`."""
        return self.live if stream is Stream.LIVE else self.test


@dataclass(frozen=True, slots=True)
class OrderfulRequest:
    """A create request without the API key. `body` is plain JSON data with numbers as strings."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @classmethod
    def create(cls, dialect: Dialect, body: dict[str, Any]) -> OrderfulRequest:
        """The request that creates a transaction."""
        return cls("POST", dialect.path, dict(dialect.headers), body)


class Translation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A document translated for its partner.

    Attributes:
        request: The create request.
        dialect: The dialect that was chosen.
        transaction_type: Orderful's type.
        purpose: Original, replacement or cancellation.
        business_number: Orderful's business number of it (order or invoice number).
        partner: The routing name of the partner.
        sender_id: Our ISA id on this stream.
        receiver_id: The partner's ISA id on this stream.
        stream: Test or live.
        notes: What was truncated, transliterated or left out, one sentence each.
    """

    request: OrderfulRequest
    dialect: Dialect
    transaction_type: TransactionType
    purpose: Purpose
    business_number: str
    partner: str
    sender_id: str
    receiver_id: str
    stream: Stream
    notes: tuple[str, ...] = ()
