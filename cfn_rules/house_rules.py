"""What this project demands of its own template, as errors of cfn-lint (E9001 and up; `.cfnlintrc` loads them).

cfn-lint merges the `Globals` of SAM into each resource before it asks a rule; a rule looks at logical ids, so only what
stands in the same template counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
QUEUE = "AWS::SQS::Queue"
# SQS and Lambda: a message must stay hidden for six times the function's timeout (AWS, "Using Lambda with SQS").
VISIBILITY_FACTOR = 6
_DEFAULT_VISIBILITY = 30
# Objects have no names beforehand, and a stack's ARN ends in an id: the places for a wildcard are behind a folder of a
# bucket and behind the stack's own name. Alarms and schedules are too many for a policy of 6,144 characters (IAM).
# Those of another stack whose name begins alike are included (docs/decisions/0053).
_OBJECTS_OF_A_FOLDER = re.compile(r"^(?:\$\{\w+\.Arn\}|arn:\$\{AWS::Partition\}:s3:::\$\{Bucket\})/[a-z]+/\*$")
_THIS_STACK = re.compile(
    r":(?:(?:stack|log-group:/aws/lambda)/\$\{AWS::StackName\}/|(?:alarm:|schedule/default/)\$\{AWS::StackName\}-)\*$"
)
# AWS knows no resource for them (Service Authorization Reference: CloudFormation, CloudWatch, Lambda), or shows some
# things only to whoever may see all (CloudWatch: composite alarms).
_WITHOUT_RESOURCE = frozenset(
    {
        *("cloudformation:ListStacks", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"),
        "lambda:GetAccountSettings",
    }
)


class EveryQueueHasDeadLetters(CloudFormationLintRule):
    """A queue without a dead-letter queue drops what it gives up, or tries for ever."""

    id = "E9001"
    shortdesc = "Every queue has a dead-letter queue"
    description = "A queue names a dead-letter queue of this template, or is one"
    tags = ["house", "sqs"]  # noqa: RUF012 - read by cfn-lint

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Queues without `RedrivePolicy`."""
        dead_letters = set(_dead_letters(cfn).values())
        return [
            RuleMatch(_path(name), f"Queue {name} has no dead-letter queue in this template.")
            for name in _resources(cfn, QUEUE)
            if name not in dead_letters and name not in _dead_letters(cfn)
        ]


class EveryQueueIsWatched(CloudFormationLintRule):
    """What nobody is told about waits for ever."""

    id = "E9002"
    shortdesc = "Every queue has an alarm"
    description = (
        "A dead-letter queue has an alarm on its messages; any other queue has one on the age of the oldest, or names "
        "in its metadata (WatchedBy) the alarm that tells the same"
    )
    tags = ["house", "sqs", "cloudwatch"]  # noqa: RUF012 - read by cfn-lint

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Queues without the alarm, or with one that tells nobody."""
        watched, ringing = set(), set()
        for alarm_name, alarm in _resources(cfn, "AWS::CloudWatch::Alarm").items():
            queues = [_target(each.get("Value")) for each in alarm.get("Dimensions", []) if each["Name"] == "QueueName"]
            if alarm.get("AlarmActions"):
                watched |= {(queue, alarm.get("MetricName")) for queue in queues}
                ringing.add(alarm_name)
        dead_letters = set(_dead_letters(cfn).values())
        matches = []
        for name in _resources(cfn, QUEUE):
            metric = "ApproximateNumberOfMessagesVisible" if name in dead_letters else "ApproximateAgeOfOldestMessage"
            named = cfn.template["Resources"][name].get("Metadata", {}).get("WatchedBy")
            if (name, metric) not in watched and (name in dead_letters or named not in ringing):
                matches.append(RuleMatch(_path(name), f"Queue {name} has no alarm on {metric} that tells somebody."))
        return matches


class MessagesStayHiddenLongEnough(CloudFormationLintRule):
    """Otherwise a second worker gets the message while the first still works on it."""

    id = "E9003"
    shortdesc = "A queue's visibility timeout is six times its consumer's timeout"
    description = "VisibilityTimeout >= 6 x Timeout of every function that the queue feeds"
    tags = ["house", "sqs", "lambda"]  # noqa: RUF012 - read by cfn-lint

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Queues that show a message again too early."""
        queues, functions = _resources(cfn, QUEUE), _resources(cfn, *FUNCTIONS)
        matches = []
        for queue, function in _consumers(cfn):
            if queue not in queues or function not in functions:
                continue
            visibility = _number(queues[queue].get("VisibilityTimeout", _DEFAULT_VISIBILITY))
            timeout = _number(functions[function].get("Timeout"))
            if visibility is None or timeout is None or visibility < VISIBILITY_FACTOR * timeout:
                matches.append(
                    RuleMatch(
                        _path(queue),
                        f"Queue {queue} hides a message for {visibility} s; its consumer {function} may take "
                        f"{timeout} s, so it needs six times that.",
                    )
                )
        return matches


