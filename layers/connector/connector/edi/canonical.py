"""A document freed of Visma and of routing, ready to be written in either dialect.

Everything both dialects need alike is decided once here: which lines are goods, charges or text, what an item is
called on the other side, which unit is meant, who plays which part, what the terms are, and what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import combinations
from typing import Generic, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from connector.domain.advice import BY_HAND, correction
from connector.domain.documents import (
    Address,
    BusinessDocument,
    Invoice,
    InvoiceLine,
    OrderLine,
    Party,
    PurchaseOrder,
    Tax,
    Terms,
)
from connector.domain.errors import Parked
from connector.domain.invoice_types import InvoiceType
from connector.domain.note_forms import ENTERED_ADDRESS, NO_PLACE, SENT_BY_VISMA
from connector.domain.parties import KnownParty, PartyView, Role, at_location, known_party, order_parties, our_company
from connector.domain.reasons import Reason
from connector.domain.routing.route import (
    Description,
    ExternalReference,
    ItemIds,
    LineDate,
    Route,
    TermsRule,
    WithoutItem,
)
from connector.domain.routing.values import GTIN_LENGTHS
from connector.domain.totals import (
    ZERO,
    Totals,
    explained_by_price,
    is_in_units,
    line_amount,
    magnitudes,
    payable_amount,
    rounded,
    smallest_unit,
)
from connector.domain.transactions import Purpose
from connector.domain.wanted_days import header_day, wanted_day
from connector.edi.memory import remember
from connector.edi.numbers import NOISELESS, decimal_text, quantity_without_noise, without_noise
from connector.edi.units import UNITS, Unit

_Line = TypeVar("_Line", OrderLine, InvoiceLine)
_Listed = TypeVar("_Listed")

_NO_IDS = ItemIds()
_MAX_VAT_ROWS = 8
_MAX_LISTED = 10
# Half cents of both signs: with a thousand lines, their sum passes 0.50 once in a million documents.
_MAX_ROUNDED_LINES = Decimal(100)
_LEFT_OUT = "The VAT rows of Visma that are not part of what is payable were left out."
# So much is remembered of each partner; drop-ship orders all have another one.
_MAX_PARTIES = 64
LARGE_ROUNDING = Decimal(1)
"""Units of currency from which on the rounding of a line, or of the total, is told."""


class ChargeKind(StrEnum):
    """Why something is added to or taken off a document or a line."""

    DISCOUNT = "discount"
    SURCHARGE = "surcharge"
    FREIGHT = "freight"
    OTHER = "other"
    ADJUSTMENT = "adjustment"
    ROUNDING = "rounding"


class Charge(NamedTuple):
    """Something added to (positive) or taken off (negative) the document or a line, in cents of its currency."""

    kind: ChargeKind
    amount: Decimal
    description: str | None


class LineView(msgspec.Struct, gc=False):
    """A line of goods or services.

    Attributes:
        quantity_text: The quantity as both dialects print it.
        price_text: The price likewise.
        product: Quantity x price, not rounded.
        number: Its number in Visma; on a supplier's invoice that of the order line, where the lines have different
            ones. No two lines of an order, and no two lines of an invoice that are numbered, have the same.
        is_numbered: Whether the number is written: not for a line without an order line beside lines that have one,
            because a partner reads it as the number of an order line (IBM's guide of the 810: IT101 refers to the line
            item on the original purchase order).
        is_ordered: Whether the number is that of a line of the order.
        charges: What leads from `quantity * price` to what is payable for the line.
        wanted: The day on which the goods are wanted.
        promised: Visma's promised day, where it is another one.
        order: The order the line belongs to: the buyer's on supplier invoices, ours on customer invoices unless the
            whole document has one.
        order_line: The line of that order, where `number` is another one.
        shipment: Our shipment of the line, unless the whole document has one.
        warehouse: Only when the lines of the document differ in it.
        tax_rate: In percent, where the line's tax code is one of the document's taxes.
        source: Where the line stands in the Visma document.
        their_item_source: Where the partner's number of the item stands: the field of the line with a point before it
            (`.alternateId`), or the key of the items in the routing file (`defaults.items`).
    """

    number: str
    quantity: Decimal
    quantity_text: str
    unit: Unit
    price: Decimal
    price_text: str
    product: Decimal
    charges: tuple[Charge, ...]
    buyer_item: str | None
    vendor_item: str | None
    gtin: str | None
    description: str | None
    note: str | None
    source: str
    their_item_source: str
    wanted: date | None = None
    promised: date | None = None
    warehouse: str | None = None
    order: str | None = None
    order_line: int | None = None
    shipment: str | None = None
    tax_rate: Decimal | None = None
    is_numbered: bool = True
    is_ordered: bool = False

    @property
    def title(self) -> str:
        """What a text calls the line."""
        item = self.buyer_item or self.vendor_item or self.gtin or self.description
        return f"Line {self.number}" if self.is_numbered or not item else f"Item {item}"


class TermsView(NamedTuple):
    """Payment terms, resolved. A `net_days` or `due` of None is simply not known.

    A discount is offered with a percentage or an amount and with a last day (`discount_days` or `discount_due`), or
    not at all: then all four are None. What is there never contradicts itself.

    Attributes:
        discount_amount: Above zero.
    """

    description: str | None
    net_days: int | None
    due: date | None
    discount_percent: str | None = None
    discount_days: int | None = None
    discount_due: date | None = None
    discount_amount: Decimal | None = None

    @property
    def offers_discount(self) -> bool:
        """Whether a discount is offered for paying early."""
        return bool(self.discount_percent or self.discount_amount)


class CanonicalDocument(msgspec.Struct, kw_only=True, gc=False):
    """The document as both dialects write it. Credit memos have positive amounts here.

    Attributes:
        content: The document; credit memos as magnitudes.
        taxes: VAT by rate: rate in percent (None when Visma names none) and amount.
        texts: Header notes: descriptions, notes and text lines, each as one piece.
        notes: Sentences about what was decided on the way.
        wanted_on: The day on which the goods of the whole order are wanted.
        blanket: The blanket order that an order is called off from.
        sales_order: Our sales order, where all goods of an invoice are of one.
        shipment: Our shipment, likewise.
    """

    content: BusinessDocument
    route: Route
    purpose: Purpose
    total: Decimal
    lines: list[LineView]
    charges: list[Charge]
    taxes: list[tuple[Decimal | None, Decimal]]
    parties: tuple[PartyView, ...]
    terms: TermsView | None
    texts: list[str]
    notes: list[str]
    wanted_on: date | None = None
    blanket: str | None = None
    sales_order: str | None = None
    shipment: str | None = None


def canonical(content: BusinessDocument, route: Route, totals: Totals, purpose: Purpose) -> CanonicalDocument:
    """Decide everything that does not depend on the dialect.

    Raises:
        Parked: it is of another branch, looks like an instalment, no currency is known, a unit or an item id is not
            mapped, several blanket orders are called off, a drop-ship order has no address, a price or the total of an
            order is below zero, or there is nothing to order or to invoice.
    """
    if purpose is not Purpose.CANCELLATION:
        _refuse_other_branch(content, route)
        _refuse_unknown_currency(content, route)
        _refuse_unknown_delivery(content, route)
        _refuse_instalment(content)
    content = _as_written(content, totals)
    if isinstance(content, Invoice):
        content = with_references(content, route)
    vat = _taxes(content, totals) if content.taxes or totals.tax else _Vat([])
    taxes = vat.rows
    reader = _reader(content, route, purpose, vat)
    reader.read()
    if purpose is not Purpose.CANCELLATION:
        _refuse_negative_order(content, totals)
    blanket = reader.blanket()
    charges = reader.charges
    charges += [
        Charge(ChargeKind.DISCOUNT, -rounded(discount.amount, content.currency), _text(discount.description))
        for discount in content.discounts
        if discount.amount
    ]
    reader.notes += vat.notes
    reader.notes += _branch_notes(content, route)
    if purpose is not Purpose.CANCELLATION:
        reader.notes += reader.left_notes()
        reader.notes += _delivery_notes(content, route)
        reader.notes += [SENT_BY_VISMA.of(content.sent_by_visma)] if content.sent_by_visma else []
    # Notes are for us, so they name the lines as Visma numbers them.
    lines = reader.numbered()
    if purpose is not Purpose.CANCELLATION:
        rounding = _rounding(content, totals, lines, charges, taxes)
        charges += rounding
        reader.notes += [
            f"{one.amount:f} is sent as rounding of the total." for one in rounding if abs(one.amount) >= LARGE_ROUNDING
        ]
    return CanonicalDocument(
        content=content,
        route=route,
        purpose=purpose,
        total=rounded(totals.total, content.currency),
        lines=lines,
        charges=charges,
        taxes=taxes,
        parties=_parties(content, route),
        terms=_terms(content, route, totals, reader.notes),
        texts=_header_texts(content, route) + reader.texts,
        notes=reader.notes,
        wanted_on=reader.wanted_on(),
        blanket=blanket,
        sales_order=reader.sales_order,
        shipment=reader.shipment,
    )


def order_type(order: PurchaseOrder, document: CanonicalDocument) -> str:
    """The order type word that routing gives to Visma's order type.

    An order that is called off from a blanket order does not stand alone, so there `standalone` is `release`; every
    other word of routing holds for call-offs as well.

    Raises:
        Parked: routing has none.
    """
    word = document.route.order_types.get(order.order_type)
    if word is None:
        raise _unmapped(
            f"Visma's order type {order.order_type} has no purchase order type.",
            field="orderType",
            key=f"defaults.order_types.{order.order_type}",
            example="do_not_send (or standalone, or another purchase order type)",
            code=Reason.ORDER_TYPE_UNMAPPED,
        )
    return "release" if word == "standalone" and document.blanket else word


def buyer_reference_text(number: str) -> str:
    """What the buyer books an invoice by, as text, where a dialect has no place of its own for it."""
    return f"Accounting reference: {number}"


class _Vat(NamedTuple):
    """The VAT of a document as it is written.

    Attributes:
        rows: Rate in percent (None without one) and amount.
        notes: Sentences about rows of Visma, or rates of them, that are not written.
        unrated: Codes whose lines name no rate: their rows are not payable, or that cannot be told, or their rate does
            not lead to their amount.
    """

    rows: list[tuple[Decimal | None, Decimal]]
    notes: tuple[str, ...] = ()
    unrated: frozenset[str | None] = frozenset()


class _LineReader(Generic[_Line]):
    """Sorts the lines of a document into goods, charges and texts.

    Attributes:
        sales_order: Our sales order, where all goods of an invoice are of one.
        shipment: Our shipment, likewise.
    """

    def __init__(self, content: BusinessDocument, read: Sequence[_Line], route: Route, purpose: Purpose) -> None:
        self.lines: list[LineView] = []
        self.charges: list[Charge] = []
        self.texts: list[str] = []
        self.notes: list[str] = []
        self.sales_order: str | None = None
        self.shipment: str | None = None
        self._with_gtin: dict[str, tuple[str | None, ...]] = {}
        self._withdrawn: frozenset[str] = frozenset()
        self._content = content
        self._read: Sequence[_Line] = read
        self._route = route
        self._cancels = purpose is Purpose.CANCELLATION
        self._sends_notes = route.notes.of_lines
        self._we_sell = content.kind.facts.we_sell
        self._items = route.items
        self._required_id = route.require_item_id
        self._units: dict[str | None, Unit] = {}
        self._their_field = f".{content.kind.facts.names.their_item}"

    def read(self) -> None:
        """Add each line to where it belongs.

        Raises:
            Parked: a line lacks something, or nothing is left to write.
        """
        for read in self._read:
            line, quantity, price = read, decimal_text(read.quantity), decimal_text(read.unit_price)
            if len(quantity) > NOISELESS or len(price) > NOISELESS:
                line = _without_noise(read)
                quantity, price = decimal_text(line.quantity), decimal_text(line.unit_price)
            if (line.item is None or line.is_text or line.is_charge) and not self._is_goods(line, read):
                continue
            if line.source not in self._withdrawn:
                self.lines.append(self._view(line, quantity, price))
        if not self.lines:
            self._refuse_empty()

    def _is_goods(self, line: _Line, read: _Line) -> bool:
        """Whether a line that may be a text or a charge is one of goods or services; else adds it where it belongs."""
        currency = self._content.currency
        # A text that costs something is no text; a line without item and price is none but a text.
        may_be_text = line.is_text or (line.item is None and not line.unit_price)
        if may_be_text and not payable_amount(read, currency):
            text = _text(line.description) or self._note(line)
            if text:
                self.texts.append(f"Line {line.number}: {text}")
            return False
        if line.source in self._withdrawn:
            return False
        kind = ChargeKind.FREIGHT if line.is_charge else None
        if kind is None and line.item is None and not self._their_item(line):
            kind = self._without_item(line)
        if kind is None:
            return True
        amount = rounded(payable_amount(read, currency), currency)
        if amount:
            self.charges.append(Charge(kind, amount, _text(line.description)))
        return False

    def _their_item(self, line: _Line) -> str | None:
        """The number of the item at the other side, as the line has it."""
        raise NotImplementedError

    def _view(self, line: _Line, quantity: str, price: str) -> LineView:
        """A line of goods or services as it is written; its quantity and price are printed already."""
        raise NotImplementedError

    def _refuse_empty(self) -> None:
        """Refuse a document without lines of goods, unless it may go without.

        Raises:
            Parked: there is nothing to order or to invoice.
        """
        raise NotImplementedError

    def numbered(self) -> list[LineView]:
        """The lines with the numbers that are written. An order keeps Visma's, because an 860 refers to them."""
        return self.lines

    def wanted_on(self) -> date | None:
        """The wanted day of the whole order, from what was read; None of an invoice."""
        return None

    def blanket(self) -> str | None:
        """The blanket order that was called off from; None of an invoice."""
        return None

    def left_notes(self) -> list[str]:
        """Sentences about what of the lines was left out or looks like an oversight."""
        free = [line.number for line in self.lines if not line.price]
        notes = [f"{_listed('Line', free)} left with the price 0."] if free else []
        return notes + [
            f"Item {item} left in {' and '.join(unit or '' for unit in units)} with one GTIN: where each unit has its "
            f"own, set {self._route.item_key}.{item}.gtins."
            for item, units in self._with_gtin.items()
            if len(units) > 1
        ]

    def _note(self, line: OrderLine | InvoiceLine) -> str | None:
        """The note of a line, where routing sends it."""
        return _text(line.note) if self._sends_notes else None

    def _without_item(self, line: OrderLine | InvoiceLine) -> ChargeKind | None:
        """What routing makes of a priced line that names no item: a charge, or None for a line of service.

        Raises:
            Parked: routing does not say.
        """
        match self._route.lines_without_item:
            case WithoutItem.CHARGE:
                return ChargeKind.OTHER
            case WithoutItem.SERVICE:
                return None
            case _:
                key = f"partners.{self._route.partner}.kinds.{self._content.kind}.lines_without_item"
                raise Parked(
                    f"Line {line.number} names no item: neither an item number nor a GTIN.",
                    next_step=f"Set {key} to {WithoutItem.SERVICE} or {WithoutItem.CHARGE} in the routing file and "
                    f"apply it. Otherwise: {correction(self._content.kind, 'Give the line an item in Visma.')}",
                    field=f"{line.source}.inventory",
                    waits_for=key,
                    code=Reason.NO_ITEM,
                )

    def _check_fraction(self, line: OrderLine | InvoiceLine, quantity: str) -> None:
        """A quantity that is a fraction, of a unit that is counted, is noted on what we sell, or was sold.

        Raises:
            Parked: it is ordered.
        """
        if self._cancels:
            return
        unit = self._route.units.get(line.unit or "")
        if unit not in self._route.whole_units:
            return
        said = f"{quantity} {unit}: a fraction of a unit that is counted."
        if isinstance(line, InvoiceLine) or self._content.kind.facts.we_sell:
            self.notes.append(f"Line {line.number} has {said}")
            return
        key = f"partners.{self._route.partner}.whole_units"
        raise Parked(
            f"Line {line.number} orders {said}",
            next_step=f"Correct the quantity in Visma. If {unit} has fractions, set {key} to the units that have none, "
            "in the routing file, and apply it.",
            field=f"{line.source}.orderQty",
            waits_for=key,
            code=Reason.FRACTION_OF_UNIT,
        )

    def _line_charges(self, line: OrderLine | InvoiceLine, product: Decimal) -> tuple[Charge, ...]:
        """What leads from quantity x price to what is payable: the discount or surcharge, and what is left then.

        The rest is a rounding where a rounded price explains it, else the adjustment of an entered amount.
        """
        currency = self._content.currency
        product = rounded(product, currency)
        charges = []
        left = ZERO if line.amount is None else rounded(line.amount, currency) - product
        if line.discount:
            # A discount brings the amount of the line towards zero, whichever side of zero it is on.
            added = rounded(line.discount if product < 0 else -line.discount, currency)
            kind = ChargeKind.DISCOUNT if line.discount > 0 else ChargeKind.SURCHARGE
            charges.append(Charge(kind, added, None))
            left -= ZERO if line.amount is None else added
        if left:
            difference = payable_amount(line, currency) - rounded(line_amount(line, currency), currency)
            if explained_by_price(
                difference, line.quantity, line.unit_price, currency, limit=self._route.rounding_limit
            ):
                charges.append(Charge(ChargeKind.ROUNDING, left, None))
                if abs(left) >= LARGE_ROUNDING:
                    self.notes.append(
                        f"The amount of line {line.number} differs by {left:f} from its quantity and rounded price; "
                        "that is sent as rounding."
                    )
            else:
                charges.append(Charge(ChargeKind.ADJUSTMENT, left, None))
                self.notes.append(f"The amount of line {line.number} was entered; {left:f} is sent as an adjustment.")
        return tuple(charges)

    def _unit(self, line: OrderLine | InvoiceLine) -> Unit:
        """The unit that routing means by a Visma word."""
        word, source = line.unit, line.source
        if word is None:
            self.notes.append(f"Line {line.number} has no unit in Visma; it is sent in 'unit'.")
            return UNITS["unit"]
        meant = self._route.units.get(word)
        unit = UNITS.get(meant) if meant is not None else None
        if unit is None:
            why = f"'{meant}' is no unit of the connector" if meant else "it is not mapped"
            raise _unmapped(
                f"Visma's unit {word} cannot be translated: {why}.",
                field=f"{source}.uom",
                key=f"{self._route.unit_key}.{word}",
                example="<unit>",
                code=Reason.UNIT_UNMAPPED,
            )
        self._units[word] = unit
        return unit

    def _gtin_of(self, line: OrderLine | InvoiceLine, known: ItemIds, partner_item: str | None) -> str | None:
        """The GTIN of the item as it is written. Checks that the item has the number that routing insists on."""
        gtin = known.gtin_of(line.unit) if known.gtins else known.gtin
        if gtin and line.item and line.unit not in known.gtins:
            if known.gtins and line.unit and self._route.units.get(line.unit) not in _SINGLE:
                # GS1: each level of packaging has a GTIN of its own, and routing has none for this one.
                self.notes.append(
                    f"Line {line.number} left without a GTIN: {self._route.item_key}.{line.item}.gtins has none for "
                    f"the unit {line.unit}."
                )
                gtin = None
            else:
                before: tuple[str | None, ...] = self._with_gtin.setdefault(line.item, (line.unit,))
                if line.unit not in before:
                    self._with_gtin[line.item] = (*before, line.unit)
        required = self._required_id
        if (required == "gtin" and not gtin) or (required == "partner_item" and not partner_item):
            what = "GTIN" if required == "gtin" else "item number of the partner"
            raise _unmapped(
                f"Line {line.number}: no {what} is known for item {line.item or '(none)'}, and this partner needs one.",
                field=f"{line.source}.inventory",
                key=f"{self._route.item_key}.{line.item}" if line.item else None,
                example=f"{{{required}: ...}}",
                code=Reason.ITEM_NUMBER_MISSING,
            )
        if not gtin:
            return None
        written = _gtin(gtin)
        if written is None:
            raise _unmapped(
                f"Line {line.number}: the GTIN '{gtin}' of item {line.item} has not 8, 12, 13 or 14 digits.",
                field=f"{line.source}.inventory",
                key=f"{self._route.item_key}.{line.item}",
                example="{gtin: ...}",
                code=Reason.ITEM_NUMBER_MISSING,
            )
        return written


