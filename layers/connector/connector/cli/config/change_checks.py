"""What a routing file leaves open about changes (860) and answers, and has to be agreed with the partners."""

from __future__ import annotations

from collections.abc import Iterator

from connector.cli.config.summary import listed
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import Route
from connector.domain.transactions import Stream

ASK = "Ask the partner what its POC03 is, then set it to new_total, delta or old_total_with_new_in_poc04."
"""The next step where `changes.quantities` is not set."""


def is_reading_open(route: Route) -> bool:
    """Whether quantities of the partner's changes are written without a person, and it is not said what they mean.

    Unset, POC03 is the new quantity where nothing contradicts that. A difference that could be one (+12 on a line of
    10) is written as 12 then, if it is inside the limit.
    """
    return route.kind.facts.takes_changes and route.changes.quantities is None and route.changes.quantity > 0


def open_readings(routing: Routing) -> tuple[str, str] | None:
    """Path and sentence of the reminder to set `changes.quantities`; None when no partner needs it."""
    routes = (route for company in routing.companies for route in routing.routes_of(company))
    names = list(dict.fromkeys(route.partner for route in routes if is_reading_open(route)))
    if not names:
        return None
    return f"partners.{names[0]}.changes.quantities", (
        f"is not set for {listed(names)}, whose quantities may be changed without a person (changes.quantity): what a "
        f"message leaves open is read as the new quantity, and a partner that sends differences gets another one. {ASK}"
    )


def former_addresses(applied: Routing | None, wanted: Routing, stream: Stream) -> Iterator[tuple[str, str]]:
    """Path and sentence for each company that gets another ISA id: what partners send to the former one is not ours."""
    for name, company in (applied.companies if applied is not None else {}).items():
        former = company.isa_id.on(stream)
        if name not in wanted.companies or former in {one.isa_id.on(stream) for one in wanted.companies.values()}:
            continue
        yield (
            f"companies.{name}.orderful.isa_id.{stream}",
            (
                f"it was {former}: changes and answers that partners send to it are not taken any more, and a document "
                f"that they have from {former} leaves from {wanted.companies[name].isa_id.on(stream)} when it changes. "
                f"Tell the partners, and look at Orderful for what still comes to {former}."
            ),
        )
