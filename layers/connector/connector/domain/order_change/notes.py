"""What an 860 tells beside what it changes: notes, references, and names of an item that nothing can be compared with.

None of it is written by a change. What the partner was sent comes back without saying anything. The rest is told; it is
a question where it may be what the message is about: the message wants nothing else, or the note is of a line that
changes, is added or goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import msgspec

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.order_change.findings import HEADER, LONGEST_QUOTE, Findings, titled
from connector.domain.order_change.line_match import Found, Lines
from connector.domain.order_change.parties_and_terms import folded
from connector.domain.order_change.request import Aside, Ask, LineRequest
from connector.domain.reasons import Reason
from connector.domain.text import truncated

_SHORTEST_CUT = 30
"""Letters from which on a part of a text that was sent is that text: notes are cut into segments."""

_LABELS = (
    *("notes", "promised", "supplierreference", "yourreference", "termsofdelivery", "fobpoint", "warehouse"),
    *("discount", "surcharge", "freight", "other", "adjustment", "rounding"),
)
"""What stands before a value in the notes and references that are sent, folded."""


@dataclass(slots=True)
class Beside:
    """Everything of the kind in one message, gathered line by line and weighed at the end.

    Attributes:
        orders: The order as the partner had it and as it is.
        notes: Of lines of which nothing differs, and of the header: where, and what.
        names: Of lines: where, what is not known, and whether the code of the line changes something.
    """

    findings: Findings
    orders: Sequence[PurchaseOrder]
    _: KW_ONLY
    notes: list[tuple[str, Aside]] = field(default_factory=list)
    names: list[tuple[str, str, bool]] = field(default_factory=list)
    _sent: list[str] = field(default_factory=list)
    _values: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Gather what was sent."""
        texts = {folded(text) for order in self.orders for text in _texts(order)} - {""}
        self._sent = sorted({*texts, *_LABELS}, key=lambda one: (-len(one), one))
        self._values = frozenset(folded(word) for order in self.orders for word in _leaves(msgspec.to_builtins(order)))

    def header(self, asides: Iterable[Aside]) -> None:
        """Take what the header tells."""
        self.notes += [(HEADER, one) for one in self.unsent(asides)]

    def line(self, theirs: LineRequest, where: str, *, moves: bool) -> None:
        """Take what a line tells; with `moves`, a change would write the line, and a note may say how far.

        Of a line that goes, `partial_texts` asks.
        """
        for one in self.unsent(theirs.asides):
            if moves and one.is_note:
                self.findings.leaves_out(
                    f"{titled(where)}: its note says '{_quoted(one)}', of which an approval writes nothing.",
                    where=where,
                    code=Reason.NOTE_TO_READ,
                )
            else:
                self.notes.append((where, one))

    def item(self, theirs: LineRequest, found: Found, lines: Lines) -> None:
        """Take the names of the item that are not the order's; a line that goes by them alone is a question."""
        line = found.ours or found.base
        if line is None:
            return
        where = f"line {found.number}"
        changes = theirs.ask in {Ask.CHANGE, Ask.REPLACE}
        numbers, proven = lines.unproven(theirs.products, line)
        if numbers and theirs.ask is Ask.DELETE and not proven:
            self.findings.doubt(
                f"{titled(where)} is to be taken out by its number alone: its item is called "
                f"{truncated(', '.join(numbers), LONGEST_QUOTE)}, with which nothing here can be compared. Is item "
                f"{line.item} meant?",
                where=where,
                code=Reason.ITEM_UNPROVEN,
            )
        elif numbers:
            self.names.append((where, f"number {', '.join(numbers)}", changes))
        our_texts = [folded(text) for one in (found.base, found.ours) if one is not None for text in _descriptions(one)]
        others = [one for one in theirs.descriptions if our_texts and not _is_called(folded(one), our_texts)]
        if others:
            self.names.append((where, f"'{'; '.join(others)}'", changes))

    def weigh(self, *, is_all: bool, confirms: bool) -> None:
        """Ask about what may be all that the message says (`is_all`), and tell the rest.

        A confirmation has the numbers of whoever confirms, so that its references are none of it.
        The words themselves of notes and references are told as remarks of the message.
        """
        for where, one in self.notes if is_all else ():
            if confirms and not one.is_note:
                continue
            what = "its note says" if one.is_note else "it has a reference that the partner was not sent,"
            start = "Nothing of the order changes" if where == HEADER else f"{titled(where)}: nothing of it changes"
            self.findings.leaves_out(f"{start}, and {what} '{_quoted(one)}'.", where=where, code=Reason.NOTE_TO_READ)
        named = []
        for where, text, changes in self.names:
            if is_all and changes:
                self.findings.leaves_out(
                    f"{titled(where)}: nothing changes but what the item is called: {truncated(text, LONGEST_QUOTE)}, "
                    "which is not the order's.",
                    where=where,
                    code=Reason.NOTE_TO_READ,
                )
            else:
                named.append(f"{where}: {text}")
        if named:
            self.findings.remark(f"Items have names that the order does not have: {'; '.join(sorted(set(named)))}.")

    def unsent(self, asides: Iterable[Aside]) -> list[Aside]:
        """What the partner was not sent."""
        return [one for one in asides if not self._was_sent(one)]

    def _was_sent(self, one: Aside) -> bool:
        parts = [folded(part) for part in one.parts]
        if not one.is_note:
            return all(part in self._values or part in _LABELS for part in parts)
        return all(self._is_sent(part) for part in parts) or self._is_sent("".join(parts))

    def _is_sent(self, text: str) -> bool:
        if len(text) >= _SHORTEST_CUT and any(text in one for one in self._sent):
            return True
        for one in self._sent:
            text = text.replace(one, "") if len(one) > 1 else text
        return not text


def _quoted(one: Aside) -> str:
    return truncated(one.text, LONGEST_QUOTE)


def _texts(order: PurchaseOrder) -> Iterator[str]:
    yield from filter(None, (order.description, order.note, order.supplier_reference, order.ship_terms))
    yield from filter(None, (order.fob_point,))
    for discount in order.discounts:
        yield f"{discount.amount:.2f}"
        yield discount.description or ""
    for line in order.lines:
        yield f"Line {line.number}"
        yield from filter(None, (line.note, *_descriptions(line)))
        if line.is_charge and line.amount is not None:
            yield f"{line.amount:.2f}"
        yield from (day.isoformat() for day in (line.promised, order.promised_on) if day is not None)


def _descriptions(line: OrderLine) -> list[str]:
    return [text for text in (line.description, line.item_description) if text]


def _is_called(name: str, our_texts: Iterable[str]) -> bool:
    return not name or any(name in one or one in name for one in our_texts if one)


def _leaves(value: Any) -> Iterator[str]:
    """Every text inside plain data."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, str):
        yield value
