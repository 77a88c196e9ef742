"""Every state of the ledger, as `docs/states.md`: made of the states, their moves and the words that commands show.

python -m connector.cli.reference.states > docs/states.md
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from connector.cli.changes import meanings as change_meanings
from connector.cli.documents import meanings
from connector.domain.order_change.record import DECIDED, FOR_A_PERSON, OPEN_CHANGES, ChangeState, WaitsOn
from connector.domain.revision.record import AWAITING_STATUS, MAY_NEED_ATTENTION, MOVES, NEEDS_PERSON, OPEN, State

_HEAD = """\
# States

Made of the code by `python -m connector.cli.reference.states > docs/states.md`; a test fails when it is stale.

A document has a revision for each of its states that a partner would see, and each revision has a state in the ledger.
An inbound transaction has one too. Why a revision or a change is in its state is said by its reason, and
[reasons.md](reasons.md) lists the reasons.

```
connector documents list                      # revisions that are open, with reason and next step
connector documents list --state SKIPPED      # one state; what is over is read from the whole ledger
connector documents list --attention          # what was sent and has not arrived as expected
connector documents show 500123               # each revision of a document, with the meaning of its state
connector documents trace 500123              # its history, state by state
connector changes list                        # inbound transactions that are open
connector changes show 500123                 # those of one order
```
"""

_OUTBOUND = """\
## Outbound: revisions of a document

