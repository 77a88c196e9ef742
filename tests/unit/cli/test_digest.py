"""`connector digest`: the mail of the day, shown and sent."""

from __future__ import annotations

import io
import json
import os
import time
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from connector.cli.digest import TIMEOUT_SECONDS
from connector.domain.pause import Pause, Scope
from testkit.memory.stores import CALLER
from tests.unit.cli.conftest import NOW
from tests.unit.cli.test_status import HOUR, quiet  # noqa: F401 - a fixture

SUBJECT = "laptop (test): nothing needs you"


@pytest.fixture
def mailing(quiet):  # noqa: F811 - the fixture
    """A quiet stack that sent three documents yesterday, and its function."""
    quiet.outputs["SendDigestFunction"] = "SendDigestFunction"
    quiet.client.figures = {"DocumentsSent": [(NOW - 10 * HOUR, 3.0), (NOW - HOUR, 9.0), (NOW - 31 * HOUR, 9.0)]}
    aws, quiet.invoked, quiet.answer = quiet.client, [], {"mailed": True, "subject": SUBJECT, "unknown": []}

    def invoke(**request):
        quiet.invoked.append((request["FunctionName"], json.loads(request["Payload"])))
        if isinstance(quiet.answer, Exception):
            raise quiet.answer
        failed = {"FunctionError": "Unhandled"} if "errorMessage" in quiet.answer else {}
        return {"Payload": io.BytesIO(json.dumps(quiet.answer).encode()), **failed}

    def client(service, config=None):
        quiet.config = config
        return SimpleNamespace(invoke=invoke) if service == "lambda" else aws

    quiet.client = client
    return quiet


def test_it_is_shown_as_it_would_be_mailed_and_nothing_is_mailed(connector, mailing):
    result = connector("digest")
    assert result.code == 0
    assert result.out.startswith(
        f"Subject: {SUBJECT}\n\nStack 'laptop' (test), 2026-09-01 06:00:00Z\n\nNothing needs you."
    )
    assert "Yesterday, 2026-08-31 (UTC): documents sent 3." in result.out
    assert mailing.invoked == []
    data = connector("digest", "--json").data
    assert (data["subject"], data["is_needed"], data["mailed"]) == (SUBJECT, False, False)


def test_at_a_terminal_it_fits_and_says_times_in_utc_as_the_mail_does(connector, mailing, monkeypatch):
    mailed = connector("digest", "--json").data["text"]
    mailing.breaker.pause(Pause(scope=Scope("nordic"), since=NOW, by="ola", caller=CALLER, reason="prices are checked"))
    monkeypatch.setattr("connector.cli.output._screen", lambda _: os.terminal_size((60, 1000)))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("CONNECTOR_UTC")
    monkeypatch.setenv("TZ", "Europe/Oslo")
    time.tzset()
    shown = connector("digest").out
    assert max(map(len, shown.splitlines())) <= 60
    assert "is paused since 2026-09-01 06:00 UTC" in " ".join(shown.split())
    assert max(map(len, mailed.splitlines())) > 60, "a mail has no line breaks in a sentence"


@pytest.fixture(autouse=True)
def zone_of_the_machine():
    yield
    time.tzset()


def test_it_is_mailed_by_the_function_after_a_yes(connector, mailing):
    refused = connector("digest", "--send")
    assert (refused.code, mailing.invoked) == (2, [])
    assert "A mail goes to everybody who gets the alarms of stack 'laptop' (test)" in refused.err
    result = connector("digest", "--send", "--yes")
    assert (result.code, result.out) == (0, f"Mailed: {SUBJECT}\n")
    assert mailing.invoked == [("SendDigestFunction", {"always": True})]
    assert mailing.config.retries == {"total_max_attempts": 1}, "a second call would mail a second time"
    assert mailing.config.read_timeout == TIMEOUT_SECONDS


def test_a_mail_that_could_not_be_sent_is_told_with_the_reason(connector, mailing):
    mailing.answer = {"errorMessage": "The alarm topic answered 500."}
    result = connector("digest", "--send", "--yes")
    assert result.code == 1
    assert "Nothing was mailed: send_digest failed (The alarm topic answered 500.)." in result.err
    mailing.answer = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Invoke")
    result = connector("digest", "--send", "--yes")
    assert (result.code, "AWS refused access to the function send_digest" in result.err) == (1, True)
