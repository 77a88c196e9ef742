"""Files that people hand to the command: read whole, in UTF-8, or refused with one sentence."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec
import yaml

from connector.cli.output import WrongInput
from connector.domain.json_text import mended
from connector.domain.transactions import Stream
from connector.routing_file import Checked, check

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
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


def read_documents(name: str) -> Sequence[bytes]:
    """The JSON documents of a file: the one object, or the elements of a list as an API returns them.

    Raises:
        WrongInput: it cannot be read, or is an empty or broken list. What is no JSON at all is left to the reader of
            the document, who can say more about it.
    """
    body = read_bytes(name).removeprefix(_BYTE_ORDER_MARK)
    if body.lstrip()[:1] != b"[":
        return [body]
    try:
        elements = [bytes(element) for element in _elements.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WrongInput(f"{name} is not JSON, or only a part of it: {error}.") from None
    if not elements:
        raise WrongInput(f"{name} is an empty list: there is nothing in it to look at.")
    return elements


def read_document(name: str) -> bytes:
    """The one JSON document of a file, alone or as a list of one.

    Raises:
        WrongInput: it cannot be read, or there are several.
    """
    found = read_documents(name)
    if len(found) > 1:
        raise WrongInput(f"{name} is a list of {len(found)} documents; give one of them.")
    return found[0]


def parse_json(body: bytes, name: str) -> Any:
    """The content of a JSON document, with numbers as `int` or `Decimal`.

    Raises:
        WrongInput: it is none.
    """
    try:
        return _json.decode(mended(body))
    except InvalidOperation:
        raise WrongInput(f"{name}: a number in it is beyond every size.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WrongInput(f"{name} is not JSON, or only a part of it: {error}.") from None


def read_routing(name: str, *, stream: Stream | None = None) -> Checked:
    """Read and check a routing file for a stack of `stream`, where that is known.

    Raises:
        WrongInput: it cannot be read or is not YAML.
    """
    return check(read_yaml(name), stream=stream)


def read_yaml(name: str) -> Any:
    """Read a file of YAML as people mean it; a key that stands twice is an error.

    Raises:
        WrongInput: it cannot be read or is not YAML.
    """
    try:
        return yaml.load(read_bytes(name).decode("utf-8-sig"), Loader=_PlainLoader)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError as error:
        raise WrongInput(f"{name} is not UTF-8 text (byte {error.start}).") from None
    except RecursionError:
        raise WrongInput(f"{name} is not YAML that anybody would write: it is nested too deeply.") from None
    except yaml.YAMLError as error:
        raise WrongInput(f"{name} is not YAML: {_where(error)}.") from None


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


class _PlainLoader(yaml.SafeLoader):
    """YAML as people mean it: only true, false and null are not text, and no key stands twice.

    YAML 1.1 would read the country `NO` as false and the supplier `0050012` as an octal number; the models of the
    routing file turn text into numbers where numbers are meant.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as in yaml.SafeLoader

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Build a mapping; a key that stands twice is an error, not a silent loss of the first."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key '{key.value}' stands twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^(?:<<)$"), ["<"])


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"{problem} (line {mark.line + 1}, column {mark.column + 1})" if mark else problem
