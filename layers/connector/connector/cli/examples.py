"""Examples of each command, as its help shows them. A test gives each line to its command."""

from __future__ import annotations

from collections.abc import Iterator

import click

EXAMPLES = (
    "status",
    "status --json",
    "digest",
    "digest --send",
    "config check connector.yaml",
    "config check connector.prod.yaml --stream live",
    "config schema",
    "config diff connector.yaml",
    "config apply connector.yaml --dry-run",
    "config apply connector.yaml --release recent",
    "config apply connector.yaml --skipped",
    "config apply connector.yaml --replaces 1cb8e453844603f1",
    "config history",
    "config rollback 1cb8e453844603f1 --dry-run",
    "config export",
    "config export 1cb8e453844603f1",
    "config show",
    "config show 1cb8e453844603f1",
    "config show --route nordic purchase_order 50012",
    "translate order.json --config connector.yaml",
    "translate order.json --config connector.yaml --as x12",
    "explain order.json --config connector.yaml",
    "explain order.json --config connector.yaml --only PO1-03 --only 'party ST'",
    "explain 500123 --only units",
    "change 860.json --order order.json --config connector.yaml",
    "documents list",
    "documents list --partner acme --state parked,rejected",
    "documents list --state skipped --code send-off",
    "documents list --state acknowledged --since yesterday --until yesterday --csv",
    "documents list --kind customer_invoice --amount 100000.. --columns document,state,amount,currency",
    "documents show 500123",
    "documents trace 500123",
    "documents source 500123",
    "documents request 500123",
    "documents diff 500123",
    "documents open 500123",
    "documents replay 500123",
    "documents replay --partner acme --code delivery-failed --since yesterday --dry-run",
    "documents resend 500123 --as replacement --reason 'they lost it'",
    "documents resend --as replacement --partner acme --state acknowledged --since 2026-11-28 --dry-run",
    "documents release 500123 --as replacement",
    "documents release --as original --partner acme --state skipped --code send-off --dry-run",
    "documents close 500123 --reason 'told by telephone'",
    "documents close --attention --code acknowledgment-overdue --partner acme --until 2026-11-01",
    "changes list",
    "changes list --code price-beyond-limit",
    "changes show 802210971",
    "changes approve 802210971",
    "changes approve 802210971 --order 500123",
    "changes approve --partner acme --code quantity-beyond-limit --dry-run",
    "changes approve --partner acme --since yesterday --reason 'agreed by telephone'",
    "changes retry 802210971",
    "changes reject 802210971 --reason 'the goods have left'",
    "changes reject --partner acme --code date-in-past --reason 'the lorries have left'",
    "changes close 802210971 --reason 'entered by hand'",
    "changes close --state refused --partner acme --reason 'told by mail'",
    "changes fetch 802210971",
    "logs 500123",
    "logs nordic/purchase_order/500123 --since yesterday --utc",
    "deadletters list",
    "deadletters list --queue documents --json",
    "deadletters list --dropped",
    "deadletters redrive 500123",
    "deadletters redrive --queue deliveries --dry-run",
    "deadletters drop 500123 --reason 'sent by hand'",
    "pause --partner acme --reason 'their warehouse moves until Monday'",
    "pause --company nordic --kind customer_invoice --reason 'VAT rates are checked'",
    "resume --partner acme --dry-run",
    "resume --all",
    "resume --left-behind",
    "baseline --dry-run",
    "baseline --company nordic",
    "backfill --since 2026-11-01 --dry-run",
    "backfill --since 2026-11-02 --company nordic --kind purchase_order --number 500123",
    "reconcile --since 2026-11-20 --partner acme",
    "reconcile list",
    "reconcile close 5d1f0c2a --reason 'sent by hand'",
    "cursors",
    "cursors rewind --to 2026-11-28T06:00Z --dry-run",
    "alarms list",
    "alarms rehearse documents-parked",
    "holds list",
    "holds lift",
    "data delete --partner acme --dry-run",
    "doctor",
    "doctor connector.yaml",
    "secrets set orderful",
)
"""Each without the word `connector`."""


def add_examples(group: click.Group, path: str = "") -> None:
    """Put below the help of each command its examples."""
    for name, command in group.commands.items():
        whole = f"{path}{name}"
        found = list(_examples_of(whole, command))
        if found:
            # click: a paragraph that begins with \b is not wrapped.
            command.epilog = "\b\n" + "\n".join(["Examples:", *(f"  connector {line}" for line in found)])
        if isinstance(command, click.Group):
            add_examples(command, f"{whole} ")


def _examples_of(whole: str, command: click.Command) -> Iterator[str]:
    """Those of a command; a group that runs by itself has those that name none of its commands."""
    below = tuple(f"{whole} {name}" for name in command.commands) if isinstance(command, click.Group) else ()
    for line in EXAMPLES:
        if f"{line} ".startswith(f"{whole} ") and not any(f"{line} ".startswith(f"{each} ") for each in below):
            yield line
