"""What all rules share: the world, which rules are in play, and the end, at which everything has to come right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition

from connector.domain.documents import DocumentKey
from connector.domain.inbound import Validation
from connector.domain.order_change.record import ChangeState
from connector.domain.revision.cause import Cause
from proof.model.clockwork import NeverRests
from proof.model.invoices import CUSTOMER
from proof.system import Setting, System, a_supplier, invoice_key, order_key
from testkit.samples.routing_data import a_partner

ACME, NEWCOMER = "50012", "60000"
"""Visma's supplier numbers of two partners; routing does not know the second one at first."""

LATE_CUSTOMER = "10099"
"""Visma's customer number of a partner that routing does not know at first."""

MOST_INVOICES = 3

CUSTOMERS = ("matsenteret", "shop")
"""The partners that get invoices."""

ISA_IDS = ("ACMEPRODUCE", "ACMENEW")
"""The ISA ids that partner acme has had, and may have again."""

LONG_AGO = date(2026, 5, 4)
"""A day before go-live, where documents from before it are in play."""

_GO_LIVE = date(2026, 7, 1)
_EVENING_BEFORE = datetime(2026, 6, 30, 20, 45, tzinfo=UTC)
"""An hour and a quarter before that day begins in Oslo."""

SETTINGS: dict[str, Setting] = {
    "by number": Setting(page_size=2),
    "by modification": Setting(order="time", page_size=2),
    "ties, no overlap": Setting(zone="UTC", overlap="0s", settle="0s", latest=timedelta(0), order="time", page_size=2),
    "scrambled, no overlap": Setting(
        zone="UTC", overlap="0s", settle="0s", latest=timedelta(0), order="scrambled", page_size=2
    ),
    "local time taken for UTC": Setting(believed=None, page_size=2),
    "UTC taken for local time": Setting(zone="UTC", order="time descending", page_size=2),
    "spring": Setting(start=datetime(2026, 3, 29, 0, 20, tzinfo=UTC), order="time", page_size=2),
    "autumn": Setting(start=datetime(2026, 10, 25, 0, 20, tzinfo=UTC), page_size=2),
    "autumn, local time taken for UTC": Setting(
        start=datetime(2026, 10, 25, 0, 20, tzinfo=UTC), believed=None, order="time", page_size=2
    ),
    "860s from the list": Setting(inboxes=(), page_size=2),
    "differences": Setting(changes={**Setting().changes, "quantities": "delta"}, page_size=2),
    "UUIDs in the inbox": Setting(uuids=True, page_size=2),
    "UUIDs in the inbox, told beside numbers": Setting(uuids=True, tells_both=True, page_size=2),
    "live since the first poll": Setting(go_live=None, page_size=2),
    "live since long": Setting(go_live=date(2026, 6, 1), page_size=2),
    "live since today, changes ignored": Setting(go_live=_GO_LIVE, before_go_live="ignore", page_size=2),
    "live since today, changes sent": Setting(go_live=_GO_LIVE, before_go_live="send", order="time", page_size=2),
    "live from tomorrow": Setting(start=_EVENING_BEFORE, go_live=_GO_LIVE, page_size=2),
    "hold first": Setting(changes={**Setting().changes, "hold_first": ["Open"]}, page_size=2),
}
"""The worlds; one is drawn for each run."""

ANSWERS = (Cause.AS_REPLACEMENT, Cause.AS_ORIGINAL, None)
"""What a person may answer to a question about go-live; None: nothing is to be sent."""

ROUNDS = 6
"""How often people look at what is parked, at the end, before they turn down what is parked again and again."""

Rule = TypeVar("Rule", bound=Callable[..., Any])


class Wrong(AssertionError):
    """Something happened that must not."""


def in_play(name: str, when: Callable[[Any], bool] = lambda machine: True) -> Callable[[Rule], Rule]:  # noqa: ARG005
    """The rule goes by this name and can be left out of a run; `when` is its own condition besides."""
    return precondition(lambda machine: machine.plays(name) and when(machine))


