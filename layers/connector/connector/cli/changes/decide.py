"""`connector changes approve`, `retry`, `reject` and `close`: what a person does with changes, one or many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from connector.cli.changes.comparison import all_reasons, amounts, comparison, comparison_data, lines_data, unwritten
from connector.cli.changes.filters import ChangeSelection, change_filters, wanted_changes
from connector.cli.changes.find import beside_later, one_change, order_of, orders_beside
from connector.cli.changes.readings import reading_of, reading_option
from connector.cli.changes.summary import change_summary, later, remarks, title, why
from connector.cli.many import SHOWN, DecisionOptions, LeftOut, Planned, deciding, last_line
from connector.cli.output import Failed, WrongInput, minute, say
from connector.cli.people import decider
from connector.cli.stack.stack import Stack
from connector.cli.sums import as_data, in_words, sums_of
from connector.domain.documents import DocumentKey, PurchaseOrder
from connector.domain.layout import counted
from connector.domain.order_change.record import (
    CHANGE,
    FOR_A_PERSON,
    ApprovalEffect,
    Change,
    ChangeState,
)
from connector.services.decider import Decider

if TYPE_CHECKING:
    from connector.services.inbound.review import ChangeReview

_Command = TypeVar("_Command", bound=Callable[..., Any])

_PARKED = frozenset({ChangeState.PARKED})
_BY = "{by}"
"""Stands in a sentence for the person who decides."""

_WHAT_ORDERFUL_SAYS = {
    True: "It stays accepted at Orderful, and the partner is not told: tell the partner yourself.",
    False: "Orderful shows it as failed, with the reason. The partner is not told by that: tell the partner yourself.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What would be done with one change.

    Attributes:
        will: What becomes of it, as a sentence goes on after its name.
        sentences: What is done, for the person who is asked; `_BY` stands for that person.
        carry_out: Does it; gives the change as it is then.
        done: What is said when it was done.
    """

    change: Change
    will: str
    sentences: Sequence[str]
    carry_out: Callable[[Decider], Change]
    done: str


