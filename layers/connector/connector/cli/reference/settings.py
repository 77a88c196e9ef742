"""Every setting of the routing file, as `docs/connector-yaml.md`: made of their declarations.

python -m connector.cli.reference.settings > docs/connector-yaml.md
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
import yaml

from connector.domain.documents import CHANGED_KIND, ORDER_TYPES, Kind
from connector.domain.routing.route import SETTINGS
from connector.domain.routing.settings import EVERYWHERE, PARTIES, POLLING, Merge, Place, Setting
from connector.domain.routing.values import NAME, Form, ValueType
from connector.edi.units import known_units
from connector.edi.x12.dictionary import INDISPENSABLE

_PLACES: Mapping[tuple[Place, ...], tuple[str, str]] = {
    EVERYWHERE: (
        "In every layer",
        "They may stand in `defaults`, in a company, in a partner, and below `kinds` of each of them.",
    ),
    (Place.KIND,): (
        "For one kind of document",
        "They stand below `kinds.KIND` of `defaults`, of a company or of a partner.",
    ),
    POLLING: ("In `defaults` or a company", "How a company is read is the same for all of its partners."),
    (Place.COMPANY,): ("In a company", "They stand in `companies.NAME`. No other layer says them."),
    (Place.PARTNER,): ("In a partner", "They stand in `partners.NAME`. No other layer says them."),
    PARTIES: (
        "In a company or a partner, each for itself",
        "A company's value is no default for its partners: it says who that party is.",
    ),
    (Place.FILE,): ("In the file itself", "They stand beside `companies`, once for the stack."),
}
"""Heading and first sentence of each part of the page, by where its settings may stand."""

_END = "...\n"
"""How YAML ends a document that is one word."""

_HEAD = """\
# connector.yaml

Made of the code by `python -m connector.cli.reference.settings > docs/connector-yaml.md`. A test fails when it is
stale.

The routing file says which Visma companies are read, who gets their documents, and how. `connector.example.yaml` has
every setting with an example. `connector config schema` prints the same declarations as JSON Schema, for editors.

```
connector config check connector.yaml         # every problem at once, with its path; needs no AWS
connector config diff connector.yaml          # what applying it would change
connector config apply connector.yaml --dry-run   # what it would release
connector config show --route nordic purchase_order 50012   # every setting of one route, and its layer
```

## The file

| key | holds |
|---|---|
| `companies.NAME` | one Visma company of ours; at least one is needed |
| `partners.NAME` | one supplier or customer that takes part in EDI |
| `defaults` | settings of all companies and partners |
| `kinds.KIND` | inside `defaults`, a company or a partner: settings of one kind of document, KIND is """

_AFTER_KINDS = """ |
| `inbound` | what is taken from the inboxes and buckets of the stack |
| `$schema` | the address of the JSON Schema, for editors; the connector does not read it |

NAME: """

_LAYERS = """.

A key with points stands inside another one: `changes.quantity` is `changes: {quantity: 20%}`. A key that nobody knows
is an error.

## Layers

A value comes from the last of these that says something:

1. what is built in, for all kinds or for one;
2. `defaults`, then its `kinds`;
3. the company, then its `kinds`;
4. the partner, then its `kinds`.

What a later layer does to an earlier one is a rule of the setting:

| rule | what counts |
|---|---|
"""

_KNOWN_WORDS = (
    "Another unit is an error. Another status or order type is a warning of `config check`: Visma may know more than "
    "it publishes."
)


def document() -> str:
    """The whole page."""
    kinds = ", ".join(f"`{kind}`" for kind in Kind)
    rules = "\n".join(f"| {_name(rule)} | {rule.value} |" for rule in Merge)
    parts = "".join(f"\n{_part(places)}" for places in _PLACES)
    return f"{_HEAD}{kinds}{_AFTER_KINDS}{NAME.words}{_LAYERS}{rules}\n{parts}\n{_vocabulary()}"


def _vocabulary() -> str:
    """The words that the text of some settings has to be."""
    statuses = {f"`send_when.{kind}`": kind.facts.statuses for kind in Kind}
    words = {
        "values of `units`, `whole_units`": known_units(),
        **statuses,
        "`changes.statuses`, `changes.hold_first`": CHANGED_KIND.facts.statuses,
        "keys of `order_types`": ORDER_TYPES,
        "never in `x12.leave_out`": INDISPENSABLE,
    }
    rows = [(where, ", ".join(f"`{word}`" for word in sorted(those))) for where, those in words.items()]
    return "\n\n".join(("## Words that are known", _KNOWN_WORDS, _table(("where", "words"), rows))) + "\n"


def _part(places: tuple[Place, ...]) -> str:
    heading, sentence = _PLACES[places]
    settings = [one for one in SETTINGS.values() if one.places == places]
    layered = Place.DEFAULTS in places or Place.KIND in places
    head = ("key", "value", "built in", *(["rule"] if layered else []), "help")
    rows = [_cells(one, layered=layered) for one in settings]
    below = [row for one in settings for row in _fields(one.key, one.type)]
    parts = [f"## {heading}", sentence, _table(head, rows)]
    if below:
        parts += ["What stands inside them:", _table(("key", "value"), below)]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _cells(setting: Setting, *, layered: bool) -> Sequence[str]:
    doubted = f". `config check` asks above {setting.ask_above}" if setting.ask_above else ""
    rule = [_name(setting.merge)] if layered else []
    return f"`{setting.key}`", _words(setting.type), _built_in(setting), *rule, f"{setting.help}{doubted}"


def _name(rule: Merge) -> str:
    return rule.name.lower()


def _built_in(setting: Setting) -> str:
    if setting.needed:
        return "none; it is needed"
    parts = [setting.default_help or _written(setting.default)]
    parts += [
        f"{kind}: {_written(kind.facts.defaults[setting.key])}" for kind in Kind if setting.key in kind.facts.defaults
    ]
    return "; ".join(parts)


def _written(value: Any) -> str:
    """A value as the file says it, on one line."""
    if value is None:
        return "none"
    text = yaml.safe_dump(_plain(value), default_flow_style=True, width=10_000, sort_keys=False)
    return f"`{text.removesuffix(_END).strip()}`"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, tuple) else value


def _words(kind: ValueType[Any]) -> str:
    """What a value is."""
    if kind.form is Form.WORD:
        return " or ".join(f"`{word}`" for word in kind.choices)
    if kind.form is Form.LIST and kind.entry is not None:
        most = f", {kind.at_most} at most" if kind.at_most is not None else ""
        return f"a list{most}; each entry: {_words(kind.entry)}"
    if kind.form is Form.TABLE and kind.entry is not None:
        return f"keys of your own; each value: {_words(kind.entry)}"
    if kind.form is Form.RECORD:
        needed = ", all of them needed" if kind.needed else ""
        return f"{', '.join(f'`{key}`' for key in kind.fields)}{needed}"
    return kind.words


def _fields(key: str, kind: ValueType[Any]) -> Iterator[Sequence[str]]:
    """The keys inside a setting, with their values; a record that is a setting itself is named."""
    if kind.form is Form.TABLE and kind.entry is not None:
        yield from _fields(f"{key}.KEY", kind.entry)
    if kind.form is Form.RECORD:
        for name, entry in kind.fields.items():
            same = next((one.key for one in SETTINGS.values() if one.type is entry and entry.fields), None)
            yield f"`{key}.{name}`", f"as `{same}`" if same else _words(entry)


if __name__ == "__main__":
    click.echo(document(), nl=False)
