"""The deployment as README.md has it, command by command, in a fresh clone.

The AWS is MiniStack. What it takes for granted and AWS does not (rights of the deployer, quotas, the mail that has to
be confirmed) stands in the README and is not shown here. The tests build on each other, in their order.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from demo import scenario
from demo.run import ROUTING, Demo
from testkit.laptop import ministack
from testkit.laptop import stack as laptop_stack
from testkit.laptop.observed import TIMEOUT_SECONDS
from testkit.terminal import Answers, typed

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("deployment")]

ROOT = Path(__file__).resolve().parents[2]
STACK = "connector-dev"
DESCRIPTION = "Reads what changed in Visma and queues it."
BROKEN = """
  Broken:
    Type: AWS::SQS::Queue
    Properties: {QueueName: without-the-ending-of-a-fifo, FifoQueue: true}
"""
GO_ON = (("Go on, on stack", "y"),)
ANSWERS: dict[str, Answers] = {
    "secrets set visma": (
        ("Client id", laptop_stack.VISMA_CLIENT["client_id"]),
        ("Client secret", laptop_stack.VISMA_CLIENT["client_secret"]),
    ),
    "secrets set orderful": (("API key", laptop_stack.ORDERFUL_KEY["api_key"]),),
    "alarms rehearse": GO_ON,
    "config apply": GO_ON,
    "baseline": GO_ON,
    "sam delete": (("delete the stack", "y"), ("delete the folder", "y")),
}


def blocks(heading: str) -> list[str]:
    """The code blocks below a heading of the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^### {re.escape(heading)}\n(.*?)^##", text, re.MULTILINE | re.DOTALL)
    found = re.findall(r"^( *)```\n(.*?)^\1```$", section, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for _, block in found]


