"""Bodies in S3, compressed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from connector.adapters.aws import clients
from connector.adapters.aws.errors import translated
from connector.domain.errors import PayloadLost

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


_ABOUT_THE_KEY = {"NoSuchKey", "AccessDenied", "InvalidObjectState", "403", "404"}

_RESTORE = "Restore the object in the payload bucket, or the right to read it"
_NEXT_STEPS = {
    "documents": f"{_RESTORE}, and run: connector documents replay KEY. Or save the document in Visma again: it is "
    "read anew.",
    "requests": "Run: connector documents replay KEY. The request is made anew from the stored document.",
    "inbound": f"{_RESTORE}, and run: connector changes retry TRANSACTION",
}


class S3Payloads:
    """The `Payloads` port over one bucket."""

    def __init__(self, bucket: str, client: S3Client | None = None) -> None:
        """Use `bucket`; the client is created at first use."""
        self._bucket = bucket
        self._given = client

    def put(self, name: str, body: bytes) -> str:
        """Store `body` under `name`. Returns the key. Raises `Transient` when S3 did not store it."""
        key = f"{name}.json.z"
        with translated("payload bucket"):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=zlib.compress(body))
        return key

    def get(self, key: str) -> bytes:
        """Read a body.

        Raises:
            PayloadLost: it is missing, forbidden or damaged. S3 answers 403 for a missing key to a caller without
                `s3:ListBucket`, so the two cannot be distinguished, and both are about this one body.
            Transient: S3 did not answer.
            Misconfigured: there is no such bucket.
        """
        from botocore.exceptions import ClientError

        with translated("payload bucket"):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "")
                if code in _ABOUT_THE_KEY:
                    raise lost(key, code) from error
                raise
            try:
                return zlib.decompress(answer["Body"].read())
            except zlib.error as error:
                raise lost(key, "it is damaged") from error

    def delete(self, key: str) -> None:
        """Delete a body; one that is not there is no error (S3)."""
        with translated("payload bucket"):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    @property
    def _client(self) -> S3Client:
        return self._given or clients.s3()


def lost(key: str, why: str) -> PayloadLost:
    """The error for a body that cannot be read."""
    return PayloadLost(
        f"The stored body {key} cannot be read ({why}).",
        next_step=_NEXT_STEPS.get(key.split("/", 1)[0], f"{_RESTORE}."),
    )
