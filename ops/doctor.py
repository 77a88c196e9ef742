"""`connector doctor`: asks the real systems, one by one, and says what to do about each finding. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import click

from connector.domain.errors import ConnectorError
from ops.doctor_documents import examine_documents, examine_go_live
from ops.doctor_finding import Finding, Mark, failed
from ops.doctor_inbound import examine_inbound
from ops.doctor_orderful import examine_orderful
from ops.doctor_visma import examine_visma
from ops.output import FAILED, json_option, say, show, tell
from ops.stack import Stack, stack_option


@click.command(short_help="Check routing, Visma and Orderful.")
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
            tell(f"{finding.mark:<5} {finding.check}: {finding.sentence}{step}")
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
        yield failed("routing", error)
        return
    yield Finding(Mark.OK, "routing", f"version {routing.version} with {len(companies)} companies is applied.")
    for company in companies:
        yield examine_go_live(stack, company)
        yield from examine_visma(stack, company)
        yield from examine_documents(stack, company)
    yield from examine_orderful(stack, routing)
    yield from examine_inbound(stack, routing)
