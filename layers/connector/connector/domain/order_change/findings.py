"""What comes to light while an 860 is compared with an order: wishes, writes, and what stands against them."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import msgspec

from connector.domain.order_change.edits import LineEdit
from connector.domain.order_change.request import ChangeRequest, LineRequest
from connector.domain.reasons import Reason
from connector.domain.routing.route import ChangeRules
from connector.domain.text import truncated

HEADER = "order"
"""What a difference or an objection that concerns no line is about."""

BY_HAND = "No approval lifts this: change the order in Visma by hand and close the change; or reject it."
"""What to do about what nobody can read."""

LONGEST_VALUE = 40
"""Characters of a value that are shown to a person; no quantity, price, date, unit or item of ours is longer."""

LONGEST_COMPARED = 150
"""Characters of a place, or of terms, that are laid beside those of the order."""

LONGEST_QUOTE = 200
"""Characters of what is told besides."""

MOST_COMPARED = 10
"""Of them, so many are laid side by side; a message may name hundreds of parties."""

LONGEST_SENTENCE = 500
"""Characters of an objection: it may quote several values."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing the partner wants otherwise, in all three versions; None where there is nothing to show."""

    where: str
    field: str
    base: str | None = msgspec.field(default=None, name="had")
    theirs: str | None = msgspec.field(default=None, name="asked")
    ours: str | None = msgspec.field(default=None, name="has")


class Objection(NamedTuple):
    """Why the change does not go through by itself.

    Attributes:
        where: `order`, `line 3`, `new line 1298`.
        hard: An approval does not lift it.
        code: Which reason it is.
        waits_for: The routing key that would.
    """

    where: str
    sentence: str
    hard: bool
    code: Reason
    next_step: str | None = None
    waits_for: str | None = None


class Insert(NamedTuple):
    """A line that the message adds.

    Attributes:
        place: Where it stands in the message: Visma numbers added lines as they come.
        is_there: The order has it already.
    """

    place: int
    edit: LineEdit
    is_there: bool


