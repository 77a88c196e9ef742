"""The poller's exercise of the permissions proof, without a stack: what it says when a permission is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import boto3
import pytest

from connector.adapters.aws.cursors import DynamoCursors
from connector.adapters.aws.queues import group_name
from connector.domain.documents import DocumentKey
from connector.domain.errors import PayloadLost
from connector.domain.routing.route import Company, Identity, VismaTenant
from connector.domain.transactions import IsaId
from proof.deployed import permissions_out as out
from testkit.aws import CURSORS, aws_in_memory, make_table
from testkit.memory.connector import Connector
from testkit.memory.effects import ManualClock, StepDeadline
from testkit.memory.stores import MemoryOutbox, MemoryPayloads
from testkit.memory.visma import FakeErp, FakeErps

NONE = timedelta(0)
TENANT = VismaTenant(
    company_id="1",
    tenant_id="tenant",
    time_zone="Europe/Oslo",
    branch=None,
    overlap=15 * timedelta(minutes=1),
    settle=NONE,
    settle_cap=NONE,
    page_size=100,
)
NORDIC = Company("nordic", TENANT, IsaId("N", "NT"), Identity())


class Refused(MemoryPayloads):
    """A role that may not read what the poller keeps in the bucket: S3 answers 403."""

    def get(self, key: str) -> bytes:
        raise PayloadLost("AWS refused access to the payload bucket.")


class Offline:
    """The driver as the exercise uses it, around a poller between fakes."""

    def __init__(self, role: MemoryPayloads) -> None:
        self.clock = ManualClock(datetime.now(UTC))
        self.erp, self.outbox, self.payloads = FakeErp(self.clock), MemoryOutbox(), MemoryPayloads()
        role.bodies = self.payloads.bodies
        self.poller = Connector(
            clock=self.clock,
            erps=FakeErps(nordic=self.erp),
            cursors=DynamoCursors(CURSORS, payloads=role),
            outbox=self.outbox,
            payloads=role,
        ).poller()
        self.is_held = False
        self.numbers = iter(["710001", "710002"])
        self.environment = SimpleNamespace(
            company="nordic", company_id="1", key=lambda one: f"nordic/purchase_order/{one}"
        )
        self.laptop = SimpleNamespace(
            outputs={"CursorsTable": CURSORS},
            dynamodb=boto3.client("dynamodb"),
            payloads=self.payloads,
            put=lambda _company, number: self.erp.save(number),
            cursors=lambda: {(one.company, one.resource): one for one in DynamoCursors(CURSORS).all_cursors()},
            visma=SimpleNamespace(control=lambda _method, _path, row: self.erp.delete(row["number"])),
        )

    def number(self) -> str:
        return next(self.numbers)

    def small(self, number: str) -> str:
        return number

    large = small

    def hold_visma(self) -> None:
        self.is_held = True

    def throttle_visma(self) -> None:
        self.is_held = False

    def visma_throttled(self) -> list[str]:
        return []

    def forget_token(self) -> None:
        """There is none."""

    def has_token(self) -> bool:
        return True

    def work(self, _function: str) -> dict[str, Any]:
        self.clock.forward(seconds=2)
        if self.is_held:
            return {"problems": ["Visma asked for a pause."]}
        done = self.poller.poll_all([NORDIC], StepDeadline())
        return {"queued": sum(one.queued for one in done), "problems": [one.problem for one in done if one.problem]}

    def emptied(self, _queue: str) -> list[str]:
        keys = [DocumentKey.of_order("nordic", one.number) for one in self.outbox.queued_documents]
        return [group_name(key) for key in keys]


@pytest.mark.parametrize(
    ("role", "problems"), [(MemoryPayloads, []), (Refused, ["of 5000 rows that the cursor remembered 0 are left"])]
)
def test_a_poller_that_may_not_read_its_rows_is_noticed(monkeypatch, role: type[MemoryPayloads], problems: list[str]):
    with aws_in_memory(monkeypatch):
        make_table(CURSORS)
        assert list(out.poll(cast(Any, Offline(role())))) == problems


class Failing(Offline):
    """A poller whose role lacks so much that it ends with an error."""

    def work(self, _function: str) -> Any:
        return "Transient: the table refused it."


def test_a_poller_that_ends_with_an_error_is_noticed(monkeypatch):
    with aws_in_memory(monkeypatch):
        make_table(CURSORS)
        result = next(out.poll(cast(Any, Failing(MemoryPayloads()))))
    assert result.endswith("the poll answered Transient: the table refused it.")
