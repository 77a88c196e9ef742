"""The tree of a transaction set: segments and loops, before any syntax."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Protocol

import msgspec

from connector.edi.x12.charset import Wording

Head = tuple[str, str, str, str]
"""What a line begins with: its number, quantity, unit and price. Quantity and price are printed by `decimal_text`."""

Numbers = tuple[str | None, str | None, str | None]
"""What an item is called: the number of the buyer, that of the vendor, the GTIN."""

_GTIN_QUALIFIERS = {12: "UP", 13: "EN", 14: "UK"}

Sources = Sequence[str] | Callable[[], Sequence[str]]
"""Where the elements of a segment stand, or a function that tells it: it is only asked when something is wrong."""


Describe = Callable[["Writing", str, str, Wording], None]
"""Writes a description into the loop of a line: the loop, the text, the number of the line, the wording."""


class Writing(Protocol):
    """What a transaction set is written into: the tree, or Orderful's objects at once (`orderful_json.Objects`)."""

    def add(self, segment_id: str, *values: str, source: str = "", sources: Sources = ()) -> None:
        """Append a segment."""

    def add_alone(self, loop: str, segment_id: str, *values: str, source: str = "") -> None:
        """Append a loop of one segment."""

    def loop(self, name: str) -> Writing:
        """Append a loop, and give it back to be written into."""

    def line(self, segment_id: str, head: Head, numbers: Numbers, *, source: str, sources: Sources) -> Writing:
        """Append the loop of a line with its segment (PO1, IT1), and give it back to be written into until the next."""

    def described(self, text: str, number: str, write: Describe, wording: Wording) -> None:
        """Write the description of a line into its loop; it depends on `text` alone unless it tells something."""

    def number_of(self, segment_id: str) -> int:
        """How often a segment was added here, outside of loops."""

    def once(self, inputs: Hashable, write: Callable[[Writing], None], wording: Wording) -> None:
        """Write loops that depend on `inputs` alone."""


def line_values(head: Head, numbers: Numbers) -> tuple[str, ...]:
    """The elements of PO1 and IT1: the head, then qualifier and number of the item in pairs, the GTIN's by its length.

    The basis of the price is left empty.
    """
    buyer_item, vendor_item, gtin = numbers
    values = [*head, ""]
    if buyer_item:
        values += ["BP", buyer_item]
    if vendor_item:
        values += ["VP", vendor_item]
    if gtin:
        values += [_GTIN_QUALIFIERS[len(gtin)], gtin]
    return tuple(values)


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
    sources: Sources = ()

    def source_of(self, position: int) -> str:
        """Where the content of the element at `position` (from 1) stands; "" when it is nobody's."""
        sources = self.sources() if callable(self.sources) else self.sources
        own = sources[position - 1] if position <= len(sources) else ""
        return f"{self.source}{own}" if own.startswith(".") else own or self.source


class Loop(msgspec.Struct):
    """A repeating group, named as Orderful names it (`N1_loop`); the whole set is the loop without a name."""

    name: str
    parts: list[Segment | Loop] = []

    def add(self, segment_id: str, *values: str, source: str = "", sources: Sources = ()) -> None:
        """Append a segment."""
        self.parts.append(Segment(segment_id, values, source, sources))

    def add_alone(self, loop: str, segment_id: str, *values: str, source: str = "") -> None:
        """Append a loop of one segment."""
        self.parts.append(Loop(loop, [Segment(segment_id, values, source)]))

    def loop(self, name: str) -> Loop:
        """Append a loop, and give it back to be written into."""
        added = Loop(name)
        self.parts.append(added)
        return added

    def line(self, segment_id: str, head: Head, numbers: Numbers, *, source: str, sources: Sources) -> Loop:
        """Append the loop of a line with its segment, and give the loop back to be written into."""
        added = Loop(f"{segment_id}_loop", [Segment(segment_id, line_values(head, numbers), source, sources)])
        self.parts.append(added)
        return added

    def described(self, text: str, number: str, write: Describe, wording: Wording) -> None:
        """Write the description of a line into its loop."""
        write(self, text, number, wording)

    def number_of(self, segment_id: str) -> int:
        """How often a segment was added here, outside of loops."""
        return sum(isinstance(part, Segment) and part.id == segment_id for part in self.parts)

    def once(self, inputs: Hashable, write: Callable[[Writing], None], wording: Wording) -> None:  # noqa: ARG002
        """Write loops: a tree also says where their content stands, which others of the same content need not share."""
        write(self)

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
