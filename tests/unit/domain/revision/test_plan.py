"""What a message does to the history of its document, as a table: history, document, routing, and what is written.

A content is a letter, which is what a partner sees; a prime (`A'`) is a change that no partner sees.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.domain.documents import DocumentKey
from connector.domain.errors import Parked, PayloadLost, Transient
from connector.domain.reasons import Reason
from connector.domain.revision.assess import Sharing, Wait
from connector.domain.revision.cause import Cause
from connector.domain.revision.decision import Routed
from connector.domain.revision.facts import NO_DOCUMENT, StoredDocument
from connector.domain.revision.go_live import Sighting
from connector.domain.revision.plan import MAX_TEXT_LENGTH, Add, Plan, Queue, Replace, SeenAgain, Supersede, plan
from connector.domain.revision.reading import Reading
from connector.domain.revision.record import NOTHING_NEW, ChangeResult, Revision, State
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Dialect, OrderfulRequest, Purpose, Stream, TransactionType, Translation
from connector.edi.visma.read import read_document
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
KEY = DocumentKey.of_order("nordic", "500123")
ACME, BERG = "ACMEPRODUCET", "BERGT"
SUPPLIERS = {ACME: "50012", "FORMER": "50012", BERG: "60001", None: "99"}
S = State


def a(sequence, content, state, receiver=ACME, **changes):
    """A revision of this content for this receiver, as the translator writes one that leaves."""
    at = NOW + timedelta(minutes=sequence)
    record = Revision(
        key=KEY,
        sequence=sequence,
        revision_id=content,
        state=state,
        created_at=at,
        updated_at=at,
        seen_at=at,
        receiver_id=receiver,
        visma_status="Open",
    )
    sent = {"transaction_type": TransactionType.PURCHASE_ORDER, "purpose": Purpose.ORIGINAL, "dialect": Dialect.X12}
    who = {"partner": {ACME: "acme", "FORMER": "acme", BERG: "berg"}.get(receiver), "counterparty": SUPPLIERS[receiver]}
    return replace(record, **sent | who | changes)


def unsent(sequence, content, state, **changes):
    """A revision that was never translated."""
    return a(sequence, content, state, **{"transaction_type": None, "purpose": None, "dialect": None} | changes)


def withdrawal(sequence, of, state, **changes):
    return a(sequence, f"w{of}", state, purpose=Purpose.CANCELLATION, withdraws=of, **changes)


def asked_in(sequence, content, state, result=None):
    """What became of an 860 of the partner's."""
    return unsent(sequence, content, state, change_id="860-1", change_result=result, receiver_id=None)


def document(content, *, supplier=ACME, internal_id=None, status="Open", **changes):
    fields = {"note": content.rstrip("'"), "status": status, "hold": status == "Hold"}
    fields["supplier"] = {"internalId": internal_id, "number": SUPPLIERS[supplier], "name": "A supplier"}
    found = read_document(a_purchase_order(**fields | changes), company="nordic")
    return replace(found, key=KEY)


@dataclass
class Answers:
    """Facts without a ledger: a request says what the content says."""

    routing: Routing
    lost: bool = False
    asked: list[str] = field(default_factory=list)

    def stored(self, revision):
        self.asked.append("stored")
        if self.lost:
            return StoredDocument(NO_DOCUMENT, PayloadLost("It is no longer kept."), is_object=False)
        status = {"cancelled": "Cancelled", "rejected": "Rejected"}.get(revision.revision_id, "Open")
        return StoredDocument(b"stored", document(revision.revision_id, supplier=revision.receiver_id, status=status))

    def sent_message(self, revision):
        self.asked.append("sent_message")
        return None if self.lost else {"says": revision.revision_id.rstrip("'")}

    def had_as_other_company(self, key, *, after=None):
        return None

    def route(self, key, counterparty):
        return self.routing.route(key.company, key.kind, counterparty)

    def translate(self, content, route, purpose):
        return Translation(
            request=OrderfulRequest("POST", "/", {}, {"message": {"says": content.note}}),
            dialect=Dialect.X12,
            transaction_type=TransactionType.PURCHASE_ORDER,
            purpose=purpose,
            business_number=content.number,
            partner=route.partner,
            sender_id="NORDICFOODT",
            receiver_id=route.partner_isa_id.on(Stream.TEST),
            stream=Stream.TEST,
        )


