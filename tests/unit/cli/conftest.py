"""A deployed stack in memory, and the command line run against it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import click
import pytest
import yaml

from connector.adapters.aws.routing_store import Applied
from connector.adapters.callback_auth import CallbackCredentials
from connector.cli.main import command_line
from connector.cli.output import Failed
from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Conflict, NoRouting
from connector.domain.revision.record import Revision, State
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Stream
from connector.services.inbound.partner_baseline import PartnerBaseline
from connector.services.ports import RemoteTransaction
from testkit.memory.stores import CALLER, InMemoryChanges, MemoryBreaker, MemoryHealth, MemoryLedger
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import as_json

DAY = timedelta(days=1)
FUNCTIONS = (
    *("PollVisma", "TranslateDocument", "DeliverTransaction", "TrackTransactions"),
    *("ReceiveCallback", "PollOrderful", "ApplyChange", "Reconcile", "SendDigest"),
)
SCHEDULES = ("PollVisma", "TrackTransactions", "PollOrderful", "Reconcile", "SendDigest")
NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)


class FakeRouting:
    """The routing store in memory.

    Attributes:
        data: What is in force.
        put_in_force: What was applied, one after the other.
        who: The entry of what is in force.
        entries: The history, oldest first.
        versions: Every version that was applied.
        texts: The texts of files by their names.
        overtaken: Somebody else is faster than the next apply.
    """

    def __init__(self, data: dict[str, Any] | None = None) -> None:
        self.data = data
        self.put_in_force: list[dict[str, Any]] = []
        self.who: Applied | None = None
        self.entries: list[Applied] = []
        self.versions: dict[str, dict[str, Any]] = {}
        self.texts: dict[str, bytes] = {}
        self.overtaken = False

    def current_version(self) -> str | None:
        return None if self.data is None else Routing.from_data(self.data).version

    def load(self, *, fresh: bool = False) -> Routing:
        if self.data is None:
            raise NoRouting("No routing was applied yet.", next_step="Run `connector config apply connector.yaml`.")
        return Routing.from_data(self.data)

    def applied(self) -> Applied | None:
        return self.who

    def apply(self, data: dict[str, Any], now: datetime, *, replacing: str | None = None, **kept: Any) -> Applied:
        assert replacing == self.current_version()
        if self.overtaken:
            raise Conflict("Somebody else applied another routing meanwhile.")
        if self.data is not None:
            self.versions[Routing.from_data(self.data).version] = self.data
        self.data = data
        self.put_in_force.append(data)
        version = Routing.from_data(data).version
        self.versions[version] = data
        text = f"text {len(self.texts)}" if kept["text"] is not None else None
        if text is not None:
            self.texts[text] = kept["text"]
        self.who = Applied(
            version, now, kept["by"], kept["caller"], previous=replacing, text=text, difference=kept["difference"]
        )
        self.entries.append(self.who)
        return self.who

    def released(self, entry: Applied, *, documents: int, changes: int) -> None:
        self.entries[-1] = dataclasses.replace(entry, documents=documents, changes=changes)

    def applied_as(self, version: str) -> Applied | None:
        return next((one for one in reversed(self.entries) if one.version == version), None)

    def history(self, *, limit: int | None = None) -> list[Applied]:
        return self.entries[::-1][:limit]

    def version(self, version: str) -> dict[str, Any] | None:
        return self.versions.get(version)

    def text(self, name: str) -> bytes:
        return self.texts[name]


class CommandLedger(MemoryLedger):
    """The ledger in memory, filled at once, with what was moved by a command.

    Attributes:
        moved: The revision before, its new state, and the note.
        written: What else was changed each time.
        usual: Makes the Visma document of a number of which `sources` has none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sources: dict[str, bytes] = {}
        self.moved: list[tuple[Revision, State, str]] = []
        self.written: list[dict[str, Any]] = []
        self.usual: Callable[[str], bytes] = lambda _: b'{"orderNbr":"500123"}'

    @property
    def kept(self) -> list[Revision]:
        return list(self.rows.values())

    @kept.setter
    def kept(self, revisions: list[Revision]) -> None:
        self.rows = {(one.key, one.sequence): one for one in revisions}

    def source_of(self, revision: Revision) -> bytes:
        if revision.key.number in self.sources or (revision.key, revision.sequence) not in self._with_bodies:
            return self.sources.get(revision.key.number) or self.usual(revision.key.number)
        return super().source_of(revision)

    def move(self, revision: Revision, to: State, *, now: datetime, note: str, **changes: Any) -> Revision:
        moved = super().move(revision, to, now=now, note=note, **changes)
        self.moved.append((revision, to, note))
        self.written.append(changes)
        return moved

    @property
    def _with_bodies(self) -> set[tuple[DocumentKey, int]]:
        return {(key, sequence) for key, sequence, _ in self.bodies}


