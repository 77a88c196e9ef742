"""Notifications that go by mail to whoever is subscribed to an SNS topic."""

from __future__ import annotations

from typing import Any

from connector.adapters.aws import clients
from connector.adapters.aws.errors import translated
from connector.services.digest import Notification


class SnsPublisher:
    """The `NotificationPublisher` port. SNS: the subject is that of the mail, the message its text."""

    def __init__(self, topic: str, client: Any = None) -> None:
        """Use a topic by its ARN; the client is created at first use."""
        self._topic = topic
        self._given = client

    def publish(self, notification: Notification) -> None:
        client = self._given or clients.sns()
        with translated("alarm topic"):
            client.publish(TopicArn=self._topic, Subject=notification.subject, Message=notification.text)
