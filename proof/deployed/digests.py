"""The whole work of the function that mails the digest, and a queue that gets what it publishes."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from connector.adapters.aws.findings import DynamoFindingBook
from connector.domain.reconcile.finding import Category, Finding
from connector.domain.revision.record import State
from proof.deployed.permissions_driver import FunctionDriver
from proof.deployed.permissions_out import Translated
from testkit.laptop.observed import Laptop


@contextlib.contextmanager
def subscribed(laptop: Laptop) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What is published to the topic of the alarms, taken from a queue that is subscribed for a `with` block."""
    sns, topic = laptop.stack.client("sns"), laptop.outputs["AlarmTopicArn"]
    queue = laptop.sqs.create_queue(QueueName="digests")["QueueUrl"]
    arn = laptop.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}]}
    laptop.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]

    def published() -> list[dict[str, Any]]:
        found = []
        while messages := laptop.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                laptop.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    try:
        yield published
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
        laptop.sqs.delete_queue(QueueUrl=queue)


def digest(driver: FunctionDriver, small: Translated) -> Iterator[str]:
    """A document that is parked and an open finding: both are in the digest, and all else could be looked at.

    Others may be open as well: the stack is shared.
    """
    laptop = driver.laptop
    parked = small.planted(driver, state=State.PARKED, reason_code="unmapped-unit")
    book = DynamoFindingBook(laptop.outputs["CursorsTable"], laptop.dynamodb)
    now = datetime.now(UTC)
    book.put(
        Finding(
            category=Category.MISSING,
            company=parked.key.company,
            subject=str(parked.key),
            sentence="It is missing.",
            next_step="Nothing.",
            state="missing",
            at=now,
            first_seen=now,
            last_seen=now,
        )
    )
    try:
        with subscribed(laptop) as published:
            answer = driver.work("SendDigestFunction", {"always": True})
            if not isinstance(answer, dict) or answer["unknown"]:
                yield f"the digest answered {answer}"
            mailed = [one["Subject"] for one in published()]
            if not any(re.search(r"\d+ documents?, .*\d+ findings?", subject) for subject in mailed):
                yield f"{mailed} was published"
    finally:
        driver.plant(replace(parked, state=State.SUPERSEDED), source=small.source, request=None)
        driver.forget_comparison()
