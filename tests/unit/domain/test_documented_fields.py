"""Every field of the core records says what it means."""

from __future__ import annotations

import inspect
import re

import pytest

from connector.domain.documents import (
    DocumentDiscount,
    Invoice,
    InvoiceLine,
    OrderLine,
    Party,
    PurchaseOrder,
    Tax,
    Terms,
)
from connector.domain.order_change.record import Change
from connector.domain.order_change.request import ChangeRequest, LineRequest
from connector.domain.revision.record import Revision
from connector.domain.routing.route import ChangeRules, Route

RECORDS = [
    *(PurchaseOrder, OrderLine, Invoice, InvoiceLine, Party, Tax, Terms, DocumentDiscount),
    *(Revision, Change, ChangeRequest, LineRequest, Route, ChangeRules),
]


def described(record: type) -> list[str]:
    """The fields in the `Attributes:` section of its docstring, those without a text left out."""
    _, _, section = inspect.cleandoc(record.__doc__ or "").partition("Attributes:\n")
    return re.findall(r"^    (\w+): \S", section, re.MULTILINE)


@pytest.mark.parametrize("record", RECORDS, ids=[record.__name__ for record in RECORDS])
def test_every_field_is_described_once_and_nothing_else_is(record):
    assert sorted(described(record)) == sorted(inspect.get_annotations(record))


def test_a_field_without_a_text_is_not_described():
    class Record:
        """One.

        Attributes:
            one: A text
                on two lines.
            two:
        """

    assert described(Record) == ["one"]
