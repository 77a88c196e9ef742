from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.order_change.record import ChangeEvent, ChangeState
from connector.domain.revision.record import CAPTURED, Event, Revision, State
from connector.domain.transactions import Dialect, Purpose, Stream, TransactionType
from testkit.memory.stores import CALLER, a_change
from testkit.samples.routing_data import routing_data

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
ORDER = DocumentKey("nordic", Kind.PURCHASE_ORDER, "500123")
INVOICE = DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "100231")

PARKED = Revision(
    key=ORDER,
    sequence=2,
    revision_id="bbb",
    state=State.PARKED,
    created_at=NOW,
    updated_at=NOW + timedelta(minutes=5),
    reason="Unit KRT is not mapped.",
    reason_code="unit-unmapped",
    field="lines[2].uom",
    next_step="Add defaults.units.KRT.",
    waits_for="defaults.units.KRT",
    history=(
        Event(NOW + timedelta(minutes=4), CAPTURED, "seen changed in Visma"),
        Event(NOW + timedelta(minutes=5), State.PARKED, "Unit KRT is not mapped."),
    ),
)
SENT = Revision(
    key=ORDER,
    sequence=1,
    revision_id="aaa",
    state=State.DELIVERED,
    created_at=NOW,
    updated_at=NOW + timedelta(minutes=6),
    partner="acme",
    transaction_type=TransactionType.PURCHASE_ORDER,
    dialect=Dialect.X12,
    purpose=Purpose.ORIGINAL,
    stream=Stream.TEST,
    business_number="500123",
    attempts=1,
    transaction_id="802210971",
    validation_status="VALID",
    delivery_status="DELIVERED",
    history=(
        Event(NOW, CAPTURED, "seen changed in Visma"),
        Event(NOW + timedelta(minutes=6), State.DELIVERED, "delivered"),
    ),
)


@pytest.fixture
def ledger(stack):
    stack.routing.data = routing_data()
    stack.ledger.kept = [SENT, PARKED]
    return stack.ledger


def test_list_puts_what_needs_a_person_first(connector, ledger):
    result = connector("documents", "list", "--json")
    assert [(row["revision"], row["state"]) for row in result.data] == [(2, "PARKED"), (1, "DELIVERED")]
    assert result.data[0]["waits_for"] == "defaults.units.KRT"
    lines = connector("documents", "list").out.splitlines()
    assert lines[1].startswith("nordic/purchase_order/500123")
    assert lines[1].endswith("lines[2].uom  unit-unmapped  Unit KRT is not mapped.")
    assert lines[2] == "      -> Add defaults.units.KRT."
    assert lines[3].startswith("nordic/purchase_order/500123")
    assert len(lines) == 4, "what needs no person has no next step"


@pytest.mark.parametrize(
    ("options", "revisions"),
    [
        (("--state", "PARKED"), [2]),
        (("--state", "delivered"), [1]),
        (("--partner", "acme"), [1]),
        (("--reason", "unit-unmapped"), [2]),
        (("--reason", "send-off"), []),
        (("--company", "svensk"), []),
        (("--company", "nordic", "--limit", "1"), [2]),
    ],
)
def test_list_can_be_narrowed(connector, ledger, options, revisions):
    result = connector("documents", "list", *options, "--json")
    assert [row["revision"] for row in result.data] == revisions


def test_list_finds_what_is_skipped_by_its_reason(connector, ledger):
    """What is not sent is not lost: it is listed by why."""
    off = replace(PARKED, state=State.SKIPPED, reason_code="send-off", partner="acme")
    draft = replace(off, key=replace(ORDER, number="500124"), reason_code="on-hold")
    ledger.kept = [off, draft]
    assert connector("documents", "list", "--reason", "send-off", "--json").data == []
    options = ("--state", "SKIPPED", "--reason", "send-off", "--partner", "acme", "--json")
    (row,) = connector("documents", "list", *options).data
    assert (row["document"], row["reason_codes"]) == ("nordic/purchase_order/500123", ["send-off"])


def test_list_finds_what_needs_attention_by_its_reason(connector, ledger):
    ledger.kept = [replace(SENT, attention="its 997 is overdue", concern="OVERDUE"), PARKED]
    (row,) = connector("documents", "list", "--reason", "acknowledgment-overdue", "--json").data
    assert (row["revision"], row["reason_codes"]) == (1, ["acknowledgment-overdue"])
    assert (
        "acknowledgment-overdue (No functional acknowledgment in time)" in connector("documents", "show", "500123").out
    )


