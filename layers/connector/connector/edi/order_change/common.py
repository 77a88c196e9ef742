"""What both dialects share in reading a change: questions and remarks, prices, dates, checks on lines and the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec.structs import replace

from connector.domain.documents import Address, Party
from connector.domain.order_change.request import Aside, Ask, ChangePurpose, ChangeRequest, Field, LineRequest
from connector.domain.parties import Role
from connector.domain.text import truncated
from connector.edi.order_change.codes import Reading
from connector.edi.order_change.coverage import Unread, in_sentences
from connector.edi.order_change.fields import (
    MAX_QUOTE_LENGTH,
    Data,
    NotUnderstood,
    day,
    is_timestamp,
    leaves,
    number,
    quoted,
    rows,
    shown,
    text,
)
from connector.edi.order_change.names import PURPOSES

# By how many places a price goes down to be one per unit. X12 element 639 (code list of 004010) and Mosaic's words;
# "EA" is of neither and is seen in the wild.
PRICE_BASES: Mapping[str, int] = {
    **dict.fromkeys(("PE", "UM", "EA", "TE", "WE", "QE", "perEach"), 0),
    # These say what kind of price it is and nothing of a number of units: contract, standard, fixed, quoted.
    **dict.fromkeys(("CT", "ST", "FX", "QT"), 0),
    "PN": 1,
    **dict.fromkeys(("HP", "TC", "WC", "QH", "perHundred"), 2),
    **dict.fromkeys(("TP", "TM", "WM", "QS", "perThousand"), 3),
    "TT": 4,
    "HT": 5,
}
# A price that may not be the one that the order is to have: how many places, and what it is.
DOUBTED_PRICES: Mapping[str, tuple[int, str]] = {
    "NT": (0, "marked as net (NT); whether discounts come off it nobody can tell"),
    "CA": (0, "a catalogue price (CA), off which a discount may come"),
    "LE": (0, "a catalogue price (LE), off which a discount may come"),
    "LC": (2, "a catalogue price per hundred (LC), off which a discount may come"),
    "LM": (3, "a catalogue price per thousand (LM), off which a discount may come"),
    "CP": (0, "the current price, subject to change (CP)"),
}
# What a consumer pays, not what a supplier is paid: retail and suggested retail prices.
RETAIL_PRICES = frozenset({"RC", "RD", "RE", "RM", "RT", "SR"})
_GTIN_LENGTHS = {"gtin12": 12, "gtin13": 13, "gtin14": 14, "UP": 12, "EN": 13, "UK": 14}
_MAX_REMARKS = 50
_CODED = ("qualifier", "qualifiercode")
_WORD = {Field.QUANTITY: "quantity", Field.PRICE: "price", Field.DATES: "date"}
_EVERYTHING = frozenset(Field)


class OwnReadings(NamedTuple):
    """What a partner means by codes that leave it open (routing).

    Attributes:
        codes: POC02 or `changeReason` as written -> one of `CODE_NAMES`.
        price_bases: POC07 or `unitPriceBasis` as written -> for how many units the price is, a power of ten.
    """

    codes: Mapping[str, str]
    price_bases: Mapping[str, int]


class Questions:
    """What a person has to look at, gathered while a line, or the header, is read.

    Each is a sentence in lower case: behind the name of its line it stands as it is, at the header it gets a capital.

    Attributes:
        asked: What an approval does not write.
        doubted: What an approval writes as it is shown, with the field that it is of; None for what is of no field.
        unread: What nobody can read, with the field that it is of; None for what is of no field.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self.asked: list[str] = []
        self.doubted: list[tuple[Field | None, str]] = []
        self.unread: list[tuple[Field | None, str]] = []

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.asked or self.doubted or self.unread)

    def all(self) -> tuple[str, ...]:
        """Every sentence, whatever kind it is of."""
        return tuple(dict.fromkeys([*self.asked, *(one for _, one in self.doubted), *(one for _, one in self.unread)]))

    def ask(self, sentence: str) -> None:
        """Add what a Visma order cannot hold, or what is not given; saying it twice says nothing more."""
        if sentence not in self.asked:
            self.asked.append(sentence)

    def doubt(self, sentence: str, field: Field | None = None) -> None:
        """Add a reading that a person has to take over, of a field where that field may change, or of none."""
        if (field, sentence) not in self.doubted:
            self.doubted.append((field, sentence))

    def refuse(self, sentence: str, field: Field | None = None) -> None:
        """Add what nobody can read. It stands against the change where its field may change, or when it has none."""
        if (field, sentence) not in self.unread:
            self.unread.append((field, sentence))

    def number(self, data: Data, name: str, what: str, field: Field) -> Decimal | None:
        """A number; one that cannot be read is refused, and None."""
        try:
            return number(data, name)
        except NotUnderstood as reason:
            self.refuse(f"its {what} cannot be read: {reason}.", field)
            return None

    def quantity(self, data: Data, name: str, what: str) -> Decimal | None:
        """A number that is not below zero."""
        found = self.number(data, name, what, Field.QUANTITY)
        if found is not None and found < 0:
            self.refuse(f"its {what} {found} is below zero.", Field.QUANTITY)
            return None
        return found

    def day(self, data: Data, name: str, what: str) -> date | None:
        """A date; one that cannot be read is refused, and None."""
        try:
            found = day(data, name)
        except NotUnderstood as reason:
            self.refuse(f"its {what} cannot be read: {reason}.", Field.DATES)
            return None
        if found is not None and is_timestamp(data, name):
            self.doubt(
                f"its {what} is the moment {text(data, name)}, which is another day elsewhere; {found} is read.",
                Field.DATES,
            )
        return found


