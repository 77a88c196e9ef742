"""Collects the result of comparing an 860 with an order: requests, edits, objections and remarks."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import msgspec

from connector.domain.order_change.edits import LineEdit
from connector.domain.order_change.limits import Start
from connector.domain.order_change.request import ChangeRequest, LineRequest
from connector.domain.reasons import Reason
from connector.domain.routing.route import ChangeRules
from connector.domain.text import truncated

HEADER = "order"
"""The `where` of a difference or an objection that concerns no line."""

TAKEN_OUT = "taken out"
"""What the partner asks for of a line that is to go."""

BY_HAND = "No approval lifts this: change the order in Visma by hand and close the change; or reject it."
"""Next step for a part of the message that cannot be read."""

MAX_VALUE_LENGTH = 40
"""Most characters of a value in a sentence; no quantity, price, date, unit or item of ours is longer."""

MAX_COMPARED_LENGTH = 150
"""Most characters of a party, or of terms, in a difference."""

MAX_QUOTE_LENGTH = 200
"""Most characters of a remark, or of a quotation in a sentence."""

MAX_COMPARED = 10
"""Most differences of parties and terms that are recorded; a message may name hundreds of parties."""

MAX_SENTENCE_LENGTH = 500
"""Most characters of an objection: it may quote several values."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One value in the three versions (base, theirs, ours); None where a version has no such value."""

    where: str
    field: str
    base: str | None = msgspec.field(default=None, name="had")
    theirs: str | None = msgspec.field(default=None, name="asked")
    ours: str | None = msgspec.field(default=None, name="has")


class Objection(NamedTuple):
    """Why a change is not applied without a person.

    Attributes:
        where: `order`, `line 3`, `new line 1298`.
        hard: An approval does not lift it.
        code: The reason code.
        waits_for: The routing key that lifts it; None when no routing change does.
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
        place: Its position in the message: Visma numbers added lines in the order in which they are written.
        is_there: The order has it already.
    """

    place: int
    edit: LineEdit
    is_there: bool