def _gtin(gtin: str) -> str | None:
    """A GTIN of 12, 13 or 14 digits; one of 8 is filled with zeros up to 14 (see `GTIN_LENGTHS`); None for another."""
    if len(gtin) not in GTIN_LENGTHS or not gtin.isascii() or not gtin.isdigit():
        return None
    return gtin.zfill(14) if len(gtin) == 8 else gtin


_SINGLE = frozenset({"each", "unit"})
"""Units of a single piece: the plain GTIN of an item is that of a piece, where its packages have their own."""


class _OrderReader(_LineReader[OrderLine]):
    """The lines of an order, ours or a customer's."""

    def __init__(self, order: PurchaseOrder, route: Route, purpose: Purpose) -> None:
        super().__init__(order, order.lines, route, purpose)
        self._order = order
        self._several_warehouses = (
            len({line.warehouse for line in order.lines if not line.is_text and not line.is_charge}) > 1
        )
        self._ordered: list[OrderLine] = []
        # An order that is only withdrawn from a former supplier keeps its cancelled lines to itself.
        if not order.cancelled:
            self._withdrawn = frozenset([line.source for line in order.lines if line.cancelled])

    def _their_item(self, line: OrderLine) -> str | None:
        return line.supplier_item

    def _refuse_empty(self) -> None:
        raise Parked(
            "The order has no lines to order.",
            next_step="Add lines in Visma, or cancel the order there." + self._services_as_charges(),
            field="lines",
            code=Reason.NO_LINES,
        )

    def _services_as_charges(self) -> str:
        """The further way out for an order whose lines routing makes charges of."""
        if self._route.lines_without_item is not WithoutItem.CHARGE or not self.charges:
            return ""
        key = f"partners.{self._route.partner}.kinds.{self._content.kind}.lines_without_item"
        return f" Its lines name no item and are sent as charges: to have them ordered, set {key}: service and apply."

    def left_notes(self) -> list[str]:
        """Also the requested days that do not leave."""
        notes = super().left_notes()
        if self._route.line_date is LineDate.PROMISED:
            silent = {None, self._order.ordered_on}
            late = [
                line
                for line, view in zip(self._ordered, self.lines, strict=True)
                if line.requested != view.wanted and line.requested not in silent
            ]
            if late:
                days = _listed("line", late, lambda line: f"{line.number} ({line.requested!s})")
                notes.append(f"The requested day of {days} was left out: the promised day is sent (line_date).")
        undated = [view.number for view in self.lines if view.wanted is None]
        if undated:
            ignored = "nothing is promised, and a requested day that is the order date counts as Visma's default"
            if self._route.line_date is LineDate.REQUESTED:
                ignored = "nothing is requested or promised"
            notes.append(f"{_listed('Line', undated)} left without a delivery date: {ignored} (line_date).")
        return notes

    def wanted_on(self) -> date | None:
        """The wanted day of the whole order, from what was read."""
        return header_day(self._order, [line.wanted for line in self.lines], self._route.line_date)

    def blanket(self) -> str | None:
        """The blanket order that was called off from, with a text for the lines that do not belong to it.

        A cancellation names the order, so it gets through whatever was called off.

        Raises:
            Parked: there are several. BEG04 and `releaseNumber` have room for one, and neither X12 (element 128) nor
                Mosaic has a place for a blanket order on the line.
        """
        if self._order.order_type == "Blanket":
            return None
        named = {line.blanket: line for line in self._ordered if line.blanket and line.blanket != self._order.number}
        if len(named) > 1:
            if self._cancels:
                return None
            *_, last = named.values()
            raise Parked(
                f"The order calls off several blanket orders ({', '.join(named)}), and a purchase order can name one.",
                next_step=f"Make one order of each blanket order in Visma. Or: {BY_HAND}",
                field=f"{last.source}.orderNumber",
                code=Reason.SEVERAL_BLANKET_ORDERS,
            )
        blanket = next(iter(named), None)
        if blanket is not None:
            self.texts += [
                f"Line {line.number} is not part of blanket order {blanket}."
                for line in self._ordered
                if line.blanket != blanket
            ]
        return blanket

    def _view(self, line: OrderLine, quantity: str, price: str) -> LineView:
        if line.quantity <= ZERO and not self._cancels:
            raise Parked(
                f"Line {line.number} orders {line.quantity:f} of {line.item or 'an item'}; "
                "a purchase order needs a quantity above zero.",
                next_step=Reason.QUANTITY_NOT_POSITIVE.action,
                field=f"{line.source}.orderQty",
                code=Reason.QUANTITY_NOT_POSITIVE,
            )
        if line.unit_price < ZERO and not self._cancels and not self._we_sell:
            raise Parked(
                f"Line {line.number} orders {line.item or 'an item'} at {line.unit_price:f}; "
                "a purchase order needs prices that are not below zero.",
                next_step=Reason.PRICE_BELOW_ZERO.action,
                field=f"{line.source}.unitCost",
                code=Reason.PRICE_BELOW_ZERO,
            )
        if "." in quantity:
            self._check_fraction(line, quantity)
        if line.unit is None and line.item is not None:
            raise Parked(
                f"Line {line.number} has no unit.",
                next_step="Fill it in Visma.",
                field=f"{line.source}.uom",
                code=Reason.NO_UNIT,
            )
        known = self._items.get(line.item, _NO_IDS) if line.item else _NO_IDS
        wanted = wanted_day(line, self._order, self._route.line_date)
        self._ordered.append(line)
        theirs = line.supplier_item or known.partner_item
        buyer_item, vendor_item = (theirs, line.item) if self._we_sell else (line.item, theirs)
        product = line.quantity * line.unit_price
        return LineView(
            str(line.number),
            line.quantity,
            quantity,
            self._units.get(line.unit) or self._unit(line),
            line.unit_price,
            price,
            product,
            () if line.amount == product and not line.discount else self._line_charges(line, product),
            buyer_item,
            vendor_item,
            self._gtin_of(line, known, theirs) if self._required_id or known is not _NO_IDS else None,
            line.description or line.item_description,
            self._note(line) if line.note else None,
            line.source,
            self._their_field if line.supplier_item else self._route.item_key,
            wanted,
            line.promised if line.promised != wanted else None,
            line.warehouse if self._several_warehouses else None,
        )


