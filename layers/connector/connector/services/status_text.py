"""The status of a stack in words, a part at a time: `connector status` prints them, the digest mails them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from connector.domain.layout import Page, counted, span
from connector.domain.pause import Stop
from connector.domain.text import visible
from connector.domain.transactions import Stream
from connector.services.day_by_partner import DayByPartner
from connector.services.holds import EVERY_CALL
from connector.services.open_work import MAX_RECORDS, OpenWork, Subject
from connector.services.ports import Metric, Waiting
from connector.services.status import Alarm, PolledList, Queue, Status

LEFT_BEHIND = "connector resume --left-behind"
"""The command for what a pause has parked that has ended."""

MAX_PARTNERS = 20
"""Partners that are shown; how many more there are is said."""

_UP_TO = 10_000


def title(name: str, stream: Stream) -> str:
    """A stack with its stream, as a person is to see it: `stack 'connector' (LIVE)`."""
    return f"stack '{name}' ({stream.upper() if stream is Stream.LIVE else stream})"


def heading(stack: str, status: Status, page: Page) -> str:
    """The first line: which stack (as `title` has it), and when."""
    return f"{stack[0].upper()}{stack[1:]}, {page.timestamp(status.now)}"


def for_person(work: OpenWork, page: Page) -> str:
    """What waits for a person: how many, the oldest, why, and the command that lists them."""
    if not work.for_person:
        return "Nothing waits for a person."
    rows = [
        (subject.what, tally.count, tally.oldest, subject.reason_code, _list(subject))
        for subject, tally in work.for_person.items()
    ]
    most = f"{MAX_RECORDS:,}"
    more = f"\nMore than {most} of a kind wait; of each kind only the {most} that have waited longest are counted."
    head = ("waits for a person", "count", "oldest", "reason", "list them")
    return page.table(head, rows) + (more if work.is_partial else "")


def _list(subject: Subject) -> str:
    command = f"connector {subject.what}s list"
    return f"{command} --code {subject.reason_code}" if subject.reason_code else command


def sending(status: Status, page: Page) -> str:
    """Whether documents are sent, why not, and what else is held."""
    if status.stop is not None:
        why, steps = stopped(status.stop, page)
        lines = [why, *(f"      -> {step}" for step in steps)]
    else:
        lines = [_sent(status)]
    lines += [
        f"{one.system}: {one.what} wait for {span(one.left)} -> connector holds lift"
        for one in status.holds
        if status.stop is None or one.what != EVERY_CALL
    ]
    if status.acts:
        last = status.acts[-1]
        lines.append(f"Last let go on: {page.timestamp(last.at)}, {visible(last.by)}: {visible(last.what)}.")
    return "\n".join(lines)


def stopped(stop: Stop, page: Page) -> tuple[str, tuple[str, ...]]:
    """Why nothing is sent, and what a person does about it."""
    since = f"since {page.timestamp(stop.since)}" if stop.since else "now"
    why = f"Sending is stopped {since}; it is tried again at {page.timestamp(stop.until)}: {visible(stop.reason)}"
    return why, ("Remove the cause, then: connector holds lift",)


def _sent(status: Status) -> str:
    if not status.pauses:
        return "Documents are sent."
    return (
        "Nothing is sent: everything is paused."
        if status.is_all_paused
        else "Documents are sent, but not what is paused."
    )


def paused(status: Status, page: Page) -> str | None:
    """What is paused since when, with what it keeps, and what ended pauses have left behind; None for neither."""
    work = status.work
    if not status.pauses and None not in work.paused and None not in work.paused_changes:
        return None
    lines = []
    for pause in status.pauses:
        kept = work.paused.get(pause)
        none = (
            "no document waits" if not work.is_paused_partial else f"none of the first {MAX_RECORDS:,} documents waits"
        )
        waits = f"{counted(kept.count, 'document')}, the oldest of {page.timestamp(kept.oldest)}" if kept else none
        if (changes := work.paused_changes.get(pause)) is not None:
            waits += f"; {counted(changes.count, 'change')} of partners"
        lines += [f"{visible(pause.sentence)} ({waits})", f"      -> connector resume {pause.scope.options}"]
    left = work.paused.get(None)
    if left is not None:
        left_behind = f"{counted(left.count, 'document')} left behind by a pause that has ended"
        lines += [f"{left_behind}, the oldest of {page.timestamp(left.oldest)}", f"      -> {LEFT_BEHIND}"]
    if (changes := work.paused_changes.get(None)) is not None:
        lines += [
            f"{counted(changes.count, 'change')} left behind by a pause that has ended",
            f"      -> {LEFT_BEHIND}",
        ]
    if work.is_paused_partial:
        lines.append(
            f"More than {MAX_RECORDS:,} documents are paused; only the {MAX_RECORDS:,} that have waited longest are "
            "counted here. All of them: connector resume --all --dry-run"
        )
    return "\n".join(lines)


def polled(lists: Sequence[PolledList], page: Page) -> str:
    """Which lists fail and why, and how far the others are behind."""
    if not lists:
        return "No list has been read yet."
    failing = [one for one in lists if one.failing_since is not None]
    others = [one for one in lists if one.failing_since is None]
    table = page.table(
        ("company", "list", "behind by"),
        [(one.company, one.resource, one.lag) for one in failing],
        steps=[
            f"failing since {page.timestamp(one.failing_since)}: {one.problem or 'see connector cursors'}"
            for one in failing
        ],
    )
    return "\n".join([*([table] if failing else []), *([_read(others)] if others else [])])


def _read(lists: Sequence[PolledList]) -> str:
    """How far behind the lists are that do not fail: the one that is furthest, by its name."""
    furthest = max(lists, key=lambda one: timedelta.max if one.lag is None else one.lag)
    behind = "was not read to its end yet" if furthest.lag is None else f"is behind by {span(furthest.lag)}"
    most = f", the others by less: {counted(len(lists), 'list')} are read" if len(lists) > 1 else ""
    return f"{furthest.company} {furthest.resource} {behind}{most} (connector cursors)."


def queued(queues: Iterable[Queue], page: Page) -> str:
    """How much lies in each queue, since when, and the command for dead letters."""
    shown = list(queues)
    return page.table(
        ("queue", "messages", "oldest"),
        [(one.name, one.waiting, one.oldest) for one in shown],
        steps=[
            f"connector deadletters list --queue {one.gave_up}" if one.gave_up and one.waiting else None
            for one in shown
        ],
    )


def alarms(found: Sequence[Alarm], page: Page) -> str:
    """The alarms that are on, since when, and their entries of the runbook."""
    if not found:
        return "No alarm is on."
    rows = [(one.name, one.since, f"docs/runbook.md#{one.name}") for one in found]
    return page.table(("alarm", "since", "what to do"), rows)


def reconciled(findings: int) -> str | None:
    """How many findings of reconciliation are open; None for none."""
    return f"Reconciling: {counted(findings, 'finding')} -> connector reconcile list" if findings else None


def on_their_way(work: OpenWork) -> str:
    """How many documents are being sent, and how many are not acknowledged."""
    return f"On their way: {_number(work.being_sent)} being sent, {_number(work.sent)} not acknowledged."


def by_partner(work: OpenWork, page: Page, *, only_open: bool = False) -> str | None:
    """The numbers of today (UTC) and the open work by partner; None where no partner has any.

    Args:
        work: The open work, counted since midnight.
        page: Where it is read.
        only_open: Leave out partners with nothing failed and nothing waiting.
    """
    found = [
        (name, one.sent, one.acknowledged, one.failed, one.waiting)
        for name, one in work.by_partner.items()
        if one.failed or one.waiting or not only_open
    ]
    if not found:
        return None
    head = ("partner", "not acknowledged", "acknowledged", "failed", "waits for a person")
    lines = ["By partner, of today (UTC); of what failed or waits, all that is open:"]
    lines.append(page.table(head, found[:MAX_PARTNERS]))
    if len(found) > MAX_PARTNERS:
        lines.append(
            f"and {counted(len(found) - MAX_PARTNERS, 'more partner')}: connector documents list --partner NAME"
        )
    if work.is_sent_partial:
        lines.append(f"Of what was sent, only the first {MAX_RECORDS:,} are counted here.")
    return "\n".join(lines)


def of_day(found: DayByPartner, page: Page) -> str:
    """The numbers of a day by partner."""
    rows = [(name, one.sent, one.acknowledged, one.failed, one.parked) for name, one in found.partners.items()]
    if not rows:
        return f"On {found.day} (UTC) nothing was sent, acknowledged, refused or parked."
    total = [sum(column) for column in list(zip(*rows, strict=True))[1:]]
    head = (f"{found.day} (UTC)", "sent", "acknowledged", "failed", "parked")
    partial = "" if found.complete else "\nThe ledger is larger than what was read: the numbers are too low."
    return page.table(head, [*rows, ("all partners", *total)]) + partial


def counted_on(day: str, counters: Mapping[Metric, int]) -> str:
    """The counters of a day (UTC), those that are zero left out.

    Args:
        day: How the day is called, at the beginning of a line.
        counters: What was counted.
    """
    figures = ", ".join(f"{_in_words(one)} {number:,}" for one, number in counters.items() if number)
    return f"{day} (UTC): {figures or 'CloudWatch has no figures'}."


def _in_words(metric: str) -> str:
    """`DocumentsSent` as `documents sent`."""
    return "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in metric).strip()


def _number(waiting: Waiting) -> str:
    return f"{waiting.count:,}" if waiting.count < _UP_TO else f"more than {_UP_TO:,}"
