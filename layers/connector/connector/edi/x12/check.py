"""Whether a tree can be written as X12: lengths, codes, numbers, character set, syntax notes, how often what is used.

What does not fit is never bent to fit: the document is parked with the element and the Visma line named.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

from connector.domain.advice import BY_HAND, correction_at
from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.routing.route import Charset, Route, X12Options
from connector.domain.routing.values import LONGEST_ISA_ID
from connector.domain.transactions import Stream
from connector.edi.x12.charset import FOREIGN
from connector.edi.x12.dictionary import MOST, SEGMENTS, VERSIONS, Element, Uses
from connector.edi.x12.model import Loop, Segment

_FOR_NUMBERS = str.maketrans("", "", "-.")
_NUMERIC = frozenset({"R", "N2"})


class _Allowed(NamedTuple):
    """What one element may be: one of these codes or, where there is no code list, of one of these lengths."""

    codes: frozenset[str] | None
    lengths: frozenset[int]


def _allowed(element: Element, version: str) -> _Allowed:
    lengths = frozenset(range(element.shortest, element.longest[version] + 1))
    if element.mandatory:
        return _Allowed(element.codes, lengths)
    return _Allowed(element.codes and element.codes | {""}, lengths | {0})


_ALLOWED = {
    version: {
        segment_id: tuple(_allowed(element, version) for element in rule.elements)
        for segment_id, rule in SEGMENTS.items()
    }
    for version in VERSIONS
}
_LAST_MANDATORY = {
    segment_id: max((at for at, element in enumerate(rule.elements, 1) if element.mandatory), default=0)
    for segment_id, rule in SEGMENTS.items()
}


def _uses(uses: Uses, version: str) -> dict[str, int]:
    most = {name: most.get(version) if isinstance(most, dict) else most for name, most in uses.items()}
    return {name: number for name, number in most.items() if number is not None}


_MOST = {
    version: {set_id: {loop: _uses(uses, version) for loop, uses in loops.items()} for set_id, loops in MOST.items()}
    for version in VERSIONS
}


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
    if set_id in MOST:
        _check_uses(tree, _MOST[options.version][set_id])
    if _is_suspect(segments, options):
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


def _is_suspect(segments: list[Segment], options: X12Options) -> bool:
    """Whether a second look is needed. Every document passes here, so like elements are looked at all at once."""
    rows_of: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for segment in segments:
        rows_of[segment.id].append(segment.values)
    for segment_id, rows in rows_of.items():
        columns = list(zip_longest(*rows, fillvalue=""))
        if len(columns) < _LAST_MANDATORY[segment_id]:
            return True
        for column, (codes, lengths) in zip(columns, _ALLOWED[options.version][segment_id], strict=False):
            if not (lengths.issuperset(map(len, column)) if codes is None else codes.issuperset(column)):
                return True
        if SEGMENTS[segment_id].syntax:
            for filled in set(zip(*(map(bool, column) for column in columns), strict=True)):
                if _cached_faults(segment_id, filled):
                    return True
    return bool(FOREIGN[options.charset].search("".join(["".join(segment.values) for segment in segments])))


def isa_ids(route: Route, stream: Stream) -> tuple[str, str]:
    """Our ISA id and the partner's on `stream`.

    Raises:
        Parked: one of them does not fit into X12's envelope (`LONGEST_ISA_ID`).
    """
    sender, receiver = route.company.isa_id.on(stream), route.partner_isa_id.on(stream)
    for isa_id, whose, key in (
        (sender, "our", f"companies.{route.company.name}"),
        (receiver, "the partner's", f"partners.{route.partner}"),
    ):
        if not 1 <= len(isa_id) <= LONGEST_ISA_ID or not isa_id.isascii() or FOREIGN[Charset.EXTENDED].search(isa_id):
            raise Parked(
                f"'{isa_id}', {whose} ISA id on {stream}, cannot stand in an X12 envelope: it holds 1 to "
                f"{LONGEST_ISA_ID} letters, digits and plain signs.",
                next_step=f"Correct {key}.orderful.isa_id.{stream} in the routing file and apply it.",
                field=f"{key}.orderful.isa_id.{stream}",
                code=Reason.ISA_ID_INVALID,
            )
    return sender, receiver


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


# Segments of one kind are filled in a handful of ways, so their notes are worked out once for each way.
_cached_faults = lru_cache(maxsize=1024)(syntax_faults)


def _check_syntax(segment: Segment) -> None:
    if SEGMENTS[segment.id].syntax:
        faults = _cached_faults(segment.id, tuple(map(bool, segment.values)))
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
