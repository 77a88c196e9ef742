"""What `connector doctor` asks Orderful about both directions: the key, our ids, and the relationships."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connector.adapters.orderful.inbound import TRANSACTION_TYPES
from connector.cli.config.change_checks import ASK, is_reading_open
from connector.cli.doctor.finding import Finding, Mark, failed, part, rows
from connector.cli.progress import Progress
from connector.cli.stack.stack import Stack
from connector.domain.documents import Kind
from connector.domain.errors import ConnectorError, Parked
from connector.domain.order_change.record import CHANGE
from connector.domain.routing.policy import is_ever_sent
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import Route
from connector.domain.transactions import IsaId, Stream

_PAGES = 100
_ANSWERS = [number for number in TRANSACTION_TYPES if number != CHANGE]
_READY = {
    Stream.LIVE: frozenset({"READY", "LIVE"}),
    Stream.TEST: frozenset({"TEST", "READY", "LIVE"}),
}


def examine_orderful(stack: Stack, routing: Routing | None, progress: Progress) -> Iterator[Finding]:
    """Every check, up to the first one without which the next ones mean nothing; without a routing, the key alone."""
    stream = stack.stream
    try:
        organization, _ = stack.orderful.get_json("v3/organizations/me")
    except ConnectorError as error:
        yield failed("orderful key", error)
        return
    organization = organization if isinstance(organization, Mapping) else {}
    yield Finding(Mark.OK, "orderful key", f"it belongs to {organization.get('name') or 'an organization'}.")
    if routing is None:
        return
    field = f"{stream}IsaId"
    accounts = organization.get("ediAccounts") or []
    owned = {str(account.get(field)) for account in accounts if isinstance(account, Mapping) and account.get(field)}
    for company in routing.companies.values():
        ours = company.isa_id.on(stream)
        if ours in owned:
            yield Finding(Mark.OK, f"orderful {company.name}", f"{ours} is our {stream} id.")
        else:
            yield Finding(
                Mark.FAIL,
                f"orderful {company.name}",
                f"{ours} is none of our {stream} ids ({', '.join(sorted(owned)) or 'there are none'}).",
                f"Correct companies.{company.name}.orderful.isa_id.{stream}, or use the key of that organization.",
            )
    try:
        relationships = list(_relationships(stack, progress))
    except ConnectorError as error:
        yield failed("orderful relationships", error)
        return
    # What is wrong with a number is wrong for each of its kinds, and told once.
    found = (one for number in routing.numbers() for one in _of_number(routing, number, relationships, stream))
    yield from dict.fromkeys(found)
    yield from _unlisted(routing, relationships, stream)


def _of_number(
    routing: Routing, mapped: tuple[str, str, str, str], relationships: list[Mapping[str, Any]], stream: Stream
) -> Iterator[Finding]:
    """Whether every kind that leaves for a supplier or customer has a relationship, and a supplier's changes one."""
    company_name, partner, role, number = mapped
    for kind in (one for one in Kind if one.facts.counterparty == role):
        try:
            route = routing.route(company_name, kind, number)
        except Parked as problem:
            yield failed(f"orderful {partner}", problem)
            continue
        if is_ever_sent(route):
            yield _sending(route, relationships, stream)
        if kind.facts.takes_changes:
            yield _receiving(route, relationships, stream)


def _relationships(stack: Stack, progress: Progress) -> Iterator[Mapping[str, Any]]:
    params = [("limit", "100")]
    for number in range(_PAGES):
        progress(f"Orderful, page {number + 1} of the relationships")
        answer, _headers = stack.orderful.get_json("v3/relationships", params)
        if not isinstance(answer, Mapping):
            return
        yield from rows(answer.get("data"))
        cursor = _next_cursor(answer)
        if cursor is None:
            return
        params = [("limit", "100"), ("nextCursor", cursor)]


def _next_cursor(answer: Mapping[str, Any]) -> str | None:
    """The cursor in Orderful's link to the next page; the link itself is not followed, so that our key stays home."""
    step: Any = answer
    for name in ("metadata", "pagination", "links", "next"):
        step = step.get(name) if isinstance(step, Mapping) else None
    found = parse_qs(urlsplit(step).query).get("nextCursor") if isinstance(step, str) else None
    return found[0] if found else None


