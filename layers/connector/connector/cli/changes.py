"""`connector changes`: what came in about our orders, and a person's word about what is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import click
import msgspec

from connector.cli.change_meanings import meaning
from connector.cli.comparison import all_reasons, comparison, comparison_data, unwritten
from connector.cli.documents.find import check_is_no_half_key, key_of
from connector.cli.output import Failed, WrongInput, counted, go_on, json_option, moment, say, show, table
from connector.cli.people import by_option, decider
from connector.cli.readings import reading_of, reading_option
from connector.cli.reasons import reason_option, with_labels
from connector.cli.stack import Stack, stack_option
from connector.domain.documents import DocumentKey, Kind
from connector.domain.order_change.record import (
    CHANGE,
    FOR_A_PERSON,
    NOBODY,
    OPEN_CHANGES,
    ApprovalEffect,
    Change,
    ChangeState,
    apply_order,
    later_changes,
    peers,
)

_MOVING = (ChangeState.RECEIVED, ChangeState.APPLYING)
# Those that need a person first.
_OPEN = (*FOR_A_PERSON, *(state for state in OPEN_CHANGES if state not in FOR_A_PERSON))

_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group(short_help="Incoming changes (860) of orders.")
def changes() -> None:
    """Incoming changes (860) of purchase orders, and what became of them."""


@changes.command("list", short_help="List changes that are open.")
@click.option("--state", type=click.Choice([state.value for state in _OPEN], case_sensitive=False), help="Only these.")
@click.option("--company", metavar="NAME", help="Only changes for this company.")
@click.option("--partner", metavar="NAME", help="Only changes by this partner.")
@reason_option
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@stack_option
@json_option
def list_changes(
    *,
    state: str | None,
    company: str | None,
    partner: str | None,
    reason: str | None,
    limit: int,
    stack: Stack,
    as_json: bool,
) -> int:
    """List open changes, those that need a person first, the one that has waited longest on top.

    What is over is found by `show`, under its transaction or its order.
    """
    states = (ChangeState(state),) if state else _OPEN
    wanted = (
        change
        for one in states
        for change in stack.changes.in_state(one)
        if company in (None, change.company)
        and partner in (None, change.partner)
        and reason in (None, *change.reason_codes)
    )
    found = list(islice(wanted, limit))
    if next(wanted, None) is not None:
        say(f"Only the first {limit}; more are open: --limit, --state, --company, --partner or --reason.")
    show(
        [change_summary(change) for change in found],
        lambda: (
            table(
                ("transaction", "order", "state", "partner", "no", "changed", "code", "why"),
                [
                    (
                        *(c.transaction_id, c.key, c.state, c.partner, c.change_sequence, c.updated_at),
                        *(", ".join(c.reason_codes), _why(c)),
                    )
                    for c in found
                ],
                steps=[c.next_step for c in found],
            )
            if found
            else "No such change is open."
        ),
        as_json=as_json,
    )
    return 0


@changes.command("show", short_help="Show a change, or those of an order.")
@click.argument("name", metavar="ID_OR_ORDER")
@stack_option
@json_option
def show_change(*, name: str, stack: Stack, as_json: bool) -> int:
    """Show a change, or all that came in about a document. ID_OR_ORDER is a transaction id, a number or a key."""
    found = [_beside_later(stack, change) for change in _found(stack, name)]
    show(
        {"changes": [_details(change) for change in found]},
        lambda: "\n\n".join(map(_readable, found)),
        as_json=as_json,
    )
    return 0


def _judging(command: _Command) -> _Command:
    """What everybody who decides is asked alike."""
    for option in (
        json_option,
        click.option("--yes", is_flag=True, help="Do not ask."),
        stack_option,
        by_option,
        click.argument("name", metavar="ID"),
    ):
        command = option(command)
    return command


_reason_option = click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept with the change.")


@changes.command("approve", short_help="Write a parked change into its order.")
@_judging
@click.option("--order", metavar="NUMBER", help="The order that is meant, where the change names another number.")
@reading_option
def approve_change(
    *, name: str, by: str | None, order: str | None, reading: str | None, stack: Stack, yes: bool, as_json: bool
) -> int:
    """Have a parked change written into its order. ID is a transaction id, or an order with one parked change.

    With --order it is recorded under that order and decided by the rules, as if the partner had written this number.
    """
    if order is not None and reading is not None:
        raise WrongInput("Name the order first; how its quantities are read is said when it is parked there.")
    change = _beside_later(stack, _parked(stack, name))
    by, caller = decider(stack, by)
    _tell(change)
    if order is not None:
        say(
            f"This has it decided as a change of order {order} of {change.company}, in {by}'s name; it names"
            f" {change.named or change.number}. The rules say what is written. It is parked again if Visma has no such"
            " order, or if the order is not this partner's."
        )
    elif change.approval_effect is ApprovalEffect.LOOKS_AGAIN:
        say(f"Nothing was compared yet: this has it looked at again, as {by}'s wish, and writes nothing by itself.")
    elif change.approval_effect is ApprovalEffect.CLOSES:
        say(
            f"This writes nothing into order {change.number} of {change.company} and closes the change, in {by}'s name."
        )
    elif change.approval_effect is ApprovalEffect.ENDS:
        say(f"This writes nothing into order {change.number} of {change.company}, and ends the change in {by}'s name.")
    else:
        say(
            f"This has it written into order {change.number} of {change.company} as shown, in {by}'s name. If the order"
            " is another by then, if the partner says more about it, or if what speaks against it cannot be approved,"
            " it is parked again."
        )
    if reading is not None:
        say(f"POC03 and POC04 of this change are read as {reading}.")
    go_on(stack.title, yes=yes)

    from connector.services.inbound.review import approve, assign

    who: dict[str, str] = {"by": by, "caller": caller}
    if order is not None:
        approved = assign(
            change, _order(stack, change, order), changes=stack.changes, outbox=stack.outbox, clock=stack.clock, **who
        )
    else:
        read = reading_of(reading)
        approved = approve(change, stack.changes, stack.outbox, stack.clock, **who, reading=read, later=change.later)
    show(change_summary(approved), lambda: _queued(change), as_json=as_json)
    return 0


@changes.command("retry", short_help="Look at an open change again, now.")
@_judging
def retry_change(*, name: str, by: str | None, stack: Stack, yes: bool, as_json: bool) -> int:
    """Have an open change looked at now, as if it had just come in; this approves nothing.

    ID is a transaction id, or an order with one open change. One that is over and still has something to do (Orderful
    was not told, the order is on hold for it) is finished.
    """
    change = _one(stack, name, lambda one: not one.has_ended or one.on_hold or one.is_unconfirmed, "is open")
    by, caller = decider(stack, by)
    _tell(change)
    if not change.has_ended:
        say(
            f"This has it looked at again as {by}'s wish. Nothing is approved by that: what the rules allow is written,"
            " everything else is parked. If another message of its order is being worked on, that may take 15 minutes."
        )
    else:
        say("This has Orderful told of it, and the order released if it is on hold for it. Nothing else is written.")
    go_on(stack.title, yes=yes)

    from connector.services.inbound.review import retry

    again = retry(change, stack.changes, stack.outbox, stack.clock, by=by, caller=caller)
    show(change_summary(again), lambda: _queued(change), as_json=as_json)
    return 0


@changes.command("reject", short_help="Refuse an open change, write nothing.")
@_judging
@_reason_option
def reject_change(*, name: str, by: str | None, reason: str, stack: Stack, yes: bool, as_json: bool) -> int:
    """Have an open change come to nothing. ID is a transaction id, or an order with one open change."""
    change = _open_one(stack, name)
    by, caller = decider(stack, by)
    _tell(change)
    say(f"This ends it in {by}'s name: nothing is written into order {change.number} of {change.company}.")
    say(_WHAT_ORDERFUL_SAYS[change.was_accepted])
    _tell_of_hold(change)
    go_on(stack.title, yes=yes)

    from connector.services.inbound.review import reject

    rejected = _end(stack, change, reject, by=by, caller=caller, reason=reason)
    show(
        change_summary(rejected),
        lambda: f"Change {change.transaction_id} is rejected. {_WHAT_ORDERFUL_SAYS[change.was_accepted]}",
        as_json=as_json,
    )
    return 0


@changes.command("close", short_help="Take an open change as settled by hand.")
@_judging
@_reason_option
def close_change(*, name: str, by: str | None, reason: str, stack: Stack, yes: bool, as_json: bool) -> int:
    """Take an open change as settled by hand. ID is a transaction id, or an order with one open change.

    It ends as CLOSED, not as applied: nothing of it is written by this, and Orderful holds it accepted. One that was
    REFUSED ends as REJECTED: close it when the partner was told.
    """
    change = _open_one(stack, name)
    by, caller = decider(stack, by)
    _tell(change)
    if change.state is ChangeState.REFUSED:
        say(f"This notes in {by}'s name that the partner was told. It stays refused; nothing else is done.")
    else:
        say(
            f"This closes it as settled by hand, in {by}'s name: nothing is written into order {change.number} of"
            f" {change.company}, and Orderful holds it accepted. What the partner has to know, tell it yourself."
        )
    _tell_of_hold(change)
    go_on(stack.title, yes=yes)

    from connector.services.inbound.review import close

    closed = _end(stack, change, close, by=by, caller=caller, reason=reason)
    show(change_summary(closed), lambda: f"Change {change.transaction_id} is closed.", as_json=as_json)
    return 0


_WHAT_ORDERFUL_SAYS = {
    True: "It stays accepted at Orderful, and the partner is not told: tell the partner yourself.",
    False: "Orderful shows it as failed, with the reason. The partner is not told by that: tell the partner yourself.",
}


def _end(stack: Stack, change: Change, how: Callable[..., Change], **said: str) -> Change:
    """Have a change end by a person's word; `how` is `reject` or `close`."""
    return how(
        change,
        changes=stack.changes,
        known=stack.known,
        outbox=stack.outbox,
        clock=stack.clock,
        order=_order(stack, change),
        **said,
    )