def test_a_reason_that_nobody_knows_is_refused(connector, ledger):
    result = connector("documents", "list", "--reason", "send-of")
    assert (result.code, result.out) == (2, "")
    assert "No reason has the code 'send-of'; docs/reasons.md lists them." in result.err


def test_list_finds_what_is_from_before_go_live(connector, ledger):
    ledger.kept = [replace(PARKED, state=State.BASELINE, reason="It is from before go-live.")]
    assert connector("documents", "list", "--json").data == []
    (row,) = connector("documents", "list", "--state", "baseline", "--json").data
    assert (row["state"], row["reason"]) == ("BASELINE", "It is from before go-live.")


def test_an_empty_list_says_so(connector, ledger):
    assert connector("documents", "list", "--company", "svensk").out == "No such document is open.\n"


@pytest.mark.parametrize("key", ["nordic/purchase_order/500123", "nordic#purchase_order#500123", "500123"])
def test_show_gives_all_revisions_newest_first(connector, ledger, key):
    result = connector("documents", "show", key, "--json")
    assert result.data["document"] == "nordic/purchase_order/500123"
    parked, sent = result.data["revisions"]
    assert (parked["state"], parked["field"], parked["next_step"]) == (
        "PARKED",
        "lines[2].uom",
        "Add defaults.units.KRT.",
    )
    assert (sent["transaction_id"], sent["validation_status"], sent["dialect"]) == ("802210971", "VALID", "x12")
    assert sent["history"][0] == {"at": "2026-09-01T06:00:00Z", "state": "CAPTURED", "note": "seen changed in Visma"}


def test_show_tells_a_person_state_reason_next_step_and_remote_id(connector, ledger):
    out = connector("documents", "show", "500123").out
    for told in (
        "revision 2: PARKED",
        "Unit KRT is not mapped.",
        "Add defaults.units.KRT.",
        "802210971",
        "VALID / DEL",
    ):
        assert told in out


@pytest.mark.parametrize("state", [State.CLOSED, State.SUPERSEDED])
def test_what_is_over_has_no_next_step(connector, ledger, state):
    ledger.kept = [replace(PARKED, state=state)]
    assert "next step" not in connector("documents", "show", "500123").out
    assert connector("documents", "show", "500123", "--json").data["revisions"][0]["next_step"] is None


def test_trace_is_one_timeline_over_all_revisions_with_remote_ids(connector, ledger):
    result = connector("documents", "trace", "500123", "--json")
    told = [(event["revision"], event["state"], event["transaction_id"]) for event in result.data["timeline"]]
    assert told == [
        (1, "CAPTURED", None),
        (2, "CAPTURED", None),
        (2, "PARKED", None),
        (1, "DELIVERED", "802210971"),
    ]
    assert "802210971" in connector("documents", "trace", "500123").out


def test_trace_ends_with_what_a_person_should_do(connector, ledger):
    lines = connector("documents", "trace", "500123").out.splitlines()
    assert lines[-2:] == ["revision 2: PARKED. Unit KRT is not mapped.", "      -> Add defaults.units.KRT."]
    (step,) = connector("documents", "trace", "500123", "--json").data["next_steps"]
    assert (step["revision"], step["next_step"]) == (2, "Add defaults.units.KRT.")
    ledger.kept = [SENT]
    assert "->" not in connector("documents", "trace", "500123").out


def test_a_number_that_several_documents_have_must_be_named_in_full(connector, ledger):
    ledger.kept = [SENT, replace(SENT, key=DocumentKey("nordic", Kind.SUPPLIER_INVOICE, "500123"))]
    result = connector("documents", "show", "500123")
    assert (result.code, result.out) == (2, "")
    assert "nordic/purchase_order/500123, nordic/supplier_invoice/500123" in result.err


def test_a_document_that_the_ledger_does_not_know_is_one_sentence(connector, ledger):
    result = connector("documents", "show", "999")
    told = "under the companies in force; give company/kind/number to find one of another company."
    assert result.code == 1
    assert result.err.startswith(f"The ledger knows no document 999 {told} Whatever Visma's lists have shown")
    assert all(word in result.err for word in ("connector cursors", "settled", "config show", "go-live"))
    result = connector("documents", "show", "nordic/purchase_order/999")
    assert result.err.startswith("The ledger knows no document nordic/purchase_order/999. Whatever Visma's lists")


