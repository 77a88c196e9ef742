"""Rules: schedules, queues, time, and operators."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from connector.domain.order_change.record import ChangeState
from connector.domain.revision.cause import Cause
from proof.model.machine.base import ACME, ANSWERS, ISA_IDS, LATE_CUSTOMER, NEWCOMER, Base, in_play
from proof.model.machine.users import ORDERS
from proof.system import order_key
from testkit.memory.effects import StepDeadline


class Functions(Base):
    """Our functions, and the operators."""

    @rule(pages=st.sampled_from([None, None, 1, 2]))
    @in_play("poll")
    def a_poll(self, pages: int | None) -> None:
        """The poller runs, perhaps out of time after some pages."""
        self.count("poll")
        self.system.poll(StepDeadline(pages and pages + 1))

    @rule()
    @in_play("collect")
    def a_collection(self) -> None:
        """The collector runs."""
        self.count("collect")
        self.system.collect()

    @rule()
    @in_play("track")
    def a_look_at_transactions(self) -> None:
        """The tracker runs."""
        self.count("track")
        self.system.track()

    @rule(queue=st.integers(0, 2))
    @in_play("work")
    def a_batch(self, queue: int) -> None:
        """A function gets one batch of its queue."""
        self.count("work")
        self.system.work(self.system.queues[queue])

    @rule(seconds=st.sampled_from([1, 30, 121, 300, 660, 3600]))
    @in_play("wait")
    def time_passes(self, seconds: int) -> None:
        """Nobody does anything for a while."""
        self.count("wait")
        self.system.clock.forward(seconds=seconds)

    @rule(steps=st.integers(1, 4))
    @in_play("go on")
    def things_take_their_course(self, steps: int) -> None:
        """Queues are worked off and schedules fire."""
        self.count("go on")
        for _ in range(steps):
            self.system.step()

    @rule()
    @in_play("quiescence")
    def everything_becomes_quiescent(self) -> None:
        """Until nothing is going on any more: what then waits, waits for a person."""
        self.count("quiescence")
        self.system.redrive()
        self.system.visma.erp.hides = False
        self._must_be_right()

    @rule(draw=st.integers(0, 7), approved=st.sampled_from([True, True, False]))
    @in_play("decide")
    def a_person_decides(self, draw: int, approved: bool) -> None:  # noqa: FBT001
        """A parked change is approved or rejected."""
        parked = [one.transaction_id for one in self.system.changes.in_state(ChangeState.PARKED)]
        if not parked:
            return
        self.count("decide")
        number = parked[draw % len(parked)]
        (self.system.approve if approved else self.system.reject)(number)

    @rule(partner=st.sampled_from([ACME, NEWCOMER, NEWCOMER, LATE_CUSTOMER]), again=st.booleans())
    @in_play("routing")
    def the_routing_changes(self, partner: str, again: bool) -> None:  # noqa: FBT001
        """A partner is mapped or taken out, and what waited is released, perhaps twice."""
        self.count("routing")
        self.unmapped ^= {partner}
        self.system.apply_routing(self.routed())
        if again:
            self.system.apply_routing(self.routed())

    @rule(other=st.booleans())
    @in_play("isa id")
    def a_partner_gets_another_isa_id(self, other: bool) -> None:  # noqa: FBT001
        """The ISA id of partner acme changes in the routing file, or changes back."""
        if self.isa_id == ISA_IDS[other]:
            return
        self.count("isa id")
        self.isa_id = ISA_IDS[other]
        self.system.apply_routing(self.routed())

    @rule(draw=ORDERS)
    @in_play("replay")
    def an_operator_replays(self, draw: int) -> None:
        """A rejected or parked document is sent again, or withdrawn again from a former receiver."""
        key = order_key(self.order(draw))
        if not self.system.waiting(key):
            return
        self.count("replay")
        self.system.replay(key)

    @rule(draw=st.integers(0, 7), answer=st.sampled_from(ANSWERS))
    @in_play("answer", lambda machine: machine.asked())
    def a_person_answers(self, draw: int, answer: Cause | None) -> None:
        """A question about a document from before go-live is answered."""
        asked = self.asked()
        self.answer(asked[draw % len(asked)], answer)