@dataclass(frozen=True)
class Seen:
    """What a message brings, and what routing says otherwise than usual."""

    content: str
    cause: Cause = Cause.POLL
    supplier: str | None = ACME
    status: str = "Open"
    readable: bool = True
    lost: bool = False
    received: tuple[int, ...] = ()
    sharing: Sharing | None = None
    document: dict[str, Any] = field(default_factory=dict)
    routing: dict[str, Any] = field(default_factory=dict)


def planned(history, seen: Seen, facts: Answers | None = None) -> Plan | Wait:
    partners = {"partners.berg": a_partner(isa_id="BERG", supplier="60001")} | seen.routing
    routing = Routing(routing_data({name: value for name, value in partners.items() if value is not None}))
    current = document(seen.content, supplier=seen.supplier, status=seen.status, **seen.document)
    problem = None if seen.readable else Parked("It cannot be read.", code=Reason.UNREADABLE_DOCUMENT)
    at = NOW + timedelta(hours=1)
    dated = current.content.ordered_on
    sighting = Sighting(created=None, dated=dated, modified_at=at, seen_at=at, listed_since=None, first_scan=False)
    reading = Reading(
        key=KEY,
        revision_id=seen.content,
        document=current if seen.readable else None,
        problem=problem,
        sighting=sighting,
        cause=seen.cause,
        received=seen.received,
    )
    facts = facts or Answers(routing, seen.lost)
    try:
        route = facts.route(KEY, current.counterparty)
    except Parked as unmapped:
        route = unmapped
    routed = Routed(route if seen.readable else None, routing.companies["nordic"], Stream.TEST)
    return plan(reading, history[::-1], routed, facts, now=at, sharing=seen.sharing)


def output(step):
    """A step in short: what is written, and as what it leaves or why it does not."""
    match step:
        case Add(one, _, _, older):
            return ("add", one.sequence, one.state, why(one), [each.sequence for each in older])
        case Replace(one, _, _, older, is_decision=is_decision):
            name = "replace" if is_decision else "note"
            return (name, one.sequence, one.state, why(one), [each.sequence for each in older])
        case Supersede(one, _):
            return ("supersede", one.sequence)
        case Queue(one):
            return ("queue", one.sequence)
        case SeenAgain(one, _, _):
            return ("seen again", one.sequence)


def why(one):
    return one.purpose if one.state is State.TRANSLATED else one.reason_code


