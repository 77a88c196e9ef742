from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.pause import Pause, Scope
from connector.domain.revision.record import Event, State
from connector.domain.transactions import Purpose
from testkit.memory.stores import CALLER
from testkit.samples.visma_samples import a_purchase_order, an_order_line, as_json
from tests.unit.cli.documents.conftest import LATE, NOW, ORDER, PARKED, RESERVED, SENT


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


def test_what_the_partner_asked_for_is_not_replayed(connector, stack, ledger):
    ledger.kept = [SENT, RESERVED]
    assert connector("documents", "replay", "500123", "--yes").code == 1
    assert stack.outbox.queued == []


WITHDRAWAL = replace(PARKED, sequence=3, state=State.PARKED, withdraws=1, waits_for=None)


@pytest.mark.parametrize("purpose", ["original", "replacement"])
@pytest.mark.parametrize("state", [State.PARKED, State.BASELINE])
def test_release_queues_a_document_as_what_the_person_says(connector, stack, ledger, purpose, state):
    ledger.kept = [replace(PARKED, state=state)]
    result = connector("documents", "release", "500123", "--as", purpose, "--yes")
    assert result.code == 0
    assert result.err.startswith(f"Revision 2 of {ORDER} ({state}) will be sent as {purpose}.\n")
    assert result.err.endswith("On stack 'laptop' (test).\n")
    (message,) = stack.outbox.queued
    assert message.cause.startswith(f"send as {purpose} 2026-")


def test_release_refuses_what_waits_for_no_choice(connector, stack, ledger):
    ledger.kept = [SENT]
    result = connector("documents", "release", "500123", "--as", "original", "--yes")
    assert (result.code, stack.outbox.queued) == (1, [])
    assert "waits for no choice" in result.err


def test_close_ends_a_question_with_its_reason_and_queues_nothing(connector, stack, ledger):
    result = connector("documents", "close", "500123", "--by", " kari ", "--reason", "told by telephone", "--yes")
    ((revision, state, note),) = ledger.moved
    assert (result.code, revision.sequence, state, stack.outbox.queued) == (0, 2, State.CLOSED, [])
    assert note == f"closed by kari ({CALLER}): told by telephone"


def test_where_nobody_is_named_it_is_who_aws_says(connector, stack, ledger, monkeypatch):
    monkeypatch.delenv("USER")
    monkeypatch.delenv("LOGNAME", raising=False)
    stack.who = "arn:aws:iam::123456789012:user/team/ola"
    assert connector("documents", "close", "500123", "--reason", "done", "--yes").code == 0
    assert ledger.moved[0][2] == "closed by ola (arn:aws:iam::123456789012:user/team/ola): done"


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
    result = connector("documents", "close", "500123", "--reason", "done", "--yes")
    assert (result.code, ledger.moved) == (1, [])
    assert "is DELIVERED" in result.err


DELETED = replace(LATE, attention="Orderful shows its transaction nowhere", concern="DELETED")


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
    assert connector("documents", "close", "500123", "--reason", "done", "--yes").code == 0
    assert connector("documents", "close", "500123", "--revision", "1", "--reason", "done", "--yes").code == 0
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
    assert "name one with --revision" in connector("documents", "close", "500123", "--reason", "done", "--yes").err
    assert connector("documents", "close", "500123", "--revision", "3", "--reason", "done", "--yes").code == 0
    assert ledger.moved[0][0] == WITHDRAWAL


@pytest.mark.parametrize("state", [State.PARKED, State.REJECTED, State.UNCONFIRMED])
def test_any_revision_that_is_not_over_can_be_closed_by_its_number(connector, ledger, state):
    ledger.kept = [replace(PARKED, sequence=1, state=state), replace(SENT, sequence=2)]
    assert connector("documents", "close", "500123", "--revision", "1", "--reason", "done", "--yes").code == 0
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


@pytest.mark.parametrize("closed", [{"visma_status": "Cancelled"}, {"purpose": Purpose.CANCELLATION}])
def test_an_original_needs_no_force_after_a_person_told_the_partner_of_the_cancellation(
    connector, stack, ledger, closed
):
    informed = replace(PARKED, state=State.CLOSED, **closed)
    ledger.kept = [SENT, informed, replace(PARKED, sequence=PARKED.sequence + 1)]
    assert connector("documents", "release", "500123", "--as", "original", "--yes").code == 0
    assert len(stack.outbox.queued) == 1


def _err(connector, command, *arguments):
    result = connector("documents", command, "500123", *arguments, "--reason", "done", "--yes")
    assert result.code != 0
    return result.err


def test_a_withdrawal_is_replayed_by_way_of_the_document_as_it_is_now(connector, stack, ledger):
    ledger.kept = [
        replace(SENT, receiver_id="FORMER"),
        replace(SENT, sequence=2, receiver_id="ACMEPRODUCET"),
        replace(WITHDRAWAL, receiver_id="FORMER", partner="acme"),
    ]
    ledger.sources["500123"] = as_json(a_purchase_order(description="as it is now"))
    result = connector("documents", "replay", "500123", "--yes", "--json")
    assert (result.code, result.data["sequence"]) == (0, 3)
    assert result.err.startswith(f"Revision 3 of {ORDER} (PARKED) will "), "the state is that of what waits"
    (message,) = stack.outbox.queued
    assert b"as it is now" in bytes(message.document)


