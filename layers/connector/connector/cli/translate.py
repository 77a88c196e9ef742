"""`connector translate`: what would be sent for a Visma document. Offline; stdout holds the result and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import click

from connector.cli.companies import mapping_company, named_company
from connector.cli.files import read_documents, read_sound_routing
from connector.cli.output import PARKED, WRONG_INPUT, WrongInput, fail, json_option, say, show
from connector.domain.documents import Kind, VismaDocument
from connector.domain.errors import Misconfigured, Parked, UnmappedPartner
from connector.domain.routing.policy import hold_reason, refuse_unknown_type, unrouted_reason
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import DialectChoice, Route
from connector.domain.transactions import Purpose, Stream
from connector.edi.translate import translate as request_for
from connector.edi.visma.read import NotADocument, decode, read_document
from connector.edi.x12.text import interchange


class HeldBack(Exception):
    """The document is well but does not leave; the message says why."""


company_option = click.option("--company", metavar="NAME", help="Needed when several companies know the partner.")
kind_option = click.option(
    "--kind", type=click.Choice([kind.value for kind in Kind]), help="Recognised by its fields if left out."
)
dialect_option = click.option(
    "--dialect", type=click.Choice([choice.value for choice in DialectChoice]), help="Instead of what routing says."
)


@click.command(short_help="Show what would be sent, offline.")
@click.argument("file", metavar="FILE")
@click.option("--config", "config_file", required=True, metavar="FILE", help="The routing file.")
@company_option
@kind_option
@dialect_option
@click.option("--as", "form", type=click.Choice(["request", "x12"]), default="request", show_default=True)
@click.option("--stream", type=click.Choice([stream.value for stream in Stream]), default="test", show_default=True)
@json_option
def translate(
    *,
    file: str,
    config_file: str,
    company: str | None,
    kind: str | None,
    dialect: str | None,
    form: str,
    stream: str,
    as_json: bool,
) -> int:
    """Translate the Visma document (or list of documents) in FILE, - for standard input, without any network.

    Prints the request that Orderful would get, one a line for a list, or its X12 text. stderr has a line for each note:
    what was decided on the way, and what was left out. With --json the notes stand beside the request or the X12 text,
    for a list in one array. Exit code 3: at least one document is parked, and stderr says why.
    """
    job = Job.of_files(config_file, file, company=company, kind=kind, dialect=dialect, stream=stream)
    documents, is_list = read_documents(file)
    found: list[dict[str, Any]] = []

    def work(number: int, raw: bytes) -> None:
        document = job.read(raw)
        route = job.route(document)
        result: str | dict[str, Any]
        if form == "request":
            result, notes = job.request(document, route)
        else:
            result, notes = job.interchange(document, route, control_number=number)
        found.append({"document": str(document.key), form: result, "notes": notes})
        if not as_json:
            click.echo(_printed(result, indent=2 if len(documents) == 1 else None), nl=False)
            tell_notes(document, notes)

    code = with_each(file, documents, work, as_json=as_json)
    if as_json and (found or is_list):
        show(found if is_list else found[0], str, as_json=True)
    return code


def with_each(file: str, documents: Sequence[bytes], work: Callable[[int, bytes], None], *, as_json: bool) -> int:
    """Do something with each document of a file and its number; one that is parked or cannot be used stops no other.

    Returns:
        The exit code.
    """
    code = 0
    for number, raw in enumerate(documents, start=1):
        place = f"{file}, document {number}" if len(documents) > 1 else file
        try:
            work(number, raw)
        except (NotADocument, WrongInput, Misconfigured) as problem:
            fail(f"{place}: {problem}", WRONG_INPUT, as_json=as_json)
            code = WRONG_INPUT
        except (Parked, HeldBack) as problem:
            fail(str(problem), PARKED, as_json=as_json)
            code = code or PARKED
    return code


def _printed(result: str | dict[str, Any], *, indent: int | None) -> str:
    """X12 text as it is, a request as JSON."""
    return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, indent=indent) + "\n"


def tell_notes(document: VismaDocument, notes: Iterable[str]) -> None:
    """Print the notes of a translation on stderr, one a line: stdout holds what Orderful gets and nothing else."""
    for note in notes:
        say(f"note: {document.key}: {note}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What the command was asked, and the steps from a document's bytes to its result."""

    routing: Routing
    company: str | None
    kind: Kind | None
    dialect: DialectChoice | None
    stream: Stream

    @classmethod
    def of_files(
        cls,
        config_file: str,
        file: str,
        *,
        company: str | None,
        kind: str | None,
        dialect: str | None,
        stream: str | None,
    ) -> Job:
        """What was asked of a file of documents, by a routing file.

        Raises:
            WrongInput: both come from standard input, or the routing file cannot be used.
        """
        if config_file == file == "-":
            raise WrongInput("Only one of the two files can come from standard input.")
        return cls(
            routing=Routing.from_data(read_sound_routing(config_file)),
            company=company,
            kind=Kind(kind) if kind else None,
            dialect=DialectChoice(dialect) if dialect else None,
            stream=Stream(stream or Stream.TEST),
        )

    def read(self, raw: bytes) -> VismaDocument:
        """Understand a document and find its company: the named one, the only one, or the one that maps the partner.

        Raises:
            NotADocument, WrongInput: it cannot be used.
            Parked: it lacks something.
        """
        data = decode(raw)
        company = named_company(self.routing, self.company)
        if company is not None:
            return read_document(data, company=company, kind=self.kind)
        try:
            document = read_document(data, company="", kind=self.kind)
        except Parked as problem:
            problem.document = problem.document and problem.document.lstrip("/")
            raise
        key = document.key
        company = mapping_company(
            self.routing, key.kind, document.counterparty, document=f"{key.kind.value}/{key.number}"
        )
        return replace(document, key=replace(key, company=company))

    def route(self, document: VismaDocument) -> Route:
        """The route of a document that is to leave; `HeldBack` or `Parked` when it is not."""
        with about(document):
            refuse_unknown_type(document)
            try:
                route = self.routing.route(document.key.company, document.key.kind, document.counterparty)
            except UnmappedPartner:
                if (reason := unrouted_reason(document)) is not None:
                    raise HeldBack(f"{document.key}: {reason.sentence}") from None
                raise
        reason = hold_reason(document, route)
        if reason is not None:
            raise HeldBack(f"{document.key}: {reason.sentence}")
        return replace(route, dialect=self.dialect) if self.dialect else route

    def request(self, document: VismaDocument, route: Route) -> tuple[dict[str, Any], Sequence[str]]:
        """The request that Orderful would get, but for the key; and the notes of the translation."""
        with about(document):
            translation = request_for(document.content, route, stream=self.stream, purpose=Purpose.ORIGINAL)
        request = translation.request
        fields = {"method": request.method, "path": request.path, "headers": request.headers, "body": request.body}
        return fields, translation.notes

    def interchange(self, document: VismaDocument, route: Route, *, control_number: int) -> tuple[str, Sequence[str]]:
        """The X12 text that a partner would get, and the notes of the translation."""
        with about(document):
            return interchange(
                document.content,
                route,
                stream=self.stream,
                purpose=Purpose.ORIGINAL,
                control_number=control_number,
                when=datetime.now(UTC),
            )


@contextmanager
def about(document: VismaDocument) -> Iterator[None]:
    """Name the document in whatever is raised about it."""
    try:
        yield
    except Parked as problem:
        problem.document = problem.document or str(document.key)
        raise
