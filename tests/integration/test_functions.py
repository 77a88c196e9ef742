"""The functions as Lambda starts them: environment, handler, event; AWS in memory, both systems on sockets."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from connector.adapters.aws import breaker, clients
from connector.adapters.aws.findings import DynamoFindingBook
from connector.adapters.telemetry import PowertoolsTelemetry
from connector.domain.errors import Misconfigured
from connector.domain.revision.record import State
from testkit.aws import CURSORS, Calls, drain, lambda_event
from testkit.sandboxes import API_KEY, CLIENT_SECRET, Recipe
from tests.integration.conftest import ROUTING

# A variable that each function cannot do without.
NAMES = {
    "poll_visma": "CURSORS_TABLE",
    "translate_document": "DOCUMENTS_TABLE",
    "deliver_transaction": "DOCUMENTS_TABLE",
    "track_transactions": "DOCUMENTS_TABLE",
    "receive_callback": "HINTS_QUEUE_URL",
    "poll_orderful": "CURSORS_TABLE",
    "apply_change": "TOKENS_TABLE",
    "reconcile": "CURSORS_TABLE",
}


def test_a_changed_order_goes_all_the_way_and_only_once(stack):
    stack.visma.generate("purchaseorder", Recipe(count=3))
    assert stack.invoke("poll_visma") == {"queued": 3, "problems": []}
    assert stack.invoke("poll_visma") == {"queued": 0, "problems": []}
    assert stack.consume("translate_document", stack.documents) == 3
    assert stack.consume("deliver_transaction", stack.deliveries) == 3
    assert stack.invoke("track_transactions") == {"changed": 3}
    acknowledged = list(stack.ledger.in_state(State.ACKNOWLEDGED))
    assert len({revision.transaction_id for revision in acknowledged}) == 3, [
        (revision.state, revision.reason) for state in State for revision in stack.ledger.in_state(state)
    ]
    assert stack.invoke("track_transactions") == {"changed": 0}


def test_a_document_costs_at_most_four_writes_and_three_reads_from_change_to_sent(stack, monkeypatch):
    monkeypatch.setattr(breaker, "BELIEVED_FOR", timedelta(hours=1))  # a stalled process reads a hold once more
    stack.visma.generate("purchaseorder", Recipe(count=20))
    stack.invoke("poll_visma")
    # What a process reads once (routing, the secret) is no cost of a document.
    first, *rest = drain(stack.documents)
    stack.invoke("translate_document", lambda_event([first]))
    stack.consume("deliver_transaction", stack.deliveries)

    calls = Calls(clients.dynamodb())
    for start in range(0, len(rest), 10):
        stack.invoke("translate_document", lambda_event(rest[start : start + 10]))
    stack.consume("deliver_transaction", stack.deliveries)
    assert (calls.writes, calls.reads) == (4 * len(rest), 3 * len(rest))
    assert len(list(stack.ledger.in_state(State.SENT))) == 20


@pytest.mark.parametrize("name", NAMES)
def test_every_function_writes_its_invocation_into_its_log_lines(stack, monkeypatch, name):
    begun = []
    monkeypatch.setattr(PowertoolsTelemetry, "begin_run", lambda _self, run: begun.append(run))
    with contextlib.suppress(Exception):  # what comes of an empty event is another matter
        stack.invoke(name, {})
    assert begun == ["run-1"]


def test_a_batch_with_nothing_in_it_is_done(stack):
    for name in ("translate_document", "deliver_transaction", "apply_change"):
        assert stack.invoke(name, {"Records": []}) == {"batchItemFailures": []}


def test_a_message_that_nobody_can_read_is_kept_and_its_neighbours_are_done(stack):
    stack.visma.generate("purchaseorder", Recipe(count=1))
    stack.invoke("poll_visma")
    good = drain(stack.documents)
    bad = {**good[0], "MessageId": "bad", "Body": '{"company": 7}', "Attributes": {"MessageGroupId": "x"}}
    answer = stack.invoke("translate_document", lambda_event([bad, *good]))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert len(drain(stack.deliveries)) == 1


def test_what_is_told_holds_neither_a_secret_nor_a_document(stack, capsys, caplog):
    stack.visma.generate("purchaseorder", Recipe(count=1))
    stack.invoke("poll_visma")
    stack.consume("translate_document", stack.documents)
    stack.consume("deliver_transaction", stack.deliveries)
    lines = [vars(record) for record in caplog.records if record.name == "connector"]
    assert [line["message"] for line in lines][-2:] == ["translated", "sent"]
    output = str(lines) + capsys.readouterr().out
    assert '"DocumentsSent"' in output
    for hidden in (API_KEY, CLIENT_SECRET, "Bearer", "purchaseOrderNumber", "lineDescription", "Storgata"):
        assert hidden not in output


@pytest.mark.parametrize(
    ("name", "counted", "levels"),
    [
        ("poll_visma", set(), ["INFO"]),  # its heartbeat is Lambda's own count of invocations
        ("poll_orderful", {"CollectCompleted"}, ["INFO"]),
        ("track_transactions", {"TrackCompleted"}, []),
        ("reconcile", set(), ["INFO"]),
    ],
)
def test_a_stack_without_a_routing_logs_no_error(stack, capsys, caplog, name, *, counted, levels):
    boto3.client("dynamodb").delete_item(TableName=ROUTING, Key={"pk": {"S": "current"}, "sk": {"S": "current"}})
    stack.visma.generate("purchaseorder", Recipe(count=3))
    stack.invoke(name)
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    names = {
        metric["Name"] for one in metrics for part in one["_aws"]["CloudWatchMetrics"] for metric in part["Metrics"]
    }
    assert names == counted, "the heartbeat, and nothing that an alarm reads"
    lines = [record for record in caplog.records if record.name == "connector"]
    assert [record.levelname for record in lines] == levels
    assert drain(stack.documents) == []


@pytest.mark.parametrize(("name", "counted"), [("poll_visma", "ListsFailing"), ("poll_orderful", "CredentialsRefused")])
def test_a_stack_that_lost_its_routing_is_not_taken_for_a_new_one(stack, capsys, caplog, name, counted):
    stack.invoke(name)
    capsys.readouterr()
    boto3.client("dynamodb").delete_item(TableName=ROUTING, Key={"pk": {"S": "current"}, "sk": {"S": "current"}})
    stack.start_anew()
    for _ in range(2):
        assert "ExistingRoutingTable" in stack.invoke(name)["problems"][0]
        output = capsys.readouterr().out
        assert f'"{counted}"' in output
        assert "CollectCompleted" not in output


@pytest.mark.parametrize(("name", "variable"), NAMES.items())
def test_a_function_without_its_environment_says_what_is_missing(stack, monkeypatch, name, variable):
    monkeypatch.delenv(variable)
    with pytest.raises(Misconfigured, match=f"environment of this function is wrong: {variable}"):
        stack.invoke(name)


@pytest.mark.parametrize("name", NAMES)
def test_importing_a_function_opens_nothing(handler_of, name):
    clients._client.cache_clear()
    assert callable(handler_of(name))
    assert clients._client.cache_info().currsize == 0


def test_the_nightly_comparison_has_looked_up_what_the_list_showed_late(stack, monkeypatch):
    monkeypatch.setenv("RECONCILE_AFTER_SECONDS", "0")
    stack.visma.generate("purchaseorder", Recipe(count=1, first_number=500123))
    stack.send_orders()
    stack.invoke("poll_orderful")
    begun = datetime.now(UTC) - timedelta(days=2)
    DynamoFindingBook(CURSORS).keep_beginnings({"nordic": begun})
    came = stack.orderful.inbound.receive(
        sender="ACMEPRODUCET",
        receiver="NORDICFOODT",
        message={"purchaseOrderNumber": "500123", "lineItems": []},
        channels=[],
        created_at=datetime.now(UTC) - timedelta(hours=3),
    )
    assert stack.invoke("poll_orderful")["problems"] == []
    assert stack.inbound.known(came.transaction.id) is None

    assert stack.invoke("reconcile") == {"ended": True, "problem": None}
    assert [one.subject for one in DynamoFindingBook(CURSORS).findings()] == [came.transaction.id]
    assert stack.consume("apply_change", stack.hints) == 1
    assert stack.inbound.recorded([came.transaction.id, "1"]) == {came.transaction.id}


def test_the_nightly_comparison_finds_what_was_missed_and_what_is_gone(stack, monkeypatch, capsys):
    monkeypatch.setenv("RECONCILE_AFTER_SECONDS", "0")
    before = datetime.now(UTC) - timedelta(minutes=1)
    stack.visma.generate("purchaseorder", Recipe(count=5, written_at=before))
    stack.send_orders()
    stack.visma.set_options(max_page_size=2)
    gone, copied, deleted, *_ = stack.ledger.in_state(State.SENT)
    stack.visma.remove_document("purchaseorder", deleted.key.number)
    copy = stack.orderful.copy(copied.transaction_id)
    stack.orderful.delete(gone.transaction_id)
    stack.visma.generate("purchaseorder", Recipe(count=2, first_number=700001, written_at=before))
    assert stack.invoke("reconcile") == {"ended": True, "problem": None}
    found = DynamoFindingBook(CURSORS).findings()
    assert {(one.category.value, one.subject) for one in found} == {
        ("missing", "nordic/purchase_order/700001"),
        ("missing", "nordic/purchase_order/700002"),
        ("missing", gone.transaction_id),
        ("doubled", copy["id"] if isinstance(copy, dict) else copy),
        ("deleted", str(deleted.key)),
    }
    assert stack.invoke("reconcile") == {"ended": True, "problem": None}
    capsys.readouterr()
    stack.invoke("track_transactions")
    assert '"AttentionOpen":[5.0]' in capsys.readouterr().out.replace(" ", "")
