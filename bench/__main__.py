"""Measure everything, print it, and write it into docs/performance.md and docs/cost.md; reckon docs/scale.md."""

from __future__ import annotations

from bench import cost, imports, ledger, page, poll, scale, translation
from bench.table import show

_HEAD = "| what | measured | budget | kept |\n|---|---|---|---|"


def main() -> None:
    """All parts, in about two minutes."""
    print(page.machine(), _HEAD, sep="\n\n", flush=True)
    rows = [row for part in (translation, imports, ledger, poll) for row in show(part.measure())]
    page.write("performance.md", command="make bench", table="\n".join([_HEAD, *map(str, rows)]))
    cost.main()
    scale.main()


if __name__ == "__main__":
    main()
