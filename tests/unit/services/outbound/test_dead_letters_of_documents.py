"""Messages of the documents queue that are handled late or again: the partner ends with what Visma showed last.

A message is tried some hours, then it is a dead letter, and the ones behind it in its group go on. Put back days later,
it brings a state that may be past.
"""

from __future__ import annotations

import random
from base64 import b64encode
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import msgspec
import pytest

from connector.domain.errors import AlreadyExists, Conflict, ConnectorError, UnknownOutcome
from connector.domain.pause import Pause, Scope
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import ChangeResult, Revision, State, current_revision, own_revisions
from connector.domain.transactions import Stream
from connector.services.outbound.translate import TranslateResult
from connector.services.release import message_for
from connector.services.resume import let_go, resumable
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import MISSING, an_order_line, as_json
from tests.unit.services.outbound.test_translate import ORDER, Harness, an_order

ACME = Scope(partner="acme")


def version(number):
    return b64encode(number.to_bytes(8, "big")).decode()


class Late(Harness):
    """The order in Visma, its messages, and what persons and partners do besides."""

    def shown(self, number, price="10.0", **changes):
        """The message of the order with this row version, a minute after whatever came before."""
        self.clock.forward(minutes=1)
        return self.message(an_order(price, timeStamp=version(number), **changes))

    def handle(self, message):
        return self.translator().handle(message)

    def asked(self, revision, cause, *, resends_after=None):
        """The message of a person's request about a revision."""
        source = self.ledger.source_of(revision)
        message = message_for(revision, source, self.payloads, now=self.clock.now(), cause=cause)
        named = cause.named_at(self.clock.now(), resends_after=resends_after)
        return msgspec.structs.replace(message, cause=named)

    def change_comes_to_nothing(self):
        """A change (860) reserves the next number and is not written."""
        now, sequence = self.clock.now(), self.newest().sequence + 1
        self.ledger.reserve(
            Revision(
                key=ORDER,
                sequence=sequence,
                revision_id="",
                state=State.SUPERSEDED,
                created_at=now,
                updated_at=now,
                change_id="C-1",
                change_result=ChangeResult.NOT_WRITTEN,
            )
        )

    def deliver(self):
        for message in list(self.outbox.queued_deliveries):
            for _ in range(20):
                with suppress(UnknownOutcome, AlreadyExists):
                    self.deliverer().handle(message)
                    break
                self.clock.forward(seconds=40)
        self.outbox.clear()

    def pause(self):
        self.ledger.pause(Pause(scope=ACME, since=self.clock.now(), by="ola", caller="arn:ola", reason="they move"))

    def resume(self):
        """Let go what a pause has parked; returns the messages."""
        self.deliver()
        self.ledger.resume(ACME)
        found = resumable(
            ACME,
            staying=(),
            ledger=self.ledger,
            changes=self.changes,
            routing=self.routing.load(),
            stream=Stream.TEST,
            now=self.clock.now(),
        )
        let_go(
            found,
            ledger=self.ledger,
            outbox=self.outbox,
            payloads=self.payloads,
            changes=self.changes,
            clock=self.clock,
        )
        messages = list(self.outbox.queued_documents)
        self.deliver()
        return messages

    def prices(self):
        """The price in each revision that Orderful has, in their order."""
        sent = [one for one in reversed(self.ledger.revisions(ORDER, limit=1_000)) if one.transaction_id]
        assert len(sent) == len(self.orderful.transactions)
        return [f"{msgspec.json.decode(self.ledger.source_of(one))['lines'][0]['unitCost']:.1f}" for one in sent]


@pytest.fixture
def order(ports):
    """Sent with row version 10."""
    made = Late(**ports)
    made.handle(made.shown(10))
    made.deliver()
    return made


@pytest.fixture
def taken_back(order):
    """Sent, changed, and changed back; the message of the change is a dead letter."""
    order.dead_letter = order.shown(11, "11.0")
    order.handle(order.shown(12))
    return order


def test_it_is_past_after_a_person_has_had_the_document_sent_again(taken_back):
    """A request brings the document as it was stored, with its row version of then."""
    taken_back.handle(taken_back.asked(taken_back.newest(), Cause.AS_REPLACEMENT, resends_after=1))
    taken_back.deliver()
    assert taken_back.handle(taken_back.dead_letter) is TranslateResult.KNOWN
    assert taken_back.prices() == ["10.0", "10.0"]


