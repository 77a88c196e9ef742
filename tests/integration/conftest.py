"""A deployed stack as far as its functions can tell: AWS in memory, Visma and Orderful on sockets."""

from __future__ import annotations

import importlib.util
import json
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
import yaml

from connector.adapters.aws import clients
from connector.adapters.aws.inbound_records import DynamoChanges
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.aws.routing_store import RoutingStore
from connector.adapters.clock import SystemClock
from connector.bootstrap import (
    apply_change,
    common,
    deliver_transaction,
    poll_orderful,
    poll_visma,
    receive_callback,
    reconcile,
    track_transactions,
    translate_document,
)
from testkit.aws import (
    BUCKET,
    CURSORS,
    DOCUMENTS,
    ROUTING,
    TOKENS,
    aws_in_memory,
    drain,
    lambda_event,
    make_ledger_resources,
    make_queue,
    make_table,
)
from testkit.samples.routing_data import routing_data
from testkit.sandboxes import (
    API_KEY,
    CLIENT_ID,
    CLIENT_SECRET,
    SandboxCompany,
    running_orderful,
    running_visma,
)

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"
ACCESS = yaml.safe_load((ROOT / "infra" / "access.yaml").read_text())["functions"]
TABLES = {
    DOCUMENTS: "DocumentsTable",
    CURSORS: "CursorsTable",
    ROUTING: "RoutingTable",
    TOKENS: "TokensTable",
}
WIRED = (
    common.telemetry,
    common.http,
    poll_visma.poll_visma,
    translate_document.translate_document,
    deliver_transaction.deliver_transaction,
    track_transactions.track_transactions,
    receive_callback.receive_callback,
    poll_orderful.poll_orderful,
    apply_change.apply_change,
    reconcile.reconcile,
)
COMPANY = SandboxCompany()
INBOX = "7"
CALLBACK_HEADER, CALLBACK_SECRET = "X-Connector-Secret", "the-agreed-one"
DATA = routing_data(
    {
        "companies.nordic.visma.company_id": COMPANY.company_id,
        "companies.nordic.go_live": "2026-01-01",
        "companies.nordic.visma.tenant_id": COMPANY.tenant_id,
        "defaults.units": {"STK": "each", "KG": "kilogram", "KRT": "case"},
        "defaults.settle": "0s",
        "defaults.changes": {"quantity": "50%", "price": "10%", "dates": "14d", "header_note": "tell"},
    }
)
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 280_000, aws_request_id="run-1")


def load_handler(name):
    """The handler, imported from its file as Lambda does."""
    path = FUNCTIONS / name / f"{name}_handler.py"
    spec = importlib.util.spec_from_file_location(f"{name}_handler", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.handler


@contextmanager
def only_with_the_rights_of(function):
    """Fails when the function asks DynamoDB or S3 for what infra/access.yaml does not grant it; moto asks nobody."""
    granted = {
        (action, resource)
        for one in ACCESS[function].values()
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
        for resource in ([one["Resource"]] if isinstance(one["Resource"], str) else one["Resource"])
    }
    asked = set()

    def note(params, model, **_):
        if "Bucket" in params:
            asked.add((f"s3:{model.name}", f"{params['Key'].partition('/')[0]}/*"))
        for given in params.get("TransactItems", [params]):
            # A transaction asks for the right to each of its parts.
            (part, one), *_ = given.items() if "TransactItems" in params else [(model.name, given)]
            action = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}.get(part, part)
            tables = one.get("RequestItems", [one["TableName"]] if "TableName" in one else [])
            index = f"/index/{one['IndexName']}" if "IndexName" in one else ""
            asked.update((f"dynamodb:{action}", f"{TABLES[table]}{index}") for table in tables)

    events = [client().meta.events for client in (clients.dynamodb, clients.s3)]
    for one in events:
        one.register("provide-client-params", note)
    try:
        yield
    finally:
        for one in events:
            one.unregister("provide-client-params", note)
    assert asked <= granted, f"{function} has no right to {sorted(asked - granted)}"


class Stack:
    """A deployed stack, as far as its functions can tell."""

    def __init__(self, monkeypatch, visma, orderful):
        self.visma, self.orderful = visma, orderful
        names = ("documents", "deliveries", "changes", "hints")
        self.documents, self.deliveries, self.changes, self.hints = map(make_queue, names)
        environment = {
            "STREAM": "test",
            "POWERTOOLS_SERVICE_NAME": "connector",
            "POWERTOOLS_METRICS_NAMESPACE": "Connector/test",
            "VISMA_BASE_URL": visma.url,
            "VISMA_TOKEN_URL": f"{visma.url}/connect/token",
            "VISMA_SECRET_ARN": self._secret("visma", {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}),
            "ORDERFUL_BASE_URL": orderful.url,
            "ORDERFUL_SECRET_ARN": self._secret("orderful", {"api_key": API_KEY}),
            "ORDERFUL_INBOX_IDS": INBOX,
            "CALLBACK_SECRET_ARN": self._secret("callback", {"header": CALLBACK_HEADER, "secrets": [CALLBACK_SECRET]}),
            "TOKENS_TABLE": TOKENS,
            "CURSORS_TABLE": CURSORS,
            "ROUTING_TABLE": ROUTING,
            "DOCUMENTS_TABLE": DOCUMENTS,
            "PAYLOADS_BUCKET": BUCKET,
            "DOCUMENTS_QUEUE_URL": self.documents,
            "DELIVERIES_QUEUE_URL": self.deliveries,
            "CHANGES_QUEUE_URL": self.changes,
            "HINTS_QUEUE_URL": self.hints,
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        payloads = S3Payloads(BUCKET)
        self.ledger, self.inbound = DynamoLedger(DOCUMENTS, payloads), DynamoChanges(DOCUMENTS, payloads)

    def invoke(self, name, event=None):
        with only_with_the_rights_of(name):
            return load_handler(name)(event or {}, CONTEXT)

    def start_anew(self):
        """Every function begins in a new process."""
        for wired in WIRED:
            wired.cache_clear()

    def consume(self, name, url):
        """Feed a consumer with everything that waits on its queue, ten at a time as Lambda does."""
        messages = drain(url)
        for start in range(0, len(messages), 10):
            assert self.invoke(name, lambda_event(messages[start : start + 10])) == {"batchItemFailures": []}
        return len(messages)

    def send_orders(self):
        """What Visma has goes all the way to Orderful; gives how many documents went."""
        self.invoke("poll_visma")
        self.consume("translate_document", self.documents)
        return self.consume("deliver_transaction", self.deliveries)

    def _secret(self, name, content):
        return boto3.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(content))["ARN"]


@pytest.fixture
def handler_of():
    """Imports a function's handler from its file as Lambda does."""
    return load_handler


@pytest.fixture
def stack(monkeypatch):
    partners = (("ACMEPRODUCE", "ACMEPRODUCET", "Acme"),)
    with (
        running_visma(COMPANY) as visma,
        running_orderful(own=("NORDICFOOD", "NORDICFOODT", "Nordic Food AS"), partners=partners) as orderful,
        aws_in_memory(monkeypatch),
    ):
        make_ledger_resources()
        make_table(CURSORS)
        make_table(ROUTING)
        make_table(TOKENS, range_key=False)
        clock = SystemClock()
        RoutingStore(ROUTING, clock).apply(DATA, clock.now())
        for wired in WIRED:
            wired.cache_clear()
        orderful.inbound.set_channels({"inboxes": [INBOX]})
        yield Stack(monkeypatch, visma, orderful)
        for wired in WIRED:
            wired.cache_clear()
