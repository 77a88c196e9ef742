"""Rules: what users do in Visma, and what Visma does with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from connector.services.ports import Resource
from proof.model.machine.base import ACME, LONG_AGO, NEWCOMER, Base, in_play

ORDERS = st.integers(0, 3)
QUANTITIES = st.sampled_from([80, 90, 110, 130, 700, 800, 850, 1000])
QUIETLY = st.sampled_from(["catalogue", "tax category", "location", "note", "note of a line"])
MOST_ORDERS = 4


class Users(Base):
    """People in Visma."""

    @rule(supplier=st.sampled_from([ACME, ACME, NEWCOMER]), held=st.booleans(), old=st.booleans())
    @in_play("new order", lambda machine: len(machine.numbers) < MOST_ORDERS)
    def a_new_order(self, supplier: str, held: bool, old: bool) -> None:  # noqa: FBT001 - hypothesis passes by name
        """An order is written, perhaps on hold, perhaps for a supplier that routing does not know.

        Where there is a go-live, it may be one that was written long before.
        """
        is_old = old and self.has_past
        self.count("old order" if is_old else "new order")
        self.add_order(supplier, status="Hold" if held else "Open", dated=LONG_AGO if is_old else None)

    @rule(draw=ORDERS, line=st.integers(0, 2), quantity=QUANTITIES, late=st.sampled_from([0, 0, 30, 300, 840]))
    @in_play("edit")
    def an_edit(self, draw: int, line: int, quantity: int, late: int) -> None:
        """A quantity changes; lists may show it late."""
        self.count("edit")
        visma = self.system.visma
        visma.late = min(timedelta(seconds=late), self.system.setting.latest)
        self.change(self.order(draw), line, quantity)
        visma.late = timedelta(0)

    @rule(draws=st.lists(ORDERS, min_size=2, max_size=3), quantity=QUANTITIES)
    @in_play("ties")
    def edits_with_one_stamp(self, draws: list[int], quantity: int) -> None:
        """Several orders change and are stamped alike, perhaps like one that a poll has read already.

        A stamp is never older than lists are late: where they show what was written at once, it is of this moment.
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
    @in_play("touch")
    def a_touch(self, draw: int) -> None:
        """Something changes that no partner sees."""
        self.count("touch")
        order = self.system.visma.orders[self.order(draw)]
        self.system.edit(self.order(draw), dontPrint=not order["dontPrint"])

    @rule(draw=ORDERS, what=QUIETLY)
    @in_play("quiet")
    def a_quiet_change(self, draw: int, what: str) -> None:
        """Something of an order changes that is part of its content, and no partner sees it."""
        self.count(f"quiet: {what}")
        self.quiet += 1
        self.system.change_quietly(self.order(draw), what, turn=self.quiet)

    @rule(draw=ORDERS, supplier=st.sampled_from([ACME, NEWCOMER]))
    @in_play("supplier")
    def the_supplier_is_corrected(self, draw: int, supplier: str) -> None:
        """An order gets another supplier, perhaps one that routing does not know yet, perhaps the former one again."""
        self.count("supplier")
        self.correct_supplier(self.order(draw), supplier)

    @rule(draw=ORDERS)
    @in_play("hold")
    def on_hold_or_off(self, draw: int) -> None:
        """An order goes on hold, or is released."""
        number = self.order(draw)
        if self.is_over(number) or any(one.on_hold for one in self.system.changes.all()):
            return
        self.count("hold")
        held = self.system.visma.orders[number]["status"] == "Hold"
        self.system.edit(number, status="Open" if held else "Hold")

    @rule(draw=ORDERS)
    @in_play("cancel")
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
    @in_play("drift")
    def pages_drift(self, before: list[int], page: int, draws: list[int], quantity: int) -> None:
        """Orders change before their list is read and while it is, which may move rows from page to page."""
        self.count("drift")
        self._all(before, quantity + 1)
        self.after_page(page, lambda: self._all(draws, quantity))
        self.system.poll()
        self.system.visma.erp.after_page = None

    @rule(page=st.integers(1, 2))
    @in_play("twice")
    def the_schedule_fires_twice(self, page: int) -> None:
        """A second poll begins while the first one reads."""
        self.count("twice")
        self.after_page(page, self.system.poll)
        self.system.poll()
        self.system.visma.erp.after_page = None

    def change(self, number: str, line: int, quantity: int) -> None:
        """A user sets the quantity of one of the lines; in a cancelled order nothing changes any more."""
        lines: Sequence[dict[str, Any]] = self.system.visma.orders[number]["lines"]
        if self.is_over(number) or not lines:
            return
        place = lines[line % len(lines)]["lineNbr"]
        self.system.edit(number, **{f"line_{place}": {"orderQty": float(quantity)}})

    def correct_supplier(self, number: str, supplier: str) -> None:
        """A user corrects the supplier; in a cancelled order nothing changes any more."""
        if not self.is_over(number) and self.supplier(number) != supplier:
            self.system.change_supplier(number, supplier)

    def after_page(self, page: int, deed: Callable[[], object]) -> None:
        """Do it once, right after this page of the orders was read."""

        def hook(resource: Resource, shown: int) -> None:
            if resource is Resource.PURCHASE_ORDERS and shown == page:
                self.system.visma.erp.after_page = None
                deed()

        self.system.visma.erp.after_page = hook

    def _all(self, draws: list[int], quantity: int) -> None:
        for draw in draws:
            self.change(self.order(draw), 1, quantity)
