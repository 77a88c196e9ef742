"""The statuses and filters of Orderful's transactions (Orderful: published structure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, frozenset[str]]] = {
    "stream": frozenset({"TEST", "LIVE"}),
    "validationStatus": frozenset({"PROCESSING", "VALID", "INVALID"}),
    "deliveryStatus": frozenset({"PENDING", "SENT", "DELIVERED", "FAILED"}),
    "acknowledgmentStatus": frozenset({"NOT_ACKNOWLEDGED", "ACCEPTED", "REJECTED", "OVERDUE", "ACCEPTED_WITH_ERRORS"}),
}
OWNERS: Final = ("sender", "receiver")
LEVELS: Final = ("Interchange", "Group", "Transaction")
AT_MOST_FIVE: Final = frozenset({"businessNumber", "transactionType", "senderIsaId", "receiverIsaId"})
REFERENCE_FILTERS: Final = frozenset(
    {f"{owner}{level}ReferenceIdentifier" for owner in OWNERS for level in LEVELS} | {"referenceIdentifier"}
)
FILTERS: Final = frozenset(WORDS) | AT_MOST_FIVE | REFERENCE_FILTERS | {"createdAt", "nextCursor", "prevCursor"}
"""What `GET /v3/transactions` takes (Orderful: published structure)."""