@pytest.mark.parametrize("cause", [Cause.RELEASE, Cause.REPLAY])
def test_it_is_past_after_a_person_has_released_the_document(ports, cause):
    order, pallets = Late(**ports), {"lines": [an_order_line(uom="PAL")]}
    order.handle(order.shown(10, **pallets))
    dead_letter = order.shown(11, "11.0")
    order.handle(order.shown(12, **pallets))
    released = order.asked(order.newest(), cause)
    order.routing.apply(routing_data({"defaults.units.PAL": "each"}))
    assert order.handle(released) is TranslateResult.QUEUED
    order.due()
    assert (order.handle(dead_letter), order.due()) == (TranslateResult.KNOWN, [])


def test_it_is_past_after_a_request_about_a_document_whose_change_did_not_leave(order):
    order.handle(order.shown(11, "11.0"))
    dead_letter = order.shown(12, "12.0")
    order.handle(order.shown(13))
    assert order.states() == [State.SENT, State.SUPERSEDED]
    order.due()
    order.handle(order.asked(order.ledger.get(ORDER, 1), Cause.AS_REPLACEMENT, resends_after=2))
    order.deliver()
    assert order.handle(dead_letter) is TranslateResult.KNOWN
    assert order.prices() == ["10.0", "10.0"]


def test_it_is_past_after_a_change_that_was_not_written(taken_back):
    taken_back.change_comes_to_nothing()
    assert taken_back.handle(taken_back.dead_letter) is TranslateResult.KNOWN
    assert taken_back.due() == []


def test_it_is_past_although_the_state_after_it_has_no_row_version(order):
    dead_letter = order.shown(11, "11.0")
    order.handle(order.message(an_order("10.0", timeStamp=MISSING), seen_at=order.clock.now() + timedelta(minutes=1)))
    assert order.handle(dead_letter) is TranslateResult.KNOWN


def test_it_is_past_although_visma_s_clock_was_set_back_before_both(order):
    order.clock.forward(hours=-1)
    dead_letter = order.shown(11, "11.0")
    order.handle(order.shown(12))
    assert order.handle(dead_letter) is TranslateResult.KNOWN


@pytest.mark.parametrize("now", ["10.0", "12.0"])
def test_it_is_past_after_visma_was_restored_from_a_backup(order, now):
    """Row versions begin again further below, and the one of the dead letter is higher than what they come to."""
    dead_letter = order.shown(11, "11.0")
    order.clock.forward(days=1)
    order.handle(order.shown(5, now))
    order.deliver()
    assert order.handle(dead_letter) is TranslateResult.KNOWN
    assert order.prices() == ["10.0", "12.0"][: 1 if now == "10.0" else 2]


def test_so_is_a_request_about_what_was_replaced_since(order):
    """The document as it was stored has a row version from before the backup was restored."""
    order.clock.forward(days=1)
    order.handle(order.shown(5))
    request = order.asked(order.newest(), Cause.AS_REPLACEMENT, resends_after=1)
    order.handle(order.shown(6, "11.0"))
    order.deliver()
    assert order.handle(request) is TranslateResult.KNOWN
    assert order.prices() == ["10.0", "11.0"]


def test_what_a_restored_visma_shows_after_a_change_was_written_is_sent(order):
    """What the change made of the order was never shown, and no row version comes near that of the write again."""
    agreed = replace(order.newest(), sequence=2, revision_id="b" * 64, state=State.AGREED, seen_at=None)
    order.ledger.rows[ORDER, 2] = replace(agreed, transaction_id=None, visma_version=version(90))
    order.clock.forward(days=1)
    assert order.handle(order.shown(5, "11.0")) is TranslateResult.QUEUED


def test_a_request_about_a_written_change_is_past_once_visma_showed_another_state(order):
    """The row version of the write is higher than any that a restored Visma shows."""
    agreed = replace(order.newest(), sequence=2, revision_id="b" * 64, state=State.AGREED, seen_at=None)
    source = as_json(an_order("12.0", timeStamp=version(90)))
    order.ledger.agreed(replace(agreed, transaction_id=None, visma_version=version(90)), was=None, source=source)
    request = order.asked(order.newest(), Cause.AS_REPLACEMENT, resends_after=2)
    order.clock.forward(days=1)
    order.handle(order.shown(5, "11.0"))
    order.deliver()
    assert order.handle(request) is TranslateResult.KNOWN
    assert order.prices() == ["10.0", "11.0"]


