"""`connector deadletters`: what was given up, why, and a person's word about it."""

from __future__ import annotations

import contextlib
import csv
import io
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Transient
from connector.domain.order_change.record import ChangeState
from connector.domain.revision.record import Event, Revision, State
from connector.services.dead_letters import DeadLetter, Queue
from connector.services.messages import ChangeMessage, DeliveryMessage, DocumentMessage, HintMessage
from testkit.memory.dead_letters import MemoryDeadLetters, MemoryDrops
from testkit.memory.stores import CALLER, a_change
from tests.unit.cli.conftest import NOW

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ORDER = DocumentKey.of_order("nordic", "500123")


class Logs:
    """CloudWatch with the lines of one log group; an error in their place is raised."""

    def __init__(self):
        self.lines = []
        self.asked = []
        self.forbidden = False

    def __call__(self, service):
        assert service == "logs"
        return self

    def filter_log_events(self, **request):
        self.asked.append(request)
        if self.forbidden:
            from botocore.exceptions import ClientError

            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "FilterLogEvents")
        return {
            "events": [
                {
                    "eventId": str(number),
                    "timestamp": int(NOW.timestamp() * 1000),
                    "message": msgspec.json.encode(line).decode(),
                }
                for number, line in enumerate(self.lines)
            ]
        }


@pytest.fixture
def queues(stack):
    stack.client = Logs()
    stack.drops = MemoryDrops()
    queues = {queue: MemoryDeadLetters(queue) for queue in Queue}
    stack.dead_letters = queues.__getitem__
    return queues


def give_up(queues, message_id, message, *, queue=Queue.DOCUMENTS, since=NOW - HOUR, tries=10):
    body = message if isinstance(message, str) else msgspec.json.encode(message).decode()
    group = getattr(getattr(message, "key", None), "stored", message_id)
    queues[queue].messages.append(
        DeadLetter(
            queue=queue,
            message_id=message_id,
            receipt=f"receipt {message_id}",
            group=group,
            body=body,
            tries=tries,
            since=since,
            home="https://sqs/home",
        )
    )


def a_document(number="500123"):
    return DocumentMessage(
        company="nordic",
        kind=Kind.PURCHASE_ORDER,
        number=number,
        modified_at=NOW - DAY,
        document=msgspec.Raw(b'{"note": "Brunost"}'),
    )


def a_delivery(number="500123", sequence=1):
    return DeliveryMessage(company="nordic", kind=Kind.PURCHASE_ORDER, number=number, sequence=sequence)


CHANGE = ChangeMessage(company="nordic", number="500123", transaction_id="802210971")


def a_revision(**changes):
    usual = Revision(
        key=ORDER,
        sequence=1,
        revision_id="r",
        state=State.TRANSLATED,
        created_at=NOW - DAY,
        updated_at=NOW - DAY,
        history=(Event(NOW - DAY, State.TRANSLATED, "Orderful answered 503."),),
    )
    return replace(usual, **changes)


def give_up_the_number_everywhere(queues):
    """Letters of two companies, and a change and a callback whose transaction has the number of a document."""
    give_up(queues, "m-1", a_document())
    give_up(queues, "m-2", a_delivery(), queue=Queue.DELIVERIES)
    give_up(queues, "m-3", msgspec.structs.replace(a_document(), company="fjord"))
    give_up(queues, "m-4", msgspec.structs.replace(CHANGE, number="7", transaction_id="500123"), queue=Queue.CHANGES)
    give_up(queues, "m-5", HintMessage(transaction_id="500123"), queue=Queue.CHANGES)


def lying(queues):
    return sorted(name for one in queues.values() for name in ids(one.messages))


def ids(dead_letters):
    return [one.message_id for one in dead_letters]