def _sending(route: Route, relationships: list[Mapping[str, Any]], stream: Stream) -> Finding:
    facts = route.kind.facts
    is_first = route.kind is next(kind for kind in Kind if kind.facts.counterparty is facts.counterparty)
    check = f"orderful {route.partner}{'' if is_first else f' {route.kind.label}s'}"
    name = route.transaction_type.value
    what = f"{name} from {route.company.isa_id.on(stream)} to {route.partner_isa_id.on(stream)}"
    found = _between(relationships, route.company.isa_id, route.partner_isa_id, stream)
    found = [one for one in found if name in _types(one)]
    if not found:
        return Finding(
            Mark.FAIL,
            check,
            f"there is no relationship for {what}.",
            "Ask the partner for it in Orderful, or create it; or set "
            f"partners.{route.partner}.kinds.{route.kind}.send: false and apply the file.",
        )
    status = str(found[0].get("status") or "unknown")
    if status not in _READY[stream]:
        return Finding(
            Mark.FAIL,
            check,
            f"the relationship for {what} is {status}, so nothing can be sent on the {stream} stream.",
            "Finish its set-up in Orderful.",
        )
    if found[0].get("autoSend") == "DISABLED":
        return Finding(
            Mark.WARN,
            check,
            f"{what} is {status}, but autoSend is off: every document waits for a person at Orderful.",
            "Switch autoSend on in Orderful, unless that is meant.",
        )
    return Finding(Mark.OK, check, f"{what} is {status}.")


def _receiving(route: Route, relationships: list[Mapping[str, Any]], stream: Stream) -> Finding:
    """Whether the partner's changes can arrive; none of this is wrong, because not every supplier sends any."""
    check = f"orderful {route.partner} changes"
    what = f"860 from {route.partner_isa_id.on(stream)} to {route.company.isa_id.on(stream)}"
    found = _between(relationships, route.partner_isa_id, route.company.isa_id, stream)
    # Orderful: the type of an 860 that comes in has another name than that of one that is sent.
    found = [one for one in found if any(name.startswith(CHANGE) for name in _types(one))]
    statuses = [str(one.get("status") or "unknown") for one in found]
    ready = next((status for status in statuses if status in _READY[stream]), None)
    if ready and route.changes.quantities is None:
        mark = Mark.WARN if is_reading_open(route) else Mark.OK
        sentence = f"{what} is {ready}; {route.changes.key}.quantities does not say what its POC03 means."
        return Finding(mark, check, sentence, f"{ASK} Until then POC03 is read as the new quantity.")
    if ready:
        return Finding(Mark.OK, check, f"{what} is {ready}.")
    if statuses:
        sentence = f"the relationship for {what} is {statuses[0]}, so no change arrives on the {stream} stream."
    else:
        sentence = f"there is no relationship for {what}, so its changes cannot arrive."
    return Finding(Mark.WARN, check, sentence, "Set it up in Orderful, unless this partner sends no changes.")


def _unlisted(routing: Routing, relationships: list[Mapping[str, Any]], stream: Stream) -> Iterator[Finding]:
    """Whether what is looked for in Orderful's list comes to us under another word than the one that is asked for."""
    ours = [company.isa_id for company in routing.companies.values()]
    words = {
        name
        for one in relationships
        if any(_is(part(one, "receiver"), isa_id, stream) for isa_id in ours)
        for name in _types(one)
        if any(name.startswith(f"{number}_") for number in _ANSWERS) and name not in TRANSACTION_TYPES.values()
    }
    for word in sorted(words):
        yield Finding(
            Mark.WARN,
            f"orderful {word.partition('_')[0]}",
            f"a relationship names {word}, and polling looks for another word; a lost callback is not made up for.",
            "Have Orderful deliver these to an inbox or a bucket, and report the word.",
        )


def _between(
    relationships: list[Mapping[str, Any]], sender: IsaId, receiver: IsaId, stream: Stream
) -> list[Mapping[str, Any]]:
    return [
        one
        for one in relationships
        if _is(part(one, "sender"), sender, stream) and _is(part(one, "receiver"), receiver, stream)
    ]


def _types(relationship: Mapping[str, Any]) -> list[str]:
    """The names of its transaction type, which stands bare or in an object."""
    names = (relationship.get("transactionType"), part(relationship, "transactionType").get("name"))
    return [name for name in names if isinstance(name, str)]


def _is(party: Mapping[str, Any], isa_id: IsaId, stream: Stream) -> bool:
    """Whether a party of a relationship is the one we mean; a test id may be missing (Orderful: nullable)."""
    return isa_id.on(stream) == party.get(f"{stream}IsaId") or (
        party.get("testIsaId") is None and party.get("liveIsaId") == isa_id.live
    )
