"""Which document a person means, and everything that the ledger has of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from connector.cli.output import Failed, WrongInput
from connector.cli.stack import Stack
from connector.domain.documents import ORDER_TYPES, DocumentKey, Kind
from connector.domain.invoice_types import INVOICE_TYPES, PAID_TYPES
from connector.domain.order_change.record import Change, apply_order
from connector.domain.revision.record import Revision

_ALL_REVISIONS = 1000


class Record(NamedTuple):
    """Everything the ledger has under one key: revisions newest first, changes in the order in which they apply."""

    key: DocumentKey
    revisions: Sequence[Revision]
    changes: Sequence[Change]


_NOT_YET = (
    "Whatever Visma's lists have shown is in the ledger, also what is not sent. So look whether the list was read "
    "since (connector cursors: lag, failing, not settled), whether the company and branch are in the routing in force "
    "(connector config show), and whether the document was changed since reading began: at go-live, or 14 days before "
    "the first poll."
)
"""Why a document that is in Visma may not be in the ledger."""


def record_named(stack: Stack, text: str) -> Record:
    """What the ledger has of the document that `text` names.

    Raises:
        WrongInput: the text is no key, or several documents have the number.
        Failed: the ledger knows no such document.
    """
    records = [_of(stack, key) for key in _keys(stack, text)]
    # What came in may speak of any number; it only counts where nothing of ours has it.
    found = [one for one in records if one.revisions] or [one for one in records if one.changes]
    if not found:
        if _is_key(text):
            raise Failed(f"The ledger knows no document {text}. {_NOT_YET}")
        raise Failed(
            f"The ledger knows no document {text} under the companies in force; give company/kind/number to find one "
            f"of another company. {_NOT_YET}"
        )
    if len(found) > 1:
        keys = ", ".join(str(record.key) for record in found)
        raise WrongInput(f"Several documents have the number {text}: {keys}; name one of them.")
    return found[0]


def revision_of(
    record: Record,
    sequence: int | None,
    suits: Callable[[Revision], bool] = lambda _: True,
    what: str = "is in the ledger",
) -> Revision:
    """The revision that is named by its number, or the newest that suits.

    Raises:
        Failed: there is none.
    """
    for one in record.revisions:
        if (sequence is None and suits(one)) or sequence == one.sequence:
            return one
    if sequence is not None:
        raise Failed(f"{record.key} has no revision {sequence}.")
    raise Failed(f"No revision of {record.key} {what}.")


def _of(stack: Stack, key: DocumentKey) -> Record:
    changes = apply_order(stack.changes.of_order(key))
    return Record(key, stack.ledger.revisions(key, limit=_ALL_REVISIONS), changes)


def _keys(stack: Stack, text: str) -> Iterator[DocumentKey]:
    if _is_key(text):
        try:
            yield DocumentKey.parse(text)
        except ValueError:
            kinds = ", ".join(Kind)
            raise WrongInput(f"'{text}' is no key; write company/kind/number with one of {kinds}.") from None
        return
    for company in stack.routing.load().companies:
        for kind in Kind:
            # The number on paper has no type in front; the key of everything but a plain invoice has.
            types = (*INVOICE_TYPES, *PAID_TYPES) if kind.is_invoice else ORDER_TYPES
            typed = [f"{word}:{text}" for word in types if word != "Invoice"] if ":" not in text else []
            for number in (text, *typed):
                yield DocumentKey(company, kind, number)


def _is_key(text: str) -> bool:
    return "/" in text or "#" in text
