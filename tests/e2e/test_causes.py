"""From "the order did not arrive" to its cause and its delivery, by commands of the tool alone.

An operator, with the operator's policy, types `connector documents show` and `trace` with the number of the order, and
then what they print. What is no command is done where the sentence says: in the routing file, at Visma, at Orderful.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.adapters.clock import SystemClock
from connector.cli.output import FAILED, PARKED
from connector.domain.documents import DocumentKey
from connector.domain.revision.record import State
from connector.services.ports import TrackerProgress
from demo.catalogue import purchase_order
from proof.deployed.environment import SUPPLIER, Environment, prepared
from testkit.laptop import deploy
from testkit.laptop.observed import Laptop
from testkit.laptop.people import Person, person, printed
from testkit.laptop.stack import ORDERFUL_KEY

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("empty stack")]

YES = ("Go on, on stack", "y")
TYPE = "850_PURCHASE_ORDER"
ACCEPTS = {"validation": 0, "delivery": 0, "acknowledgment": 0}
SLOW = {"sent": "1s"}
"""What routing expects of the partner of whom nothing is sent on by itself: a test does not wait for 15 minutes."""

PARTNERS = {"unrelated": "50014", "by-hand": "50015", "refusing": "50016", "deleting": "50017"}
"""Partners of whom something is wrong at Orderful, and their numbers in Visma."""


@dataclass(frozen=True)
class Operator:
    """The operator's desk: a terminal, and the routing file in the directory.

    Attributes:
        at: The directory.
    """

    environment: Environment
    operator: Person
    at: Path

    @property
    def laptop(self) -> Laptop:
        """The stack."""
        return self.environment.laptop

    def isa_id(self, partner: str) -> str:
        """The ISA id of one of `PARTNERS` on the test stream."""
        return f"OF{partner.replace('-', '').upper()}T"

    # -- what happens

    def ordered(self, number: str, *, supplier: str = SUPPLIER, day: str | None = None, **lines: Any) -> None:
        """An order is made in Visma, and everything runs that runs by itself."""
        given = {"day": day} if day else {}
        order = purchase_order(number, SUPPLIER, [("1310", "20"), ("1402", "5")], **given)
        order["supplier"] |= {"number": supplier, "internalId": int(supplier)}
        order["lines"][1] |= lines
        self.laptop.put(self.environment.company_id, order)
        self.runs()

    def runs(self) -> None:
        """A poll, and what it queues is worked off."""
        laptop, queues = self.laptop, ("DocumentsQueueUrl", "DeliveriesQueueUrl")
        laptop.poll()
        laptop.until(lambda: not any(laptop.waiting(queue) for queue in queues), "the queues to be empty")

    def watched(self) -> None:
        """The watch over sent documents looks at everything: as if no run had been before."""
        self.laptop.ledger.keep_progress(TrackerProgress())
        self.laptop.track()

    def state(self, number: str) -> State | None:
        """What is on record of an order."""
        newest = self.laptop.newest(self.environment.key(number))
        return newest.state if newest else None

    def relationship(self, partner: str, **terms: Any) -> None:
        """Set up the relationship for orders at Orderful."""
        related = {"sender": self.environment.ours, "receiver": self.isa_id(partner), "transaction_type": TYPE}
        self.laptop.orderful.control("PUT", "relationships", {**related, **terms})

    # -- what the operator does

    def types(self, command: str, *answers: tuple[str, str], code: int = 0) -> str:
        """Type a command."""
        return self.operator.types(command, directory=self.at, answers=answers, code=code)

    def asks(self, number: str, cause: str) -> str:
        """Ask why an order did not arrive: both commands name the cause; what the second one printed."""
        for word in ("show", "trace"):
            shown = self.types(f"connector documents {word} {number}")
            assert cause in shown, shown
        return shown

    def edits(self, **sections: dict[str, Any]) -> None:
        """Add entries to sections of the routing file."""
        file = self.at / "connector.yaml"
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        for section, entries in sections.items():
            data[section] |= entries
        file.write_text(yaml.safe_dump(data), encoding="utf-8")

    def applies(self, shown: str) -> None:
        """Put the file in force, by the command that was printed."""
        output = self.types(printed(shown, "connector config apply"), ("Release what?", "all"), YES)
        assert "1 document and 0 changes released." in output, output

    # -- what comes of it

    def arrived(self, number: str) -> None:
        """The partner takes the order, once, and the tool says so."""
        laptop = self.laptop

        def taken() -> bool:
            return any(one["acknowledgmentStatus"] == "ACCEPTED" for one in self._held(number))

        laptop.until(taken, f"{number} to be taken")
        self.runs()
        self.watched()
        assert [one["acknowledgmentStatus"] for one in self._held(number)].count("ACCEPTED") == 1
        shown = self.types(f"connector documents trace {number}")
        assert "->" not in shown, shown
        assert self.state(number) is State.ACKNOWLEDGED

    def _held(self, number: str) -> list[dict[str, Any]]:
        return self.laptop.transactions(number, sender=self.environment.ours)


@pytest.fixture(scope="module")
def operator(empty: Laptop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """A company with partners at Orderful, and its routing file on the operator's desk."""
    at = tmp_path_factory.mktemp("desk")
    with prepared(empty, "causes") as environment, person(empty, "causes-operator", "OperatorPolicyArn") as operator:
        found = Operator(environment, operator, at)
        data = json.loads(json.dumps(empty.routing().data))
        data["defaults"]["go_live"] = "2026-01-01"
        for name, number in PARTNERS.items():
            isa_id = found.isa_id(name)
            data["partners"][name] = {
                "company": environment.company,
                "visma": {"supplier": number},
                "orderful": {"isa_id": {"live": isa_id[:-1], "test": isa_id}},
                "expected": SLOW,
            }
            partner = {"live": isa_id[:-1], "test": isa_id, "name": name}
            empty.orderful.control("POST", "partners", partner | ({"outgoing": []} if name == "unrelated" else {}))
        empty.apply_unchecked(data)
        (at / "connector.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
        found.runs()
        yield found


def test_a_supplier_without_a_partner(operator: Operator) -> None:
    number, isa_id = "500123", operator.isa_id("deleting")
    operator.ordered(number, supplier="50099")

    shown = operator.asks(number, "Supplier 50099 of company causes is mapped to no partner.")
    assert 'Add partners.<name>.visma.supplier: "50099" with company: causes' in shown
    isa_ids = {"isa_id": {"live": isa_id[:-1], "test": isa_id}}
    operator.edits(partners={"new": {"company": "causes", "visma": {"supplier": "50099"}, "orderful": isa_ids}})
    operator.applies(shown)

    operator.arrived(number)


def test_a_unit_that_is_not_mapped(operator: Operator) -> None:
    number = "500124"
    operator.ordered(number, uom="PALL")

    shown = operator.asks(number, "Visma's unit PALL cannot be translated: it is not mapped.")
    assert "Add defaults.units.PALL: <unit> to the routing file" in shown
    defaults = yaml.safe_load((operator.at / "connector.yaml").read_text(encoding="utf-8"))["defaults"]
    operator.edits(defaults={"units": defaults["units"] | {"PALL": "pallet"}})
    operator.applies(shown)

    operator.arrived(number)


def test_a_relationship_that_is_missing_at_orderful(operator: Operator) -> None:
    number = "500125"
    operator.ordered(number, supplier=PARTNERS["unrelated"])

    shown = operator.asks(number, "relationship doesn't exist")
    output = operator.types(printed(shown, "connector doctor"), code=FAILED)
    missing = f"there is no relationship for {TYPE} from {operator.environment.ours} to {operator.isa_id('unrelated')}"
    assert missing in output, output
    operator.relationship("unrelated")
    operator.types(printed(shown, "connector documents replay"), YES)

    operator.arrived(number)


def test_auto_send_that_is_off(operator: Operator) -> None:
    number = "500126"
    operator.relationship("by-hand", auto_send="DISABLED")
    operator.ordered(number, supplier=PARTNERS["by-hand"])

    def raised() -> bool:
        operator.watched()
        newest = operator.laptop.newest(operator.environment.key(number))
        return newest is not None and newest.needs_attention

    operator.laptop.until(raised, "the watch to notice it")
    shown = operator.asks(number, "it waits in Orderful to be sent by hand: auto-send is off")
    assert "switch auto-send on for this relationship" in shown
    operator.relationship("by-hand", auto_send="ENABLED")

    operator.arrived(number)


def test_a_key_that_orderful_refuses(operator: Operator) -> None:
    number, laptop = "500127", operator.laptop
    deploy.put_secret(laptop.stack.aws.endpoint, laptop.outputs["OrderfulSecretArn"], {"api_key": "mistyped"})
    laptop.reconfigure("DeliverTransactionFunction")
    try:
        operator.ordered(number)
        assert "Sending is stopped since" in operator.types("connector status", code=PARKED)

        shown = operator.asks(number, "Sending is stopped since")
        assert "Orderful answered 401" in shown
        operator.types(printed(shown, "connector secrets set"), ("API key", ORDERFUL_KEY["api_key"]))
        output = operator.types(printed(shown, "connector holds lift"), YES)
        assert "comes again by itself, within about a quarter of an hour" in output
    finally:
        deploy.put_secret(laptop.stack.aws.endpoint, laptop.outputs["OrderfulSecretArn"], ORDERFUL_KEY)
    # A quarter of an hour passes, and what waits is queued again.
    laptop.reconfigure("TrackTransactionsFunction", RESEND_AFTER_SECONDS="1")
    try:

        def left() -> bool:
            operator.watched()  # again, for what moved within the last second is not stuck yet
            return operator.state(number) is not State.TRANSLATED

        laptop.until(left, "it to be queued again")
        operator.arrived(number)
    finally:
        laptop.reconfigure("TrackTransactionsFunction", RESEND_AFTER_SECONDS="900")


def test_a_partner_that_somebody_paused(operator: Operator) -> None:
    number = "500128"
    operator.types("connector pause --company causes --partner supplier --reason 'they move' --by kari", YES)
    operator.ordered(number)

    shown = operator.asks(number, "Company causes, partner supplier is paused since")
    assert "by kari: they move" in shown
    operator.types(printed(shown, "connector resume"), YES)

    operator.arrived(number)


def test_an_order_from_before_go_live(operator: Operator) -> None:
    number = "500129"
    operator.ordered(number, day="2025-05-02")

    shown = operator.asks(number, "from before go-live")
    operator.types(printed(shown, "connector documents release"), YES)

    operator.arrived(number)


def test_an_order_that_no_list_has_shown(operator: Operator) -> None:
    """Visma has it, and stamped it with a time that every poll has passed."""
    number, written = "500130", datetime.now(UTC) - timedelta(hours=3)
    recipe = {
        "kind": "purchaseorder",
        "company": operator.environment.company_id,
        "count": 1,
        "first_number": int(number),
    }
    day = {"first_day": written.date().isoformat(), "days": 1}
    operator.laptop.visma.control("POST", "generate", {**recipe, **day, "written_at": written.isoformat()})
    operator.runs()
    assert operator.state(number) is None

    shown = operator.types(f"connector documents trace {number}", code=FAILED)
    assert f"The ledger knows no document {number}" in shown
    shown = operator.types(printed(shown, "connector documents show"), code=FAILED)
    assert "Visma has this purchase order in causes: Open" in shown
    assert "Or it was missed" in shown
    shown = operator.types(printed(shown, "connector reconcile"), code=PARKED)
    assert "Visma has it, and the ledger has no record of it; it would be sent." in shown
    shown = operator.types(
        printed(shown, f"connector backfill --company causes --kind purchase_order --number {number}"), YES
    )
    assert "1 document selected, 1 queued." in shown

    operator.arrived(number)


def test_an_order_that_the_partner_refuses(operator: Operator) -> None:
    number = "500131"
    problem = {"path": "PO1-02", "code": "5", "message": "no whole pallet"}
    operator.relationship("refusing", acknowledgment="REJECTED", errors=[problem])
    operator.ordered(number, supplier=PARTNERS["refusing"])
    operator.laptop.until(
        lambda: operator.watched() or operator.state(number) is State.REJECTED, "the refusal to be seen"
    )

    shown = operator.asks(number, "the partner rejected it: PO1-02: no whole pallet")
    assert "Correct it in Visma and it is sent by itself." in shown
    operator.relationship("refusing", acknowledgment="ACCEPTED", errors=[])
    line = {"operation": "Update", "lineNumber": {"value": 1}, "orderQty": {"value": 40}}
    orders = {"kind": "purchaseorder", "company": operator.environment.company_id, "numbers": [number]}
    operator.laptop.visma.control("POST", "edits", {**orders, "update": {"lines": [line]}})
    operator.runs()

    operator.arrived(number)


def test_a_transaction_that_somebody_deleted_at_orderful(operator: Operator) -> None:
    number, laptop = "500132", operator.laptop
    laptop.orderful.control("PUT", "pace", dict.fromkeys(ACCEPTS))
    try:
        operator.ordered(number, supplier=PARTNERS["deleting"])
        key = operator.environment.key(number)
        (sent,) = laptop.ledger.revisions(DocumentKey.parse(key))
        laptop.orderful.control("DELETE", f"transactions/{sent.transaction_id}")
    finally:
        laptop.orderful.control("PUT", "pace", ACCEPTS)
    now = SystemClock().now()
    then = now - timedelta(minutes=20)
    laptop.ledger.move(sent, sent.state, now=now, note="20 minutes pass", sent_at=then, first_attempt_at=then)
    operator.watched()

    shown = operator.asks(number, "somebody may have deleted it")
    operator.types(printed(shown, "connector documents replay"), YES)

    operator.arrived(number)