@pytest.mark.parametrize("key", ["nordic/order/1", "nordic/purchase_order", "//"])
def test_what_is_no_key_is_wrong_input(connector, ledger, key):
    result = connector("documents", "trace", key)
    assert (result.code, result.out) == (2, "")
    assert "company/kind/number" in result.err


@pytest.mark.parametrize("kept", ["CreditNote:900145", "DebitNote:900145", "CashSale:900145"])
def test_a_credit_or_debit_note_is_found_by_its_number_alone(connector, ledger, kept):
    ledger.kept = [replace(SENT, key=DocumentKey("nordic", Kind.CUSTOMER_INVOICE, kept))]
    for number in ("900145", kept):
        assert connector("documents", "show", number, "--json").data["document"].endswith(f"/{kept}")


def test_an_order_of_a_second_type_is_found_by_its_number(connector, ledger):
    second = replace(SENT, key=SENT.key.of_type("DropShip"))
    ledger.kept = [second]
    assert connector("documents", "show", "500123", "--json").data["document"].endswith("/DropShip:500123")
    ledger.kept = [SENT, second]
    assert "nordic/purchase_order/500123, nordic/purchase_order/DropShip:500123" in (
        connector("documents", "show", "500123").err
    )


def test_replay_queues_a_document_that_waits_for_a_person(connector, stack, ledger):
    result = connector("documents", "replay", "500123", "--yes")
    assert result.code == 0
    (message,) = stack.outbox.queued
    assert (message.number, message.cause.split()[0]) == ("500123", "replay")


def test_replay_finds_what_was_refused_behind_changes_that_were_taken_back(connector, stack, ledger):
    parked = max(ledger.kept, key=lambda revision: revision.sequence)
    ledger.kept = [replace(parked, sequence=parked.sequence + 1, state=State.SUPERSEDED), *ledger.kept]
    result = connector("documents", "replay", "500123", "--yes", "--json")
    assert (result.code, result.data["sequence"]) == (0, parked.sequence)


@pytest.mark.parametrize(("state", "will"), [(State.PARKED, "sent"), (State.REJECTED, "sent again")])
def test_replay_says_what_will_be_sent(connector, ledger, state, will):
    ledger.kept = [SENT, replace(PARKED, state=state)]
    err = connector("documents", "replay", "500123", "--yes").err
    assert err.startswith(f"Revision 2 of {ORDER} ({state}) will be {will}.\n")


def test_replay_refuses_what_the_partner_has(connector, stack, ledger):
    ledger.kept = [SENT]
    result = connector("documents", "replay", "500123", "--yes")
    assert (result.code, stack.outbox.queued) == (1, [])
    assert "only a rejected or parked revision" in result.err


def test_replay_changes_nothing_without_a_yes(connector, stack, ledger):
    assert connector("documents", "replay", "500123").code != 0
    assert stack.outbox.queued == []


# -- what came in ---------------------------------------------------------------------------------------------------

CHANGE = a_change(
    state=ChangeState.PARKED,
    created_at=NOW + timedelta(minutes=7),
    updated_at=NOW + timedelta(minutes=8),
    change_sequence=2,
    reason="Line 1: the quantity goes from 800 to 1000, more than 20 %.",
    history=(
        ChangeEvent(NOW + timedelta(minutes=7), ChangeState.RECEIVED, "received"),
        ChangeEvent(NOW + timedelta(minutes=8), ChangeState.PARKED, "more than 20 %"),
    ),
)
RESERVED = replace(
    SENT,
    sequence=3,
    revision_id="",
    state=State.CHANGING,
    transaction_type=None,
    dialect=None,
    purpose=None,
    attempts=0,
    transaction_id=None,
    change_id="802219999",
    validation_status=None,
    delivery_status=None,
    history=(Event(NOW + timedelta(minutes=9), State.CHANGING, "the partner's change is written (802219999)"),),
)


def test_show_tells_the_changes_recorded_under_an_order(connector, stack, ledger):
    stack.changes.put(CHANGE)
    (change,) = connector("documents", "show", "500123", "--json").data["changes"]
    assert (change["transaction_id"], change["state"], change["sequence"]) == ("802210971", "PARKED", 2)
    lines = connector("documents", "show", "500123").out.splitlines()
    at = lines.index("changes")
    assert lines[at + 2].split()[:4] == ["802210971", "860", "2", "PARKED"]
    assert "more than 20 %" in lines[at + 2]