@pytest.mark.parametrize("step", ["move", "own", "seen again"])
def test_a_worker_that_read_the_revision_before_keeps_the_sighting(order, step):
    read = order.newest()
    dead_letter = order.shown(11, "11.0")
    order.handle(order.shown(12))
    now = order.clock.now()
    if step == "move":
        order.ledger.move(read, State.DELIVERED, now=now, note="Orderful has delivered it")
    elif step == "own":
        order.ledger.own(read, State.SENT, transaction_id="T-2", now=now, note="found")
    else:
        with pytest.raises(Conflict):
            order.ledger.seen_again(read, seen_at=read.seen_at + timedelta(seconds=1), version=version(10))
    assert order.newest().visma_version == version(12)
    assert order.handle(dead_letter) is TranslateResult.KNOWN


class Days(Late):
    """Days of an order: edits, dead letters, repetitions, requests and pauses in any order."""

    def __init__(self, seed, *, restores):
        super().__init__()
        self.random, self.restores = random.Random(seed), restores
        self.counter, self.last, self.requests, self.is_paused = 100_000, "10.0", 0, False
        self.messages, self.dead_letters = [], []
        self.edit("10.0", dies=False)
        self.deliver()

    def take(self, message):
        try:
            self.handle(message)
        except ConnectorError:
            self.dead_letters.append(message)

    def edit(self, price, *, dies):
        self.counter, self.last = self.counter + 1, price
        self.clock.forward(minutes=self.random.choice([1, 30, 600]))
        message = self.shown(self.counter, price)
        self.messages.append(message)
        self.dead_letters.append(message) if dies else self.take(message)

    def request(self, cause):
        own = own_revisions(self.ledger.revisions(ORDER, limit=1_000))
        resends_after = own[0].sequence if cause.chooses else None
        message = self.asked(current_revision(own), cause, resends_after=resends_after)
        self.requests += 1
        self.dead_letters.append(message) if self.random.random() < 0.4 else self.take(message)

    def restore(self):
        """Visma is restored from a backup."""
        self.counter -= 50
        self.clock.forward(hours=5)

    def track(self):
        row = self.random.choice(self.ledger.revisions(ORDER))
        if row.state is State.SENT:
            self.ledger.move(row, State.VALID, now=self.clock.now(), note="valid")

    def end_pause(self):
        self.is_paused = False
        for message in self.resume():
            self.take(message)

    def step(self):
        self.clock.forward(minutes=1)
        match self.random.randrange(10):
            case 0 | 1 | 2 | 3:
                price = self.random.choice(["10.0", "11.0", "12.0", self.last])
                self.edit(price, dies=self.random.random() < 0.4)
            case 4:
                self.take(self.random.choice(self.messages))
            case 5:
                self.request(self.random.choice([Cause.REPLAY, Cause.AS_REPLACEMENT]))
            case 6:
                self.change_comes_to_nothing()
            case 7 if self.is_paused:
                self.end_pause()
            case 7:
                self.is_paused = True
                self.pause()
            case 8 if self.restores:
                self.restore()
            case 8:
                self.track()
            case _:
                self.deliver()

    def end(self):
        """All is let go, and all dead letters are put back."""
        if self.is_paused:
            self.end_pause()
        for _ in range(50):
            self.deliver()
            if not self.dead_letters:
                break
            self.clock.forward(minutes=1)
            self.take(self.dead_letters.pop(self.random.randrange(len(self.dead_letters))))
        self.deliver()


@pytest.mark.parametrize("restores", [False, True])
def test_in_any_order_the_partner_ends_with_what_visma_showed_last_and_gets_nothing_twice(restores):
    for seed in range(150):
        days = Days(seed, restores=restores)
        for _ in range(days.random.randint(4, 14)):
            days.step()
        days.end()
        prices = days.prices()
        assert prices[-1] == days.last, f"seed {seed}"
        repeated = sum(one == after for one, after in pairwise(prices))
        assert repeated <= days.requests, f"seed {seed}"
        assert State.PARKED not in days.states(), f"seed {seed}"
