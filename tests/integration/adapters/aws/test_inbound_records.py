"""Records of what arrived: the same cases against the fake and against the adapter over DynamoDB."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import boto3
import msgspec
import pytest

from connector.adapters.aws import clients
from connector.adapters.aws.breaker import DynamoBreaker
from connector.adapters.aws.inbound_records import DynamoChanges
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Conflict, Misconfigured, Parked
from connector.domain.inbound import ApiVersion, Confirmation, Delivery, Validation
from connector.domain.order_change.added_line_numbers import AddedLine
from connector.domain.order_change.decide import Difference
from connector.domain.order_change.findings import (
    MAX_COMPARED,
    MAX_COMPARED_LENGTH,
    MAX_SENTENCE_LENGTH,
    MAX_VALUE_LENGTH,
)
from connector.domain.order_change.record import (
    DECIDED,
    HISTORY,
    MAX_DELIVERIES,
    MAX_NOTE_LENGTH,
    MAX_REASON_LENGTH,
    MAX_REASONS,
    MAX_SETTLED,
    OPEN_CHANGES,
    Change,
    ChangeEvent,
    ChangeState,
    WaitsOn,
)
from connector.domain.revision.record import Revision, State
from connector.domain.routing.route import QuantityReading
from connector.domain.transactions import Stream
from connector.edi.inbound import MAX_LINK_LENGTH, MAX_NAME_LENGTH
from connector.edi.order_change.fields import MAX_QUOTE_LENGTH
from connector.services.inbound.write_order import MAX_DIFFERENCES, MAX_UNWRITTEN, MAX_UNWRITTEN_LENGTH, unwritten_kept
from testkit.aws import BUCKET, DOCUMENTS, Calls, aws_in_memory, make_ledger_resources
from testkit.memory.stores import InMemoryChanges, a_change

NOW = datetime(2026, 11, 2, 8, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEY = DocumentKey.of_order("nordic", "500123")
MESSAGE = {"purchaseOrderNumber": "500123", "note": "Blåbærsyltetøy, 5 €", "lineItems": [{"quantity": Decimal("0.10")}]}
LINK = "https://api.orderful.com/transactions/802210971/deliveries/b646771e-a068-4e32-832f-e96f895c5ec9"
FULL = Change(
    company="nordic",
    number="500123",
    transaction_id="802210971",
    state=ChangeState.APPLYING,
    created_at=NOW,
    updated_at=NOW + MINUTE,
    version=3,
    kind=Kind.CUSTOMER_INVOICE,
    unacknowledged=1,
    document="860",
    transaction_type="860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED",
    stream=Stream.TEST,
    named="500123-1",
    sender_id="ACMEPRODUCET",
    receiver_id="NORDICFOODT",
    partner="acme",
    change_sequence=7,
    changed_on=date(2026, 11, 1),
    filed_at=NOW - MINUTE,
    validation=Validation.INVALID,
    aliases=("019be412-5a85-714c-8ba6-436c1c06efd8",),
    content_id="c0ffee",
    deliveries=(
        Delivery("b646771e-a068-4e32-832f-e96f895c5ec9", ApiVersion.V4, f"{LINK}/accept", f"{LINK}/fail"),
        Delivery("18446744073709551615", ApiVersion.V3),
    ),
    settled_deliveries=("17", "18"),
    confirmed=Confirmation.FAILED,
    reason="Because “æøå”.",
    reason_codes=("price-beyond-limit", "line-not-found"),
    next_step="Look.",
    parked_on=WaitsOn.ROUTING,
    waits_for="defaults.units.KRT",
    not_before=NOW + 2 * MINUTE,
    predecessor_id="802210970",
    claim_until=NOW + 3 * MINUTE,
    attempts=2,
    conflicts=1,
    failures=3,
    looks=2,
    known_sequence=4,
    decided_on="a" * 64,
    decided_by="rules",
    approved_by="Kari",
    approved_for="b" * 64,
    on_hold=True,
    differences=(
        Difference(where="line 1", field="quantity", base="800", theirs="900.10", ours=None),
        Difference(where="order", field="date", base=None, theirs="1", ours="2"),
    ),
    reasons=("Line 1: the price goes up.",),
    places=("0123456789abcdef",),
    reading=QuantityReading.DELTA,
    caller="arn:aws:sts::123456789012:assumed-role/Operator/kari",
    remarks=("Text: Ring først.",),
    unwritten=("Line 1: it carries a charge.",),
    writes=True,
    says="line 1 quantity 900",
    later=("The later change 802210972 is open.",),
    behind="802210970",
    repeats="802210969",
    added=(AddedLine("1300", 3, 4),),
    message_at="inbound/802210971.json.z",
    history=(
        ChangeEvent(NOW, ChangeState.RECEIVED, "received"),
        ChangeEvent(NOW + MINUTE, ChangeState.APPLYING, "being decided"),
    ),
)


@pytest.fixture
def in_aws(monkeypatch):
    with aws_in_memory(monkeypatch):
        make_ledger_resources()
        yield


@pytest.fixture
def dynamo(in_aws) -> DynamoChanges:
    return DynamoChanges(DOCUMENTS, S3Payloads(BUCKET))


@pytest.fixture(params=["memory", "dynamodb"])
def changes(request):
    return InMemoryChanges() if request.param == "memory" else request.getfixturevalue("dynamo")


def noise(size: int) -> str:
    return random.Random(7).randbytes(size).hex()


class TestKnowing:
    def test_an_unknown_transaction_is_not_found(self, changes):
        assert changes.known("802210971") is None

    def test_the_first_to_say_where_it_is_recorded_decides(self, changes):
        other = DocumentKey.of_order("other", "7")
        assert changes.know("802210971", KEY) == KEY
        assert changes.know("802210971", other) == KEY
        assert changes.known("802210971") == KEY
        assert changes.know("802210972", other) == other

    def test_on_record_is_what_has_a_record_by_any_of_its_ids(self, changes):
        changes.know("1", KEY)
        changes.know("2", KEY)
        changes.add(a_change(transaction_id="3", aliases=("3-a",)), message={})
        changes.know("3", KEY)
        changes.know("3-a", KEY)
        names = [*map(str, range(150)), "3-a", "3", "3"]
        assert changes.recorded(names) == {"3", "3-a"}
        assert changes.recorded([]) == frozenset()

    def test_to_say_it_again_changes_nothing(self, changes):
        assert [changes.know("1", KEY), changes.know("1", KEY)] == [KEY, KEY]

    @pytest.mark.parametrize("number", ["PO#7/8 æ", "a" * 100, "../..", "PO-1:2"])
    def test_whatever_a_partner_calls_an_order_is_found_again(self, changes, number):
        key = DocumentKey.of_order("-", number)
        change = a_change(company="-", number=number)
        assert changes.know(change.transaction_id, key) == key
        assert changes.known(change.transaction_id) == key
        changes.add(change, message=MESSAGE)
        assert changes.get(key, change.transaction_id) == change
        assert list(changes.of_order(key)) == [change]
        assert changes.message_of(change) == MESSAGE


class TestKeeping:
    def test_a_record_comes_back_with_every_field(self, changes):
        bare = a_change(document=None, transaction_type=None, stream=None, sender_id=None, receiver_id=None)
        same = [
            field.name
            for field in msgspec.structs.fields(Change)
            if not field.required and getattr(FULL, field.name) == field.default
        ]
        assert same == [], "every field has a value of its own in this test"
        for change in (FULL, msgspec.structs.replace(bare, number="500124")):
            changes.add(change, message=MESSAGE)
            found = changes.get(change.key, change.transaction_id)
            assert found == change
            assert [type(getattr(found, name)) for name in found.__struct_fields__] == [
                type(getattr(change, name)) for name in change.__struct_fields__
            ]

    def test_what_is_not_there_is_none(self, changes):
        assert changes.get(KEY, "802210971") is None
        assert list(changes.of_order(KEY)) == []

    def test_a_transaction_is_recorded_once(self, changes):
        first = changes.add(a_change(), message=MESSAGE)
        with pytest.raises(Conflict):
            changes.add(a_change(partner="somebody"), message=MESSAGE)
        assert list(changes.of_order(KEY)) == [first]

    def test_to_know_where_is_no_record_yet(self, changes):
        changes.know("802210971", KEY)
        assert changes.get(KEY, "802210971") is None
        assert list(changes.of_order(KEY)) == []


class TestRewriting:
    @pytest.mark.parametrize("sizes", [(1, 1), (1, 300_000), (300_000, 1)], ids=["small", "grows", "shrinks"])
    def test_another_message_takes_the_place_of_the_first(self, changes, sizes):
        first, second = ({**MESSAGE, "note": noise(size)} for size in sizes)
        change = changes.add(a_change(), message=first)
        saved = changes.rewrite(msgspec.structs.replace(change, content_id="c2"), message=second)
        assert changes.get(KEY, change.transaction_id) == saved
        assert (saved.content_id, saved.version) == ("c2", change.version + 1)
        assert changes.message_of(saved) == second

    def test_only_on_the_version_that_was_read(self, changes):
        change = changes.add(a_change(), message=MESSAGE)
        changes.save(msgspec.structs.replace(change, partner="somebody"))
        with pytest.raises(Conflict):
            changes.rewrite(change, message={})


class TestMoving:
    """A change is recorded under another order: wholly or not at all."""

    TO = DocumentKey.of_order("nordic", "500999")

    def there(self, change: Change) -> Change:
        return msgspec.structs.replace(change, number="500999", named=change.number, version=1)

    def over(self, change: Change) -> Change:
        return msgspec.structs.replace(change, state=ChangeState.RECORDED, deliveries=())

    @pytest.mark.parametrize("message", [MESSAGE, {"text": noise(150_000)}], ids=["small", "large"])
    def test_it_is_found_at_its_new_place_with_its_message(self, changes, message):
        changes.know("802210971", KEY)
        change = changes.add(a_change(), message=message)

        moved = changes.move(self.over(change), self.there(change))

        assert changes.known("802210971") == self.TO
        assert changes.get(self.TO, "802210971") == moved
        assert (moved.number, moved.version, changes.message_of(moved)) == ("500999", 1, message)
        left = changes.get(KEY, "802210971")
        assert (left.state, left.version) == (ChangeState.RECORDED, change.version + 1)
        assert list(changes.in_state(ChangeState.RECEIVED)) == [moved]

    @pytest.mark.parametrize("size", [1, 300_000], ids=["small", "large"])
    def test_it_may_get_another_message_on_its_way_and_is_known_there_by_all_its_ids(self, changes, size):
        changes.know("802210971", KEY)
        changes.know("uuid", KEY)
        change = changes.add(a_change(aliases=("uuid",)), message=MESSAGE)
        message = {**MESSAGE, "note": noise(size)}

        moved = changes.move(self.over(change), self.there(change), message=message)

        assert (changes.known("802210971"), changes.known("uuid")) == (self.TO, self.TO)
        assert changes.message_of(moved) == message

    def test_it_can_be_moved_on_and_back(self, changes):
        changes.know("802210971", KEY)
        change = changes.add(a_change(), message=MESSAGE)
        moved = changes.move(self.over(change), self.there(change))

        back = changes.move(self.over(moved), msgspec.structs.replace(moved, number=KEY.number, version=1))

        assert (changes.known("802210971"), changes.get(KEY, "802210971")) == (KEY, back)
        assert changes.get(self.TO, "802210971").state is ChangeState.RECORDED

    def test_who_was_overtaken_moves_nothing(self, changes):
        changes.know("802210971", KEY)
        change = changes.add(a_change(), message=MESSAGE)
        changes.save(change)

        with pytest.raises(Conflict):
            changes.move(self.over(change), self.there(change))

        assert (changes.known("802210971"), changes.get(self.TO, "802210971")) == (KEY, None)
        assert changes.get(KEY, "802210971").state is ChangeState.RECEIVED


class TestSaving:
    def test_each_write_counts_and_is_given_back(self, changes):
        change = changes.add(a_change(), message=MESSAGE)
        moved = changes.save(change.moved(ChangeState.APPLYING, now=NOW, note="being decided", attempts=1))
        assert (change.version, moved.version, moved.attempts) == (1, 2, 1)
        assert changes.get(KEY, change.transaction_id) == moved
        assert changes.save(moved).version == 3

    def test_a_record_that_somebody_else_wrote_meanwhile_is_not_written_over(self, changes):
        seen = changes.add(a_change(), message=MESSAGE)
        winner = changes.save(msgspec.structs.replace(seen, partner="first"))
        with pytest.raises(Conflict) as caught:
            changes.save(msgspec.structs.replace(seen, partner="second"))
        assert (caught.value.document, changes.get(KEY, seen.transaction_id)) == (str(KEY), winner)

    def test_of_many_who_read_the_same_version_one_writes(self, changes):
        seen = changes.add(a_change(), message=MESSAGE)
        written = []
        for worker in range(8):
            with suppress(Conflict):
                written.append(changes.save(msgspec.structs.replace(seen, partner=f"worker {worker}")))
        assert [change.partner for change in written] == ["worker 0"]

    def test_what_was_never_recorded_is_not_made(self, changes):
        with pytest.raises(Conflict):
            changes.save(a_change())
        assert changes.get(KEY, "802210971") is None


class TestMessages:
    @pytest.mark.parametrize(
        "written",
        [
            '{"price": 41.50, "quantity": 0.10, "tiny": 1E-7, "whole": 800, "flag": true, "none": null}',
            '{"big": 123456789012345678901234567890, "huge": 1E+400, "exact": 0.1000000000000000055511151231257827}',
            '{"text": "Blåbær \\u0000 \\" \\ud83c\\udf53", "transactionSets": [{"POC_loop": [{}, []]}], "": ""}',
        ],
    )
    def test_a_message_comes_back_to_the_last_digit(self, changes, written):
        message = msgspec.json.Decoder(float_hook=Decimal).decode(written)
        change = changes.add(a_change(), message=message)
        found = changes.message_of(changes.get(KEY, change.transaction_id))
        assert found == message
        assert {name: (type(one), str(one)) for name, one in found.items()} == {
            name: (type(one), str(one)) for name, one in message.items()
        }

    @pytest.mark.parametrize("size", [1_000, 300_000])
    def test_its_size_does_not_matter(self, changes, size):
        message = {"note": noise(size), "price": Decimal("41.50")}
        change = changes.add(a_change(), message=message)
        assert changes.get(KEY, change.transaction_id) == change
        assert changes.message_of(change) == message
        assert changes.message_of(changes.save(change)) == message

    def test_one_that_is_not_there_is_no_longer_kept(self, changes):
        with pytest.raises(Parked, match="message of 802210971 is no longer kept"):
            changes.message_of(a_change())


class TestLists:
    def test_the_records_of_an_order_come_oldest_first(self, changes):
        for transaction_id, age in (("3", 5), ("1", 9), ("20", 1), ("10", 1)):
            changes.add(a_change(transaction_id=transaction_id, created_at=NOW - age * MINUTE), message=MESSAGE)
        for number, company in (("5001234", "nordic"), ("500123", "nord"), ("50012", "nordic")):
            changes.add(a_change(number=number, company=company), message=MESSAGE)
        assert [one.transaction_id for one in changes.of_order(KEY)] == ["1", "3", "10", "20"]

    @pytest.mark.parametrize("state", OPEN_CHANGES)
    def test_open_ones_are_listed_by_state_the_longest_unchanged_first(self, changes, state):
        for number, age in (("1", 5), ("2", 9), ("3", 1)):
            changes.add(a_change(number=number, state=state, updated_at=NOW - age * MINUTE), message=MESSAGE)
        others = set(ChangeState) - {state}
        for other in others:
            changes.add(a_change(number=other.value, state=other), message=MESSAGE)
        assert [one.number for one in changes.in_state(state)] == ["2", "1", "3"]

    @pytest.mark.parametrize("state", sorted(set(ChangeState) - set(OPEN_CHANGES)))
    def test_finished_ones_are_on_no_list(self, changes, state):
        changes.add(a_change(state=state), message=MESSAGE)
        assert list(changes.in_state(state)) == []

    def test_everything_has_what_is_on_no_list(self, changes):
        for state in ChangeState:
            changes.add(a_change(number=state.value, state=state), message=MESSAGE)
        pages = changes.everything({ChangeState.APPLIED, ChangeState.PARKED})
        assert sorted(one.number for page in pages for one in page) == ["APPLIED", "PARKED"]

    def test_a_decided_one_is_listed_until_orderful_is_told(self, changes):
        waiting = (Delivery("17", ApiVersion.V3),)
        for state in ChangeState:
            changes.add(a_change(number=state.value, state=state, deliveries=waiting), message=MESSAGE)
            changes.add(a_change(number=f"told-{state}", state=state), message=MESSAGE)
        unacknowledged = list(changes.unacknowledged())
        assert {one.number for one in unacknowledged} == {state.value for state in DECIDED}
        for change in unacknowledged:
            changes.save(change.after_confirming(Confirmation.ACCEPTED))
        assert list(changes.unacknowledged()) == []
        assert {one.number for one in changes.in_state(ChangeState.PARKED)} == {"PARKED", "told-PARKED"}

    def test_a_step_takes_a_record_to_another_list(self, changes):
        change = changes.add(a_change(), message=MESSAGE)
        change = changes.save(change.moved(ChangeState.PARKED, now=NOW, note="look"))
        assert list(changes.in_state(ChangeState.RECEIVED)) == []
        assert list(changes.in_state(ChangeState.PARKED)) == [change]
        changes.save(change.moved(ChangeState.REJECTED, now=NOW, note="no"))
        assert [one for state in OPEN_CHANGES for one in changes.in_state(state)] == []


class TestOverDynamo:
    def test_a_large_message_lies_in_the_bucket_and_a_small_one_in_the_table(self, dynamo):
        small = dynamo.add(a_change(transaction_id="1"), message={"note": "small"})
        large = dynamo.add(a_change(transaction_id="2", number="../../odd æ"), message={"note": noise(300_000)})
        assert (small.message_at, large.message_at) == (None, "inbound/2.json.z")
        listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
        assert [entry["Key"] for entry in listed] == ["inbound/2.json.z"]
        sizes = [
            len(json.dumps(item, default=str)) for item in boto3.client("dynamodb").scan(TableName=DOCUMENTS)["Items"]
        ]
        assert max(sizes) < 5_000

    def test_a_record_that_a_newer_version_wrote_is_read_and_written(self, dynamo):
        """Two versions of a function run side by side while a stack is being updated."""
        change = dynamo.add(a_change(), message=MESSAGE)
        client = boto3.client("dynamodb")
        place = {"pk": {"S": KEY.stored}, "sk": {"S": "in#802210971"}}
        item = client.get_item(TableName=DOCUMENTS, Key=place)["Item"]
        newer = {**json.loads(item["record"]["S"]), "from_the_future": {"a": [1]}}
        newer["deliveries"] = [{"delivery_id": "17", "version": "v3", "from_the_future": 1}]
        client.put_item(TableName=DOCUMENTS, Item={**item, "record": {"S": json.dumps(newer)}, "more": {"N": "1"}})
        expected = msgspec.structs.replace(change, deliveries=(Delivery("17", ApiVersion.V3),))
        assert dynamo.get(KEY, "802210971") == expected
        assert list(dynamo.of_order(KEY)) == list(dynamo.in_state(ChangeState.RECEIVED)) == [expected]
        assert dynamo.save(expected).version == 2

    @pytest.mark.parametrize(
        ("written", "waits_on", "waits_for"),
        [
            ({}, WaitsOn.PERSON, None),
            ({"waits_for": "defaults.units.KRT"}, WaitsOn.ROUTING, "defaults.units.KRT"),
            ({"behind": "802210970"}, WaitsOn.EARLIER, None),
            ({"behind": "802210970", "waits_for": "defaults.units.KRT"}, WaitsOn.EARLIER, "defaults.units.KRT"),
            ({"waits_for": "visma"}, WaitsOn.VISMA, None),
            ({"behind": "802210970", "waits_for": "visma"}, WaitsOn.VISMA, None),
        ],
    )
    def test_what_an_earlier_release_parked_waits_for_the_same(self, dynamo, written, waits_on, waits_for):
        dynamo.add(a_change(state=ChangeState.PARKED), message=MESSAGE)
        client = boto3.client("dynamodb")
        place = {"pk": {"S": KEY.stored}, "sk": {"S": "in#802210971"}}
        item = client.get_item(TableName=DOCUMENTS, Key=place)["Item"]
        record = json.loads(item["record"]["S"])
        assert "parked_on" not in record
        client.put_item(TableName=DOCUMENTS, Item={**item, "record": {"S": json.dumps({**record, **written})}})

        found = dynamo.get(KEY, "802210971")
        saved = dynamo.save(found)

        assert list(dynamo.of_order(KEY)) == list(dynamo.in_state(ChangeState.PARKED)) == [saved]
        for change in (found, saved):
            assert (change.waits_on, change.waits_for) == (waits_on, waits_for)

    def test_the_largest_record_fits_into_an_item(self, dynamo):
        """DynamoDB: 400 KB an item."""
        wide = "\U0001f600"
        word, link = wide * MAX_VALUE_LENGTH, (LINK * 9)[:MAX_LINK_LENGTH]
        place = wide * MAX_COMPARED_LENGTH
        largest = a_change(
            differences=tuple(
                Difference(where=f"new line {word}", field="price", base=word, theirs=word, ours=word)
                for _ in range(MAX_DIFFERENCES - MAX_COMPARED)
            )
            + (Difference(where="order", field="ship-to", base=place, theirs=place, ours=place),) * MAX_COMPARED,
            reasons=(wide * MAX_SENTENCE_LENGTH,) * MAX_REASONS,
            places=("0123456789abcdef",) * MAX_REASONS,
            unwritten=unwritten_kept([wide * MAX_UNWRITTEN_LENGTH] * (MAX_UNWRITTEN + 1)),
            remarks=tuple(f"{number} {wide * (MAX_QUOTE_LENGTH + 30)}" for number in range(51 + 2 * 11)),
            history=tuple(ChangeEvent(NOW, ChangeState.RECEIVED, wide * MAX_NOTE_LENGTH) for _ in range(HISTORY)),
            deliveries=tuple(Delivery(str(n), ApiVersion.V4, link, link) for n in range(MAX_DELIVERIES)),
            settled_deliveries=tuple(LINK[-36:] for _ in range(MAX_SETTLED)),
            **dict.fromkeys(("transaction_type", "sender_id", "receiver_id"), wide * MAX_NAME_LENGTH),
            **dict.fromkeys(("reason", "next_step", "waits_for"), wide * MAX_REASON_LENGTH),
        )
        assert dynamo.save(dynamo.add(largest, message={})).version == 2
        item = boto3.client("dynamodb").get_item(
            TableName=DOCUMENTS, Key={"pk": {"S": KEY.stored}, "sk": {"S": "in#802210971"}}
        )["Item"]
        assert len(item["record"]["S"].encode()) < 390_000

    def test_more_records_than_an_answer_holds_are_all_read(self, dynamo):
        """DynamoDB: an answer ends at 1 MB."""
        history = tuple(ChangeEvent(NOW, ChangeState.RECEIVED, "x" * 900) for _ in range(HISTORY))
        for number in range(40):
            dynamo.add(a_change(transaction_id=str(100 + number), history=history), message={})
        assert [one.transaction_id for one in dynamo.of_order(KEY)] == [str(100 + number) for number in range(40)]
        assert len(list(dynamo.in_state(ChangeState.RECEIVED))) == 40

    def test_a_record_is_two_writes_and_a_step_is_one(self, dynamo):
        calls = Calls(clients.dynamodb())
        change = dynamo.add(a_change(), message=MESSAGE)
        assert calls.made == {"PutItem": 2}
        dynamo.save(change)
        assert calls.made == {"PutItem": 3}
        list(dynamo.in_state(ChangeState.RECEIVED))
        assert calls.made == {"PutItem": 3, "Query": 1, "BatchGetItem": 1}

    def test_a_table_that_is_not_there_is_a_matter_of_configuration(self, in_aws):
        changes = DynamoChanges("nowhere", S3Payloads(BUCKET))
        for ask in (
            lambda: changes.known("1"),
            lambda: changes.know("1", KEY),
            lambda: changes.get(KEY, "1"),
            lambda: changes.of_order(KEY),
            lambda: changes.add(a_change(), message={}),
            lambda: changes.save(a_change()),
            lambda: changes.message_of(a_change()),
            lambda: list(changes.in_state(ChangeState.PARKED)),
        ):
            with pytest.raises(Misconfigured, match="ledger does not exist"):
                ask()


class TestBesideTheRevisions:
    """Both halves of the ledger share a table, a key and an index."""

    @pytest.fixture
    def ledger(self, dynamo) -> DynamoLedger:
        return DynamoLedger(DOCUMENTS, S3Payloads(BUCKET))

    def test_neither_half_lists_what_is_the_other_s(self, dynamo, ledger):
        states = [State.PARKED, State.CHANGING, State.SUPERSEDED, State.ACKNOWLEDGED]
        revisions = [
            Revision(key=KEY, sequence=number, revision_id="a" * 64, state=state, created_at=NOW, updated_at=NOW)
            for number, state in enumerate(states, start=1)
        ]
        for revision in revisions:
            ledger.add(revision, source=b"{}", request=None)
        changes = []
        for number, change_state in enumerate(ChangeState):
            dynamo.know(str(number), KEY)
            changes.append(dynamo.add(a_change(transaction_id=str(number), state=change_state), message=MESSAGE))

        assert list(ledger.revisions(KEY, limit=100)) == revisions[::-1]
        for state in State:
            assert [one.state for one in ledger.in_state(state)] == ([state] if state in states else [])
        assert list(dynamo.of_order(KEY)) == changes
        for change_state in ChangeState:
            expected = [change_state] if change_state in OPEN_CHANGES else []
            assert [one.state for one in dynamo.in_state(change_state)] == expected

    def test_the_breaker_and_the_pointers_are_records_of_nobody(self, dynamo, ledger):
        DynamoBreaker(DOCUMENTS).open("the key was refused", now=NOW, until=NOW)
        dynamo.know("802210971", KEY)
        assert list(ledger.revisions(KEY)) == list(dynamo.of_order(KEY)) == []
        assert [one for state in ChangeState for one in dynamo.in_state(state)] == []
        assert [one for state in State for one in ledger.in_state(state)] == []
