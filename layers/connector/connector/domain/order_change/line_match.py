"""Finds the line of an order that a line of an 860 names, and the item that an added one is of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from msgspec.structs import replace

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.order_change.edits import LineEdit
from connector.domain.order_change.order_snapshot import LineFacts, OrderSnapshot
from connector.domain.order_change.request import Ask, Field, LineRequest, ProductRefs
from connector.domain.routing.route import ItemIds, Route

_DIGITS_OF_A_LINE_NUMBER = 10
_NO_IDS = ItemIds()


class Found(NamedTuple):
    """A line as the partner had it and as Visma has it (one of the two is there), and what only Visma knows of it."""

    number: int
    base: OrderLine | None
    ours: OrderLine | None
    facts: LineFacts | None


class Lines:
    """The lines of goods of an order, as the partner had them and as Visma has them.

    Cancelled lines, texts and freight are left out: the partner was never told of them by a number.
    """

    def __init__(self, base: PurchaseOrder | None, ours: OrderSnapshot, route: Route) -> None:
        """Lay them side by side; where nobody knows what the partner had, the order as it stands is the measure."""
        self._has = orderable_lines(ours.content)
        self._had = self._has if base is None else orderable_lines(base)
        self._others = {line.number for line in ours.content.lines} - self._has.keys()
        self._cancelled = {line.number for line in ours.content.lines if line.cancelled}
        self._facts = ours.facts
        self._route = route
        items = {} if base is None else {number: line.item for number, line in self._had.items()}
        self._unseen = [line for number, line in sorted(self._has.items()) if items.get(number, "") != line.item]
        self._asked: dict[int, list[LineRequest]] = {}
        self._taken: set[int] = set()
        self._emptied: Counter[int] = Counter()

    def find(self, theirs: LineRequest) -> Found | str:
        """The line that is meant, or why it cannot be told.

        POC01 goes first (`0001` is 1), then the item; both have to agree where both are given.
        """
        number = self.number_of(theirs)
        if isinstance(number, str):
            return number
        base, ours = self._had.get(number), self._has.get(number)
        line = ours or base
        if line is None:
            why = "is freight, text or cancelled in the order" if number in self._others else "is not in the order"
            return f"Line {number} {why}."
        self._asked.setdefault(number, []).append(theirs)
        if self._agrees(theirs.products, line) is False:
            return f"Line {number} is item {line.item} in the order, and another one in the message."
        return Found(number, base, ours, self._facts.get(number))

    def all(self) -> Iterator[Found]:
        """Every line of goods, of the partner's order or of Visma's, by number."""
        for number in sorted(self._had.keys() | self._has.keys()):
            yield Found(number, self._had.get(number), self._has.get(number), self._facts.get(number))

    def __contains__(self, number: int) -> bool:
        """Whether the partner's order or Visma's has a line of goods of this number."""
        return number in self._had or number in self._has

    def is_of(self, number: int, products: ProductRefs) -> bool | None:
        """Whether the message names the item of this line; None when it names none that we could compare."""
        line = self._has.get(number) or self._had.get(number)
        return None if line is None else self._agrees(products, line)

    def empty(self, number: int) -> None:
        """Note that the message takes a line out; what else it says of it contradicts that."""
        self._emptied[number] += 1

    def unnamed(self) -> Iterator[OrderLine]:
        """Lines that the partner had and that the message did not name, not even as added ones."""
        named = self._asked.keys() | self._taken
        return (line for number, line in sorted(self._had.items()) if number not in named)

    def unseen(self) -> Iterator[OrderLine]:
        """Lines that the partner was never told of and that the message did not name, not even as added ones."""
        named = self._asked.keys() | self._taken
        return (line for number, line in sorted(self._has.items()) if number not in named | self._had.keys())

    def named_twice(self) -> Iterator[tuple[int, str]]:
        """Lines of which the message says more than one thing: number, and what it is said of."""
        for number, asked in sorted(self._asked.items()):
            if len(asked) == 1:
                continue
            fields = Counter(given for one in asked for given in one.given)
            twice = [what for what in Field if fields[what] > 1]
            asks = {one.ask for one in asked}
            is_emptied = 0 < self._emptied[number] < len(asked)
            if is_emptied or (len(asks) > 1 and asks & {Ask.DELETE, Ask.NOTHING}):
                yield number, "line"
            elif twice:
                yield number, " and the ".join(twice)

    def number_of(self, theirs: LineRequest) -> int | str:
        """The number of the line that is meant, or why it cannot be told."""
        number = line_number(theirs.line_id)
        if number is not None:
            return number
        # The partner can only mean a line that it knows; a new one with the same item may be what it asked for before.
        for lines in (self._had, self._has):
            matching = sorted(number for number, line in lines.items() if self._agrees(theirs.products, line))
            if len(matching) == 1:
                return matching[0]
            if matching:
                break
        text = (theirs.line_id or "").strip()
        name = f"line '{text[:20]}'" if text else "a line without a number"
        return f"The message names {name}, whose item is {'on several lines' if matching else 'on no line'}."

    def _agrees(self, products: ProductRefs, line: OrderLine) -> bool | None:
        """Whether the message names this line's item; None when it names none that we could compare."""
        ids = self._route.items.get(line.item or "", _NO_IDS)
        return _names_match(products, line.item, (line.supplier_item, ids.partner_item), ids.gtin)

    def unproven(self, products: ProductRefs, line: OrderLine) -> tuple[list[str], bool]:
        """The numbers in the message that are none of this line's item, and whether another one is.

        Those that contradict what is known here are no such: `find` gives no line for them.
        """
        ids = self._route.items.get(line.item or "", _NO_IDS)
        known = _plain((line.item, line.supplier_item, ids.partner_item, ids.gtin))
        given = dict.fromkeys((*products.buyer, *products.vendor, *products.gtins))
        others = [name for name in given if not _plain([name]) & known]
        return others, len(others) < len(given)

    def is_gone(self, theirs: LineRequest) -> bool:
        """Whether a deletion is done already: the order has no such line, or has it cancelled, nor has it the item."""
        number = line_number(theirs.line_id)
        if theirs.ask is not Ask.DELETE or number in self._had or number in self._has:
            return False
        if number is None:
            lines = (*self._had.values(), *self._has.values())
            named = theirs.line_id is None and bool(lines)
            return named and all(self._agrees(theirs.products, line) is False for line in lines)
        if number in self._others - self._cancelled:
            return False
        return not any(self._agrees(theirs.products, line) for line in self._has.values())

    def is_beyond(self, theirs: LineRequest) -> bool:
        """Whether the order never had such a line, as far as is known here: its number is a higher one, or none."""
        number = line_number(theirs.line_id)
        return number is None or number > max((0, *self._had, *self._has, *self._others))

    def take_same(self, theirs: LineRequest, edit: LineEdit) -> OrderLine | None:
        """The line that an added one is already: its number, item, quantity, price and days, told to the partner."""
        number = self.knows(theirs.line_id)
        base, ours = (None, None) if number is None else (self._had.get(number), self._has.get(number))
        if number is None or base is None or ours is None or number in self._asked or number in self._taken:
            return None
        if theirs.requested is None and theirs.promised is None:
            # The day is that of the header, which moves the line that is there.
            edit = replace(edit, requested=None, promised=None)
        if edit.item is None or not (edit.matches(ours) and edit.matches(base)):
            return None
        self._taken.add(number)
        return ours

    def knows(self, line_id: str | None) -> int | None:
        """The number of the line by which the partner names an added one, if it was told of a line of that number."""
        number = line_number(line_id)
        return number if number in self._had else None

    def name_of(self, theirs: LineRequest) -> str:
        """What to call a line that has no number in the order."""
        products = theirs.products
        name = next(iter((*products.buyer, *products.vendor, *products.gtins)), theirs.line_id or "without item")
        return name[:40]

    def holding(self, item: str) -> list[int]:
        """Numbers of the lines with this item that the partner was told of."""
        return [number for number, line in sorted(self._had.items()) if line.item == item]

    def take_added(self, edit: LineEdit) -> OrderLine | None:
        """A line with this item that the partner never saw: the added line itself, written before, or another's work.

        Each is given once; one that is just as asked goes first.
        """
        alike = [line for line in self._unseen if line.item == edit.item and line.number not in self._taken]
        if edit.item is None or not alike:
            return None
        found = min(alike, key=lambda line: (not edit.matches(line), line.number))
        self._taken.add(found.number)
        return found

    def item_of(self, products: ProductRefs) -> str | None:
        """Our number of an item; None when nobody knows it, or when the message's numbers lead to several."""
        names = {*_plain(products.buyer), *_plain(products.vendor), *_plain(products.gtins)}
        known = set().union(*(self._items_by_name.get(name, ()) for name in names))
        if not known:
            # An item that no line and no mapping knows: our own number is what Visma calls it.
            return products.buyer[0] if len(_plain(products.buyer)) == 1 else None
        if len(known) > 1:
            return None
        item: str = known.pop()
        ids = self._route.items.get(item, _NO_IDS)
        theirs = {ids.partner_item, *(line.supplier_item for line in self._known_lines if line.item == item)}
        return item if _names_match(products, item, theirs, ids.gtin) else None

    @property
    def _known_lines(self) -> list[OrderLine]:
        return [*self._had.values(), *self._has.values()]

    @cached_property
    def _items_by_name(self) -> dict[str, set[str]]:
        """By every name that an item of ours has: catalogues run to thousands, and messages may add many lines."""
        found: dict[str, set[str]] = {}
        for line in self._known_lines:
            for name in _plain((line.item, line.supplier_item)) if line.item else ():
                found.setdefault(name, set()).add(line.item or "")
        for item, ids in self._route.items.items():
            for name in _plain((item, ids.partner_item, ids.gtin)):
                found.setdefault(name, set()).add(item)
        return found

    def unit_word(self, unit: str | None) -> str | None:
        """Visma's word for a unit; one that the order uses goes first. None when there is none, or several."""
        mapped = {word for word, meaning in self._route.units.items() if meaning == unit}
        used = {line.unit for line in self._has.values()} & mapped
        found = used or mapped
        return found.pop() if len(found) == 1 else None

    def common_warehouse(self) -> str | None:
        """The warehouse of all lines, if it is one."""
        found = {line.warehouse for line in self._has.values() if line.item}
        return found.pop() if len(found) == 1 else None

    def common_line_type(self) -> str:
        """The type that most lines with an item have."""
        lines = [number for number, line in self._has.items() if line.item]
        types = [facts.line_type for number in lines if (facts := self._facts.get(number)) and facts.line_type]
        ranked = sorted(Counter(types).items(), key=lambda pair: (-pair[1], pair[0]))
        return ranked[0][0] if ranked else "GoodsForInventory"