ORIGINAL, REPLACE, CANCEL = Purpose.ORIGINAL, Purpose.REPLACE, Purpose.CANCELLATION
KEPT_OFF = {"by_routing": True, "kept_ready": True, "partner": "acme"}
VERSIONED = Seen("A", document={"timeStamp": "AAAAAAAAB9E="})
LATER_GO_LIVE = {"companies.nordic.go_live": "2026-10-01"}
CASES = {
    # -- new documents
    "new": ([], Seen("A"), [("add", 1, S.TRANSLATED, ORIGINAL, [])]),
    "new, from before go-live": (
        [],
        Seen("A", routing=LATER_GO_LIVE),
        [("add", 1, S.BASELINE, Reason.BEFORE_GO_LIVE, [])],
    ),
    "new, dated on the day of go-live": (
        [],
        Seen("A", routing={"companies.nordic.go_live": "2026-09-15T06:00"}),
        [("add", 1, S.PARKED, Reason.AGE_UNCLEAR, [])],
    ),
    "new, for nobody": ([], Seen("A", supplier=None), [("add", 1, S.PARKED, Reason.UNMAPPED_PARTNER, [])]),
    "new, for nobody, who may be skipped": (
        [],
        Seen("A", supplier=None, routing={"companies.nordic.unmapped_partner": "skip"}),
        [("add", 1, S.SKIPPED, Reason.UNMAPPED_PARTNER, [])],
    ),
    "new, a draft": ([], Seen("A", status="Hold"), [("add", 1, S.SKIPPED, Reason.ON_HOLD, [])]),
    "new, of an unknown status": (
        [],
        Seen("A", status="Odd"),
        [("add", 1, S.PARKED, Reason.UNKNOWN_STATUS, [])],
    ),
    "new, switched off": (
        [],
        Seen("A", routing={"partners.acme.send": False}),
        [("add", 1, S.SKIPPED, Reason.SEND_OFF, [])],
    ),
    "new, cannot be read": (
        [],
        Seen("A", readable=False),
        [("add", 1, S.PARKED, Reason.UNREADABLE_DOCUMENT, [])],
    ),
    "new, with the number of an order of another type": (
        [],
        Seen("A", sharing=Sharing("Blanket", a(1, "X", S.SENT), is_own=False)),
        [("add", 1, S.PARKED, Reason.NUMBER_SHARED, [])],
    ),
    # -- documents that did not leave yet
    "translated already": ([a(1, "A", S.TRANSLATED)], Seen("A"), [("seen again", 1), ("queue", 1)]),
    "changed before it left": (
        [a(1, "A", S.TRANSLATED)],
        Seen("B"),
        [("add", 2, S.TRANSLATED, ORIGINAL, [1])],
    ),
    "parked, and asked for by a person": (
        [unsent(1, "A", S.PARKED, receiver=None)],
        Seen("A", supplier=None, cause=Cause.REPLAY),
        [("replace", 1, S.PARKED, Reason.UNMAPPED_PARTNER, [])],
    ),
    "parked, and released": (
        [unsent(1, "A", S.PARKED)],
        Seen("A", cause=Cause.RELEASE),
        [("replace", 1, S.TRANSLATED, ORIGINAL, [])],
    ),
    "kept off by routing, its status changes": (
        [unsent(1, "A", S.PARKED, **KEPT_OFF)],
        Seen("A", status="Printed"),
        [("note", 1, S.PARKED, None, [])],
    ),
    "kept off by routing, which does so no longer, and changed": (
        [unsent(1, "A", S.SKIPPED, **KEPT_OFF)],
        Seen("B"),
        [("add", 2, S.PARKED, Reason.KEPT_BACK_BEFORE, [1])],
    ),
    "new, and goods of it were received": (
        [],
        Seen("A", received=(1,)),
        [("add", 1, S.PARKED, Reason.GOODS_RECEIVED, [])],
    ),
    "new, goods of it were received, and on hold": (
        [],
        Seen("A", status="Hold", received=(1,)),
        [("add", 1, S.SKIPPED, Reason.ON_HOLD, [])],
    ),
    "without a partner until now, and goods of it were received": (
        [unsent(1, "A", S.PARKED, receiver=None)],
        Seen("A", cause=Cause.RELEASE, received=(1,)),
        [("replace", 1, S.PARKED, Reason.GOODS_RECEIVED, [])],
    ),
    "goods of it were received, and a person sends it": (
        [unsent(1, "A", S.PARKED)],
        Seen("A", cause=Cause.AS_REPLACEMENT, received=(1,)),
        [("replace", 1, S.TRANSLATED, REPLACE, [])],
    ),
    "another supplier, and goods of it were received": (
        [a(1, "A", S.SENT)],
        Seen("B", supplier=BERG, received=(1,)),
        [("add", 2, S.TRANSLATED, CANCEL, []), ("add", 3, S.PARKED, Reason.GOODS_RECEIVED, [])],
    ),
    "another ISA id, goods of it were received, and changed": (
        [a(1, "A", S.SENT, "FORMER")],
        Seen("B", received=(1,)),
        [("add", 2, S.TRANSLATED, CANCEL, []), ("add", 3, S.TRANSLATED, ORIGINAL, [])],
    ),
    # -- documents that the partner has
    "sent, goods of it were received, and changed": (
        [a(1, "A", S.SENT)],
        Seen("B", received=(1,)),
        [("add", 2, S.TRANSLATED, REPLACE, [])],
    ),
    "sent, and taken back": ([a(1, "A", S.SENT), a(2, "B", S.TRANSLATED)], Seen("A"), [("supersede", 2)]),
    "sent, and changed": ([a(1, "A", S.SENT)], Seen("B"), [("add", 2, S.TRANSLATED, REPLACE, [])]),
    "sent, and changed where no partner sees it": (
        [a(1, "A", S.SENT)],
        Seen("A'"),
        [("add", 2, S.SKIPPED, Reason.NOTHING_NEW, [])],
    ),
    "agreed on, and changed where no partner sees it": (
        [a(1, "A", S.SENT), asked_in(2, "B", S.AGREED)],
        Seen("B'"),
        [("add", 3, S.SKIPPED, Reason.NOTHING_NEW, [])],
    ),
    "sent, changed, a person decides": (
        [a(1, "A", S.SENT)],
        Seen("B", routing={"partners.acme.on_revision": "park"}),
        [("add", 2, S.PARKED, Reason.CHANGED_AFTER_SENDING, [])],
    ),
    "sent, changed, ignored": (
        [a(1, "A", S.SENT)],
        Seen("B", routing={"partners.acme.on_revision": "ignore"}),
        [("add", 2, S.SKIPPED, Reason.REVISION_IGNORED, [])],
    ),
    "sent, changed, switched off": (
        [a(1, "A", S.SENT)],
        Seen("B", routing={"partners.acme.send": False}),
        [("add", 2, S.PARKED, Reason.PARTNER_NOT_TOLD, [])],
    ),
    "sent, changed and closed": (
        [a(1, "A", S.SENT)],
        Seen("B", status="Closed"),
        [("add", 2, S.PARKED, Reason.CHANGED_OUT_OF_STATUS, [])],
    ),
    "sent, and cancelled": (
        [a(1, "A", S.SENT)],
        Seen("B", status="Cancelled"),
        [("add", 2, S.TRANSLATED, CANCEL, [])],
    ),
    "sent, an 860 came along with an edit, and the edit is taken back": (
        [a(1, "A", S.SENT), asked_in(2, "B", S.SUPERSEDED, ChangeResult.FULL_RESEND)],
        Seen("A"),
        [("add", 3, S.TRANSLATED, REPLACE, [])],
    ),
    "sent, an 860 was not written, and nothing else changed": (
        [a(1, "A", S.SENT), asked_in(2, "", S.SUPERSEDED, ChangeResult.NOT_WRITTEN)],
        Seen("A"),
        [("seen again", 2)],
    ),
    # -- other receivers
    "another supplier, and changed": (
        [a(1, "A", S.SENT)],
        Seen("B", supplier=BERG),
        [("add", 2, S.TRANSLATED, CANCEL, []), ("add", 3, S.TRANSLATED, ORIGINAL, [])],
    ),
    "another supplier, the former one is told by a person": (
        [a(1, "A", S.SENT)],
        Seen("B", supplier=BERG, routing={"partners.acme.on_revision": "park"}),
        [("add", 2, S.PARKED, Reason.WITHDRAWAL_BY_HAND, []), ("add", 3, S.TRANSLATED, ORIGINAL, [])],
    ),
    "another supplier, what was sent is no longer kept": (
        [a(1, "A", S.SENT)],
        Seen("B", supplier=BERG, lost=True),
        [("add", 2, S.PARKED, Reason.WITHDRAWAL_BY_HAND, []), ("add", 3, S.TRANSLATED, ORIGINAL, [])],
    ),
    "a withdrawal that a person asks for again": (
        [a(1, "A", S.SENT), withdrawal(2, 1, S.PARKED), a(3, "B", S.SENT, BERG)],
        Seen("B", supplier=BERG, cause=Cause.WITHDRAW),
        [("add", 4, S.TRANSLATED, CANCEL, [2])],
    ),
    "one of two withdrawals is asked for again, and the other one's receiver has the document again": (
        [
            a(1, "A", S.SENT),
            withdrawal(2, 1, S.SUPERSEDED),
            a(3, "B", S.SENT, BERG),
            withdrawal(4, 3, S.PARKED, receiver=BERG),
            unsent(5, "A'", S.SKIPPED, counterparty="50012", reason=NOTHING_NEW),
        ],
        Seen("A'", cause=Cause.WITHDRAW),
        [("add", 6, S.TRANSLATED, CANCEL, [4])],
    ),
    "another supplier and back, and again to that one, who is in routing no more": (
        [
            a(1, "A", S.SENT, counterparty_id="101"),
            withdrawal(2, 1, S.SUPERSEDED),
            a(3, "B", S.SENT, BERG, counterparty_id="102"),
            withdrawal(4, 3, S.SENT, receiver=BERG, counterparty_id="102"),
            unsent(5, "A'", S.SKIPPED, counterparty_id="101"),
        ],
        Seen("C", supplier=BERG, document={"internal_id": 102}, routing={"partners.berg": None}),
        [("add", 6, S.TRANSLATED, CANCEL, []), ("add", 7, S.PARKED, Reason.UNMAPPED_PARTNER, [5])],
    ),
    "another ISA id, and changed where no partner sees it": (
        [a(1, "A", S.SENT, "FORMER")],
        Seen("A'"),
        [("add", 2, S.SKIPPED, Reason.NOTHING_NEW, [])],
    ),
    "another ISA id, and changed": (
        [a(1, "A", S.SENT, "FORMER")],
        Seen("B"),
        [("add", 2, S.TRANSLATED, CANCEL, []), ("add", 3, S.TRANSLATED, ORIGINAL, [])],
    ),
    # -- from before go-live
    "from before go-live, and changed": (
        [unsent(1, "A", S.BASELINE)],
        Seen("B"),
        [("add", 2, S.PARKED, Reason.CHANGED_SINCE_GO_LIVE, [])],
    ),
    "from before go-live, changed, to be sent": (
        [unsent(1, "A", S.BASELINE)],
        Seen("B", routing={"companies.nordic.before_go_live": "send"}),
        [("add", 2, S.TRANSLATED, REPLACE, [])],
    ),
    "from before go-live, changed, ignored": (
        [unsent(1, "A", S.BASELINE)],
        Seen("B", routing={"companies.nordic.before_go_live": "ignore"}),
        [("add", 2, S.BASELINE, Reason.BEFORE_GO_LIVE, [1])],
    ),
    "from before go-live, changed where no partner sees it": (
        [unsent(1, "A", S.BASELINE)],
        Seen("A'"),
        [("seen again", 1)],
    ),
    "from before go-live, released since, its supplier is in no routing": (
        [unsent(1, "A", S.BASELINE, receiver=None, visma_status="Hold")],
        Seen("A", supplier=None),
        [("add", 2, S.PARKED, Reason.UNMAPPED_PARTNER, [])],
    ),
    "from before go-live, printed since, its supplier is in no routing": (
        [unsent(1, "A", S.BASELINE, receiver=None)],
        Seen("A", supplier=None, status="Printed"),
        [("seen again", 1)],
    ),
    "from before go-live, a person sends it": (
        [unsent(1, "A", S.BASELINE)],
        Seen("A", cause=Cause.AS_ORIGINAL),
        [("replace", 1, S.TRANSLATED, ORIGINAL, [])],
    ),
    "at another supplier, closed by a person there, and changed where no partner sees it": (
        [a(1, "A", S.SENT), withdrawal(2, 1, S.SENT), unsent(3, "B", S.CLOSED, receiver=None, counterparty="60001")],
        Seen("B'", supplier=BERG),
        [("seen again", 3)],
    ),
    "at another supplier, closed by a person there, and changed": (
        [a(1, "A", S.SENT), withdrawal(2, 1, S.SENT), unsent(3, "B", S.CLOSED, receiver=None, counterparty="60001")],
        Seen("C", supplier=BERG),
        [("add", 4, S.PARKED, Reason.CHANGED_AFTER_CLOSE, [])],
    ),
    "closed by a person, and changed": (
        [unsent(1, "A", S.CLOSED)],
        Seen("B"),
        [("add", 2, S.PARKED, Reason.CHANGED_AFTER_CLOSE, [])],
    ),
    "sent, a change of it closed by a person, and changed again": (
        [a(1, "A", S.SENT), unsent(2, "B", S.CLOSED)],
        Seen("C"),
        [("add", 3, S.TRANSLATED, REPLACE, [])],
    ),
    "sent, a change of it closed by a person, and changed where no partner sees it": (
        [a(1, "A", S.SENT), unsent(2, "B", S.CLOSED)],
        Seen("B'"),
        [("add", 3, S.SKIPPED, Reason.NOTHING_NEW, [])],
    ),
    "sent, a change of it closed by a person, and changed back where a partner sees it": (
        [a(1, "A", S.SENT), unsent(2, "B", S.CLOSED)],
        Seen("A'"),
        [("add", 3, S.TRANSLATED, REPLACE, [])],
    ),
    "sent, its cancellation closed by a person, and the cancelled order changed": (
        [a(1, "A", S.SENT), unsent(2, "cancelled", S.CLOSED)],
        Seen("C", status="Cancelled"),
        [("add", 3, S.SKIPPED, Reason.NOTHING_NEW, [])],
    ),
    "sent, its cancellation closed by a person, and open again": (
        [a(1, "A", S.SENT), unsent(2, "cancelled", S.CLOSED)],
        Seen("A'"),
        [("add", 3, S.TRANSLATED, REPLACE, [])],
    ),
    "sent, its refusal closed by a person, and a touch": (
        [a(1, "A", S.SENT), unsent(2, "rejected", S.CLOSED)],
        Seen("A'", status="Rejected"),
        [("add", 3, S.SKIPPED, Reason.STATUS_NOT_IN_SEND_WHEN, [])],
    ),
    "sent, its refusal closed by a person, and approved again": (
        [a(1, "A", S.SENT), unsent(2, "rejected", S.CLOSED)],
        Seen("A'"),
        [("add", 3, S.TRANSLATED, REPLACE, [])],
    ),
    "sent, a change of it closed by a person, and a touch with a status that is not sent": (
        [a(1, "A", S.SENT), unsent(2, "B", S.CLOSED)],
        Seen("B'", status="Completed"),
        [("add", 3, S.SKIPPED, Reason.STATUS_NOT_IN_SEND_WHEN, [])],
    ),
    "sent, a change of it closed by a person, and a touch once routing keeps it off": (
        [a(1, "A", S.SENT), unsent(2, "B", S.CLOSED)],
        Seen("B'", routing={"partners.acme.kinds": {"purchase_order": {"send": False}}}),
        [("add", 3, S.SKIPPED, Reason.NOTHING_NEW, [])],
    ),
    "sent, its change before the supplier left routing closed by a person, and a touch once it is back": (
        [a(1, "A", S.SENT), unsent(2, "B", S.CLOSED, receiver=None, counterparty="50012")],
        Seen("B'"),
        [("add", 3, S.SKIPPED, Reason.NOTHING_NEW, [])],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_message_does_to_a_history(name):
    history, seen, expected = CASES[name]
    assert [output(step) for step in planned(history, seen).steps] == expected


def applied(history, steps):
    """The history after the steps were carried out, as the ledger has it."""
    rows = {one.sequence: one for one in history}
    for step in steps:
        older = [step.revision] if isinstance(step, Supersede) else getattr(step, "supersedes", ())
        changes = step.changes if isinstance(step, Supersede) else {}
        rows |= {one.sequence: replace(one, state=State.SUPERSEDED, **changes) for one in older}
        if isinstance(step, Add | Replace):
            rows[step.revision.sequence] = step.revision
        if isinstance(step, SeenAgain):
            one = step.revision
            rows[one.sequence] = replace(one, seen_at=step.seen_at, visma_version=step.version)
    return [rows[number] for number in sorted(rows)]


@pytest.mark.parametrize("name", CASES)
def test_a_message_that_comes_twice_writes_nothing_more(name):
    history, seen, _ = CASES[name]
    history = applied(history, planned(history, seen).steps)
    again = planned(history, replace(seen, cause=Cause.POLL))
    assert [step for step in again.steps if not isinstance(step, Queue | SeenAgain)] == []
    third = planned(applied(history, again.steps), replace(seen, cause=Cause.POLL))
    assert [step for step in third.steps if not isinstance(step, Queue)] == []


@pytest.mark.parametrize(
    ("history", "sentence"),
    [
        ([a(1, "A", S.UNCONFIRMED)], "Revision 1 is still being sent; this one has to wait for its outcome."),
        (
            [a(1, "A", S.SENT), asked_in(2, "", S.CHANGING)],
            "A change that the partner asked for (860-1) is being written into it.",
        ),
    ],
)
def test_what_has_to_end_first_is_waited_for(history, sentence):
    assert planned(history, Seen("B")) == Wait(sentence)


@pytest.mark.parametrize(
    ("history", "seen", "result"),
    [
        ([], Seen("A"), S.TRANSLATED),
        ([a(1, "A", S.SENT)], Seen("A"), None),
        ([unsent(1, "A", S.BASELINE)], Seen("A'"), None),
    ],
)
def test_the_plan_says_to_what_the_document_comes(history, seen, result):
    assert planned(history, seen).result is result


def test_a_request_about_what_was_sent_does_not_send_it_once_more_after_a_change():
    """What Visma shows since the change is sent, once it is seen; see "an 860 came along with an edit"."""
    history = [a(1, "A", S.SENT), asked_in(2, "B", S.SUPERSEDED, ChangeResult.FULL_RESEND)]
    assert planned(history, Seen("A", cause=Cause.RELEASE)) == Plan()


def test_a_question_that_is_on_record_already_is_not_written_again():
    seen = Seen("A", supplier=None)
    history = applied([], planned([], seen).steps)
    assert planned(history, seen) == Plan((), S.PARKED)


def test_nothing_is_looked_up_for_a_new_document():
    facts = Answers(Routing(routing_data()))
    planned([], Seen("A"), facts)
    assert facts.asked == []


def test_the_document_is_read_only_where_the_request_alone_does_not_tell():
    facts = Answers(Routing(routing_data()))
    planned([a(1, "A", S.SENT)], Seen("A'"), facts)
    assert facts.asked == ["sent_message"]
    planned([a(1, "A", S.SENT)], Seen("B"), facts)
    assert facts.asked == ["sent_message", "sent_message", "stored"]


def test_a_fact_that_cannot_be_looked_up_now_leaves_nothing_half_planned():
    facts = Answers(Routing(routing_data()))
    facts.sent_message = lambda _: (_ for _ in ()).throw(Transient("The ledger is busy."))
    with pytest.raises(Transient):
        planned([a(1, "A", S.SENT)], Seen("B"), facts)


def test_the_record_says_what_visma_showed_and_as_what_it_leaves():
    (added,) = planned([], VERSIONED).steps
    one = added.revision
    assert (one.counterparty, one.visma_status, one.document_type) == ("50012", "Open", "RegularOrder")
    assert (one.modified_at, one.seen_at, one.visma_version) == (one.created_at, one.created_at, "AAAAAAAAB9E=")
    assert (one.partner, one.dialect, one.receiver_id) == ("acme", Dialect.X12, ACME)
    assert [event.note for event in one.history] == ["seen changed in Visma", "translated: x12, original"]
    assert (added.source, added.request) == (None, {"message": {"says": "A"}})


def test_a_withdrawal_carries_the_document_that_is_withdrawn():
    withdrawn, _ = planned([a(1, "A", S.SENT)], Seen("B", supplier=BERG)).steps
    assert (withdrawn.source, withdrawn.revision.withdraws, withdrawn.revision.receiver_id) == (b"stored", 1, ACME)
    assert not withdrawn.revision.released
    history = [a(1, "A", S.SENT), withdrawal(2, 1, S.PARKED), a(3, "B", S.SENT, BERG)]
    (again,) = planned(history, Seen("B", supplier=BERG, cause=Cause.WITHDRAW)).steps
    assert again.revision.released
    assert again.revision.look_up_first


def test_what_a_person_chose_stays_with_the_record():
    (replaced,) = planned([unsent(1, "A", S.BASELINE)], Seen("A", cause=Cause.AS_REPLACEMENT)).steps
    assert replaced.was is S.BASELINE
    assert replaced.revision.released
    assert replaced.revision.look_up_first
    assert replaced.revision.purpose is REPLACE


def test_what_never_left_is_superseded_with_what_visma_shows():
    (superseded,) = planned([a(1, "A", S.SENT), a(2, "B", S.TRANSLATED)], VERSIONED).steps
    assert superseded.changes == {"visma_version": "AAAAAAAAB9E=", "seen_at": NOW + timedelta(hours=1)}


def test_only_what_reads_as_what_was_sent_is_marked_so():
    (quiet,) = planned([a(1, "A", S.SENT)], Seen("A'")).steps
    (changed,) = planned([a(1, "A", S.SENT)], Seen("B")).steps
    assert (quiet.revision.reads_as_sent, changed.revision.reads_as_sent) == (True, False)


def test_a_reason_is_cut_to_what_a_record_holds():
    (added,) = planned([], Seen("A", status="X" * 5_000)).steps
    assert len(added.revision.reason) <= MAX_TEXT_LENGTH
    assert len(added.revision.visma_status) <= MAX_TEXT_LENGTH
