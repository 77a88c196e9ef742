"""The stacks that a person has named, with region and profile of each, in a file of that person's.

    live: {stack: connector, region: eu-north-1, profile: nordic-prod}
    test: {stack: connector-dev, region: eu-north-1, profile: nordic-test}

It is `connector/stacks.yaml` in `XDG_CONFIG_HOME`, or in `~/.config` (XDG base directory specification).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.cli.output import WrongInput

_PARTS = ("stack", "region", "profile")


@dataclass(frozen=True, slots=True)
class NamedStack:
    """One entry of the file.

    Attributes:
        stack: The name of the CloudFormation stack.
        region: None: that of the AWS environment; `profile`: likewise.
    """

    stack: str
    region: str | None = None
    profile: str | None = None


def path_of(environment: Mapping[str, str]) -> Path:
    """Where the file is, whether or not there is one. A relative `XDG_CONFIG_HOME` is invalid and ignored (XDG)."""
    base = Path(environment.get("XDG_CONFIG_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".config") / "connector" / "stacks.yaml"


def named_stacks(path: Path) -> Mapping[str, NamedStack]:
    """The entries of the file by their names; none without a file.

    Raises:
        WrongInput: the file cannot be read or is not of the agreed form.
    """
    if not path.exists():
        return {}
    from connector.cli.files import read_yaml

    data = read_yaml(str(path))
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise WrongInput(
            f"{path}: write a line such as `live: {{stack: connector, region: eu-north-1}}` for each stack."
        )
    return {str(name): _entry(path, str(name), entry) for name, entry in data.items()}


def _entry(path: Path, name: str, entry: Any) -> NamedStack:
    sound = isinstance(entry, dict) and set(entry) <= set(_PARTS) and "stack" in entry
    if not sound or not all(isinstance(value, str) and value for value in entry.values()):
        raise WrongInput(f"{path}: {name} takes stack, and if need be region and profile, each as text.")
    return NamedStack(**entry)
