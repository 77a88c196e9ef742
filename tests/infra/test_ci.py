"""A green run of CI has to mean something."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
JUDGE = ROOT / ".ci" / "judge.py"
CONTRACTS = ROOT / "contracts"
SPEC = importlib.util.spec_from_file_location("judge", JUDGE)
assert SPEC is not None
assert SPEC.loader is not None
judge = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(judge)

PASSED = '<testcase classname="tests.unit.test_a" name="test_x"/>'
SKIPPED = '<testcase classname="tests.contract.test_b" name="test_y"><skipped message="not here"/></testcase>'


@pytest.fixture
def results(tmp_path: Path) -> Callable[..., Path]:
    def write(*cases: str) -> Path:
        file = tmp_path / "tests.xml"
        file.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
        return file

    return write


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    """A copy from which something may be taken."""
    return Path(shutil.copytree(CONTRACTS, tmp_path / "contracts", ignore=shutil.ignore_patterns("__pycache__")))


def test_a_run_in_which_tests_ran_on_the_contracts_of_the_repository_is_accepted(
    results: Callable[..., Path], contracts: Path
) -> None:
    assert judge.problems(results(PASSED), CONTRACTS) == judge.problems(results(PASSED), contracts) == []


def test_a_run_without_tests_is_refused(results: Callable[..., Path]) -> None:
    assert judge.problems(results(), CONTRACTS) == ["No test ran."]
    assert judge.problems(results(SKIPPED), CONTRACTS)[0] == "No test ran."


def test_a_skipped_test_is_refused(results: Callable[..., Path]) -> None:
    found = judge.problems(results(PASSED, SKIPPED), CONTRACTS)
    assert found == ["Skipped: tests.contract.test_b.test_y (not here)"]


@pytest.mark.parametrize("name", ["index.json", "visma.json", "x12.tsv", "samples/v4-850.json"])
def test_a_missing_contract_file_is_refused(results: Callable[..., Path], contracts: Path, name: str) -> None:
    (contracts / name).unlink()
    assert judge.problems(results(PASSED), contracts) == [f"{contracts / name} is missing."]


def test_a_contract_file_that_was_edited_by_hand_is_refused(results: Callable[..., Path], contracts: Path) -> None:
    file = contracts / "visma.json"
    file.write_text(file.read_text().replace("PurchaseOrderDto", "OrderDto"))
    assert judge.problems(results(PASSED), contracts) == [f"{file} is not the file that index.json describes."]


def test_what_is_refused_makes_the_job_red(results: Callable[..., Path], contracts: Path) -> None:
    def ended(folder: Path) -> tuple[int, str]:
        command = [sys.executable, JUDGE, results(PASSED), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    assert ended(contracts) == (0, "")
    (contracts / "orderful.json").unlink()
    assert ended(contracts) == (1, f"{contracts / 'orderful.json'} is missing.\n")
