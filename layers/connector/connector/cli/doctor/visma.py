"""What `connector doctor` asks Visma: credentials, company, budget, clock and zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from connector.adapters.visma.tokens import SCOPE
from connector.cli.doctor.finding import Finding, Mark, failed, plain, rows
from connector.cli.output import timestamp
from connector.cli.stack.stack import Stack
from connector.domain.errors import ConnectorError, Rejected
from connector.domain.layout import span
from connector.domain.routing.route import Company
from connector.domain.visma_clock import to_utc, zone_named

_CLOCK_TOLERANCE = timedelta(minutes=2)
_RECENT = timedelta(minutes=10)
# No zone is further ahead of UTC than this, so the question reaches everything of the last day in any zone.
_LOOK_BACK = timedelta(hours=38)


def examine_visma(stack: Stack, company: Company) -> Iterator[Finding]:
    """Every check of one company."""
    check = f"visma {company.name}"
    client = stack.visma(company)
    try:
        branches, headers = client.get_json("v1/branch")
    except ConnectorError as error:
        yield failed(f"{check} token", error)
        return
    yield Finding(Mark.OK, f"{check} token", f"Visma Connect gave one with the scopes {SCOPE}.")
    try:
        organizations, _ = client.get_json("v1/organization")
    except Rejected:
        # Not every tenant offers it; the branches tell enough.
        organizations = []
    except ConnectorError as error:
        yield failed(f"{check} organization", error)
        organizations = []
    yield _company_seen(check, company, rows(branches), rows(organizations))
    yield from unnamed_branches(check, company, rows(branches))
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
        yield failed(f"{check} orders", error)
        return
    server = _server_time(headers)
    if server is None:
        yield Finding(Mark.WARN, f"{check} clock", "the answer has no Date header, so the clocks cannot be compared.")
        return
    yield _clock(check, server - stack.clock.now())
    yield _zone(check, company, rows(orders), server)


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
    names = ", ".join(sorted({str(plain(row.get("name"))) for row in seen if plain(row.get("name"))})) or "no name"
    branch = company.visma.branch
    numbers = {str(plain(row.get("number"))) for row in branches}
    if branch is not None and branch not in numbers:
        return Finding(
            Mark.FAIL,
            check,
            f"branch {branch} is not among those that Visma shows ({', '.join(sorted(numbers)) or 'none'}).",
            "Correct visma.branch in the routing file.",
        )
    ids = {
        str(plain(row.get(field)))
        for row in seen
        for field in ("organizationCd", "organizationId", "corporateId", "number")
        if plain(row.get(field)) is not None
    }
    if company.visma.company_id in ids:
        return Finding(Mark.OK, check, f"{company.visma.company_id} is {names}.")
    return Finding(
        Mark.WARN,
        check,
        f"Visma shows {names}, but nothing with the number {company.visma.company_id}.",
        "See that this is the company you mean; company_id is the number beside its name in Visma.",
    )


def unnamed_branches(check: str, company: Company, branches: list[Mapping[str, Any]]) -> Iterator[Finding]:
    """Several branches in one company: documents of all of them leave under the company's name."""
    numbers = sorted({str(number) for row in branches if (number := plain(row.get("number"))) is not None})
    unnamed = [number for number in numbers if number not in company.branches]
    if company.visma.branch is not None or len(numbers) < 2 or not unnamed:
        return
    yield Finding(
        Mark.WARN,
        f"{check} branches",
        f"documents of {len(unnamed)} of {len(numbers)} branches ({', '.join(unnamed)}) leave under the name, GLN and "
        "VAT number of the company, and routing names none of these branches.",
        f"Name each in companies.{company.name}.branches ({{}} where the company's are right), or set visma.branch.",
    )


def _budget(check: str, headers: Mapping[str, str]) -> Finding:
    check = f"{check} calls"
    limit, left, reset = (_whole(headers.get(f"X-RateLimit-{name}")) for name in ("Limit", "Remaining", "Reset"))
    if limit is None or left is None:
        return Finding(Mark.OK, check, "Visma tells no hourly limit.")
    again = f", {span(timedelta(seconds=reset))} before it is full again" if reset is not None else ""
    sentence = f"{left} of {limit} calls an hour are left{again}."
    if left * 10 < limit:
        return Finding(Mark.WARN, check, sentence, "See what else uses this application; polling slows down by itself.")
    return Finding(Mark.OK, check, sentence)


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
    stamps = [to_utc(str(stamp), zone) for row in orders if (stamp := plain(row.get("lastModifiedDateTime")))]
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
        sentence = f"the newest order was changed {span(-ahead)} ago ({timestamp(newest)})"
        if name:
            return Finding(Mark.OK, check, f"{sentence}, which does not contradict {name}.")
        return Finding(Mark.WARN, check, f"{sentence} if Visma writes UTC; that proves nothing.", calibrate)
    if name:
        return Finding(Mark.OK, check, f"{name} fits: the newest order was changed {span(-ahead)} ago.")
    return Finding(
        Mark.WARN,
        check,
        f"it is not known, but UTC fits: the newest order was changed {span(abs(ahead))} ago.",
        "If somebody did change an order just now, set visma.time_zone: UTC.",
    )


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None


def _server_time(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return None
