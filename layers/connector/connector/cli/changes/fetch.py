"""`connector changes fetch`: has transactions looked up at Orderful that are not on record."""

from __future__ import annotations

import click

from connector.cli.output import WrongInput, go_on, json_option, say, show
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.layout import counted
from connector.edi.inbound import read_inbound
from connector.services.messages import HintMessage


@click.command("fetch", short_help="Have transactions recorded that no channel brought.")
@click.argument("names", nargs=-1, required=True, metavar="ID...")
@stack_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def fetch_changes(*, names: tuple[str, ...], stack: Stack, yes: bool, as_json: bool) -> int:
    """Have transactions looked up at Orderful, and recorded and decided like any other. ID is Orderful's.

    It does what a callback does: what is on record stays as it is, and what is not for this stack is left alone.
    """
    names = tuple(dict.fromkeys(names))
    for name in names:
        if read_inbound({"id": name}, trusted=False) is None or not any(map(str.isdigit, name)):
            raise WrongInput(f"'{name}' is no id of a transaction at Orderful: those are numbers or UUIDs.")
    recorded = [name for name in names if stack.changes.known(name) is not None]
    wanted = [name for name in names if name not in recorded]
    for name in recorded:
        say(f"{name} is on record: connector changes show {name}")
    if wanted:
        say(f"This has {counted(len(wanted), 'transaction')} looked up at Orderful: {', '.join(wanted)}.")
        go_on(stack.title, yes=yes)
        stack.outbox.hints([HintMessage(transaction_id=name) for name in wanted])
    show(
        {"queued": wanted, "recorded": recorded},
        lambda: "\n".join(
            [
                f"{counted(len(wanted), 'transaction')} queued."
                if wanted
                else "Nothing is looked up: all are on record.",
                *(
                    f"In a minute: connector changes show {one}; if that knows none: connector logs {one}"
                    for one in wanted
                ),
            ]
        ),
        as_json=as_json,
    )
    return 0
