"""Structured log lines and metrics through Powertools.

Only the fields of `Fields` can be logged, so neither a payload nor a secret can reach a line by accident. Metrics are
written as one embedded-metric line per invocation, with the one dimension `service`.
"""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from connector.adapters.log import visible_fields
from connector.services.ports import Fields, Metric


class PowertoolsTelemetry:
    """The `Telemetry` port; service, namespace and log level come from the environment."""

    def __init__(self) -> None:
        """Create the one logger and the one set of metrics of this process."""
        self.logger = Logger()
        self._metrics = Metrics()

    def begin_run(self, request_id: str) -> None:
        """Put the id of the invocation into each line from here on, under Powertools' name for it."""
        self.logger.append_keys(function_request_id=request_id)

    def info(self, event: str, fields: Fields) -> None:
        self.logger.info(event, extra=visible_fields(fields), stacklevel=3)

    def warning(self, event: str, fields: Fields) -> None:
        self.logger.warning(event, extra=visible_fields(fields), stacklevel=3)

    def error(self, event: str, fields: Fields) -> None:
        self.logger.error(event, extra=visible_fields(fields), stacklevel=3)

    def count(self, metric: Metric, value: int = 1) -> None:
        """Add to a counter, or report a gauge. CloudWatch bills a metric by the hour in which it is reported."""
        if not value:
            return
        self._metrics.add_metric(metric.value, MetricUnit.Count, value)

    def seconds(self, metric: Metric, value: float) -> None:
        self._metrics.add_metric(metric.value, MetricUnit.Seconds, value)

    def flush(self) -> None:
        """Write the metrics of this invocation, if there are any."""
        if self._metrics.metric_set:
            self._metrics.flush_metrics()
