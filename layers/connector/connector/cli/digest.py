"""`connector digest`: the mail of the day, as it would be now."""

from __future__ import annotations

import json

import click

from connector.adapters.aws.errors import translated
from connector.cli.output import Failed, go_on, json_option, page, say, show
from connector.cli.stack.stack import Stack, stack_option
from connector.cli.stack.state import status_of
from connector.services.digest import Digest

TIMEOUT_SECONDS = 150
"""Seconds that send_digest may take to answer, more than its timeout. By itself botocore gives up after 60 and starts
the function again, so that the mail comes twice."""


@click.command(short_help="The mail of the day, as it would be now.")
@click.option("--send", is_flag=True, help="Have the stack mail it now, to everybody who gets the alarms.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@stack_option
@json_option
def digest(*, send: bool, yes: bool, stack: Stack, as_json: bool) -> int:
    """Show the digest as it would be mailed now, with its subject; what needs a person, and yesterday's counters.

    It is mailed each day at the hour of the parameter DigestHour, as the parameter Digest says. With --send the
    function send_digest mails it now, also when the parameter says that no mail comes.
    """
    shown = Digest(reader=status_of(stack), stack=stack.name, stream=stack.stream).compose(
        width=None if as_json else page().width
    )
    result = {"subject": shown.subject, "text": shown.text, "is_needed": shown.is_needed, "mailed": False}
    if not send:
        # Its times are in UTC, and it says so.
        show(result, lambda: f"Subject: {shown.subject}\n\n{shown.text}", as_json=as_json, as_it_is=True)
        return 0
    say(f"A mail goes to everybody who gets the alarms of {stack.title}: {shown.subject}")
    go_on(stack.title, yes=yes)
    mailed = _mailed(stack)
    show({**result, "subject": mailed, "mailed": True}, lambda: f"Mailed: {mailed}", as_json=as_json)
    return 0


def _mailed(stack: Stack) -> str:
    """Have the function mail it; returns the subject.

    Raises:
        Misconfigured, Transient: AWS does not start the function.
        Failed: the function failed.
    """
    from botocore.config import Config

    once = Config(read_timeout=TIMEOUT_SECONDS, retries={"total_max_attempts": 1})
    with translated("function send_digest"):
        answer = stack.client("lambda", once).invoke(
            FunctionName=stack.output("SendDigestFunction"), Payload=json.dumps({"always": True}).encode()
        )
        said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        reason = said.get("errorMessage") if isinstance(said, dict) else said
        raise Failed(
            f"Nothing was mailed: send_digest failed ({reason}). Its log: /aws/lambda/{stack.name}/send_digest"
        )
    return str(said["subject"])
