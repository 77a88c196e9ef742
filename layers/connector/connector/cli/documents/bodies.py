"""`connector documents source` and `request`: the bodies that are kept with a revision."""

from __future__ import annotations

import click
import msgspec

from connector.cli.documents.find import record_named, revision_of
from connector.cli.output import json_option, say, show, tell
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.transactions import OrderfulRequest

_revision_option = click.option(
    "--revision", "sequence", type=click.IntRange(min=1), help="Which one; else the newest."
)


@click.command("source", short_help="Print the Visma document as it was read.")
@click.argument("key", metavar="KEY")
@_revision_option
@stack_option
@json_option
def print_source(*, key: str, sequence: int | None, stack: Stack, as_json: bool) -> int:
    """Print the Visma document of a revision, as it was read. KEY as in `show`.

    Its figures are those that Visma wrote; only spaces and line ends between them are new. `connector translate` takes
    it.
    """
    revision = revision_of(record_named(stack, key), sequence)
    raw = stack.ledger.source_of(revision)
    if not as_json:
        say(f"Revision {revision.sequence} of {revision.key} ({revision.state}), as read from Visma:")
    _print(raw)
    return 0


@click.command("request", short_help="Print the request that was sent to Orderful.")
@click.argument("key", metavar="KEY")
@_revision_option
@stack_option
@json_option
def print_request(*, key: str, sequence: int | None, stack: Stack, as_json: bool) -> int:
    """Print the request to Orderful that was made of a revision, but for the key. KEY as in `show`.

    Without --revision it is the newest that was translated.
    """
    revision = revision_of(record_named(stack, key), sequence, lambda one: one.dialect is not None, "was translated")
    body = stack.ledger.request_of(revision)
    request = OrderfulRequest.create(revision.dialect, body) if revision.dialect else None
    data = msgspec.to_builtins(request) if request else {"body": body}
    say(
        f"Revision {revision.sequence} of {revision.key} ({revision.state}), Orderful {revision.transaction_id or '-'}:"
    )
    show(
        data, lambda: msgspec.json.format(msgspec.json.encode(data), indent=2).decode(), as_json=as_json, as_it_is=True
    )
    return 0


def _print(raw: bytes) -> None:
    """JSON with line ends, its figures untouched; anything else as it is."""
    try:
        tell(msgspec.json.format(raw, indent=2).decode(), as_it_is=True)
    except (msgspec.DecodeError, UnicodeDecodeError):
        tell(raw.decode(errors="backslashreplace"), as_it_is=True)
