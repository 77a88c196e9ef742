"""Generates `docs/field-mapping.md`: the source of every element and field, explained with examples.

python -m testkit.field_mapping > docs/field-mapping.md
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from connector.domain.documents import Kind
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.explain.explanation import Row, explain
from connector.edi.explain.sources import Origin, Source
from connector.edi.visma.read import decode
from testkit.samples.full_documents import EXAMPLES, Example, number_of, the_routing
from testkit.samples.visma_samples import as_json

_INTRODUCTION = """\
# Which Visma field or setting each element comes from

Made of the code by `python -m testkit.field_mapping > docs/field-mapping.md`; a test fails when it is stale.

No list of fields is kept by hand. Example documents are written again and again, each time with one field of Visma or
one setting changed; an element comes from those whose change changes it
([0046](decisions/0046-sources-are-found-by-changing-them.md)). `connector explain` does the same for one document, with
its own values and the layer of each setting ([runbook.md](runbook.md#why-a-partner-sees-a-value)).

Fields are written as Visma has them, `lines[].uom` in every line. Settings are those of the routing file, `*` is a key
of a table. What is *decided by* a setting is another value, or none, when that says something else. `stream` is that of
the stack, `purpose` follows from what the partner has already.
"""


@cache
def explained(example: Example, dialect: Dialect) -> Sequence[Row]:
    """The explanation of an example in one dialect."""
    data = decode(as_json(example.document))
    routing = Routing.from_data(the_routing(example, dialect))
    route = routing.route("nordic", example.kind, number_of(example))
    return explain(data, routing, route, dialect=dialect, stream=Stream.TEST, purpose=Purpose.ORIGINAL)


def examples_of(kind: Kind, dialect: Dialect) -> Iterator[Example]:
    """The examples of a kind that a dialect supports."""
    return (one for one in EXAMPLES if one.kind is kind and dialect in one.dialects)


def page() -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    for kind in Kind:
        for dialect in Dialect:
            number = kind.facts.transaction_type.number
            parts.append(f"## {kind.label.capitalize()} in {dialect.label} ({number})\n\n" + _table(kind, dialect))
    return "\n".join(parts)


def _table(kind: Kind, dialect: Dialect) -> str:
    found: dict[str, list[Row]] = {}
    for example in examples_of(kind, dialect):
        for row in explained(example, dialect):
            found.setdefault(_label(row), []).append(row)
    lines = ["| element | what | Visma field | setting | decided by | rule |", "|---|---|---|---|---|---|"]
    for label, rows in found.items():
        meaning = rows[0].explained.meaning
        assert meaning is not None, f"{label} has no meaning"
        sources = [one for row in rows for one in row.sources]
        cells = (
            f"`{label}`",
            meaning.what,
            _fields(one for one in sources if one.origin is Origin.VISMA),
            _fields(one for one in sources if one.origin is not Origin.VISMA),
            _fields(one for row in rows for one in row.decided_by),
            meaning.rule,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _label(row: Row) -> str:
    """The name of the element in the table: `REF-02 VN`, `line TXI-03`; an item number has its qualifier."""
    key, name = row.explained.key, row.explained.name
    return f"{name.partition('-')[0]}{key.removeprefix('ID')}" if key.startswith("ID") else key


def _fields(sources: Iterable[Source]) -> str:
    """Each field once."""
    return ", ".join(f"`{name}`" for name in dict.fromkeys(one.field for one in sources))


if __name__ == "__main__":
    print(page(), end="")
