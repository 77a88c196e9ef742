"""The columns of a list of documents; `--json` and `--csv` have them under the same names."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import click

from connector.cli.documents.summary import FIELDS, SUMMARY
from connector.cli.output import WrongInput, minute, plain, table
from connector.domain.revision.record import NEEDS_PERSON, Revision
from connector.domain.routing.resolve import Routing
from connector.domain.text import visible
from connector.services.listing import Amount, Found, amounts_of
from connector.services.ports import Ledger

Row = Mapping[str, Any]
"""One document of a list, by column."""

_OF_AMOUNT: dict[str, Callable[[Amount], Any]] = {
    "amount": lambda one: one.total,
    "currency": lambda one: one.currency,
}
COLUMNS = (*FIELDS, *_OF_AMOUNT)
"""Every column by its name."""

SHOWN = ("document", "revision", "state", "partner", "changed", *_OF_AMOUNT, "field", "reason_codes", "why")
"""The columns of the table where none are chosen."""

LISTED = (*SUMMARY, *_OF_AMOUNT)
"""The columns of `--json` and `--csv` where none are chosen."""

_HEADS = {"revision": "rev", "reason_codes": "code", "transaction_id": "orderful"}


def chosen(_context: click.Context, _option: click.Parameter, text: str | None) -> tuple[str, ...] | None:
    """The columns that a person names; raises `WrongInput`."""
    if text is None:
        return None
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or not names:
        raise WrongInput(f"There is no column '{', '.join(unknown)}'. There are {', '.join(sorted(COLUMNS))}.")
    return names


def rows_of(found: Found, columns: Sequence[str], ledger: Ledger, routing: Routing) -> list[Row]:
    """The rows with these columns; amounts are read where they are among them."""
    amounts = found.amounts
    if not amounts and set(columns) & _OF_AMOUNT.keys():
        amounts = amounts_of(found.rows, ledger, routing)
    return [_row(one, columns, amounts.get((one.key, one.sequence), _UNKNOWN), routing) for one in found.rows]


_UNKNOWN = Amount(None, None)


def _row(revision: Revision, columns: Sequence[str], amount: Amount, routing: Routing) -> Row:
    return {
        name: _OF_AMOUNT[name](amount) if name in _OF_AMOUNT else FIELDS[name](revision, routing) for name in columns
    }


def as_table(found: Found, rows: Sequence[Row], columns: Sequence[str]) -> str:
    """The rows for a person, with the next step of what needs one below each where the usual columns are shown."""
    steps = [one.next_step if one.state in NEEDS_PERSON or one.needs_attention else None for one in found.rows]
    return table(
        [_HEADS.get(name, name) for name in columns],
        [[_cell(row[name]) for name in columns] for row in rows],
        steps=steps if columns == SHOWN else (),
    )


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return minute(value)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else plain(value)


def as_csv(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """The rows as CSV (RFC 4180) with a head.

    A text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP: CSV Injection), and no sign
    in it commands a terminal: partners and vendors write some of them.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_field(row[name]) for name in columns] for row in rows)
    return text.getvalue()


def _field(value: Any) -> str:
    if isinstance(value, tuple):
        value = " ".join(map(str, value))
    written = "" if value is None else str(plain(value))
    is_number = isinstance(value, int | Decimal)
    is_formula = written.startswith(("=", "+", "-", "@", "\t", "\r")) and not is_number
    return visible(f"'{written}" if is_formula else written)
