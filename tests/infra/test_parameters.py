"""A parameter file says what reaches the stack: compared with the template, and read by sam as it is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from parameters import account
from parameters.check import check_file, declared, main, written
from testkit.laptop.deploy import SAM

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "parameters").glob("*.yaml"))
ENVIRONMENTS = ("dev", "prod")
AS_SAM_READS = """
import json, sys
from samcli.cli.types import CfnParameterOverridesType
print(json.dumps(CfnParameterOverridesType().convert(f"file://{sys.argv[1]}", None, None)))
"""


def _file(name: str) -> dict[str, str]:
    """A parameter file, every value as it is written."""
    text = (ROOT / "parameters" / f"{name}.yaml").read_text()
    content: dict[str, str] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - texts only
    return content


def _as_sam_reads(file: Path) -> dict[str, str]:
    python = SAM.with_name("python")
    ended = subprocess.run([python, "-c", AS_SAM_READS, file], capture_output=True, text=True, check=True)
    read: dict[str, str] = json.loads(ended.stdout)
    return read


@pytest.fixture
def problems(tmp_path: Path) -> Any:
    """Problems of dev's file with one line replaced."""

    def found(name: str, line: str | None) -> list[str]:
        file = tmp_path / "some.yaml"
        kept = [
            text
            for text in (ROOT / "parameters" / "dev.yaml").read_text().splitlines()
            if not text.startswith(f"{name}:")
        ]
        file.write_text("\n".join([*kept, *([] if line is None else [line])]), encoding="utf-8")
        return check_file(file, declared())

    return found


# ---- the files of the repository


def test_there_is_a_file_for_each_environment_that_is_deployed() -> None:
    assert [file.stem for file in FILES] == list(ENVIRONMENTS)


def test_dev_is_in_order_and_prod_wants_only_what_a_person_has_to_decide() -> None:
    found = {file.stem: [problem.split(":")[0] for problem in check_file(file, declared())] for file in FILES}

    assert found == {"dev": [], "prod": ["AlarmEmail", "OrderfulBaseUrl"]}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_new_default_of_the_template_is_a_new_value_of_the_files(name: str) -> None:
    defaults = {key: str(parameter["Default"]) for key, parameter in declared().items()}
    differing = {key: value for key, value in _file(name).items() if value != defaults[key]}

    assert set(differing) == ({"Stream", "AlarmEmail", "OrderfulBaseUrl"} if name == "prod" else set())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_sam_reads_what_the_file_says(file: Path) -> None:
    assert _as_sam_reads(file) == _file(file.stem)


def test_spaces_commas_signs_and_empty_values_survive_the_way_through_sam(tmp_path: Path) -> None:
    values = {
        "Spaces": "rate(5 minutes)",
        "Commas": "10.0.0.0/8,192.168.0.0/16",
        "Empty": "",
        "Signs": 'a=b c#d: it\'s "so" {x} [y] %z & 100 €',
        "Number": "0042",
        "Word": "true",
    }
    file = tmp_path / "some.yaml"
    file.write_text(written(values), encoding="utf-8")

    assert _as_sam_reads(file) == values


# ---- samconfig.toml


def test_a_plain_sam_command_does_what_dev_does() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())

    assert config["default"] == config["dev"]
    for name in ENVIRONMENTS:
        shared = config[name]["global"]["parameters"]
        assert shared["parameter_overrides"] == f"file://parameters/{name}.yaml"
        assert shared["region"] == "eu-north-1"
        assert config[name]["deploy"]["parameters"]["on_failure"] == "DELETE"
    assert config["prod"]["deploy"]["parameters"]["confirm_changeset"] is True
    names = [config[name]["global"]["parameters"]["stack_name"] for name in ENVIRONMENTS]
    assert len(set(names)) == len(names)


# ---- what is refused


