"""A command starts quickly: what few commands need is loaded when it is needed."""

from __future__ import annotations

import subprocess
import sys

SLOW = ("boto3", "jsonschema", "pydantic", "requests", "tenacity")


def test_no_command_loads_at_its_start_what_only_some_need():
    script = f"import sys, connector.cli.commands; print([one for one in {SLOW} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