_Plan = Callable[[Stack, Change], _Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decision(DecisionOptions):
    """About one change, or about those that filters select.

    Attributes:
        name: Which one; None with filters.
        wanted: What the filters select.
    """

    name: str | None
    wanted: ChangeSelection

    def __post_init__(self) -> None:
        if (self.name is None) == self.wanted.selects_nothing_out:
            raise WrongInput("Name one change, or say by filters (--partner, --code, --since ...) which ones.")

    def carry_out(
        self,
        plan: _Plan,
        *,
        suits: Callable[[Change], bool],
        what: str,
        usual: frozenset[ChangeState],
        ends: bool = False,
    ) -> int:
        """Do what `plan` says with the change, or with each of them.

        Args:
            plan: What is done with one change; raises a `ClickException` where nothing is.
            suits: Of several changes that the name leads to, the one that is meant.
            what: The same, as a sentence goes on.
            usual: The states that filters without a state select.
            ends: Whether it ends them. Those of an order are then ended from the last one on: the end of one has those
                that are parked behind it looked at again.
        """
        if self.name is None:
            return self._many(plan, usual, last_first=ends)
        change = beside_later(self.stack, one_change(self.stack, self.name, suits, what))
        by, _ = decider(self.stack, self.by)
        step = plan(self.stack, change)
        order = orders_beside(self.stack, [change]).get(change.key)
        _tell(change, order)
        for sentence in step.sentences:
            say(sentence.replace(_BY, by))
        return self.about_one(_data(step, order), step.carry_out, data=change_summary, done=lambda _: step.done)

    def _many(self, plan: _Plan, usual: frozenset[ChangeState], *, last_first: bool) -> int:
        stack = self.stack
        steps: list[_Step] = []
        left_out: list[LeftOut] = []
        for change in wanted_changes(stack, self.wanted, usual=usual):
            try:
                steps.append(plan(stack, beside_later(stack, change)))
            except click.ClickException as problem:
                left_out.append((change.transaction_id, problem.format_message()))
        orders = orders_beside(stack, [one.change for one in steps])
        return self.about_many(
            [
                Planned(
                    name=one.change.transaction_id, data=_data(one, orders.get(one.change.key)), carry_out=one.carry_out
                )
                for one in (reversed(steps) if last_first else steps)
            ],
            left_out,
            what="change",
            preview=_preview(steps, orders, len(left_out)),
            sums=_sums(steps, orders),
        )


def _deciding(command: _Command) -> _Command:
    """Options of every command that decides; it gets the `_Decision` as `decision`."""
    return change_filters()(deciding(_Decision, "wanted", argument="name", metavar="[ID]")(command))


@click.command("approve", short_help="Write parked changes into their orders.")
@_deciding
@click.option("--order", metavar="NUMBER", help="The order that is meant, where the change names another number.")
@reading_option
def approve_changes(*, decision: _Decision, order: str | None, reading: str | None) -> int:
    """Have a parked change written into its order. ID is a transaction id, or an order with one parked change.

    Or many, by filters: without --state those that are parked. With --order it is recorded under that order and decided
    by the rules, as if the partner had written this number.
    """
    if order is not None and reading is not None:
        raise WrongInput("Name the order first; how its quantities are read is said when it is parked there.")
    if decision.name is None and (order is not None or reading is not None):
        raise WrongInput("--order and --reading are said of one change: name it.")
    return decision.carry_out(
        partial(_approval, order=order, reading=reading),
        suits=lambda one: one.state is ChangeState.PARKED,
        what="is parked",
        usual=_PARKED,
    )


def _approval(stack: Stack, change: Change, *, order: str | None, reading: str | None) -> _Step:
    if change.state is not ChangeState.PARKED:
        raise Failed(f"It is {change.state}; only a parked one waits for a decision.")
    if order is not None:
        key = order_of(stack, change, order)
        sentence = (
            f"This has it decided as a change of order {order} of {change.company}, in {_BY}'s name; it names"
            f" {change.named or change.number}. The rules say what is written. It is parked again if Visma has no "
            "such order, or if the order is not this partner's."
        )
        return _Step(
            change=change,
            will=f"decided as a change of order {order}",
            sentences=[sentence],
            carry_out=lambda who: _review(stack).assign(change, key, who),
            done=_queued(change),
        )
    will, sentence = _WRITES[change.approval_effect]
    read = [f"POC03 and POC04 of this change are read as {reading}."] if reading is not None else []
    return _Step(
        change=change,
        will=will,
        sentences=[sentence.format(order=f"order {change.number} of {change.company}", by=_BY), *read],
        carry_out=lambda who: _review(stack).approve(change, who, reading=reading_of(reading), later=change.later),
        done=_queued(change),
    )


_UNLESS = "unless what speaks against it cannot be approved: then it is parked again."

_WRITES = {
    ApprovalEffect.LOOKS_AGAIN: (
        "looked at again",
        "Nothing was compared yet: this has it looked at again, at {by}'s request, and writes nothing by itself.",
    ),
    ApprovalEffect.CLOSES: (
        "closed, nothing written",
        f"This writes nothing into {{order}} and closes the change, in {{by}}'s name, {_UNLESS}",
    ),
    ApprovalEffect.ENDS: (
        "ended, nothing written",
        f"This writes nothing into {{order}}, and ends the change in {{by}}'s name, {_UNLESS}",
    ),
    ApprovalEffect.WRITES: (
        "written",
        (
            "This has it written into {order} as shown, in {by}'s name. If the order is another by then, if the "
            "partner says more about it, or if what speaks against it cannot be approved, it is parked again."
        ),
    ),
}


@click.command("retry", short_help="Look at open changes again, now.")
@_deciding
def retry_changes(*, decision: _Decision) -> int:
    """Have an open change looked at now, as if it had just come in; this approves nothing.

    ID is a transaction id, or an order with one open change. One that is over and still has something to do (Orderful
    was not told, the order is on hold for it) is finished. Or many, by filters: without --state those that are parked.
    """
    return decision.carry_out(
        _retrial,
        suits=lambda one: not one.has_ended or one.on_hold or one.is_unconfirmed,
        what="is open",
        usual=_PARKED,
    )


def _retrial(stack: Stack, change: Change) -> _Step:
    if not change.has_ended and change.document != CHANGE:
        raise Failed(f"{change.transaction_id} is no 860: there is nothing to decide anew. Close it.")
    sentence = "This has Orderful told of it, and the order released if it is on hold for it. Nothing else is written."
    if not change.has_ended:
        sentence = (
            "This has it looked at again at {by}'s request. Nothing is approved by that: what the rules allow is "
            "written, everything else is parked. If another message of its order is being worked on, that may take 15 "
            "minutes."
        )
    return _Step(
        change=change,
        will="finished" if change.has_ended else "looked at again",
        sentences=[sentence],
        carry_out=lambda who: _review(stack).retry(change, who),
        done=_queued(change),
    )


@click.command("reject", short_help="Refuse open changes, write nothing.")
@_deciding
def reject_changes(*, decision: _Decision) -> int:
    """Have an open change come to nothing. ID is a transaction id, or an order with one open change.

    Or many, by filters: without --state those that are parked.
    """
    return decision.with_reason().carry_out(
        _rejection, suits=lambda one: one.is_open, what="is open", usual=_PARKED, ends=True
    )


def _rejection(stack: Stack, change: Change) -> _Step:
    _must_be_open(change)
    if change.has_ended:
        raise Failed(f"{change.transaction_id} is {change.state}, decided already. Close it when the partner was told.")
    if change.document != CHANGE:
        raise Failed(f"{change.transaction_id} is no 860, so there is nothing to reject. Close it.")
    tell_partner = _WHAT_ORDERFUL_SAYS[change.was_accepted]
    return _Step(
        change=change,
        will="rejected",
        sentences=[
            f"This ends it in {_BY}'s name: nothing is written into order {change.number} of {change.company}.",
            tell_partner,
            *_of_hold(change),
        ],
        carry_out=partial(_end, stack, change, ChangeState.REJECTED),
        done=f"Change {change.transaction_id} is rejected. {tell_partner}",
    )


@click.command("close", short_help="Take open changes as settled by hand.")
@_deciding
def close_changes(*, decision: _Decision) -> int:
    """Take an open change as settled by hand. ID is a transaction id, or an order with one open change.

    It ends as CLOSED, not as applied: nothing of it is written by this, and Orderful holds it accepted. One that was
    REFUSED ends as REJECTED: close it when the partner was told. Or many, by filters: without --state all that wait for
    a person.
    """
    return decision.with_reason().carry_out(
        _closing, suits=lambda one: one.is_open, what="is open", usual=frozenset(FOR_A_PERSON), ends=True
    )


def _closing(stack: Stack, change: Change) -> _Step:
    _must_be_open(change)
    sentence = (
        f"This closes it as settled by hand, in {_BY}'s name: nothing is written into order {change.number} of"
        f" {change.company}, and Orderful holds it accepted. What the partner has to know, tell it yourself."
    )
    if change.state is ChangeState.REFUSED:
        sentence = "This notes in {by}'s name that the partner was told. It stays refused; nothing else is done."
    return _Step(
        change=change,
        will="taken off the list" if change.state is ChangeState.REFUSED else "closed",
        sentences=[sentence, *_of_hold(change)],
        carry_out=partial(_end, stack, change, ChangeState.CLOSED),
        done=f"Change {change.transaction_id} is closed.",
    )


def _must_be_open(change: Change) -> None:
    if not change.is_open:
        raise Failed(f"{change.transaction_id} is {change.state}: it is over.")


def _end(stack: Stack, change: Change, state: ChangeState, who: Decider) -> Change:
    """Have a change end by a person's word: REJECTED or CLOSED."""
    return _review(stack).end(change, state, who, known=stack.known, order=order_of(stack, change))


def _review(stack: Stack) -> ChangeReview:
    from connector.services.inbound.review import ChangeReview

    return ChangeReview(stack.changes, stack.outbox, stack.clock)


def _of_hold(change: Change) -> list[str]:
    if not change.on_hold:
        return []
    sentence = (
        "The order was put on hold in Visma for this change and is released by this; `connector changes show"
        f" {change.transaction_id}` says so for as long as it is not."
    )
    return [sentence]


def _queued(change: Change) -> str:
    return f"Queued; `connector changes show {change.transaction_id}` tells how it ends."


# -- what is told before ----------------------------------------------------------------------------------------------


def _tell(change: Change, order: PurchaseOrder | None) -> None:
    """Say which change it is and what it is about, before anything is done."""
    shown = [f"{title(change)} of {change.key}, by {change.partner or change.sender_id or 'somebody unknown'}."]
    shown.append(f"It is {change.state}: {why(change)}")
    parts = [
        "\n".join(shown),
        all_reasons(change.reasons, why(change)),
        later(change),
        comparison(change.differences, order),
        unwritten(change.unwritten),
        remarks(change),
    ]
    say("\n\n".join(filter(None, parts)) + "\n")


_Orders = dict[DocumentKey, PurchaseOrder]


def _preview(steps: Sequence[_Step], orders: _Orders, left_out: int) -> str:
    """What would be done with each, with its differences, and what they come to."""
    parts = [_of_one(one, orders.get(one.change.key)) for one in steps[:SHOWN]]
    if len(steps) > SHOWN:
        parts.append(f"{len(steps) - SHOWN} more")
    oldest = min((one.change.ordered_at for one in steps), default=None)
    now, asked, unknown = _totals(steps, orders)
    counts = [
        counted(len(steps), "change"),
        f"the oldest of {minute(oldest)}" if oldest else "",
        f"their lines come to {in_words(now)} now and to {in_words(asked)} as asked" if now else "",
        f"{unknown} of unknown amount" if unknown else "",
    ]
    parts.append(last_line(counts, left_out))
    return "\n\n".join(parts)


def _of_one(step: _Step, order: PurchaseOrder | None) -> str:
    change = step.change
    whose = f"by {change.partner or change.sender_id or 'somebody unknown'}"
    parts = [
        f"{title(change)} of {change.key}, {whose}, will be {step.will}.",
        f"It is {change.state}: {why(change)}",
        later(change),
        comparison(change.differences, order),
        unwritten(change.unwritten),
    ]
    return "\n".join(filter(None, parts))


def _data(step: _Step, order: PurchaseOrder | None) -> dict[str, Any]:
    change = step.change
    return {
        **change_summary(change),
        "will_be": step.will,
        "differences": comparison_data(change.differences),
        "lines": lines_data(change.differences, order),
        "unwritten": change.unwritten,
        "later": change.later,
    }


def _totals(steps: Sequence[_Step], orders: _Orders) -> tuple[Any, Any, int]:
    """What the lines of the changes come to now and as asked, by currency, and of how many changes that is unknown."""
    found = [(orders.get(one.change.key), one.change) for one in steps]
    known = [
        (order.currency, both)
        for order, change in found
        if order is not None and (both := amounts(change.differences, order)) is not None
    ]
    now = sums_of((currency, both[0]) for currency, both in known)
    asked = sums_of((currency, both[1]) for currency, both in known)
    return now, asked, len(steps) - len(known)


def _sums(steps: Sequence[_Step], orders: _Orders) -> dict[str, Any]:
    now, asked, unknown = _totals(steps, orders)
    return {"sums": {"now": as_data(now), "asked": as_data(asked)}, "of_unknown_amount": unknown}
