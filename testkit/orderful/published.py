"""The statuses and filters of Orderful's transactions (Orderful: published structure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

VALUES: Final[Mapping[str, frozenset[str]]] = {
    "stream": frozenset({"TEST", "LIVE"}),
    "validationStatus": frozenset({"PROCESSING", "VALID", "INVALID"}),
    "deliveryStatus": frozenset({"PENDING", "SENT", "DELIVERED", "FAILED"}),
    "acknowledgmentStatus": frozenset({"NOT_ACKNOWLEDGED", "ACCEPTED", "REJECTED", "OVERDUE", "ACCEPTED_WITH_ERRORS"}),
}
REFERENCE_OWNERS: Final = ("sender", "receiver")
REFERENCE_LEVELS: Final = ("Interchange", "Group", "Transaction")
MULTI_VALUE_FILTERS: Final = frozenset({"businessNumber", "transactionType", "senderIsaId", "receiverIsaId"})
REFERENCE_FILTERS: Final = frozenset(
    {f"{owner}{level}ReferenceIdentifier" for owner in REFERENCE_OWNERS for level in REFERENCE_LEVELS}
    | {"referenceIdentifier"}
)
FILTERS: Final = frozenset(VALUES) | MULTI_VALUE_FILTERS | REFERENCE_FILTERS | {"createdAt", "nextCursor", "prevCursor"}
"""The query parameters of `GET /v3/transactions` (Orderful: published structure)."""
