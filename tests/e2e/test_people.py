"""Each command of `connector` with the policies that the stack has for people (IAM is enforced on the laptop).

What is refused is tried first, with the reader's policy, on the very things that the operator then does.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.adapters.aws.breaker import ORDERFUL, visma_item
from connector.adapters.aws.items import time_text, to_item
from connector.cli.commands import cli
from connector.cli.output import PARKED
from connector.domain.order_change.record import ChangeState
from connector.domain.revision.record import State
from demo.catalogue import purchase_order
from proof.deployed.environment import change_of
from testkit.laptop import stack as laptop_stack
from testkit.laptop.observed import SENT, Laptop
from testkit.laptop.people import person
from tests.e2e.conftest import NORDIC

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]

Run = Callable[..., "subprocess.CompletedProcess[str]"]
UNKNOWN, ASKED = "500790", ("500791", "500792", "500793", "500794")
"""An order of a supplier that no partner is, and orders of a partner that asks for more than it may."""

READING = (
    "changes list",
    "changes show {change}",
    "config diff {file}",
    "config apply {file} --dry-run",
    "config rollback {version} --dry-run",
    "config show",
    "config show {version}",
    "config history",
    "config export",
    "cursors",
    "documents list --state baseline",
    "documents show {document}",
    "documents trace {document}",
    "documents source {document}",
    "documents request {sent}",
    "documents diff {sent}",
    "documents open {sent}",
    "explain {sent}",
    "alarms list",
    "holds list",
    "logs {sent}",
    "reconcile list",
    "digest",
    "status",
)
WRITING = (
    "pause --company nordic --kind supplier_invoice --reason audit --by operator --yes",
    "resume --all --by operator --yes",
    "holds lift --yes",
    "digest --send --yes",
    "alarms rehearse documents-parked --by operator --yes",
    "baseline --company nordic --yes",
    "changes approve {change} --by operator --yes",
    "changes reject {another} --by operator --reason no --yes",
    "changes retry {third} --by operator --yes",
    "changes close {fourth} --by operator --reason done --yes",
    "changes fetch 809999999 --yes",
    "config rollback {version} --release none --by operator --yes",
    "config apply {file} --release none --by operator --yes",
    "documents resend {sent} --as replacement --by operator --yes",
    "documents release {document} --as original --by operator --yes",
    "documents replay {document} --by operator --yes",
    "documents close {document} --by operator --reason done --yes",
    "secrets set orderful",
    "cursors rewind --to {now} --yes",
    "deadletters list",
    "deadletters redrive {sent} --yes",
    "deadletters drop {unreadable} --by operator --reason unreadable --yes",
    "data delete --partner acme --company nordic --yes",
    "doctor",
    "doctor {file}",
)
OFFLINE = {"change", "translate", "config check", "config schema"}
"""They ask no stack for anything."""

OF_DAYS = {"backfill", "reconcile", "reconcile close"}
"""They read Visma for days, or need what such a reading found: test_causes.py and test_reconcile.py try them."""


@pytest.fixture(scope="module")
def operator(nordic: Laptop) -> Iterator[Run]:
    with person(nordic, "operator", "OperatorPolicyArn") as somebody:
        yield partial(somebody.run, given=json.dumps(laptop_stack.ORDERFUL_KEY))


@pytest.fixture(scope="module")
def reader(nordic: Laptop) -> Iterator[Run]:
    with person(nordic, "reader", "ReaderPolicyArn") as somebody:
        yield partial(somebody.run, given=json.dumps(laptop_stack.ORDERFUL_KEY))


@pytest.fixture(scope="module")
def names(nordic: Laptop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the commands are about: a parked document, four parked changes, a routing that may be applied."""
    document, *ordered = (f"nordic/purchase_order/{number}" for number in (UNKNOWN, *ASKED))
    stranger = purchase_order(UNKNOWN, "50012", [("1310", "20")])
    stranger["supplier"]["number"] = "59999"
    nordic.put(NORDIC, stranger)
    for number in ASKED:
        nordic.put(NORDIC, purchase_order(number, "50012", [("1310", "20"), ("1402", "5")]))
    nordic.poll()
    ended = nordic.ended([document, *ordered])
    assert ended[document].state is State.PARKED
    assert {ended[one].state for one in ordered} <= SENT
    changes = []
    for number in ASKED:
        sent = nordic.partner_sends(change_of(number, 60))
        nordic.collect()
        assert nordic.decided(sent["id"]).state is ChangeState.PARKED
        changes.append(sent["id"])
    file = tmp_path_factory.mktemp("routing") / "connector.yaml"
    in_force = json.loads(json.dumps(nordic.routing().data))
    # The twins cannot be applied: they have the same supplier.
    partners = {name: partner for name, partner in in_force["partners"].items() if name != "twin-two"}
    sound = {**in_force, "partners": partners}
    nordic.apply_unchecked({**sound, "defaults": {**sound.get("defaults", {}), "settle_cap": "31m"}})
    version = nordic.routing().version
    nordic.apply_unchecked(in_force)
    file.write_text(yaml.safe_dump(sound), encoding="utf-8")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    until = time_text(datetime.now(UTC) + timedelta(minutes=30))
    for key, calls in ((ORDERFUL, "confirm"), (visma_item("nordic"), "visma")):
        paused = {"since": until, "by": "kari", "caller": "arn:kari", "reason": "nothing is of this kind"}
        item = to_item({**key, f"hold_{calls}": until, "pause###sales_order_confirmation": paused})
        nordic.dynamodb.put_item(TableName=nordic.outputs["DocumentsTable"], Item=item)
    given_up = {"DeliveriesDeadLettersUrl": _delivery_of(ordered[-1]), "DocumentsDeadLettersUrl": '{"company": 7'}
    dead_letters = {
        queue: nordic.sqs.send_message(
            QueueUrl=nordic.outputs[queue], MessageBody=body, MessageGroupId=queue, MessageDeduplicationId=queue
        )["MessageId"]
        for queue, body in given_up.items()
    }
    named = dict(zip(("change", "another", "third", "fourth"), changes, strict=True))
    others = {"file": str(file), "now": now, "version": version, "unreadable": dead_letters["DocumentsDeadLettersUrl"]}
    yield {"document": document, "sent": ordered[-1], **named, **others}
    nordic.apply_unchecked(in_force)


