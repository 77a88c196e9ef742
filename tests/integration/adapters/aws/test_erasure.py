"""Taking one partner's content out of the table and the bucket, and what is left."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import msgspec
import pytest

from connector.adapters.aws.erasure import NEEDS_CONTENT, DynamoErasure
from connector.adapters.aws.inbound_records import DynamoChanges
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Conflict, Parked
from connector.domain.inbound import ApiVersion, Delivery
from connector.domain.order_change.record import OPEN_CHANGES, Change, ChangeEvent, ChangeState
from connector.domain.revision.record import NOTHING_NEW, Event, Revision, State
from testkit.aws import BUCKET, DOCUMENTS, aws_in_memory, make_ledger_resources
from testkit.memory.stores import a_change

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
SECRET = "4711 crates of lingonberries"


@pytest.fixture
def home(monkeypatch):
    with aws_in_memory(monkeypatch):
        make_ledger_resources()
        yield


@pytest.fixture
def ledger(home):
    return DynamoLedger(DOCUMENTS, S3Payloads(BUCKET))


@pytest.fixture
def changes(home):
    return DynamoChanges(DOCUMENTS, S3Payloads(BUCKET))


@pytest.fixture
def erasure(home):
    return DynamoErasure(DOCUMENTS, S3Payloads(BUCKET))


def put(ledger, number="1", *, large=False, **given) -> Revision:
    noise = random.Random(7).randbytes(300_000).hex() if large else ""
    revision = Revision(
        key=DocumentKey(given.pop("company", "nordic"), Kind.PURCHASE_ORDER, number),
        sequence=1,
        revision_id="a" * 64,
        state=State.ACKNOWLEDGED,
        created_at=NOW,
        updated_at=NOW,
        partner="acme",
        business_number=number,
        transaction_id=f"80{number}",
        reason=f"Sum of {SECRET}",
        attention=SECRET,
        history=(Event(NOW, State.SENT, f"sent {SECRET}"),),
    )
    revision = replace(revision, **given)
    ledger.add(revision, source=(SECRET + noise).encode(), request={"message": SECRET + noise})
    return ledger.get(revision.key, 1)


def of_acme(one: Revision | Change) -> bool:
    return one.partner == "acme"


def everything() -> str:
    """All that the table and the bucket hold, as text."""
    items = boto3.client("dynamodb").scan(TableName=DOCUMENTS)["Items"]
    objects = boto3.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return repr(items) + repr([each["Key"] for each in objects])


@pytest.mark.parametrize("large", [False, True])
def test_content_goes_and_the_fact_stays(ledger, erasure, large):
    before = put(ledger, large=large)
    (entry,) = erasure.entries(of_acme)
    erasure.erase(entry)

    after = ledger.get(before.key, 1)
    gone = {"reason": None, "attention": None, "source_at": None, "request_at": None}
    assert after == replace(before, **gone, history=(Event(NOW, State.SENT, ""),))
    for read in (ledger.source_of, ledger.request_of):
        with pytest.raises(Parked, match="no longer kept"):
            read(after)
    assert SECRET not in everything()
    assert "sources/" not in everything()
    assert erasure.entries(of_acme) == []


def test_other_partners_and_companies_keep_theirs(ledger, erasure):
    put(ledger, "1")
    put(ledger, "2", partner="lofoten")
    put(ledger, "1", company="svensk")
    names = [entry.name for entry in erasure.entries(lambda one: of_acme(one) and one.key.company == "nordic")]
    assert names == ["nordic/purchase_order/1 revision 1"]
    assert len(erasure.entries(of_acme)) == 2


@pytest.mark.parametrize("state", State)
def test_what_may_still_be_sent_is_open(ledger, erasure, state):
    put(ledger, state=state)
    (entry,) = erasure.entries(of_acme)
    assert (entry.state, entry.is_open) == (state, state in NEEDS_CONTENT)


def test_that_a_revision_reads_as_what_was_sent_stays_since_the_tracker_goes_by_it(ledger, erasure):
    skipped = put(ledger, state=State.SKIPPED, reason=NOTHING_NEW)
    (entry,) = erasure.entries(of_acme)
    erasure.erase(entry)
    assert (ledger.get(skipped.key, 1).reason, ledger.get(skipped.key, 1).reads_as_sent) == (None, True)


def test_a_revision_that_moved_meanwhile_is_left_to_the_next_run(ledger, erasure):
    sent = put(ledger, state=State.SENT)
    (entry,) = erasure.entries(of_acme)
    ledger.move(sent, State.ACKNOWLEDGED, now=NOW + timedelta(seconds=1), note="acknowledged")
    with pytest.raises(Conflict):
        erasure.erase(entry)
    (again,) = erasure.entries(of_acme)
    erasure.erase(again)
    assert ledger.get(sent.key, 1).state is State.ACKNOWLEDGED


@pytest.mark.parametrize("size", [10, 300_000])
def test_an_inbound_message_goes_and_its_record_stays(changes, erasure, size):
    message = {"note": SECRET + random.Random(7).randbytes(size).hex()}
    change = a_change(
        state=ChangeState.APPLIED,
        reason=SECRET,
        reasons=(SECRET,),
        remarks=(SECRET,),
        unwritten=(SECRET,),
        history=(ChangeEvent(NOW, ChangeState.APPLIED, SECRET),),
    )
    changes.know(change.transaction_id, change.key)
    changes.add(change, message=message)
    (entry,) = erasure.entries(lambda one: of_acme(one) and one.key.company == "nordic")
    erasure.erase(entry)

    kept = changes.get(change.key, change.transaction_id)
    assert (kept.state, kept.content_id, kept.transaction_id) == (change.state, change.content_id, "802210971")
    assert changes.known(change.transaction_id) == change.key
    with pytest.raises(Parked, match="no longer kept"):
        changes.message_of(kept)
    assert SECRET not in everything()
    assert "inbound/" not in everything()
    assert erasure.entries(of_acme) == []


@pytest.mark.parametrize("state", ChangeState)
def test_an_inbound_transaction_that_waits_is_open(changes, erasure, state):
    changes.add(a_change(state=state, reason=SECRET), message={})
    (entry,) = erasure.entries(of_acme)
    assert entry.is_open == (state in OPEN_CHANGES)


def test_one_of_which_orderful_has_yet_to_be_told_is_open(changes, erasure):
    changes.add(a_change(state=ChangeState.APPLIED, deliveries=(Delivery("d1", ApiVersion.V4),)), message={})
    (entry,) = erasure.entries(of_acme)
    assert entry.is_open


def test_another_sender_s_message_stays(changes, erasure):
    changes.add(msgspec.structs.replace(a_change(), partner="lofoten"), message={})
    assert erasure.entries(of_acme) == []


@pytest.mark.parametrize(("keep", "expires"), [(None, None), (timedelta(days=60), int(NOW.timestamp()) + 60 * 86400)])
def test_bodies_expire_and_revisions_and_records_do_not(home, keep, expires):
    put(DynamoLedger(DOCUMENTS, S3Payloads(BUCKET), keep_bodies=keep))
    DynamoChanges(DOCUMENTS, S3Payloads(BUCKET), keep_messages=keep).add(a_change(updated_at=NOW), message={})
    items = boto3.client("dynamodb").scan(TableName=DOCUMENTS)["Items"]
    found = {item["sk"]["S"].split("#")[0]: item.get("expires", {}).get("N") for item in items}
    number = None if expires is None else str(expires)
    assert found == {"rev": None, "body": number, "in": None, "message": number}
