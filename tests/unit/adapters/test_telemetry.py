"""Log lines and metrics as CloudWatch gets them."""

from __future__ import annotations

import io
import json
import logging

import pytest

from connector.adapters.telemetry import PowertoolsTelemetry
from connector.services.ports import Metric


@pytest.fixture
def telemetry(monkeypatch):
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "telemetry-test")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Connector/test")
    return PowertoolsTelemetry()


def emitted(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]


@pytest.mark.parametrize(("level", "number"), [("info", 20), ("warning", 30), ("error", 40)])
def test_a_line_says_what_happened_to_what_and_where_in_the_code(telemetry, level, number, caplog):
    caplog.set_level(logging.DEBUG)
    getattr(telemetry, level)("parked", {"number": "500123", "reason": "no unit", "field": None})
    record = caplog.records[-1]
    assert (record.getMessage(), record.levelno) == ("parked", number)
    assert (record.number, record.reason, record.field) == ("500123", "no unit", None)
    assert record.filename == "test_telemetry.py", "the place that speaks, not the adapter"


def test_each_line_names_the_invocation_that_writes_it(telemetry):
    lines = io.StringIO()
    telemetry.logger.handlers[0].setStream(lines)
    for run in ("run-1", "run-2"):
        telemetry.begin_run(run)
        telemetry.info("parked", {"number": "500123"})
    written = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [line["function_request_id"] for line in written] == ["run-1", "run-2"]


def test_the_metrics_of_an_invocation_are_one_line_with_one_dimension(telemetry, capsys):
    telemetry.count(Metric.DOCUMENTS_SENT)
    telemetry.count(Metric.DOCUMENTS_SENT, 2)
    telemetry.count(Metric.DOCUMENTS_QUEUED, 0)
    telemetry.seconds(Metric.CURSOR_LAG, 1.5)
    telemetry.flush()
    (line,) = emitted(capsys)
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    assert sum(line["DocumentsSent"]) == 3
    assert "DocumentsQueued" not in line, "a zero would be billed like any other value"
    assert line["CursorLagSeconds"] == [1.5]


def test_an_invocation_without_metrics_writes_none_and_the_next_begins_anew(telemetry, capsys):
    telemetry.flush()
    telemetry.count(Metric.DOCUMENTS_SENT)
    telemetry.flush()
    telemetry.flush()
    assert [sum(line["DocumentsSent"]) for line in emitted(capsys)] == [1]


def test_nothing_in_a_line_can_be_taken_for_a_command_of_the_terminal_and_no_value_is_endless(telemetry, caplog):
    telemetry.error("rejected", {"reason": "a\x1b[2J\nb\u202e\x9bc", "field": "x" * 10_000, "attempt": 3})
    record = caplog.records[-1]
    assert record.reason == r"a\u001b[2J b\u202e\u009bc"
    assert (len(record.field), record.attempt) == (2_000, 3)