class EveryFunctionHasItsOwnRole(CloudFormationLintRule):
    """A shared role can do what any of its functions can."""

    id = "E9004"
    shortdesc = "Every function has a role of its own"
    description = "Role is a role of this template that no other function has; SAM writes none"
    tags = ["house", "lambda", "iam"]  # noqa: RUF012 - read by cfn-lint

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Functions without a role, or with somebody else's."""
        roles = _resources(cfn, "AWS::IAM::Role")
        owner: dict[str, str] = {}
        matches = []
        for name, function in _resources(cfn, *FUNCTIONS).items():
            role = _target(function.get("Role"))
            if role not in roles:
                matches.append(RuleMatch(_path(name), f"Function {name} has no role of this template."))
            elif role in owner:
                matches.append(RuleMatch(_path(name), f"Functions {owner[role]} and {name} share the role {role}."))
            else:
                owner[role] = name
            if "Policies" in function:
                matches.append(RuleMatch(_path(name), f"Function {name} has policies beside its role."))
        return matches


class RolesAreExact(CloudFormationLintRule):
    """Least privilege can be read, statement by statement."""

    id = "E9005"
    shortdesc = "Roles and the policies of people name every action and every resource"
    description = "No wildcard but behind a folder of a bucket, no Not-elements; managed policies are for people only"
    tags = ["house", "iam"]  # noqa: RUF012 - read by cfn-lint

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Statements that say more than they name."""
        managed = _resources(cfn, "AWS::IAM::ManagedPolicy")
        apart = [
            *_resources(cfn, "AWS::IAM::Policy", "AWS::IAM::RolePolicy"),
            *(name for name, policy in managed.items() if policy.get("Roles")),
        ]
        matches = [
            RuleMatch(_path(name), f"Policy {name} stands apart from its role; write it into the role.")
            for name in apart
        ]
        matches.extend(
            RuleMatch(_path(name), f"Policy {name}: {problem}")
            for name, policy in managed.items()
            for statement in _many(policy["PolicyDocument"].get("Statement", []))
            for problem in _too_wide(statement)
        )
        for name, role in _resources(cfn, "AWS::IAM::Role").items():
            if role.get("ManagedPolicyArns"):
                matches.append(RuleMatch(_path(name), f"Role {name} has managed policies."))
            for policy in role.get("Policies", []):
                statements = _many(policy["PolicyDocument"].get("Statement", []))
                matches.extend(
                    RuleMatch(_path(name), f"Role {name}: {problem}")
                    for statement in statements
                    for problem in _too_wide(statement)
                )
        return matches


class EveryFunctionKeepsItsLogs(CloudFormationLintRule):
    """A log group that Lambda makes itself is kept for ever and needs a right that no role has here."""

    id = "E9006"
    shortdesc = "Every function writes to a log group with a retention"
    description = "LoggingConfig.LogGroup is a log group of this template that has RetentionInDays"
    tags = ["house", "lambda", "logs"]  # noqa: RUF012 - read by cfn-lint

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Functions without such a log group."""
        groups = _resources(cfn, "AWS::Logs::LogGroup")
        return [
            RuleMatch(_path(name), f"Function {name} has no log group with a retention in this template.")
            for name, function in _resources(cfn, *FUNCTIONS).items()
            if "RetentionInDays" not in groups.get(_target(function.get("LoggingConfig", {}).get("LogGroup")), {})
        ]


