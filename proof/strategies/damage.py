"""Damages valid JSON: single values, the structure, the bytes.

Values are data; what a JSON library does not write (incomplete characters, duplicate keys, `NaN`) is inserted as raw
text. Each kind of damage has a name for the report of a run.
"""

from __future__ import annotations

import copy
import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st

Draw = st.DrawFn
Path = tuple[str | int, ...]
Change = Callable[[Draw, Any], Any]
REMOVED: Any = object()
"""A value that removes its field."""

HUGE = "x" * 5_000_000
OVERSIZED = "x" * 500_000
"""A text that exceeds the size of a DynamoDB item."""

LONG = "Lang tekst " * 10_000
MANY_LINES = 10_000
_encode = msgspec.json.Encoder(decimal_format="number").encode

TEXTS = (
    "",
    " ",
    "\x00\x01\x1f\x7f",
    "a\u0000b\r\nc\td",
    "\u202eabc\u202c \u200f\u2067x\u2069",
    "e\u0301\u0327\u20dd" * 20,
    "\U0001f600\U0001f9c0 Ж漢字 ﷽",
    "*~>^|:\\",
    "\ufffe\uffff\ufeff",
    "'; DROP TABLE documents;--",
    "../../secrets",
    "${jndi:ldap://localhost/a}",
    "company#kind#1",
    "None",
    "null",
    "-",
    "\u00a0\u2028\u2029\u0085",
    LONG,
)
NUMBERS: tuple[Any, ...] = (
    0,
    -1,
    Decimal("-0.0"),
    Decimal("0.000000000000000000001"),
    Decimal("1e-30"),
    Decimal("999999999999.99"),
    Decimal(1000000000000),
    Decimal("0.1234567890123456789012345678901234567890"),
    10**19,
    10**40,
    -(2**63) - 1,
    Decimal("1E+5"),
    Decimal("1.50E2"),
    Decimal("33.333333"),
)
RAW_NUMBERS: tuple[bytes, ...] = (
    b"1E400",
    b"1e-400",
    b"1e999999999",
    b"1e99999999999999999999",
    b"-1e99999999999999999999",
)
RAW_NUMBERS += (b"9" * 400, b"9" * 5_000, b"1." + b"3" * 5_000)
NUMBER_TEXTS = (
    *("NaN", "Infinity", "-Infinity", "sNaN", "1e5", "1E+400", "1_000", "1,50", "1 000", "0x10", "+5", "--5", "٣", "."),
    *("1e999999999", "9" * 5_000, "12abc", "½"),
)
DATES = (
    *("0001-01-01T00:00:00", "0001-01-01", "9999-12-31T23:59:59.9999999", "9999-12-31T23:59:59-14:00", "2026-02-30"),
    *("0000-00-00", "yesterday", "2026-13-01T00:00:00", "2026-10-01T00:00:00+14:00", "2026-10-25T02:30:00", "20261001"),
    *("10000-01-01", "/Date(1790812800000)/", "2026-10-01T25:00:00", "1790812800", "2026-W40-4", "2026-10-01T24:00"),
)
INVALID_CHARACTERS = (b'"\\ud800"', b'"a\\udfff b"', b'"\xed\xa0\x80"', b'"\xf0\x9f\x98"', b'"\xff\xfe"', b'"\\ud83d"')
NOT_JSON = (b"NaN", b"Infinity", b"undefined", b"'x'", b'"\\x"', b'"\n"', b"01", b"1.", b"+1", b"{a:1}", b"[1,]")


def raw(text: bytes) -> Any:
    """A value that is written verbatim."""
    return msgspec.Raw(text)


def written(tree: Any) -> bytes:
    """The bytes of a tree."""
    return _encode(tree)


def nested(depth: int) -> Any:
    """A nested list."""
    return raw(b"[" * depth + b"]" * depth)


def with_duplicate_key(table: Mapping[str, Any], name: str, value: Any) -> Any:
    """An object with a duplicate key."""
    first, second = written(table), written({name: value})
    return raw(first[:-1] + (b"," if table else b"") + second[1:])


def _another_type(draw: Draw, value: Any) -> Any:
    others = [7, Decimal("1.5"), "text", True, False, [], {}, [value], {"id": value}, [1, "a", None], {"value": {}}]
    return draw(st.sampled_from([one for one in others if type(one) is not type(value)]))


def _negative(_: Draw, value: Any) -> Any:
    return -value if isinstance(value, int | Decimal) and not isinstance(value, bool) else f"-{value}"[:100]


def _wrapped(draw: Draw, value: Any) -> Any:
    return draw(
        st.sampled_from([{"value": value}, {"value": {"value": value}}, {"value": None}, {"value": [value]}, [value]])
    )


def _rows_of(draw: Draw, value: Any) -> Any:
    row = value[0] if isinstance(value, list) and value else value
    return draw(st.sampled_from([[], [None], [row, None], row, [[row]], ["row"], {"0": row}, [row] * 50, [{}], ""]))


