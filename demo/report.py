"""The end of the demo: the table of all documents, what the vendors did on the way, and whether it passed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from testkit.laptop.stack import Sandbox, Stack


@dataclass(frozen=True, slots=True)
class DocumentCheck:
    """Where a document ended, and what is wrong with that, if anything."""

    key: str
    partner: str
    dialect: str
    state: str
    transactions: list[str]
    why: str
    wrong: str | None


@dataclass(frozen=True, slots=True)
class ChangeCheck:
    """What became of an incoming change, and what is wrong with that, if anything."""

    name: str
    order: str
    state: str
    why: str
    wrong: str | None


_COLOURS = {"PARKED": "yellow", "REJECTED": "red", "SKIPPED": "dim", "RECORDED": "dim"}


def print_report(
    console: Console, checks: Sequence[DocumentCheck], changed: Sequence[ChangeCheck], stack: Stack
) -> bool:
    """Print everything; True when all ended as promised and nothing was sent or written twice."""
    table = Table(title="Where every document ended", show_lines=False)
    for heading in ("document", "partner", "dialect", "ended", "at Orderful", "why"):
        table.add_column(heading, overflow="fold")
    for check in sorted(checks, key=lambda each: each.key):
        colour = _COLOURS.get(check.state, "green")
        table.add_row(
            check.key,
            check.partner,
            check.dialect,
            f"[{colour}]{check.state}[/{colour}]",
            " ".join(check.transactions) or "-",
            f"[red]{check.wrong}[/red]" if check.wrong else check.why,
        )
    console.print(table)
    console.print(_changes(changed))
    for line in _what_the_vendors_did(stack):
        console.print(line, highlight=False)
    wrong = [*(one for one in checks if one.wrong), *(one for one in changed if one.wrong)]
    sent = sum(len(check.transactions) for check in checks)
    if wrong:
        total = len(checks) + len(changed)
        console.print(f"[red]{len(wrong)} of {total} documents and changes did not end as promised.[/red]")
        return False
    console.print(
        f"[green]All {len(checks)} documents ended as promised; Orderful holds each of the {sent} transactions "
        f"exactly once. All {len(changed)} inbound documents ended as promised; each change was written once or not at "
        "all, and none of them was sent back.[/green]"
    )
    return True


def _changes(changed: Sequence[ChangeCheck]) -> Table:
    table = Table(title="What became of what partners sent", show_lines=False)
    for heading in ("what came", "order", "ended", "before -> asked, or why not"):
        table.add_column(heading, overflow="fold")
    for check in changed:
        colour = _COLOURS.get(check.state, "green")
        why = f"[red]{check.wrong}[/red]" if check.wrong else check.why
        table.add_row(check.name, check.order, f"[{colour}]{check.state}[/{colour}]", why)
    return table


def _what_the_vendors_did(stack: Stack) -> list[str]:
    return [_summary("Visma", stack.visma), _summary("Orderful", stack.orderful)]


def _summary(name: str, sandbox: Sandbox) -> str:
    requests = sandbox.control("GET", "requests")["requests"]
    faults = Counter(request["fault"] for request in requests if request["fault"])
    statuses = Counter(str(request["status"] or "no answer") for request in requests)
    played = ", ".join(f"{count} x {fault}" for fault, count in sorted(faults.items())) or "no faults"
    answered = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    return f"{name} got {len(requests)} requests ({answered}) and played {played}."
