"""Outages: a weekend that needs nobody, and a day in which everything fails in turn and the right alarm rings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from connector.domain.errors import ConnectorError, Misconfigured, Rejected, Throttled, Transient
from connector.domain.ledger import State
from connector.services.ports import Metric, Resource
from proof.alarms import alarms_of_the_template
from proof.model.functions import DOCUMENTS
from proof.model.stories import ORDER
from proof.outage import ACKNOWLEDGES, WAITS_FOR_SEND, WatchedSystem
from proof.system import System, order_key
from tests.support.fakes import LostAnswer

WEEKEND = timedelta(hours=60)


def test_a_document_that_waits_for_one_in_doubt_outlasts_a_weekend() -> None:
    system = System()
    system.poll()
    system.order(ORDER)
    system.rest()
    system.orderful.script.append(LostAnswer("The connection to Orderful was lost."))
    system.edit(ORDER, line_2={"orderQty": 120.0})
    while (newest := system.standing(order_key(ORDER))) is None or newest.state is not State.UNCONFIRMED:
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
    system.rest()
    assert len(system.orderful.delivered) == 3
    assert system.judge.at_rest() == []


@dataclass(frozen=True, slots=True)
class Outage:
    """What fails for an hour.

    Attributes:
        begin: How it begins; `end` how it is mended.
        rings: The alarms that ring, and within how many minutes. No other does.
    """

    name: str
    begin: Callable[[WatchedSystem], object]
    end: Callable[[WatchedSystem], object]
    rings: dict[str, int]


AWAY = Transient("Visma answered 503.")
REFUSED = Misconfigured("Visma refuses the credentials.")


def _broken_list(resource: Resource) -> Outage:
    return Outage(
        f"the list {resource.value} of Visma",
        lambda system: system.visma.erp.broken.update({resource: AWAY}),
        lambda system: system.visma.erp.broken.clear(),
        {"lists-failing": 20},
    )


def _company(error: ConnectorError, rings: dict[str, int]) -> Outage:
    return Outage(
        f"a company: {error.sentence}",
        lambda system: system.visma.erp.broken.update(dict.fromkeys(Resource, error)),
        lambda system: system.visma.erp.broken.clear(),
        rings,
    )


def _function(worker: str, fault: str, rings: dict[str, int]) -> Outage:
    return Outage(
        f"{worker} is {fault}",
        lambda system: getattr(system, fault).add(worker),
        lambda system: getattr(system, fault).clear(),
        rings,
    )


def _calls(calls: tuple[str, ...], error: ConnectorError, rings: dict[str, int]) -> Outage:
    return Outage(
        f"Orderful's {calls}: {error.sentence}",
        lambda system: system.orderful.broken.update(dict.fromkeys(calls, error)),
        lambda system: system.orderful.broken.clear(),
        rings,
    )


def _send_rejected_again(system: WatchedSystem) -> None:
    for revision in list(system.ledger.in_state(State.REJECTED)):
        system.replay(revision.key)


OUTAGES = [
    *map(_broken_list, Resource),
    _company(Throttled("Visma limits us."), {"lists-failing": 20}),
    _company(REFUSED, {"lists-failing": 6, "credentials-refused": 6}),
    _calls(("list_between", "read"), Transient("Orderful answered 503."), {"track-heartbeat": 30}),
    _calls(("create",), Transient("Orderful answered 503."), {"messages-held-up": 45, "deliveries-stuck": 50}),
    _calls(("create",), Misconfigured("Orderful refuses the key."), {"credentials-refused": 20}),
    Outage(
        "a document without a partner",
        lambda system: system.order("800000", supplier={"internalId": 9, "number": "59999", "name": "Nobody"}),
        lambda system: system.change_supplier("800000", "50012"),
        {"documents-parked": 20},
    ),
    Outage(
        "one relationship at Orderful",
        lambda system: system.orderful.script.append(Rejected("Orderful knows no such relationship.")),
        _send_rejected_again,
        {"documents-rejected": 20},
    ),
    Outage(
        "a relationship without auto-send",
        lambda system: setattr(system, "partner", WAITS_FOR_SEND),
        lambda system: setattr(system, "partner", ACKNOWLEDGES),
        {"attention-open": 35},
    ),
    _function("poll_visma", "stopped", {"poll-heartbeat": 22}),
    _function("track_transactions", "stopped", {"track-heartbeat": 22}),
    _function("poll_orderful", "stopped", {"collect-heartbeat": 22}),
    _function("translate_document", "stopped", {"documents-stuck": 45}),
    _function("deliver_transaction", "stopped", {"deliveries-stuck": 45}),
    _function("poll_visma", "crashing", {"poll-visma-failed": 12}),
    _function("track_transactions", "crashing", {"track-heartbeat": 22}),
    _function("poll_orderful", "crashing", {"collect-heartbeat": 22}),
]


def test_a_day_in_which_everything_fails_in_turn_rings_the_alarm_that_names_it_and_no_other() -> None:
    """An hour of each outage, with a new document in it, and 90 minutes after it in which every alarm ends."""
    system = WatchedSystem()
    system.minutes(30)
    wrong = []
    for number, outage in enumerate(OUTAGES, start=700_000):
        if still := system.minutes(90):
            wrong.append(f"before {outage.name}: {sorted(still)} still ring")
        system.rang.clear()
        began = system.clock.now()
        outage.begin(system)
        system.order(str(number))
        system.minutes(60)
        rang = {name: (at - began) / timedelta(minutes=1) for name, at in system.rang.items()}
        if rang.keys() != outage.rings.keys() or any(rang[name] > most for name, most in outage.rings.items()):
            wrong.append(f"{outage.name}: {rang} rang, not {outage.rings}")
        outage.end(system)
    if still := system.minutes(90):
        wrong.append(f"at the end: {sorted(still)} still ring")
    assert wrong == [], "\n".join(wrong)
    sent = {one.business_number for one in system.orderful.transactions}
    assert len(sent) >= len(OUTAGES) - 1, "all but the refused one left once the outage was over"


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
