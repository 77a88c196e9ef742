"""How a partner may write the number of one of our orders."""

from __future__ import annotations

import re

_SEPARATED = re.compile(r"(?P<number>.*[A-Za-z0-9])[^A-Za-z0-9]+[A-Za-z0-9]*[^A-Za-z0-9]*")
_LETTERED = re.compile(r"(?P<number>.*\d)[A-Za-z]+")

_DIGITS = re.compile(r"\d{1,10}", re.ASCII)
_WIDTHS = range(5, 11)

MAX_PROPOSALS = 3
"""Most order numbers that are looked up for one change."""


def without_suffix(number: str) -> list[str]:
    """The order numbers that remain without a suffix or leading zeros that a partner may have added, the longest first.

    `500123-1` may mean `500123`, `500123-1B` also `500123-1`. (Orderful: "some partners add suffixes"; which ones is
    not documented.) They are proposals for a person, never an order to write into.
    """
    found: list[str] = []
    left = number.strip()
    while len(found) < MAX_PROPOSALS:
        match = _LETTERED.fullmatch(left) or _SEPARATED.fullmatch(left)
        if match is None:
            break
        left = match["number"]
        found.append(left)
    plain = number.strip().lstrip("0")
    return found if plain in {"", number.strip()} else [plain, *found][:MAX_PROPOSALS]


def spellings(number: str) -> list[str]:
    """The numbers that differ from one of digits by leading zeros only, the number itself first.

    Visma's numbers of orders are texts of digits (their length is a setting of the company); systems that keep them as
    numbers lose the zeros, and those that keep them at a width add some.
    """
    if not _DIGITS.fullmatch(number):
        return [number]
    plain = number.lstrip("0") or "0"
    return list(dict.fromkeys((number, plain, *(plain.zfill(width) for width in _WIDTHS))))
