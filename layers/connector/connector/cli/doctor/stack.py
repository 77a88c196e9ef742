"""What `connector doctor` asks AWS: whether alarms reach a person, functions may run, and schedules do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from connector.cli.doctor.finding import Finding, Mark
from connector.cli.doctor.schedule import look_back
from connector.cli.output import Failed
from connector.cli.stack.stack import Stack
from connector.domain.errors import ConnectorError
from connector.domain.layout import counted, span
from connector.domain.transactions import Stream
from connector.services.ports import CursorView

CONCURRENCY = 50
"""Functions that may have to run at once: 22 that queues start (template.yaml), schedules and callbacks besides."""

_FUNCTIONS = {
    "poll_visma": "PollVismaFunction",
    "translate_document": "TranslateDocumentFunction",
    "deliver_transaction": "DeliverTransactionFunction",
    "track_transactions": "TrackTransactionsFunction",
    "receive_callback": "ReceiveCallbackFunction",
    "poll_orderful": "PollOrderfulFunction",
    "apply_change": "ApplyChangeFunction",
    "reconcile": "ReconcileFunction",
    "send_digest": "SendDigestFunction",
}
_SCHEDULES = {
    "poll_visma": "PollVismaSchedule",
    "track_transactions": "TrackTransactionsSchedule",
    "poll_orderful": "PollOrderfulSchedule",
    "reconcile": "ReconcileSchedule",
    "send_digest": "SendDigestSchedule",
}
_DAY = timedelta(days=1)
_MIN_LOOK_BACK = timedelta(minutes=30)
_STARTS = 3
"""So many starts are looked back at: one that AWS has not counted yet is no failure."""

_PENDING, _DELETED = "PendingConfirmation", "Deleted"
# As the services word it when a person may not ask (IAM; SNS has a word of its own).
_FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException"})

_Answer = TypeVar("_Answer")


class _NotAskedError(Exception):
    """AWS did not answer a check; the finding that takes its place."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.sentence)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class _Schedule:
    """A schedule as AWS shows it."""

    is_enabled: bool
    expression: str
    changed_at: datetime


def examine_stack(stack: Stack) -> Iterator[Finding]:
    """Every check; what AWS does not answer is a finding of its own and leaves the others alone."""
    for check, examine in (
        (_MAIL, _mail),
        ("concurrency", _concurrency),
        ("throttles", _throttles),
        *((f"schedule {name}", _schedule_of(name)) for name in _SCHEDULES if not _is_off(stack, name)),
    ):
        try:
            yield examine(stack, check)
        except _NotAskedError as error:
            yield error.finding


_MAIL = "alarm mail"


def alarm_mail(stack: Stack) -> Finding:
    """Whether alarms reach somebody; what AWS does not answer is a finding as well."""
    try:
        return _mail(stack, _MAIL)
    except _NotAskedError as error:
        return error.finding


def _asked(check: str, ask: Callable[[], _Answer], *, action: str) -> _Answer:
    """The answer of AWS.

    Raises:
        _NotAskedError: it refused or could not be reached, or the stack is from before there was anything to ask about.
    """
    try:
        return ask()
    except ClientError as error:
        code = error.response["Error"].get("Code", "unknown")
        if code in _FORBIDDEN:
            step = "Attach the policy OperatorPolicyArn of the stack to your user or role."
            raise _NotAskedError(Finding(Mark.WARN, check, f"you may not ask AWS ({action}).", step)) from None
        raise _NotAskedError(Finding(Mark.FAIL, check, f"AWS answered {code} ({action}).", _AGAIN)) from None
    except BotoCoreError as error:
        sentence = f"AWS could not be asked ({action}): {type(error).__name__}."
        raise _NotAskedError(Finding(Mark.FAIL, check, sentence, _AGAIN)) from None
    except Failed as error:
        raise _NotAskedError(Finding(Mark.WARN, check, error.format_message(), None)) from None


_AGAIN = "Run it again; if it stays, deploy the stack again from template.yaml."


def _worse(stack: Stack) -> Mark:
    """How bad it is that nobody is told of trouble: on a live stack nothing may leave before that is right."""
    return Mark.FAIL if stack.stream is Stream.LIVE else Mark.WARN


# -- alarms ---------------------------------------------------------------------------------------------------------


