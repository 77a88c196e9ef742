"""What a docstring names is there: attributes, arguments, and the constant that a string describes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("layers", "functions", "testkit", "demo", "bench", "proof", "tests", "infra", "parameters", "contracts")
SOURCES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]

Function = ast.FunctionDef | ast.AsyncFunctionDef


def entries(docstring: str | None, section: str) -> list[str]:
    """The names that a section of a docstring in Google's style lists."""
    _, found, rest = (docstring or "").partition(f"{section}:\n")
    if not found:
        return []
    names = []
    for line in rest.splitlines():
        if line.strip() and not line.startswith("    "):
            break
        if entry := re.match(r" {4}\*{0,2}(\w+(?:, \w+)*):", line):
            names += entry[1].split(", ")
    return names


def arguments(function: Function) -> set[str]:
    given = function.args
    several = [one for one in (given.vararg, given.kwarg) if one]
    return {one.arg for one in [*given.posonlyargs, *given.args, *given.kwonlyargs, *several]}


def attributes(cls: ast.ClassDef) -> set[str]:
    """What the body of a class declares, and what its methods assign to `self`."""
    found = set()
    for node in cls.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        if isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    for node in ast.walk(cls):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        ):
            found.add(node.attr)
    return found


def base_names(cls: ast.ClassDef) -> list[str]:
    return [base.id for base in cls.bases if isinstance(base, ast.Name)]


def classes(trees: list[ast.Module]) -> dict[str, list[ast.ClassDef]]:
    found: dict[str, list[ast.ClassDef]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(node)
    return found


def inherited(cls: ast.ClassDef, known: dict[str, list[ast.ClassDef]]) -> set[str]:
    """The attributes of a class and of every class that its bases may be, by name."""
    seen, left = [], [cls]
    while left:
        one = left.pop()
        if one not in seen:
            seen.append(one)
            left += [base for name in base_names(one) for base in known.get(name, [])]
    return set().union(*map(attributes, seen))


def unknown_names(tree: ast.Module, known: dict[str, list[ast.ClassDef]]) -> Iterator[str]:
    """Every name of a docstring that its class or function does not have."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            documented = entries(ast.get_docstring(node), "Attributes")
            arguments_too = entries(ast.get_docstring(node), "Args")
            there = inherited(node, known)
            for function in node.body:
                if isinstance(function, ast.FunctionDef) and function.name == "__init__":
                    there |= arguments(function)
            yield from (
                f"{node.lineno} {node.name}: {name}" for name in [*documented, *arguments_too] if name not in there
            )
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            there = arguments(node)
            documented = entries(ast.get_docstring(node), "Args")
            yield from (f"{node.lineno} {node.name}: {name}" for name in documented if name not in there)


def stray_strings(tree: ast.Module) -> Iterator[int]:
    """Lines of strings that describe nothing: neither first in their block nor after an assignment."""
    for owner in ast.walk(tree):
        for block in (getattr(owner, name, None) for name in ("body", "orelse", "finalbody")):
            if not isinstance(block, list):
                continue
            for place, node in enumerate(block):
                if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.JoinedStr)):
                    continue
                if isinstance(node.value, ast.Constant) and not isinstance(node.value.value, str):
                    continue  # `...`
                documents = isinstance(owner, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                if place == 0 and documents:
                    continue
                if place and isinstance(block[place - 1], ast.Assign | ast.AnnAssign):
                    continue
                yield node.lineno


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}


def test_every_name_that_a_docstring_lists_is_there(trees: dict[Path, ast.Module]) -> None:
    known = classes([*trees.values()])

    missing = [f"{path.relative_to(ROOT)}:{one}" for path, tree in trees.items() for one in unknown_names(tree, known)]

    assert not missing, "\n".join(missing)


def test_every_string_between_statements_describes_what_stands_before_it(trees: dict[Path, ast.Module]) -> None:
    stray = [f"{path.relative_to(ROOT)}:{line}" for path, tree in trees.items() for line in stray_strings(tree)]

    assert not stray, "\n".join(stray)


EXAMPLE = """
class Base:
    kept: int

class Some(Base):
    '''It.

    Attributes:
        kept: One.
        gone: Two,
            on two lines: yes.
    '''

    own: int
    '''Described.'''
    '''Left over.'''

    def act(self, one: int) -> None:
        '''Act.

        Args:
            one: It.
            two: No.
        '''
"""


def test_a_name_that_is_not_there_is_found() -> None:
    tree = ast.parse(EXAMPLE)

    assert [*unknown_names(tree, classes([tree]))] == ["5 Some: gone", "18 act: two"]
    assert [*stray_strings(tree)] == [16]
