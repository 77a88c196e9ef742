"""Decides what one line of an 860 changes in an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from connector.domain.documents import OrderLine
from connector.domain.order_change.dates import Dates, part_received_remark
from connector.domain.order_change.edits import LineEdit, Operation
from connector.domain.order_change.findings import (
    HEADER,
    MAX_QUOTE_LENGTH,
    TAKEN_OUT,
    Findings,
    Insert,
    is_beyond,
    text_of,
    titled,
)
from connector.domain.order_change.line_match import Found, Lines, line_number
from connector.domain.order_change.notes import Asides
from connector.domain.order_change.order_snapshot import LineFacts
from connector.domain.order_change.partial_lines import partial_texts
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
from connector.domain.reasons import Reason
from connector.domain.routing.route import LineDate, OnLines, Route
from connector.domain.text import truncated
from connector.domain.totals import ZERO, explained_by_price, line_amount, payable_amount, rounded

_OTHER_UNIT = "Settle the unit with the partner, then reject the change; or correct the line in Visma, then approve it."


class FieldResult(NamedTuple):
    """One field: the value that the partner asks for, and the value to write; None for no change."""

    requested: Decimal | date | None = None
    written: Decimal | date | None = None


_STAYS = FieldResult()
_FREE = "a price of 0 may mean that none is given."


@dataclass(slots=True, kw_only=True)
class LineRules:
    """Compares one line of the message with the order and the partner's limits.

    Attributes:
        base_is_known: The ledger has what the partner last saw; otherwise Visma's order stands in for it.
        dates: Which day of a line is the wanted one, and what the header asks for.
        asides: Collects notes, references and names of items.
        place: The position of the line in the message.
        is_left_out: The message, which restates the order, does not name the line.
        where: The name of the line for people: `line 3`, `new line 1298`.
    """

    findings: Findings
    lines: Lines
    route: Route
    theirs: LineRequest
    content: Content
    base_is_known: bool
    dates: Dates
    asides: Asides
    place: int = 0
    is_left_out: bool = False
    where: str = HEADER

    def apply(self) -> None:
        """Record requests, edits, differences and objections."""
        if self.theirs.ask is Ask.ADD:
            self.where = f"new line {self.lines.name_of(self.theirs)}"
            self._questions()
            self.content.compare(self.theirs.parties, self.theirs.stated, where=self.where, lines=())
            self._add()
            return
        if self.lines.is_gone(self.theirs):
            self.findings.gone.append(self.theirs)
            return
        found = self.lines.find(self.theirs)
        if isinstance(found, str):
            self.where = f"line {(self.theirs.line_id or self.lines.name_of(self.theirs))[:40]}"
            self._questions()
            self._refuse(found, code=Reason.LINE_NOT_FOUND)
            return
        self.where = f"line {found.number}"
        self._questions()
        if self.theirs.ask is not Ask.DELETE:
            self.content.compare(
                self.theirs.parties, self.theirs.stated, where=self.where, lines=(found.base, found.ours)
            )
        if found.ours is not None:
            self.asides.item(self.theirs, found, self.lines)
        if Field.DATES in self.theirs.given:
            self.findings.dated.add(found.number)
        if found.base is None:
            self._ask_person(
                f"{self._line} was added in Visma after the partner last saw the order.", code=Reason.LINE_UNSEEN
            )
            self.base_is_known = False
            found = found._replace(base=found.ours)
        if self.theirs.ask is Ask.DELETE or self._empties(found.base):
            self._delete(found)
        elif found.ours is None or found.base is None:
            self._refuse(f"{self._line} is no longer in the Visma order.", code=Reason.LINE_NOT_FOUND)
        else:
            self._change(found.base, found.ours, found.facts)

    @property
    def _line(self) -> str:
        return titled(self.where)

    @property
    def _code(self) -> str:
        code, meaning = text_of(self.theirs.code), self.theirs.meaning
        return f"{code} ({meaning})" if meaning and meaning != code else code

    def _questions(self) -> None:
        self.findings.take_questions(self.theirs, where=self.where)

    def _ask_person(self, sentence: str, *, code: Reason) -> None:
        self.findings.add_objection(sentence, where=self.where, code=code)

    def _refuse(
        self, sentence: str, *, code: Reason, waits_for: str | None = None, next_step: str | None = None
    ) -> None:
        self.findings.add_objection(
            sentence, where=self.where, hard=True, waits_for=waits_for, next_step=next_step, code=code
        )

    def _doubt_quantity(self, total: Total) -> Decimal | None:
        for problem in total.problems:
            self.findings.add_objection(
                f"{self._line}: {problem.sentence}",
                where=self.where,
                hard=problem.hard,
                next_step=problem.next_step,
                waits_for=problem.waits_for,
                code=Reason.QUANTITY_UNCLEAR,
            )
        return total.quantity

    def _total(self, base: OrderLine, facts: LineFacts | None = None) -> Total:
        received = facts.received if facts else ZERO
        rules, is_known = self.route.changes, self.base_is_known
        return total_asked(self.theirs, base.quantity, rules, received=received, base_is_known=is_known)

    def _empties(self, base: OrderLine | None) -> bool:
        """Whether a quantity of zero takes the line out; if so, a person is asked.

        X12: the 876 takes an item out by restating its quantity as zero; the 860 does not define this. With new days,
        a zero may mean that only the days change.
        """
        theirs = self.theirs
        if base is None or Field.QUANTITY not in theirs.touches or Field.DATES in theirs.given:
            return False
        if is_difference(theirs, self.route.changes) and not self.base_is_known:
            return False
        total = self._total(base)
        if total.quantity != 0 or base.quantity == 0:
            return False
        self._doubt_quantity(total)
        self._ask_person(
            f"{self._line}: the quantity goes from {text_of(base.quantity)} to 0, which takes the line out.",
            code=Reason.LINE_TAKEN_OUT,
        )
        return True

    # -- lines that are there -----------------------------------------------------------------------------------------

    def _delete(self, found: Found) -> None:
        self.lines.note_deletion(found.number)
        base, ours, facts = found.base, found.ours, found.facts
        edit = LineEdit(operation=Operation.DELETE, number=found.number)
        self.findings.requested.append(edit)
        self.findings.add_difference(
            self.where,
            "line",
            base=base.quantity if base else None,
            theirs=TAKEN_OUT,
            ours=ours.quantity if ours else None,
        )
        if ours is None:
            return
        self.findings.edits.append(edit)
        self._check_unit(ours)
        self._check_part(found)
        if facts and facts.received > 0:
            self._refuse(
                f"{self._line} cannot be taken out: {text_of(facts.received)} were received.", code=Reason.LINE_RECEIVED
            )
        elif facts and facts.closed:
            self._refuse(f"{self._line} is closed in Visma.", code=Reason.LINE_CLOSED)
        if self.is_left_out:
            # Partners write 05 on any change, and name only what changes.
            self._ask_person(
                f"{self._line} is not named in the message, which restates the order: an approval takes it out.",
                code=Reason.LINE_TAKEN_OUT,
            )
        elif self.route.changes.lines is OnLines.PARK:
            self._ask_person(f"{self._line} is taken out.", code=Reason.LINE_TAKEN_OUT)
        if base is not None and _visible(base) != _visible(ours):
            self._ask_person(f"{self._line} was changed in Visma meanwhile.", code=Reason.CHANGED_IN_VISMA)

    def _check_part(self, found: Found) -> None:
        """Ask about a deletion that may mean only a part of the line."""
        if self.theirs.ask is not Ask.DELETE:
            self.asides.line(self.theirs, self.where, moves=True)
            return
        for text in partial_texts(self.theirs, found, self.dates):
            self._ask_person(f"{self._line} is to be taken out, {text}", code=Reason.PART_OF_LINE)
        notes = self.asides.unsent(self.theirs.asides)
        for one in notes:
            if one.is_note:
                self._ask_person(
                    f"{self._line} is to be taken out, and its note says '{truncated(one.text, MAX_QUOTE_LENGTH)}': is "
                    "only a part meant?",
                    code=Reason.PART_OF_LINE,
                )
        self.content.compare(
            self.theirs.parties, self.theirs.stated, where=self.where, lines=(found.base, found.ours), goes=True
        )

    def _change(self, base: OrderLine, ours: OrderLine, facts: LineFacts | None) -> None:
        quantity = self._quantity(base, ours, facts)
        results = {"quantity": quantity, "price": self._price(base, ours), **self._days(base, ours)}
        requested = {name: one.requested for name, one in results.items() if one.requested is not None}
        written = {name: one.written for name, one in results.items() if one.written is not None}
        self._check_unit(ours)
        self._check_completeness()
        self.asides.line(self.theirs, self.where, moves=bool(written))
        if not requested:
            return
        edit = LineEdit(operation=Operation.UPDATE, number=ours.number)
        self.findings.requested.append(replace(edit, **requested))
        if (base.item, base.unit) != (ours.item, ours.unit):
            self._ask_person(
                f"{self._line} was item {text_of(base.item)} in {text_of(base.unit)} for the partner, and is item "
                f"{text_of(ours.item)} in {text_of(ours.unit)} in Visma.",
                code=Reason.CHANGED_IN_VISMA,
            )
        if written:
            self.findings.edits.append(replace(edit, **written))
            if ours.discount and ("quantity" in written or "price" in written):
                self.findings.add_remark(
                    f"{self._line} has a discount of {text_of(ours.discount)}, which Visma recalculates from quantity "
                    "and price."
                )
            if quantity.written is not None or results["price"].written is not None:
                self._check_entered(ours, written)
            if facts and facts.closed:
                self._refuse(f"{self._line} is closed in Visma.", code=Reason.LINE_CLOSED)
            elif facts and facts.received > 0:
                self._check_received(
                    written, facts.received, quantity.requested or ours.quantity, self.dates.base_day(base)
                )

    def _check_entered(self, ours: OrderLine, written: Mapping[str, Decimal | date]) -> None:
        """Ask about a line whose amount was entered: Visma works it out anew from the new quantity or price."""
        currency = self.content.ours.currency
        computed = rounded(line_amount(ours, currency), currency)
        difference = payable_amount(ours, currency) - computed
        limit = self.route.rounding_limit
        if not difference or explained_by_price(difference, ours.quantity, ours.unit_price, currency, limit=limit):
            return
        quantity, price = written.get("quantity", ours.quantity), written.get("price", ours.unit_price)
        assert isinstance(quantity, Decimal) and isinstance(price, Decimal)  # noqa: S101, PT018
        self.findings.add_difference(
            self.where, "amount", base=ours.amount, theirs=rounded(quantity * price, currency), ours=ours.amount
        )
        self._ask_person(
            f"{self._line} has an entered amount of {text_of(ours.amount)} (its quantity and price come to "
            f"{text_of(computed)}), and Visma works the amount out anew.",
            code=Reason.LINE_AMOUNT_DIFFERS,
        )

    def _check_received(
        self, written: Mapping[str, Decimal | date], received: Decimal, quantity: object, base: date | None
    ) -> None:
        """Ask about a new price, or a new day, of goods that were received already."""
        share = f"{self._line}: {text_of(received)} of {text_of(quantity)} were received already"
        if "price" in written:
            self._ask_person(f"{share}, and a line has one price in Visma.", code=Reason.LINE_RECEIVED)
        day = written.get("requested") or written.get("promised")
        if not isinstance(day, date):
            return
        if isinstance(quantity, Decimal) and quantity <= received:
            self._ask_person(f"{share}, and no delivery is left for the new day.", code=Reason.LINE_RECEIVED)
        else:
            self.findings.add_remark(part_received_remark(self.where, received, base, day))

    def _quantity(self, base: OrderLine, ours: OrderLine, facts: LineFacts | None) -> FieldResult:
        theirs, rules = self.theirs, self.route.changes
        if Field.QUANTITY not in theirs.touches:
            figures = theirs.quantity, theirs.second_quantity, theirs.original_quantity, theirs.delta
            for figure in dict.fromkeys(figure for figure in figures if figure):
                self._must_agree("quantity", figure, base.quantity, ours.quantity)
            return _STAYS
        if is_difference(theirs, rules) and not self.base_is_known:
            self._refuse(
                f"{self._line}: the message gives a difference, and nobody knows to which quantity.",
                code=Reason.QUANTITY_UNCLEAR,
            )
            return _STAYS
        wanted = self._doubt_quantity(self._total(base, facts))
        if wanted is None and is_ambiguous(theirs, base.quantity, rules):
            self.findings.add_difference(
                self.where, "quantity", base=base.quantity, theirs=figures_of(theirs), ours=ours.quantity
            )
        if wanted == base.quantity:
            self._repeats("quantity", base.quantity, ours.quantity)
        elif wanted == 0:
            self._refuse(
                f"{self._line}: a quantity of 0 beside new days may mean that the line is taken out.",
                code=Reason.QUANTITY_UNCLEAR,
            )
        if wanted is None or wanted in {ZERO, base.quantity}:
            return _STAYS
        if not self.findings.add_requested(
            self.where, "quantity", base=base.quantity, theirs=wanted, ours=ours.quantity
        ):
            return FieldResult(requested=wanted)
        if wanted < ZERO:
            # `total_asked` has objected already.
            return FieldResult(wanted, wanted)
        if facts and wanted < facts.received:
            self._refuse(
                f"{self._line}: the quantity would go down to {text_of(wanted)}, but {text_of(facts.received)} were "
                "received.",
                code=Reason.QUANTITY_BELOW_RECEIVED,
            )
        self._check_fraction(wanted, self.route.units.get(ours.unit or ""))
        self.findings.check_share(
            self.where,
            "quantity",
            base=base.quantity,
            start=self.findings.start.line(base).quantity,
            theirs=wanted,
            share=rules.quantity,
            code=Reason.QUANTITY_BEYOND_LIMIT,
        )
        return FieldResult(wanted, wanted)

    def _check_fraction(self, quantity: Decimal, unit: str | None) -> None:
        """Ask about a fraction of a unit that is counted."""
        if unit in self.route.whole_units and quantity != quantity.to_integral_value():
            self._ask_person(
                f"{self._line}: the quantity would be {text_of(quantity)} {unit}, a fraction of a unit that is counted "
                "(whole_units).",
                code=Reason.FRACTION_OF_UNIT,
            )

    def _price(self, base: OrderLine, ours: OrderLine) -> FieldResult:
        theirs = self.theirs.price
        if Field.PRICE not in self.theirs.touches:
            self._must_agree("price", theirs, base.unit_price, ours.unit_price)
            return _STAYS
        if theirs is None:
            return _STAYS
        if theirs == base.unit_price:
            self._repeats("price", base.unit_price, ours.unit_price)
            return _STAYS
        if not self.findings.add_requested(
            self.where, "price", base=base.unit_price, theirs=theirs, ours=ours.unit_price
        ):
            return FieldResult(requested=theirs)
        self._look_at_price()
        self._check_net_price(base, ours, theirs)
        if theirs < 0:
            self._refuse(f"{self._line}: the price {text_of(theirs)} is below zero.", code=Reason.PRICE_UNCLEAR)
        elif theirs == 0:
            self._ask_person(f"{self._line}: {_FREE}", code=Reason.PRICE_UNCLEAR)
        self.findings.check_share(
            self.where,
            "price",
            base=base.unit_price,
            start=self.findings.start.line(base).unit_price,
            theirs=theirs,
            share=self.route.changes.price,
            code=Reason.PRICE_BEYOND_LIMIT,
        )
        return FieldResult(theirs, theirs)

    def _check_net_price(self, base: OrderLine, ours: OrderLine, theirs: Decimal) -> None:
        """Ask about a price that is nearer to the price after the line's discount than to the one before it.

        The discount is the one that the partner was sent, or one that was entered in Visma since.
        """
        for line in (base, ours):
            if not line.discount or not line.quantity:
                continue
            net = payable_amount(line, self.content.ours.currency) / line.quantity
            if abs(theirs - net) < abs(theirs - line.unit_price):
                self._ask_person(
                    f"{self._line}: the price {text_of(theirs)} may be meant after the discount of "
                    f"{text_of(line.discount)}, with which {text_of(line.unit_price)} comes to {text_of(net)}; Visma "
                    "takes the discount off again.",
                    code=Reason.PRICE_UNCLEAR,
                )
                return

    def _look_at_price(self) -> None:
        if self.theirs.price_doubt:
            self.findings.ask_to_confirm(
                f"{self._line}: {self.theirs.price_doubt}", where=self.where, code=Reason.PRICE_UNCLEAR
            )

    def _days(self, base: OrderLine, ours: OrderLine) -> dict[str, FieldResult]:
        """The results for the days of the line, each compared with the day that was sent for it."""
        theirs, dates = self.theirs, self.dates
        base_date, our_value = dates.base_day(base), dates.our_day(ours)
        start, start_day = self.findings.start.line(base), self.findings.start.wanted_day(base)
        if Field.DATES not in theirs.touches:
            self._must_agree("wanted day", theirs.requested, base_date, our_value, dates.header)
            self._must_agree("promised day", theirs.promised, base.promised, ours.promised, dates.header)
            return {}
        wanted, promised = theirs.requested, theirs.promised
        if dates.line_date is LineDate.PROMISED:
            if self._has_two_days():
                self._refuse(self._two_days, code=Reason.TWO_DAYS)
                return {}
            day = self._day("wanted day", base_date, wanted or promised, our_value, ours.promised, start=start_day)
            return {"promised": day}
        return {
            "requested": self._day("wanted day", base_date, wanted, our_value, ours.requested, start=start_day),
            "promised": self._day(
                "promised day", base.promised, promised, ours.promised, ours.promised, start=start.promised
            ),
        }

    def _has_two_days(self) -> bool:
        wanted, promised = self.theirs.requested, self.theirs.promised
        is_one = self.dates.line_date is LineDate.PROMISED
        return is_one and wanted is not None and promised is not None and wanted != promised

    @property
    def _two_days(self) -> str:
        return (
            f"{self._line}: it is wanted on {self.theirs.requested} and promised for {self.theirs.promised}, and a "
            "line has one day here (line_date)."
        )

    def _day(
        self,
        what: str,
        base: date | None,
        theirs: date | None,
        ours: date | None,
        stored: date | None,
        *,
        start: date | None,
    ) -> FieldResult:
        """The result for one day.

        `stored` is the line's own field, which is None when the line follows the header; the limit counts from `start`.
        """
        if theirs is None:
            return _STAYS
        if theirs == base:
            self._repeats(what, base, ours)
            return _STAYS
        if not self.findings.add_requested(self.where, what, base=base, theirs=theirs, ours=ours) and stored == theirs:
            return FieldResult(requested=theirs)
        self.findings.check_move(self.where, what, base, theirs, start=start)
        return FieldResult(theirs, theirs)

    def _repeats(self, what: str, base: object, ours: object) -> None:
        """Record a repeated value: it is no request, and a newer value in Visma stays."""
        if base != ours:
            self.findings.add_kept(self.where, what, base, ours)

    def _must_agree(self, what: str, theirs: object, base: object, *others: object) -> None:
        """Ask about a value that differs although the code of the line does not change it."""
        if theirs is None:
            return
        if theirs == base:
            if others:
                self._repeats(what, base, others[0])
            return
        if theirs in others:
            return
        given = f"{text_of(theirs)} is given for {text_of(base)}"
        if self.theirs.is_clear:
            sentence = f"the code {self._code} leaves the {what} alone, yet {given}."
        else:
            sentence = f"the {what} differs: {given}, and the code does not say that it is to change."
        self.findings.add_unwritten(f"{self._line}: {sentence}", where=self.where, code=Reason.VALUE_CONTRADICTS)

    def _check_unit(self, ours: OrderLine) -> None:
        """Object to another unit: the same figure means another quantity and another price."""
        code, our_value = self.theirs.unit_code, self.route.units.get(ours.unit or "")
        if code is None:
            return
        stated = f"{self._line} is in unit {text_of(code)}"
        if self.route.is_unit(ours.unit, self.theirs.unit):
            if self.theirs.unit != our_value:
                self.findings.add_remark(f"{stated}, which counts the same as {our_value} ({text_of(ours.unit)}).")
            return
        if our_value is None and ours.unit:
            sentence = f"{stated}, and Visma's unit {text_of(ours.unit)} is not mapped here."
        else:
            meaning = f" ({our_value})" if our_value else ""
            sentence = f"{stated}, and the order has it in {text_of(ours.unit)}{meaning}."
        if not self.theirs.given & {Field.QUANTITY, Field.PRICE}:
            self.findings.add_unwritten(sentence, where=self.where, code=Reason.UNIT_DIFFERS)
            return
        self._refuse(
            sentence,
            waits_for=f"{self.route.unit_key}.{ours.unit}" if our_value is None and ours.unit else None,
            next_step=Reason.UNIT_DIFFERS.action if our_value is None else _OTHER_UNIT,
            code=Reason.UNIT_DIFFERS,
        )

    def _check_completeness(self) -> None:
        theirs = self.theirs
        if theirs.ask is Ask.REPLACE and (theirs.quantity is None or theirs.price is None):
            self._refuse(
                f"{self._line} is restated without a {'quantity' if theirs.quantity is None else 'price'}.",
                code=Reason.VALUE_MISSING,
            )
        # A value that is given and cannot be read is a question already.
        is_asked = bool(theirs.questions or theirs.unreadable)
        if theirs.ask is Ask.CHANGE and theirs.touches and not theirs.given and not is_asked:
            self.findings.add_unwritten(
                f"{self._line}: the code {self._code} changes something, and nothing new is given.",
                where=self.where,
                code=Reason.VALUE_MISSING,
            )

    # -- lines that are new -------------------------------------------------------------------------------------------

    def _add(self) -> None:
        theirs, lines = self.theirs, self.lines
        item, unit = lines.item_of(theirs.products), lines.unit_word(theirs.unit)
        quantity = self._doubt_quantity(total_added(theirs, self.route.changes))
        requested, promised = self.dates.of_added(theirs)
        self._check_new(item, unit)
        edit = LineEdit(
            operation=Operation.INSERT,
            quantity=quantity,
            price=theirs.price,
            requested=requested,
            promised=promised,
            item=item,
            unit=unit,
            warehouse=lines.common_warehouse(),
            line_type=lines.common_line_type(),
            named=line_number(theirs.line_id),
        )
        same = lines.take_same(theirs, edit)
        if same is not None:
            # Some partners repeat earlier additions in each change; such a line is not added again.
            self.findings.add_remark(f"Line {same.number} is the added line of item {text_of(same.item)} already.")
            return
        there = lines.take_added(edit)
        is_there = there is not None and edit.matches(there)
        self.findings.inserts.append(Insert(self.place, edit, is_there))
        self._show_added(edit, there)
        self.asides.line(theirs, self.where, moves=not is_there)
        if there is not None and is_there:
            if not self.base_is_known:
                self._ask_person(
                    f"{self._line}: line {there.number} is just like it, and is taken for it.",
                    code=Reason.LINE_MAYBE_ADDED,
                )
            return
        self._look_at_price()
        if quantity is not None:
            self._check_fraction(quantity, theirs.unit)
        self.dates.check_added(self.findings, theirs, self.where)
        if there is not None:
            # Hard: this may be the added line itself, and it must not be added twice.
            self._refuse(
                f"{self._line}: Visma has line {there.number} with this item, and the partner never saw it.",
                next_step=f"Make line {there.number} what the partner asks for or take it out, then approve the "
                "change; or reject it.",
                code=Reason.LINE_MAYBE_ADDED,
            )
        number = lines.base_number(theirs.line_id)
        if number is not None:
            self._ask_person(
                f"{self._line}: the partner calls it line {number}, which the order has already.",
                code=Reason.LINE_MAYBE_ADDED,
            )
        for known in lines.base_numbers_with(item) if item else ():
            self._ask_person(
                f"{self._line}: the order has this item already, on line {known}.", code=Reason.LINE_MAYBE_ADDED
            )
        self._check_renewed(edit)
        if self.route.changes.lines is OnLines.PARK:
            self._ask_person(f"{self._line} is added.", code=Reason.LINE_ADDED)

    def _check_renewed(self, edit: LineEdit) -> None:
        """A line whose item was taken out and is added again counts as that line, changed."""
        rules = self.route.changes
        for line in self.findings.start.gone(edit.item):
            beyond = [
                f"the {name} {text_of(had)}"
                for name, had, has, share in (
                    ("quantity", line.quantity, edit.quantity, rules.quantity),
                    ("price", line.unit_price, edit.price, rules.price),
                )
                if has is not None and is_beyond(had, has, share)
            ]
            if beyond:
                what = " and ".join(beyond)
                self._ask_person(
                    f"{self._line}: the item was taken out with line {line.number} and comes back; {what} of that line "
                    "changes by more than the limit.",
                    code=Reason.LINE_RENEWED_BEYOND_LIMIT,
                )

    def _show_added(self, edit: LineEdit, there: OrderLine | None) -> None:
        """Record every value of an added line, beside the values of a line that may be the same."""
        self.findings.add_difference(
            self.where, "line", base=None, theirs=edit.quantity, ours=there.quantity if there else None
        )
        by_requested = self.dates.line_date is LineDate.REQUESTED
        shown = {
            "item": (edit.item, there and there.item),
            "unit": (edit.unit, there and there.unit),
            "price": (edit.price, there and there.unit_price),
            "wanted day": (edit.requested, there and there.requested),
            "promised day" if by_requested else "wanted day": (edit.promised, there and there.promised),
            "warehouse": (edit.warehouse, there and there.warehouse),
        }
        for what, (theirs, ours) in shown.items():
            if theirs is not None:
                self.findings.add_difference(self.where, what, base=None, theirs=theirs, ours=ours)

    def _item_entry(self) -> tuple[str, str]:
        """Where a number of the message is told to be that of an item of ours in the routing file, and the entry."""
        products, route = self.theirs.products, self.route
        if products.vendor:
            return f"partners.{route.partner}.items", f"partner_item: {text_of(products.vendor[0])}"
        return route.item_key, f"gtin: {text_of(products.gtins[0])}" if products.gtins else "its numbers"

    def _check_new(self, item: str | None, unit: str | None) -> None:
        theirs, route = self.theirs, self.route
        code = text_of(theirs.unit_code or "(none)")
        if item is None:
            table, entry = self._item_entry()
            self._refuse(
                f"{self._line}: its numbers lead to no item of ours, or to several.",
                waits_for=f"{table}.<our item number>",
                next_step=f"Add {entry} below {table}.<our item number> in the routing file and apply it.",
                code=Reason.ITEM_UNMAPPED,
            )
        if unit is None:
            self._refuse(
                f"{self._line}: the unit {code} is that of no unit of ours, or of several.",
                waits_for=route.unit_key,
                next_step=f"Map one unit of Visma to it below {route.unit_key} and apply the routing file.",
                code=Reason.UNIT_UNMAPPED,
            )
        if theirs.price is None or theirs.price < 0:
            self._refuse(f"{self._line} needs a price.", code=Reason.VALUE_MISSING)
        elif theirs.price == 0:
            self._ask_person(f"{self._line}: {_FREE}", code=Reason.PRICE_UNCLEAR)
        if self._has_two_days():
            self._refuse(self._two_days, code=Reason.TWO_DAYS)


def _visible(line: OrderLine) -> tuple[object, ...]:
    return line.item, line.quantity, line.unit, line.unit_price, line.requested, line.promised
