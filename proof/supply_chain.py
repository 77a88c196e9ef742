"""The dependencies: each package is pinned by hash, only locked ones are installed, each skipped check has a reason.

It needs no network; `make audit` asks the registry for advisories.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from sys import stdlib_module_names

import yaml
from packaging.markers import Marker
from packaging.utils import canonicalize_name

from proof.tally import Size, Tally

ROOT = Path(__file__).resolve().parents[1]
RUNTIME = ROOT / "layers" / "connector" / "requirements.txt"
DEVELOPMENT = ROOT / "requirements" / "dev.txt"
LAYER = ROOT / ".aws-sam" / "local" / "ConnectorLayer" / "python"
CHECKOV = ROOT / ".venv-audit" / "bin" / "checkov"
DECISION = ROOT / "docs" / "decisions" / "0012-static-checks-of-the-template.md"

_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;]+)(?: ; ([^\\]+?))?")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
_PINNED_ACTION = re.compile(r"uses: *(?:\./[\w./-]+$|[\w./-]+@[0-9a-f]{40}\b)")
# Not imported by name: zoneinfo reads it.
_DATA_ONLY = {"tzdata"}
# Of the environment itself, and this project.
_UNLOCKED = {"pip", "visma-orderful-connector"}
_MIN_REASON_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Locked:
    """One line of a lock."""

    name: str
    version: str
    marker: str | None
    hashes: int

    @property
    def is_for_here(self) -> bool:
        """Whether its marker matches this Python and machine."""
        return self.marker is None or Marker(self.marker).evaluate()


def prove(size: Size) -> list[Tally]:
    """Run all checks; the long form also checks every file of the environment, and runs Checkov if installed."""
    tallies = [_of_locks(), _of_versions(), _of_imports(), _of_files(size), _of_reasons()]
    return [*tallies, *_of_checkov()] if size is Size.LONG else tallies


def locks() -> list[Path]:
    """Every lock of the project."""
    return [RUNTIME, *sorted((ROOT / "requirements").glob("*.txt"))]


def read_lock(text: str) -> tuple[list[Locked], list[str]]:
    """The packages of a lock, and the lines that are not pinned by hash."""
    found: list[Locked] = []
    problems: list[str] = []
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        requirement, hashes = re.split(r"\s+(?=--hash)", line, maxsplit=1)[0], _HASH.findall(line)
        pinned = _REQUIREMENT.fullmatch(requirement.strip())
        if pinned is None or not hashes:
            problems.append(f"'{line[:80]}' is not pinned by version and hash")
            continue
        found.append(Locked(canonicalize_name(pinned[1]), pinned[2], pinned[3], len(hashes)))
    return found, problems


def unpinned_installs(text: str) -> list[str]:
    """Lines of a Makefile that install without hashes."""
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [line.strip() for line in lines if "pip install" in line and not _is_vouched_for(line)]


def unpinned_actions(text: str) -> list[str]:
    """Steps of a workflow with an action that is not pinned by hash."""
    return [line.strip() for line in text.splitlines() if "uses:" in line and not _PINNED_ACTION.search(line)]


def imports_of(source: str) -> set[str]:
    """The top-level modules that a file imports at run time; not those for the type checker only."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - stdlib_module_names


def damaged_files(files: Path, records: Iterable[Sequence[str]]) -> Iterator[str]:
    """Files that differ from the RECORD of their package; missing files are ignored."""
    for path, digest in records:
        file = files / path
        if not digest.startswith("sha256=") or not file.is_file():
            continue
        made = base64.urlsafe_b64encode(hashlib.sha256(file.read_bytes()).digest()).rstrip(b"=").decode()
        if made != digest.removeprefix("sha256="):
            yield path


def reasons(text: str) -> dict[str, str]:
    """Check -> why it is skipped, from the table of the decision."""
    rows = re.findall(r"^\| (CKV\w+) \| [^|]+ \| ([^|]+) \|$", text, re.MULTILINE)
    return {check: reason.strip() for check, reason in rows}


def _of_locks() -> Tally:
    cases, problems = 0, list[str]()
    for lock in locks():
        found, wrong = read_lock(lock.read_text())
        cases += len(found) + len(wrong)
        problems += [f"{lock.name}: {one}" for one in wrong]
    for makefile in (ROOT / "Makefile", RUNTIME.parent / "Makefile"):
        problems += [f"{makefile}: {line}" for line in unpinned_installs(makefile.read_text())]
        cases += makefile.read_text().count("pip install")
    for workflow in sorted((ROOT / ".github").rglob("*.yml")):
        problems += [f"{workflow.name}: {line}" for line in unpinned_actions(workflow.read_text())]
        cases += workflow.read_text().count("uses:")
    return Tally("Everything that is installed is pinned by its hash", cases, tuple(problems))