class Days:
    """The days that a line, or the header, names; a second one that differs is a question."""

    def __init__(self, questions: Questions) -> None:
        """Begin without any."""
        self._questions = questions
        self._found: dict[str, date] = {}

    def put(self, what: str, found: date | None) -> None:
        """Take a day that was read."""
        if found is not None and self._found.setdefault(what, found) != found:
            self._questions.refuse(f"it names two {what} days, {self._found[what]} and {found}.", Field.DATES)

    @property
    def requested(self) -> date | None:
        """When the goods are wanted."""
        return self._found.get("requested")

    @property
    def promised(self) -> date | None:
        """When they are promised."""
        return self._found.get("promised")


class Remarks:
    """What a person should know besides."""

    def __init__(self) -> None:
        """Begin without any."""
        self.sentences: list[str] = []

    def tell(self, label: str, value: Any, *, names: bool = True, named: Callable[[str], str] = str) -> None:
        """Quote what a field says, if it says anything."""
        if quote := quoted(value, names=names, named=named):
            self.sentences.append(f"{label}: {stopped(quote)}")

    def all(self) -> tuple[str, ...]:
        """All of them, each once; a flood is cut, because it goes into a record of limited size."""
        remarks = tuple(dict.fromkeys(self.sentences))
        more = len(remarks) - _MAX_REMARKS
        return remarks if more <= 0 else (*remarks[:_MAX_REMARKS], f"And {more} more remarks.")


def asides(value: Any, *, is_note: bool = True) -> tuple[Aside, ...]:
    """A note, or references, as one quoted text; none when nothing is said. What names a code is left out."""
    listed = value if isinstance(value, list) else [value]
    found = []
    for one in listed:
        parts = tuple(word for name, word in leaves(one) if not name.lower().endswith(_CODED))
        if parts:
            found.append(Aside(quoted(one, names=False) or "", parts, is_note))
    return tuple(dict.fromkeys(found))


class Price(NamedTuple):
    """A price per unit.

    Attributes:
        amount: None when none is given or it cannot be read as one per unit.
        doubt: Why a person has to look before it is written.
    """

    amount: Decimal | None = None
    doubt: str | None = None


def unit_price(questions: Questions, data: Data, *, price: str, basis: str, bases: Mapping[str, int]) -> Price:
    """The price per unit; ignoring that it is one per hundred would make it a hundredfold (X12 element 639).

    Args:
        questions: Of the line.
        data: Where the two stand.
        price: The field of the price.
        basis: The field of its basis.
        bases: The partner's own readings (routing, `changes.price_bases`): basis -> number of units, a power of ten.
    """
    found, per = questions.number(data, price, "price", Field.PRICE), text(data, basis)
    if found is None or per is None:
        return Price(found)
    if per in bases:
        return Price(found.scaleb(-Decimal(bases[per]).adjusted()))
    setting = f"if this partner means the price of the order, set changes.price_bases.{per[:40]} in the routing file to"
    if per in DOUBTED_PRICES:
        places, what = DOUBTED_PRICES[per]
        return Price(found.scaleb(-places), f"its price of {found:f} is {what}; {setting} {10**places}.")
    if per in PRICE_BASES:
        return Price(found.scaleb(-PRICE_BASES[per]))
    if not found and per not in RETAIL_PRICES:
        # Nothing for whatever number of units: element 639 has NC, no charge.
        return Price(found)
    why = (
        f"is a retail price ({per}), and not one that a supplier is paid"
        if per in RETAIL_PRICES
        else f"has the basis '{per[:40]}', and for how many units that is is not known here"
    )
    questions.refuse(
        f"its price of {found:f} {why}; {setting} the number of units it is for (1, 10, 100).", Field.PRICE
    )
    return Price()


