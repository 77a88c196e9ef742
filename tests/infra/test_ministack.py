"""MiniStack comes up with IAM enforced and goes without a trace."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import socket
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from testkit.laptop import guard, ministack


def _client(running: ministack.MiniStack, service: str, credentials: Mapping[str, str] = ministack.CREDENTIALS) -> Any:
    return boto3.client(
        service,
        endpoint_url=running.endpoint,
        region_name=ministack.REGION,
        aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
    )


def test_after_stop_no_process_no_port_and_no_file_of_it_is_left(tmp_path: Path) -> None:
    running = ministack.start(tmp_path)
    found = ministack.find(tmp_path)
    ministack.stop(running)

    assert found == running
    assert ministack.find(tmp_path) is None
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", running.port)) != 0
    assert [path.name for path in tmp_path.iterdir()] == ["ministack.log"]
    assert not Path(running.temporary).exists()


def _zipped(name: str, text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, text)
    return made.getvalue()


def test_all_cold_starts_share_one_unpacked_layer(tmp_path: Path) -> None:
    handler = "import layered\n\ndef handle(event, context):\n    return layered.where()\n"
    layered = "import os\n\ndef where():\n    return [os.getpid(), os.path.realpath(__file__)]\n"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    with ministack.ministack(tmp_path) as running:
        aws = _client(running, "lambda")
        content = {"ZipFile": _zipped("python/layered.py", layered)}
        layer = aws.publish_layer_version(LayerName="layered", Content=content)["LayerVersionArn"]
        role = _client(running, "iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        answered = []
        for name in ("one", "two"):
            code = {"ZipFile": _zipped("code.py", handler)}
            aws.create_function(
                FunctionName=name, Runtime=version, Role=role, Handler="code.handle", Code=code, Layers=[layer]
            )
            answered.append(json.loads(aws.invoke(FunctionName=name)["Payload"].read()))

    (first, there), (second, here) = answered
    assert first != second
    assert there == here
    assert Path(there).is_relative_to(running.temporary)


def test_its_temporary_files_lie_beside_its_log_where_memory_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ministack, "_MIN_FREE_BYTES", 2**60)
    assert ministack._scratch(tmp_path) == tmp_path / "tmp"
    assert (tmp_path / "tmp").is_dir()


def test_a_taken_port_is_left_to_its_owner(tmp_path: Path) -> None:
    with contextlib.ExitStack() as owner:
        with contextlib.suppress(OSError):  # another MiniStack of this machine has it: as good
            owner.enter_context(socket.create_server(("127.0.0.1", 4566)))

        running = owner.enter_context(ministack.ministack(tmp_path))

        assert running.port != 4566


def test_a_caller_without_a_policy_is_refused(tmp_path: Path) -> None:
    with ministack.ministack(tmp_path) as running:
        iam = _client(running, "iam")
        iam.create_user(UserName="nobody")
        key = iam.create_access_key(UserName="nobody")["AccessKey"]
        credentials = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        stranger = _client(running, "sqs", credentials)

        with pytest.raises(ClientError) as refused:
            stranger.create_queue(QueueName="any")

        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        assert _client(running, "sqs").create_queue(QueueName="any")["QueueUrl"]


def test_the_environment_of_the_caller_does_not_reach_the_functions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://example.com")
    monkeypatch.setenv("ORDERFUL_API_KEY", "real")

    environment = ministack._environment(4566, tmp_path)

    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL", "ORDERFUL_API_KEY"} & environment.keys()
    assert environment["AUTH"] == "true"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com"])  # noqa: S104 - refused
def test_it_listens_for_nobody_but_this_machine_and_its_containers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("BIND_HOST", host)
    with pytest.raises(ministack.MiniStackFailed, match="run code on this machine"):
        ministack.start(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_address_of_a_container_bridge_is_listened_on_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ministack, "_bridge_addresses", lambda: ["172.17.0.1"])
    monkeypatch.setenv("BIND_HOST", "172.17.0.1")
    environment = ministack._environment(4566, tmp_path)
    assert (environment["BIND_HOST"], environment["EXTRA_BIND"]) == ("127.0.0.1", "172.17.0.1")


@pytest.mark.parametrize(
    ("headers", "comes_in"),
    [
        ({"host": "127.0.0.1:4566"}, True),
        ({"host": "localhost"}, True),
        ({"host": "0a1b2c3d.execute-api.localhost:4566"}, True),
        ({"host": "host.docker.internal:4566"}, True),
        ({"host": "172.17.0.1:4566"}, True),
        ({"host": "127.0.0.1:4566", "sec-fetch-site": "none"}, True),
        ({}, False),
        ({"host": "evil.example:4566"}, False),
        ({"host": "localhost.evil.example"}, False),
        ({"host": "127.0.0.1.evil.example:4566"}, False),
        ({"host": "172.17.0.10:4566"}, False),
        ({"host": "127.0.0.1:4566", "origin": "https://evil.example"}, False),
        ({"host": "127.0.0.1:4566", "origin": "null"}, False),
        ({"host": "127.0.0.1:4566", "origin": "http://127.0.0.1:4566"}, False),
        ({"host": "127.0.0.1:4566", "sec-fetch-site": "cross-site"}, False),
        ({"host": "127.0.0.1:4566", "sec-fetch-site": "same-site"}, False),
    ],
)
def test_only_programs_of_this_machine_come_in(headers: dict[str, str], comes_in: bool) -> None:
    assert (guard.refusal(headers, extra="172.17.0.1") is None) is comes_in


SIGNED = {"authorization": "AWS4-HMAC-SHA256 Credential=test/20261128/eu-north-1/sqs/aws4_request, Signature=0"}


@pytest.mark.parametrize(
    ("headers", "method", "path", "query", "comes_in"),
    [
        (SIGNED, "GET", "/", "Action=ListQueues", True),
        (SIGNED, "POST", "/", "", True),
        ({}, "GET", "/_ministack/health", "", True),
        ({}, "GET", "/_ministack/sqs/messages", "", True),
        ({}, "POST", "/_aws/execute-api/0a1b2c3d/v1/orderful", "", True),
        ({"host": "0a1b2c3d.execute-api.localhost:4566"}, "POST", "/v1/orderful", "", True),
        ({}, "GET", "/", "Action=CreateQueue&QueueName=theirs", False),
        ({}, "GET", "/", "Action=CreateQueue&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0", False),
        ({}, "GET", "/_ministack/health", "Action=CreateQueue", False),
        ({}, "POST", "/_aws/execute-api/x", "Action=CreateQueue", False),
        ({}, "GET", "/_aws/execute-api/x", "", False),
        ({}, "POST", "/_ministack/reset", "", False),
        ({"authorization": "Basic eDp5"}, "POST", "/", "", False),
    ],
)
def test_what_is_not_signed_in_its_header_does_not_come_in(
    headers: dict[str, str], method: str, path: str, query: str, comes_in: bool
) -> None:
    """A page sends no such header without a preflight; the address of a picture can have a signature."""
    assert guard.is_signed(headers, method=method, path=path, query=query) is comes_in


def test_a_web_page_can_have_nothing_done_and_nothing_shown(tmp_path: Path) -> None:
    """Neither by a preflight, nor by a form, nor by an image whose address is a call, nor through its own name."""
    with ministack.ministack(tmp_path) as running:
        create = "/?Action=CreateQueue&QueueName=theirs&Version=2012-11-05"
        page = {"Origin": "https://evil.example"}
        tries = [
            ("OPTIONS", "/", {**page, "Access-Control-Request-Method": "PUT"}),
            ("POST", create, page),
            ("GET", create, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}),
            ("GET", f"{create}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature={'0' * 64}", {}),
            ("GET", create, {"Host": f"rebound.evil.example:{running.port}"}),
        ]
        for method, path, headers in tries:
            connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=120)
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            assert answer.status == 403
            assert answer.getheader("Access-Control-Allow-Origin") is None
            connection.close()
        sqs = _client(running, "sqs")
        assert sqs.list_queues().get("QueueUrls", []) == []
        assert sqs.create_queue(QueueName="ours")["QueueUrl"]
