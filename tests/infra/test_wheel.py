"""The wheel of the project works in an environment that has nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from connector import __version__

ROOT = Path(__file__).resolve().parents[2]
# One environment for all of them.
pytestmark = pytest.mark.xdist_group("wheel")
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "layers", "requirements")


def _run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Outside the repository, so that nothing of it is found by accident."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CONNECTOR_", "AWS_"))}
    return subprocess.run(command, cwd=cwd, env=kept, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, since setuptools leaves its traces beside the sources."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    ended = _run(*pip, "--wheel-dir", built, source, cwd=built)
    assert ended.returncode == 0, ended.stderr
    [found] = built.iterdir()
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel and what it asks for, in the locked versions."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=True)
    locked = re.findall(r"^[a-z0-9.-]+==[^ ]+", (ROOT / "requirements" / "dev.txt").read_text(), re.MULTILINE)
    (home / "constraints.txt").write_text("\n".join(locked))
    pip = [home / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    ended = _run(*pip, "--constraint", home / "constraints.txt", wheel, cwd=home)
    assert ended.returncode == 0, ended.stderr
    return home / "bin"


def test_the_wheel_has_every_module_and_what_they_read_and_nothing_of_the_workshop(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    layer = ROOT / "layers" / "connector"
    expected = {str(path.relative_to(layer)) for path in (layer / "connector").rglob("*.py")}
    assert names == expected | {"connector/py.typed", "connector/cli/connector.schema.json"}


def test_the_version_stands_in_one_place(installed: Path, wheel: Path) -> None:
    assert _run(installed / "connector", "--version", cwd=installed).stdout == f"connector, version {__version__}\n"
    assert wheel.name.startswith(f"visma_orderful_connector-{__version__}-")
    assert "version" not in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_installed_command_translates_an_order(installed: Path, tmp_path: Path) -> None:
    demo = ROOT / "demo"
    shutil.copy(demo / "routing.yaml", tmp_path)
    program = "import json, sys; json.dump(json.load(open(sys.argv[1]))['document'], open('order.json', 'w'))"
    assert _run(sys.executable, "-c", program, demo / "order.json", cwd=tmp_path).returncode == 0

    arguments = ("translate", "order.json", "--config", "routing.yaml", "--as", "x12")
    ended = _run(installed / "connector", *arguments, cwd=tmp_path)

    assert ended.returncode == 0, ended.stderr
    assert "BEG*00*" in ended.stdout
    assert "500200" in ended.stdout