def test_without_changes_there_is_no_section_for_them(connector, ledger):
    assert connector("documents", "show", "500123", "--json").data["changes"] == []
    assert "changes" not in connector("documents", "show", "500123").out.splitlines()


def test_an_answer_about_an_invoice_is_shown_with_it_and_in_its_timeline(connector, stack, ledger):
    ledger.kept = [replace(SENT, key=INVOICE)]
    reason = "The 824 of acme does not accept it as sent."
    stack.changes.put(
        a_change(
            number=INVOICE.number,
            kind=INVOICE.kind,
            document="824",
            state=ChangeState.ATTENTION,
            reason=reason,
            history=(ChangeEvent(NOW, ChangeState.ATTENTION, "received: 824_APPLICATION_ADVICE"),),
        )
    )
    assert reason in connector("documents", "show", str(INVOICE)).out
    timeline = connector("documents", "trace", str(INVOICE), "--json").data["timeline"]
    assert ("824", "ATTENTION") in [(event["document"], event["state"]) for event in timeline]


def test_a_change_of_an_order_is_not_shown_with_an_invoice_of_its_number(connector, stack, ledger):
    ledger.kept = [replace(SENT, key=INVOICE)]
    stack.changes.put(a_change(number=INVOICE.number))
    assert connector("documents", "show", str(INVOICE), "--json").data["changes"] == []
    found = connector("documents", "show", INVOICE.number, "--json").data
    assert found["document"] == str(INVOICE), "what came in only counts where nothing of ours has the number"


def test_trace_puts_changes_into_the_timeline(connector, stack, ledger):
    stack.changes.put(CHANGE)
    timeline = connector("documents", "trace", "500123", "--json").data["timeline"]
    assert [(event["revision"], event["document"], event["state"]) for event in timeline[-3:]] == [
        (1, None, "DELIVERED"),
        (None, "860", "RECEIVED"),
        (None, "860", "PARKED"),
    ]
    assert timeline[-1] == {
        "at": "2026-09-01T06:08:00Z",
        "revision": None,
        "document": "860",
        "state": "PARKED",
        "note": "more than 20 %",
        "transaction_id": "802210971",
    }
    lines = connector("documents", "trace", "500123").out.splitlines()
    assert ["860", "PARKED", "802210971"] in [line.split()[2:5] for line in lines]


def test_an_order_of_which_only_changes_are_known_is_shown_and_cannot_be_replayed(connector, stack, ledger):
    stack.changes.put(a_change(number="500777"))
    found = connector("documents", "show", "500777", "--json").data
    assert (found["document"], found["revisions"], len(found["changes"])) == ("nordic/purchase_order/500777", [], 1)
    assert connector("documents", "trace", "500777").code == 0
    result = connector("documents", "replay", "500777", "--yes")
    assert (result.code, stack.outbox.queued) == (1, [])
    assert "no revision of nordic/purchase_order/500777" in result.err


@pytest.mark.parametrize("state", [State.CHANGING, State.AGREED, State.SUPERSEDED])
def test_a_revision_that_the_partner_asked_for_names_the_change(connector, ledger, state):
    ledger.kept = [SENT, replace(RESERVED, state=state)]
    newest, sent = connector("documents", "show", "500123", "--json").data["revisions"]
    assert (newest["state"], newest["asked_by"], sent["asked_by"]) == (state, "802219999", None)
    out = connector("documents", "show", "500123").out
    assert "asked by  change 802219999" in out
    assert "orderful  802219999" not in out


def test_an_order_that_is_being_changed_is_listed_and_one_that_is_agreed_is_not(connector, ledger):
    ledger.kept = [RESERVED]
    assert [row["state"] for row in connector("documents", "list", "--json").data] == ["CHANGING"]
    assert "change 802219999" in connector("documents", "list", "--state", "changing").out
    ledger.kept = [replace(RESERVED, state=State.AGREED)]
    assert connector("documents", "list", "--json").data == []
    assert len(connector("documents", "list", "--state", "AGREED", "--json").data) == 1


def test_what_the_partner_asked_for_is_not_replayed(connector, stack, ledger):
    ledger.kept = [SENT, RESERVED]
    assert connector("documents", "replay", "500123", "--yes").code == 1
    assert stack.outbox.queued == []


# -- release and close ----------------------------------------------------------------------------------------------

WITHDRAWAL = replace(PARKED, sequence=3, state=State.PARKED, withdraws=1, waits_for=None)