class _InvoiceReader(_LineReader[InvoiceLine]):
    """The lines of an invoice, ours or a supplier's."""

    def __init__(self, invoice: Invoice, route: Route, purpose: Purpose, vat: _Vat) -> None:
        super().__init__(invoice, invoice.lines, route, purpose)
        # A line names its rate only where the rates stand in the summary as well, and its own VAT is payable.
        written = {rate for rate, _ in vat.rows}
        rates = {tax.code: tax.rate for tax in invoice.taxes if tax.code and tax.rate in written}
        payable = {code: rate for code, rate in rates.items() if code not in vat.unrated}
        self._rates = payable if len(rates) > 1 else {}
        if self._we_sell:
            # A fee beside the goods has no order of its own; an invoice of fees alone has theirs.
            goods = [line for line in invoice.lines if line.item and not line.is_charge] or invoice.lines
            self.sales_order = _only({line.sales_order for line in goods})
            self.shipment = _only({line.shipment for line in goods})

    def _their_item(self, line: InvoiceLine) -> str | None:
        return line.counterparty_item

    def _refuse_empty(self) -> None:
        if not self.charges:
            raise Parked("The invoice has no lines.", field="invoiceLines", code=Reason.NO_LINES)

    def numbered(self) -> list[LineView]:
        """The lines with ids that tell them apart."""
        _number(self.lines)
        return self.lines

    def _view(self, line: InvoiceLine, quantity: str, price: str) -> LineView:
        # In the order of the record: with their names it takes five times as long.
        if "." in quantity:
            self._check_fraction(line, quantity)
        known = self._items.get(line.item, _NO_IDS) if line.item else _NO_IDS
        theirs = line.counterparty_item or known.partner_item
        buyer_item, vendor_item = (theirs, line.item) if self._we_sell else (line.item, theirs)
        product = line.quantity * line.unit_price
        return LineView(
            str(line.number),
            line.quantity,
            quantity,
            self._units.get(line.unit) or self._unit(line),
            line.unit_price,
            price,
            product,
            () if line.amount == product and not line.discount else self._line_charges(line, product),
            buyer_item,
            vendor_item,
            self._gtin_of(line, known, theirs) if self._required_id or known is not _NO_IDS else None,
            line.description,
            self._note(line) if line.note else None,
            line.source,
            self._their_field if line.counterparty_item else self._route.item_key,
            None,
            None,
            None,
            line.order_number or (line.sales_order if line.sales_order != self.sales_order else None),
            None if self._we_sell else line.order_line,
            line.shipment if line.shipment != self.shipment else None,
            self._rates.get(line.tax_code) if line.tax_code else None,
        )


