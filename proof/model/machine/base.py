"""The base of all rules: the system, the enabled rules, and the final check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition

from connector.domain.documents import DocumentKey, Kind
from connector.domain.inbound import Validation
from connector.domain.order_change.record import ChangeState
from connector.domain.revision.cause import Cause
from connector.services.ports import Resource
from proof.model.clockwork import NotQuiescent
from proof.model.invoices import CUSTOMER
from proof.system import Configuration, System, a_supplier, invoice_key, order_key
from testkit.samples.routing_data import a_partner

ACME, NEWCOMER = "50012", "60000"
"""Visma's supplier numbers of two partners; the second one is unmapped at first."""

LATE_CUSTOMER = "10099"
"""Visma's customer number of a partner that is unmapped at first."""

MAX_INVOICES = 3

CUSTOMERS = ("matsenteret", "shop")
"""The partners with invoices."""

LISTS = (Resource.PURCHASE_ORDERS, Resource.CUSTOMER_INVOICES)
"""The lists of Visma in which the rules write."""

ISA_IDS = ("ACMEPRODUCE", "ACMENEW")
"""The ISA ids of partner acme."""

LONG_AGO = date(2026, 5, 4)
"""A day before go-live."""

_GO_LIVE = date(2026, 7, 1)
_EVENING_BEFORE = datetime(2026, 6, 30, 20, 45, tzinfo=UTC)
"""75 minutes before that day begins in Oslo."""

CONFIGURATIONS: dict[str, Configuration] = {
    "by number": Configuration(page_size=2),
    "by modification": Configuration(order="modified", page_size=2),
    "ties, no overlap": Configuration(
        zone="UTC", overlap="0s", settle="0s", latest=timedelta(0), order="modified", page_size=2
    ),
    "scrambled, no overlap": Configuration(
        zone="UTC", overlap="0s", settle="0s", latest=timedelta(0), order="scrambled", page_size=2
    ),
    "local time taken for UTC": Configuration(believed=None, page_size=2),
    "UTC taken for local time": Configuration(zone="UTC", order="modified descending", page_size=2),
    "spring": Configuration(start=datetime(2026, 3, 29, 0, 20, tzinfo=UTC), order="modified", page_size=2),
    "autumn": Configuration(start=datetime(2026, 10, 25, 0, 20, tzinfo=UTC), page_size=2),
    "autumn, local time taken for UTC": Configuration(
        start=datetime(2026, 10, 25, 0, 20, tzinfo=UTC), believed=None, order="modified", page_size=2
    ),
    "860s from the list": Configuration(inboxes=(), page_size=2),
    "differences": Configuration(changes={**Configuration().changes, "quantities": "delta"}, page_size=2),
    "UUIDs in the inbox": Configuration(uuids=True, page_size=2),
    "UUIDs in the inbox, told beside numbers": Configuration(uuids=True, tells_both=True, page_size=2),
    "live since the first poll": Configuration(go_live=None, page_size=2),
    "live since long": Configuration(go_live=date(2026, 6, 1), page_size=2),
    "live since today, changes ignored": Configuration(go_live=_GO_LIVE, before_go_live="ignore", page_size=2),
    "live since today, changes sent": Configuration(
        go_live=_GO_LIVE, before_go_live="send", order="modified", page_size=2
    ),
    "live from tomorrow": Configuration(start=_EVENING_BEFORE, go_live=_GO_LIVE, page_size=2),
    "hold first": Configuration(changes={**Configuration().changes, "hold_first": ["Open"]}, page_size=2),
}
"""The configurations; one is drawn for each run."""

ANSWERS = (Cause.AS_REPLACEMENT, Cause.AS_ORIGINAL, None)
"""The decisions of a person about a document from before go-live; None closes it."""

ROUNDS = 6
"""Most rounds of decisions about parked documents and changes at the end; the second half rejects."""

Rule = TypeVar("Rule", bound=Callable[..., Any])


class Wrong(AssertionError):
    """An invariant is violated."""


def rule_named(name: str, when: Callable[[Any], bool] = lambda machine: True) -> Callable[[Rule], Rule]:  # noqa: ARG005
    """Name a rule, so that a run can disable it; `when` is a further precondition."""
    return precondition(lambda machine: machine.is_enabled(name) and when(machine))


