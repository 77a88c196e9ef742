"""Worker processes of the deployed functions are killed while documents and 860s are processed.

The messages of a killed worker are delivered again after their visibility timeout; its claims and locks expire. Only
waits are shortened, for the run: the visibility timeouts of the queues (360 s in the template), the time limits of the
consumers and their claims (60 and 90 s; a claim still outlasts its worker, and the visibility timeout outlasts both),
`ConfirmAfterSeconds`, and the leases of killed pollers (6 minutes), which the run ends. `maxReceiveCount` is raised,
since one message may be killed ten times; the largest receive count is reported.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from proof.deployed.environment import prepared
from proof.deployed.kills_run import CONSUMERS, Plan, Run
from proof.deployed.outcome import Edited, Harness, Outbound
from proof.tally import Size, Tally
from testkit.laptop.observed import PIPELINE, Laptop

SEED = 850
PLANS = {
    Size.FAST: Plan(
        documents=36,
        changes=6,
        share=1,
        most=6,
        max_consumer_hits=2,
        hits=16,
        floor=1,
        killing=45,
        pause=1.8,
    ),
    Size.LONG: Plan(
        documents=320,
        changes=45,
        share=10,
        most=70,
        max_consumer_hits=25,
        hits=310,
        floor=3,
        killing=420,
        pause=3.5,
    ),
}
_TIME_LIMIT, _CLAIM, _HIDDEN = 10, 11, 20
"""Seconds. A consumer starts no message with less than 8 left, so no claim outlasts the visibility timeout."""

_RECEIVES = 100


def prove(size: Size, laptop: Laptop) -> list[Tally]:
    """Kill workers, wait for quiescence, and compare Orderful and Visma with the workload."""
    laptop.stop_schedules()
    plan = PLANS[size]
    with prepared(laptop, "kills") as environment, _short_timeouts(laptop):
        laptop.poll()
        run = Run(environment, plan, SEED)
        run.play()
        harness = Harness(laptop)
        documents = harness.documents(
            Outbound(environment.key(number), states) for number, states in run.orders.items()
        )
        changes = harness.changes(run.asked)
        lost = harness.lost(Edited(key, values) for key, values in run.edits.items())
    asked = {one["transactionId"]: one["asked"] for one in laptop.orderful.control("GET", "deliveries")}
    repeated = sum(asked[asked_for.transaction_id] > 1 for asked_for in run.asked)
    return [
        Tally("Killed workers: every state of a document at Orderful once", len(run.orders), tuple(documents)),
        Tally(
            "Killed workers: every change in Visma once, confirmed once, no edit lost, no echo",
            len(run.asked),
            (*changes, *lost),
            f"{repeated} confirmations were repeated, which Orderful counts once",
        ),
        Tally("Killed workers: nothing is stuck", *_kills(run), figures=_figures(run)),
    ]


def _kills(run: Run) -> tuple[int, tuple[str, ...]]:
    """The number of killed invocations, and the violations of the run as a whole."""
    short = [
        f"Only {count} of {function}'s invocations were hit in {run.killed_for:.0f} s; {run.plan.floor} are wanted."
        for function, count in run.short().items()
    ]
    return sum(run.killer.hits.values()), (*run.troubles, *short)


def _figures(run: Run) -> str:
    hits, starting = run.killer.hits, run.killer.starting
    by_function = ", ".join(
        f"{function.removesuffix('Function')} {hits[function]} of {run.killer.kills[function]}" for function in PIPELINE
    )
    most = max(run.receives.most.values(), default=0)
    return (
        f"kills in the middle of an invocation: {by_function}; {sum(hits.values())} of the {run.plan.hits} that were "
        f"aimed at; {sum(starting.values())} more while a worker started; "
        f"{run.receives.again} messages received again, one of them {most} times; "
        f"{run.killed_for:.0f} s of killing, quiescent {run.quiescent_after:.0f} s later"
    )


@contextlib.contextmanager
def _short_timeouts(laptop: Laptop) -> Iterator[None]:
    """Shorten the waits for the length of a `with` block."""
    with contextlib.ExitStack() as restored:
        for function, queue in (*CONSUMERS.items(), ("ApplyChangeFunction", "HintsQueueUrl")):
            restored.callback(_set_queue, laptop, queue, _queue(laptop, queue))
            policy = json.loads(_queue(laptop, queue)["RedrivePolicy"])
            policy["maxReceiveCount"] = max(int(policy["maxReceiveCount"]), _RECEIVES)
            shortened = {"VisibilityTimeout": str(_HIDDEN), "RedrivePolicy": json.dumps(policy)}
            _set_queue(laptop, queue, shortened)
            before = laptop.lambda_.get_function_configuration(FunctionName=laptop.outputs[function])
            restored.callback(_set_function, laptop, function, before["Timeout"], before["Environment"]["Variables"])
            variables = dict(before["Environment"]["Variables"])
            shorter = {"CLAIM_SECONDS": str(_CLAIM), "CONFIRM_AFTER_SECONDS": "0"}
            variables |= {name: value for name, value in shorter.items() if name in variables}
            _set_function(laptop, function, _TIME_LIMIT, variables)
        yield


def _queue(laptop: Laptop, queue: str) -> dict[str, str]:
    names: Any = ["VisibilityTimeout", "RedrivePolicy"]
    answer = laptop.sqs.get_queue_attributes(QueueUrl=laptop.outputs[queue], AttributeNames=names)
    attributes: dict[str, str] = answer["Attributes"]
    return {name: attributes[name] for name in names}


def _set_queue(laptop: Laptop, queue: str, attributes: dict[str, str]) -> None:
    laptop.sqs.set_queue_attributes(QueueUrl=laptop.outputs[queue], Attributes=attributes)


def _set_function(laptop: Laptop, function: str, timeout: int, variables: dict[str, str]) -> None:
    laptop.lambda_.update_function_configuration(
        FunctionName=laptop.outputs[function], Timeout=timeout, Environment={"Variables": variables}
    )
