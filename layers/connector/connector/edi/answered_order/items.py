"""Which item a line of an answer names, beside the items of the order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from connector.domain.documents import OrderLine
from connector.domain.order_change.line_match import names_match, plain_names
from connector.domain.order_change.request import ProductRefs
from connector.domain.routing.route import ItemIds, Route

_NO_IDS = ItemIds()


class AnsweredItems:
    """The items of an order, by the numbers that an answer may give them."""

    def __init__(self, lines: Sequence[OrderLine], route: Route) -> None:
        """Take the lines of the order, and the items of routing."""
        self._lines = lines
        self._route = route

    def is_named(self, products: ProductRefs, line: OrderLine) -> bool:
        """Whether one of the numbers is of the item of a line."""
        return bool(plain_names(every_number(products)) & self._names(line))

    def another(self, products: ProductRefs, line: OrderLine) -> str | None:
        """The number of another item than that of a line; None when it names ours, or what cannot be compared.

        Beside a number of ours, another one counts only if it is known as that of another item: partners have numbers
        for our items that nobody told us.
        """
        known = self._names(line)
        given = every_number(products)
        strange = [one for one in given if not plain_names([one]) & known]
        if len(strange) < len(given):
            named = (*products.buyer, *products.vendor, *products.gtins)
            return next((one for one in strange if one in named and self._is_of_another(one, line)), None)
        ids = self._route.items.get(line.item or "", _NO_IDS)
        match = names_match(products, line.item, (line.supplier_item, ids.partner_item), ids.every_gtin)
        return strange[0] if match is False else None

    def substitute(self, acknowledged: ProductRefs, products: ProductRefs, line: OrderLine) -> str | None:
        """The number by which an acknowledgment names another item than the order, or than its own line.

        Args:
            acknowledged: The numbers in the acknowledgment (ACK07 and following).
            products: The numbers in its line.
            line: The line of the order.
        """
        if (other := self.another(acknowledged, line)) is not None:
            return other
        if plain_names(every_number(acknowledged)) & (self._names(line) | plain_names(every_number(products))):
            return None
        kinds = (
            (acknowledged.buyer, products.buyer),
            (acknowledged.vendor, products.vendor),
            (acknowledged.gtins, products.gtins),
        )
        return next((given[0] for given, stated in kinds if given and stated), None)

    def _names(self, line: OrderLine) -> set[str]:
        ids = self._route.items.get(line.item or "", _NO_IDS)
        return plain_names((line.item, line.supplier_item, ids.partner_item, *ids.every_gtin))

    def _is_of_another(self, name: str, line: OrderLine) -> bool:
        items = set().union(*(self._items_by_name.get(one, ()) for one in plain_names([name])))
        return bool(items) and line.item not in items

    @cached_property
    def _items_by_name(self) -> Mapping[str, set[str]]:
        """Our items by each of their numbers. Built when a number is strange: catalogues have thousands of items."""
        found: dict[str, set[str]] = {}
        for line in self._lines:
            for name in self._names(line) if line.item else ():
                found.setdefault(name, set()).add(line.item or "")
        for item, ids in self._route.items.items():
            for name in plain_names((item, ids.partner_item, *ids.every_gtin)):
                found.setdefault(name, set()).add(item)
        return found


def every_number(products: ProductRefs) -> list[str]:
    """The numbers by which an item is named, of whatever kind."""
    return [*products.buyer, *products.vendor, *products.gtins, *products.others]
