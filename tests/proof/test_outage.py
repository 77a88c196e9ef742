"""Outages: a weekend that needs nobody, and a day in which everything fails in turn and the right alarm rings."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from connector.domain.errors import ConnectorError, Misconfigured, Rejected, Throttled, Transient
from connector.domain.reasons import Reason
from connector.domain.revision.record import State
from connector.services.messages import INLINE_LIMIT
from connector.services.ports import Metric, Resource
from proof.alarms import alarms_of_the_template
from proof.model.asking import RequestedLine
from proof.model.functions import DOCUMENTS
from proof.model.orderful import ALL
from proof.model.scenarios import ORDER
from proof.outage import ACKNOWLEDGES, ACME, BERG, CASPAR, WAITS_FOR_SEND, WatchedSystem
from proof.system import System, order_key
from testkit.memory.orderful import LostAnswer

WEEKEND = timedelta(hours=60)
RUNBOOK = (Path(__file__).resolve().parents[2] / "docs" / "runbook.md").read_text(encoding="utf-8")


def test_a_document_that_waits_for_one_in_doubt_outlasts_a_weekend() -> None:
    system = System()
    system.poll()
    system.order(ORDER)
    system.quiesce()
    system.orderful.script.append(LostAnswer("The connection to Orderful was lost."))
    system.edit(ORDER, line_2={"orderQty": 120.0})
    while (newest := system.current_revision(order_key(ORDER))) is None or newest.state is not State.UNCONFIRMED:
        system.step()

    system.orderful.failing = Transient("Orderful is away.")
    system.edit(ORDER, line_2={"orderQty": 130.0})
    monday = system.clock.now() + WEEKEND
    while system.clock.now() < monday:
        system.step()
    assert system.telemetry.counts[Metric.MESSAGES_HELD_UP] > 0
    (documents,) = [queue for queue in system.queues if queue.name == DOCUMENTS]
    assert len(documents.messages) == 1
    assert documents.dead == []

    system.orderful.failing = None
    # A delivery stands in the ledger and is queued again from there: its dead letters are waste.
    for queue in system.queues:
        queue.dead.clear()
    system.quiesce()
    assert len(system.orderful.delivered) == 3
    assert system.invariants.check_quiescent() == []


@dataclass(frozen=True, slots=True)
class Outage:
    """What fails for an hour.

    Attributes:
        begin: How it begins; `end` how it is repaired.
        rings: The alarms that ring, and within how many minutes. No other does.
        says: What the runbook says under the first of them: what it is, or what to do.
        spares: The order of another document, written while it lasts, is sent within five minutes of the poll.
        minutes: How long it lasts.
    """

    name: str
    begin: Callable[[WatchedSystem], object]
    end: Callable[[WatchedSystem], object]
    rings: dict[str, int]
    says: str
    spares: bool = False
    minutes: int = 60


AWAY = Transient("Visma answered 503.")
REFUSED = Misconfigured("Visma refuses the credentials.")
FORBIDDEN = Rejected("Orderful answered 403: insufficient permission.", code=Reason.REQUEST_REFUSED)
GONE = Rejected("Orderful answered 404.", code=Reason.REQUEST_REFUSED)
HEALTHY = "690000"
"""An order that its partner has from before the first outage."""

BEFORE_DEAD_LETTERS = 50
"""Minutes that a message outlasts of workers that die: ten receives, each hidden for six minutes."""

LARGE = "".join(sha256(b"%d" % number).hexdigest() for number in range(INLINE_LIMIT // 60))
"""Text that does not compress, so that its document lies in the bucket."""


def _broken_list(resource: Resource) -> Outage:
    return Outage(
        f"the list {resource.value} of Visma",
        lambda system: system.visma.erp.broken.update({resource: AWAY}),
        lambda system: system.visma.erp.broken.clear(),
        {"lists-failing": 20},
        "`connector cursors` names each",
        spares=resource is not Resource.PURCHASE_ORDERS,
    )


def _company(error: ConnectorError, rings: dict[str, int], says: str) -> Outage:
    return Outage(
        f"a company: {error.sentence}",
        lambda system: system.visma.erp.broken.update(dict.fromkeys(Resource, error)),
        lambda system: system.visma.erp.broken.clear(),
        rings,
        says,
    )


def _function(
    worker: str, fault: str, rings: dict[str, int], says: str, *, spares: bool = False, minutes: int = 60
) -> Outage:
    return Outage(
        f"{worker} is {fault}",
        lambda system: getattr(system, fault).add(worker),
        lambda system: getattr(system, fault).clear(),
        rings,
        says,
        spares=spares,
        minutes=minutes,
    )


def _calls(
    calls: tuple[str, ...], error: ConnectorError, rings: dict[str, int], says: str, *, spares: bool = False
) -> Outage:
    return Outage(
        f"Orderful's {calls}: {error.sentence}",
        lambda system: system.orderful.broken.update(dict.fromkeys(calls, error)),
        lambda system: system.orderful.broken.clear(),
        rings,
        says,
        spares=spares,
    )


def _cursor_table(system: WatchedSystem, failure: ConnectorError | None) -> None:
    system.cursors.failing = system.health.failing = failure


def _forbid_documents(system: WatchedSystem) -> None:
    system.payloads.refused.add("documents")
    system.order("830001", customStr1=LARGE)


def _lose_a_request(system: WatchedSystem) -> None:
    system.ledger.large = 0
    system.payloads.refused.add("requests")
    system.order_of(BERG, "830002")
    system.minutes(6)
    system.ledger.large = 10**6
    system.payloads.refused.clear()
    for key in [one for one in system.payloads.bodies if one.startswith("requests/")]:
        del system.payloads.bodies[key]


def _read_again(system: WatchedSystem) -> None:
    system.payloads.refused.clear()
    system.replay_all(State.PARKED)


def _refuse_one_relationship(system: WatchedSystem) -> None:
    system.orderful.refuses["BERGT"] = FORBIDDEN
    for number in ("810001", "810002", "810003", "810004"):
        system.order_of(BERG, number)


def _refuse_everybody(system: WatchedSystem) -> None:
    system.orderful.refuses[ALL] = GONE
    system.order_of(BERG, "820001")
    system.order_of(CASPAR, "820002")


def _take_them_again(system: WatchedSystem) -> None:
    system.orderful.refuses.clear()
    system.ledger.lift()
    system.replay_all(State.REJECTED)


def _pause(system: WatchedSystem) -> None:
    system.orderful.script.append(Throttled("Orderful answered 429.", retry_after=timedelta(hours=2)))


def _change_while_stopped(fault: str, number: str) -> Callable[[WatchedSystem], None]:
    def begin(system: WatchedSystem) -> None:
        getattr(system, fault).add("apply_change")
        system.inbound.ask(number, HEALTHY, [RequestedLine(1, "1298", 800 + int(number[-2:]))])

    return begin


def _callback_while_stopped(system: WatchedSystem) -> None:
    _change_while_stopped("stopped", "802210903")(system)
    system.push("802210903")


def _callback_that_is_lost(system: WatchedSystem) -> None:
    system.crashing.add("receive_callback")
    system.inbound.ask("802210904", HEALTHY, [RequestedLine(1, "1298", 804)])
    system.push("802210904")


def _works_again(system: WatchedSystem) -> None:
    system.stopped.clear()
    system.throttled.clear()
    system.crashing.clear()


OUTAGES = [
    *map(_broken_list, Resource),
    _company(Throttled("Visma limits us."), {"lists-failing": 20}, "Visma throttles (429)"),
    _company(REFUSED, {"lists-failing": 6, "credentials-refused": 6}, "Visma refuses the credentials of one company"),
    _calls(
        ("list_between", "read"),
        Transient("Orderful answered 503."),
        {"track-heartbeat": 30},
        "Orderful's list cannot be read",
        spares=True,
    ),
    _calls(
        ("create",),
        Transient("Orderful answered 503."),
        {"messages-held-up": 45},
        "A failure of Orderful, Visma or AWS passes",
    ),
    _calls(
        ("create",),
        Misconfigured("Orderful refuses the key."),
        {"credentials-refused": 20},
        "`connector doctor` says which side and why",
    ),
    Outage(
        "the table of cursors",
        lambda system: _cursor_table(system, Transient("The cursor table answered InternalServerError.")),
        lambda system: _cursor_table(system, None),
        {"poll-visma-failed": 12, "collect-heartbeat": 22},
        "the table of cursors",
    ),
    Outage(
        "a document without a partner",
        lambda system: system.order("800000", supplier={"internalId": 9, "number": "59999", "name": "Nobody"}),
        lambda system: system.change_supplier("800000", ACME),
        {"documents-parked": 20},
        "Where a routing entry is missing, the sentence names the key",
        spares=True,
    ),
    Outage(
        "a document in S3 is forbidden",
        _forbid_documents,
        _read_again,
        {"documents-parked": 20},
        "run `connector documents replay\n  KEY`",
        spares=True,
    ),
    Outage(
        "a request in S3 is missing",
        _lose_a_request,
        _read_again,
        {"documents-parked": 20},
        "The request is made anew",
        spares=True,
    ),
    Outage(
        "one relationship at Orderful",
        _refuse_one_relationship,
        _take_them_again,
        {"documents-rejected": 20},
        "and run `connector documents replay KEY`",
        spares=True,
    ),
    Outage(
        "the same refusal for every partner",
        _refuse_everybody,
        _take_them_again,
        {"credentials-refused": 20, "documents-rejected": 20},
        "Up to two documents were rejected before: `connector documents replay KEY`",
    ),
    Outage(
        "a pause of two hours that Orderful asks for",
        _pause,
        lambda system: system.ledger.lift(),
        {"deliveries-stuck": 55},
        "`connector holds\nlift` ends it",
    ),
    Outage(
        "a relationship without auto-send",
        lambda system: setattr(system, "partner", WAITS_FOR_SEND),
        lambda system: setattr(system, "partner", ACKNOWLEDGES),
        {"attention-open": 35},
        "it waits to be sent by hand: auto-send is off",
        spares=True,
    ),
    _function("poll_visma", "stopped", {"poll-heartbeat": 22}, "its schedule is stopped or deleted"),
    _function("track_transactions", "stopped", {"track-heartbeat": 22}, "the schedule is stopped", spares=True),
    _function("poll_orderful", "stopped", {"collect-heartbeat": 22}, "or throttled: see `poll-heartbeat`", spares=True),
    _function("translate_document", "stopped", {"documents-stuck": 45}, "there are no lines"),
    _function("deliver_transaction", "stopped", {"deliveries-stuck": 45}, "there are no lines"),
    _function(
        "translate_document",
        "throttled",
        {"translate-document-throttled": 30},
        "the account's concurrency is used up",
        minutes=BEFORE_DEAD_LETTERS,
    ),
    _function(
        "deliver_transaction",
        "throttled",
        {"deliver-transaction-throttled": 30},
        "As above",
        minutes=BEFORE_DEAD_LETTERS,
    ),
    Outage(
        "apply_change is throttled",
        _change_while_stopped("throttled", "802210905"),
        _works_again,
        {"apply-change-throttled": 30, "changes-unfinished": 45},
        "As above",
        spares=True,
        minutes=BEFORE_DEAD_LETTERS,
    ),
    Outage(
        "apply_change is stopped",
        _change_while_stopped("stopped", "802210901"),
        _works_again,
        {"changes-unfinished": 45},
        "there are no lines",
        spares=True,
    ),
    Outage(
        "apply_change is stopped, and a callback waits for it",
        _callback_while_stopped,
        _works_again,
        {"hints-stuck": 75, "changes-unfinished": 45},
        "`apply_change` is not started, or Lambda throttles it",
        spares=True,
        minutes=80,
    ),
    _function("poll_visma", "crashing", {"poll-visma-failed": 12}, "The function itself failed"),
    _function("track_transactions", "crashing", {"track-heartbeat": 22}, "the function failed", spares=True),
    _function("poll_orderful", "crashing", {"collect-heartbeat": 22}, "a missing environment variable or", spares=True),
    _function(
        "translate_document",
        "crashing",
        {"translate-document-failed": 12},
        "Its messages come again by themselves.",
    ),
    _function(
        "deliver_transaction",
        "crashing",
        {"deliver-transaction-failed": 12},
        "the next worker looks the\ntransaction up before it posts",
        minutes=BEFORE_DEAD_LETTERS,
    ),
    Outage(
        "apply_change is crashing",
        _change_while_stopped("crashing", "802210902"),
        _works_again,
        {"apply-change-failed": 12, "changes-unfinished": 45},
        "Its messages come again by themselves.",
        spares=True,
        minutes=BEFORE_DEAD_LETTERS,
    ),
    Outage(
        "receive_callback is crashing",
        _callback_that_is_lost,
        _works_again,
        {"receive-callback-failed": 6},
        "`poll_orderful` finds what it gives up",
        spares=True,
    ),
]


def test_a_day_in_which_everything_fails_in_turn_rings_the_alarm_that_names_it_and_no_other() -> None:
    """Each outage with a new document in it, and 90 minutes after it in which every alarm ends."""
    system = WatchedSystem()
    system.order(HEALTHY)
    system.minutes(30)
    wrong = []
    for number, outage in enumerate(OUTAGES, start=700_000):
        if still := system.minutes(90):
            wrong.append(f"before {outage.name}: {sorted(still)} still ring")
        system.rang.clear()
        began = system.clock.now()
        outage.begin(system)
        system.order(str(number))
        system.minutes(12)
        if outage.spares and str(number) not in _sent(system):
            wrong.append(f"{outage.name}: another document had to wait")
        system.minutes(outage.minutes - 12)
        rang = {name: (at - began) / timedelta(minutes=1) for name, at in system.rang.items()}
        if rang.keys() != outage.rings.keys() or any(rang[name] > most for name, most in outage.rings.items()):
            wrong.append(f"{outage.name}: {rang} rang, not {outage.rings}")
        outage.end(system)
    if still := system.minutes(90):
        wrong.append(f"at the end: {sorted(still)} still ring")
    assert wrong == [], "\n".join(wrong)
    assert _sent(system) == system.visma.orders.keys(), "all left once the outages were over"
    assert len(system.orderful.transactions) == len(system.visma.orders), "and each of them once"
    assert system.visma.line(1, HEALTHY)["orderQty"] == 804, "the last change that its partner asked for"


def _sent(system: WatchedSystem) -> set[str | None]:
    return {one.business_number for one in system.orderful.transactions}


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda one: one.name)
def test_the_runbook_says_what_it_is_under_the_alarm_that_rings(outage: Outage) -> None:
    (entry,) = re.findall(rf"^## {next(iter(outage.rings))}$(.*?)(?=^## )", RUNBOOK, re.MULTILINE | re.DOTALL)
    assert outage.says in entry


def test_a_pause_that_orderful_asks_for_holds_every_sending_of_the_whole_stack_and_nothing_else() -> None:
    system = WatchedSystem()
    system.minutes(30)
    asked = system.clock.now()
    system.orderful.script.append(Throttled("Orderful answered 429.", retry_after=timedelta(minutes=20)))
    before = system.orderful.calls["create"]
    for number, supplier in enumerate((ACME, BERG, CASPAR), start=840_001):
        system.order_of(supplier, str(number))
    while not _sent(system):
        assert system.orderful.calls["create"] <= before + 1
        system.minutes(1)
    assert system.clock.now() - asked >= timedelta(minutes=20)
    system.minutes(20)
    assert len(_sent(system)) == 3
    assert system.rang == {}, "the tracker and the collector went on reading"


def test_a_stack_that_is_only_deployed_rings_nothing_once_its_schedules_have_run() -> None:
    system = WatchedSystem()
    system.minutes(30)
    system.rang.clear()
    system.minutes(120)
    assert system.rang == {}


def test_every_alarm_of_the_template_is_read_as_it_stands_there() -> None:
    alarms = {one.name: one for one in alarms_of_the_template()}
    assert alarms["documents-stuck"].metric == ("ApproximateAgeOfOldestMessage", "DocumentsQueue")
    assert alarms["poll-heartbeat"].metric == ("Invocations", "PollVismaFunction")
    gauge = alarms["documents-parked"]
    assert (gauge.metric, gauge.periods, gauge.needed, gauge.when_missing) == (
        ("OpenParked", "connector"),
        15,
        1,
        False,
    )