class EveryFunctionHasATimeout(CloudFormationLintRule):
    """Three seconds, Lambda's default, is never what was meant."""

    id = "E9007"
    shortdesc = "Every function has an explicit timeout"
    description = "Timeout is written down as a number of seconds"
    tags = ["house", "lambda"]  # noqa: RUF012 - read by cfn-lint

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Functions without one."""
        return [
            RuleMatch(_path(name), f"Function {name} has no explicit timeout.")
            for name, function in _resources(cfn, *FUNCTIONS).items()
            if _number(function.get("Timeout")) is None
        ]


class NothingLiesUnencrypted(CloudFormationLintRule):
    """Documents of customers and partners are at rest in all of these."""

    id = "E9008"
    shortdesc = "Queues, tables, buckets and topics are encrypted"
    description = "Encryption is switched on in the template, not left to a default"
    tags = ["house", "encryption"]  # noqa: RUF012 - read by cfn-lint

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Resources without encryption."""
        encrypted = {
            QUEUE: lambda it: _is_on(it.get("SqsManagedSseEnabled")) or bool(it.get("KmsMasterKeyId")),
            "AWS::DynamoDB::Table": lambda it: _is_on(it.get("SSESpecification", {}).get("SSEEnabled")),
            "AWS::S3::Bucket": lambda it: bool(it.get("BucketEncryption")),
            "AWS::SNS::Topic": lambda it: bool(it.get("KmsMasterKeyId")),
        }
        return [
            RuleMatch(_path(name), f"{name} ({kind}) is not encrypted.")
            for kind, is_encrypted in encrypted.items()
            for name, properties in _resources(cfn, kind).items()
            if not is_encrypted(properties)
        ]


class SecretsComeFromPeople(CloudFormationLintRule):
    """A template is kept in git and shown by CloudFormation; a secret in it is none."""

    id = "E9009"
    shortdesc = "The template holds no secret"
    description = "A secret is created as an empty JSON object and filled by the operator"
    tags = ["house", "secretsmanager"]  # noqa: RUF012 - read by cfn-lint

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Secrets with a value."""
        return [
            RuleMatch(_path(name), f"Secret {name} has a value in the template.")
            for name, secret in _resources(cfn, "AWS::SecretsManager::Secret").items()
            if secret.get("SecretString") != "{}"
        ]


def _too_wide(statement: dict[str, Any]) -> Iterator[str]:
    for element in ("NotAction", "NotResource"):
        if element in statement:
            yield f"{element} allows what it does not name."
    for action in _texts(statement.get("Action", [])):
        if "*" in action:
            yield f"the action {action} is a wildcard."
    is_listing = set(_texts(statement.get("Action", []))) <= _WITHOUT_RESOURCE
    for resource in _texts(statement.get("Resource", [])):
        is_named = _OBJECTS_OF_A_FOLDER.match(resource) or _THIS_STACK.search(resource)
        if "*" in resource and not is_named and not (resource == "*" and is_listing):
            yield f"the resource {resource} is a wildcard."


def _resources(cfn: Template, *types: str) -> dict[str, dict[str, Any]]:
    """Properties by logical id."""
    return {name: resource.get("Properties", {}) for name, resource in cfn.get_resources(list(types)).items()}


def _dead_letters(cfn: Template) -> dict[str, str]:
    """Which queue of the template catches what which other one gives up."""
    queues = _resources(cfn, QUEUE)
    found = {name: _target(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn")) for name, queue in queues.items()}
    return {name: target for name, target in found.items() if target in queues}


def _consumers(cfn: Template) -> Iterator[tuple[str, str]]:
    """Pairs of queue and function that it feeds, however that is written."""
    for name, function in _resources(cfn, *FUNCTIONS).items():
        for event in function.get("Events", {}).values():
            if event.get("Type") == "SQS":
                yield _target(event["Properties"].get("Queue")), name
    for mapping in _resources(cfn, "AWS::Lambda::EventSourceMapping").values():
        yield _target(mapping.get("EventSourceArn")), _target(mapping.get("FunctionName"))


def _target(value: Any) -> str:
    """The logical id that a `Ref` or `GetAtt` points to; empty for anything else."""
    if isinstance(value, dict):
        if "Ref" in value:
            return str(value["Ref"])
        if "Fn::GetAtt" in value:
            attribute = value["Fn::GetAtt"]
            return str(attribute[0] if isinstance(attribute, list) else attribute.split(".")[0])
    return ""


def _texts(value: Any) -> Iterator[str]:
    """Every text inside a value, through lists and intrinsic functions."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict) and not {"Ref", "Fn::GetAtt"} & value.keys():
        for each in value.values():
            yield from _texts(each)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdigit()) else None


def _is_on(value: Any) -> bool:
    return str(value).lower() == "true"


def _path(name: str) -> list[str | int]:
    return ["Resources", name]