class FakeOutbox:
    """Keeps what was queued."""

    def __init__(self) -> None:
        self.queued: list[Any] = []

    def documents(self, messages: Any) -> None:
        self.queued.extend(messages)

    def changes(self, messages: Any) -> None:
        self.queued.extend(messages)


@dataclass
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


class FakeOrderful:
    """What Orderful shows of each transaction; an error is raised, None is one that it does not have."""

    def __init__(self) -> None:
        self.shown: dict[str, Any] = {}

    def read(self, transaction_id: str) -> RemoteTransaction | None:
        usual = RemoteTransaction(
            transaction_id=transaction_id,
            transaction_type="850_PURCHASE_ORDER",
            business_number=None,
            stream=Stream.TEST,
            sender_id=None,
            receiver_id=None,
            created_at=NOW,
            validation_status="VALID",
            delivery_status="DELIVERED",
            acknowledgment_status="NOT_ACKNOWLEDGED",
        )
        found: RemoteTransaction | None = given(self.shown.get(transaction_id, usual))
        return found


class FakeInbound:
    """What waits in Orderful's inboxes and buckets, by their names; an error is raised."""

    def __init__(self) -> None:
        self.waiting: dict[str, Any] = {"4711": []}
        self.deliveries: dict[str, Any] = {}

    def delivery_status(self, delivery: Any, transaction_id: str) -> Any:
        return self.deliveries.get(transaction_id)

    def inbox(self, name: str, limit: int = 100) -> Any:
        found = self.waiting[name]
        if isinstance(found, Exception):
            raise found
        return found

    bucket = inbox


class FakeAws:
    """What AWS shows of a healthy stack; an error in the place of an answer is raised.

    Attributes:
        subscriptions: Of the alarm topic, by endpoint: its ARN.
        concurrency: How many functions may run at once.
        schedules: By name; without one there is none.
        sums: Of each metric of a function, by function and metric.
    """

    def __init__(self) -> None:
        self.subscriptions: Any = {"edi@example.com": "arn:sns:1"}
        self.concurrency: Any = 1000
        usual = {"ScheduleExpression": "rate(5 minutes)", "State": "ENABLED", "LastModificationDate": NOW - DAY}
        self.schedules: Any = {name: dict(usual) for name in SCHEDULES}
        self.schedules["Reconcile"]["ScheduleExpression"] = "cron(0/5 1-4 * * ? *)"
        self.schedules["SendDigest"]["ScheduleExpression"] = "cron(0 5 * * ? *)"
        self.sums: Any = {(name, "Invocations"): 6 for name in self.schedules}
        self.now = NOW
        self.exceptions = SimpleNamespace(ResourceNotFoundException=_NoScheduleError)

    def __call__(self, service: str) -> FakeAws:
        return self

    def get_paginator(self, operation: str) -> Any:
        answer = {"list_subscriptions_by_topic": self._subscriptions, "get_metric_data": self._metrics}[operation]
        return SimpleNamespace(paginate=answer)

    def get_account_settings(self) -> Any:
        limit = given(self.concurrency)
        return {"AccountLimit": {"ConcurrentExecutions": limit, "UnreservedConcurrentExecutions": limit}}

    def get_schedule(self, **request: Any) -> Any:
        schedules = given(self.schedules)
        if request["Name"] not in schedules:
            raise _NoScheduleError
        return schedules[request["Name"]]

    def _subscriptions(self, **request: Any) -> Any:
        assert request == {"TopicArn": "arn:topic"}
        found = given(self.subscriptions)
        yield {"Subscriptions": [{"Endpoint": endpoint, "SubscriptionArn": arn} for endpoint, arn in found.items()]}

    def _metrics(self, **request: Any) -> Any:
        sums = given(self.sums)
        assert request["StartTime"] < request["EndTime"] == self.now
        for query in request["MetricDataQueries"]:
            metric = query["MetricStat"]["Metric"]
            name = metric["Dimensions"][0]["Value"].removesuffix("Function")
            total = sums.get((name, metric["MetricName"]), 0)
            yield {"MetricDataResults": [{"Id": query["Id"], "Values": [1.0] * total}]}