*Acts* is who takes the next step. A revision that is *listed* is in `connector documents list` without any option. A
history begins with **CAPTURED**, which is no state: the document was read in Visma, and not decided yet.
"""

_ATTENTION = """\
Attention is no state. A revision in {states}
may need a person although nobody refused it: it has not arrived in the time that routing expects. It keeps its state,
is listed with `--attention`, and the alarm [attention-open](runbook.md#attention-open) lasts until what was expected
happens or a person closes it.
"""

_STATUSES = """\
## Orderful's statuses of a sent document

`connector documents show` has the three statuses as they were last seen. A word of Orderful's that is not listed here
is shown as it is.
"""

_INBOUND = """\
## Inbound: changes (860) and answers

Orderful is told of an inbound transaction (accepted or failed) only after its state is written: *told* says in which
states it is. An 860 goes through RECEIVED; other documents are RECORDED at once, or need ATTENTION.
"""

_WAITS = """\
What an inbound transaction waits for is `waits_on` of `connector changes show 500123 --json`:
"""

_NEXT = {
    State.TRANSLATED: "`deliver_transaction` claims it and posts it; `track_transactions` queues it again after "
    "`ResendAfterSeconds` where that was lost",
    State.SENDING: "the answer of Orderful ends it; where a worker dies, the next one looks it up first",
    State.UNCONFIRMED: "`deliver_transaction` looks it up, and posts it again only when Orderful has not shown it for "
    "`ConfirmAfterSeconds`; see [documents-unconfirmed](runbook.md#documents-unconfirmed)",
    State.SENT: "Orderful says whether it is valid (`expected.valid`)",
    State.VALID: "Orderful sends it on (`expected.sent`), and the partner's channel takes it (`expected.delivered`)",
    State.DELIVERED: "the partner's system acknowledges it (`expected.acknowledged`); with `acknowledgment: never` "
    "nothing more is expected",
    State.ACKNOWLEDGED: "nothing; what the partner refuses later comes in as an answer (855, 824)",
    State.PARKED: "the next step that is shown with it: a routing entry, a correction in Visma, `release`, `replay` or "
    "`close`; see [documents-parked](runbook.md#documents-parked)",
    State.REJECTED: "a correction in Visma, `replay`, or `close` when the partner was told; see "
    "[documents-rejected](runbook.md#documents-rejected)",
    State.SUPERSEDED: "nothing; where Orderful refused its transaction, the tracker looks for 30 days whether a person "
    "sends that by hand (`sent-afterwards`)",
    State.SKIPPED: "nothing, until the document or what routing says of it changes; `release` sends it all the same",
    State.BASELINE: "nothing, until the document changes: then `before_go_live` decides",
    State.CLOSED: "nothing, until the document changes",
    State.CHANGING: "`apply_change` ends it when the change is written or given up",
    State.AGREED: "nothing; no new order is sent for it",
}

_CHANGE_NEXT = {
    ChangeState.RECEIVED: "`apply_change` decides it; what waits for a time is queued again by `poll_orderful`",
    ChangeState.APPLYING: "`apply_change` ends it: APPLIED, PARKED, REFUSED, RECORDED (a repetition) or CLOSED; "
    "RECEIVED when it is tried again",
    ChangeState.APPLIED: "nothing",
    ChangeState.PARKED: "`approve`, `reject`, `close` or `retry`; see [changes-parked](runbook.md#changes-parked)",
    ChangeState.REFUSED: "tell the partner, then `close`: it ends as REJECTED",
    ChangeState.REJECTED: "nothing; Orderful does not tell the partner of it",
    ChangeState.RECORDED: "nothing",
    ChangeState.CLOSED: "nothing",
    ChangeState.ATTENTION: "settle it with the partner, then `close`; see "
    "[inbound-attention](runbook.md#inbound-attention)",
}

_WAITS_ON = {
    WaitsOn.WORKER: "`apply_change` works on it or is about to",
    WaitsOn.TIME: "a time has to pass: an earlier change has not come, or our credentials were refused",
    WaitsOn.VISMA: "Visma gives nothing usable for the order; it is looked at again by itself, with growing pauses",
    WaitsOn.EARLIER: "an earlier change of the order waits for a person; it goes on when that one has ended",
    WaitsOn.ROUTING: "a routing entry; `connector config apply` has it looked at again",
    WaitsOn.PERSON: "a person: the next step says what to do",
    WaitsOn.ORDERFUL: "it is over, and Orderful has yet to be told",
}


def document() -> str:
    """The whole page."""
    outbound = (
        (f"**{state}**", meanings.meaning(state), _yes(state in OPEN), _acts(state), _NEXT[state], _moves(state))
        for state in State
    )
    inbound = (
        (
            f"**{state}**",
            change_meanings.meaning(state),
            _yes(state in OPEN_CHANGES),
            _yes(state in DECIDED),
            _change_acts(state),
            _CHANGE_NEXT[state],
        )
        for state in ChangeState
    )
    statuses = ((name, word, means) for name, words in meanings.STATUSES.items() for word, means in words.items())
    attention = _ATTENTION.format(states=", ".join(MAY_NEED_ATTENTION[:-1]) + f" or {MAY_NEED_ATTENTION[-1]}")
    parts = (
        _HEAD,
        _OUTBOUND,
        _table(("state", "means", "listed", "acts", "what comes next", "states that may follow"), outbound),
        attention,
        _STATUSES,
        _table(("status", "word", "means"), statuses),
        _INBOUND,
        _table(("state", "means", "listed", "told", "acts", "what comes next"), inbound),
        _WAITS,
        _table(("waits on", "means"), ((f"`{one}`", _WAITS_ON[one]) for one in WaitsOn)),
    )
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _yes(holds: bool) -> str:  # noqa: FBT001 - a cell of a table
    return "yes" if holds else "no"


def _acts(state: State) -> str:
    if state in NEEDS_PERSON:
        return "a person"
    if state in AWAITING_STATUS:
        return "Orderful, the partner"
    return "the connector" if state in OPEN else "nobody"


def _change_acts(state: ChangeState) -> str:
    if state in FOR_A_PERSON:
        return "a person" if state is not ChangeState.PARKED else "a person, or what it waits on"
    return "the connector" if state in OPEN_CHANGES else "nobody"


def _moves(state: State) -> str:
    return ", ".join(one for one in State if one in MOVES[state] and one is not state) or "none"


if __name__ == "__main__":
    click.echo(document(), nl=False)
