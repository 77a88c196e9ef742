"""Every alarm of a stack, and the rehearsal that shows whether its mail arrives."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from testkit.memory.stores import CALLER
from tests.unit.cli.conftest import NOW, FakeAws

TOPIC = "arn:topic"
REFUSED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListSubscriptionsByTopic")


class CloudWatch:
    """Alarms; an operation that is forbidden is refused."""

    def __init__(self):
        self.alarms = [
            an_alarm("documents-parked"),
            an_alarm("poll-heartbeat", state="ALARM"),
            an_alarm("lists-failing"),
            an_alarm("other", topic="arn:another"),
        ]
        self.set_off = []
        self.forbidden = None
        self.topic = FakeAws()

    def __call__(self, service):
        assert service in {"cloudwatch", "sns"}
        return self if service == "cloudwatch" else self.topic

    def get_paginator(self, operation):
        assert operation == "describe_alarms"
        return SimpleNamespace(paginate=self.pages)

    def pages(self, *, AlarmNamePrefix):  # noqa: N803 - as boto3 has it
        self._may("DescribeAlarms")
        assert AlarmNamePrefix == "laptop-"
        yield {"MetricAlarms": self.alarms}

    def set_alarm_state(self, *, AlarmName, StateValue, StateReason):  # noqa: N803 - as boto3 has it
        self._may("SetAlarmState")
        assert StateValue == "ALARM"
        self.set_off.append((AlarmName, StateReason))

    def _may(self, operation):
        if self.forbidden == operation:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)


def an_alarm(name, *, state="OK", topic=TOPIC):
    since = NOW - timedelta(hours=1)
    return {
        "AlarmName": f"laptop-{name}",
        "StateValue": state,
        "StateUpdatedTimestamp": since,
        "AlarmActions": [topic],
    }


@pytest.fixture
def cloudwatch(stack):
    stack.client = CloudWatch()
    return stack.client


def test_the_alarms_that_are_on_come_first_and_those_of_another_stack_are_not_shown(connector, cloudwatch):
    result = connector("alarms", "list", "--json")
    assert [(one["alarm"], one["state"]) for one in result.data] == [
        ("poll-heartbeat", "ALARM"),
        ("documents-parked", "OK"),
        ("lists-failing", "OK"),
    ]
    assert "docs/runbook.md#lists-failing" in connector("alarms", "list").out


def test_a_rehearsal_sets_an_alarm_off_and_its_mail_says_by_whom(connector, cloudwatch):
    result = connector("alarms", "rehearse", "documents-parked", "--yes")
    assert result.code == 0
    assert "On stack 'laptop' (test)." in result.err
    assert result.out.startswith("1 alarm set off. Look for the mail of each.")
    reason = f"Rehearsal by kari ({CALLER}): nothing is wrong, this mail is only a test."
    assert cloudwatch.set_off == [("laptop-documents-parked", reason)]


def test_an_active_alarm_is_not_changed(connector, cloudwatch):
    result = connector("alarms", "rehearse", "--all", "--yes", "--json")
    assert result.data == {
        "rehearsed": ["documents-parked", "lists-failing"],
        "left_alone": ["poll-heartbeat"],
        "unmailed": None,
    }
    assert "poll-heartbeat is on already" in result.err
    assert [name for name, _ in cloudwatch.set_off] == ["laptop-documents-parked", "laptop-lists-failing"]
    again = connector("alarms", "rehearse", "poll-heartbeat", "--yes")
    assert (again.code, again.out.startswith("No alarm was set off: ")) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name the alarms to rehearse, or give --all."),
        (["--all", "lists-failing"], "Name the alarms to rehearse, or give --all."),
        (["lists-failing", "other"], "The stack has no alarm other."),
        (["lists-failing"], "write --yes"),
    ],
)
def test_nothing_is_set_off_by_a_wrong_or_an_unconfirmed_call(connector, cloudwatch, arguments, sentence):
    result = connector("alarms", "rehearse", *arguments)
    assert (result.code, cloudwatch.set_off) == (2, [])
    assert sentence in result.err


@pytest.mark.parametrize("operation", ["DescribeAlarms", "SetAlarmState"])
def test_what_aws_refuses_is_one_sentence_with_the_policy_that_allows_it(connector, cloudwatch, operation):
    cloudwatch.forbidden = operation
    result = connector("alarms", "rehearse", "lists-failing", "--yes")
    assert result.code == 1
    assert "AWS refused access to the alarms (AccessDenied)." in result.err
    assert "OperatorPolicyArn" in result.err


@pytest.mark.parametrize(
    ("subscriptions", "output"),
    [
        ({}, "alarms are not mailed to edi@example.com"),
        ({"edi@example.com": "PendingConfirmation"}, "edi@example.com has not confirmed the subscription yet"),
        (REFUSED, "you may not ask AWS (sns:ListSubscriptionsByTopic)."),
    ],
)
def test_a_rehearsal_whose_mail_reaches_nobody_says_so_before_and_after(connector, cloudwatch, subscriptions, output):
    cloudwatch.topic.subscriptions = subscriptions
    result = connector("alarms", "rehearse", "documents-parked", "--yes")
    assert (result.code, len(cloudwatch.set_off)) == (0, 1)
    assert f"warning: {output}" in result.err
    assert output in result.out
    assert "Look for the mail" not in result.out


def test_a_rehearsal_without_an_address_says_that_nobody_is_subscribed(connector, stack, cloudwatch):
    stack.outputs["AlarmEmail"] = ""
    cloudwatch.topic.subscriptions = {}
    assert "nobody is subscribed to the alarms." in connector("alarms", "rehearse", "lists-failing", "--yes").out
