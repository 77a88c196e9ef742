"""Planted bugs in the reading of Visma's lists and in the translator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connector.domain.documents import Kind
from connector.domain.polling import cursor as cursors
from connector.domain.polling.cursor import Cursor, RowClass, Rules
from connector.domain.revision import assess, comparison
from connector.domain.revision.record import State
from connector.services.messages import DocumentMessage
from connector.services.outbound import poll, translate
from connector.services.ports import Page
from proof.mutations.plant import Mutation


def _no_overlap(_right: Any) -> Callable[..., datetime]:
    def window_start(cursor: Cursor, _rules: Rules, *, now: datetime) -> datetime:
        return cursor.watermark or now

    return window_start


def _greater_only(right: Callable[..., RowClass]) -> Callable[..., RowClass]:
    """`lastModifiedDateTime > since`: what ties with the watermark is never seen again."""

    def classify(cursor: Cursor, rules: Rules, **row: Any) -> RowClass:
        return RowClass.OUTSIDE if row["stamp"] == row["floor"] else right(cursor, rules, **row)

    return classify


class _Later:
    """An outbox that holds its messages back."""

    def __init__(self) -> None:
        self.messages: list[DocumentMessage] = []

    def documents(self, messages: Sequence[DocumentMessage]) -> None:
        self.messages += messages


def _cursor_first(right: Callable[..., list[RowClass]]) -> Callable[..., list[RowClass]]:
    """The cursor is written before the rows are queued; whoever dies in between loses them."""

    def queue(run: Any, page: Page, *rows: Any) -> list[RowClass]:
        poller, later = run._poller, _Later()  # noqa: SLF001 - it takes the place of a method
        run._poller = replace(poller, outbox=later)  # noqa: SLF001
        try:
            classes = right(run, page, *rows)
        finally:
            run._poller = poller  # noqa: SLF001
        poller.cursors.save(run._lease, run.cursor, release=False)  # noqa: SLF001
        if later.messages:
            poller.outbox.documents(later.messages)
        return classes

    return queue


def _every_pass_counts(right: Callable[..., Cursor]) -> Callable[..., Cursor]:
    """The watermark moves with every pass: rows that moved from page to page meanwhile are not thought of."""

    def finish(cursor: Cursor, rules: Rules, **named: Any) -> Cursor:
        whole = cursor.scan and replace(cursor.scan, whole=True)
        return right(replace(cursor, scan=whole), rules, **named)

    return finish


def _empty_is_read_too(right: Callable[..., Cursor]) -> Callable[..., Cursor]:
    """An empty list moves the watermark like any other."""

    def finish(cursor: Cursor, rules: Rules, **named: Any) -> Cursor:
        scan = cursor.scan
        if scan is not None and scan.count == 0:
            cursor = replace(cursor, scan=replace(scan, whole=True, count=1))
        return right(cursor, rules, **named)

    return finish


def _only_the_zone(_right: Any) -> Callable[..., str]:
    """The configured zone is taken for granted: the window begins where that clock says."""

    def filter_text(since: datetime, zone: ZoneInfo) -> str:
        return since.astimezone(zone).replace(tzinfo=None).isoformat(timespec="milliseconds")

    return filter_text


def _queued_once(right: Callable[..., RowClass]) -> Callable[..., RowClass]:
    """A row is known by its number alone."""

    def classify(cursor: Cursor, rules: Rules, *, row: int, **facts: Any) -> RowClass:
        return RowClass.QUEUED if cursor.rows.stamp(row) else right(cursor, rules, row=row, **facts)

    return classify


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
_UTC = ("UTC taken for local time",)
_READING = frozenset({"new order", "edit", "ties", "drift", "kill", "poll", "go on", "wait"})

MUTATIONS = (
    Mutation("no overlap", (cursors, "window_start"), _no_overlap, rules=_READING, configurations=_UTC),
    Mutation("> for >=", (cursors, "classify"), _greater_only, rules=_READING, configurations=_TIES),
    Mutation(
        "the cursor is written first",
        (poll._Run, "_queue"),  # noqa: SLF001 - where the bug goes
        _cursor_first,
        scenario="a changed order",
    ),
    Mutation(
        "no pass has to be confirmed",
        (cursors, "finish"),
        _every_pass_counts,
        rules=frozenset({"new order", "edit", "drift"}),
        configurations=_TIES,
    ),
    Mutation(
        "an empty list moves the watermark",
        (cursors, "finish"),
        _empty_is_read_too,
        rules=frozenset({"new order", "edit", "visma", "poll", "go on"}),
        configurations=_TIES,
    ),
    Mutation(
        "the zone is taken for granted", (poll, "filter_text"), _only_the_zone, rules=_READING, configurations=_UTC
    ),
    Mutation("a row is known by its number alone", (cursors, "classify"), _queued_once, rules=_READING),
    Mutation(
        "whatever touches a document is sent", (translate, "read_message"), _by_every_byte, rules=_READING | {"touch"}
    ),
    Mutation(
        "a voided invoice replaces what the partner has",
        (comparison, "is_withdrawn"),
        _only_orders,
        rules=frozenset({"invoice", "go on", "quiescence"}),
    ),
    Mutation(
        "older states are not recognised",
        (assess, "is_past"),
        _never,
        scenario="an older state that comes again",
    ),
    Mutation(
        "the translator does not wait for a change",
        (translate.Translator, "handle"),
        _does_not_wait,
        scenario="an 860 applied",
    ),
)
