"""A written document as a tree of values, each at a place, and which of them differ from those of another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.domain.transactions import Dialect, Stream
from connector.edi.canonical import CanonicalDocument
from connector.edi.dialects import DIALECTS
from connector.edi.x12.check import isa_ids
from connector.edi.x12.model import Loop, Segment
from connector.edi.x12.write.transaction import written

Tree = Any
"""What is written: tables and lists down to single values."""

_MAX_COMPARED = 50
"""Of so many rows, each is compared with what another one has; a document has few that come and go together."""

Place = tuple[str | int, ...]
"""Where a value stands: the keys and numbers that lead to it."""


def emitted(document: CanonicalDocument, dialect: Dialect, stream: Stream) -> Tree:
    """What a dialect writes of a document. X12 as segments, with those that Orderful makes itself (CTT, AMT).

    Raises:
        Parked: the dialect cannot hold the document.
    """
    if dialect is Dialect.MOSAIC:
        return DIALECTS[dialect].body(document, stream)
    sender, receiver = isa_ids(document.route, stream)
    return {
        "type": {"name": document.route.transaction_type.value},
        "stream": stream.value.upper(),
        "sender": {"isaId": sender},
        "receiver": {"isaId": receiver},
        **_segments(written(document)),
    }


def _segments(loop: Loop) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for part in loop.parts:
        if isinstance(part, Segment):
            elements = {f"{number:02}": value for number, value in enumerate(part.values, 1) if value}
            found.setdefault(part.id, []).append(elements)
        else:
            found.setdefault(part.name, []).append(_segments(part))
    return found


def leaves(tree: Tree, at: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every value with its place, in order."""
    if isinstance(tree, Mapping):
        for key, part in tree.items():
            yield from leaves(part, (*at, key))
    elif isinstance(tree, list):
        for number, part in enumerate(tree):
            yield from leaves(part, (*at, number))
    else:
        yield at, str(tree)


def differing(tree: Tree, other: Tree, at: Place = ()) -> Iterator[tuple[Place, bool]]:
    """The places of `tree` whose value is another one in `other`, or is not there; and whether it is there."""
    if tree == other:
        return
    if isinstance(tree, Mapping):
        parts = other if isinstance(other, Mapping) else {}
        for key, part in tree.items():
            yield from differing(part, parts.get(key), (*at, key))
    elif isinstance(tree, list):
        rows = other if isinstance(other, list) else []
        for number, (part, match) in enumerate(zip(tree, _beside(tree, rows), strict=True)):
            yield from differing(part, match, (*at, number))
    else:
        yield at, other is not None


def _beside(rows: list[Any], others: list[Any]) -> list[Any]:
    """For each row the one of `others` that is the same thing: by place, else an equal one, else the most alike."""
    if len(rows) == len(others):
        return others
    equal: dict[tuple[Any, ...], list[int]] = {}
    for at, other in reversed(list(enumerate(others))):
        equal.setdefault(tuple(leaves(other)), []).append(at)
    places = [equal[key].pop() if equal.get(key := tuple(leaves(row))) else None for row in rows]
    left = [others[at] for at in sorted(set(range(len(others))) - {*places})]
    found = []
    for row, at in zip(rows, places, strict=True):
        match = None if at is None else others[at]
        if match is None and len(left) <= _MAX_COMPARED:
            match = max(left, key=lambda other: _in_common(row, other), default=None)
            if match is not None and _in_common(row, match):
                left.remove(match)
            else:
                match = None
        found.append(match)
    return found


def _in_common(row: Any, other: Any) -> int:
    """How many values of a row are the same in another one."""
    return sum(1 for _ in leaves(row)) - sum(1 for _ in differing(row, other))