def _any_of(values: Sequence[Any]) -> Change:
    return lambda draw, _: draw(st.sampled_from(values))


VALUES: Mapping[str, Change] = {
    "missing": lambda _draw, _value: REMOVED,
    "null": lambda _draw, _value: None,
    "wrapped": _wrapped,
    "of another type": _another_type,
    "negative": _negative,
    "number": _any_of(NUMBERS),
    "number beyond reason": lambda draw, _: raw(draw(st.sampled_from(RAW_NUMBERS))),
    "number as text": _any_of(NUMBER_TEXTS),
    "date": _any_of(DATES),
    "text": _any_of(TEXTS),
    "drawn text": lambda draw, _: draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=40)),
    "half a character": lambda draw, _: raw(draw(st.sampled_from(INVALID_CHARACTERS))),
    "other rows": _rows_of,
    "nested 60 deep": lambda _draw, _value: nested(60),
}
"""Damage of one value."""

RARE_VALUES: Mapping[str, Change] = {
    "5 MB": lambda _draw, _value: HUGE,
    "nested 900 deep": lambda _draw, _value: nested(900),
    "nested 50,000 deep": lambda _draw, _value: nested(50_000),
    "no JSON": lambda draw, _: raw(draw(st.sampled_from(NOT_JSON))),
}
"""Slow damage of one value, drawn rarely."""

_COMMON = 20
_VALUE_NAMES = [*VALUES] * _COMMON + [*RARE_VALUES]


MAX_ROWS = 20
"""Rows of one list whose values are damaged: the paths of a thousand rows take longer than the case."""


def paths(tree: Any, above: Path = ()) -> list[Path]:
    """The paths of all values in a tree, of the first rows in a long list."""
    steps = tree.items() if isinstance(tree, dict) else enumerate(tree[:MAX_ROWS]) if isinstance(tree, list) else ()
    return [path for step, inner in steps for path in ((*above, step), *paths(inner, (*above, step)))]


def changed(draw: Draw, tree: Any, path: Path, change: Change) -> None:
    """Change the value at a path, in place."""
    *way, last = path
    for step in way:
        tree = tree[step]
    value = change(draw, tree[last])
    if value is REMOVED:
        del tree[last]
    else:
        # A copy: later damage may change it.
        tree[last] = copy.deepcopy(value)


def with_oversized_values(tree: Any) -> Iterator[tuple[Path, Any]]:
    """The tree once for each of its values, with that value oversized."""
    for path in paths(tree):
        whole = copy.deepcopy(tree)
        *way, last = path
        inner = whole
        for step in way:
            inner = inner[step]
        inner[last] = OVERSIZED
        yield path, whole


def damaged(draw: Draw, tree: Any, *, read: frozenset[str], times: int) -> tuple[Any, list[str]]:
    """The tree with `times` damaged values, half of them in the fields in `read`."""
    tree, names = copy.deepcopy(tree), []
    for _ in range(times):
        every = paths(tree)
        among = [path for path in every if path[-1] in read]
        if not every:
            break
        chosen = draw(st.sampled_from(among if draw(st.booleans()) and among else every))
        name = draw(st.sampled_from(_VALUE_NAMES))
        changed(draw, tree, chosen, VALUES.get(name) or RARE_VALUES[name])
        names.append(f"{'.'.join(map(str, chosen))} {name}")
    return tree, names


def _cut(draw: Draw, body: bytes) -> bytes:
    return body[: draw(st.integers(0, max(len(body) - 1, 0)))]


def _flipped(draw: Draw, body: bytes) -> bytes:
    place = draw(st.integers(0, max(len(body) - 1, 0)))
    return body[:place] + bytes([draw(st.integers(0, 255))]) + body[place + 1 :]


def _in(encoding: str) -> Callable[[Draw, bytes], bytes]:
    return lambda _, body: body.decode("utf-8", "replace").encode(encoding, "replace")


BYTES: Mapping[str, Callable[[Draw, bytes], bytes]] = {
    "cut off": _cut,
    "a byte changed": _flipped,
    "byte order mark": lambda _, body: b"\xef\xbb\xbf" + body,
    "UTF-16": _in("utf-16"),
    "UTF-32": _in("utf-32"),
    "Latin 1": _in("latin-1"),
    "gzip": lambda _, body: gzip.compress(body, 1),
    "empty": lambda _draw, _body: b"",
    "a web page": lambda _draw, _body: b"<!DOCTYPE html><title>502 Bad Gateway</title>",
    "twice in a row": lambda _, body: body + body,
    "in a list": lambda _, body: b"[" + body + b"]",
    "space around": lambda _, body: b" \r\n\t" + body + b"\n\n",
    "a zero behind": lambda _, body: body + b"\x00",
    "noise": lambda draw, _: draw(st.binary(max_size=300)),
}
"""Damage of the bytes."""
