"""Bulk changes of documents in the sandbox Visma, as users and nightly jobs make them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from testkit.visma.resources import Document, resource_named
from testkit.visma.store import Row

if TYPE_CHECKING:
    from testkit.visma.sandbox import VismaSandbox

SETTLED: Final = frozenset({"Closed", "Cancelled", "Voided"})
_LINE_LISTS: Final = ("lines", "invoiceLines")


@dataclass(frozen=True, slots=True)
class Selection:
    """A selection of documents.

    Attributes:
        kind: Their list.
        numbers: Their numbers; None for all, in the order of lists.
        company: Company number; None for the first company.
    """

    kind: str
    numbers: Sequence[str] | None = None
    company: str | None = None

    def rows(self, sandbox: VismaSandbox) -> list[Row]:
        """The current rows; raises `ValueError` for an unknown number."""
        if self.numbers is None:
            return sandbox.rows(self.kind, self.company)
        return [sandbox.row(self.kind, number, self.company) for number in self.numbers]


class Activity:
    """Bulk changes of existing documents. Every method returns the numbers of the changed documents."""

    def __init__(self, sandbox: VismaSandbox) -> None:
        """Change the documents of this sandbox."""
        self._sandbox = sandbox

    def touch(self, selection: Selection) -> list[str]:
        """Update the stamps of documents without a change of content (Visma: reported by users, years after)."""
        with self._sandbox.lock:
            return self._write(selection, [row.document for row in selection.rows(self._sandbox)])

    def edit_orders(self, selection: Selection, update: Document) -> list[str]:
        """Change orders with the body of a PUT; totals are recalculated.

        Raises:
            BadRequest: an order does not allow the change; earlier ones are changed.
        """
        with self._sandbox.lock:
            numbers = [row.number for row in selection.rows(self._sandbox)]
            for number in numbers:
                self._sandbox.edit_order(number, update, company=selection.company)
            return numbers

    def rename(self, selection: Selection, field: str, entry_id: str, text: str) -> list[str]:
        """Rename an entry of a register in all open documents that refer to it, in one mass update.

        Args:
            selection: The documents.
            field: The field that refers to the entry: `inventory`, `terms` ... of the header or of lines.
            entry_id: The entry's `id` or `number`.
            text: Its new `description` or `name`.
        """
        with self._sandbox.lock:
            found = [
                _renamed(row.document, field, entry_id, text)
                for row in selection.rows(self._sandbox)
                if row.document.get("status") not in SETTLED and _names(row.document, field, entry_id)
            ]
            return self._write(selection, found, at=self._sandbox.clock.now())

    def _write(self, selection: Selection, documents: Sequence[Document], *, at: datetime | None = None) -> list[str]:
        number = resource_named(selection.kind).number
        return [
            str(self._sandbox.put_document(selection.kind, document, company=selection.company, at=at)[number])
            for document in documents
        ]


def _holders(document: Document) -> Iterator[Document]:
    yield document
    for name in _LINE_LISTS:
        yield from document.get(name) or []


def _is_entry(entry: Any, entry_id: str) -> bool:
    return isinstance(entry, dict) and entry_id in {str(entry.get("id")), str(entry.get("number"))}


def _names(document: Document, field: str, entry_id: str) -> bool:
    return any(_is_entry(holder.get(field), entry_id) for holder in _holders(document))


def _renamed(document: Document, field: str, entry_id: str, text: str) -> Document:
    def renamed(holder: Mapping[str, Any]) -> Document:
        entry = holder.get(field)
        if not isinstance(entry, dict) or not _is_entry(entry, entry_id):
            return dict(holder)
        return {**holder, field: entry | {"name" if "name" in entry else "description": text}}

    lines = {name: [renamed(line) for line in document[name]] for name in _LINE_LISTS if document.get(name)}
    return renamed(document) | lines
