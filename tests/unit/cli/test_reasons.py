"""The page of reasons."""

from __future__ import annotations

from pathlib import Path

from connector.cli.reasons import page
from connector.domain.reasons import Reason

PAGE = Path(__file__).parents[3] / "docs/reasons.md"


def test_the_page_is_what_the_code_says():
    stored = PAGE.read_text(encoding="utf-8")
    assert stored == page(), "write it again: python -m connector.cli.reasons > docs/reasons.md"
    assert all(f"| `{code}` |" in stored for code in Reason)
