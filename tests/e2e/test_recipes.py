"""The recipes of docs/laptop.md, typed block by block as they stand."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from testkit.laptop.observed import Laptop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "laptop.md").read_text(encoding="utf-8")
START, *RECIPES = re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
NAMES = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)


def types(laptop: Laptop, block: str) -> str:
    """Type a block in a shell with the exports of `make up`, and run the scheduled functions until it ends."""
    variables = {**laptop.stack.environment, "VISMA": laptop.visma.url, "ORDERFUL": laptop.orderful.url}
    shell = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=ROOT,
        env={**os.environ, **variables, "PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    def ended() -> bool:
        if shell.poll() is None:
            laptop.poll()
            laptop.collect()
        return shell.poll() is not None

    try:
        laptop.until(ended, f"the shell to end that typed\n{block}")
    finally:
        shell.kill()
        said, _ = shell.communicate()
    assert shell.returncode == 0, said
    return said


@pytest.fixture(scope="module")
def sent(nordic: Laptop) -> Laptop:
    """The stack after the first block."""
    assert "SENT" in types(nordic, START) or "sent as" in types(nordic, "connector documents trace 500200")
    return nordic


def test_each_recipe_has_one_block() -> None:
    assert len(NAMES) == len(RECIPES) == 4


@pytest.mark.parametrize("recipe", RECIPES, ids=NAMES)
def test_a_recipe_ends_as_it_says(sent: Laptop, recipe: str) -> None:
    types(sent, recipe)
