"""One fake Visma: lists and orders of the same documents, with tokens.

Lists are those of `FakeErp` (ties, late commits, page drift, zones), orders those of `FakeOrders` (versions, PUTs of
the sandbox); both have the same state. Each PUT is checked: it must not overwrite an edit of a user that was not read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from connector.adapters.visma.client import MAX_TOKENS
from connector.adapters.visma.tokens import VismaTokens
from connector.domain.errors import Misconfigured, UnknownOutcome
from connector.domain.revision.content_hash import revision_id
from connector.domain.routing.route import Company
from connector.edi.visma.order_snapshot import read_order_snapshot
from connector.services.ports import Deadline, OrderAnswer, Page, Resource
from testkit.memory.effects import EffectRecorder, ManualClock
from testkit.memory.visma import FakeErp, FakeOrders

Result = TypeVar("Result")

Place = tuple[str, str]
"""An order and one of its fields: `("500123", "1 orderQty")`, `("500123", "status")`."""

ORDERS = Resource.PURCHASE_ORDERS


class Visma(FakeOrders):
    """Company nordic: its purchase orders, clock and lists.

    Attributes:
        erp: The lists.
        late: The delay of the next write in lists.
        exact: Whether stamps have the exact time; otherwise they are unique, also in the hour that occurs twice.
        stamped_at: The stamp of the next writes, for ties; None for a new one each.
        newest: The newest stamp so far.
        on_written: Called with every PUT: number, body, and the order before.
        seen: The bytes of each order at its last read.
        violations: Wrong PUTs.
        revoked: The revoked tokens.
        silent: The number of PUTs without an answer and without a write.
    """

    def __init__(
        self, effects: EffectRecorder, clock: ManualClock, *, zone: str, order: str, exact: bool = False
    ) -> None:
        """Start without orders."""
        super().__init__()
        self.erp = FakeErp(clock, zone=zone, order=order)
        self.clock = clock
        self.late = timedelta(0)
        self.exact = exact
        self.stamped_at: datetime | None = None
        self.newest: datetime | None = None
        self.on_written: list[Callable[[str, dict[str, Any], bytes], None]] = []
        self.seen: dict[str, bytes] = {}
        self.violations: list[str] = []
        self.revoked: set[str] = set()
        self.silent = 0
        self._effects = effects
        self._writes = 0
        self._edited: dict[Place, int] = {}
        self._read: dict[str, int] = {}

    # -- users --------------------------------------------------------------------------------------------------------

    def edit(self, number: str = "500123", **changes: Any) -> None:
        super().edit(number, **changes)
        for name, value in changes.items():
            places = (
                [f"{name.removeprefix('line_')} {field}" for field in value] if name.startswith("line_") else [name]
            )
            self._edited |= {(number, place): self.versions[number] for place in places}

    def value(self, number: str, place: str) -> Any:
        """The value of a field; None when its line was deleted."""
        line, _, field = place.partition(" ")
        if not field:
            return self.orders[number].get(place)
        found = self.line(int(line), number)
        return None if found is None else found.get(field)

    def edited_since(self, number: str, version: int, place: str | None = None) -> bool:
        """Whether a user changed a field (default: any) after that version."""
        edits = (at for (of, what), at in self._edited.items() if of == number and place in {None, what})
        return any(at > version for at in edits)

    def edited_since_read(self, number: str, place: str | None = None) -> bool:
        """Whether a user changed a field (default: any) after the last read."""
        return self.edited_since(number, self._read.get(number, 0), place)

    def content_id(self, number: str) -> str:
        """The revision id of an order's content."""
        return content_id(self.raw(number))

    # -- our workers --------------------------------------------------------------------------------------------------

    def list_page(self, resource: Resource, *, since: str, page: int, page_size: int, branch: str | None) -> Page:
        return self.erp.list_page(resource, since=since, page=page, page_size=page_size, branch=branch)

    def get_order(self, number: str) -> OrderAnswer | None:
        if number in self.versions:
            self._read[number] = self.versions[number]
            self.seen[number] = self.raw(number)
        return super().get_order(number)

    def put_order(self, number: str, *, etag: str, body: bytes) -> str:
        put = super().put_order

        def write() -> str:
            if self.silent:
                self.silent -= 1
                raise UnknownOutcome("No answer came; nothing was written.")
            before, stood = len(self.puts), self.raw(number)
            try:
                return put(number, etag=etag, body=body)
            finally:
                if len(self.puts) > before:
                    self._check_put(number, self.puts[-1], stood)

        return self._effects("PUT the order", write, lost=UnknownOutcome)

    def _check_put(self, number: str, written: dict[str, Any], stood: bytes) -> None:
        for place in places(written):
            if self.edited_since_read(number, place):
                self.violations.append(f"The PUT into order {number} overwrote an edit of '{place}' unseen.")
        for notify in self.on_written:
            notify(number, written, stood)

    def stamp(self, resource: Resource, number: str, document_type: str | None = None) -> datetime:
        """The time stamp of a write that takes place now."""
        self._writes += 1
        own = self.clock.now().replace(microsecond=0) + timedelta(microseconds=self._writes)
        row = self.erp.documents[resource].get((document_type, number))
        # Stamps are finer than the settle time, so two states of a row have different stamps.
        now = self.clock.now() if row is None else max(self.clock.now(), row.modified + timedelta(milliseconds=1))
        at = self.stamped_at or (now if self.exact else own)
        self.newest = at if self.newest is None else max(self.newest, at)
        return at

    def _bump(self, number: str) -> None:
        super()._bump(number)
        at = self.stamp(ORDERS, number)
        self.orders[number]["lastModifiedDateTime"] = self.erp.text_of(at)
        self.erp.save(number, at=at, late=self.late, raw=self.raw(number))


