"""What a new routing would release, told before it is applied, and what of it a person lets go."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import click

from connector.domain.routing import Routing
from connector.services.release import Fate, Forecast
from ops.output import WrongInput, counted, say, table

ALL, NONE, RECENT = "all", "none", "recent"
_SINCE = "since="
CHOICES = f"{RECENT} (not older than 14 days), {ALL}, {NONE}, or {_SINCE}2026-12-01"


def release_choice(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | date | None:
    """Read `--release all|recent|none|since=DATE`."""
    return None if value is None else chosen_by(value)


def chosen_by(value: str) -> str | date:
    """The choice in a text: one of the words, or a day.

    Raises:
        WrongInput: it is neither.
    """
    text = value.strip().lower()
    if text in {ALL, NONE, RECENT}:
        return text
    try:
        return date.fromisoformat(text.removeprefix(_SINCE))
    except ValueError:
        raise WrongInput(f"'{value}' is no choice; write {CHOICES}.") from None


def refuse_renamed(applied: Routing | None, wanted: Routing) -> None:
    """Refuse a routing that gives a company another name: ledger and cursors do not follow it.

    Every document would be read as one that nobody has sent, and be sent a second time.

    Raises:
        WrongInput: a company of the routing in force has another name in the new one.
    """
    if applied is None:
        return
    gone = {
        (one.visma.tenant_id, one.visma.company_id): name
        for name, one in applied.companies.items()
        if name not in wanted.companies
    }
    for name, company in wanted.companies.items():
        former = gone.get((company.visma.tenant_id, company.visma.company_id))
        if former is not None:
            raise WrongInput(
                f"Company '{former}' is called '{name}' in this file. The ledger does not follow a new name: what was "
                f"sent for '{former}' would be sent a second time. Keep the name '{former}'; partners never see it."
            )


def ask(forecasts: Sequence[Forecast], *, may_ask: bool) -> str | date:
    """Ask what to release; without anything to release there is no question.

    Raises:
        WrongInput: there is no terminal to ask on.
    """
    if not any(one.would_leave for one in forecasts):
        return NONE
    if not may_ask or not sys.stdin.isatty():
        raise WrongInput(f"Say what to release with --release: {CHOICES}. Nothing was changed.")
    return chosen_by(click.prompt(f"Release what? Write {CHOICES}", default=NONE, err=True))


def selected(forecasts: Iterable[Forecast], choice: str | date) -> list[Forecast]:
    """The documents that are released: those that would leave and are named, and those that wait for something else.

    The second are never sent by it; their reason is written anew.
    """
    return [one for one in forecasts if _is_named(one, choice) or (one.fate is Fate.WAITS and _waits_for_another(one))]


def told(forecasts: Sequence[Forecast]) -> str:
    """What would leave by kind and partner, and what would not, as a person reads it."""
    if not forecasts:
        return "No parked document waits for a routing entry."
    leaving = [one for one in forecasts if one.would_leave]
    parts = []
    if leaving:
        rows = [
            (
                kind,
                partner,
                len(group),
                sum(one.fate is Fate.OLD for one in group),
                _oldest(group),
                _statuses(group),
                _sum(group),
            )
            for (kind, partner), group in _grouped(leaving).items()
        ]
        head = ("kind", "partner", "documents", "older than 14 days", "oldest", "status", "sum")
        parts.append(f"{counted(len(leaving), 'document')} would leave:\n{table(head, rows)}")
    for fate in (Fate.NOT_NOW, Fate.BASELINE, Fate.WAITS):
        some = [one for one in forecasts if one.fate is fate]
        if some:
            parts.append(f"{counted(len(some), 'document')} {_STAYS[fate]}, such as {some[0].key}: {some[0].why}")
    return "\n".join(parts)


def summary(forecasts: Sequence[Forecast]) -> list[dict[str, Any]]:
    """The same as data."""
    return [
        {
            "kind": kind,
            "partner": partner,
            "fate": fate,
            "documents": len(group),
            "oldest": _oldest(group),
            "statuses": sorted({one.status for one in group if one.status}),
            "sums": {currency or "": format(total, "f") for currency, total in _totals(group).items()},
        }
        for fate in Fate
        for (kind, partner), group in _grouped([one for one in forecasts if one.fate is fate]).items()
    ]


_STAYS = {
    Fate.NOT_NOW: "would not be sent today and stay parked",
    Fate.BASELINE: "are from before go-live and stay parked",
    Fate.WAITS: "still wait",
}


def tell(forecasts: Sequence[Forecast]) -> None:
    """Say it before anything is done."""
    say(told(forecasts))


def _is_named(one: Forecast, choice: str | date) -> bool:
    if not one.would_leave or choice == NONE:
        return False
    if isinstance(choice, date):
        return one.dated is not None and one.dated >= choice
    return choice == ALL or one.fate is Fate.LEAVES


def _waits_for_another(one: Forecast) -> bool:
    return one.waits_for is not None and one.waits_for != one.revision.waits_for


def _grouped(forecasts: Iterable[Forecast]) -> dict[tuple[str, str], list[Forecast]]:
    groups: dict[tuple[str, str], list[Forecast]] = {}
    for one in sorted(forecasts, key=lambda each: (each.key.kind.value, each.partner or "")):
        groups.setdefault((one.key.kind.value, one.partner or ""), []).append(one)
    return groups


def _oldest(group: Iterable[Forecast]) -> str:
    return min((one.dated.isoformat() for one in group if one.dated is not None), default="")


def _statuses(group: Iterable[Forecast]) -> str:
    return ", ".join(sorted({one.status for one in group if one.status}))


def _totals(group: Iterable[Forecast]) -> dict[str | None, Decimal]:
    totals: dict[str | None, Decimal] = {}
    for one in group:
        if one.total is not None:
            totals[one.currency] = totals.get(one.currency, Decimal(0)) + one.total
    return totals


def _sum(group: Iterable[Forecast]) -> str:
    return ", ".join(f"{total:f} {currency or ''}".strip() for currency, total in _totals(group).items())
