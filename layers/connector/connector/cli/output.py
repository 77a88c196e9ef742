"""How the command speaks: results on stdout, everything else on stderr, failures as one sentence with an exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from itertools import zip_longest
from typing import Any, TypeVar

import click

from connector.domain.errors import ConnectorError
from connector.domain.text import visible

FAILED, WRONG_INPUT, HELD, REJECTED = 1, 2, 3, 4
"""Exit codes besides 0: something did not work, the input is wrong, at least one document is held (a change parked),
a change is rejected."""

_LAYOUT = "\n\t"
"""Signs of our own layout; a cell of a table holds neither."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


class WrongInput(click.ClickException):
    """The input cannot be used: one sentence, exit code 2."""

    exit_code = WRONG_INPUT


class Failed(click.ClickException):
    """The command could not do what it was asked: one sentence, exit code 1."""

    exit_code = FAILED


def json_option(command: _Command) -> _Command:
    """Add `--json`: machine-readable results, and failures as one JSON object on stderr."""
    return click.option("--json", "as_json", is_flag=True, help="Results as JSON.")(command)


def say(sentence: str) -> None:
    """Tell the person something; never on stdout, which belongs to results."""
    click.echo(visible(sentence, keep=_LAYOUT), err=True)


def tell(text: str) -> None:
    """Print a result for a person, without signs that a terminal would obey: vendors and partners write parts of it."""
    click.echo(visible(text, keep=_LAYOUT))


def go_on(on: str, *, yes: bool) -> None:
    """Ask whether to go on, unless `--yes` was written.

    Args:
        on: The stack that is changed, with its stream: whoever has two open sees which one it is.
        yes: It was written.

    Raises:
        WrongInput: there is nobody to ask.
        click.Abort: the answer is no.
    """
    if yes:
        say(f"On {on}.")
        return
    if not sys.stdin.isatty():
        raise WrongInput("There is no terminal to ask on; write --yes. Nothing was changed.")
    click.confirm(f"Go on, on {on}?", abort=True, err=True)


def fail(sentence: str, code: int, *, as_json: bool) -> None:
    """Tell on stderr what did not work, with the exit code that stands for it."""
    say(_json({"error": sentence, "exit_code": code}) if as_json else sentence)


def show(data: Any, text: Callable[[], str], *, as_json: bool) -> None:
    """Print a result: `data` as JSON, or what `text` makes of it for a person."""
    if as_json:
        click.echo(_json(plain(data), indent=2))
    else:
        tell(text())


def _json(data: Any, **form: Any) -> str:
    """JSON as people read it; what cannot be printed is escaped. Outside of texts only line breaks are such signs."""
    written = json.dumps(data, ensure_ascii=False, **form)
    return "".join(sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in written)


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line per type
    """Turn records into JSON data: times in ISO 8601, decimals and durations as text, bytes left out."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return span(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items() if not isinstance(entry, bytes)}
    if isinstance(value, set | frozenset):
        return sorted(plain(entry) for entry in value)
    if isinstance(value, Iterable):
        return [plain(entry) for entry in value]
    return str(value)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], *, steps: Sequence[str | None] = ()) -> str:
    """Rows under a head, in columns that are as wide as they must be.

    Args:
        head: The names of the columns.
        rows: What stands in them.
        steps: What a person should do about each row, on a line of its own below it; None: nothing.
    """
    cells = [[str(name) for name in head], *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = []
    for row, step in zip_longest(cells, (None, *steps)):
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if step:
            lines.append(f"      -> {visible(step)}")
    return "\n".join(lines)


def moment(value: datetime | None) -> str:
    """A time as people read it, in UTC."""
    return "-" if value is None else value.strftime("%Y-%m-%d %H:%M:%SZ")


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


def run(group: click.Group, arguments: Sequence[str], context: Any = None) -> int:
    """Run the command line and give its exit code; whatever goes wrong becomes one sentence on stderr."""
    as_json = "--json" in arguments
    try:
        code = group.main(args=list(arguments), prog_name="connector", standalone_mode=False, obj=context)
    except click.ClickException as error:
        fail(error.format_message(), error.exit_code, as_json=as_json)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        fail("Stopped.", FAILED, as_json=as_json)
        return FAILED
    except ConnectorError as error:
        fail(str(error), FAILED, as_json=as_json)
        return FAILED
    except Exception as error:
        # The last line of defence: a person gets a sentence.
        if os.environ.get("CONNECTOR_TRACEBACK"):
            raise
        fail(f"{_first_line(error)} (set CONNECTOR_TRACEBACK=1 to see where).", FAILED, as_json=as_json)
        return FAILED
    return code if isinstance(code, int) else 0


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else 'no details'}"


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, timedelta):
        return span(value)
    return visible(str(value.value if isinstance(value, Enum) else value))
