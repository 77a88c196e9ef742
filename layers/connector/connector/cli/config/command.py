"""`connector config`: check, compare, apply and explain the routing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from connector.adapters.aws.routing_store import Applied
from connector.adapters.clock import SystemClock
from connector.cli.config import onboarding
from connector.cli.config.applying import ApplyOptions, Candidate, apply_options, in_force, put_in_force
from connector.cli.config.change_checks import open_readings
from connector.cli.config.differences import differences, readable
from connector.cli.config.file_text import secret_lines
from connector.cli.config.go_live_checks import unusual
from connector.cli.config.history import export, history, rollback, stored
from connector.cli.config.summary import go_live_text, summaries
from connector.cli.files import RoutingText, read_routing_text
from connector.cli.output import PARKED, WRONG_INPUT, WrongInput, json_option, plain, say, show, table, tell, timestamp
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.documents import Kind
from connector.domain.errors import Parked
from connector.domain.layout import NOTHING, counted
from connector.domain.revision.arrival import NEVER
from connector.domain.routing.resolve import BUILT_IN, Routing
from connector.domain.routing.route import Route
from connector.domain.routing.settings import Merge
from connector.domain.routing.values import Form
from connector.domain.transactions import Stream

if TYPE_CHECKING:
    from connector.routing_file import Problem

_FILE = click.argument("file", metavar="FILE")
_SUSPECT = (
    "looks like a secret. Take it out of the file: comments are kept when it is applied, and this one is left out."
)


@click.group(short_help="The routing file: check, compare, apply.")
def config() -> None:
    """The routing file: companies, defaults, partners."""


for _command in (history, rollback, export):
    config.add_command(_command)


@config.command("check", short_help="List every problem of a file.")
@_FILE
@click.option(
    "--stream",
    type=click.Choice([stream.value for stream in Stream]),
    help="The stream of the stack that FILE is for: on a live one a missing go_live is an error.",
)
@json_option
def check_file(*, file: str, stream: str | None, as_json: bool) -> int:
    """Check FILE: list every problem with its line, and tell what it switches on. Reads nothing but the file.

    What is allowed and hardly ever meant is a warning: a go_live more than 31 days ahead or 400 days ago, a limit of
    500%, one ISA id for two partners, a comment that looks like a secret, changes (860) that are written by themselves
    although it is not said what their quantities mean.
    """
    from connector.routing_file import Problem

    read = read_routing_text(file, stream=Stream(stream) if stream else None)
    checked = read.checked
    findings = [_finding(problem) for problem in checked.problems]
    routing = Routing.from_data(checked.data) if checked.data and not checked.errors else None
    companies = list(summaries(routing)) if routing else []
    if routing:
        late = [*unusual(routing, now=SystemClock().now()), open_readings(routing)]
        problems = (Problem(*one, fatal=False) for one in late if one is not None)
        findings += [_finding(read.placed(problem)) for problem in problems]
    findings += [
        _finding(Problem("comment", _SUSPECT, fatal=False, line=line))
        for line in secret_lines(read.body.decode("utf-8-sig"))
    ]
    if as_json:
        show({"ok": not checked.errors, "problems": findings, "companies": companies}, str, as_json=True)
    else:
        for finding in findings:
            place = f"{file}:{finding['line']}: " if finding["line"] else ""
            tell(f"{place}{finding['level']}: {finding['path']}: {finding['sentence']}")
        for company in companies:
            click.echo(str(company))
        warnings = sum(finding["level"] == "warning" for finding in findings)
        click.echo(_summary(file, len(checked.errors), warnings))
    return WRONG_INPUT if checked.errors else 0


def _finding(problem: Problem) -> dict[str, Any]:
    level = "error" if problem.fatal else "warning"
    return {"path": problem.path, "sentence": problem.sentence, "level": level, "line": problem.line}


@config.command("schema", short_help="Print the JSON Schema, for editors.")
@json_option
def print_schema(*, as_json: bool) -> int:  # noqa: ARG001 - it is JSON either way
    """Print the JSON Schema of the routing file, for editors."""
    from connector.routing_file import json_schema

    show(json_schema(), str, as_json=True)
    return 0


@config.command("diff", short_help="Show what applying would change.")
@_FILE
@click.option(
    "--from", "other", metavar="FILE", help="Compare with this file, such as that of the test stack; needs no AWS."
)
@stack_option
@json_option
def diff_file(*, file: str, other: str | None, stack: Stack, as_json: bool) -> int:
    """Show what applying FILE would change, or what FILE has otherwise than another one. Changes nothing."""
    _, data = _sound(file)
    applied = in_force(stack) if other is None else Routing.from_data(_sound(other)[1])
    if other is None:
        sentence = onboarding.other_companies(applied, Routing.from_data(data), file=file, stack=stack.name)
        if sentence is not None:
            say(f"warning: {sentence}")
    changes = list(differences(applied.data if applied else {}, data))
    show(
        {
            "applied" if other is None else "from": applied.version if applied else None,
            "file": Routing.from_data(data).version,
            "changes": changes,
        },
        lambda: readable(changes) or ("The files say the same." if other else "Nothing would change."),
        as_json=as_json,
    )
    return 0


@config.command("apply", short_help="Put a file in force, release documents.")
@_FILE
@apply_options
def apply_file(*, file: str, stack: Stack, **options: Any) -> int:
    """Check FILE, show the difference and what it would release, put it in force, and release what is named.

    Documents that waited for a routing entry leave only if they are named: --release, or the answer to the question. So
    do those that routing skipped, with --skipped. Changes (860) that waited for an entry are decided anew in any case.
    Functions may decide with the former routing for a minute more. The file is kept with its comments.
    """
    read, data = _sound(file, stream=stack.stream)
    return put_in_force(stack, Candidate(name=file, data=data, text=read.body), ApplyOptions(**options))


@config.command("show", short_help="Show what is applied, or one route.")
@click.argument("version", metavar="[VERSION]", required=False)
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
def show_routing(
    *, version: str | None, wanted: tuple[str, str, str] | None, file: str | None, stack: Stack, as_json: bool
) -> int:
    """Show the applied routing, or one route: every setting, and the layer or the entry that it comes from.

    Of a route, what the file says stands on top; what is built-in, and what is not set, follows below in short.
    With VERSION, one that was applied earlier, and what it changed when it was applied last.
    """
    if version is not None and file is not None:
        raise WrongInput("Name a VERSION or a file with --config, not both.")
    applied: Applied | None = None
    if file is not None:
        routing = Routing.from_data(_sound(file)[1])
    elif version is not None:
        name, data = stored(stack, version)
        routing, applied = Routing.from_data(data, version=name), stack.routing.applied_as(name)
    else:
        routing, applied = stack.routing.load(), stack.routing.applied()
    if wanted is None:
        changes = _changes_of(stack, applied, routing) if version is not None else None
        result = {"version": routing.version, "applied": applied, "routing": routing.data}
        show(
            result if changes is None else {**result, "changes": changes},
            lambda: "\n\n".join(filter(None, (_overview(routing, applied), _changed(applied, changes)))),
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
        return PARKED
    settings = dict(_settings(routing, route))
    show(
        {name: {"value": plain(value), "from": layer} for name, (value, layer) in settings.items()},
        lambda: _settings_text(settings),
        as_json=as_json,
    )
    return 0


def _sound(file: str, *, stream: Stream | None = None) -> tuple[RoutingText, dict[str, Any]]:
    read = read_routing_text(file, stream=stream)
    checked = read.checked
    for problem in checked.warnings:
        say(f"warning: {problem}")
    if checked.errors or checked.data is None:
        listed = "\n".join(f"  {problem}" for problem in checked.errors)
        raise WrongInput(f"{_summary(file, len(checked.errors), len(checked.warnings))}\n{listed}")
    return read, checked.data


def _changes_of(stack: Stack, applied: Applied | None, routing: Routing) -> list[dict[str, Any]] | None:
    """What a version changed when it was applied last; None where that is not known."""
    if applied is None or applied.difference is None:
        return None
    former = stack.routing.version(applied.previous) if applied.previous else {}
    return None if former is None else list(differences(former, routing.data))


def _changed(applied: Applied | None, changes: Sequence[Mapping[str, Any]] | None) -> str | None:
    if applied is None or changes is None:
        return None
    former = f"Compared with version {applied.previous}" if applied.previous else "Compared with nothing"
    return f"{former}, which it replaced:\n{readable(changes) or 'Nothing changed.'}"


def _summary(file: str, errors: int, warnings: int) -> str:
    also = f" ({counted(warnings, 'warning')})" if warnings else ""
    if errors:
        return f"{file} has {counted(errors, 'error')}{also} and cannot be applied."
    return f"{file} is in order{also}."


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
        head = f"{head}, applied {timestamp(applied.at)}{whose}"
    return f"{head}\n\n{companies}\n\n{partners}\n\n{taken}"


_CALLED = {"partner.company": "company", "company.orderful.isa_id": "sender", "partner.orderful.isa_id": "receiver"}
"""What a document has other words for than the entries of the file."""


def _settings(routing: Routing, route: Route) -> Iterator[tuple[str, tuple[Any, str]]]:
    """Every setting that a route follows, flat, as the file has it, with the layer or the entry that it comes from."""
    yield "partner", (route.partner, f"partners.{route.partner}")
    yield "transaction_type", (route.transaction_type, "kind")
    for key, setting, found in routing.explain(route):
        name, value, layer = _CALLED.get(key, key), found.value, found.layer or NOTHING
        if key == "go_live":
            yield name, (go_live_text(route.go_live), layer)
        elif key == "expected.acknowledged" and route.expected.acknowledged is None:
            yield name, (NEVER, route.origin["acknowledgment"])
        elif setting.merge is Merge.FIELDS:
            yield name, (len(route.items), layer)
        elif setting.type.form is Form.RECORD and setting.merge is not Merge.KIND:
            for field in setting.type.fields:
                inside = (value or {}).get(field)
                yield f"{name}.{field}", (inside, layer if inside is not None else NOTHING)
        elif setting.type.form is Form.TABLE and value:
            for entry, said in value.items():
                yield f"{name}.{entry}", (said, found.of_key.get(entry, layer))
        else:
            yield name, (value, layer)


def _settings_text(settings: Mapping[str, tuple[Any, str]]) -> str:
    """Every setting: those of the file a line each, then those with their built-in value, then those without one."""
    written = [(name, _brief(value), layer) for name, (value, layer) in settings.items() if layer not in _UNWRITTEN]
    built_in = [
        f"{name} = {_brief(value) or NOTHING}" for name, (value, layer) in settings.items() if layer == BUILT_IN
    ]
    unset = [name for name, (_, layer) in settings.items() if layer == NOTHING]
    parts = [table(("setting", "value", "from"), written)]
    if built_in:
        parts.append(f"built-in: {'; '.join(built_in)}")
    if unset:
        parts.append(f"not set: {', '.join(unset)}")
    return "\n\n".join(parts)


_UNWRITTEN = frozenset({BUILT_IN, NOTHING})


def _brief(value: Any) -> str:
    value = plain(value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {entry}" for key, entry in value.items() if entry is not None)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
