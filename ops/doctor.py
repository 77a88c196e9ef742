"""`connector doctor`: asks the real systems, one by one, and says what to do about each finding. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click

from connector.adapters.visma_tokens import SCOPE
from connector.domain.documents import Kind
from connector.domain.errors import ConnectorError, Parked, Rejected
from connector.domain.routes import Company, Route
from connector.domain.routing import Routing
from connector.domain.transactions import IsaId, Stream
from connector.domain.visma_clock import to_utc, zone_named
from ops.output import FAILED, json_option, moment, say, show, span
from ops.stack import Stack, stack_option

_CLOCK_TOLERANCE = timedelta(minutes=2)
_RECENT = timedelta(minutes=10)
# No zone is further ahead of UTC than this, so the question reaches everything of the last day in any zone.
_LOOK_BACK = timedelta(hours=38)
_PAGES = 100
_READY = {
    Stream.LIVE: frozenset({"READY", "LIVE"}),
    Stream.TEST: frozenset({"TEST", "READY", "LIVE"}),
}


class Mark(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check, and what to do when it is not good."""

    mark: Mark
    check: str
    sentence: str
    next_step: str | None = None


@click.command()
@stack_option
@json_option
def doctor(*, stack: Stack, as_json: bool) -> int:
    """Check routing, Visma and Orderful with the credentials of the stack. Reads only."""
    say(f"Asking Visma and Orderful for stack '{stack.name}'; nothing is changed.")
    findings = []
    for finding in examine(stack):
        findings.append(finding)
        if not as_json:
            step = f"\n      -> {finding.next_step}" if finding.next_step else ""
            click.echo(f"{finding.mark:<5} {finding.check}: {finding.sentence}{step}")
    if as_json:
        show(findings, str, as_json=True)
    failures = sum(finding.mark is Mark.FAIL for finding in findings)
    if failures:
        say(f"{failures} of {len(findings)} checks failed.")
    return FAILED if failures else 0


def examine(stack: Stack) -> Iterator[Finding]:
    """Every check, in the order in which a failure would explain the later ones."""
    try:
        routing = stack.routing.load()
        companies = routing.companies.values()
    except ConnectorError as error:
        yield _failed("routing", error)
        return
    yield Finding(Mark.OK, "routing", f"version {routing.version} with {len(companies)} companies is applied.")
    for company in companies:
        yield from _visma(stack, company)
    yield from _orderful(stack, routing)


def _visma(stack: Stack, company: Company) -> Iterator[Finding]:
    check = f"visma {company.name}"
    client = stack.visma(company)
    try:
        branches, headers = client.get_json("v1/branch")
    except ConnectorError as error:
        yield _failed(f"{check} token", error)
        return
    yield Finding(Mark.OK, f"{check} token", f"Visma Connect gave one with the scopes {SCOPE}.")
    try:
        organizations, _ = client.get_json("v1/organization")
    except Rejected:
        # Not every tenant offers it; the branches tell enough.
        organizations = []
    except ConnectorError as error:
        yield _failed(f"{check} organization", error)
        organizations = []
    yield _company_seen(check, company, _rows(branches), _rows(organizations))
    yield _budget(check, headers)
    since = (stack.clock.now() - _LOOK_BACK).replace(tzinfo=None).isoformat(timespec="milliseconds")
    try:
        orders, headers = client.get_json(
            "v1/purchaseorder",
            [
                ("lastModifiedDateTime", since),
                ("lastModifiedDateTimeCondition", ">="),
                ("pageNumber", "1"),
                ("pageSize", "200"),
            ],
        )
    except ConnectorError as error:
        yield _failed(f"{check} orders", error)
        return
    server = _server_time(headers)
    if server is None:
        yield Finding(Mark.WARN, f"{check} clock", "the answer has no Date header, so the clocks cannot be compared.")
        return
    yield _clock(check, server - stack.clock.now())
    yield _zone(check, company, _rows(orders), server)


def _company_seen(
    check: str, company: Company, branches: list[Mapping[str, Any]], organizations: list[Mapping[str, Any]]
) -> Finding:
    check = f"{check} company"
    seen = branches + organizations
    if not seen:
        return Finding(
            Mark.FAIL,
            check,
            "Visma shows neither a branch nor an organization, with status 200.",
            "Check visma.company_id and visma.tenant_id: an empty answer is how Visma treats a wrong company.",
        )
    names = ", ".join(sorted({str(_plain(row.get("name"))) for row in seen if _plain(row.get("name"))})) or "no name"
    branch = company.visma.branch
    numbers = {str(_plain(row.get("number"))) for row in branches}
    if branch is not None and branch not in numbers:
        return Finding(
            Mark.FAIL,
            check,
            f"branch {branch} is not among those that Visma shows ({', '.join(sorted(numbers)) or 'none'}).",
            "Correct visma.branch in the routing file.",
        )
    ids = {
        str(_plain(row.get(field)))
        for row in seen
        for field in ("organizationCd", "organizationId", "corporateId", "number")
        if _plain(row.get(field)) is not None
    }
    if company.visma.company_id in ids:
        return Finding(Mark.OK, check, f"{company.visma.company_id} is {names}.")
    return Finding(
        Mark.WARN,
        check,
        f"Visma shows {names}, but nothing with the number {company.visma.company_id}.",
        "See that this is the company you mean; company_id is the number beside its name in Visma.",
    )


def _budget(check: str, headers: Mapping[str, str]) -> Finding:
    check = f"{check} calls"
    limit, left, reset = (_whole(headers.get(f"X-RateLimit-{name}")) for name in ("Limit", "Remaining", "Reset"))
    if limit is None or left is None:
        return Finding(Mark.OK, check, "Visma tells no hourly limit.")
    again = f", {span(timedelta(seconds=reset))} before it is full again" if reset is not None else ""
    told = f"{left} of {limit} calls an hour are left{again}."
    if left * 10 < limit:
        return Finding(Mark.WARN, check, told, "See what else uses this application; polling slows down by itself.")
    return Finding(Mark.OK, check, told)


