"""Rules: actions of users in Visma, and paging."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from connector.services.ports import Resource
from proof.model.machine.base import ACME, LONG_AGO, NEWCOMER, Base, rule_named

ORDERS = st.integers(0, 3)
QUANTITIES = st.sampled_from([80, 90, 110, 130, 700, 800, 850, 1000])
QUIETLY = st.sampled_from(["catalogue", "tax category", "location", "note", "note of a line"])
MAX_ORDERS = 4


class Users(Base):
    """Users of Visma."""

    @rule(supplier=st.sampled_from([ACME, ACME, NEWCOMER]), held=st.booleans(), old=st.booleans())
    @rule_named("new order", lambda machine: len(machine.numbers) < MAX_ORDERS)
    def a_new_order(self, supplier: str, held: bool, old: bool) -> None:  # noqa: FBT001 - hypothesis passes by name
        """An order is created, perhaps on hold, perhaps for an unmapped supplier.

        With a go-live, it may be from before it.
        """
        is_old = old and self.has_past
        self.count("old order" if is_old else "new order")
        self.add_order(supplier, status="Hold" if held else "Open", dated=LONG_AGO if is_old else None)

    @rule(draw=ORDERS, line=st.integers(0, 2), quantity=QUANTITIES, late=st.sampled_from([0, 0, 30, 300, 840]))
    @rule_named("edit")
    def an_edit(self, draw: int, line: int, quantity: int, late: int) -> None:
        """A quantity changes; lists may show it with a delay."""
        self.count("edit")
        visma = self.system.visma
        visma.late = min(timedelta(seconds=late), self.system.setting.latest)
        self.change(self.order(draw), line, quantity)
        visma.late = timedelta(0)

    @rule(draws=st.lists(ORDERS, min_size=2, max_size=3), quantity=QUANTITIES)
    @rule_named("ties")
    def edits_with_one_stamp(self, draws: list[int], quantity: int) -> None:
        """Several orders change with the same stamp, perhaps that of a row that was polled.

        A stamp is not older than the delay of lists; without a delay it is now.
        """
        self.count("ties")
        visma, rows = self.system.visma, self.system.visma.erp.documents[Resource.PURCHASE_ORDERS]
        now = self.system.clock.now()
        stamp = visma.newest if visma.newest is None or not visma.exact else max(visma.newest, now)
        if stamp is None or stamp < now - self.system.setting.latest:
            return
        visma.stamped_at = stamp
        for number in {self.order(draw) for draw in draws}:
            if rows[(None, number)].modified < stamp:
                self.change(number, 1, quantity)
        visma.stamped_at = None

    @rule(draw=ORDERS)
    @rule_named("touch")
    def a_touch(self, draw: int) -> None:
        """An order changes without a change of content."""
        self.count("touch")
        order = self.system.visma.orders[self.order(draw)]
        self.system.edit(self.order(draw), dontPrint=not order["dontPrint"])

    @rule(draw=ORDERS, what=QUIETLY)
    @rule_named("quiet")
    def a_quiet_change(self, draw: int, what: str) -> None:
        """The content of an order changes without effect for the partner."""
        self.count(f"quiet: {what}")
        self.quiet += 1
        self.system.change_quietly(self.order(draw), what, turn=self.quiet)

    @rule(draw=ORDERS, supplier=st.sampled_from([ACME, NEWCOMER]))
    @rule_named("supplier")
    def the_supplier_is_corrected(self, draw: int, supplier: str) -> None:
        """An order gets another supplier, perhaps an unmapped or a former one."""
        self.count("supplier")
        self.correct_supplier(self.order(draw), supplier)

    @rule(draw=ORDERS)
    @rule_named("hold")
    def on_hold_or_off(self, draw: int) -> None:
        """An order goes on hold, or is released."""
        number = self.order(draw)
        if self.is_over(number) or any(one.on_hold for one in self.system.changes.all()):
            return
        self.count("hold")
        held = self.system.visma.orders[number]["status"] == "Hold"
        self.system.edit(number, status="Open" if held else "Hold")

    @rule(draw=ORDERS)
    @rule_named("cancel")
    def a_cancellation(self, draw: int) -> None:
        """An order is cancelled."""
        number = self.order(draw)
        if any(one.on_hold for one in self.system.changes.all()):
            return
        self.count("cancel")
        self.system.edit(number, status="Cancelled")

    @rule(
        before=st.lists(ORDERS, max_size=4),
        page=st.integers(1, 2),
        draws=st.lists(ORDERS, min_size=1, max_size=3),
        quantity=QUANTITIES,
    )
    @rule_named("drift")
    def pages_drift(self, before: list[int], page: int, draws: list[int], quantity: int) -> None:
        """Orders change before and while their list is read, which may move rows between pages."""
        self.count("drift")
        self._all(before, quantity + 1)
        self.after_page(page, lambda: self._all(draws, quantity))
        self.system.poll()
        self.system.visma.erp.after_page = None

    @rule(page=st.integers(1, 2))
    @rule_named("twice")
    def the_schedule_fires_twice(self, page: int) -> None:
        """A second poll begins while the first one reads."""
        self.count("twice")
        self.after_page(page, self.system.poll)
        self.system.poll()
        self.system.visma.erp.after_page = None

    def change(self, number: str, line: int, quantity: int) -> None:
        """A user sets the quantity of a line, unless the order is cancelled."""
        lines: Sequence[dict[str, Any]] = self.system.visma.orders[number]["lines"]
        if self.is_over(number) or not lines:
            return
        place = lines[line % len(lines)]["lineNbr"]
        self.system.edit(number, **{f"line_{place}": {"orderQty": float(quantity)}})

    def correct_supplier(self, number: str, supplier: str) -> None:
        """A user corrects the supplier, unless the order is cancelled."""
        if not self.is_over(number) and self.supplier(number) != supplier:
            self.system.change_supplier(number, supplier)

    def after_page(self, page: int, action: Callable[[], object]) -> None:
        """Call `action` once, after this page of the orders was read."""

        def hook(resource: Resource, shown: int) -> None:
            if resource is Resource.PURCHASE_ORDERS and shown == page:
                self.system.visma.erp.after_page = None
                action()

        self.system.visma.erp.after_page = hook

    def _all(self, draws: list[int], quantity: int) -> None:
        for draw in draws:
            self.change(self.order(draw), 1, quantity)
