"""`connector explain`: where each value that a partner gets comes from, and the rule that shaped it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.documents.diff import differences
from connector.cli.documents.find import record_named, revision_of
from connector.cli.files import read_documents
from connector.cli.output import (
    PARKED,
    Failed,
    WrongInput,
    fail,
    json_option,
    plain,
    say,
    show,
    table,
    timestamp,
)
from connector.cli.stack.stack import Stack, stack_option
from connector.cli.translate import (
    Job,
    about,
    company_option,
    dialect_option,
    kind_option,
    tell_notes,
    with_each,
)
from connector.domain.documents import VismaDocument
from connector.domain.errors import ConnectorError, Parked
from connector.domain.layout import counted
from connector.domain.revision.record import Revision, State
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import DialectChoice, Route
from connector.domain.transactions import Purpose, Stream, Translation
from connector.edi.visma.read import decode

if TYPE_CHECKING:
    from connector.adapters.aws.routing_store import Applied
    from connector.edi.explain.explanation import Row
    from connector.edi.explain.sources import Source

_SEARCHED = 50
_TRIED = 3
"""Versions of the routing that are looked through for the one by which a document was sent, and that are tried."""

_MAX_NAMED = 3
"""Of so many lines alike each is named; of more, what they have in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A document to explain: what it is written from, and as what."""

    document: VismaDocument
    data: Mapping[str, Any]
    routing: Routing
    route: Route
    stream: Stream
    purpose: Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class _Explained:
    """What is told of a document: as data, and for people."""

    document: VismaDocument
    data: Mapping[str, Any]
    head: str
    rows: Sequence[Row]


@click.command(short_help="Show where each value comes from that a partner gets.")
@click.argument("target", metavar="FILE|KEY")
@click.option(
    "--config", "config_file", metavar="FILE", help="The routing file; then FILE is a document of Visma's API."
)
@click.option("--only", "only", metavar="TEXT", multiple=True, help="Only these: PO1, PO1-03, 'line 2', uom, units.")
@click.option("--revision", "sequence", type=click.IntRange(min=1), help="Which one of the document; else the newest.")
@company_option
@kind_option
@dialect_option
@click.option("--stream", type=click.Choice([stream.value for stream in Stream]), help="With --config; else test.")
@stack_option
@json_option
def explain(
    *,
    target: str,
    config_file: str | None,
    only: Sequence[str],
    sequence: int | None,
    company: str | None,
    kind: str | None,
    dialect: str | None,
    stream: str | None,
    stack: Stack,
    as_json: bool,
) -> int:
    """Show each element or field that is written of a document, and why it says what it says.

    Beside its value stand the Visma field or the setting that it comes from, with the layer, and the rule that shaped
    it. With --config it is the Visma document (or list of documents) in FILE, - for standard input, without any
    network, as for `translate`. Without, it is a document of the stack, by its key or number, as it was read last or in
    --revision: by the version of the routing by which it was sent, else by the one in force.

    --only takes an element (PO1, PO1-03), a part of a path (unitOfMeasure), a part of the document ('line 2', 'party
    ST'), a Visma field (uom) or a setting (units); several are any of them.
    """
    chosen = DialectChoice(dialect) if dialect else None
    if config_file is None:
        if stream or company or kind:
            raise WrongInput("--stream, --company and --kind take --config; a document of a stack has its own.")
        if target == "-" or Path(target).is_file():
            raise WrongInput(f"{target} is a file: name the routing file for it with --config.")
        try:
            one = _explained(_of_stack(stack, target, sequence, chosen), only)
        except Parked as problem:
            fail(str(problem), PARKED, as_json=as_json)
            return PARKED
        _show([one], is_one=True, as_json=as_json)
        return 0
    if sequence is not None:
        raise WrongInput("--revision is for a document of a stack; it takes no --config.")
    job = Job.of_files(config_file, target, company=company, kind=kind, dialect=dialect, stream=stream)
    documents, is_list = read_documents(target)
    found: list[_Explained] = []

    def work(_: int, raw: bytes) -> None:
        document = job.read(raw)
        wanted = _Wanted(
            document=document,
            data=decode(raw),
            routing=job.routing,
            route=job.route(document),
            stream=job.stream,
            purpose=Purpose.ORIGINAL,
        )
        found.append(_explained(wanted, only))

    code = with_each(target, documents, work, as_json=as_json)
    if found:
        _show(found, is_one=not is_list, as_json=as_json)
    return code


def _of_stack(stack: Stack, key: str, sequence: int | None, dialect: DialectChoice | None) -> _Wanted:
    """A revision of a document by the routing in force, or by the one by which it was sent; says which."""
    from connector.services.outbound.facts import stored_document
    from connector.services.outbound.reading import with_type

    revision = revision_of(record_named(stack, key), sequence)
    raw = stack.ledger.source_of(revision)
    document = stored_document(revision.key, raw).document
    if isinstance(document, Parked):
        raise Failed(f"Revision {revision.sequence} of {revision.key}: {document.sentence}")
    data = with_type(decode(raw), revision.key)

    def by(routing: Routing) -> _Wanted:
        route = routing.route(document.key.company, document.key.kind, document.counterparty)
        return _Wanted(
            document=document,
            data=data,
            routing=routing,
            route=replace(route, dialect=dialect) if dialect else route,
            stream=stack.stream,
            purpose=revision.purpose or Purpose.ORIGINAL,
        )

    title = f"Revision {revision.sequence} of {revision.key} ({revision.state})"
    in_force = stack.routing.load()
    if not revision.is_translated or dialect is not None:
        say(f"{title}, by the routing in force:")
        return by(in_force)
    sent = stack.ledger.request_of(revision)
    if (changed := _changes(sent, by, in_force)) == 0:
        say(f"{title}, by the routing in force, as it was sent:")
        return by(in_force)
    for entry in _when_translated(stack, revision):
        data_then = stack.routing.version(entry.version)
        if (
            data_then is not None
            and _changes(sent, by, then := Routing.from_data(data_then, version=entry.version)) == 0
        ):
            say(
                f"{title}, by version {entry.version} of the routing ({timestamp(entry.at)}), by which it was sent. "
                f"Another version is in force: connector documents diff {revision.key} shows what it changes."
            )
            return by(then)
    many = f", in {counted(changed, 'value')}" if changed else ""
    say(
        f"{title}, by the routing in force. It was sent otherwise{many}: routing or the release is another one. "
        f"connector documents diff {revision.key} shows it."
    )
    return by(in_force)


def _changes(sent: Mapping[str, Any], by: Callable[[Routing], _Wanted], routing: Routing) -> int | None:
    """How many values of the request that was sent a routing would write otherwise; None where it would write none."""
    try:
        return len(differences(sent, _translation(by(routing)).request.body))
    except ConnectorError:
        return None


def _when_translated(stack: Stack, revision: Revision) -> Iterator[Applied]:
    """The version in force when a revision was written, and the ones before it: functions may still have had these."""
    written = [event.at for event in revision.history if event.state is State.TRANSLATED]
    if written:
        before = (one for one in stack.routing.history(limit=_SEARCHED) if one.at <= written[-1])
        yield from islice(before, _TRIED)


def _translation(wanted: _Wanted) -> Translation:
    from connector.edi.translate import translate

    with about(wanted.document):
        return translate(wanted.document.content, wanted.route, stream=wanted.stream, purpose=wanted.purpose)


def _explained(wanted: _Wanted, only: Sequence[str]) -> _Explained:
    from connector.edi.explain.explanation import explain as rows_of
    from connector.edi.explain.explanation import why_dialect

    sent = _translation(wanted)
    document, route = wanted.document, wanted.route
    rows = rows_of(
        wanted.data, wanted.routing, route, dialect=sent.dialect, stream=wanted.stream, purpose=wanted.purpose
    )
    shown = [row for row in rows if not only or any(_is_meant(row, text.casefold()) for text in only)]
    if not shown:
        raise WrongInput(f"Nothing in {document.key} is called {' or '.join(only)}, nor comes from it.")
    why = why_dialect(document.content, route, sent.dialect, wanted.purpose)
    number = route.transaction_type.number
    title = f"{document.key} for {route.partner} as {sent.dialect.label} {number} ({wanted.stream})"
    return _Explained(
        document=document,
        data={
            "document": str(document.key),
            "partner": route.partner,
            "transaction": route.transaction_type,
            "dialect": sent.dialect,
            "why_dialect": why,
            "stream": wanted.stream,
            "values": [_as_data(row) for row in shown],
            "notes": sent.notes,
        },
        head=f"{title}\n{why}",
        rows=shown,
    )


def _show(found: Sequence[_Explained], *, is_one: bool, as_json: bool) -> None:
    """Print what was found, and the notes of each translation beside it."""
    show(
        found[0].data if is_one else [one.data for one in found],
        lambda: "\n\n".join("\n\n".join([one.head, *_tables(one.rows)]) for one in found),
        as_json=as_json,
    )
    for one in () if as_json else found:
        tell_notes(one.document, one.data["notes"])


def _is_meant(row: Row, text: str) -> bool:
    """Whether a row is one that a person asks for."""
    sources = [name for one in (*row.sources, *row.decided_by) for name in (one.name, one.field)]
    named = [row.explained.name, *sources]
    return text == row.explained.section.casefold() or any(text in name.casefold() for name in named)


def _as_data(row: Row) -> dict[str, Any]:
    meaning = row.explained.meaning
    return {
        "element": row.explained.name,
        "section": row.explained.section or None,
        "what": meaning and meaning.what,
        "value": row.value,
        "from": [_source_data(one) for one in row.sources],
        "decided_by": [_source_data(one) for one in row.decided_by],
        "rule": meaning and meaning.rule,
    }


def _source_data(source: Source) -> dict[str, Any]:
    return {"origin": source.origin, "name": source.name, "value": plain(source.value), "layer": source.layer}


def _tables(rows: Sequence[Row]) -> Iterator[str]:
    """A table for each part of the document."""
    sections: dict[str, list[Row]] = {}
    for row in rows:
        sections.setdefault(row.explained.section, []).append(row)
    for section, of_section in sections.items():
        title = f"{section[0].upper()}{section[1:]}" if section else "Document"
        yield f"{title}\n\n" + table(("element", "what", "value", "from", "rule"), map(_cells, of_section))


def _cells(row: Row) -> tuple[str, str | None, str, str, str | None]:
    meaning = row.explained.meaning
    rule = meaning and meaning.rule
    if row.decided_by:
        rule = f"{rule or ''} Decided by {_sources(row.decided_by, row.value)}.".strip()
    return row.explained.name, meaning and meaning.what, row.value, _sources(row.sources, row.value), rule


def _sources(sources: Sequence[Source], value: str) -> str:
    """Each source with its value, where that is not what is written, and its layer; many lines alike as one."""
    families: dict[str, list[Source]] = {}
    for one in sources:
        families.setdefault(one.family, []).append(one)
    named = []
    for family, members in families.items():
        if len(members) > _MAX_NAMED:
            named.append(family)
        else:
            named += [_source(one, value) for one in members]
    return "; ".join(named)


def _source(source: Source, value: str) -> str:
    given = plain(source.value)
    said = ", ".join(map(str, given)) if isinstance(given, list) else str(given).strip()
    return " ".join(
        [
            source.name,
            *([said] if said != value else []),
            *([f"({source.layer})"] if source.layer else []),
        ]
    )
