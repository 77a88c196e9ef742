"""`connector pause` and `connector resume`: keep documents from being sent, and let them go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, TypeVar

import click

from connector.cli.config import onboarding
from connector.cli.documents.filters import is_former_name
from connector.cli.kinds import listed_kind_option
from connector.cli.output import WrongInput, go_on, json_option, say, show
from connector.cli.people import by_option, can_have_reason, decider, reason, reason_option
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.documents import Kind
from connector.domain.errors import Conflict, ConnectorError
from connector.domain.layout import counted
from connector.domain.pause import Act, Pause, Scope
from connector.domain.revision.record import UNRESOLVED, State
from connector.domain.routing.resolve import Routing
from connector.services.listing import Selection, find
from connector.services.release import Forecast, ReleaseEffect
from connector.services.resume import Resumable, let_go, resumable
from connector.services.status_text import LEFT_BEHIND

_Command = TypeVar("_Command", bound=Callable[..., Any])

_MAX_REASON_LENGTH = 500
"""Characters: all pauses stand in one item, which is read before each document is sent."""

_BEING_SENT = frozenset({State.TRANSLATED, *UNRESOLVED})

_SEEN_BY_ALL = timedelta(seconds=3)
"""How long after the end of a pause a worker may still park for it, by what it read before (`BELIEVED_FOR` of
adapters/aws/breaker.py), and the index may not show that yet (DynamoDB: usually a fraction of a second)."""

_BECOMES = {
    ReleaseEffect.NOT_NOW: ("is not to be sent any more", "are not to be sent any more"),
    ReleaseEffect.BASELINE: ("is from before go-live", "are from before go-live"),
    ReleaseEffect.WAITS: ("then waits for something else", "then wait for something else"),
}
"""Of one document that the end of a pause does not send, and of several."""


def _scope_options(command: _Command) -> _Command:
    """Add what is meant; the command gets `scope`, which is None when nothing was named."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="Whatever the company, partner and kind."),
        listed_kind_option("Documents of this kind."),
        click.option("--partner", metavar="NAME", help="Documents of this partner, by its name in the routing file."),
        click.option("--company", metavar="NAME", help="Documents of this company, by its name in the routing file."),
    ):
        command = option(command)
    return command


def _scope(company: str | None, partner: str | None, kind: str | None, *, everything: bool) -> Scope:
    scope = Scope(company, partner, Kind(kind) if kind else None)
    if everything is (scope != Scope()):
        raise WrongInput("Say what is meant: --company, --partner and --kind, or --all.")
    return scope


