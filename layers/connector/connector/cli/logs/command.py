"""`connector logs`: the lines of all functions about one document, in order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import click

from connector.cli.documents.find import check_is_no_half_key, key_of, record_named
from connector.cli.logs.search import (
    FUNCTIONS,
    MAX_PAGES,
    FieldFilter,
    Found,
    Line,
    Searched,
    patterns_of,
    search,
    with_a_term,
)
from connector.cli.output import FAILED, Failed, json_option, say, show, timestamp
from connector.cli.stack.stack import Stack, stack_option
from connector.cli.times import window
from connector.domain.documents import DocumentKey
from connector.domain.layout import counted

_USUAL = timedelta(days=3)
_MAX_RUNS = 20
"""Runs of functions whose other lines are looked for, the newest."""

_NAMES = ("company", "kind", "number")
_OF_EVERY_LINE = frozenset(
    {
        *("level", "location", "message", "timestamp", "service", "cold_start", "function_name"),
        *("function_memory_size", "function_arn", "function_request_id", "xray_trace_id", "sampling_rate"),
    }
)
"""What Powertools puts into a line besides its fields."""

_RUN = "function_request_id"
_FAILURE_MARKS = ("Task timed out", "ERROR", "Error", "Status: ")
"""What a line of Lambda's own says when a run went wrong."""


@click.command(short_help="Show what the functions logged about a document.")
@click.argument("key", metavar="KEY")
@click.option(
    "--since", "since_text", metavar="TIME", help="From when on: 2h, 3d, 08:00, yesterday, 2026-11-28; 3d unless said."
)
@click.option("--until", "until_text", metavar="TIME", help="Until when; the day that is named included.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=200, show_default=True, help="How many lines, the newest ones."
)
@stack_option
@json_option
def logs(*, key: str, since_text: str | None, until_text: str | None, limit: int, stack: Stack, as_json: bool) -> int:
    """Show the log lines about a document, of all functions, in order of time.

    KEY is a key, a number, or the id of a transaction at Orderful. Found are lines that name the document or one of its
    transactions, and what the runs of a function that wrote them say besides of no other document. Of each log group so
    much is read at most; what was not read to its end is said, and the exit code is 1 then.
    """
    now = stack.clock.now()
    begin, end = window(since_text, until_text, now)
    since, until = begin or (end or now) - _USUAL, end or now
    filters = _filters(stack, key)
    found = search(stack, FUNCTIONS, list(patterns_of(filters)), since=since, until=until)
    named = [line for line in found.lines if any(map(line.matches, filters))]
    beside = _beside(stack, named, since=since, until=until)
    lines = sorted([*named, *beside.lines], key=lambda one: one.at)
    searched = _together(found.searched, beside.searched)
    say(f"Searched from {timestamp(since)} to {timestamp(until)}:")
    for one in searched:
        say(f"  {_as_text(one)}")
    if len(lines) > limit:
        say(f"The newest {limit} of {len(lines)} lines: --limit, --since, --until.")
    shown = lines[-limit:]
    show(
        {
            "since": since,
            "until": until,
            "lines": [{"at": one.at, "function": one.function, **_data(one)} for one in shown],
            "more": len(lines) - len(shown),
            "searched": searched,
        },
        lambda: "\n".join(map(_readable, shown)) or "No line of the functions names it in that time.",
        as_json=as_json,
    )
    return 0 if all(one.complete for one in searched) else FAILED


def _filters(stack: Stack, text: str) -> list[FieldFilter]:
    """By what the lines about a document are known: its name, and the ids of its transactions.

    What the ledger does not know (it was never captured) is looked for as it was typed.
    """
    key = key_of(text)
    try:
        record = record_named(stack, text)
    except Failed:
        check_is_no_half_key(text)
        return [_of(key)] if key else [{"number": text}, {"transaction_id": text}]
    ids = [
        *(name for one in record.revisions for name in (one.transaction_id, one.listed_as) if name),
        *(name for one in record.changes for name in one.names),
    ]
    return [_of(record.key), *({"transaction_id": name} for name in dict.fromkeys(ids))]


def _of(key: DocumentKey) -> FieldFilter:
    return {"company": key.company, "kind": key.kind.value, "number": key.number}


def _beside(stack: Stack, named: Sequence[Line], *, since: datetime, until: datetime) -> Found:
    """What the runs that wrote these lines say besides, of no other document: failures, and that Lambda ended one."""
    runs = dict.fromkeys(str(line.fields[_RUN]) for line in reversed(named) if line.fields.get(_RUN))
    wanted = list(runs)[:_MAX_RUNS]
    if not wanted:
        return Found([], [])
    functions = [one for one in FUNCTIONS if any(line.function == one for line in named)]
    found = search(stack, functions, list(with_a_term(wanted)), since=since, until=until)
    known = {(line.at, line.text) for line in named}
    return Found(
        [
            line
            for line in found.lines
            if (line.at, line.text) not in known and any(run in line.text for run in wanted) and _is_of_a_run(line)
        ],
        found.searched,
    )


def _is_of_a_run(line: Line) -> bool:
    """Whether a line is about a run as a whole."""
    if not line.fields:
        return any(word in line.text for word in _FAILURE_MARKS)
    return "message" in line.fields and not {"number", "transaction_id"} & line.fields.keys()


def _together(first: Sequence[Searched], second: Sequence[Searched]) -> list[Searched]:
    more = {one.group: one for one in second}
    return [
        one
        if (other := more.get(one.group)) is None
        else Searched(one.group, one.pages + other.pages, one.complete and other.complete, one.exists)
        for one in first
    ]


def _as_text(one: Searched) -> str:
    if not one.exists:
        return f"{one.group}: there is no such log group"
    if not one.complete:
        return f"{one.group}: {MAX_PAGES} pages, and there are more: name a shorter time with --since and --until"
    return f"{one.group}: {counted(one.pages, 'page')}"


def _data(line: Line) -> dict[str, Any]:
    if not line.fields:
        return {"level": None, "message": line.text, "fields": {}}
    return {"level": line.fields.get("level"), "message": line.fields.get("message"), "fields": dict(_fields(line))}


def _readable(line: Line) -> str:
    if not line.fields:
        return f"{timestamp(line.at)}  {line.function}  {line.text}"
    said = "".join(f"  {name}={value}" for name, value in _fields(line) if name not in _NAMES)
    level = str(line.fields.get("level", ""))
    return f"{timestamp(line.at)}  {line.function}  {level}  {line.fields.get('message', '')}{said}"


def _fields(line: Line) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in line.fields.items() if name not in _OF_EVERY_LINE and value is not None)
