"""Who may import whom. Dependencies point inwards: functions -> bootstrap -> services -> domain, edi; adapters beside.

Read from the source with `ast`, imports inside functions included, so that nothing has to be imported to be checked.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "connector" / "connector"
HEAVY = {"boto3", "botocore", "requests", "tenacity", "urllib3"}
COMMAND_ONLY = {"click", "jsonschema", "pydantic", "rich", "yaml"}
"""What the layer does not have."""
IMPURE = HEAVY | {"time", "random", "uuid", "secrets", "os", "socket", "subprocess", "threading", "asyncio"}
CLOCK_CALLS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}


@dataclass(frozen=True)
class Import:
    """One imported module: its full name, and whether importing the importer imports it."""

    module: str
    line: int
    eager: bool


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports_of(tree: ast.Module) -> Iterator[Import]:
    """Every import of a module; those only for the type checker left out."""

    def walk(node: ast.AST, *, eager: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if isinstance(child, ast.Import):
                yield from (Import(alias.name, child.lineno, eager) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, "imports are absolute"
                assert child.module
                yield Import(child.module, child.lineno, eager)
                yield from (Import(f"{child.module}.{alias.name}", child.lineno, eager) for alias in child.names)
            else:
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from walk(child, eager=eager and not inside)

    return walk(tree, eager=True)


def modules(*parts: str) -> list[Path]:
    found = sorted(path for part in parts for path in (PACKAGE / part).rglob("*.py"))
    assert found, f"nothing below {parts}: the rules would hold for nothing"
    return found


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def offences(path: Path, forbidden: set[str], *, eager_only: bool = False) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{found.line} imports {found.module}"
        for found in imports_of(parsed(path))
        if any(found.module == one or found.module.startswith(f"{one}.") for one in forbidden)
        and (found.eager or not eager_only)
    ]


FACTS = [PACKAGE / "kinds" / "facts.py", *sorted(PACKAGE.glob("kinds/*/facts.py"))]
"""What the domain knows of kinds of documents. The rest of their folders belongs to `edi`."""
DOMAIN = modules("domain") + FACTS
EDI = sorted({*modules("edi", "kinds")} - {*FACTS})
PURE = DOMAIN + EDI
SERVICES = modules("services")
CLI = modules("cli")
EVERYTHING = sorted(set(PACKAGE.rglob("*.py")) - set(CLI) - {PACKAGE / "routing_file.py"})
"""What the layer holds: the `connector` command and the checks of the routing file are not in it."""
FUNCTIONS = sorted((ROOT / "functions").rglob("*.py"))
OUTER = {"connector.adapters", "connector.services", "connector.bootstrap", "connector.settings"}
TOOLS = {"demo", "testkit", "proof", "bench", "tests", "cfn_rules", "contracts", "infra"}


@pytest.mark.parametrize("path", PURE, ids=names(PURE))
def test_domain_and_edi_import_no_input_or_output(path):
    assert offences(path, OUTER | IMPURE | {"aws_lambda_powertools"}) == []


@pytest.mark.parametrize("path", DOMAIN, ids=names(DOMAIN))
def test_the_domain_does_not_know_how_documents_are_written(path):
    allowed = {f"connector.{'.'.join(one.relative_to(PACKAGE).with_suffix('').parts)}" for one in FACTS}
    of_kinds = {found.module for found in imports_of(parsed(path)) if found.module.startswith("connector.kinds")}
    assert {one for one in of_kinds if one.rpartition(".")[0] not in allowed} <= allowed
    assert offences(path, {"connector.edi"}) == []


@pytest.mark.parametrize("path", FACTS, ids=names(FACTS))
def test_the_facts_of_a_kind_need_no_document(path):
    """The domain is built on them, so they stand on words alone."""
    needed = {found.module for found in imports_of(parsed(path)) if found.module.startswith("connector.domain")}
    assert {".".join(one.split(".")[:3]) for one in needed} <= {
        "connector.domain.invoice_types",
        "connector.domain.transactions",
    }


@pytest.mark.parametrize("path", PURE + SERVICES, ids=names(PURE + SERVICES))
def test_nobody_inside_looks_at_the_clock_of_the_machine(path):
    calls = [
        f"{path.name}:{node.lineno} calls {ast.unparse(node.func)}"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (ast.unparse(node.func.value).rpartition(".")[2], node.func.attr) in CLOCK_CALLS
    ]
    assert calls == []


@pytest.mark.parametrize("path", SERVICES, ids=names(SERVICES))
def test_services_ask_for_ports_and_know_no_adapter(path):
    assert offences(path, {"connector.adapters", "connector.bootstrap", "connector.settings"} | IMPURE) == []


@pytest.mark.parametrize("path", modules("adapters"), ids=names(modules("adapters")))
def test_adapters_do_not_know_who_wires_them(path):
    assert offences(path, {"connector.bootstrap", "connector.settings"}) == []


def test_only_adapters_use_aws_and_the_network():
    outside = [path for path in EVERYTHING if PACKAGE / "adapters" not in path.parents]
    assert [offence for path in outside for offence in offences(path, HEAVY)] == []


@pytest.mark.parametrize("path", EVERYTHING, ids=names(EVERYTHING))
def test_nothing_heavy_is_imported_before_it_is_used(path):
    """A cold start pays for every eager import: boto3 alone costs more than everything of ours."""
    assert offences(path, HEAVY, eager_only=True) == []


@pytest.mark.parametrize("path", EVERYTHING, ids=names(EVERYTHING))
def test_nothing_of_the_layer_needs_what_only_the_command_has(path):
    assert offences(path, COMMAND_ONLY | {"connector.cli", "connector.routing_file"}) == []


WRITERS = ("connector.edi.kinds", "connector.edi.mosaic.write", "connector.edi.x12")
WITHOUT_WRITERS = ("deliver_transaction", "poll_visma", "receive_callback", "track_transactions")


def loaded_by(path: Path) -> set[str]:
    """The modules of ours that importing a module imports, directly or not."""
    found: set[str] = set()
    waiting = [path]
    while waiting:
        for one in imports_of(parsed(waiting.pop())):
            place = PACKAGE.parent / one.module.replace(".", "/")
            source = next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)
            if one.eager and one.module not in found and source is not None:
                found.add(one.module)
                waiting.append(source)
    return found


@pytest.mark.parametrize("function", WITHOUT_WRITERS)
def test_a_function_that_writes_no_document_does_not_load_the_writers(function):
    (path,) = (ROOT / "functions" / function).glob("*_handler.py")
    loaded = loaded_by(path)
    assert f"connector.bootstrap.{function}" in loaded
    assert [one for one in loaded if one.startswith(WRITERS)] == []


@pytest.mark.parametrize("path", FUNCTIONS, ids=names(FUNCTIONS))
def test_a_function_imports_its_own_wiring_and_nothing_else_of_ours(path):
    ours = {found.module for found in imports_of(parsed(path)) if found.module.startswith("connector")}
    name = path.parent.name
    assert ours == {f"connector.bootstrap.{name}", f"connector.bootstrap.{name}.{name}"}
    assert offences(path, HEAVY) == []


def test_each_function_has_a_module_name_of_its_own():
    assert [path.stem for path in FUNCTIONS] == [f"{path.parent.name}_handler" for path in FUNCTIONS]
    assert len({path.stem for path in FUNCTIONS}) == len(FUNCTIONS) >= 4


def test_the_package_imports_nothing_from_the_tools_around_it():
    assert [offence for path in EVERYTHING + CLI for offence in offences(path, TOOLS)] == []


def test_nothing_in_the_layer_imports_the_command():
    assert [offence for path in EVERYTHING + FUNCTIONS for offence in offences(path, {"connector.cli"})] == []


def test_inbound_and_outbound_do_not_import_each_other():
    for wing, other in (("inbound", "outbound"), ("outbound", "inbound")):
        paths = modules(f"services/{wing}")
        assert [offence for path in paths for offence in offences(path, {f"connector.services.{other}"})] == []


READS_FOR_POLLING_OR_TRACKING = {
    *("services/outbound/poll", "services/outbound/track", "services/outbound/statuses", "services/outbound/inquiry"),
    *("services/outbound/snapshot", "services/outbound/deliver", "domain/polling/cursor", "domain/polling/budget"),
    *("domain/revision/tracking_schedule", "adapters/visma/client", "adapters/visma/pages"),
    *("adapters/orderful/client", "adapters/orderful/api", "adapters/orderful/inbound", "adapters/aws/cursors"),
}
"""How the poller and the tracker read. What only names their ports is no reading."""

RECONCILIATION = [
    *modules("services/reconcile"),
    *modules("domain/reconcile"),
    PACKAGE / "adapters" / "visma" / "document_list.py",
    PACKAGE / "adapters" / "orderful" / "transaction_list.py",
    PACKAGE / "adapters" / "aws" / "findings.py",
]


@pytest.mark.parametrize("path", RECONCILIATION, ids=names(RECONCILIATION))
def test_reconciliation_shares_no_reading_with_the_poller_and_the_tracker(path):
    """It is to find what they believe impossible (docs/decisions/0042)."""
    ports = {PACKAGE / "services" / "ports.py"}
    reached = {str(one.relative_to(PACKAGE).with_suffix("")) for one in reached_from(path, beside=ports) if one != path}
    assert sorted(reached & READS_FOR_POLLING_OR_TRACKING) == []


def test_the_adapters_of_one_system_do_not_import_those_of_another():
    systems = ("aws", "visma", "orderful")
    for system in systems:
        others = {f"connector.adapters.{other}" for other in systems if other != system}
        assert [offence for path in modules(f"adapters/{system}") for offence in offences(path, others)] == []


def test_only_those_who_wire_know_the_adapters_of_aws():
    """A client is given its credentials; it does not know where they lie."""
    beside = [path for path in modules("adapters") if "aws" not in path.parts]
    assert [offence for path in beside for offence in offences(path, {"connector.adapters.aws"})] == []


def test_proofs_measurements_and_imitations_do_not_import_tests():
    tools = [path for name in ("proof", "bench", "testkit", "demo") for path in sorted((ROOT / name).rglob("*.py"))]
    assert tools
    assert [offence for path in tools for offence in offences(path, {"tests"})] == []


ABOUT_ONE_KIND = {
    "adapters/visma/document_list": "reconciliation asks each list in words of its own (docs/decisions/0042)",
    "cli/documents/content": "shows fields that only an order or only an invoice has",
    "domain/documents": "declares the kinds",
    "domain/revision/renumbering": "an invoice cannot get another item, an order can",
    "domain/routing/policy": "an invoice of an unknown type may be none",
    "domain/totals": "adds up orders and invoices, which have different sums",
    "edi/canonical": "reads the lines and parties of orders and of invoices",
    "edi/fingerprint": "Mosaic's 810 has other names than its 850 and 855",
    "edi/kinds": "declares how the kinds are read and written",
    "edi/mosaic/meanings": "a table of Mosaic's fields, by transaction type",
    "edi/x12/dictionary": "a table of X12, by transaction set",
    "edi/x12/meanings": "a table of X12's elements, by transaction set",
    "services/inbound/record": "an answer to an 810 is filed with the invoice, any other with the order",
}
"""The modules that ask of which kind a document is, each with its rule. What else differs between kinds is one of their
facts (`kinds/facts.py`, `edi/kind.py`), which all others ask."""

CONTENTS = {"PurchaseOrder", "Invoice", "OrderLine", "InvoiceLine"}
OF_A_KIND = {"Kind", "Resource", "TransactionType"}
KIND_WORDS = {"purchase_order", "supplier_invoice", "customer_invoice", "sales_order_confirmation", "850", "810"}


def asks_for_the_kind(tree: ast.Module) -> Iterator[int]:
    """The lines that tell kinds apart: by a member of `Kind`, the record of the content, the list or the type."""

    def is_member(node: ast.AST | None, *enums: str) -> bool:
        is_named = isinstance(node, ast.Attribute) and node.attr.isupper()
        return is_named and isinstance(node.value, ast.Name) and node.value.id in enums

    def names_one(node: ast.AST | None) -> bool:
        is_word = isinstance(node, ast.Constant) and node.value in KIND_WORDS
        return is_word or is_member(node, *OF_A_KIND)

    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            found = any(map(names_one, (node.left, *node.comparators)))
        elif isinstance(node, ast.Dict):
            found = any(map(names_one, node.keys))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
            found = any(isinstance(one, ast.Name) and one.id in CONTENTS for one in ast.walk(node.args[1]))
        elif isinstance(node, ast.MatchClass):
            found = ast.unparse(node.cls) in CONTENTS
        elif isinstance(node, ast.MatchValue):
            found = names_one(node.value)
        else:
            found = is_member(node, "Kind", "TransactionType")
        if found:
            yield node.lineno


def test_what_differs_between_kinds_is_a_fact_of_theirs_and_few_modules_ask_for_the_kind():
    found = {
        str(path.relative_to(PACKAGE).with_suffix("")): lines
        for path in [*EVERYTHING, *CLI, PACKAGE / "routing_file.py"]
        if PACKAGE / "kinds" not in path.parents and (lines := sorted(set(asks_for_the_kind(parsed(path)))))
    }
    assert {module: lines for module, lines in found.items() if module not in ABOUT_ONE_KIND} == {}, "ask the facts"
    assert sorted(ABOUT_ONE_KIND.keys() - found.keys()) == [], "these need not be named any more"


@pytest.mark.parametrize(
    ("source", "asks"),
    [
        ("kind is Kind.PURCHASE_ORDER", True),
        ("route(company, Kind.PURCHASE_ORDER)", True),
        ("{Kind.PURCHASE_ORDER: 1}", True),
        ("kind == 'purchase_order'", True),
        ("{'purchase_order': 1}", True),
        ("resource is Resource.PURCHASE_ORDERS", True),
        ("{Resource.PURCHASE_ORDERS: 1}", True),
        ("isinstance(content, Invoice)", True),
        ("isinstance(content, (Address, Invoice))", True),
        ("isinstance(content, Address | Invoice)", True),
        ("match content:\n    case Invoice(): ...", True),
        ("match kind:\n    case Kind.PURCHASE_ORDER: ...", True),
        ("number == TransactionType.INVOICE.number", True),
        ("document == '810'", True),
        ("[kind for kind in Kind if kind.facts.we_sell]", False),
        ("path(Resource.PURCHASE_ORDERS, number)", False),
        ("ChargeKind.FREIGHT", False),
        ("isinstance(content, Address)", False),
    ],
)
def test_every_way_to_ask_for_the_kind_is_seen(source, asks):
    assert bool([*asks_for_the_kind(ast.parse(source))]) is asks


RECORDS = (
    "adapters/ports",
    "domain/order_change/order_snapshot",
    "edi/dialect",
    "edi/kind",
    "services/inbound/ports",
    "services/messages",
    "services/ports",
    "services/reconcile/ports",
)
"""Modules without behaviour of their own: ports and records."""

ENTRY_POINTS = {
    "integration/adapters/aws/test_cursors.py": "adapters/aws/cursor_format adapters/aws/table_identity",
    "integration/adapters/orderful/test_client.py": "adapters/orderful/api",
    "integration/adapters/visma/test_document_list.py": "adapters/visma/addresses",
    "unit/cli/changes/test_decide.py": """
        cli/changes/command cli/changes/find cli/changes/listing cli/changes/show cli/changes/summary
    """,
    "unit/cli/doctor/test_command.py": "cli/doctor/finding",
    "unit/cli/documents/test_decide.py": "cli/documents/steps",
    "unit/cli/documents/test_listing.py": "cli/documents/columns cli/documents/filters",
    "unit/cli/documents/test_show.py": """
        cli/documents/command cli/documents/content cli/documents/summary
    """,
    "unit/cli/reference/test_states.py": "cli/changes/meanings cli/documents/meanings",
    "unit/cli/test_change.py": "cli/changes/readings",
    "unit/cli/test_docs_commands.py": "cli/commands",
    "unit/cli/test_holds.py": "services/holds",
    "unit/cli/test_output.py": "domain/layout",
    "unit/cli/test_status.py": "adapters/aws/monitor cli/stack/state services/status services/status_text",
    "unit/domain/order_change/test_decide.py": "domain/order_change/findings",
    "unit/domain/order_change/test_notes.py": "domain/order_change/partial_lines",
    "unit/domain/revision/test_plan.py": """
        domain/revision/before_go_live domain/revision/comparison domain/revision/decide domain/revision/decision
        domain/revision/facts domain/revision/questions domain/revision/reading domain/revision/withdrawal
        domain/routing/policy
    """,
    "unit/domain/routing/test_resolve.py": "domain/routing/route",
    "unit/domain/test_reasons.py": "domain/errors",
    "unit/edi/mosaic/write/test_purchase_order.py": "edi/mosaic/write/common",
    "unit/edi/order_change/test_content.py": "edi/order_change/names",
    "unit/edi/answered_order/test_compare.py": """
        edi/answered_order/items edi/answered_order/mosaic edi/answered_order/stated edi/answered_order/x12
    """,
    "unit/edi/test_canonical.py": "domain/parties",
    "unit/edi/test_translate.py": """
        domain/transactions edi/dialects edi/kinds edi/mosaic/dialect edi/x12/dialect
    """,
    "unit/edi/x12/read/test_order_change.py": """
        domain/order_change/request edi/order_change/common edi/order_change/fields edi/x12/read/totals
    """,
    "unit/edi/x12/test_check.py": "edi/x12/dictionary edi/x12/model",
    "unit/edi/x12/test_meanings.py": "edi/meaning",
    "unit/edi/x12/test_text.py": "edi/x12/write/common edi/x12/write/transaction",
    "unit/services/inbound/test_apply.py": "domain/order_change/summary",
    "unit/services/inbound/test_change_sequences.py": "domain/order_change/added_line_numbers",
    "unit/services/inbound/test_collect.py": "domain/inbound",
    "unit/services/outbound/test_deliver.py": "services/outbound/snapshot",
    "unit/services/outbound/test_poll.py": "services/claim_check services/list_health",
    "unit/services/outbound/test_receivers.py": "domain/revision/receivers",
    "unit/services/outbound/test_track.py": "services/outbound/statuses",
    "unit/services/outbound/test_translate.py": "services/outbound/facts services/outbound/reading",
    "unit/services/outbound/test_what_changed.py": "domain/revision/renumbering",
    "unit/services/reconcile/test_night.py": "services/reconcile/open_findings",
    "unit/services/reconcile/test_run.py": """
        domain/reconcile/finding services/reconcile/documents services/reconcile/local_book
    """,
}
"""The parts of a package that are tested through its entry point, by the test file that covers them."""


def the_named_tests() -> dict[str, str]:
    return {module: test for test, parts in ENTRY_POINTS.items() for module in parts.split()}


def own_tests(module: str) -> list[Path]:
    """Where a reader looks for the test of a module: the same path below `tests/unit` or `tests/integration`."""
    folder, _, name = module.rpartition("/")
    return [ROOT / "tests" / kind / folder / f"test_{name}.py" for kind in ("unit", "integration")]


@cache
def files_imported_by(path: Path) -> tuple[Path, ...]:
    names = {Path(*one.module.split(".")).with_suffix(".py") for one in imports_of(parsed(path))}
    beside = [path.parent / "conftest.py"] if path.name.startswith("test_") else []
    places = [ROOT / folder / name for name in names for folder in ("layers/connector", "")]
    return tuple(one for one in (*places, *beside) if one.exists())


def reached_from(test: Path, *, beside: Collection[Path] = ()) -> set[Path]:
    """Every file that a test imports, directly or through others but those, the fixtures beside it included."""
    found: set[Path] = set(beside)
    ahead = [test]
    while ahead:
        if (path := ahead.pop()) not in found:
            found.add(path)
            ahead += files_imported_by(path)
    return found


def test_each_module_has_the_test_file_that_a_reader_guesses_or_is_named_here():
    named = {*RECORDS, *the_named_tests()}
    modules = {
        str(path.relative_to(PACKAGE).with_suffix(""))
        for path in EVERYTHING + CLI
        # The folders of kinds are held by `unit/kinds/test_every_kind.py`, each as soon as it is registered.
        if path.name != "__init__.py" and not {PACKAGE / "bootstrap", PACKAGE / "kinds"} & {*path.parents}
    }
    with_test = {module for module in modules if any(path.exists() for path in own_tests(module))}
    assert sorted(modules - with_test - named) == [], "these have no test file"
    assert sorted(named & with_test | named - modules) == [], "these need not be named any more"


@pytest.mark.parametrize("test", ENTRY_POINTS)
def test_the_test_of_an_entry_point_reaches_the_parts_that_it_covers(test):
    reached = {
        str(path.relative_to(PACKAGE).with_suffix(""))
        for path in reached_from(ROOT / "tests" / test)
        if PACKAGE in path.parents
    }
    # The command loads its groups by their names.
    parts = [one for one in ENTRY_POINTS[test].split() if not one.startswith("cli/")]
    assert [one for one in parts if one not in reached] == []


MAX_POSITIONAL = 4
TABLES = {"Row"}
"""Named tuples that are rows of a table in the source, a column each."""
MADE_FOR_EVERY_LINE = {"OrderLine", "InvoiceLine", "LineView"}
"""Records of some twenty fields, made for every line of every document. With their names that takes 1.4 us instead of
0.1, as long as the rest of reading a line; each has a test that compares every field."""


def too_many_by_position(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Public functions, constructors and records that take more arguments by position than a reader keeps apart."""

    def by_position(function: ast.FunctionDef, *, is_method: bool) -> int:
        is_bound = is_method and "staticmethod" not in map(ast.unparse, function.decorator_list)
        return len(function.args.posonlyargs + function.args.args) - is_bound

    def fields(record: ast.ClassDef) -> int:
        made_by = [ast.unparse(one) for one in (*record.decorator_list, *record.bases, *record.keywords)]
        is_record = any("dataclass" in one or one.endswith("Struct") for one in made_by)
        if not is_record or any("kw_only=True" in one for one in made_by):
            return 0
        found = [ast.unparse(one) for one in record.body if isinstance(one, ast.AnnAssign)]
        before = found[: found.index("_: KW_ONLY")] if "_: KW_ONLY" in found else found
        return len([one for one in before if "ClassVar" not in one and "init=False" not in one])

    def walk(node: ast.AST, inside: ast.ClassDef | None) -> Iterator[tuple[int, str]]:
        for child in ast.iter_child_nodes(node):
            is_record = isinstance(child, ast.ClassDef) and child.name not in MADE_FOR_EVERY_LINE
            if is_record and fields(child) > MAX_POSITIONAL:
                yield child.lineno, child.name
            is_public = isinstance(child, ast.FunctionDef) and (child.name == "__init__" or child.name[0] != "_")
            if is_public and by_position(child, is_method=inside is not None) > MAX_POSITIONAL:
                yield child.lineno, child.name
            if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and len(child.args) > MAX_POSITIONAL:
                is_class = child.func.id.lstrip("_")[:1].isupper()
                if is_class and child.func.id not in TABLES | MADE_FOR_EVERY_LINE:
                    yield child.lineno, child.func.id
            yield from walk(child, child if isinstance(child, ast.ClassDef) else None)

    return walk(tree, None)


