"""What an X12-shaped 860, 855 or 865 says of its own completeness (CTT) and of its amount (AMT)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from decimal import Decimal

from connector.edi.order_change.common import Questions, Remarks
from connector.edi.order_change.coverage import BEHIND_TOTALS
from connector.edi.order_change.fields import Data, NotUnderstood, number, part, rows, text
from connector.edi.order_change.names import label_of

_MIN_TRUNCATED_DIGITS = 7
"""Digits from which on a hash total may have lost those on its left; guides give the element 7 to 10."""

WEIGHTS = (
    "weight",
    "unitOrBasisForMeasurementCode",
    "volume",
    "unitOrBasisForMeasurementCode1",
    "description",
)
"""Keys of CTT03 to CTT07, which change nothing."""


def check_totals(tree: Data, loops: Sequence[Data], questions: Questions, remarks: Remarks) -> None:
    """Ask about a message that is not complete by its own count (CTT01) or hash total (CTT02).

    X12: CTT01 counts the POC segments; CTT02 sums POC03 without regard to decimal points and signs, cut on the left.
    Many senders write the plain sum, which is as good.
    """
    for loop in rows(tree, "CTT_loop"):
        remarks.tell("Totals", [loop.get(name) for name in BEHIND_TOTALS], names=False)
    for totals in totals_segments(tree):
        _check(totals, loops, questions)
        remarks.tell("Totals", {name: totals.get(name) for name in WEIGHTS}, named=label_of)


def totals_segments(tree: Data) -> list[Data]:
    """The CTT segments of a transaction set."""
    inside = [one for loop in rows(tree, "CTT_loop") for one in rows(loop, "transactionTotals")]
    return [*rows(tree, "transactionTotals"), *inside]


def stated_totals(tree: Data, qualifiers: Collection[str] = ("TT",)) -> tuple[Decimal, ...]:
    """The totals of the message: AMT with one of the qualifiers, at the header or behind CTT.

    X12 element 522: TT is the total transaction amount. Other amounts are only told, and so is one that is no number.
    """
    found = []
    for segment in amount_segments(tree, qualifiers):
        with suppress(NotUnderstood):
            found.append(number(segment, "monetaryAmount"))
    return tuple(dict.fromkeys(one for one in found if one is not None))


def amount_segments(tree: Data, qualifiers: Collection[str]) -> list[Data]:
    """The AMT segments with one of the qualifiers, at the header or behind CTT."""
    places = [tree, *rows(tree, "AMT_loop")]
    for loop in rows(tree, "CTT_loop"):
        places += [loop, *rows(loop, "AMT_loop")]
    segments = (one for place in places for one in rows(place, "monetaryAmountInformation"))
    return [one for one in segments if text(one, "amountQualifierCode") in qualifiers]


def _check(totals: Data, loops: Sequence[Data], questions: Questions) -> None:
    try:
        count, stated = number(totals, "numberOfLineItems"), number(totals, "hashTotal")
    except NotUnderstood as reason:
        questions.doubt(f"its totals (CTT) cannot be read: {reason}.")
        return
    if count is not None and count != len(loops):
        questions.doubt(
            f"it says that it has {count:f} lines (CTT01), and {len(loops)} arrived: a line may be missing, or doubled."
        )
    if stated is not None and not closes(stated, [part(loop, "lineItemChange") for loop in loops]):
        questions.doubt(
            f"its hash total (CTT02) is {stated:f}, and the quantities of its lines (POC03) do not come to that: a "
            "line may be missing, or another than was sent."
        )


def closes(stated: Decimal, changes: Sequence[Data]) -> bool:
    """Whether a hash total (CTT02) is that of the quantities of these segments."""
    try:
        found = [one for change in changes if (one := number(change, "quantity")) is not None]
    except NotUnderstood:
        return False
    written = (text(change, "quantity") or "" for change in changes)
    digits = sum(int(kept) for one in written if (kept := "".join(filter(str.isdigit, one))))
    if stated in {sum(found), sum(map(abs, found)), Decimal(digits)}:
        return True
    cut = f"{abs(stated):f}"
    return len(cut) >= _MIN_TRUNCATED_DIGITS and str(digits).endswith(cut)
