"""The four functions as Lambda starts them: environment, handler, event; AWS in memory, both systems on sockets."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest

from connector.adapters import aws as clients
from connector.adapters.clock import SystemClock
from connector.adapters.ledger import DynamoLedger
from connector.adapters.payloads import S3Payloads
from connector.adapters.routing_store import RoutingStore
from connector.bootstrap import common, deliver_transaction, poll_visma, track_transactions, translate_document
from connector.domain.errors import Misconfigured
from connector.domain.ledger import State
from tests.support.aws import (
    BUCKET,
    CURSORS,
    DOCUMENTS,
    ROUTING,
    TOKENS,
    Calls,
    aws_in_memory,
    drain,
    lambda_event,
    make_ledger_home,
    make_queue,
    make_table,
)
from tests.support.routing_data import routing_data
from tests.support.sandboxes import (
    API_KEY,
    CLIENT_ID,
    CLIENT_SECRET,
    Recipe,
    SandboxCompany,
    running_orderful,
    running_visma,
)

FUNCTIONS = Path(__file__).parents[2] / "functions"
NAMES = ("poll_visma", "translate_document", "deliver_transaction", "track_transactions")
WIRED = (
    common.telemetry,
    common.http,
    poll_visma.poll_visma,
    translate_document.translate_document,
    deliver_transaction.deliver_transaction,
    track_transactions.track_transactions,
)
COMPANY = SandboxCompany()
DATA = routing_data(
    {
        "companies.nordic.visma.company_id": COMPANY.company_id,
        "companies.nordic.visma.tenant_id": COMPANY.tenant_id,
        "defaults.units": {"STK": "each", "KG": "kilogram", "KRT": "case"},
        "defaults.settle": "0s",
    }
)
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 280_000)


def handler_of(name):
    """The handler, imported from its file as Lambda does."""
    path = FUNCTIONS / name / f"{name}_handler.py"
    spec = importlib.util.spec_from_file_location(f"{name}_handler", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.handler


class Stack:
    """A deployed stack, as far as its functions can tell."""

    def __init__(self, monkeypatch, visma, orderful):
        self.visma, self.orderful = visma, orderful
        self.documents, self.deliveries = make_queue("documents"), make_queue("deliveries")
        secrets = boto3.client("secretsmanager")
        credentials = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        environment = {
            "STREAM": "test",
            "POWERTOOLS_SERVICE_NAME": "connector",
            "POWERTOOLS_METRICS_NAMESPACE": "Connector/test",
            "VISMA_BASE_URL": visma.url,
            "VISMA_TOKEN_URL": f"{visma.url}/connect/token",
            "VISMA_SECRET_ARN": secrets.create_secret(Name="visma", SecretString=json.dumps(credentials))["ARN"],
            "ORDERFUL_BASE_URL": orderful.url,
            "ORDERFUL_SECRET_ARN": secrets.create_secret(
                Name="orderful", SecretString=json.dumps({"api_key": API_KEY})
            )["ARN"],
            "TOKENS_TABLE": TOKENS,
            "CURSORS_TABLE": CURSORS,
            "ROUTING_TABLE": ROUTING,
            "DOCUMENTS_TABLE": DOCUMENTS,
            "PAYLOADS_BUCKET": BUCKET,
            "DOCUMENTS_QUEUE_URL": self.documents,
            "DELIVERIES_QUEUE_URL": self.deliveries,
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        self.ledger = DynamoLedger(DOCUMENTS, S3Payloads(BUCKET))

    def invoke(self, name, event=None):
        return handler_of(name)(event or {}, CONTEXT)

    def consume(self, name, url):
        """Feed a consumer with everything that waits on its queue, ten at a time as Lambda does."""
        messages = drain(url)
        for start in range(0, len(messages), 10):
            assert self.invoke(name, lambda_event(messages[start : start + 10])) == {"batchItemFailures": []}
        return len(messages)


@pytest.fixture
def stack(monkeypatch):
    partners = (("ACMEPRODUCE", "ACMEPRODUCET", "Acme"),)
    with (
        running_visma(COMPANY) as visma,
        running_orderful(own=("NORDICFOOD", "NORDICFOODT", "Nordic Food AS"), partners=partners) as orderful,
        aws_in_memory(monkeypatch),
    ):
        make_ledger_home()
        make_table(CURSORS)
        make_table(ROUTING)
        make_table(TOKENS, range_key=False)
        clock = SystemClock()
        RoutingStore(ROUTING, clock).apply(DATA, clock.now())
        for wired in WIRED:
            wired.cache_clear()
        yield Stack(monkeypatch, visma, orderful)
        for wired in WIRED:
            wired.cache_clear()


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


def test_a_document_costs_at_most_four_writes_and_three_reads_from_change_to_sent(stack):
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


def test_a_batch_with_nothing_in_it_is_done(stack):
    for name in ("translate_document", "deliver_transaction"):
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
    told = str(lines) + capsys.readouterr().out
    assert '"DocumentsSent"' in told
    for hidden in (API_KEY, CLIENT_SECRET, "Bearer", "purchaseOrderNumber", "lineDescription", "Storgata"):
        assert hidden not in told


@pytest.mark.parametrize("name", NAMES)
def test_a_function_without_its_environment_says_what_is_missing(stack, monkeypatch, name):
    monkeypatch.delenv("DOCUMENTS_TABLE" if name != "poll_visma" else "CURSORS_TABLE")
    with pytest.raises(Misconfigured, match=r"environment of this function is wrong: (DOCUMENTS|CURSORS)_TABLE"):
        stack.invoke(name)


@pytest.mark.parametrize("name", NAMES)
def test_importing_a_function_opens_nothing(name):
    clients._client.cache_clear()
    assert callable(handler_of(name))
    assert clients._client.cache_info().currsize == 0
