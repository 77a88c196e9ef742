"""`connector backfill`: queues documents of Visma again as if they had changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import click

from connector.cli.kinds import listed_kind_option
from connector.cli.output import FAILED, WrongInput, go_on, in_utc, json_option, say, show
from connector.cli.stack.stack import Stack, stack_option
from connector.cli.times import since as since_time
from connector.cli.times import until as until_time
from connector.domain.documents import Kind
from connector.domain.layout import counted
from connector.services.ports import Resource
from connector.services.reconcile.ports import BackfillProgress, Question, Selection

_PATIENCE = timedelta(hours=6)
_AHEAD = timedelta(days=1)
"""Without an end the window ends tomorrow: Visma's day may be ahead of the person's."""


@click.command(short_help="Queue documents of Visma again.")
@click.option("--since", "since_text", required=True, metavar="TIME", help="The first day of the window.")
@click.option("--until", "until_text", metavar="TIME", help="The last day.  [default: today]")
@click.option(
    "--by-day",
    "question",
    type=click.Choice([one.value for one in Question]),
    default=Question.DATED.value,
    show_default=True,
    help="Whether documents are dated, were created or were modified in the window.",
)
@click.option("--company", metavar="NAME", help="Only this company.")
@listed_kind_option("Only this kind.")
@click.option("--partner", metavar="NAME", help="Only of this partner.")
@click.option("--status", metavar="WORD", help="Only in this status, as Visma writes it.")
@click.option("--number", "numbers", metavar="NUMBER", multiple=True, help="Only this one; may be given several times.")
@click.option("--restart", is_flag=True, help="Begin anew where an earlier one of the same selection was put aside.")
@stack_option
@click.option("--dry-run", is_flag=True, help="Count only; nothing is queued.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def backfill(
    *,
    since_text: str,
    until_text: str | None,
    question: str,
    company: str | None,
    kind: str | None,
    partner: str | None,
    status: str | None,
    numbers: tuple[str, ...],
    restart: bool,
    stack: Stack,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Queue documents of a window again as if they had changed in Visma; no cursor moves.

    What the ledger knows sends nothing, and what Orderful has is not sent again: it is asked before anything that is
    new to the ledger is posted. It stops when what is left of Visma's hour belongs to polling; typed again, it goes
    on.
    """
    from connector.adapters.clock import FixedDeadline
    from connector.services.outbound.backfill import Backfill

    routing = stack.routing.load()
    for name, known, what in ((company, routing.companies, "company"), (partner, routing.data["partners"], "partner")):
        if name is not None and name not in known:
            raise WrongInput(f"No {what} '{name}' is in the applied routing, only {', '.join(known)}.")
    now = stack.clock.now()
    selection = Selection(
        since=_day(since_time(since_text, now)),
        until=_day(until_time(until_text, now) - timedelta(microseconds=1)) if until_text else _day(now) + _AHEAD,
        question=Question(question),
        company=company,
        kind=Kind(kind) if kind else None,
        partner=partner,
        status=status,
        numbers=frozenset(numbers),
    )
    if selection.since > selection.until:
        raise WrongInput(f"The window ends ({selection.until}) before it begins ({selection.since}).")
    before = None if restart or dry_run else stack.findings.backfill()
    begins = BackfillProgress(selection=selection)
    progress = before if before and not before.is_done and before.selection == selection else begins
    if progress is not begins:
        say(f"This goes on where it was put aside; queued so far: {progress.queued}.")
    verb = "counts" if dry_run else "queues"
    say(f"This reads the lists of Visma from {selection.since} to {selection.until} and {verb} what is selected.")
    go_on(stack.title, yes=yes or dry_run)

    announced = progress.found

    def keep(one: BackfillProgress) -> None:
        nonlocal announced
        if not dry_run:
            stack.findings.keep_backfill(one)
        if one.found > announced:
            announced = one.found
            say(f"{counted(announced, 'document')} so far")

    done = Backfill(
        lists=stack.document_list,
        outbox=stack.outbox,
        payloads=stack.payloads,
        routing=routing,
        clock=stack.clock,
        deadline=FixedDeadline(_PATIENCE),
        begun={
            (view.company, Resource(view.resource)): view.begun_at
            for view in stack.cursors.all_cursors()
            if view.begun_at is not None and view.resource in set(Resource)
        },
        keep=keep,
        dry_run=dry_run,
    ).run(progress)
    left = "" if done.is_done else " Put aside: what is left of Visma's hour belongs to polling. Run it again later."
    what = f"{counted(done.found, 'document')} selected, {done.queued} queued."
    show(
        {"found": done.found, "queued": done.queued, "done": done.is_done, "dry_run": dry_run},
        lambda: what + left,
        as_json=as_json,
    )
    return 0 if done.is_done else FAILED


def _day(timestamp: datetime) -> date:
    """The calendar day of the person at the terminal."""
    return timestamp.astimezone(UTC if in_utc() else None).date()
