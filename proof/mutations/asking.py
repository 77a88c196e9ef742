"""Planted bugs in the apply order of 860s, duplicates, validation, and dates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from connector.domain.inbound import LISTED, InboundTransaction, Validation
from connector.domain.order_change.dates import Dates
from connector.domain.order_change.line_rules import LineRules
from connector.domain.order_change.record import Change
from connector.domain.reasons import StatedReason
from connector.services.inbound import apply, write_order
from connector.services.inbound.apply import Applier
from connector.services.inbound.collect import LIST_OVERLAP, Collected, Collector
from connector.services.inbound.write_order import OrderChange
from connector.services.reconcile.received import ReceivedComparison
from connector.services.reconcile.run import Reconciler
from proof.model.orderful import Inbound
from proof.mutations.plant import Mutation, always


def _by_arrival(_right: Any) -> Callable[..., list[Change]]:
    """Changes apply as they were recorded."""

    def apply_order(changes: Iterable[Change]) -> list[Change]:
        return sorted(changes, key=lambda one: one.created_at)

    return apply_order


def _as_listed(_right: Any) -> Callable[..., None]:
    """Each row of the list is recorded and queued where it stands, the newest page first."""

    def read_list(collector: Collector, result: Collected, since: datetime) -> None:
        receivers = [company.isa_id.on(collector.stream) for company in collector.routing.load().companies.values()]
        for row in collector.orderful.list_received(
            since - LIST_OVERLAP, documents=LISTED, receiver_ids=receivers, stream=collector.stream
        ):
            if row is None or row.validation is Validation.PROCESSING:
                result.waiting += 1
            elif collector.recorder.take(row) is not None:
                result.taken += 1

    return read_list


def _passes_what_waits(right: Callable[..., None]) -> Callable[..., None]:
    """The list is read from where the last reading ended, whatever Orderful was still checking."""

    def read_list(collector: Collector, result: Collected, since: datetime) -> None:
        right(collector, result, since)
        result.waiting = 0

    return read_list


def _only_by_number(right: Callable[..., StatedReason | None]) -> Callable[..., StatedReason | None]:
    """Without BCH05 nothing says that a change is an older one."""
    return lambda change, others: right(change, others) if change.change_sequence is not None else None


def _waits_for_nobody(_right: Any) -> Callable[..., None]:
    return lambda _change, _others: None


def _repeats_nothing(_right: Any) -> Callable[..., None]:
    return lambda _change, _others: None


def _repeats_by_number(right: Callable[..., Change | None]) -> Callable[..., Change | None]:
    """Only a number that comes again is a repetition."""
    return lambda change, others: right(change, others) if change.change_sequence is not None else None


def _nothing_later(_right: Any) -> Callable[..., tuple[str, ...]]:
    return lambda _change, _others: ()


def _everybody(_right: Any) -> Callable[..., list[Change]]:
    """Whatever names an order counts, whoever sent it."""

    def peers(change: Change, recorded: Iterable[Change]) -> list[Change]:
        return [one for one in recorded if one.transaction_id != change.transaction_id]

    return peers


def _says_nothing_of_its_check(_right: Any) -> Callable[..., InboundTransaction]:
    """Nobody reads what Orderful says of a transaction: it counts as let through."""
    return lambda _inbound, transaction: replace(transaction, validation=Validation.VALID)


def _no_objection(_right: Any) -> Callable[..., None]:
    return lambda _applier, _change: None


def _as_recorded(_right: Any) -> Callable[..., Change]:
    """The message as it was first read counts."""
    return lambda _applier, change: change


def _reports_only(_right: Any) -> Callable[..., None]:
    """What nobody recorded is reported, and nothing looks it up."""
    return lambda _reconciler, _finding: None


def _all_recorded(_right: Any) -> Callable[..., frozenset[str]]:
    """The night compares nothing of what partners sent."""
    return lambda _comparison, _transactions: frozenset()


def _lines_stay(_right: Any) -> Callable[..., None]:
    """A day of the header moves the header alone."""
    return lambda *_args, **_named: None


def _as_requested(right: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """The wanted day of a line goes into the field that is called so."""
    return lambda *args: {"requested" if name == "promised" else name: day for name, day in right(*args).items()}


_ONE_PAGE, _OLDER = "two 860s of one page of the list", "an older 860 after a newer one"
_AGAIN, _TAKEN_BACK = "an 860 that the partner sends again", "a parked 860 that is taken back"
_RENEWED = "an 860 that is asked for again after an edit"
_STRANGERS, _CORRECTED = "860s among those of strangers", "an 860 that is corrected at Orderful"
_DAYS = "860s with other days"
_LATE = "an 860 that the list shows late"

MUTATIONS = (
    Mutation(
        "changes apply as they arrived",
        (apply, "apply_order"),
        _by_arrival,
        scenario="two 860s of one page of the inbox",
    ),
    Mutation("the list is taken as it comes", (Collector, "_read_list"), _as_listed, scenario=_ONE_PAGE),
    Mutation("the list passes what is being checked", (Collector, "_read_list"), _passes_what_waits, scenario=_OLDER),
    Mutation(
        "without BCH05 nothing is older", (write_order, "out_of_sequence_reason"), _only_by_number, scenario=_OLDER
    ),
    Mutation(
        "no change waits for the one before it", (apply, "predecessor_deadline"), _waits_for_nobody, scenario=_STRANGERS
    ),
    Mutation("a difference is added twice", (write_order, "duplicate_of"), _repeats_nothing, scenario=_AGAIN),
    Mutation(
        "without BCH05 nothing is a repetition", (write_order, "duplicate_of"), _repeats_by_number, scenario=_AGAIN
    ),
    Mutation("a repetition is harmless for ever", (OrderChange, "_still_stands"), always, scenario=_RENEWED),
    Mutation(
        "what writes nothing passes a parked one",
        (write_order, "earlier_waits_reason"),
        _waits_for_nobody,
        scenario=_TAKEN_BACK,
    ),
    Mutation("nobody is shown a later word", (write_order, "later_changes"), _nothing_later, scenario=_TAKEN_BACK),
    Mutation(
        "what waited behind another is forgotten", (apply, "waits_behind"), _waits_for_nobody, scenario=_TAKEN_BACK
    ),
    Mutation("strangers bear on a change", (apply, "peers"), _everybody, scenario=_STRANGERS),
    Mutation(
        "what Orderful is checking is taken",
        (Inbound, "_as_it_is"),
        _says_nothing_of_its_check,
        scenario="an 860 that a rule of Orderful's changes",
    ),
    Mutation("what Orderful found wrong is applied", (Applier, "_not_let_through"), _no_objection, scenario=_CORRECTED),
    Mutation("the message as first read is applied", (Applier, "_looked_up"), _as_recorded, scenario=_CORRECTED),
    Mutation(
        "what the list shows late is not compared",
        (ReceivedComparison, "unrecorded"),
        _all_recorded,
        scenario=_LATE,
    ),
    Mutation("what was not recorded is only told", (Reconciler, "_have_looked_up"), _reports_only, scenario=_LATE),
    Mutation("a day of the order leaves its lines", (Dates, "_move_line"), _lines_stay, scenario=_DAYS),
    Mutation("a wanted day is written as requested", (LineRules, "_days"), _as_requested, scenario=_DAYS),
)
