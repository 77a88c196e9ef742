"""The supply chain in its fast form; and that the proof sees what it is there to see."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

import pytest

from proof import supply_chain
from proof.supply_chain import (
    damaged_files,
    imports_of,
    locks,
    prove,
    read_lock,
    reasons,
    unpinned_actions,
    unpinned_installs,
)
from proof.tally import Size

HASH = f"--hash=sha256:{'0' * 64}"


def test_nothing_is_installed_that_no_lock_vouches_for_and_nothing_is_left_out_without_a_reason():
    tallies = prove(Size.FAST)
    assert [violation for tally in tallies for violation in tally.violations] == []
    assert sum(tally.cases for tally in tallies) > 1_000
    assert {"requirements.txt", "dev.txt", "sam.txt", "ministack.txt", "audit.txt"} == {lock.name for lock in locks()}


def test_a_lock_is_read_with_its_markers():
    first = f"Msg_Spec[x]==1.2 ; python_version < '3' \\\n    {HASH} \\\n    {HASH}\n    # via y\n"
    text = f"# a comment\n{first}a.b==3 {HASH}\n"
    found, problems = read_lock(text)
    assert problems == []
    assert [(one.name, one.version, one.marker, one.hashes, one.is_for_here) for one in found] == [
        ("msg-spec", "1.2", "python_version < '3'", 2, False),
        ("a-b", "3", None, 1, True),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "requests==2.0",
        f"requests>=2.0 {HASH}",
        f"requests {HASH}",
        "requests==2.0 --hash=md5:0000",
        f"requests @ https://files.invalid/requests.whl {HASH}",
        "git+https://host.invalid/requests",
        "-e .",
        "--index-url https://index.invalid",
        "--extra-index-url https://index.invalid",
    ],
)
def test_what_is_not_pinned_by_version_and_hash_is_seen(line):
    assert len(read_lock(f"ok==1 {HASH}\n{line}\n")[1]) == 1


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("\tpip install --no-deps \\\n\t\t--require-hashes --requirement x.txt", False),
        ("\tpip install --no-deps --no-build-isolation --editable .", False),
        ("\tpip install --editable .", True),
        ("\tpip install requests", True),
        ("\tpip install --requirement x.txt", True),
    ],
)
def test_an_install_that_no_hash_vouches_for_is_seen(line, seen):
    assert bool(unpinned_installs(f"target:\n{line}\n")) is seen


def test_an_action_behind_a_tag_is_seen():
    pinned = f"  - uses: actions/checkout@{'0' * 40} # v4"
    assert unpinned_actions("      - uses: ./.github/actions/python\n    uses: ./.github/workflows/ci.yml\n") == []
    assert unpinned_actions(f"{pinned}\n  - uses: actions/checkout@v4\n") == ["- uses: actions/checkout@v4"]


def test_imports_are_those_of_the_running_program():
    source = """
import json, requests.sessions
from botocore.config import Config
from . import sibling
from connector.domain import errors
if TYPE_CHECKING:
    import mypy_boto3_sqs
def later():
    from tenacity import Retrying
"""
    assert imports_of(source) == {"requests", "botocore", "connector", "tenacity"}


def test_a_package_that_is_missing_or_useless_is_seen(monkeypatch):
    monkeypatch.setattr(supply_chain, "imports_of", lambda source: {"requests", "flask"})
    problems = supply_chain._of_imports().violations
    assert "flask is imported and no package of the layer has it" in problems
    assert "tenacity is asked for and never imported" in problems
    assert not any("requests" in problem for problem in problems)


def test_a_file_that_was_changed_is_seen(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    digest = "sha256=" + urlsafe_b64encode(sha256(b"x = 1\n").digest()).rstrip(b"=").decode()
    assert list(damaged_files(tmp_path, [("a.py", digest), ("gone.py", digest), ("RECORD", "")])) == []
    (tmp_path / "a.py").write_text("x = 2\n")
    assert list(damaged_files(tmp_path, [("a.py", digest)])) == ["a.py"]


def test_a_version_that_is_not_tested_is_seen(monkeypatch):
    here = supply_chain._here
    other = {supply_chain.RUNTIME: {"boto3": "0.1"}}
    monkeypatch.setattr(supply_chain, "_here", lambda lock: here(lock) | other.get(lock, {}))
    assert any("boto3 is 0.1 in the layer" in problem for problem in supply_chain._of_versions().violations)


def test_a_check_that_is_left_out_without_a_reason_is_seen(monkeypatch, tmp_path):
    decision = tmp_path / "decision.md"
    long = "a reason that is long enough to be one, surely"
    decision.write_text(f"| CKV_AWS_18 | logs | no |\n| CKV_AWS_999 | x | {long} |\n")
    monkeypatch.setattr(supply_chain, "DECISION", decision)
    problems = supply_chain._of_reasons().violations
    assert "CKV_AWS_21 is left out without a reason" in problems
    assert "CKV_AWS_999 has a reason and is not left out" in problems
    assert "CKV_AWS_18: 'no' is no reason" in problems
    assert reasons(decision.read_text()).keys() == {"CKV_AWS_18", "CKV_AWS_999"}
