"""Rules: messages of partners, and their delivery by Orderful."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from connector.domain.inbound import Validation
from connector.domain.revision.record import State
from proof.model.asking import HEADER, Request, RequestedLine
from proof.model.machine.base import NEWCOMER, Base, rule_named
from proof.model.machine.users import ORDERS
from proof.system import order_key

MAX_CHANGES = 10
WAYS = st.sampled_from(["inbox", "callback", "both", "list"])
SEQUENCES = st.sampled_from([None, None, None, 1, 2, 3])
COUNTED = st.sampled_from([(None, None), (None, None), (1, 2), (1, 1), (2, 1), (None, 1)])
"""BCH05 of two consecutive messages: missing, increasing, constant, decreasing."""

APART = st.sampled_from([2, 60, 240])
"""Seconds between two messages of a partner."""

STRANGERS = ("STRANGERT", "NEWCOMERT", "MATSENTERETT")
"""An unknown sender, another supplier, and a customer."""

_AT_ORDERFUL = frozenset({State.SENT, State.VALID, State.DELIVERED})
_SHIPPED = date(2026, 10, 2)
"""The initial promised date of the orders."""


class Partners(Base):
    """The partners and Orderful."""

    @rule(
        draw=ORDERS,
        line=st.integers(0, 2),
        quantity=st.sampled_from([90, 120, 700, 900, 1000, 3000]),
        with_original=st.booleans(),
        sent=st.tuples(WAYS, SEQUENCES),
    )
    @rule_named("ask", lambda machine: machine.asks < MAX_CHANGES)
    def an_860(self, draw: int, line: int, quantity: int, with_original: bool, sent: tuple[str, int | None]) -> None:  # noqa: FBT001
        """The partner requests another quantity, inside or beyond its limits (`sent`: channel and BCH05)."""
        request = self._quantity(self.order(draw), line, quantity, with_original=with_original)
        if request is None:
            return
        self.count("ask")
        way, sequence = sent
        self._send(replace(request, sequence=sequence), way)

    @rule(
        draw=ORDERS,
        line=st.integers(0, 2),
        what=st.sampled_from(["price", "add", "delete", "day", "day", "day of the order"]),
        far=st.sampled_from([False, False, True]),
        way=WAYS,
    )
    @rule_named("ask for more", lambda machine: machine.asks < MAX_CHANGES)
    def another_860(self, draw: int, line: int, what: str, far: bool, way: str) -> None:  # noqa: FBT001
        """The partner requests another price, a new line, a deletion, or another date of a line or the order."""
        found = self._line(self.order(draw), line)
        if found is None:
            return
        # All dates differ, so that no line gets the date of the order again.
        day = _SHIPPED + timedelta(days=self.asks + (40 if far else 1))
        number, item = found["line"], found["item"]
        request = Request(found["sender"], self.order(draw), ())
        if what == "day of the order":
            if HEADER not in self.system.receivers.has[request.sender, request.order]:
                return
            request = replace(request, day=day, in_x12=True)
        else:
            requested = {
                "price": RequestedLine(number, item, price="10.5"),
                "add": RequestedLine(None, str(1300 + self.asks), 5, price="7.5", day=day),
                "delete": RequestedLine(number, item, 0),
                "day": RequestedLine(number, item, day=day),
            }[what]
            request = replace(request, requested_lines=(requested,), in_x12=what == "day" and far)
        self.count(f"ask for more: {what}")
        self._send(request, way)

    @rule(
        draw=ORDERS,
        quantities=st.tuples(*[st.sampled_from([90, 120, 700, 900, 1000])] * 2),
        counted=COUNTED,
        apart=APART,
        ways=st.sampled_from(["inbox", "callback", "list", "list"]),
    )
    @rule_named("ask twice", lambda machine: machine.asks < MAX_CHANGES - 1)
    def two_860s(
        self, draw: int, quantities: tuple[int, int], counted: tuple[int | None, int | None], apart: int, ways: str
    ) -> None:
        """The partner sends two changes within minutes by the same channel."""
        for quantity, sequence in zip(quantities, counted, strict=True):
            request = self._quantity(self.order(draw), 0, quantity, with_original=False)
            if request is None:
                return
            self.count("ask twice")
            self._send(replace(request, sequence=sequence), ways)
            self.system.clock.forward(seconds=apart)

    @rule(draw=st.integers(0, MAX_CHANGES), way=WAYS)
    @rule_named("say again", lambda machine: 0 < machine.asks < MAX_CHANGES)
    def the_same_860_under_another_number(self, draw: int, way: str) -> None:
        """The partner repeats a message in a new transaction with new control numbers.

        Not for an added line: a second approval would add a second line of the item, which a `View` cannot have.
        """
        asked = self.system.receivers.requests.values()
        requests = [one for one in asked if all(requested.line is not None for requested in one.requested_lines)]
        if not requests:
            return
        self.count("say again")
        self._send(requests[draw % len(requests)], way)

    @rule(
        draw=ORDERS,
        to_come=st.sampled_from([False, False, True]),
        who=st.sampled_from(STRANGERS),
        quantity=st.sampled_from([900, 1000, 3000]),
        sent=st.tuples(WAYS, SEQUENCES),
    )
    @rule_named("stranger", lambda machine: machine.asks < MAX_CHANGES)
    def a_stranger_asks(
        self,
        draw: int,
        to_come: bool,  # noqa: FBT001
        who: str,
        quantity: int,
        sent: tuple[str, int | None],
    ) -> None:
        """Another sender requests a change of an order, which may not exist yet."""
        order = str(500_123 + len(self.numbers)) if to_come else self.order(draw)
        # The order may become theirs, but no partner changes an order that it has not received.
        if who == STRANGERS[1] and (to_come or self.supplier(order) == NEWCOMER):
            return
        self.count("stranger")
        way, sequence = sent
        self._send(Request(who, order, (RequestedLine(1, "1298", quantity),), sequence=sequence), way)

    @rule(
        draw=ORDERS,
        line=st.integers(0, 2),
        quantity=st.sampled_from([90, 120, 700, 900, 1000]),
        validation=st.sampled_from([Validation.PROCESSING, Validation.PROCESSING, Validation.INVALID]),
        way=WAYS,
    )
    @rule_named("unchecked", lambda machine: machine.asks < MAX_CHANGES)
    def an_860_that_orderful_holds(self, draw: int, line: int, quantity: int, validation: Validation, way: str) -> None:
        """A message is in validation or INVALID at Orderful, and only in its list."""
        request = self._quantity(self.order(draw), line, quantity, with_original=False)
        if request is None:
            return
        self.count(f"unchecked: {validation}")
        self._send(request, way, validation)

    @rule(draw=st.integers(0, MAX_CHANGES), fine=st.sampled_from([True, True, False]), other=st.booleans())
    @rule_named("checked", lambda machine: bool(machine.held_at_orderful()))
    def orderful_has_checked(self, draw: int, fine: bool, other: bool) -> None:  # noqa: FBT001
        """A message is validated, perhaps after a rule of Orderful has changed it."""
        held = self.held_at_orderful()
        number = held[draw % len(held)]
        request = self.system.receivers.requests[number]
        self.count("checked: another message" if other else "checked")
        if other and not request.is_difference:
            requested_lines = tuple(
                replace(requested, quantity=(requested.quantity or 0) + 5) if requested.quantity else requested
                for requested in request.requested_lines
            )
            request = replace(request, requested_lines=requested_lines)
        self.let_through(number, request, Validation.VALID if fine else Validation.INVALID)

    @rule(draw=st.integers(0, MAX_CHANGES), as_uuid=st.booleans(), anew=st.booleans())
    @rule_named("push again", lambda machine: bool(machine.asks))
    def a_push_comes_again(self, draw: int, as_uuid: bool, anew: bool) -> None:  # noqa: FBT001
        """Orderful pushes a transaction again, by number or UUID, perhaps in a new delivery."""
        numbers = [one for one in self.system.inbound.transactions if self._validation(one) is Validation.VALID]
        if not numbers:
            return
        self.count("push again: UUID" if as_uuid else "push again")
        number = numbers[draw % len(numbers)]
        if anew:
            self.system.inbound.hand_over_again(number)
        self.system.push(number, as_uuid=as_uuid)

    @rule(draw=ORDERS, status=st.sampled_from(["VALID", "DELIVERED", "ACCEPTED"]))
    @rule_named("status")
    def good_status_update(self, draw: int, status: str) -> None:
        """The status of a transaction improves."""
        transactions = [
            one
            for one in self.system.orderful.transactions
            if one.validation_status != "INVALID" and one.acknowledgment_status != "REJECTED"
        ]
        if not transactions:
            return
        self.count("status")
        name = transactions[draw % len(transactions)].transaction_id
        self.system.orderful.update_status(
            name,
            validation_status="VALID",
            delivery_status="PENDING" if status == "VALID" else "DELIVERED",
            acknowledgment_status="ACCEPTED" if status == "ACCEPTED" else None,
        )

    @rule(draw=ORDERS)
    @rule_named("partner refuses")
    def the_partner_refuses(self, draw: int) -> None:
        """The partner rejects the last transaction of an order."""
        number = self.order(draw)
        current = self.system.current_revision(order_key(number))
        asked = any(request.order == number for request in self.system.receivers.requests.values())
        if current is None or current.state not in _AT_ORDERFUL or asked or self.is_over(number):
            return
        self.count("partner refuses")
        self.system.orderful.update_status(str(current.transaction_id), acknowledgment_status="REJECTED")
        self.system.receivers.refuses((str(current.receiver_id), number), current.transaction_id)

    def _line(self, number: str, line: int) -> dict[str, Any] | None:
        """A line of an order and a partner that has received it, which may be a former one."""
        holders = sorted(self.system.receivers.holders(number))
        lines = self.system.visma.orders[number]["lines"]
        if not holders or not lines or self.is_over(number):
            return None
        found = lines[line % len(lines)]
        return {
            "line": found["lineNbr"],
            "item": found["inventory"]["number"],
            "sender": holders[line % len(holders)],
        }

    def _quantity(self, order: str, line: int, quantity: int, *, with_original: bool) -> Request | None:
        """A request for another quantity, as a difference if so configured."""
        found = self._line(order, line)
        if found is None:
            return None
        had = self.system.receivers.has[found["sender"], order].get(found["item"])
        if self.system.setting.changes.get("quantities") == "delta":
            more = quantity - 800 if line % 2 else quantity // 10
            return Request(
                found["sender"], order, (RequestedLine(found["line"], found["item"], more=more),), in_x12=True
            )
        was = int(had.quantity) if with_original and had else None
        return Request(found["sender"], order, (RequestedLine(found["line"], found["item"], quantity, was=was),))

    def _send(self, request: Request, way: str, validation: Validation = Validation.VALID) -> None:
        number = str(802_210_971 + self.asks)
        self.asks += 1
        self.ways[number] = way
        inbox = bool(self.system.setting.inboxes) and way in {"inbox", "both"}
        self.system.inbound.file(number, request, inbox=inbox, validation=validation)
        self._hand_over(number)

    def let_through(self, number: str, request: Request, validation: Validation) -> None:
        """Set the validation of a transaction."""
        self.system.inbound.says(number, validation, request=request)
        self._hand_over(number)

    def held_at_orderful(self) -> list[str]:
        """Transactions that are not VALID."""
        return [
            number for number in self.system.inbound.transactions if self._validation(number) is not Validation.VALID
        ]

    def _hand_over(self, number: str) -> None:
        if self.ways[number] in {"callback", "both"} and self._validation(number) is Validation.VALID:
            self.system.push(number)

    def _validation(self, number: str) -> Validation:
        return self.system.inbound.validation[number]
