"""What a new routing would release, told before it is applied, and what of it a person lets go."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import click

from connector.cli.output import WrongInput, say, table
from connector.cli.sums import Sums, as_data, in_words, sums_of
from connector.domain.layout import counted
from connector.domain.pause import Pause, Scope
from connector.domain.routing.resolve import Routing
from connector.services.release import NOT_RELEASED, Forecast, ReleaseEffect

ALL, NONE, RECENT = "all", "none", "recent"
_SINCE = "since="
CHOICES = f"{RECENT} (not older than 14 days), {ALL}, {NONE}, or {_SINCE}2026-12-01"

ANOTHER_GO_LIVE = (
    "go_live changes: what is on record as from before go-live and is from after the new one does not leave by itself. "
    "It is a question at its next change; `connector baseline` asks about all that is open in Visma at once. What was "
    "sent already stays sent, and its changes leave as before."
)
"""What applying another go-live does with what was read under the former one."""


SKIPPED_TOO = (
    "Documents that routing skipped may leave with this file. They stay skipped, and are asked about when they change "
    "in Visma. To have them counted and offered now, add --skipped: that reads the whole ledger, once."
)
"""What is said where a change of the file may concern skipped documents."""

_FREES_SKIPPED = re.compile(
    r"(^|\.)(send|unmapped_partner|on_revision|send_when|order_types)(\.|$)|^partners\.[^.]+\.visma\."
)


def may_free_skipped(path: str) -> bool:
    """Whether documents may have been skipped for what stands at a path of the file."""
    return _FREES_SKIPPED.search(path) is not None


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


def refuse_renamed(applied: Routing | None, wanted: Routing, *, now: datetime) -> None:
    """Refuse a routing that reads a company of Visma's under another name: ledger and cursors do not follow a name.

    Every document since go-live would be read as one that nobody has sent, and be sent a second time. With a go-live
    that is to come, nothing of the past leaves: so a company can be split by branches.

    Raises:
        WrongInput: a name of the new routing stands for a company that the routing in force reads under another one.
    """
    if applied is None:
        return
    names = {one.visma.company_id: name for name, one in applied.companies.items()}
    for name, company in wanted.companies.items():
        before, former = applied.companies.get(name), names.get(company.visma.company_id, name)
        is_same = before is not None and before.visma.company_id == company.visma.company_id
        begins_later = company.go_live is not None and company.go_live.at > now
        if former != name and not is_same and not begins_later:
            raise WrongInput(
                f"Company '{former}' of the routing in force is called '{name}' in this file. The ledger does not "
                f"follow a new name: what was sent for '{former}' would be sent a second time. Keep the name "
                f"'{former}' (partners never see it), or give '{name}' a go_live that is to come."
            )


def refuse_other_companies(applied: Routing | None, wanted: Routing, *, file: str, stack: str) -> None:
    """Refuse a file that has nothing in common with what the stack reads: it most likely is that of another stack.

    Raises:
        WrongInput: no company id and no tenant of the routing in force is in the file.
    """
    if (sentence := other_companies(applied, wanted, file=file, stack=stack)) is not None:
        raise WrongInput(
            f"{sentence} Name the other stack with --stack or CONNECTOR_STACK. To replace all companies of this stack, "
            "add --other-companies. Nothing was changed."
        )


def other_companies(applied: Routing | None, wanted: Routing, *, file: str, stack: str) -> str | None:
    """A sentence that the file has nothing in common with what the stack reads; None where it has."""
    if applied is None or not applied.companies:
        return None
    reads = [one.visma for one in applied.companies.values()]
    names = [one.visma for one in wanted.companies.values()]
    if {one.company_id for one in reads} & {one.company_id for one in names} or (
        {one.tenant_id for one in reads} & {one.tenant_id for one in names}
    ):
        return None
    reads_text, names_text = (
        ", ".join(f"{name} ({one.visma.company_id})" for name, one in of.companies.items()) for of in (applied, wanted)
    )
    return (
        f"{file} looks like the file of another stack: stack '{stack}' reads {reads_text}, and the file has "
        f"{names_text}, without one company id or tenant in common."
    )


def refuse_escaping(pauses: Iterable[Pause], applied: Routing | None, wanted: Routing) -> None:
    """Refuse a routing with another name for what is paused: a pause goes by names, and would keep nothing any more.

    Raises:
        WrongInput: a paused partner or company is not in it, or what it stands for has another name there.
    """
    if applied is None:
        return
    for pause in pauses:
        problem = _escapes(pause.scope, applied, wanted)
        if problem is not None:
            raise WrongInput(
                f"{problem} A pause goes by the name, so its documents would be sent. {pause.sentence}. Keep the name "
                f"until it has ended (connector resume {pause.scope.options}). To keep documents back meanwhile, pause "
                "more first: connector pause --all. Nothing was changed."
            )


def _escapes(scope: Scope, applied: Routing, wanted: Routing) -> str | None:
    if scope.company is not None:
        if scope.company not in wanted.companies:
            return f"Company {scope.company} is paused and is not in this file."
        read = applied.companies.get(scope.company)
        for name, company in wanted.companies.items():
            is_read = read is not None and company.visma.company_id == read.visma.company_id
            if is_read and name not in applied.companies:
                return f"Company {scope.company} is paused, and this file reads it as {name} as well."
    if scope.partner is None:
        return None
    if scope.partner not in (wanted.data.get("partners") or {}):
        return f"Partner {scope.partner} is paused and is not in this file."
    owners: dict[tuple[str, str, str], set[str]] = {}
    for of, partner, role, number in wanted.numbers():
        owners.setdefault((of, role, number), set()).add(partner)
    for of, partner, role, number in applied.numbers():
        others = owners.get((of, role, number), set())
        if partner == scope.partner and others and partner not in others:
            names = " and ".join(sorted(others))
            return f"Partner {partner} is paused, and its {role} {number} is {names} in this file."
    return None


def ask(forecasts: Sequence[Forecast], *, may_ask: bool) -> str | date:
    """Ask what to release; without anything to release there is no question.

    Raises:
        WrongInput: there is no terminal to ask on.
    """
    if not any(one.would_leave for one in forecasts):
        return NONE
    if not may_ask or not sys.stdin.isatty():
        raise WrongInput(f"Say what to release with --release: {CHOICES}. Nothing was changed.")
    choice: str | date = click.prompt(
        f"Release what? Write {CHOICES}", default=NONE, err=True, value_proc=_asked_again_until_known
    )
    return choice


def _asked_again_until_known(text: str) -> str | date:
    """The choice; click asks again after a usage error."""
    try:
        return chosen_by(text)
    except WrongInput as error:
        raise click.BadParameter(error.message) from None


@dataclass(frozen=True, slots=True)
class Selection:
    """What applying a routing does with the documents that wait for a routing entry.

    Attributes:
        released: They would leave and are named.
        kept: They would leave and are not named.
        looked_at: They wait, and what their record gives as the reason is no longer it: they are not sent, their
            reason is written anew.
        staying: They wait for no routing entry any more and would not leave all the same: their reason is written anew.
    """

    released: Sequence[Forecast]
    kept: Sequence[Forecast]
    looked_at: Sequence[Forecast]
    staying: Sequence[Forecast]

    def plus(self, more: Selection) -> Selection:
        """Both together."""
        return Selection(
            released=[*self.released, *more.released],
            kept=[*self.kept, *more.kept],
            looked_at=[*self.looked_at, *more.looked_at],
            staying=[*self.staying, *more.staying],
        )

    def looked_at_sentence(self) -> str:
        """The sentence about what is only looked at again; empty without any."""
        if not self.looked_at:
            return ""
        entries = ", ".join(dict.fromkeys(one.waits_for for one in self.looked_at if one.waits_for))
        one = len(self.looked_at) == 1
        return (
            f"{counted(len(self.looked_at), 'document')} {'is' if one else 'are'} looked at again; "
            f"{'it still waits' if one else 'they still wait'}{f' ({entries})' if entries else ''}."
        )


def selected(forecasts: Iterable[Forecast], choice: str | date) -> Selection:
    """Sort the documents by what the choice does with them; those that stay as they are are left out."""
    found = list(forecasts)
    return Selection(
        released=[one for one in found if _is_named(one, choice)],
        kept=[one for one in found if one.would_leave and not _is_named(one, choice)],
        looked_at=[one for one in found if one.effect is ReleaseEffect.WAITS and _reason_is_past(one)],
        staying=[one for one in found if one.effect in _STAYING],
    )


_STAYING = {ReleaseEffect.NOT_NOW, ReleaseEffect.BASELINE}


def forecast_text(forecasts: Sequence[Forecast]) -> str:
    """What would leave by kind and partner, and what would not, as a person reads it."""
    if not forecasts:
        return "No parked document waits for a routing entry."
    leaving = [one for one in forecasts if one.would_leave]
    parts = [leaving_text(leaving), choices_text(leaving)] if leaving else []
    staying = [one for one in forecasts if not one.would_leave]
    if staying:
        verb = "stays" if len(staying) == 1 else "stay"
        parts.append(f"{counted(len(staying), 'document')} {verb} parked:\n{_staying_table(staying)}")
    return "\n\n".join(parts)


def choices_text(leaving: Sequence[Forecast]) -> str:
    """How many each choice releases, and what becomes of the others."""
    recent = sum(one.effect is ReleaseEffect.LEAVES for one in leaving)
    rows = [
        (f"--release {RECENT}", recent, "those not older than 14 days"),
        (f"--release {ALL}", len(leaving), "all of them"),
        (f"--release {_SINCE}DATE", None, "those dated from that day on"),
        (f"--release {NONE}", 0, "none; connector documents release KEY sends one later"),
    ]
    return table(("choice", "leave", "which"), rows)


_STAYS = {ReleaseEffect.BASELINE: "is from before go-live"}


def _staying_table(staying: Sequence[Forecast]) -> str:
    groups: dict[tuple[ReleaseEffect, str, str | None], list[Forecast]] = {}
    for one in staying:
        groups.setdefault((one.effect, one.key.kind.value, one.code), []).append(one)
    rows = [
        (_STAYS.get(effect, effect.value), kind, len(group), _oldest(group), code, group[0].key, group[0].why)
        for (effect, kind, code), group in groups.items()
    ]
    return table(("it", "kind", "documents", "oldest", "code", "such as", "why"), rows)


def leaving_text(leaving: Sequence[Forecast]) -> str:
    """What would leave, by kind and partner, as a person reads it."""
    rows = [
        (
            kind,
            partner,
            len(group),
            sum(one.effect is ReleaseEffect.OLD for one in group),
            _oldest(group),
            _statuses(group),
            in_words(_sums(group)),
        )
        for (kind, partner), group in _grouped(leaving).items()
    ]
    head = ("kind", "partner", "documents", "older than 14 days", "oldest", "status", "sum")
    return f"{counted(len(leaving), 'document')} would leave:\n{table(head, rows)}"


def summary(forecasts: Sequence[Forecast]) -> list[dict[str, Any]]:
    """The same as data."""
    return [
        {
            "kind": kind,
            "partner": partner,
            "effect": effect,
            "documents": len(group),
            "oldest": _oldest(group),
            "statuses": sorted({one.status for one in group if one.status}),
            "sums": as_data(_sums(group)),
        }
        for effect in ReleaseEffect
        for (kind, partner), group in _grouped([one for one in forecasts if one.effect is effect]).items()
    ]


def tell(forecasts: Sequence[Forecast]) -> None:
    """Say it before anything is done."""
    say(forecast_text(forecasts))


def _is_named(one: Forecast, choice: str | date) -> bool:
    if not one.would_leave or choice == NONE:
        return False
    if isinstance(choice, date):
        return one.dated is not None and one.dated >= choice
    return choice == ALL or one.effect is ReleaseEffect.LEAVES


def _reason_is_past(one: Forecast) -> bool:
    if one.revision.reason == NOT_RELEASED:
        return True  # the entry was in force, and is not any more
    if one.code is None:
        return False  # nothing would be recorded
    return one.revision.reason_code not in {None, one.code} or one.waits_for != one.revision.waits_for


def _grouped(forecasts: Iterable[Forecast]) -> dict[tuple[str, str], list[Forecast]]:
    groups: dict[tuple[str, str], list[Forecast]] = {}
    for one in sorted(forecasts, key=lambda each: (each.key.kind.value, each.partner or "")):
        groups.setdefault((one.key.kind.value, one.partner or ""), []).append(one)
    return groups


def _oldest(group: Iterable[Forecast]) -> str:
    return min((one.dated.isoformat() for one in group if one.dated is not None), default="")


def _statuses(group: Iterable[Forecast]) -> str:
    return ", ".join(sorted({one.status for one in group if one.status}))


def _sums(group: Iterable[Forecast]) -> Sums:
    return sums_of((one.currency, one.total) for one in group)
