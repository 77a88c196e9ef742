"""The quantity that a line of an 860 asks for, absolute whatever way it is written."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from connector.domain.change_request import Ask, Direction, LineRequest
from connector.domain.routes import ChangeRules, QuantityReading


class Problem(NamedTuple):
    """Why a quantity is in doubt."""

    sentence: str
    hard: bool
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
        and line.direction is not None
        and line.quantity is not None
    )


def total_asked(line: LineRequest, had: Decimal, rules: ChangeRules) -> Total:
    """The new total that a line asks for.

    Explicit totals first (Mosaic). POC03 and POC04 are read as the partner's rules say; without a rule POC03 is the
    new total, unless POC04 names another number. Then the guards: QI has to raise, QD has to lower what the partner
    had, and figures given for comparison have to fit.

    Args:
        line: The line of the message.
        had: The quantity that the partner last saw.
        rules: The partner's.
    """
    first, second, reading = line.quantity, line.second_quantity, rules.quantities
    asked = first
    if not line.explicit_total:
        if reading is QuantityReading.OLD_AND_NEW:
            asked = second
        elif is_difference(line, rules) and first is not None:
            asked = had + first if line.direction is Direction.UP else had - first
        elif reading is None and second is not None and second != first:
            return Total(None, (_ambiguous(first, second, rules),))
    if asked is None:
        named = line.direction is not None or any(figure is not None for figure in (first, second, line.delta))
        return Total(None, (Problem("it names no new quantity.", hard=True),) if named else ())
    return Total(asked, tuple(_guards(line, had, asked, rules)))


def total_added(line: LineRequest, rules: ChangeRules) -> Total:
    """The quantity of an added line, which had none before.

    A zero beside another figure is the quantity before, or what is left to receive, and says nothing.
    """
    first, second = line.quantity, line.second_quantity
    asked = first
    if not line.explicit_total and second is not None:
        if rules.quantities is QuantityReading.OLD_AND_NEW:
            asked = second
        elif rules.quantities is None:
            figures = {figure for figure in (first, second) if figure}
            if len(figures) > 1:
                return Total(None, (_ambiguous(first, second, rules),))
            asked = next(iter(figures), first)
    if asked is None or asked <= 0:
        return Total(asked, (Problem("it needs a quantity above zero.", hard=True),))
    return Total(asked)


def _ambiguous(first: Decimal | None, second: Decimal, rules: ChangeRules) -> Problem:
    return Problem(
        f"POC03 says {'nothing' if first is None else f'{first:f}'} and POC04 says {second:f}; "
        "which is the new quantity differs between partners.",
        hard=True,
        waits_for=f"{rules.key}.quantities",
    )


def _guards(line: LineRequest, had: Decimal, asked: Decimal, rules: ChangeRules) -> Iterable[Problem]:
    if asked <= 0:
        yield Problem(f"a quantity of {asked:f} may mean that the line is taken out.", hard=True)
    raises, lowers = asked > had, asked < had
    if (line.direction is Direction.UP and not raises) or (line.direction is Direction.DOWN and not lowers):
        way = "an increase" if line.direction is Direction.UP else "a decrease"
        yield Problem(f"{line.code} is {way}, yet the new quantity would be {asked:f}, from {had:f}.", hard=False)
    restates = line.explicit_total or line.direction is not None or line.ask is Ask.REPLACE or asked == had
    if rules.quantities is QuantityReading.DELTA and not restates:
        yield Problem(
            f"the code {line.code} does not say whether {asked:f} is a difference; it is read as the new quantity.",
            hard=False,
        )
    believed = line.original_quantity
    if rules.quantities is QuantityReading.OLD_AND_NEW and not line.explicit_total:
        believed = line.quantity
    if believed is not None and believed != had:
        yield Problem(f"the partner believes the quantity was {believed:f}; it was told {had:f}.", hard=False)
    if line.delta is not None and abs(asked - (had if believed is None else believed)) != abs(line.delta):
        yield Problem(f"a difference of {line.delta:f} does not lead to {asked:f}.", hard=False)