@pytest.mark.parametrize(
    ("name", "line", "problem_text"),
    [
        ("PollInterval", None, 'It is missing; the template\'s default is "rate(5 minutes)".'),
        ("PollIntervall", 'PollIntervall: "rate(5 minutes)"', "The template has no such parameter"),
        ("PollInterval", 'PollInterval: "5 minutes"', "'5 minutes' does not fit. How often Visma is asked"),
        ("PollInterval", "PollInterval: [a, b]", "Its value is a list or a mapping"),
        ("Stream", 'Stream: "Live"', "'Live' is not allowed; write one of test, live."),
        ("HeartbeatMinutes", "HeartbeatMinutes: 2", "2 is not at least 3 and at most 1440."),
        ("CallbackRate", "CallbackRate: 0", "0 is not at least 1."),
        ("CallbackRate", 'CallbackRate: "ten"', "'ten' is no whole number."),
        ("LogRetentionDays", "LogRetentionDays: 91", "'91' is not allowed"),
        ("AlarmEmail", 'AlarmEmail: "<the address>"', "It still is the placeholder <the address>."),
        ("AlarmEmail", "AlarmEmail:", 'Write "" for an empty value.'),
        ("AlarmEmail", "AlarmEmail: '\"edi@example.com\"'", "sam drops these"),
        ("ProtectTables", "ProtectTables: true", "Write its value in quotes, so that it stays text: 'true'."),
        ("OrderfulInboxIds", "OrderfulInboxIds: 0042", "Write its value in quotes"),
        ("OrderfulInboxIds", "OrderfulInboxIds: 1e3", "Write its value in quotes"),
        ("OrderfulBaseUrl", 'OrderfulBaseUrl: "https://api.orderful.com/"', "does not fit. Orderful, without a slash"),
        ("VismaBaseUrl", 'VismaBaseUrl: "http://visma.example"', "does not fit."),
        ("VismaTokenUrl", 'VismaTokenUrl: "http://127.0.0.1:80@visma.example/"', "does not fit."),
        ("VismaTokenUrl", 'VismaTokenUrl: "http://localhost.example/token"', "does not fit."),
        ("PollInterval", 'PollInterval: "rate(6 minutes)"', "(15) has to be at least three times 'rate(6 minutes)'"),
        ("TrackInterval", 'TrackInterval: "rate(1 hour)"', "which is 180"),
        ("CollectInterval", 'CollectInterval: "rate(1 minutes)"', "takes 'rate(1 minute)'"),
        ("CollectInterval", 'CollectInterval: "rate(6 minute)"', "takes 'rate(1 minute)'"),
        ("ReconcileTimes", 'ReconcileTimes: "rate(1 minutes)"', "takes 'rate(1 minute)'"),
        ("ReconcileTimes", 'ReconcileTimes: "cron(0/5 1-4 * * *)"', "cron with six fields"),
        ("ReconcileTimes", 'ReconcileTimes: "cron(0/5 1-4 * * * *)"', "the third or the fifth is '?'"),
        ("ReconcileTimes", 'ReconcileTimes: "cron(0/5 1-4 ? * ? *)"', "the third or the fifth is '?'"),
        ("AlarmEmail", 'AlarmEmail: "not an address"', "'not an address' is no address; SNS refuses it."),
        ("AlarmEmail", 'AlarmEmail: "edi@example"', "'edi@example' is no address"),
        ("CallbackSources", 'CallbackSources: "10.0.0.0/8,1.2.3.4/33"', "'1.2.3.4/33' is no network"),
        ("CallbackSources", 'CallbackSources: "1.2.3/24"', "'1.2.3/24' is no network"),
    ],
)
def test_what_would_not_reach_the_stack_as_meant_is_told(
    problems: Any, name: str, line: str | None, problem_text: str
) -> None:
    (problem,) = problems(name, line)

    assert problem.startswith(f"{name}: ")
    assert problem_text in problem


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("VismaBaseUrl", 'VismaBaseUrl: "http://127.0.0.1:8080"'),
        ("VismaTokenUrl", 'VismaTokenUrl: "http://localhost:8080/connect/token"'),
        ("OrderfulInboxIds", "OrderfulInboxIds: 7001"),
        ("OrderfulInboxIds", 'OrderfulInboxIds: "7001, 7002"'),
        ("PollInterval", "PollInterval: rate(1 minute)"),
        ("HeartbeatMinutes", "HeartbeatMinutes: 60"),
        ("ReconcileTimes", "ReconcileTimes: rate(1 minute)"),
        ("ReconcileTimes", 'ReconcileTimes: "rate(2 days)"'),
        ("ReconcileTimes", 'ReconcileTimes: "cron(0 2 ? * MON-FRI *)"'),
        ("AlarmEmail", "AlarmEmail: edi@example.com"),
        ("CallbackSources", 'CallbackSources: "203.0.113.7/24,2001:db8::/32"'),
    ],
)
def test_what_reaches_the_stack_as_meant_is_taken(problems: Any, name: str, line: str) -> None:
    assert problems(name, line) == []


def test_a_parameter_that_stands_twice_is_told(problems: Any) -> None:
    assert problems("Stream", 'Stream: "test"\nStream: "test"') == ["Stream: It stands in the file twice."]


