"""Tests run in whatever order the command line names them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_fixtures_of_a_folder_are_found_before_and_after_a_file_above_it():
    named = (
        "tests/unit/cli/documents/test_bodies.py::test_what_was_never_translated_has_no_request",
        "tests/unit/test_settings.py::test_settings_cannot_be_changed_afterwards",
        "tests/unit/cli/config/test_command.py::test_check_says_that_a_sound_file_is_in_order",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *named],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
