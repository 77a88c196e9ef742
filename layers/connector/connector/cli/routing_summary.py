"""What a routing file switches on, company by company, in words that leave no doubt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector.cli.output import counted
from connector.domain.documents import Kind
from connector.domain.revision.go_live import GoLive
from connector.domain.routing.resolve import Routing

_NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSummary:
    """Who gets one kind of document of a company.

    Attributes:
        transaction: `850` or `810`.
        partners: Names of those who get it.
        off_for: Names of those for whom routing switches it off.
        never_for: Names of those for whom no status is left in which it is sent.
    """

    kind: Kind
    transaction: str
    partners: tuple[str, ...]
    off_for: tuple[str, ...]
    never_for: tuple[str, ...]

    def __str__(self) -> str:
        """As a part of the company's sentence."""
        name = f"{self.kind.label}s"
        without = [f"off for {_listed(self.off_for)}"] if self.off_for else []
        if self.partners:
            if self.never_for:
                without.append(f"never for {_listed(self.never_for)}: send_when is empty")
            number = len(self.partners)
            everyone = counted(number + len(self.off_for) + len(self.never_for), "partner")
            sent = f"{name} as {self.transaction} to"
            return f"{sent} {number} of {everyone} ({'; '.join(without)})" if without else f"{sent} {everyone}"
        if self.never_for:
            return f"{name} never ({'; '.join(['send_when is empty', *without])})"
        return f"{name} are off" if self.off_for else f"{name} have no partner"


@dataclass(frozen=True, slots=True)
class CompanySummary:
    """What is on for one company.

    Attributes:
        go_live: As a date or a time in UTC; None when the first poll is go-live.
        own_go_live: Names of the partners that have another one.
    """

    company: str
    kinds: tuple[KindSummary, ...]
    go_live: str | None
    own_go_live: tuple[str, ...]

    def __str__(self) -> str:
        """One line."""
        go_live = f"go-live {self.go_live}" if self.go_live else "no go-live"
        own = f" (another one for {_listed(self.own_go_live)})" if self.own_go_live else ""
        return f"{self.company}: {'; '.join(map(str, self.kinds))}; {go_live}{own}"


def summaries(routing: Routing) -> Iterator[CompanySummary]:
    """What is on, for every company of a sound routing file."""
    for name, company in routing.companies.items():
        routes = list(routing.routes_of(name))
        kinds = []
        for kind in (kind for kind in Kind if kind.facts.is_listed):
            of_kind = [route for route in routes if route.kind is kind]
            kinds.append(
                KindSummary(
                    kind=kind,
                    transaction=kind.facts.transaction_type.number,
                    partners=tuple(route.partner for route in of_kind if route.send and route.send_when),
                    off_for=tuple(route.partner for route in of_kind if not route.send),
                    never_for=tuple(route.partner for route in of_kind if route.send and not route.send_when),
                )
            )
        own = [route.partner for route in routes if route.send and route.go_live != company.go_live]
        yield CompanySummary(name, tuple(kinds), go_live_text(company.go_live), tuple(dict.fromkeys(own)))


def go_live_text(go_live: GoLive | None) -> str | None:
    """A date as the file has it, a time in UTC (`2026-12-01T05:00Z`); None without any."""
    if go_live is None:
        return None
    return go_live.day.isoformat() if go_live.whole_day else f"{go_live.at:%Y-%m-%dT%H:%MZ}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    return shown if len(names) <= _NAMES_SHOWN else f"{shown} and {len(names) - _NAMES_SHOWN} more"