class _NoScheduleError(Exception):
    pass


def given(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


class FakeStack(SimpleNamespace):
    """A stack in memory; without a `who` AWS does not say who the caller is."""

    @property
    def caller(self) -> str:
        if self.who is None:
            raise Failed("AWS does not say who you are, so nothing was changed: expired.")
        return str(self.who)

    @property
    def title(self) -> str:
        stream = self.stream
        return f"stack '{self.name}' ({stream.upper() if stream is Stream.LIVE else stream})"

    def output(self, name: str) -> str:
        if name not in self.outputs:
            raise Failed(f"Stack 'laptop' has no output {name}; deploy it again from template.yaml.")
        return str(self.outputs[name])


@pytest.fixture
def stack():
    return FakeStack(
        name="laptop",
        who=CALLER,
        stream=Stream.TEST,
        clock=SimpleNamespace(now=lambda: NOW),
        wait=lambda _: None,
        routing=FakeRouting(),
        ledger=CommandLedger(),
        breaker=MemoryBreaker(),
        outbox=FakeOutbox(),
        known=PartnerBaseline(MemoryLedger(), SimpleNamespace(now=lambda: NOW)),
        changes=InMemoryChanges(),
        payloads=SimpleNamespace(),
        cursors=SimpleNamespace(all_cursors=list),
        health=MemoryHealth(),
        inbound=FakeInbound(),
        orderful=FakeOrderful(),
        inbox_ids=("4711",),
        bucket_ids=(),
        client=FakeAws(),
        outputs={
            "AlarmTopicArn": "arn:topic",
            "AlarmEmail": "edi@example.com",
            **{f"{name}Function": f"{name}Function" for name in FUNCTIONS},
            **{f"{name}Schedule": name for name in SCHEDULES},
        },
        takes_callbacks_without_secret=False,
        callback_url="https://api.example/v1/orderful",
        callback_credentials=lambda: CallbackCredentials("x-connector-secret", ("secret",)),
    )


@pytest.fixture(autouse=True)
def no_named_stacks(monkeypatch, tmp_path):
    """Whoever runs the tests may have named stacks of their own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def parked(number, waits_for):
    return Revision(
        key=DocumentKey("nordic", Kind.PURCHASE_ORDER, number),
        sequence=1,
        revision_id="r1",
        state=State.PARKED,
        created_at=NOW,
        updated_at=NOW,
        waits_for=waits_for,
    )


@pytest.fixture
def translate(connector, tmp_path):
    """Run the command on a document, with the small routing or a changed one."""

    def run(document, *options, routing=None):
        body = document if isinstance(document, bytes) else as_json(document)
        (tmp_path / "document.json").write_bytes(body)
        file = tmp_path / "connector.yaml"
        file.write_text(yaml.safe_dump(routing_data({"defaults.units.KRT": "carton", **(routing or {})})))
        return connector("translate", str(tmp_path / "document.json"), "--config", str(file), *options)

    return run


@pytest.fixture
def routing_file(tmp_path):
    def write(changes=None, text=None):
        path = tmp_path / "connector.yaml"
        path.write_text(text if text is not None else yaml.safe_dump(routing_data(changes)), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def connector(stack, capsys, monkeypatch, socket_disabled):
    """Run a command line against the stack; a network call fails."""
    monkeypatch.setenv("USER", "kari")
    monkeypatch.setenv("CONNECTOR_UTC", "1")
    monkeypatch.delenv("COLUMNS", raising=False)

    def run(*arguments: str) -> Result:
        code = command_line(arguments, opener=lambda name: stack)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def asked(monkeypatch):
    """A terminal at which somebody answers the question for the reason: first with nothing but a blank."""
    answers = iter([" ", "told by mail"])

    def prompt(question, **_):
        click.echo(question, err=True)
        return next(answers)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.prompt", prompt)
