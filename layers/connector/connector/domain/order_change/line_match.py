"""Finds the order line that a line of an 860 names, and the item of an added line."""

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
    """A line in `base` and in `ours` (at least one of them is given), with its facts in Visma."""

    number: int
    base: OrderLine | None
    ours: OrderLine | None
    facts: LineFacts | None


class Lines:
    """The orderable lines of an order in `base` and in `ours`.

    Cancelled lines, texts and freight are left out: the partner was never sent a number for them.
    """

    def __init__(self, base: PurchaseOrder | None, ours: OrderSnapshot, route: Route) -> None:
        """Take both versions; without `base`, Visma's order stands in for it."""
        self._ours = orderable_lines(ours.content)
        self._base = self._ours if base is None else orderable_lines(base)
        self._others = {line.number for line in ours.content.lines} - self._ours.keys()
        self._cancelled = {line.number for line in ours.content.lines if line.cancelled}
        self._facts = ours.facts
        self._route = route
        items = {} if base is None else {number: line.item for number, line in self._base.items()}
        self._unseen = [line for number, line in sorted(self._ours.items()) if items.get(number, "") != line.item]
        self._named: dict[int, list[LineRequest]] = {}
        self._taken: set[int] = set()
        self._emptied: Counter[int] = Counter()

    def find(self, theirs: LineRequest) -> Found | str:
        """The line that is meant, or a sentence that says why it cannot be identified.

        POC01 decides (`0001` is 1), else the item. If both are given, they have to agree.
        """
        number = self.number_of(theirs)
        if isinstance(number, str):
            return number
        base, ours = self._base.get(number), self._ours.get(number)
        line = ours or base
        if line is None:
            why = "is freight, text or cancelled in the order" if number in self._others else "is not in the order"
            return f"Line {number} {why}."
        self._named.setdefault(number, []).append(theirs)
        if self._agrees(theirs.products, line) is False:
            return f"Line {number} is item {line.item} in the order, and another one in the message."
        return Found(number, base, ours, self._facts.get(number))

    def all(self) -> Iterator[Found]:
        """Every orderable line of `base` or `ours`, sorted by number."""
        for number in sorted(self._base.keys() | self._ours.keys()):
            yield Found(number, self._base.get(number), self._ours.get(number), self._facts.get(number))

    def __contains__(self, number: int) -> bool:
        """Whether `base` or `ours` has an orderable line with this number."""
        return number in self._base or number in self._ours

    def is_of(self, number: int, products: ProductRefs) -> bool | None:
        """Whether the message names the item of line `number`; None when nothing can be compared."""
        line = self._ours.get(number) or self._base.get(number)
        return None if line is None else self._agrees(products, line)

    def note_deletion(self, number: int) -> None:
        """Note that the message takes a line out; any other request for this line contradicts that."""
        self._emptied[number] += 1

    def unnamed(self) -> Iterator[OrderLine]:
        """Lines of `base` that the message did not name, not even as added lines."""
        named = self._named.keys() | self._taken
        return (line for number, line in sorted(self._base.items()) if number not in named)

    def unseen(self) -> Iterator[OrderLine]:
        """Lines that only `ours` has and that the message did not name, not even as added lines."""
        named = self._named.keys() | self._taken
        return (line for number, line in sorted(self._ours.items()) if number not in named | self._base.keys())

    def named_twice(self) -> Iterator[tuple[int, str]]:
        """Lines with contradicting requests: the number, and the fields (`quantity`, `line` for the whole line)."""
        for number, requests in sorted(self._named.items()):
            if len(requests) == 1:
                continue
            fields = Counter(given for one in requests for given in one.given)
            twice = [what for what in Field if fields[what] > 1]
            asks = {one.ask for one in requests}
            is_emptied = 0 < self._emptied[number] < len(requests)
            if is_emptied or (len(asks) > 1 and asks & {Ask.DELETE, Ask.NOTHING}):
                yield number, "line"
            elif twice:
                yield number, " and the ".join(twice)

    def number_of(self, theirs: LineRequest) -> int | str:
        """The number of the line that is meant, or a sentence that says why it cannot be identified."""
        number = line_number(theirs.line_id)
        if number is not None:
            return number
        # The partner can only mean a line that it was sent. A newer line with the same item may come from its earlier
        # change.
        for lines in (self._base, self._ours):
            matching = sorted(number for number, line in lines.items() if self._agrees(theirs.products, line))
            if len(matching) == 1:
                return matching[0]
            if matching:
                break
        text = (theirs.line_id or "").strip()
        name = f"line '{text[:20]}'" if text else "a line without a number"
        return f"The message names {name}, whose item is {'on several lines' if matching else 'on no line'}."

    def _agrees(self, products: ProductRefs, line: OrderLine) -> bool | None:
        """Whether the message names this line's item; None when nothing can be compared."""
        ids = self._route.items.get(line.item or "", _NO_IDS)
        return names_match(products, line.item, (line.supplier_item, ids.partner_item), [ids.gtin_of(line.unit)])

    def unknown_numbers(self, theirs: LineRequest, line: OrderLine) -> tuple[list[str], bool]:
        """The item numbers of the message that are not known for this line's item, and whether any of them is.

        Numbers of other kinds count where a line is taken out.

        Numbers that contradict known ones do not get here: `find` gives no line for them.
        """
        ids = self._route.items.get(line.item or "", _NO_IDS)
        known = plain_names((line.item, line.supplier_item, ids.partner_item, ids.gtin_of(line.unit)))
        products = theirs.products
        others_too = products.others if theirs.ask is Ask.DELETE else ()
        given = dict.fromkeys((*products.buyer, *products.vendor, *products.gtins, *others_too))
        others = [name for name in given if not plain_names([name]) & known]
        return others, len(others) < len(given)

    def is_gone(self, theirs: LineRequest) -> bool:
        """Whether a deletion needs no write: the order lacks the line, or has it cancelled, and lacks its item."""
        number = line_number(theirs.line_id)
        if theirs.ask is not Ask.DELETE or number in self._base or number in self._ours:
            return False
        if number is None:
            lines = (*self._base.values(), *self._ours.values())
            named = theirs.line_id is None and bool(lines)
            return named and all(self._agrees(theirs.products, line) is False for line in lines)
        if number in self._others - self._cancelled:
            return False
        return not any(self._agrees(theirs.products, line) for line in self._ours.values())

    def is_beyond(self, theirs: LineRequest) -> bool:
        """Whether the order probably never had such a line: its number is above all others, or it has none."""
        number = line_number(theirs.line_id)
        return number is None or number > max((0, *self._base, *self._ours, *self._others))

    def take_same(self, theirs: LineRequest, edit: LineEdit) -> OrderLine | None:
        """The line of `base` that equals the added one in number, item, quantity, price and days; marks it as taken."""
        number = self.base_number(theirs.line_id)
        base, ours = (None, None) if number is None else (self._base.get(number), self._ours.get(number))
        if number is None or base is None or ours is None or number in self._named or number in self._taken:
            return None
        if theirs.requested is None and theirs.promised is None:
            # The added line follows the header, and `move_header` moves the existing line.
            edit = replace(edit, requested=None, promised=None)
        if edit.item is None or not (edit.matches(ours) and edit.matches(base)):
            return None
        self._taken.add(number)
        return ours

    def base_number(self, line_id: str | None) -> int | None:
        """The number in POC01 if `base` has a line with it; else None."""
        number = line_number(line_id)
        return number if number in self._base else None

    def name_of(self, theirs: LineRequest) -> str:
        """A name for a line that has no number in the order: its first item number, else POC01."""
        products = theirs.products
        name = next(iter((*products.buyer, *products.vendor, *products.gtins)), theirs.line_id or "without item")
        return name[:40]

    def base_numbers_with(self, item: str) -> list[int]:
        """Numbers of the lines of `base` with this item."""
        return [number for number, line in sorted(self._base.items()) if line.item == item]

    def take_added(self, edit: LineEdit) -> OrderLine | None:
        """A line with this item that only `ours` has: the added line, written before, or somebody else's line.

        Each line is given once; a line that matches the edit comes first.
        """
        alike = [line for line in self._unseen if line.item == edit.item and line.number not in self._taken]
        if edit.item is None or not alike:
            return None
        found = min(alike, key=lambda line: (not edit.matches(line), line.number))
        self._taken.add(found.number)
        return found

    def item_of(self, products: ProductRefs) -> str | None:
        """Our item number; None when the numbers of the message lead to no item, or to several."""
        names = {*plain_names(products.buyer), *plain_names(products.vendor), *plain_names(products.gtins)}
        known = set().union(*(self._items_by_name.get(name, ()) for name in names))
        if not known:
            # Neither a line nor routing has the item: the buyer's number is Visma's.
            return products.buyer[0] if len(plain_names(products.buyer)) == 1 else None
        if len(known) > 1:
            return None
        item: str = known.pop()
        ids = self._route.items.get(item, _NO_IDS)
        theirs = {ids.partner_item, *(line.supplier_item for line in self._known_lines if line.item == item)}
        return item if names_match(products, item, theirs, ids.every_gtin) else None

    @property
    def _known_lines(self) -> list[OrderLine]:
        return [*self._base.values(), *self._ours.values()]

    @cached_property
    def _items_by_name(self) -> dict[str, set[str]]:
        """Our item numbers by each of their names. Built once: catalogues have thousands of items."""
        found: dict[str, set[str]] = {}
        for line in self._known_lines:
            for name in plain_names((line.item, line.supplier_item)) if line.item else ():
                found.setdefault(name, set()).add(line.item or "")
        for item, ids in self._route.items.items():
            for name in plain_names((item, ids.partner_item, *ids.every_gtin)):
                found.setdefault(name, set()).add(item)
        return found

    def unit_word(self, unit: str | None) -> str | None:
        """Visma's word for a unit; a word that the order uses comes first. None when there is none, or several."""
        mapped = {word for word, meaning in self._route.units.items() if meaning == unit}
        used = {line.unit for line in self._ours.values()} & mapped
        found = used or mapped
        return found.pop() if len(found) == 1 else None

    def common_warehouse(self) -> str | None:
        """The warehouse of all lines; None when they have several."""
        found = {line.warehouse for line in self._ours.values() if line.item}
        return found.pop() if len(found) == 1 else None

    def common_line_type(self) -> str:
        """The Visma line type that most lines with an item have."""
        lines = [number for number, line in self._ours.items() if line.item]
        types = [facts.line_type for number in lines if (facts := self._facts.get(number)) and facts.line_type]
        ranked = sorted(Counter(types).items(), key=lambda pair: (-pair[1], pair[0]))
        return ranked[0][0] if ranked else "GoodsForInventory"


