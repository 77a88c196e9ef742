"""A transaction set as Orderful's JSON (v3): arrays of objects with camelCase keys.

Orderful makes SE and the CTT loop itself, so they are not printed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable
from typing import Any

from connector.edi.memory import remember
from connector.edi.x12.charset import Wording
from connector.edi.x12.check import Part, Release, Suspect
from connector.edi.x12.dictionary import SEGMENTS
from connector.edi.x12.model import Describe, Head, Loop, Numbers, Segment, Sources, Writing


class Objects:
    """One object of `transactionSets`, or one of a loop, without a single empty value.

    Each segment is printed as it is added. Without a tree nobody knows where its content stands: what looks wrong stops
    the writing (`Suspect`), and the tree tells what it is.

    Attributes:
        printed: The object.
    """

    __slots__ = ("_limits", "_line", "_lines", "_most_lines", "_name", "_release", "_set_id", "printed")

    def __init__(self, release: Release, set_id: str, name: str = "") -> None:
        """Take the dictionary, the number of the set, and the name of the loop."""
        self.printed: dict[str, Any] = {}
        self._release, self._set_id, self._name = release, set_id, name
        self._line: Objects | None = None
        self._lines: list[dict[str, Any]] = []
        self._most_lines = sys.maxsize
        self._limits = release.limits(set_id, name)

    def add(self, segment_id: str, *values: str, source: str = "", sources: Sources = ()) -> None:  # noqa: ARG002
        """Print a segment.

        Raises:
            Suspect: X12 may not hold it, or not so many of them.
        """
        key, entry = self._release.printed(segment_id, values)
        if key in self.printed:
            self._append(segment_id, key, entry)
        else:
            self.printed[key] = [entry]

    def add_alone(self, loop: str, segment_id: str, *values: str, source: str = "") -> None:  # noqa: ARG002
        """Print a loop of one segment.

        Raises:
            Suspect: X12 may not hold it, or not so many of them.
        """
        self._append(loop, loop, self._release.printed_alone(segment_id, values))

    def loop(self, name: str) -> Objects:
        """Append a loop, and give it back to be written into.

        Raises:
            Suspect: there are more of them than X12 holds.
        """
        added = Objects(self._release, self._set_id, name)
        if name != "CTT_loop":
            self._append(name, name, added.printed)
        return added

    def line(self, segment_id: str, head: Head, numbers: Numbers, *, source: str, sources: Sources) -> Objects:  # noqa: ARG002
        """Append the loop of a line with its segment, and give it back to be written into until the next.

        Raises:
            Suspect: X12 may not hold it, or not so many of them.
        """
        key, entry = self._release.line(segment_id, head, numbers)
        line = self._line
        if line is None:
            name = f"{segment_id}_loop"
            line = self._line = Objects(self._release, self._set_id, name)
            self._lines = self.printed.setdefault(name, [])
            self._most_lines = self._limits.get(name, sys.maxsize)
        line.printed = {key: [entry]}
        self._lines.append(line.printed)
        if len(self._lines) > self._most_lines:
            raise Suspect
        return line

    def described(self, text: str, number: str, write: Describe, wording: Wording) -> None:
        """Write the description of a line: what was printed of the same before, unless that told something of its line.

        Raises:
            Suspect: X12 may not hold it.
        """
        known = self._release.described.get(text)
        if known is None:
            apart = Objects(self._release, self._set_id, self._name)
            known = Part(apart.printed, wording.apart(lambda: write(apart, text, number, wording)))
            if wording.is_of_documents(known.notes):
                remember(self._release.described, text, known)
        if known.notes:
            wording.tell(known.notes)
        self.printed |= known.printed

    def number_of(self, segment_id: str) -> int:
        """How often a segment was added here, outside of loops."""
        return len(self.printed.get(self._release.key(segment_id), ()))

    def once(self, inputs: Hashable, write: Callable[[Writing], None], wording: Wording) -> None:
        """Write loops that depend on `inputs` alone: what was printed of the same before, with its notes.

        Raises:
            Suspect: X12 may not hold it.
        """
        key = (self._set_id, inputs)
        known = self._release.parts.get(key)
        if known is None:
            apart = Objects(self._release, self._set_id)
            known = Part(apart.printed, wording.apart(lambda: write(apart)))
            remember(self._release.parts, key, known)
        wording.tell(known.notes)
        for name, loops in known.printed.items():
            for one in loops:
                self._append(name, name, one)

    def _append(self, part: str, key: str, entry: dict[str, Any]) -> None:
        entries = self.printed.get(key)
        if entries is None:
            self.printed[key] = [entry]
            return
        entries.append(entry)
        most = self._limits.get(part)
        if most is not None and len(entries) > most:
            raise Suspect


def transaction_set(tree: Loop) -> dict[str, Any]:
    """The same object from a tree that was checked."""
    printed: dict[str, Any] = {}
    for part in tree.parts:
        if type(part) is Segment:
            rule = SEGMENTS[part.id]
            key = rule.key
            entry = {one.key: value for one, value in zip(rule.elements, part.values, strict=False) if value}
        elif type(part) is Loop and part.name != "CTT_loop":
            key, entry = part.name, transaction_set(part)
        else:
            continue
        printed.setdefault(key, []).append(entry)
    return printed
