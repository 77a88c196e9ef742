"""`connector cursors`: how far each list has been read, Visma's and the one of incoming changes; sets that back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import click

from connector.cli.output import FAILED, WrongInput, go_on, json_option, say, show, table, timestamp
from connector.cli.stack.stack import Stack, stack_option
from connector.cli.times import since
from connector.domain.errors import ConnectorError
from connector.domain.polling.cursor import rewound
from connector.domain.timestamps import to_the_minute
from connector.services.list_health import ListHealth
from connector.services.ports import CursorView, Resource

_LEASE = timedelta(seconds=30)


@click.group(short_help="List how far each list was read, or set that back.", invoke_without_command=True)
@stack_option
@json_option
@click.pass_context
def cursors(context: click.Context, /, *, stack: Stack, as_json: bool) -> int:
    """List how far each list of each company has been read, how long ago that was complete, and which lists fail."""
    return 0 if context.invoked_subcommand else _list(stack, as_json=as_json)


def _list(stack: Stack, *, as_json: bool) -> int:
    now = stack.clock.now()
    views = sorted(stack.cursors.all_cursors(), key=lambda view: (view.company, view.resource))
    known = stack.routing.load().companies if stack.routing.current_version() else {}
    health = {(one.company, one.resource): one for one in stack.health.read().lists}
    unread = [
        CursorView(
            company=one.company,
            resource=one.resource,
            watermark=None,
            caught_up_at=None,
            locked_until=None,
            unfinished=False,
            remembered=0,
            waiting=0,
        )
        for name, one in health.items()
        if one.failing_since and name not in {(view.company, view.resource) for view in views}
    ]
    views = sorted([*views, *unread], key=lambda view: (view.company, view.resource))
    show(
        [
            {
                "company": view.company,
                "in_routing": _is_known(view.company, known),
                "resource": view.resource,
                "watermark": view.watermark,
                "last_complete_poll": view.caught_up_at,
                "lag": view.lag(now),
                "locked_until": _lock(view, now),
                "unfinished": view.unfinished,
                "remembered": view.remembered,
                "waiting": view.waiting,
                "failing_since": _since(health.get((view.company, view.resource))),
                "problem": _problem(health.get((view.company, view.resource))),
            }
            for view in views
        ],
        lambda: (
            table(
                ("company", "list", "watermark", "lag", "last complete poll", "locked until", "now"),
                [
                    (
                        view.company if _is_known(view.company, known) else f"{view.company} (not in routing)",
                        view.resource,
                        view.watermark,
                        view.lag(now),
                        view.caught_up_at,
                        _lock(view, now),
                        _doing(view),
                    )
                    for view in views
                ],
                steps=[_failing(health.get((view.company, view.resource))) for view in views],
            )
            if views
            else "No list has been read yet."
        ),
        as_json=as_json,
    )
    return 0


@cursors.command("rewind", short_help="Have every list read again from a time on.")
@click.option("--to", "text", required=True, metavar="TIME", help="2026-11-28T06:00, 2026-11-28T06:00Z, yesterday, 6h.")
@stack_option
@click.option("--dry-run", is_flag=True, help="Show only; nothing is changed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def rewind(*, text: str, stack: Stack, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Set the cursor of every list back to TIME, so that everything that changed since is read and queued again.

    Run it when the ledger was restored, or when a stack was built around old tables (docs/restore.md). TIME is the time
    up to which the ledger is complete; without a zone it is local. What the ledger knows sends nothing; what it has
    forgotten is looked up at Orderful before anything is sent. A cursor that is not as far as TIME stays where it is.
    """
    now = stack.clock.now()
    to = since(text, now)
    if to > now:
        raise WrongInput(f"{timestamp(to)} has yet to come.")
    views = stack.cursors.all_cursors()
    say(f"This has {len(views)} lists read again from {timestamp(to)}. It sends nothing that Orderful has.")
    go_on(stack.title, yes=yes or dry_run)
    rows = [_rewind(stack, view, to, now, dry_run=dry_run) for view in views]
    show(
        rows,
        lambda: (
            table(
                ("company", "list", "was", "is", "problem"),
                [(row["company"], row["resource"], row["was"], row["watermark"], row["problem"]) for row in rows],
            )
            if rows
            else "No list has been read yet."
        ),
        as_json=as_json,
    )
    return FAILED if any(row["problem"] for row in rows) else 0


def _rewind(stack: Stack, view: CursorView, to: datetime, now: datetime, *, dry_run: bool) -> dict[str, Any]:
    from connector.adapters.aws.watermark import InboundList

    problem, reached = None, view.watermark
    try:
        resource = InboundList(view.resource) if view.company.startswith("(") else Resource(view.resource)
        if not dry_run:
            lease = stack.cursors.acquire(view.company, resource, now=now, lease=_LEASE)
            stack.cursors.save(lease, rewound(lease.cursor, to), release=True)
        reached = view.watermark and min(view.watermark, to)
    except ValueError:
        problem = "This list is no longer read."
    except ConnectorError as error:
        problem = f"{error} Run the command again."
    return {
        "company": view.company,
        "resource": view.resource,
        "was": view.watermark,
        "watermark": reached,
        "problem": problem,
    }


def _since(health: ListHealth | None) -> datetime | None:
    return health.failing_since if health else None


def _problem(health: ListHealth | None) -> str | None:
    return health.problem if health else None


def _failing(health: ListHealth | None) -> str | None:
    if health is None or health.failing_since is None:
        return None
    problem = f"failing since {to_the_minute(health.failing_since)}: {health.problem}"
    return f"{problem} Routing switches its kind off, so this raises no alarm." if health.is_unneeded else problem


def _is_known(company: str, routed: Collection[str]) -> bool:
    """Whether routing has the company; the list of Orderful's side belongs to none."""
    return company in routed or company.startswith("(")


def _lock(view: CursorView, now: datetime) -> datetime | None:
    """Until when a poll holds the cursor; a lock that ran out is none."""
    return view.locked_until if view.locked_until and view.locked_until > now else None


def _doing(view: CursorView) -> str:
    waiting = f"{view.waiting} not settled" if view.waiting else ""
    return ", ".join(filter(None, ["in the middle of a scan" if view.unfinished else "", waiting]))
