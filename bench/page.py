"""Writes measured figures into the page that tells of them, between two marks."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

_DOCS = Path(__file__).parent.parent / "docs"
_END = "<!-- end of figures -->"


def machine() -> str:
    """When and on what the figures were measured."""
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores ({platform.machine()}), "
        f"{platform.system()}, Python {platform.python_version()}."
    )


def write(page: str, *, command: str, table: str) -> None:
    """Put `table` in place of the one that `command` wrote into a page of `docs/` before."""
    path, begin = _DOCS / page, f"<!-- figures: {command} writes them -->\n"
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(_END)
    path.write_text(f"{before}{begin}\n{machine()}\n\n{table}\n\n{_END}{after}", encoding="utf-8")
