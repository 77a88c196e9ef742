"""Use case: the mail of the day.

It reads what `connector status` reads and says it in the same words, but only what somebody should know, with the
counters of the day before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from connector.domain.layout import Page, counted
from connector.domain.text import truncated, visible
from connector.domain.transactions import Stream
from connector.services import status_text
from connector.services.list_health import LATE
from connector.services.open_work import CHANGE, DOCUMENT
from connector.services.status import PolledList, Status, StatusReader

MAX_SUBJECT_LENGTH = 99
"""Characters. SNS: a subject is ASCII, without line breaks, and less than 100 characters long."""

MAX_TEXT_LENGTH = 200_000
"""Bytes. SNS: a message has 262,144 at most, what it adds included."""

MAX_LISTS = 20
"""Most failing lists that are named; the others are counted."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Notification:
    """A message to the subscribers of the alarm topic.

    Attributes:
        is_needed: Something needs a person, or could not be looked at.
        unknown: A sentence for each thing that could not be looked at.
    """

    subject: str
    text: str
    is_needed: bool
    unknown: Sequence[str]


class NotificationPublisher(Protocol):
    """Publishes to the subscribers of the alarm topic."""

    def publish(self, notification: Notification) -> None:
        """Send a notification.

        Raises:
            Transient, Misconfigured: nobody gets it.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Writes the mail of the day.

    Attributes:
        stack: The name of the stack, which its commands take.
    """

    reader: StatusReader
    stack: str
    stream: Stream

    def compose(self, *, width: int | None = None) -> Notification:
        """The digest as it would be sent now.

        Args:
            width: Most characters of a line, where it is read at a terminal. A mail has no line breaks: a command that
                is broken in two cannot be copied from it.

        Raises:
            ConnectorError: what it tells of cannot be read.
        """
        yesterday = self.reader.clock.now().date() - _DAY
        status = self.reader.read(day=yesterday)
        page = Page(width)
        text = page.folded("\n\n".join(_parts(self.stack, self.stream, status, yesterday, page)))
        subject = f"{self.stack} ({_shown(self.stream)}): {_in_short(status)}"
        return Notification(
            truncated(visible(_ascii(subject)), MAX_SUBJECT_LENGTH),
            _shortened(visible(text, keep="\n")),
            is_needed=status.needs_person or status.is_unknown,
            unknown=status.unknown,
        )


def _shown(stream: Stream) -> str:
    return stream.upper() if stream is Stream.LIVE else stream.value


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _shortened(text: str) -> str:
    """The text truncated to `MAX_TEXT_LENGTH`, after a whole line."""
    if len(text.encode()) <= MAX_TEXT_LENGTH:
        return text
    kept = text.encode()[:MAX_TEXT_LENGTH].decode(errors="ignore").rpartition("\n")[0]
    return f"{kept}\n\nThe rest is left out: it is too long for a mail. All of it: connector status"


def _in_short(status: Status) -> str:
    """The subject: what needs a person, with numbers."""
    totals = {DOCUMENT: 0, CHANGE: 0}
    for subject, tally in status.work.for_person.items():
        totals[subject.what] += tally.count
    dead_letter_messages = sum(one.waiting for one in status.aws.queues or () if one.gave_up)
    numbers = {
        **totals,
        "dead letter": dead_letter_messages,
        "failing list": sum(one.failing_since is not None for one in status.lists or ()),
        "finding": status.findings,
        "alarm": len(status.aws.alarms or ()),
    }
    parts = [counted(number, word) for word, number in numbers.items() if number]
    if status.stop is not None:
        parts.insert(0, "nothing is sent")
    if None in status.work.paused or None in status.work.paused_changes:
        parts.append("left behind by a pause")
    if parts:
        return ", ".join(parts)
    return "not everything could be looked at" if status.is_unknown else "nothing needs you"


def _parts(stack: str, stream: Stream, status: Status, yesterday: date, page: Page) -> Iterator[str]:
    yield status_text.heading(status_text.title(stack, stream), status, page)
    if status.needs_person:
        yield status_text.for_person(status.work, page)
    elif not status.is_unknown:
        yield "Nothing needs you."
    if status.unknown:
        yield "\n".join(["Not everything could be looked at:", *map(visible, status.unknown)])
    dead = [one for one in status.aws.queues or () if one.gave_up and one.waiting]
    if dead:
        yield status_text.queued(dead, page)
    late = [one for one in status.lists or () if _is_late(one)]
    if late:
        yield _late(late, page)
    if status.aws.alarms:
        yield status_text.alarms(status.aws.alarms, page)
    if (reconciled := status_text.reconciled(status.findings)) is not None:
        yield reconciled
    yield status_text.sending(status, page)
    if (paused := status_text.paused(status, page)) is not None:
        yield paused
    if (partners := status_text.by_partner(status.work, page, only_open=True)) is not None:
        yield partners
    yield status_text.on_their_way(status.work)
    if status.aws.counters is not None:
        counters = status_text.counted_on(f"Yesterday, {yesterday}", status.aws.counters)
        yield f"{counters} By partner: connector status --day {yesterday}"
    yield (
        f"More: connector status --stack {stack}. The commands above take --stack {stack} as well. Times and days "
        "are in UTC. When this mail comes: the parameters Digest and DigestHour (docs/runbook.md)."
    )


def _is_late(one: PolledList) -> bool:
    return one.failing_since is not None or one.lag is None or one.lag > LATE


def _late(late: Sequence[PolledList], page: Page) -> str:
    failing = [one for one in late if one.failing_since is not None]
    others = [one for one in late if one.failing_since is None]
    more = len(failing) - MAX_LISTS
    said = status_text.polled([*failing[:MAX_LISTS], *others], page)
    return said + (f"\nand {counted(more, 'more list')} that fail: connector cursors" if more > 0 else "")
