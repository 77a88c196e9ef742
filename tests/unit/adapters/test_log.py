"""The log lines of adapters have the form of all others."""

from __future__ import annotations

import io
import json
import logging
import re
from pathlib import Path

import pytest

from connector.adapters import log
from connector.adapters.telemetry import PowertoolsTelemetry
from connector.cli.output import SaysLogLines

ADAPTERS = Path(log.__file__).parent


@pytest.fixture
def lines(monkeypatch):
    """What the logger of a function writes."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "connector")
    written = io.StringIO()
    telemetry = PowertoolsTelemetry()
    # The handler is that of the process, with whatever stream standard output was when it was made.
    monkeypatch.setattr(telemetry.logger.handlers[0], "stream", written)
    telemetry.begin_run("run-1")
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_line_of_an_adapter_has_the_keys_of_every_other(lines):
    log.error("an item cannot be read", {"resource": "inbox 7", "transaction_id": "16", "reason": "a\x1b[2J"})
    (line,) = lines()
    assert (line["level"], line["message"], line["resource"], line["transaction_id"]) == (
        "ERROR",
        "an item cannot be read",
        "inbox 7",
        "16",
    )
    assert (line["reason"], line["service"], line["function_request_id"]) == (r"a\u001b[2J", "connector", "run-1")
    assert line["location"].startswith("test_a_line_of_an_adapter"), "the place that speaks"


def test_at_a_terminal_the_reason_is_said(capsys, monkeypatch):
    handler = SaysLogLines(logging.WARNING)
    logger = logging.getLogger("connector.adapters")
    monkeypatch.setattr(logger, "propagate", False)
    logger.addHandler(handler)
    try:
        log.warning("a call is made again", {"reason": "Visma did not answer as hoped."})
        log.warning("a call is made again", {})
    finally:
        logger.removeHandler(handler)
    assert capsys.readouterr() == ("", "Visma did not answer as hoped.\na call is made again\n")


@pytest.mark.parametrize("path", sorted(ADAPTERS.rglob("*.py")), ids=lambda path: str(path.relative_to(ADAPTERS)))
def test_no_adapter_logs_in_another_form(path):
    if path.name not in {"log.py", "telemetry.py"}:
        assert not re.search(r"^import logging|^from logging", path.read_text(), re.MULTILINE)
