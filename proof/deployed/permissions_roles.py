"""The roles of the deployed functions, and what they are without one of their pieces."""

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
    "sqs:GetQueueAttributes": "MiniStack reads the queue itself, without the role",
    "sqs:SendMessage": "MiniStack takes SendMessageBatch for an action of its own; on AWS this one covers it",
    "lambda:InvokeFunction": "MiniStack starts scheduled functions itself, without the role",
}
"""Actions that AWS asks of a role and MiniStack does not: dropping them proves nothing here, and why."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One action on one resource, the least that a role can lose."""

    sid: str
    action: str
    resource: str

    def __str__(self) -> str:
        """As a person finds it in template.yaml."""
        return f"{self.sid}: {self.action} on {self.resource.rsplit(':', 1)[-1]}"

    @property
    def is_enforced(self) -> bool:
        """Whether MiniStack asks the role for it."""
        return self.action not in NOT_ENFORCED


@dataclass(frozen=True, slots=True)
class Role:
    """A role with the one policy that template.yaml gives it."""

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
        """The role that a deployed function works with."""
        name = laptop.outputs[function]
        return cls.of(laptop, laptop.lambda_.get_function_configuration(FunctionName=name)["Role"])

    def pieces(self) -> list[Piece]:
        """Everything that the role allows, one action and one resource at a time."""
        return [
            Piece(statement.get("Sid", ""), action, resource)
            for statement in self.policy["Statement"]
            for action in _listed(statement["Action"])
            for resource in _listed(statement["Resource"])
        ]

    @contextlib.contextmanager
    def without(self, piece: Piece) -> Iterator[None]:
        """The role without a piece for the length of a `with` block."""
        statements = [part for statement in self.policy["Statement"] for part in _without(statement, piece)]
        with self.given({**self.policy, "Statement": statements}):
            yield

    @contextlib.contextmanager
    def given(self, policy: dict[str, Any]) -> Iterator[None]:
        """The role with another policy for the length of a `with` block."""
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
    """What remains of a statement: its other actions, and this action on its other resources."""
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
