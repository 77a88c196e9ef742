"""The layer is built for the runtime and the processor in force, or not at all."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYER = ROOT / "layers" / "connector"
THIS = f"python{sys.version_info.major}.{sys.version_info.minor}"
# ELF: e_machine.
MACHINES = {"x86_64": 62, "arm64": 183}


def _make(layer: Path, artifacts: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """What `sam build` does for the layer."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LAYER_", "MAKE"))}
    return subprocess.run(
        ["make", "--makefile", layer / "Makefile", "build-ConnectorLayer"],
        cwd=layer,
        env={**kept, "LAYER_PYTHON": sys.executable, "ARTIFACTS_DIR": str(artifacts), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_layer_keeps_the_services_for_which_functions_have_clients() -> None:
    kept = re.search(r"^SERVICES = (.*)$", (LAYER / "Makefile").read_text(), re.MULTILINE)
    clients = (LAYER / "connector" / "adapters" / "aws" / "clients.py").read_text()

    assert kept is not None
    assert set(kept[1].split()) == set(re.findall(r'_client\("(\w+)"\)', clients))


def targets(layer: Path) -> set[tuple[str, int]]:
    """The Python and the machine that the compiled modules of a layer are for."""
    found = set()
    for module in layer.rglob("*.so"):
        head = module.read_bytes()[:20]
        assert head.startswith(b"\x7fELF")
        tag = next(part for part in module.name.split("-") if part.startswith(tuple("0123456789")))
        found.add((f"python{tag[0]}.{tag[1:]}", int.from_bytes(head[18:20], "little")))
    return found


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The layer and the parameter files in a place where they may be changed."""
    shutil.copytree(LAYER, tmp_path / "layers" / "connector", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "parameters", tmp_path / "parameters", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize(("runtime", "architecture"), [("python3.13", "arm64"), ("python3.12", "x86_64")])
def test_the_layer_fits_what_is_asked_for_whichever_python_builds_it(
    tmp_path: Path, runtime: str, architecture: str
) -> None:
    ended = _make(LAYER, tmp_path, LAYER_RUNTIME=runtime, LAYER_ARCHITECTURE=architecture)

    assert ended.returncode == 0, ended.stderr
    assert targets(tmp_path) == {(runtime, MACHINES[architecture])}
    compiled = {path.name.split(".")[-2] for path in tmp_path.rglob("*.pyc")}
    assert compiled <= {f"cpython-{runtime.removeprefix('python').replace('.', '')}"}
    assert bool(compiled) != (f"There is no {runtime} in PATH" in ended.stderr)


def test_without_a_target_the_parameter_files_say_it(repository: Path, tmp_path: Path) -> None:
    for file in (repository / "parameters").iterdir():
        text = file.read_text().replace('PythonRuntime: "python3.13"', f"PythonRuntime: {THIS}  # ours")
        file.write_text(text.replace('Architecture: "arm64"', 'Architecture: "x86_64"'))

    ended = _make(repository / "layers" / "connector", tmp_path / "built")

    assert ended.returncode == 0, ended.stderr
    assert targets(tmp_path / "built") == {(THIS, MACHINES["x86_64"])}
    assert list((tmp_path / "built").rglob("*.pyc")), "the Python that builds is of the runtime's version"


@pytest.mark.parametrize("line", ['PythonRuntime: "python3.12"', 'Architecture: "x86_64"'])
def test_where_the_files_do_not_agree_nothing_is_built(repository: Path, tmp_path: Path, line: str) -> None:
    file = repository / "parameters" / "prod.yaml"
    name = line.partition(":")[0]
    kept = [each for each in file.read_text().splitlines() if not each.startswith(name)]
    file.write_text("\n".join([*kept, line]))

    ended = _make(repository / "layers" / "connector", tmp_path / "built")

    assert ended.returncode != 0
    assert "do not agree on one PythonRuntime and Architecture: run make build ENV=dev or ENV=prod" in ended.stderr
    assert not (tmp_path / "built").exists()


def test_parameters_on_the_command_line_of_sam_would_not_reach_the_layer(repository: Path, tmp_path: Path) -> None:
    layer = repository / "layers" / "connector"
    make = f"make --makefile {layer}/Makefile build-ConnectorLayer ARTIFACTS_DIR={tmp_path}/built; exit $?"
    ended = subprocess.run(
        ["bash", "-c", make, "sam", "build", "--parameter-overrides", 'LogLevel="DEBUG" Architecture="x86_64"'],
        cwd=layer,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode != 0
    assert "does not tell it of --parameter-overrides: write the value into the file instead." in ended.stderr
    assert not (tmp_path / "built").exists()


def test_a_python_without_pip_is_one_sentence(tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)

    ended = _make(
        LAYER, tmp_path / "built", LAYER_PYTHON=str(python), LAYER_RUNTIME="python3.13", LAYER_ARCHITECTURE="arm64"
    )

    assert ended.returncode != 0
    assert f"{python} has no pip to build the layer with: run make setup." in ended.stderr


def test_the_lock_is_the_same_for_every_python(tmp_path: Path) -> None:
    """pip asks the Python it runs in, not the runtime, about the conditions behind a semicolon."""
    lines = (LAYER / "requirements.txt").read_text().splitlines()

    assert [line for line in lines if ";" in line] == []