@pytest.mark.parametrize(
    ("name", "value", "problem_text"),
    [
        ("OrderfulBaseUrl", "http://127.0.0.1:8080", "A live stack talks https only"),
        ("AwsEndpointUrl", "http://127.0.0.1:4566", "A live stack runs on AWS"),
        ("AlarmEmail", "", "'' is no address"),
    ],
)
def test_a_live_stack_talks_to_the_real_systems_only(tmp_path: Path, name: str, value: str, problem_text: str) -> None:
    file = tmp_path / "some.yaml"
    file.write_text(written({**_file("dev"), name: value}))
    assert check_file(file, declared()) == []

    file.write_text(written({**_file("dev"), "Stream": "live", "AlarmEmail": "edi@example.com", name: value}))
    (problem,) = check_file(file, declared())

    assert problem.startswith(f"{name}: {problem_text}")


@pytest.mark.parametrize(
    ("content", "problem_text"), [(None, "cannot be read"), ("a: [", "not YAML"), ("[]", "no list of")]
)
def test_a_file_that_is_none_is_one_sentence(tmp_path: Path, content: str | None, problem_text: str) -> None:
    file = tmp_path / "some.yaml"
    if content is not None:
        file.write_text(content)

    (problem,) = check_file(file, declared())

    assert problem_text in problem


def test_the_check_names_file_and_parameter_and_fails(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "some.yaml"
    file.write_text(written({**_file("dev"), "Stream": "both"}))

    dev = ROOT / "parameters" / "dev.yaml"
    assert main([str(dev)]) == 0
    warning = f"warning: {dev}: AlarmEmail is empty: nobody gets alarms or the digest.\n"
    assert capsys.readouterr().err == warning
    assert main([str(file)]) == 2
    assert capsys.readouterr().err == f"{file}: Stream: 'both' is not allowed; write one of test, live.\n"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (["deploy"], "make deploy needs ENV=dev or ENV=prod; the laptop stack is make up."),
        (["deploy", "ENV=staging"], "ENV is one of local, dev, prod; not staging."),
        (["build", "ENV=staging"], "ENV is one of local, dev, prod; not staging."),
        (["deploy", "ENV=prod"], "parameters/prod.yaml: AlarmEmail: It still is the placeholder"),
    ],
)
def test_make_stops_with_a_sentence_before_anything_is_built(target: list[str], message: str) -> None:
    ended = subprocess.run(
        ["make", "--old-file=.venv/.installed", *target], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 2
    assert ended.stderr.startswith(message)
    assert "sam build" not in ended.stdout


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "There are no usable AWS credentials in this shell: Unable to locate credentials. Log in"),
        (
            {"AWS_PROFILE": "nobody"},
            "There are no usable AWS credentials in this shell: The config profile (nobody) could not be found. Log in",
        ),
    ],
)
def test_make_deploy_notices_missing_credentials_before_it_builds(
    variables: dict[str, str], message: str, tmp_path: Path
) -> None:
    nowhere = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "HOME": str(tmp_path)}
    without = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    ended = subprocess.run(
        ["make", "--old-file=.venv/.installed", f"BIN={Path(sys.executable).parent}", "deploy", "ENV=dev"],
        cwd=ROOT,
        env={**without, **nowhere, "AWS_EC2_METADATA_DISABLED": "true", **variables},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Nothing was built." in ended.stderr
    assert "sam build" not in ended.stdout


def test_the_account_is_named_and_refused_credentials_are_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[dict[str, str] | Exception] = [
        {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/kari"},
        ClientError({"Error": {"Code": "ExpiredToken", "Message": "expired"}}, "GetCallerIdentity"),
    ]

    def asked(_self: object) -> dict[str, str]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    sts = type("Sts", (), {"get_caller_identity": asked})()
    monkeypatch.setattr("boto3.Session.client", lambda *_, **__: sts)
    assert account.main(["prod"]) == 0
    said = (
        "Deploying stack connector to account 123456789012, region eu-north-1, as arn:aws:iam::123456789012:user/kari."
    )
    assert capsys.readouterr().out == f"{said}\n"
    assert account.main(["dev"]) == 2
    assert capsys.readouterr().err.startswith("AWS refuses the credentials of this shell (ExpiredToken). Log in")


def test_a_stack_whose_queues_would_have_too_long_names_is_refused_before_aws_is_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = "connector" + "x" * (account.MAX_STACK_NAME - 8)
    file = tmp_path / "samconfig.toml"
    file.write_text((ROOT / "samconfig.toml").read_text().replace('"connector-dev"', f'"{name}"'))
    monkeypatch.setattr(account, "_CONFIG", file)
    monkeypatch.setattr("boto3.Session.client", lambda *_, **__: pytest.fail("AWS was asked"))

    assert account.main(["dev"]) == 2
    assert capsys.readouterr().err.startswith(f"The stack name '{name}' has 25 characters;")
