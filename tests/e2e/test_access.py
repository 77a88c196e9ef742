"""Each function's real role is refused what the function has no business with (IAM is enforced on the laptop)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from testkit.laptop.observed import FUNCTIONS, DemoResult, Laptop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]

Call = Callable[[Callable[[str], Any], Mapping[str, str]], Any]

KEY = {"pk": {"S": "any"}, "sk": {"S": "any"}}
HASH = {"pk": {"S": "any"}}


def _get(table: str, key: Mapping[str, Any] = KEY) -> Call:
    return lambda aws, out: aws("dynamodb").get_item(TableName=out[table], Key=key)


def _put(table: str, key: Mapping[str, Any] = KEY) -> Call:
    return lambda aws, out: aws("dynamodb").put_item(TableName=out[table], Item=key)


def _delete(table: str) -> Call:
    return lambda aws, out: aws("dynamodb").delete_item(TableName=out[table], Key=KEY)


def _scan(table: str) -> Call:
    return lambda aws, out: aws("dynamodb").scan(TableName=out[table])


def _secret(output: str) -> Call:
    return lambda aws, out: aws("secretsmanager").get_secret_value(SecretId=out[output])


def _send(queue: str) -> Call:
    return lambda aws, out: aws("sqs").send_message(
        QueueUrl=out[queue], MessageBody="{}", MessageGroupId="any", MessageDeduplicationId="any"
    )


def _receive(queue: str) -> Call:
    return lambda aws, out: aws("sqs").receive_message(QueueUrl=out[queue])


def _purge(queue: str) -> Call:
    return lambda aws, out: aws("sqs").purge_queue(QueueUrl=out[queue])


def _read(name: str) -> Call:
    return lambda aws, out: aws("s3").get_object(Bucket=out["PayloadsBucket"], Key=name)


def _write(name: str) -> Call:
    return lambda aws, out: aws("s3").put_object(Bucket=out["PayloadsBucket"], Key=name, Body=b"")


def _start(function: str) -> Call:
    return lambda aws, out: aws("lambda").invoke(FunctionName=out[function], Payload=b"{}")


FORBIDDEN: dict[str, dict[str, Call]] = {
    "PollVismaFunction": {
        # It reads the holds of Visma's companies there; the emulator compares no leading keys, so their limit is tested
        # in tests/infra/test_template.py.
        "write the ledger": _put("DocumentsTable"),
        "read the Orderful key": _secret("OrderfulSecretArn"),
        "queue a delivery": _send("DeliveriesQueueUrl"),
        "take documents": _receive("DocumentsQueueUrl"),
        "change the routing": _put("RoutingTable"),
        "list the tokens": _scan("TokensTable"),
        "read payloads": _read("documents/any"),
        "write requests": _write("requests/any"),
    },
    "TranslateDocumentFunction": {
        "read the Visma credentials": _secret("VismaSecretArn"),
        "read the Orderful key": _secret("OrderfulSecretArn"),
        "read cursors": _get("CursorsTable"),
        "write cursors": _put("CursorsTable"),
        "read tokens": _get("TokensTable", HASH),
        "change the routing": _put("RoutingTable"),
        "delete from the ledger": _delete("DocumentsTable"),
        "take deliveries": _receive("DeliveriesQueueUrl"),
        "queue documents": _send("DocumentsQueueUrl"),
        "write documents": _write("documents/any"),
    },
    "DeliverTransactionFunction": {
        "read the Visma credentials": _secret("VismaSecretArn"),
        "read the routing": _get("RoutingTable"),
        "change the routing": _put("RoutingTable"),
        "queue documents": _send("DocumentsQueueUrl"),
        "take documents": _receive("DocumentsQueueUrl"),
        "read tokens": _get("TokensTable", HASH),
        "delete from the ledger": _delete("DocumentsTable"),
        "empty its queue": _purge("DeliveriesQueueUrl"),
        "read the documents of Visma": _read("sources/any"),
        "write requests": _write("requests/any"),
    },
    "TrackTransactionsFunction": {
        "read the Visma credentials": _secret("VismaSecretArn"),
        "read tokens": _get("TokensTable", HASH),
        "queue documents": _send("DocumentsQueueUrl"),
        "take deliveries": _receive("DeliveriesQueueUrl"),
        "delete from the ledger": _delete("DocumentsTable"),
        "read payloads": _read("requests/any"),
        "start another function": _start("PollVismaFunction"),
    },
    "ReceiveCallbackFunction": {
        "read the ledger": _get("DocumentsTable"),
        "write the ledger": _put("DocumentsTable"),
        "read the routing": _get("RoutingTable"),
        "read the Visma credentials": _secret("VismaSecretArn"),
        "read the Orderful key": _secret("OrderfulSecretArn"),
        "take hints": _receive("HintsQueueUrl"),
        "queue a change": _send("ChangesQueueUrl"),
        "queue documents": _send("DocumentsQueueUrl"),
        "write payloads": _write("inbound/any"),
        "start another function": _start("ApplyChangeFunction"),
    },
    "PollOrderfulFunction": {
        "read the Visma credentials": _secret("VismaSecretArn"),
        "read the callback secret": _secret("CallbackSecretArn"),
        "read tokens": _get("TokensTable", HASH),
        "change the routing": _put("RoutingTable"),
        "delete from the ledger": _delete("DocumentsTable"),
        "take changes": _receive("ChangesQueueUrl"),
        "queue a delivery": _send("DeliveriesQueueUrl"),
        "write documents": _write("documents/any"),
    },
    "ApplyChangeFunction": {
        "read the callback secret": _secret("CallbackSecretArn"),
        "read cursors": _get("CursorsTable"),
        "change the routing": _put("RoutingTable"),
        "delete from the ledger": _delete("DocumentsTable"),
        "queue documents": _send("DocumentsQueueUrl"),
        "queue a delivery": _send("DeliveriesQueueUrl"),
        "empty its queue": _purge("ChangesQueueUrl"),
        "read requests": _read("requests/any"),
        "write requests": _write("requests/any"),
    },
    "ReconcileFunction": {
        "read the callback secret": _secret("CallbackSecretArn"),
        "write the ledger": _put("DocumentsTable"),
        "delete from the ledger": _delete("DocumentsTable"),
        "change the routing": _put("RoutingTable"),
        "queue documents": _send("DocumentsQueueUrl"),
        "queue a delivery": _send("DeliveriesQueueUrl"),
        "write requests": _write("requests/any"),
    },
    "SendDigestFunction": {
        "read the Visma credentials": _secret("VismaSecretArn"),
        "read the Orderful key": _secret("OrderfulSecretArn"),
        "read tokens": _get("TokensTable", HASH),
        "write the ledger": _put("DocumentsTable"),
        "change the routing": _put("RoutingTable"),
        "take dead letters": _receive("DocumentsDeadLettersUrl"),
        "queue documents": _send("DocumentsQueueUrl"),
        "read the documents of Visma": _read("sources/any"),
        "start another function": _start("PollVismaFunction"),
    },
}

ALLOWED: dict[str, Call] = {
    "PollVismaFunction": _secret("VismaSecretArn"),
    "TranslateDocumentFunction": _get("RoutingTable"),
    "DeliverTransactionFunction": _secret("OrderfulSecretArn"),
    "TrackTransactionsFunction": _secret("OrderfulSecretArn"),
    "ReceiveCallbackFunction": _secret("CallbackSecretArn"),
    "PollOrderfulFunction": _secret("OrderfulSecretArn"),
    "ApplyChangeFunction": _secret("VismaSecretArn"),
    "ReconcileFunction": _secret("OrderfulSecretArn"),
    "SendDigestFunction": _get("RoutingTable"),
}


@pytest.fixture(scope="module")
def roles(laptop: Laptop, played: DemoResult) -> dict[str, boto3.Session]:
    return {function: laptop.as_role_of(function) for function in FUNCTIONS}


def _of(laptop: Laptop, session: boto3.Session) -> Callable[[str], Any]:
    return lambda service: session.client(service, endpoint_url=laptop.stack.aws.endpoint)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_may_not_do_what_its_function_has_no_business_with(
    laptop: Laptop, roles: dict[str, boto3.Session], function: str
) -> None:
    aws = _of(laptop, roles[function])
    answered = {}
    for what, call in FORBIDDEN[function].items():
        with pytest.raises(ClientError) as refused:
            answered[what] = call(aws, laptop.outputs)
        code = refused.value.response["Error"]["Code"]
        assert code in {"AccessDenied", "AccessDeniedException"}, f"{what}: {code}"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in {400, 403}
    assert answered == {}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_same_role_may_do_its_own_work_so_the_refusals_are_the_policies_doing(
    laptop: Laptop, roles: dict[str, boto3.Session], function: str
) -> None:
    aws = _of(laptop, roles[function])
    role = laptop.lambda_.get_function_configuration(FunctionName=laptop.outputs[function])["Role"].rsplit("/")[-1]

    assert f"assumed-role/{role}/" in aws("sts").get_caller_identity()["Arn"]
    assert ALLOWED[function](aws, laptop.outputs)["ResponseMetadata"]["HTTPStatusCode"] == 200
