"""What the guides say about the code is so: outputs, reason codes, settings, parameters, defaults, alarms, and gaps."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.cli import output
from connector.cli.commands import cli
from connector.cli.config import go_live_checks
from connector.cli.doctor import orderful
from connector.domain.documents import Kind
from connector.domain.inbound import TAKEN_BY_DEFAULT
from connector.domain.order_change.record import ChangeState
from connector.domain.polling.cursor import FIRST_REACH
from connector.domain.reasons import Reason
from connector.domain.revision.go_live import BeforeGoLive
from connector.domain.revision.record import State
from connector.domain.routing.route import RECORDS, SETTINGS
from connector.domain.transactions import Dialect, Stream, TransactionType
from connector.routing_file import check

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GUIDES = ("partners.md", "go-live.md", "troubleshooting.md", "faq.md", "not-built.md")
TEXTS = {name: (DOCS / name).read_text(encoding="utf-8") for name in GUIDES}
ALARMS = yaml.safe_load(re.sub(r"!\w+", "", (ROOT / "infra/alarms.yaml").read_text()))["alarms"]
TEMPLATE = (ROOT / "template.yaml").read_text(encoding="utf-8")
EXAMPLE = yaml.safe_load((ROOT / "connector.example.yaml").read_text(encoding="utf-8"))
REFUSED = "on_revision: change"


def prose(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def marked(text: str) -> list[str]:
    return [" ".join(one.split()) for one in re.findall(r"`([^`]+)`", prose(text))]


def tables(text: str, head: str) -> Iterator[list[list[str]]]:
    """The rows of each table whose first column has this heading."""
    for table in re.findall(rf"^\| {re.escape(head)} \|.*\n\|[-| ]+\|\n((?:\|.*\n)+)", text, re.MULTILINE):
        yield [line.strip("| ").split(" | ") for line in table.splitlines()]


def said_by_the_code() -> str:
    """Every text of the code that is no docstring, and what make says."""
    found = [(ROOT / "Makefile").read_text(encoding="utf-8")]
    for folder in ("layers/connector/connector", "parameters", "infra"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            docstrings = {id(one.value) for one in nodes if isinstance(one, ast.Expr)}
            texts = (one for one in nodes if isinstance(one, ast.Constant) and id(one) not in docstrings)
            found += [one.value for one in texts if isinstance(one.value, str)]
    return "\n".join(found)


OUTPUTS = [
    (name, phrase)
    for name, text in TEXTS.items()
    for rows in tables(text, "it says")
    for row in rows
    for phrase in re.findall(r'"([^"]+)"', row[0])
]
SAID = said_by_the_code()


@pytest.mark.parametrize(("page", "phrase"), OUTPUTS)
def test_what_a_command_is_quoted_with_is_a_text_of_the_code(page, phrase):
    assert phrase in SAID


def test_the_tables_of_symptoms_quote_something():
    assert len(OUTPUTS) > 30


@pytest.mark.parametrize("page", GUIDES)
def test_every_code_is_a_reason_or_an_alarm(page):
    named = {one for one in marked(TEXTS[page]) if re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", one)}
    assert named - set(Reason) - set(ALARMS) == set()


@pytest.mark.parametrize("page", GUIDES)
def test_every_name_in_capitals_and_small_letters_is_of_the_template(page):
    named = {one for one in marked(TEXTS[page]) if re.fullmatch(r"([A-Z][a-z]+){2,}", one)} - {"DropShip"}
    assert {one for one in named if not re.search(rf"^  {one}:", TEMPLATE, re.MULTILINE)} == set()


def test_every_state_in_troubleshooting_exists():
    rows = [row[0] for table in tables(TEXTS["troubleshooting.md"], "it says") for row in table]
    named = {word for row in rows for word in re.findall(r"\b[A-Z]{5,}\b", re.sub(r'`[^`]*`|"[^"]*"', "", row))}
    assert len(named) > 8
    assert named - set(State) - set(ChangeState) == set()


def is_setting(key: str) -> bool:
    return key in SETTINGS or key in RECORDS or key == "kinds"


@pytest.mark.parametrize(
    ("page", "head", "column"), [("partners.md", "ask", 1), ("troubleshooting.md", "what is wrong", 2)]
)
def test_every_setting_of_a_table_is_one(page, head, column):
    cells = [row[column] for table in tables(TEXTS[page], head) for row in table if len(row) > column]
    named = [key for cell in cells for key in re.findall(r"`([^`]+)`", cell)]
    assert len(named) > 5
    assert [key for key in named if not is_setting(key)] == []


def nested(path: str, value: Any) -> Any:
    head, _, rest = path.partition(".")
    return {head: nested(rest, value) if rest else value}


def merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    both = {**base, **more}
    for key in base.keys() & more.keys():
        if isinstance(base[key], Mapping) and isinstance(more[key], Mapping):
            both[key] = merged(base[key], more[key])
    return both


def errors_with(said: Mapping[str, Any], *place: str) -> list[str]:
    """The errors of the example with something more said in one place."""
    for key in reversed(place):
        said = {key: said}
    return [str(problem) for problem in check(merged(EXAMPLE, said)).errors]


SETTINGS_SAID = [
    (page, one)
    for page in GUIDES
    for one in dict.fromkeys(marked(TEXTS[page]))
    if re.match(r"[a-z_0-9.]+: \S", one) and one != REFUSED
]


@pytest.mark.parametrize(("page", "said"), SETTINGS_SAID)
def test_a_setting_with_its_value_is_taken_by_the_check(page, said):
    (path, value), *more = yaml.safe_load(said).items()
    assert more == []
    places = (("defaults",), ("companies", "nordic"), ("partners", "acme"), ("defaults", "kinds", "purchase_order"))
    assert any(errors_with(nested(path, value), *place) == [] for place in places)


def test_the_entry_of_a_new_partner_is_taken_as_it_stands():
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", TEXTS["partners.md"], re.MULTILINE | re.DOTALL)
    found = check(merged(EXAMPLE, yaml.safe_load(block)))
    assert [str(one) for one in found.problems] == [str(one) for one in check(EXAMPLE).problems]
    assert found.data is not None
    assert found.data["partners"].keys() - EXAMPLE["partners"].keys() == {"nordfrukt"}


@pytest.mark.parametrize("page", GUIDES)
def test_a_default_in_brackets_is_the_default(page):
    for name, value in re.findall(r"`([\w.]+)` \((\d\w*|rate\([^)]+\))\)", TEXTS[page]):
        declared = re.search(rf"^  {name}:\n(?:    .*\n)*?    Default: (.+)$", TEMPLATE, re.MULTILINE)
        assert value == (SETTINGS[name].default if name in SETTINGS else declared and declared[1]), name


def test_a_default_is_named_somewhere():
    assert "`settle` (2m)" in TEXTS["faq.md"]


def test_troubleshooting_has_an_entry_for_every_alarm():
    part = TEXTS["troubleshooting.md"].partition("\n## An alarm\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"\]\(runbook\.md#([a-z-]+)\)", part)) == set(ALARMS)


def test_the_go_live_page_has_the_policies_and_the_bounds():
    (rows,) = tables(TEXTS["go-live.md"], "`before_go_live`")
    assert [row[0].strip("`") for row in rows] == ["park", "send", "ignore"]
    assert {row[0].strip("`") for row in rows} == set(BeforeGoLive)
    bounds = f"more than {go_live_checks.FAR_AHEAD.days} days ahead or {go_live_checks.LONG_AGO.days} days ago"
    assert bounds in " ".join(TEXTS["go-live.md"].split())
    assert f"at most {FIRST_REACH.days} days back" in TEXTS["go-live.md"]


def test_the_partner_page_has_the_statuses_that_the_doctor_takes():
    assert set(orderful._READY[Stream.TEST]) == {"TEST", "READY", "LIVE"}
    assert set(orderful._READY[Stream.LIVE]) == {"READY", "LIVE"}
    text = " ".join(TEXTS["partners.md"].split())
    assert "The test stream needs TEST, READY or LIVE, the live stream READY or LIVE." in text


def test_the_exit_codes_are_those_of_the_commands():
    codes = re.findall(r"^\| exit code (\d) \|", TEXTS["troubleshooting.md"], re.MULTILINE)
    assert [int(one) for one in codes] == [output.FAILED, output.WRONG_INPUT, output.PARKED, output.REJECTED]


NOT_BUILT: Mapping[str, Callable[[], bool]] = {
    "EDIFACT text": lambda: set(Dialect) == {"mosaic", "x12"},
    "A changed order sent as 860": lambda: (
        errors_with(yaml.safe_load(REFUSED), "defaults") != [] and not any("860" in one for one in TransactionType)
    ),
    "Answers of ours to a customer's order (855)": lambda: not Kind.SALES_ORDER_CONFIRMATION.facts.is_listed,
    "Other documents: forecasts (830), stock (846), payments (820), price lists (832)": lambda: (
        {kind.facts.transaction_type.number for kind in Kind} == {"850", "810", "855"}
    ),
    "Ship notices (856) and invoices (810) of suppliers written into Visma": lambda: (
        not {"856", "810"} & set(TAKEN_BY_DEFAULT)
    ),
    "A web page (console)": lambda: "console" not in cli.commands,
    'Visma\'s events ("poll now")': lambda: not (ROOT / "functions/receive_visma_event").exists(),
    "Items, GTINs and locations read from Visma's catalogue": lambda: (
        # Its own resource, and the output that names it.
        len(re.findall(r"\bItemsTable\b", TEMPLATE)) == 3
    ),
    "Roles finer than two": lambda: len(re.findall(r"^  \w+PolicyArn:$", TEMPLATE, re.MULTILINE)) == 2,
    "A change of a document in the connector": lambda: "edit" not in cli.commands["documents"].commands,
    "Profiles of well-known partners": lambda: "profile" not in SETTINGS and "profiles" not in SETTINGS,
}
"""A line of the page that the code tells about, and whether it is still not built."""


@pytest.mark.parametrize("line", NOT_BUILT)
def test_what_is_not_built_is_not_built(line):
    listed = [row[0] for table in tables(TEXTS["not-built.md"], "not there") for row in table]
    assert line in listed
    assert NOT_BUILT[line](), "it is built by now: take its line out of docs/not-built.md"