def _reader(content: BusinessDocument, route: Route, purpose: Purpose, vat: _Vat) -> _OrderReader | _InvoiceReader:
    if isinstance(content, Invoice):
        return _InvoiceReader(content, route, purpose, vat)
    return _OrderReader(content, route, purpose)


def _as_written(content: BusinessDocument, totals: Totals) -> BusinessDocument:
    """Credit memos as magnitudes; orders with the discounts and VAT of the lines that are not cancelled."""
    if isinstance(content, Invoice):
        return magnitudes(content)
    if totals.tax_rows is None:
        return content
    return replace(content, discounts=totals.discount_rows or (), taxes=totals.tax_rows)


def with_references(content: Invoice, route: Route | None) -> Invoice:
    """A customer invoice whose order number is one: Visma's `customerRefNumber`, or what routing takes for one.

    Every other reference is one of `other_references`, each of them once.

    Args:
        content: The invoice as Visma has it.
        route: The settings of its partner; None where it has none, and nothing else is taken for an order number.
    """
    if not content.kind.facts.we_sell:
        return content
    order, source, theirs = content.order_number, content.order_source, content.counterparty_reference
    is_credit = content.invoice_type is InvoiceType.CREDIT_MEMO
    reading = route.external_reference if route else None
    may_be_external = reading is ExternalReference.ORDER_NUMBER and not is_credit
    if source == "originatorDocRef" or (source == "externalReference" and not may_be_external):
        order, source, theirs = None, "", None
    others = tuple([one for one in content.other_references if one.partition(": ")[2] != order])
    stated = content.order_number, content.order_source, content.counterparty_reference, content.other_references
    if (order, source, theirs, others) == stated:
        return content
    return replace(
        content, order_number=order, order_source=source, counterparty_reference=theirs, other_references=others
    )


