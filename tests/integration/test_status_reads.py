"""What `connector status` reads of the ledger, counted at the client of DynamoDB."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from connector.adapters.aws import clients
from connector.adapters.aws.inbound_records import DynamoChanges
from connector.adapters.aws.ledger import DynamoLedger, revision_item
from connector.adapters.aws.payloads import S3Payloads
from connector.domain.documents import DocumentKey
from connector.domain.revision.record import Revision, State
from connector.services.open_work import MOST, Subject, open_work
from testkit.aws import BUCKET, DOCUMENTS, aws_in_memory, make_ledger_home

NOW = datetime(2026, 11, 29, 7, 0, tzinfo=UTC)
EXTRA = 50
"""Rows behind the last one that is read."""


@pytest.fixture
def client(monkeypatch):
    with aws_in_memory(monkeypatch):
        make_ledger_home()
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
    )


def test_a_long_list_costs_one_query_and_the_rows_that_are_counted(client):
    for start in range(0, MOST + EXTRA, 25):
        rows = [revision_item(parked(number)) for number in range(start, start + 25)]
        client.batch_write_item(RequestItems={DOCUMENTS: [{"PutRequest": {"Item": row}} for row in rows]})
    calls: Counter[str] = Counter()
    client.meta.events.register("before-call.dynamodb.*", lambda model, **_: calls.update([model.name]))
    payloads = S3Payloads(BUCKET)

    work = open_work(DynamoLedger(DOCUMENTS, payloads), DynamoChanges(DOCUMENTS, payloads), (), since=NOW)

    assert work.for_person[Subject("document", "unmapped-unit")].count == MOST
    assert work.is_partial
    # Parked, rejected, attention (2), paused, sent today; three lists of changes; two counts from the index alone.
    assert calls == {"Query": 6 + 3 + 2, "BatchGetItem": MOST // 100 + 1}