def _mail(stack: Stack, check: str) -> Finding:
    """Whether alarms reach somebody.

    AWS: an e-mail subscription that nobody confirms is deleted after 48 hours; a deployment does not make it anew,
    because CloudFormation does not notice.
    """

    def ask() -> list[Mapping[str, Any]]:
        pages = stack.client("sns").get_paginator("list_subscriptions_by_topic")
        return [
            one
            for page in pages.paginate(TopicArn=stack.output("AlarmTopicArn"))
            for one in page.get("Subscriptions", [])
        ]

    found = _asked(check, ask, action="sns:ListSubscriptionsByTopic")
    address = stack.outputs.get("AlarmEmail")
    pending = [_endpoint(one) for one in found if one.get("SubscriptionArn") == _PENDING]
    active = [_endpoint(one) for one in found if one.get("SubscriptionArn") not in {_PENDING, _DELETED}]
    if address and address not in {*active, *pending}:
        return Finding(
            _worse(stack),
            check,
            f"alarms are not mailed to {address}: AWS has deleted the subscription, as it does after 48 hours without a"
            " confirmation, or the address was unsubscribed.",
            'Deploy once with AlarmEmail: "" and once more with the address, then confirm the mail within 48 hours.',
        )
    if pending:
        return Finding(
            _worse(stack),
            check,
            f"{', '.join(pending)} has not confirmed the subscription yet, so no alarm is mailed there.",
            "Open the mail of AWS Notifications and confirm it; AWS deletes the subscription after 48 hours.",
        )
    if not active:
        return Finding(
            _worse(stack),
            check,
            "nobody is subscribed to the alarms.",
            "Set AlarmEmail in the parameter file and deploy, or subscribe something else to AlarmTopicArn.",
        )
    return Finding(Mark.OK, check, f"alarms reach {', '.join(active)}.")


def _endpoint(subscription: Mapping[str, Any]) -> str:
    return str(subscription.get("Endpoint") or subscription.get("Protocol") or "somebody")


# -- functions ------------------------------------------------------------------------------------------------------


def _concurrency(stack: Stack, check: str) -> Finding:
    """Whether the account lets enough functions run at once (AWS: a new account may have a quota of 10)."""

    def ask() -> int:
        limits = stack.client("lambda").get_account_settings()["AccountLimit"]
        return int(limits.get("UnreservedConcurrentExecutions", limits["ConcurrentExecutions"]))

    limit = _asked(check, ask, action="lambda:GetAccountSettings")
    sentence = f"up to {counted(limit, 'function')} may run at once in this account and region"
    if limit < CONCURRENCY:
        return Finding(
            Mark.WARN,
            check,
            f"{sentence}, which all stacks share; the connector alone may need {CONCURRENCY}.",
            f"Have 'Lambda, Concurrent executions' (L-B99A9384) raised to {CONCURRENCY} or more in Service Quotas.",
        )
    return Finding(Mark.OK, check, f"{sentence}.")


def _throttles(stack: Stack, check: str) -> Finding:
    """Whether AWS kept a function from running in the last day."""
    sums = _sums(stack, check, [(name, "Throttles", _DAY) for name in _FUNCTIONS])
    throttled = {name: int(total) for (name, _), total in sums.items() if total}
    if throttled:
        listed = ", ".join(f"{name} {counted(times, 'time')}" for name, times in throttled.items())
        return Finding(
            Mark.WARN,
            check,
            f"in the last 24 hours AWS did not let functions run: {listed}.",
            "Raise the quota 'Lambda, Concurrent executions' (L-B99A9384), or see what else uses it up.",
        )
    return Finding(Mark.OK, check, "no function was throttled in the last 24 hours.")


def _sums(stack: Stack, check: str, wanted: list[tuple[str, str, timedelta]]) -> dict[tuple[str, str], float]:
    """How much of a metric each function had, in the time up to now; by its name and the metric's."""
    now = stack.clock.now()

    def ask() -> dict[tuple[str, str], float]:
        queries = [
            {
                "Id": f"m{number}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/Lambda",
                        "MetricName": metric,
                        "Dimensions": [{"Name": "FunctionName", "Value": stack.output(_FUNCTIONS[name])}],
                    },
                    "Period": 300,
                    "Stat": "Sum",
                },
            }
            for number, (name, metric, _) in enumerate(wanted)
        ]
        longest = max(back for _, _, back in wanted)
        pages = stack.client("cloudwatch").get_paginator("get_metric_data")
        sums = {(name, metric): 0.0 for name, metric, _ in wanted}
        for page in pages.paginate(MetricDataQueries=queries, StartTime=now - longest, EndTime=now):
            for result in page["MetricDataResults"]:
                name, metric, _ = wanted[int(result["Id"][1:])]
                sums[name, metric] += sum(result["Values"])
        return sums

    return _asked(check, ask, action="cloudwatch:GetMetricData")


