"""A green run of CI has to mean something."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("judge", ROOT / ".ci" / "judge.py")
assert SPEC is not None
assert SPEC.loader is not None
judge = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(judge)

PASSED = '<testcase classname="tests.unit.test_a" name="test_x"/>'
SKIPPED_CONTRACT = '<testcase classname="tests.contract.test_b" name="test_y"><skipped message="not here"/></testcase>'
SKIPPED_UNIT = '<testcase classname="tests.unit.test_c" name="test_z"><skipped message="needs {0}"/></testcase>'


@pytest.fixture
def results(tmp_path: Path) -> Callable[..., Path]:
    def write(*cases: str) -> Path:
        file = tmp_path / "tests.xml"
        file.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
        return file

    return write


def test_a_run_without_tests_is_refused(results: Callable[..., Path], tmp_path: Path) -> None:
    assert judge.problems(results(), tmp_path / "absent") == ["No test ran."]
    assert judge.problems(results(SKIPPED_CONTRACT), tmp_path / "absent") == ["No test ran."]


def test_a_skipped_contract_test_is_refused_only_where_the_contracts_are(
    results: Callable[..., Path], tmp_path: Path
) -> None:
    ran = results(PASSED, SKIPPED_CONTRACT, SKIPPED_UNIT.format("contracts/visma.openapi.json"))
    (tmp_path / "contracts").mkdir()

    assert judge.problems(ran, tmp_path / "absent") == []
    assert len(judge.problems(ran, tmp_path / "contracts")) == 2


def test_a_skip_for_another_reason_is_nobodys_business(results: Callable[..., Path], tmp_path: Path) -> None:
    assert judge.problems(results(PASSED, SKIPPED_UNIT.format("Docker")), tmp_path) == []
