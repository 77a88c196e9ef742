"""`connector status`: one screen that says whether anything needs a person. Reads only, and only so much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import click

from connector.cli.cursors import lag
from connector.cli.holds import EVERY_CALL, Hold, holds_of, stopped
from connector.cli.output import FAILED, HELD, counted, json_option, moment, say, show, span, table, utc_option
from connector.cli.pauses import LEFT_BEHIND
from connector.cli.stack import Stack, stack_option
from connector.cli.stack_state import TODAY, StackState, stack_state
from connector.domain.errors import ConnectorError
from connector.domain.pause import Act, Pause, Scope, Stop
from connector.services.open_work import MOST, OpenWork, Subject, Tally, open_work
from connector.services.ports import Waiting

_UP_TO = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledList:
    """How far behind a list is, and why it is not read, if it is not."""

    company: str
    resource: str
    lag: timedelta | None
    failing_since: datetime | None
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Status:
    """Everything that the screen shows."""

    now: datetime
    work: OpenWork
    pauses: Sequence[Pause]
    stop: Stop | None
    holds: Sequence[Hold]
    acts: Sequence[Act]
    lists: Sequence[PolledList] | None
    findings: int
    aws: StackState

    @property
    def needs_person(self) -> bool:
        """Whether a person has something to do."""
        dead_letters = any(one.waiting for one in self.aws.queues or () if one.gave_up)
        return bool(
            self.work.for_person
            or None in self.work.paused
            or None in self.work.paused_changes
            or self.stop
            or any(one.failing_since for one in self.lists or ())
            or self.findings
            or self.aws.alarms
            or dead_letters
        )

    @property
    def is_unknown(self) -> bool:
        """Whether it could not be found out that nothing else needs a person."""
        is_left_behind_unknown = self.work.is_paused_partial and not _is_all_paused(self.pauses)
        return self.lists is None or self.aws.queues is None or self.aws.alarms is None or is_left_behind_unknown


@click.command(short_help="One screen: what needs a person.")
@utc_option
@stack_option
@json_option
def status(*, stack: Stack, as_json: bool) -> int:
    """Show on one screen what needs a person, whether documents are sent, how far lists, queues and alarms are.

    It reads so much at most, however much is open: of each list the 1,000 that have waited longest. Exit codes: 0
    nothing needs a person, 3 something does, 1 it could not be found out.
    """
    found = _looked_at(stack)
    for sentence in found.aws.unanswered:
        say(sentence)
    show(_data(stack, found), lambda: "\n\n".join(_screen(stack, found)), as_json=as_json)
    if found.needs_person:
        return HELD
    return FAILED if found.is_unknown else 0


def _looked_at(stack: Stack) -> _Status:
    now = stack.clock.now()
    pauses = stack.breaker.pauses(now=now)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return _Status(
        now=now,
        work=open_work(stack.ledger, stack.changes, pauses, since=midnight),
        pauses=pauses,
        stop=stack.breaker.stop(now=now),
        holds=list(holds_of(stack)),
        acts=stack.breaker.acts(now=now),
        lists=_lists(stack, now),
        findings=sum(one.is_open for one in stack.findings.findings()),
        aws=stack_state(stack, now=now),
    )


def _lists(stack: Stack, now: datetime) -> Sequence[PolledList] | None:
    """The lists of companies in routing, the ones that fail first, then by their lag; None when that is not known."""
    try:
        known = stack.routing.load().companies if stack.routing.current_version() else {}
        health = {(one.company, one.resource): one for one in stack.health.read().lists}
    except ConnectorError as error:
        say(f"It is not known which lists fail. {error}")
        return None
    views = {(view.company, view.resource): lag(view, now) for view in stack.cursors.all_cursors()}
    names = [name for name in {**views, **health} if name[0] in known or name[0].startswith("(")]
    found = []
    for name in names:
        one = health.get(name)
        is_failing = one is not None and one.failing_since is not None and not one.is_unneeded
        found.append(
            PolledList(
                company=name[0],
                resource=name[1],
                lag=views.get(name),
                failing_since=one.failing_since if one is not None and is_failing else None,
                problem=one.problem if one is not None and is_failing else None,
            )
        )
    never = timedelta.max
    return sorted(found, key=lambda one: (one.failing_since is None, -(one.lag if one.lag is not None else never)))


# -- as a person reads it ---------------------------------------------------------------------------------------------


def _screen(stack: Stack, found: _Status) -> Iterator[str]:
    yield f"{stack.title[0].upper()}{stack.title[1:]}, {moment(found.now)}"
    yield _for_person(found.work)
    yield _sending(found)
    if found.pauses or None in found.work.paused or None in found.work.paused_changes:
        yield _paused(found)
    if found.lists is not None:
        yield _polled(found.lists)
    if found.aws.queues is not None:
        yield _queued(found.aws)
    if found.aws.alarms is not None:
        yield _alarms(found.aws)
    if found.findings:
        yield f"Reconciling: {counted(found.findings, 'finding')} -> connector reconcile list"
    yield _day(found)


def _for_person(work: OpenWork) -> str:
    if not work.for_person:
        return "Nothing waits for a person."
    rows = [
        (subject.what, tally.count, tally.oldest, subject.reason_code, _list(subject))
        for subject, tally in work.for_person.items()
    ]
    more = f"\nMore than {MOST:,} of a kind wait; of each kind only the {MOST:,} that have waited longest are counted."
    head = ("waits for a person", "count", "oldest", "reason", "list them")
    return table(head, rows) + (more if work.is_partial else "")


def _list(subject: Subject) -> str:
    command = f"connector {subject.what}s list"
    return f"{command} --reason {subject.reason_code}" if subject.reason_code else command


def _sending(found: _Status) -> str:
    if found.stop is not None:
        why, steps = stopped(found.stop)
        lines = [why, *(f"      -> {step}" for step in steps)]
    else:
        lines = [_sent(found.pauses)]
    lines += [
        f"{one.system}: {one.what} wait for {span(one.left)} -> connector holds lift"
        for one in found.holds
        if found.stop is None or one.what != EVERY_CALL
    ]
    if found.acts:
        last = found.acts[-1]
        lines.append(f"Last let go on: {moment(last.at)}, {last.by}: {last.what}.")
    return "\n".join(lines)


def _sent(pauses: Sequence[Pause]) -> str:
    if not pauses:
        return "Documents are sent."
    return (
        "Nothing is sent: everything is paused."
        if _is_all_paused(pauses)
        else "Documents are sent, but not what is paused."
    )


def _is_all_paused(pauses: Sequence[Pause]) -> bool:
    """Whether one of the pauses is of everything."""
    return any(one.scope == Scope() for one in pauses)


def _paused(found: _Status) -> str:
    lines = []
    for pause in found.pauses:
        kept = found.work.paused.get(pause)
        none = (
            "no document waits" if not found.work.is_paused_partial else f"none of the first {MOST:,} documents waits"
        )
        waits = f"{counted(kept.count, 'document')}, the oldest of {moment(kept.oldest)}" if kept else none
        if (changes := found.work.paused_changes.get(pause)) is not None:
            waits += f"; {counted(changes.count, 'change')} of partners"
        lines += [f"{pause.sentence} ({waits})", f"      -> connector resume {pause.scope.options}"]
    left = found.work.paused.get(None)
    if left is not None:
        left_behind = f"{counted(left.count, 'document')} left behind by a pause that has ended"
        lines += [f"{left_behind}, the oldest of {moment(left.oldest)}", f"      -> {LEFT_BEHIND}"]
    if (changes := found.work.paused_changes.get(None)) is not None:
        lines += [
            f"{counted(changes.count, 'change')} left behind by a pause that has ended",
            f"      -> {LEFT_BEHIND}",
        ]
    if found.work.is_paused_partial:
        lines.append(
            f"More than {MOST:,} documents are paused; only the {MOST:,} that have waited longest are counted here. "
            "All of them: connector resume --all --dry-run"
        )
    return "\n".join(lines)


def _polled(lists: Sequence[PolledList]) -> str:
    if not lists:
        return "No list has been read yet."
    return table(
        ("company", "list", "behind by"),
        [(one.company, one.resource, one.lag) for one in lists],
        steps=[
            f"failing since {moment(one.failing_since)}: {one.problem or 'see connector cursors'}"
            if one.failing_since
            else None
            for one in lists
        ],
    )


def _queued(aws: StackState) -> str:
    queues = aws.queues or ()
    return table(
        ("queue", "messages", "oldest"),
        [(one.name, one.waiting, one.oldest) for one in queues],
        steps=[
            f"connector deadletters list --queue {one.gave_up}" if one.gave_up and one.waiting else None
            for one in queues
        ],
    )


def _alarms(aws: StackState) -> str:
    if not aws.alarms:
        return "No alarm is on."
    rows = [(one.name, one.since, f"docs/runbook.md#{one.name}") for one in aws.alarms]
    return table(("alarm", "since", "what to do"), rows)


def _day(found: _Status) -> str:
    lines = [f"On their way: {_number(found.work.being_sent)} being sent, {_number(found.work.sent)} not acknowledged."]
    if found.aws.today is not None:
        figures = ", ".join(f"{_in_words(one)} {found.aws.today[one]}" for one in TODAY if found.aws.today[one])
        lines.append(f"Today (UTC): {figures or 'CloudWatch has no figures yet'}.")
    if found.work.sent_since:
        partners = ", ".join(f"{name} {count}" for name, count in found.work.sent_since.items())
        up_to = f", at most {MOST:,}" if sum(found.work.sent_since.values()) >= MOST else ""
        lines.append(f"Sent today and not acknowledged yet{up_to}: {partners}.")
    return "\n".join(lines)


def _in_words(metric: str) -> str:
    """`DocumentsSent` as `documents sent`."""
    return "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in metric).strip()


def _number(waiting: Waiting) -> str:
    return f"{waiting.count:,}" if waiting.count < _UP_TO else f"more than {_UP_TO:,}"


# -- as data ----------------------------------------------------------------------------------------------------------


def _data(stack: Stack, found: _Status) -> dict[str, Any]:
    work = found.work
    return {
        "stack": stack.name,
        "stream": stack.stream,
        "at": found.now,
        "needs_person": True if found.needs_person else None if found.is_unknown else False,
        "waiting": [
            {"what": one.what, "reason_code": one.reason_code, **_tally(tally)}
            for one, tally in work.for_person.items()
        ],
        "waiting_is_partial": work.is_partial,
        "sending": {"stopped": found.stop, "holds": [_hold(one) for one in found.holds], "last": found.acts[-1:]},
        "pauses": [
            {
                "options": one.scope.options,
                "since": one.since,
                "by": one.by,
                "reason": one.reason,
                **_tally(work.paused.get(one)),
                "changes": _tally(work.paused_changes.get(one)),
            }
            for one in found.pauses
        ],
        "left_behind": _tally(work.paused.get(None)),
        "changes_left_behind": _tally(work.paused_changes.get(None)),
        "paused_is_partial": work.is_paused_partial,
        "lists": found.lists,
        "queues": found.aws.queues,
        "alarms": found.aws.alarms,
        "findings": found.findings,
        "being_sent": work.being_sent.count,
        "not_acknowledged": work.sent.count,
        "today": found.aws.today,
        "sent_today_not_acknowledged": work.sent_since,
        "unanswered": found.aws.unanswered,
    }


def _tally(tally: Tally | None) -> dict[str, Any]:
    return {"count": tally.count if tally else 0, "oldest": tally.oldest if tally else None}


def _hold(one: Hold) -> dict[str, Any]:
    return {"system": one.system, "what": one.what, "left": one.left}
