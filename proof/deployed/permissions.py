"""Each permission of each role is used, and none is missing.

Every function does all its work with its complete role, without an error. Then its role loses one action on one
resource after another, the function repeats its work with new workers, and each time there must be an error.
Permissions that MiniStack does not enforce are listed; for them the proof checks that the deployed stack has the queue,
log group or schedule of the function.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby

from proof.deployed import permissions_back as back
from proof.deployed import permissions_out as out
from proof.deployed.digests import digest
from proof.deployed.environment import held_up, prepared
from proof.deployed.permissions_driver import FunctionDriver
from proof.deployed.permissions_roles import NOT_ENFORCED, Piece, Role
from proof.tally import Size, Tally
from testkit.laptop.observed import FUNCTIONS, Laptop

USED = "Each permission of each role is used (without it something fails)"
COMPLETE = "No role lacks a permission (the whole work with the whole role)"
SEED = 860
AFTER = "3600"
"""The default of `ReconcileAfterSeconds`."""

SAMPLE = 9
"""Permissions that the fast form removes, of different roles if possible."""

_REFUSED = ("AccessDenied", "refused access", "store is not available")
"""Texts in the log lines of a denied call."""

Exercise = Callable[[], Iterator[str]]


@dataclass(slots=True)
class _Findings:
    """The tried permissions and the violations."""

    dropped: int = 0
    whole: int = 0
    unused: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    not_provable: dict[str, int] = field(default_factory=dict)


def prove(size: Size, laptop: Laptop) -> list[Tally]:
    """Remove every permission and restore it; a sample of them in the fast form."""
    laptop.stop_schedules()
    findings = _Findings()
    with prepared(laptop, "permits") as environment, held_up(laptop):
        driver = FunctionDriver(environment, SEED)
        laptop.poll()
        laptop.reconfigure("ReconcileFunction", RECONCILE_AFTER_SECONDS="0")  # it compares recent documents
        small, large = (out.translated(driver, make(driver.number())) for make in (driver.small, driver.large))
        exercises: dict[str, Exercise] = {
            "PollVismaFunction": lambda: out.poll(driver),
            "TranslateDocumentFunction": lambda: out.translate(driver),
            "DeliverTransactionFunction": lambda: out.deliver(driver, small, large),
            "TrackTransactionsFunction": lambda: out.track(driver, small),
            "ReceiveCallbackFunction": lambda: back.callback(driver),
            "PollOrderfulFunction": lambda: back.collect(driver),
            "ApplyChangeFunction": lambda: back.apply(driver, large),
            "ReconcileFunction": lambda: out.reconcile(driver, large),
            "SendDigestFunction": lambda: digest(driver, small),
        }
        try:
            for function, pieces in groupby(_chosen(laptop, size), key=lambda each: each[0]):
                _try_role(laptop, function, exercises[function], [piece for _, piece in pieces], findings)
        finally:
            driver.clear()
            laptop.reconfigure("ReconcileFunction", RECONCILE_AFTER_SECONDS=AFTER)
    _look_at_the_rest(laptop, findings)
    listed = "; ".join(f"{action}: {NOT_ENFORCED[action]} ({n})" for action, n in findings.not_provable.items())
    return [
        Tally(USED, findings.dropped, tuple(findings.unused), f"not provable here: {listed}"),
        Tally(COMPLETE, findings.whole, tuple(findings.missing), "functions with their whole work"),
    ]


def _chosen(laptop: Laptop, size: Size) -> list[tuple[str, Piece]]:
    enforced = [
        (function, piece)
        for function in FUNCTIONS
        for piece in Role.of_function(laptop, function).pieces()
        if piece.is_enforced
    ]
    if size is Size.LONG:
        return enforced
    draw = random.Random(SEED)  # noqa: S311 - it draws cases, not secrets
    by_function = [[each for each in enforced if each[0] == function] for function in FUNCTIONS]
    sample = [draw.choice(pieces) for pieces in by_function]
    sample += draw.sample([each for each in enforced if each not in sample], SAMPLE - len(sample))
    return sorted(sample, key=enforced.index)


def _try_role(laptop: Laptop, function: str, exercise: Exercise, pieces: Sequence[Piece], findings: _Findings) -> None:
    laptop.reconfigure(function)
    began = datetime.now(UTC)
    wrong = list(exercise())
    findings.whole += 1
    findings.missing += [f"{function} with its whole role: {sentence}." for sentence in wrong]
    refused = _refusals(laptop, function, since=began)
    findings.missing += [f"{function} with its whole role was refused: {line}" for line in refused]
    role = Role.of_function(laptop, function)
    for piece in pieces:
        with role.without(piece):
            laptop.reconfigure(function)
            noticed = next(exercise(), None)
        findings.dropped += 1
        if noticed is None:
            findings.unused.append(f"{function} does all its work without {piece}.")
    laptop.reconfigure(function)


def _refusals(laptop: Laptop, function: str, *, since: datetime) -> list[str]:
    """Log lines of a function about denied calls to AWS."""
    pages = (
        laptop.stack.client("logs")
        .get_paginator("filter_log_events")
        .paginate(logGroupName=_log_group(laptop, function), startTime=int(since.timestamp() * 1000))
    )
    said = [event["message"] for page in pages for event in page["events"]]
    return [line for line in said if any(word in line for word in _REFUSED)]


def _log_group(laptop: Laptop, function: str) -> str:
    configured = laptop.lambda_.get_function_configuration(FunctionName=laptop.outputs[function])
    return str(configured["LoggingConfig"]["LogGroup"])


def _look_at_the_rest(laptop: Laptop, findings: _Findings) -> None:
    """For permissions that MiniStack does not enforce: whether the stack has their resource."""
    for function in FUNCTIONS:
        name = laptop.outputs[function]
        role = Role.of_function(laptop, function)
        group = _log_group(laptop, function)
        mappings = laptop.lambda_.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        queues = {mapping["EventSourceArn"] for mapping in mappings}
        batches = {piece.resource for piece in role.pieces() if piece.action == "sqs:SendMessageBatch"}
        for piece in role.pieces():
            if piece.is_enforced:
                continue
            if piece.action.startswith("logs:"):
                used = group in piece.resource
            else:
                used = piece.resource in (batches if piece.action == "sqs:SendMessage" else queues)
            _listed(findings, piece, function, used=used)
    _look_at_the_schedules(laptop, findings)


def _look_at_the_schedules(laptop: Laptop, findings: _Findings) -> None:
    scheduler = laptop.stack.client("scheduler")
    targets = [
        scheduler.get_schedule(Name=found["Name"])["Target"] for found in scheduler.list_schedules()["Schedules"]
    ]
    for arn in {target["RoleArn"] for target in targets}:
        started = {target["Arn"] for target in targets if target["RoleArn"] == arn}
        for piece in Role.of(laptop, arn).pieces():
            _listed(findings, piece, "The scheduler", used=piece.resource in started)


def _listed(findings: _Findings, piece: Piece, owner: str, *, used: bool) -> None:
    findings.not_provable[piece.action] = findings.not_provable.get(piece.action, 0) + 1
    if not used:
        findings.unused.append(f"{owner} does not use {piece}.")
