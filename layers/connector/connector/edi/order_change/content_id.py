"""What a message says, as one hash: equal for two transactions that ask for the same thing in the same words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

_ENVELOPE = frozenset(
    {
        *("interchangeControlHeader", "interchangeControlTrailer", "interchangeControlNumber"),
        *("functionalGroupHeader", "functionalGroupTrailer", "groupControlNumber"),
        *("transactionSetHeader", "transactionSetTrailer", "transactionSetControlNumber"),
        "href",
    }
)
# ISA, GS, ST and their trailers, which count transmissions, and Orderful's links. CTT is the partner's and stays.

_AMOUNT = re.compile(r"quantity|price|amount|percent|total|number_?of", re.IGNORECASE)
# Fields whose digits are a number; everywhere else `1.10` and `1.1` are different names.
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
_MAX_NUMBER_LENGTH = 64


def content_id(message: Any) -> str:
    """The hash of a message without control numbers.

    Key order, a number that is written as text, the zeros behind a point, spaces, empty fields, and one object in the
    place of a list of one make no difference. Lines in another order do, and so does a dialect of its own.

    Args:
        message: Parsed JSON with numbers as `Decimal`, in either dialect, of any depth.
    """
    digest = hashlib.sha256()
    for path, word in _leaves(message):
        digest.update(path)
        digest.update(hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest())
    return digest.hexdigest()


def _leaves(message: Any) -> Iterator[tuple[bytes, str]]:
    """Every value that says something, in a fixed order, with a hash of where it stands. Depth costs no stack."""
    waiting: list[tuple[bytes, str, Any]] = [(b"", "", message)]
    while waiting:
        path, name, value = waiting.pop()
        if isinstance(value, dict):
            kept = sorted((key for key in value if isinstance(key, str) and key not in _ENVELOPE), reverse=True)
            # `{"quantity": {"value": "10"}}` is a quantity.
            waiting += [(_below(path, key), name if key == "value" else key, value[key]) for key in kept]
        elif isinstance(value, list):
            if len(value) == 1:
                waiting.append((path, name, value[0]))
            else:
                places = range(len(value) - 1, -1, -1)
                waiting += [(_below(path, str(place)), name, value[place]) for place in places]
        elif word := _word(name, value):
            yield path, word


def _below(path: bytes, name: str) -> bytes:
    return hashlib.sha256(path + name.encode("utf-8", "surrogatepass")).digest()


def _word(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    word = " ".join(str(value).split())
    if len(word) <= _MAX_NUMBER_LENGTH and _AMOUNT.search(name) and _NUMBER.fullmatch(word):
        return _plain(Decimal(word))
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < _MAX_NUMBER_LENGTH:
        return _plain(value) if _AMOUNT.search(name) else f"{value:f}"
    return word


def _plain(number: Decimal) -> str:
    """A number without the zeros that say nothing."""
    written = f"{number:f}"
    written = written.rstrip("0").rstrip(".") if "." in written else written
    return "0" if written in {"-0", "+0", ""} else written