@dataclass(slots=True)
class Findings:
    """Everything found so far.

    Attributes:
        rules: The limits of the partner.
        edits: Lines that have yet to be written.
        wishes: Lines that the partner wants otherwise, written already or not.
        unwritten: What the message asks for and no approval writes: where, and the sentence.
        readings: What an approval writes in a reading that a person takes over; if it writes nothing, it is unwritten.
        dated: Lines whose days the message names itself.
        promised_on: Header date that has yet to be written.
        wished_on: The same, written already or not.
        cancels: The partner calls the whole order off.
        told: What is told besides, and stands against nothing.
        kept: What the message repeats of what the partner had, and Visma has otherwise and keeps.
        since: The day before which no day can be wanted, and what is of that day: the message or the order.
        compared: How much was laid side by side that no change writes.
        inserts: Lines that are added.
        gone: Deletions of lines that the order does not have.
    """

    rules: ChangeRules
    _: KW_ONLY
    objections: list[Objection] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    edits: list[LineEdit] = field(default_factory=list)
    wishes: list[LineEdit] = field(default_factory=list)
    unwritten: list[tuple[str, str]] = field(default_factory=list)
    readings: list[tuple[str, str]] = field(default_factory=list)
    dated: set[int] = field(default_factory=set)
    promised_on: date | None = None
    wished_on: date | None = None
    cancels: bool = False
    remarks: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    since: tuple[date, str] | None = None
    compared: int = 0
    inserts: list[Insert] = field(default_factory=list)
    gone: list[LineRequest] = field(default_factory=list)

    def doubt(
        self,
        sentence: str,
        *,
        code: Reason,
        where: str = HEADER,
        hard: bool = False,
        next_step: str | None = None,
        waits_for: str | None = None,
    ) -> None:
        """Record an objection."""
        self.objections.append(
            Objection(
                where=where,
                sentence=truncated(sentence, LONGEST_SENTENCE),
                hard=hard,
                code=code,
                next_step=next_step,
                waits_for=waits_for,
            )
        )

    def leaves_out(self, sentence: str, *, code: Reason, where: str = HEADER, hard: bool = False) -> None:
        """Record what the message asks for and no approval writes; with `hard`, nothing of the message is."""
        self.doubt(sentence, where=where, hard=hard, next_step=BY_HAND if hard else None, code=code)
        self.unwritten.append((where, self.objections[-1].sentence))

    def reads(self, sentence: str, *, code: Reason, where: str = HEADER) -> None:
        """Record a reading of the message that a person has to take over."""
        self.doubt(sentence, where=where, code=code)
        self.readings.append((where, self.objections[-1].sentence))

    def take_questions(self, request: ChangeRequest | LineRequest, *, where: str = HEADER) -> None:
        """Record what was noted while the message, or one of its lines, was read."""
        name = "" if where == HEADER else f"{titled(where)}: "
        for sentence in request.questions:
            self.leaves_out(f"{name}{sentence}", where=where, code=Reason.NOT_WRITABLE)
        for sentence in request.doubts:
            self.reads(f"{name}{sentence}", where=where, code=Reason.READING_TO_CONFIRM)
        for sentence in request.unreadable:
            self.leaves_out(f"{name}{sentence}", where=where, hard=True, code=Reason.PART_UNREADABLE)

    def differs(self, where: str, what: str, *, base: object, theirs: object, ours: object) -> None:
        """Record what a person compares."""
        self.differences.append(
            Difference(where=where, field=what, base=_shown(base), theirs=_shown(theirs), ours=_shown(ours))
        )

    def beside(self, where: str, what: str, *, base: str | None, theirs: str, ours: str | None) -> None:
        """Record what a person compares and no change writes: it takes more words than a value."""
        self.compared += 1
        if self.compared > MOST_COMPARED:
            return
        shown = [None if text is None else truncated(text, LONGEST_COMPARED) for text in (base, theirs, ours)]
        self.differences.append(Difference(where=where, field=what, base=shown[0], theirs=shown[1], ours=shown[2]))

    def wish(self, where: str, what: str, *, base: object, theirs: object, ours: object) -> bool:
        """Record a wish; True when it has yet to be written."""
        self.differs(where, what, base=base, theirs=theirs, ours=ours)
        if ours == theirs:
            return False
        if ours != base:
            self.doubt(
                f"{titled(where)}: the {what} was changed in Visma meanwhile, from {said(base)} to {said(ours)}; "
                f"the partner asks for {said(theirs)}.",
                where=where,
                code=Reason.CHANGED_IN_VISMA,
            )
        return True

    def remark(self, sentence: str) -> None:
        """Record what a person should know and nothing depends on."""
        self.remarks.append(truncated(sentence, LONGEST_QUOTE))

    def keeps(self, where: str, what: str, base: object, ours: object) -> None:
        """Record that a value is only repeated, and that Visma has another one, which stays."""
        if isinstance(base, str) or isinstance(ours, str):
            # Parties and terms take more words than a value.
            base, ours = (None if one is None else str(one) for one in (base, ours))
            self.beside(where, what, base=base, theirs=base or "none", ours=ours)
            sentence = f"{titled(where)}: the {what} is as the partner had it; Visma keeps {ours or 'none'}."
        else:
            self.differs(where, what, base=base, theirs=base, ours=ours)
            sentence = f"{titled(where)}: the {what} {said(base)} is what the partner had; Visma keeps {said(ours)}."
        self.kept.append(truncated(sentence, LONGEST_QUOTE))

    def moves(self, where: str, what: str, base: date | None, theirs: date) -> None:
        """Object when a date moves further than allowed, or into the past."""
        self.passes(where, what, theirs)
        if base is None:
            self.doubt(
                f"{titled(where)}: the {what} is to be {theirs}, and there was none.",
                where=where,
                code=Reason.DATE_BEYOND_LIMIT,
            )
        elif abs(theirs - base) > self.rules.dates:
            self.doubt(
                f"{titled(where)}: the {what} moves from {said(base)} to {said(theirs)}, "
                f"further than {self.rules.dates.days} days.",
                where=where,
                code=Reason.DATE_BEYOND_LIMIT,
            )

    def passes(self, where: str, what: str, theirs: date) -> None:
        """Object to a day that was over when the message was written, or the order."""
        if self.since is not None and theirs < self.since[0]:
            day, of = self.since
            self.doubt(
                f"{titled(where)}: the {what} {theirs} is in the past: the {of} is of {day}.",
                where=where,
                code=Reason.DATE_IN_PAST,
            )

    def grows(self, where: str, what: str, *, base: Decimal, theirs: Decimal, share: Decimal, code: Reason) -> None:
        """Object when a number changes by more than its share of what the partner had."""
        if is_beyond(base, theirs, share):
            self.doubt(
                f"{titled(where)}: the {what} goes from {said(base)} to {said(theirs)}, more than "
                f"{said(share * 100)} %.",
                where=where,
                code=code,
            )


def is_beyond(base: Decimal, theirs: Decimal, share: Decimal) -> bool:
    """Whether the step from `had` to `asked` is larger than a share of `had`."""
    return abs(theirs - base) > abs(base) * share


def titled(where: str) -> str:
    """The name of a place at the beginning of a sentence."""
    return where[:1].upper() + where[1:]


def said(value: object) -> str:
    """A value inside a sentence."""
    shown = _shown(value)
    return "none" if shown is None else shown


def _shown(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        return format(value.normalize() if value else Decimal(0), "f")
    return truncated(str(value), LONGEST_VALUE)
