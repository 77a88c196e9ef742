"""What `connector status` and `documents list` read of the ledger, counted at the client of DynamoDB."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from connector.adapters.aws import clients
from connector.adapters.aws import ledger as ledger_adapter
from connector.adapters.aws.inbound_records import DynamoChanges
from connector.adapters.aws.ledger import DynamoLedger, read_revision, revision_item
from connector.adapters.aws.payloads import S3Payloads
from connector.domain.documents import DocumentKey
from connector.domain.revision.record import Revision, State
from connector.domain.routing.resolve import Routing
from connector.services.listing import Selection, find
from connector.services.open_work import MAX_RECORDS, Subject, open_work
from testkit.aws import BUCKET, DOCUMENTS, aws_in_memory, make_ledger_resources
from testkit.samples.routing_data import routing_data

NOW = datetime(2026, 11, 29, 7, 0, tzinfo=UTC)
EXTRA = 50
"""Rows behind the last one that is read."""


@pytest.fixture
def client(monkeypatch):
    with aws_in_memory(monkeypatch):
        make_ledger_resources()
        yield clients.dynamodb()


def parked(number: int) -> Revision:
    return Revision(
        key=DocumentKey.of_order("nordic", str(number)),
        sequence=1,
        revision_id="r",
        state=State.PARKED,
        created_at=NOW + timedelta(seconds=number),
        updated_at=NOW,
        reason_code="unmapped-unit",
        counterparty="50012",
    )


def fill(client, rows: int) -> None:
    for start in range(0, rows, 25):
        some = [revision_item(parked(number)) for number in range(start, start + 25)]
        client.batch_write_item(RequestItems={DOCUMENTS: [{"PutRequest": {"Item": row}} for row in some]})


def counted(client) -> Counter[str]:
    calls: Counter[str] = Counter()
    client.meta.events.register("before-call.dynamodb.*", lambda model, **_: calls.update([model.name]))
    return calls


def test_a_long_list_costs_one_query_and_the_rows_that_are_counted(client, monkeypatch):
    fill(client, MAX_RECORDS + EXTRA)
    calls = counted(client)
    payloads = S3Payloads(BUCKET)

    ledger, changes = DynamoLedger(DOCUMENTS, payloads), DynamoChanges(DOCUMENTS, payloads)
    monkeypatch.setattr(ledger_adapter, "read_revision", lambda item: pytest.fail(f"{item['pk']} is read as a whole"))
    work = open_work(ledger, changes, (), Routing({"companies": {}}), since=NOW)

    assert work.for_person[Subject("document", "unmapped-unit")].count == MAX_RECORDS
    assert work.is_partial
    # Parked, rejected, attention (2), paused, sent today; three lists of changes; two counts from the index alone; what
    # was acknowledged today.
    assert calls == {"Query": 6 + 3 + 2, "BatchGetItem": MAX_RECORDS // 100 + 1, "GetItem": 1}


def test_of_the_rows_that_a_filter_reads_only_those_that_are_shown_are_unpacked(client, monkeypatch):
    """Most of the time of a list goes into reading rows as a whole."""
    fill(client, 1_000)
    calls, unpacked = counted(client), []
    monkeypatch.setattr(ledger_adapter, "read_revision", lambda item: unpacked.append(item) or read_revision(item))

    wanted = Selection(partner="acme", reason="unmapped-unit", since=NOW)
    found = find(DynamoLedger(DOCUMENTS, S3Payloads(BUCKET)), Routing(routing_data()), wanted, limit=50)

    assert (len(found.rows), found.more) == (50, 950)
    assert calls == {"Query": len(wanted.lists), "BatchGetItem": 1_000 // 100}
    assert len(unpacked) == 50
