"""How often DynamoDB is called for each document, from its change to its sending, and what following it adds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bench.line import Line, write_units_of_a_document
from bench.table import Row, show
from connector.adapters.aws import clients
from testkit.aws import Calls, aws_in_memory, make_ledger_resources
from testkit.memory.effects import ManualClock

_DOCUMENTS = 20
_WRITES, _READS = 4, 3
_UNITS = 18


def measure() -> Iterator[Row]:
    """The real use cases and the real ledger; the table is moto's, which counts no less than DynamoDB."""
    with pytest.MonkeyPatch.context() as monkeypatch, aws_in_memory(monkeypatch):
        make_ledger_resources()
        yield from _measure()
    with pytest.MonkeyPatch.context() as monkeypatch, aws_in_memory(monkeypatch):
        make_ledger_resources()
        units = write_units_of_a_document(ManualClock(datetime.now(UTC) + timedelta(hours=1))).total
        yield Row("Write units a document, change to acknowledged", f"{units}", f"{_UNITS}", units <= _UNITS)


def _measure() -> Iterator[Row]:
    # The table is as young as its clock says: each first post is checked against what Orderful has.
    clock = ManualClock(datetime.now(UTC) + timedelta(hours=1))
    line = Line(clock)
    orderful = line.orderful

    sending = Calls(clients.dynamodb())
    for number in range(_DOCUMENTS):
        line.translate(str(500_000 + number))
    line.deliver()
    assert len(orderful.transactions) == _DOCUMENTS, "every document was sent"
    writes, reads = sending.writes / _DOCUMENTS, sending.reads / _DOCUMENTS
    yield Row(
        "DynamoDB calls a document, change to sent",
        f"{writes:.1f} writes, {reads:.1f} reads",
        f"{_WRITES} writes, {_READS} reads",
        writes <= _WRITES and reads <= _READS,
    )

    asked = orderful.calls["list_since"] + orderful.calls["look_up"]
    yield Row(f"Calls to Orderful's lists for {_DOCUMENTS} first posts of a young ledger", f"{asked}", "1", asked <= 1)

    following = Calls(clients.dynamodb())
    clock.forward(minutes=5)
    for transaction in orderful.transactions:
        orderful.update_status(transaction.transaction_id, validation_status="VALID", delivery_status="DELIVERED")
    line.tracker().run()
    yield Row(
        f"DynamoDB calls of one tracking run with new statuses of {_DOCUMENTS} documents",
        f"{following.writes} writes, {following.reads} reads",
    )


if __name__ == "__main__":
    show(measure())
