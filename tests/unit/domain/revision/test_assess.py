"""What a history says of a document, as a table: the history, the document that comes in, and the assessment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.documents import DocumentKey
from connector.domain.revision.assess import Requeue, ToDecide, Unchanged, Wait, assess
from connector.domain.revision.cause import Cause
from connector.domain.revision.reading import Incoming
from connector.domain.revision.record import Revision, State
from connector.domain.transactions import Purpose, TransactionType

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
KEY = DocumentKey.of_order("nordic", "500123")
HERE, THERE = "ACMET", "BERGT"


def a(sequence, content, state, receiver=HERE, **changes):
    """A revision of this content, addressed to this receiver."""
    at = NOW + timedelta(minutes=sequence)
    sent = {"transaction_type": TransactionType.PURCHASE_ORDER, "purpose": Purpose.ORIGINAL, "counterparty": receiver}
    record = Revision(
        key=KEY,
        sequence=sequence,
        revision_id=content,
        state=state,
        created_at=at,
        updated_at=at,
        seen_at=at,
        receiver_id=receiver,
        **sent,
    )
    return replace(record, **changes)


def withdrawal(sequence, of, state, receiver=HERE):
    return a(sequence, f"w{of}", state, receiver, purpose=Purpose.CANCELLATION, withdraws=of)


def incoming(content, receiver=HERE, cause=Cause.POLL, **changes):
    seen = {"seen_at": NOW + timedelta(hours=1), "version": None, "receiver": receiver, "counterparty": receiver}
    return Incoming(content, cause=cause, **seen | changes)


def assessed_in_short(history, document):
    """The assessment in short: what is superseded, or what is known, replaced, superseded and withdrawn."""
    found = assess(history[::-1], document)
    match found:
        case Unchanged():
            return ("known", [one.sequence for one in found.supersede])
        case Requeue():
            return ("requeue", found.revision.sequence)
        case Wait():
            return ("wait",)
        case ToDecide():
            return (
                "decide",
                found.partner_baseline and found.partner_baseline.sequence,
                found.replaces and found.replaces.sequence,
                [one.sequence for one in found.supersede],
                [one.sequence for one in found.withdraw],
            )


S = State
CASES = {
    "new": ([], incoming("A"), ("decide", None, None, [], [])),
    "the same content that was sent": ([a(1, "A", S.SENT)], incoming("A"), ("known", [])),
    "taken back before it left": ([a(1, "A", S.SENT), a(2, "B", S.TRANSLATED)], incoming("A"), ("known", [2])),
    "translated, perhaps not queued": ([a(1, "A", S.TRANSLATED)], incoming("A"), ("requeue", 1)),
    "changed before it left": ([a(1, "A", S.TRANSLATED)], incoming("B"), ("decide", None, None, [1], [])),
    "changed after it was sent": ([a(1, "A", S.SENT)], incoming("B"), ("decide", 1, None, [], [])),
    "changed while it is in doubt": ([a(1, "A", S.UNCONFIRMED)], incoming("B"), ("wait",)),
    "changed while an 860 is written": ([a(1, "A", S.SENT), a(2, "", S.CHANGING)], incoming("B"), ("wait",)),
    "parked, seen again": ([a(1, "A", S.PARKED, transaction_type=None)], incoming("A"), ("decide", None, 1, [], [])),
    "parked when it was to be sent, seen again": ([a(1, "A", S.PARKED)], incoming("A"), ("known", [])),
    "parked when it was to be sent, a person sends it": (
        [a(1, "A", S.PARKED)],
        incoming("A", cause=Cause.AS_ORIGINAL),
        ("decide", None, 1, [], []),
    ),
    "kept off by routing, seen again": (
        [a(1, "A", S.PARKED, transaction_type=None, by_routing=True)],
        incoming("A"),
        ("known", []),
    ),
    "kept off by routing, named": (
        [a(1, "A", S.PARKED, transaction_type=None, by_routing=True)],
        incoming("A", cause=Cause.RELEASE),
        ("decide", None, 1, [], []),
    ),
    "refused, seen again": ([a(1, "A", S.REJECTED)], incoming("A"), ("known", [])),
    "refused, a person sends it": (
        [a(1, "A", S.REJECTED)],
        incoming("A", cause=Cause.REPLAY),
        ("decide", None, None, [1], []),
    ),
    "closed, seen again": ([a(1, "A", S.CLOSED)], incoming("A"), ("known", [])),
    "closed, changed": ([a(1, "A", S.CLOSED)], incoming("B"), ("decide", None, None, [], [])),
    "sent, its change closed, changed back": (
        [a(1, "A", S.SENT), a(2, "B", S.CLOSED)],
        incoming("A"),
        ("decide", 1, None, [], []),
    ),
    "sent, its change closed, changed and back to what was closed": (
        [a(1, "A", S.SENT), a(2, "B", S.CLOSED), a(3, "C", S.PARKED)],
        incoming("B"),
        ("known", [3]),
    ),
    "closed, a person sends it": (
        [a(1, "A", S.CLOSED)],
        incoming("A", cause=Cause.AS_ORIGINAL),
        ("decide", None, None, [], []),
    ),
    "an older state": ([a(1, "A", S.SENT)], incoming("B", seen_at=NOW - timedelta(hours=1)), ("known", [])),
    "baseline, touched": ([a(1, "A", S.BASELINE)], incoming("A"), ("decide", None, 1, [], [])),
    "baseline, changed": ([a(1, "A", S.BASELINE)], incoming("B"), ("decide", None, None, [], [])),
    "baseline, changed back": ([a(1, "A", S.BASELINE), a(2, "B", S.PARKED)], incoming("A"), ("known", [2])),
    "baseline, recorded again": (
        [a(1, "A", S.BASELINE)],
        incoming("B", cause=Cause.BASELINE),
        ("decide", None, None, [], []),
    ),
    "parked, recorded again": ([a(1, "A", S.PARKED)], incoming("B", cause=Cause.BASELINE), ("known", [])),
    "baseline, a person sends it": (
        [a(1, "A", S.BASELINE)],
        incoming("A", cause=Cause.AS_REPLACEMENT),
        ("decide", None, 1, [], []),
    ),
    "another receiver": ([a(1, "A", S.SENT)], incoming("B", THERE), ("decide", None, None, [], [1])),
    "another receiver, nothing was sent": (
        [a(1, "A", S.PARKED)],
        incoming("B", THERE),
        ("decide", None, None, [1], []),
    ),
    "another receiver, withdrawn already": (
        [a(1, "A", S.SENT), withdrawal(2, 1, S.SENT)],
        incoming("B", THERE),
        ("decide", None, None, [], []),
    ),
    "another receiver, withdrawal parked": (
        [a(1, "A", S.SENT), withdrawal(2, 1, S.PARKED), a(3, "B", S.SENT, THERE)],
        incoming("C", THERE),
        ("decide", 3, None, [], []),
    ),
    "another receiver, withdrawn by a person": (
        [a(1, "A", S.SENT), withdrawal(2, 1, S.CLOSED), a(3, "B", S.SENT, THERE)],
        incoming("C", THERE),
        ("decide", 3, None, [], []),
    ),
    "back at the first after a person withdrew it there": (
        [a(1, "A", S.SENT), withdrawal(2, 1, S.CLOSED)],
        incoming("A"),
        ("decide", 2, None, [], []),
    ),
    "for nobody while the withdrawal waits": (
        [a(1, "A", S.SENT), withdrawal(2, 1, S.TRANSLATED), a(3, "B", S.PARKED, None)],
        incoming("C", None, counterparty="99"),
        ("decide", 1, None, [3], []),
    ),
    "back at the first before the withdrawal left": (
        [a(1, "A", S.SENT), withdrawal(2, 1, S.TRANSLATED), a(3, "B", S.TRANSLATED, THERE)],
        incoming("A"),
        ("known", [3, 2]),
    ),
    "back at the first after the withdrawal": (
        [a(1, "A", S.SENT), withdrawal(2, 1, S.SENT), a(3, "B", S.SENT, THERE)],
        incoming("A"),
        ("decide", 2, None, [], [3]),
    ),
    "cancelled before it went to another receiver": (
        [a(1, "A", S.SENT), a(2, "X", S.SENT, purpose=Purpose.CANCELLATION)],
        incoming("B", THERE),
        ("decide", None, None, [], []),
    ),
    "nobody's by now, another supplier": (
        [a(1, "A", S.SENT, counterparty_id="1")],
        incoming("B", None, counterparty="99", counterparty_id="9"),
        ("decide", 1, None, [], [1]),
    ),
    "nobody's by now, another number without an id": (
        [a(1, "A", S.SENT, counterparty_id="1")],
        incoming("B", None, counterparty="99"),
        ("decide", 1, None, [], []),
    ),
    "nobody's by now, the same supplier under another number": (
        [a(1, "A", S.SENT, counterparty_id="1")],
        incoming("B", None, counterparty="99", counterparty_id="1"),
        ("decide", 1, None, [], []),
    ),
    "nobody's by now, the same supplier": (
        [a(1, "A", S.SENT)],
        incoming("B", None, counterparty=HERE),
        ("decide", 1, None, [], []),
    ),
    "the receiver's id changed, touched": ([a(1, "A", S.SENT)], incoming("A", THERE, counterparty=HERE), ("known", [])),
    "agreed on an 860, another receiver": (
        [a(1, "A", S.SENT), a(2, "B", S.AGREED, None, purpose=None)],
        incoming("C", THERE),
        ("decide", None, None, [], [2]),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_history_says_of_a_document(name):
    history, document, expected = CASES[name]
    assert assessed_in_short(history, document) == expected


def test_what_was_agreed_is_withdrawn_at_the_receiver_of_what_it_changed():
    history = [a(2, "B", S.AGREED, None, purpose=None), a(1, "A", S.SENT)]
    (withdrawn,) = assess(history, incoming("C", THERE)).withdraw
    assert withdrawn.receiver_id == HERE