def _without_noise(line: _Line) -> _Line:
    """The line as it is written: what is left of quantity x price is a rounding (see `_line_charges`)."""
    quantity, price = quantity_without_noise(line.quantity), without_noise(line.unit_price)
    if quantity is line.quantity and price is line.unit_price:
        return line
    if quantity == line.quantity and price == line.unit_price:
        return line
    return replace(line, quantity=quantity, unit_price=price)


def _listed(what: str, found: Sequence[_Listed], text_of: Callable[[_Listed], str] = str) -> str:
    """`line 2`, `lines 2, 3`: the first ten, because notes go into a record of limited size."""
    shown = ", ".join(map(text_of, found[:_MAX_LISTED]))
    more = f" and {len(found) - _MAX_LISTED} more" if len(found) > _MAX_LISTED else ""
    return f"{what}{'s' if len(found) > 1 else ''} {shown}{more}"


def _refuse_other_branch(content: BusinessDocument, route: Route) -> None:
    """Refuse a document of a branch that is not the company's, where routing gives the company one branch.

    Visma's lists are asked for that branch only; a document can come here without them.

    Raises:
        Parked: it is of another branch.
    """
    own, company = route.company.visma.branch, route.company.name
    if own is None or content.branch in {None, own}:
        return
    raise Parked(
        f"The document is of branch {content.branch}, and company {company} has branch {own} only.",
        next_step=f"Give branch {content.branch} a company of its own in the routing file, or take "
        f"companies.{company}.visma.branch out where both are one company, and apply it. Where another company has "
        f"that branch, the document leaves from there: close this one. Or: {BY_HAND}",
        field=content.kind.facts.names.branch,
        waits_for=f"companies.{company}.visma.branch",
        code=Reason.OTHER_BRANCH,
    )


