"""Rules: everything that goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from connector.domain.errors import ConnectorError, Misconfigured, Rejected, Throttled, Transient, UnknownOutcome
from connector.domain.reasons import Reason
from connector.services.ports import Created
from proof.model.machine.base import ACME, NEWCOMER, in_play
from proof.model.machine.users import ORDERS, QUANTITIES, Users
from testkit.memory.effects import FaultKind
from testkit.memory.orderful import LostAnswer

STEPS = st.integers(1, 12)


class Trouble(Users):
    """Deaths, lost answers, throttling, conflicts."""

    @rule(steps=STEPS, after=st.booleans())
    @in_play("kill")
    def a_worker_dies(self, steps: int, after: bool) -> None:  # noqa: FBT001
        """Whoever causes the n-th side effect from now on dies before or after it."""
        self.count("kill")
        self.system.effects.at(steps, FaultKind.KILLED_AFTER if after else FaultKind.KILLED_BEFORE)

    @rule(steps=STEPS, lost=st.booleans())
    @in_play("refuse")
    def a_neighbour_fails(self, steps: int, lost: bool) -> None:  # noqa: FBT001
        """The n-th side effect from now on is refused, or its answer lost."""
        self.count("refuse")
        self.system.effects.at(steps, FaultKind.LOST if lost else FaultKind.REFUSED)

    @rule(steps=STEPS, other=st.sampled_from(["documents", "deliveries", "changes", "poll", "collect", "track"]))
    @in_play("meanwhile")
    def another_function_runs_meanwhile(self, steps: int, other: str) -> None:
        """In the middle of whatever comes, another function gets its turn."""
        self.count("meanwhile")
        system = self.system
        turns = {"poll": system.poll, "collect": system.collect, "track": system.track}
        if other in turns:
            self.meanwhile(steps, turns[other])
        else:
            queue = next(queue for queue in system.queues if queue.name.startswith(other))
            self.meanwhile(steps, lambda: system.work(queue))

    @rule(steps=STEPS, draw=ORDERS, line=st.integers(0, 2), quantity=QUANTITIES)
    @in_play("edit meanwhile")
    def a_user_edits_meanwhile(self, steps: int, draw: int, line: int, quantity: int) -> None:
        """In the middle of whatever comes, a user edits an order."""
        self.count("edit meanwhile")
        self.meanwhile(steps, lambda: self.change(self.order(draw), line, quantity))

    @rule(steps=STEPS, draw=ORDERS, supplier=st.sampled_from([ACME, NEWCOMER]))
    @in_play("supplier meanwhile")
    def the_supplier_is_corrected_meanwhile(self, steps: int, draw: int, supplier: str) -> None:
        """In the middle of whatever comes, an order gets another supplier."""
        self.count("supplier meanwhile")
        number = self.order(draw)
        self.meanwhile(steps, lambda: self.correct_supplier(number, supplier))

    @rule(draw=ORDERS, line=st.integers(0, 2), quantity=QUANTITIES, times=st.sampled_from([1, 1, 2, 5]))
    @in_play("412")
    def a_user_is_faster(self, draw: int, line: int, quantity: int, times: int) -> None:
        """Right before the next PUTs a user edits an order."""
        self.count("412")
        for turn in range(times):
            self.system.visma.on_put.append(lambda: self.change(self.order(draw), line, quantity + turn))  # noqa: B023

    @rule(
        how=st.sampled_from(
            [
                *("lost", "nothing came", "throttled", "refused", "failed", "wrong key"),
                *("slow list", "hidden number", "one hit", "no number yet"),
            ]
        ),
    )
    @in_play("orderful")
    def orderful_is_in_trouble(self, how: str) -> None:
        """The next transaction is taken in another way than hoped."""
        self.count(f"orderful: {how}")
        orderful = self.system.orderful
        endings: dict[str, Created | ConnectorError] = {
            "lost": LostAnswer("The connection to Orderful was lost."),
            "nothing came": UnknownOutcome("Orderful did not answer in time."),
            "throttled": Throttled("Orderful answered 429.", retry_after=timedelta(minutes=1)),
            "refused": Rejected("Orderful refused it.", code=Reason.REQUEST_REFUSED),
            "failed": Created(None, accepted=False, problems=("message: it is wrong",)),
            "wrong key": Misconfigured("Orderful answered 401."),
        }
        if how in endings:
            orderful.script.append(endings[how])
        elif how == "hidden number":
            orderful.number_lag = timedelta(minutes=5) - orderful.number_lag
        elif how == "one hit":
            orderful.finds_one = not orderful.finds_one
        elif how == "no number yet":
            orderful.numbers_while_processing = not orderful.numbers_while_processing
        else:
            orderful.list_lag = timedelta(seconds=100) - orderful.list_lag

    @rule(how=st.sampled_from(["lost", "silent", "502", "429", "revoked", "hides"]))
    @in_play("visma")
    def visma_is_in_trouble(self, how: str) -> None:
        """Visma's next answers are lost, or none, its token is taken back, or its lists are empty for a while."""
        self.count(f"visma: {how}")
        visma = self.system.visma
        if how == "lost":
            visma.lose += 1
        elif how == "silent":
            visma.silent += 1
        elif how == "hides":
            visma.erp.hides = not visma.erp.hides
        elif how == "revoked":
            visma.revoked.update(self.system.connect.minted)
        else:
            failure = Transient("Visma answered 502.") if how == "502" else Throttled("Visma answered 429.")
            visma.erp.failures[len(visma.erp.calls) + 1] = failure

    def meanwhile(self, steps: int, deed: Callable[[], object]) -> None:
        """Do something right before the n-th side effect from now on."""
        self.system.effects.at(steps, deed)
