"""`connector baseline`: records what is open in Visma without sending it, so that later changes can be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import Any

import click

from connector.cli.output import FAILED, WrongInput, go_on, json_option, say, show, table
from connector.cli.progress import Progress
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.errors import ConnectorError
from connector.domain.layout import counted
from connector.domain.routing.route import Company
from connector.domain.visma_clock import to_utc, zone_named
from connector.services.ports import Page, Resource, Row

CLOSED = frozenset({"Closed", "Voided", "Cancelled"})
"""Statuses of documents with which nothing more happens."""

_AT_ONCE = 500
_MAX_PAGES = 20_000


@click.command(short_help="Record what is open, send nothing.")
@click.option("--company", metavar="NAME", help="Only this company.")
@stack_option
@click.option("--dry-run", is_flag=True, help="Count only; nothing is recorded.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def baseline(*, company: str | None, stack: Stack, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Record the documents that are open in Visma as known, without sending any.

    Run it once at go-live. A document from before go-live is then recorded as it stands, and a later change of it is
    told from a mere touch (a payment, a receipt, an upgrade). What is from after go-live is left to polling.
    Run it again after go_live was corrected: what is on record as from before it and is from after it now becomes a
    question.
    """
    routing = stack.routing.load()
    if company is not None and company not in routing.companies:
        raise WrongInput(f"No company '{company}' is in the applied routing, only {', '.join(routing.companies)}.")
    companies = [one for name, one in routing.companies.items() if company in {None, name}]
    verb = "counts" if dry_run else "records"
    say(
        f"This reads every open document of {', '.join(one.name for one in companies)} and {verb} it. It sends nothing."
    )
    go_on(stack.title, yes=yes or dry_run)
    progress = Progress()
    found = [_read(stack, one, resource, progress, dry_run=dry_run) for one in companies for resource in Resource]
    show(
        found,
        lambda: (
            table(
                ("company", "list", "open", "queued", "problem"),
                [(row["company"], row["resource"], row["open"], row["queued"], row["problem"]) for row in found],
            )
            + f"\n{_outcome(found, dry_run=dry_run)}"
        ),
        as_json=as_json,
    )
    return FAILED if any(row["problem"] for row in found) else 0


def _outcome(found: list[dict[str, Any]], *, dry_run: bool) -> str:
    if dry_run:
        is_open = sum(row["open"] for row in found)
        return (
            f"{counted(is_open, 'document')} {'is' if is_open == 1 else 'are'} open; nothing was recorded (--dry-run)."
        )
    queued = sum(row["queued"] for row in found)
    return (
        f"{counted(queued, 'document')} queued. What the ledger knows already, or what is from after go-live, is left "
        "alone; `connector documents list --state baseline` lists what is recorded."
    )


def _read(stack: Stack, company: Company, resource: Resource, progress: Progress, *, dry_run: bool) -> dict[str, Any]:
    """Read one list and queue what is open; a list that fails does not stop the others."""
    from connector.services.messages import DocumentMessage

    counts: Counter[str] = Counter()
    messages: list[DocumentMessage] = []
    problem = None
    begun = _begun(stack, company, resource)
    try:
        for row, seen_at in open_rows(stack, company, resource):
            counts["open"] += 1
            progress(f"{company.name} {resource.value}: {counts['open']} open so far")
            if dry_run:
                continue
            messages.append(_message(stack, company, resource, row, seen_at=seen_at, begun=begun))
            if len(messages) >= _AT_ONCE:
                counts["queued"] += _queue(stack, messages)
        counts["queued"] += _queue(stack, messages)
    except ConnectorError as error:
        problem = str(error)
    return {
        "company": company.name,
        "resource": resource.value,
        "open": counts["open"],
        "queued": counts["queued"],
        "problem": problem,
    }


def open_rows(stack: Stack, company: Company, resource: Resource) -> Iterator[tuple[Row, datetime]]:
    """Every open document of a list, each once, with Visma's time when it showed it.

    Raises:
        ConnectorError: the list cannot be read to its end.
    """
    from connector.edi.visma.fields import text_if_any
    from connector.edi.visma.read import NotADocument, decode
    from connector.services.outbound.poll import number_of

    client = stack.visma(company)
    seen: set[str] = set()
    for status in sorted(resource.kind.facts.statuses - CLOSED):
        answers_another = False
        for page in _pages(client, company, resource, status):
            for row in page.rows:
                try:
                    word = text_if_any(decode(row.raw), "status")
                except NotADocument:
                    word = None
                answers_another = answers_another or word != status
                number = number_of(resource, row)
                if word in CLOSED or number in seen:
                    continue
                seen.add(number)
                yield row, page.server_time
        if answers_another:
            return  # Visma ignored the question for a status and has listed every document


def _pages(client: Any, company: Company, resource: Resource, status: str) -> Iterator[Page]:
    """Pages until an empty one: how many rows there are is nobody's word to take."""
    for number in count(1):
        page: Page = client.list_in_status(resource, status, page=number, page_size=company.visma.page_size)
        if (not page.rows and not page.damaged) or number > _MAX_PAGES:
            return
        yield page


def _message(
    stack: Stack, company: Company, resource: Resource, row: Row, *, seen_at: datetime, begun: datetime | None
) -> Any:
    from connector.domain.revision.cause import Cause
    from connector.services.claim_check import loaded
    from connector.services.messages import DocumentMessage
    from connector.services.outbound.poll import number_of

    modified = to_utc(row.modified_at, zone_named(company.visma.time_zone)) if row.modified_at else None
    message = DocumentMessage(
        company=company.name,
        kind=resource.kind,
        number=number_of(resource, row),
        modified_at=modified or seen_at,
        seen_at=seen_at,
        listed_since=begun,
        first_scan=begun is None,
        cause=Cause.BASELINE.named_at(stack.clock.now()),
    )
    return loaded(message, row.raw, stack.payloads, at=seen_at)


def _begun(stack: Stack, company: Company, resource: Resource) -> datetime | None:
    """When polling began to read the list; None when it has not."""
    views = stack.cursors.all_cursors()
    return next((v.begun_at for v in views if (v.company, v.resource) == (company.name, resource.value)), None)


def _queue(stack: Stack, messages: list[Any]) -> int:
    queued = len(messages)
    if messages:
        stack.outbox.documents(messages)
        messages.clear()
    return queued
