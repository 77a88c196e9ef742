"""Workflows, hooks and releases: pinned, with few rights, and calling what a developer calls."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector import __version__

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in (GITHUB / "workflows").glob("*.yml")}
ACTIONS = {path.parent.name: yaml.safe_load(path.read_text()) for path in (GITHUB / "actions").glob("*/action.yml")}
WRITES = {("release", "release"): {"contents"}, ("dependencies", "lock"): {"contents", "pull-requests"}}
"""The jobs that write, and what."""

SPEC = importlib.util.spec_from_file_location("release_notes", ROOT / ".ci" / "release_notes.py")
assert SPEC is not None
assert SPEC.loader is not None
release_notes = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(release_notes)


def steps(workflow: str) -> list[dict[str, Any]]:
    return [step for job in WORKFLOWS[workflow]["jobs"].values() for step in job.get("steps", [])]


def commands(workflow: str, job: str) -> list[str]:
    return [step["run"] for step in WORKFLOWS[workflow]["jobs"][job]["steps"] if "run" in step]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_by_its_commit_or_is_ours(name: str) -> None:
    used = [step["uses"] for step in steps(name) if "uses" in step]
    used += [job["uses"] for job in WORKFLOWS[name]["jobs"].values() if "uses" in job]
    used += [step["uses"] for action in ACTIONS.values() for step in action["runs"]["steps"] if "uses" in step]
    for one in used:
        assert (ROOT / one).exists() if one.startswith("./") else re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", one), one


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_only_read_and_a_job_writes_only_what_it_must(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
    for job, body in WORKFLOWS[name]["jobs"].items():
        written = {right for right, access in body.get("permissions", {}).items() if access == "write"}
        assert written == WRITES.get((name, job), set()), job


@pytest.mark.parametrize("name", WORKFLOWS)
def test_only_a_job_that_pushes_keeps_its_credentials(name: str) -> None:
    for job, body in WORKFLOWS[name]["jobs"].items():
        for step in body.get("steps", []):
            if step.get("uses", "").startswith("actions/checkout@"):
                pushes = "git push" in " ".join(commands(name, job))
                assert (step.get("with", {}).get("persist-credentials") is not False) == pushes, job


def test_the_jobs_of_ci_are_the_parts_of_what_everybody_can_run() -> None:
    assert {job: commands("ci", job) for job in WORKFLOWS["ci"]["jobs"]} == {
        part: [f".ci/run {part}"] for part in ("lint", "unit", "deployed")
    }
    assert "everything | lint | unit | deployed)" in (ROOT / ".ci" / "run").read_text()


def test_the_night_proves_and_audits() -> None:
    assert commands("nightly", "prove") == ["make prove"]
    assert commands("nightly", "audit") == ["make audit"]


def test_a_release_waits_for_all_checks() -> None:
    jobs = WORKFLOWS["release"]["jobs"]
    assert jobs["checks"] == {"uses": "./.github/workflows/ci.yml"}
    assert jobs["release"]["needs"] == "checks"
    assert "make wheel" in commands("release", "release")


def test_the_hooks_run_what_make_check_runs_with_the_locked_tools() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [one["repo"] for one in hooks] == ["local"]
    recipe = (ROOT / "Makefile").read_text().partition("\ncheck: $(DEV)")[2].partition("\n\n")[0]
    checked = re.findall(r"^\t\$\(BIN\)/([a-z-]+(?: format| check| -m infra --check)?)", recipe, re.MULTILINE)
    entries = [hook["entry"].removeprefix(".venv/bin/").removesuffix(" --force-exclude") for hook in hooks[0]["hooks"]]
    assert entries == checked


def test_the_changelog_has_the_notes_of_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert release_notes.notes(f"v{__version__}", changelog, __version__).startswith("- ")


def test_notes_are_those_of_one_version() -> None:
    text = "# Changelog\n\n## Unreleased\n\n- c\n\n## 1.1.0 - 2027\n\n- b\n- b2\n\n## 1.0.0\n\n- a\n"
    assert release_notes.notes("v1.1.0", text, "1.1.0") == "- b\n- b2\n"
    assert release_notes.notes("v1.0.0", text, "1.0.0") == "- a\n"


@pytest.mark.parametrize(
    ("tag", "version", "sentence"),
    [("v1.0.1", "1.0.0", "tag v1.0.0"), ("v1.0.0", "1.0.0", "says nothing of 1.0.0"), ("1.0.0", "1.0.0", "tag v1.0.0")],
)
def test_a_release_that_does_not_fit_is_refused(tag: str, version: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        release_notes.notes(tag, "# Changelog\n\n## 1.0.0\n\n## 0.9.0\n\n- a\n", version)
