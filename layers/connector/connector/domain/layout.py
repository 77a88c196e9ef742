"""Lays text out for people: tables, times, durations and counts, in the terminal and in a mail."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum
from itertools import zip_longest
from typing import Any

from connector.domain.text import visible

NOTHING = "-"
"""What a cell without a value shows."""

MIN_WIDTH = 30
"""The narrowest column in which a sentence is readable."""

_BELOW = " " * 6
"""How far in stands what belongs to the row above."""

_NAMED_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?) UTC\b")
"""A time in a sentence that is kept: records name them in UTC, whoever reads them."""

_START = re.compile(r" *(?:-> )?")
"""What a line of a text begins with, and its further lines leave free."""


@dataclass(frozen=True, slots=True)
class Page:
    """Where text is read.

    Attributes:
        width: Most characters of a line; None: as wide as it is.
        zone: The zone of times; None: that of the machine.
    """

    width: int | None = None
    zone: tzinfo | None = UTC

    def timestamp(self, value: datetime | None) -> str:
        """A time as people read it, with its distance from UTC."""
        if value is None:
            return NOTHING
        return value.astimezone(self.zone).isoformat(" ", "seconds").replace("+00:00", "Z")

    def table(
        self, head: Sequence[str], rows: Iterable[Sequence[Any]], *, steps: Sequence[str | None] = (), indent: str = ""
    ) -> str:
        """Rows under a head, in columns that are as wide as they must be.

        Where they do not fit, the last column takes the room that is left; if that is little, as many columns as it
        takes stand below the row, each with its name. Nothing is cut off: what is shown can be copied.

        Args:
            head: The names of the columns.
            rows: What stands in them.
            indent: What stands before each line.
            steps: What a person should do about each row, on a line of its own below it; None: nothing.
        """
        cells = [[str(name) for name in head], *([self._cell(value) for value in row] for row in rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
        width = self.width and max(self.width - len(indent), MIN_WIDTH)
        beside = len(head)
        while width is not None and beside > 1 and sum(widths[:beside]) + 2 * (beside - 1) > width:
            beside -= 1
        room = (width or 0) - sum(widths[:beside]) - 2 * beside
        lines = []
        for number, (row, step) in enumerate(zip_longest(cells, (None, *steps))):
            line = "  ".join(cell.ljust(wide) for cell, wide in zip(row[:beside], widths, strict=False))
            if beside == len(head) - 1 and room >= MIN_WIDTH:
                first, *others = _wrapped(row[-1], room) or [""]
                lines += [f"{line}  {first}".rstrip(), *(f"{' ' * (len(line) + 2)}{one}" for one in others)]
            else:
                lines.append(line.rstrip())
                if number and beside < len(head):
                    below = zip(head[beside:], row[beside:], strict=True)
                    lines += _packed([f"{name}: {value}" for name, value in below if value != NOTHING], width)
            if step:
                lines += _hanging(f"{_BELOW}-> ", self._in_zone(visible(step)), width)
        return "\n".join(f"{indent}{line}" for line in lines)

    def fields(self, pairs: Iterable[tuple[str, Any]], *, indent: str = "  ", names: int = 16) -> str:
        """Values behind their names, one below the other; what of a value does not fit goes on in its column.

        Args:
            pairs: Names and values.
            indent: What stands before each line.
            names: How wide the column of the names is.
        """
        return "\n".join(
            line
            for name, value in pairs
            for line in _hanging(f"{indent}{name:<{names}}", self._cell(value), self.width)
        )

    def folded(self, text: str) -> str:
        """Lines that fit, broken between words, with the times that they name in the zone of the page.

        What goes on below stands as far in as its line, or its step, begins. Without a width each line stays one.
        """
        text = self._in_zone(text)
        if self.width is None:
            return text
        lines: list[str] = []
        for line in text.split("\n"):
            start = _START.match(line)
            lead = start[0] if start and len(line) > self.width else ""
            lines += _hanging(lead, line[len(lead) :], self.width) if len(line) > self.width else [line]
        return "\n".join(lines)

    def _cell(self, value: Any) -> str:
        if value is None or value == "":
            return NOTHING
        if isinstance(value, datetime):
            return self.timestamp(value)
        if isinstance(value, timedelta):
            return span(value)
        return self._in_zone(visible(str(value.value if isinstance(value, Enum) else value)))

    def _in_zone(self, text: str) -> str:
        """A text with the times that its sentences name in UTC (`timestamps.py`) in the zone of the page."""

        def local(found: re.Match[str]) -> str:
            at = datetime.fromisoformat(f"{found[1]}+00:00").astimezone(self.zone)
            return at.isoformat(" ", "seconds" if found[2] else "minutes") if at.utcoffset() else found[0]

        return _NAMED_TIME.sub(local, text)


def span(value: timedelta) -> str:
    """A duration as the routing file writes it (`2h5m`)."""
    seconds = int(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    parts = []
    for size, letter in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{letter}")
    return sign + ("".join(parts) or "0s")


def counted(number: int, word: str) -> str:
    """A number of things in words: `1 change`, `2 changes`."""
    return f"{number} {word}{'s' if number != 1 else ''}"


def _packed(parts: Iterable[str], width: int | None) -> list[str]:
    """What stands below a row: as many parts on a line as fit, one that is longer on lines of its own."""
    room = None if width is None else max(width - len(_BELOW), MIN_WIDTH)
    lines: list[str] = []
    for part in parts:
        if lines and (room is None or len(lines[-1]) + 2 + len(part) <= room):
            lines[-1] += f"  {part}"
        else:
            lines.append(part)
    return [folded for line in lines for folded in _hanging(_BELOW, line, width, further=2)]


def _hanging(lead: str, text: str, width: int | None, *, further: int = 0) -> list[str]:
    """Text behind what stands before it; its further lines stand below its beginning, or a bit further in."""
    if width is None:
        return [f"{lead}{text}".rstrip()]
    inset = " " * ((len(lead) if width - len(lead) >= MIN_WIDTH else len(_BELOW)) + further)
    return textwrap.wrap(
        text, width, initial_indent=lead, subsequent_indent=inset, break_long_words=False, break_on_hyphens=False
    ) or [lead.rstrip()]


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` signs; a word that is longer stays whole."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
