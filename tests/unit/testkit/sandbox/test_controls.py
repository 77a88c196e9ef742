"""Who may steer a sandbox over HTTP, and that the command serves one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from testkit.sandboxes import VismaSandbox

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Content-Type": "text/plain"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "rebound.evil.example:8081"},
    ],
)
def test_a_web_page_controls_no_sandbox(headers: dict[str, str]) -> None:
    sandbox = VismaSandbox()
    client = sandbox.app.test_client()
    assert client.post("/_sandbox/tokens/revoke", data="{}", headers=headers).status_code == 403
    assert client.get("/_sandbox/requests", headers=headers).status_code == 403
    assert client.post("/_sandbox/tokens/revoke").status_code == 204


@pytest.mark.parametrize("which", ["visma", "orderful"])
def test_a_sandbox_is_served_from_the_command_line_and_ends_when_told(which: str) -> None:
    command = [sys.executable, "-m", "testkit.sandbox.serve", which]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        health = requests.get(f"{url}/_sandbox/health", timeout=120).json()
        process.terminate()
        assert (health["sandbox"], process.wait(timeout=120)) == (which, 0)
