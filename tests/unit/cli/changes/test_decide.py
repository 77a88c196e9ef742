from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Conflict
from connector.domain.inbound import ApiVersion, Confirmation, Delivery
from connector.domain.order_change.decide import Difference
from connector.domain.order_change.record import NOBODY, ChangeEvent, ChangeState, WaitsOn
from connector.domain.revision.record import State
from connector.domain.routing.route import QuantityReading
from testkit.memory.stores import CALLER, a_change
from testkit.samples.routing_data import routing_data

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
DIFFERENCE = Difference(where="line 1", field="quantity", base="800", theirs="1000", ours="800")
PARKED = a_change(
    state=ChangeState.PARKED,
    change_sequence=2,
    changed_on=date(2026, 9, 16),
    updated_at=NOW,
    reason="Line 1: the quantity goes from 800 to 1000, more than 20 %.",
    reason_codes=("quantity-beyond-limit", "date-in-past"),
    next_step="Compare, then approve or reject it.",
    attempts=1,
    known_sequence=1,
    decided_on="r1",
    decided_by="rules",
    differences=(DIFFERENCE,),
    remarks=("Note: please confirm.",),
    settled_deliveries=("d1",),
    confirmed=Confirmation.ACCEPTED,
    history=(
        ChangeEvent(NOW - timedelta(minutes=1), ChangeState.RECEIVED, "received"),
        ChangeEvent(NOW, ChangeState.PARKED, "more than 20 %"),
    ),
)
APPLIED = a_change(transaction_id="802210900", state=ChangeState.APPLIED, content_id="c0", decided_by="rules")
DUE = a_change(
    transaction_id="802210999",
    number="500124",
    partner="beta",
    change_sequence=None,
    deliveries=(Delivery("d7", ApiVersion.V4),),
)


@pytest.fixture
def changes(stack, monkeypatch):
    monkeypatch.setenv("USER", "kari")
    monkeypatch.delenv("LOGNAME", raising=False)
    stack.routing.data = routing_data()
    for change in (DUE, PARKED, APPLIED):
        stack.changes.put(change, message={"purchaseOrderNumber": change.number})
    return stack.changes


@pytest.fixture
def stored(changes):
    """A record as it is now."""
    return lambda transaction_id="802210971": changes.get(changes.known(transaction_id), transaction_id)


def refuse(*_arguments, **_options):
    import click

    raise click.Abort


# -- list and show --------------------------------------------------------------------------------------------------


def test_list_gives_open_changes_and_puts_the_parked_ones_first(connector, changes):
    result = connector("changes", "list", "--json")
    assert [(row["transaction_id"], row["state"]) for row in result.data] == [
        ("802210971", "PARKED"),
        ("802210999", "RECEIVED"),
    ]
    assert result.data[0] == {
        "transaction_id": "802210971",
        "order": "nordic/purchase_order/500123",
        "document": "860",
        "state": "PARKED",
        "partner": "acme",
        "sequence": 2,
        "received": "2026-11-02T08:00:00Z",
        "changed": "2026-09-01T06:00:00Z",
        "reason": "Line 1: the quantity goes from 800 to 1000, more than 20 %.",
        "reason_codes": ["quantity-beyond-limit", "date-in-past"],
        "next_step": "Compare, then approve or reject it.",
        "waits_on": "person",
        "waits_for": None,
        "decided_by": "rules",
        "approved_by": None,
        "caller": None,
        "last_event": "more than 20 %",
    }
    lines = connector("changes", "list").out.splitlines()
    assert lines[1].startswith("802210971")
    assert "more than 20 %" in lines[1]
    assert lines[2] == "      -> Compare, then approve or reject it. connector changes show 802210971"
    assert (len(lines), lines[3].split()[0]) == (4, "802210999")
    assert lines[3].endswith("received"), "what happened last to one that is on its way"