@dataclass(slots=True)
class Findings:
    """What was found so far.

    Attributes:
        rules: The limits of the partner.
        start: The values from which the limits count.
        objections: Why the change is not applied without a person.
        differences: The values that a person compares.
        edits: Edits of lines that are not in Visma yet.
        requested: Edits of lines that the partner asks for, written already or not.
        unwritten: What the message asks for and no approval writes: where, and the sentence.
        readings: Interpretations that a person has to confirm: where, and the sentence. Unwritten if nothing is
            written.
        dated: Numbers of the lines for which the message gives a day.
        promised_on: Header date that is not in Visma yet.
        requested_on: Header date that the partner asks for, written already or not.
        cancels: The partner cancels the whole order.
        remarks: What a person should know and what needs no decision.
        kept: Repeated values that were changed in Visma since; Visma's value stays.
        since: The earliest day that can be wanted, and whether it is the day of the `message`, of its `receipt` or of
            the `order`.
        compared: How many differences of parties and terms there are.
        inserts: Lines that are added.
        gone: Deletions of lines that the order does not have.
    """

    rules: ChangeRules
    start: Start
    _: KW_ONLY
    objections: list[Objection] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    edits: list[LineEdit] = field(default_factory=list)
    requested: list[LineEdit] = field(default_factory=list)
    unwritten: list[tuple[str, str]] = field(default_factory=list)
    readings: list[tuple[str, str]] = field(default_factory=list)
    dated: set[int] = field(default_factory=set)
    promised_on: date | None = None
    requested_on: date | None = None
    cancels: bool = False
    remarks: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    since: tuple[date, str] | None = None
    compared: int = 0
    inserts: list[Insert] = field(default_factory=list)
    gone: list[LineRequest] = field(default_factory=list)

    def add_objection(
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
                sentence=truncated(sentence, MAX_SENTENCE_LENGTH),
                hard=hard,
                code=code,
                next_step=next_step,
                waits_for=waits_for,
            )
        )

    def add_unwritten(self, sentence: str, *, code: Reason, where: str = HEADER, hard: bool = False) -> None:
        """Record what the message asks for and no approval writes. With `hard`, the whole message is not written."""
        self.add_objection(sentence, where=where, hard=hard, next_step=BY_HAND if hard else None, code=code)
        self.unwritten.append((where, self.objections[-1].sentence))

    def ask_to_confirm(self, sentence: str, *, code: Reason, where: str = HEADER) -> None:
        """Record an interpretation of the message that a person has to confirm."""
        self.add_objection(sentence, where=where, code=code)
        self.readings.append((where, self.objections[-1].sentence))

    def take_questions(self, request: ChangeRequest | LineRequest, *, where: str = HEADER) -> None:
        """Record the questions and doubts that came up while the message, or one of its lines, was read."""
        name = "" if where == HEADER else f"{titled(where)}: "
        for sentence in request.questions:
            self.add_unwritten(f"{name}{sentence}", where=where, code=Reason.NOT_WRITABLE)
        for sentence in request.doubts:
            self.ask_to_confirm(f"{name}{sentence}", where=where, code=Reason.READING_TO_CONFIRM)
        for sentence in request.unreadable:
            self.add_unwritten(f"{name}{sentence}", where=where, hard=True, code=Reason.PART_UNREADABLE)

    def add_difference(self, where: str, what: str, *, base: object, theirs: object, ours: object) -> None:
        """Record the three versions of a value, for a person."""
        self.differences.append(
            Difference(
                where=where,
                field=what,
                base=_text_or_none(base),
                theirs=_text_or_none(theirs),
                ours=_text_or_none(ours),
            )
        )

    def compare_text(self, where: str, what: str, *, base: str | None, theirs: str, ours: str | None) -> None:
        """Record the three versions of a party or of terms, which no change writes; at most `MAX_COMPARED`."""
        self.compared += 1
        if self.compared > MAX_COMPARED:
            return
        texts = [None if text is None else truncated(text, MAX_COMPARED_LENGTH) for text in (base, theirs, ours)]
        self.differences.append(Difference(where=where, field=what, base=texts[0], theirs=texts[1], ours=texts[2]))

    def add_requested(self, where: str, what: str, *, base: object, theirs: object, ours: object) -> bool:
        """Record a value that the partner asks for. True when Visma has another value; a conflict is an objection."""
        self.add_difference(where, what, base=base, theirs=theirs, ours=ours)
        if ours == theirs:
            return False
        if ours != base:
            self.add_objection(
                f"{titled(where)}: the {what} was changed in Visma meanwhile, from {text_of(base)} to {text_of(ours)}; "
                f"the partner asks for {text_of(theirs)}.",
                where=where,
                code=Reason.CHANGED_IN_VISMA,
            )
        return True

    def add_remark(self, sentence: str) -> None:
        """Record what a person should know and what needs no decision."""
        self.remarks.append(truncated(sentence, MAX_QUOTE_LENGTH))

    def add_kept(self, where: str, what: str, base: object, ours: object) -> None:
        """Record that the message repeats the value of `base`, and that Visma's newer value stays."""
        if isinstance(base, str) or isinstance(ours, str):
            # Parties and terms are longer than a value.
            base, ours = (None if one is None else str(one) for one in (base, ours))
            self.compare_text(where, what, base=base, theirs=base or "none", ours=ours)
            sentence = f"{titled(where)}: the {what} is as the partner had it; Visma keeps {ours or 'none'}."
        else:
            self.add_difference(where, what, base=base, theirs=base, ours=ours)
            sentence = (
                f"{titled(where)}: the {what} {text_of(base)} is what the partner had; Visma keeps {text_of(ours)}."
            )
        self.kept.append(truncated(sentence, MAX_QUOTE_LENGTH))

    def check_move(self, where: str, what: str, base: date | None, theirs: date, *, start: date | None) -> None:
        """Object if a date moves further than `changes.dates` from the day in `start`, or into the past."""
        self.check_past(where, what, theirs)
        if start is None:
            self.add_objection(
                f"{titled(where)}: the {what} is to be {theirs}, and there was none.",
                where=where,
                code=Reason.DATE_BEYOND_LIMIT,
            )
        elif abs(theirs - start) > self.rules.dates:
            self.add_objection(
                f"{titled(where)}: the {what} moves from {text_of(base)} to {text_of(theirs)}, "
                f"further than {self.rules.dates.days} days{_counted_from(base, start)}.",
                where=where,
                code=Reason.DATE_BEYOND_LIMIT,
            )

    def check_past(self, where: str, what: str, theirs: date) -> None:
        """Object if a day is before the date of the message, its receipt or the order (`since`)."""
        if self.since is not None and theirs < self.since[0]:
            day, of = self.since
            self.add_objection(
                f"{titled(where)}: the {what} {theirs} is in the past: the {of} is of {day}.",
                where=where,
                code=Reason.DATE_IN_PAST,
            )

    def check_share(
        self, where: str, what: str, *, base: Decimal, start: Decimal, theirs: Decimal, share: Decimal, code: Reason
    ) -> None:
        """Object if a number changes by more than `share` (0.2 is 20 %) of its value in `start`."""
        if is_beyond(start, theirs, share):
            self.add_objection(
                f"{titled(where)}: the {what} goes from {text_of(base)} to {text_of(theirs)}, more than "
                f"{text_of(share * 100)} %{_counted_from(base, start)}.",
                where=where,
                code=code,
            )


def _counted_from(base: object, start: object) -> str:
    """The value from which a limit counts, where it is not the one that the partner last saw."""
    return "" if start == base else f" from {text_of(start)}, which was last sent or approved"


def is_beyond(base: Decimal, theirs: Decimal, share: Decimal) -> bool:
    """Whether `theirs` differs from `base` by more than `share` (0.2 is 20 %) of `base`."""
    return abs(theirs - base) > abs(base) * share


def titled(where: str) -> str:
    """`where` as the beginning of a sentence."""
    return where[:1].upper() + where[1:]


def text_of(value: object) -> str:
    """A value as text in a sentence, at most `MAX_VALUE_LENGTH` characters; `none` for None."""
    text = _text_or_none(value)
    return "none" if text is None else text


def _text_or_none(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        return format(value.normalize() if value else Decimal(0), "f")
    return truncated(str(value), MAX_VALUE_LENGTH)
