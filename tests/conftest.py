"""What all tests have in common."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# Hypothesis fails an example that takes longer than 200 ms: no verdict here depends on the speed of the machine.
settings.register_profile("connector", settings(), deadline=None)
settings.load_profile("connector")


def pytest_configure(config: pytest.Config) -> None:
    """Run what the command line names in the order of the paths.

    pytest 9.1 does not find the fixtures of a folder that is named before and after a file of a folder above it:
    https://github.com/pytest-dev/pytest/issues/14635
    """
    config.args.sort(key=lambda argument: Path(argument.partition("::")[0]).parts)