@pytest.mark.parametrize("purpose", ["original", "replacement"])
@pytest.mark.parametrize("state", [State.PARKED, State.BASELINE])
def test_release_queues_a_document_as_what_the_person_says(connector, stack, ledger, purpose, state):
    ledger.kept = [replace(PARKED, state=state)]
    result = connector("documents", "release", "500123", "--as", purpose, "--yes")
    assert (result.code, result.err) == (0, f"Revision 2 of {ORDER} ({state}) will be sent as {purpose}.\n")
    (message,) = stack.outbox.queued
    assert message.cause.startswith(f"send as {purpose} 2026-")


def test_release_refuses_what_waits_for_no_choice(connector, stack, ledger):
    ledger.kept = [SENT]
    result = connector("documents", "release", "500123", "--as", "original", "--yes")
    assert (result.code, stack.outbox.queued) == (1, [])
    assert "waits for no choice" in result.err


def test_close_names_who_closes_it(connector, ledger):
    connector("documents", "close", "500123", "--by", " kari ", "--yes")
    ((_, _, note),) = ledger.moved
    assert note == f"closed by kari ({CALLER})"


def test_close_ends_a_question_with_its_reason_and_queues_nothing(connector, stack, ledger):
    result = connector("documents", "close", "500123", "--reason", "told by telephone", "--yes")
    ((revision, state, note),) = ledger.moved
    assert (result.code, revision.sequence, state, stack.outbox.queued) == (0, 2, State.CLOSED, [])
    assert note == f"closed by kari ({CALLER}): told by telephone"


def test_where_nobody_is_named_it_is_who_aws_says(connector, stack, ledger, monkeypatch):
    monkeypatch.delenv("USER")
    monkeypatch.delenv("LOGNAME", raising=False)
    stack.who = "arn:aws:iam::123456789012:user/team/ola"
    assert connector("documents", "close", "500123", "--yes").code == 0
    assert ledger.moved[0][2] == "closed by ola (arn:aws:iam::123456789012:user/team/ola)"


@pytest.mark.parametrize(
    ("command", "what"), [(("replay",), "sent"), (("release", "--as", "replacement"), "sent as replacement")]
)
def test_who_lets_a_document_go_is_kept_in_its_history_before_it_is_queued(connector, stack, ledger, command, what):
    ledger.kept = [PARKED]
    verb, *options = command
    result = connector("documents", verb, "500123", *options, "--by", "ola", "--yes")
    assert (result.code, len(stack.outbox.queued)) == (0, 1)
    assert ledger.moved == [(PARKED, State.PARKED, f"to be {what}, says ola ({CALLER})")]


def test_close_refuses_what_no_person_is_asked_about(connector, ledger):
    ledger.kept = [SENT]
    result = connector("documents", "close", "500123", "--yes")
    assert (result.code, ledger.moved) == (1, [])
    assert "is DELIVERED" in result.err


LATE = replace(
    SENT,
    attention="its functional acknowledgment (997) is overdue at Orderful",
    attention_at=NOW,
    concern="OVERDUE",
    next_step="Ask the partner whether it has the document.",
)
DELETED = replace(LATE, attention="Orderful shows its transaction nowhere", concern="DELETED")


def test_what_needs_attention_is_listed_once_after_what_waits_with_its_next_step(connector, ledger):
    ledger.kept = [LATE, replace(SENT, sequence=3), PARKED]
    listed = connector("documents", "list", "--json").data
    assert [(one["revision"], one["attention"] is not None) for one in listed] == [(2, False), (1, True), (3, False)]
    only = connector("documents", "list", "--attention").out
    assert "997" in only
    assert "Ask the partner" in only
    assert "KRT" not in only


def test_a_state_and_attention_cannot_both_be_asked_for(connector):
    assert connector("documents", "list", "--attention", "--state", "SENT").code == 2


def test_close_of_a_sent_revision_ends_its_attention_and_keeps_its_state_who_and_why(connector, ledger):
    ledger.kept = [LATE]
    result = connector("documents", "close", "500123", "--by", "kari", "--reason", "they have it", "--yes")
    assert result.code == 0
    ((revision, state, note),) = ledger.moved
    assert (revision.sequence, state) == (1, State.DELIVERED)
    assert note.startswith("attention closed by kari (arn:aws:sts:")
    assert note.endswith(f": they have it ({LATE.attention})")
    assert ledger.written == [
        {"attention": None, "attention_at": None, "concern": None, "closed_concern": "OVERDUE", "next_step": None}
    ]


