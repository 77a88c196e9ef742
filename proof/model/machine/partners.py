"""Rules: what partners ask for and say, and how Orderful brings it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from connector.domain.inbound import Validation
from connector.domain.revision.record import State
from proof.model.asking import HEADER, Request, Wish
from proof.model.machine.base import NEWCOMER, Base, in_play
from proof.model.machine.users import ORDERS
from proof.system import order_key

MOST_ASKED = 10
WAYS = st.sampled_from(["inbox", "callback", "both", "list"])
SEQUENCES = st.sampled_from([None, None, None, 1, 2, 3])
COUNTED = st.sampled_from([(None, None), (None, None), (1, 2), (1, 1), (2, 1), (None, 1)])
"""BCH05 of two messages in a row, as partners count: not at all, rightly, always from one, downwards."""

APART = st.sampled_from([2, 60, 240])
"""Seconds between two messages of a partner."""

STRANGERS = ("STRANGERT", "NEWCOMERT", "MATSENTERETT")
"""Somebody whom routing does not know, another supplier, and a customer."""

_AT_ORDERFUL = frozenset({State.SENT, State.VALID, State.DELIVERED})
_SHIPPED = date(2026, 10, 2)
"""On which the orders here are promised at first."""


class Partners(Base):
    """The partners, and Orderful between us and them."""

    @rule(
        draw=ORDERS,
        line=st.integers(0, 2),
        quantity=st.sampled_from([90, 120, 700, 900, 1000, 3000]),
        told=st.booleans(),
        sent=st.tuples(WAYS, SEQUENCES),
    )
    @in_play("ask", lambda machine: machine.asks < MOST_ASKED)
    def an_860(self, draw: int, line: int, quantity: int, told: bool, sent: tuple[str, int | None]) -> None:  # noqa: FBT001
        """The partner wants another quantity, inside its limits or beyond them (`sent`: which way, its number)."""
        request = self._quantity(self.order(draw), line, quantity, told=told)
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
    @in_play("ask for more", lambda machine: machine.asks < MOST_ASKED)
    def another_860(self, draw: int, line: int, what: str, far: bool, way: str) -> None:  # noqa: FBT001
        """The partner wants another price, one more line, one less, or another day, of a line or of the whole order."""
        found = self._line(self.order(draw), line)
        if found is None:
            return
        # No two days are alike: a line comes never back to the day of the order by itself.
        day = _SHIPPED + timedelta(days=self.asks + (40 if far else 1))
        number, item = found["line"], found["item"]
        request = Request(found["sender"], self.order(draw), ())
        if what == "day of the order":
            if HEADER not in self.system.receivers.has[request.sender, request.order]:
                return
            request = replace(request, day=day, in_x12=True)
        else:
            wish = {
                "price": Wish(number, item, price="10.5"),
                "add": Wish(None, str(1300 + self.asks), 5, price="7.5", day=day),
                "delete": Wish(number, item, 0),
                "day": Wish(number, item, day=day),
            }[what]
            request = replace(request, wishes=(wish,), in_x12=what == "day" and far)
        self.count(f"ask for more: {what}")
        self._send(request, way)

    @rule(
        draw=ORDERS,
        quantities=st.tuples(*[st.sampled_from([90, 120, 700, 900, 1000])] * 2),
        counted=COUNTED,
        apart=APART,
        ways=st.sampled_from(["inbox", "callback", "list", "list"]),
    )
    @in_play("ask twice", lambda machine: machine.asks < MOST_ASKED - 1)
    def two_860s(
        self, draw: int, quantities: tuple[int, int], counted: tuple[int | None, int | None], apart: int, ways: str
    ) -> None:
        """The partner changes its mind after some minutes; both messages come the same way."""
        for quantity, sequence in zip(quantities, counted, strict=True):
            request = self._quantity(self.order(draw), 0, quantity, told=False)
            if request is None:
                return
            self.count("ask twice")
            self._send(replace(request, sequence=sequence), ways)
            self.system.clock.forward(seconds=apart)

    @rule(draw=st.integers(0, MOST_ASKED), way=WAYS)
    @in_play("say again", lambda machine: 0 < machine.asks < MOST_ASKED)
    def the_same_860_under_another_number(self, draw: int, way: str) -> None:
        """The partner sends a message a second time: a new transaction with new control numbers.

        None that adds a line: where a person approves it again, an item stands on two lines, which no `View` holds.
        """
        asked = self.system.receivers.requests.values()
        requests = [one for one in asked if all(wish.line is not None for wish in one.wishes)]
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
    @in_play("stranger", lambda machine: machine.asks < MOST_ASKED)
    def a_stranger_asks(
        self,
        draw: int,
        to_come: bool,  # noqa: FBT001
        who: str,
        quantity: int,
        sent: tuple[str, int | None],
    ) -> None:
        """Somebody names an order that is not theirs, or one that is not written yet."""
        order = str(500_123 + len(self.numbers)) if to_come else self.order(draw)
        # It may become theirs later on, but they never ask for a change of an order of theirs that they were not sent.
        if who == STRANGERS[1] and (to_come or self.supplier(order) == NEWCOMER):
            return
        self.count("stranger")
        way, sequence = sent
        self._send(Request(who, order, (Wish(1, "1298", quantity),), sequence=sequence), way)

    @rule(
        draw=ORDERS,
        line=st.integers(0, 2),
        quantity=st.sampled_from([90, 120, 700, 900, 1000]),
        validation=st.sampled_from([Validation.PROCESSING, Validation.PROCESSING, Validation.INVALID]),
        way=WAYS,
    )
    @in_play("unchecked", lambda machine: machine.asks < MOST_ASKED)
    def an_860_that_orderful_holds(self, draw: int, line: int, quantity: int, validation: Validation, way: str) -> None:
        """Orderful is still checking a message, or found it wrong: its list shows it, and nothing else does."""
        request = self._quantity(self.order(draw), line, quantity, told=False)
        if request is None:
            return
        self.count(f"unchecked: {validation}")
        self._send(request, way, validation)

    @rule(draw=st.integers(0, MOST_ASKED), fine=st.sampled_from([True, True, False]), other=st.booleans())
    @in_play("checked", lambda machine: bool(machine.held_at_orderful()))
    def orderful_has_checked(self, draw: int, fine: bool, other: bool) -> None:  # noqa: FBT001
        """Orderful lets a message through, perhaps changed by one of its rules, or holds it as wrong."""
        held = self.held_at_orderful()
        number = held[draw % len(held)]
        request = self.system.receivers.requests[number]
        self.count("checked: another message" if other else "checked")
        if other and not request.is_difference:
            wishes = tuple(
                replace(wish, quantity=(wish.quantity or 0) + 5) if wish.quantity else wish for wish in request.wishes
            )
            request = replace(request, wishes=wishes)
        self.let_through(number, request, Validation.VALID if fine else Validation.INVALID)

    @rule(draw=st.integers(0, MOST_ASKED), as_uuid=st.booleans(), anew=st.booleans())
    @in_play("push again", lambda machine: bool(machine.asks))
    def a_push_comes_again(self, draw: int, as_uuid: bool, anew: bool) -> None:  # noqa: FBT001
        """Orderful pushes a transaction once more, by either of its names, perhaps as a delivery of its own."""
        numbers = [one for one in self.system.inbound.held if self._validation(one) is Validation.VALID]
        if not numbers:
            return
        self.count("push again: UUID" if as_uuid else "push again")
        number = numbers[draw % len(numbers)]
        if anew:
            self.system.inbound.hand_over_again(number)
        self.system.push(number, as_uuid=as_uuid)

    @rule(draw=ORDERS, status=st.sampled_from(["VALID", "DELIVERED", "ACCEPTED"]))
    @in_play("status")
    def good_status_update(self, draw: int, status: str) -> None:
        """A transaction gets on at Orderful."""
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
    @in_play("partner refuses")
    def the_partner_refuses(self, draw: int) -> None:
        """The partner refuses what it was sent last."""
        number = self.order(draw)
        current = self.system.current_revision(order_key(number))
        asked = any(request.order == number for request in self.system.receivers.requests.values())
        if current is None or current.state not in _AT_ORDERFUL or asked or self.is_over(number):
            return
        self.count("partner refuses")
        self.system.orderful.update_status(str(current.transaction_id), acknowledgment_status="REJECTED")
        self.system.receivers.refuses((str(current.receiver_id), number))

    def _line(self, number: str, line: int) -> dict[str, Any] | None:
        """A line of an order that somebody has, and who; the order may be another partner's by now."""
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

    def _quantity(self, order: str, line: int, quantity: int, *, told: bool) -> Request | None:
        """What asks for another quantity; as a difference, where the partners of this world ask so."""
        found = self._line(order, line)
        if found is None:
            return None
        had = self.system.receivers.has[found["sender"], order].get(found["item"])
        if self.system.setting.changes.get("quantities") == "delta":
            more = quantity - 800 if line % 2 else quantity // 10
            return Request(found["sender"], order, (Wish(found["line"], found["item"], more=more),), in_x12=True)
        was = int(had.quantity) if told and had else None
        return Request(found["sender"], order, (Wish(found["line"], found["item"], quantity, was=was),))

    def _send(self, request: Request, way: str, validation: Validation = Validation.VALID) -> None:
        number = str(802_210_971 + self.asks)
        self.asks += 1
        self.ways[number] = way
        inbox = bool(self.system.setting.inboxes) and way in {"inbox", "both"}
        self.system.inbound.file(number, request, inbox=inbox, validation=validation)
        self._hand_over(number)

    def let_through(self, number: str, request: Request, validation: Validation) -> None:
        """Orderful has checked a transaction."""
        self.system.inbound.says(number, validation, request=request)
        self._hand_over(number)

    def held_at_orderful(self) -> list[str]:
        """Transactions that Orderful has not let through."""
        return [number for number in self.system.inbound.held if self._validation(number) is not Validation.VALID]

    def _hand_over(self, number: str) -> None:
        if self.ways[number] in {"callback", "both"} and self._validation(number) is Validation.VALID:
            self.system.push(number)

    def _validation(self, number: str) -> Validation:
        return self.system.inbound.validation[number]
