"""`connector cursors`: how far every list has been read, Visma's and the one of incoming changes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import click

from connector.services.list_health import ListHealth
from connector.services.ports import CursorView
from ops.output import json_option, show, table
from ops.stack import Stack, stack_option


@click.command(short_help="List how far each list was read.")
@stack_option
@json_option
def cursors(*, stack: Stack, as_json: bool) -> int:
    """List how far each list of each company has been read, how long ago that was complete, and which lists fail."""
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
                "lag": lag(view, now),
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
                        lag(view, now),
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


def lag(view: CursorView, now: datetime) -> timedelta | None:
    """How long ago the list was last read completely; None when it never was."""
    return None if view.caught_up_at is None else max(now - view.caught_up_at, timedelta(0))


def _since(health: ListHealth | None) -> datetime | None:
    return health.failing_since if health else None


def _problem(health: ListHealth | None) -> str | None:
    return health.problem if health else None


def _failing(health: ListHealth | None) -> str | None:
    if health is None or health.failing_since is None:
        return None
    return f"failing since {health.failing_since:%Y-%m-%d %H:%M} UTC: {health.problem}"


def _is_known(company: str, routed: Collection[str]) -> bool:
    """Whether routing has the company; the list of Orderful's side belongs to none."""
    return company in routed or company.startswith("(")


def _lock(view: CursorView, now: datetime) -> datetime | None:
    """Until when a poll holds the cursor; a lock that ran out is none."""
    return view.locked_until if view.locked_until and view.locked_until > now else None


def _doing(view: CursorView) -> str:
    waiting = f"{view.waiting} not settled" if view.waiting else ""
    return ", ".join(filter(None, ["in the middle of a scan" if view.unfinished else "", waiting]))
