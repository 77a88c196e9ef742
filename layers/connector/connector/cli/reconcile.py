"""`connector reconcile`: what is in Visma and was not sent, and what Orderful has that should not be there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import click
from msgspec import to_builtins
from msgspec.structs import replace

from connector.cli.output import FAILED, PARKED, WrongInput, json_option, say, show, table, timestamp
from connector.cli.people import by_option, can_have_reason, decider, reason, reason_option
from connector.cli.progress import Progress
from connector.cli.stack.stack import Stack, stack_option
from connector.cli.times import since as since_time
from connector.cli.times import until as until_time
from connector.domain.layout import counted
from connector.domain.reconcile.finding import Finding
from connector.domain.text import truncated

DAYS = timedelta(days=14)
"""The window when none is named."""

_PATIENCE = timedelta(hours=6)
_MAX_REASON_LENGTH = 500


@click.group(short_help="Compare Visma, the ledger and Orderful.", invoke_without_command=True)
@click.option("--since", "since_text", metavar="TIME", help="The beginning of the window.  [default: 14 days ago]")
@click.option("--until", "until_text", metavar="TIME", help="Its end; nothing younger than an hour is judged.")
@click.option("--company", metavar="NAME", help="Only this company.")
@click.option("--partner", metavar="NAME", help="Only this partner.")
@stack_option
@json_option
@click.pass_context
def reconcile(
    context: click.Context,
    /,
    *,
    since_text: str | None,
    until_text: str | None,
    company: str | None,
    partner: str | None,
    stack: Stack,
    as_json: bool,
) -> int:
    """Put every Visma document of a window beside the ledger and beside what Orderful has.

    It finds what is missing, there twice, different from what was sent, or unknown, what partners sent that is not on
    record, and what Visma no longer has, and says what to do about each. It sends nothing and changes nothing. Every
    night the same is done for the last 14 days: `connector reconcile list`. Exit code 3: something was found.
    """
    if context.invoked_subcommand:
        return 0
    from connector.adapters.clock import FixedDeadline
    from connector.services.reconcile.documents import YOUNG
    from connector.services.reconcile.local_book import LocalBook
    from connector.services.reconcile.run import Reconciler

    routing = stack.routing.load()
    for name, known, what in ((company, routing.companies, "company"), (partner, routing.data["partners"], "partner")):
        if name is not None and name not in known:
            raise WrongInput(f"No {what} '{name}' is in the applied routing, only {', '.join(known)}.")
    now = stack.clock.now()
    since = since_time(since_text, now) if since_text else now - DAYS
    until = min(until_time(until_text, now) if until_text else now, now - YOUNG)
    if since >= until:
        raise WrongInput(
            f"The window ends ({timestamp(until)}) before it begins ({timestamp(since)}); "
            "nothing younger than an hour is judged."
        )
    deadline = FixedDeadline(_PATIENCE)
    book = LocalBook.of(stack.findings.findings(), stack.findings.beginnings())
    reconciler = Reconciler(
        lists=stack.document_list,
        orderful=stack.transaction_list(deadline),
        ledger=stack.ledger,
        records=stack.changes,
        routing=routing,
        stream=stack.stream,
        book=book,
        clock=stack.clock,
        deadline=deadline,
        most_tries=1,
        partner=partner,
        wait=_Patience(stack),
    )
    progress = reconciler.begin(since, until, company=company)
    say(f"This reads Visma, the ledger and Orderful from {timestamp(progress.since)} to {timestamp(progress.until)}.")
    tell = Progress()
    book.on_progress = lambda one: tell(
        f"{one.at} of {len(one.steps)} lists, {counted(one.documents, 'document')} and "
        f"{counted(one.transactions, 'transaction')} so far"
    )
    progress = reconciler.go_on(progress)
    found = [one for one in book.findings() if one.last_seen >= progress.started_at]
    problems = list(progress.problems)
    if not progress.is_done:
        problems.append("Not everything was read: what is left of Visma's hour belongs to polling. Try again later.")
    read = (
        f"{counted(progress.documents, 'document')}, {counted(progress.transactions, 'transaction')} that we sent and "
        f"{progress.received} that we received read; "
        f"{counted(len(found), 'finding')}. What changed after {timestamp(progress.until)} is not judged yet."
    )
    show(
        {
            "since": progress.since,
            "until": progress.until,
            "documents": progress.documents,
            "transactions": progress.transactions,
            "received": progress.received,
            "findings": [_plain(one) for one in found],
            "problems": problems,
        },
        lambda: "\n".join(
            [
                *([_table(found)] if found else []),
                read,
                *(f"Not read: {one}" for one in problems),
            ]
        ),
        as_json=as_json,
    )
    return FAILED if problems else PARKED if found else 0


@reconcile.command("list", short_help="List what the nightly runs have found.")
@click.option("--all", "with_closed", is_flag=True, help="What a person has closed as well.")
@stack_option
@json_option
def list_findings(*, with_closed: bool, stack: Stack, as_json: bool) -> int:
    """List what the nightly runs have found and nobody has closed, the oldest first.

    Exit code 1: the last run could not read everything. Open findings are no error here; `connector status` counts
    them.
    """
    found = sorted(stack.findings.findings(), key=lambda one: (one.first_seen, one.subject))
    found = [one for one in found if with_closed or one.is_open]
    progress = stack.findings.progress()
    ended = progress.ended_at if progress else None
    problems = progress.problems if progress else ()
    state = (
        f"The last nightly run ended {timestamp(ended)}."
        if ended
        else "No nightly run has ended yet, or one is under way. What a run by hand finds is shown by it and not kept."
    )
    show(
        {"last_run": ended, "findings": [_plain(one) for one in found], "problems": problems},
        lambda: "\n".join(
            [
                *([_table(found)] if found else ["No finding is open." if problems else "Nothing is open."]),
                state,
                *(f"Not read: {one}" for one in problems),
            ]
        ),
        as_json=as_json,
    )
    return FAILED if problems else 0


@reconcile.command("close", short_help="Close a finding that was dealt with.")
@click.argument("finding_id", metavar="ID")
@reason_option("Why; it is kept.")
@by_option
@stack_option
@json_option
def close_finding(*, finding_id: str, why: str | None, by: str | None, stack: Stack, as_json: bool) -> int:
    """Close a finding of the nightly runs, so that it is not told again unless it changes. ID as in `list`.

    It takes a reason, and asks for it at a terminal.
    """
    can_have_reason(why)
    found = next((one for one in stack.findings.findings() if one.finding_id == finding_id.lower()), None)
    if found is None:
        raise WrongInput(f"No nightly run has a finding '{finding_id}'; connector reconcile list shows them.")
    say(f"{found.category}, {found.subject}: {found.sentence}")
    because = reason(why)
    name, caller = decider(stack, by)
    closed = replace(
        found,
        closed_at=stack.clock.now(),
        closed_by=f"{name} ({caller})",
        closed_because=truncated(because, _MAX_REASON_LENGTH),
    )
    stack.findings.put(closed)
    show(_plain(closed), lambda: f"{found.finding_id} is closed: {found.category}, {found.subject}.", as_json=as_json)
    return 0


@dataclass
class _Patience:
    """Waits out the pauses that Orderful and Visma ask for, as long as a person may wait in all."""

    stack: Stack
    left: timedelta = _PATIENCE

    def __call__(self, pause: timedelta) -> bool:
        if pause > self.left:
            return False
        self.left -= pause
        say(f"A pause was asked for; this goes on at {timestamp(self.stack.clock.now() + pause)}.")
        self.stack.wait(pause)
        return True


def _plain(finding: Finding) -> dict[str, object]:
    data: dict[str, object] = to_builtins(finding)
    return {"id": finding.finding_id, **data}


def _table(found: Sequence[Finding]) -> str:
    return table(
        ("id", "what", "document or transaction", "of", "why"),
        [(one.finding_id, one.category, one.document or one.subject, one.at, _why(one)) for one in found],
        steps=[one.next_step if one.is_open else None for one in found],
    )


def _why(finding: Finding) -> str:
    if finding.is_open:
        return finding.sentence
    return f"{finding.sentence} Closed by {finding.closed_by}: {finding.closed_because}"
