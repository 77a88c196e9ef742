"""The command line of IAM users of the laptop stack, each with one policy of the stack."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from testkit.laptop import forks
from testkit.laptop.observed import CONNECTOR, Laptop
from testkit.terminal import Answers, typed

_END = re.compile(r"[`;()]|[.,:](?=\s|$)")
"""The end of a command inside a sentence."""


@dataclass(frozen=True)
class Person:
    """An IAM user.

    Attributes:
        environment: The environment variables of the user's shell.
    """

    environment: Mapping[str, str]

    def run(self, command: str, *, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run `connector` with the arguments in `command`; `given` is its standard input."""
        return forks.run(shlex.split(command), self.environment, given=given)

    def types(self, command: str, *, directory: Path, answers: Answers = (), code: int = 0) -> str:
        """Run a command line in a terminal and answer its prompts; returns the output.

        Args:
            command: The command line.
            directory: The working directory.
            answers: Each prompt and its answer.
            code: The expected exit code.
        """
        ended, shown = typed(command, directory=directory, environment=self.environment, answers=answers)
        assert ended == code, f"{command} ended with {ended}:\n{shown}"
        return shown


@contextlib.contextmanager
def person(laptop: Laptop, name: str, output: str) -> Iterator[Person]:
    """A user with the policy in an output of the stack."""
    iam = laptop.stack.client("iam")
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=laptop.outputs[output])
    key = iam.create_access_key(UserName=name)["AccessKey"]
    own = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "CONNECTOR_ORDERFUL_PAGE": "https://orderful.example/{transaction_id}",
        "PATH": f"{CONNECTOR.parent}:{os.environ['PATH']}",
    }
    environment = {**os.environ, **laptop.stack.environment, **own}
    # Without a name the command finds the stack, which needs a permission of its own.
    del environment["CONNECTOR_STACK"]
    try:
        yield Person(environment)
    finally:
        iam.detach_user_policy(UserName=name, PolicyArn=laptop.outputs[output])
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName=name)


def printed(shown: str, start: str) -> str:
    """The first command in the output that begins with `start`."""
    for line in shown.splitlines():
        _, found, rest = line.partition(start)
        if found:
            return f"{start}{_END.split(rest)[0]}".rstrip()
    raise AssertionError(f"no '{start}' is printed in\n{shown}")