# -- schedules ------------------------------------------------------------------------------------------------------


def _is_off(stack: Stack, name: str) -> bool:
    """Whether the stack was deployed not to start a function."""
    return name == "send_digest" and stack.outputs.get("Digest") == "off"


def _schedule_of(name: str) -> Callable[[Stack, str], Finding]:
    return lambda stack, check: _runs(stack, check, name)


def _runs(stack: Stack, check: str, name: str) -> Finding:
    """Whether a function has been started as often as its schedule says, and has not failed each time."""

    def ask() -> _Schedule | None:
        client = stack.client("scheduler")
        try:
            found = client.get_schedule(Name=stack.output(_SCHEDULES[name]))
        except client.exceptions.ResourceNotFoundException:
            return None
        return _Schedule(found["State"] == "ENABLED", found["ScheduleExpression"], found["LastModificationDate"])

    schedule = _asked(check, ask, action="scheduler:GetSchedule")
    if schedule is None:
        return Finding(Mark.FAIL, check, "it is not there any more.", "Deploy the stack again from template.yaml.")
    if not schedule.is_enabled:
        return Finding(
            Mark.FAIL,
            check,
            f"somebody has disabled it, so {name} does not run.",
            "Enable it in EventBridge Scheduler when what it was disabled for is over.",
        )
    now = stack.clock.now()
    needed = look_back(schedule.expression, now, starts=_STARTS)
    if needed is None:
        sentence = f"it is enabled; when {schedule.expression} starts {name} is not known here."
        return Finding(Mark.OK, check, sentence, f"See whether {name} runs in its log: {_log(stack, name)}.")
    return _ran(stack, check, name, look=max(needed, _MIN_LOOK_BACK), since=now - schedule.changed_at)


def _ran(stack: Stack, check: str, name: str, *, look: timedelta, since: timedelta) -> Finding:
    """What became of the runs of the last while; the schedule has been as it is `since` so long."""
    sums = _sums(stack, check, [(name, "Invocations", look), (name, "Errors", look)])
    runs, errors = (int(sums[name, metric]) for metric in ("Invocations", "Errors"))
    if not runs:
        if since < look:
            return Finding(Mark.OK, check, f"it was set up {span(since)} ago and has yet to start {name}.")
        if (uncounted := _uncounted(stack, check, name, look)) is not None:
            return uncounted
        return Finding(
            Mark.FAIL,
            check,
            f"{name} has not been started for {span(look)}.",
            "Look at the schedule in EventBridge Scheduler, and at SchedulerRole; deploy again if either was changed.",
        )
    sentence = f"{name} was started {counted(runs, 'time')} in the last {span(look)}"
    if not errors:
        return Finding(Mark.OK, check, f"{sentence}.")
    mark, times = (Mark.FAIL, "each time") if errors >= runs else (Mark.WARN, counted(errors, "time"))
    return Finding(mark, check, f"{sentence} and ended with an error {times}.", f"Read its log: {_log(stack, name)}.")


def _uncounted(stack: Stack, check: str, name: str, look: timedelta) -> Finding | None:
    """What the stack's own records say of a function that AWS counts no run of; None when they say no more.

    An emulator may count no runs at all. That is so when poll_visma has written down a run that is not counted.
    """
    now = stack.clock.now()
    try:
        last = {"poll_visma": stack.health.read().begun_at}
        last["poll_orderful"] = max(
            (view.caught_up_at for view in stack.cursors.all_cursors() if view.caught_up_at and _is_inbound(view)),
            default=None,
        )
    except ConnectorError:
        return None
    seen = {one: now - at for one, at in last.items() if at is not None and now - at < look}
    if name in seen:
        sentence = f"AWS counts no run, but {name} wrote down one {span(max(seen[name], timedelta(0)))} ago."
        return Finding(Mark.OK, check, sentence)
    if (
        "poll_visma" in seen
        and not _sums(stack, check, [("poll_visma", "Invocations", look)])["poll_visma", "Invocations"]
    ):
        sentence = "AWS counts no runs of any function, although poll_visma runs; an emulator does that."
        return Finding(Mark.WARN, check, sentence, f"See whether {name} runs in its log: {_log(stack, name)}.")
    return None


def _is_inbound(view: CursorView) -> bool:
    """Whether it is the list of what comes in from Orderful, which belongs to no company."""
    return view.company.startswith("(")


def _log(stack: Stack, name: str) -> str:
    return f"/aws/lambda/{stack.name}/{name}"