def _delivery_of(key: str) -> str:
    company, kind, number = key.split("/")
    return json.dumps({"company": company, "kind": kind, "number": number, "sequence": 1})


def _state(laptop: Laptop, names: dict[str, str]) -> Any:
    """All that a writing command may have changed."""
    secrets = laptop.stack.client("secretsmanager").list_secret_version_ids(
        SecretId=laptop.outputs["OrderfulSecretArn"]
    )["Versions"]
    documents = laptop.items("DocumentsTable")
    return (
        laptop.newest(names["document"]),
        [laptop.change(names[one]) for one in ("change", "another", "third", "fourth")],
        laptop.routing().version,
        sorted(version["VersionId"] for version in secrets),
        sorted(map(repr, laptop.items("RoutingTable"))),
        {place: cursor.watermark for place, cursor in laptop.cursors().items()},
        sorted(item["sk"]["S"] for item in documents if {"source", "body"} & item.keys()),
        sorted(repr(item) for item in documents if item["pk"]["S"].startswith(("breaker#", "deadletters"))),
        [laptop.waiting(queue) for queue in ("DocumentsDeadLettersUrl", "DeliveriesDeadLettersUrl")],
    )


def test_every_command_is_tried() -> None:
    commands = {
        f"{name} {sub}" if sub else name
        for name, command in cli.commands.items()
        for sub in (
            *(getattr(command, "commands", None) or [""]),
            *([""] if getattr(command, "invoke_without_command", False) else []),
        )
    }
    words = [line.split() for line in (*READING, *WRITING)]
    tried = {" ".join(line[:2]) if " ".join(line[:2]) in commands else line[0] for line in words}

    assert tried == commands - OFFLINE - OF_DAYS


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize("who", ["reader", "operator"])
def test_reading_is_allowed_to_both(
    who: str, command: str, names: dict[str, str], request: pytest.FixtureRequest
) -> None:
    run: Run = request.getfixturevalue(who)

    ended = run(command.format(**names))

    assert ended.returncode == 0 or (command == "status" and ended.returncode == PARKED), ended.stderr
    assert "AWS does not show" not in ended.stderr


@pytest.mark.parametrize("command", WRITING)
def test_the_reader_changes_nothing_and_asks_no_vendor(
    nordic: Laptop, reader: Run, names: dict[str, str], command: str
) -> None:
    before = _state(nordic, names)

    ended = reader(command.format(**names))

    assert ended.returncode == 1
    assert _is_refused(ended)
    assert _state(nordic, names) == before


@pytest.mark.parametrize("command", WRITING)
def test_the_operator_may_do_everything(nordic: Laptop, operator: Run, names: dict[str, str], command: str) -> None:
    if "documents" in command:  # the command before has sent it on its way again
        nordic.until(lambda: nordic.newest(names["document"]).state is State.PARKED, "it to be parked")

    ended = operator(command.format(**names))

    # The doctor may find something wrong with the vendors; that it may ask them is the point here. Data of what is open
    # is left alone, and there are dead letters.
    is_parked = command.startswith(("data", "deadletters list")) and ended.returncode == PARKED
    is_done = ended.returncode == 0 or is_parked
    assert is_done or (command.startswith("doctor") and "checks are fine" in ended.stderr), ended.stderr
    assert not _is_refused(ended), ended.stdout + ended.stderr


def test_what_the_operator_applied_is_in_the_history_and_its_file_can_be_had_back(
    operator: Run, reader: Run, names: dict[str, str]
) -> None:
    newest, before = json.loads(reader("config history --json --limit 2").stdout)

    assert [(one["by"], one["caller"].endswith("user/operator")) for one in (newest, before)] == [
        ("operator", True)
    ] * 2
    assert (before["version"], newest["previous"]) == (names["version"], names["version"])
    assert newest["documents"] == 0
    assert reader("config export").stdout == Path(names["file"]).read_text(encoding="utf-8")
    late = operator(f"config apply {names['file']} --yes --release none --replaces {names['version']}")
    assert (late.returncode, f"version {newest['version']} is in force" in late.stderr) == (2, True)


def _is_refused(ended: subprocess.CompletedProcess[str]) -> bool:
    said = ended.stdout + ended.stderr
    return "AccessDenied" in said or "refused access" in said or "not authorized" in said


@pytest.mark.parametrize("output", ["OperatorPolicyArn", "ReaderPolicyArn"])
def test_the_policy_is_short_enough_for_aws_with_the_longest_name_of_a_stack(nordic: Laptop, output: str) -> None:
    iam = nordic.stack.client("iam")
    version = iam.get_policy(PolicyArn=nordic.outputs[output])["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=nordic.outputs[output], VersionId=version)["PolicyVersion"]["Document"]
    text = json.dumps(document, separators=(",", ":"))
    # Names of resources begin with the name of the stack; AWS: 6144 characters without blanks.
    longest = text.replace(laptop_stack.deploy.STACK, "x" * 40)

    assert len(longest) < 6144
