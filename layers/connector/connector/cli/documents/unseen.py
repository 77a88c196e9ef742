"""Why a document that is in Visma may not be in the ledger; Visma is asked for it where a person wants that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connector.cli.config.summary import go_live_text
from connector.cli.output import minute
from connector.cli.stack.stack import Stack
from connector.domain.documents import Kind
from connector.domain.errors import ConnectorError
from connector.domain.layout import span
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
    lines = [f"Not read yet: {line}." for line in _how_far_read(stack, wanted)]
    lines += _bounds_of(list({company.name: company for company, _ in wanted.lists(stack)}.values()))
    if wanted.company is None:
        lines.append(f"Of another company: the routing in force has {', '.join(companies)}.")
    return "What may be:\n" + "\n".join(f"  {line}" for line in lines)


def _how_far_read(stack: Stack, wanted: Wanted) -> Iterator[str]:
    """How far the list was read that is furthest behind, and each other one that fails."""
    now = stack.clock.now()
    views = {(view.company, view.resource): view for view in stack.cursors.all_cursors()}
    health = {(one.company, one.resource): one for one in stack.health.read().lists}
    lists = [(company.name, resource.value) for company, resource in wanted.lists(stack)]

    def read_up_to(one: tuple[str, str]) -> datetime:
        view = views.get(one)
        return (view and view.caught_up_at) or datetime.min.replace(tzinfo=UTC)

    lists.sort(key=read_up_to)
    for number, one in enumerate(lists):
        view, state = views.get(one), health.get(one)
        fails = state is not None and state.failing_since is not None
        if number and not fails:
            continue
        said = "never read to its end so far"
        if view is not None and view.caught_up_at is not None:
            said = f"read up to {minute(view.caught_up_at)}, {span(max(now - view.caught_up_at, timedelta(0)))} ago"
        if view is not None and view.waiting:
            said += f", and {view.waiting} wait until they have settled"
        if state is not None and state.failing_since is not None:
            said += f"; it fails since {minute(state.failing_since)}: {(state.problem or 'see the log').rstrip('.')}"
        furthest = f"of {len(lists)} lists the furthest behind, " if len(lists) > 1 and not number else ""
        yield f"{furthest}{' '.join(one)} is {said}"


def _bounds_of(companies: Sequence[Company]) -> Iterator[str]:
    """What of the companies is not read, or not yet; those that are alike together."""
    for (settle, cap), names in _alike(companies, lambda one: (one.visma.settle, one.visma.settle_cap)):
        yield f"Changed just now: {names} takes what was unchanged for {span(settle)}, after {span(cap)} at the latest."
    for branch, names in _alike(companies, lambda one: one.visma.branch):
        if branch:
            yield f"Of another branch: {names} reads branch {branch} alone."
    for live, names in _alike(companies, lambda one: go_live_text(one.go_live)):
        yield (
            f"Older than the beginning: {names}{f' went live {live}' if live else ''}; what has not changed since "
            "reading began, at go-live or 14 days before the first poll, was never read. `connector baseline` records "
            "what is open."
        )


def _alike(companies: Sequence[Company], by: Callable[[Company], Any]) -> Iterator[tuple[Any, str]]:
    """Companies in which a value is the same: the value, and their names."""
    groups: dict[Any, list[str]] = {}
    for one in companies:
        groups.setdefault(by(one), []).append(one.name)
    for value, names in groups.items():
        yield value, f"each of {', '.join(names)}" if len(names) > 1 else names[0]


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
    in_path = document_type if resource.declared.type_in_path else ""
    data = stack.visma(company).find_document(resource, number, in_path)
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