@dataclass
class Person:
    """Whoever follows the README, with a fresh clone and credentials in the shell."""

    clone: Path
    environment: dict[str, str]
    visma: laptop_stack.Sandbox
    orderful: laptop_stack.Sandbox
    aws: ministack.MiniStack
    exports: list[str] = field(default_factory=list)

    def types(self, block: str, *, code: int = 0, **variables: str) -> str:
        """Type the lines of a block one after the other; the last one ends with `code`."""
        environment = self.environment | variables
        shown = ""
        lines = block.splitlines()
        for number, line in enumerate(lines, start=1):
            if line.startswith("export "):
                self.exports.append(line)
                continue
            answers = next((answers for what, answers in ANSWERS.items() if what in line), ())
            command = "\n".join([*self.exports, line])
            ended, text = typed(command, directory=self.clone, environment=environment, answers=answers)
            assert ended == (code if number == len(lines) else 0), f"{line}\n{text}"
            shown += text
        return shown

    def writes(self, **parameters: str) -> None:
        """Write values into the parameter files; both, since a plain `sam build` is built for what they agree on."""
        for file in (self.clone / "parameters").glob("*.yaml"):
            text = file.read_text()
            for name, value in parameters.items():
                text, count = re.subn(rf"^{name}: .*$", f'{name}: "{value}"', text, flags=re.MULTILINE)
                assert count == 1, name
            file.write_text(text)

    def edits(self, file: str, before: str, after: str) -> None:
        path = self.clone / file
        text = path.read_text()
        assert text.count(before) == 1
        path.write_text(text.replace(before, after))

    def client(self, service: str) -> Any:
        return laptop_stack.deploy.session().client(service, endpoint_url=self.aws.endpoint)

    def described(self, name: str = STACK) -> dict[str, Any]:
        stack: dict[str, Any] = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        return stack

    def outputs(self) -> dict[str, str]:
        return {output["OutputKey"]: output["OutputValue"] for output in self.described()["Outputs"]}

    def function(self, output: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client("lambda").get_function_configuration(FunctionName=self.outputs()[output])
        return found

    def poll(self) -> None:
        answer = self.client("lambda").invoke(FunctionName=self.outputs()["PollVismaFunction"], Payload=b"{}")
        assert "FunctionError" not in answer, answer["Payload"].read()

    def transactions(self, number: str) -> list[dict[str, Any]]:
        """What Orderful has of a number."""
        found: list[dict[str, Any]] = self.orderful.control("GET", f"transactions?business_number={number}")
        return found

    def sends_an_order(self) -> str:
        """The number of an order that is new in Visma and has come to Orderful."""
        one = next(each for each in scenario.morning() if each.resource == "purchaseorder")
        company = scenario.COMPANY_IDS[one.company]
        there = self.visma.control("GET", f"documents?kind=purchaseorder&company={company}")
        number = str(900101 + len(there))
        document = {**one.document, "orderNbr": number}
        self.visma.control("POST", "documents", {"kind": one.resource, "company": company, "document": document})
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not self.transactions(number):
            assert time.monotonic() < deadline, f"order {number} did not come"
            self.poll()
            time.sleep(1)
        return number


def _cloned(target: Path) -> None:
    """What git knows of this tree, and the environments that `make setup` made in it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if name.startswith(".venv") or not (ROOT / name).is_file():
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)
    git = ["git", "-c", "user.name=we", "-c", "user.email=we@localhost", "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=v1"], ["tag", "v1"]):
        subprocess.run([*git, *command], cwd=target, check=True)
    _equip(target)


def _equip(checkout: Path) -> None:
    """The environments that `make setup` would make."""
    for environment in ("", "-sam", "-ministack"):
        (checkout / f".venv{environment}").symlink_to(ROOT / f".venv{environment}", target_is_directory=True)
    for made_from in [*(checkout / "requirements").iterdir(), checkout / "pyproject.toml"]:
        os.utime(made_from, (0, 0))  # they are made already


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    directory = tmp_path_factory.mktemp("deployment")
    clone = tmp_path_factory.mktemp("clone")
    _cloned(clone)
    started: list[laptop_stack.Sandbox] = []
    with socket.create_server(("127.0.0.1", 0)) as free:  # the usual port belongs to the other tests
        port = int(free.getsockname()[1])
    aws = ministack.start(directory, port=port)
    try:
        started.append(laptop_stack._sandbox("visma", directory))
        started.append(laptop_stack._sandbox("orderful", directory))
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            **ministack.CREDENTIALS,
            "PYTHONPATH": f"{clone}/layers/connector:{clone}",
            **laptop_stack.deploy.SAM_ENVIRONMENT,
            "TERM": "dumb",
            "AWS_ENDPOINT_URL": aws.endpoint,
            # Somebody else's habits, which must not decide where the stack goes or what runs it.
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "ARCHITECTURE": "arm64",
        }
        yield Person(clone, environment, started[0], started[1], aws)
    finally:
        for sandbox in started:
            laptop_stack.processes.end(sandbox.pid)
        ministack.stop(aws)


@pytest.fixture(scope="module")
def deployed(person: Person) -> str:
    """The first deployment, word for word; what `doctor` said."""
    setup, deploy, alarm, secrets, go = blocks("First deployment")
    assert "cp connector.example.yaml connector.yaml" in setup
    person.types(setup)
    (person.clone / "connector.yaml").write_text(ROUTING.read_text())
    person.writes(
        AwsEndpointUrl=person.aws.endpoint,
        VismaBaseUrl=person.visma.url,
        VismaTokenUrl=f"{person.visma.url}/connect/token",
        OrderfulBaseUrl=person.orderful.url,
        OrderfulInboxIds=laptop_stack.INBOX,
        PythonRuntime=f"python{sys.version_info.major}.{sys.version_info.minor}",
        Architecture="arm64" if os.uname().machine in {"arm64", "aarch64"} else "x86_64",
    )
    person.types(deploy)
    assert "1 alarm set off." in person.types(alarm)
    laptop = laptop_stack.Stack(person.aws, person.visma, person.orderful, person.outputs())
    Demo(laptop, lambda _step: None)._prepare_stack()  # type: ignore[arg-type] # any callable that takes a line
    laptop_stack.set_channels(laptop)
    missing = {"sender": "FJORDMATDK", "receiver": scenario.WITHOUT_RELATIONSHIP, "transaction_type": "810_INVOICE"}
    person.orderful.control("PUT", "relationships", missing)
    shown = person.types(secrets)
    assert laptop_stack.ORDERFUL_KEY["api_key"] not in shown
    assert laptop_stack.VISMA_CLIENT["client_secret"] not in shown
    return person.types(go)


def test_the_first_deployment_ends_with_a_stack_that_the_doctor_finds_nothing_wrong_with(
    person: Person, deployed: str
) -> None:
    assert person.described()["StackStatus"] == "CREATE_COMPLETE"
    assert f":{ministack.REGION}:" in person.described()["StackId"]
    marks = re.findall(r"^(ok|warn|fail) +\S", deployed, re.MULTILINE)
    assert len(marks) > 10
    assert "fail" not in marks
    assert "is in force" in deployed
    assert "no routing is applied yet" in deployed, "doctor comes first"


def test_a_document_goes_through(person: Person, deployed: str) -> None:
    number = person.sends_an_order()

    assert len(person.transactions(number)) == 1
    assert f"purchase_order/{number}" in person.types(f".venv/bin/connector documents show {number}")


def test_a_parameter_and_a_default_that_change_reach_the_stack(person: Person, deployed: str) -> None:
    before = person.function("PollVismaFunction")["Description"]
    person.writes(PollInterval="rate(4 minutes)", CallbackSources="10.0.0.0/8,192.168.0.0/16", AlarmEmail="")
    person.edits("template.yaml", "    Default: 900\n", "    Default: 1200\n")
    person.writes(ResendAfterSeconds="1200")
    person.edits("template.yaml", DESCRIPTION, "Version 2.")
    (deploy,) = blocks("Change a parameter")
    assert [deploy] == blocks("Upgrade")

    person.types(deploy)

    assert (before, person.function("PollVismaFunction")["Description"]) == (DESCRIPTION, "Version 2.")
    assert _parameters(person)["CallbackSources"] == "10.0.0.0/8,192.168.0.0/16"
    assert _parameters(person)["PollInterval"] == "rate(4 minutes)"
    assert _variables(person, "TrackTransactionsFunction")["RESEND_AFTER_SECONDS"] == "1200"
    expressions = {
        person.client("scheduler").get_schedule(Name=found["Name"])["ScheduleExpression"]
        for found in person.client("scheduler").list_schedules()["Schedules"]
    }
    assert expressions == {"rate(4 minutes)", "rate(5 minutes)", "cron(0/5 1-4 * * ? *)", "cron(0 5 * * ? *)"}


def test_a_parameter_that_is_wrong_stops_before_anything_is_built(person: Person, deployed: str) -> None:
    person.writes(PollInterval="4 minutes")
    try:
        shown = person.types("make deploy ENV=dev", code=2)
    finally:
        person.writes(PollInterval="rate(4 minutes)")

    assert "parameters/dev.yaml: PollInterval: '4 minutes' does not fit." in shown
    assert "sam build" not in shown


def test_a_deployment_that_fails_leaves_what_was_there(person: Person, deployed: str) -> None:
    person.edits("template.yaml", "\nResources:\n", f"\nResources:\n{BROKEN}")
    person.edits("template.yaml", "Version 2.", "Version 3.")
    assert "template.yaml is older than infra/: run make template." in person.types("make deploy ENV=dev", code=2)
    person.types("make template")

    person.types("make deploy ENV=dev", code=2)

    assert person.described()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert person.function("PollVismaFunction")["Description"] == "Version 2."


def test_the_version_before_is_deployed_again_with_the_parameters_of_today(person: Person, deployed: str) -> None:
    person.exports.append("export VERSION=v1")
    (back,) = blocks("Roll back")
    checkout, *rest = back.splitlines()
    before = person.clone.parent / "connector-before"
    of_today = {name: (person.clone / name).read_text() for name in ("template.yaml", "samconfig.toml")}

    person.types(checkout)
    _equip(before)
    person.types("\n".join(rest))

    assert person.described()["StackStatus"] == "UPDATE_COMPLETE"
    assert person.function("PollVismaFunction")["Description"] == DESCRIPTION
    assert _parameters(person)["PollInterval"] == "rate(4 minutes)"
    assert {name: (person.clone / name).read_text() for name in of_today} == of_today
    assert not before.exists()
    person.edits("template.yaml", BROKEN, "")
    person.edits("template.yaml", "Version 3.", DESCRIPTION)
    person.types("make template")


def test_plain_sam_deploys_a_layer_for_the_functions_from_the_root(person: Person, deployed: str) -> None:
    path = {"PATH": f"{person.clone}/.venv-sam/bin:{person.environment['PATH']}"}

    person.edits("template.yaml", DESCRIPTION, "By plain sam.")

    assert "is a valid SAM Template" in person.types("sam validate", **path)
    person.types("sam build", **path)
    person.types("sam deploy", **path)
    # Docker would load the image of the runtime, so it is not to be found.
    invoke = "sam local invoke PollVismaFunction --event events/poll_visma.json"
    refused = person.types(invoke, code=1, DOCKER_HOST="tcp://127.0.0.1:9", **path)

    assert "requires a container runtime" in refused
    assert person.function("PollVismaFunction")["Description"] == "By plain sam."
    built = {module.name.split("-")[1] for module in (person.clone / ".aws-sam/build/ConnectorLayer").rglob("*.so")}
    assert built == {f"{sys.version_info.major}{sys.version_info.minor}"}
    assert person.sends_an_order(), "the layer works"


def test_a_first_deployment_that_fails_is_removed_so_that_the_next_can_begin(person: Person, deployed: str) -> None:
    built = ".aws-sam/build/template.yaml"
    text = (person.clone / built).read_text()
    person.edits(built, "\nResources:\n", f"\nResources:\n{BROKEN}")
    try:
        where = f"--template-file {built} --config-file $PWD/samconfig.toml"
        person.types(f".venv-sam/bin/sam deploy --stack-name connector-first {where}", code=1)
    finally:
        (person.clone / built).write_text(text)

    listed = person.client("cloudformation").list_stacks()["StackSummaries"]
    assert {one["StackStatus"] for one in listed if one["StackName"] == "connector-first"} == {"DELETE_COMPLETE"}
    tables = person.client("dynamodb").list_tables()["TableNames"]
    assert [table for table in tables if table.startswith("connector-first")] == []


def test_after_removal_the_ledger_is_still_there(person: Person, deployed: str) -> None:
    outputs = person.outputs()
    (remove,) = blocks("Remove")

    person.types(remove)

    listed = person.client("cloudformation").list_stacks()["StackSummaries"]
    assert {one["StackStatus"] for one in listed if one["StackName"] == STACK} == {"DELETE_COMPLETE"}
    kept = {outputs[name] for name in ("CursorsTable", "RoutingTable", "DocumentsTable")}
    assert {table for table in person.client("dynamodb").list_tables()["TableNames"] if table.startswith(STACK)} == kept
    assert person.client("s3").head_bucket(Bucket=outputs["PayloadsBucket"])


def _parameters(person: Person) -> dict[str, str]:
    return {each["ParameterKey"]: each["ParameterValue"] for each in person.described()["Parameters"]}


def _variables(person: Person, function: str) -> dict[str, str]:
    found: dict[str, str] = person.function(function)["Environment"]["Variables"]
    return found
