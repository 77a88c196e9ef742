"""What people and nightly jobs do in the sandbox Visma: to one document, to hundreds, in the past or with one stamp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from testkit.visma.events import CAUSES, Renaming, called_off, received
from testkit.visma.filters import BadRequest, filters_of
from testkit.visma.resources import Document, resource_named
from testkit.visma.store import Row

if TYPE_CHECKING:
    from testkit.visma.sandbox import VismaSandbox

SETTLED: Final = frozenset({"Closed", "Cancelled", "Voided"})


@dataclass(frozen=True, slots=True)
class Selection:
    """Which documents something happens to. Without `numbers` and `count` all of the kind, in the order of numbers.

    Attributes:
        kind: Their list.
        numbers: Just these.
        count: So many of those that `where` leaves.
        skip: How many of those are passed over first.
        where: Filters of the list by equality and by date, under the names of its parameters (`supplier`,
            `orderStatus`, `orderDate` with `orderDateCondition`).
        company: Company number; None takes the first company.
        document_type: Of lists whose key has one.
    """

    kind: str
    numbers: Sequence[str] | None = None
    count: int | None = None
    skip: int = 0
    where: Mapping[str, str] = field(default_factory=dict)
    company: str | None = None
    document_type: str | None = None

    @classmethod
    def take(cls, body: dict[str, Any], **usual: Any) -> Selection:
        """Take the selection out of a JSON body; what is left there says what happens.

        Raises:
            ValueError: the kind is missing.
        """
        names = ("kind", "numbers", "count", "skip", "where", "company", "document_type")
        values = usual | {name: body.pop(name) for name in names if name in body}
        if "kind" not in values:
            raise ValueError("The body needs a 'kind'.")
        return cls(**values)

    def rows(self, sandbox: VismaSandbox) -> list[Row]:
        """The rows as readers see them now.

        Raises:
            ValueError: a number, a filter or a value of it is unknown.
        """
        if self.numbers is not None:
            return [sandbox.row(self.kind, number, self.company, self.document_type) for number in self.numbers]
        resource = resource_named(self.kind)
        known = {*resource.equals, *resource.dates, *(f"{name}Condition" for name in resource.dates)}
        if unknown := set(self.where) - known:
            raise ValueError(f"The list {resource.name} has no filter {', '.join(sorted(unknown))}.")
        try:
            keep = list(filters_of(resource, self.where))
        except BadRequest as error:
            raise ValueError(str(error)) from None
        found = [row for row in sandbox.rows(self.kind, self.company) if all(matches(row) for matches in keep)]
        found.sort(key=lambda row: row.number)
        return found[self.skip :][: self.count]


class Activity:
    """What happens to documents that are there already. Every method gives the numbers of those that it wrote."""

    def __init__(self, sandbox: VismaSandbox) -> None:
        """Work on the documents of this sandbox."""
        self._sandbox = sandbox

    def touch(
        self,
        selection: Selection,
        cause: str = "touch",
        *,
        one_stamp: bool = False,
        quantities: Mapping[int, Decimal] | None = None,
    ) -> list[str]:
        """Move the stamps of documents without a business change (Visma: reported by users, years after).

        Args:
            selection: The documents.
            cause: `touch`, `upgrade`, `payment`, `receipt`, `print` or `email`.
            one_stamp: True for a mass update, whose rows all show the same moment; an upgrade always is one.
            quantities: Of a receipt: what came, by line number; None is all that is awaited.

        Raises:
            ValueError: the cause or a document is unknown, or the document does not know such an event.
        """
        if cause not in CAUSES:
            raise ValueError(f"The sandbox Visma knows no cause '{cause}'; it knows {', '.join(CAUSES)}.")
        with self._sandbox.lock:
            rows = selection.rows(self._sandbox)
            if cause == "receipt":
                documents = [received(row.document, quantities) for row in rows]
            else:
                documents = [CAUSES[cause](row.document) for row in rows]
            return self._write(selection, documents, one_stamp=one_stamp or cause == "upgrade")

    def edit(self, selection: Selection, changes: Document, *, stamped: bool = True) -> list[str]:
        """Replace fields of the header of documents, one write after the other.

        Args:
            selection: The documents.
            changes: The fields.
            stamped: False moves no stamp.
        """
        with self._sandbox.lock:
            documents = [row.document | changes for row in selection.rows(self._sandbox)]
            return self._write(selection, documents, as_is=not stamped)

    def edit_orders(self, selection: Selection, update: Document, *, stamped: bool = True) -> list[str]:
        """Change orders as the body of a PUT says it; sums follow as they do there.

        Args:
            selection: The orders.
            update: As in `VismaSandbox.edit_order`.
            stamped: False moves no stamp.

        Raises:
            BadRequest: an order does not allow the change; those before it keep theirs.
        """
        with self._sandbox.lock:
            numbers = [row.number for row in selection.rows(self._sandbox)]
            for number in numbers:
                self._sandbox.edit_order(number, update, company=selection.company, stamped=stamped)
            return numbers

    def rename(
        self, selection: Selection, renaming: Renaming, *, open_only: bool = True, stamped: bool = True
    ) -> list[str]:
        """Rename an entry of a register in all documents that name it, in one mass update.

        Args:
            selection: Where to look.
            renaming: The entry and its new text or id.
            open_only: False reaches documents too that are closed, cancelled or voided.
            stamped: False for texts that documents only look up: they change and no stamp moves.
        """
        with self._sandbox.lock:
            found = []
            for row in selection.rows(self._sandbox):
                if open_only and row.document.get("status") in SETTLED:
                    continue
                document = renaming.applied(row.document)
                if document is not None:
                    found.append(document)
            return self._write(selection, found, one_stamp=True, as_is=not stamped)

    def correct_supplier(self, number: str, supplier: Document, *, company: str | None = None) -> list[str]:
        """Put another supplier into an order, which keeps its number.

        Args:
            number: The order.
            supplier: `number`, `name` and, if known, `internalId`.
            company: Company number; None takes the first company.
        """
        selection = Selection("purchaseorder", numbers=(number,), company=company)
        return self.edit(selection, {"supplier": supplier})

    def call_off(
        self,
        blanket: str,
        number: str,
        quantities: Mapping[int, Decimal],
        *,
        header: Document | None = None,
        company: str | None = None,
    ) -> list[str]:
        """Make a normal order for a part of a blanket order; see `visma_events.called_off`."""
        with self._sandbox.lock:
            document = self._sandbox.row("purchaseorder", blanket, company).document
            order = called_off(document, number, quantities, header or {})
            return self._write(Selection("purchaseorder", company=company), [order])

    def delete(self, selection: Selection) -> list[str]:
        """Let a user delete documents: those on hold, and no others.

        Raises:
            ValueError: a document is not on hold; then none is deleted.
        """
        with self._sandbox.lock:
            rows = selection.rows(self._sandbox)
            for row in rows:
                if row.document.get("status") != "Hold":
                    raise ValueError(f"The {selection.kind} {row.number} cannot be deleted: it is not on hold.")
            for row in rows:
                self._sandbox.remove_document(
                    selection.kind,
                    row.number,
                    company=selection.company,
                    document_type=row.document.get("documentType"),
                )
            return [row.number for row in rows]

    def _write(
        self, selection: Selection, documents: Sequence[Document], *, one_stamp: bool = False, as_is: bool = False
    ) -> list[str]:
        moment: datetime | None = self._sandbox.clock.now() if one_stamp else None
        number = resource_named(selection.kind).number
        return [
            str(
                self._sandbox.put_document(selection.kind, document, company=selection.company, as_is=as_is, at=moment)[
                    number
                ]
            )
            for document in documents
        ]
