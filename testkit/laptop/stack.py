"""The laptop stack: MiniStack, both sandboxes, the deployed template, the secrets.

`.local/stack.json` describes the running stack, for `make down`, `sam local invoke` and the `connector` command.
"""

from __future__ import annotations

import contextlib
import functools
import json
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from testkit.laptop import deploy, ministack, processes

DIRECTORY = ministack.DIRECTORY
STATE = DIRECTORY / "stack.json"
VISMA_CLIENT = {"client_id": "isv_connector_demo", "client_secret": "sandbox-visma-secret"}
ORDERFUL_KEY = {"api_key": "sandbox-orderful-key"}
"""The credentials of the sandboxes."""

INBOX = "7001"
"""The inbox of the sandbox Orderful."""

CALLBACK_SECRET: dict[str, Any] = {"header": "x-connector-secret", "secrets": ["sandbox-callback-secret"]}
"""The secret header of callbacks."""

PARAMETERS = {
    "PollInterval": "rate(1 minute)",
    "TrackInterval": "rate(1 minute)",
    "CollectInterval": "rate(1 minute)",
    "OrderfulInboxIds": INBOX,
    "ConfirmAfterSeconds": "3",
    "LogLevel": "INFO",
}

Progress = Callable[[str], None]


class StackFailed(Exception):
    """The laptop stack did not start; the message names the log."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox server."""

    name: str
    pid: int
    url: str

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call a control route (`/_sandbox/...`)."""
        request = urllib.request.Request(  # noqa: S310 - our own http URL
            f"{self.url}/_sandbox/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310 - our own http URL
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise StackFailed(f"{self.name} refused {method} {path}: {error.code} {error.read()[:500]!r}") from None
        return json.loads(text) if text else None


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack."""

    aws: ministack.MiniStack
    visma: Sandbox
    orderful: Sandbox
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables for the `connector` command and the AWS CLI."""
        return ministack.CREDENTIALS | {
            "AWS_ENDPOINT_URL": self.aws.endpoint,
            "AWS_DEFAULT_REGION": ministack.REGION,
            "CONNECTOR_STACK": deploy.STACK,
        }

    @property
    def callback_url(self) -> str:
        """The URL of callbacks; the output `CallbackUrl` is for AWS.

        MiniStack also has the API below a path; some machines do not resolve `<api>.execute-api.localhost`.
        """
        return f"{self.aws.endpoint}/_aws/execute-api/{self.outputs['CallbackApiId']}/v1/orderful"

    def client(self, service: str) -> Any:
        """A boto3 client for the emulated AWS, made once: `boto3` reads the description of the service for each."""
        return _client(service, self.aws.endpoint)


def start(progress: Progress, *, directory: Path = DIRECTORY, parameters: Mapping[str, str] | None = None) -> Stack:
    """Start and deploy the stack.

    Args:
        progress: Called with each step.
        directory: The directory of state, logs and temporary files.
        parameters: Parameters of the template in addition to `PARAMETERS`.

    Raises:
        StackFailed: a part did not start; no process is left running.
    """
    directory.mkdir(parents=True, exist_ok=True)
    started: list[Sandbox] = []
    aws = None
    try:
        deploy.build()  # `make` has said and done it, where it was due
        progress("starting MiniStack with IAM enforced, the sandbox Visma and the sandbox Orderful")
        aws = ministack.start(directory)
        visma = _sandbox("visma", directory)
        started.append(visma)
        orderful = _sandbox("orderful", directory)
        started.append(orderful)
        progress("deploying template.yaml (sam deploy)")
        outputs = deploy.deploy(
            aws.endpoint,
            PARAMETERS
            | {
                "VismaBaseUrl": visma.url,
                "VismaTokenUrl": f"{visma.url}/connect/token",
                "OrderfulBaseUrl": orderful.url,
            }
            | dict(parameters or {}),
            directory=directory,
        )
        deploy.put_secret(aws.endpoint, outputs["VismaSecretArn"], VISMA_CLIENT)
        deploy.put_secret(aws.endpoint, outputs["OrderfulSecretArn"], ORDERFUL_KEY)
        deploy.put_secret(aws.endpoint, outputs["CallbackSecretArn"], CALLBACK_SECRET)
    except (ministack.MiniStackFailed, deploy.DeployFailed) as error:
        _end(started, aws)
        raise StackFailed(str(error)) from error
    except BaseException:
        _end(started, aws)
        raise
    stack = Stack(aws, visma, orderful, outputs)
    set_channels(stack)
    (directory / STATE.name).write_text(json.dumps(asdict(stack), indent=2))
    return stack


def set_channels(stack: Stack, **changes: Any) -> None:
    """Set up the channels of the sandbox Orderful: one inbox, and a webhook to the stack."""
    webhook = {
        "url": stack.callback_url,
        "format": "v4",
        "headers": {CALLBACK_SECRET["header"]: CALLBACK_SECRET["secrets"][0]},
    }
    stack.orderful.control("PUT", "channels", {"inboxes": [INBOX], "webhook": webhook, **changes})


def find(directory: Path = DIRECTORY) -> Stack | None:
    """The running stack that was started in `directory`, if any."""
    try:
        state = json.loads((directory / STATE.name).read_text())
    except (FileNotFoundError, ValueError):
        return None
    if ministack.find(directory) is None:
        return None
    return Stack(
        ministack.MiniStack(**state["aws"]),
        Sandbox(**state["visma"]),
        Sandbox(**state["orderful"]),
        state["outputs"],
    )


def stop(stack: Stack, directory: Path = DIRECTORY) -> None:
    """End every process of the stack and delete its state file."""
    _end([stack.visma, stack.orderful], stack.aws)
    (directory / STATE.name).unlink(missing_ok=True)


@contextlib.contextmanager
def running(
    progress: Progress, *, directory: Path = DIRECTORY, parameters: Mapping[str, str] | None = None
) -> Iterator[Stack]:
    """The stack for the length of a `with` block."""
    stack = start(progress, directory=directory, parameters=parameters)
    try:
        yield stack
    finally:
        stop(stack, directory)


@functools.cache
def _client(service: str, endpoint: str) -> Any:
    return deploy.session().client(service, endpoint_url=endpoint)  # type: ignore[call-overload]


def _sandbox(name: str, directory: Path) -> Sandbox:
    with socket.socket() as probe:
        probe.bind((host := ministack.bind_host(), 0))
        port = probe.getsockname()[1]
    log = directory / f"sandbox-{name}.log"
    command = [sys.executable, "-m", "testkit.sandbox.serve", name, "--host", host, "--port", str(port)]
    pid = processes.launch(command, log=log, directory=ministack.ROOT)
    sandbox = Sandbox(name, pid, f"http://{host}:{port}")
    try:
        is_up = processes.comes_up(pid, lambda: _answers(sandbox.url), seconds=ministack.START_SECONDS)
    except BaseException:
        _end([sandbox], None)
        raise
    if not is_up:
        _end([sandbox], None)
        raise StackFailed(f"The sandbox {name} did not start; read {log}.")
    return sandbox


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_sandbox/health", timeout=2):  # noqa: S310 - our own http URL
            return True
    except (urllib.error.URLError, OSError):
        return False


def _end(sandboxes: list[Sandbox], aws: ministack.MiniStack | None) -> None:
    for sandbox in sandboxes:
        processes.end(sandbox.pid)
    if aws is not None:
        ministack.stop(aws)
