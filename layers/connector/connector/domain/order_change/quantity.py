"""Works out the new quantity of a line of an 860, whether the message gives a total or a difference."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from connector.domain.order_change.findings import text_of
from connector.domain.order_change.line_match import Lines
from connector.domain.order_change.request import Ask, ChangeRequest, Direction, LineRequest
from connector.domain.routing.route import ChangeRules, QuantityReading
from connector.domain.totals import ZERO


class Problem(NamedTuple):
    """Why a quantity is in doubt.

    Attributes:
        hard: An approval does not lift it.
        next_step: What to do; None for the usual next step.
        waits_for: The routing key that settles it; None when no routing change does.
    """

    sentence: str
    hard: bool
    next_step: str | None = None
    waits_for: str | None = None


class Total(NamedTuple):
    """The new quantity of a line; None when it is unclear, or when the line gives none."""

    quantity: Decimal | None
    problems: tuple[Problem, ...] = ()


def is_difference(line: LineRequest, rules: ChangeRules) -> bool:
    """Whether the line gives a difference, which needs the quantity that the partner had."""
    return (
        not line.explicit_total
        and rules.quantities is QuantityReading.DELTA
        and (line.direction is not None or line.second_quantity is not None)
        and line.quantity is not None
    )


def differences_of(request: ChangeRequest, rules: ChangeRules, lines: Lines) -> frozenset[tuple[object, ...]]:
    """The lines of the order for which a message gives a difference, each with up or down and by how much.

    Two messages with one of them in common change the same line by the same quantity, under whatever number and date,
    and however the line is named.
    """
    return frozenset(
        (lines.number_of(line), line.direction, line.quantity) for line in request.lines if is_difference(line, rules)
    )


def is_ambiguous(line: LineRequest, base: Decimal, rules: ChangeRules) -> bool:
    """Whether POC03 may be something else than the new quantity, and neither routing nor a person says what it is.

    It may if POC04 has another figure, or if POC03 as the new quantity contradicts the direction of the code.
    """
    first, second = line.quantity, line.second_quantity
    if rules.quantities is not None or line.explicit_total:
        return False
    if second is not None and second != first:
        return True
    return first not in {None, base} and not _goes_right(line, base, first or ZERO)


def total_asked(
    line: LineRequest, base: Decimal, rules: ChangeRules, *, received: Decimal = ZERO, base_is_known: bool = True
) -> Total:
    """The new total quantity of a line.

    An explicit total (Mosaic) counts as it is. POC03 and POC04 are read as the partner's rules say; without a rule,
    POC03 is the new total. If it is ambiguous (`is_ambiguous`) and exactly one reading fits the partner's quantity,
    that reading is proposed to a person; otherwise the total is None. Then the result is checked: QI has to raise and
    QD has to lower the partner's quantity, and figures given for comparison have to agree.

    Args:
        line: The line of the message.
        base: The quantity that the partner last saw.
        rules: The rules of the partner.
        received: What was received of the line. X12 calls POC04 the quantity left to receive (element 671).
        base_is_known: The ledger has `base`; otherwise Visma's quantity stands in for it.
    """
    first, second, reading = line.quantity, line.second_quantity, rules.quantities
    if is_ambiguous(line, base, rules):
        proposed = {total for _, total in _fitting(line, base, received)} if base_is_known else set()
        if len(proposed) != 1:
            return Total(None, (_undecided(line, base if base_is_known else None, rules),))
        total = proposed.pop()
        return Total(total, (_proposal(line, base, total, rules, received), *_guards(line, base, total, rules)))
    theirs = first
    if not line.explicit_total:
        if reading is QuantityReading.OLD_AND_NEW:
            theirs = second
        elif reading is QuantityReading.DELTA and first is not None:
            theirs = _led_to(line, base, first)
            if theirs is None:
                return Total(None, (_without_direction(line, first),))
    if theirs is None:
        named = line.direction is not None or any(figure is not None for figure in (first, second, line.delta))
        return Total(None, (Problem("it names no new quantity.", hard=True),) if named else ())
    return Total(theirs, tuple(_guards(line, base, theirs, rules)))


def agrees_with_old(line: LineRequest, had: Decimal, rules: ChangeRules) -> bool | None:
    """Whether the values that a line states for comparison fit `had` as its former quantity; None when it states none.

    Stated are the former quantity, the difference beside a total, or a rise (QI) or fall (QD) to a total.
    """
    old = _old_quantity(line, rules)
    if old is not None:
        return old == had
    is_total = line.explicit_total or rules.quantities is QuantityReading.NEW_TOTAL
    if rules.quantities is None and line.direction is Direction.DOWN and line.second_quantity in {None, line.quantity}:
        is_total = True  # neither a total nor a difference can be larger than what it was
    if line.quantity is None or not is_total or (line.delta is None and line.direction is None):
        return None
    is_apart = line.delta is None or abs(line.quantity - had) == abs(line.delta)
    return is_apart and _goes_right(line, had, line.quantity)


def _old_quantity(line: LineRequest, rules: ChangeRules) -> Decimal | None:
    """The quantity that the partner states it had; None when it states none."""
    if rules.quantities is QuantityReading.OLD_AND_NEW and not line.explicit_total:
        return line.quantity
    return line.original_quantity


def total_added(line: LineRequest, rules: ChangeRules) -> Total:
    """The quantity of an added line.

    If one of POC03 and POC04 is zero, it is the quantity before or the quantity left to receive, and is ignored.
    """
    first, second = line.quantity, line.second_quantity
    theirs = first
    if not line.explicit_total and second is not None:
        if rules.quantities is QuantityReading.OLD_AND_NEW:
            theirs = second
        elif rules.quantities is None:
            figures = {figure for figure in (first, second) if figure}
            if len(figures) > 1:
                return Total(None, (_undecided(line, None, rules),))
            theirs = next(iter(figures), first)
    if theirs is None or theirs <= 0:
        return Total(theirs, (Problem("it needs a quantity above zero.", hard=True),))
    return Total(theirs)


def figures_of(line: LineRequest) -> str:
    """POC03 and POC04 as written, for people."""
    return f"POC03 {_figure(line.quantity)}, POC04 {_figure(line.second_quantity)}"


def _fitting(line: LineRequest, base: Decimal, received: Decimal) -> Iterable[tuple[QuantityReading, Decimal]]:
    """The readings that the other figure fits, each with its total.

    It may be the partner's quantity, the difference from it, or what is left of the new one after `received`.

    X12: POC03 is the new total, a difference or the old total, depending on release and partner. A reading that
    contradicts the direction of the code does not fit.
    """
    first, second = line.quantity, line.second_quantity
    if first is None:
        return
    if second in {None, first}:
        if (total := _sum(line, base, first)) >= 0:
            yield QuantityReading.DELTA, total
        return
    if second in {base, abs(first - base), first - received} and _goes_right(line, base, first):
        yield QuantityReading.NEW_TOTAL, first
    if first == base and _goes_right(line, base, second):
        yield QuantityReading.OLD_AND_NEW, second
    if second in _sums(line, base, first) and _goes_right(line, base, second):
        yield QuantityReading.DELTA, second


def _led_to(line: LineRequest, base: Decimal, difference: Decimal) -> Decimal | None:
    """The total after a difference; None when neither the code nor POC04 says whether it is added or subtracted.

    In a line that is replaced, or if it equals the partner's quantity, the figure is no difference but the total.
    """
    if line.direction is not None:
        return _sum(line, base, difference)
    if line.second_quantity in _sums(line, base, difference):
        return line.second_quantity
    return difference if line.ask is Ask.REPLACE or difference == base else None


def _sums(line: LineRequest, base: Decimal, difference: Decimal) -> set[Decimal]:
    """The possible totals after a difference: one if the code has a direction, else two."""
    return {_sum(line, base, difference)} if line.direction is not None else {base + difference, base - difference}


def _without_direction(line: LineRequest, difference: Decimal) -> Problem:
    return Problem(
        f"{text_of(difference)} is read as a difference, and the code {line.code} does not say whether up or down.",
        hard=True,
        next_step="Choose another reading for this change with `connector changes approve --reading`, or reject it.",
    )


def _sum(line: LineRequest, base: Decimal, difference: Decimal) -> Decimal:
    return base + difference if line.direction is Direction.UP else base - difference


def _goes_right(line: LineRequest, base: Decimal, theirs: Decimal) -> bool:
    return line.direction is None or (theirs > base if line.direction is Direction.UP else theirs < base)


def _proposal(line: LineRequest, base: Decimal, theirs: Decimal, rules: ChangeRules, received: Decimal) -> Problem:
    fitting = " or ".join(reading for reading, _ in _fitting(line, base, received))
    is_left = received and line.second_quantity == theirs - received
    after = f", of which {text_of(received)} were received" if is_left else ""
    return Problem(
        f"{figures_of(line)}, and the partner had {text_of(base)}: {text_of(theirs)} is read as the new quantity"
        f"{after}.",
        hard=False,
        next_step=f"Compare what it asks with what Visma has, then approve or reject it; set {rules.key}.quantities "
        f"to {fitting} in the routing file if this partner always means that.",
        waits_for=f"{rules.key}.quantities",
    )


def _undecided(line: LineRequest, base: Decimal | None, rules: ChangeRules) -> Problem:
    readings = ", ".join(QuantityReading)
    known = "" if base is None else f", and the partner had {text_of(base)}"
    return Problem(
        f"{figures_of(line)}{known}; which is the new quantity differs between partners.",
        hard=True,
        next_step=f"Set {rules.key}.quantities to one of {readings} in the routing file and apply it; or choose for "
        "this change alone with `connector changes approve --reading`.",
        waits_for=f"{rules.key}.quantities",
    )


def _figure(figure: Decimal | None) -> str:
    return "says nothing" if figure is None else f"says {text_of(figure)}"


def _guards(line: LineRequest, base: Decimal, theirs: Decimal, rules: ChangeRules) -> Iterable[Problem]:
    if theirs < 0:
        yield Problem(f"its quantity would be {text_of(theirs)}, below zero.", hard=True)
    if not _goes_right(line, base, theirs):
        way = "an increase" if line.direction is Direction.UP else "a decrease"
        yield Problem(
            f"{line.code} is {way}, yet the new quantity would be {text_of(theirs)}, from {text_of(base)}.", hard=False
        )
    believed = _old_quantity(line, rules)
    if believed is not None and believed != base:
        yield Problem(
            f"the partner believes the quantity was {text_of(believed)}; it was told {text_of(base)}.", hard=False
        )
    moved = theirs - (base if believed is None else believed)
    if line.delta is not None and (abs(moved) != abs(line.delta) or (line.delta < 0 < moved)):
        yield Problem(f"a difference of {text_of(line.delta)} does not lead to {text_of(theirs)}.", hard=False)
