"""Whether a tree can be written as X12: lengths, codes, numbers, character set, syntax notes, how often what is used.

What does not fit is never bent to fit: the document is parked with the element and the Visma line named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any, NamedTuple

from connector.domain.advice import BY_HAND, correction_at
from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.routing.route import Charset, Route, X12Options
from connector.domain.routing.values import MAX_ISA_ID_LENGTH
from connector.domain.transactions import Stream
from connector.edi.memory import MAX_REMEMBERED, remember
from connector.edi.x12.charset import FOREIGN
from connector.edi.x12.dictionary import MAX_USES, SEGMENTS, VERSIONS, Element, Uses
from connector.edi.x12.model import Head, Loop, Numbers, Segment, line_values

_FOR_NUMBERS = str.maketrans("", "", "-.")
_NUMERIC = frozenset({"R", "N2"})


_MAX_REMEMBERED_LENGTH = 100

_DIFFERENT = frozenset({"PO1", "IT1", "ACK", "SAC", "BEG", "BAK", "BIG", "REF", "TDS", "AMT", "CTT", "MSG", "MTX"})
"""Segments with amounts, numbers and notes, which are seldom twice the same: it is no use to remember them whole."""


def _uses(uses: Uses, version: str) -> dict[str, int]:
    most = {name: most.get(version) if isinstance(most, dict) else most for name, most in uses.items()}
    return {name: number for name, number in most.items() if number is not None}


_MAX_USES = {
    version: {
        set_id: {loop: _uses(uses, version) for loop, uses in loops.items()} for set_id, loops in MAX_USES.items()
    }
    for version in VERSIONS
}


_LINES = ("PO1", "IT1")
"""The segments of a line of goods: number, quantity, unit, price, and what the item is called."""

_NO_LIMITS: Mapping[str, int] = {}


class Suspect(Exception):
    """X12 may not hold what is written: `check` tells what is wrong, or that nothing is."""


_Place = tuple[str, set[str], Element]
"""An element of a segment: its name in Orderful's JSON; the values that it holds (all of its codes, else those that
were looked at); what it is. A plain tuple, because it is taken apart for every value that is written."""


@dataclass(slots=True)
class _Known:
    """A segment.

    Attributes:
        key: Its name in Orderful's JSON.
        places: Its elements.
        filled: The ways of filling it that mandatory elements and syntax notes allow, as far as they were looked at.
        whole: What was printed of it before, by its values; None: it is not remembered (`_DIFFERENT`).
    """

    key: str
    places: tuple[_Place, ...]
    filled: set[tuple[str, ...]]
    whole: dict[tuple[str, ...], dict[str, str]] | None


class _Line:
    """PO1 or IT1, with what was printed of it before.

    Attributes:
        key: Its name in Orderful's JSON.
        keys: The names of number, quantity, unit and price in Orderful's JSON.
        numbers: The numbers of lines that were looked at.
        units: The codes of units.
        longest: Most characters of a quantity and of a price.
        items: A line that had all of `keys`, by what its item is called.
    """

    __slots__ = ("items", "key", "keys", "longest", "numbers", "units")

    def __init__(self, known: _Known, version: str) -> None:
        number, quantity, unit, price, *_ = known.places
        self.key = known.key
        self.keys = number[0], quantity[0], unit[0], price[0]
        self.numbers, self.units = number[1], unit[1]
        self.longest = quantity[2].longest[version], price[2].longest[version]
        self.items: dict[Numbers, dict[str, str]] = {}


class Part(NamedTuple):
    """A part of a document as it was printed (`Objects.once`).

    Attributes:
        printed: Its loops.
        notes: What was lost on the way.
    """

    printed: dict[str, Any]
    notes: tuple[str, ...]


class Release:
    """The dictionary for one version and character set, with a memory of what was looked at before.

    Attributes:
        parts: What was printed of parts of documents before, by what they depend on.
        described: What was printed of the descriptions of lines before.
    """

    def __init__(self, version: str, charset: Charset) -> None:
        """Take the version and the character set."""
        self._version, self._foreign = version, FOREIGN[charset]
        self._limits = {
            (set_id, loop): uses for set_id, loops in _MAX_USES[version].items() for loop, uses in loops.items()
        }
        self.parts: dict[Hashable, Part] = {}
        self.described: dict[str, Part] = {}
        self._alone: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}
        self._segments = {
            segment_id: _Known(
                rule.key,
                tuple((one.key, set(one.codes or ()), one) for one in rule.elements),
                set(),
                None if segment_id in _DIFFERENT else {},
            )
            for segment_id, rule in SEGMENTS.items()
        }
        self._lines = {segment_id: _Line(self._segments[segment_id], version) for segment_id in _LINES}

    def printed(self, segment_id: str, values: tuple[str, ...]) -> tuple[str, dict[str, str]]:
        """A segment as Orderful's JSON has it, without empty elements: its key and its object, which nobody changes.

        Raises:
            Suspect: an element may not hold its value, is missing, or breaks a syntax note.
        """
        segment = self._segments[segment_id]
        whole = segment.whole
        if whole is not None and (printed := whole.get(values)) is not None:
            return segment.key, printed
        entry = {}
        for (key, known, element), value in zip(segment.places, values, strict=False):
            if value:
                if value not in known:
                    self._look_at(value, known, element)
                entry[key] = value
        if (names := tuple(entry)) not in segment.filled:
            self._look_at_filled(segment_id, names)
        if whole is not None:
            remember(whole, values, entry)
        return segment.key, entry

    def line(self, segment_id: str, head: Head, numbers: Numbers) -> tuple[str, dict[str, str]]:
        """PO1 or IT1, as `printed` gives it; a line has mostly an item that lines before it had.

        Digits, point and minus sign belong to every character set, so that of a quantity and a price only the length
        is looked at.

        Raises:
            Suspect: as `printed`.
        """
        line = self._lines[segment_id]
        before = line.items.get(numbers)
        number, quantity, unit, price = head
        if (
            before is not None
            and number in line.numbers
            and unit in line.units
            and len(quantity) <= line.longest[0]
            and len(price) <= line.longest[1]
        ):
            entry = before.copy()
            keys = line.keys
            entry[keys[0]], entry[keys[1]], entry[keys[2]], entry[keys[3]] = head
            return line.key, entry
        key, entry = self.printed(segment_id, line_values(head, numbers))
        if all(head):
            remember(line.items, numbers, entry)
        return key, entry

    def printed_alone(self, segment_id: str, values: tuple[str, ...]) -> dict[str, Any]:
        """A loop that has only this segment.

        Raises:
            Suspect: as `printed`.
        """
        known = self._alone.get((segment_id, values))
        if known is None:
            key, entry = self.printed(segment_id, values)
            known = {key: [entry]}
            if segment_id not in _DIFFERENT:
                remember(self._alone, (segment_id, values), known)
        return known

    def key(self, segment_id: str) -> str:
        """What Orderful's JSON calls a segment."""
        return self._segments[segment_id].key

    def limits(self, set_id: str, loop: str) -> Mapping[str, int]:
        """How often segments and loops may be used in a loop; what is missing: without a limit."""
        return self._limits.get((set_id, loop), _NO_LIMITS)

    def _look_at(self, value: str, known: set[str], element: Element) -> None:
        fits = element.shortest <= len(value) <= element.longest[self._version]
        if element.codes is not None or not fits or self._foreign.search(value):
            raise Suspect
        if len(known) >= MAX_REMEMBERED:
            known.clear()
        if len(value) <= _MAX_REMEMBERED_LENGTH:
            known.add(value)

    def _look_at_filled(self, segment_id: str, filled: tuple[str, ...]) -> None:
        known = self._segments[segment_id]
        places = [key in filled for key, _, _ in known.places]
        is_missing = any(one.mandatory and not there for (_, _, one), there in zip(known.places, places, strict=True))
        if is_missing or syntax_faults(segment_id, tuple(places)):
            raise Suspect
        known.filled.add(filled)


