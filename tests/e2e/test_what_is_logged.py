"""Nothing that ran before this module, good or bad, let a secret or a business text into a log."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local import deploy
from local.demo.changes import NOTE
from local.stack import CALLBACK_SECRET, ORDERFUL_KEY, VISMA_CLIENT
from tests.support.laptop import Laptop, Played

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]

TOKEN = re.compile(r"sandbox\.\d+\.[0-9a-f]{64}")
KINDS = ("purchaseorder", "supplierInvoice", "customerinvoice", "customerCreditNote")
TEXTS = {
    *("description", "lineDescription", "transactionDescription", "addressLine1", "addressLine2", "email", "phone1"),
    *("attention", "customerRefNumber", "supplierReference", "paymentReference"),
}
AMOUNTS = {
    *("unitCost", "extCost", "amount", "unitPrice", "unitPriceInCurrency", "amountInCurrency", "costInCurrency"),
    *("unitCostInCurrency", "lineTotal", "orderTotal", "taxTotal", "detailTotalInCurrency", "vatTotalInCurrency"),
}
# What a line carries that is a time or a measure, not a word about a document.
MEASURED = {"timestamp", "watermark", "_aws", "seconds", "CursorLag"}


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name)
    else:
        yield name, value


@pytest.fixture(scope="module")
def business(laptop: Laptop, played: Played) -> list[tuple[str, Any]]:
    """Everything that any document of the run says, by the name of its field."""
    companies = {row["company_id"] for row in laptop.visma.control("GET", "requests")["requests"] if row["company_id"]}
    documents = [
        document
        for company in companies
        for kind in KINDS
        for document in laptop.visma.control("GET", f"documents?kind={kind}&company={company}")
    ]
    assert len(documents) > 50
    return [leaf for document in documents for leaf in _leaves(document)]


@pytest.fixture(scope="module")
def logs(laptop: Laptop) -> dict[str, str]:
    """All that was written: to CloudWatch, and by the stack and its parts into their own files."""
    written = {group: "\n".join(messages) for group, messages in laptop.logs().items()}
    functions = [f"/aws/lambda/{deploy.STACK}/{name}" for name in ("poll_visma", "translate_document")]
    assert all('"message":' in written[group] for group in functions)
    return written | {path.name: path.read_text(errors="replace") for path in laptop.directory.glob("*.*")}


def test_no_secret_and_no_token_is_in_any_log(laptop: Laptop, logs: dict[str, str]) -> None:
    tokens = [item["token"]["S"] for item in laptop.items("TokensTable") if "token" in item]
    assert tokens
    assert all(TOKEN.fullmatch(token) for token in tokens), "or the search below would find nothing"

    for name, text in logs.items():
        assert VISMA_CLIENT["client_secret"] not in text, name
        assert ORDERFUL_KEY["api_key"] not in text, name
        assert CALLBACK_SECRET["secrets"][0] not in text, name
        assert TOKEN.search(text) is None, name


def test_no_text_of_a_document_is_in_any_log(business: list[tuple[str, Any]], logs: dict[str, str]) -> None:
    texts = {value for name, value in business if name in TEXTS and isinstance(value, str) and len(value) > 8}
    texts.add(NOTE)
    # Names of goods, streets, people at least.
    assert {"Brunost 500 g", "Terminalgata 21", "varemottak@fjordmat.example"} <= texts

    for name, text in logs.items():
        found = {value for value in texts if value in text or json.dumps(value)[1:-1] in text}
        assert found == set(), name


def test_no_price_and_no_amount_is_in_a_log_line_of_a_function(business: list[tuple[str, Any]], laptop: Laptop) -> None:
    amounts = {f"{value:.2f}" for name, value in business if name in AMOUNTS and isinstance(value, float)}
    distinctive = {amount for amount in amounts if len(amount) >= 6}
    assert len(distinctive) > 100

    words: set[str] = set()
    for line in laptop.log_lines():
        said = " ".join(str(value) for name, value in line.items() if name not in MEASURED)
        words |= {f"{float(number):.2f}" for number in re.findall(r"(?<![\d.:-])\d+\.\d+(?![\d.:])", said)}
    assert words & distinctive == set()


def test_every_log_line_of_a_document_names_it(laptop: Laptop) -> None:
    lines = [line for line in laptop.log_lines() if line.get("message") in {"translated", "parked", "skipped", "sent"}]

    assert len(lines) > 100
    assert all({"company", "kind", "number", "sequence"} <= line.keys() for line in lines)
