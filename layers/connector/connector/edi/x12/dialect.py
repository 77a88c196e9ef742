"""X12 as Orderful's v3 takes it: the parties and the type as objects. What X12 cannot hold is told while writing."""

from __future__ import annotations

from typing import Any

from connector.domain.transactions import Dialect, Stream
from connector.edi.canonical import CanonicalDocument
from connector.edi.dialect import WrittenDialect
from connector.edi.x12.check import Suspect, isa_ids, release_of
from connector.edi.x12.orderful_json import Objects, transaction_set
from connector.edi.x12.write.transaction import transaction, write


def body(document: CanonicalDocument, stream: Stream) -> dict[str, Any]:
    """The body of the create request.

    Raises:
        Parked: X12 cannot hold the document.
    """
    sender, receiver = isa_ids(document.route, stream)
    return {
        "type": {"name": document.route.transaction_type.value},
        "stream": stream.value.upper(),
        "sender": {"isaId": sender},
        "receiver": {"isaId": receiver},
        "message": {"transactionSets": [_transaction_set(document)]},
    }


def _transaction_set(document: CanonicalDocument) -> dict[str, Any]:
    """The transaction set, printed while it is written.

    With segments left out, or where something looks wrong, it goes by way of the tree, which knows where everything
    comes from.

    Raises:
        Parked: X12 cannot hold the document.
    """
    options, notes_before = document.route.x12, len(document.notes)
    if not options.leave_out:
        objects = Objects(release_of(options.version, options.charset), document.route.transaction_type.number)
        try:
            write(document, objects)
        except Suspect:
            del document.notes[notes_before:]
        else:
            return objects.printed
    return transaction_set(transaction(document))


X12 = WrittenDialect(name=Dialect.X12, body=body)
