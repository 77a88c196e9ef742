"""What the codes of a changed line ask for: POC02 of X12 (element 670) and Mosaic's `changeReason`.

One table for both. Where the standard and practice leave no doubt a code has a clear meaning; everything else puts a
question to a person, and a partner's own reading (routing, `changes.codes`) settles it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from connector.domain.errors import Misconfigured
from connector.domain.order_change.request import Ask, Direction, Field

_NONE: frozenset[Field] = frozenset()
_ALL = frozenset(Field)
_QUANTITY = frozenset({Field.QUANTITY})
_PRICE = frozenset({Field.PRICE})
_DATES = frozenset({Field.DATES})

_MEANINGS: Mapping[str, tuple[Ask, frozenset[Field]]] = {
    "add": (Ask.ADD, _ALL),
    "delete": (Ask.DELETE, _NONE),
    "change": (Ask.CHANGE, _ALL),
    "replace": (Ask.REPLACE, _ALL),
    "quantity": (Ask.CHANGE, _QUANTITY),
    "price": (Ask.CHANGE, _PRICE),
    "price_and_quantity": (Ask.CHANGE, _PRICE | _QUANTITY),
    "dates": (Ask.CHANGE, _DATES),
    "nothing": (Ask.NOTHING, _NONE),
}

CODE_NAMES = frozenset(_MEANINGS)
"""The words that routing may map a code to."""


class Reading(NamedTuple):
    """What a code asks for.

    Attributes:
        meaning: Its name in the standard, for people.
        ask: What becomes of the line.
        touches: What may change.
        direction: Which way the quantity has to go.
        question: Why a person has to look, None when nobody has to.
        is_own: It is the partner's own reading.
    """

    meaning: str
    ask: Ask = Ask.CHANGE
    touches: frozenset[Field] = _NONE
    direction: Direction | None = None
    question: str | None = None
    is_own: bool = False


# Names: X12 004010, element 670; AA is of 005010, QC of later releases. AC, CD, DR, IQ, IR and SI, seen in the wild,
# are in none of the published lists.
_TABLE: Mapping[str, Reading] = {
    "AI": Reading("add additional item", Ask.ADD, _ALL),
    "DI": Reading("delete item", Ask.DELETE),
    "QI": Reading("quantity increase", Ask.CHANGE, _QUANTITY, Direction.UP),
    "QD": Reading("quantity decrease", Ask.CHANGE, _QUANTITY, Direction.DOWN),
    "PC": Reading("price change", Ask.CHANGE, _PRICE),
    "PQ": Reading("price and quantity change", Ask.CHANGE, _PRICE | _QUANTITY),
    "PR": Reading("price change and reschedule", Ask.CHANGE, _PRICE | _DATES),
    "MU": Reading("price, quantity and reschedule change", Ask.CHANGE, _ALL),
    "CT": Reading("change of dates", Ask.CHANGE, _DATES),
    "RS": Reading("reschedule", Ask.CHANGE, _DATES),
    "RQ": Reading("reschedule and quantity change", Ask.CHANGE, _DATES | _QUANTITY),
    "RB": Reading("replace all dates", Ask.CHANGE, _DATES),
    "RZ": Reading("replace all values", Ask.REPLACE, _ALL),
    "NC": Reading("no change", Ask.NOTHING),
    # Published partner guides are divided over it. A person who approves it approves what the standard says.
    "CA": Reading(
        "changes to line items",
        Ask.CHANGE,
        _ALL,
        question="the code CA is a change to some partners, a cancellation to others; set changes.codes.CA to change "
        "or delete in the routing file.",
    ),
    # X12: in the releases that have QC, POC03 is the quantity before the change to some, the new one to others.
    "QC": Reading(
        "quantity change",
        Ask.CHANGE,
        _QUANTITY,
        question="the code QC is of later releases, in which POC03 may be the quantity before the change; it is read "
        "as the new one; set changes.codes.QC to quantity in the routing file if this partner always means that.",
    ),
    "CD": Reading(
        "change of dates",
        Ask.CHANGE,
        _DATES,
        question="the code CD is in no published list and is read as a change of dates; set changes.codes.CD to dates "
        "in the routing file if this partner always means that.",
    ),
    "CF": Reading(
        "cancel the whole order",
        question="the code CF cancels the whole order, yet other lines of the message ask for something else.",
    ),
    **{
        code: Reading(meaning, question=f"the code {code} asks for '{meaning}', which a Visma order line cannot hold.")
        for code, meaning in {
            "AA": "packing configuration",
            "CB": "change of date terms",
            "CC": "changes to terms",
            "CE": "changes to item level allowances and charges",
            "CG": "changes to total level allowances and charges",
            "CH": "change to the confirmation of the original announcement",
            "CI": "change to the confirmation of a revised announcement",
            "OA": "confirmation of a revised announcement",
            "OC": "confirmation of the original announcement",
            "RA": "replace mode of shipment",
            "RC": "reject item change",
            "RE": "replacement item",
            "RM": "replacement item with modifications",
            "TI": "transfer item",
        }.items()
    },
    # Mosaic's words.
    "addItem": Reading("add item", Ask.ADD, _ALL),
    "deleteItem": Reading("delete item", Ask.DELETE),
    "changeToItem": Reading("change to item", Ask.CHANGE, _ALL),
    "priceChange": Reading("price change", Ask.CHANGE, _PRICE),
    "quantityChange": Reading("quantity change", Ask.CHANGE, _QUANTITY),
}

WHOLE_ORDER = "CF"
"""The code of a line that cancels the order it belongs to."""


def known_codes() -> Mapping[str, Reading]:
    """Every code that has a meaning, of X12 and of Mosaic."""
    return _TABLE


_CONFIRMS = frozenset({None, "OA", "OC"})
"""Codes that change nothing where the whole message only confirms."""


def reading_of(code: str | None, codes: Mapping[str, str], *, confirms: bool = False) -> Reading:
    """What a code asks for, by the partner's reading first and by the table else.

    Args:
        code: As written; X12 codes are case-sensitive.
        codes: The partner's own readings, checked by `check_names`.
        confirms: The whole message is a confirmation.
    """
    if confirms and code in _CONFIRMS:
        return Reading("no change", Ask.NOTHING)
    if code is None:
        return Reading("", question="it does not say what to change: it has no change code.")
    if code in codes:
        ask, touches = _MEANINGS[codes[code]]
        return Reading(codes[code], ask, touches, is_own=True)
    return _TABLE.get(code) or Reading(
        "",
        question=f"the code '{code[:40]}' is not one that is known here; set changes.codes.{code[:40]} to one of "
        f"{', '.join(sorted(CODE_NAMES))} in the routing file.",
    )


def check_names(codes: Mapping[str, str]) -> None:
    """See to it that a partner's readings are words that exist.

    Raises:
        Misconfigured: one is none of `CODE_NAMES`.
    """
    for code, word in codes.items():
        if word not in CODE_NAMES:
            raise Misconfigured(
                f"The routing is wrong at changes.codes.{code}: '{word}' is not one of "
                f"{', '.join(sorted(CODE_NAMES))}.",
                next_step="Run `connector config check` on the routing file and apply it again.",
            )
