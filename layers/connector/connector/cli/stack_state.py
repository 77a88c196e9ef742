"""How AWS shows a stack at this moment: its queues, its alarms and its counters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from connector.cli.output import Failed
from connector.cli.stack import Stack
from connector.services.dead_letters import Queue as DeadLetterQueue
from connector.services.ports import Metric

_DEAD = ", dead letters"
_QUEUES = {
    "documents": "DocumentsQueueUrl",
    "deliveries": "DeliveriesQueueUrl",
    "changes": "ChangesQueueUrl",
    "hints": "HintsQueueUrl",
    **{f"{queue}{_DEAD}": f"{queue.capitalize()}DeadLettersUrl" for queue in DeadLetterQueue},
}
"""The output that has the address of each queue."""
TODAY = (
    *(Metric.DOCUMENTS_QUEUED, Metric.DOCUMENTS_SENT, Metric.DOCUMENTS_ACKNOWLEDGED),
    *(Metric.DOCUMENTS_PARKED, Metric.DOCUMENTS_REJECTED, Metric.DOCUMENTS_SKIPPED),
    *(Metric.CHANGES_RECEIVED, Metric.CHANGES_APPLIED, Metric.CHANGES_PARKED, Metric.CHANGES_REJECTED),
)
"""The counters of the day."""

_PERIOD = timedelta(minutes=5)
_AGE_WITHIN = timedelta(minutes=15)
"""How far back the age of the oldest message is looked for."""

_ON = "ALARM"

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue.

    Attributes:
        waiting: Messages in it, those that are being worked on included.
        oldest: The age of the oldest one; None where CloudWatch shows none.
    """

    name: str
    waiting: int
    oldest: timedelta | None = None

    @property
    def gave_up(self) -> str | None:
        """The queue that gave up what lies in it; None for a queue of messages that are on their way."""
        return self.name.removesuffix(_DEAD) if self.name.endswith(_DEAD) else None


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm.

    Attributes:
        name: Without the name of the stack; its entry of the runbook.
        since: When it came into its state.
        state: CloudWatch's word: ALARM, OK or INSUFFICIENT_DATA.
    """

    name: str
    since: datetime
    state: str = _ON

    @property
    def is_on(self) -> bool:
        """Whether it has gone off and not ended."""
        return self.state == _ON


@dataclass(frozen=True, slots=True)
class StackState:
    """What AWS shows; None in place of what it did not answer, which `unanswered` explains."""

    queues: Sequence[Queue] | None
    alarms: Sequence[Alarm] | None
    today: Mapping[Metric, int] | None
    unanswered: Sequence[str]


def stack_state(stack: Stack, *, now: datetime) -> StackState:
    """Ask AWS: a call for each queue, one for the alarms and one for all figures of CloudWatch."""
    unanswered: list[str] = []
    queues = _answered(lambda: _queues(stack), "the queues", unanswered)
    figures = _answered(lambda: _figures(stack, now), "the figures of CloudWatch", unanswered)
    alarms = _answered(lambda: alarms_of(stack, StateValue=_ON), "the alarms", unanswered)
    ages, today = figures or ({}, None)
    return StackState(
        queues=[replace(one, oldest=ages.get(one.name) if one.waiting else None) for one in queues]
        if queues is not None
        else None,
        alarms=alarms,
        today=today,
        unanswered=unanswered,
    )


def alarms_of(stack: Stack, **only: str) -> list[Alarm]:
    """The alarms that call to the stack's topic: names of another stack may begin alike.

    Args:
        stack: Whose.
        only: Further arguments of CloudWatch's DescribeAlarms.
    """
    topic, prefix = stack.output("AlarmTopicArn"), f"{stack.name}-"
    pages = stack.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix, **only)
    return [
        Alarm(one["AlarmName"].removeprefix(prefix), one["StateUpdatedTimestamp"], one.get("StateValue", _ON))
        for page in pages
        for one in (*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ()))
        if topic in one.get("AlarmActions", ())
    ]


def _answered(ask: Callable[[], _Answer], what: str, unanswered: list[str]) -> _Answer | None:
    try:
        return ask()
    except ClientError as error:
        code = error.response["Error"].get("Code", "unknown")
        unanswered.append(f"AWS does not show {what} ({error.operation_name}: {code}).")
    except BotoCoreError as error:
        unanswered.append(f"AWS could not be asked for {what}: {type(error).__name__}.")
    except Failed as error:
        unanswered.append(error.format_message())
    return None


def _queues(stack: Stack) -> list[Queue]:
    client = stack.client("sqs")

    def waiting(output: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = client.get_queue_attributes(QueueUrl=stack.output(output), AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    return [Queue(name, waiting(output)) for name, output in _QUEUES.items()]


def _figures(stack: Stack, now: datetime) -> tuple[dict[str, timedelta], dict[Metric, int]]:
    """The age of the oldest message of each queue, and the counters since midnight UTC.

    CloudWatch: up to 500 figures in a call. SQS reports each minute while a queue is active.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    urls = {name: stack.output(output) for name, output in _QUEUES.items()}
    own = {"Namespace": f"Connector/{stack.name}", "Dimensions": [{"Name": "service", "Value": "connector"}]}
    queries = [
        *(_query(f"a{at}", _age(url), "Maximum", _PERIOD) for at, url in enumerate(urls.values())),
        *(
            _query(f"n{at}", {**own, "MetricName": one.value}, "Sum", timedelta(hours=1))
            for at, one in enumerate(TODAY)
        ),
    ]
    found: dict[str, list[tuple[datetime, float]]] = {}
    pages = stack.client("cloudwatch").get_paginator("get_metric_data")
    for page in pages.paginate(MetricDataQueries=queries, StartTime=min(midnight, now - _AGE_WITHIN), EndTime=now):
        for result in page["MetricDataResults"]:
            pairs = zip(result.get("Timestamps", ()), result["Values"], strict=False)
            found.setdefault(result["Id"], []).extend(pairs)
    ages = {
        name: timedelta(seconds=max(recent)[1])
        for at, name in enumerate(urls)
        if (recent := [pair for pair in found.get(f"a{at}", ()) if now - pair[0] <= _AGE_WITHIN])
    }
    counters = {
        one: int(sum(value for begun, value in found.get(f"n{at}", ()) if begun >= midnight))
        for at, one in enumerate(TODAY)
    }
    return ages, counters


def _age(url: str) -> dict[str, Any]:
    dimensions = [{"Name": "QueueName", "Value": url.rpartition("/")[2]}]
    return {"Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Dimensions": dimensions}


def _query(name: str, metric: Mapping[str, Any], statistic: str, period: timedelta) -> dict[str, Any]:
    return {"Id": name, "MetricStat": {"Metric": metric, "Stat": statistic, "Period": int(period.total_seconds())}}