def _clock(check: str, ahead: timedelta) -> Finding:
    if abs(ahead) <= _CLOCK_TOLERANCE:
        return Finding(Mark.OK, f"{check} clock", "Visma's clock and this machine's agree.")
    return Finding(
        Mark.WARN,
        f"{check} clock",
        f"Visma's clock is {span(abs(ahead))} {'ahead of' if ahead > timedelta(0) else 'behind'} this machine's.",
        "Set this machine's clock; the connector itself goes by Visma's.",
    )


def _zone(check: str, company: Company, orders: list[Mapping[str, Any]], server: datetime) -> Finding:
    """What the newest time stamp says about the zone: a row cannot have been changed in the future."""
    check = f"{check} zone"
    name = company.visma.time_zone
    zone = zone_named(name)
    stamps = [to_utc(str(stamp), zone) for row in orders if (stamp := _plain(row.get("lastModifiedDateTime")))]
    newest = max((stamp for stamp in stamps if stamp is not None), default=None)
    calibrate = "Change a note on a test order in Visma and run this again within ten minutes."
    if newest is None:
        mark = Mark.OK if name else Mark.WARN
        known = f"set to {name}" if name else "not known"
        return Finding(mark, check, f"it is {known}, and no recent order can prove it.", None if name else calibrate)
    ahead = newest - server
    if ahead > _CLOCK_TOLERANCE:
        hours = round(ahead / timedelta(hours=1))
        return Finding(
            Mark.FAIL if name else Mark.WARN,
            check,
            f"the newest order was changed {span(ahead)} in the future if Visma writes {name or 'UTC'}.",
            f"Visma's clock seems to be about {hours} h ahead of that; set visma.time_zone (in the Nordics most likely"
            " Europe/Oslo, Europe/Stockholm or Europe/Helsinki).",
        )
    if -ahead > _RECENT:
        told = f"the newest order was changed {span(-ahead)} ago ({moment(newest)})"
        if name:
            return Finding(Mark.OK, check, f"{told}, which does not contradict {name}.")
        return Finding(Mark.WARN, check, f"{told} if Visma writes UTC; that proves nothing.", calibrate)
    if name:
        return Finding(Mark.OK, check, f"{name} fits: the newest order was changed {span(-ahead)} ago.")
    return Finding(
        Mark.WARN,
        check,
        f"it is not known, but UTC fits: the newest order was changed {span(abs(ahead))} ago.",
        "If somebody did change an order just now, set visma.time_zone: UTC.",
    )


def _orderful(stack: Stack, routing: Routing) -> Iterator[Finding]:
    stream = stack.stream
    try:
        organization, _ = stack.orderful.get_json("v3/organizations/me")
    except ConnectorError as error:
        yield _failed("orderful key", error)
        return
    organization = organization if isinstance(organization, Mapping) else {}
    yield Finding(Mark.OK, "orderful key", f"it belongs to {organization.get('name') or 'an organization'}.")
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
        relationships = list(_relationships(stack))
    except ConnectorError as error:
        yield _failed("orderful relationships", error)
        return
    for company_name, partner, role, number in routing.numbers():
        kind = Kind.PURCHASE_ORDER if role == "supplier" else Kind.CUSTOMER_INVOICE
        try:
            route = routing.route(company_name, kind, number)
        except Parked as problem:
            yield _failed(f"orderful {partner}", problem)
            continue
        if route.send:
            yield _relationship(route, relationships, stream)


def _relationships(stack: Stack) -> Iterator[Mapping[str, Any]]:
    params = [("limit", "100")]
    for _ in range(_PAGES):
        answer, _headers = stack.orderful.get_json("v3/relationships", params)
        if not isinstance(answer, Mapping):
            return
        yield from _rows(answer.get("data"))
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


def _relationship(route: Route, relationships: list[Mapping[str, Any]], stream: Stream) -> Finding:
    check = f"orderful {route.partner}"
    sender, receiver = route.company.isa_id.on(stream), route.partner_isa_id.on(stream)
    name = route.transaction_type.value
    what = f"{name} from {sender} to {receiver}"
    found = [
        one
        for one in relationships
        if _is(_part(one, "sender"), route.company.isa_id, stream)
        and _is(_part(one, "receiver"), route.partner_isa_id, stream)
        and (one.get("transactionType") == name or _part(one, "transactionType").get("name") == name)
    ]
    if not found:
        return Finding(
            Mark.FAIL,
            check,
            f"there is no relationship for {what}.",
            "Ask the partner for it in Orderful, or create it.",
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


def _is(party: Mapping[str, Any], isa_id: IsaId, stream: Stream) -> bool:
    """Whether a party of a relationship is the one we mean; a test id may be missing (Orderful: nullable)."""
    return isa_id.on(stream) == party.get(f"{stream}IsaId") or (
        party.get("testIsaId") is None and party.get("liveIsaId") == isa_id.live
    )


def _failed(check: str, error: ConnectorError) -> Finding:
    request = f" (request {error.request_id})" if error.request_id else ""
    return Finding(Mark.FAIL, check, f"{error.sentence}{request}", error.next_step)


def _rows(data: Any) -> list[Mapping[str, Any]]:
    return [row for row in data if isinstance(row, Mapping)] if isinstance(data, list) else []


def _part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}


def _plain(value: Any) -> Any:
    """A scalar without the wrapping that some of Visma's answers put around it."""
    return value.get("value") if isinstance(value, Mapping) else value


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None


def _server_time(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return None