@pytest.mark.parametrize("command", [("redrive",), ("drop", "--reason", "x")])
class TestWhichAreMeant:
    def test_a_number_of_several_documents_or_transactions_is_refused_with_the_names_to_type(
        self, connector, stack, queues, command
    ):
        give_up_the_number_everywhere(queues)
        result = connector("deadletters", *command, "500123", "--yes")
        assert result.code == 2
        assert (
            "Several documents or transactions have the number 500123: nordic/purchase_order/500123, "
            "fjord/purchase_order/500123, m-4 (change 500123 of nordic/purchase_order/7), "
            "m-5 (callback about transaction 500123); name one of them."
        ) in result.err
        assert lying(queues) == ["m-1", "m-2", "m-3", "m-4", "m-5"]
        assert [one.count().in_flight for one in queues.values()] == [0, 0, 0]
        assert stack.drops.kept == []

    @pytest.mark.parametrize(
        ("name", "left"),
        [
            ("nordic/purchase_order/500123", ["m-3", "m-4", "m-5"]),
            ("fjord/purchase_order/500123", ["m-1", "m-2", "m-4", "m-5"]),
            ("m-4", ["m-1", "m-2", "m-3", "m-5"]),
            ("m-5", ["m-1", "m-2", "m-3", "m-4"]),
        ],
    )
    def test_each_of_the_names_means_one_of_them_alone(self, connector, queues, command, name, left):
        give_up_the_number_everywhere(queues)
        assert connector("deadletters", *command, name, "--yes").code == 0
        assert lying(queues) == left

    def test_a_number_of_one_document_means_all_that_is_about_it(self, connector, queues, command):
        give_up(queues, "m-1", a_document())
        give_up(queues, "m-2", a_delivery(), queue=Queue.DELIVERIES)
        give_up(queues, "m-3", CHANGE, queue=Queue.CHANGES)
        give_up(queues, "m-4", a_document("7"))
        assert connector("deadletters", *command, "500123", "--yes").code == 0
        assert lying(queues) == ["m-4"]

    def test_what_nobody_was_shown_of_another_document_stays(self, connector, queues, command):
        """It has the number as well, and was held by somebody else when the question was asked."""
        give_up(queues, "m-1", a_document())
        dead_letters = queues[Queue.CHANGES]
        hold, looks = dead_letters.hold, []

        def later(limit):
            looks.append(limit)
            if len(looks) == 2:
                give_up(queues, "m-2", HintMessage(transaction_id="500123"), queue=Queue.CHANGES)
            return hold(limit)

        dead_letters.hold = later
        assert connector("deadletters", *command, "500123", "--yes").code == 0
        assert lying(queues) == ["m-2"]


