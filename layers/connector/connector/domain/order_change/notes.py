"""Notes, references and unknown item names of an 860.

No change writes them. Text that we sent to the partner is ignored when it comes back. The rest becomes a remark. It
becomes a question if it may be what the message is about, or may contradict it: if the message asks for nothing else,
if the note is on a line that is changed, added or taken out, or if it is a note of the header, where the partner's
`changes.header_note` does not say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import msgspec

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.order_change.findings import HEADER, MAX_QUOTE_LENGTH, Findings, titled
from connector.domain.order_change.line_match import Found, Lines
from connector.domain.order_change.parties_and_terms import folded
from connector.domain.order_change.request import Aside, Ask, ChangePurpose, LineRequest
from connector.domain.reasons import Reason
from connector.domain.routing.route import OnHeaderNote
from connector.domain.text import truncated

_MIN_CUT_LENGTH = 30
"""From this many characters on, a part of a text that was sent counts as that text: X12 cuts notes into segments."""

_LABELS = (
    *("notes", "promised", "supplierreference", "yourreference", "termsofdelivery", "fobpoint", "warehouse"),
    *("discount", "surcharge", "freight", "other", "adjustment", "rounding"),
)
"""Labels before values in the notes and references that are sent, folded."""


@dataclass(slots=True)
class Asides:
    """The notes, references and item names of one message: collected line by line, recorded at the end.

    Attributes:
        orders: The versions of the order whose texts were sent.
        notes: Notes and references of the header and of lines that do not change: where, and the text.
        names: Unknown item names: where, the text, and what the code of the line asks for.
    """

    findings: Findings
    orders: Sequence[PurchaseOrder]
    _: KW_ONLY
    notes: list[tuple[str, Aside]] = field(default_factory=list)
    names: list[tuple[str, str, Ask]] = field(default_factory=list)
    _sent: list[str] = field(default_factory=list)
    _values: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Collect the texts that were sent."""
        texts = {folded(text) for order in self.orders for text in _texts(order)} - {""}
        self._sent = sorted({*texts, *_LABELS}, key=lambda one: (-len(one), one))
        self._values = frozenset(folded(word) for order in self.orders for word in _leaves(msgspec.to_builtins(order)))

    def header(self, asides: Iterable[Aside]) -> None:
        """Collect the notes and references of the header."""
        self.notes += [(HEADER, one) for one in self.unsent(asides)]

    def line(self, theirs: LineRequest, where: str, *, moves: bool) -> None:
        """Collect the notes and references of a line.

        With `moves`, the change writes the line, so its notes are questions at once. For a line that is taken out,
        `partial_texts` asks as well.
        """
        for one in self.unsent(theirs.asides):
            if moves and one.is_note:
                self.findings.add_unwritten(
                    f"{titled(where)}: its note says '{_quoted(one)}', of which an approval writes nothing.",
                    where=where,
                    code=Reason.NOTE_TO_READ,
                )
            else:
                self.notes.append((where, one))

    def item(self, theirs: LineRequest, found: Found, lines: Lines) -> None:
        """Collect item names that the order does not have; a deletion with unknown names only is a question."""
        line = found.ours or found.base
        if line is None:
            return
        where = f"line {found.number}"
        numbers, proven = lines.unknown_numbers(theirs, line)
        if numbers and theirs.ask is Ask.DELETE and not proven:
            self.findings.add_objection(
                f"{titled(where)} is to be taken out by its number alone: its item is called "
                f"{truncated(', '.join(numbers), MAX_QUOTE_LENGTH)}, with which nothing here can be compared. Is item "
                f"{line.item} meant?",
                where=where,
                code=Reason.ITEM_UNPROVEN,
            )
        elif numbers:
            self.names.append((where, f"number {', '.join(numbers)}", theirs.ask))
        our_texts = [folded(text) for one in (found.base, found.ours) if one is not None for text in _descriptions(one)]
        others = [one for one in theirs.descriptions if our_texts and not _is_called(folded(one), our_texts)]
        if others:
            self.names.append((where, f"'{'; '.join(others)}'", theirs.ask))

    def conclude(self, purpose: ChangePurpose, *, is_all: bool) -> None:
        """Record what was collected: as questions if the message asks for nothing else (`is_all`), else as remarks.

        Notes of the header of a change are questions in either case, unless routing knows them for standing texts. A
        cancellation is decided by a person anyway.

        The references of a confirmation, and the names of lines that it only repeats, are no question: they are the
        sender's own. The texts of notes and references are remarks of the message already.
        """
        cancels, confirms = purpose is ChangePurpose.CANCELLATION, purpose is ChangePurpose.CONFIRMATION
        is_all = is_all and not cancels
        if not (is_all or cancels) and self.findings.rules.header_note is OnHeaderNote.ASK:
            for where, one in self.notes:
                if where == HEADER and one.is_note:
                    self.findings.add_objection(
                        f"Its note says '{_quoted(one)}', which may limit or contradict what it asks for.",
                        where=where,
                        code=Reason.NOTE_TO_READ,
                    )
        for where, one in self.notes if is_all else ():
            if confirms and not one.is_note:
                continue
            what = "its note says" if one.is_note else "it has a reference that the partner was not sent,"
            start = "Nothing of the order changes" if where == HEADER else f"{titled(where)}: nothing of it changes"
            self.findings.add_unwritten(f"{start}, and {what} '{_quoted(one)}'.", where=where, code=Reason.NOTE_TO_READ)
        named = []
        noted = {Ask.DELETE, Ask.NOTHING} if confirms else {Ask.DELETE}
        for where, text, ask in self.names:
            if is_all and ask not in noted:
                self.findings.add_unwritten(
                    f"{titled(where)}: nothing changes but what the item is called: "
                    f"{truncated(text, MAX_QUOTE_LENGTH)}, which is not the order's.",
                    where=where,
                    code=Reason.NOTE_TO_READ,
                )
            else:
                named.append(f"{where}: {text}")
        if named:
            self.findings.add_remark(f"Items have names that the order does not have: {'; '.join(sorted(set(named)))}.")

    def unsent(self, asides: Iterable[Aside]) -> list[Aside]:
        """The notes and references that we did not send."""
        return [one for one in asides if not self._was_sent(one)]

    def _was_sent(self, one: Aside) -> bool:
        parts = [folded(part) for part in one.parts]
        if not one.is_note:
            return all(part in self._values or part in _LABELS for part in parts)
        return all(self._is_sent(part) for part in parts) or self._is_sent("".join(parts))

    def _is_sent(self, text: str) -> bool:
        if len(text) >= _MIN_CUT_LENGTH and any(text in one for one in self._sent):
            return True
        for one in self._sent:
            text = text.replace(one, "") if len(one) > 1 else text
        return not text


def _quoted(one: Aside) -> str:
    return truncated(one.text, MAX_QUOTE_LENGTH)


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
