"""Next steps for a person who has to correct a document, in one place for all errors.

Visma: an order can be edited while it is open. A released invoice cannot; it is corrected by a credit note and a new
invoice (Visma's help, "About correction of a released invoice").
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from types import TracebackType

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Parked

_ABOUT_RELATIONSHIP = re.compile(r"\brelationship\b|\b(sender|receiver) doesn't exist", re.IGNORECASE)
"""Orderful: the words of its refusals where it knows no relationship, or one of the two ISA ids."""

BY_HAND = "Send it by hand and run `connector documents close KEY`."
"""The next step that works for every document."""


ABOUT_THE_API = (
    "Nothing that is entered in Visma mends this: the answer of Visma's API has another shape than Visma documents. "
    "Tell whoever maintains this connector, and Visma's support for the API, the document and the field. It is read "
    f"again when it changes. Until then: {BY_HAND}"
)
"""The next step for an answer of Visma's API that has another shape than documented."""


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
    """The next step to correct `source`: a field of the Visma document, or a key of the routing file.

    Visma: a number comes from a number series (help.visma.net, "About multiple numbering series"). That it stays once
    the document is saved is an assumption (docs/guarantees.md).
    """
    if is_routing_key(source):
        return f"{verb} {source} in the routing file and apply it."
    if source == kind.facts.names.number:
        return correction(
            kind,
            "Visma keeps the number of an order: cancel it there and make it anew under another number; numbers come "
            f"from the window Number series (CS201010). Or: {BY_HAND}",
        )
    return correction(kind, f"{verb} {in_words(source) if source else 'it'} in Visma.")


def in_words(field: str) -> str:
    """A field of Visma's API as a user of Visma's windows names it: `the unit on line 3 from the top`."""
    *_, last = field.split(".")
    place = _PLACE.search(field)
    line = f"line {int(place[1]) + 1} from the top" if place else ""
    if last.endswith("]"):
        return line
    words = _WORDS.get(last) or " ".join(_PARTS.get(part, part.lower()) for part in _PART.findall(last))
    return f"the {words} on {line}" if line else f"the {words}"


_PLACE = re.compile(r"\[(\d+)\]")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_PARTS = {"Nbr": "number", "Id": "ID", "Qty": "quantity"}
_WORDS = {
    "uom": "unit",
    "inventory": "item",
    "orderQty": "quantity",
    "alternateId": "alternate ID",
    "currencyId": "currency",
    "soOrderNbr": "sales order number",
    "soShipmentNbr": "shipment number",
    "poNumber": "purchase order number",
}
"""Fields that have another name in Visma's windows than the words they are made of."""


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


class _Advised:
    """Adds the next step to an error; a class, because every document passes here three times."""

    __slots__ = ("_kind",)

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        if isinstance(error, Parked):
            error.next_step = error.next_step or correction(self._kind)


def advised(kind: Kind) -> AbstractContextManager[None]:
    """Add the next step to an error without one, raised where the kind is not known."""
    return _Advised(kind)
