"""What a routing file switches on, company by company, in words that leave no doubt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from connector.domain.documents import LISTED_KINDS, Kind
from connector.domain.layout import counted
from connector.domain.revision.go_live import GoLive
from connector.domain.routing.policy import is_ever_sent, order_types_kept
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
        no_type_for: Names of those for whom no type of order is left that is sent.
        types_kept: Visma's types of orders that `order_types` keeps back, with the names of those of `partners` who
            get none of them.
    """

    kind: Kind
    transaction: str
    partners: tuple[str, ...]
    off_for: tuple[str, ...]
    never_for: tuple[str, ...]
    no_type_for: tuple[str, ...]
    types_kept: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        """As a part of the company's sentence."""
        name = f"{self.kind.label}s"
        off = [f"off for {listed(self.off_for)}"] if self.off_for else []
        never = {"send_when is empty": self.never_for, "order_types sends no type": self.no_type_for}
        never = {why: names for why, names in never.items() if names}
        if not self.partners:
            if never:
                whose = [why if len(never) == 1 else f"{why} for {listed(names)}" for why, names in never.items()]
                return f"{name} never ({'; '.join([*whose, *off])})"
            return f"{name} are off" if self.off_for else f"{name} have no partner"
        number = len(self.partners)
        total = number + len(self.off_for) + sum(map(len, never.values()))
        some = f"{number} of " if number < total else ""
        without = [*off, *(f"never for {listed(names)}: {why}" for why, names in never.items()), *self._types()]
        sent = f"{name} as {self.transaction} to {some}{counted(total, 'partner')}"
        return f"{sent} ({'; '.join(without)})" if without else sent

    def _types(self) -> Iterator[str]:
        """Which types of orders are kept back, and from whom if not from all."""
        for word, names in self.types_kept.items():
            yield f"no {word}" if len(names) == len(self.partners) else f"no {word} to {listed(names)}"


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
        own = f" (another one for {listed(self.own_go_live)})" if self.own_go_live else ""
        return f"{self.company}: {'; '.join(map(str, self.kinds))}; {go_live}{own}"


def summaries(routing: Routing) -> Iterator[CompanySummary]:
    """What is on, for every company of a sound routing file."""
    for name, company in routing.companies.items():
        routes = list(routing.routes_of(name))
        kinds = []
        for kind in LISTED_KINDS:
            of_kind = [route for route in routes if route.kind is kind]
            sent = [route for route in of_kind if is_ever_sent(route)]
            kinds.append(
                KindSummary(
                    kind=kind,
                    transaction=kind.facts.transaction_type.number,
                    partners=tuple(route.partner for route in sent),
                    off_for=tuple(route.partner for route in of_kind if not route.send),
                    never_for=tuple(route.partner for route in of_kind if route.send and not route.send_when),
                    no_type_for=tuple(
                        route.partner for route in of_kind if route.send and route.send_when and not is_ever_sent(route)
                    ),
                    types_kept={
                        word: tuple(route.partner for route in sent if word in order_types_kept(route))
                        for word in dict.fromkeys(chain.from_iterable(map(order_types_kept, sent)))
                    },
                )
            )
        own = [route.partner for route in routes if route.send and route.go_live != company.go_live]
        yield CompanySummary(name, tuple(kinds), go_live_text(company.go_live), tuple(dict.fromkeys(own)))


def go_live_text(go_live: GoLive | None) -> str | None:
    """A date as the file has it, a time in UTC (`2026-12-01T05:00Z`); None without any."""
    if go_live is None:
        return None
    return go_live.day.isoformat() if go_live.whole_day else f"{go_live.at:%Y-%m-%dT%H:%MZ}"


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:_NAMES_SHOWN])
    return shown if len(names) <= _NAMES_SHOWN else f"{shown} and {len(names) - _NAMES_SHOWN} more"
