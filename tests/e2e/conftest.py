"""The deployed laptop stacks that the tests of this directory share, each in a directory of its own.

The modules of the xdist group `stack` play the demo on one and go on from there, in the order of their names; those of
`_LAST` come at the end. The modules of the groups `empty stack` and `proofs` bring companies of their own to another
one, or to two if two workers have them. The other workers have the tests that deploy nothing: what is deployed waits
more than it works. `test_deployment`, `test_interrupted` and `test_state_outlives` deploy for themselves.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from demo import scenario
from demo.run import ROUTING
from testkit.laptop import processes
from testkit.laptop import stack as laptop_stack
from testkit.laptop.observed import DemoResult, Laptop

NORDIC = "1234567"
"""The company that the sandbox Visma has from the start."""

EXTENSION = """
companies:
  nordic:
    name: Nordic Food AS
    address: {lines: [Storgata 1], postal_code: "0155", city: Oslo, country: "NO"}
    visma: {company_id: "1234567", tenant_id: 8f0c2d1e-5b7a-4c39-9d26-3e1f0a4b5c6d, time_zone: Europe/Oslo}
    orderful: {isa_id: {live: NORDICFOOD, test: NORDICFOODT}}
partners:
  acme:
    company: nordic
    visma: {supplier: "50012"}
    orderful: {isa_id: {live: ACMEPRODUCE, test: ACMEPRODUCET}}
    changes: {quantity: 50%, header_note: tell}
  twin-one:
    company: nordic
    visma: {supplier: "50070"}
    orderful: {isa_id: {live: TWINONE, test: TWINONET}}
  twin-two:
    company: nordic
    visma: {supplier: "50070"}
    orderful: {isa_id: {live: TWINTWO, test: TWINTWOT}}
"""


_LAST = {"test_arrival.py", "test_changes_meant.py"}
"""Modules that touch what others judge: what is right after the demo, or in a company that has sent nothing."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the modules of `_LAST` at the end."""
    items.sort(key=lambda item: item.path.name in _LAST)


@contextlib.contextmanager
def _started(directory: Path) -> Iterator[Laptop]:
    """A stack as `make up` starts it. Port 4566 is taken meanwhile, and nothing is left of it at the end."""
    with contextlib.ExitStack() as owner:
        with contextlib.suppress(OSError):  # somebody else has the port: as good
            owner.enter_context(socket.create_server(("127.0.0.1", 4566)))
        # Two thousand callbacks are more than anybody should let through by default.
        pace = {"CallbackRate": "5000", "CallbackBurst": "5000"}
        stack = laptop_stack.start(lambda _step: None, directory=directory, parameters=pace)
        try:
            yield Laptop(stack, directory)
        finally:
            laptop_stack.stop(stack, directory)
    groups = (stack.aws.pid, stack.visma.pid, stack.orderful.pid)
    assert [group for group in groups if not processes.has_ended(group)] == [], "processes were left behind"
    assert laptop_stack.find(directory) is None


@pytest.fixture(scope="session")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """The stack of the demo."""
    with _started(tmp_path_factory.mktemp("laptop")) as laptop:
        yield laptop


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A stack with no routing in force: each test brings its own. Only the tests start the scheduled functions."""
    with _started(tmp_path_factory.mktemp("empty")) as laptop:
        laptop.stop_schedules()
        yield laptop


@pytest.fixture(scope="session")
def played(laptop: Laptop) -> DemoResult:
    """The scenario of the demo, played to its end. Partners acknowledge nothing yet."""
    laptop.orderful.control("PUT", "pace", {"acknowledgment": None})
    checks = laptop.demo.play_documents()
    return DemoResult(
        checks=checks,
        visma=laptop.visma.control("GET", "requests")["requests"],
        orderful=laptop.orderful.control("GET", "requests")["requests"],
        transactions=laptop.transactions(),
        items={
            table: laptop.items(table)
            for table in ("DocumentsTable", "CursorsTable", "TokensTable", "RoutingTable", "ItemsTable")
        },
    )


@pytest.fixture(scope="session")
def scheduled(laptop: Laptop, played: DemoResult) -> int:
    """How many polls the schedule has started by itself; from then on only the tests start any."""
    first = ("fjordmat-no", "v1/purchaseorder")

    def by_schedule() -> int:
        polls = [line for line in laptop.log_lines() if (line.get("company"), line.get("resource")) == first]
        return len(polls) - laptop.demo.started.count("PollVismaFunction")

    count = laptop.until(by_schedule, "the schedule to start a poll")
    laptop.stop_schedules()
    return count


@pytest.fixture(scope="session")
def nordic(laptop: Laptop, scheduled: int) -> Laptop:
    """The stack after the scenario, its schedules stopped, with the company that troubles are tried on.

    From here on Orderful and the partners answer at once.
    """
    routing = yaml.safe_load(ROUTING.read_text(encoding="utf-8"))
    routing["partners"]["nyleverandor"] = scenario.LATE_PARTNER
    more = yaml.safe_load(EXTENSION)
    companies = [
        {"company_id": company["visma"]["company_id"], "tenant_id": company["visma"]["tenant_id"], "name": name}
        for name, company in (routing["companies"] | more["companies"]).items()
    ]
    laptop.visma.control("PUT", "companies", companies)
    laptop.orderful.control("PUT", "pace", {"validation": 0, "delivery": 0, "acknowledgment": 0})
    laptop.apply_unchecked(
        {
            **routing,
            "companies": routing["companies"] | more["companies"],
            "partners": routing["partners"] | more["partners"],
        }
    )
    return laptop
