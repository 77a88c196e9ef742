"""The tree of a transaction set: segments and loops, before any syntax."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Segment(msgspec.Struct, frozen=True, gc=False):
    """A segment: its id and its elements in order, "" where one is empty.

    Attributes:
        source: Where its content stands, for messages: a field of the Visma document, or a key of the routing file.
        sources: The same of single elements, in order; "" or nothing where `source` holds. One that begins with a point
            is a field below `source`.
    """

    id: str
    values: tuple[str, ...]
    source: str = ""
    sources: Sequence[str] = ()

    def source_of(self, position: int) -> str:
        """Where the content of the element at `position` (from 1) stands; "" when it is nobody's."""
        own = self.sources[position - 1] if position <= len(self.sources) else ""
        return f"{self.source}{own}" if own.startswith(".") else own or self.source


class Loop(msgspec.Struct):
    """A repeating group, named as Orderful names it (`N1_loop`); the whole set is the loop without a name."""

    name: str
    parts: list[Segment | Loop] = []

    def add(self, segment_id: str, *values: str, source: str = "", sources: Sequence[str] = ()) -> None:
        """Append a segment."""
        self.parts.append(Segment(segment_id, values, source, sources))

    def segments(self) -> list[Segment]:
        """Every segment, in the order in which X12 text has them."""
        found: list[Segment] = []
        for part in self.parts:
            if type(part) is Loop:
                found += part.segments()
            elif type(part) is Segment:
                found.append(part)
        return found

    def without(self, left_out: frozenset[str]) -> Loop:
        """The tree without the segments of these ids. A loop goes with the segment that opens it."""
        kept: list[Segment | Loop] = []
        for part in self.parts:
            if isinstance(part, Segment):
                if part.id not in left_out:
                    kept.append(part)
            elif not (isinstance(opener := part.parts[0], Segment) and opener.id in left_out):
                kept.append(part.without(left_out))
        return Loop(self.name, kept)
