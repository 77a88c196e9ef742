"""Putting a routing in force: the one way, for a file and for a version of the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import click

from connector.adapters.aws.routing_store import MAX_TEXT_LENGTH, POINTER_AGE
from connector.cli.config import onboarding
from connector.cli.config.change_checks import former_addresses
from connector.cli.config.differences import differences, in_numbers, readable
from connector.cli.config.file_text import kept_text
from connector.cli.config.former_partners import former_partners
from connector.cli.config.go_live_checks import across_text, unusual
from connector.cli.output import WrongInput, go_on, json_option, say, show, timestamp
from connector.cli.people import by_option, decider
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.documents import Kind
from connector.domain.layout import counted
from connector.domain.pause import Pause, pause_of
from connector.domain.routing.resolve import Routing
from connector.services.release import (
    AcrossGoLive,
    Forecast,
    ReleasedChange,
    across_go_live,
    forecast_skipped,
    forecast_waiting,
    keep_waiting,
    release,
    release_waiting_changes,
    restate,
)

_LISTED = 50
"""Released documents that are named one by one."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What is to be put in force.

    Attributes:
        name: What a person calls it: a file, or a version of the history.
        data: It has no errors.
        text: As a person wrote it; None where that is not known.
    """

    name: str
    data: dict[str, Any]
    text: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOptions:
    """What a person said about it on the command line."""

    dry_run: bool
    yes: bool
    choice: str | date | None
    skipped: bool
    other_companies: bool
    replaces: str | None
    by: str | None
    as_json: bool


def apply_options(command: _Command) -> _Command:
    """Add the options of `ApplyOptions`, and the stack."""
    options = (
        stack_option,
        click.option("--dry-run", is_flag=True, help="Stop before anything is written."),
        click.option("--yes", is_flag=True, help="Do not ask whether to put it in force."),
        click.option(
            "--release",
            "choice",
            metavar="CHOICE",
            callback=onboarding.release_choice,
            help=f"What to release of the documents that would leave: {onboarding.CHOICES}.",
        ),
        click.option(
            "--skipped", is_flag=True, help="Offer what routing skipped as well; this reads the whole ledger, once."
        ),
        click.option(
            "--other-companies", is_flag=True, help="It reads other companies than the stack: it is meant so."
        ),
        click.option(
            "--replaces",
            metavar="VERSION",
            help="Refuse unless this version is in force: the one that yours was made from.",
        ),
        by_option,
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def put_in_force(stack: Stack, candidate: Candidate, options: ApplyOptions) -> int:
    """Show the difference and what it would release, put it in force, and release what is named."""
    data, by = candidate.data, options.by
    applied = in_force(stack)
    wanted = Routing.from_data(data)
    seen = applied.version if applied else None
    _refuse_another(options.replaces, seen)
    now = stack.clock.now()
    if not options.other_companies:
        onboarding.refuse_other_companies(applied, wanted, file=candidate.name, stack=stack.name)
    onboarding.refuse_renamed(applied, wanted, now=now)
    pauses = stack.breaker.pauses(now=now)
    onboarding.refuse_escaping(pauses, applied, wanted)
    changes = list(differences(applied.data if applied else {}, data))
    say(f"Compared with version {seen}, which is in force:" if seen else "Nothing is in force yet.")
    say(readable(changes) or "Nothing changes.")
    for path, sentence in (*unusual(wanted, now=now, known=applied), *former_addresses(applied, wanted, stack.stream)):
        say(f"warning: {path}: {sentence}")
    former = former_partners(stack, applied, wanted)
    for one in former:
        say(one.sentence)
    text = _text(candidate)
    across = _across(stack, applied, wanted, changes)
    forecasts = list(forecast_waiting(stack.ledger, wanted, stack.stream, now=now))
    onboarding.tell(forecasts)
    if options.skipped:
        freed = list(forecast_skipped(stack.ledger, wanted, stack.stream, now=now))
        say(f"Skipped so far, {onboarding.leaving_text(freed)}" if freed else "Nothing that was skipped would leave.")
        forecasts += freed
    elif any(onboarding.may_free_skipped(change["path"]) for change in changes):
        say(onboarding.SKIPPED_TOO)
    choice = options.choice
    if choice != onboarding.NONE:
        _tell_paused(forecasts, pauses)
    result: dict[str, Any] = {
        "replaces": seen,
        "changes": changes,
        "former_partners": former,
        "across_go_live": [str(one.key) for one in across],
        "waiting": onboarding.summary(forecasts),
    }
    if options.dry_run:
        return _dry_run(result, onboarding.selected(forecasts, choice) if choice is not None else None, options)
    if choice is None:
        choice = onboarding.ask(forecasts, may_ask=not options.yes)
    chosen = onboarding.selected(forecasts, choice)
    say(
        f"This puts {candidate.name} in force for {stack.title} and releases "
        f"{counted(len(chosen.released), 'document')}."
    )
    if chosen.looked_at:
        say(chosen.looked_at_sentence())
    go_on(stack.title, yes=options.yes)
    by, caller = decider(stack, by)
    # First what was not named: if this is interrupted, no touch lets it leave, and the next time counts it again.
    keep_waiting(chosen.kept, stack.ledger, now=now)
    entry = stack.routing.apply(
        data, now, replacing=seen, by=by, caller=caller, text=text, difference=in_numbers(changes)
    )
    chosen = chosen.plus(_parked_meanwhile(stack, wanted, forecasts, choice))
    restate(chosen.staying, stack.ledger, now=now)
    release([*chosen.released, *chosen.looked_at], stack.ledger, stack.outbox, stack.payloads, now=now)
    again = release_waiting_changes(stack.changes, stack.outbox, stack.clock)
    stack.routing.released(entry, documents=len(chosen.released), changes=len(again))
    former_until = stack.clock.now() + POINTER_AGE if applied and applied.version != entry.version else None
    _show_done(entry.version, former_until, result, chosen, again, as_json=options.as_json)
    return 0


def _parked_meanwhile(
    stack: Stack, wanted: Routing, forecasts: Sequence[Forecast], choice: str | date
) -> onboarding.Selection:
    """What the choice does with documents that functions have parked since the forecasts, with the former version."""
    now = stack.clock.now()
    late = list(forecast_waiting(stack.ledger, wanted, stack.stream, now=now, besides=forecasts))
    chosen = onboarding.selected(late, choice)
    if late:
        say(f"Parked meanwhile: {counted(len(late), 'document')} more; {len(chosen.released)} of them released.")
    keep_waiting(chosen.kept, stack.ledger, now=now)
    return chosen


def in_force(stack: Stack) -> Routing | None:
    """The routing in force; None before the first."""
    return stack.routing.load() if stack.routing.current_version() else None


def _across(
    stack: Stack, applied: Routing | None, wanted: Routing, changes: Sequence[Mapping[str, Any]]
) -> Sequence[AcrossGoLive]:
    """What another go-live does with documents on record; says it."""
    if applied is None or not any(change["path"].endswith("go_live") for change in changes):
        return ()
    say(onboarding.ANOTHER_GO_LIVE)
    across = list(across_go_live(stack.ledger, applied, wanted))
    say(across_text(across))
    return across


def _tell_paused(forecasts: Sequence[Forecast], pauses: Sequence[Pause]) -> None:
    """Say how many would not leave at once all the same."""
    paused = [one for one in forecasts if one.would_leave and pause_of(pauses, *_of(one))]
    if paused:
        say(f"Of these, {counted(len(paused), 'document')} would be paused: connector resume lets them go.")


def _show_done(
    version: str,
    former_until: datetime | None,
    result: dict[str, Any],
    chosen: onboarding.Selection,
    again: Sequence[ReleasedChange],
    *,
    as_json: bool,
) -> None:
    show(
        {
            "version": version,
            "former_until": former_until,
            **result,
            "released": [
                {"document": str(one.key), "sequence": one.revision.sequence, "waited_for": one.revision.waits_for}
                for one in chosen.released
            ],
            "looked_at_again": [
                {"document": str(one.key), "sequence": one.revision.sequence, "waits_for": one.waits_for}
                for one in chosen.looked_at
            ],
            "released_changes": [
                {"transaction_id": one.transaction_id, "order": str(one.key), "waited_for": one.waited_for}
                for one in again
            ],
        },
        lambda: "\n".join(
            [f"Routing version {version} is in force.", *_former(former_until)]
            + _named(chosen.released, _released)
            + ([chosen.looked_at_sentence()] if chosen.looked_at else [])
            + [f"Released change {one.transaction_id} of {one.key} (waited for {one.waited_for})." for one in again]
            + [f"{counted(len(chosen.released), 'document')} and {counted(len(again), 'change')} released."]
        ),
        as_json=as_json,
    )


def _refuse_another(replaces: str | None, seen: str | None) -> None:
    """Refuse when another version is in force than the one that a person names.

    Raises:
        WrongInput: it is another one.
    """
    if replaces is not None and replaces != seen:
        found = f"version {seen}" if seen else "no version"
        raise WrongInput(
            f"This is to replace version {replaces}, and {found} is in force. See `connector config history`, take "
            "what changed since into yours, then apply again. Nothing was changed."
        )


def _text(candidate: Candidate) -> bytes | None:
    """The text as it is kept; says what of it is not."""
    if candidate.text is None:
        return None
    if len(candidate.text) > MAX_TEXT_LENGTH:
        most = f"{MAX_TEXT_LENGTH // 1_000_000} MB"
        say(f"warning: {candidate.name} is longer than {most}: its content is kept, its text is not.")
        return None
    text, left_out = kept_text(candidate.text, candidate.data)
    if text is None:
        say(f"warning: {candidate.name} seems to hold a secret in a comment: its content is kept, its text not.")
    elif left_out:
        lines = ", ".join(map(str, left_out))
        say(f"warning: a comment looks like a secret (line {lines}): it is left out of the text that is kept.")
    return text


def _dry_run(result: dict[str, Any], would: onboarding.Selection | None, options: ApplyOptions) -> int:
    if would is not None:
        result["would_release"] = [str(one.key) for one in would.released]
    show(
        {"dry_run": True, **result},
        lambda: "\n".join([*(_would(would) if would else []), "Nothing was written (--dry-run)."]),
        as_json=options.as_json,
    )
    return 0


def _of(one: Forecast) -> tuple[str, Kind, str | None]:
    return one.key.company, one.key.kind, one.partner


def _former(until: datetime | None) -> list[str]:
    """Until when the former routing is used; nothing without one."""
    if until is None:
        return []
    sentence = f"Until {timestamp(until)} functions may still use the former version, and what they decide is sent."
    return [f"{sentence} To stop at once: docs/runbook.md, Stop sending."]


def _named(released: Sequence[Forecast], sentence: Callable[[Forecast], str]) -> list[str]:
    """A sentence about each of the documents, up to a number of them."""
    more = [f"... and {len(released) - _LISTED} more."] if len(released) > _LISTED else []
    return [*map(sentence, released[:_LISTED]), *more]


def _released(one: Forecast) -> str:
    waits_for = one.revision.waits_for
    return f"Released {one.key} ({f'waited for {waits_for}' if waits_for else 'was skipped'})."


def _would(chosen: onboarding.Selection) -> list[str]:
    """What a dry run says about the choice it was given."""
    named = _named(chosen.released, lambda one: f"Would release {one.key} (to {one.partner}).")
    sentence = f"{counted(len(chosen.released), 'document')} would be released."
    return [*named, sentence, *([chosen.looked_at_sentence()] if chosen.looked_at else [])]
