"""`connector doctor`: asks the real systems, one by one, and says what to do about each finding. Changes nothing."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import click

from connector.cli.doctor.documents import examine_documents, examine_go_live
from connector.cli.doctor.dry_run import examine_recent
from connector.cli.doctor.finding import Finding, Mark, failed
from connector.cli.doctor.inbound import examine_inbound
from connector.cli.doctor.orderful import examine_orderful
from connector.cli.doctor.stack import examine_stack
from connector.cli.doctor.visma import examine_visma
from connector.cli.files import read_routing
from connector.cli.go_live_checks import unusual
from connector.cli.output import FAILED, WrongInput, json_option, moment, say, show, tell
from connector.cli.pauses import keeps_nothing
from connector.cli.stack import Stack, stack_option
from connector.domain.errors import ConnectorError, NoRouting
from connector.domain.routing.resolve import Routing


@click.command(short_help="Check routing, Visma, Orderful and AWS.")
@click.argument("named", metavar="[FILE]", required=False)
@click.option("--config", "file", metavar="FILE", help="The same as FILE.")
@stack_option
@json_option
def doctor(*, named: str | None, file: str | None, stack: Stack, as_json: bool) -> int:
    """Check routing, Visma and Orderful with the credentials of the stack, and the stack at AWS. Reads only.

    With FILE it is that file that is checked, and nothing is applied. The newest documents of each partner are then
    translated as it says, to tell how many would be sent and what the others would wait for; nothing of it is sent or
    recorded. Exit codes: 0 nothing is wrong, 1 at least one check failed, 2 FILE cannot be read.
    """
    if named is not None and file is not None:
        raise WrongInput("Name the file once: as FILE or with --config.")
    file = named or file
    say(f"Asking Visma, Orderful and AWS for {stack.title}; nothing is changed.")
    findings = []
    for finding in examine(stack, file):
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


def examine(stack: Stack, file: str | None = None) -> Iterator[Finding]:
    """Every check, in the order in which a failure would explain the later ones.

    Without a routing, in force or in `file`, what needs none is checked.

    Raises:
        WrongInput: the file cannot be read or is not YAML.
    """
    routing = (yield from _in_force(stack)) if file is None else (yield from _in_file(stack, file))
    warnings = dict(unusual(routing, now=stack.clock.now(), known=_known(stack))) if routing else {}
    for company in routing.companies.values() if routing else ():
        yield examine_go_live(stack, company, warnings)
        yield from examine_visma(stack, company)
        yield from examine_documents(stack, company)
        if routing is not None and file is not None:
            yield from examine_recent(stack, routing, company)
    yield from examine_orderful(stack, routing)
    yield from examine_inbound(stack, routing)
    yield from _lists(stack)
    yield from _pauses(stack)
    yield from examine_stack(stack)


def _lists(stack: Stack) -> Iterator[Finding]:
    """The lists of Visma that the last run could not read."""
    try:
        failing = [one for one in stack.health.read().lists if one.is_failing(stack.clock.now())]
    except ConnectorError as error:
        yield failed("lists", error)
        return
    for one in failing:
        sentence = f"not read since {moment(one.failing_since)}: {one.problem or 'the log of poll_visma says why'}"
        yield Finding(Mark.FAIL, f"list {one.company} {one.resource}", sentence, "See docs/runbook.md#lists-failing.")


def _pauses(stack: Stack) -> Iterator[Finding]:
    """What persons keep from being sent: one that is forgotten looks like a partner that gets nothing."""
    try:
        pauses = stack.breaker.pauses(now=stack.clock.now())
    except ConnectorError as error:
        yield failed("pauses", error)
        return
    routing = _known(stack)
    for one in pauses:
        if routing is not None and (problem := keeps_nothing(one.scope, routing)) is not None:
            step = f"Pause what is meant by its name of now, then: connector resume {one.scope.options}"
            yield Finding(Mark.FAIL, f"pause of {one.scope}", f"It keeps nothing. {problem}", step)
            continue
        step = f"When it may go on: connector resume {one.scope.options}"
        yield Finding(Mark.WARN, f"pause of {one.scope}", one.sentence, step)


def _known(stack: Stack) -> Routing | None:
    """The routing in force as far as it can be read; that it cannot be is a finding of its own."""
    try:
        return stack.routing.load()
    except ConnectorError:
        return None


def _in_force(stack: Stack) -> Generator[Finding, None, Routing | None]:
    """The routing in force; None when there is none, or it cannot be read."""
    try:
        routing = stack.routing.load()
    except NoRouting:
        yield Finding(
            Mark.WARN,
            "routing",
            "no routing is applied yet: the stack runs, and reads and sends nothing.",
            "Check your file with `connector doctor connector.yaml`, then put it in force: `connector config"
            " apply connector.yaml`.",
        )
        return None
    except ConnectorError as error:
        yield failed("routing", error)
        return None
    number = len(routing.companies)
    companies = "1 company" if number == 1 else f"{number} companies"
    yield Finding(Mark.OK, "routing", f"version {routing.version} with {companies} is applied.")
    return routing


def _in_file(stack: Stack, file: str) -> Generator[Finding, None, Routing | None]:
    """The routing of the file; None when it could not be applied."""
    checked = read_routing(file, stream=stack.stream)
    for problem in checked.problems:
        mark = Mark.FAIL if problem.fatal else Mark.WARN
        line = f", line {problem.line}" if problem.line else ""
        yield Finding(mark, "routing file", f"{problem.path}: {problem.sentence}", f"Correct it in {file}{line}.")
    if checked.errors or checked.data is None:
        return None
    routing = Routing.from_data(checked.data)
    try:
        version = stack.routing.current_version()
    except ConnectorError as error:
        yield failed("routing", error)
        return routing
    if version == routing.version:
        yield Finding(Mark.OK, "routing", f"{file} is what is applied (version {version}).")
    else:
        applied = f"version {version} is applied" if version else "no routing is applied yet"
        step = f"When nothing fails any more, put it in force: `connector config apply {file}`."
        yield Finding(Mark.OK, "routing", f"{file} is checked, not what is applied; {applied}.", step)
    return routing
