"""What becomes of an 860, element by element, as `docs/changes-860.md`: made of the tables that the readers go by.

python -m connector.cli.reference.changes > docs/changes-860.md
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connector.domain.order_change.request import Ask, ChangePurpose, Field
from connector.edi.order_change.codes import Reading, known_codes
from connector.edi.order_change.common import DOUBTED_PRICES, PRICE_BASES, RETAIL_PRICES
from connector.edi.order_change.coverage import TABLE
from connector.edi.order_change.names import DATES, MOSAIC_DATES, PARTIES, PAST_DATES, label_of
from connector.edi.x12.read.order_change import DAYS, LINE_DAYS, PURPOSES

_INTRODUCTION = """\
# What becomes of an 860

Made of the code by `python -m connector.cli.reference.changes > docs/changes-860.md`; a test fails when it is stale.

| word | meaning |
|---|---|
| applied | Written into the order, inside the limit. Beyond it a person is asked. |
| asked | A person is asked whenever it is there. |
| asked when it differs | Compared with what the partner was sent and with the order. A repetition says nothing; \
of what only the partner had it is told. |
| blocked | The change is parked, and no approval lifts it. |
| remark | Shown with the change. It changes nothing. |
| names the order or the line | Finds what the change is about. |
| not used | Read, and neither shown nor compared. |

Parties and dates of a line, and of a schedule below it, are read like those of the header. A `#` stands for the number
that a repeated key gets. Whatever is in no row below is named in a question: in the header, and inside a line. So is
another segment of what stands once, when it says something else, and a field of another shape than it should have.

An approval writes quantities, prices, dates and lines. It never writes a party, terms, a carrier, charges or
conditions.

A party is no difference when it was sent, when `changes.places` in the routing file leads from its code, GLN or name
to our number of the order's place, or when a person has once approved a change of the order that named it. An equal
GLN or number decides: another name beside it is a remark, another address a question.

A header date moves the lines that had the header's day; which lines keep another one is told. With the setting
`line_date: requested` it moves requested days alone, and where every line has one of its own it is asked about. A line
that was received in full keeps its day.

A change is compared with the order that the partner had when Orderful received it. What left after that, or shortly
before it, may cross it: where that matters, a person is asked (docs/decisions/0066). An order of which the partner has
the cancellation is asked about.

The limits of `changes` count from the last state of the order that we sent, or that a person approved, whichever is
later. Changes that were applied without a person since then are inside the limit only all together, and so are the
amounts of the lines that they added or took out (`changes.lines: apply`), with what they raised or lowered besides. A
line that the partner added since counts from its values then, and an item that was taken out and comes back counts as
the former line. Where the content of such a state has expired, a person is asked. Lines without a price are taken out
by a person only.

With `delta`, a line that a message of the last seven days changed by the same quantity is asked about, however it is
named, and also when a person closed that message.

A day is past when it is before the day of the message (BCH11), the day on which Orderful received it, or the day of the
order, whichever is latest.

What POC03 of a QI or QD means has to be agreed with each partner: X12 calls it the quantity ordered, so 12 on 10 is a
new total of 12 unless `changes.quantities` says otherwise. Some partners send the difference (`delta`).

A confirmation writes nothing and is compared with the order as it stands.
"""

_LIKE_THE_HEADER = ("POC_loop.N1_loop.", "lineItems.parties.", "POC_loop.SCH_loop.")


def document() -> str:
    """The whole page."""
    parts = [
        _INTRODUCTION,
        _section("Elements", ("X12", "what", "key in X12", "field in Mosaic", "becomes", "limit"), _elements()),
        _section("Purposes (element 353)", ("BCH01", "purpose"), _purposes()),
        _section("Dates (element 374)", ("DTM01", "Mosaic", "what it says", "in the header", "in a line"), _dates()),
        _section("What to change (POC02, `changeReason`)", ("code", "meaning", "becomes"), _codes()),
        _section("Price bases (element 639, `unitPriceBasis`)", ("POC07", "becomes"), _price_bases()),
        _section("Parts of parties (element 98)", ("N101", "part"), sorted(PARTIES.items())),
    ]
    return "\n".join(parts)


def _section(title: str, head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    lines = [f"## {title}", "", _row(head), f"|{'---|' * len(head)}", *map(_row, body), ""]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _elements() -> Iterable[Sequence[str]]:
    for row in TABLE:
        yield row.element, row.what, _keys(row.x12), _keys(row.mosaic), row.treatment.value, row.limit


def _keys(paths: Sequence[str]) -> str:
    """Parties of a line and a schedule are read like those of the header: they are told once."""
    named = [path for path in paths if not path.startswith(_LIKE_THE_HEADER)]
    return ", ".join(f"`{path}`" for path in named)


def _purposes() -> Iterable[Sequence[str]]:
    meant = {
        ChangePurpose.CHANGE: "change: the lines that are named are changed",
        ChangePurpose.REPLACE: "replacement: lines that are not named are asked about; an approval takes them out",
        ChangePurpose.CANCELLATION: "cancellation: blocked; a person cancels the order in Visma",
        ChangePurpose.CONFIRMATION: "confirmation: nothing is written; what is not so in Visma is asked about",
    }
    yield from ((code, meant[purpose]) for code, purpose in PURPOSES.items())
    yield "00", "with lines: a change; without: asked"
    yield "any other", "asked, as a change"


def _dates() -> Iterable[Sequence[str]]:
    fields = {phrase: name for name, phrase in MOSAIC_DATES.items()}
    for code, phrase in sorted({**DATES, **PAST_DATES}.items()):
        past = "remark" if code in PAST_DATES else "asked"
        header, line = ("applied" if code in days else past for days in (DAYS, LINE_DAYS))
        field = f"`{fields[phrase]}`" if phrase in fields else ""
        yield code, field, phrase.format("...") if "{}" in phrase else phrase, header, line
    yield "any other", "any other", "quoted", "asked", "asked"


def _codes() -> Iterable[Sequence[str]]:
    for code, reading in known_codes().items():
        yield f"`{code}`", reading.meaning, _becomes(reading)
    yield "any other", "", "asked; `changes.codes` can give it a meaning"
    yield "a quantity of 0", "", "not asked about with a code that `changes.codes` gives a meaning"


def _price_bases() -> Iterable[Sequence[str]]:
    places = sorted(set(PRICE_BASES.values()))
    for place in places:
        codes = ", ".join(f"`{code}`" for code, one in PRICE_BASES.items() if one == place)
        yield codes, "applied" if place == 0 else f"applied, divided by {10**place:,}"
    for code, (_, what) in DOUBTED_PRICES.items():
        yield f"`{code}`", f"asked where the price changes: it is {what}"
    yield ", ".join(f"`{code}`" for code in sorted(RETAIL_PRICES)), "blocked: a retail price"
    yield "any other", "blocked; `changes.price_bases` can say for how many units each price is"


def _becomes(reading: Reading) -> str:
    if reading.question:
        fields = ", ".join(sorted(label_of(field) for field in reading.touches))
        return f"asked; an approval writes: {fields}" if fields else "asked"
    if reading.ask is Ask.NOTHING:
        return "nothing changes; a quantity of 0 is asked about"
    if reading.ask in {Ask.ADD, Ask.DELETE}:
        return "applied with changes.lines: apply, else asked"
    fields = ", ".join(sorted(label_of(field) for field in reading.touches))
    return f"applied: {fields}" + ("" if Field.QUANTITY in reading.touches else "; a quantity of 0 is asked about")


if __name__ == "__main__":
    print(document(), end="")