def _order(stack: Stack, change: Change, number: str | None = None) -> DocumentKey:
    """The order that a change is about, by the routing in force."""
    from connector.services.inbound.sender_check import owner_of

    company = owner_of(stack.routing.load(), change, stack.stream)
    return DocumentKey.of_order(company.name if company else change.company, number or change.number)


def _beside_later(stack: Stack, change: Change) -> Change:
    """A change that waits for a person, with what its sender has said of the order later, as of now."""
    if change.state is not ChangeState.PARKED:
        return change
    later = later_changes(change, peers(change, stack.changes.of_order(change.key)))
    return msgspec.structs.replace(change, later=later)


def _later(change: Change) -> str:
    if not change.later or not change.is_open:
        return ""
    return "\n".join(["The partner said later:", *(f"  {sentence}" for sentence in change.later)])


def _tell_of_hold(change: Change) -> None:
    if change.on_hold:
        say(
            "The order was put on hold in Visma for this change and is released by this; `connector changes show"
            f" {change.transaction_id}` says so for as long as it is not."
        )


def _queued(change: Change) -> str:
    return f"Queued; `connector changes show {change.transaction_id}` tells how it ends."


def change_summary(change: Change) -> dict[str, Any]:
    """A change in a few fields, as JSON data."""
    return {
        "transaction_id": change.transaction_id,
        "order": str(change.key),
        "document": change.document,
        "state": change.state,
        "partner": change.partner,
        "sequence": change.change_sequence,
        "received": change.created_at,
        "changed": change.updated_at,
        "reason": change.reason,
        "reason_codes": change.reason_codes,
        "next_step": change.next_step,
        "waits_for": change.waits_for,
        "decided_by": change.decided_by,
        "approved_by": change.approved_by,
        "caller": change.caller,
        "last_event": change.history[-1].note if change.history else None,
    }