def units_differ(questions: Questions, units: Collection[str]) -> None:
    """Refuse a quantity whose figures are in several units."""
    if len(set(units)) > 1:
        listed = stopped(quoted(sorted(set(units))) or "")
        questions.refuse(f"its quantities are in different units: {listed}", Field.QUANTITY)


def stopped(text: str) -> str:
    """A text at the end of a sentence; what was cut ends in dots already."""
    return text if text.endswith(".") else f"{text}."


def gtin(kind: str, value: str) -> str:
    """A GTIN with the leading zeros that it loses when it is written as a number."""
    return value.zfill(_GTIN_LENGTHS.get(kind, 0)) if value.isascii() and value.isdigit() else value


def purpose_of(
    questions: Questions, word: str | None, known: Mapping[str, ChangePurpose], *, original: str, lines: Sequence[Data]
) -> ChangePurpose:
    """What the message is for. `original` is no word of a change, yet published samples have it on one with lines."""
    if word is not None and word in known:
        return known[word]
    if word is None:
        questions.doubt("it does not say its purpose and is read as a change.")
    elif word != original:
        questions.doubt(
            f"its purpose is {_purpose(word)}, which is no change, replacement, cancellation or confirmation; "
            "it is read as a change."
        )
    elif not lines:
        questions.ask(f"its purpose is {_purpose(word)}, and it has no lines: nobody can tell what it changes.")
    return ChangePurpose.CHANGE


def _purpose(word: str) -> str:
    return f"{word} ({PURPOSES[word]})" if word in PURPOSES else f"'{word[:40]}'"


def name_unread(questions: Questions, remarks: Remarks, found: Sequence[Unread], *, changes: bool) -> None:
    """Name what nothing reads: a question where it could change something, else a remark.

    A further segment of what stands once, or a field of another shape, may change anything: it is always a question.
    """
    asked = [one for one in found if changes or one.is_extra]
    for listed in in_sentences(asked):
        questions.ask(f"it says more than is read here: {stopped(listed)}")
    for listed in in_sentences([one for one in found if one not in asked]):
        remarks.tell("Also there, and not read", listed)


def name_going_unread(beside: Questions, remarks: Remarks, found: Sequence[Unread]) -> tuple[Unread, ...]:
    """Name what nothing reads of a line that goes and is of quantities, which may be a part; gives back the rest."""
    parts = [one for one in found if not one.is_extra and "quantit" in one.text]
    name_unread(beside, remarks, parts, changes=True)
    return tuple(one for one in found if one not in parts)


def lines_of(questions: Questions, data: Data, name: str) -> list[Data]:
    """The lines of a message; what stands in their place and is none is refused, because it may be a change."""
    value, found = data.get(name), rows(data, name)
    if isinstance(value, list):
        if len(found) < len(value):
            questions.refuse("one of its lines is no object and cannot be read.")
    elif value not in (None, "") and not isinstance(value, dict):
        questions.refuse(f"its lines cannot be read: {shown(value)} stands in their place.")
    return found


def ask_for_day(questions: Questions, dates: str, whose: str) -> None:
    """Put a date to a person that Visma has no place for."""
    questions.ask(f"it says '{dates}', which a Visma {whose} cannot hold.")


def check_line(questions: Questions, reading: Reading, line: LineRequest) -> LineRequest:
    """The line with all its questions: what its code asks, what is missing for it, and what a zero may mean.

    What cannot be read and is only restated, or is of a line that goes, changes nothing: it cannot be compared.
    """
    asked = questions.asked
    doubted = [sentence for field, sentence in questions.doubted if field is None or field in line.touches]
    missing = {
        Field.QUANTITY: line.quantity is None and line.direction is None,
        Field.PRICE: line.price is None,
        Field.DATES: line.requested is None and line.promised is None,
    }
    # A code for everything leaves alone what is not given; one for something must give it.
    if line.ask is Ask.CHANGE and line.touches != _EVERYTHING and not questions:
        for field in sorted(line.touches):
            if missing[field]:
                code = f"{line.code[:40]} ({reading.meaning})"
                questions.ask(f"its code {code} asks for a new {_WORD[field]}, and it names none.")
    # A deletion may state a quantity of 0; every other code that leaves the quantity alone may mean one with it, until
    # routing says what the partner means by the code.
    leaves_alone = Field.QUANTITY not in line.touches and line.ask is not Ask.DELETE
    if leaves_alone and line.quantity == 0 and not reading.question and not reading.is_own:
        doubted.append(f"its quantity is 0: is the line to be deleted, or does {_stays(line)}?")
    if reading.question:
        (doubted if reading.touches else asked).insert(0, reading.question)
    unread = [(field is None or field in line.touches, sentence) for field, sentence in questions.unread]
    return replace(
        line,
        questions=tuple(asked),
        doubts=(*doubted, *(sentence for changes, sentence in unread if not changes)),
        unreadable=tuple(sentence for changes, sentence in unread if changes),
    )


