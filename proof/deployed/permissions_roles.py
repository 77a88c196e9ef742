"""The roles of the deployed functions, with single permissions removed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from testkit.laptop.observed import Laptop

NOT_ENFORCED = {
    "logs:CreateLogStream": "MiniStack writes the logs of a function itself",
    "logs:PutLogEvents": "MiniStack writes the logs of a function itself",
    "sqs:ReceiveMessage": "MiniStack takes the messages itself, without the role",
    "sqs:DeleteMessage": "MiniStack deletes the messages itself, without the role",
    "sqs:GetQueueAttributes": "MiniStack reads the queue of a mapping itself, without the role",
    "sqs:SendMessage": "MiniStack takes SendMessageBatch for an action of its own; on AWS this one covers it",
    "lambda:InvokeFunction": "MiniStack starts scheduled functions itself, without the role",
}
"""Actions that AWS enforces and MiniStack does not, with the reason."""


_LOOK_AT_QUEUES = "LookAtQueues"
"""The statement of a function that asks for the attributes of queues itself."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One action on one resource."""

    sid: str
    action: str
    resource: str

    def __str__(self) -> str:
        """The statement in template.yaml, the action and the resource."""
        return f"{self.sid}: {self.action} on {self.resource.rsplit(':', 1)[-1]}"

    @property
    def is_enforced(self) -> bool:
        """Whether MiniStack enforces it."""
        return self.action not in NOT_ENFORCED or self.sid == _LOOK_AT_QUEUES


@dataclass(frozen=True, slots=True)
class Role:
    """A role with its inline policy of template.yaml."""

    laptop: Laptop
    name: str
    policy_name: str
    policy: dict[str, Any]

    @classmethod
    def of(cls, laptop: Laptop, arn: str) -> Role:
        """The deployed role with this ARN."""
        name = arn.rsplit("/", 1)[-1]
        iam = laptop.stack.client("iam")
        (policy_name,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
        found = iam.get_role_policy(RoleName=name, PolicyName=policy_name)["PolicyDocument"]
        policy: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
        return cls(laptop, name, policy_name, policy)

    @classmethod
    def of_function(cls, laptop: Laptop, function: str) -> Role:
        """The role of a deployed function."""
        name = laptop.outputs[function]
        return cls.of(laptop, laptop.lambda_.get_function_configuration(FunctionName=name)["Role"])

    def pieces(self) -> list[Piece]:
        """Every action and resource of the role."""
        return [
            Piece(statement.get("Sid", ""), action, resource)
            for statement in self.policy["Statement"]
            for action in _listed(statement["Action"])
            for resource in _listed(statement["Resource"])
        ]

    @contextlib.contextmanager
    def without(self, piece: Piece) -> Iterator[None]:
        """Remove a permission for the length of a `with` block."""
        statements = [part for statement in self.policy["Statement"] for part in _without(statement, piece)]
        with self.given({**self.policy, "Statement": statements}):
            yield

    @contextlib.contextmanager
    def given(self, policy: dict[str, Any]) -> Iterator[None]:
        """Replace the policy for the length of a `with` block."""
        self._put(policy)
        try:
            yield
        finally:
            self._put(self.policy)

    def _put(self, policy: dict[str, Any]) -> None:
        iam = self.laptop.stack.client("iam")
        iam.put_role_policy(RoleName=self.name, PolicyName=self.policy_name, PolicyDocument=json.dumps(policy))


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _without(statement: dict[str, Any], piece: Piece) -> Iterator[dict[str, Any]]:
    """A statement without one action on one resource."""
    actions, resources = _listed(statement["Action"]), _listed(statement["Resource"])
    if statement.get("Sid", "") != piece.sid or piece.action not in actions or piece.resource not in resources:
        yield statement
        return
    others = [action for action in actions if action != piece.action]
    elsewhere = [resource for resource in resources if resource != piece.resource]
    if others:
        yield {**statement, "Action": others}
    if elsewhere:
        yield {**statement, "Sid": f"{piece.sid}Elsewhere", "Action": [piece.action], "Resource": elsewhere}
