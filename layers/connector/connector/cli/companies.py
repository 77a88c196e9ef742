"""Whose document it is, for commands that are given a file and no stack."""

from __future__ import annotations

from connector.cli.output import WrongInput
from connector.domain.documents import Kind
from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.routing.resolve import Routing


def named_company(routing: Routing, name: str | None) -> str | None:
    """The company that was named, else the only one of the file; None when there are several.

    Raises:
        WrongInput: the file has no company of this name.
    """
    names = list(routing.data["companies"])
    if name is not None and name not in names:
        raise WrongInput(f"The routing file has no company '{name}', only {', '.join(names)}.")
    return name or (names[0] if len(names) == 1 else None)


def mapping_company(routing: Routing, kind: Kind, number: str, *, document: str) -> str:
    """The one company that maps a supplier or customer.

    Args:
        routing: The routing file.
        kind: What the document is.
        number: Visma's number of its counterparty.
        document: The document, as a failure names it.

    Raises:
        WrongInput: several do.
        Parked: none does.
    """
    mapping = routing.companies_mapping(kind, number)
    if len(mapping) > 1:
        raise WrongInput(
            f"The companies {', '.join(mapping)} all map partner {number}; name its company with --company."
        )
    if not mapping:
        role = kind.facts.counterparty
        raise Parked(
            f"No company of the routing maps {role} {number or '(none)'}.",
            document=document,
            next_step=f'Add partners.<name>.visma.{role}: "{number}" with its company to the routing file.',
            code=Reason.UNMAPPED_PARTNER,
        )
    return mapping[0]