class TestList:
    def test_nothing_given_up_is_exit_code_0(self, connector, queues):
        result = connector("deadletters", "list")
        assert (result.code, result.out) == (0, "No queue has given up anything.\n")

    def test_each_dead_letter_is_shown_with_its_reason_and_next_step(self, connector, stack, queues):
        stack.ledger.kept = [a_revision()]
        stack.changes.put(a_change(state=ChangeState.APPLIED), message={})
        stack.client.lines = [
            {"message_id": "m-1", "reason": "The ledger answered 500.", "message": "goes back to the queue"},
            {"message_id": "m-9", "reason": "another one"},
        ]
        give_up(queues, "m-1", a_document(), tries=250)
        give_up(queues, "m-2", a_delivery(), queue=Queue.DELIVERIES)
        give_up(queues, "m-3", CHANGE, queue=Queue.CHANGES)
        give_up(queues, "m-4", HintMessage(transaction_id="802210972"), queue=Queue.CHANGES, tries=100)
        result = connector("deadletters", "list", "--json")
        assert result.code == 3
        output = {one.pop("message_id"): one for one in result.data["letters"]}
        assert output["m-1"] | {"next_step": None} == {
            "queue": "documents",
            "what": "nordic/purchase_order/500123, changed in Visma 2026-08-31 06:00 UTC",
            "document": "nordic/purchase_order/500123",
            "sequence": None,
            "transaction_id": None,
            "tries": 250,
            "given_up": "2026-09-01T05:00:00Z",
            "kept_until": "2026-09-15T05:00:00Z",
            "state": None,
            "why": "The ledger answered 500.",
            "drop_begun": None,
            "next_step": None,
        }
        assert (output["m-2"]["state"], output["m-2"]["sequence"], output["m-2"]["why"]) == (
            "TRANSLATED",
            1,
            "Orderful answered 503.",
        )
        assert (output["m-3"]["state"], output["m-3"]["transaction_id"]) == ("APPLIED", "802210971")
        assert "nothing is left to do" in output["m-3"]["next_step"]
        assert "never drop it" in output["m-4"]["next_step"]
        assert result.data["more"] == 0

    def test_no_body_is_ever_printed(self, connector, queues):
        give_up(queues, "m-1", a_document())
        give_up(queues, "m-2", '{"note": "Brunost"')
        for options in ((), ("--json",)):
            result = connector("deadletters", "list", *options)
            assert "Brunost" not in result.out + result.err
            assert "no message of the connector" in result.out

    def test_letters_lie_as_they_did_after_a_look(self, connector, queues):
        give_up(queues, "m-1", a_document())
        connector("deadletters", "list")
        assert queues[Queue.DOCUMENTS].count().in_flight == 0

    def test_so_many_are_looked_at_and_the_others_are_counted(self, connector, queues):
        for number in range(30):
            give_up(queues, f"m-{number}", a_document(str(number)))
        result = connector("deadletters", "list", "--limit", "12", "--json")
        assert (len(result.data["letters"]), result.data["more"]) == (12, 18)
        assert "About 18 more" in connector("deadletters", "list", "--limit", "12").out
        result = connector("deadletters", "list", "--limit", "12", "--csv")
        rows = list(csv.DictReader(io.StringIO(result.out)))
        assert (result.code, len(rows), rows[0]["queue"]) == (3, 12, "documents")
        assert "About 18 more" in result.err
        assert connector("deadletters", "list", "--csv", "--json").code == 2

    def test_one_queue_is_looked_at_when_it_is_named(self, connector, queues):
        give_up(queues, "m-1", a_document())
        give_up(queues, "m-2", a_delivery(), queue=Queue.DELIVERIES)
        result = connector("deadletters", "list", "--queue", "deliveries", "--json")
        assert [one["message_id"] for one in result.data["letters"]] == ["m-2"]

    def test_the_log_is_asked_once_for_many_letters_and_only_around_their_end(self, connector, stack, queues):
        for number in range(12):
            give_up(queues, f"m-{number}", a_document(str(number)))
        connector("deadletters", "list")
        (asked,) = stack.client.asked
        assert asked["logGroupName"] == "/aws/lambda/laptop/translate_document"
        assert asked["startTime"] == int((NOW - 2 * HOUR).timestamp() * 1000)
        assert asked["endTime"] == int(NOW.timestamp() * 1000)
        assert '($.message_id = "m-11")' in asked["filterPattern"]

    def test_a_log_that_may_not_be_read_costs_the_reasons_alone(self, connector, stack, queues):
        stack.client.forbidden = True
        give_up(queues, "m-1", a_document())
        result = connector("deadletters", "list")
        assert result.code == 3
        assert "could not be searched for reasons" in result.err
        assert "not known" in result.out


