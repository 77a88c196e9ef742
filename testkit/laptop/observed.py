"""The deployed laptop stack for tests: actions on it, and its observable state."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from connector.adapters.aws.cursors import DynamoCursors
from connector.adapters.aws.inbound_records import DynamoChanges
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.aws.routing_store import RoutingStore
from connector.adapters.clock import SystemClock
from connector.domain.documents import DocumentKey
from connector.domain.order_change.record import DECIDED, Change
from connector.domain.revision.record import Revision, State
from connector.domain.routing.resolve import Routing
from connector.routing_file import check
from connector.services.ports import CursorView
from demo.report import DocumentCheck
from demo.run import Demo
from testkit.laptop import deploy, forks, ministack
from testkit.laptop.stack import Stack

TIMEOUT_SECONDS = 900.0
"""Time limit of every wait, far above the time that a slow machine needs."""

CONNECTOR = Path(sys.executable).with_name("connector")
SENT = frozenset({State.SENT, State.VALID, State.DELIVERED, State.ACKNOWLEDGED})
FINAL_STATES = SENT | {State.PARKED, State.REJECTED, State.SKIPPED, State.SUPERSEDED, State.AGREED}
FUNCTIONS = (
    "PollVismaFunction",
    "TranslateDocumentFunction",
    "DeliverTransactionFunction",
    "TrackTransactionsFunction",
    "ReceiveCallbackFunction",
    "PollOrderfulFunction",
    "ApplyChangeFunction",
    "ReconcileFunction",
    "SendDigestFunction",
)
PIPELINE = FUNCTIONS[:-2]
"""The functions that process documents and changes; the others only write findings and the digest."""

NO_RETRIES = Config(read_timeout=TIMEOUT_SECONDS, retries={"total_max_attempts": 1})
"""For invocations: the read time-out is above the time limit of a function, and no call is retried."""

Value = TypeVar("Value")


class CountingDemo(Demo):
    """The demo, with a record of the scheduled functions that it invoked."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack, lambda _text: None)  # type: ignore[arg-type] # any callable that takes a line
        self.started: list[str] = []

    def _invoke(self, function: str) -> dict[str, Any]:
        self.started.append(function)
        return super()._invoke(function)


@dataclass(frozen=True)
class DemoResult:
    """The state of the stack after the scenario of the demo."""

    checks: list[DocumentCheck]
    visma: list[dict[str, Any]]
    orderful: list[dict[str, Any]]
    transactions: list[dict[str, Any]]
    items: dict[str, list[dict[str, Any]]] = field(repr=False)