@click.command(short_help="Keep documents from being sent.")
@_scope_options
@reason_option("Why; it is shown with each document that waits.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@by_option
@stack_option
@json_option
def pause(
    *,
    company: str | None,
    partner: str | None,
    kind: str | None,
    everything: bool,
    why: str | None,
    yes: bool,
    by: str | None,
    stack: Stack,
    as_json: bool,
) -> int:
    """Keep the documents of a company, a partner or a kind from being sent, from the next one on.

    They are parked with the reason code `paused`, not skipped, and changes that partners ask for (860) wait as well.
    Polling goes on. `connector resume` lets each document go once, as it stands in Visma by then. A pause stays when
    another routing file is applied.

    """
    scope = _scope(company, partner, kind, everything=everything)
    can_have_reason(why)
    if scope != Scope():
        routing = stack.routing.load()
        problem = keeps_nothing(scope, routing)
        if problem is not None and not is_former_name(stack, routing, partner):
            raise WrongInput(problem)
    if (already := _paused_already(stack, scope)) is not None:
        raise WrongInput(already)
    what, whose = ("no document", "of orders") if scope == Scope() else ("no such document", "of such orders")
    say(
        f"This pauses {scope} on {stack.title}: {what} is sent from now on, and changes {whose} are not written by the "
        "rules. A post that has begun ends."
    )
    if partner is not None:
        for sentence in _under_former_names(stack, scope, routing):
            say(sentence)
    because = reason(why)
    if len(because) > _MAX_REASON_LENGTH:
        raise WrongInput(
            f"The reason is longer than {_MAX_REASON_LENGTH} characters; it stands in each document that waits."
        )
    go_on(stack.title, yes=yes)
    by, caller = decider(stack, by)
    made = Pause(scope=scope, since=stack.clock.now(), by=by, caller=caller, reason=because)
    try:
        stack.breaker.pause(made)
    except Conflict:
        raise WrongInput(_paused_already(stack, scope) or f"{scope} is paused already.") from None
    show(
        _as_data(made),
        lambda: f"{made.sentence}\nWhen it may go on: connector resume {scope.options}",
        as_json=as_json,
    )
    return 0


@click.command(short_help="End a pause, and let go what it kept.")
@_scope_options
@click.option("--left-behind", is_flag=True, help="End none; let go what no pause keeps any more.")
@click.option("--dry-run", is_flag=True, help="Show only; nothing is changed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@by_option
@stack_option
@json_option
def resume(
    *,
    company: str | None,
    partner: str | None,
    kind: str | None,
    everything: bool,
    left_behind: bool,
    dry_run: bool,
    yes: bool,
    by: str | None,
    stack: Stack,
    as_json: bool,
) -> int:
    """End a pause, and let go what it kept: each document once, as it stands in Visma by now. --all ends every pause.

    It says first how many documents would leave, from when, and their sums. A document that was cancelled meanwhile and
    that the partner never got is not sent. What an interrupted one has left goes on with --left-behind.

    """
    if left_behind and (everything or company is not None or partner is not None or kind is not None):
        raise WrongInput("--left-behind goes without --company, --partner, --kind and --all: it ends no pause.")
    scope = _scope(company, partner, kind, everything=everything or left_behind)
    routing, pauses = stack.routing.load(), _pauses(stack)
    ending = [one for one in pauses if everything or (one.scope == scope and not left_behind)]
    staying = [one for one in pauses if one not in ending]

    def waiting(before: Resumable | None = None) -> Resumable:
        return resumable(
            scope,
            staying=staying,
            ledger=stack.ledger,
            changes=stack.changes,
            routing=routing,
            stream=stack.stream,
            now=stack.clock.now(),
            before=before,
        )

    found = waiting()
    result = {"ends": [_as_data(one) for one in ending], **_summary(found)}
    if left_behind and not found:
        show(result, lambda: "No pause has left anything behind.", as_json=as_json)
        return 0
    if not ending and not found:
        raise WrongInput(_no_such(scope, pauses))
    for one in ending:
        say(f"Ends on {stack.title}: {one.sentence}")
    if left_behind:
        say(f"No pause ends on {stack.title}; what none keeps any more goes on.")
    elif not ending:
        say(f"No pause of {scope} is in force on {stack.title}; what one has left behind goes on.")
    say(_summary_text(found))
    if dry_run:
        show({"dry_run": True, **result}, lambda: "Nothing was changed (--dry-run).", as_json=as_json)
        return 0
    go_on(stack.title, yes=yes)
    by, caller = decider(stack, by)
    what = "what was left behind" if left_behind else str(scope)
    try:
        for one in ending:
            stack.breaker.resume(one.scope)
        stack.breaker.note(Act(stack.clock.now(), by, caller, f"resumed {what}"))
        if ending:
            stack.wait(_SEEN_BY_ALL)
        # While the question stood, some may have been parked, and persons may have closed others.
        found = waiting(found)
        number = len(found.documents)
        let_go(
            found,
            ledger=stack.ledger,
            outbox=stack.outbox,
            payloads=stack.payloads,
            changes=stack.changes,
            clock=stack.clock,
            progress=lambda done: say(f"{done} of {number} documents let go.") if done < number else None,
        )
    except (ConnectorError, KeyboardInterrupt):
        say(_unfinished(ending))
        raise
    show(
        {**result, **_summary(found)},
        lambda: (
            f"Resumed {what}: {counted(len(found.documents) + len(found.withdrawals), 'document')} and "
            f"{counted(len(found.changes), 'change')} let go."
        ),
        as_json=as_json,
    )
    return 0


def _pauses(stack: Stack) -> Sequence[Pause]:
    return stack.breaker.pauses(now=stack.clock.now())


def _paused_already(stack: Stack, scope: Scope) -> str | None:
    """The pause of exactly this scope; None without one."""
    for one in _pauses(stack):
        if one.scope == scope:
            return (
                f"{one.sentence}\nIt stays as it is, with that reason. To give another one, end it and pause again: "
                f"connector resume {scope.options}"
            )
    return None


def keeps_nothing(scope: Scope, routing: Routing) -> str | None:
    """Why no document of the routing in force can be meant; None when one can."""
    for word, name, known in (
        ("company", scope.company, routing.data["companies"]),
        ("partner", scope.partner, routing.data.get("partners") or {}),
    ):
        if name is not None and name not in known:
            near = get_close_matches(name, known, n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else f"; it knows {', '.join(sorted(known))}."
            return f"The routing in force knows no {word} '{name}'{hint}"
    if scope.partner is None:
        return None
    mapped = [(company, role) for company, partner, role, _ in routing.numbers() if partner == scope.partner]
    if scope.company not in {None, *(company for company, _ in mapped)}:
        others = ", ".join(sorted({company for company, _ in mapped})) or "none"
        return f"Partner {scope.partner} has no number in company {scope.company}; it is of company {others}."
    role = scope.kind.facts.counterparty if scope.kind else None
    if role is not None and role not in {of for _, of in mapped}:
        return f"Partner {scope.partner} is no {role}: it gets no document of the kind {scope.kind}."
    return None


def _under_former_names(stack: Stack, scope: Scope, routing: Routing) -> Iterator[str]:
    """What the pause of a partner does not keep: documents that were translated before the partner was renamed."""
    wanted = Selection(states=_BEING_SENT, company=scope.company, partner=scope.partner, kind=scope.kind)
    found = Counter(one.partner for one in find(stack.ledger, routing, wanted, limit=None).rows)
    for name, number in found.items():
        if name not in {None, scope.partner}:
            yield (
                f"On record under the former name {name}, which this does not pause: {counted(number, 'document')} on "
                f"the way. To keep them: connector pause {replace(scope, partner=name).options}"
            )


def _no_such(scope: Scope, pauses: Sequence[Pause]) -> str:
    if not pauses:
        whose = "" if scope == Scope() else f" of {scope}"
        return f"Nothing is paused, and no document{whose} waits for the end of a pause."
    listed = "\n".join(f"  {one.sentence} (connector resume {one.scope.options})" for one in pauses)
    return f"No pause of exactly {scope} is in force. In force:\n{listed}"


def _unfinished(ending: Sequence[Pause]) -> str:
    ended = "The pause may have ended, and not" if ending else "Not"
    return f"{ended} everything was let go. What is left does not leave by itself; go on with: {LEFT_BEHIND}"


def _summary_text(found: Resumable) -> str:
    parts = []
    leaving = [one for one in found.documents if one.would_leave]
    if leaving:
        parts.append(onboarding.leaving_text(leaving))
    elif not found.withdrawals and not found.changes:
        parts.append("No document would leave.")
    for effect, (one_is, several_are) in _BECOMES.items():
        some = [one for one in found.documents if one.effect is effect]
        if some:
            stays = several_are if len(some) > 1 else one_is
            parts.append(f"{counted(len(some), 'document')} {stays}, such as {some[0].key}: {some[0].why or '-'}")
    if found.withdrawals:
        parts.append(f"{counted(len(found.withdrawals), 'cancellation')} for former partners would leave.")
    if found.changes:
        parts.append(f"{counted(len(found.changes), 'change')} of partners (860) would be decided.")
    parts += [
        f"{one.key} cannot be read and stays parked: connector documents close {one.key}" for one in found.unreadable
    ]
    parts += [
        f"{counted(number, 'document')} more of these {'stay' if number > 1 else 'stays'} parked, because of another "
        f"pause. {pause.sentence} (connector resume {pause.scope.options})"
        for pause, number in found.kept.items()
    ]
    return "\n".join(parts)


def _summary(found: Resumable) -> dict[str, Any]:
    return {
        "documents": onboarding.summary(found.documents),
        "released": [_named(one) for one in found.documents],
        "withdrawals": [str(one.key) for one in found.withdrawals],
        "changes": [one.transaction_id for one in found.changes],
        "unreadable": [str(one.key) for one in found.unreadable],
        "kept": sum(found.kept.values()),
    }


def _named(one: Forecast) -> dict[str, Any]:
    return {"document": str(one.key), "sequence": one.revision.sequence, "becomes": one.effect}


def _as_data(one: Pause) -> dict[str, Any]:
    scope = one.scope
    return {
        "company": scope.company,
        "partner": scope.partner,
        "kind": scope.kind,
        "since": one.since,
        "by": one.by,
        "caller": one.caller,
        "reason": one.reason,
    }
