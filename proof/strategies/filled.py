"""Documents made from a structure: fields there or not, each with some value of its type, or near it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from proof.strategies.damage import DATES, NUMBER_TEXTS, NUMBERS, TEXTS
from proof.strategies.structures import Field, Structure

_SOUND: Mapping[str, tuple[Any, ...]] = {
    "text": ("1298", "STK", "Open", "NOK", "50012", "10045", "500123", "Kaffe, mørk", "each", "1", "change", "KRT"),
    "number": (Decimal("1.0"), Decimal("10.0"), Decimal("0.0"), Decimal("12.50"), Decimal("800.0"), 7),
    "whole": (1, 2, 3, 50, 200),
    "flag": (True, False),
    "date": ("2026-09-15T00:00:00", "2026-10-02T00:00:00", "2026-10-05"),
}
_STRANGE: Mapping[str, tuple[Any, ...]] = {
    "text": tuple(text for text in TEXTS if len(text) < 200),
    "number": (*NUMBERS, *NUMBER_TEXTS[:16]),
    "whole": (0, -1, 2**31, Decimal("1.5"), "1", 10**19),
    "flag": ("true", "True", 1, None),
    "date": DATES,
}
_MOST_ROWS = 4


@st.composite
def filled(draw: st.DrawFn, structure: Structure) -> dict[str, Any]:
    """A document of this structure in which about a third of the fields is missing."""
    strangeness = draw(st.sampled_from([0, 1, 1, 3]))
    return _table(draw, structure, strangeness)


def _table(draw: st.DrawFn, structure: Structure, strangeness: int) -> dict[str, Any]:
    names = list(structure)
    there = draw(st.lists(st.sampled_from([True, True, False]), min_size=len(names), max_size=len(names)))
    return {
        name: _value(draw, structure[name], strangeness)
        for name, is_there in zip(names, there, strict=True)
        if is_there
    }


def _value(draw: st.DrawFn, field: Field, strangeness: int) -> Any:
    if field.kind == "part":
        return _table(draw, field.fields, strangeness)
    if field.kind == "rows":
        return [_table(draw, field.fields, strangeness) for _ in range(draw(st.integers(0, _MOST_ROWS)))]
    sound = field.words or _SOUND[field.kind]
    if strangeness == 0:
        return draw(st.sampled_from(sound))
    values = [*[*sound] * (4 // strangeness), *_STRANGE[field.kind], None]
    return draw(st.sampled_from(values))