def _branch_notes(content: BusinessDocument, route: Route) -> list[str]:
    """A sentence about a branch that routing does not name, where it names others."""
    company = route.company
    if not company.branches or content.branch is None or content.branch in company.branches:
        return []
    unnamed = f"The document is of branch {content.branch}, which companies.{company.name}.branches does not name"
    return [f"{unnamed}: it leaves under the name, GLN and VAT number of the company."]


def _unmapped(sentence: str, *, field: str, key: str | None, example: str, code: Reason) -> Parked:
    step = f"Add {key}: {example} to the routing file and apply it." if key else None
    return Parked(sentence, next_step=step, field=field, waits_for=key, code=code)


def _refuse_unknown_currency(content: BusinessDocument, route: Route) -> None:
    """Amounts need a currency: the one that the document names, or the one that both sides agreed on.

    Raises:
        Parked: there is neither.
    """
    if content.currency is None and route.currency is None:
        field = content.kind.facts.names.currency
        raise _unmapped(
            f"Visma gives no currency ({field}), and none is agreed with partner {route.partner}.",
            field=field,
            key=f"partners.{route.partner}.currency",
            example="<ISO 4217 code>",
            code=Reason.CURRENCY_MISSING,
        )


def _refuse_unknown_delivery(content: BusinessDocument, route: Route) -> None:
    """A supplier does not know where our customers are: a drop-ship order needs the address.

    Raises:
        Parked: it has none, or no more than a country or region.
    """
    if not isinstance(content, PurchaseOrder):
        return
    address = content.ship_to.address or Address()
    drop_ship = content.order_type == "DropShip" or route.order_types.get(content.order_type) == "dropship"
    if drop_ship and not (address.lines or address.city or address.postal_code):
        raise Parked(
            "The order is a drop-ship order and has no address to deliver to.",
            next_step="Fill in the shipping address of the order in Visma.",
            field="shippingAddress",
            code=Reason.NO_DELIVERY_ADDRESS,
        )


def _refuse_instalment(content: BusinessDocument) -> None:
    """An instalment is payable with the invoice that it belongs to: sent as well, it would be paid twice.

    Raises:
        Parked: it looks like one.
    """
    if isinstance(content, Invoice) and content.is_instalment:
        raise Parked(
            "It looks like an instalment of another invoice, which has the whole amount: its only line has an amount "
            "on the ledger account itself, and neither item, quantity nor VAT.",
            next_step="See that the invoice itself was sent, then run `connector documents close KEY`. If this is an "
            f"invoice of its own: {BY_HAND}",
            field=f"{content.kind.facts.names.lines}[0].account",
            code=Reason.INSTALMENT,
        )


def _refuse_negative_order(content: BusinessDocument, totals: Totals) -> None:
    """An order whose total is below zero would pay the buyer for the goods.

    Raises:
        Parked: its total is below zero.
    """
    total = rounded(totals.total, content.currency)
    if isinstance(content, PurchaseOrder) and total < 0:
        raise Parked(
            f"The total of the order is {total:f}; it must not be below zero.",
            next_step="Correct prices, discounts and charges of the order in Visma. Enter what is credited there by "
            "itself.",
            field=content.kind.facts.names.total,
            code=Reason.TOTAL_BELOW_ZERO,
        )


def _delivery_notes(content: BusinessDocument, route: Route) -> list[str]:
    """A sentence about an order without a place of delivery, or about a place that leaves without its usual code."""
    if isinstance(content, Invoice):
        customer = content.counterparty
        if not content.kind.facts.we_sell or not route.locations or _went_to_customer_itself(customer, route):
            return []
        key = f"partners.{route.partner}.locations"
        note = f"Location {customer.location} leaves with Visma's id of it, since {key} has others and not this one."
        return [] if customer.location in route.locations else [note]
    if content.kind.facts.we_sell:
        return []
    place = content.ship_to
    if place.is_elsewhere:
        return [ENTERED_ADDRESS.of()] if place.number or place.location else []
    if place.name or place.number or place.location or place.address:
        return []
    return [NO_PLACE.of()]


