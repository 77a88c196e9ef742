"""`connector data`: takes the content of one partner's documents out of the ledger and the bucket."""

from __future__ import annotations

from collections import Counter

import click

from connector.cli.documents.filters import no_such, routing_in_force
from connector.cli.output import PARKED, Failed, go_on, json_option, say, show
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.errors import Conflict
from connector.domain.layout import counted
from connector.domain.order_change.record import Change
from connector.domain.revision.record import Revision
from connector.services.listing import is_partners, partners_of, partners_of_change

_SHOWN = 20


@click.group(short_help="Delete the data of one partner.")
def data() -> None:
    """What the ledger and the payload bucket hold of a partner."""


@data.command("delete", short_help="Delete what was sent and received, keep that it was.")
@click.option(
    "--partner",
    required=True,
    metavar="NAME",
    help="Its name in the routing file; of a partner that was removed, the former one.",
)
@click.option("--company", metavar="NAME", help="Only documents of this company.")
@stack_option
@click.option("--dry-run", is_flag=True, help="Count only; nothing is deleted.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete(*, partner: str, company: str | None, stack: Stack, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Delete the content of the documents that a partner was sent, and of the messages that it sent.

    Deleted are Visma documents, requests, inbound messages, and all reasons and notes. Kept are keys, hashes, numbers,
    ids, parties, times and states, so that nothing is sent twice. What may still be sent or applied is left alone: the
    command names it and exits 3. It exits 1 where a name is not in force and nothing is on record under it. Routing,
    Visma and Orderful are not touched. Point-in-time backups hold the data for 35 days more, large documents on their
    way for 30, logs no payload at all.
    """
    routing = routing_in_force(stack)

    def is_wanted(one: Revision | Change) -> bool:
        names = partners_of_change(one, routing) if isinstance(one, Change) else partners_of(one, routing)
        return company in {None, one.key.company} and is_partners(partner, names, one.partner, routing)

    entries = stack.erasure.entries(is_wanted)
    names = (("partner", partner, routing.data.get("partners") or {}), ("company", company, routing.data["companies"]))
    for what, name, known in names:
        if not entries and name is not None and name not in known:
            raise Failed(f"Nothing was deleted: no content of '{name}' is on record. {no_such(what, name, known)}")
    kept = [entry for entry in entries if entry.is_open]
    going = [entry for entry in entries if not entry.is_open]
    documents = sum(not entry.is_inbound for entry in going)
    say(
        f"This deletes the content of {counted(documents, 'revision')} and "
        f"{counted(len(going) - documents, 'inbound transaction')} of partner {partner}. It cannot be undone."
    )
    go_on(stack.title, yes=yes or dry_run or not going)
    done: Counter[str] = Counter()
    changed = []
    for entry in going:
        try:
            if not dry_run:
                stack.erasure.erase(entry)
        except Conflict:
            changed.append(entry.name)
        else:
            done["inbound" if entry.is_inbound else "revisions"] += 1
    left = [f"{entry.name} ({entry.state})" for entry in kept]
    show(
        {
            "partner": partner,
            "revisions": done["revisions"],
            "inbound": done["inbound"],
            "dry_run": dry_run,
            "open": left,
            "changed_meanwhile": changed,
        },
        lambda: "\n".join(_lines(left, changed, done=done.total(), dry_run=dry_run)),
        as_json=as_json,
    )
    return PARKED if left or changed else 0


def _lines(left: list[str], changed: list[str], *, done: int, dry_run: bool) -> list[str]:
    head = "Nothing was deleted (--dry-run)." if dry_run else f"The content of {counted(done, 'record')} is deleted."
    lines = [head]
    if left:
        more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        lines.append(f"Left alone, since something is still to happen with it: {', '.join(left[:_SHOWN])}{more}.")
        lines.append("Close it (connector documents close, connector changes reject), then run the command again.")
    if changed:
        lines.append(f"Changed meanwhile: {', '.join(changed[:_SHOWN])}. Run the command again.")
    return lines
