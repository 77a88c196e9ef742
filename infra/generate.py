"""Generates the repetitive part of template.yaml: log groups, roles, policies, alarms, the dashboard.

The first part of template.yaml is written by hand: the functions, queues and tables. After the line `BEGIN` follows the
part that is generated from it and from access.yaml, alarms.yaml and dashboard.yaml. So any tool can use the template as
it is.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cfnlint.decode import decode_str  # type: ignore[import-untyped]

FILES = Path(__file__).resolve().parent
TEMPLATE = FILES.parent / "template.yaml"
BEGIN = "  # ======== From here on generated from infra/ by `make template`: change it there, not here ========\n"

_WIDTH, _FOLDED = 120, 1000
"""Most characters of a line, and of a value that is folded into several lines."""

_NAMESPACE = "Connector/${AWS::StackName}"
_ARN = "arn:${AWS::Partition}"
_TABLE_ARN = f"{_ARN}:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/${{Table}}"
_BUCKET = "PayloadsBucket"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_/.-]*(:{1,2}[A-Za-z0-9*]+)*")
_SEND = "sqs:SendMessage"
_BATCHES = {one: f"{one}Batch" for one in (_SEND, "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")}
"""SQS actions that include their batch action at AWS; the emulator needs the batch action as well."""
_SHARES = ("PollsInTwo", *["PollsInFour"] * 2, *["PollsInEight"] * 4)
"""The condition under which each share of the companies but the first has a schedule (domain/polling/shares.py)."""
_READ_AS_ANOTHER_TYPE = re.compile(r"y|n|yes|no|on|off|true|false|null", re.IGNORECASE)


def generated(by_hand: str) -> str:
    """The whole text of template.yaml.

    Args:
        by_hand: Its text up to `BEGIN`; the rest is generated.

    Raises:
        ValueError: a file of infra/ does not match the part by hand; the sentence names the entry.
    """
    head, begin, _ = by_hand.partition(BEGIN)
    if not begin:
        raise ValueError(f"template.yaml has lost its line '{BEGIN.strip()}'; put it behind the last resource by hand.")
    made = "\n".join(_written(name, resource) for name, resource in _Maker(_parsed(head)).resources())
    return f"{head}{BEGIN}\n{made}"


def main(arguments: Sequence[str] = ()) -> int:
    """Update template.yaml; with `--check`, only check it. Returns 2 when it is not up to date."""
    written = TEMPLATE.read_text(encoding="utf-8")
    made = generated(written)
    if "--check" not in arguments:
        TEMPLATE.write_text(made, encoding="utf-8")
    elif made != written:
        print("template.yaml is older than infra/: run make template.", file=sys.stderr)
        return 2
    return 0


class _Maker:
    """Makes resources from the part by hand and the YAML files of this folder."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._conditions = template["Conditions"]
        self._resources = template["Resources"]

    def resources(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every resource by its logical id, in the order of the template."""
        access = _file("access.yaml")
        functions = {
            Path(self._resources[name]["Properties"]["CodeUri"]).name: name.removesuffix("Function")
            for name in self._of_type("AWS::Serverless::Function")
        }
        if different := functions.keys() ^ access["functions"].keys():
            raise ValueError(
                f"access.yaml and template.yaml must have the same functions; not so: {sorted(different)}."
            )
        for folder, name in functions.items():
            yield f"{name}Logs", _log_group(folder)
            yield f"{name}Role", self._role(folder, f"{name}Logs", access["functions"][folder])
        for number, condition in enumerate(_SHARES, 1):
            yield f"PollVismaSchedule{number + 1}", self._schedule_of_share(number, condition)
        for queue in self._of_type("AWS::SQS::Queue"):
            yield f"{queue}Policy", _only_over_tls(queue)
        for name, statements in access["people"].items():
            yield (
                name,
                _resource("AWS::IAM::ManagedPolicy", PolicyDocument=self._policy(statements, is_for_people=True)),
            )
        file = _file("alarms.yaml")
        alarms = {_logical_id(name): _alarm(name, one, file) for name, one in file["alarms"].items()}
        yield from alarms.items()
        yield "Dashboard", _dashboard(list(alarms))

    def _of_type(self, kind: str) -> list[str]:
        return [name for name, one in self._resources.items() if one["Type"] == kind]

    def _role(self, folder: str, logs: str, statements: Mapping[str, Any]) -> dict[str, Any]:
        log = {
            "Sid": "Log",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": {"Fn::GetAtt": [logs, "Arn"]},
        }
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        policy = {"PolicyName": folder, "PolicyDocument": self._policy(statements, log)}
        return _resource("AWS::IAM::Role", AssumeRolePolicyDocument=_document(trust), Policies=[policy])

    def _schedule_of_share(self, number: int, condition: str) -> dict[str, Any]:
        """The schedule of one more share of the companies: the first one's, with the number of the share."""
        first = self._resources["PollVismaSchedule"]["Properties"]
        event = {"Fn::Sub": f'{{"share": {number}, "shares": ${{PollShares}}}}'}
        made = _resource("AWS::Scheduler::Schedule", **{**first, "Target": {**first["Target"], "Input": event}})
        return {"Type": made["Type"], "Condition": condition, "Properties": made["Properties"]}

    def _policy(self, statements: Mapping[str, Any], *first: Any, is_for_people: bool = False) -> dict[str, Any]:
        made = (self._statement(sid, one, is_for_people=is_for_people) for sid, one in statements.items())
        return _document(*first, *made)

    def _statement(self, sid: str, written: Mapping[str, Any], *, is_for_people: bool = False) -> dict[str, Any]:
        if unknown := written.keys() - {"Action", "Resource", "Keys", "Via"}:
            raise ValueError(
                f"access.yaml: {sid} has {sorted(unknown)}; a statement has Action, Resource, Keys and Via."
            )
        action, on = written["Action"], written["Resource"]
        actions = [action] if isinstance(action, str) else action
        if batches := [_BATCHES[one] for one in actions if one in _BATCHES and (is_for_people or one == _SEND)]:
            action = [*actions, *({"Fn::If": ["IsOnAws", {"Ref": "AWS::NoValue"}, one]} for one in batches)]
        resource = [self._arn(one) for one in on] if isinstance(on, list) else self._arn(on)
        statement = {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}
        condition = {
            f"ForAllValues:{operator}": {"dynamodb:LeadingKeys": keys}
            for operator, keys in written.get("Keys", {}).items()
        }
        if "StackKey" in on:
            via = f"{written.get('Via', 'dynamodb')}.${{AWS::Region}}.amazonaws.com"
            condition["StringEquals"] = {"kms:ViaService": {"Fn::Sub": via}}
        if condition:
            statement["Condition"] = condition
        if "StackKey" in on:
            return {"Fn::If": ["IsOnAws", statement, {"Ref": "AWS::NoValue"}]}
        return statement

    def _arn(self, on: str) -> Any:
        """The ARN of a statement's resource."""
        name, _, part = on.partition("/")
        if on == "*":
            return on
        if on.startswith(f"{_ARN}:"):
            return {"Fn::Sub": on}
        if part == "*":
            return {"Fn::Sub": [f"{_ARN}:s3:::${{Bucket}}/{on}", {"Bucket": self._in_force(_BUCKET, "Ref", _BUCKET)}]}
        if name not in self._resources:
            raise ValueError(f"access.yaml: template.yaml has no resource {name}.")
        kind = self._resources[name]["Type"]
        if kind == "AWS::SecretsManager::Secret":
            return self._in_force(name, "Fn::GetAtt", [name, "Id"], suffix="Arn")
        if f"Creates{name}" in self._conditions:
            return {"Fn::Sub": [_TABLE_ARN + on.removeprefix(name), {"Table": self._in_force(name, "Ref", name)}]}
        return {"Ref": name} if kind == "AWS::SNS::Topic" else {"Fn::GetAtt": [name, "Arn"]}

    def _in_force(self, name: str, function: str, argument: Any, *, suffix: str = "") -> dict[str, Any]:
        """A resource of the template, or the existing one that a parameter names."""
        return {"Fn::If": [f"Creates{name}", {function: argument}, {"Ref": f"Existing{name}{suffix}"}]}


def _log_group(folder: str) -> dict[str, Any]:
    made = _resource(
        "AWS::Logs::LogGroup",
        LogGroupName={"Fn::Sub": f"/aws/lambda/${{AWS::StackName}}/{folder}"},
        RetentionInDays={"Ref": "LogRetentionDays"},
    )
    return made | {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}


def _only_over_tls(queue: str) -> dict[str, Any]:
    statement = {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": {"Fn::GetAtt": [queue, "Arn"]},
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    made = _resource("AWS::SQS::QueuePolicy", Queues=[{"Ref": queue}], PolicyDocument=_document(statement))
    return made | {"Condition": "IsOnAws"}


def _alarm(name: str, written: Mapping[str, Any], file: Mapping[str, Any]) -> dict[str, Any]:
    if written["kind"] not in file["kinds"]:
        raise ValueError(f"alarms.yaml: {name} is of the kind {written['kind']}, which the file does not have.")
    own = {key: value for key, value in written.items() if key not in {"kind", "of", "says", "type"}}
    looking = _filled(file["every"] | file["kinds"][written["kind"]] | own, written["of"])
    if "number" not in looking:
        raise ValueError(f"alarms.yaml: {name} does not say what its number is, nor does its kind.")
    text = (
        f"Stack ${{AWS::StackName}} (stream ${{Stream}}): {written['says']} The number in brackets is "
        f"{looking.pop('number')}. Type: {written['type']}. See docs/runbook.md#{name}"
    )
    naming = {"AlarmName": {"Fn::Sub": f"${{AWS::StackName}}-{name}"}, "AlarmDescription": {"Fn::Sub": text}}
    return _resource("AWS::CloudWatch::Alarm", **naming, **looking)


def _filled(value: Any, of: str) -> Any:
    """A value with `{of}` replaced by the subject of the alarm."""
    if isinstance(value, dict):
        return {key: _filled(each, of) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, of) for each in value]
    return value.replace("{of}", of) if isinstance(value, str) else value


def _dashboard(alarms: list[str]) -> dict[str, Any]:
    shown = {"title": "Alarms", "alarms": [f"${{{name}.Arn}}" for name in alarms]}
    widgets = [{"type": "alarm", "x": 0, "y": 0, "width": 24, "height": 6, "properties": shown}]
    widgets += [
        {"type": "metric", "x": 8 * column, "y": 6 * row, "width": 8, "height": 6, "properties": _chart(one)}
        for row, charts in enumerate(_file("dashboard.yaml")["rows"], start=1)
        for column, one in enumerate(charts)
    ]
    body = {"Fn::Sub": json.dumps({"widgets": widgets})}
    return _resource("AWS::CloudWatch::Dashboard", DashboardName={"Ref": "AWS::StackName"}, DashboardBody=body)


def _chart(written: Mapping[str, Any]) -> dict[str, Any]:
    metrics = [
        *([_NAMESPACE, name, "service", "connector"] for name in written.get("own", [])),
        *(["AWS/SQS", written["metric"], "QueueName", f"${{{name}.QueueName}}"] for name in written.get("queues", [])),
        *(["AWS/ApiGateway", name, "ApiName", "${AWS::StackName}-callback"] for name in written.get("callbacks", [])),
    ]
    look = {"region": "${AWS::Region}", "stat": written["stat"], "period": 300}
    return {"title": written["title"], **look, "metrics": metrics}


def _resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def _document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _logical_id(alarm: str) -> str:
    """The logical id of an alarm: `documents-stuck` is DocumentsStuckAlarm."""
    return "".join(part.capitalize() for part in alarm.split("-")) + "Alarm"


def _file(name: str) -> dict[str, Any]:
    return _parsed((FILES / name).read_text(encoding="utf-8"))


def _parsed(text: str) -> dict[str, Any]:
    """YAML with CloudFormation's tags in their long form."""
    read, problems = decode_str(text)
    if problems:
        raise ValueError("; ".join(str(problem) for problem in problems))
    plain: dict[str, Any] = json.loads(json.dumps(read))
    return plain


# ---- YAML: short values in flow style, longer ones folded into lines.


def _written(name: str, resource: Mapping[str, Any]) -> str:
    order = [key for key in resource if key != "Properties"] + ["Properties"]
    return "\n".join([f"  {name}:", *(line for key in order for line in _lines(f"{key}: ", resource[key], 4)), ""])


def _lines(key: str, value: Any, indent: int) -> list[str]:
    text = key + _flow(value)
    if len(text) <= _FOLDED or isinstance(value, str) or (isinstance(value, dict) and text[len(key)] == "!"):
        return _folded(text, indent)
    begin = [" " * indent + key.rstrip()] if key else []
    indent += 2 if key else 0
    if isinstance(value, dict):
        return begin + [line for name, each in value.items() for line in _lines(f"{name}: ", each, indent)]
    for each in value:
        first, *rest = _lines("", each, indent + 2)
        begin += [f"{' ' * indent}- {first.lstrip()}", *rest]
    return begin


def _folded(text: str, indent: int) -> list[str]:
    """Fold a text into lines that YAML reads as one: a line break with the spaces around it is one space."""
    lines = textwrap.wrap(
        re.sub(r"(!\w+) ", "\\1\0", text),  # a tag stays on the line of its value
        _WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\0", " ") for line in lines]


def _flow(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_flow(each) for each in value)}]"
    if isinstance(value, dict):
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Fn::GetAtt":
                return f"!GetAtt {'.'.join(argument)}"
            if function == "Ref" or function.startswith("Fn::"):
                return f"!{function.removeprefix('Fn::')} {_flow(argument)}"
        return f"{{{', '.join(f'{_flow(key)}: {_flow(each)}' for key, each in value.items())}}}"
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and not _READ_AS_ANOTHER_TYPE.fullmatch(value)
        return value if is_plain else _quoted(value)
    return json.dumps(value)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