def _stays(line: LineRequest) -> str:
    changing = " and ".join(_WORD[field] for field in sorted(line.touches))
    return f"only its {changing} change" if changing else "it stay as it is"


def finished(request: ChangeRequest, questions: Questions, remarks: Remarks) -> ChangeRequest:
    """The whole request with what can only be asked of all of it."""
    lines = _repeats_asked(request.lines)
    speaks = request.requested_on or request.stated or any(one.role is Role.SHIP_TO for one in request.parties)
    if not lines and request.purpose is ChangePurpose.CHANGE and not speaks and not questions:
        questions.ask("it changes no line, no date, no place and no terms.")
    return replace(
        request,
        lines=lines,
        questions=_sentences(questions.asked),
        doubts=_sentences(sentence for _, sentence in questions.doubted),
        unreadable=_sentences(sentence for _, sentence in questions.unread),
        remarks=remarks.all(),
    )


def _sentences(clauses: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{one[:1].upper()}{one[1:]}" for one in clauses)


def sequence_of(remarks: Remarks, data: Data, name: str) -> int | None:
    """The number of the change in the row of changes: `001` is 1."""
    written = text(data, name)
    if written is None:
        return None
    if written.isascii() and written.isdigit() and len(written) <= 18:
        return int(written)
    remarks.sentences.append(f"Its sequence number '{written[:40]}' is no number.")
    return None


def passing_day(remarks: Remarks, data: Data, name: str, what: str) -> date | None:
    """A date that decides nothing; one that cannot be read is a remark."""
    try:
        return day(data, name)
    except NotUnderstood as reason:
        remarks.sentences.append(f"Its {what} cannot be read: {reason}.")
        return None


def order_day(questions: Questions, data: Data, name: str) -> date | None:
    """The date of the order that the message is about. One that cannot be read does not show which order is meant."""
    try:
        return day(data, name)
    except NotUnderstood as reason:
        questions.doubt(
            f"its order date cannot be read: {reason}. It is read as a change of the order with its number."
        )
        return None


def party(
    *,
    code: str | None,
    is_gln: bool,
    name: str | None,
    lines: Iterable[str | None],
    postal_code: str | None,
    city: str | None,
    region: str | None,
    country: str | None,
) -> Party | None:
    """A party as it is named, or None when nothing of it is filled in. Its one number may be a GLN."""
    address = Address(
        lines=tuple(line for line in lines if line),
        postal_code=postal_code,
        city=city,
        region=region,
        country=country.upper() if country else None,
    )
    named = Party(
        number=None if is_gln else code,
        name=name,
        gln=code if is_gln else None,
        address=None if address == Address() else address,
    )
    return None if named == Party() else named


def _repeats_asked(lines: Sequence[LineRequest]) -> tuple[LineRequest, ...]:
    times = Counter(_same_line(line) for line in lines)
    return tuple(_repeat_asked(line, times[_same_line(line)] if _is_named(line) else 1) for line in lines)


def _is_named(line: LineRequest) -> bool:
    """Whether a second line like it is a repetition; one without a number is told by its item, unless it is added."""
    return bool(line.line_id) or line.ask is Ask.ADD


def _repeat_asked(line: LineRequest, count: int) -> LineRequest:
    if count == 1:
        return line
    often = "twice" if count == 2 else f"{count} times"
    if not line.line_id:
        repeated = f"the same added line appears {often} in the message, without a number: is it meant once?"
    else:
        repeated = f"it appears {often} in the message, as line {truncated(line.line_id, MAX_QUOTE_LENGTH)}."
    return replace(line, doubts=(*line.doubts, repeated))


def _same_line(line: LineRequest) -> str | LineRequest:
    """`001` and `1` are the same line; one without a number is the same where everything is."""
    return (line.line_id.lstrip("0") or "0") if line.line_id else replace(line, source="")
