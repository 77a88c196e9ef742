"""Rules: fault injection."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from connector.domain.errors import ConnectorError, Misconfigured, Rejected, Throttled, Transient, UnknownOutcome
from connector.domain.reasons import Reason
from connector.services.ports import Created
from proof.model.machine.base import ACME, NEWCOMER, rule_named
from proof.model.machine.users import ORDERS, QUANTITIES, Users
from testkit.memory.effects import FaultKind
from testkit.memory.orderful import LostAnswer

STEPS = st.integers(1, 12)


class Faults(Users):
    """Kills, lost answers, throttling, conflicts."""

    @rule(steps=STEPS, after=st.booleans())
    @rule_named("kill")
    def a_worker_dies(self, steps: int, after: bool) -> None:  # noqa: FBT001
        """The worker of the n-th next side effect is killed before or after it."""
        self.count("kill")
        self.system.effects.at(steps, FaultKind.KILLED_AFTER if after else FaultKind.KILLED_BEFORE)

    @rule(steps=STEPS, lost=st.booleans())
    @rule_named("refuse")
    def a_remote_call_fails(self, steps: int, lost: bool) -> None:  # noqa: FBT001
        """The n-th next side effect is refused, or its answer is lost."""
        self.count("refuse")
        self.system.effects.at(steps, FaultKind.LOST if lost else FaultKind.REFUSED)

    @rule(steps=STEPS, other=st.sampled_from(["documents", "deliveries", "changes", "poll", "collect", "track"]))
    @rule_named("meanwhile")
    def another_function_runs_meanwhile(self, steps: int, other: str) -> None:
        """Another function runs before the n-th next side effect."""
        self.count("meanwhile")
        system = self.system
        turns = {"poll": system.poll, "collect": system.collect, "track": system.track}
        if other in turns:
            self.meanwhile(steps, turns[other])
        else:
            queue = next(queue for queue in system.queues if queue.name.startswith(other))
            self.meanwhile(steps, lambda: system.work(queue))

    @rule(steps=STEPS, draw=ORDERS, line=st.integers(0, 2), quantity=QUANTITIES)
    @rule_named("edit meanwhile")
    def a_user_edits_meanwhile(self, steps: int, draw: int, line: int, quantity: int) -> None:
        """A user edits an order before the n-th next side effect."""
        self.count("edit meanwhile")
        self.meanwhile(steps, lambda: self.change(self.order(draw), line, quantity))

    @rule(steps=STEPS, draw=ORDERS, supplier=st.sampled_from([ACME, NEWCOMER]))
    @rule_named("supplier meanwhile")
    def the_supplier_is_corrected_meanwhile(self, steps: int, draw: int, supplier: str) -> None:
        """An order gets another supplier before the n-th next side effect."""
        self.count("supplier meanwhile")
        number = self.order(draw)
        self.meanwhile(steps, lambda: self.correct_supplier(number, supplier))

    @rule(draw=ORDERS, line=st.integers(0, 2), quantity=QUANTITIES, times=st.sampled_from([1, 1, 2, 5]))
    @rule_named("412")
    def a_user_is_faster(self, draw: int, line: int, quantity: int, times: int) -> None:
        """A user edits an order immediately before the next PUTs."""
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
    @rule_named("orderful")
    def orderful_fails(self, how: str) -> None:
        """The next create at Orderful has another result, or its lists have a lag."""
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
    @rule_named("visma")
    def visma_fails(self, how: str) -> None:
        """Visma's next answers are lost or fail, its tokens are revoked, or its lists are empty."""
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

    def meanwhile(self, steps: int, action: Callable[[], object]) -> None:
        """Call `action` before the n-th next side effect."""
        self.system.effects.at(steps, action)
