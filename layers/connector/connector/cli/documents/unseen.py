"""Why a document that is in Visma may not be in the ledger; Visma is asked for it where a person wants that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connector.cli.output import minute, span
from connector.cli.routing_summary import go_live_text
from connector.cli.stack import Stack
from connector.domain.documents import Kind
from connector.domain.errors import ConnectorError
from connector.domain.routing.route import Company
from connector.domain.visma_clock import to_utc
from connector.services.ports import Resource


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person looks for: a number, and company and kind where they were named."""

    number: str
    company: str | None = None
    kind: Kind | None = None

    def lists(self, stack: Stack) -> Iterator[tuple[Company, Resource]]:
        """The lists in which it would be."""
        for name, company in stack.routing.load().companies.items():
            if self.company in {None, name}:
                yield from ((company, one) for one in Resource if self.kind in {None, one.kind})


def why_unseen(stack: Stack, wanted: Wanted) -> str:
    """What may keep it out of the ledger, a line each."""
    companies = stack.routing.load().companies
    if wanted.company is not None and wanted.company not in companies:
        return (
            f"Company '{wanted.company}' is not in the routing in force, so nothing of it is read. There are "
            f"{', '.join(companies)}."
        )
    lines = [f"Not in the list yet: {line}." for line in _how_far_read(stack, wanted)]
    for company in {company.name: company for company, _ in wanted.lists(stack)}.values():
        lines += _bounds_of(company)
    if wanted.company is None:
        lines.append(f"Of another company: the routing in force has {', '.join(companies)}.")
    return "What may be:\n" + "\n".join(f"  {line}" for line in lines)


def _how_far_read(stack: Stack, wanted: Wanted) -> Iterator[str]:
    """How far each list was read, and whether it fails."""
    now = stack.clock.now()
    views = {(view.company, view.resource): view for view in stack.cursors.all_cursors()}
    health = {(one.company, one.resource): one for one in stack.health.read().lists}
    for company, resource in wanted.lists(stack):
        view, state = views.get((company.name, resource.value)), health.get((company.name, resource.value))
        said = "never read to its end so far"
        if view is not None and view.caught_up_at is not None:
            said = f"read up to {minute(view.caught_up_at)}, {span(max(now - view.caught_up_at, timedelta(0)))} ago"
        if view is not None and view.waiting:
            said += f", and {view.waiting} wait until they have settled"
        if state is not None and state.failing_since is not None:
            said += f"; it fails since {minute(state.failing_since)}: {(state.problem or 'see the log').rstrip('.')}"
        yield f"{company.name} {resource.value} is {said}"


def _bounds_of(company: Company) -> Iterator[str]:
    """What of a company is not read, or not yet."""
    settle, cap = span(company.visma.settle), span(company.visma.settle_cap)
    yield f"Changed just now: {company.name} takes what was unchanged for {settle}, after {cap} at the latest."
    if company.visma.branch:
        yield f"Of another branch: {company.name} reads branch {company.visma.branch} alone."
    live = f"{company.name} went live {go_live_text(company.go_live)}" if company.go_live else f"{company.name}"
    yield (
        f"Older than the beginning: {live}; what has not changed since reading began, at go-live or 14 days before the "
        "first poll, was never read. `connector baseline` records what is open."
    )


def seen_by_visma(stack: Stack, wanted: Wanted) -> str:
    """What Visma answers for the number, a line for each list in which it has it."""
    lines, asked = [], 0
    for company, resource in wanted.lists(stack):
        asked += 1
        try:
            found = _asked(stack, company, resource, wanted.number)
        except ConnectorError as problem:
            lines.append(f"{company.name} {resource.value}: {problem.sentence}")
            continue
        if found is not None:
            lines.append(_seen(stack, company, resource, found))
    return "\n".join(lines) or f"Visma has it in none of the {asked} lists that were asked."


def _asked(stack: Stack, company: Company, resource: Resource, number: str) -> Mapping[str, Any] | None:
    """The document as Visma shows it by its number; None when it has none."""
    document_type, _, number = number.rpartition(":")
    # Visma: the type stands in the address of supplier invoices alone.
    in_address = document_type if resource is Resource.SUPPLIER_INVOICES else ""
    data = stack.visma(company).find_document(resource, number, in_address)
    return data if isinstance(data, Mapping) else None


def _seen(stack: Stack, company: Company, resource: Resource, data: Mapping[str, Any]) -> str:
    """What Visma shows of a document, and what that says of why it is not in the ledger."""
    zone = ZoneInfo(company.visma.time_zone or "UTC")
    changed = to_utc(str(data.get("lastModifiedDateTime") or ""), zone)
    branch = data.get("branch") or data.get("branchNumber")
    number = branch.get("number") if isinstance(branch, Mapping) else None
    views = {(one.company, one.resource): one for one in stack.cursors.all_cursors()}
    view = views.get((company.name, resource.value))
    one = resource.name.lower().replace("_", " ").removesuffix("s")
    says = f"Visma has this {one} in {company.name}: {data.get('status') or 'without a status'}"
    says += f", changed {minute(changed)}." if changed else "."
    if company.visma.branch and number is not None and str(number) != company.visma.branch:
        return f"{says} It is of branch {number}; only branch {company.visma.branch} is read."
    if changed is None or view is None or view.caught_up_at is None:
        return f"{says} The list was not read to its end yet: it comes with it."
    if changed >= view.caught_up_at - company.visma.settle_cap:
        return f"{says} The list was read up to {minute(view.caught_up_at)}: it comes with one of the next polls."
    day = f"{changed:%Y-%m-%d}"
    return (
        f"{says} The list was read later than that. Either it has not changed since reading began: save it again in "
        f"Visma. Or it was missed: connector reconcile --since {day} --company {company.name}."
    )
