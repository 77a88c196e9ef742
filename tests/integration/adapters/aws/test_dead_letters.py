"""Dead letters over SQS: held, given back, put back in their order, and never lost or doubled."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import boto3
import msgspec
import pytest

from connector.adapters.aws import dead_letters
from connector.adapters.aws.dead_letters import DynamoDropBook, SqsDeadLetters
from connector.adapters.aws.queues import SqsOutbox
from connector.domain.documents import Kind
from connector.domain.errors import Misconfigured
from connector.services.dead_letters import Dropped, Queue
from connector.services.messages import ChangeMessage, DeliveryMessage, HintMessage
from testkit.aws import DOCUMENTS, aws_in_memory, drain, make_ledger_resources, make_queue

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def sqs(monkeypatch):
    with aws_in_memory(monkeypatch):
        yield boto3.client("sqs")


class Pair:
    """A queue, and what it gave up."""

    def __init__(self, sqs, name="deliveries", most=3):
        self.sqs = sqs
        self.dead = make_queue(f"{name}-dead")
        self.home = make_queue(name)
        arn = sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": most})
        sqs.set_queue_attributes(QueueUrl=self.home, Attributes={"RedrivePolicy": policy})
        self.queue = SqsDeadLetters(Queue(name), self.dead, home=self.home, wait=0)

    def give_up(self, *messages):
        """Queue deliveries among the dead letters, as the queue would have moved them."""
        SqsOutbox(deliveries_url=self.dead).deliveries(messages)

    def queued(self):
        return [message["Body"] for message in drain(self.home)]


@pytest.fixture
def pair(sqs):
    return Pair(sqs)


def a_delivery(number="500123", sequence=1):
    return DeliveryMessage(company="nordic", kind=Kind.PURCHASE_ORDER, number=number, sequence=sequence)


def ids(found):
    return [one.message_id for one in found]


def test_a_letter_says_what_it_is_about_how_often_it_was_tried_and_since_when(pair):
    pair.give_up(a_delivery(sequence=2))
    (dead_letter,) = pair.queue.hold(10)
    assert dead_letter.what == "sending of revision 2 of nordic/purchase_order/500123"
    assert (str(dead_letter.key), dead_letter.group) == ("nordic/purchase_order/500123", "nordic#purchase_order#500123")
    assert dead_letter.tries == 3
    assert abs(dead_letter.since - datetime.now(UTC)) < timedelta(minutes=5)
    assert dead_letter.home == pair.home


def test_a_look_changes_nothing_of_what_is_shown(pair):
    """SQS counts every receive of a message, those among the dead letters as well, and has no way to look without."""
    pair.give_up(a_delivery())
    seen = []
    for _ in range(8):
        (held,) = pair.queue.hold(10)
        pair.queue.give_back([held])
        seen.append(msgspec.structs.replace(held, receipt=""))
    assert seen == seen[:1] * 8
    assert seen[0].tries == 3


def test_of_a_queue_that_does_not_say_when_it_gives_up_no_tries_are_told(pair, sqs):
    sqs.set_queue_attributes(QueueUrl=pair.home, Attributes={"RedrivePolicy": ""})
    pair.give_up(a_delivery())
    (dead_letter,) = pair.queue.hold(10)
    assert dead_letter.tries is None


def test_what_is_held_nobody_else_gets_until_it_is_given_back(pair):
    pair.give_up(a_delivery("1"), a_delivery("2"))
    held = pair.queue.hold(10)
    assert len(held) == 2
    assert pair.queue.hold(10) == []
    assert (pair.queue.count().waiting, pair.queue.count().in_flight) == (0, 2)
    pair.queue.give_back(held)
    assert ids(pair.queue.hold(10)) == ids(held)


def test_letters_go_back_in_their_order_with_their_group_and_body(pair):
    messages = [a_delivery("1", 1), a_delivery("1", 2), a_delivery("2", 1), a_delivery("1", 3)]
    pair.give_up(*messages)
    held = pair.queue.hold(10)
    assert pair.queue.send_back(held) == {}
    back = drain(pair.home)
    of_one = [json.loads(one["Body"])["sequence"] for one in back if one["Attributes"]["MessageGroupId"].endswith("#1")]
    assert (of_one, len(back)) == ([1, 2, 3], 4)
    assert sorted(one["Body"] for one in back) == sorted(one.body for one in held)
    assert pair.queue.count().waiting + pair.queue.count().in_flight == 0


def test_a_letter_arrives_although_its_like_was_queued_a_time_ago(pair, sqs):
    """SQS drops, without a word, a second message with the deduplication id of one of the last five minutes."""
    pair.give_up(a_delivery())
    (dead_letter,) = pair.queue.hold(10)
    for unique in (dead_letter.message_id, "known"):
        sqs.send_message(
            QueueUrl=pair.home,
            MessageBody=dead_letter.body,
            MessageGroupId=dead_letter.group,
            MessageDeduplicationId=unique,
        )
    assert len(pair.queued()) == 2
    assert pair.queue.send_back([dead_letter]) == {}
    assert pair.queued() == [dead_letter.body]


def test_a_letter_that_is_put_back_again_at_once_is_taken_once(pair, monkeypatch):
    """It was sent and could not be deleted: it lies in both places, and a person tries again."""
    pair.give_up(a_delivery())
    (dead_letter,) = pair.queue.hold(10)
    with monkeypatch.context() as patched:
        patched.setattr(SqsDeadLetters, "delete", lambda self, queue: {one.message_id: "no" for one in queue})
        failed = pair.queue.send_back([dead_letter])
    assert failed == {dead_letter.message_id: "It was put back and lies here as well: no"}
    pair.queue.give_back([dead_letter])
    (again,) = pair.queue.hold(10)
    assert pair.queue.send_back([again]) == {}
    assert pair.queued() == [dead_letter.body]
    assert pair.queue.hold(10) == []


def test_a_letter_that_its_queue_does_not_take_stays_and_so_do_those_behind_it(pair, monkeypatch):
    pair.give_up(*(a_delivery("1", number) for number in range(1, 13)), a_delivery("2"))
    monkeypatch.setattr(dead_letters, "batches", lambda entries: [[one] for one in entries])
    held = pair.queue.hold(10)
    sent = []
    real = SqsDeadLetters._sent

    def refuse(self, home, batch):
        sent.extend(one["Id"] for one in batch)
        return (
            {batch[0]["Id"]: "SQS refused it (Busy)."}
            if batch and batch[0]["Id"] == held[1].message_id
            else real(self, home, batch)
        )

    monkeypatch.setattr(SqsDeadLetters, "_sent", refuse)
    failed = pair.queue.send_back(held)
    assert failed[held[1].message_id] == "SQS refused it (Busy)."
    behind = [one.message_id for one in held[2:] if one.group == held[1].group]
    assert behind
    assert {failed[name] for name in behind} == {"One before it of the same document could not be put back."}
    assert not set(behind) & set(sent)
    assert len(pair.queued()) == len(held) - len(failed)


def test_a_deleted_letter_is_gone_and_one_that_cannot_be_deleted_is_named(pair):
    pair.give_up(a_delivery())
    (dead_letter,) = pair.queue.hold(10)
    assert pair.queue.delete([dead_letter]) == {}
    assert pair.queue.count().waiting + pair.queue.count().in_flight == 0
    unknown = dead_letters.msgspec.structs.replace(dead_letter, receipt="made up")
    assert "SQS" in pair.queue.delete([unknown])[dead_letter.message_id]


def test_a_callback_goes_back_to_the_queue_of_callbacks(sqs):
    pair = Pair(sqs, "changes")
    hints = make_queue("hints")
    queue = SqsDeadLetters(Queue.CHANGES, pair.dead, home=pair.home, hints=hints, wait=0)
    outbox = SqsOutbox(changes_url=pair.dead, hints_url=pair.dead)
    outbox.changes([ChangeMessage(company="nordic", number="500123", transaction_id="802210971")])
    outbox.hints([HintMessage(transaction_id="802210972")])
    held = queue.hold(10)
    assert {one.what: one.home for one in held} == {
        "change 802210971 of nordic/purchase_order/500123": pair.home,
        "callback about transaction 802210972": hints,
    }
    assert queue.send_back(held) == {}
    assert [json.loads(one["Body"])["transaction_id"] for one in drain(hints)] == ["802210972"]
    assert [json.loads(one["Body"])["transaction_id"] for one in drain(pair.home)] == ["802210971"]


def test_where_a_letter_came_from_is_what_sqs_says(sqs):
    """A message that nobody can read goes where it was."""
    pair = Pair(sqs, "changes", most=1)
    hints = make_queue("hints")
    policy = sqs.get_queue_attributes(QueueUrl=pair.home, AttributeNames=["RedrivePolicy"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=hints, Attributes=policy)
    queue = SqsDeadLetters(Queue.CHANGES, pair.dead, home=pair.home, hints=hints, wait=0)
    message = {
        "MessageId": "m-1",
        "ReceiptHandle": "r-1",
        "Body": "{",
        "Attributes": {
            "MessageGroupId": "g",
            "ApproximateReceiveCount": "2",
            "SentTimestamp": "1762070400000",
            "DeadLetterQueueSourceArn": f"arn:aws:sqs:eu-north-1:1:{hints.rpartition('/')[2]}",
        },
    }
    dead_letter = queue._dead_letter(message)
    assert (dead_letter.home, dead_letter.tries, dead_letter.what) == (hints, 1, "no message of the connector")


def test_how_long_letters_are_kept_is_said(pair, sqs):
    sqs.set_queue_attributes(QueueUrl=pair.dead, Attributes={"MessageRetentionPeriod": "1209600"})
    assert pair.queue.count().kept_for == 14 * DAY


def test_a_queue_that_is_gone_says_so(sqs):
    with pytest.raises(Misconfigured, match="dead-letter queue does not exist"):
        SqsDeadLetters(Queue.DOCUMENTS, "https://sqs.eu-north-1.amazonaws.com/1/gone.fifo", home="x", wait=0).hold(1)


def a_record(dead_letter, **changes):
    usual = Dropped(
        at=NOW,
        queue=dead_letter.queue,
        message_id=dead_letter.message_id,
        given_up=dead_letter.since,
        what=dead_letter.what,
        by="kari",
        caller="arn:kari",
        reason="sent by hand",
    )
    return dead_letters.msgspec.structs.replace(usual, **changes)


class TestDropBook:
    def test_the_letter_that_was_given_up_last_comes_first(self, sqs, pair):
        make_ledger_resources()
        pair.give_up(a_delivery())
        (dead_letter,) = pair.queue.hold(10)
        book = DynamoDropBook(DOCUMENTS)
        records = [a_record(dead_letter, message_id=f"m-{number}", given_up=NOW + number * DAY) for number in range(3)]
        for one in records:
            book.put(one)
        assert book.newest(2) == [records[2], records[1]]

    def test_a_dead_letter_has_one_record_and_the_last_reason_counts(self, sqs, pair):
        make_ledger_resources()
        pair.give_up(a_delivery("1"), a_delivery("2"))
        one, other = pair.queue.hold(10)
        book = DynamoDropBook(DOCUMENTS)
        book.put(a_record(one))
        confirmed = a_record(one, at=NOW + DAY, by="ola", is_confirmed=True)
        book.put(confirmed)
        assert book.newest(10) == [confirmed]
        assert book.of([one, other]) == {one.message_id: confirmed}
        assert book.of([]) == {}

    def test_a_dead_letter_that_is_read_again_has_the_same_record(self, sqs, pair):
        make_ledger_resources()
        pair.give_up(a_delivery())
        (dead_letter,) = pair.queue.hold(10)
        book = DynamoDropBook(DOCUMENTS)
        book.put(a_record(dead_letter))
        pair.queue.give_back([dead_letter])
        assert book.of(pair.queue.hold(10)) == {dead_letter.message_id: a_record(dead_letter)}
