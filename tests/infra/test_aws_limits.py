"""What AWS refuses and an emulator takes: names that are too long, policies that are too large, and missing rights."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from parameters.account import MAX_STACK_NAME

ROOT = Path(__file__).resolve().parents[2]
Properties = Callable[[str], dict[str, dict[str, Any]]]

STACK = "s" * MAX_STACK_NAME
SUFFIX = "X" * 13
"""What CloudFormation appends to a name: a hyphen and 12 or 13 characters."""
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "ap-southeast-3",  # none has a longer name
    "AWS::AccountId": "123456789012",
    "AWS::StackName": STACK,
}
ADDRESS = f"{PSEUDO['AWS::Region']}:{PSEUDO['AWS::AccountId']}"
SECRET = "AWS::SecretsManager::Secret"
FIFO_QUEUE_NAME = 80  # SQS: quotas of queues
SCHEDULE_NAME = 64  # EventBridge Scheduler: API_CreateSchedule
MANAGED_POLICY = 6_144  # IAM: quotas; white space is not counted
INLINE_POLICIES = 10_240  # IAM: of a role together
ALARM_NAME = 255  # CloudWatch: API_PutMetricAlarm
TEMPLATE = 1_000_000  # CloudFormation: quotas; from S3, as sam hands it over
RESOURCES = 500  # CloudFormation: quotas
ENVIRONMENT = 4_096  # Lambda: quotas


def named(logical_id: str) -> str:
    return f"{STACK}-{logical_id}-{SUFFIX}"


def physical(template: dict[str, Any], logical_id: str) -> str:
    """What `Ref` gives, in its greatest length."""
    kind = template["Resources"][logical_id]["Type"]
    if kind == SECRET:
        return f"arn:aws:secretsmanager:{ADDRESS}:secret:{logical_id}-{SUFFIX}-AbCdEf"
    if kind == "AWS::SNS::Topic":
        return f"arn:aws:sns:{ADDRESS}:{named(logical_id)}"
    if kind == "AWS::SQS::Queue":
        return f"https://sqs.{PSEUDO['AWS::Region']}.amazonaws.com/{PSEUDO['AWS::AccountId']}/{named(logical_id)}.fifo"
    return named(logical_id)


def attribute(template: dict[str, Any], logical_id: str) -> str:
    """What `GetAtt` of an ARN gives, in its greatest length."""
    kind = template["Resources"][logical_id]["Type"]
    if kind in {SECRET, "AWS::SNS::Topic"}:
        return physical(template, logical_id)
    service = kind.split("::")[1].lower()
    return f"arn:aws:{service}:{ADDRESS}:resource/{named(logical_id)}.fifo"


def resolved(template: dict[str, Any], value: Any) -> Any:
    """A value as CloudFormation gives it to a service on AWS, with every resource of the stack's own."""
    if isinstance(value, list):
        return [one for one in (resolved(template, each) for each in value) if one is not None]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (function := FUNCTIONS.get(*value)):
        return function(template, *value.values(), {})
    values = ((name, resolved(template, each)) for name, each in value.items())
    return {name: each for name, each in values if each is not None}


def _ref(template: dict[str, Any], name: str, given: dict[str, str]) -> str | None:
    if name == "AWS::NoValue":
        return None
    if name in template["Parameters"]:
        return str(template["Parameters"][name].get("Default", ""))
    return given.get(name) or PSEUDO.get(name) or physical(template, name)


def _sub(template: dict[str, Any], what: Any, _: dict[str, str]) -> str:
    text, given = what if isinstance(what, list) else (what, {})
    known = {name: str(resolved(template, each)) for name, each in given.items()}
    return re.sub(r"\$\{([\w:]+)\}", lambda found: str(_ref(template, found[1], known)), text)


FUNCTIONS: dict[str, Callable[[dict[str, Any], Any, dict[str, str]], Any]] = {
    "Ref": _ref,
    "Fn::Sub": _sub,
    "Fn::GetAtt": lambda template, what, _: attribute(template, what[0]),
    "Fn::If": lambda template, what, _: resolved(template, what[1]),
}


def size(document: Any) -> int:
    return len(json.dumps(document, separators=(",", ":")).replace(" ", ""))


# ---- sizes


