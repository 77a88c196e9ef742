"""Bodies in S3, compressed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from connector.adapters import aws
from connector.adapters.aws_errors import translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Payloads:
    """The `Payloads` port over one bucket."""

    def __init__(self, bucket: str, client: S3Client | None = None) -> None:
        """Use `bucket`; the client is created at first use."""
        self._bucket = bucket
        self._given = client

    def put(self, name: str, body: bytes) -> str:
        """Store `body` under `name` and give the key. Raises `Transient` when S3 did not take it."""
        key = f"{name}.json.z"
        with translated("payload bucket"):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=zlib.compress(body))
        return key

    def get(self, key: str) -> bytes:
        """Read a body. Raises `Transient` when S3 did not give it."""
        with translated("payload bucket"):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            return zlib.decompress(answer["Body"].read())

    def delete(self, key: str) -> None:
        """Delete a body; one that is not there is no error (S3)."""
        with translated("payload bucket"):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    @property
    def _client(self) -> S3Client:
        return self._given or aws.s3()