class TestRedrive:
    def test_a_dry_run_says_how_many_would_go_back_and_moves_none(self, connector, queues):
        give_up(queues, "m-1", a_document())
        result = connector("deadletters", "redrive", "--queue", "documents", "--dry-run")
        assert (result.code, result.out) == (0, "Nothing was done (--dry-run).\n")
        assert "1 dead letter would go back" in result.err
        assert queues[Queue.DOCUMENTS].redriven == []
        assert queues[Queue.DOCUMENTS].count().in_flight == 0

    def test_all_of_a_queue_go_back_those_of_a_document_in_their_order(self, connector, queues):
        for number in range(25):
            give_up(queues, f"a-{number}", a_document("1"))
            give_up(queues, f"b-{number}", a_document(f"2{number}"))
        give_up(queues, "c", a_delivery(), queue=Queue.DELIVERIES)
        result = connector("deadletters", "redrive", "--queue", "documents", "--yes", "--json")
        assert (result.code, result.data) == (0, {"planned": 50, "done": 50, "failed": []})
        of_one = [name for name in ids(queues[Queue.DOCUMENTS].redriven) if name.startswith("a-")]
        assert of_one == [f"a-{number}" for number in range(25)]
        assert queues[Queue.DOCUMENTS].messages == []
        assert ids(queues[Queue.DELIVERIES].messages) == ["c"]

    @pytest.mark.parametrize("name", ["m-2", "500124", "nordic/purchase_order/500124"])
    def test_one_goes_back_and_the_others_lie_as_they_did(self, connector, queues, name):
        for number in (123, 124, 125):
            give_up(queues, f"m-{number - 122}", a_document(f"500{number}"))
        result = connector("deadletters", "redrive", name, "--yes")
        assert (result.code, result.out) == (0, "1 dead letter put back, 0 failed.\n")
        assert ids(queues[Queue.DOCUMENTS].redriven) == ["m-2"]
        assert ids(queues[Queue.DOCUMENTS].messages) == ["m-1", "m-3"]
        assert queues[Queue.DOCUMENTS].count().in_flight == 0

    def test_a_transaction_is_found_in_whichever_queue_it_is(self, connector, queues):
        give_up(queues, "m-1", CHANGE, queue=Queue.CHANGES)
        assert connector("deadletters", "redrive", "802210971", "--yes").code == 0
        assert ids(queues[Queue.CHANGES].redriven) == ["m-1"]

    def test_what_is_given_up_after_the_question_stays(self, connector, queues):
        """It was not shown; and what fails at once and comes back is not put back for ever."""
        give_up(queues, "m-1", a_document("1"))
        give_up(queues, "m-2", a_document("2"), since=NOW + MINUTE)
        dead_letters = queues[Queue.DOCUMENTS]
        hold, shown = dead_letters.hold, [dead_letters.messages.pop()]

        def later(limit):
            found = hold(limit)
            if not found:
                dead_letters.messages += shown
                shown.clear()
            return found

        dead_letters.hold = later
        assert connector("deadletters", "redrive", "--queue", "documents", "--yes").code == 0
        assert (ids(dead_letters.redriven), ids(dead_letters.messages)) == (["m-1"], ["m-2"])
        assert dead_letters.count().in_flight == 0

    def test_one_that_cannot_go_back_stays_and_is_named(self, connector, queues):
        give_up(queues, "m-1", a_document("1"))
        give_up(queues, "m-2", a_document("2"))
        queues[Queue.DOCUMENTS].failing = {"m-1"}
        result = connector("deadletters", "redrive", "--queue", "documents", "--yes")
        assert (result.code, result.out) == (
            1,
            "1 dead letter put back, 1 failed.\n  m-1: SQS refused it (Busy).\n",
        )
        assert ids(queues[Queue.DOCUMENTS].messages) == ["m-1"]
        assert queues[Queue.DOCUMENTS].count().in_flight == 0

    def test_a_long_one_says_how_far_it_came(self, connector, queues):
        for number in range(230):
            give_up(queues, f"m-{number}", a_document(str(number)))
        result = connector("deadletters", "redrive", "--queue", "documents", "--yes")
        assert "180 more" in result.err
        assert "100 of about 230 ..." in result.err
        assert "200 of about 230 ..." in result.err

    def test_without_a_yes_nothing_goes_back(self, connector, queues):
        give_up(queues, "m-1", a_document())
        assert connector("deadletters", "redrive", "m-1").code == 2
        assert queues[Queue.DOCUMENTS].redriven == []

    def test_something_has_to_be_named(self, connector, queues):
        result = connector("deadletters", "redrive", "--yes")
        assert result.code == 2
        assert "Name a message or a document" in result.err

    def test_what_is_not_there_is_said(self, connector, queues):
        result = connector("deadletters", "redrive", "500199", "--yes")
        assert result.code == 1
        assert "There is no dead letter of 500199 in any queue" in result.err


