"""What the doctor asks AWS: alarms that reach nobody, functions that may not run, schedules that do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from connector.cli.doctor.stack import CONCURRENCY, examine_stack
from connector.domain.transactions import Stream

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
MAIL = "edi@example.com"
SCHEDULES = ("poll_visma", "track_transactions", "poll_orderful", "reconcile", "send_digest")


@pytest.fixture
def found(stack):
    """The findings by name of the check."""
    return lambda: {finding.check: finding for finding in examine_stack(stack)}


def test_a_healthy_stack_has_nothing_wrong_with_it(found):
    findings = found().values()
    assert len(findings) == 8
    assert {(finding.mark, finding.next_step) for finding in findings} == {("ok", None)}


@pytest.mark.parametrize(
    ("address", "subscriptions", "output", "step"),
    [
        (MAIL, {MAIL: "PendingConfirmation"}, f"{MAIL} has not confirmed", "48 hours"),
        (MAIL, {}, "AWS has deleted the subscription", "Deploy once with AlarmEmail"),
        (MAIL, {MAIL: "Deleted"}, "AWS has deleted the subscription", "Deploy once with AlarmEmail"),
        (MAIL, {"ops@example.com": "arn:1"}, f"not mailed to {MAIL}", "Deploy once with AlarmEmail"),
        (None, {}, "nobody is subscribed", "Set AlarmEmail"),
        (None, {"ops@example.com": "PendingConfirmation"}, "ops@example.com has not confirmed", "confirm it"),
    ],
)
@pytest.mark.parametrize(("stream", "mark"), [(Stream.TEST, "warn"), (Stream.LIVE, "fail")])
def test_alarms_that_reach_nobody_are_told_and_on_a_live_stack_refused(
    found, stack, *, address, subscriptions, output, step, stream, mark
):
    stack.stream, stack.client.subscriptions = stream, subscriptions
    stack.outputs = {name: value for name, value in stack.outputs.items() if name != "AlarmEmail" or address}
    mail = found()["alarm mail"]
    assert mail.mark == mark
    assert output in mail.sentence
    assert step in mail.next_step


def test_any_confirmed_subscription_is_enough_where_no_address_is_a_parameter(found, stack):
    del stack.outputs["AlarmEmail"]
    stack.client.subscriptions = {"https://chat.example/hook": "arn:1"}
    assert found()["alarm mail"].mark == "ok"


@pytest.mark.parametrize(("limit", "mark"), [(10, "warn"), (CONCURRENCY - 1, "warn"), (CONCURRENCY, "ok")])
def test_a_small_quota_of_the_account_is_told(found, stack, limit, mark):
    stack.client.concurrency = limit
    concurrency = found()["concurrency"]
    assert (concurrency.mark, f"up to {limit} functions" in concurrency.sentence) == (mark, True)


def test_throttled_functions_are_named(found, stack):
    stack.client.sums |= {("ApplyChange", "Throttles"): 3, ("PollVisma", "Throttles"): 1}
    throttles = found()["throttles"]
    assert (throttles.mark, "poll_visma 1 time, apply_change 3 times" in throttles.sentence) == ("warn", True)


@pytest.mark.parametrize(
    ("changes", "sums", "mark", "output"),
    [
        ({}, {}, "ok", "poll_visma was started 6 times in the last 30m"),
        ({"ScheduleExpression": "rate(1 hour)"}, {}, "ok", "in the last 3h"),
        ({"ScheduleExpression": "rate(1 minute)"}, {}, "ok", "in the last 30m"),
        ({"ScheduleExpression": "cron(0 5 * * ? *)"}, {}, "ok", "in the last 2d1h"),
        ({"ScheduleExpression": "cron(0 5 * * ? *)"}, {"Invocations": 0}, "ok", "set up 1d ago and has yet to start"),
        ({"ScheduleExpression": "cron(0 5 L * ? *)"}, {"Invocations": 0}, "ok", "is not known here"),
        ({"State": "DISABLED"}, {}, "fail", "disabled"),
        ({}, {"Invocations": 0}, "fail", "has not been started for 30m"),
        ({"LastModificationDate": NOW - timedelta(minutes=2)}, {"Invocations": 0}, "ok", "set up 2m ago"),
        ({}, {"Errors": 1}, "warn", "ended with an error 1 time"),
        ({}, {"Errors": 6}, "fail", "ended with an error each time"),
    ],
)
def test_a_schedule_that_does_not_run_is_a_failure(found, stack, *, changes, sums, mark, output):
    stack.client.schedules["PollVisma"] |= changes
    stack.client.sums |= {("PollVisma", metric): total for metric, total in sums.items()}
    findings = found()
    assert findings["schedule poll_visma"].mark == mark
    assert output in findings["schedule poll_visma"].sentence
    assert findings["schedule poll_orderful"].mark == "ok"


def test_a_digest_that_is_switched_off_by_its_parameter_is_not_missed(found, stack):
    stack.outputs["Digest"] = "off"
    stack.client.schedules["SendDigest"]["State"] = "DISABLED"
    assert "schedule send_digest" not in found()


@pytest.mark.parametrize(
    ("hour", "look"), [(6, "1h15m"), (0, "19h15m"), (3, "30m")], ids=["after its night", "before it", "in it"]
)
def test_the_nightly_comparison_is_looked_for_in_the_night(found, stack, hour, look):
    stack.clock.now = lambda: NOW.replace(hour=hour)
    stack.client.schedules["Reconcile"]["LastModificationDate"] = NOW - timedelta(days=9)
    stack.client.now = stack.clock.now()
    stack.client.sums |= {("Reconcile", "Invocations"): 0}
    reconcile = found()["schedule reconcile"]
    assert (reconcile.mark, reconcile.sentence.startswith("reconcile has not been started for")) == ("fail", True)
    assert look in reconcile.sentence


def test_a_schedule_that_somebody_deleted_is_a_failure(found, stack):
    del stack.client.schedules["TrackTransactions"]
    schedule = found()["schedule track_transactions"]
    assert (schedule.mark, schedule.next_step) == ("fail", "Deploy the stack again from template.yaml.")


@pytest.mark.parametrize(
    ("failure", "mark", "output"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "x"), "warn", "you may not ask AWS"),
        (ClientError({"Error": {"Code": "AuthorizationError"}}, "x"), "warn", "you may not ask AWS"),
        (ClientError({"Error": {"Code": "InternalFailure"}}, "x"), "fail", "AWS answered InternalFailure"),
        (EndpointConnectionError(endpoint_url="https://x.invalid"), "fail", "AWS could not be asked"),
    ],
)
@pytest.mark.parametrize(
    ("asked", "checks"),
    [
        ("subscriptions", {"alarm mail"}),
        ("concurrency", {"concurrency"}),
        ("schedules", {f"schedule {name}" for name in SCHEDULES}),
        ("sums", {"throttles", *(f"schedule {one}" for one in SCHEDULES)}),
    ],
)
def test_what_aws_does_not_answer_is_a_finding_and_the_others_are_made(
    found, stack, *, failure, mark, output, asked, checks
):
    setattr(stack.client, asked, failure)
    findings = found()
    assert {name for name, finding in findings.items() if finding.mark != "ok"} == checks
    for name in checks:
        assert findings[name].mark == mark
        assert output in findings[name].sentence
        assert findings[name].next_step


def test_a_stack_of_an_older_version_is_told_to_be_deployed_again(found, stack):
    stack.outputs = {}
    findings = found()
    assert {finding.mark for name, finding in findings.items() if name != "concurrency"} == {"warn"}
    assert "deploy it again" in findings["schedule poll_visma"].sentence


def test_what_the_stack_wrote_down_counts_where_aws_counts_no_runs(found, stack):
    """An emulator of AWS counts none."""
    stack.client.sums = {}
    stack.health.begin(now=NOW - timedelta(minutes=4))
    findings = found()
    marks = {name: findings[f"schedule {name}"].mark for name in ("poll_visma", "poll_orderful", "track_transactions")}
    assert marks == {"poll_visma": "ok", "poll_orderful": "warn", "track_transactions": "warn"}
    assert "wrote down one 4m ago" in findings["schedule poll_visma"].sentence
    assert "an emulator does that" in findings["schedule track_transactions"].sentence
    stack.cursors.all_cursors = lambda: [
        SimpleNamespace(company="(orderful)", caught_up_at=NOW - timedelta(minutes=6)),
        SimpleNamespace(company="nordic", caught_up_at=NOW),
    ]
    assert found()["schedule poll_orderful"].mark == "ok"
    stack.client.sums = {("PollVisma", "Invocations"): 6}
    assert found()["schedule track_transactions"].mark == "fail", "AWS counts runs, and none of this one"


def test_a_run_that_was_written_down_long_ago_is_none(found, stack):
    stack.client.sums = {}
    stack.health.begin(now=NOW - timedelta(minutes=31))
    assert found()["schedule poll_visma"].mark == "fail"