@pytest.mark.parametrize("path", EVERYTHING + CLI, ids=names(EVERYTHING + CLI))
def test_nothing_takes_more_than_four_arguments_by_position(path):
    assert list(too_many_by_position(parsed(path))) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(a, b, c, d, *, e): ...", []),
        ("def f(a, b, c, d, e): ...", ["f"]),
        ("def _f(a, b, c, d, e): ...", []),
        ("class A:\n    def __init__(self, a, b, c, d): ...", []),
        ("class _A:\n    def __init__(self, a, b, c, d, e): ...", ["__init__"]),
        ("class A:\n    @staticmethod\n    def f(a, b, c, d, e): ...", ["f"]),
        ("@dataclass\nclass A:\n    a: int\n    b: int\n    c: int\n    d: int\n    e: int", ["A"]),
        ("@dataclass\nclass A:\n    a: int\n    b: int\n    c: int\n    d: int\n    _: KW_ONLY\n    e: int", []),
        ("@dataclass(kw_only=True)\nclass A:\n    a: int\n    b: int\n    c: int\n    d: int\n    e: int", []),
        ("class A(msgspec.Struct):\n    a: int\n    b: int\n    c: int\n    d: int\n    e: int", ["A"]),
        ("Party(1, 2, 3, 4, 5)", ["Party"]),
        ("max(1, 2, 3, 4, 5)", []),
    ],
)
def test_the_rule_about_arguments_sees_every_way_to_take_them(source, found):
    assert [name for _, name in too_many_by_position(ast.parse(source))] == found


@pytest.mark.parametrize(
    ("source", "eager"),
    [
        ("import boto3", [True]),
        ("from boto3 import client", [True, True]),
        ("def f():\n    import boto3", [False]),
        ("class A:\n    import boto3", [True]),
        ("try:\n    import boto3\nexcept ImportError:\n    pass", [True]),
        ("if TYPE_CHECKING:\n    import boto3", []),
        ("import boto3x", []),
    ],
)
def test_the_rules_see_every_way_to_import(source, eager):
    found = [one.eager for one in imports_of(ast.parse(source)) if one.module.split(".")[0] == "boto3"]
    assert found == eager