class Base(RuleBasedStateMachine):
    """The system and its final check.

    Attributes:
        system_factory: Creates the system.
        configurations: Names of the configurations to draw from.
        enabled_rules: Names of the enabled rules; None for all.
        runs, steps: The number of runs, and of calls of each rule.
    """

    system_factory: ClassVar[Callable[[Configuration], System]] = System
    configurations: ClassVar[tuple[str, ...]] = tuple(CONFIGURATIONS)
    enabled_rules: ClassVar[frozenset[str] | None] = None
    runs: ClassVar[int] = 0
    steps: ClassVar[Counter[str]] = Counter()

    @initialize(name=st.data())
    def begin(self, name: st.DataObject) -> None:
        """A harness is drawn; an order and an invoice have reached their partners.

        Where there is a go-live, others are from before it, and one of these has just been changed.
        """
        setting = CONFIGURATIONS[name.draw(st.sampled_from(self.configurations), label="configuration")]
        type(self).runs += 1
        self.numbers: list[str] = []
        self.asks = 0
        self.ways: dict[str, str] = {}
        self.invoices: list[str] = []
        self.replaces_invoices = False
        self.unmapped = {NEWCOMER, LATE_CUSTOMER}
        self.isa_id = ISA_IDS[0]
        self.quiet = 0
        self.has_past = (setting.go_live or setting.start.date()) > LONG_AGO
        self.system = type(self).system_factory(replace(setting, lists=LISTS))
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
    def is_enabled(cls, name: str) -> bool:
        """Whether a rule is enabled."""
        return cls.enabled_rules is None or name in cls.enabled_rules

    @invariant()
    def nothing_wrong_has_happened(self) -> None:
        """No flood, no echo, no lost edit, no early confirmation, no falling watermark."""
        if hasattr(self, "system") and self.system.invariants.violations:
            raise Wrong("; ".join(self.system.invariants.violations))

    def teardown(self) -> None:
        """Stop all faults, let people decide about everything parked, and check all invariants."""
        if hasattr(self, "system") and not self.system.invariants.violations:
            self.settle_everything()
            self._comparison_finds_nothing()

    # -- helpers of rules ---------------------------------------------------------------------------------------------

    def count(self, rule: str) -> None:
        """Count a rule."""
        type(self).steps[rule] += 1

    def order(self, draw: int) -> str:
        """One of the orders."""
        return self.numbers[draw % len(self.numbers)]

    def add_order(self, supplier: str, **changes: Any) -> None:
        """A user creates an order."""
        number = str(500_123 + len(self.numbers))
        self.numbers.append(number)
        self.system.order(number, supplier=a_supplier(supplier), **changes)

    def add_invoice(self, customer: str, **changes: Any) -> None:
        """A user creates an invoice with the number of an order."""
        number = str(500_123 + len(self.invoices))
        self.invoices.append(number)
        self.system.invoice(number, quantity=10, customer=customer, **changes)

    def supplier(self, number: str) -> str:
        """The supplier number of an order."""
        named: str = self.system.visma.orders[number]["supplier"]["number"]
        return named

    def is_over(self, number: str) -> bool:
        """Whether the order was cancelled."""
        return bool(self.system.visma.orders[number]["status"] == "Cancelled")

    def is_empty(self, key: DocumentKey) -> bool:
        """Whether it is an order without lines, which stays parked until a user ends it."""
        return key.kind is Kind.PURCHASE_ORDER and not self.system.visma.orders[key.number]["lines"]

    def routed(self) -> dict[str, Any]:
        """The partners of the routing file."""
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
        """Documents from before go-live that need a person."""
        if not self.has_past:
            return []
        return [key for key in self.keys() if self.system.question(key) is not None]

    def answer(self, key: DocumentKey, answer: Cause | None) -> None:
        """A person decides about a parked document; `answer` is for one from before go-live, None closes it."""
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
        """Stop all faults, redrive dead letters, map all partners, let people decide, and check all invariants.

        Raises:
            Wrong: an invariant is violated.
        """
        system = self.system
        system.clear_faults()
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
                if system.waiting(key) and not self.is_empty(key):
                    self.answer(key, ANSWERS[(place + turn + len(self.system.orderful.transactions)) % len(ANSWERS)])
                    waiting.append(str(key))
            if not waiting:
                return
            self._must_be_right()
        raise Wrong("After all decisions something is parked again.")

    def _must_be_right(self) -> None:
        try:
            self.system.quiesce()
        except NotQuiescent as error:
            raise Wrong(f"It does not become quiescent: {error}") from None
        wrong = self.system.invariants.check_quiescent()
        if wrong:
            raise Wrong("; ".join(wrong))

    def _comparison_finds_nothing(self) -> None:
        self.system.clock.forward(hours=3)
        self.system.reconcile()
        progress = self.system.book.progress()
        if progress is None or progress.complete_at is None:
            raise Wrong(f"The nightly comparison is not complete: {progress}.")
        if findings := self.system.book.findings():
            raise Wrong("; ".join(f"{one.category} {one.document}: {one.sentence}" for one in findings))
