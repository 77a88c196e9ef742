"""The quantity that a line of an 860 asks for, absolute whatever way it is written."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from connector.domain.order_change.findings import said
from connector.domain.order_change.request import Ask, Direction, LineRequest
from connector.domain.routing.route import ChangeRules, QuantityReading
from connector.domain.totals import ZERO


class Problem(NamedTuple):
    """Why a quantity is in doubt.

    Attributes:
        hard: An approval does not lift it.
        next_step: What to do, where that is something else than usual.
        waits_for: The routing key that settles it.
    """

    sentence: str
    hard: bool
    next_step: str | None = None
    waits_for: str | None = None


class Total(NamedTuple):
    """The quantity a line asks for; None when nobody can tell, or when it asks for none."""

    quantity: Decimal | None
    problems: tuple[Problem, ...] = ()


def is_difference(line: LineRequest, rules: ChangeRules) -> bool:
    """Whether the line gives a difference, which means something only beside the quantity that the partner had."""
    return (
        not line.explicit_total
        and rules.quantities is QuantityReading.DELTA
        and (line.direction is not None or line.second_quantity is not None)
        and line.quantity is not None
    )


def is_ambiguous(line: LineRequest, base: Decimal, rules: ChangeRules) -> bool:
    """Whether POC03 alone is not the new quantity beyond doubt, and nobody has said how the partner means it.

    POC04 names another figure, or POC03 as the new quantity goes against the direction of the code.
    """
    first, second = line.quantity, line.second_quantity
    if rules.quantities is not None or line.explicit_total:
        return False
    if second is not None and second != first:
        return True
    return first not in {None, base} and not _goes_right(line, base, first or ZERO)


def total_asked(line: LineRequest, base: Decimal, rules: ChangeRules, *, base_is_known: bool = True) -> Total:
    """The new total that a line asks for.

    Explicit totals first (Mosaic). POC03 and POC04 are read as the partner's rules say; without a rule POC03 is the
    new total. Where POC04 names another number, or the code the other direction, and the figures fit what the partner
    had in one reading only, that reading is proposed to a person; otherwise nobody can tell. Then the guards: QI has to
    raise, QD has to lower what the partner had, and figures given for comparison have to fit.

    Args:
        line: The line of the message.
        base: The quantity that the partner last saw.
        rules: The partner's.
        base_is_known: It is known, and not only assumed from what Visma has.
    """
    first, second, reading = line.quantity, line.second_quantity, rules.quantities
    if is_ambiguous(line, base, rules):
        proposed = {total for _, total in _fitting(line, base)} if base_is_known else set()
        if len(proposed) != 1:
            return Total(None, (_undecided(line, base if base_is_known else None, rules),))
        total = proposed.pop()
        return Total(total, (_proposal(line, base, total, rules), *_guards(line, base, total, rules)))
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


def total_added(line: LineRequest, rules: ChangeRules) -> Total:
    """The quantity of an added line, which had none before.

    A zero beside another figure is the quantity before, or what is left to receive, and says nothing.
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
    """POC03 and POC04 as they are written, for people."""
    return f"POC03 {_figure(line.quantity)}, POC04 {_figure(line.second_quantity)}"


def _fitting(line: LineRequest, base: Decimal) -> Iterable[tuple[QuantityReading, Decimal]]:
    """The readings in which the figure that is not the new quantity is what the partner had, or the difference to it.

    X12: POC03 is the new total, a difference or the old total, by release and partner. A reading that goes against
    the direction of its code does not fit.
    """
    first, second = line.quantity, line.second_quantity
    if first is None:
        return
    if second in {None, first}:
        if (total := _sum(line, base, first)) >= 0:
            yield QuantityReading.DELTA, total
        return
    if second in {base, abs(first - base)} and _goes_right(line, base, first):
        yield QuantityReading.NEW_TOTAL, first
    if first == base and _goes_right(line, base, second):
        yield QuantityReading.OLD_AND_NEW, second
    if second in _sums(line, base, first) and _goes_right(line, base, second):
        yield QuantityReading.DELTA, second


def _led_to(line: LineRequest, base: Decimal, difference: Decimal) -> Decimal | None:
    """What a difference leads to; None when neither the code nor POC04 says whether it goes up or down.

    A line that is replaced whole restates its quantity, and so does one that names what the partner had.
    """
    if line.direction is not None:
        return _sum(line, base, difference)
    if line.second_quantity in _sums(line, base, difference):
        return line.second_quantity
    return difference if line.ask is Ask.REPLACE or difference == base else None


def _sums(line: LineRequest, base: Decimal, difference: Decimal) -> set[Decimal]:
    """The totals that a difference may lead to: one where the code has a direction, else two."""
    return {_sum(line, base, difference)} if line.direction is not None else {base + difference, base - difference}


def _without_direction(line: LineRequest, difference: Decimal) -> Problem:
    return Problem(
        f"{said(difference)} is read as a difference, and the code {line.code} does not say whether up or down.",
        hard=True,
        next_step="Choose another reading for this change with `connector changes approve --reading`, or reject it.",
    )


def _sum(line: LineRequest, base: Decimal, difference: Decimal) -> Decimal:
    return base + difference if line.direction is Direction.UP else base - difference


def _goes_right(line: LineRequest, base: Decimal, theirs: Decimal) -> bool:
    return line.direction is None or (theirs > base if line.direction is Direction.UP else theirs < base)


def _proposal(line: LineRequest, base: Decimal, theirs: Decimal, rules: ChangeRules) -> Problem:
    fitting = " or ".join(reading for reading, _ in _fitting(line, base))
    return Problem(
        f"{figures_of(line)}, and the partner had {said(base)}: {said(theirs)} is read as the new quantity.",
        hard=False,
        next_step=f"Compare with `connector changes show`, then approve or reject it; set {rules.key}.quantities to "
        f"{fitting} in the routing file if this partner always means that.",
        waits_for=f"{rules.key}.quantities",
    )


def _undecided(line: LineRequest, base: Decimal | None, rules: ChangeRules) -> Problem:
    readings = ", ".join(QuantityReading)
    known = "" if base is None else f", and the partner had {said(base)}"
    return Problem(
        f"{figures_of(line)}{known}; which is the new quantity differs between partners.",
        hard=True,
        next_step=f"Set {rules.key}.quantities to one of {readings} in the routing file and apply it; or choose for "
        "this change alone with `connector changes approve --reading`.",
        waits_for=f"{rules.key}.quantities",
    )


def _figure(figure: Decimal | None) -> str:
    return "says nothing" if figure is None else f"says {said(figure)}"


def _guards(line: LineRequest, base: Decimal, theirs: Decimal, rules: ChangeRules) -> Iterable[Problem]:
    if theirs < 0:
        yield Problem(f"its quantity would be {said(theirs)}, below zero.", hard=True)
    if not _goes_right(line, base, theirs):
        way = "an increase" if line.direction is Direction.UP else "a decrease"
        yield Problem(
            f"{line.code} is {way}, yet the new quantity would be {said(theirs)}, from {said(base)}.", hard=False
        )
    believed = line.original_quantity
    if rules.quantities is QuantityReading.OLD_AND_NEW and not line.explicit_total:
        believed = line.quantity
    if believed is not None and believed != base:
        yield Problem(f"the partner believes the quantity was {said(believed)}; it was told {said(base)}.", hard=False)
    if line.delta is not None and abs(theirs - (base if believed is None else believed)) != abs(line.delta):
        yield Problem(f"a difference of {said(line.delta)} does not lead to {said(theirs)}.", hard=False)
