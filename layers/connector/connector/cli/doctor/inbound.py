"""What `connector doctor` finds out about the way in: inboxes, polling buckets, and the address for callbacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import chain

from connector.cli.doctor.finding import Finding, Mark, failed
from connector.cli.output import timestamp
from connector.cli.stack.stack import Stack
from connector.domain.errors import ConnectorError, Misconfigured
from connector.domain.inbound import InboundTransaction
from connector.domain.layout import counted
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Stream
from connector.services.inbound.collect import PAGE, UNCLAIMED_AFTER
from connector.services.inbound.record import is_for_others

_FULL = "see that poll_orderful runs, and what it reports"
_MAX_TYPES = 5

# As AWS words it when a person may see the stack, but not its secrets.
_FORBIDDEN = "(AccessDeniedException)"


def examine_inbound(stack: Stack, routing: Routing | None) -> Iterator[Finding]:
    """Every check; one page of each inbox and bucket is read and nothing is taken out of it."""
    places = chain(
        ((f"inbox {name}", stack.inbound.inbox, name) for name in stack.inbox_ids),
        ((f"bucket {name}", stack.inbound.bucket, name) for name in stack.bucket_ids),
    )
    for check, read, name in places:
        yield _waiting(stack, routing, check, read, name)
    if not stack.inbox_ids and not stack.bucket_ids:
        yield Finding(
            Mark.WARN,
            "inbox",
            "neither an inbox nor a polling bucket is configured: changes are read from Orderful's list of"
            " transactions, every CollectInterval.",
            "Where Orderful delivers into one, deploy with OrderfulInboxIds or OrderfulBucketIds.",
        )
    yield from _callback(stack)


def _waiting(
    stack: Stack,
    routing: Routing | None,
    check: str,
    read: Callable[[str], Sequence[InboundTransaction | None]],
    name: str,
) -> Finding:
    try:
        items = read(name)
    except ConnectorError as error:
        return failed(check, error)
    more = " or more" if len(items) >= PAGE else ""
    waiting = f"{len(items)}{more} item{' waits' if len(items) == 1 else 's wait'}"
    if routing is None:
        return Finding(Mark.OK, check, f"{waiting}. Which of them are for us is said by a routing.")
    others = [item for item in items if item is not None and is_for_others(item, routing, stack.stream)]
    since = _since(stack, others)
    sentence = _others(others, since)
    troubles = list(_troubles([item for item in items if item not in others], routing, stack.stream))
    if sentence and (since is None or stack.clock.now() - since > UNCLAIMED_AFTER or len(items) >= PAGE):
        troubles.insert(
            0, (sentence, "see that somebody reads them, or name their types in inbound.take of the routing")
        )
    if len(items) >= PAGE:
        troubles.append(("newer ones are only seen when these leave", _FULL))
    if not troubles:
        return Finding(Mark.OK, check, f"{waiting}: {sentence}." if sentence else f"{waiting}.")
    steps = "; ".join(step for _, step in troubles)
    return Finding(
        Mark.WARN, check, f"{waiting}: {', '.join(what for what, _ in troubles)}.", f"{steps[:1].upper()}{steps[1:]}."
    )


def _since(stack: Stack, others: Sequence[InboundTransaction]) -> datetime | None:
    """Since when the oldest waits; None when Orderful does not say."""
    oldest = next(iter(others), None)
    if oldest is None or oldest.created_at or oldest.delivery is None:
        return oldest.created_at if oldest else None
    with suppress(ConnectorError):
        shown = stack.inbound.delivery_status(oldest.delivery, oldest.transaction_id)
        return shown.created_at if shown else None
    return None


def _others(others: Sequence[InboundTransaction], since: datetime | None) -> str | None:
    """What waits for other readers: how many of which type, and since when."""
    if not others:
        return None
    types = Counter(item.document or item.transaction_type or "unknown" for item in others)
    listed = ", ".join(f"{number} of {name}" for name, number in types.most_common(_MAX_TYPES))
    oldest = f"the oldest since {timestamp(since)}" if since else "since when is not known"
    return f"{len(others)} that are not taken here ({listed}; {oldest})"


def _troubles(
    items: Sequence[InboundTransaction | None], routing: Routing, stream: Stream
) -> Iterator[tuple[str, str]]:
    """What is not right with what waits, and what to do about it."""
    named = [item for item in items if item is not None]
    other = [item for item in named if item.stream is not stream]
    strangers = [
        item
        for item in named
        if item not in other and not routing.receivers(item.receiver_id or "", item.sender_id or "", stream)
    ]
    if other:
        yield f"{len(other)} not of the {stream} stream", "let Orderful deliver each stream into a place of its own"
    if strangers:
        receivers = ", ".join(sorted({item.receiver_id or "nobody" for item in strangers}))
        yield (
            f"{len(strangers)} for no company of the routing but for {receivers}",
            "add the receiver to the routing file, or let it be delivered elsewhere",
        )
    if len(named) < len(items):
        yield f"{len(items) - len(named)} naming no transaction", "look at them in Orderful"


def _callback(stack: Stack) -> Iterator[Finding]:
    if stack.callback_url is None:
        yield Finding(
            Mark.WARN, "callback", "the stack has no address for callbacks.", "Deploy it again from template.yaml."
        )
        return
    yield Finding(Mark.OK, "callback", f"the address for Orderful's HTTP channel is {stack.callback_url}")
    check = "callback secret"
    try:
        credentials = stack.callback_credentials()
    except Misconfigured as error:
        if _FORBIDDEN not in error.sentence:
            yield failed(check, error)
            return
        yield Finding(Mark.OK, check, "you may not read it, so whether one is set is not known.")
    except ConnectorError as error:
        yield failed(check, error)
    else:
        ways = [f"the header {credentials.header}"] if credentials.secrets else []
        ways += ["HTTP Basic"] if credentials.basic else []
        if ways:
            valid = counted(len(credentials.secrets) + len(credentials.basic), "valid value")
            yield Finding(Mark.OK, check, f"callbacks have to bring {' or '.join(ways)} ({valid}).")
            return
        agree = (
            "Have Orderful's support add a header, or use HTTP Basic, and put the same in:"
            " `connector secrets set callback`."
        )
        if stack.takes_callbacks_without_secret:
            yield Finding(
                Mark.WARN,
                check,
                "none is set, and the stack was deployed to take callbacks without: from anybody, as hints that are"
                " looked up at Orderful, a limited number of them.",
                agree,
            )
            return
        yield Finding(
            Mark.OK,
            check,
            "none is set: callbacks are refused, and polling finds the changes and answers that they are about.",
            agree,
        )
