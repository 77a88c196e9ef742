"""Every field of the core records says what it means."""

from __future__ import annotations

import inspect
import re

import pytest

from connector.domain.documents import (
    Address,
    Contact,
    DocumentDiscount,
    ImpliedTotal,
    Invoice,
    InvoiceLine,
    OrderLine,
    Party,
    PurchaseOrder,
    Tax,
    Terms,
    VismaDocument,
)
from connector.domain.order_change.record import Change
from connector.domain.order_change.request import ChangeRequest, LineRequest
from connector.domain.revision.record import Revision
from connector.domain.routing.route import ChangeRules, Company, Identity, ItemIds, Route, TermsRule, VismaTenant

RECORDS = [
    *(PurchaseOrder, OrderLine, Invoice, InvoiceLine, Party, Tax, Terms, DocumentDiscount),
    *(Address, Contact, ImpliedTotal, VismaDocument),
    *(Revision, Change, ChangeRequest, LineRequest, Route, ChangeRules),
    *(Company, VismaTenant, Identity, ItemIds, TermsRule),
]


def described(record: type) -> list[str]:
    """The fields in the `Attributes:` section of its docstring, those without a text left out."""
    _, _, section = inspect.cleandoc(record.__doc__ or "").partition("Attributes:\n")
    return re.findall(r"^    (\w+): \S", section, re.MULTILINE)


@pytest.mark.parametrize("record", RECORDS, ids=[record.__name__ for record in RECORDS])
def test_every_field_is_described_once_and_nothing_else_is(record):
    assert sorted(described(record)) == sorted(inspect.get_annotations(record).keys() - {"_"})


FIGURES = [
    (record, name) for record in RECORDS for name, kind in inspect.get_annotations(record).items() if "Decimal" in kind
]


@pytest.mark.parametrize(("record", "name"), FIGURES, ids=[f"{record.__name__}.{name}" for record, name in FIGURES])
def test_a_figure_says_its_unit(record, name):
    (text,) = re.findall(rf"^    {name}: (.*(?:\n {{8}}.*)*)", inspect.cleandoc(record.__doc__ or ""), re.MULTILINE)

    assert re.search("currency|unit|percent|share|%|order's", f"{record.__doc__.partition('Attributes:')[0]} {text}"), (
        text
    )


def test_a_field_without_a_text_is_not_described():
    record = type("Record", (), {"__doc__": "One.\n\nAttributes:\n    one: A text\n        on two lines.\n    two:\n"})

    assert described(record) == ["one"]
