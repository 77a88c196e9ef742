"""`connector changes`: what came in about our orders, and a person's word about what is open."""

from __future__ import annotations

import click

from connector.cli.changes.decide import approve_changes, close_changes, reject_changes, retry_changes
from connector.cli.changes.fetch import fetch_changes
from connector.cli.changes.listing import list_changes
from connector.cli.changes.show import show_change


@click.group(short_help="Incoming changes (860) of orders.")
def changes() -> None:
    """Incoming changes (860) of purchase orders, and what became of them."""


for command in (
    list_changes,
    show_change,
    approve_changes,
    retry_changes,
    reject_changes,
    close_changes,
    fetch_changes,
):
    changes.add_command(command)