def test_a_stack_with_the_longest_name_has_names_that_sqs_and_the_scheduler_take(properties: Properties) -> None:
    for queue, of in properties("AWS::SQS::Queue").items():
        assert of["FifoQueue"] is True
        assert len(f"{named(queue)}.fifo") <= FIFO_QUEUE_NAME, queue
    for schedule in properties("AWS::Scheduler::Schedule"):
        assert len(named(schedule)) <= SCHEDULE_NAME, schedule


def test_the_policies_of_a_stack_with_the_longest_name_are_no_larger_than_iam_takes(
    template: dict[str, Any], properties: Properties
) -> None:
    for name, policy in properties("AWS::IAM::ManagedPolicy").items():
        assert size(resolved(template, policy["PolicyDocument"])) <= MANAGED_POLICY, name
    for name, role in properties("AWS::IAM::Role").items():
        documents = [resolved(template, policy["PolicyDocument"]) for policy in role["Policies"]]
        assert sum(map(size, documents)) <= INLINE_POLICIES, name


def test_a_resolved_policy_names_what_aws_names(template: dict[str, Any], properties: Properties) -> None:
    document = resolved(template, properties("AWS::IAM::ManagedPolicy")["OperatorPolicy"]["PolicyDocument"])
    text = json.dumps(document)

    assert f"arn:aws:dynamodb:{ADDRESS}:table/{named('DocumentsTable')}" in text
    assert "sqs:SendMessageBatch" not in text
    assert not re.search(r"Fn::|\"Ref\"|\$\{", text)


def test_the_environment_of_a_function_fits(template: dict[str, Any], properties: Properties) -> None:
    for name, function in properties("AWS::Serverless::Function").items():
        assert size(resolved(template, function["Environment"]["Variables"])) <= ENVIRONMENT / 2, name


def test_the_template_and_its_names_fit(template: dict[str, Any], properties: Properties) -> None:
    assert len((ROOT / "template.yaml").read_bytes()) < TEMPLATE / 2, "the transform makes it longer"
    assert len(template["Resources"]) < RESOURCES / 2, "the transform adds some"
    for alarm in properties("AWS::CloudWatch::Alarm").values():
        assert len(resolved(template, alarm["AlarmName"])) <= ALARM_NAME


# ---- rights

WITHOUT = {
    "iam:CreateServiceLinkedRole": "PowerUserAccess has it",
    **dict.fromkeys(
        [f"iam:{verb}{whom}Policy" for verb in ("Attach", "Detach") for whom in ("Group", "Role", "User")],
        "the template attaches no policy",
    ),
    **dict.fromkeys(
        ["iam:UpdateRole", "iam:UpdateRoleDescription"], "roles have neither a description nor a session of their own"
    ),
    **dict.fromkeys(["iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"], "roles have no boundary"),
}
SERVERLESS = {
    "AWS::Serverless::Function": (
        "AWS::Lambda::Function",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Permission",
    ),
    "AWS::Serverless::Api": ("AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage", "AWS::ApiGateway::Deployment"),
    "AWS::Serverless::LayerVersion": ("AWS::Lambda::LayerVersion",),
}


def asked_of_iam(template: dict[str, Any]) -> Iterator[str]:
    """What CloudFormation does at IAM as whoever deploys, by the schemas of the resource types."""
    written = {each["Type"] for each in template["Resources"].values()}
    for kind in {one for each in written for one in SERVERLESS.get(each, (each,))}:
        handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-north-1", kind).schema["handlers"]
        for operation in ("create", "read", "update", "delete"):
            permissions = handlers.get(operation, {}).get("permissions", ())
            yield from (one for one in permissions if one.startswith("iam:"))


@pytest.fixture
def listed() -> set[str]:
    """The actions that README.md asks for beside PowerUserAccess."""
    _, _, behind = (ROOT / "README.md").read_text().partition("* **Rights to deploy.**")
    _, _, actions = behind.partition("\n* ")[0].partition("named `connector*`:")
    return {f"iam:{one.removeprefix('iam:')}" for one in re.findall(r"`([\w:]+)`", actions)}


def test_whoever_has_the_rights_of_the_readme_can_deploy_and_remove_a_stack(
    template: dict[str, Any], listed: set[str]
) -> None:
    asked = set(asked_of_iam(template))
    assert {"iam:PassRole", "iam:CreateRole", "iam:DeletePolicy"} <= asked
    assert asked - WITHOUT.keys() - listed == set()
    assert set(WITHOUT) <= asked, "an exception that nothing needs"