class Laptop:
    """A running stack with the clients for tests."""

    def __init__(self, stack: Stack, directory: Path) -> None:
        self.stack = stack
        self.directory = directory
        self.outputs = stack.outputs
        self.visma, self.orderful = stack.visma, stack.orderful
        self.demo = CountingDemo(stack)
        self.lambda_ = deploy.session().client("lambda", endpoint_url=stack.aws.endpoint, config=NO_RETRIES)
        self.sqs, self.s3 = stack.client("sqs"), stack.client("s3")
        self.dynamodb = stack.client("dynamodb")
        self.payloads = S3Payloads(self.outputs["PayloadsBucket"], self.s3)
        self.ledger = DynamoLedger(self.outputs["DocumentsTable"], self.payloads, self.dynamodb)
        self.changes = DynamoChanges(self.outputs["DocumentsTable"], self.payloads, self.dynamodb)

    # -- functions

    def invoke(self, function: str, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Invoke a deployed function and return its answer; an error of the function fails the test."""
        answer = self.lambda_.invoke(FunctionName=self.outputs[function], Payload=json.dumps(event or {}))
        payload: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload

    def poll(self) -> dict[str, Any]:
        return self.invoke("PollVismaFunction")

    def collect(self) -> dict[str, Any]:
        """Invoke the collector, after the lease of a killed run has expired."""

        def alone() -> dict[str, Any] | None:
            answer = self.invoke("PollOrderfulFunction")
            return None if "Another collector is running." in answer["problems"] else answer

        return self.until(alone, "the collector to be free")

    def track(self) -> dict[str, Any]:
        return self.invoke("TrackTransactionsFunction")

    def reconfigure(self, function: str, **variables: str) -> None:
        """Set variables of a function; this ends its warm workers and clears their caches."""
        name = self.outputs[function]
        now = self.lambda_.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        self.lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": {**now, **variables}})

    def switch(self, function: str, *, on: bool) -> None:
        """Enable or disable the event source mappings of a function."""
        found = self.lambda_.list_event_source_mappings(FunctionName=self.outputs[function])["EventSourceMappings"]
        for mapping in found:
            self.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)

    def stop_schedules(self) -> None:
        """Disable all schedules, so that only the test starts the scheduled functions."""
        scheduler = self.stack.client("scheduler")
        for found in scheduler.list_schedules()["Schedules"]:
            schedule = scheduler.get_schedule(Name=found["Name"])
            kept = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
            scheduler.update_schedule(**{name: schedule[name] for name in kept}, State="DISABLED")

    # -- routing

    def apply_unchecked(self, data: dict[str, Any]) -> None:
        """Apply a routing without the check of `connector config apply`, and restart the functions that use it."""
        stored = check(data).data
        assert stored is not None
        table = RoutingStore(self.outputs["RoutingTable"], SystemClock(), client=self.dynamodb)
        table.apply(stored, SystemClock().now())
        routed = (
            *("PollVismaFunction", "TranslateDocumentFunction", "TrackTransactionsFunction"),
            *("PollOrderfulFunction", "ApplyChangeFunction", "ReconcileFunction"),
        )
        for function in routed:
            self.reconfigure(function)
        # A collector that was running has ended without releasing its lease.
        place = {"pk": {"S": "(orderful)"}, "sk": {"S": "v3/transactions"}}
        self.dynamodb.delete_item(TableName=self.outputs["CursorsTable"], Key=place)

    def routing(self) -> Routing:
        return RoutingStore(self.outputs["RoutingTable"], SystemClock(), client=self.dynamodb).load()

    # -- documents

    def put(self, company_id: str, document: dict[str, Any], *, kind: str = "purchaseorder") -> None:
        """Create or replace a document in Visma."""
        self.visma.control("POST", "documents", {"kind": kind, "company": company_id, "document": document})

    def newest(self, key: str) -> Revision | None:
        return next(iter(self.ledger.revisions(DocumentKey.parse(key), limit=1)), None)

    def ended(self, keys: Iterable[str]) -> dict[str, Revision]:
        """Wait until the newest revision of each document has a final state, and return it."""

        def look() -> dict[str, Revision] | None:
            found = {key: self.newest(key) for key in keys}
            ended = {key: one for key, one in found.items() if one is not None and one.state in FINAL_STATES}
            return ended if len(ended) == len(found) else None

        return self.until(look, f"{keys} to come to an end")

    def transactions(self, number: str | None = None, *, sender: str | None = None) -> list[dict[str, Any]]:
        """The transactions that were sent to Orderful, oldest first; optionally of one number and one sender."""
        found: list[dict[str, Any]] = self.orderful.control(
            "GET", f"transactions?business_number={number}" if number else "transactions"
        )
        return [each for each in found if sender in {None, each["sender"]["isaId"]}]

    def cursors(self) -> dict[tuple[str, str], CursorView]:
        views = DynamoCursors(self.outputs["CursorsTable"], self.dynamodb).all_cursors()
        return {(view.company, view.resource): view for view in views}

    # -- changes

    def partner_sends(self, message: dict[str, Any], *, sender: str = "ACMEPRODUCET", **given: Any) -> dict[str, Any]:
        """A partner of company nordic sends a message; returns its id, UUID and delivery."""
        body = {"sender": sender, "receiver": "NORDICFOODT", "stream": "TEST", "message": message, **given}
        created: dict[str, Any] = self.orderful.control("POST", "inbound", body)
        return created

    def change(self, transaction_id: str) -> Change | None:
        """The inbound record of a transaction."""
        key = self.changes.known(transaction_id)
        return self.changes.get(key, transaction_id) if key else None

    def decided(self, transaction_id: str) -> Change:
        """Wait until the inbound record is decided and its delivery is confirmed, and return it."""

        def look() -> Change | None:
            change = self.change(transaction_id)
            return change if change and change.state in DECIDED and not change.is_unconfirmed else None

        return self.until(look, f"{transaction_id} to be decided")

    def order(self, number: str, *, company_id: str = "1234567") -> dict[str, Any]:
        """An order in Visma."""
        found = self.visma.control("GET", f"documents?kind=purchaseorder&company={company_id}")
        return next(order for order in found if order["orderNbr"] == number)

    def puts(self, number: str) -> list[int | None]:
        """The statuses of the PUTs of an order, oldest first."""
        query = f"requests?method=PUT&path_prefix=/v1/purchaseorder/{number}"
        return [row["status"] for row in self.visma.control("GET", query)["requests"]]

    def delivery(self, transaction_id: str) -> dict[str, Any]:
        """The latest delivery of an inbound transaction at Orderful."""
        found = [one for one in self.orderful.control("GET", "deliveries") if one["transactionId"] == transaction_id]
        return dict(found[-1])

    # -- queues and tables

    def waiting(self, queue: str) -> int:
        """The number of messages of a queue, those in flight included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.outputs[queue], AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def items(self, table: str) -> list[dict[str, Any]]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.outputs[table])
        return [item for page in pages for item in page["Items"]]

    # -- people

    def connector(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the `connector` command."""
        return forks.run(arguments, {**os.environ, **self.stack.environment, "COLUMNS": "200"})

    def as_role_of(self, function: str) -> boto3.Session:
        """A session with the role of a deployed function; its trust policy is extended to allow this."""
        arn = self.lambda_.get_function_configuration(FunctionName=self.outputs[function])["Role"]
        name = arn.rsplit("/", 1)[-1]
        iam = self.stack.client("iam")
        trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        account = {"AWS": arn.split(":")[4]}
        us = {"Sid": "Test", "Effect": "Allow", "Principal": account, "Action": "sts:AssumeRole"}
        kept = [statement for statement in trust["Statement"] if statement.get("Sid") != "Test"]
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps({**trust, "Statement": [*kept, us]}))
        given = self.stack.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return boto3.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            region_name=ministack.REGION,
        )

    # -- time

    def until(self, look: Callable[[], Value | None], what: str) -> Value:
        """Wait until `look` returns a value, and return it; `what` names it in the error."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            found = look()
            if found:
                return found
            assert time.monotonic() < deadline, f"waited {TIMEOUT_SECONDS:.0f} s for {what}"
            time.sleep(0.1)

    # -- logs

    def logs(self) -> dict[str, list[str]]:
        """The log messages by log group."""
        cloudwatch = self.stack.client("logs")
        groups = [group["logGroupName"] for group in cloudwatch.describe_log_groups()["logGroups"]]
        pages = cloudwatch.get_paginator("filter_log_events")
        return {
            group: [event["message"] for page in pages.paginate(logGroupName=group) for event in page["events"]]
            for group in groups
        }

    def log_lines(self) -> list[dict[str, Any]]:
        """Every structured log line of the functions."""
        written = "\n".join(message for messages in self.logs().values() for message in messages)
        return [json.loads(line) for line in written.splitlines() if line.startswith("{")]
