"""Large bodies: the same cases against the fake and against the adapter over S3."""

from __future__ import annotations

import boto3
import pytest
from botocore.stub import Stubber

from connector.adapters.aws.payloads import S3Payloads
from connector.domain.errors import Misconfigured, PayloadLost
from testkit.aws import BUCKET, aws_in_memory, make_bucket
from testkit.memory.stores import MemoryPayloads


@pytest.fixture
def in_aws(monkeypatch):
    with aws_in_memory(monkeypatch):
        make_bucket()
        yield


@pytest.fixture(params=["memory", "s3"])
def payloads(request):
    if request.param == "memory":
        return MemoryPayloads()
    request.getfixturevalue("in_aws")
    return S3Payloads(BUCKET)


@pytest.mark.parametrize("body", [b"", b'{"note": "\xc3\xa6"}', b"\x00\xff" * 200_000], ids=["empty", "text", "noise"])
def test_a_body_comes_back_to_the_byte(payloads, body):
    key = payloads.put("documents/nordic#purchase_order#1/20261102", body)
    assert key.startswith("documents/nordic#purchase_order#1/20261102")
    assert payloads.get(key) == body


@pytest.mark.parametrize("name", ["documents/nordic#customer_invoice#CreditNote:9/x", "documents/a b+c%20æ?&=/x"])
def test_a_name_may_hold_what_numbers_hold(payloads, name):
    assert payloads.get(payloads.put(name, b"{}")) == b"{}"


def test_the_same_name_is_written_over(payloads):
    first, second = payloads.put("documents/x", b"1"), payloads.put("documents/x", b"2")
    assert first == second
    assert payloads.get(first) == b"2"


@pytest.mark.parametrize(
    ("folder", "step"),
    [
        ("documents", "connector documents replay KEY"),
        ("requests", "connector documents replay KEY"),
        ("inbound", "connector changes retry TRANSACTION"),
        ("sources", "Restore the object in the payload bucket, or the right to read it."),
    ],
)
def test_a_missing_payload_fails_only_its_document(payloads, folder, step):
    with pytest.raises(PayloadLost, match=rf"{folder}/nothing\.json\.z") as caught:
        payloads.get(f"{folder}/nothing.json.z")
    assert step in caught.value.next_step


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchKey", "InvalidObjectState"])
def test_a_refusal_of_s3_is_about_the_key_that_was_asked_for(code):
    """S3 answers 403 for a missing key to a caller without `s3:ListBucket`."""
    client = boto3.client("s3", region_name="eu-north-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        stub.add_client_error("get_object", service_error_code=code)
        with pytest.raises(PayloadLost, match=code):
            S3Payloads(BUCKET, client).get("sources/x")


def test_a_damaged_body_is_lost(in_aws):
    boto3.client("s3").put_object(Bucket=BUCKET, Key="sources/x", Body=b"no zlib")
    with pytest.raises(PayloadLost, match="damaged"):
        S3Payloads(BUCKET).get("sources/x")


def test_bodies_are_stored_compressed(in_aws):
    key = S3Payloads(BUCKET).put("documents/x", b"0" * 1_000_000)
    stored = boto3.client("s3").head_object(Bucket=BUCKET, Key=key)
    assert stored["ContentLength"] < 2_000


def test_a_bucket_that_is_not_there_is_a_matter_of_configuration(in_aws):
    with pytest.raises(Misconfigured, match="payload bucket does not exist"):
        S3Payloads("nowhere").put("documents/x", b"1")
