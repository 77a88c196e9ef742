"""The state outlives its stack: one built around old tables, and one around a restored copy, send each document once.

MiniStack cannot restore a table to a point in time; a copy by scan and put stands in for it. Like a restored one, it
is a new table with another id and without what came after.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.domain.order_change.record import ChangeState
from connector.domain.revision.record import State
from proof.deployed.environment import Environment, prepared
from testkit.laptop import deploy
from testkit.laptop import stack as laptop_stack
from testkit.laptop.observed import SENT, Laptop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("empty stack")]

OLD, NEW = deploy.STACK, "connector-next"
SELDOM = {
    **dict.fromkeys(("PollInterval", "TrackInterval", "CollectInterval"), "rate(8 hours)"),
    "HeartbeatMinutes": "1440",
}
"""Only the test starts the scheduled functions."""

ATTACHED = {
    "ExistingDocumentsTable": "DocumentsTable",
    "ExistingCursorsTable": "CursorsTable",
    "ExistingRoutingTable": "RoutingTable",
    "ExistingPayloadsBucket": "PayloadsBucket",
    "ExistingVismaSecretArn": "VismaSecretArn",
    "ExistingOrderfulSecretArn": "OrderfulSecretArn",
    "ExistingCallbackSecretArn": "CallbackSecretArn",
}
"""Parameter of the new stack: output of the old one (docs/restore.md)."""


@dataclass
class Harness:
    """The stack in force, and what was sent so far.

    Attributes:
        expected: Transactions that Orderful is to hold, by number.
        parameters: Of the stack in force.
    """

    environment: Environment
    name: str
    expected: Counter[str]
    parameters: dict[str, str]

    @property
    def laptop(self) -> Laptop:
        """The stack in force."""
        return self.environment.laptop

    def connector(self, *arguments: str, code: int = 0) -> str:
        """Run the command against the stack in force."""
        ended = self.laptop.connector(*arguments, "--stack", self.name)
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended.stdout

    def deploy(self, **parameters: str) -> None:
        """Deploy the stack in force with these parameters besides those that it has."""
        laptop = self.laptop
        self.parameters |= parameters
        outputs = deploy.deploy(laptop.stack.aws.endpoint, self.parameters, stack=self.name, directory=laptop.directory)
        self.environment = Environment(
            Laptop(replace(laptop.stack, outputs=outputs), laptop.directory), self.environment.company
        )

    def order(self, number: str, quantity: str = "20") -> None:
        """Write an order, or change it, and expect one more transaction for it."""
        self.environment.order(number, [("1310", quantity), ("1402", "5")])
        self.expected[number] += 1

    def settled(self) -> None:
        """Poll until every document has come to its end, and see that Orderful holds what is expected, no more."""
        laptop = self.laptop
        assert laptop.poll()["problems"] == []
        laptop.until(lambda: self.transactions() == self.expected, f"Orderful to hold {dict(self.expected)}")
        laptop.until(lambda: not laptop.waiting("DocumentsQueueUrl"), "the documents to be translated")
        laptop.until(lambda: not laptop.waiting("DeliveriesQueueUrl"), "the deliveries to be made")
        keys = [self.environment.key(number) for number in self.expected]

        def unsettled() -> list[tuple[str, State | None, str | None]]:
            found = [(key, laptop.newest(key)) for key in keys]
            return [
                (key, one.state if one else None, one.reason if one else None)
                for key, one in found
                if one is None or one.state not in SENT | {State.AGREED}
            ]

        with contextlib.suppress(AssertionError):  # what is unsettled tells more
            laptop.until(lambda: not unsettled(), "the ledger to know what was sent")
        assert unsettled() == []
        assert self.transactions() == self.expected

    def transactions(self) -> Counter[str]:
        """What Orderful holds of ours, by number."""
        return Counter(each["businessNumber"] for each in self.laptop.transactions(sender=self.environment.ours))


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """A stack of its own, which the tests remove and build again in their order."""
    directory: Path = tmp_path_factory.mktemp("outlives")
    stack = laptop_stack.start(lambda _step: None, directory=directory, parameters=SELDOM)
    try:
        laptop = Laptop(stack, directory)
        sandboxes = {
            "VismaBaseUrl": stack.visma.url,
            "VismaTokenUrl": f"{stack.visma.url}/connect/token",
            "OrderfulBaseUrl": stack.orderful.url,
        }
        with prepared(laptop, "begins") as environment:
            yield Harness(environment, OLD, Counter(), {**laptop_stack.PARAMETERS, **SELDOM, **sandboxes})
    finally:
        laptop_stack.stop(stack, directory)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _copy(laptop: Laptop, table: str, copy: str) -> None:
    """What a restore to this moment gives: a new table with the same keys, index and items, and nothing else."""
    described = laptop.dynamodb.describe_table(TableName=table)["Table"]
    indexes = [
        {name: index[name] for name in ("IndexName", "KeySchema", "Projection")}
        for index in described.get("GlobalSecondaryIndexes", [])
    ]
    given: dict[str, Any] = {"GlobalSecondaryIndexes": indexes} if indexes else {}
    laptop.dynamodb.create_table(
        TableName=copy,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=described["AttributeDefinitions"],
        KeySchema=described["KeySchema"],
        **given,
    )
    for page in laptop.dynamodb.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            laptop.dynamodb.put_item(TableName=copy, Item=item)


def test_a_stack_built_around_old_tables_sends_each_document_once(harness: Harness) -> None:
    """The old stack is removed while a document is still in its queue, which goes with it."""
    old = harness.laptop
    for number in ("340001", "340002", "340003"):
        harness.order(number)
    harness.settled()
    before = _now()
    old.switch("TranslateDocumentFunction", on=False)
    harness.order("340001", "30")
    harness.order("340004")
    assert old.poll()["queued"] == 2

    cloudformation = old.stack.client("cloudformation")
    cloudformation.delete_stack(StackName=OLD)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=OLD, WaiterConfig={"Delay": 1})
    with contextlib.suppress(Exception):
        assert not cloudformation.describe_stacks(StackName=OLD)["Stacks"]
    harness.name = NEW
    harness.deploy(**{parameter: old.outputs[output] for parameter, output in ATTACHED.items()})

    new = harness.laptop
    assert {new.outputs[output] for output in ATTACHED.values()} == {
        old.outputs[output] for output in ATTACHED.values()
    }
    refused = new.poll()
    assert refused["queued"] == 0
    assert len(refused["problems"]) == 5
    assert all("connector cursors rewind" in problem for problem in refused["problems"])
    harness.connector("cursors", "rewind", "--to", before, "--yes")
    harness.settled()
    harness.order("340005")
    harness.settled()


def test_a_restored_ledger_is_completed_from_orderful(harness: Harness) -> None:
    """Three documents are sent after the point of the restore, and the cursors know that they were read.

    A change of the partner is applied after it as well. Incoming changes are collected first (docs/restore.md): the
    ledger then knows that the order is what the partner asked for before the order is read.
    """
    laptop = harness.laptop
    restored = f"{laptop.outputs['DocumentsTable']}-restored"
    point = _now()
    _copy(laptop, laptop.outputs["DocumentsTable"], restored)
    harness.order("340002", "31")
    harness.order("340006")
    harness.order("340007")
    asked = harness.environment.asks("340003", 25)["id"]
    laptop.collect()
    assert laptop.decided(asked).state is ChangeState.APPLIED
    harness.settled()
    written = laptop.puts("340003")
    numbers = ("340002", "340006", "340007")
    sent = {number: laptop.newest(harness.environment.key(number)) for number in numbers}

    harness.deploy(ExistingDocumentsTable=restored)

    laptop = harness.laptop
    assert laptop.outputs["DocumentsTable"] == restored
    assert laptop.newest(harness.environment.key("340006")) is None
    assert all("connector cursors rewind" in problem for problem in laptop.poll()["problems"])
    harness.connector("cursors", "rewind", "--to", point, "--yes")
    assert laptop.change(asked) is None
    laptop.collect()
    assert laptop.decided(asked).state is ChangeState.APPLIED
    harness.settled()
    assert laptop.puts("340003") == written
    found = {number: laptop.newest(harness.environment.key(number)) for number in numbers}
    assert {number: one.transaction_id for number, one in found.items() if one} == {
        number: one.transaction_id for number, one in sent.items() if one
    }
    harness.order("340008")
    harness.order("340006", "40")
    harness.settled()


def test_a_partner_whose_data_was_deleted_is_sent_nothing_twice(harness: Harness) -> None:
    laptop = harness.laptop
    before = laptop.newest(harness.environment.key("340005"))
    assert before is not None
    assert before.partner

    harness.connector("data", "delete", "--partner", before.partner, "--yes")

    bodies = [item for item in laptop.items("DocumentsTable") if item["sk"]["S"].startswith("body#")]
    assert bodies
    assert not [item for item in bodies if {"source", "request"} & item.keys()]
    touched = {
        "kind": "purchaseorder",
        "company": harness.environment.company_id,
        "numbers": ["340005"],
        "cause": "touch",
    }
    laptop.visma.control("POST", "touches", touched)
    harness.order("340004", "50")
    harness.settled()
    after = laptop.newest(harness.environment.key("340005"))
    assert after is not None
    assert (after.sequence, after.transaction_id) == (before.sequence, before.transaction_id)
