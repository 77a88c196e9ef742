"""How a change is laid beside the order: what the partner had, what it asks for, and what Visma has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from connector.cli.output import table
from connector.domain.order_change.decide import Difference

_HEAD = ("where", "what", "partner had", "asks", "Visma has")


def comparison(differences: Sequence[Difference]) -> str:
    """The differences as a table; empty without any."""
    if not differences:
        return ""
    return table(_HEAD, [(one.where, one.field, one.base, one.theirs, one.ours) for one in differences])


def comparison_data(differences: Sequence[Difference]) -> list[dict[str, Any]]:
    """The same as JSON data."""
    return [msgspec.structs.asdict(one) for one in differences]


def all_reasons(reasons: Sequence[str]) -> str:
    """Everything that speaks against a change; empty where one sentence says it all."""
    return "\n".join(["All reasons:", *(f"  {reason}" for reason in reasons)]) if len(reasons) > 1 else ""


def unwritten(sentences: Sequence[str]) -> str:
    """What no approval writes, below its heading; empty when there is nothing."""
    return "\n".join(["Not written by an approval:", *(f"  {sentence}" for sentence in sentences)]) if sentences else ""
