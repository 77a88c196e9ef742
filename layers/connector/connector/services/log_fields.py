"""By what a log line names a revision, the same in every function."""

from __future__ import annotations

from connector.domain.revision.record import Revision
from connector.services.ports import Fields


def named(revision: Revision) -> Fields:
    """The document and the sequence of its revision."""
    return {
        "company": revision.key.company,
        "kind": revision.key.kind.value,
        "number": revision.key.number,
        "sequence": revision.sequence,
    }
