"""MiniStack comes up with IAM enforced and goes without a trace."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local import ministack


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


def test_its_temporary_files_lie_beside_its_log_where_memory_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ministack, "_PLENTY", 2**60)
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