class Base(RuleBasedStateMachine):
    """The world and the end of it.

    Attributes:
        world: Makes the system; a planted bug may put in another.
        settings: Names of the worlds that are drawn from.
        rules: Names of the rules in play; None for all of them.
        runs, steps: How many runs were made, and which rules how often in them.
    """

    world: ClassVar[Callable[[Setting], System]] = System
    settings: ClassVar[tuple[str, ...]] = tuple(SETTINGS)
    in_the_game: ClassVar[frozenset[str] | None] = None
    runs: ClassVar[int] = 0
    steps: ClassVar[Counter[str]] = Counter()

    @initialize(name=st.data())
    def begin(self, name: st.DataObject) -> None:
        """A world is drawn; an order and an invoice have reached their partners.

        Where there is a go-live, others are from before it, and one of these has just been changed.
        """
        setting = SETTINGS[name.draw(st.sampled_from(self.settings), label="world")]
        type(self).runs += 1
        self.numbers: list[str] = []
        self.edits = 0
        self.asks = 0
        self.ways: dict[str, str] = {}
        self.invoices: list[str] = []
        self.replaces_invoices = False
        self.unmapped = {NEWCOMER, LATE_CUSTOMER}
        self.isa_id = ISA_IDS[0]
        self.quiet = 0
        self.has_past = (setting.go_live or setting.start.date()) > LONG_AGO
        self.system = type(self).world(setting)
        self.system.apply_routing(self.routed())
        if setting.changes.get("hold_first"):
            self.system.visma.refusing = frozenset({"Open"})
        self.system.poll()
        self.add_order(ACME)
        self.add_invoice(CUSTOMER, status="Open")
        if self.has_past:
            self.add_order(ACME, dated=LONG_AGO)
            self.add_invoice(CUSTOMER, status="Open", created=LONG_AGO)
        self.system.quiesce()
        if self.has_past:
            self.system.edit(self.numbers[-1], line_2={"orderQty": 105.0})

    @classmethod
    def plays(cls, name: str) -> bool:
        """Whether a rule is in play."""
        return cls.in_the_game is None or name in cls.in_the_game

    @invariant()
    def nothing_wrong_has_happened(self) -> None:
        """No flood, no echo, no lost edit, no word to Orderful before its time, no watermark that falls."""
        if hasattr(self, "system") and self.system.judge.complaints:
            raise Wrong("; ".join(self.system.judge.complaints))

    def teardown(self) -> None:
        """The world calms down, people decide about everything that waits for them, and all must be right."""
        if hasattr(self, "system") and not self.system.judge.complaints:
            self.settle_everything()

    # -- what rules use -----------------------------------------------------------------------------------------------

    def count(self, rule: str) -> None:
        """Note that a rule was played."""
        type(self).steps[rule] += 1

    def order(self, draw: int) -> str:
        """One of the orders there are."""
        return self.numbers[draw % len(self.numbers)]

    def add_order(self, supplier: str, **changes: Any) -> None:
        """A user writes one more order."""
        number = str(500_123 + len(self.numbers))
        self.numbers.append(number)
        self.system.order(number, supplier=a_supplier(supplier), **changes)

    def add_invoice(self, customer: str, *, status: str, created: date | None = None) -> None:
        """A user writes one more invoice; it has the number of an order, for which nothing may take it."""
        number = str(500_123 + len(self.invoices))
        self.invoices.append(number)
        self.system.invoice(number, quantity=10, status=status, customer=customer, created=created)

    def supplier(self, number: str) -> str:
        """Whose order it is."""
        named: str = self.system.visma.orders[number]["supplier"]["number"]
        return named

    def is_over(self, number: str) -> bool:
        """Whether the order was cancelled."""
        return bool(self.system.visma.orders[number]["status"] == "Cancelled")

    def routed(self) -> dict[str, Any]:
        """The routing file's keys that tell whom it knows."""
        newcomer = {"supplier": "99998"} if NEWCOMER in self.unmapped else {"supplier": NEWCOMER}
        acme = {"supplier": "99999"} if ACME in self.unmapped else {"supplier": ACME}
        shop = {"customer": "10098"} if LATE_CUSTOMER in self.unmapped else {"customer": LATE_CUSTOMER}
        on_revision = "replace" if self.replaces_invoices else "park"
        return {
            "partners.newcomer": a_partner(isa_id="NEWCOMER", **newcomer),
            "partners.acme": a_partner(isa_id=self.isa_id, **acme),
            "partners.shop": a_partner(isa_id="SHOP", **shop),
            **{f"partners.{name}.kinds": {"customer_invoice": {"on_revision": on_revision}} for name in CUSTOMERS},
        }

    def keys(self) -> list[DocumentKey]:
        """All documents."""
        return [*map(order_key, self.numbers), *map(invoice_key, self.invoices)]

    def asked(self) -> list[DocumentKey]:
        """Documents about which go-live asks a person."""
        if not self.has_past:
            return []
        return [key for key in self.keys() if self.system.question(key) is not None]

    def answer(self, key: DocumentKey, answer: Cause | None) -> None:
        """A person sees to what waits of a document; `answer` is for a question about go-live, None: close it."""
        if self.system.question(key) is None:
            self.system.replay(key)
            return
        self.count(f"answer: {answer.value if answer else 'close'}")
        if answer is None:
            self.system.close(key)
        else:
            self.system.release_as(key, answer)

    # -- the end ------------------------------------------------------------------------------------------------------

    def settle_everything(self) -> None:
        """No more trouble; dead letters go back; routing knows everybody; people decide; all must be right.

        Raises:
            Wrong: it is not.
        """
        system = self.system
        system.calm()
        for number, validation in system.inbound.validation.items():
            if validation is Validation.PROCESSING:
                system.inbound.says(number, Validation.VALID)
        self.unmapped.clear()
        self.replaces_invoices = True
        system.apply_routing(self.routed())
        self._must_be_right()
        for turn in range(ROUNDS):
            waiting = [one.transaction_id for one in system.changes.in_state(ChangeState.PARKED)]
            for number in waiting:
                (system.approve if turn < ROUNDS // 2 else system.reject)(number)
            for place, key in enumerate(self.keys()):
                if system.waiting(key):
                    self.answer(key, ANSWERS[(place + turn + self.runs) % len(ANSWERS)])
                    waiting.append(str(key))
            if not waiting:
                return
            self._must_be_right()
        raise Wrong("People decide, and something always waits for them again.")

    def _must_be_right(self) -> None:
        try:
            self.system.quiesce()
        except NeverRests as error:
            raise Wrong(f"It is never quiescent: {error}") from None
        wrong = self.system.judge.violations_when_quiescent()
        if wrong:
            raise Wrong("; ".join(wrong))
