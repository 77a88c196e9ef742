"""By what a log line names a revision or a document, the same in every function."""

from __future__ import annotations

from connector.domain.documents import DocumentKey
from connector.domain.revision.record import Revision
from connector.services.ports import Fields

HINT_GROUP = "hint#"
"""What the message group of a callback begins with; the transaction follows. No company has this name and a kind."""


def named(revision: Revision) -> Fields:
    """The document and the sequence of its revision."""
    return {
        "company": revision.key.company,
        "kind": revision.key.kind.value,
        "number": revision.key.number,
        "sequence": revision.sequence,
    }


def named_group(group: str) -> Fields:
    """The document, or the transaction of a callback, that a message group is of; nothing where it is a hash.

    A message that cannot be handled may be unreadable; its group still says what it is about.
    """
    if group.startswith(HINT_GROUP):
        return {"transaction_id": group.removeprefix(HINT_GROUP)}
    try:
        key = DocumentKey.parse(group)
    except ValueError:
        return {}
    return {"company": key.company, "kind": key.kind.value, "number": key.number}