@cache
def release_of(version: str, charset: Charset) -> Release:
    """The dictionary for a version and a character set."""
    return Release(version, charset)


class Fault(NamedTuple):
    """One thing X12 does not allow.

    Attributes:
        element: Where: `PO107`.
        problem: What, as the end of a sentence that begins with the element.
    """

    element: str
    problem: str


def check(tree: Loop, route: Route) -> None:
    """Go through every element of a tree.

    Raises:
        Parked: names the first element that X12 cannot hold, or the segment that is used too often.
    """
    options, segments = route.x12, tree.segments()
    set_id = segments[0].values[0]
    if set_id in MAX_USES:
        _check_uses(tree, _MAX_USES[options.version][set_id])
    release = release_of(options.version, options.charset)
    try:
        for segment in segments:
            release.printed(segment.id, segment.values)
    except Suspect:
        for segment in segments:
            _explain(segment, route)
            _check_syntax(segment)


def _check_uses(loop: Loop, most: dict[str, dict[str, int]]) -> None:
    """Refuse a loop that has more of a part than X12 holds. Loops of few parts, as lines are, pass at once."""
    limits = most.get(loop.name)
    if limits is not None and len(loop.parts) > min(limits.values()):
        counts = Counter([part.name if isinstance(part, Loop) else part.id for part in loop.parts])
        for name, number in counts.items():
            if number > limits.get(name, number):
                raise _too_many(loop, name.removesuffix("_loop"), number, limits[name])
    for part in loop.parts:
        if type(part) is Loop:
            _check_uses(part, most)


def _too_many(loop: Loop, segment_id: str, number: int, most: int) -> Parked:
    opener = loop.parts[0]
    source = opener.source if isinstance(opener, Segment) and loop.name else ""
    return Parked(
        f"X12 holds {most} {segment_id} ({SEGMENTS[segment_id].key}) in one {loop.name or 'document'}, "
        f"and there are {number}{f' (from {source})' if source else ''}.",
        next_step=BY_HAND,
        field=source or segment_id,
        code=Reason.TOO_MANY_SEGMENTS,
    )