# -- resend -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.SENT, State.VALID, State.DELIVERED, State.ACKNOWLEDGED])
def test_resend_sends_what_the_partner_has_a_second_time(connector, stack, ledger, state):
    ledger.kept = [replace(SENT, state=state)]
    result = connector("documents", "resend", "500123", "--as", "replacement", "--reason", "they lost it", "--yes")
    assert (result.code, result.out) == (0, f"Queued; `connector documents show {ORDER}` tells how it ends.\n")
    (message,) = stack.outbox.queued
    assert message.cause.startswith("send as replacement again after 1 2026-09-01")
    ((_, after, note),) = ledger.moved
    assert (after, note) == (state, f"to be sent a second time, as replacement, says kari ({CALLER}): they lost it")


@pytest.mark.parametrize("state", [State.PARKED, State.REJECTED, State.UNCONFIRMED, State.SENDING, State.TRANSLATED])
def test_what_the_partner_may_not_have_is_not_sent_a_second_time(connector, stack, ledger, state):
    ledger.kept = [replace(SENT, state=state)]
    result = connector("documents", "resend", "500123", "--as", "original", "--yes")
    assert (result.code, stack.outbox.queued) == (1, [])
    assert f"is {state}: only what Orderful has taken" in result.err


def test_of_a_state_that_the_partner_asked_for_the_way_out_is_named(connector, stack, ledger):
    """It was never sent from here, and neither a replay nor a release sends it."""
    ledger.kept = [SENT, replace(SENT, sequence=2, state=State.AGREED, transaction_id=None, change_id="802219999")]
    result = connector("documents", "resend", "500123", "--as", "replacement", "--yes")
    assert (result.code, stack.outbox.queued) == (1, [])
    said = " ".join(result.err.split())
    assert "is AGREED: the partner asked for this state by its change 802219999, and nothing of it was sent" in said
    assert "Change the order in Visma, and the whole order leaves as replacement, as on_revision says." in said


def test_an_older_state_is_not_sent_a_second_time(connector, stack, ledger):
    assert connector("documents", "resend", "500123", "--as", "original", "--yes").code == 1
    assert stack.outbox.queued == []


def test_of_a_cancelled_document_the_cancellation_is_sent_a_second_time_and_no_original(connector, stack, ledger):
    ledger.kept = [SENT, replace(SENT, sequence=2, purpose=Purpose.CANCELLATION, transaction_id="802210999")]
    ledger.sources["500123"] = as_json(a_purchase_order(status="Cancelled", lines=[an_order_line()]))
    as_original = connector("documents", "resend", "500123", "--as", "original", "--yes")
    assert (as_original.code, stack.outbox.queued) == (1, [])
    assert "a cancellation is sent a second time with --as replacement" in " ".join(as_original.err.split())
    as_replacement = connector("documents", "resend", "500123", "--as", "replacement", "--yes")
    assert (as_replacement.code, len(stack.outbox.queued)) == (0, 1)
    assert "What leaves is its cancellation, as it stands in Visma." in as_replacement.err
    of_many = connector(
        "documents", "resend", "--as", "replacement", "--state", "delivered", "--dry-run", "--json"
    ).data
    assert of_many["planned"][0]["will_be"] == "sent a second time, as replacement (its cancellation)"


def test_what_is_paused_is_not_sent_a_second_time(connector, stack, ledger):
    ledger.kept = [SENT]
    pause = Pause(scope=Scope(partner="acme"), since=NOW, by="kari", caller=CALLER, reason="they move")
    stack.breaker.pause(pause)
    result = connector("documents", "resend", "500123", "--as", "replacement", "--yes")
    assert (result.code, stack.outbox.queued) == (1, [])
    assert "is not sent a second time while it is paused" in result.err


AGAIN = Event(NOW + timedelta(hours=1), State.DELIVERED, "to be sent a second time, as original, says ola (arn): lost")
TWICE = (
    replace(SENT, history=(*SENT.history, AGAIN)),
    replace(SENT, sequence=2, released=True, transaction_id="802210999"),
)


def test_one_more_original_is_refused_with_who_had_it_sent_so_before(connector, stack, ledger):
    ledger.kept = [*TWICE]
    for option in ("--yes", "--dry-run"):
        result = connector("documents", "resend", "500123", "--as", "original", option)
        assert (result.code, stack.outbox.queued) == (1, [])
        said = " ".join(result.err.split())
        assert "Sent a second time before: 2026-09-01 07:00:00Z, as original, says ola (arn): lost." in said
        assert "802210971 (revision 1, original, DELIVERED), 802210999 (revision 2, original, DELIVERED)" in said
        assert "--as original --force" in said


def test_one_more_original_is_sent_when_it_is_forced_and_says_the_same(connector, stack, ledger):
    ledger.kept = [*TWICE]
    result = connector("documents", "resend", "500123", "--as", "original", "--force", "--yes")
    assert (result.code, len(stack.outbox.queued)) == (0, 1)
    assert "says ola (arn): lost" in result.err
    assert "Orderful has 2 transactions of it" in result.err


def test_a_second_original_that_is_only_queued_yet_counts(connector, stack, ledger):
    ledger.kept = [SENT]
    assert connector("documents", "resend", "500123", "--as", "original", "--yes").code == 0
    assert connector("documents", "resend", "500123", "--as", "original", "--yes").code == 1
    assert len(stack.outbox.queued) == 1


def test_a_replacement_after_a_second_original_says_so_and_is_sent(connector, stack, ledger):
    ledger.kept = [*TWICE]
    result = connector("documents", "resend", "500123", "--as", "replacement", "--yes")
    assert (result.code, len(stack.outbox.queued)) == (0, 1)
    assert "Sent a second time before" in result.err


def test_of_many_one_more_original_is_left_out(connector, ledger):
    ledger.kept = [*TWICE]
    left_out = connector("documents", "resend", "--as", "original", "--state", "delivered", "--dry-run", "--json").data
    assert "was sent a second time as original already" in left_out["left_out"][0]["why"]
