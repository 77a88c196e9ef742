"""The queues over SQS: order per document, batches by number and by bytes, and nothing lost without a word."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import boto3
import msgspec
import pytest
from botocore.exceptions import EndpointConnectionError

from connector.adapters.aws import clients
from connector.adapters.aws.queues import BatchedDeliveries, SqsOutbox, SqsPostponer, failures, group_name, received
from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Misconfigured, Transient
from connector.domain.inbound import ApiVersion
from connector.services.consume import Received
from connector.services.messages import INLINE_LIMIT, ChangeMessage, DeliveryMessage, DocumentMessage, HintMessage
from testkit.aws import Calls, aws_in_memory, drain, lambda_event, make_queue

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def in_aws(monkeypatch):
    with aws_in_memory(monkeypatch):
        yield


@pytest.fixture
def url(in_aws) -> str:
    return make_queue("documents")


@pytest.fixture
def outbox(url) -> SqsOutbox:
    return SqsOutbox(documents_url=url, deliveries_url=url, changes_url=url, hints_url=url)


def a_document(number="500123", *, raw=b'{"a": 1}', **changes) -> DocumentMessage:
    usual = {"company": "nordic", "kind": Kind.PURCHASE_ORDER, "modified_at": NOW, "document": msgspec.Raw(raw)}
    return DocumentMessage(number=number, **(usual | changes))


def a_delivery(number="500123", sequence=1) -> DeliveryMessage:
    return DeliveryMessage(company="nordic", kind=Kind.PURCHASE_ORDER, number=number, sequence=sequence)


def a_hint(transaction_id="802210971", **changes) -> HintMessage:
    return HintMessage(transaction_id=transaction_id, **changes)


def a_change(number="500123", **changes) -> ChangeMessage:
    return ChangeMessage(**({"company": "nordic", "number": number, "transaction_id": "802210971"} | changes))


def decoded(messages, kind=DocumentMessage):
    return [msgspec.json.decode(message["Body"], type=kind) for message in messages]


class TestMessages:
    def test_a_document_travels_byte_for_byte(self, outbox, url):
        raw = '{"b": 1.10,  "a": "Blåbær \\u20ac \\ud83d\\ude00", "n": 12345678901234567890.123}'.encode()
        outbox.documents([a_document(raw=raw)])
        (message,) = decoded(drain(url))
        assert bytes(message.document) == raw
        assert (message.key, message.modified_at, message.cause) == (a_document().key, NOW, "poll")

    def test_a_reference_travels_instead_of_a_large_document(self, outbox, url):
        outbox.documents([a_document(document=msgspec.UNSET, document_at="documents/x.json.z")])
        (message,) = decoded(drain(url))
        assert message.document_at == "documents/x.json.z"
        assert message.document is msgspec.UNSET

    def test_a_delivery_is_the_identity_of_a_revision(self, outbox, url):
        outbox.deliveries([a_delivery(sequence=7)])
        assert decoded(drain(url), DeliveryMessage) == [a_delivery(sequence=7)]

    def test_a_hint_and_a_change_are_told_apart_on_the_queue_they_share(self, outbox, url):
        hint = a_hint(delivery_id="b646771e-a068-4e32-832f-e96f895c5ec9", version=ApiVersion.V4)
        outbox.hints([hint, a_hint("7")])
        outbox.changes([a_change(), a_change("7", cause="approved")])
        assert decoded(drain(url), HintMessage | ChangeMessage) == [
            hint,
            a_hint("7"),
            a_change(),
            a_change("7", cause="approved"),
        ]
        assert a_change().key == DocumentKey("nordic", Kind.PURCHASE_ORDER, "500123")

    def test_what_is_not_said_takes_no_room(self, outbox, url):
        outbox.hints([a_hint()])
        outbox.changes([a_change()])
        assert [message["Body"] for message in drain(url)] == [
            '{"type":"hint","transaction_id":"802210971"}',
            '{"type":"change","company":"nordic","number":"500123","transaction_id":"802210971"}',
        ]

    def test_characters_that_sqs_refuses_are_escaped(self, outbox, url):
        raw = '{"note": "a\ufffeb\uffffc"}'.encode()
        outbox.documents([a_document(raw=raw)])
        (taken,) = drain(url)
        assert not re.search("[\ufffe\uffff]", taken["Body"])
        (message,) = decoded([taken])
        assert msgspec.json.decode(message.document) == {"note": "a\ufffeb\uffffc"}

    def test_nothing_to_queue_is_no_call(self, outbox):
        calls = Calls(clients.sqs())
        outbox.documents([])
        assert calls.made == {}


class TestGroups:
    @pytest.mark.parametrize("number", ["500123", "CreditNote:900145", "PO 2026/7", "Ørsted-7", "x" * 200, "tab\there"])
    def test_every_number_finds_a_group_that_sqs_takes(self, outbox, url, number):
        outbox.documents([a_document(number)])
        (message,) = drain(url)
        group = message["Attributes"]["MessageGroupId"]
        assert group == group_name(DocumentKey("nordic", Kind.PURCHASE_ORDER, number))
        assert re.fullmatch(r"[!-~]{1,128}", group)

    def test_a_plain_key_can_be_read_in_the_group(self):
        assert group_name(DocumentKey("nordic", Kind.PURCHASE_ORDER, "7")) == "nordic#purchase_order#7"

    def test_different_documents_have_different_groups(self):
        numbers = ["a b", "a  b", "ab", "æ", "ø", "x" * 130, "x" * 131]
        groups = {group_name(DocumentKey("nordic", Kind.PURCHASE_ORDER, number)) for number in numbers}
        assert len(groups) == len(numbers)

    def test_changes_of_an_order_share_its_group_and_hints_wait_for_nobody(self, outbox, url):
        outbox.changes([a_change(), a_change(transaction_id="7")])
        outbox.hints([a_hint("1"), a_hint("2"), a_hint("x" * 200)])
        groups = [message["Attributes"]["MessageGroupId"] for message in drain(url)]
        assert groups[:4] == ["nordic#purchase_order#500123"] * 2 + ["hint#1", "hint#2"]
        assert re.fullmatch(r"[!-~]{1,128}", groups[4])

    def test_messages_of_one_document_keep_their_order_over_several_batches(self, outbox, url):
        outbox.deliveries([a_delivery(number, sequence) for sequence in range(1, 16) for number in ("1", "2")])
        messages = decoded(drain(url), DeliveryMessage)
        for number in ("1", "2"):
            assert [message.sequence for message in messages if message.number == number] == list(range(1, 16))


class TestRepetition:
    def test_the_same_state_of_a_document_is_taken_once(self, outbox, url):
        outbox.documents([a_document(seen_at=NOW, listed_since=NOW, first_scan=True)])
        outbox.documents([a_document(seen_at=NOW + timedelta(minutes=1), listed_since=NOW + timedelta(minutes=1))])
        assert len(drain(url)) == 1

    @pytest.mark.parametrize(
        "other",
        [
            {"modified_at": NOW + timedelta(seconds=1)},
            {"raw": b'{"a": 2}'},
            {"cause": "release 2026-11-02T08:00:00"},
            {"reading": 7},
        ],
        ids=["later", "other content", "asked for", "read again on purpose"],
    )
    def test_anything_else_is_a_message_of_its_own(self, outbox, url, other):
        outbox.documents([a_document()])
        outbox.documents([a_document(**other)])
        assert len(drain(url)) == 2

    def test_a_delivery_asked_for_twice_is_meant_twice(self, outbox, url):
        outbox.deliveries([a_delivery()])
        outbox.deliveries([a_delivery()])
        assert len(drain(url)) == 2

    def test_a_replayed_callback_is_taken_once(self, outbox, url):
        for _ in range(3):
            outbox.hints([a_hint()])
        outbox.hints([a_hint(delivery_id="7", version=ApiVersion.V3), a_hint("8")])
        assert len(drain(url)) == 3

    def test_a_change_asked_for_twice_is_meant_twice(self, outbox, url):
        outbox.changes([a_change()])
        outbox.changes([a_change()])
        assert len(drain(url)) == 2


class TestBatches:
    def test_a_page_of_rows_takes_a_tenth_as_many_calls(self, outbox, url):
        calls = Calls(clients.sqs())
        outbox.documents([a_document(str(number)) for number in range(95)])
        assert calls.made == {"SendMessageBatch": 10}
        assert {message.number for message in decoded(drain(url))} == {str(number) for number in range(95)}

    def test_large_documents_share_a_call_only_up_to_its_bytes(self, in_aws):
        client = RecordingClient()
        outbox = SqsOutbox(documents_url="url", client=client)
        sizes = [INLINE_LIMIT - 20, 60_000, 60_000, 60_000, 60_000, INLINE_LIMIT - 20]
        outbox.documents([a_document(str(n), raw=b'"' + b"x" * size + b'"') for n, size in enumerate(sizes)])
        for entries in client.batches:
            assert sum(len(entry["MessageBody"].encode()) for entry in entries) <= 256 * 1024
        assert sum(map(len, client.batches)) == len(sizes)
        assert len(client.batches) <= 4

    def test_the_deliveries_of_a_whole_batch_go_out_in_one_call_and_not_before_it_ends(self, outbox, url):
        calls = Calls(clients.sqs())
        batched = BatchedDeliveries(outbox)
        for number in range(10):
            batched.deliveries([a_delivery(str(number))])
        assert calls.made == {}
        batched.flush()
        batched.flush()
        assert calls.made == {"SendMessageBatch": 1}
        assert len(drain(url)) == 10

    def test_what_is_no_delivery_goes_out_at_once(self, outbox, url):
        batched = BatchedDeliveries(outbox)
        batched.documents([a_document()])
        batched.hints([a_hint()])
        batched.changes([a_change()])
        assert len(drain(url)) == 3

    def test_the_ids_of_a_batch_are_its_own(self, in_aws):
        client = RecordingClient()
        SqsOutbox(documents_url="url", client=client).documents([a_document(str(n)) for n in range(25)])
        assert sorted(len(entries) for entries in client.batches) == [5, 10, 10]
        for entries in client.batches:
            assert [entry["Id"] for entry in entries] == [str(position) for position in range(len(entries))]


class TestFailures:
    @pytest.mark.parametrize("count", [1, 25])
    def test_an_entry_that_was_not_taken_is_no_success(self, in_aws, count):
        """SQS answers 200 although it refused some of the entries."""
        client = RecordingClient(failed=[{"Id": "0", "Code": "InternalError", "SenderFault": False}])
        with pytest.raises(Transient, match=r"did not take 1 of \d+ messages \(InternalError\)"):
            SqsOutbox(documents_url="url", client=client).documents([a_document(str(n)) for n in range(count)])

    def test_a_queue_that_is_not_there_is_a_matter_of_configuration(self, in_aws):
        gone = "https://sqs.eu-north-1.amazonaws.com/123456789012/gone.fifo"
        with pytest.raises(Misconfigured, match="queue does not exist"):
            SqsOutbox(documents_url=gone).documents([a_document()])

    def test_a_queue_out_of_reach_is_tried_again_later(self, in_aws):
        client = RecordingClient(error=EndpointConnectionError(endpoint_url="https://sqs"))
        with pytest.raises(Transient, match="could not be reached"):
            SqsOutbox(documents_url="url", client=client).documents([a_document()])


class RecordingClient:
    """Takes batches as SQS would, and refuses as told."""

    def __init__(self, *, failed=(), error=None):
        self.batches, self.failed, self.error = [], list(failed), error

    def send_message_batch(self, *, QueueUrl, Entries):  # noqa: N803 - boto3's names
        if self.error is not None:
            raise self.error
        self.batches.append(Entries)
        return {"Failed": self.failed}


class TestReceiving:
    def test_an_event_becomes_messages_and_an_answer(self, outbox, url):
        outbox.deliveries([a_delivery("1"), a_delivery("2")])
        client = boto3.client("sqs")
        taken = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])
        messages = received(lambda_event(taken["Messages"]))
        assert [message.group for message in messages] == ["nordic#purchase_order#1", "nordic#purchase_order#2"]
        assert [message.receives for message in messages] == [1, 1]
        assert messages[0] == Received(
            message_id=taken["Messages"][0]["MessageId"],
            receipt=taken["Messages"][0]["ReceiptHandle"],
            group="nordic#purchase_order#1",
            body=taken["Messages"][0]["Body"],
            receives=1,
        )

    def test_an_event_without_records_is_no_message(self):
        assert received({}) == []

    def test_only_what_failed_is_kept(self):
        assert failures([]) == {"batchItemFailures": []}
        assert failures(["a", "b"]) == {"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]}

    def test_a_postponed_message_stays_away_for_its_delay(self, outbox, url):
        outbox.deliveries([a_delivery()])
        client = boto3.client("sqs")
        (message,) = client.receive_message(QueueUrl=url)["Messages"]
        SqsPostponer(url).postpone(message["ReceiptHandle"], timedelta(0))
        (again,) = client.receive_message(QueueUrl=url, WaitTimeSeconds=0)["Messages"]
        SqsPostponer(url).postpone(again["ReceiptHandle"], timedelta(minutes=15))
        assert "Messages" not in client.receive_message(QueueUrl=url, WaitTimeSeconds=0)

    def test_a_message_that_cannot_be_postponed_comes_back_by_itself(self, url):
        SqsPostponer(url).postpone("no receipt", timedelta(seconds=20))
        assert drain(url) == []
