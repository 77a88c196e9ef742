"""The end of the demo: the table of all documents, what the vendors did on the way, and whether it passed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from connector.cli.documents.meanings import meaning
from connector.domain.revision.record import State
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


_ROOM_FOR_ALL: Final = 110
"""Characters a line from which on all columns are shown."""

_COLOURS = {"PARKED": "yellow", "REJECTED": "red", "SKIPPED": "dim", "RECORDED": "dim"}


def print_report(
    console: Console, checks: Sequence[DocumentCheck], changed: Sequence[ChangeCheck], stack: Stack
) -> bool:
    """Print everything; True when all ended as promised and nothing was sent or written twice."""
    print_tables(console, checks, changed)
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


def print_tables(console: Console, checks: Sequence[DocumentCheck], changed: Sequence[ChangeCheck]) -> None:
    """Print where documents and changes ended, and below that what the states mean.

    The documents of a company and kind stand together. Partner and dialect stand there where there is room.
    """
    table = _table("Where every document ended")
    narrow = console.width < _ROOM_FOR_ALL
    for heading in ("document", *(() if narrow else ("partner", "dialect")), "ended", "at Orderful", "why"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "document")
    for group, members in groupby(sorted(checks, key=lambda each: each.key), key=_group):
        table.add_section()
        table.add_row(f"[bold]{group}[/bold]")
        for check in members:
            table.add_row(
                f"  {check.key.removeprefix(f'{group}/')}",
                *(() if narrow else (check.partner, check.dialect)),
                _state(check.state),
                "\n".join(check.transactions) or "-",
                f"[red]{check.wrong}[/red]" if check.wrong else check.why,
            )
    console.print(table)
    console.print()
    if changed:
        console.print(_changes(changed))
        console.print()
    for state in State:
        if any(check.state == state.value for check in checks):
            console.print(f"{_state(state.value)}: {meaning(state)}", highlight=False)


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True
    )


def _group(check: DocumentCheck) -> str:
    """Company and kind of a document; `unexpected` for a transaction that nobody asked for."""
    return check.key.rpartition("/")[0] or "unexpected"


def _state(state: str) -> str:
    colour = _COLOURS.get(state, "green")
    return f"[{colour}]{state}[/{colour}]"


def _changes(changed: Sequence[ChangeCheck]) -> Table:
    table = _table("What became of what partners sent")
    for heading in ("what came", "order", "ended", "before -> asked, or why not"):
        table.add_column(heading, overflow="fold")
    for check in changed:
        why = f"[red]{check.wrong}[/red]" if check.wrong else check.why
        table.add_row(check.name, check.order, _state(check.state), why)
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
