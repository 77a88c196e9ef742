"""Notifications over SNS."""

from __future__ import annotations

import json

import boto3
import pytest

from connector.adapters.aws.notifications import SnsPublisher
from connector.domain.errors import ConnectorError
from connector.services.digest import Notification
from testkit.aws import aws_in_memory

DIGEST = Notification("connector (LIVE): 1 alarm", "Stack 'connector' (LIVE)\n\nå", is_needed=True, unknown=())


@pytest.fixture(autouse=True)
def _aws(monkeypatch):
    with aws_in_memory(monkeypatch):
        yield


def test_whoever_is_subscribed_gets_subject_and_text():
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    queue = sqs.create_queue(QueueName="reader")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    SnsPublisher(topic).publish(DIGEST)

    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    got = json.loads(message["Body"])
    assert (got["Subject"], got["Message"]) == (DIGEST.subject, DIGEST.text)


def test_a_topic_that_takes_no_notification_is_said():
    with pytest.raises(ConnectorError, match="alarm topic"):
        SnsPublisher("arn:aws:sns:eu-north-1:123456789012:gone").publish(DIGEST)
