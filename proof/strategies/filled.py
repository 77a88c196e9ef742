"""Documents generated from a structure: optional fields, with valid or unusual values."""

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
_UNUSUAL: Mapping[str, tuple[Any, ...]] = {
    "text": tuple(text for text in TEXTS if len(text) < 200),
    "number": (*NUMBERS, *NUMBER_TEXTS[:16]),
    "whole": (0, -1, 2**31, Decimal("1.5"), "1", 10**19),
    "flag": ("true", "True", 1, None),
    "date": DATES,
}
_MAX_ROWS = 4


@st.composite
def filled(draw: st.DrawFn, structure: Structure) -> dict[str, Any]:
    """A document of this structure without about a third of its fields."""
    unusual_share = draw(st.sampled_from([0, 1, 1, 3]))
    return _table(draw, structure, unusual_share)


def _table(draw: st.DrawFn, structure: Structure, unusual_share: int) -> dict[str, Any]:
    names = list(structure)
    there = draw(st.lists(st.sampled_from([True, True, False]), min_size=len(names), max_size=len(names)))
    return {
        name: _value(draw, structure[name], unusual_share)
        for name, is_there in zip(names, there, strict=True)
        if is_there
    }


def _value(draw: st.DrawFn, field: Field, unusual_share: int) -> Any:
    if field.kind == "part":
        return _table(draw, field.fields, unusual_share)
    if field.kind == "rows":
        return [_table(draw, field.fields, unusual_share) for _ in range(draw(st.integers(0, _MAX_ROWS)))]
    sound = field.words or _SOUND[field.kind]
    if unusual_share == 0:
        return draw(st.sampled_from(sound))
    values = [*[*sound] * (4 // unusual_share), *_UNUSUAL[field.kind], None]
    return draw(st.sampled_from(values))
