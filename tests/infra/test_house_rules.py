"""Each house rule is shown to fire: the template is broken in one place, and the rule has to name that place."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cfnlint.template import Template

ROOT = Path(__file__).resolve().parents[2]
Resources = dict[str, Any]


def _load() -> ModuleType:
    # cfn-lint loads the file by its path, and so do we: the directory is no package.
    spec = importlib.util.spec_from_file_location("house_rules", ROOT / "cfn_rules" / "house_rules.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


rules = _load()


def _drop(name: str, *path: str) -> Callable[[Resources], None]:
    def break_it(resources: Resources) -> None:
        place = resources[name]["Properties"]
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return break_it


def _set(name: str, key: str, value: Any) -> Callable[[Resources], None]:
    def break_it(resources: Resources) -> None:
        resources[name]["Properties"][key] = value

    return break_it


def _allow(**statement: Any) -> Callable[[Resources], None]:
    def break_it(resources: Resources) -> None:
        policy = resources["DeliverTransactionRole"]["Properties"]["Policies"][0]["PolicyDocument"]
        policy["Statement"].append({"Effect": "Allow", **statement})

    return break_it


def _let_people(policy: str, **statement: Any) -> Callable[[Resources], None]:
    def break_it(resources: Resources) -> None:
        resources[policy]["Properties"]["PolicyDocument"]["Statement"].append({"Effect": "Allow", **statement})

    return break_it


def _add(name: str, kind: str, **properties: Any) -> Callable[[Resources], None]:
    def break_it(resources: Resources) -> None:
        resources[name] = {"Type": kind, "Properties": properties}

    return break_it


def _remove(name: str) -> Callable[[Resources], None]:
    def break_it(resources: Resources) -> None:
        del resources[name]

    return break_it


TABLE = {"Fn::GetAtt": ["DocumentsTable", "Arn"]}
BREAKS = {
    "queue without dead letters": (
        rules.EveryQueueHasDeadLetters,
        _drop("DocumentsQueue", "RedrivePolicy"),
        "DocumentsQueue",
    ),
    "another queue without dead letters": (
        rules.EveryQueueHasDeadLetters,
        _add("AnotherQueue", "AWS::SQS::Queue", SqsManagedSseEnabled=True),
        "AnotherQueue",
    ),
    "dead letters nobody hears of": (
        rules.EveryQueueIsWatched,
        _remove("DeliveriesDeadLetteredAlarm"),
        "DeliveriesDeadLetters",
    ),
    "alarm on messages sent, which a redrive does not count": (
        rules.EveryQueueIsWatched,
        _set("DeliveriesDeadLetteredAlarm", "MetricName", "NumberOfMessagesSent"),
        "DeliveriesDeadLetters",
    ),
    "queue whose age nobody hears of": (rules.EveryQueueIsWatched, _remove("DocumentsStuckAlarm"), "DocumentsQueue"),
    "queue watched by an alarm that is gone": (
        rules.EveryQueueIsWatched,
        _remove("ChangesUnfinishedAlarm"),
        "ChangesQueue",
    ),
    "alarm that tells nobody": (
        rules.EveryQueueIsWatched,
        _set("DocumentsStuckAlarm", "AlarmActions", []),
        "DocumentsQueue",
    ),
    "visibility below six timeouts": (
        rules.MessagesStayHiddenLongEnough,
        _set("DocumentsQueue", "VisibilityTimeout", 359),
        "DocumentsQueue",
    ),
    "visibility left to its default": (
        rules.MessagesStayHiddenLongEnough,
        _drop("DeliveriesQueue", "VisibilityTimeout"),
        "DeliveriesQueue",
    ),
    "consumer that became slower": (
        rules.MessagesStayHiddenLongEnough,
        _set("TranslateDocumentFunction", "Timeout", 61),
        "DocumentsQueue",
    ),
    "slow consumer through a mapping of its own": (
        rules.MessagesStayHiddenLongEnough,
        _add(
            "Mapping",
            "AWS::Lambda::EventSourceMapping",
            EventSourceArn={"Fn::GetAtt": ["DeliveriesQueue", "Arn"]},
            FunctionName={"Ref": "PollVismaFunction"},
        ),
        "DeliveriesQueue",
    ),
    "function without a role": (rules.EveryFunctionHasItsOwnRole, _drop("PollVismaFunction", "Role"), "PollVisma"),
    "function with another's role": (
        rules.EveryFunctionHasItsOwnRole,
        _set("TranslateDocumentFunction", "Role", {"Fn::GetAtt": ["PollVismaRole", "Arn"]}),
        "TranslateDocumentFunction",
    ),
    "function with policies of SAM": (
        rules.EveryFunctionHasItsOwnRole,
        _set("PollVismaFunction", "Policies", ["AmazonSQSFullAccess"]),
        "PollVismaFunction",
    ),
    "wildcard action": (rules.RolesAreExact, _allow(Action="dynamodb:*", Resource=TABLE), "dynamodb:*"),
    "wildcard in a list of actions": (
        rules.RolesAreExact,
        _allow(Action=["dynamodb:GetItem", "dynamodb:Batch*"], Resource=TABLE),
        "dynamodb:Batch*",
    ),
    "every resource": (rules.RolesAreExact, _allow(Action="xray:PutTraceSegments", Resource="*"), "the resource *"),
    "every resource of a service": (
        rules.RolesAreExact,
        _allow(Action="sqs:SendMessage", Resource={"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:*"}),
        "wildcard",
    ),
    "every object of a bucket": (
        rules.RolesAreExact,
        _allow(Action="s3:GetObject", Resource={"Fn::Sub": "${PayloadsBucket.Arn}/*"}),
        "wildcard",
    ),
    "wildcard behind a condition": (
        rules.RolesAreExact,
        _allow(Action={"Fn::If": ["IsOnAws", "sqs:SendMessage", "sqs:*"]}, Resource=TABLE),
        "sqs:*",
    ),
    "all but what is named": (rules.RolesAreExact, _allow(NotAction="iam:PassRole", Resource=TABLE), "NotAction"),
    "managed policy": (
        rules.RolesAreExact,
        _set("PollVismaRole", "ManagedPolicyArns", ["arn:aws:iam::aws:policy/ReadOnlyAccess"]),
        "managed",
    ),
    "policy apart from its role": (
        rules.RolesAreExact,
        _add("Extra", "AWS::IAM::Policy", PolicyName="extra", PolicyDocument={}, Roles=[{"Ref": "PollVismaRole"}]),
        "Extra",
    ),
    "policy of people attached to a role": (
        rules.RolesAreExact,
        _set("ReaderPolicy", "Roles", [{"Ref": "PollVismaRole"}]),
        "ReaderPolicy",
    ),
    "wildcard for people": (
        rules.RolesAreExact,
        _let_people("ReaderPolicy", Action="dynamodb:*", Resource=TABLE),
        "dynamodb:*",
    ),
    "every stack": (
        rules.RolesAreExact,
        _let_people("OperatorPolicy", Action="cloudformation:DescribeStacks", Resource="*"),
        "the resource *",
    ),
    "more than the list on every resource": (
        rules.RolesAreExact,
        _let_people("OperatorPolicy", Action=["cloudformation:ListStacks", "cloudformation:ListExports"], Resource="*"),
        "the resource *",
    ),
    "function without a log group": (
        rules.EveryFunctionKeepsItsLogs,
        _drop("PollVismaFunction", "LoggingConfig"),
        "PollVismaFunction",
    ),
    "logs kept for ever": (
        rules.EveryFunctionKeepsItsLogs,
        _drop("PollVismaLogs", "RetentionInDays"),
        "PollVismaFunction",
    ),
    "function without a timeout": (
        rules.EveryFunctionHasATimeout,
        _drop("TrackTransactionsFunction", "Timeout"),
        "TrackTransactionsFunction",
    ),
    "queue in the clear": (rules.NothingLiesUnencrypted, _drop("DocumentsQueue", "SqsManagedSseEnabled"), "Documents"),
    "encryption switched off": (
        rules.NothingLiesUnencrypted,
        _set("DeliveriesDeadLetters", "SqsManagedSseEnabled", False),
        "DeliveriesDeadLetters",
    ),
    "table in the clear": (rules.NothingLiesUnencrypted, _drop("TokensTable", "SSESpecification"), "TokensTable"),
    "bucket in the clear": (rules.NothingLiesUnencrypted, _drop("PayloadsBucket", "BucketEncryption"), "Payloads"),
    "topic in the clear": (rules.NothingLiesUnencrypted, _drop("AlarmTopic", "KmsMasterKeyId"), "AlarmTopic"),
    "secret in the template": (
        rules.SecretsComeFromPeople,
        _set("OrderfulSecret", "SecretString", '{"api_key": "k"}'),
        "OrderfulSecret",
    ),
    "secret that nobody knows": (
        rules.SecretsComeFromPeople,
        _set("VismaSecret", "SecretString", {"Ref": "SomeParameter"}),
        "VismaSecret",
    ),
}


@pytest.mark.parametrize(("rule", "break_it", "named"), BREAKS.values(), ids=BREAKS.keys())
def test_the_rule_names_what_was_broken(
    rule: Callable[[], Any], break_it: Callable[[Resources], None], named: str, linted_template: Template
) -> None:
    assert rule().match(linted_template) == []

    break_it(linted_template.template["Resources"])

    messages = [match.message for match in rule().match(linted_template)]
    assert messages
    assert named in messages[0]


def test_every_rule_is_broken_by_some_case() -> None:
    written = {rule for rule in vars(rules).values() if getattr(rule, "id", "").startswith("E9")}

    assert written == {rule for rule, _, _ in BREAKS.values()}


def test_cfn_lint_finds_nothing_in_the_template_and_the_house_rules_fail_a_broken_one(tmp_path: Path) -> None:
    broken = tmp_path / "template.yaml"
    text = (ROOT / "template.yaml").read_text()
    assert text.count("SqsManagedSseEnabled: true") == 7
    broken.write_text(text.replace("SqsManagedSseEnabled: true", "SqsManagedSseEnabled: false", 1))
    lint = Path(sys.executable).with_name("cfn-lint")

    good = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    bad = subprocess.run([lint, "--", broken], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (good.returncode, good.stdout) == (0, "")
    assert bad.returncode != 0
    assert "E9008" in bad.stdout
