"""`connector documents open`: where a document is seen in a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any
from urllib.parse import quote

import click

from connector.cli.documents.find import Record, record_named
from connector.cli.output import Failed, WrongInput, json_option, show
from connector.cli.stack.stack import Stack, stack_option

# Orderful: its repository of skills for NetSuite names the page of a transaction so, by its numeric id. Of other
# regions than that of api.orderful.com nothing is known.
_ORDERFUL_API = "https://api.orderful.com"
_ORDERFUL_PAGE = "https://ui.orderful.com/transactions/{transaction_id}"

ORDERFUL_SETTING, VISMA_SETTING = "CONNECTOR_ORDERFUL_PAGE", "CONNECTOR_VISMA_PAGE"
"""Environment variables with the address of a page; Visma documents none of its own."""


@click.command("open", short_help="Print the pages of a document, open one.")
@click.argument("key", metavar="KEY")
@click.option("--browse", is_flag=True, help="Open them in the browser.")
@stack_option
@json_option
def open_document(*, key: str, browse: bool, stack: Stack, as_json: bool) -> int:
    """Print the addresses of the pages at Orderful and Visma. KEY as in `show`.

    Where the address of a page is not known, an environment variable gives it: CONNECTOR_ORDERFUL_PAGE with
    {transaction_id}, CONNECTOR_VISMA_PAGE with {company}, {kind}, {type} and {number}, such as
    'https://erp.example/?company={company}&order={number}'.
    """
    record = record_named(stack, key)
    pages = dict(_pages(stack, record))
    if not pages:
        raise Failed(
            f"No page of {record.key} is known. At Orderful: {_why_not_at_orderful(stack, record)} "
            f"In Visma: the address of its pages is documented nowhere; {VISMA_SETTING} gives it."
        )
    show(pages, lambda: "\n".join(f"{name:<10}{address}" for name, address in pages.items()), as_json=as_json)
    if browse:
        for address in pages.values():
            if click.launch(address):
                raise Failed(f"No browser could be started here; the address is {address}")
    return 0


def _pages(stack: Stack, record: Record) -> Iterator[tuple[str, str]]:
    known, transaction_id = _known_page(stack), _transaction(record)
    template = os.environ.get(ORDERFUL_SETTING) or known
    # The page of a transaction is known by its number, not by its UUID.
    if template and transaction_id and (transaction_id.isdigit() or template != known):
        yield "orderful", _filled(ORDERFUL_SETTING, template, {"transaction_id": transaction_id})
    if template := os.environ.get(VISMA_SETTING):
        key, company = record.key, stack.routing.load().companies.get(record.key.company)
        document_type, _, number = key.number.rpartition(":")
        values = {
            "company": company.visma.company_id if company else key.company,
            "kind": key.kind.value,
            "type": document_type or next((one.document_type for one in record.revisions if one.document_type), ""),
            "number": number,
        }
        yield "visma", _filled(VISMA_SETTING, template, values)


def _known_page(stack: Stack) -> str | None:
    return _ORDERFUL_PAGE if stack.output("OrderfulBaseUrl").rstrip("/") == _ORDERFUL_API else None


def _transaction(record: Record) -> str | None:
    """The newest transaction of the document, under the id that Orderful lists."""
    return next((id_ for one in record.revisions for id_ in (one.listed_as, one.transaction_id) if id_), None)


def _why_not_at_orderful(stack: Stack, record: Record) -> str:
    """Why there is no page at Orderful, and what to do."""
    transaction_id = _transaction(record)
    if transaction_id is None:
        return "it has no transaction there."
    if _known_page(stack) is None:
        url = stack.output("OrderfulBaseUrl")
        return f"the address of the pages that belong to {url} is not known; {ORDERFUL_SETTING} gives it."
    return f"its transaction {transaction_id} is not listed under a number yet, and pages are found by numbers."


def _filled(setting: str, template: str, values: Mapping[str, Any]) -> str:
    """The address with its values, as parts of a URL.

    Raises:
        WrongInput: it is no address of a page, or it names a value that there is none of.
    """
    try:
        fields = [field for field in Formatter().parse(template) if field[1] is not None]
        # A value stands as it is: no format and no conversion.
        names = {name if not (form or conversion) else template for _, name, form, conversion in fields}
    except ValueError:
        names = {template}
    if not template.startswith(("https://", "http://")) or not names <= values.keys():
        may_hold = ", ".join(f"{{{name}}}" for name in values)
        raise WrongInput(f"{setting} is no address of a page; it may hold {may_hold}.")
    return template.format(**{name: quote(str(value), safe="") for name, value in values.items()})