def places(written: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a PUT changes: field -> value."""
    found = {name: wrapped["value"] for name, wrapped in written.items() if name not in {"lines", "hold"}}
    for line in written.get("lines", ()):
        if line["operation"] == "Update":
            values = {
                name: wrapped["value"] for name, wrapped in line.items() if name not in {"operation", "lineNumber"}
            }
            found |= {f"{line['lineNumber']['value']} {name}": value for name, value in values.items()}
    return found


def content_id(raw: bytes) -> str:
    """The revision id of an order's content."""
    return revision_id(read_order_snapshot(raw, company="nordic").content)


class AuthenticatedVisma:
    """Visma with authentication (`Erp` and `PurchaseOrders`): every call needs a valid token."""

    def __init__(self, visma: Visma, tokens: VismaTokens, company: Company, deadline: Deadline) -> None:
        """Use the tokens of a company."""
        self._visma, self._tokens, self._company, self._deadline = visma, tokens, company, deadline

    def list_page(self, resource: Resource, *, since: str, page: int, page_size: int, branch: str | None) -> Page:
        return self._asked(
            lambda: self._visma.list_page(resource, since=since, page=page, page_size=page_size, branch=branch)
        )

    def get_order(self, number: str) -> OrderAnswer | None:
        return self._asked(lambda: self._visma.get_order(number))

    def put_order(self, number: str, *, etag: str, body: bytes) -> str:
        return self._asked(lambda: self._visma.put_order(number, etag=etag, body=body))

    def _asked(self, call: Callable[[], Result]) -> Result:
        """Call with a token; replace a refused one, as the adapter does."""
        for _ in range(MAX_TOKENS):
            token = self._tokens.token(self._company, self._deadline)
            if token not in self._visma.revoked:
                return call()
            self._tokens.drop(self._company, token)
        raise Misconfigured("Visma answered 401.")


@dataclass(frozen=True, slots=True)
class OpenVisma:
    """`ErpFactory` and `PurchaseOrdersFactory` with the tokens of one process."""

    visma: Visma
    tokens: VismaTokens

    def __call__(self, company: Company, deadline: Deadline) -> AuthenticatedVisma:
        return AuthenticatedVisma(self.visma, self.tokens, company, deadline)
