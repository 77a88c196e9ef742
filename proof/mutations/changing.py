"""Planted bugs in the change of an order in Visma by an 860."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from connector.domain.errors import UnknownOutcome
from connector.domain.inbound import Confirmation
from connector.domain.order_change import crossing, edits
from connector.domain.order_change.record import Change
from connector.domain.order_change.request import LineRequest
from connector.domain.reasons import StatedReason
from connector.domain.revision import assess
from connector.services.inbound import partner_baseline, write_order
from connector.services.inbound.apply import Applier
from connector.services.inbound.partner_baseline import PartnerBaseline
from connector.services.inbound.write_order import OrderChange, WriteResult
from connector.services.outbound.track import Tracker
from proof.mutations.plant import Mutation, always
from testkit.memory.visma import FakeOrders


def _without_if_match(right: Callable[..., str]) -> Callable[..., str]:
    """Without the header Visma takes the write whatever has become of the order meanwhile."""

    def put_order(visma: FakeOrders, number: str, *, etag: str, body: bytes) -> str:
        del etag
        if visma.on_put:
            visma.on_put.pop(0)()
        # As the right one stands, it would let the next user be faster as well.
        waiting, visma.on_put = visma.on_put, []
        try:
            return right(visma, number, etag=f'"{visma._stamp(number)}"', body=body)  # noqa: SLF001
        finally:
            visma.on_put = waiting

    return put_order


def _difference_for_total(right: Callable[..., Any]) -> Callable[..., Any]:
    """What the partner wants more or less is added to whatever the order says now, each time anew."""

    def added_on(line: LineRequest, now: dict[str, Decimal]) -> LineRequest:
        said = now.get(line.line_id or "")
        if said is None or line.delta is None or line.quantity is None or line.original_quantity is None:
            return line
        more = line.delta if line.quantity > line.original_quantity else -line.delta
        return replace(line, quantity=said + more, original_quantity=None, delta=None)

    def decide(request: Any, *, base: Any, ours: Any, **rest: Any) -> Any:
        del base
        now = {str(line.number): line.quantity for line in ours.content.lines}
        lines = tuple(added_on(line, now) for line in request.lines)
        return right(replace(request, lines=lines), base=ours.content, ours=ours, **rest)

    return decide


def _takes_silence_for_success(right: Callable[..., str]) -> Callable[..., str]:
    def put(change: OrderChange, etag: str, body: dict[str, Any]) -> str:
        try:
            return right(change, etag, body)
        except UnknownOutcome:
            return etag

    return put


def _tells_before_it_records(right: Callable[..., Change]) -> Callable[..., Change]:
    def end(applier: Applier, change: Change, ending: WriteResult) -> Change:
        for one in change.deliveries:
            applier.orderful.confirm(one, change.transaction_id, Confirmation.ACCEPTED, "")
        return right(applier, change, ending)

    return end


def _approved_is_approved(right: Callable[..., StatedReason | None]) -> Callable[..., StatedReason | None]:
    """An approval holds whatever the order says by now."""

    def doubt(change: OrderChange, *seen: Any) -> StatedReason | None:
        return right(change, *seen) if change.change.approved_by is None else None

    return doubt


def _forgets_what_the_partner_knows(_right: Any) -> Callable[..., None]:
    def settle(known: PartnerBaseline, order: Any, change: Change, **_: Any) -> None:
        known.drop(order, change)

    return settle


def _equal_with_edits(right: Callable[..., bool]) -> Callable[..., bool]:
    """An order is what it was with the edits, whatever else a user has changed."""

    def equals_with_edits(after: Any, before: Any, asked: edits.Edits, **rest: Any) -> bool:
        return bool(asked) or right(after, before, asked, **rest)

    return equals_with_edits


def _never(_right: Any) -> Callable[..., bool]:
    return lambda *_args, **_named: False


def _none_is_in_doubt(_right: Any) -> frozenset[Any]:
    return frozenset()


def _in_no_order(_right: Any) -> Callable[..., None]:
    return lambda _change, _others: None


def _had_the_newest(right: Callable[..., Any]) -> Callable[..., Any]:
    """The partner had whatever it was sent by now."""

    def read(revisions: Any, **rest: Any) -> Any:
        found = right(revisions, **rest)
        return found._replace(base=found.newest, doubtful=())

    return read


def _whenever_it_was_replaced(right: Callable[..., bool]) -> Callable[..., bool]:
    """The whole order is sent again after each change of a replacement, whether they crossed or not."""
    return lambda revisions, known_sequence: right(revisions, known_sequence) or (known_sequence or 0) > 1


def _read_alike(read: Any) -> Callable[[Any], Callable[..., Any]]:
    """Every revision that left before the change counts as read, or as not, whenever it left."""

    def bug(right: Callable[..., Any]) -> Callable[..., Any]:
        def was_read(*args: Any) -> Any:
            found = right(*args)
            return found if found is found.NO else read

        return was_read

    return bug


def _not_by_acknowledgment(right: Callable[..., Any]) -> Callable[..., Any]:
    """A 997 proves nothing."""
    return lambda sent, *times: right(dataclasses.replace(sent, history=()), *times)


_ASKING = frozenset({"ask", "ask for more", "412", "edit", "edit meanwhile", "visma", "quiescence", "decide", "go on"})

MUTATIONS = (
    Mutation("PUT without If-Match", (FakeOrders, "put_order"), _without_if_match, rules=_ASKING),
    Mutation(
        "the difference instead of the total",
        (write_order, "decide"),
        _difference_for_total,
        scenario="an 860 while a revision is in doubt",
        rules=_ASKING,
    ),
    Mutation(
        "no answer to a PUT is taken for success",
        (OrderChange, "_put"),
        _takes_silence_for_success,
        scenario="an 860 that is not written and not answered",
        rules=_ASKING,
    ),
    Mutation(
        "Orderful is told before it is recorded",
        (Applier, "_end"),
        _tells_before_it_records,
        scenario="an 860 applied",
        rules=_ASKING,
    ),
    Mutation(
        "an approval holds for whatever comes",
        (OrderChange, "_doubt"),
        _approved_is_approved,
        scenario="a parked 860 that is taken back",
        rules=_ASKING,
    ),
    Mutation(
        "the echo is sent",
        (PartnerBaseline, "settle"),
        _forgets_what_the_partner_knows,
        scenario="an 860 applied",
        rules=_ASKING,
    ),
    Mutation(
        "an edit that came along is not sent",
        (partner_baseline, "equals_with_edits"),
        _equal_with_edits,
        scenario="an 860 with a user's edit in the same moment",
        rules=_ASKING,
    ),
    Mutation(
        "a discount that came along is not sent",
        (edits, "_keeps_discounts"),
        always,
        scenario="an 860 with a discount entered in the same moment",
    ),
    Mutation(
        "a change is compared with what left after it",
        (partner_baseline, "states_read"),
        _had_the_newest,
        scenario="an 860 that crosses a revision of its line",
    ),
    Mutation(
        "what crossed a change stays the last word",
        (partner_baseline, "_was_sent_after"),
        _never,
        scenario="an 860 that crosses a revision of another line",
    ),
    Mutation(
        "the whole follows each change of a replacement",
        (partner_baseline, "_was_sent_after"),
        _whenever_it_was_replaced,
        scenario="an 860 a day after a replacement of its line",
        rules=frozenset({"ask", "edit", "status", "go on", "quiescence", "decide"}),
    ),
    Mutation(
        "every revision crosses a change",
        (crossing, "_was_read"),
        _read_alike(crossing._Read.MAYBE),  # noqa: SLF001
        scenario="an 860 a day after a replacement of its line",
    ),
    Mutation(
        "no revision crosses a change that came after it",
        (crossing, "_was_read"),
        _read_alike(crossing._Read.YES),  # noqa: SLF001
        scenario="an 860 soon after a replacement of its line",
    ),
    Mutation(
        "an acknowledgment proves nothing",
        (crossing, "_was_read"),
        _not_by_acknowledgment,
        scenario="an 860 that is asked for again after an edit",
    ),
    Mutation(
        "what was granted along with an edit is forgotten",
        (assess, "needs_full_resend"),
        _never,
        scenario="an edit taken back that had come along with an 860",
    ),
    Mutation(
        "what was agreed on a refused revision stays agreed",
        (Tracker, "_take_back_agreed"),
        always,
        scenario="a refusal of what an 860 was agreed on",
    ),
    Mutation("an order is left on hold", (OrderChange, "_take_off_hold"), _never, scenario="an 860 with hold_first"),
    Mutation(
        "settled while an older one is in doubt",
        (partner_baseline, "UNRESOLVED"),
        _none_is_in_doubt,
        scenario="an 860 while a revision is in doubt",
    ),
    Mutation(
        "an older change is written over a newer one",
        (write_order, "out_of_sequence_reason"),
        _in_no_order,
        scenario="an older 860 after a newer one",
        rules=frozenset({"ask", "wait", "go on", "quiescence"}),
    ),
)
