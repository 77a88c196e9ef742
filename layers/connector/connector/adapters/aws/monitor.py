"""How AWS shows a stack at this moment: its queues, its alarms and its counters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from connector.adapters.aws import clients
from connector.services.ports import Metric
from connector.services.status import Alarm, Queue, StackState

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

COUNTERS = (
    *(Metric.DOCUMENTS_QUEUED, Metric.DOCUMENTS_SENT, Metric.DOCUMENTS_ACKNOWLEDGED),
    *(Metric.DOCUMENTS_PARKED, Metric.DOCUMENTS_REJECTED, Metric.DOCUMENTS_SKIPPED),
    *(Metric.CHANGES_RECEIVED, Metric.CHANGES_APPLIED, Metric.CHANGES_PARKED, Metric.CHANGES_REJECTED),
)
"""What is counted of a day."""

_PERIOD = timedelta(minutes=5)
_AGE_WITHIN = timedelta(minutes=15)
"""How far back the age of the oldest message is looked for."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsMonitor:
    """The `StackMonitor` port.

    Attributes:
        stack: The name of the CloudFormation stack, with which the names of its alarms begin.
        topic: The ARN of the topic that they call to.
        queues: The address of each queue, by its name for a person.
        client: Makes the client of a service; the shared ones where it is not given.
    """

    stack: str
    topic: str
    queues: Mapping[str, str]
    client: Callable[[str], Any] | None = None

    def state(self, *, now: datetime, day: date) -> StackState:
        """Ask AWS: a call for each queue, one for the alarms and one for all figures of CloudWatch."""
        unanswered: list[str] = []
        queues = _answered(self._waiting, "the queues", unanswered)
        figures = _answered(lambda: self._figures(now, day), "the figures of CloudWatch", unanswered)
        alarms = _answered(self._alarms, "the alarms", unanswered)
        ages, counters = figures or ({}, None)
        return StackState(
            queues=[replace(one, oldest=ages.get(one.name) if one.waiting else None) for one in queues]
            if queues is not None
            else None,
            alarms=alarms,
            counters=counters,
            unanswered=unanswered,
        )

    def _alarms(self) -> list[Alarm]:
        return alarms_of(self._cloudwatch, stack=self.stack, topic=self.topic, StateValue="ALARM")

    def _waiting(self) -> list[Queue]:
        client = self._sqs

        def waiting(url: str) -> int:
            found = client.get_queue_attributes(
                QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            )["Attributes"]
            return sum(int(number) for number in found.values())

        return [Queue(name, waiting(url)) for name, url in self.queues.items()]

    def _figures(self, now: datetime, day: date) -> tuple[dict[str, timedelta], dict[Metric, int]]:
        """The age of the oldest message of each queue, and the counters of a day (UTC).

        CloudWatch: up to 500 figures in a call. SQS reports each minute while a queue is active.
        """
        begins = datetime.combine(day, time(), UTC)
        ends = begins + timedelta(days=1)
        own = {"Namespace": f"Connector/{self.stack}", "Dimensions": [{"Name": "service", "Value": "connector"}]}
        queries: list[Any] = [
            *(_query(f"a{at}", _age(url), "Maximum", _PERIOD) for at, url in enumerate(self.queues.values())),
            *(
                _query(f"n{at}", {**own, "MetricName": one.value}, "Sum", timedelta(hours=1))
                for at, one in enumerate(COUNTERS)
            ),
        ]
        found: dict[str, list[tuple[datetime, float]]] = {}
        pages = self._cloudwatch.get_paginator("get_metric_data")
        for page in pages.paginate(MetricDataQueries=queries, StartTime=min(begins, now - _AGE_WITHIN), EndTime=now):
            for result in page["MetricDataResults"]:
                pairs = zip(result.get("Timestamps", ()), result["Values"], strict=False)
                found.setdefault(result["Id"], []).extend(pairs)
        ages = {
            name: timedelta(seconds=max(recent)[1])
            for at, name in enumerate(self.queues)
            if (recent := [pair for pair in found.get(f"a{at}", ()) if now - pair[0] <= _AGE_WITHIN])
        }
        counters = {
            one: int(sum(value for at_hour, value in found.get(f"n{at}", ()) if begins <= at_hour < ends))
            for at, one in enumerate(COUNTERS)
        }
        return ages, counters

    @property
    def _cloudwatch(self) -> Any:
        return self.client("cloudwatch") if self.client else clients.cloudwatch()

    @property
    def _sqs(self) -> SQSClient:
        client: SQSClient = self.client("sqs") if self.client else clients.sqs()
        return client


def alarms_of(cloudwatch: Any, *, stack: str, topic: str, **only: Any) -> list[Alarm]:
    """The alarms that call to a topic: names of another stack may begin alike.

    Args:
        cloudwatch: Its client.
        stack: The name with which the names of the alarms begin.
        topic: The ARN.
        only: Further arguments of CloudWatch's DescribeAlarms.

    Raises:
        ClientError, BotoCoreError: AWS does not show them.
    """
    prefix = f"{stack}-"
    return [
        Alarm(one["AlarmName"].removeprefix(prefix), one["StateUpdatedTimestamp"], one.get("StateValue", "ALARM"))
        for page in cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix, **only)
        for one in (*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ()))
        if topic in one.get("AlarmActions", ())
    ]


def _answered(ask: Callable[[], _Answer], what: str, unanswered: list[str]) -> _Answer | None:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return ask()
    except ClientError as error:
        code = error.response["Error"].get("Code", "unknown")
        unanswered.append(f"AWS does not show {what} ({error.operation_name}: {code}).")
    except BotoCoreError as error:
        unanswered.append(f"AWS could not be asked for {what}: {type(error).__name__}.")
    return None


def _age(url: str) -> dict[str, Any]:
    dimensions = [{"Name": "QueueName", "Value": url.rpartition("/")[2]}]
    return {"Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Dimensions": dimensions}


def _query(name: str, metric: Mapping[str, Any], statistic: str, period: timedelta) -> dict[str, Any]:
    return {"Id": name, "MetricStat": {"Metric": metric, "Stat": statistic, "Period": int(period.total_seconds())}}
