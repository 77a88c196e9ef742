"""People at the laptop stack: the command line of a user who has one policy of the stack and no other."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from testkit.laptop.observed import CONNECTOR, Laptop
from testkit.terminal import Answers, typed

_END = re.compile(r"[`;()]|[.,:](?=\s|$)")
"""Where a command ends that stands in a sentence."""


@dataclass(frozen=True)
class Person:
    """Somebody with credentials of the stack.

    Attributes:
        environment: The variables of the person's shell.
    """

    environment: Mapping[str, str]

    def run(self, command: str, *, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run `connector` with the words of `command`, as a script would; `given` is on standard input."""
        return subprocess.run(
            [CONNECTOR, *shlex.split(command)],
            env=dict(self.environment),
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def types(self, command: str, *, directory: Path, answers: Answers = (), code: int = 0) -> str:
        """Type a command line at a terminal, and answer what it asks; what the terminal showed.

        Args:
            command: The whole line.
            directory: Where it is typed.
            answers: What is asked, and what is typed then.
            code: The exit code with which it has to end.
        """
        ended, shown = typed(command, directory=directory, environment=self.environment, answers=answers)
        assert ended == code, f"{command} ended with {ended}:\n{shown}"
        return shown


@contextlib.contextmanager
def person(laptop: Laptop, name: str, output: str) -> Iterator[Person]:
    """A user `name` who has the policy that an output of the stack names."""
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
    # Without a name the command looks for the stack, for which it needs a right of its own.
    del environment["CONNECTOR_STACK"]
    try:
        yield Person(environment)
    finally:
        iam.detach_user_policy(UserName=name, PolicyArn=laptop.outputs[output])
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName=name)


def printed(shown: str, start: str) -> str:
    """The first command that begins with `start` in what was shown, as far as it reads."""
    for line in shown.splitlines():
        _, found, rest = line.partition(start)
        if found:
            return f"{start}{_END.split(rest)[0]}".rstrip()
    raise AssertionError(f"no '{start}' is printed in\n{shown}")
