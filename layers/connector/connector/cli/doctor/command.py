"""`connector doctor`: asks the real systems, one by one, and says what to do about each finding. Changes nothing."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import click

from connector.cli.config.go_live_checks import unusual
from connector.cli.doctor.documents import examine_documents, examine_go_live
from connector.cli.doctor.dry_run import examine_recent
from connector.cli.doctor.finding import Finding, Mark, failed
from connector.cli.doctor.inbound import examine_inbound
from connector.cli.doctor.orderful import examine_orderful
from connector.cli.doctor.stack import examine_stack
from connector.cli.doctor.visma import examine_visma
from connector.cli.files import read_routing
from connector.cli.output import FAILED, WrongInput, json_option, page, say, show, tell, timestamp
from connector.cli.pauses import keeps_nothing
from connector.cli.progress import Progress
from connector.cli.stack.stack import Stack, stack_option
from connector.domain.errors import ConnectorError, NoRouting
from connector.domain.layout import counted
from connector.domain.routing.resolve import Routing


@click.command(short_help="Check routing, Visma, Orderful and AWS.")
@click.argument("named", metavar="[FILE]", required=False)
@click.option("--config", "file", metavar="FILE", help="The same as FILE.")
@click.option("--all", "everything", is_flag=True, help="Show the checks that are fine too.")
@stack_option
@json_option
def doctor(*, named: str | None, file: str | None, everything: bool, stack: Stack, as_json: bool) -> int:
    """Check routing, Visma and Orderful with the credentials of the stack, and the stack at AWS. Reads only.

    With FILE it is that file that is checked, and nothing is applied. The newest documents of each partner are then
    translated as it says, to tell how many would be sent and what the others would wait for; nothing of it is sent or
    recorded. Checks that are fine are counted; --all and --json show them. Exit codes: 0 nothing is wrong, 1 at least
    one check failed, 2 FILE cannot be read.
    """
    if named is not None and file is not None:
        raise WrongInput("Name the file once: as FILE or with --config.")
    file = named or file
    say(f"Asking Visma, Orderful and AWS for {stack.title}; nothing is changed.")
    findings: list[Finding] = []
    progress = Progress()
    for finding in examine(stack, file, progress):
        findings.append(finding)
        is_shown = everything or finding.mark is not Mark.OK or finding.next_step or finding.is_asked
        if is_shown and not as_json:
            step = f"\n      -> {finding.next_step}" if finding.next_step else ""
            said = page().fields([(finding.mark, f"{finding.check}: {finding.sentence}")], indent="", names=6)
            tell(f"{said}{step}")
        else:
            progress(f"{counted(len(findings), 'check')} done, the last one: {finding.check}")
    if as_json:
        show([one.as_data for one in findings], str, as_json=True)
    say(_in_short(findings, is_folded=not (everything or as_json)))
    return FAILED if any(finding.mark is Mark.FAIL for finding in findings) else 0


def _in_short(findings: Sequence[Finding], *, is_folded: bool) -> str:
    """How many checks are fine, then those that failed and those that warn, by their names."""
    failures, warnings = (
        [finding.check for finding in findings if finding.mark is mark] for mark in (Mark.FAIL, Mark.WARN)
    )
    fine = f"{len(findings) - len(failures) - len(warnings)} of {len(findings)} checks are fine"
    lines = [f"{len(found)} {verb}: {', '.join(found)}." for verb, found in (("failed", failures), ("warn", warnings))]
    more = "; --all shows them" if is_folded else ""
    return "\n".join([f"{fine}{more}.", *(line for line in lines if not line.startswith("0 "))])


def examine(stack: Stack, file: str | None, progress: Progress) -> Iterator[Finding]:
    """Every check, in the order in which a failure would explain the later ones.

    Without a routing, in force or in `file`, what needs none is checked. What takes long is said to `progress`.

    Raises:
        WrongInput: the file cannot be read or is not YAML.
    """
    routing = (yield from _in_force(stack)) if file is None else (yield from _in_file(stack, file))
    warnings = dict(unusual(routing, now=stack.clock.now(), known=_known(stack))) if routing else {}
    for company in routing.companies.values() if routing else ():
        progress(f"Visma, company {company.name}")
        yield examine_go_live(stack, company, warnings)
        yield from examine_visma(stack, company)
        yield from examine_documents(stack, company)
        if routing is not None and file is not None:
            progress(f"Recent documents of {company.name}")
            yield from examine_recent(stack, routing, company)
    yield from examine_orderful(stack, routing, progress)
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
        sentence = f"not read since {timestamp(one.failing_since)}: {one.problem or 'the log of poll_visma says why'}"
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
