"""`connector config history|rollback|export`: the versions that were applied, and the way back to one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import yaml

from connector.adapters.aws.routing_store import Applied
from connector.cli.config.applying import ApplyOptions, Candidate, apply_options, put_in_force
from connector.cli.output import WrongInput, json_option, say, show, table
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.errors import NoRouting
from connector.domain.layout import counted

_SHOWN = 20
_SEARCHED = 500
"""Versions among which one is looked for by the beginning of its name."""

_PATHS = 3


@click.command("history", short_help="Which versions were applied, by whom.")
@click.option("--limit", type=click.IntRange(1), default=_SHOWN, show_default=True, help="How many, newest first.")
@stack_option
@json_option
def history(*, limit: int, stack: Stack, as_json: bool) -> int:
    """List the versions that were applied, newest first: when, by whom, what changed, and what was released.

    The first line is what is in force. `config show VERSION` prints one, with all that it changed.
    """
    entries = stack.routing.history(limit=limit)
    show(entries, lambda: _listed(entries) if entries else "No routing was applied yet.", as_json=as_json)
    return 0


@click.command("rollback", short_help="Put an earlier version in force.")
@click.argument("version", metavar="VERSION")
@apply_options
def rollback(*, version: str, stack: Stack, **options: Any) -> int:
    """Put an earlier VERSION in force: an apply of it, with the same forecast, questions and refusals.

    It undoes no sending: what left meanwhile is at the partners. Your own file stays as it is: `config export` prints
    the one in force. Functions may decide with the former routing for a minute more.
    """
    from connector.routing_file import check

    name, data = stored(stack, version)
    checked = check(data, stream=stack.stream)
    if checked.errors or checked.data is None:
        listed = "\n".join(f"  {problem}" for problem in checked.errors)
        raise WrongInput(
            f"Version {name} cannot be applied any more: this release finds errors in it. Export it (connector config "
            f"export {name}), mend it, and apply the file. Nothing was changed.\n{listed}"
        )
    for problem in checked.warnings:
        say(f"warning: {problem}")
    entry = stack.routing.applied_as(name)
    text = stack.routing.text(entry.text) if entry is not None and entry.text is not None else None
    return put_in_force(stack, Candidate(name=f"version {name}", data=checked.data, text=text), ApplyOptions(**options))


@click.command("export", short_help="Print the file in force, as it was applied.")
@click.argument("version", metavar="[VERSION]", required=False)
@stack_option
@json_option
def export(*, version: str | None, stack: Stack, as_json: bool) -> int:
    """Print the file in force, or that of VERSION, exactly as it was applied: with its comments.

    Where no text was kept (a release before this one applied it, or the file was too long), its content is printed.
    stderr says which version it is; `config apply --replaces VERSION` refuses when somebody applied another meanwhile.
    """
    if version is None:
        entry = stack.routing.applied()
        if entry is None:
            raise NoRouting("No routing was applied yet.", next_step="Run `connector config apply connector.yaml`.")
        name, data = stored(stack, entry.version)
    else:
        name, data = stored(stack, version)
        entry = stack.routing.applied_as(name)
    if entry is not None and entry.text is not None:
        text, is_exact = stack.routing.text(entry.text).decode("utf-8"), True
    else:
        text, is_exact = written(data), False
    if as_json:
        show({"version": name, "exact": is_exact, "text": text}, str, as_json=True)
        return 0
    say(f"Version {name}, {'as it was applied' if is_exact else 'its content: no text of it was kept'}.")
    click.echo(text.encode(), nl=False)
    return 0


def stored(stack: Stack, version: str) -> tuple[str, dict[str, Any]]:
    """The whole name and the data of a version, by its name or the beginning of it.

    Raises:
        WrongInput: there is none, or several begin so.
    """
    data = stack.routing.version(version)
    if data is not None:
        return version, data
    names = {one.version for one in stack.routing.history(limit=_SEARCHED) if one.version.startswith(version)}
    if len(names) > 1:
        raise WrongInput(f"Several versions begin with '{version}': {', '.join(sorted(names))}. Write more of it.")
    for name in names:
        data = stack.routing.version(name)
        if data is not None:
            return name, data
    raise WrongInput(f"No version '{version}' was applied to stack '{stack.name}'. See `connector config history`.")


def written(data: dict[str, Any]) -> str:
    """The content of a routing as a file; names that look like numbers stay text."""
    return yaml.dump(data, Dumper=_PlainDumper, allow_unicode=True, sort_keys=False, width=120)


class _PlainDumper(yaml.SafeDumper):
    """Without anchors: people would have to look twice."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """No part is written as a reference to another one."""
        return True


def changed_text(entry: Applied) -> str | None:
    """What an apply changed: how many settings, and where first; many by their company or partner."""
    difference = entry.difference
    if difference is None:
        return None
    if not difference.total:
        return "nothing"
    numbers = ((difference.added, "added"), (difference.removed, "removed"), (difference.changed, "changed"))
    counts = ", ".join(f"{number} {what}" for number, what in numbers if number)
    named = [*difference.paths]
    if len(named) > _PATHS:
        named = list(dict.fromkeys(".".join(path.split(".")[:2]) for path in named))
    more = ", ..." if len(named) > _PATHS or difference.total > len(difference.paths) else ""
    return f"{counts}: {', '.join(named[:_PATHS])}{more}"


def released_text(entry: Applied) -> str | None:
    """How much an apply released; nothing where that is not known."""
    if entry.documents is None:
        return None
    changes = f", {counted(entry.changes, 'change')}" if entry.changes else ""
    return f"{counted(entry.documents, 'document')}{changes}"


def _listed(entries: Sequence[Applied]) -> str:
    return table(
        ("version", "applied", "by", "identity", "released", "changed"),
        [(one.version, one.at, one.by, one.caller, released_text(one), changed_text(one)) for one in entries],
    )