@pytest.mark.parametrize(
    ("options", "transactions"),
    [
        (("--state", "PARKED"), ["802210971"]),
        (("--state", "received"), ["802210999"]),
        (("--state", "APPLYING"), []),
        (("--partner", "beta"), ["802210999"]),
        (("--code", "quantity-beyond-limit"), ["802210971"]),
        (("--code", "Date-In-Past"), ["802210971"]),
        (("--reason", "price-beyond-limit"), []),
        (("--number", "500999"), []),
        (("--state", "parked,received"), ["802210971", "802210999"]),
        (("--company", "nordic", "--limit", "1"), ["802210971"]),
    ],
)
def test_list_can_be_narrowed(connector, changes, options, transactions):
    result = connector("changes", "list", *options, "--json")
    assert [row["transaction_id"] for row in result.data] == transactions


def test_list_refuses_a_state_that_there_is_not(connector, changes):
    result = connector("changes", "list", "--state", "APPLID")
    assert (result.code, result.out) == (2, "")


def test_a_step_that_ends_in_a_command_is_set_apart_from_the_one_that_follows(connector, changes, stored):
    """Copied as one line, the second command would be arguments of the first."""
    close = "connector changes close 802210971 --reason TEXT"
    changes.save(msgspec.structs.replace(stored(), next_step=f"Enter it, then: {close}"))
    assert f"-> Enter it, then: {close}. connector changes show 802210971" in connector("changes", "list").out


def test_a_step_names_the_commands_that_carry_it_out(connector, changes):
    shown = connector("changes", "show", "802210971").out
    assert "commands        connector changes approve 802210971, connector changes reject 802210971" in shown
    assert "commands" not in connector("changes", "show", "802210900").out
    assert "-> Compare, then approve or reject it. connector changes show 802210971" in connector("changes", "list").out


def test_an_empty_list_says_so(connector, stack):
    assert connector("changes", "list").out == "No such change is open. What is over is shown with --ended.\n"


def test_show_gives_everything_that_is_known_of_a_change(connector, changes):
    (found,) = connector("changes", "show", "802210971", "--json").data["changes"]
    assert found["differences"] == [
        {"where": "line 1", "field": "quantity", "base": "800", "theirs": "1000", "ours": "800"}
    ]
    assert found["reason_codes"] == ["quantity-beyond-limit", "date-in-past"]
    assert "date-in-past (A day in the past)" in connector("changes", "show", "802210971").out
    assert (found["remarks"], found["changed_on"]) == (["Note: please confirm."], "2026-09-16")
    assert (found["decided_by"], found["decided_on"], found["approved_by"]) == ("rules", "r1", None)
    assert (found["told"], found["to_tell"], found["confirmed"]) == (["d1"], [], "accepted")
    assert (found["sender_id"], found["receiver_id"], found["stream"]) == ("ACMEPRODUCET", "NORDICFOODT", "test")
    assert found["history"][-1] == {"at": "2026-09-01T06:00:00Z", "state": "PARKED", "note": "more than 20 %"}


def test_show_tells_a_person_all_of_it(connector, changes):
    out = connector("changes", "show", "802210971").out
    for sentence in (
        "802210971: PARKED, waits; nothing more of it is written meanwhile",
        "nordic/purchase_order/500123",
        "2, dated 2026-09-16",
        "ACMEPRODUCET to NORDICFOODT, test",
        "more than 20 %",
        "Compare, then approve or reject it.",
        "decided by      rules",
        "accepted",
        "Note: please confirm.",
        "2026-09-01 06:00:00Z  PARKED",
    ):
        assert sentence in out
    assert ["line", "1", "quantity", "800", "1000", "800"] in [line.split() for line in out.splitlines()]
    assert "not told yet; still to be told by d7" in connector("changes", "show", "802210999").out


@pytest.mark.parametrize("name", ["500123", "nordic/purchase_order/500123", "nordic#purchase_order#500123"])
def test_show_of_an_order_gives_all_its_changes_in_turn(connector, changes, name):
    found = connector("changes", "show", name, "--json").data["changes"]
    assert [one["transaction_id"] for one in found] == ["802210900", "802210971"]


