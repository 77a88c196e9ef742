"""Runs all proofs and writes a table into the docs; or runs the named proofs and prints the table.

Several run in parallel, the longest first. Those on deployed stacks mostly wait.
"""

from __future__ import annotations

import importlib
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Column, Table

from bench import page
from proof.tally import Size, Tally
from testkit.laptop import stack as laptop_stack
from testkit.laptop.observed import Laptop

IN_PROCESS: Final = ("crash_points", "state_machine", "mutations", "bad_input", "supply_chain")
DEPLOYED: Final = ("deployed.vendor_faults", "deployed.kills", "deployed.permissions")
"""Each gets a stack of its own."""

BEGUN_IN_THIS_ORDER: Final = (
    *("deployed.kills", "deployed.permissions", "state_machine", "bad_input"),
    *("deployed.vendor_faults", "crash_points", "mutations", "supply_chain"),
)
"""The longest first: of the deployed ones, that mostly wait, and of the others."""

AT_A_TIME: Final = 4
"""Proofs in parallel: two that mostly wait and two that compute, on 2 cores."""

PARAMETERS: Final = {"CallbackRate": "5000", "CallbackBurst": "5000"}
"""The callback rate limits of a proof, far above the defaults."""


def main(arguments: Sequence[str]) -> int:
    """Run the proofs; 1 when one was violated or failed.

    Args:
        arguments: Names of proofs, none for all; and `--fast` for what `make test` runs of them.
    """
    names = [argument for argument in arguments if argument != "--fast"]
    size = Size.LONG if len(names) == len(arguments) else Size.FAST
    console = Console(width=150)
    known = (*IN_PROCESS, *DEPLOYED)
    unknown = sorted(set(names) - set(known))
    if unknown:
        console.print(f"There is no proof {', '.join(unknown)}; there is {', '.join(known)}.")
        return 2
    began = time.monotonic()
    tallies = _side_by_side([name for name in (*DEPLOYED, *IN_PROCESS) if not names or name in names], size)
    _show(console, tallies)
    violated = sum(len(tally.violations) for tally in tallies)
    summary = f"{sum(tally.cases for tally in tallies):,} cases, {violated} violations"
    summary = f"{summary}, {(time.monotonic() - began) / 60:.1f} minutes"
    console.print(summary, highlight=False)
    if not arguments:
        rows = [f"| {tally.guarantee} | {tally.cases:,} | {len(tally.violations)} |" for tally in tallies]
        head = "| what was to hold | cases | violations |\n|---|---|---|"
        page.write("guarantees.md", command="make prove", table="\n".join([head, *rows, f"\n{summary}."]))
    return 1 if violated else 0


def run(name: str, size: Size) -> list[Tally]:
    """Run one proof; an exception is reported as a violation."""
    try:
        proof = importlib.import_module(f"proof.{name}")
        if name not in DEPLOYED:
            return _tallies(proof.prove(size))
        with (
            tempfile.TemporaryDirectory(prefix="proof-", ignore_cleanup_errors=True) as scratch,
            laptop_stack.running(lambda _step: None, directory=Path(scratch), parameters=PARAMETERS) as stack,
        ):
            return _tallies(proof.prove(size, Laptop(stack, Path(scratch))))
    except Exception as error:  # noqa: BLE001 - the other proofs go on, and the table says what is missing
        return [Tally(f"proof.{name} runs to its end", 0, (f"{type(error).__name__}: {error}",))]


def _tallies(found: Sequence[Tally]) -> list[Tally]:
    """The tallies; one without cases is a violation."""
    return [
        one if one.cases or one.violations else Tally(one.guarantee, 0, ("It was not tried.",), one.figures)
        for one in found
    ]


def _side_by_side(names: Sequence[str], size: Size) -> list[Tally]:
    """Run each proof in a process; returns the tallies in the order of `names`."""
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(AT_A_TIME, mp_context=spawned, max_tasks_per_child=1) as pool:
        running = {name: pool.submit(_reported, name, size) for name in sorted(names, key=BEGUN_IN_THIS_ORDER.index)}
        return [tally for name in names for tally in running[name].result()]


def _reported(name: str, size: Size) -> list[Tally]:
    """Run one proof and print its summary and violations."""
    console, began = Console(width=150), time.monotonic()
    tallies = run(name, size)
    summary = f"{sum(one.cases for one in tallies):,} cases, {sum(len(one.violations) for one in tallies)} violations"
    console.print(f"{name}: {summary}, {time.monotonic() - began:.0f} s", highlight=False)
    for violation in (violation for one in tallies for violation in one.violations):
        console.print(f"  VIOLATED: {violation}", highlight=False, markup=False)
    return tallies


def _show(console: Console, tallies: Sequence[Tally]) -> None:
    table = Table("guarantee", Column("cases", justify="right"), Column("violations", justify="right"))
    for tally in tallies:
        table.add_row(tally.guarantee, f"{tally.cases:,}", str(len(tally.violations)))
    for tally in tallies:
        if tally.figures:
            console.print(f"[bold]{tally.guarantee}[/bold]", highlight=False)
            console.print(f"  {tally.figures}", highlight=False, markup=False)
        for violation in tally.violations:
            console.print(f"  VIOLATED: {violation}", highlight=False, markup=False)
    console.print(table)
