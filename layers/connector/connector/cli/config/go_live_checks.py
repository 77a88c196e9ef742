"""Whether a go-live looks like a slip of the pen, and what moving it does to documents that are on record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from connector.cli.config.summary import go_live_text
from connector.cli.output import table
from connector.domain.layout import counted
from connector.domain.revision.go_live import GoLive
from connector.domain.routing.resolve import Routing
from connector.services.release import AcrossGoLive

FAR_AHEAD = timedelta(days=31)
LONG_AGO = timedelta(days=400)
_NAMED = 5
"""Numbers that are named of each kind."""


def go_lives(routing: Routing) -> Mapping[str, GoLive]:
    """Every go-live of a routing by its path: of each company, and of a partner that has another one."""
    found = {f"companies.{name}.go_live": company.go_live for name, company in routing.companies.items()}
    for name, company in routing.companies.items():
        routes = [route for route in routing.routes_of(name) if route.send and route.go_live != company.go_live]
        found |= {f"partners.{route.partner}.go_live": route.go_live for route in routes}
    return {path: go_live for path, go_live in found.items() if go_live is not None}


def unusual(routing: Routing, *, now: datetime, known: Routing | None = None) -> Iterator[tuple[str, str]]:
    """Path and sentence for each go-live that is far from now.

    Args:
        routing: What is checked.
        now: The time it is.
        known: The routing in force; a go-live of its own that is long ago was looked at when it was applied.
    """
    former = go_lives(known) if known is not None else {}
    for path, go_live in go_lives(routing).items():
        days = abs((go_live.day - now.date()).days)
        if go_live.at - now > FAR_AHEAD:
            yield path, f"{go_live_text(go_live)} is {days} days ahead: nothing leaves until then. Is the year right?"
        elif now - go_live.at > LONG_AGO and former.get(path) != go_live:
            sentence = "for a new company, what Visma created since and still changes leaves by itself"
            yield path, f"{go_live_text(go_live)} is {days} days ago: {sentence}. Is the year right?"


def across_text(across: Sequence[AcrossGoLive]) -> str:
    """What another go-live does with documents on record, for a person: how many of each company and kind."""
    if not across:
        return "No document that is on record as from before go-live is from after the new one."
    groups: dict[tuple[str, str], list[AcrossGoLive]] = {}
    for one in sorted(across, key=lambda each: (each.key.company, each.key.kind.value, str(each.dated or ""))):
        groups.setdefault((one.key.company, one.key.kind.value), []).append(one)
    rows = [
        (company, kind, len(group), _dated(group[0]), _dated(group[-1]), _numbers(group))
        for (company, kind), group in groups.items()
    ]
    verb = "is" if len(across) == 1 else "are"
    said = f"{counted(len(across), 'document')} on record as from before go-live {verb} not from before the new one"
    return f"{said}:\n{table(('company', 'kind', 'documents', 'oldest', 'newest', 'numbers'), rows)}"


def _numbers(group: Sequence[AcrossGoLive]) -> str:
    return ", ".join([*(one.key.number for one in group[:_NAMED]), *(["..."] if len(group) > _NAMED else [])])


def _dated(one: AcrossGoLive) -> str | None:
    return one.dated.isoformat() if one.dated is not None else None
