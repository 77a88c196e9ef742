"""Planted bugs in the reading of Visma's lists and in the translator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connector.domain import cursor as cursors
from connector.domain.cursor import Cursor, Rules, Scan, Verdict
from connector.domain.documents import Kind
from connector.domain.ledger import State
from connector.services import poll, translate
from connector.services.messages import DocumentMessage
from connector.services.ports import Page
from proof.mutations.plant import Mutation


def _no_overlap(_right: Any) -> Callable[..., datetime]:
    def window_start(cursor: Cursor, _rules: Rules, *, now: datetime) -> datetime:
        return cursor.watermark or now

    return window_start


def _greater_only(right: Callable[..., Verdict]) -> Callable[..., Verdict]:
    """`lastModifiedDateTime > since`: what ties with the watermark is never seen again."""

    def judge(cursor: Cursor, rules: Rules, **row: Any) -> Verdict:
        return Verdict.OUTSIDE if row["modified_at"] == row["since"] else right(cursor, rules, **row)

    return judge


class _Later:
    """An outbox that holds its messages back."""

    def __init__(self) -> None:
        self.messages: list[DocumentMessage] = []

    def documents(self, messages: Sequence[DocumentMessage]) -> None:
        self.messages += messages


def _cursor_first(right: Callable[..., None]) -> Callable[..., None]:
    """The cursor is written before the rows are queued; whoever dies in between loses them."""

    def queue(run: Any, page: Page, scan: Scan) -> None:
        poller, later = run._poller, _Later()  # noqa: SLF001 - it takes the place of a method
        run._poller = replace(poller, outbox=later)  # noqa: SLF001
        try:
            right(run, page, scan)
        finally:
            run._poller = poller  # noqa: SLF001
        poller.cursors.save(run._lease, run.cursor, release=False)  # noqa: SLF001
        if later.messages:
            poller.outbox.documents(later.messages)

    return queue


def _pages_never_drift(_right: Any) -> Callable[..., bool]:
    def showed_everything(_scan: Scan, *, distinct: int) -> bool:
        return distinct >= 0

    return showed_everything


def _whatever_the_hour(_right: Any) -> Callable[..., datetime | None]:
    """Visma's local time is read as if it were UTC, and the overlap is the short one all the same."""

    def window_start(cursor: Cursor, _rules: Rules, *, now: datetime) -> datetime:
        return (cursor.watermark or now) - timedelta(minutes=15)

    return window_start


def _queued_once(right: Callable[..., Verdict]) -> Callable[..., Verdict]:
    """A row is known by its number alone."""

    def judge(cursor: Cursor, rules: Rules, *, key: str, **row: Any) -> Verdict:
        return Verdict.KNOWN if key in cursor.known else right(cursor, rules, key=key, **row)

    return judge


def _by_every_byte(right: Callable[..., Any]) -> Callable[..., Any]:
    """The id of a revision is told from the row version too: whatever touches a document makes a new revision."""

    def read(message: DocumentMessage, raw: bytes) -> Any:
        found = right(message, raw)
        version = (found.document and found.document.version) or ""
        return replace(found, revision_id=f"{found.revision_id}{version}")

    return read


def _never(_right: Any) -> Callable[..., bool]:
    return lambda *_args, **_named: False


def _does_not_wait(right: Callable[..., Any]) -> Callable[..., Any]:
    """The translator takes no notice of a change that is being written."""

    class Impatient:
        def __init__(self, ledger: Any) -> None:
            self._ledger = ledger

        def __getattr__(self, name: str) -> Any:
            return getattr(self._ledger, name)

        def revisions(self, *args: Any, **named: Any) -> list[Any]:
            found = self._ledger.revisions(*args, **named)
            return [replace(one, state=State.SUPERSEDED) if one.state is State.CHANGING else one for one in found]

    def handle(translator: Any, message: DocumentMessage) -> Any:
        return right(replace(translator, ledger=Impatient(translator.ledger)), message)

    return handle


def _only_orders(right: Callable[..., bool]) -> Callable[..., bool]:
    return lambda document: document.key.kind is Kind.PURCHASE_ORDER and right(document)


_TIES = ("ties, no overlap",)
_READING = frozenset({"new order", "edit", "ties", "drift", "kill", "poll", "go on", "wait"})

MUTATIONS = (
    Mutation("no overlap", (cursors, "window_start"), _no_overlap, rules=_READING),
    Mutation("> for >=", (cursors, "judge"), _greater_only, rules=_READING, worlds=_TIES),
    Mutation(
        "the cursor is written first",
        (poll._Run, "_queue"),  # noqa: SLF001 - where the bug goes
        _cursor_first,
        story="a changed order",
    ),
    Mutation(
        "page drift is not noticed",
        (Scan, "showed_everything"),
        _pages_never_drift,
        rules=frozenset({"new order", "edit", "drift"}),
        worlds=_TIES,
    ),
    Mutation(
        "the zone is taken for granted",
        (cursors, "window_start"),
        _whatever_the_hour,
        rules=_READING,
        worlds=("local time taken for UTC", "UTC taken for local time"),
    ),
    Mutation("a row is known by its number alone", (cursors, "judge"), _queued_once, rules=_READING),
    Mutation("whatever touches a document is sent", (translate, "_read"), _by_every_byte, rules=_READING | {"touch"}),
    Mutation(
        "a voided invoice replaces what the partner has",
        (translate, "is_withdrawn"),
        _only_orders,
        rules=frozenset({"invoice", "go on", "rest"}),
    ),
    Mutation(
        "older states are not recognised",
        (translate, "_is_past"),
        _never,
        story="an older state that comes again",
    ),
    Mutation(
        "the translator does not wait for a change",
        (translate.Translator, "handle"),
        _does_not_wait,
        story="an 860 applied",
    ),
)