def orderable_lines(order: PurchaseOrder) -> dict[int, OrderLine]:
    """The lines that a partner is sent with a number (`edi/canonical.py`), priced texts included, by number."""
    return {
        line.number: line
        for line in order.lines
        if not (line.cancelled or line.is_charge or (line.is_text and not (line.quantity and line.unit_price)))
    }


def line_number(text: str | None) -> int | None:
    """The line number in a partner's text (`0001` is 1); None when it is not a number."""
    text = (text or "").strip()
    digits = text.lstrip("0")
    if not (text.isascii() and text.isdigit()) or len(digits) > _DIGITS_OF_A_LINE_NUMBER:
        return None
    return int(text)


def names_match(
    products: ProductRefs, item: str | None, theirs: Iterable[str | None], gtins: Iterable[str | None]
) -> bool | None:
    """Whether all the item numbers of the message are numbers of this item; None when nothing can be compared.

    A number is compared only if we know a number of its kind (buyer's, vendor's, GTIN). It matches a number of any
    kind, because partners mix the kinds up.
    """
    ours = (plain_names([item]), plain_names(theirs), plain_names(gtins))
    everything = set().union(*ours)
    given = (plain_names(products.buyer), plain_names(products.vendor), plain_names(products.gtins))
    matches = [bool(names & everything) for names, own in zip(given, ours, strict=True) if names and own]
    return all(matches) if matches else None


def plain_names(names: Iterable[str | None]) -> set[str]:
    """Item numbers normalised: without case and leading zeros (a GTIN-12 is a GTIN-14 with two zeros)."""
    return {name.strip().casefold().lstrip("0") for name in names if name and name.strip()}
