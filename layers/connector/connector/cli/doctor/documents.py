"""What `connector doctor` looks at in Visma's documents: beliefs about them that Visma documents nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.cli.config.summary import go_live_text
from connector.cli.doctor.finding import Finding, Mark, failed, plain, rows
from connector.cli.stack.stack import Stack
from connector.domain.errors import ConnectorError
from connector.domain.layout import counted
from connector.domain.revision.go_live import BeforeGoLive
from connector.domain.routing.route import Company
from connector.domain.transactions import Stream


def examine_go_live(stack: Stack, company: Company, warnings: Mapping[str, str]) -> Finding:
    """Whether it is said from when on documents are sent; `warnings` are those about go-lives, by their paths."""
    check = f"go-live {company.name}"
    if company.go_live is None:
        return Finding(
            Mark.FAIL if stack.stream is Stream.LIVE else Mark.WARN,
            check,
            "it is not set: the first poll of each list is go-live.",
            f"Set companies.{company.name}.go_live in the routing file and apply it.",
        )
    later = {
        BeforeGoLive.PARK: "a person is asked about a later change",
        BeforeGoLive.IGNORE: "a later change is ignored",
        BeforeGoLive.SEND: "a later change is sent",
    }
    path = f"companies.{company.name}.go_live"
    if path in warnings:
        return Finding(Mark.WARN, check, warnings[path], f"Correct {path} in the routing file if it is wrong.")
    sentence = f"what was created before {go_live_text(company.go_live)} is not sent; {later[company.before_go_live]}."
    return Finding(Mark.OK, check, sentence)


def examine_documents(stack: Stack, company: Company) -> Iterator[Finding]:
    """Whether invoices have a creation time, and order lines the date that routing takes for the wanted day."""
    client = stack.visma(company)
    page = [("pageNumber", "1"), ("pageSize", "20")]
    for name, path, judge in (
        ("invoices", "v1/customerinvoice", _creation),
        ("order lines", "v1/purchaseorder", _line_dates),
    ):
        check = f"visma {company.name} {name}"
        try:
            found, _ = client.get_json(path, page)
        except ConnectorError as error:
            yield failed(check, error)
            continue
        yield judge(check, rows(found))


def _creation(check: str, invoices: list[Mapping[str, Any]]) -> Finding:
    if not invoices:
        return Finding(Mark.OK, check, "there is none to look at.")
    if all(plain(one.get("createdDateTime")) for one in invoices):
        return Finding(Mark.OK, check, "they state when they were created; go-live counts by that.")
    return Finding(
        Mark.WARN,
        check,
        "not all of them state when they were created (createdDateTime); go-live counts by the invoice date there.",
        "See that no invoice is dated after go-live that was sent before it, or run `connector baseline`.",
    )


def _line_dates(check: str, orders: list[Mapping[str, Any]]) -> Finding:
    lines = [(order, line) for order in orders for line in rows(order.get("lines"))]
    if not lines:
        return Finding(Mark.OK, check, "there is none to look at.")
    promised = sum(bool(plain(line.get("promised"))) for _, line in lines)
    defaulted = sum(_day(line.get("requested")) == _day(order.get("date")) for order, line in lines)
    sentence = (
        f"of {counted(len(lines), 'line')} {promised} have a promised date, and in {defaulted} requested is the order "
        "date, which Visma fills in by itself"
    )
    if promised:
        return Finding(Mark.OK, check, f"{sentence}.")
    return Finding(
        Mark.WARN,
        check,
        f"{sentence}; line_date: promised finds nothing there.",
        "Set line_date: requested if your buyers fill in Requested, or have them fill in Promised.",
    )


def _day(value: Any) -> str | None:
    text = plain(value)
    return text[:10] if isinstance(text, str) and text else None