def _tell(change: Change) -> None:
    """Say which change it is and what it is about, before anything is done."""
    shown = [f"{_title(change)} of {change.key}, by {change.partner or change.sender_id or 'somebody unknown'}."]
    shown.append(f"It is {change.state}: {_why(change)}")
    parts = [
        "\n".join(shown),
        all_reasons(change.reasons),
        _later(change),
        comparison(change.differences),
        unwritten(change.unwritten),
        _remarks(change),
    ]
    say("\n\n".join(filter(None, parts)) + "\n")


def _why(change: Change) -> str | None:
    """Why it is where it is: the reason of what is decided, what happened last to what is on its way."""
    return change.reason or (change.history[-1].note if change.history else None)


def _parked(stack: Stack, name: str) -> Change:
    return _one(stack, name, lambda one: one.state is ChangeState.PARKED, "is parked")


def _open_one(stack: Stack, name: str) -> Change:
    return _one(stack, name, lambda one: one.is_open, "is open")


def _one(stack: Stack, name: str, suits: Callable[[Change], bool], what: str) -> Change:
    """The one change that `name` leads to and that suits.

    Raises:
        Failed: none does.
        WrongInput: several do.
    """
    found = _found(stack, name)
    suiting = [change for change in found if suits(change)]
    if not suiting:
        stand = ", ".join(f"{change.transaction_id} is {change.state}" for change in found)
        step = " One that is on its way is retried, rejected or closed." if any(one.is_open for one in found) else ""
        raise Failed(f"No change of {name} {what} ({stand}).{step}")
    if len(suiting) > 1:
        listed = ", ".join(change.transaction_id for change in suiting)
        raise WrongInput(f"Of {name}, more than one change {what}: {listed}; name one of them.")
    return suiting[0]


