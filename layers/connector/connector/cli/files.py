"""Files that people hand to the command: read whole, in UTF-8, or refused with one sentence."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import yaml

from connector.cli.output import WrongInput
from connector.domain.json_text import repaired, without_mark
from connector.domain.transactions import Stream

if TYPE_CHECKING:
    # It takes a third of the start of a command, and few commands read such a file.
    from connector.routing_file import Checked, Problem

_MERGE = "tag:yaml.org,2002:merge"
_elements = msgspec.json.Decoder(list[msgspec.Raw])
_json = msgspec.json.Decoder(float_hook=Decimal)


def read_bytes(name: str) -> bytes:
    """Read a file, or standard input for `-`.

    Raises:
        WrongInput: it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise WrongInput(f"{name} cannot be read: {error.strerror or error}.") from None


class Documents(NamedTuple):
    """The JSON documents of a file.

    Attributes:
        bodies: Each as it stands there.
        is_list: The file holds a list, if only of one.
    """

    bodies: Sequence[bytes]
    is_list: bool


def read_documents(name: str) -> Documents:
    """The JSON documents of a file: the one object, or the elements of a list as an API returns them.

    Raises:
        WrongInput: it cannot be read, or is an empty or broken list. What is no JSON at all is left to the reader of
            the document, who can say more about it.
    """
    body = without_mark(read_bytes(name))
    if body.lstrip()[:1] != b"[":
        return Documents([body], is_list=False)
    try:
        elements = [bytes(element) for element in _elements.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WrongInput(f"{name} is not JSON, or only a part of it: {error}.") from None
    if not elements:
        raise WrongInput(f"{name} is an empty list: there is nothing in it to look at.")
    return Documents(elements, is_list=True)


def read_document(name: str) -> bytes:
    """The one JSON document of a file, alone or as a list of one.

    Raises:
        WrongInput: it cannot be read, or there are several.
    """
    found = read_documents(name).bodies
    if len(found) > 1:
        raise WrongInput(f"{name} is a list of {len(found)} documents; give one of them.")
    return found[0]


def parse_json(body: bytes, name: str) -> Any:
    """The content of a JSON document, with numbers as `int` or `Decimal`.

    Raises:
        WrongInput: it is none.
    """
    try:
        return _json.decode(repaired(body))
    except InvalidOperation:
        raise WrongInput(f"{name}: a number in it is beyond every size.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WrongInput(f"{name} is not JSON, or only a part of it: {error}.") from None


@dataclass(frozen=True, slots=True)
class RoutingText:
    """A routing file as it was read.

    Attributes:
        checked: What the check found, each with its line.
        body: The file, byte by byte.
    """

    checked: Checked
    body: bytes
    _lines: _Lines

    def placed(self, problem: Problem) -> Problem:
        """A problem with the line of its path, or of the nearest thing around it that the file has."""
        return replace(problem, line=self._lines.of(problem.path))


def read_routing(name: str, *, stream: Stream | None = None) -> Checked:
    """Read and check a routing file for a stack of `stream`, where that is known.

    Raises:
        WrongInput: it cannot be read or is not YAML.
    """
    return read_routing_text(name, stream=stream).checked


def read_routing_text(name: str, *, stream: Stream | None = None) -> RoutingText:
    """The same, with the text itself.

    Raises:
        WrongInput: it cannot be read or is not YAML.
    """
    return check_text(read_bytes(name), name, stream=stream)


def check_text(body: bytes, name: str, *, stream: Stream | None = None) -> RoutingText:
    """Check the text of a routing file; a key that stands twice is one problem among the others.

    Raises:
        WrongInput: it is not YAML.
    """
    from connector.routing_file import check

    loaded = _loaded(body, name)
    checked = check(loaded.data, stream=stream)
    lines = _Lines(loaded.node)
    found = [*loaded.twice, *(replace(one, line=lines.of(one.path)) for one in checked.problems)]
    problems = tuple(sorted(found, key=lambda problem: not problem.fatal))
    data = None if loaded.twice else checked.data
    return RoutingText(replace(checked, problems=problems, data=data), body, lines)


def read_yaml(name: str) -> Any:
    """Read a file of YAML as people mean it; a key that stands twice is an error.

    Raises:
        WrongInput: it cannot be read or is not YAML.
    """
    loaded = _loaded(read_bytes(name), name)
    for problem in loaded.twice:
        raise WrongInput(f"{name}, line {problem.line}: {problem}")
    return loaded.data


def read_sound_routing(name: str) -> dict[str, Any]:
    """Read a routing file of the right shape; problems across its parts are left to `config check`.

    Raises:
        WrongInput: it cannot be read, or not even its shape is right.
    """
    checked = read_routing(name)
    if checked.data is None:
        first, *more = checked.errors
        rest = f" (and {len(more)} more: see `connector config check {name}`)" if more else ""
        raise WrongInput(f"{name} is no routing file: {first}{rest}")
    return checked.data


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A text of YAML: its nodes, which know their lines, its data, and the keys that stand twice."""

    node: yaml.Node | None
    data: Any
    twice: Sequence[Problem]


def _loaded(body: bytes, name: str) -> _Loaded:
    try:
        loader = _PlainLoader(body.decode("utf-8-sig"))
        node = loader.get_single_node()
        # Before the data is made: that puts what `<<` merges among the keys of a node.
        twice = tuple(_twice(node, (), set())) if node is not None else ()
        return _Loaded(node, None if node is None else loader.construct_document(node), twice)
    except UnicodeDecodeError as error:
        raise WrongInput(f"{name} is not UTF-8 text (byte {error.start}).") from None
    except RecursionError:
        raise WrongInput(f"{name} is not YAML that anybody would write: it is nested too deeply.") from None
    except yaml.YAMLError as error:
        raise WrongInput(f"{name} is not YAML: {_where(error)}.") from None


def _twice(node: yaml.Node, path: tuple[str, ...], seen: set[int]) -> Iterator[Problem]:
    """The keys that stand twice in one place: YAML would lose the first of them in silence."""
    if id(node) in seen:  # an anchor that is used again
        return
    seen.add(id(node))

    from connector.routing_file import Problem

    lines: dict[str, int] = {}
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        inside = (*path, str(key.value)) if isinstance(key, yaml.ScalarNode) else path
        if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
            line = key.start_mark.line + 1
            if key.value in lines:
                sentence = f"the key '{key.value}' stands twice, first in line {lines[key.value]}. Keep one of the two."
                yield Problem(".".join(inside), sentence, line=line)
            lines.setdefault(key.value, line)
        yield from _twice(value, inside, seen)
    for entry in node.value if isinstance(node, yaml.SequenceNode) else ():
        yield from _twice(entry, path, seen)


class _Lines:
    """The lines of what stands at a path; each mapping is looked through once, however many problems there are."""

    def __init__(self, node: yaml.Node | None) -> None:
        self._node = node
        self._keys: dict[int, dict[str, tuple[int, yaml.Node]]] = {}

    def of(self, path: str) -> int | None:
        """The line of a path, or of the nearest thing around it that the file has; None for the file itself."""
        node, line, steps = self._node, None, path.split(".")
        while isinstance(node, yaml.MappingNode) and steps:
            keys = self._keys_of(node)
            # A key may have dots of its own.
            length = next((n for n in range(len(steps), 0, -1) if ".".join(steps[:n]) in keys), None)
            if length is None:
                return line
            line, node = keys[".".join(steps[:length])]
            steps = steps[length:]
        if isinstance(node, yaml.SequenceNode) and steps and steps[0].isdecimal() and int(steps[0]) < len(node.value):
            return int(node.value[int(steps[0])].start_mark.line) + 1
        return line

    def _keys_of(self, node: yaml.MappingNode) -> dict[str, tuple[int, yaml.Node]]:
        if id(node) not in self._keys:
            self._keys[id(node)] = {
                str(key.value): (key.start_mark.line + 1, value)
                for key, value in node.value
                if isinstance(key, yaml.ScalarNode)
            }
        return self._keys[id(node)]


class _PlainLoader(yaml.SafeLoader):
    """YAML as people mean it: only true, false and null are not text.

    YAML 1.1 would read the country `NO` as false and the supplier `0050012` as an octal number; the models of the
    routing file turn text into numbers where numbers are meant.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as in yaml.SafeLoader


_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)
_PlainLoader.add_implicit_resolver(_MERGE, re.compile(r"^(?:<<)$"), ["<"])


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"{problem} (line {mark.line + 1}, column {mark.column + 1})" if mark else problem
