"""What would become of the partners' recent documents under a file that is not applied yet, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from connector.adapters.clock import FixedDeadline
from connector.cli.doctor.finding import Finding, Mark, failed
from connector.cli.stack.stack import Stack
from connector.domain.errors import ConnectorError
from connector.domain.layout import counted
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import Company, OnUnmapped
from connector.services.outbound.dry_run import (
    MAX_PAGES,
    NEWEST,
    DryRun,
    DryRunResult,
    Obstacle,
    PartnerOutcome,
    Stranger,
)

_PATIENCE = timedelta(minutes=5)
_NAMED = 5


def examine_recent(stack: Stack, routing: Routing, company: Company) -> Iterator[Finding]:
    """One finding for each kind and partner of a company, and one for those that no partner is.

    Documents are read from Visma's lists and translated; nothing is sent, queued or recorded.
    """
    run = DryRun(lists=stack.document_list, routing=routing, stream=stack.stream, deadline=FixedDeadline(_PATIENCE))
    try:
        for result in run.run(company, today=stack.clock.now().date()):
            for outcome in result.partners:
                yield _of_partner(result, outcome)
            if result.strangers:
                yield _strangers(company, result.strangers)
    except ConnectorError as error:
        yield failed(f"recent documents {company.name}", error)


def _of_partner(result: DryRunResult, outcome: PartnerOutcome) -> Finding:
    kind = f"{outcome.kind.label}s"
    check = f"recent {kind} of {outcome.partner}"
    if not outcome.documents:
        among = "" if result.is_whole else f" among the first {MAX_PAGES} pages of Visma's list"
        return Finding(Mark.OK, check, f"none was changed since {result.since}{among}.", is_asked=True)
    whole = "" if result.is_whole else f", among the first {MAX_PAGES} pages of Visma's list"
    newest = "all" if outcome.documents < NEWEST else "the newest"
    parts = [f"of {newest} {outcome.documents} (changed since {result.since}{whole}), {outcome.sent} would be sent"]
    parts += [_part(one) for one in outcome.obstacles]
    if outcome.units:
        parts.append(f"units without a mapping: {', '.join(outcome.units)}")
    steps = [f"Add {key}: <unit> to the routing file." for key in outcome.units.values()]
    parked = [one for one in outcome.obstacles if one.is_parked]
    steps += [one.next_step for one in parked if one.next_step and one.waits_for not in outcome.units.values()]
    mark = Mark.WARN if parked else Mark.OK
    return Finding(mark, check, f"{'; '.join(parts)}.", " ".join(dict.fromkeys(steps)) or None, is_asked=True)


def _part(obstacle: Obstacle) -> str:
    what = "would be parked" if obstacle.is_parked else "would not be sent"
    return f"{obstacle.documents} {what}: {obstacle.sentence.rstrip('.')} ({obstacle.example})"


def _strangers(company: Company, strangers: Sequence[Stranger]) -> Finding:
    """Whose documents the file has no partner for."""
    kind, role = strangers[0].kind, strangers[0].kind.facts.counterparty
    most = sorted(strangers, key=lambda one: -one.documents)
    named = ", ".join(f"{one.number} {one.name or ''}".strip() + f" ({one.documents})" for one in most[:_NAMED])
    more = f" and {len(most) - _NAMED} more" if len(most) > _NAMED else ""
    parks = company.unmapped_partner is OnUnmapped.PARK
    total = sum(one.documents for one in strangers)
    sentence = (
        f"{counted(total, kind.label)} of {counted(len(most), role)} that no partner of the file is would be "
        f"{'parked' if parks else 'left alone (unmapped_partner: skip)'}: {named}{more}."
    )
    step = (
        f"Add those that get EDI under partners, with visma.{role}; if the others never do, set unmapped_partner: skip "
        f"for company {company.name}."
    )
    mark = Mark.WARN if parks else Mark.OK
    check = f"{kind.label}s of {company.name} without a partner"
    return Finding(mark, check, sentence, step if parks else None, is_asked=True)