def orderable_lines(order: PurchaseOrder) -> dict[int, OrderLine]:
    """The lines that a partner was told of by number (`edi/canonical.py`); a text that costs something is goods."""
    return {
        line.number: line
        for line in order.lines
        if not (line.cancelled or line.is_charge or (line.is_text and not (line.quantity and line.unit_price)))
    }


def line_number(text: str | None) -> int | None:
    """The number of a line as a partner writes it (`0001` is 1); None for what is no number."""
    text = (text or "").strip()
    digits = text.lstrip("0")
    if not (text.isascii() and text.isdigit()) or len(digits) > _DIGITS_OF_A_LINE_NUMBER:
        return None
    return int(text)


def _names_match(
    products: ProductRefs, item: str | None, theirs: Iterable[str | None], gtin: str | None
) -> bool | None:
    """Whether all the numbers that the message names are numbers of this item.

    Each kind of number is only held against what we know of that kind, but may be written as any other: partners mix
    up whose number is whose. None when nothing can be compared.
    """
    ours = (_plain([item]), _plain(theirs), _plain([gtin]))
    everything = set().union(*ours)
    given = (_plain(products.buyer), _plain(products.vendor), _plain(products.gtins))
    matches = [bool(names & everything) for names, own in zip(given, ours, strict=True) if names and own]
    return all(matches) if matches else None


def _plain(names: Iterable[str | None]) -> set[str]:
    """Names as they compare: case and leading zeros say nothing (a GTIN-12 is a GTIN-14 with two zeros)."""
    return {name.strip().casefold().lstrip("0") for name in names if name and name.strip()}
