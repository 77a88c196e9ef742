"""Who decided: the name that a person types, and beside it who AWS says that the caller is."""

from __future__ import annotations

from types import SimpleNamespace

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError, EndpointConnectionError

from connector.cli.output import Failed
from connector.cli.stack.stack import Stack
from connector.domain.order_change.record import ChangeState
from testkit.memory.stores import CALLER, a_change
from testkit.samples.routing_data import routing_data

DECIDING = [
    ("approve",),
    ("approve", "--order", "500124"),
    ("reject", "--reason", "no"),
    ("close", "--reason", "by hand"),
    ("retry",),
]


@pytest.fixture
def parked(stack):
    stack.routing.data = routing_data()
    stack.changes.put(
        a_change(transaction_id="5", state=ChangeState.PARKED, decided_on="hash", sender_id="ACMEPRODUCET")
    )
    return lambda: next(one for one in stack.changes.all() if one.transaction_id == "5")


@pytest.mark.parametrize("command", DECIDING, ids=" ".join)
def test_a_change_keeps_who_aws_says_decided_beside_the_name_that_was_typed(connector, parked, command):
    verb, *options = command
    result = connector("changes", verb, "5", *options, "--by", " Ola ", "--yes", "--json")
    assert (result.code, result.data["caller"]) == (0, CALLER), result.err
    assert parked().caller == CALLER
    assert f"Ola ({CALLER})" in parked().history[-1].note
    assert CALLER in connector("changes", "show", "5").out


@pytest.mark.parametrize("command", DECIDING, ids=" ".join)
def test_where_aws_does_not_say_who_it_is_nothing_is_decided(connector, stack, parked, command):
    before, verb = parked(), command[0]
    stack.who = None
    result = connector("changes", verb, "5", *command[1:], "--by", "Ola", "--yes")
    assert (result.code, parked(), stack.outbox.queued) == (1, before, [])
    assert "who you are" in result.err


def test_a_routing_keeps_who_applied_it(connector, stack, tmp_path):
    file = tmp_path / "connector.yaml"
    file.write_text(yaml.safe_dump(routing_data()))
    assert connector("config", "apply", str(file), "--by", "Ola", "--yes").code == 0
    assert (stack.routing.who.by, stack.routing.who.caller) == ("Ola", CALLER)
    shown = connector("config", "show").out.splitlines()[0]
    assert shown.endswith(f", applied 2026-09-01 06:00:00Z by Ola ({CALLER})")


def test_a_dry_run_needs_nobody(connector, stack, tmp_path, monkeypatch):
    monkeypatch.delenv("USER")
    monkeypatch.delenv("LOGNAME", raising=False)
    stack.who = None
    file = tmp_path / "connector.yaml"
    file.write_text(yaml.safe_dump(routing_data()))
    assert connector("config", "apply", str(file), "--dry-run").code == 0
    assert connector("config", "apply", str(file), "--yes").code == 1
    assert stack.routing.put_in_force == []


def test_a_blank_name_is_wrong_input(connector, parked):
    result = connector("changes", "approve", "5", "--by", " ", "--yes")
    assert (result.code, result.err) == (2, "--by is empty.\n")


def test_the_stack_asks_aws_for_the_caller(monkeypatch):
    answer = SimpleNamespace(get_caller_identity=lambda: {"Arn": CALLER})
    monkeypatch.setattr(boto3, "client", lambda service: {"sts": answer}[service])
    assert Stack("connector").caller == CALLER


@pytest.mark.parametrize(
    ("failure", "output"),
    [
        (ClientError({"Error": {"Code": "ExpiredToken", "Message": "It is expired."}}, "GetCallerIdentity"), "expired"),
        (EndpointConnectionError(endpoint_url="https://x.invalid"), "x.invalid"),
    ],
)
def test_a_caller_that_aws_does_not_know_is_one_sentence(monkeypatch, failure, output):
    def refuse():
        raise failure

    monkeypatch.setattr(boto3, "client", lambda _: SimpleNamespace(get_caller_identity=refuse))
    with pytest.raises(Failed, match=output):
        _ = Stack("connector").caller
