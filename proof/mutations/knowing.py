"""Planted bugs in receivers, go-live, and immaterial changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from connector.domain.documents import Kind
from connector.domain.revision import assess, before_go_live, go_live, plan, receivers
from connector.domain.revision.assess import ToDecide, Unchanged
from connector.domain.revision.comparison import Comparison
from connector.domain.revision.decision import Case
from connector.domain.revision.go_live import Origin
from connector.domain.revision.reading import Incoming
from connector.domain.revision.record import UNSENT, Revision, State
from connector.services.inbound import write_order
from connector.services.reconcile.documents import DocumentComparison
from proof.mutations.plant import Mutation, always


def _never(_right: Any) -> Callable[..., bool]:
    return lambda *_args, **_named: False


def _sees_a_change_in_everything(_right: Any) -> Callable[..., None]:
    return lambda *_args: None


def _takes_a_number_for_a_supplier(_right: Any) -> Callable[..., bool]:
    """A supplier with another number is another supplier, whom routing need not know."""
    return lambda _revision, _internal_id: True


def _everything_is_new(_right: Any) -> Callable[..., Origin]:
    return lambda *_args, **_named: Origin.AFTER


def _whenever_it_is_dated(_right: Any) -> Callable[..., Origin]:
    """What is entered after go-live is new, however old its date is."""
    return lambda *_args: Origin.AFTER


def _has_no_baseline(_right: Any) -> Callable[..., None]:
    """What was recorded at go-live counts for nothing when the document changes: it is recorded anew."""
    return lambda _own, _sent: None


def _asks_whatever_was_closed(_right: Any) -> Callable[..., Revision | None]:
    """A change is one of the state at go-live, whatever a person said of the changes since."""

    def baseline(own: Sequence[Revision], sent: Revision | None) -> Revision | None:
        first = [one for one in own if one.state is State.BASELINE]
        return first[0] if first and sent is None else None

    return baseline


def _keeps_back_what_was_sent(right: Callable[..., Any]) -> Callable[..., Any]:
    """Go-live keeps a document back from each receiver that has never had it, also when another one has."""

    def decide(case: Case) -> Any:
        was_sent = case.assessed.partner_baseline is not None
        return right(replace(case, assessed=replace(case.assessed, was_sent=was_sent, was_routed=False)))

    return decide


def _withdraws_nothing(_right: Any) -> Callable[..., Iterator[Revision]]:
    return lambda *_args: iter(())


def _forgets_its_withdrawals(_right: Any) -> Callable[..., list[Revision]]:
    """A withdrawal that has not left yet is made once more."""
    return lambda _history, _sent: []


def _takes_withdrawals_along(right: Callable[..., ToDecide | Unchanged]) -> Callable[..., ToDecide | Unchanged]:
    """Whatever never left is replaced by the next revision, withdrawals from former receivers as well."""

    def to_decide(history: Sequence[Revision], own: Any, sent: Any, incoming: Incoming) -> ToDecide | Unchanged:
        found = right(history, own, sent, incoming)
        pending = [one for one in history if one.is_withdrawal and one.state in UNSENT]
        return replace(found, supersede=(*found.supersede, *(one for one in pending if one not in found.supersede)))

    return to_decide


def _whoever_asks(right: Callable[..., Any]) -> Callable[..., Any]:
    """Any partner may change any order."""

    def route_of(routing: Any, company: str, has: Any, *, sender_id: str, stream: Any) -> Any:
        del sender_id
        receiver = routing.route(company, Kind.PURCHASE_ORDER, has.content.supplier.number).partner_isa_id.on(stream)
        return right(routing, company, has, sender_id=receiver, stream=stream)

    return route_of


def _knows_no_history(_right: Any) -> Callable[..., tuple[Revision, ...]]:
    """The nightly comparison takes every document for one without a record."""
    return lambda _comparison, _key: ()


_PAST = ("live since long", "live since the first poll")
_RECEIVERS = frozenset({"supplier", "edit", "routing", "isa id", "go on", "quiescence"})

MUTATIONS = (
    Mutation(
        "go-live is not looked at",
        (before_go_live, "origin"),
        _everything_is_new,
        scenario="a change from before go-live that a person lets go",
        rules=frozenset({"new order", "quiescence"}),
        configurations=_PAST,
    ),
    Mutation(
        "a migrated invoice is taken for a new one",
        (go_live, "_by_delay"),
        _whenever_it_is_dated,
        scenario="a migrated invoice that a person lets go",
        rules=frozenset({"new invoice", "quiescence"}),
        configurations=("live since long",),
    ),
    Mutation(
        "the baseline is forgotten at the next change",
        (assess, "baseline_of"),
        _has_no_baseline,
        scenario="a change from before go-live that a person lets go",
        rules=frozenset({"edit", "quiescence"}),
        configurations=_PAST,
    ),
    Mutation(
        "what a person closed is asked about again",
        (assess, "baseline_of"),
        _asks_whatever_was_closed,
        scenario="a change from before go-live that a person closes",
    ),
    Mutation(
        "go-live keeps back what was sent",
        (plan, "decide"),
        _keeps_back_what_was_sent,
        scenario="an order from before go-live for another supplier",
        rules=_RECEIVERS | {"answer"},
        configurations=("live since today, changes sent",),
    ),
    Mutation(
        "a change that nobody sees is sent",
        (Comparison, "nothing_new"),
        _sees_a_change_in_everything,
        scenario="a quiet change",
    ),
    Mutation(
        "a new number is another supplier",
        (receivers, "is_certainly_another"),
        _takes_a_number_for_a_supplier,
        scenario="a supplier that gets another number",
    ),
    Mutation(
        "a question is asked about a change that nobody sees",
        (Comparison, "reads_like"),
        _never,
        scenario="a quiet change of an order from before go-live",
    ),
    Mutation(
        "nothing is withdrawn from a former receiver",
        (assess, "to_withdraw"),
        _withdraws_nothing,
        scenario="another supplier",
    ),
    Mutation(
        "an order on hold is withdrawn",
        (plan, "_withdraws"),
        always,
        scenario="another supplier by mistake on hold",
    ),
    Mutation(
        "a withdrawal is sent twice",
        (receivers, "withdrawals_of"),
        _forgets_its_withdrawals,
        scenario="another supplier",
    ),
    Mutation(
        "a withdrawal is replaced by the next revision",
        (assess, "_to_decide"),
        _takes_withdrawals_along,
        rules=_RECEIVERS,
    ),
    Mutation(
        "a former partner changes an order",
        (write_order, "route_of"),
        _whoever_asks,
        scenario="an 860 of a former partner",
    ),
    Mutation(
        "the nightly comparison sees a gap where none is",
        (DocumentComparison, "_history"),
        _knows_no_history,
        rules=frozenset({"edit"}),
    ),
)
