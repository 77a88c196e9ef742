"""How one routing differs from another, leaf by leaf, as a person reads it and as the history keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.adapters.aws.routing_store import Difference


def differences(before: Any, after: Any, path: str = "") -> Iterator[dict[str, Any]]:
    """Every leaf that differs, as `{path, before, after}`; an absent side is None."""
    if isinstance(before, Mapping | None) and isinstance(after, Mapping | None) and (before or after):
        for key in sorted({*(before or {}), *(after or {})}):
            yield from differences((before or {}).get(key), (after or {}).get(key), f"{path}.{key}" if path else key)
    elif before != after:
        yield {"path": path, "before": before, "after": after}


def readable(changes: Sequence[Mapping[str, Any]]) -> str:
    """A line for each; empty without any."""
    lines = []
    for change in changes:
        before, after = (json.dumps(change[side], ensure_ascii=False) for side in ("before", "after"))
        if change["before"] is None:
            lines.append(f"+ {change['path']}: {after}")
        elif change["after"] is None:
            lines.append(f"- {change['path']}: {before}")
        else:
            lines.append(f"~ {change['path']}: {before} -> {after}")
    return "\n".join(lines)


def in_numbers(changes: Sequence[Mapping[str, Any]]) -> Difference:
    """The same in numbers, with the places."""
    added = sum(change["before"] is None for change in changes)
    removed = sum(change["after"] is None for change in changes)
    return Difference(added, removed, len(changes) - added - removed, tuple(change["path"] for change in changes))
