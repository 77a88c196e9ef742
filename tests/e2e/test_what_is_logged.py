"""Nothing that ran before this module, good or bad, let a secret or a business text into a log."""

from __future__ import annotations

import re
from typing import Any

import pytest

from connector.services.ports import Metric
from demo.changes import NOTE
from testkit.laptop import deploy
from testkit.laptop.observed import DemoResult, Laptop
from testkit.log_search import TOKEN, leaves_of, secrets_in, texts_in, texts_of

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]

AMOUNTS = {
    *("unitCost", "extCost", "amount", "unitPrice", "unitPriceInCurrency", "amountInCurrency", "costInCurrency"),
    *("unitCostInCurrency", "lineTotal", "orderTotal", "taxTotal", "detailTotalInCurrency", "vatTotalInCurrency"),
}
# What a line carries that is a time or a measure, not a word about a document.
MEASURED = {
    "timestamp",
    "watermark",
    "_aws",
    "seconds",
    *(one.value for one in Metric if one.value.endswith("Seconds")),
}


@pytest.fixture(scope="module")
def business(laptop: Laptop, played: DemoResult) -> list[tuple[str, Any]]:
    """Everything that any document of the run says, by the name of its field."""
    companies = {row["company_id"] for row in laptop.visma.control("GET", "requests")["requests"] if row["company_id"]}
    found = leaves_of(laptop, companies)
    assert sum(name in {"orderNbr", "referenceNumber"} for name, _ in found) > 50
    return found


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
        assert secrets_in(text) == [], name


def test_no_text_of_a_document_is_in_any_log(business: list[tuple[str, Any]], logs: dict[str, str]) -> None:
    texts = {*texts_of(business), NOTE}
    # Names of goods, streets, people at least.
    assert {"Brunost 500 g", "Terminalgata 21", "varemottak@fjordmat.example"} <= texts

    for name, text in logs.items():
        assert texts_in(text, texts) == set(), name


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
