"""Deploys the unchanged template to MiniStack: `sam build`, `sam deploy`, secrets."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.settings import (
    ApplyChangeSettings,
    DeliverTransactionSettings,
    PollOrderfulSettings,
    PollVismaSettings,
    ReceiveCallbackSettings,
    ReconcileSettings,
    SendDigestSettings,
    Settings,
    TrackTransactionsSettings,
    TranslateDocumentSettings,
)
from parameters.check import check_file, declared, written
from testkit.laptop.ministack import CREDENTIALS, DIRECTORY, REGION, ROOT

if TYPE_CHECKING:
    import boto3

STACK = "connector-local"
BUILT = ROOT / ".aws-sam" / "local"
"""The artifact of `make build ENV=local`: `template.yaml` and a directory for the layer and each function."""

SETTINGS: dict[str, type[Settings]] = {
    "PollVismaFunction": PollVismaSettings,
    "TranslateDocumentFunction": TranslateDocumentSettings,
    "DeliverTransactionFunction": DeliverTransactionSettings,
    "TrackTransactionsFunction": TrackTransactionsSettings,
    "ReceiveCallbackFunction": ReceiveCallbackSettings,
    "PollOrderfulFunction": PollOrderfulSettings,
    "ApplyChangeFunction": ApplyChangeSettings,
    "ReconcileFunction": ReconcileSettings,
    "SendDigestFunction": SendDigestSettings,
}

SAM = ROOT / ".venv-sam" / "bin" / "sam"
SAM_ENVIRONMENT = {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.5"}
"""No telemetry, and half a second between two looks at a deployment: `sam` waits five, for the quotas of AWS."""


class DeployFailed(Exception):
    """A step of the deployment failed; the message has the end of its output."""


def build() -> Path:
    """Build the artifact for this machine unless it is up to date.

    Returns:
        Its directory, `BUILT`.

    Raises:
        DeployFailed: with the end of the output.
    """
    DIRECTORY.mkdir(exist_ok=True)
    with (DIRECTORY / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers may ask at the same time
        _run("build", ["make", "--no-print-directory", "build", "ENV=local"], dict(os.environ), DIRECTORY)
    return BUILT


def deploy(
    endpoint: str, parameters: Mapping[str, str], *, stack: str = STACK, directory: Path = DIRECTORY
) -> dict[str, str]:
    """Deploy the built artifact to the MiniStack at `endpoint`, as `make deploy` does it to AWS.

    Args:
        endpoint: The URL of MiniStack, also for the functions.
        parameters: Parameters of the template that differ from their defaults.
        stack: Name of the stack.
        directory: The directory of the log and of the sample environment.

    Returns:
        The outputs of the stack by name.

    Raises:
        DeployFailed: a parameter is wrong, or with the end of the output.
    """
    file = directory / "parameters.yaml"
    chosen = {
        **{name: str(parameter["Default"]) for name, parameter in declared().items()},
        "PythonRuntime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "Architecture": "arm64" if os.uname().machine in ("arm64", "aarch64") else "x86_64",
        "AwsEndpointUrl": endpoint,
        **parameters,
    }
    file.write_text(written(chosen), encoding="utf-8")
    if problems := check_file(file, declared()):
        raise DeployFailed("\n".join([f"{file} has problems:", *problems]))
    command = [
        str(SAM),
        "deploy",
        "--config-env=local",
        f"--config-file={ROOT / 'samconfig.toml'}",
        f"--template-file={BUILT / 'template.yaml'}",
        f"--stack-name={stack}",
        "--no-progressbar",
        f"--parameter-overrides=file://{file.resolve()}",
    ]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = kept | CREDENTIALS | {"AWS_ENDPOINT_URL": endpoint} | SAM_ENVIRONMENT
    _run("deploy", command, environment, directory)
    deployed = outputs(endpoint, stack=stack)
    (directory / "env.json").write_text(json.dumps(invoke_environment(endpoint, deployed), indent=2))
    return deployed


def invoke_environment(endpoint: str, deployed: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The variables of each function in a container, for `sam local invoke --env-vars .local/env.json`.

    SAM resolves references to logical ids. A container reaches this machine as `host.docker.internal`.
    """

    def seen(value: str) -> str:
        for here in ("127.0.0.1", "localhost"):
            value = value.replace(f"//{here}:", "//host.docker.internal:")
        return value

    environment: dict[str, dict[str, str]] = {}
    for function, settings in SETTINGS.items():
        # A variable is named like the output that holds its value: TOKENS_TABLE, TokensTable.
        named = {name.upper(): name.title().replace("_", "") for name in settings.__struct_fields__}
        known = {variable: seen(deployed[output]) for variable, output in named.items() if output in deployed}
        environment[function] = {"AWS_ENDPOINT_URL": seen(endpoint), **known}
    return environment


def outputs(endpoint: str, *, stack: str = STACK) -> dict[str, str]:
    """The outputs of a deployed stack by name."""
    described = session().client("cloudformation", endpoint_url=endpoint).describe_stacks(StackName=stack)
    return {output["OutputKey"]: output["OutputValue"] for output in described["Stacks"][0].get("Outputs", [])}


def put_secret(endpoint: str, arn: str, value: Mapping[str, Any]) -> None:
    """Set the value of a secret of the stack."""
    client = session().client("secretsmanager", endpoint_url=endpoint)
    client.put_secret_value(SecretId=arn, SecretString=json.dumps(value))


def session() -> boto3.Session:
    """An AWS session with MiniStack's root credentials."""
    import boto3

    return boto3.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )


def _run(step: str, command: list[str], environment: dict[str, str], directory: Path) -> None:
    log = directory / f"{step}.log"
    with log.open("wb") as output:
        ended = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
        raise DeployFailed(f"The {step} failed with exit code {ended.returncode}; the log is {log}:\n{tail}")