def test_what_is_addressed_to_no_company_is_found_by_its_order_as_well(connector, changes):
    changes.put(a_change(company=NOBODY, number="500777", transaction_id="77", state=ChangeState.PARKED))
    (found,) = connector("changes", "show", "500777", "--json").data["changes"]
    assert found["order"] == "-/purchase_order/500777"


def test_a_number_that_is_both_an_order_and_a_transaction_shows_both(connector, changes):
    changes.put(a_change(number="500888", transaction_id="500123", state=ChangeState.APPLIED))
    found = connector("changes", "show", "500123", "--json").data["changes"]
    assert {one["transaction_id"] for one in found} == {"500123", "802210900", "802210971"}


def test_a_change_that_nobody_knows_is_one_sentence(connector, changes):
    result = connector("changes", "show", "999")
    assert (result.code, result.out) == (1, "")
    assert result.err == "No change is recorded under 999, be it a transaction or an order.\n"


def test_an_answer_that_needs_a_person_comes_first_and_says_what_to_do(connector, changes):
    reason, step = "The 824 of acme does not accept supplier invoice 900145 as sent.", "Settle it with the partner."
    changes.put(
        a_change(
            number="900145",
            kind=Kind.SUPPLIER_INVOICE,
            transaction_id="77",
            document="824",
            state=ChangeState.ATTENTION,
            reason=reason,
            next_step=step,
            unacknowledged=1,
        )
    )
    rows = connector("changes", "list", "--json").data
    assert [(row["transaction_id"], row["state"]) for row in rows][:2] == [("77", "ATTENTION"), ("802210971", "PARKED")]
    assert step in connector("changes", "list", "--state", "attention").out
    for name in ("900145", "nordic/supplier_invoice/900145", "77"):
        out = connector("changes", "show", name).out
        assert reason in out
        assert "77: ATTENTION, an answer that waits for a person\n" in out, "one may accept what was cancelled"
        assert "without effect, 1 time" in out


@pytest.mark.parametrize("name", ["nordic/order/1", "nordic/purchase_order", "//"])
def test_what_is_no_key_is_wrong_input(connector, changes, name):
    result = connector("changes", "show", name)
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1


# -- approve and reject ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["802210971", "500123", "nordic/purchase_order/500123"])
def test_approve_has_the_change_written_for_the_order_it_was_shown_on(connector, stack, stored, name):
    result = connector("changes", "approve", name, "--yes", "--json")
    assert result.code == 0
    assert (result.data["transaction_id"], result.data["state"]) == ("802210971", "RECEIVED")
    assert result.data["approved_by"] == "kari"
    change = stored()
    assert (change.state, change.approved_by, change.approved_for) == (ChangeState.RECEIVED, "kari", "r1")
    (message,) = stack.outbox.queued
    assert (message.number, message.transaction_id, message.cause.split()[0]) == ("500123", "802210971", "approved")


def test_approve_shows_what_the_partner_said_later_and_is_bound_to_that(connector, changes, stored):
    later = {"transaction_id": "802210980", "change_sequence": 3, "says": "line 1 quantity 800"}
    changes.put(a_change(state=ChangeState.PARKED, **later))
    sentence = "The later change 3, 802210980 (2026-11-02 08:00 UTC) is open. It says: line 1 quantity 800."
    remark = f"The partner said later:\n  {sentence}\n"
    assert remark in connector("changes", "show", "802210971").out
    assert "The partner said later" not in connector("changes", "show", "802210980").out

    assert remark in connector("changes", "approve", "802210971", "--yes").err
    assert stored().later == (sentence,)


