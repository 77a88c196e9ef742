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
    _put(page, f"<!-- figures: {command} writes them -->\n", f"{machine()}\n\n{table}")


def write_part(page: str, *, command: str, part: str, table: str) -> None:
    """The same for one of several tables of a page, which holds on any machine."""
    _put(page, _begin_of(command, part), table)


def part_of(page: str, *, command: str, part: str) -> str:
    """One of several tables as the page has it."""
    _, _, rest = (_DOCS / page).read_text(encoding="utf-8").partition(_begin_of(command, part))
    return rest.partition(_END)[0].strip()


def _begin_of(command: str, part: str) -> str:
    return f"<!-- figures: {command} writes them ({part}) -->\n"


def _put(page: str, begin: str, figures: str) -> None:
    path = _DOCS / page
    before, found, rest = path.read_text(encoding="utf-8").partition(begin)
    if not found:
        raise LookupError(f"{page} has no line {begin.strip()}")
    _, _, after = rest.partition(_END)
    path.write_text(f"{before}{begin}\n{figures}\n\n{_END}{after}", encoding="utf-8")
