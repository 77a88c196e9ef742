"""The tree as Orderful's JSON (v3): arrays of objects with camelCase keys.

Orderful makes SE and the CTT loop itself, so they are not printed.
"""

from __future__ import annotations

from typing import Any

from connector.edi.x12.dictionary import SEGMENTS
from connector.edi.x12.model import Loop, Segment

_KEYS = {
    segment_id: (rule.key, tuple(element.key for element in rule.elements)) for segment_id, rule in SEGMENTS.items()
}


def transaction_set(tree: Loop) -> dict[str, Any]:
    """One object of `transactionSets`, without a single empty value."""
    printed: dict[str, Any] = {}
    for part in tree.parts:
        if type(part) is Segment:
            key, names = _KEYS[part.id]
            entry = {name: value for name, value in zip(names, part.values, strict=False) if value}
        elif type(part) is Loop and part.name != "CTT_loop":
            key, entry = part.name, transaction_set(part)
        else:
            continue
        if key in printed:
            printed[key].append(entry)
        else:
            printed[key] = [entry]
    return printed