def test_a_question_goes_before_the_attention_of_an_older_revision(connector, ledger):
    ledger.kept = [PARKED, LATE]
    assert connector("documents", "close", "500123", "--yes").code == 0
    assert connector("documents", "close", "500123", "--revision", "1", "--yes").code == 0
    assert [(one.sequence, state) for one, state, _ in ledger.moved] == [(2, State.CLOSED), (1, State.DELIVERED)]


def test_what_was_deleted_at_orderful_is_sent_again_as_something_refused(connector, stack, ledger):
    ledger.kept = [DELETED]
    result = connector("documents", "replay", "500123", "--yes")
    assert result.code == 0
    (revision, state, note), (_, _, who) = ledger.moved
    assert (revision.sequence, state, note) == (1, State.REJECTED, "Its transaction was deleted at Orderful.")
    assert who.startswith("to be sent again, says ")
    assert len(stack.outbox.queued) == 1


def test_what_orderful_has_is_not_sent_again_because_it_is_late(connector, stack, ledger):
    ledger.kept = [LATE]
    result = connector("documents", "replay", "500123", "--yes")
    assert (result.code, ledger.moved, stack.outbox.queued) == (1, [], [])
    assert "not sent a second time" in " ".join(result.err.split())


def test_of_two_questions_one_has_to_be_named(connector, ledger):
    ledger.kept = [SENT, PARKED, WITHDRAWAL]
    assert "name one with --revision" in connector("documents", "close", "500123", "--yes").err
    assert connector("documents", "close", "500123", "--revision", "3", "--yes").code == 0
    assert ledger.moved[0][0] is ledger.kept[2]


@pytest.mark.parametrize("state", [State.PARKED, State.REJECTED, State.UNCONFIRMED])
def test_any_revision_that_is_not_over_can_be_closed_by_its_number(connector, ledger, state):
    ledger.kept = [replace(PARKED, sequence=1, state=state), replace(SENT, sequence=2)]
    assert connector("documents", "close", "500123", "--revision", "1", "--yes").code == 0
    assert [moved[0].sequence for moved in ledger.moved] == [1]


def test_close_says_what_is_wrong_with_the_revision_that_is_named(connector, ledger):
    ledger.kept = [SENT, PARKED]
    assert "Revision 1 of nordic/purchase_order/500123 is " in _err(connector, "close", "--revision", "1")
    assert "Revision 9 of nordic/purchase_order/500123 is not in the ledger" in _err(
        connector, "close", "--revision", "9"
    )


def test_a_replay_keeps_what_a_person_has_chosen(connector, stack, ledger):
    ledger.kept = [replace(PARKED, state=State.REJECTED, released=True, purpose=Purpose.REPLACE)]
    assert connector("documents", "replay", "500123", "--yes").code == 0
    assert stack.outbox.queued[0].cause.startswith("send as replacement")


def test_an_old_state_that_was_refused_is_not_replayed(connector, stack, ledger):
    ledger.kept = [replace(PARKED, sequence=1, state=State.REJECTED), replace(SENT, sequence=2)]
    assert "it can only be closed" in _err(connector, "replay", "--revision", "1")
    assert stack.outbox.queued == []


def test_a_second_original_for_a_partner_that_has_it_needs_force(connector, stack, ledger):
    ledger.kept = [SENT, PARKED]
    assert "has it already" in _err(connector, "release", "--as", "original")
    assert stack.outbox.queued == []
    assert connector("documents", "release", "500123", "--as", "original", "--force", "--yes").code == 0


def _err(connector, command, *arguments):
    result = connector("documents", command, "500123", *arguments, "--yes")
    assert result.code != 0
    return result.err


def test_a_withdrawal_is_replayed_by_way_of_the_document_as_it_is_now(connector, stack, ledger):
    ledger.kept = [SENT, replace(SENT, sequence=2), WITHDRAWAL]
    ledger.sources["500123"] = b'{"orderNbr":"500123","now":true}'
    result = connector("documents", "replay", "500123", "--yes", "--json")
    assert (result.code, result.data["sequence"]) == (0, 3)
    assert result.err == f"Revision 3 of {ORDER} (PARKED) will be sent.\n", "the state is that of what waits"
    (message,) = stack.outbox.queued
    assert b"now" in bytes(message.document)
