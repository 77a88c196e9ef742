"""A purchase order in Visma at one time: what a partner could see, and what only Visma knows.

The second part decides whether a change can be written: version, status, what was received, which lines are closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from decimal import Decimal

from connector.domain.documents import PurchaseOrder


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What Visma knows of a line beyond its content.

    Attributes:
        received: Quantity on receipts, in the unit of the line (Visma: unreleased receipts included).
        closed: Completed or cancelled; it takes no change.
        line_type: Visma's word, for lines added beside it.
    """

    received: Decimal
    closed: bool
    line_type: str | None


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """A purchase order in Visma at one time.

    Attributes:
        etag: The version, exactly as Visma gave it; empty when it is not known (offline).
        status: Visma's status word.
        content: What a partner could see.
        facts: By line number.
        is_unfinished: It is a draft or waits for an approval.
    """

    etag: str
    status: str | None
    content: PurchaseOrder
    facts: Mapping[int, LineFacts]
    _: KW_ONLY
    is_unfinished: bool = False
