"""How a partner may write the number of one of our orders."""

from __future__ import annotations

import re

_SEPARATED = re.compile(r"(?P<number>.*[A-Za-z0-9])[^A-Za-z0-9]+[A-Za-z0-9]*[^A-Za-z0-9]*")
_LETTERED = re.compile(r"(?P<number>.*\d)[A-Za-z]+")

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
