"""The documents lead somewhere: links resolve, paths exist, every record is listed and has the one form."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "docs" / "decisions"
RECORDS = sorted(DECISIONS.glob("[0-9]*.md"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "contracts/README.md"])
WITH_PATHS = ("docs/architecture.md", "CONTRIBUTING.md", "SECURITY.md", "contracts/README.md")
TOP = {path.name for path in ROOT.iterdir()}
QUESTIONS = 10
TERMS = 40


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", without_code(page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def paths(page: str) -> set[str]:
    """Paths in code marks that begin with something of the repository's root."""
    marked = re.findall(r"`([\w./-]+)`", without_code((ROOT / page).read_text()))
    return {one for one in marked if "/" in one.rstrip("/") and one.split("/")[0] in TOP} | (TOP & set(marked))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_resolves(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text())):
        if re.match(r"https?://|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


@pytest.mark.parametrize("page", WITH_PATHS)
def test_every_path_exists(page: str) -> None:
    found = paths(page)
    assert found
    assert [one for one in found if not (ROOT / one).exists()] == []


def test_the_architecture_answers_ten_questions_with_paths() -> None:
    _, _, table = (ROOT / "docs/architecture.md").read_text().partition("## Ten questions")
    rows = re.findall(r"^\| (?!where is|---)([^|]+) \| ([^|]+) \|$", table, re.MULTILINE)
    assert len(rows) == QUESTIONS
    for question, answer in rows:
        assert (ROOT / re.findall(r"`([^`]+)`", answer)[0]).is_file(), question


def test_the_picture_has_every_function_and_every_queue() -> None:
    picture = (ROOT / "docs/architecture.md").read_text().partition("```mermaid")[2].partition("```")[0]
    template = (ROOT / "template.yaml").read_text()
    assert {path.name for path in (ROOT / "functions").iterdir() if path.is_dir()} <= set(re.findall(r"\w+", picture))
    queues = {name.lower() for name in re.findall(r"^  (\w+)Queue:$", template, re.MULTILINE)}
    assert queues == set(re.findall(r"(\w+)\.fifo", picture))


def test_the_glossary_has_its_terms_once() -> None:
    terms = re.findall(
        r"^\| (?!here|---)([^|]+) \|[^|]+\|[^|]+\|$", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE
    )
    assert len(set(terms)) == len(terms) >= TERMS


def test_the_index_of_the_docs_names_every_page() -> None:
    index = (ROOT / "docs/README.md").read_text()
    pages = {page.name for page in (ROOT / "docs").glob("*.*")} - {"README.md"}
    assert [page for page in pages if f"({page})" not in index] == []


def test_every_record_is_listed_with_its_title_and_no_number_is_used_twice() -> None:
    listed = re.findall(r"^\| \[(\d{4})\]\(([^)]+)\) \| (.+) \|$", (DECISIONS / "README.md").read_text(), re.MULTILINE)
    titles = [re.fullmatch(r"# (\d{4}): (.+)", record.read_text().splitlines()[0]) for record in RECORDS]
    assert listed == [(title[1], record.name, title[2]) for record, title in zip(RECORDS, titles, strict=True) if title]
    assert all(first.name[:4] < second.name[:4] for first, second in pairwise(RECORDS))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_record_has_the_one_form(record: Path) -> None:
    title, blank, status, *_ = record.read_text().splitlines()
    assert title.startswith(f"# {record.name[:4]}: ")
    assert blank == ""
    assert re.match(r"20\d\d-\d\d-\d\d\. (Accepted|Replaced by \d{4})\.", status)
    sections = re.findall(r"^\*\*(Chosen|Why|Rejected alternatives)\*\*", record.read_text(), re.MULTILINE)
    assert sections == ["Chosen", "Why", "Rejected alternatives"], "see docs/decisions/README.md"


def test_the_code_owners_are_the_team_that_contributing_says_to_replace() -> None:
    owners = (ROOT / ".github" / "CODEOWNERS").read_text()
    assert {*re.findall(r"@[\w/-]+", owners)} == {*re.findall(r"@[\w/-]+", (ROOT / "CONTRIBUTING.md").read_text())}
