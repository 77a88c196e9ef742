"""Whose AWS account is deployed to, told before anything is built: a build takes minutes, a missing login a second."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_CONFIG = Path(__file__).resolve().parent.parent / "samconfig.toml"
_STEP = "Log in (a profile, SSO, or variables: AWS_PROFILE, AWS_ACCESS_KEY_ID), then repeat it. Nothing was built."
MAX_STACK_NAME = 24
"""Most characters of a stack's name, of which CloudFormation makes other names. Those of FIFO queues are not shortened
to the 80 that SQS takes (cloudformation-coverage-roadmap #280). Those of schedules have 64 at most; a shortened one may
lose the end of the stack's name, by which the operator policy knows it (docs/decisions/0079)."""
_TIMES = Config(connect_timeout=10, read_timeout=10, retries={"total_max_attempts": 2})


def main(arguments: list[str]) -> int:
    """Say which account the shell's credentials belong to.

    2 when there are none, AWS refuses them, or the stack has too long a name.
    """
    (environment,) = arguments
    named = tomllib.loads(_CONFIG.read_text(encoding="utf-8"))[environment]["global"]["parameters"]
    stack, region = named["stack_name"], named["region"]
    if len(stack) > MAX_STACK_NAME:
        print(
            f"The stack name '{stack}' has {len(stack)} characters; AWS names queues and schedules after it and takes "
            f"{MAX_STACK_NAME} at most. Write a shorter one into samconfig.toml. Nothing was built.",
            file=sys.stderr,
        )
        return 2
    try:
        caller = boto3.Session(region_name=region).client("sts", config=_TIMES).get_caller_identity()
    except ClientError as error:
        code = error.response["Error"].get("Code", "unknown")
        print(f"AWS refuses the credentials of this shell ({code}). {_STEP}", file=sys.stderr)
        return 2
    except BotoCoreError as error:
        print(f"There are no usable AWS credentials in this shell: {error}. {_STEP}", file=sys.stderr)
        return 2
    print(f"Deploying stack {stack} to account {caller['Account']}, region {region}, as {caller['Arn']}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