def isa_ids(route: Route, stream: Stream) -> tuple[str, str]:
    """Our ISA id and the partner's on `stream`.

    Raises:
        Parked: one of them does not fit into X12's envelope (`MAX_ISA_ID_LENGTH`).
    """
    sender, receiver = route.company.isa_id.on(stream), route.partner_isa_id.on(stream)
    if _fits_envelope(sender) and _fits_envelope(receiver):
        return sender, receiver
    for isa_id, whose, key in (
        (sender, "our", f"companies.{route.company.name}"),
        (receiver, "the partner's", f"partners.{route.partner}"),
    ):
        if not _fits_envelope(isa_id):
            raise Parked(
                f"'{isa_id}', {whose} ISA id on {stream}, cannot stand in an X12 envelope: it holds 1 to "
                f"{MAX_ISA_ID_LENGTH} letters, digits and plain signs.",
                next_step=f"Correct {key}.orderful.isa_id.{stream} in the routing file and apply it.",
                field=f"{key}.orderful.isa_id.{stream}",
                code=Reason.ISA_ID_INVALID,
            )
    return sender, receiver


@lru_cache(maxsize=1024)
def _fits_envelope(isa_id: str) -> bool:
    is_plain = isa_id.isascii() and not FOREIGN[Charset.EXTENDED].search(isa_id)
    return is_plain and 1 <= len(isa_id) <= MAX_ISA_ID_LENGTH


def syntax_faults(segment_id: str, filled: tuple[bool, ...]) -> list[Fault]:
    """What the syntax notes of a segment find, given which of its elements are filled."""
    faults = []
    for note in SEGMENTS[segment_id].syntax:
        letter, positions = note[0], [int(note[at : at + 2]) for at in range(1, len(note), 2)]
        present = [position <= len(filled) and filled[position - 1] for position in positions]
        if _violates(letter, present):
            faults.append(Fault(f"{segment_id}{positions[0]:02d}", f"breaks the syntax note {note}"))
    return faults


def _violates(letter: str, present: list[bool]) -> bool:
    match letter:
        case "R":
            return not any(present)
        case "P":
            return any(present) and not all(present)
        case "C":
            return present[0] and not all(present)
        case _:
            return present[0] and not any(present[1:])


def _check_syntax(segment: Segment) -> None:
    if SEGMENTS[segment.id].syntax:
        faults = syntax_faults(segment.id, tuple(map(bool, segment.values)))
        if faults:
            raise Parked(
                f"{faults[0].element} {faults[0].problem}{_where(segment)}.",
                next_step="Report this document: the connector should not have written it so.",
                field=segment.source or faults[0].element,
                code=Reason.CONNECTOR_DEFECT,
            )


def _explain(segment: Segment, route: Route) -> None:
    """Find out which element it was, and why. Signs and points of numbers do not count, so it may have been none.

    Raises:
        Parked: names where the content of the element stands, and the routing key that helps where there is one.
    """
    options = route.x12
    for position, element in enumerate(SEGMENTS[segment.id].elements, 1):
        value = segment.values[position - 1] if position <= len(segment.values) else ""
        problem = _problem(element, value, options)
        if problem:
            name, source = f"{segment.id}{position:02d}", segment.source_of(position)
            key, word = _way_out(element, value, options) or (None, None)
            step = correction_at(source, route.kind)
            if key is not None:
                key = f"partners.{route.partner}.x12.{key}"
                step = f"Agree on {key}: {word} with the partner and apply the file. Otherwise: {step}"
            raise Parked(
                f"{name} ({element.key}) {problem}{f' (from {source})' if source else ''}.",
                next_step=step,
                field=source or name,
                waits_for=key,
                code=Reason.VALUE_DOES_NOT_FIT,
            )


def _way_out(element: Element, value: str, options: X12Options) -> tuple[str, str] | None:
    """The setting of `x12`, and its word, with which an element can hold its value."""
    for charset in Charset:
        for version in VERSIONS:
            if _problem(element, value, replace(options, charset=charset, version=version)) is None:
                if charset != options.charset and version == options.version:
                    return "charset", charset.value
                if version != options.version and charset == options.charset:
                    return "version", version
    return None


def _problem(element: Element, value: str, options: X12Options) -> str | None:
    longest = element.longest[options.version]
    if not value:
        return "is missing" if element.mandatory else None
    if element.codes is not None:
        return None if value in element.codes else f"has the code {value}, which is not one the connector may send"
    if len(value.translate(_FOR_NUMBERS) if element.kind in _NUMERIC else value) > longest:
        return f"holds {longest} characters at most, and '{value}' has more"
    if len(value) < element.shortest:
        return f"holds {element.shortest} characters at least, and '{value}' has fewer"
    if FOREIGN[options.charset].search(value):
        return f"cannot hold '{value}' in the character set agreed with this partner ({options.charset})"
    return None


def _where(segment: Segment) -> str:
    return f" (from {segment.source})" if segment.source else ""
