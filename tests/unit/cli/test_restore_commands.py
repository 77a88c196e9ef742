"""The commands of the pages in docs/ name no variable that nobody sets."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
PAGES = sorted(path.name for path in DOCS.glob("*.md"))
FROM_THE_README = {"CONNECTOR_STACK", "AWS_DEFAULT_REGION"}


def blocks(text: str) -> list[str]:
    return [block for _, block in re.findall(r"^( *)```\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)]


@pytest.mark.parametrize("name", PAGES)
def test_every_variable_is_set_or_explained(name):
    text = (DOCS / name).read_text(encoding="utf-8")
    # An ID in backticks of a query of the AWS CLI is no explanation; one in a sentence is.
    sentences = re.sub(r"^( *)```\n.*?^\1```$", "", text, flags=re.MULTILINE | re.DOTALL)
    explained = set(re.findall(r"`([A-Z_]+)`", sentences)) | FROM_THE_README
    for block in blocks(text):
        set_there = set(re.findall(r"\b([A-Za-z_]+)=", block)) | set(re.findall(r"\bfor ([a-z]+) in", block))
        earlier = set(re.findall(r"^ *(?:export )?([A-Za-z_]+)=", text, re.MULTILINE))
        assert set(re.findall(r"\$\{?([A-Za-z_]+)", block)) <= set_there | earlier | explained, block


@pytest.mark.parametrize("name", PAGES)
def test_blocks_of_the_aws_command_line_are_shell(name):
    for block in blocks((DOCS / name).read_text(encoding="utf-8")):
        if "aws " in block:
            ended = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
            assert ended.returncode == 0, ended.stderr
