"""`connector documents diff`: what a revision changed, and what would be sent otherwise now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import click
import msgspec

from connector.cli.documents.find import Record, record_named, revision_of
from connector.cli.documents.summary import asked
from connector.cli.output import Failed, WrongInput, json_option, show, table
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.documents import VismaDocument
from connector.domain.errors import Parked
from connector.domain.pause import pause_of
from connector.domain.revision.comparison import newer_purpose
from connector.domain.revision.record import KNOWN_TO_PARTNER, Revision, State
from connector.domain.routing.policy import hold_reason
from connector.domain.routing.route import Route
from connector.domain.transactions import Purpose


class Difference(NamedTuple):
    """A value that is another one, with where it stands; None where there is none."""

    where: str
    before: Any
    after: Any


@click.command("diff", short_help="Show what changed between two revisions, or since it was sent.")
@click.argument("key", metavar="KEY")
@click.option("--from", "first", type=click.IntRange(min=1), metavar="REVISION", help="Compare this revision ...")
@click.option(
    "--to", "second", type=click.IntRange(min=1), metavar="REVISION", help="... with this one; else the newest."
)
@stack_option
@json_option
def diff_document(*, key: str, first: int | None, second: int | None, stack: Stack, as_json: bool) -> int:
    """Show what is different. KEY as in `show`.

    With --from it is what a partner could see of the Visma document in two revisions. Without, it is the request that
    was sent last beside that of the document as it was read last, by the routing in force; what keeps that from being
    sent now is said.
    """
    if second is not None and first is None:
        raise WrongInput("--to takes --from.")
    record = record_named(stack, key)
    kept_back = None
    if first is None:
        titles, found, kept_back = since_sent(stack, record)
    else:
        titles, found = _between(stack, revision_of(record, first), revision_of(record, second))
    show(
        {
            "document": str(record.key),
            "before": titles[0],
            "after": titles[1],
            "differences": [one._asdict() for one in found],
            "kept_back": kept_back,
        },
        lambda: "\n".join(
            [
                f"{record.key}\n\n" + table(("where", *titles), found)
                if found
                else f"{record.key}: {titles[0]} and {titles[1]} say the same.",
                *([f"It would not be sent now: {kept_back}"] if kept_back else []),
            ]
        ),
        as_json=as_json,
    )
    return 0


def _between(stack: Stack, before: Revision, after: Revision) -> tuple[tuple[str, str], list[Difference]]:
    contents = [msgspec.to_builtins(_document(stack, one).content, builtin_types=(Decimal,)) for one in (before, after)]
    return (f"revision {before.sequence}", f"revision {after.sequence}"), differences(*contents)


def since_sent(stack: Stack, record: Record) -> tuple[tuple[str, str], list[Difference], str | None]:
    """The titles, the differences of the whole requests, and what keeps the newer one from being sent now.

    Raises:
        Failed: nothing was sent, or the Visma document is no longer kept or cannot be understood.
        Parked: it cannot be translated, or routing has no partner for it.
    """
    sent = revision_of(record, None, lambda one: one.state in KNOWN_TO_PARTNER and one.is_translated, "was sent")
    newest = next(one for one in record.revisions if not one.is_withdrawal or one is sent)
    document = _document(stack, newest)

    from connector.edi.translate import translate

    route = stack.routing.load().route(record.key.company, record.key.kind, document.counterparty)
    now = translate(document.content, route, stream=stack.stream, purpose=_purpose(sent, document))
    found = differences(stack.ledger.request_of(sent), now.request.body)
    kept_back = _not_due(newest, is_new=newest is not sent or not found) or _kept_back(stack, document, route)
    titles = (
        f"sent as revision {sent.sequence} ({sent.dialect})",
        f"{'written' if kept_back else 'would be sent'} now ({now.dialect})",
    )
    return titles, found, kept_back


def _purpose(sent: Revision, document: VismaDocument) -> Purpose:
    """As what it is written: as what was sent, so that this is no difference, unless that or this withdraws it."""
    newer = newer_purpose(document)
    if sent.purpose is None or Purpose.CANCELLATION in {newer, sent.purpose}:
        return newer
    return sent.purpose


def _not_due(newest: Revision, *, is_new: bool) -> str | None:
    """Why the newest revision does not leave by itself, by its record; None when it may.

    Args:
        newest: The newest revision of the document.
        is_new: It is not what was sent, or reads as it was sent.
    """
    if newest.state is State.AGREED:
        return f"{newest.partner or 'The partner'} asked for this content ({asked(newest)}) and knows it."
    if newest.state in _LEFT_ALONE:
        return newest.reason or f"Revision {newest.sequence} is {newest.state}."
    if is_new:
        return None
    return (
        "Nothing changed in Visma since it was sent. If the partner needs it: "
        f"connector documents resend {newest.key} --as replacement"
    )


_LEFT_ALONE = frozenset({State.SKIPPED, State.BASELINE, State.CLOSED})


def _kept_back(stack: Stack, document: VismaDocument, route: Route) -> str | None:
    """Why the document would not be sent now; None when nothing that can be told from here keeps it."""
    if (reason := hold_reason(document, route, partner_has_it=True)) is not None:
        return reason.sentence
    pauses = stack.breaker.pauses(now=stack.clock.now())
    pause = pause_of(pauses, document.key.company, document.key.kind, route.partner)
    return pause.sentence if pause else None


def _document(stack: Stack, revision: Revision) -> VismaDocument:
    """The Visma document of a revision.

    Raises:
        Failed: it is no longer kept, or cannot be understood.
    """
    from connector.services.outbound.facts import stored_document

    document = stored_document(revision.key, stack.ledger.source_of(revision)).document
    if isinstance(document, Parked):
        raise Failed(f"Revision {revision.sequence} of {revision.key}: {document.sentence}")
    return document


def differences(before: Any, after: Any) -> list[Difference]:
    """Where two JSON values differ, in the order of the second one, then of the first."""
    was, now = dict(_leaves(before, "")), dict(_leaves(after, ""))
    return [
        Difference(where, was.get(where), now.get(where))
        for where in dict.fromkeys([*now, *was])
        if was.get(where) != now.get(where)
    ]


def _leaves(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Every value that is no list or table, under its path."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _leaves(part, f"{where}.{name}" if where else str(name))
    elif isinstance(value, list | tuple):
        for name, part in _by_name(value).items():
            yield from _leaves(part, f"{where}[{name}]")
    elif isinstance(value, Decimal):
        yield where, format(value.normalize(), "f")
    elif value is not None:
        yield where, value if isinstance(value, str) else msgspec.json.encode(value).decode()


_NAMES = ("number", "purchaseOrderLineId", "lineNumber", "assignedIdentification")


def _by_name(values: Sequence[Any]) -> dict[Any, Any]:
    """The elements of a list by what names them: their number, where each has one of its own, else their place."""
    for name in _NAMES:
        found = {one[name]: one for one in values if isinstance(one, Mapping) and one.get(name) is not None}
        if len(found) == len(values) and values:
            return {f"{name} {key}": one for key, one in found.items()}
    return dict(enumerate(values, start=1))
