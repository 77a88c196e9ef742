from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode_str
from cfnlint.template import Template

from testkit.laptop import deploy

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def _parsed() -> dict[str, Any]:
    """The template with `Globals` merged, read once: cfn-lint takes half a second for it."""
    parsed, problems = decode_str((ROOT / "template.yaml").read_text())
    assert not problems
    linted = Template(str(ROOT / "template.yaml"), parsed, ["eu-north-1"])
    assert not linted.transform()
    return linted.template


@pytest.fixture
def linted_template(_parsed: dict[str, Any]) -> Template:
    """The template as cfn-lint shows it to a rule, for the test to break."""
    return Template(str(ROOT / "template.yaml"), copy.deepcopy(_parsed), ["eu-north-1"])


@pytest.fixture
def template(linted_template: Template) -> dict[str, Any]:
    """The parsed template: intrinsic functions in long form, `Globals` merged into the functions."""
    return linted_template.template


@pytest.fixture
def properties(template: dict[str, Any]) -> Callable[[str], dict[str, dict[str, Any]]]:
    """The resources of a type: their properties by logical id."""

    def of_type(kind: str) -> dict[str, dict[str, Any]]:
        found = {name: it["Properties"] for name, it in template["Resources"].items() if it["Type"] == kind}
        assert found, f"the template has no {kind}"
        return found

    return of_type


@pytest.fixture(scope="session")
def artifact() -> Path:
    """What `sam build` makes of the repository."""
    return deploy.build()
