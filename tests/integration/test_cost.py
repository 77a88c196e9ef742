"""What a document and a call may cost."""

from __future__ import annotations

import re
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ParamValidationError

from bench.cost import MAX_IDLE_COST, MAX_SIGHTING_UNITS, MAX_UNITS, bill, idle_run
from bench.line import write_units_of_a_document, write_units_of_a_sighting
from bench.write_units import WriteUnits, size_of, units
from connector.adapters.aws import clients
from testkit.aws import CURSORS, DOCUMENTS, aws_in_memory, make_ledger_resources, make_table
from testkit.memory.effects import ManualClock


@pytest.fixture(autouse=True)
def _aws(monkeypatch):
    with aws_in_memory(monkeypatch):
        make_ledger_resources()
        make_table(CURSORS)
        yield


def test_a_document_costs_at_most_eighteen_write_units_from_change_to_acknowledged():
    spent = write_units_of_a_document(ManualClock(datetime.now(UTC) + timedelta(hours=1)))
    assert spent.total <= MAX_UNITS, spent.spent
    assert spent.spent["index UpdateItem"] == 0  # a claim does not touch the index
    (revision,) = [
        item
        for item in boto3.client("dynamodb").scan(TableName=DOCUMENTS)["Items"]
        if item["sk"]["S"].startswith("rev#")
    ]
    assert size_of(revision) <= 1000


def test_a_document_that_is_seen_again_costs_one_write_of_its_row():
    spent = write_units_of_a_sighting(ManualClock(datetime.now(UTC) + timedelta(hours=1)))
    assert 0 < spent.total <= MAX_SIGHTING_UNITS, spent.spent
    assert set(+spent.spent) == {"item PutItem"}, "neither the index nor the bodies"


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"pk": {"S": "ö"}}, 4),
        ({"n": {"N": "27"}}, 4),
        ({"b": {"B": b"1234"}}, 5),
        ({"t": {"BOOL": True}}, 2),
        ({"l": {"L": [{"S": "ab"}]}}, 7),
        ({"m": {"M": {"k": {"S": "v"}}}}, 7),
    ],
)
def test_items_have_the_size_that_dynamodb_gives_them(item, size):
    assert size_of(item) == size


@pytest.mark.parametrize(("sizes", "spent"), [((0,), 1), ((1024,), 1), ((1025,), 2), ((10, 3000), 3)])
def test_a_write_is_billed_by_whole_kilobytes_of_the_larger_size(sizes, spent):
    assert units(*sizes) == spent


def test_the_index_is_billed_when_its_entry_changes_and_a_transaction_twice():
    client = clients.dynamodb()
    counted = WriteUnits(client, DOCUMENTS)
    row = {"pk": {"S": "a"}, "sk": {"S": "rev#1"}, "open_state": {"S": "SENT"}, "updated": {"S": "1"}}
    steps = []
    for item in (row, row | {"note": {"S": "x" * 2000}}, row | {"open_state": {"S": "PARKED"}}):
        client.put_item(TableName=DOCUMENTS, Item=item)
        steps.append(counted.total)
    client.transact_write_items(
        TransactItems=[{"Put": {"TableName": DOCUMENTS, "Item": {**row, "sk": {"S": "rev#2"}}}}]
    )
    steps.append(counted.total)
    assert [after - before for before, after in zip([0, *steps], steps, strict=False)] == [2, 2, 4, 3]


@pytest.mark.parametrize("is_function", [True, False])
def test_only_a_function_leaves_the_check_of_parameters_out(is_function, monkeypatch):
    if is_function:
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "poll_visma")
    clients._client.cache_clear()
    client = clients.dynamodb()
    with nullcontext() if is_function else pytest.raises(ParamValidationError):
        client.list_tables(Limit="5")  # type: ignore[arg-type]
    assert client.meta.config.user_agent.startswith("connector ")


def test_an_idle_stack_costs_at_most_eight_dollars_a_month_at_list_prices():
    idle = idle_run()
    items = bill(idle)
    assert sum(one.cost for one in items) <= MAX_IDLE_COST, [(one.what, one.cost) for one in items]
    template = (Path(__file__).resolve().parents[2] / "template.yaml").read_text()
    counted = {one.what: one.count for one in items}
    for what, kind in {
        "CloudWatch alarms": "CloudWatch::Alarm",
        "KMS keys": "KMS::Key",
        "Secrets": "SecretsManager::Secret",
    }.items():
        assert counted[what] == len(re.findall(rf"^    Type: AWS::{kind}$", template, re.MULTILINE)) > 0
    assert idle.metrics == {"TrackCompleted", "CollectCompleted"}, "a gauge that is zero is not reported"
