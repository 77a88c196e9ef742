"""Measure everything, print it, and write it into docs/performance.md and docs/cost.md; reckon docs/scale.md.

A budget that is missed ends the program with 1. Budgets are ratios and counts, so they hold on any machine.
"""

from __future__ import annotations

import sys

from bench import cold, cost, growth, imports, laptop, ledger, operate, page, peers, poll, scale, translation, way
from bench.table import show

_HEAD = "| what | measured | budget | kept |\n|---|---|---|---|"


_PARTS = (translation, peers, growth, imports, cold, way, ledger, operate, poll, laptop)


def main() -> int:
    """All parts, in about six minutes; 1 when a budget was missed."""
    print(page.machine(), _HEAD, sep="\n\n", flush=True)
    rows = [row for part in _PARTS for row in show(part.measure())]
    page.write("performance.md", command="make bench", table="\n".join([_HEAD, *map(str, rows)]))
    cost.main()
    scale.main()
    missed = [row for row in rows if row.kept is False]
    for row in missed:
        print(f"Over its budget: {row.figure}: {row.measured} (budget: {row.budget})", file=sys.stderr)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
