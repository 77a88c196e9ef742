"""Recognises a document that has the number of another one, which was deleted in Visma after it was sent.

Visma: a number series may leave the numbers to users (manual numbering), and its last number can be edited (Visma's
help, "Number series (CS201010)"). So a number can be used again once its document was deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connector.domain.documents import BusinessDocument, VismaDocument
from connector.domain.visma_clock import to_utc

_ANY_ZONE = ZoneInfo("UTC")
_ZONE_GRID, _MAX_ZONES = timedelta(minutes=15), timedelta(hours=27)
_FRACTION = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class AnotherDocument:
    """A sign that a document is another one than the one that was sent.

    Attributes:
        sign: What differs, as a clause.
        is_certain: It proves it.
    """

    sign: str
    is_certain: bool


def another_document(before: VismaDocument, now: VismaDocument) -> AnotherDocument | None:
    """The sign that `now` is, or may be, another document than `before`; None without one.

    Visma's `createdDateTime` stays with a document, so another one is a proof. Purchase orders have none (Visma:
    `PurchaseOrderDto`). Without it, another order or invoice date together with other items throughout is a sign,
    because a user who edits a document seldom changes all of that at once. Another quantity or price of the same item
    is none: a new price list and a new day change every line of an order.
    """
    created, created_before = _created(now), _created(before)
    if created is not None and created_before is not None:
        if _may_be_one(created, created_before):
            return None
        return AnotherDocument(
            f"it was created in Visma at {now.created}, that one at {before.created}", is_certain=True
        )
    goods, goods_before = _goods(now.content), _goods(before.content)
    if before.dated == now.dated or not goods or not goods_before or goods & goods_before:
        return None
    sign = f"it is dated {now.dated}, that one {before.dated}, and it has none of the items of that one"
    return AnotherDocument(sign, is_certain=False)


def _created(document: VismaDocument) -> datetime | None:
    return to_utc(document.created, _ANY_ZONE) if document.created else None


def _may_be_one(created: datetime, before: datetime) -> bool:
    """Whether two texts may say one time: some of Visma's endpoints write a zone or fractions, others do not.

    Zones differ by quarters of an hour. A fraction of a second may be cut off or rounded.
    """
    apart = abs(created - before)
    off = apart % _ZONE_GRID
    return apart <= _MAX_ZONES and min(off, _ZONE_GRID - off) <= _FRACTION


def _goods(content: BusinessDocument) -> frozenset[str | None]:
    """What its lines are about. The numbers of lines begin with 1 in every document, so they tell nothing."""
    return frozenset(line.item or line.description for line in content.lines if not line.is_text)
