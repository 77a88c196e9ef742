"""The access tokens of Visma in DynamoDB: one item for each company, with the lock of whoever replaces the token.

token, tenant, fresh_until, expires_at    the token (`AccessToken`)
refresh_until                             until when one Lambda owns the refresh
ttl                                       DynamoDB deletes the item after the token's end, hours late
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connector.adapters.aws import clients
from connector.adapters.aws.errors import ConditionFailed, translated
from connector.adapters.ports import AccessToken
from connector.domain.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_WHAT = "table of Visma's tokens"


class DynamoTokenStore(clients.OnDynamoDB):
    """The `TokenStore` port over a table whose key is the string `pk`, the company's name."""

    def __init__(self, table: str, client: DynamoDBClient | None = None) -> None:
        """Use `table`; the client is created at first use."""
        self._table = table
        super().__init__(client)

    def read(self, company: str) -> AccessToken | None:
        """The stored token, expired ones included."""
        with translated(_WHAT):
            item = self._client.get_item(TableName=self._table, Key={"pk": {"S": company}}, ConsistentRead=True).get(
                "Item", {}
            )
        if "token" not in item:
            return None
        try:
            return AccessToken(
                item["token"]["S"],
                item["tenant"]["S"],
                float(item["fresh_until"]["N"]),
                float(item["expires_at"]["N"]),
            )
        except (KeyError, ValueError):
            raise Transient(f"The token that is stored for company '{company}' cannot be read.") from None

    def claim(self, company: str, *, seen: str | None, now: float, until: float) -> bool:
        """Take the lock until then, unless somebody holds it or has stored another token than `seen`."""
        unchanged = "attribute_not_exists(#token)" if seen is None else "#token = :seen"
        return self._update(
            company,
            "SET refresh_until = :until",
            condition=f"(attribute_not_exists(refresh_until) OR refresh_until < :now) AND {unchanged}",
            names={"#token": "token"},
            values={
                ":until": {"N": str(int(until))},
                ":now": {"N": str(int(now))},
                **({} if seen is None else {":seen": {"S": seen}}),
            },
        )

    def release(self, company: str) -> None:
        """Give the lock back."""
        self._update(company, "REMOVE refresh_until")

    def store(self, company: str, token: AccessToken) -> None:
        """Store a token and give the lock back."""
        self._update(
            company,
            "SET #token = :token, tenant = :tenant, fresh_until = :fresh, expires_at = :end, #ttl = :end "
            "REMOVE refresh_until",
            names={"#token": "token", "#ttl": "ttl"},
            values={
                ":token": {"S": token.value},
                ":tenant": {"S": token.tenant},
                ":fresh": {"N": str(int(token.fresh_until))},
                ":end": {"N": str(int(token.expires_at))},
            },
        )

    def drop(self, company: str, value: str) -> None:
        """Remove the token if it is still this one."""
        self._update(
            company,
            "REMOVE #token, tenant, fresh_until, expires_at",
            condition="#token = :token",
            names={"#token": "token"},
            values={":token": {"S": value}},
        )

    def _update(
        self,
        company: str,
        change: str,
        *,
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> bool:
        """Write; False when the condition does not hold."""
        request: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        if names:
            request["ExpressionAttributeNames"] = names
        if values:
            request["ExpressionAttributeValues"] = values
        try:
            with translated(_WHAT):
                self._client.update_item(
                    TableName=self._table, Key={"pk": {"S": company}}, UpdateExpression=change, **request
                )
        except ConditionFailed:
            return False
        return True
