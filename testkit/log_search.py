"""Searches logs for secrets, tokens and texts of business documents."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from testkit.laptop.observed import Laptop
from testkit.laptop.stack import CALLBACK_SECRET, ORDERFUL_KEY, VISMA_CLIENT

TOKEN: Final = re.compile(r"sandbox\.\d+\.[0-9a-f]{64}")
"""An access token of the sandbox Visma."""

SECRETS: Final = (VISMA_CLIENT["client_secret"], ORDERFUL_KEY["api_key"], CALLBACK_SECRET["secrets"][0])
KINDS: Final = ("purchaseorder", "supplierInvoice", "customerinvoice", "customerCreditNote")
TEXT_FIELDS: Final = frozenset(
    {
        *("description", "lineDescription", "transactionDescription", "addressLine1", "addressLine2", "email"),
        *("attention", "customerRefNumber", "supplierReference", "paymentReference", "phone1"),
    }
)
MIN_TEXT_LENGTH: Final = 9
"""Fewest characters of a text to search for; a shorter text may be in a log for another reason."""

Leaves = list[tuple[str, Any]]


def leaves_of(laptop: Laptop, companies: Iterable[str]) -> Leaves:
    """Every value in the documents of these companies, with the name of its field."""
    return [
        leaf
        for company in companies
        for kind in KINDS
        for document in laptop.visma.control("GET", f"documents?kind={kind}&company={company}")
        for leaf in leaves(document)
    ]


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar value, with the name of its field."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    else:
        yield name, value


def texts_of(business: Leaves) -> set[str]:
    """The texts that identify a document."""
    return {
        value
        for name, value in business
        if name in TEXT_FIELDS and isinstance(value, str) and len(value) >= MIN_TEXT_LENGTH
    }


def secrets_in(text: str) -> list[str]:
    """The secrets in a text, and the first characters of its tokens."""
    found = [secret for secret in SECRETS if secret in text]
    return found + [token[:16] for token in TOKEN.findall(text)]


def texts_in(text: str, texts: Collection[str]) -> set[str]:
    """Which of `texts` are in a text, verbatim or escaped as in JSON."""
    return {each for each in texts if each in text or json.dumps(each)[1:-1] in text}