class TestDrop:
    def test_a_letter_is_deleted_and_the_person_and_the_reason_stay(self, connector, stack, queues):
        stack.ledger.kept = [a_revision()]
        give_up(queues, "m-1", a_delivery(), queue=Queue.DELIVERIES)
        options = ("--reason", "sent by hand", "--by", "ola", "--yes")
        assert connector("deadletters", "drop", "500123", *options).code == 0
        assert queues[Queue.DELIVERIES].messages == []
        note = f"drop of a dead letter of the queue deliveries begun by ola ({CALLER}): sent by hand"
        ((_, state, noted),) = stack.ledger.moved
        assert (state, noted) == (State.TRANSLATED, note)
        (kept,) = stack.drops.kept
        assert (kept.message_id, kept.by, kept.caller, kept.reason) == ("m-1", "ola", CALLER, "sent by hand")
        listed = connector("deadletters", "list", "--dropped", "--json")
        assert (listed.code, listed.data[0]["what"]) == (0, "sending of revision 1 of nordic/purchase_order/500123")
        assert listed.data[0]["is_confirmed"]
        assert "not confirmed" not in connector("deadletters", "list", "--dropped").out

    def test_the_reason_is_asked_for_at_a_terminal(self, connector, stack, queues, asked):
        give_up(queues, "m-1", a_delivery(), queue=Queue.DELIVERIES)
        result = connector("deadletters", "drop", "500123", "--yes")
        assert result.err.index("would be deleted for good") < result.err.index("Why?") < result.err.index("On stack")
        (kept,) = stack.drops.kept
        assert kept.reason == "told by mail"

    def test_a_dry_run_needs_no_reason(self, connector, stack, queues):
        give_up(queues, "m-1", a_delivery(), queue=Queue.DELIVERIES)
        assert connector("deadletters", "drop", "500123", "--dry-run").code == 0
        assert stack.drops.kept == []

    def test_a_change_has_it_in_its_history(self, connector, stack, queues):
        stack.changes.put(a_change(), message={})
        give_up(queues, "m-1", CHANGE, queue=Queue.CHANGES)
        assert connector("deadletters", "drop", "802210971", "--reason", "entered by hand", "--yes").code == 0
        last = stack.changes.get(ORDER, "802210971").history[-1]
        assert last.state is ChangeState.RECEIVED
        assert last.note.startswith("drop of a dead letter of the queue changes begun by kari")

    def test_a_callback_is_dropped_by_its_message_id_only(self, connector, stack, queues):
        give_up(queues, "m-1", HintMessage(transaction_id="802210971"), queue=Queue.CHANGES)
        command = ("deadletters", "drop", "--reason", "x", "--yes")
        result = connector(*command, "802210971")
        assert result.code == 2
        assert "dropped by its message id only: m-1 (callback about transaction 802210971)" in result.err
        give_up(queues, "m-2", CHANGE, queue=Queue.CHANGES)
        queues[Queue.CHANGES].messages.reverse()
        assert connector(*command, "802210971").code == 2
        assert (lying(queues), stack.drops.kept) == (["m-1", "m-2"], [])
        assert connector(*command, "m-1").code == 0
        assert lying(queues) == ["m-2"]
        assert connector(*command, "802210971").code == 0
        assert lying(queues) == []

    def test_what_the_ledger_does_not_know_is_recorded_all_the_same(self, connector, stack, queues):
        give_up(queues, "m-1", '{"note": "Brunost"')
        give_up(queues, "m-2", a_document())
        for name in ("m-1", "m-2"):
            assert connector("deadletters", "drop", name, "--reason", "a test of ours", "--yes").code == 0
        assert stack.ledger.moved == []
        assert [one.what.split(",")[0] for one in stack.drops.kept] == [
            "no message of the connector",
            "nordic/purchase_order/500123",
        ]
        assert "Brunost" not in str(stack.drops.kept)

    def test_what_cannot_be_recorded_is_not_deleted(self, connector, stack, queues, monkeypatch):
        def refuse(_):
            raise Transient("The ledger answered 500.")

        monkeypatch.setattr(stack.drops, "put", refuse)
        give_up(queues, "m-1", a_document())
        result = connector("deadletters", "drop", "m-1", "--reason", "x", "--yes")
        assert (result.code, ids(queues[Queue.DOCUMENTS].messages)) == (1, ["m-1"])
        assert "The ledger answered 500." in result.out

    def test_one_that_was_killed_before_the_delete_is_begun_until_it_is_repeated(
        self, connector, stack, queues, monkeypatch
    ):
        def kill(_):
            raise KeyboardInterrupt

        give_up(queues, "m-1", a_document())
        with monkeypatch.context() as patched:
            patched.setattr(queues[Queue.DOCUMENTS], "delete", kill)
            with contextlib.suppress(KeyboardInterrupt):
                connector("deadletters", "drop", "m-1", "--reason", "sent by hand", "--by", "ola", "--yes")
        assert lying(queues) == ["m-1"]
        # The dead letter is still held and does not show.
        dropped = connector("deadletters", "list", "--dropped")
        assert "begun 2026-09-01 06:00:00Z, not confirmed" in " ".join(dropped.out.split())
        assert not connector("deadletters", "list", "--dropped", "--json").data[0]["is_confirmed"]
        queues[Queue.DOCUMENTS].give_back(queues[Queue.DOCUMENTS].messages)
        begun = f'A drop was begun at 2026-09-01 06:00:00Z by ola ({CALLER}) and not confirmed: "sent by hand".'
        assert begun in connector("deadletters", "list").out
        (output,) = connector("deadletters", "list", "--json").data["letters"]
        assert output["drop_begun"] == {
            "at": "2026-09-01T06:00:00Z",
            "by": "ola",
            "caller": CALLER,
            "reason": "sent by hand",
        }

        monkeypatch.setattr(stack.clock, "now", lambda: NOW + DAY)
        assert connector("deadletters", "drop", "m-1", "--reason", "settled", "--by", "kari", "--yes").code == 0
        (kept,) = stack.drops.newest(10)
        assert (kept.by, kept.reason, kept.is_confirmed) == ("kari", "settled", True)

    def test_one_that_could_not_be_deleted_is_begun(self, connector, stack, queues):
        give_up(queues, "m-1", a_document())
        queues[Queue.DOCUMENTS].failing = {"m-1"}
        assert connector("deadletters", "drop", "m-1", "--reason", "x", "--yes").code == 1
        (kept,) = stack.drops.newest(10)
        assert not kept.is_confirmed

    def test_one_that_is_gone_and_cannot_be_confirmed_is_named(self, connector, stack, queues, monkeypatch):
        put = stack.drops.put

        def refuse(dropped):
            if dropped.is_confirmed:
                raise Transient("The ledger answered 500.")
            put(dropped)

        monkeypatch.setattr(stack.drops, "put", refuse)
        give_up(queues, "m-1", a_document())
        result = connector("deadletters", "drop", "m-1", "--reason", "x", "--yes")
        assert (result.code, lying(queues)) == (0, [])
        assert (
            "m-1 is deleted, but its record still says that the drop is begun. The ledger answered 500." in result.err
        )
        assert [one.is_confirmed for one in stack.drops.newest(10)] == [False]

    def test_a_reason_and_a_name_are_wanted(self, connector, queues):
        give_up(queues, "m-1", a_document())
        assert connector("deadletters", "drop", "m-1", "--yes").code == 2
        result = connector("deadletters", "drop", "--queue", "documents", "--reason", "x", "--yes")
        assert result.code == 2
        assert "a whole queue is never dropped" in result.err
        assert len(queues[Queue.DOCUMENTS].messages) == 1

    def test_a_dry_run_drops_nothing(self, connector, stack, queues):
        give_up(queues, "m-1", a_document())
        result = connector("deadletters", "drop", "m-1", "--reason", "x", "--dry-run")
        assert result.code == 0
        assert "Some of it is not over" in result.err
        assert (len(queues[Queue.DOCUMENTS].messages), stack.drops.kept) == (1, [])
