"""What one line of an 860 means for an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from connector.domain.documents import OrderLine
from connector.domain.order_change.dates import Dates, part_received
from connector.domain.order_change.edits import LineEdit, Operation
from connector.domain.order_change.findings import HEADER, LONGEST_TOLD, Findings, Insert, said, titled
from connector.domain.order_change.line_match import Found, Lines, line_number
from connector.domain.order_change.notes import Beside
from connector.domain.order_change.order_snapshot import LineFacts
from connector.domain.order_change.partial_lines import partial_words
from connector.domain.order_change.parties_and_terms import Content
from connector.domain.order_change.quantity import (
    Total,
    figures_of,
    is_ambiguous,
    is_difference,
    total_added,
    total_asked,
)
from connector.domain.order_change.request import Ask, Field, LineRequest
from connector.domain.routing.route import LineDate, OnLines, Route
from connector.domain.text import clipped
from connector.domain.totals import ZERO


class Outcome(NamedTuple):
    """What becomes of one field: the value wished, and the one to write; None for what stays."""

    wished: Decimal | date | None = None
    written: Decimal | date | None = None


_STAYS = Outcome()
_FREE = "a price of 0 may mean that none is given."


@dataclass(slots=True)
class LineRules:
    """One line of the message, and everything that can be said against it.

    Attributes:
        had_is_known: What the partner had is known, not only assumed from what Visma has.
        dates: Which day of a line is the wanted one, and what the header asks.
        beside: What is told beside the changes.
        place: Where the line stands in the message.
        where: What the line is called for people.
    """

    findings: Findings
    lines: Lines
    route: Route
    asked: LineRequest
    content: Content
    had_is_known: bool
    dates: Dates
    beside: Beside
    place: int = 0
    where: str = HEADER

    def apply(self) -> None:
        """Record wishes, edits, differences and objections."""
        if self.asked.ask is Ask.ADD:
            self.where = f"new line {self.lines.name_of(self.asked)}"
            self._questions()
            self.content.compare(self.asked.parties, self.asked.stated, where=self.where, lines=())
            self._add()
            return
        if self.lines.is_gone(self.asked):
            self.findings.gone.append(self.asked)
            return
        found = self.lines.find(self.asked)
        if isinstance(found, str):
            self.where = f"line {(self.asked.line_id or self.lines.name_of(self.asked))[:40]}"
            self._questions()
            self._refuse(found)
            return
        self.where = f"line {found.number}"
        self._questions()
        if self.asked.ask is not Ask.DELETE:
            self.content.compare(self.asked.parties, self.asked.stated, where=self.where, lines=(found.had, found.has))
        if found.has is not None:
            self.beside.item(self.asked, found, self.lines)
        if Field.DATES in self.asked.given:
            self.findings.dated.add(found.number)
        if found.had is None:
            self._ask_person(f"{self._line} was added in Visma after the partner last saw the order.")
            self.had_is_known = False
            found = found._replace(had=found.has)
        if self.asked.ask is Ask.DELETE or self._empties(found.had):
            self._delete(found)
        elif found.has is None or found.had is None:
            self._refuse(f"{self._line} is no longer in the Visma order.")
        else:
            self._change(found.had, found.has, found.facts)

    @property
    def _line(self) -> str:
        return titled(self.where)

    @property
    def _code(self) -> str:
        code, meaning = said(self.asked.code), self.asked.meaning
        return f"{code} ({meaning})" if meaning and meaning != code else code

    def _questions(self) -> None:
        self.findings.hears(self.asked, where=self.where)

    def _ask_person(self, sentence: str) -> None:
        self.findings.doubt(sentence, where=self.where)

    def _refuse(self, sentence: str, *, waits_for: str | None = None, next_step: str | None = None) -> None:
        self.findings.doubt(sentence, where=self.where, hard=True, waits_for=waits_for, next_step=next_step)

    def _doubt_quantity(self, total: Total) -> Decimal | None:
        for problem in total.problems:
            self.findings.doubt(
                f"{self._line}: {problem.sentence}",
                where=self.where,
                hard=problem.hard,
                next_step=problem.next_step,
                waits_for=problem.waits_for,
            )
        return total.quantity

    def _total(self, had: OrderLine) -> Total:
        return total_asked(self.asked, had.quantity, self.route.changes, had_is_known=self.had_is_known)

    def _empties(self, had: OrderLine | None) -> bool:
        """Whether a quantity of zero takes the line out, for a person to agree to.

        X12: the 876 takes an item out by restating its quantity as zero; of the 860 nothing says so. Beside new days
        a zero may mean that only they change.
        """
        asked = self.asked
        if had is None or Field.QUANTITY not in asked.touches or Field.DATES in asked.given:
            return False
        if is_difference(asked, self.route.changes) and not self.had_is_known:
            return False
        total = self._total(had)
        if total.quantity != 0 or had.quantity == 0:
            return False
        self._doubt_quantity(total)
        self._ask_person(f"{self._line}: the quantity goes from {said(had.quantity)} to 0, which takes the line out.")
        return True

    # -- lines that are there -----------------------------------------------------------------------------------------

    def _delete(self, found: Found) -> None:
        self.lines.empty(found.number)
        had, has, facts = found.had, found.has, found.facts
        edit = LineEdit(operation=Operation.DELETE, number=found.number)
        self.findings.wishes.append(edit)
        self.findings.differs(
            self.where, "line", had.quantity if had else None, "taken out", has.quantity if has else None
        )
        if has is None:
            return
        self.findings.edits.append(edit)
        self._check_unit(has)
        self._check_part(found)
        if facts and facts.received > 0:
            self._refuse(f"{self._line} cannot be taken out: {said(facts.received)} were received.")
        elif facts and facts.closed:
            self._refuse(f"{self._line} is closed in Visma.")
        if self.route.changes.lines is OnLines.PARK:
            self._ask_person(f"{self._line} is taken out.")
        if had is not None and _visible(had) != _visible(has):
            self._ask_person(f"{self._line} was changed in Visma meanwhile.")

    def _check_part(self, found: Found) -> None:
        """Ask about a line that is to go, of which the message names what may be a part."""
        if self.asked.ask is not Ask.DELETE:
            self.beside.line(self.asked, self.where, moves=True)
            return
        for words in partial_words(self.asked, found, self.dates):
            self._ask_person(f"{self._line} is to be taken out, {words}")
        notes = self.beside.news(self.asked.asides)
        for one in notes:
            if one.is_note:
                self._ask_person(
                    f"{self._line} is to be taken out, and its note says '{clipped(one.words, LONGEST_TOLD)}': is only "
                    "a part meant?"
                )
        self.content.compare(
            self.asked.parties, self.asked.stated, where=self.where, lines=(found.had, found.has), goes=True
        )

    def _change(self, had: OrderLine, has: OrderLine, facts: LineFacts | None) -> None:
        quantity = self._quantity(had, has, facts)
        outcomes = {"quantity": quantity, "price": self._price(had, has), **self._days(had, has)}
        wished = {name: one.wished for name, one in outcomes.items() if one.wished is not None}
        written = {name: one.written for name, one in outcomes.items() if one.written is not None}
        self._check_unit(has)
        self._check_completeness()
        self.beside.line(self.asked, self.where, moves=bool(written))
        if not wished:
            return
        edit = LineEdit(operation=Operation.UPDATE, number=has.number)
        self.findings.wishes.append(replace(edit, **wished))
        if (had.item, had.unit) != (has.item, has.unit):
            self._ask_person(
                f"{self._line} was item {said(had.item)} in {said(had.unit)} for the partner, and is item "
                f"{said(has.item)} in {said(has.unit)} in Visma."
            )
        if written:
            self.findings.edits.append(replace(edit, **written))
            if has.discount and ("quantity" in written or "price" in written):
                self.findings.tells(
                    f"{self._line} has a discount of {said(has.discount)}, which Visma works out anew from quantity "
                    "and price."
                )
            if facts and facts.closed:
                self._refuse(f"{self._line} is closed in Visma.")
            elif facts and facts.received > 0:
                self._check_received(written, facts.received, quantity.wished or has.quantity, self.dates.base_day(had))

    def _check_received(
        self, written: Mapping[str, Decimal | date], received: Decimal, quantity: object, had: date | None
    ) -> None:
        """Ask about a price, or a day, of goods that are there already."""
        share = f"{self._line}: {said(received)} of {said(quantity)} were received already"
        if "price" in written:
            self._ask_person(f"{share}, and a line has one price in Visma.")
        day = written.get("requested") or written.get("promised")
        if not isinstance(day, date):
            return
        if isinstance(quantity, Decimal) and quantity <= received:
            self._ask_person(f"{share}, and no delivery is left for the new day.")
        else:
            self.findings.tells(part_received(self.where, received, had, day))

    def _quantity(self, had: OrderLine, has: OrderLine, facts: LineFacts | None) -> Outcome:
        asked, rules = self.asked, self.route.changes
        if Field.QUANTITY not in asked.touches:
            figures = asked.quantity, asked.second_quantity, asked.original_quantity, asked.delta
            for figure in dict.fromkeys(figure for figure in figures if figure):
                self._must_agree("quantity", figure, had.quantity, has.quantity)
            return _STAYS
        if is_difference(asked, rules) and not self.had_is_known:
            self._refuse(f"{self._line}: the message gives a difference, and nobody knows to which quantity.")
            return _STAYS
        wanted = self._doubt_quantity(self._total(had))
        if wanted is None and is_ambiguous(asked, had.quantity, rules):
            self.findings.differs(self.where, "quantity", had.quantity, figures_of(asked), has.quantity)
        if wanted == had.quantity:
            self._repeats("quantity", had.quantity, has.quantity)
        elif wanted == 0:
            self._refuse(f"{self._line}: a quantity of 0 beside new days may mean that the line is taken out.")
        if wanted is None or wanted in {ZERO, had.quantity}:
            return _STAYS
        if not self.findings.wish(self.where, "quantity", had.quantity, wanted, has.quantity):
            return Outcome(wished=wanted)
        if wanted < ZERO:
            # `total_asked` objects.
            return Outcome(wanted, wanted)
        if facts and wanted < facts.received:
            self._refuse(
                f"{self._line}: the quantity would go down to {said(wanted)}, but {said(facts.received)} were received."
            )
        self.findings.grows(self.where, "quantity", had.quantity, wanted, rules.quantity)
        return Outcome(wanted, wanted)

    def _price(self, had: OrderLine, has: OrderLine) -> Outcome:
        asked = self.asked.price
        if Field.PRICE not in self.asked.touches:
            self._must_agree("price", asked, had.unit_price, has.unit_price)
            return _STAYS
        if asked is None:
            return _STAYS
        if asked == had.unit_price:
            self._repeats("price", had.unit_price, has.unit_price)
            return _STAYS
        if not self.findings.wish(self.where, "price", had.unit_price, asked, has.unit_price):
            return Outcome(wished=asked)
        self._look_at_price()
        if asked < 0:
            self._refuse(f"{self._line}: the price {said(asked)} is below zero.")
        elif asked == 0:
            self._ask_person(f"{self._line}: {_FREE}")
        self.findings.grows(self.where, "price", had.unit_price, asked, self.route.changes.price)
        return Outcome(asked, asked)

    def _look_at_price(self) -> None:
        if self.asked.price_doubt:
            self.findings.reads(f"{self._line}: {self.asked.price_doubt}", where=self.where)

    def _days(self, had: OrderLine, has: OrderLine) -> dict[str, Outcome]:
        """What becomes of the days of the line, each measured against the day that was sent in its place."""
        asked, dates = self.asked, self.dates
        base, ours = dates.base_day(had), dates.our_day(has)
        if Field.DATES not in asked.touches:
            self._must_agree("wanted day", asked.requested, base, ours, dates.header)
            self._must_agree("promised day", asked.promised, had.promised, has.promised, dates.header)
            return {}
        wanted, promised = asked.requested, asked.promised
        if dates.line_date is LineDate.PROMISED:
            if self._has_two_days():
                self._refuse(self._two_days)
                return {}
            return {"promised": self._day("wanted day", base, wanted or promised, ours, has.promised)}
        return {
            "requested": self._day("wanted day", base, wanted, ours, has.requested),
            "promised": self._day("promised day", had.promised, promised, has.promised, has.promised),
        }

    def _has_two_days(self) -> bool:
        wanted, promised = self.asked.requested, self.asked.promised
        is_one = self.dates.line_date is LineDate.PROMISED
        return is_one and wanted is not None and promised is not None and wanted != promised

    @property
    def _two_days(self) -> str:
        return (
            f"{self._line}: it is wanted on {self.asked.requested} and promised for {self.asked.promised}, and a line "
            "has one day here (line_date)."
        )

    def _day(self, what: str, had: date | None, asked: date | None, has: date | None, stored: date | None) -> Outcome:
        """One day; `stored` is the field of the line, which may leave it to the header."""
        if asked is None:
            return _STAYS
        if asked == had:
            self._repeats(what, had, has)
            return _STAYS
        if not self.findings.wish(self.where, what, had, asked, has) and stored == asked:
            return Outcome(wished=asked)
        self.findings.moves(self.where, what, had, asked)
        return Outcome(asked, asked)

    def _repeats(self, what: str, had: object, has: object) -> None:
        """A value that the partner had already is no wish; what Visma has otherwise is kept, and told."""
        if had != has:
            self.findings.keeps(self.where, what, had, has)

    def _must_agree(self, what: str, asked: object, had: object, *others: object) -> None:
        """A value that the code does not change is there for comparison only."""
        if asked is None:
            return
        if asked == had:
            if others:
                self._repeats(what, had, others[0])
            return
        if asked in others:
            return
        given = f"{said(asked)} is given for {said(had)}"
        if self.asked.is_clear:
            sentence = f"the code {self._code} leaves the {what} alone, yet {given}."
        else:
            sentence = f"the {what} differs: {given}, and the code does not say that it is to change."
        self.findings.leaves_out(f"{self._line}: {sentence}", where=self.where)

    def _check_unit(self, has: OrderLine) -> None:
        """The same figure in another unit is another quantity, and another price."""
        code, unit = self.asked.unit_code, self.asked.unit
        ours = self.route.units.get(has.unit or "")
        if code is None or (unit is not None and unit == ours):
            return
        theirs = f"{self._line} is in unit {said(code)}"
        if ours is None and has.unit:
            sentence = f"{theirs}, and Visma's unit {said(has.unit)} is not mapped here."
        else:
            sentence = f"{theirs}, in Visma in {said(has.unit)}."
        if not self.asked.given & {Field.QUANTITY, Field.PRICE}:
            self.findings.leaves_out(sentence, where=self.where)
            return
        self._refuse(
            sentence,
            waits_for=f"{self.route.unit_key}.{has.unit}" if ours is None and has.unit else None,
            next_step="Map the unit in the routing file, or settle it with the partner and reject the change.",
        )

    def _check_completeness(self) -> None:
        asked = self.asked
        if asked.ask is Ask.REPLACE and (asked.quantity is None or asked.price is None):
            self._refuse(f"{self._line} is restated without a {'quantity' if asked.quantity is None else 'price'}.")
        # What is given and not read is a question already.
        is_asked = bool(asked.questions or asked.unreadable)
        if asked.ask is Ask.CHANGE and asked.touches and not asked.given and not is_asked:
            self.findings.leaves_out(
                f"{self._line}: the code {self._code} changes something, and nothing new is given.", where=self.where
            )

    # -- lines that are new -------------------------------------------------------------------------------------------

    def _add(self) -> None:
        asked, lines = self.asked, self.lines
        item, unit = lines.item_of(asked.products), lines.unit_word(asked.unit)
        quantity = self._doubt_quantity(total_added(asked, self.route.changes))
        requested, promised = self.dates.of_added(asked)
        self._check_new(item, unit)
        edit = LineEdit(
            operation=Operation.INSERT,
            quantity=quantity,
            price=asked.price,
            requested=requested,
            promised=promised,
            item=item,
            unit=unit,
            warehouse=lines.common_warehouse(),
            line_type=lines.common_line_type(),
            named=line_number(asked.line_id),
        )
        same = lines.take_same(asked, edit)
        if same is not None:
            # A partner that sends everything anew with each change: adding it again would add it twice.
            self.findings.tells(f"Line {same.number} is the added line of item {said(same.item)} already.")
            return
        there = lines.take_added(edit)
        is_there = there is not None and edit.matches(there)
        self.findings.inserts.append(Insert(self.place, edit, is_there))
        self._show_added(edit, there)
        self.beside.line(asked, self.where, moves=not is_there)
        if there is not None and is_there:
            if not self.had_is_known:
                self._ask_person(f"{self._line}: line {there.number} is just like it, and is taken for it.")
            return
        self._look_at_price()
        self.dates.check_added(self.findings, asked, self.where)
        if there is not None:
            # Not for a person to lift: it may be the added line itself, and nothing must be added twice.
            self._refuse(
                f"{self._line}: Visma has line {there.number} with this item, and the partner never saw it.",
                next_step=f"Make line {there.number} what the partner asks for or take it out, then approve the "
                "change; or reject it.",
            )
        number = lines.knows(asked.line_id)
        if number is not None:
            self._ask_person(f"{self._line}: the partner calls it line {number}, which the order has already.")
        for known in lines.holding(item) if item else ():
            self._ask_person(f"{self._line}: the order has this item already, on line {known}.")
        if self.route.changes.lines is OnLines.PARK:
            self._ask_person(f"{self._line} is added.")

    def _show_added(self, edit: LineEdit, there: OrderLine | None) -> None:
        """Everything of an added line that is written, and what a line that may be it has in its place."""
        self.findings.differs(self.where, "line", None, edit.quantity, there.quantity if there else None)
        by_requested = self.dates.line_date is LineDate.REQUESTED
        shown = {
            "item": (edit.item, there and there.item),
            "unit": (edit.unit, there and there.unit),
            "price": (edit.price, there and there.unit_price),
            "wanted day": (edit.requested, there and there.requested),
            "promised day" if by_requested else "wanted day": (edit.promised, there and there.promised),
            "warehouse": (edit.warehouse, there and there.warehouse),
        }
        for what, (asked, has) in shown.items():
            if asked is not None:
                self.findings.differs(self.where, what, None, asked, has)

    def _check_new(self, item: str | None, unit: str | None) -> None:
        asked, route = self.asked, self.route
        code = said(asked.unit_code or "(none)")
        if item is None:
            self._refuse(
                f"{self._line}: its numbers lead to no item of ours, or to several.",
                waits_for=f"{route.item_key}.<our item number>",
                next_step=f"Add the item below {route.item_key} and apply the routing file.",
            )
        if unit is None:
            self._refuse(
                f"{self._line}: the unit {code} is that of no unit of ours, or of several.",
                waits_for=route.unit_key,
                next_step=f"Map one unit of Visma to it below {route.unit_key} and apply the routing file.",
            )
        if asked.price is None or asked.price < 0:
            self._refuse(f"{self._line} needs a price.")
        elif asked.price == 0:
            self._ask_person(f"{self._line}: {_FREE}")
        if self._has_two_days():
            self._refuse(self._two_days)


def _visible(line: OrderLine) -> tuple[object, ...]:
    return line.item, line.quantity, line.unit, line.unit_price, line.requested, line.promised
