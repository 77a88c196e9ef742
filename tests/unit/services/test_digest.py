"""The mail of the day: what it says, what it leaves out, and what SNS takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from connector.domain.documents import DocumentKey
from connector.domain.order_change.record import ChangeState
from connector.domain.pause import Pause, Scope
from connector.domain.reasons import Reason
from connector.domain.revision.record import Revision, State
from connector.domain.transactions import Stream
from connector.services.digest import MAX_LISTS, MAX_SUBJECT_LENGTH, MAX_TEXT_LENGTH, Digest
from connector.services.list_health import ListHealth
from connector.services.ports import CursorView, Metric
from connector.services.status import DEAD, Alarm, Queue, StackState, StatusReader
from testkit.memory.effects import ManualClock
from testkit.memory.stores import (
    CALLER,
    FixedRouting,
    InMemoryChanges,
    MemoryBreaker,
    MemoryHealth,
    MemoryLedger,
    a_change,
)
from testkit.samples.routing_data import routing_data

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Stack:
    """A stack in memory on which nothing needs a person."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.now = self.clock.now()
        self.ledger, self.changes, self.breaker = MemoryLedger(), InMemoryChanges(), MemoryBreaker()
        self.health = MemoryHealth()
        self.findings = []
        self.views = [self.view("v1/purchaseorder", behind=timedelta(minutes=3))]
        self.state = StackState(
            queues=[Queue("documents", 7, HOUR), Queue(f"documents{DEAD}", 0)], alarms=[], counters={}, unanswered=[]
        )

    def view(self, resource, *, behind):
        return CursorView(
            company="nordic",
            resource=resource,
            watermark=self.now,
            caught_up_at=self.now - behind,
            locked_until=None,
            unfinished=False,
            remembered=0,
            waiting=0,
        )

    def put(self, *numbers, **changes):
        for number in numbers:
            revision = Revision(
                key=DocumentKey.of_order("nordic", number),
                sequence=1,
                revision_id="r",
                state=State.PARKED,
                created_at=self.now - HOUR,
                updated_at=self.now,
                partner="acme",
                reason="450.00 NOK is not 405.00 NOK",
            )
            self.ledger.rows[(revision.key, 1)] = replace(revision, **changes)

    def _shown(self, *, day, **_):
        self.day = day
        return self.state

    def digest(self, stream=Stream.TEST, name="connector"):
        reader = StatusReader(
            ledger=self.ledger,
            changes=self.changes,
            sending=self.breaker,
            visma_holds=lambda _: MemoryBreaker(),
            cursors=SimpleNamespace(all_cursors=lambda: self.views),
            health=self.health,
            routing=FixedRouting(routing_data()),
            findings=SimpleNamespace(findings=lambda: self.findings),
            monitor=SimpleNamespace(state=self._shown),
            clock=self.clock,
        )
        return Digest(reader=reader, stack=name, stream=stream).compose()


@pytest.fixture
def stack():
    return Stack()


def test_a_day_on_which_nothing_needs_a_person_is_said_in_one_line(stack):
    digest = stack.digest()
    first, second, *_ = digest.text.split("\n\n")
    assert first.startswith("Stack 'connector' (test), ")
    assert second == "Nothing needs you."
    assert (digest.subject, digest.is_needed) == ("connector (test): nothing needs you", False)
    assert "Documents are sent." in digest.text
    assert "v1/purchaseorder" not in digest.text, "it was read three minutes ago"
    assert "deliveries" not in digest.text


def test_a_live_stack_says_so_in_capitals(stack):
    digest = stack.digest(Stream.LIVE)
    assert digest.subject.startswith("connector (LIVE): ")
    assert digest.text.startswith("Stack 'connector' (LIVE), ")


def test_what_needs_a_person_has_its_number_the_oldest_and_the_command(stack):
    stack.put("1", "2", reason_code="unmapped-unit")
    stack.put("3", reason_code="unmapped-unit", created_at=stack.now - 30 * HOUR)
    stack.changes.put(a_change(state=ChangeState.PARKED, reason_codes=(Reason.PRICE_BEYOND_LIMIT,)))
    digest = stack.digest()
    assert (digest.subject, digest.is_needed) == ("connector (test): 3 documents, 1 change", True)
    lines = digest.text.splitlines()
    row = next(number for number, line in enumerate(lines) if line.startswith("document "))
    oldest = (stack.now - 30 * HOUR).isoformat(" ", "seconds").replace("+00:00", "Z")
    listed = "connector documents list --code unmapped-unit"
    assert lines[row].split() == ["document", "3", *oldest.split(), "unmapped-unit", *listed.split()]
    assert "connector changes list --code price-beyond-limit" in digest.text
    assert "--stack connector" in digest.text
    assert "NOK" not in digest.text, "no price, no content"


def _dead_letter(stack):
    stack.state = replace(stack.state, queues=[Queue(f"deliveries{DEAD}", 2)])


