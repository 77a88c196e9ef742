"""Reads the status of a stack with a person's rights."""

from __future__ import annotations

from connector.adapters.aws.monitor import AwsMonitor
from connector.cli.stack.stack import Stack
from connector.services.dead_letters import Queue
from connector.services.status import DEAD, StatusReader

_QUEUES = {
    "documents": "DocumentsQueueUrl",
    "deliveries": "DeliveriesQueueUrl",
    "changes": "ChangesQueueUrl",
    "hints": "HintsQueueUrl",
    **{f"{queue}{DEAD}": f"{queue.capitalize()}DeadLettersUrl" for queue in Queue},
}
"""The output that has the address of each queue."""


def status_of(stack: Stack) -> StatusReader:
    """What reads the status of a stack."""
    return StatusReader(
        ledger=stack.ledger,
        changes=stack.changes,
        sending=stack.breaker,
        visma_holds=stack.visma_breaker,
        cursors=stack.cursors,
        health=stack.health,
        routing=stack.routing,
        findings=stack.findings,
        monitor=AwsMonitor(
            stack=stack.name,
            topic=stack.output("AlarmTopicArn"),
            queues={name: stack.output(output) for name, output in _QUEUES.items()},
            client=stack.client,
        ),
        clock=stack.clock,
    )
