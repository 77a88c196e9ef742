"""`connector changes`: what came in about our orders, and a person's word about what is parked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import click

from connector.domain.changes import CHANGE, FOR_A_PERSON, NOBODY, OPEN_CHANGES, Change, ChangeState, in_turn
from connector.domain.documents import DocumentKey, Kind
from ops.comparison import comparison, comparison_data
from ops.output import Failed, WrongInput, counted, go_on, json_option, moment, say, show, table
from ops.stack import Stack, stack_option

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
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@stack_option
@json_option
def list_changes(
    *, state: str | None, company: str | None, partner: str | None, limit: int, stack: Stack, as_json: bool
) -> int:
    """List open changes, those that need a person first; decided ones are found by `show`."""
    states = (ChangeState(state),) if state else _OPEN
    wanted = (
        change
        for one in states
        for change in stack.changes.in_state(one)
        if company in (None, change.company) and partner in (None, change.partner)
    )
    found = list(islice(wanted, limit))
    show(
        [change_summary(change) for change in found],
        lambda: (
            table(
                ("transaction", "order", "state", "partner", "no", "changed", "why"),
                [
                    (c.transaction_id, c.key, c.state, c.partner, c.change_sequence, c.updated_at, c.reason)
                    for c in found
                ],
                steps=[c.next_step if c.state in FOR_A_PERSON else None for c in found],
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
    found = _found(stack, name)
    show(
        {"changes": [_details(change) for change in found]},
        lambda: "\n\n".join(map(_readable, found)),
        as_json=as_json,
    )
    return 0


def _judging(command: _Command) -> _Command:
    """What approving and rejecting are told alike."""
    for option in (
        json_option,
        click.option("--yes", is_flag=True, help="Do not ask."),
        stack_option,
        click.option(
            "--by",
            required=True,
            envvar=["USER", "LOGNAME"],
            show_envvar=True,
            metavar="NAME",
            help="Who decides; it is kept with the change.",
        ),
        click.argument("name", metavar="ID"),
    ):
        command = option(command)
    return command


@changes.command("approve", short_help="Write a parked change into its order.")
@_judging
def approve_change(*, name: str, by: str, stack: Stack, yes: bool, as_json: bool) -> int:
    """Have a parked change written into its order. ID is a transaction id, or an order with one parked change."""
    change = _parked(stack, name)
    by = _words(by, "--by")
    _tell(change)
    if change.decided_on is None:
        say(f"Nothing was compared yet: this has it looked at again, as {by}'s wish, and writes nothing by itself.")
    else:
        say(
            f"This has it written into order {change.number} of {change.company} as shown, in {by}'s name. If the order"
            " is another by then, or what speaks against it cannot be approved, it is parked again."
        )
    go_on(yes=yes)

    from connector.services.judge_change import approve

    approved = approve(change, stack.changes, stack.outbox, stack.clock, by=by)
    show(
        change_summary(approved),
        lambda: f"Queued; `connector changes show {change.transaction_id}` tells how it ends.",
        as_json=as_json,
    )
    return 0


@changes.command("reject", short_help="End a parked change, write nothing.")
@_judging
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept with the change.")
def reject_change(*, name: str, by: str, reason: str, stack: Stack, yes: bool, as_json: bool) -> int:
    """Have a parked change come to nothing. ID is a transaction id, or an order with one parked change."""
    change = _parked(stack, name)
    by, reason = _words(by, "--by"), _words(reason, "--reason")
    _tell(change)
    say(
        f"This ends it in {by}'s name: nothing is written into order {change.number} of {change.company}. The partner"
        " is not told: Orderful holds the change delivered, so tell the partner yourself."
    )
    if change.on_hold:
        say("The order was put on hold in Visma for this change: release it there.")
    go_on(yes=yes)

    from connector.services.judge_change import reject as end

    rejected = end(change, stack.changes, stack.clock, by=by, reason=reason)
    show(
        change_summary(rejected),
        lambda: f"Change {change.transaction_id} is rejected.",
        as_json=as_json,
    )
    return 0


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
        "next_step": change.next_step,
        "waits_for": change.waits_for,
        "decided_by": change.decided_by,
        "approved_by": change.approved_by,
    }


def _tell(change: Change) -> None:
    """Say which change it is and what it is about, before anything is done."""
    told = [f"{_title(change)} of {change.key}, by {change.partner or change.sender_id or 'somebody unknown'}."]
    if change.reason:
        told.append(f"It is parked: {change.reason}")
    say("\n\n".join(filter(None, ["\n".join(told), comparison(change.differences), _remarks(change)])) + "\n")


def _words(text: str, option: str) -> str:
    if not text.strip():
        raise WrongInput(f"{option} is empty.")
    return text.strip()


def _parked(stack: Stack, name: str) -> Change:
    """The one parked change that `name` leads to.

    Raises:
        Failed: none.
        WrongInput: several.
    """
    found = _found(stack, name)
    parked = [change for change in found if change.state is ChangeState.PARKED]
    if not parked:
        stand = ", ".join(f"{change.transaction_id} is {change.state}" for change in found)
        raise Failed(f"No change of {name} is parked ({stand}); only a parked one waits for a decision.")
    if len(parked) > 1:
        listed = ", ".join(change.transaction_id for change in parked)
        raise WrongInput(f"Several changes of {name} are parked: {listed}; name one of them.")
    return parked[0]


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
    change = stack.changes.get(place, name) if place else None
    if change is not None:
        found[change.transaction_id] = change
    if not found:
        raise Failed(f"No change is recorded under {name}, be it a transaction or an order.")
    return in_turn(found.values())


def _keys(stack: Stack, name: str) -> Iterator[DocumentKey]:
    if "/" not in name and "#" not in name:
        for company in [*stack.routing.load().companies, NOBODY]:
            yield from (DocumentKey(company, kind, name) for kind in Kind)
        return
    try:
        key = DocumentKey.parse(name)
    except ValueError:
        raise WrongInput(f"'{name}' is no key; write company/{Kind.PURCHASE_ORDER}/number.") from None
    yield key


def _title(change: Change) -> str:
    what = "Change" if change.document == CHANGE else "Document"
    number = f" (number {change.change_sequence})" if change.change_sequence else ""
    return f"{what} {change.transaction_id}{number}"


def _remarks(change: Change) -> str:
    return "\n".join(f"  {remark}" for remark in change.remarks)


def _details(change: Change) -> dict[str, Any]:
    names = (
        *("transaction_type", "stream", "sender_id", "receiver_id", "changed_on", "attempts", "not_before"),
        *("claim_until", "known_sequence", "decided_on", "approved_for", "on_hold", "confirmed", "told"),
        "unacknowledged",
    )
    return {
        **change_summary(change),
        **{name: getattr(change, name) for name in names},
        "to_tell": [delivery.delivery_id for delivery in change.deliveries],
        "differences": comparison_data(change.differences),
        "remarks": change.remarks,
        "history": [{"at": event.at, "state": event.state, "note": event.note} for event in change.history],
    }


def _readable(change: Change) -> str:
    dated = f", dated {change.changed_on}" if change.changed_on else ""
    lines = {
        "order": change.key,
        "number": f"{change.change_sequence}{dated}" if change.change_sequence else None,
        "partner": change.partner,
        "sent": f"{change.sender_id or '?'} to {change.receiver_id or '?'}, {change.stream or 'no stream'}",
        "document": change.transaction_type,
        "why": change.reason,
        "next step": change.next_step,
        "waits for": change.waits_for,
        "not before": moment(change.not_before) if change.not_before else None,
        "decided by": change.decided_by,
        "approved by": change.approved_by,
        "on hold": "the order is on hold for it and has yet to be released" if change.on_hold else None,
        "orderful": _told(change),
        "attempts": change.attempts or None,
    }
    head = [f"{change.transaction_id}: {change.state}"]
    head += [f"  {name:<12}{value}" for name, value in lines.items() if value]
    history = "\n".join(f"  {moment(event.at)}  {event.state:<10}{event.note}" for event in change.history)
    remarks = _remarks(change)
    parts = ["\n".join(head), comparison(change.differences), remarks and f"Also told:\n{remarks}", history]
    return "\n\n".join(filter(None, parts))


def _told(change: Change) -> str:
    """What Orderful knows of our decision."""
    told = str(change.confirmed or "not told yet")
    if change.unacknowledged:
        told += f"; without effect, {counted(change.unacknowledged, 'time')}"
    waiting = ", ".join(delivery.delivery_id for delivery in change.deliveries)
    return f"{told}; still to be told by {waiting}" if waiting else told
