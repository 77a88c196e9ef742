"""How the command speaks: results on stdout, everything else on stderr, failures as one sentence with an exit code."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TextIO, TypeVar

import click

from connector.domain.errors import ConnectorError
from connector.domain.layout import Page, span
from connector.domain.text import visible

FAILED, WRONG_INPUT, PARKED, REJECTED = 1, 2, 3, 4
"""Exit codes besides 0: something did not work, the input is wrong, something is parked or needs a person, a change is
refused."""

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""

_LAYOUT = "\n\t"
"""Signs of our own layout; a cell of a table holds neither."""

_UTC = "connector.utc"

_SECONDS = re.compile(r"(?<=:\d\d):\d\d(?=Z|[+-])")

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
    """Tell the person something; never on stdout, which belongs to results. At a terminal its lines fit."""
    click.echo(_page(sys.stderr).folded(visible(sentence, keep=_LAYOUT)), err=True)


def tell(text: str, *, as_it_is: bool = False) -> None:
    """Print a result for a person, without signs that a terminal would obey: vendors and partners write parts of it.

    At a terminal lines fit, the words of states have colours (unless NO_COLOR is set, https://no-color.org), and what
    is longer than the screen goes through the pager that PAGER names. Elsewhere each line stays one.

    Args:
        text: The result.
        as_it_is: Its lines are not broken: it is no text but data.
    """
    text = visible(text, keep=_LAYOUT)
    screen = _screen(sys.stdout)
    if not as_it_is:
        text = page().folded(text)
    if screen is None:
        click.echo(text)
        return
    if not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        text = _STATE_WORDS.sub(lambda found: click.style(found[0], fg=_COLOURS[found[0]]), text)
    if text.count("\n") + 1 >= screen.lines and sys.stdin.isatty():
        # click: without `color`, a less gets -R and colours unless LESS or PAGER has options; others get none.
        click.echo_via_pager(f"{text}\n")
    else:
        click.echo(text, color=True)


class SaysLogLines(logging.Handler):
    """Says what adapters log: as at a function, but as a sentence."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say why it was logged; the event where no reason is given."""
        say(getattr(record, "reason", None) or record.getMessage())


def _screen(stream: TextIO) -> os.terminal_size | None:
    """The size of the terminal that a stream goes to; None when it goes elsewhere, or when it does not tell."""
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return None
    return size if size.columns > 0 and size.lines > 0 else None


def _width(stream: TextIO) -> int | None:
    """How wide a line may be at a terminal, COLUMNS before what it says itself; None elsewhere: as wide as it is."""
    screen = _screen(stream)
    if screen is not None and (columns := os.environ.get("COLUMNS", "")).isdecimal() and int(columns) > 0:
        return int(columns)
    return screen and screen.columns


_COLOURS = {
    **dict.fromkeys(("PARKED", "UNCONFIRMED", "RECEIVED", "APPLYING", "CHANGING"), "yellow"),
    **dict.fromkeys(("REJECTED", "REFUSED", "ATTENTION"), "red"),
    **dict.fromkeys(("DELIVERED", "ACKNOWLEDGED", "APPLIED", "AGREED"), "green"),
    **dict.fromkeys(("TRANSLATED", "SENDING", "SENT", "VALID"), "cyan"),
    **dict.fromkeys(("SUPERSEDED", "SKIPPED", "BASELINE", "CLOSED"), "bright_black"),
}
_STATE_WORDS = re.compile(rf"\b({'|'.join(_COLOURS)})\b")


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
    """Tell on stderr what did not work, with the exit code that stands for it; as JSON its line is not broken."""
    if as_json:
        click.echo(_json({"error": sentence, "exit_code": code}), err=True)
    else:
        say(sentence)


def show(data: Any, text: Callable[[], str], *, as_json: bool, as_it_is: bool = False) -> None:
    """Print a result: `data` as JSON, or what `text` makes of it for a person, as `tell` does."""
    if as_json:
        click.echo(_json(plain(data), indent=2))
    else:
        tell(text(), as_it_is=as_it_is)


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


def page() -> Page:
    """Where results are read: the terminal, in local time unless UTC was asked for."""
    return _page(sys.stdout)


def _page(stream: TextIO) -> Page:
    return Page(_width(stream), UTC if in_utc() else None)


def table(
    head: Sequence[str], rows: Iterable[Sequence[Any]], *, steps: Sequence[str | None] = (), indent: str = ""
) -> str:
    """A table that fits the terminal; see `Page.table`."""
    return page().table(head, rows, steps=steps, indent=indent)


def utc_option(command: _Command) -> _Command:
    """Add `--utc`: times in UTC; otherwise they are in the zone of the machine (TZ)."""

    def ask(context: click.Context, _option: click.Parameter, value: Any) -> None:
        context.meta[_UTC] = value

    option = click.option(
        "--utc",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=ask,
        help="Times in UTC, not in local time; also by the environment variable CONNECTOR_UTC.",
    )
    return option(command)


def in_utc() -> bool:
    """Whether a person asked for times in UTC."""
    context = click.get_current_context(silent=True)
    return bool(os.environ.get("CONNECTOR_UTC")) or (context is not None and bool(context.meta.get(_UTC)))


def timestamp(value: datetime | None) -> str:
    """A time as people read it, with its distance from UTC; in local time unless UTC was asked for."""
    return page().timestamp(value)


def minute(value: datetime | None) -> str | None:
    """The same to the minute."""
    return None if value is None else _SECONDS.sub("", timestamp(value))


def run(group: click.Group, arguments: Sequence[str], context: Any = None) -> int:
    """Run the command line and give its exit code; whatever goes wrong becomes one sentence on stderr."""
    with click.Context(group) as outlasting:  # that of the command is gone when it is told what went wrong
        outlasting.meta[_UTC] = "--utc" in arguments
        return _run(group, arguments, context)


def _run(group: click.Group, arguments: Sequence[str], context: Any) -> int:
    as_json = "--json" in arguments
    try:
        code = group.main(args=list(arguments), prog_name="connector", standalone_mode=False, obj=context)
    except click.ClickException as error:
        fail(_with_help(error, as_json=as_json), error.exit_code, as_json=as_json)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as stop:
        # click makes one thing of "no", of an end of the input and of Ctrl-C; only what ends a question has no cause.
        if isinstance(stop, click.Abort) and stop.__context__ is not None and stop.__cause__ is None:
            click.echo(err=True)  # the line of the question
        if isinstance(stop, KeyboardInterrupt) or isinstance(stop.__context__, KeyboardInterrupt):
            if isinstance(stop, click.Abort) and stop.__cause__ is None:
                fail("Nothing was changed.", INTERRUPTED, as_json=as_json)
            return INTERRUPTED
        why = "there was no answer" if stop.__context__ else "the answer was not yes"
        fail(f"Not done: {why}. Nothing was changed.", FAILED, as_json=as_json)
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


def _with_help(error: click.ClickException, *, as_json: bool) -> str:
    """What is wrong; of the command line itself for a person, also where its commands and options are shown."""
    context = error.ctx if isinstance(error, click.UsageError) and not as_json else None
    help_line = f"\nSee {context.command_path} --help" if context is not None else ""
    return f"{error.format_message()}{help_line}"


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else 'no details'}"
