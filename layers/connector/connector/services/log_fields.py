"""The fields by which log lines name a revision or a document."""

from __future__ import annotations

from connector.domain.documents import DocumentKey
from connector.domain.revision.record import Revision
from connector.services.ports import Fields

HINT_GROUP = "hint#"
"""The prefix of a callback's message group; the transaction id follows. It cannot be a document's group."""


def named(revision: Revision) -> Fields:
    """The document and the sequence of its revision."""
    return {
        "company": revision.key.company,
        "kind": revision.key.kind.value,
        "number": revision.key.number,
        "sequence": revision.sequence,
    }


def named_group(group: str) -> Fields:
    """The document, or the transaction of a callback, in a message group; empty when the group is a hash.

    A failed message may be unreadable; its group still names its document.
    """
    if group.startswith(HINT_GROUP):
        return {"transaction_id": group.removeprefix(HINT_GROUP)}
    try:
        key = DocumentKey.parse(group)
    except ValueError:
        return {}
    return {"company": key.company, "kind": key.kind.value, "number": key.number}
