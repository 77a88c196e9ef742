"""Every alarm of a stack, and the rehearsal that shows whether its mail arrives."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from testkit.memory.stores import CALLER
from tests.unit.cli.conftest import NOW

TOPIC = "arn:topic"


class CloudWatch:
    """Alarms; an operation that is forbidden is refused."""

    def __init__(self):
        self.alarms = [
            an_alarm("documents-parked"),
            an_alarm("poll-heartbeat", state="ALARM"),
            an_alarm("cursor-lag"),
            an_alarm("other", topic="arn:another"),
        ]
        self.set_off = []
        self.forbidden = None

    def __call__(self, service):
        assert service == "cloudwatch"
        return self

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
        ("cursor-lag", "OK"),
        ("documents-parked", "OK"),
    ]
    assert "docs/runbook.md#cursor-lag" in connector("alarms", "list").out


def test_a_rehearsal_sets_an_alarm_off_and_its_mail_says_by_whom(connector, cloudwatch):
    result = connector("alarms", "rehearse", "documents-parked", "--yes")
    assert result.code == 0
    assert "On stack 'laptop' (test)." in result.err
    assert result.out.startswith("1 alarm set off. Look for the mail of each.")
    reason = f"Rehearsal by kari ({CALLER}): nothing is wrong, this mail is only a test."
    assert cloudwatch.set_off == [("laptop-documents-parked", reason)]


def test_an_alarm_that_is_on_is_left_alone(connector, cloudwatch):
    result = connector("alarms", "rehearse", "--all", "--yes", "--json")
    assert result.data == {"rehearsed": ["cursor-lag", "documents-parked"], "left_alone": ["poll-heartbeat"]}
    assert "poll-heartbeat is on already" in result.err
    assert [name for name, _ in cloudwatch.set_off] == ["laptop-cursor-lag", "laptop-documents-parked"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name the alarms to rehearse, or give --all."),
        (["--all", "cursor-lag"], "Name the alarms to rehearse, or give --all."),
        (["cursor-lag", "other"], "The stack has no alarm other."),
        (["cursor-lag"], "write --yes"),
    ],
)
def test_nothing_is_set_off_by_a_wrong_or_an_unconfirmed_call(connector, cloudwatch, arguments, sentence):
    result = connector("alarms", "rehearse", *arguments)
    assert (result.code, cloudwatch.set_off) == (2, [])
    assert sentence in result.err


@pytest.mark.parametrize("operation", ["DescribeAlarms", "SetAlarmState"])
def test_what_aws_refuses_is_one_sentence_with_the_policy_that_allows_it(connector, cloudwatch, operation):
    cloudwatch.forbidden = operation
    result = connector("alarms", "rehearse", "cursor-lag", "--yes")
    assert result.code == 1
    assert "AWS refused access to the alarms (AccessDenied)." in result.err
    assert "OperatorPolicyArn" in result.err
