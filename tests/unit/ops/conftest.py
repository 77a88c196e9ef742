"""A deployed stack in memory, and the command line run against it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from connector.adapters.callback_auth import CallbackCredentials
from connector.domain.documents import DocumentKey
from connector.domain.errors import Conflict, Misconfigured
from connector.domain.ledger import Revision, State
from connector.domain.routing import Routing
from connector.domain.transactions import Stream
from connector.services.known_revisions import KnownRevisions
from ops.main import command_line
from tests.support.change_fakes import InMemoryChanges
from tests.support.fakes import MemoryHealth, MemoryLedger

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)


class FakeRouting:
    """The routing store, with what it was asked to write."""

    def __init__(self, data: dict[str, Any] | None = None) -> None:
        self.data = data
        self.applied: list[dict[str, Any]] = []
        self.overtaken = False

    def current_version(self) -> str | None:
        return None if self.data is None else Routing.from_data(self.data).version

    def load(self, *, fresh: bool = False) -> Routing:
        if self.data is None:
            raise Misconfigured("No routing was applied yet.", next_step="Run `connector config apply connector.yaml`.")
        return Routing.from_data(self.data)

    def apply(self, data: dict[str, Any], now: datetime, *, replacing: str | None = None) -> str:
        assert replacing == self.current_version()
        if self.overtaken:
            raise Conflict("Somebody else applied another routing meanwhile.")
        self.data = data
        self.applied.append(data)
        return Routing.from_data(data).version


@dataclass
class FakeLedger:
    """The reading side of the ledger."""

    kept: list[Revision] = field(default_factory=list)
    sources: dict[str, bytes] = field(default_factory=dict)
    moved: list[tuple[Revision, State, str]] = field(default_factory=list)
    written: list[dict[str, Any]] = field(default_factory=list)

    def revisions(self, key: DocumentKey, *, limit: int = 10) -> list[Revision]:
        found = [revision for revision in self.kept if revision.key == key]
        return sorted(found, key=lambda revision: -revision.sequence)[:limit]

    def in_state(self, *states: State):
        return (revision for state in states for revision in self.kept if revision.state is state)

    def source_of(self, revision: Revision) -> bytes:
        return self.sources.get(revision.key.number, b'{"orderNbr":"500123"}')

    def sources_of(self, revisions):
        return ((revision, self.source_of(revision)) for revision in revisions)

    def in_attention(self, *, limit: int | None = None) -> list[Revision]:
        return [revision for revision in self.kept if revision.needs_attention][:limit]

    def move(self, revision: Revision, to: State, *, now: datetime, note: str, **changes: Any) -> Revision:
        self.moved.append((revision, to, note))
        self.written.append(changes)
        return replace(revision, state=to, **changes)


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


class FakeInbound:
    """What waits in Orderful's inboxes and buckets, by their names; an error is raised."""

    def __init__(self) -> None:
        self.waiting: dict[str, Any] = {"4711": []}
        self.deliveries: dict[str, Any] = {}

    def shown(self, delivery: Any, transaction_id: str) -> Any:
        return self.deliveries.get(transaction_id)

    def inbox(self, name: str, limit: int = 100) -> Any:
        found = self.waiting[name]
        if isinstance(found, Exception):
            raise found
        return found

    bucket = inbox


@pytest.fixture
def stack():
    return SimpleNamespace(
        name="laptop",
        stream=Stream.TEST,
        clock=SimpleNamespace(now=lambda: NOW),
        routing=FakeRouting(),
        ledger=FakeLedger(),
        outbox=FakeOutbox(),
        known=KnownRevisions(MemoryLedger(), SimpleNamespace(now=lambda: NOW)),
        changes=InMemoryChanges(),
        payloads=SimpleNamespace(),
        cursors=SimpleNamespace(all_cursors=list),
        health=MemoryHealth(),
        inbound=FakeInbound(),
        inbox_ids=("4711",),
        bucket_ids=(),
        callback_url="https://api.example/v1/orderful",
        callback_credentials=lambda: CallbackCredentials("x-connector-secret", ("secret",)),
    )


@pytest.fixture
def connector(stack, capsys, socket_disabled):
    """Run a command line against the stack; a network call fails."""

    def run(*arguments: str) -> Result:
        code = command_line(arguments, opener=lambda name: stack)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Result(code, captured.out, captured.err)

    return run
