"""CloudWatch's evaluation of the alarms of template.yaml, in virtual time.

AWS: an alarm evaluates the last `EvaluationPeriods` periods, and is in alarm while `DatapointsToAlarm` of them breach.
    A
period without data counts as in `TreatMissingData`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cfnlint.decode import decode_str  # type: ignore[import-untyped]

from connector.services.ports import Metric
from testkit.memory.effects import ManualClock
from testkit.memory.stores import RecordingTelemetry

_ROOT = Path(__file__).resolve().parents[1]
_OWN = "connector"

Name = tuple[str, str]
"""A metric, and its function or queue (by name in the template) or `connector`."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm.

    Attributes:
        name: Its name without that of the stack.
        needed: How many of the last `periods` must breach.
        when_missing: Whether a period without data breaches.
    """

    name: str
    metric: Name
    statistic: str
    period: timedelta
    periods: int
    needed: int
    threshold: float
    is_below: bool
    when_missing: bool

    def rings(self, values: Sequence[tuple[datetime, float]], now: datetime) -> bool:
        """Whether it is in alarm.

        Args:
            values: The reported values, oldest first.
            now: The end of the last period.
        """
        breaching = 0
        for number in range(self.periods):
            end = now - number * self.period
            held = [value for at, value in values if end - self.period < at <= end]
            breaching += self._breaches(held) if held else self.when_missing
        return breaching >= self.needed

    def _breaches(self, held: Sequence[float]) -> bool:
        value = sum(held) if self.statistic == "Sum" else max(held)
        return value < self.threshold if self.is_below else value > self.threshold


def resources_of_the_template(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of every resource of a type by name, those with a condition included."""
    resources = _template()["Resources"].items()
    return {name: one.get("Properties", {}) for name, one in resources if one["Type"] == kind}


def template_parameters() -> dict[str, Any]:
    """The default of every parameter by name."""
    return {name: one.get("Default") for name, one in _template()["Parameters"].items()}


def alarms_of_the_template() -> list[Alarm]:
    """Every alarm, with the default parameters."""
    defaults = template_parameters()
    return [_alarm(one, defaults) for one in resources_of_the_template("AWS::CloudWatch::Alarm").values()]


def _template() -> dict[str, Any]:
    read: dict[str, Any] = decode_str((_ROOT / "template.yaml").read_text(encoding="utf-8"))[0]
    return read


def _alarm(given: dict[str, Any], defaults: dict[str, Any]) -> Alarm:
    periods = given["EvaluationPeriods"]
    periods = int(defaults[periods["Ref"]] if isinstance(periods, dict) else periods)
    (dimension,) = given["Dimensions"]
    of = dimension["Value"]
    if isinstance(of, dict):
        target = of.get("Ref") or of.get("Fn::GetAtt") or of["Fn::Sub"]
        of = target[0] if isinstance(target, list) else target.partition(".")[0]
    return Alarm(
        name=given["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-"),
        metric=(given["MetricName"], of),
        statistic=given["Statistic"],
        period=timedelta(seconds=given["Period"]),
        periods=periods,
        needed=int(given.get("DatapointsToAlarm", periods)),
        threshold=float(given["Threshold"]),
        is_below=given["ComparisonOperator"] == "LessThanThreshold",
        when_missing=given["TreatMissingData"] == "breaching",
    )


class Watch:
    """The reported metrics and their alarms."""

    def __init__(self, clock: ManualClock) -> None:
        """Start without metrics."""
        self.alarms = alarms_of_the_template()
        self._clock = clock
        self._values: dict[Name, list[tuple[datetime, float]]] = defaultdict(list)
        self._longest = max(one.period * one.periods for one in self.alarms)

    def report(self, metric: str, of: str, value: float) -> None:
        """Report a value of a metric."""
        self._values[metric, of].append((self._clock.now(), value))

    def ringing(self) -> set[str]:
        """The names of the alarms that are in alarm now."""
        now = self._clock.now()
        for name, values in self._values.items():
            self._values[name] = [one for one in values if one[0] > now - self._longest]
        return {one.name for one in self.alarms if one.rings(self._values[one.metric], now)}


class WatchedTelemetry(RecordingTelemetry):
    """Telemetry that also reports to the watch."""

    def __init__(self, watch: Watch) -> None:
        """Report to `watch`."""
        super().__init__()
        self._watch = watch

    def count(self, metric: Metric, value: int = 1) -> None:
        """Report a count; a zero is not reported."""
        super().count(metric, value)
        if value:
            self._watch.report(metric.value, _OWN, value)

    def seconds(self, metric: Metric, value: float) -> None:
        """A duration."""
        super().seconds(metric, value)
        self._watch.report(metric.value, _OWN, value)


def function_of(worker: str) -> str:
    """The name of a function in the template: `poll_visma` is `PollVismaFunction`."""
    return re.sub(r"(?:^|_)(\w)", lambda found: found[1].upper(), worker) + "Function"