def _taxes(content: BusinessDocument, totals: Totals) -> _Vat:
    """VAT by rate, and a sentence where Visma's rows could not be written.

    Rates are written only when they add up to the VAT that is payable, so that no partner gets two answers. Visma's
    rows do not with reverse charge, use tax, partly deductible VAT and in a foreign currency. Where one choice of them
    does, the others are not payable. Where they all do but for the cent that each may be rounded by, that cent is part
    of the document's rounding. Else the stated VAT is one amount: at the one rate there is where that gives just this
    amount, or without a rate. A rate that does not lead from its taxable amount to its VAT is not written.
    """
    currency = content.currency
    net = totals.lines + totals.charges - totals.discounts
    within = smallest_unit(currency) * min(Decimal(len(content.lines) + 1), _MAX_ROUNDED_LINES) / 2
    taxes = tuple(_credible(tax, net, within) for tax in content.taxes)
    doubted = {tax.code: tax for tax, read in zip(content.taxes, taxes, strict=True) if tax is not read}
    doubts = (
        ()
        if not doubted
        else tuple(
            f"Visma's VAT of {tax.amount:.2f} is not {decimal_text(tax.rate or ZERO)} % of "
            f"{'what is taxed' if tax.taxable is None else f'{tax.taxable:.2f}'}; it is written without the rate."
            for tax in doubted.values()
        )
    )
    rows = _by_rate(taxes, currency)
    off = abs(sum((amount for _, amount in rows), ZERO) - totals.tax)
    if not off:
        unpaid = _taken_back(content)
        return _Vat(rows, (*doubts, _LEFT_OUT) if unpaid else doubts, unpaid | doubted.keys())
    if not totals.tax:
        return _Vat(
            [], ("Visma's VAT rows are not part of what is payable (reverse charge or use tax); none is written.",)
        )
    rates = {tax.rate for tax in content.taxes}
    rate = next(iter(rates)) if len(rates) == 1 else None
    if rate is not None and rounded(net * rate / 100, currency) == totals.tax:
        return _Vat([(rate, totals.tax)])
    if chosen := _payable_rows(content, taxes, totals.tax):
        return chosen._replace(notes=(*doubts, *chosen.notes), unrated=chosen.unrated | doubted.keys())
    if rows and off <= smallest_unit(currency) * len(taxes):
        return _Vat(rows if len(rows) > 1 else [(rows[0][0], totals.tax)], doubts, frozenset(doubted))
    note = f"Visma's VAT rows do not add up to the VAT that is payable; {totals.tax:f} is written without a rate."
    return _Vat([(None, totals.tax)], (note,) if rates else ())


def _credible(tax: Tax, net: Decimal, within: Decimal) -> Tax:
    """The VAT row, without its rate if that leads to its VAT neither from its taxable amount nor from the document's.

    VAT may be rounded line by line, so each line may move it by half the smallest unit (`within`). Signs say nothing:
    the second row of a reverse charge takes VAT off, and its taxable amount may have either sign.
    """
    rate = tax.rate
    if rate is None or (tax.taxable is None and rate):
        return tax
    for base in (tax.taxable or ZERO, net):
        if abs(abs(base * rate) / 100 - abs(tax.amount)) <= within:
            return tax
    return replace(tax, rate=None)


def _taken_back(content: BusinessDocument) -> frozenset[str | None]:
    """The codes of VAT rows that a row of a code without lines takes back, and those of these rows.

    Which of several rows of one amount is meant cannot be told, so all of them are named.
    """
    if all(row.amount >= ZERO for row in content.taxes):
        return frozenset()
    on_lines = {line.tax_code for line in content.lines}
    rows = [row for row in content.taxes if row.amount]
    return frozenset(
        code
        for counter in rows
        if counter.code not in on_lines
        for row in rows
        if row.rate == counter.rate and row.amount == -counter.amount
        for code in (row.code, counter.code)
    )


def _by_rate(taxes: Iterable[Tax], currency: str | None) -> list[tuple[Decimal | None, Decimal]]:
    """The sum of each rate; without rates whose rows cancel out, which take no part in what is payable."""
    sums: dict[Decimal | None, Decimal] = {}
    for tax in taxes:
        sums[tax.rate] = sums.get(tax.rate, ZERO) + tax.amount
    rows = [(rate, rounded(amount, currency)) for rate, amount in sums.items()]
    return [(rate, amount) for rate, amount in rows if amount or not rate]


def _payable_rows(content: BusinessDocument, taxes: Iterable[Tax], tax: Decimal) -> _Vat | None:
    """The rates of the VAT rows that add up to what is payable, if there is only one such choice of rates.

    Several choices of rows may come to the same rates: payable for certain is what is in each of them.
    """
    rows = [row for row in taxes if row.amount]
    if len(rows) > _MAX_VAT_ROWS:
        return None
    choices = [
        chosen
        for count in range(1, len(rows))
        for chosen in combinations(rows, count)
        if rounded(sum((row.amount for row in chosen), ZERO), content.currency) == tax
    ]
    found = {tuple(_by_rate(chosen, content.currency)) for chosen in choices}
    if len(found) != 1:
        return None
    payable = frozenset.intersection(*(frozenset(row.code for row in chosen) for chosen in choices))
    return _Vat(list(found.pop()), (_LEFT_OUT,), frozenset(row.code for row in rows) - payable)


def _rounding(
    content: BusinessDocument,
    totals: Totals,
    lines: list[LineView],
    charges: list[Charge],
    taxes: list[tuple[Decimal | None, Decimal]],
) -> list[Charge]:
    """What is left between the figures that are printed and the total, so that the partner's sum comes out.

    It is Visma's own rounding difference, and the cents lost where a discount or a rate was rounded for printing.
    """
    currency = content.currency
    printed = sum([charge.amount for charge in charges], ZERO) + sum([amount for _, amount in taxes], ZERO)
    goods = sum([line.product for line in lines], ZERO)
    if not is_in_units(goods, currency):
        goods = sum([rounded(line.product, currency) for line in lines], ZERO)
    printed += goods + sum([charge.amount for line in lines for charge in line.charges], ZERO)
    left = rounded(totals.total, currency) - printed
    return [Charge(ChargeKind.ROUNDING, left, "Rounding")] if left else []


