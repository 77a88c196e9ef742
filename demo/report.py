"""The end of the demo: the table of all documents, what the vendors did on the way, and the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from testkit.laptop.stack import Sandbox, Stack


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a document ended, and what is wrong with that, if anything."""

    key: str
    partner: str
    dialect: str
    state: str
    transactions: list[str]
    why: str
    wrong: str | None


@dataclass(frozen=True, slots=True)
class ChangeVerdict:
    """What became of an incoming change, and what is wrong with that, if anything."""

    name: str
    order: str
    state: str
    why: str
    wrong: str | None


_COLOURS = {"PARKED": "yellow", "REJECTED": "red", "SKIPPED": "dim", "RECORDED": "dim"}


def print_report(console: Console, verdicts: Sequence[Verdict], changed: Sequence[ChangeVerdict], stack: Stack) -> bool:
    """Print everything; True when all ended as promised and nothing was sent or written twice."""
    table = Table(title="Where every document ended", show_lines=False)
    for heading in ("document", "partner", "dialect", "ended", "at Orderful", "why"):
        table.add_column(heading, overflow="fold")
    for verdict in sorted(verdicts, key=lambda each: each.key):
        colour = _COLOURS.get(verdict.state, "green")
        table.add_row(
            verdict.key,
            verdict.partner,
            verdict.dialect,
            f"[{colour}]{verdict.state}[/{colour}]",
            " ".join(verdict.transactions) or "-",
            f"[red]{verdict.wrong}[/red]" if verdict.wrong else verdict.why,
        )
    console.print(table)
    console.print(_changes(changed))
    for line in _what_the_vendors_did(stack):
        console.print(line, highlight=False)
    wrong = [*(one for one in verdicts if one.wrong), *(one for one in changed if one.wrong)]
    sent = sum(len(verdict.transactions) for verdict in verdicts)
    if wrong:
        total = len(verdicts) + len(changed)
        console.print(f"[red]{len(wrong)} of {total} documents and changes did not end as promised.[/red]")
        return False
    console.print(
        f"[green]All {len(verdicts)} documents ended as promised; Orderful holds each of the {sent} transactions "
        f"exactly once. All {len(changed)} inbound documents ended as promised; each change was written once or not at "
        "all, and none of them was sent back.[/green]"
    )
    return True


def _changes(changed: Sequence[ChangeVerdict]) -> Table:
    table = Table(title="What became of what partners sent", show_lines=False)
    for heading in ("what came", "order", "ended", "before -> asked, or why not"):
        table.add_column(heading, overflow="fold")
    for verdict in changed:
        colour = _COLOURS.get(verdict.state, "green")
        why = f"[red]{verdict.wrong}[/red]" if verdict.wrong else verdict.why
        table.add_row(verdict.name, verdict.order, f"[{colour}]{verdict.state}[/{colour}]", why)
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
