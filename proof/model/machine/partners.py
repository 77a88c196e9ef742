"""Rules: what partners ask for and say, and how Orderful brings it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from connector.domain.ledger import State
from proof.model.asking import Wish
from proof.model.machine.base import Base, in_play
from proof.model.machine.users import ORDERS
from proof.system import order_key

MOST_ASKED = 8
WAYS = st.sampled_from(["inbox", "callback", "both"])
_AT_ORDERFUL = frozenset({State.SENT, State.VALID, State.DELIVERED})


class Partners(Base):
    """The partners, and Orderful between us and them."""

    @rule(
        draw=ORDERS,
        line=st.integers(0, 2),
        quantity=st.sampled_from([90, 120, 700, 900, 1000, 3000]),
        told=st.booleans(),
        sent=st.tuples(WAYS, st.sampled_from([None, None, 1, 2, 3])),
    )
    @in_play("ask", lambda machine: machine.asks < MOST_ASKED)
    def an_860(self, draw: int, line: int, quantity: int, told: bool, sent: tuple[str, int | None]) -> None:  # noqa: FBT001
        """The partner wants another quantity, inside its limits or beyond them (`sent`: which way, its number)."""
        found = self._line(self.order(draw), line)
        if found is None:
            return
        self.count("ask")
        has = self.system.receivers.has[(found["sender"], self.order(draw))].get(found["item"])
        was = int(has[0]) if told and has else None
        wish = Wish(found["line"], found["item"], quantity, was=was)
        self._ask(found["sender"], self.order(draw), wish, *sent)

    @rule(draw=ORDERS, line=st.integers(0, 2), what=st.sampled_from(["price", "add", "delete"]), way=WAYS)
    @in_play("ask for more", lambda machine: machine.asks < MOST_ASKED)
    def another_860(self, draw: int, line: int, what: str, way: str) -> None:
        """The partner wants another price, one more line, or one less."""
        found = self._line(self.order(draw), line)
        if found is None:
            return
        self.count("ask for more")
        wish = {
            "price": Wish(found["line"], found["item"], price="10.5"),
            "add": Wish(None, str(1300 + self.asks), 5, price="7.5"),
            "delete": Wish(found["line"], found["item"], 0),
        }[what]
        self._ask(found["sender"], self.order(draw), wish, way, None)

    @rule(draw=st.integers(0, MOST_ASKED))
    @in_play("push again", lambda machine: bool(machine.asks))
    def a_push_comes_again(self, draw: int) -> None:
        """Orderful pushes a transaction once more."""
        self.count("push again")
        self.system.push(sorted(self.system.inbound.held)[draw % self.asks])

    @rule(draw=ORDERS, news=st.sampled_from(["VALID", "DELIVERED", "ACCEPTED"]))
    @in_play("news")
    def good_news(self, draw: int, news: str) -> None:
        """A transaction gets on at Orderful."""
        transactions = [
            one
            for one in self.system.orderful.transactions
            if one.validation_status != "INVALID" and one.acknowledgment_status != "REJECTED"
        ]
        if not transactions:
            return
        self.count("news")
        name = transactions[draw % len(transactions)].transaction_id
        self.system.orderful.news(
            name,
            validation_status="VALID",
            delivery_status="PENDING" if news == "VALID" else "DELIVERED",
            acknowledgment_status="ACCEPTED" if news == "ACCEPTED" else None,
        )

    @rule(draw=ORDERS)
    @in_play("bad news")
    def the_partner_refuses(self, draw: int) -> None:
        """The partner refuses what it was sent last."""
        number = self.order(draw)
        stands = self.system.standing(order_key(number))
        asked = any(request.order == number for request in self.system.receivers.requests.values())
        if stands is None or stands.state not in _AT_ORDERFUL or asked or self.is_over(number):
            return
        self.count("bad news")
        self.system.orderful.news(str(stands.transaction_id), acknowledgment_status="REJECTED")
        self.system.receivers.refuses((str(stands.receiver_id), number))

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

    def _ask(self, sender: str, order: str, wish: Wish, way: str, sequence: int | None) -> None:
        number = str(802_210_971 + self.asks)
        self.asks += 1
        system = self.system
        inbox = bool(system.setting.inboxes) and way != "callback"
        system.inbound.ask(number, order, (wish,), inbox=inbox, sender_id=sender, sequence=sequence)
        if way != "inbox":
            system.push(number)
