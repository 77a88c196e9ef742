"""The parameter file of an environment, compared with the template before anything is built or deployed.

`sam` reads the same file (`parameter_overrides = "file://parameters/dev.yaml"` in samconfig.toml). CloudFormation keeps
the old value of a parameter that is not passed, so a new default of the template reaches no deployed stack by itself:
the file names every parameter.
"""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).resolve().parent.parent / "template.yaml"

# What YAML 1.1, which people know, and YAML 1.2, which sam reads, take for the same.
_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]*")
_PLAIN_TEXT = re.compile(r"[A-Za-z].*")
# sam takes these for its own marks and drops them (samcli/cli/types.py).
_QUOTED_TWICE = re.compile(r"\\[ \"']|^([\"']).*\1$")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_RATE = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\(\S+ \S+ (\S+) \S+ (\S+) \S+\)")
_MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
_INTERVALS = ("PollInterval", "TrackInterval", "CollectInterval")
_URLS = ("VismaBaseUrl", "VismaTokenUrl", "OrderfulBaseUrl")


class _Template(yaml.SafeLoader):
    """Reads the template; what an intrinsic function would give is left out."""


_Template.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def declared(template: Path = TEMPLATE) -> dict[str, dict[str, Any]]:
    """The parameters that a template declares, by name."""
    content = yaml.load(template.read_text(encoding="utf-8"), Loader=_Template)  # noqa: S506 - a SafeLoader
    parameters: dict[str, dict[str, Any]] = content["Parameters"]
    return parameters


def written(values: Mapping[str, str]) -> str:
    """A parameter file with these values."""
    return yaml.safe_dump(dict(values), default_style='"', sort_keys=False, allow_unicode=True)