def _found(stack: Stack, name: str) -> Sequence[Change]:
    """Every change that `name` leads to, as transaction or as order, in the order in which they apply.

    Raises:
        WrongInput: it is written like a key and is no order's.
        Failed: there is none.
    """
    found: dict[str, Change] = {}
    for key in _keys(stack, name):
        found.update({change.transaction_id: change for change in stack.changes.of_order(key)})
    place = stack.changes.known(name)
    if place is not None:
        found.update({one.transaction_id: one for one in stack.changes.of_order(place) if name in one.names})
    if not found:
        check_is_no_half_key(name)
        raise Failed(f"No change is recorded under {name}, be it a transaction or an order.")
    return apply_order(found.values())


def _keys(stack: Stack, name: str) -> Iterator[DocumentKey]:
    if key := key_of(name):
        yield key
        return
    for company in [*stack.routing.load().companies, NOBODY]:
        yield from (DocumentKey(company, kind, name) for kind in Kind)


def _title(change: Change) -> str:
    what = "Change" if change.document == CHANGE else "Document"
    number = f" (number {change.change_sequence})" if change.change_sequence else ""
    return f"{what} {change.transaction_id}{number}"


def _remarks(change: Change) -> str:
    return "\n".join(f"  {remark}" for remark in change.remarks)


def _details(change: Change) -> dict[str, Any]:
    names = (
        *("named", "transaction_type", "stream", "sender_id", "receiver_id", "changed_on", "filed_at", "validation"),
        *("aliases", "attempts", "not_before", "predecessor_id", "unacknowledged"),
        *("claim_until", "known_sequence", "decided_on", "approved_for", "on_hold", "reading", "confirmed"),
    )
    return {
        **change_summary(change),
        **{name: getattr(change, name) for name in names},
        "waits_on": change.waits_on,
        "told": change.settled_deliveries,
        "to_tell": [delivery.delivery_id for delivery in change.deliveries],
        "differences": comparison_data(change.differences),
        "remarks": change.remarks,
        "reasons": change.reasons,
        "unwritten": change.unwritten,
        "says": change.says,
        "later": change.later if change.is_open else (),
        "repeats": change.repeats,
        "added": [msgspec.structs.asdict(line) for line in change.added],
        "history": [{"at": event.at, "state": event.state, "note": event.note} for event in change.history],
    }


def _readable(change: Change) -> str:
    dated = f", dated {change.changed_on}" if change.changed_on else ""
    lines = {
        "order": change.key,
        "it names": f"order {change.named}" if change.named else None,
        "number": f"{change.change_sequence}{dated}" if change.change_sequence else None,
        "partner": change.partner,
        "sent": f"{change.sender_id or '?'} to {change.receiver_id or '?'}, {change.stream or 'no stream'}",
        "document": change.transaction_type,
        "filed": f"{moment(change.filed_at)}, {change.validation or 'not said'}" if change.filed_at else None,
        "also": ", ".join(change.aliases) or None,
        "says": change.says,
        "why": change.reason,
        "codes": with_labels(change.reason_codes),
        "next step": change.next_step,
        "waits for": change.waits_for,
        "not before": moment(change.not_before) if change.not_before else None,
        "claimed": f"by a worker until {moment(change.claim_until)}" if change.claim_until else None,
        "decided by": change.decided_by,
        "approved by": change.approved_by,
        "aws says": change.caller,
        "quantities": f"POC03 and POC04 are read as {change.reading}" if change.reading else None,
        "on hold": "the order is on hold for it and has yet to be released" if change.on_hold else None,
        "orderful": _told(change),
        "attempts": change.attempts or None,
    }
    head = [f"{change.transaction_id}: {change.state}, {meaning(change.state)}"]
    head += [f"  {name:<12}{value}" for name, value in lines.items() if value]
    history = "\n".join(f"  {moment(event.at)}  {event.state:<10}{event.note}" for event in change.history)
    remarks = _remarks(change)
    parts = [
        "\n".join(head),
        all_reasons(change.reasons),
        _later(change),
        comparison(change.differences),
        unwritten(change.unwritten),
        remarks and f"Also told:\n{remarks}",
        history,
    ]
    return "\n\n".join(filter(None, parts))


def _told(change: Change) -> str:
    """What Orderful knows of our decision."""
    shown = str(change.confirmed or "not told yet")
    if change.unacknowledged:
        shown += f"; without effect, {counted(change.unacknowledged, 'time')}"
    waiting = ", ".join(delivery.delivery_id for delivery in change.deliveries)
    return f"{shown}; still to be told by {waiting}" if waiting else shown