def _of_versions() -> Tally:
    runtime, development = _here(RUNTIME), _here(DEVELOPMENT)
    here: dict[str, str] = {canonicalize_name(one.name): one.version for one in metadata.distributions()}
    problems = [
        f"{name} is {version} in the layer and {development.get(name)} where it is tested"
        for name, version in runtime.items()
        if development.get(name) != version
    ]
    problems += [
        f"{name} is {here.get(name)} in this environment and {version} in its lock"
        for name, version in development.items()
        if here.get(name) != version
    ]
    beside = sorted(here.keys() - development.keys() - _UNLOCKED)
    cases = len(runtime) + len(development)
    if LAYER.is_dir():
        layer: dict[str, str] = {
            canonicalize_name(one.name): one.version for one in metadata.distributions(path=[str(LAYER)])
        }
        problems += [f"the layer has {one} and its lock has not" for one in sorted(layer.items() - runtime.items())]
        problems += [f"the lock has {one} and the layer has not" for one in sorted(runtime.items() - layer.items())]
        cases += len(layer)
    figures = f"beside the lock: {', '.join(beside)}" if beside else ""
    return Tally("What is tested and what is deployed is what the locks say", cases, tuple(problems), figures)


def _of_imports() -> Tally:
    package = RUNTIME.parent / "connector"
    command_only = {package / "cli", package / "routing_file.py"}  # as the Makefile of the layer leaves out
    in_the_layer = (one for one in package.rglob("*.py") if not command_only & {one, *one.parents})
    sources = [*in_the_layer, *(ROOT / "functions").rglob("*.py")]
    modules = set().union(*(imports_of(source.read_text()) for source in sources)) - {"connector"}
    providers = {module: {canonicalize_name(name) for name in names} for module, names in _providers().items()}
    locked, declared = _here(RUNTIME).keys(), _declared()
    problems = [
        f"{module} is imported and no package of the layer has it"
        for module in sorted(modules)
        if not providers.get(module, set()) & locked
    ]
    used = {name for module in modules for name in providers.get(module, ())}
    problems += [f"{name} is asked for and never imported" for name in sorted(declared - used - _DATA_ONLY)]
    return Tally("The layer has what it imports and imports what it has", len(sources) + len(declared), tuple(problems))


def _of_files(size: Size) -> Tally:
    wanted = _here(RUNTIME).keys()
    cases, problems = 0, list[str]()
    for one in metadata.distributions():
        name, record = canonicalize_name(one.name), one.read_text("RECORD")
        if record is None or name in _UNLOCKED or (size is Size.FAST and name not in wanted):
            continue
        records = [line.rsplit(",", 2)[:2] for line in record.splitlines()]
        cases += len(records)
        problems += [
            f"{name}: {path} is not as it was published"
            for path in damaged_files(Path(str(one.locate_file(""))), records)
        ]
    return Tally("No file of a package was changed after it was installed", cases, tuple(problems))


def _of_reasons() -> Tally:
    skipped = set(yaml.safe_load((ROOT / ".checkov.yaml").read_text())["skip-check"])
    written = reasons(DECISION.read_text())
    problems = [f"{one} is left out without a reason" for one in sorted(skipped - written.keys())]
    problems += [f"{one} has a reason and is not left out" for one in sorted(written.keys() - skipped)]
    problems += [f"{one}: '{why}' is no reason" for one, why in written.items() if len(why) < _MIN_REASON_LENGTH]
    return Tally("No check of the template is left out without a written reason", len(skipped), tuple(problems))


def _of_checkov() -> list[Tally]:
    guarantee = "Checkov finds nothing in the template"
    if not CHECKOV.is_file():
        return [Tally(guarantee, 0, (), "not run: `make audit` sets it up")]
    ended = subprocess.run(  # noqa: S603 - a program of our own environment
        [CHECKOV, "--config-file", ".checkov.yaml", "--output", "json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(ended.stdout)
    failed = report["results"]["failed_checks"]
    problems = tuple(f"{one['check_id']} {one['resource']}: {one['check_name']}" for one in failed)
    return [Tally(guarantee, report["summary"]["passed"] + len(failed), problems)]


def _is_vouched_for(line: str) -> bool:
    return "--require-hashes" in line or ("--no-deps" in line and "--editable ." in line)


def _here(lock: Path) -> dict[str, str]:
    found, _ = read_lock(lock.read_text())
    return {one.name: one.version for one in found if one.is_for_here}


def _declared() -> set[str]:
    lines = RUNTIME.with_suffix(".in").read_text().splitlines()
    return {canonicalize_name(line.strip()) for line in lines if line.strip() and not line.startswith("#")}


def _providers() -> dict[str, list[str]]:
    return {module: list(names) for module, names in metadata.packages_distributions().items()}
