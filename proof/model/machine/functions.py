"""Rules: schedules, queues, time, and operators."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from connector.domain.order_change.record import ChangeState
from connector.domain.revision.cause import Cause
from proof.model.machine.base import ACME, ANSWERS, ISA_IDS, LATE_CUSTOMER, NEWCOMER, Base, rule_named
from proof.model.machine.users import ORDERS
from proof.system import order_key
from testkit.memory.effects import StepDeadline


class Functions(Base):
    """Our functions, and the operators."""

    @rule(pages=st.sampled_from([None, None, 1, 2]))
    @rule_named("poll")
    def a_poll(self, pages: int | None) -> None:
        """The poller runs, perhaps with a deadline after some pages."""
        self.count("poll")
        self.system.poll(StepDeadline(pages and pages + 1))

    @rule()
    @rule_named("collect")
    def a_collection(self) -> None:
        """The collector runs."""
        self.count("collect")
        self.system.collect()

    @rule()
    @rule_named("track")
    def a_look_at_transactions(self) -> None:
        """The tracker runs."""
        self.count("track")
        self.system.track()

    @rule(queue=st.integers(0, 2))
    @rule_named("work")
    def a_batch(self, queue: int) -> None:
        """A function gets one batch of its queue."""
        self.count("work")
        self.system.work(self.system.queues[queue])

    @rule(seconds=st.sampled_from([1, 30, 121, 300, 660, 3600]))
    @rule_named("wait")
    def time_passes(self, seconds: int) -> None:
        """The clock advances."""
        self.count("wait")
        self.system.clock.forward(seconds=seconds)

    @rule(steps=st.integers(1, 4))
    @rule_named("go on")
    def things_take_their_course(self, steps: int) -> None:
        """Queues are processed and schedules fire."""
        self.count("go on")
        for _ in range(steps):
            self.system.step()

    @rule()
    @rule_named("quiescence")
    def everything_becomes_quiescent(self) -> None:
        """Run until the system is quiescent, and check all invariants."""
        self.count("quiescence")
        self.system.redrive()
        self.system.resume()
        self.system.visma.erp.hides = False
        self._must_be_right()

    @rule(draw=st.integers(0, 7), approved=st.sampled_from([True, True, False]))
    @rule_named("decide")
    def a_person_decides(self, draw: int, approved: bool) -> None:  # noqa: FBT001
        """A parked change is approved or rejected."""
        parked = [one.transaction_id for one in self.system.changes.in_state(ChangeState.PARKED)]
        if not parked:
            return
        self.count("decide")
        number = parked[draw % len(parked)]
        (self.system.approve if approved else self.system.reject)(number)

    @rule(partner=st.sampled_from([ACME, NEWCOMER, NEWCOMER, LATE_CUSTOMER]), again=st.booleans())
    @rule_named("routing")
    def the_routing_changes(self, partner: str, again: bool) -> None:  # noqa: FBT001
        """A partner is mapped or unmapped, and parked documents are released, perhaps twice."""
        self.count("routing")
        self.unmapped ^= {partner}
        self.system.apply_routing(self.routed())
        if again:
            self.system.apply_routing(self.routed())

    @rule(other=st.booleans())
    @rule_named("isa id")
    def a_partner_gets_another_isa_id(self, other: bool) -> None:  # noqa: FBT001
        """The ISA id of partner acme changes in the routing file, or changes back."""
        if self.isa_id == ISA_IDS[other]:
            return
        self.count("isa id")
        self.isa_id = ISA_IDS[other]
        self.system.apply_routing(self.routed())

    @rule(draw=ORDERS)
    @rule_named("replay")
    def an_operator_replays(self, draw: int) -> None:
        """A rejected or parked document or withdrawal is replayed."""
        key = order_key(self.order(draw))
        if not self.system.waiting(key):
            return
        self.count("replay")
        self.system.replay(key)

    @rule(queue=st.integers(0, 2), draw=st.integers(0, 7))
    @rule_named("dead letter")
    def a_message_becomes_a_dead_letter(self, queue: int, draw: int) -> None:
        """A queue gives a message up, and goes on with the next one of its group."""
        chosen = self.system.queues[queue]
        if not chosen.messages and queue == 0:
            self.system.clock.forward(seconds=180)
            self.system.poll()
        if chosen.messages:
            self.count(f"dead letter: {chosen.name}")
            chosen.give_up(draw % len(chosen.messages))

    @rule()
    @rule_named("redrive")
    def an_operator_redrives(self) -> None:
        """An operator moves the dead letters back."""
        if any(queue.dead for queue in self.system.queues):
            self.count("redrive")
            self.system.redrive()

    @rule(paused=st.booleans())
    @rule_named("pause")
    def an_operator_pauses_or_resumes(self, paused: bool) -> None:  # noqa: FBT001
        """All sending is paused, or goes on."""
        if paused is self.system.is_paused:
            return
        self.count("pause" if paused else "resume")
        if paused:
            self.system.pause()
        else:
            self.system.resume()

    @rule(draw=st.integers(0, 7))
    @rule_named("close")
    def an_operator_closes(self, draw: int) -> None:
        """A person closes a document that waits."""
        waiting = [key for key in self.keys() if self.system.waiting(key) and self.system.question(key) is None]
        if waiting:
            self.count("close")
            self.system.close_waiting(waiting[draw % len(waiting)])

    @rule(draw=ORDERS, purpose=st.sampled_from([Cause.AS_REPLACEMENT, Cause.AS_ORIGINAL]))
    @rule_named("resend")
    def an_operator_resends(self, draw: int, purpose: Cause) -> None:
        """A person has what the partner has sent a second time."""
        key = order_key(self.order(draw))
        if self.system.may_be_resent(key):
            self.count("resend")
            self.system.resend(key, purpose)

    @rule(draw=st.integers(0, 7), again=st.booleans())
    @rule_named("settle change")
    def a_person_settles_a_change(self, draw: int, again: bool) -> None:  # noqa: FBT001
        """A parked change is decided again, or was settled by hand."""
        parked = [one.transaction_id for one in self.system.changes.in_state(ChangeState.PARKED)]
        if not parked:
            return
        number = parked[draw % len(parked)]
        self.count("retry change" if again else "close change")
        (self.system.retry if again else self.system.close_change)(number)

    @rule(draw=st.integers(0, 7), answer=st.sampled_from(ANSWERS))
    @rule_named("answer", lambda machine: machine.asked())
    def a_person_answers(self, draw: int, answer: Cause | None) -> None:
        """A person decides about a document from before go-live."""
        asked = self.asked()
        self.answer(asked[draw % len(asked)], answer)
