"""Next steps for a person who has to correct a document, in one place for all errors.

Visma: an order can be edited while it is open. A released invoice cannot; it is corrected by a credit note and a new
invoice (Visma's help, "About correction of a released invoice").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Parked

_ABOUT_RELATIONSHIP = re.compile(r"\brelationship\b|\b(sender|receiver) doesn't exist", re.IGNORECASE)
"""Orderful: the words of its refusals where it knows no relationship, or one of the two ISA ids."""

BY_HAND = "Send it by hand and run `connector documents close KEY`."
"""The next step that works for every document."""


def correction(kind: Kind, of_order: str = "Correct it in Visma.", *, key: str = "KEY") -> str:
    """The next step to correct a document in Visma.

    Args:
        kind: The kind of the document.
        of_order: The sentence for a document that can be edited.
        key: The key of the document for the command; `KEY` when it is not known.
    """
    if not kind.facts.is_final:
        return of_order
    return (
        "A released invoice cannot be changed in Visma: credit it there and make it anew. Or send it by hand and run "
        f"`connector documents close {key}`."
    )


def correction_at(source: str, kind: Kind, verb: str = "Correct") -> str:
    """The next step to correct `source`: a field of the Visma document, or a key of the routing file."""
    if is_routing_key(source):
        return f"{verb} {source} in the routing file and apply it."
    return correction(kind, f"{verb} {source or 'it'} in Visma.")


def is_routing_key(source: str) -> bool:
    """Whether `source` is a key of the routing file; otherwise it is a field of the Visma document."""
    return source.startswith(("companies.", "partners.", "defaults."))


def after_rejection(key: DocumentKey) -> str:
    """The next step for a document that Orderful or the partner refused."""
    return (
        f"{correction(key.kind, 'Correct it in Visma and it is sent by itself.', key=str(key))} If the cause lies "
        f"elsewhere, remove it and run `connector documents replay {key}`."
    )


def after_refusal(key: DocumentKey, said: str) -> str:
    """What a person does about a request that Orderful refused with these words."""
    if _ABOUT_RELATIONSHIP.search(said) is None:
        return after_rejection(key)
    return (
        "Set up what is missing at Orderful (`connector doctor` names it), then run "
        f"`connector documents replay {key}`."
    )


@contextmanager
def advised(kind: Kind) -> Iterator[None]:
    """Add the next step to an error without one, raised where the kind is not known."""
    try:
        yield
    except Parked as parked:
        parked.next_step = parked.next_step or correction(kind)
        raise