def test_approve_says_what_will_be_written_before_it_asks(connector, stack, stored, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", refuse)
    before = stored()
    result = connector("changes", "approve", "802210971")
    assert (result.code, result.out) == (1, "")
    assert "Change 802210971 (number 2) of nordic/purchase_order/500123, by acme." in result.err
    assert "more than 20 %" in result.err
    assert ["line", "1", "quantity", "800", "1000", "800"] in [line.split() for line in result.err.splitlines()]
    assert "written into order 500123 of nordic as shown, in kari's name" in result.err
    assert result.err.endswith("Not done: the answer was not yes. Nothing was changed.\n")
    assert (stored(), stack.outbox.queued) == (before, [])


@pytest.mark.parametrize(
    ("differences", "writes"), [((), None), ((DIFFERENCE,), None), ((DIFFERENCE,), True), ((DIFFERENCE,), False)]
)
def test_what_an_approval_does_not_write_is_told_before_and_afterwards(connector, changes, differences, writes):
    unwritten = ("It carries a charge.", "Line 1: it is divided.")
    changes.put(
        a_change(
            transaction_id="5",
            number="5",
            state=ChangeState.PARKED,
            reason="It carries a charge.",
            decided_on="r1",
            unwritten=unwritten,
            differences=differences,
            writes=writes,
        )
    )
    listed = "Not written by an approval:\n  It carries a charge.\n  Line 1: it is divided.\n"
    assert listed in connector("changes", "show", "5").out
    assert connector("changes", "show", "5", "--json").data["changes"][0]["unwritten"] == list(unwritten)
    output = connector("changes", "approve", "5", "--yes").err
    assert listed in output
    closes = not differences or writes is False
    nothing = (
        "This writes nothing into order 5 of nordic and closes the change, in kari's name, unless what speaks against"
    )
    assert (f"{nothing} it cannot be approved: then it is parked again." in output) is closes
    assert ("written into order 5 of nordic as shown" in output) is not closes


def test_an_approval_that_only_confirms_a_party_says_that_it_writes_nothing(connector, changes):
    changes.put(
        a_change(transaction_id="5", number="5", state=ChangeState.PARKED, reason="?", decided_on="r1", writes=False)
    )
    output = connector("changes", "approve", "5", "--yes").err
    nothing = (
        "This writes nothing into order 5 of nordic, and ends the change in kari's name, unless what speaks against"
    )
    assert f"{nothing} it cannot be approved: then it is parked again." in output


def test_approve_may_say_what_the_quantities_of_this_change_mean(connector, stored):
    result = connector("changes", "approve", "802210971", "--yes", "--reading", "old_total_with_new_in_poc04")
    assert "POC03 and POC04 of this change are read as old_total_with_new_in_poc04." in result.err
    assert stored().reading is QuantityReading.OLD_AND_NEW
    assert "POC03 and POC04 are read as old_total_with_new_in_poc04" in connector("changes", "show", "802210971").out
    wrong = connector("changes", "approve", "802210971", "--yes", "--reading", "both")
    assert (wrong.code, "new_total" in wrong.err) == (2, True)


def test_what_nobody_has_seen_is_only_looked_at_again(connector, changes, stored):
    changes.put(a_change(transaction_id="5", number="5", state=ChangeState.PARKED, reason="The sender is unknown."))
    result = connector("changes", "approve", "5", "--yes")
    assert result.code == 0
    assert "looked at again" in result.err
    assert "connector changes show 5" in result.out
    assert (stored("5").state, stored("5").approved_by) == (ChangeState.RECEIVED, None)


def test_reject_ends_the_change_with_who_and_why(connector, stack, stored):
    result = connector("changes", "reject", "500123", "--reason", "settled by phone", "--by", "Ola", "--yes", "--json")
    assert (result.code, result.data["state"], result.data["decided_by"]) == (0, "REJECTED", "Ola")
    change = stored()
    assert (change.state, change.decided_by, change.reason) == (ChangeState.REJECTED, "Ola", "settled by phone")
    assert change.history[-1].note == (
        f"rejected by Ola ({CALLER}): settled by phone "
        "(it stays accepted at Orderful; the partner has to be told by other means)"
    )
    assert stack.outbox.queued == []


def test_reject_says_that_the_partner_has_to_be_told(connector, stored, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", refuse)
    before = stored()
    result = connector("changes", "reject", "802210971", "--reason", "no")
    assert (result.code, result.out) == (1, "")
    assert "nothing is written into order 500123 of nordic" in result.err
    assert "It stays accepted at Orderful" in result.err
    assert "tell the partner yourself" in result.err
    assert stored() == before
    done = connector("changes", "reject", "802210971", "--reason", "no", "--yes")
    assert "It stays accepted at Orderful" in done.out


def test_a_change_that_the_rules_refused_is_listed_until_its_partner_was_told(connector, stack, changes, stored):
    reason = "Order 5 is another partner's."
    changes.put(a_change(transaction_id="5", number="5", state=ChangeState.REFUSED, reason=reason))
    assert "5" in [row["transaction_id"] for row in connector("changes", "list", "--state", "refused", "--json").data]
    for verb in ("reject", "approve", "retry"):
        reasons = ["--reason", "no"] if verb == "reject" else []
        assert connector("changes", verb, "5", *reasons, "--yes").code != 0
    result = connector("changes", "close", "5", "--reason", "phoned", "--by", "Ola", "--yes")
    assert (result.code, "that the partner was told" in result.err) == (0, True)
    assert (stored("5").state, stored("5").reason, stored("5").decided_by) == (ChangeState.REJECTED, reason, "Ola")
    assert connector("changes", "list", "--state", "refused", "--json").data == []


@pytest.mark.parametrize("verb", ["reject", "close"])
def test_ending_a_change_has_its_order_released_from_hold(connector, stack, changes, stored, verb):
    changes.put(a_change(transaction_id="5", number="5", state=ChangeState.PARKED, on_hold=True))
    assert "on hold" in connector("changes", "show", "5").out
    result = connector("changes", verb, "5", "--reason", "no", "--yes")
    assert "put on hold in Visma for this change and is released by this" in result.err
    (message,) = stack.outbox.queued
    assert (message.transaction_id, stored("5").on_hold) == ("5", True)


@pytest.mark.parametrize("ending", [("reject", "REJECTED"), ("close", "CLOSED")])
@pytest.mark.parametrize(
    "record",
    [
        {"state": ChangeState.RECEIVED},
        {"state": ChangeState.APPLYING, "claim_until": NOW - timedelta(seconds=1)},
        {"state": ChangeState.PARKED},
    ],
    ids=["received", "its worker died", "parked"],
)
def test_every_open_change_can_be_ended_by_hand(connector, stack, stored, ending, record):
    verb, state = ending
    stack.changes.put(a_change(transaction_id="5", number="5", deliveries=(Delivery("d5", ApiVersion.V4),), **record))

    result = connector("changes", verb, "5", "--reason", "entered by hand", "--by", "Ola", "--yes", "--json")

    assert (result.code, result.data["state"], result.data["decided_by"]) == (0, state, "Ola")
    change = stored("5")
    assert (change.state, change.reason, change.claim_until) == (state, "entered by hand", None)
    assert f"by Ola ({CALLER}): entered by hand" in change.history[-1].note
    (message,) = stack.outbox.queued
    assert message.transaction_id == "5", "Orderful is told at once"


@pytest.mark.parametrize("verb", ["reject", "close"])
@pytest.mark.parametrize("company", ["nordic", NOBODY])
def test_the_number_that_a_change_had_taken_is_given_up(connector, stack, changes, verb, company):
    """Also where its receiver got a company only after it was recorded."""
    change = changes.put(a_change(company=company, transaction_id="5", number="5", state=ChangeState.PARKED))
    order = DocumentKey.of_order("nordic", "5")
    stack.known.reserve(order, change)

    assert connector("changes", verb, "5", "--reason", "no", "--yes").code == 0

    (revision,) = stack.known.ledger.revisions(order)
    assert revision.state is State.SUPERSEDED


def test_what_orderful_was_never_told_is_said_to_be_shown_as_failed_when_it_is_rejected(connector, changes, stored):
    result = connector("changes", "reject", "802210999", "--reason", "no", "--yes")
    assert "Orderful shows it as failed" in result.out
    assert stored("802210999").is_refused_outright


@pytest.mark.parametrize(
    "record",
    [
        {"state": ChangeState.RECEIVED, "not_before": NOW + timedelta(minutes=5)},
        {"state": ChangeState.APPLYING, "claim_until": NOW - timedelta(seconds=1)},
        {"state": ChangeState.PARKED, "reason": "Visma answered 500.", "parked_on": WaitsOn.VISMA, "looks": 12},
    ],
    ids=["rests", "its worker died", "parked"],
)
def test_every_open_change_can_be_looked_at_again(connector, stack, changes, stored, record):
    changes.put(a_change(transaction_id="5", number="5", **record))

    result = connector("changes", "retry", "5", "--by", "Ola", "--yes", "--json")

    assert (result.code, result.data["state"], result.data["approved_by"]) == (0, "RECEIVED", None)
    change = stored("5")
    assert (change.not_before, change.claim_until, change.waits_on, change.looks) == (None, None, WaitsOn.WORKER, 0)
    assert change.history[-1].note == f"Ola ({CALLER}) asks to look at it again"
    (message,) = stack.outbox.queued
    assert (message.transaction_id, message.cause.split()[0]) == ("5", "retry")


@pytest.mark.parametrize("verb", [("retry",), ("reject", "--reason", "no"), ("close", "--reason", "no")])
def test_a_change_that_a_worker_processes_is_not_touched(connector, stack, changes, stored, verb):
    until = NOW + timedelta(seconds=60)
    changes.put(a_change(transaction_id="5", number="5", state=ChangeState.APPLYING, claim_until=until))
    before = stored("5")
    result = connector("changes", *verb, "5", "--yes")
    assert (result.code, result.out) == (1, "")
    assert "is being worked on until 2026-09-01 06:01:00 UTC" in result.err
    assert (stored("5"), stack.outbox.queued) == (before, [])


@pytest.mark.parametrize("verb", [("approve",), ("retry",), ("reject", "--reason", "no"), ("close", "--reason", "no")])
def test_what_is_over_is_left_as_it_is(connector, stack, changes, verb):
    result = connector("changes", *verb, "802210900", "--yes")
    assert (result.code, result.out) == (1, "")
    assert "802210900 is APPLIED" in result.err
    assert stack.outbox.queued == []


def test_what_was_not_compared_yet_cannot_be_approved_but_says_what_can_be_done(connector, stack, changes):
    result = connector("changes", "approve", "802210999", "--yes")
    assert (result.code, result.out) == (1, "")
    assert "802210999 is RECEIVED" in result.err
    assert "retried, rejected or closed" in result.err
    assert stack.outbox.queued == []


def test_retry_finishes_what_is_over_and_was_not_told(connector, stack, changes, stored):
    deliveries = (Delivery("d5", ApiVersion.V4),)
    changes.put(a_change(transaction_id="5", number="5", state=ChangeState.APPLIED, deliveries=deliveries))
    before = stored("5")
    assert connector("changes", "retry", "5", "--yes").code == 0
    (message,) = stack.outbox.queued
    assert (message.transaction_id, stored("5")) == ("5", before)


def test_a_record_of_another_document_can_be_closed_and_nothing_else(connector, stack, changes, stored):
    changes.put(a_change(transaction_id="5", number="5", document="855", state=ChangeState.PARKED))
    for verb in (("retry",), ("reject", "--reason", "no")):
        result = connector("changes", *verb, "5", "--yes")
        assert (result.code, "Close it." in result.err) == (1, True)
    assert connector("changes", "close", "5", "--reason", "read", "--yes").code == 0
    assert stored("5").state is ChangeState.CLOSED


def test_approve_for_another_order_records_the_change_there(connector, stack, changes, stored):
    changes.put(
        a_change(transaction_id="5", number="500123-1", state=ChangeState.PARKED, parked_on=WaitsOn.VISMA),
        message={"purchaseOrderNumber": "500123-1"},
    )

    result = connector("changes", "approve", "5", "--order", "500123", "--by", "Ola", "--yes", "--json")

    assert (result.code, result.data["order"], result.data["state"]) == (
        0,
        "nordic/purchase_order/500123",
        "RECEIVED",
    )
    assert "order 500123 of nordic" in result.err
    change = stored("5")
    assert (change.named, change.approved_by, change.waits_on) == ("500123-1", None, WaitsOn.WORKER)
    (message,) = stack.outbox.queued
    assert (message.number, message.transaction_id) == ("500123", "5")
    assert "it names        order 500123-1" in connector("changes", "show", "5").out
    (left,) = connector("changes", "show", "500123-1", "--json").data["changes"]
    assert (left["state"], left["reason"]) == ("RECORDED", "It is recorded under order 500123.")


@pytest.mark.parametrize(("order", "code"), [("500123", 1), (" ", 2), ("9" * 101, 1)])
def test_a_number_that_is_none_is_refused(connector, stack, stored, order, code):
    before = stored()
    result = connector("changes", "approve", "802210971", "--order", order, "--yes")
    assert (result.code, result.out) == (code, "")
    assert (stored(), stack.outbox.queued) == (before, [])


def test_a_long_list_says_that_there_is_more(connector, changes):
    assert "Only the first 1" in connector("changes", "list", "--limit", "1").err
    assert connector("changes", "list", "--limit", "2").err == ""


@pytest.mark.parametrize("verb", [("approve",), ("retry",), ("reject", "--reason", "no"), ("close", "--reason", "no")])
def test_nothing_is_decided_without_being_asked(connector, stack, stored, verb, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", refuse)
    before = stored()
    result = connector("changes", *verb, "802210971")
    assert (result.code, result.out, result.err.splitlines()[-1]) == (
        1,
        "",
        "Not done: the answer was not yes. Nothing was changed.",
    )
    assert (stored(), stack.outbox.queued) == (before, [])


@pytest.mark.parametrize("verb", [("approve",), ("reject", "--reason", "no")])
def test_several_parked_changes_of_an_order_have_to_be_named(connector, stack, changes, verb):
    changes.put(a_change(transaction_id="802211000", state=ChangeState.PARKED, content_id="c3", change_sequence=3))
    result = connector("changes", *verb, "500123", "--yes")
    assert (result.code, result.out) == (2, "")
    assert "802210971, 802211000; name one of them" in result.err
    assert connector("changes", *verb, "802211000", "--yes").code == 0


@pytest.mark.parametrize("verb", [("approve",), ("reject", "--reason", "no")])
def test_it_tells_when_somebody_else_was_faster(connector, stack, changes, verb, monkeypatch):
    def overtaken(change):
        raise Conflict("It was written by another worker.", document=str(change.key))

    monkeypatch.setattr(changes, "save", overtaken)
    result = connector("changes", *verb, "802210971", "--yes", "--json")
    assert (result.code, result.out, stack.outbox.queued) == (1, "", [])
    assert "another worker" in json.loads(result.err.splitlines()[-1])["error"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("reject", "802210971", "--yes"),
        ("reject", "802210971", "--yes", "--reason", "  "),
        ("approve", "802210971", "--yes", "--by", " "),
        ("approve", "--yes"),
    ],
)
def test_a_judgment_without_what_it_needs_is_wrong_input(connector, stack, stored, arguments):
    before = stored()
    result = connector("changes", *arguments)
    assert (result.code, result.out) == (2, "")
    assert (stored(), stack.outbox.queued) == (before, [])


def test_whoever_decides_may_be_named_by_the_environment(connector, changes, monkeypatch):
    monkeypatch.delenv("USER")
    monkeypatch.setenv("LOGNAME", "per")
    assert connector("changes", "approve", "802210971", "--yes", "--json").data["approved_by"] == "per"