def check_file(file: Path, parameters: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Every problem of a parameter file as a sentence; none when `sam` passes on what the file says.

    Args:
        file: The parameter file.
        parameters: What the template declares (`declared`).
    """
    try:
        content = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        return [f"It cannot be read: {error.strerror or error}."]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return [f"It is not YAML: {' '.join(str(error).split())}"]
    if not isinstance(content, yaml.MappingNode):
        return ["It is no list of `Name: value`."]
    values: dict[str, str] = {}
    problems = []
    for key, value in content.value:
        name = str(key.value)
        problem = "It stands in the file twice." if name in values else _unlike_written(value)
        if name not in parameters:
            problem = "The template has no such parameter; remove it."
        if problem:
            problems.append(f"{name}: {problem}")
        values[name] = str(value.value)
    spoiled = {problem.partition(":")[0] for problem in problems}
    problems += [
        f"{name}: {problem}"
        for name, declaration in parameters.items()
        if name not in spoiled
        for problem in (_unfit(values[name], declaration) if name in values else [_missing(declaration)])
    ]
    spoiled = {problem.partition(":")[0] for problem in problems}
    beside = [*_live(values), *_refused(values), *(() if "HeartbeatMinutes" in spoiled else _pace(values))]
    return problems + [problem for problem in beside if problem.partition(":")[0] not in spoiled]


def main(arguments: list[str]) -> int:
    """Check the files that are named; 2 when one has a problem. What is allowed and seldom meant is a warning."""
    parameters = declared()
    found = [(name, problem) for name in arguments for problem in check_file(Path(name), parameters)]
    for name, problem in found:
        print(f"{name}: {problem}", file=sys.stderr)
    for name in arguments if not found else ():
        if not yaml.load(Path(name).read_text(encoding="utf-8"), Loader=yaml.BaseLoader).get("AlarmEmail"):  # noqa: S506
            print(f"warning: {name}: AlarmEmail is empty: nobody gets alarms or the digest.", file=sys.stderr)
    return 2 if found else 0


def _unlike_written(value: yaml.Node) -> str | None:
    """What keeps a value from reaching the stack as it is written."""
    if not isinstance(value, yaml.ScalarNode):
        return "Its value is a list or a mapping; write text in quotes, with commas between the parts of a list."
    text = value.value
    is_plain = value.style is None
    if is_plain and not _WHOLE_NUMBER.fullmatch(text) and not _is_plain_text(value):
        return (
            f"Write its value in quotes, so that it stays text: '{text}'." if text else 'Write "" for an empty value.'
        )
    if "\n" in text or _QUOTED_TWICE.search(text):
        return "Its value has a line break, quotes around it or a backslash before a blank or a quote; sam drops these."
    return None


def _is_plain_text(value: yaml.ScalarNode) -> bool:
    return value.tag == "tag:yaml.org,2002:str" and _PLAIN_TEXT.fullmatch(value.value) is not None


def _missing(declaration: Mapping[str, Any]) -> str:
    default = f'; the template\'s default is "{declaration["Default"]}"' if "Default" in declaration else ""
    return f"It is missing{default}. CloudFormation would keep the value of the last deployment."


def _unfit(text: str, declaration: Mapping[str, Any]) -> Iterator[str]:
    """What CloudFormation would refuse about a value, or a person has yet to write."""
    if re.fullmatch(r"<.*>", text):
        yield f"It still is the placeholder {text}."
        return
    allowed = [str(each) for each in declaration.get("AllowedValues", [])]
    if allowed and text not in allowed:
        yield f"'{text}' is not allowed; write one of {', '.join(allowed)}."
    pattern = declaration.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, text):
        yield f"'{text}' does not fit. {declaration['Description']}"
    if declaration["Type"] != "Number" or allowed:
        return
    if not _WHOLE_NUMBER.fullmatch(text):
        yield f"'{text}' is no whole number."
    elif not declaration.get("MinValue", 0) <= int(text) <= declaration.get("MaxValue", int(text)):
        bounds = [f"at {word} {declaration[key]}" for word, key in _BOUNDS if key in declaration]
        yield f"{text} is not {' and '.join(bounds)}."


_BOUNDS = (("least", "MinValue"), ("most", "MaxValue"))


def _live(values: Mapping[str, str]) -> Iterator[str]:
    """What a live stack must not have."""
    if values.get("Stream") != "live":
        return
    for name in _URLS:
        if values.get(name, "").startswith("http:"):
            yield f"{name}: A live stack talks https only; '{values[name]}' is plain http."
    if values.get("AwsEndpointUrl"):
        yield "AwsEndpointUrl: A live stack runs on AWS; leave it empty."
    if not values.get("AlarmEmail"):
        yield "AlarmEmail: '' is no address; nobody would hear of the alarms of a live stack."


def _refused(values: Mapping[str, str]) -> Iterator[str]:
    """What CloudFormation takes and a service refuses, in the middle of a deployment that is then rolled back."""
    email = values.get("AlarmEmail", "")
    if email and not _ADDRESS.fullmatch(email):
        yield f"AlarmEmail: '{email}' is no address; SNS refuses it."
    for network in filter(None, values.get("CallbackSources", "").split(",")):
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            yield f"CallbackSources: '{network}' is no network; API Gateway refuses it."
    for name in (*_INTERVALS, "ReconcileTimes"):
        problem = _unschedulable(values.get(name, ""))
        if problem:
            yield f"{name}: {problem}"


def _unschedulable(text: str) -> str | None:
    """What EventBridge Scheduler refuses about a schedule (EventBridge Scheduler: Schedule types)."""
    if rate := _RATE.fullmatch(text):
        if (rate[1] == "1") is bool(rate[3]):
            return f"EventBridge Scheduler takes 'rate(1 minute)' and 'rate(2 minutes)', not '{text}'."
        return None
    cron = _CRON.fullmatch(text)
    if cron is None or cron.groups().count("?") != 1:
        return (
            "EventBridge Scheduler takes a rate, or cron with six fields of which the third or the fifth is '?', like "
            f"'cron(0/5 1-4 * * ? *)'; not '{text}'."
        )
    return None


def _pace(values: Mapping[str, str]) -> Iterator[str]:
    """Schedules that are too seldom for the heartbeat: two runs that fail in a row have to fit into it."""
    heartbeat = values.get("HeartbeatMinutes", "")
    for name in _INTERVALS:
        rate = _RATE.fullmatch(values.get(name, ""))
        if rate is None or not _WHOLE_NUMBER.fullmatch(heartbeat):
            continue
        if _unschedulable(values[name]):
            continue
        minutes = int(rate[1]) * _MINUTES[rate[2]]
        if 3 * minutes > int(heartbeat):
            yield (
                f"{name}: HeartbeatMinutes ({heartbeat}) has to be at least three times '{rate[0]}', which is "
                f"{3 * minutes}; otherwise alarms ring, and end, between two runs."
            )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
