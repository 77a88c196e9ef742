"""`connector config`: check, compare, apply and explain the routing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import click

from connector.adapters.aws.routing_store import POINTER_AGE, Applied
from connector.adapters.clock import SystemClock
from connector.cli import onboarding
from connector.cli.files import read_routing
from connector.cli.go_live_checks import across_sentence, unusual
from connector.cli.output import (
    HELD,
    WRONG_INPUT,
    WrongInput,
    counted,
    go_on,
    json_option,
    moment,
    plain,
    say,
    show,
    table,
    tell,
)
from connector.cli.people import by_option, decider
from connector.cli.routing_summary import go_live_text, summaries
from connector.cli.stack import Stack, stack_option
from connector.domain.documents import Kind
from connector.domain.errors import Parked
from connector.domain.pause import pause_of
from connector.domain.revision.arrival import NEVER
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import Route
from connector.domain.routing.settings import Merge
from connector.domain.routing.values import Form
from connector.domain.transactions import Stream
from connector.routing_file import Checked, json_schema
from connector.services.release import (
    Forecast,
    across_go_live,
    forecast_skipped,
    forecast_waiting,
    keep_waiting,
    release,
    release_waiting_changes,
)

_LISTED = 50
"""Released documents that are named one by one."""

_FILE = click.argument("file", metavar="FILE")


@click.group(short_help="The routing file: check, compare, apply.")
def config() -> None:
    """The routing file: companies, defaults, partners."""


@config.command("check", short_help="List every problem of a file.")
@_FILE
@click.option(
    "--stream",
    type=click.Choice([stream.value for stream in Stream]),
    help="The stream of the stack that FILE is for: on a live one a missing go_live is an error.",
)
@json_option
def check_file(*, file: str, stream: str | None, as_json: bool) -> int:
    """Check FILE: list every problem with its path, and tell what it switches on. Reads nothing but the file.

    A go_live more than 31 days ahead or 400 days ago is a warning.
    """
    checked = read_routing(file, stream=Stream(stream) if stream else None)
    findings = [
        {"path": problem.path, "sentence": problem.sentence, "level": "error" if problem.fatal else "warning"}
        for problem in checked.problems
    ]
    routing = Routing.from_data(checked.data) if checked.data and not checked.errors else None
    companies = list(summaries(routing)) if routing else []
    if routing:
        findings += [
            {"path": path, "sentence": sentence, "level": "warning"}
            for path, sentence in unusual(routing, now=SystemClock().now())
        ]
    if as_json:
        show({"ok": not checked.errors, "problems": findings, "companies": companies}, str, as_json=True)
    else:
        for finding in findings:
            tell(f"{finding['level']}: {finding['path']}: {finding['sentence']}")
        for company in companies:
            click.echo(str(company))
        click.echo(_summary(file, checked))
    return WRONG_INPUT if checked.errors else 0


@config.command("schema", short_help="Print the JSON Schema, for editors.")
@json_option
def print_schema(*, as_json: bool) -> int:  # noqa: ARG001 - it is JSON either way
    """Print the JSON Schema of the routing file, for editors."""
    show(json_schema(), str, as_json=True)
    return 0


@config.command("diff", short_help="Show what applying would change.")
@_FILE
@stack_option
@json_option
def diff_file(*, file: str, stack: Stack, as_json: bool) -> int:
    """Show what applying FILE would change. Changes nothing."""
    data = _sound(file)
    applied = _applied(stack)
    changes = list(differences(applied.data if applied else {}, data))
    show(
        {"applied": applied.version if applied else None, "file": Routing.from_data(data).version, "changes": changes},
        lambda: _readable(changes) or "Nothing would change.",
        as_json=as_json,
    )
    return 0


@config.command("apply", short_help="Put a file in force, release documents.")
@_FILE
@stack_option
@click.option("--dry-run", is_flag=True, help="Stop before anything is written.")
@click.option("--yes", is_flag=True, help="Do not ask whether to put the file in force.")
@click.option(
    "--release",
    "choice",
    metavar="CHOICE",
    callback=onboarding.release_choice,
    help=f"What to release of the documents that would leave: {onboarding.CHOICES}.",
)
@click.option("--skipped", is_flag=True, help="Offer what routing skipped as well; this reads the whole ledger, once.")
@click.option("--other-companies", is_flag=True, help="FILE reads other companies than the stack: it is meant so.")
@by_option
@json_option
def apply_file(
    *,
    file: str,
    stack: Stack,
    dry_run: bool,
    yes: bool,
    choice: str | date | None,
    skipped: bool,
    other_companies: bool,
    by: str | None,
    as_json: bool,
) -> int:
    """Check FILE, show the difference and what it would release, put it in force, and release what is named.

    Documents that waited for a routing entry leave only if they are named: --release, or the answer to the question. So
    do those that routing skipped, with --skipped. Changes (860) that waited for an entry are decided anew in any case.
    Functions may decide with the former routing for a minute more.
    """
    data = _sound(file, stream=stack.stream)
    applied = _applied(stack)
    wanted = Routing.from_data(data)
    if not other_companies:
        onboarding.refuse_other_companies(applied, wanted, file=file, stack=stack.name)
    onboarding.refuse_renamed(applied, wanted, now=stack.clock.now())
    now = stack.clock.now()
    pauses = stack.breaker.pauses(now=now)
    onboarding.refuse_escaping(pauses, applied, wanted)
    changes = list(differences(applied.data if applied else {}, data))
    say(_readable(changes) or "Nothing changes.")
    for path, sentence in unusual(wanted, now=now, known=applied):
        say(f"warning: {path}: {sentence}")
    across = []
    if applied is not None and any(change["path"].endswith("go_live") for change in changes):
        say(onboarding.ANOTHER_GO_LIVE)
        across = list(across_go_live(stack.ledger, applied, wanted))
        say(across_sentence(across))
    forecasts = list(forecast_waiting(stack.ledger, wanted, stack.stream, today=now.date()))
    onboarding.tell(forecasts)
    if skipped:
        freed = list(forecast_skipped(stack.ledger, wanted, stack.stream, today=now.date()))
        say(f"Skipped so far, {onboarding.leaving_text(freed)}" if freed else "Nothing that was skipped would leave.")
        forecasts += freed
    elif any(onboarding.may_free_skipped(change["path"]) for change in changes):
        say(onboarding.SKIPPED_TOO)
    paused = [one for one in forecasts if one.would_leave and pause_of(pauses, *_of(one))]
    if paused and choice != onboarding.NONE:
        say(f"Of these, {counted(len(paused), 'document')} would be paused: connector resume lets them go.")
    result: dict[str, Any] = {
        "changes": changes,
        "across_go_live": [str(one.key) for one in across],
        "waiting": onboarding.summary(forecasts),
    }
    if dry_run:
        would = onboarding.selected(forecasts, choice) if choice is not None else None
        if would is not None:
            result["would_release"] = [str(one.key) for one in would.released]
        show(
            {"dry_run": True, **result},
            lambda: "\n".join([*(_would(would) if would else []), "Nothing was written (--dry-run)."]),
            as_json=as_json,
        )
        return 0
    if choice is None:
        choice = onboarding.ask(forecasts, may_ask=not yes)
    chosen = onboarding.selected(forecasts, choice)
    releases = counted(len(chosen.released), "document")
    say(f"This puts {file} in force for {stack.title} and releases {releases}.")
    if chosen.looked_at:
        say(chosen.looked_at_sentence())
    go_on(stack.title, yes=yes)
    by, caller = decider(stack, by)
    # First what was not named: if this is interrupted, no touch lets it leave, and the next time counts it again.
    keep_waiting(chosen.kept, stack.ledger, now=now)
    version = stack.routing.apply(data, now, replacing=applied.version if applied else None, by=by, caller=caller)
    release([*chosen.released, *chosen.looked_at], stack.ledger, stack.outbox, stack.payloads, now=now)
    again = release_waiting_changes(stack.changes, stack.outbox, stack.clock)
    former_until = stack.clock.now() + POINTER_AGE if applied and applied.version != version else None
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
            + [f"{releases} and {counted(len(again), 'change')} released."]
        ),
        as_json=as_json,
    )
    return 0


@config.command("show", short_help="Show what is applied, or one route.")
@click.option(
    "--route",
    "wanted",
    nargs=3,
    metavar="COMPANY KIND NUMBER",
    help="The route of a supplier's or customer's documents.",
)
@click.option("--config", "file", metavar="FILE", help="Look into this file instead of what is applied.")
@stack_option
@json_option
def show_routing(*, wanted: tuple[str, str, str] | None, file: str | None, stack: Stack, as_json: bool) -> int:
    """Show the applied routing, or one route: every setting, and the layer or the entry that it comes from."""
    routing = Routing.from_data(_sound(file)) if file else stack.routing.load()
    if wanted is None:
        applied = None if file else stack.routing.applied()
        show(
            {"version": routing.version, "applied": applied, "routing": routing.data},
            lambda: _overview(routing, applied),
            as_json=as_json,
        )
        return 0
    company, word, number = wanted
    try:
        route = routing.route(company, Kind(word), number)
    except ValueError:
        raise WrongInput(f"'{word}' is no kind; write one of {', '.join(Kind)}.") from None
    except Parked as problem:
        say(str(problem))
        return HELD
    settings = dict(_settings(routing, route))
    show(
        {name: {"value": plain(value), "from": layer} for name, (value, layer) in settings.items()},
        lambda: table(("setting", "value", "from"), [(n, _brief(v), layer) for n, (v, layer) in settings.items()]),
        as_json=as_json,
    )
    return 0


def differences(before: Any, after: Any, path: str = "") -> Iterator[dict[str, Any]]:
    """Every leaf that differs, as `{path, before, after}`; an absent side is None."""
    if isinstance(before, Mapping | None) and isinstance(after, Mapping | None) and (before or after):
        for key in sorted({*(before or {}), *(after or {})}):
            yield from differences((before or {}).get(key), (after or {}).get(key), f"{path}.{key}" if path else key)
    elif before != after:
        yield {"path": path, "before": before, "after": after}


def _of(one: Forecast) -> tuple[str, Kind, str | None]:
    return one.key.company, one.key.kind, one.partner


def _former(until: datetime | None) -> list[str]:
    """Until when the former routing is used; nothing without one."""
    if until is None:
        return []
    sentence = f"Until {moment(until)} functions may still use the former version, and what they decide is sent."
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


def _sound(file: str, *, stream: Stream | None = None) -> dict[str, Any]:
    checked = read_routing(file, stream=stream)
    for problem in checked.warnings:
        say(f"warning: {problem}")
    if checked.errors or checked.data is None:
        listed = "\n".join(f"  {problem}" for problem in checked.errors)
        raise WrongInput(f"{_summary(file, checked)}\n{listed}")
    return checked.data


def _applied(stack: Stack) -> Routing | None:
    return stack.routing.load() if stack.routing.current_version() else None


def _summary(file: str, checked: Checked) -> str:
    errors, warnings = len(checked.errors), len(checked.warnings)
    also = f" ({counted(warnings, 'warning')})" if warnings else ""
    if errors:
        return f"{file} has {counted(errors, 'error')}{also} and cannot be applied."
    return f"{file} is in order{also}."


def _readable(changes: list[dict[str, Any]]) -> str:
    lines = []
    for change in changes:
        before, after = (json.dumps(change[side], ensure_ascii=False) for side in ("before", "after"))
        if change["before"] is None:
            lines.append(f"+ {change['path']}: {after}")
        elif change["after"] is None:
            lines.append(f"- {change['path']}: {before}")
        else:
            lines.append(f"~ {change['path']}: {before} -> {after}")
    return "\n".join(lines)


def _overview(routing: Routing, applied: Applied | None) -> str:
    companies = table(
        ("company", "visma", "zone", "settle", "overlap", "live", "test"),
        [
            (
                c.name,
                c.visma.company_id,
                c.visma.time_zone or "not known",
                c.visma.settle,
                c.visma.overlap,
                c.isa_id.live,
                c.isa_id.test,
            )
            for c in routing.companies.values()
        ],
    )
    partners = table(
        ("partner", "company", "register", "number"),
        [(partner, company, role, number) for company, partner, role, number in routing.numbers()],
    )
    taken = f"Taken from inboxes: {', '.join(sorted(routing.takes))}; all others stay there untouched."
    head = f"Routing version {routing.version}"
    if applied is not None:
        whose = f" by {applied.by} ({applied.caller})" if applied.by else ""
        head = f"{head}, applied {moment(applied.at)}{whose}"
    return f"{head}\n\n{companies}\n\n{partners}\n\n{taken}"


_CALLED = {"partner.company": "company", "company.orderful.isa_id": "sender", "partner.orderful.isa_id": "receiver"}
"""What a document has other words for than the entries of the file."""


def _settings(routing: Routing, route: Route) -> Iterator[tuple[str, tuple[Any, str]]]:
    """Every setting that a route follows, flat, as the file has it, with the layer or the entry that it comes from."""
    yield "partner", (route.partner, f"partners.{route.partner}")
    yield "transaction_type", (route.transaction_type, "kind")
    for key, setting, found in routing.explain(route):
        name, value, layer = _CALLED.get(key, key), found.value, found.layer or "-"
        if key == "go_live":
            yield name, (go_live_text(route.go_live), layer)
        elif key == "expected.acknowledged" and route.expected.acknowledged is None:
            yield name, (NEVER, route.origin["acknowledgment"])
        elif setting.merge is Merge.FIELDS:
            yield name, (len(route.items), layer)
        elif setting.type.form is Form.RECORD and setting.merge is not Merge.KIND:
            for field in setting.type.fields:
                inside = (value or {}).get(field)
                yield f"{name}.{field}", (inside, layer if inside is not None else "-")
        elif setting.type.form is Form.TABLE and value:
            for entry, said in value.items():
                yield f"{name}.{entry}", (said, found.of_key.get(entry, layer))
        else:
            yield name, (value, layer)


def _brief(value: Any) -> str:
    value = plain(value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {entry}" for key, entry in value.items() if entry is not None)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
