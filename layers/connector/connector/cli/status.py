"""`connector status`: one screen that says whether anything needs a person. Reads only, and only so much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from connector.cli.documents.filters import READS_EVERYTHING, routing_in_force
from connector.cli.output import FAILED, PARKED, json_option, page, say, show
from connector.cli.stack.stack import Stack, stack_option
from connector.cli.stack.state import status_of
from connector.cli.times import utc_day
from connector.domain.layout import Page
from connector.services import status_text
from connector.services.day_by_partner import DayByPartner, day_by_partner
from connector.services.holds import Hold
from connector.services.open_work import Tally
from connector.services.status import Status


@click.command(short_help="One screen: what needs a person.")
@click.option(
    "--day",
    metavar="DAY",
    help="Also the numbers of a day (UTC) by partner: today, yesterday, 2026-11-28. This reads the whole ledger.",
)
@stack_option
@json_option
def status(*, day: str | None, stack: Stack, as_json: bool) -> int:
    """Show on one screen what needs a person, whether documents are sent, how far lists, queues and alarms are.

    It reads so much at most, however much is open: of each list the 1,000 that have waited longest. With --day it also
    counts, by partner, what was sent, acknowledged, refused and parked on a day. Exit codes: 0 nothing needs a person,
    3 something does, 1 it could not be found out.
    """
    wanted = utc_day(day, stack.clock.now()) if day is not None else None
    found = status_of(stack).read(day=wanted)
    for sentence in found.unknown:
        say(sentence)
    of_day = None
    if wanted is not None:
        say(READS_EVERYTHING)
        of_day = day_by_partner(stack.ledger, routing_in_force(stack), wanted)
    show(_data(stack, found, of_day), lambda: "\n\n".join(_screen(stack, found, of_day, page())), as_json=as_json)
    if found.needs_person:
        return PARKED
    return FAILED if found.is_unknown else 0


def _screen(stack: Stack, found: Status, of_day: DayByPartner | None, page: Page) -> Iterator[str]:
    yield status_text.heading(stack.title, found, page)
    yield status_text.for_person(found.work, page)
    yield status_text.sending(found, page)
    if (paused := status_text.paused(found, page)) is not None:
        yield paused
    if found.aws.alarms is not None:
        yield status_text.alarms(found.aws.alarms, page)
    if found.lists is not None:
        yield status_text.polled(found.lists, page)
    if found.aws.queues is not None:
        yield status_text.queued(found.aws.queues, page)
    if (reconciled := status_text.reconciled(found.findings)) is not None:
        yield reconciled
    if (partners := status_text.by_partner(found.work, page)) is not None:
        yield partners
    yield _day(found, of_day)
    if of_day is not None:
        yield status_text.of_day(of_day, page)


def _day(found: Status, of_day: DayByPartner | None) -> str:
    lines = [status_text.on_their_way(found.work)]
    if found.aws.counters is not None:
        counters = status_text.counted_on(str(of_day.day) if of_day else "Today", found.aws.counters)
        lines.append(counters if of_day else f"{counters} All of them by partner: connector status --day today")
    return "\n".join(lines)


# -- as data ----------------------------------------------------------------------------------------------------------


def _data(stack: Stack, found: Status, of_day: DayByPartner | None) -> dict[str, Any]:
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
        "today": found.aws.counters,
        "sent_today_not_acknowledged": {name: one.sent for name, one in work.by_partner.items() if one.sent},
        "partners": [
            {
                "partner": name,
                "sent_today_not_acknowledged": one.sent,
                "acknowledged_today": one.acknowledged,
                "failed": one.failed,
                "waiting": one.waiting,
            }
            for name, one in work.by_partner.items()
        ],
        "day": of_day
        and {
            "date": of_day.day,
            "complete": of_day.complete,
            "partners": [{"partner": name, **asdict(one)} for name, one in of_day.partners.items()],
        },
        "unanswered": found.unknown,
    }


def _tally(tally: Tally | None) -> dict[str, Any]:
    return {"count": tally.count if tally else 0, "oldest": tally.oldest if tally else None}


def _hold(one: Hold) -> dict[str, Any]:
    return {"system": one.system, "what": one.what, "left": one.left}