def _alarm(stack):
    stack.state = replace(stack.state, alarms=[Alarm("documents-parked", stack.now - HOUR)])


def _failing(stack):
    now = stack.now
    one = ListHealth(
        company="nordic", resource="v1/customerinvoice", configured_at=now, failing_since=now, problem="403"
    )
    stack.health.end([one], now=now)


def _finding(stack):
    stack.findings = [SimpleNamespace(is_open=True), SimpleNamespace(is_open=False)]


def _stop(stack):
    stack.breaker.open("Orderful refused the key.", now=stack.now - HOUR, until=stack.now + HOUR)


def _left_behind(stack):
    stack.put("1", reason_code="paused")


@pytest.mark.parametrize(
    ("failure", "subject", "said"),
    [
        (_dead_letter, "2 dead letters", "connector deadletters list --queue deliveries"),
        (_alarm, "1 alarm", "docs/runbook.md#documents-parked"),
        (_failing, "1 failing list", "403"),
        (_finding, "1 finding", "connector reconcile list"),
        (_stop, "nothing is sent", "Orderful refused the key."),
        (_left_behind, "left behind by a pause", "connector resume --left-behind"),
    ],
)
def test_whatever_else_needs_a_person_is_in_subject_and_text(stack, failure, subject, said):
    failure(stack)
    digest = stack.digest()
    assert (digest.subject, digest.is_needed) == (f"connector (test): {subject}", True)
    assert said in digest.text
    assert "Nothing needs you." not in digest.text


def test_of_lists_that_are_behind_the_worst_is_told(stack):
    stack.views = [stack.view(f"v1/list{hours}", behind=HOUR * hours) for hours in (1, 3, 2)]
    text = stack.digest().text
    assert "nordic v1/list3 is behind by 3h" in text
    assert "v1/list1" not in text


def test_of_many_lists_that_fail_some_are_named_and_the_others_counted(stack):
    failing = [
        ListHealth(company="nordic", resource=f"v1/list{number}", configured_at=stack.now, failing_since=stack.now)
        for number in range(MAX_LISTS + 5)
    ]
    stack.health.end(failing, now=stack.now)
    assert "and 5 more lists that fail: connector cursors" in stack.digest().text


def test_what_is_paused_is_told_with_its_beginning_and_needs_nobody(stack):
    stack.breaker.pause(
        Pause(scope=Scope(partner="acme"), since=stack.now, by="kari", caller=CALLER, reason="they move")
    )
    stack.put("1", reason_code="paused")
    digest = stack.digest()
    assert (digest.is_needed, "Partner acme is paused since" in digest.text) == (False, True)
    assert "1 document, the oldest of " in digest.text
    assert CALLER not in digest.text


def test_the_counters_are_those_of_the_day_before(stack):
    yesterday = stack.now.date() - DAY
    stack.state = replace(
        stack.state,
        counters={Metric.DOCUMENTS_SENT: 1200, Metric.DOCUMENTS_REJECTED: 0, Metric.CHANGES_RECEIVED: 2},
    )
    digest = stack.digest()
    assert stack.day == yesterday
    assert f"Yesterday, {yesterday} (UTC): documents sent 1,200, changes received 2." in digest.text


def test_what_aws_does_not_show_is_told_and_makes_the_mail_needed(stack):
    stack.state = StackState(queues=[], alarms=None, counters=None, unanswered=["AWS does not show the alarms (x)."])
    digest = stack.digest()
    assert (digest.subject, digest.is_needed) == ("connector (test): not everything could be looked at", True)
    assert "AWS does not show the alarms (x)." in digest.text
    assert digest.unknown == ["AWS does not show the alarms (x)."]
    assert "Nothing needs you." not in digest.text


def test_sns_takes_every_subject_and_text(stack):
    for number in range(600):
        scope = Scope(partner=f"partnér{number}")
        stack.breaker.pause(Pause(scope=scope, since=stack.now, by="kari\n", caller=CALLER, reason="ø" * 500))
    digest = stack.digest(name="c" * 128)
    assert digest.subject.isascii()
    assert digest.subject.isprintable()
    assert len(digest.subject) <= MAX_SUBJECT_LENGTH
    assert len(digest.text.encode()) < MAX_TEXT_LENGTH + 100
    assert digest.text.endswith("All of it: connector status")
    assert "kari\n" not in digest.text


def test_partners_with_open_work_are_named_and_the_command_that_counts_the_day(stack):
    stack.put("1", state=State.SENT, sent_at=stack.now, partner="berg")
    stack.put("2")
    text = stack.digest().text
    assert "partner  not acknowledged  acknowledged  failed  waits for a person\nacme     0" in text
    assert "berg" not in text
    stack.state = replace(stack.state, counters={Metric.DOCUMENTS_SENT: 2})
    day = stack.now.date() - DAY
    assert f"documents sent 2. By partner: connector status --day {day}" in stack.digest().text