def _number(lines: list[LineView]) -> None:
    """Give the lines of an invoice ids that tell them apart: those of the order, else Visma's, else their places.

    Lines of two orders, and two receipts of one line, share the number of the order line. Beside lines of an order, a
    line without one has no number that a partner could take for the number of an order line.
    """
    known = [str(line.order_line) for line in lines if line.order_line is not None]
    if known and _differ(known):
        for line in lines:
            if line.order_line is None:
                line.is_numbered = False
            else:
                line.number, line.order_line, line.is_ordered = str(line.order_line), None, True
        return
    if not _differ([line.number for line in lines]):
        for place, line in enumerate(lines, 1):
            line.number = str(place)
    for line in lines if known else ():
        line.is_numbered = line.order_line is not None


def _differ(numbers: list[str]) -> bool:
    return len(set(numbers)) == len(numbers)


def _only(found: set[str | None]) -> str | None:
    """The number that all goods have, None when they have none or not the same."""
    return found.pop() if len(found) == 1 else None


def _header_texts(content: BusinessDocument, route: Route) -> list[str]:
    description = _text(content.description) if route.description is Description.SEND else None
    note = _text(content.note) if content.note and route.notes.of_header else None
    return [text for text in (description, note if note != description else None) if text]


def _parties(content: BusinessDocument, route: Route) -> tuple[PartyView, ...]:
    """The parties with their roles; those of the same inputs are taken from the memory of the route."""
    place = content.ship_to if isinstance(content, PurchaseOrder) else None
    inputs = (content.party, place, content.branch, content.ships_to_us, content.kind.facts.we_sell)
    known: tuple[PartyView, ...] | None = route.parties.get(inputs)
    if known is None:
        known = tuple(_parties_of(content, route))
        remember(route.parties, inputs, known, most=_MAX_PARTIES)
    return known


def _parties_of(content: BusinessDocument, route: Route) -> list[PartyView]:
    if isinstance(content, PurchaseOrder):
        return order_parties(content, route)
    company = our_company(content, route)
    partner = known_party(content.counterparty, route.partner_identity)
    if not content.kind.facts.we_sell:
        return [partner.acting_as(Role.SELLER), company.acting_as(Role.BUYER)]
    return [
        company.acting_as(Role.SELLER),
        company.acting_as(Role.REMIT_TO),
        partner.acting_as(Role.BUYER),
        partner.acting_as(Role.BILL_TO),
        _delivered_to(content.counterparty, partner, route),
    ]


def _delivered_to(customer: Party, partner: KnownParty, route: Route) -> PartyView:
    """The ship-to party of a customer invoice.

    Visma: an invoice has the invoice address and contact, and of the place of delivery only the id and the name of the
    customer's location. Another location than the main one (routing: `main_locations`) is written by these two: GLN,
    address and contact that routing knows are those of the customer. Without a location the goods went to the customer.
    Routing (`locations`) has the GLN of a location, or the code by which the customer knows it.
    """
    view = partner.acting_as(Role.SHIP_TO)
    if _went_to_customer_itself(customer, route):
        view = view._replace(address=route.partner_identity.address, contact=route.partner_identity.contact)
    else:
        name = _text(customer.location_name) or partner.name
        view = PartyView(
            Role.SHIP_TO, name, gln=None, number=customer.location, vat_number=None, address=None, contact=None
        )
    return at_location(view, customer.location, route)


def _went_to_customer_itself(customer: Party, route: Route) -> bool:
    """Whether an invoice names no other place than the main one (routing: `main_locations`)."""
    names = {name.casefold() for name in (customer.location, customer.location_name) if name}
    return not customer.location or bool(names & route.main_locations)


_NO_TERMS, _NO_RULE, _NOTHING_OF_TERMS = Terms(), TermsRule(), TermsView(None, None, None)


def _terms(content: BusinessDocument, route: Route, totals: Totals, notes: list[str]) -> TermsView | None:
    """What the document states; routing only fills in what it leaves out.

    An invoice gives dates and the amount of the discount (Visma: 0 where none is granted). Days follow from the dates,
    and the percentage of routing is written only where it gives the stated amount.
    """
    terms = content.terms or _NO_TERMS
    rule = route.terms.get(terms.id, _NO_RULE) if terms.id else _NO_RULE
    net_days, due = rule.net_days, None
    if isinstance(content, Invoice) and content.due_on:
        net_days, due = _days_from(content, content.due_on), content.due_on
    view = TermsView(_text(terms.description) or terms.id, net_days, due)
    discounted = _with_discount(view, content, rule, totals, notes)
    return discounted if discounted != _NOTHING_OF_TERMS else None


def _with_discount(
    view: TermsView, content: BusinessDocument, rule: TermsRule, totals: Totals, notes: list[str]
) -> TermsView:
    """The terms with the cash discount, where one is offered; `notes` are told what could not be."""
    percent = rule.discount_percent if Decimal(rule.discount_percent or 0) else None
    days, until, amount = rule.discount_days, None, None
    if isinstance(content, Invoice):
        if content.cash_discount is not None:
            # The sign of a credit note's is not documented.
            amount = abs(content.cash_discount)
        until = content.discount_due_on
        days = _days_from(content, until) if until else days
    if not amount and (percent is None or amount is not None):
        return view
    if amount is not None and percent is not None and not _gives(percent, amount, totals, content.currency):
        notes.append(f"Visma's cash discount of {amount:f} is not {percent} %; it is sent without the percentage.")
        percent = None
    if until is None and days is None:
        if amount is not None:
            notes.append(f"Visma's cash discount of {amount:f} has no last day and was left out.")
        return view
    return view._replace(discount_percent=percent, discount_days=days, discount_due=until, discount_amount=amount)


def _days_from(invoice: Invoice, until: date) -> int | None:
    """Days from the date of the invoice; None when the day lies before it."""
    days = (until - invoice.invoiced_on).days
    return days if days >= 0 else None


def _gives(percent: str, amount: Decimal, totals: Totals, currency: str | None) -> bool:
    """Whether a percentage leads to an amount. Visma: settings decide whether VAT is part of what is discounted."""
    bases = (totals.total, totals.total - totals.tax)
    return any(rounded(base * Decimal(percent) / 100, currency) == rounded(amount, currency) for base in bases)


def _text(text: str | None) -> str | None:
    return (text.strip() or None) if text else None
