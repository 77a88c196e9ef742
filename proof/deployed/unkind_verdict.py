"""What became of everything: what Orderful holds and what Visma has, held against each other and against the ledger."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from connector.domain.changes import ChangeState
from connector.domain.documents import DocumentKey, VismaDocument
from connector.domain.ledger import KNOWN_TO_PARTNER, Revision, State
from connector.domain.revisions import revision_id
from connector.domain.transactions import Purpose, Stream
from connector.edi.translate import translate
from connector.edi.visma.read import decode, read_document
from local.demo.scenario import COMPANY_IDS
from proof.deployed.unkind_goods import LISTS, Paper, Wish
from tests.support.laptop import ENDED, SENT, Laptop

_TYPES = {True: "850_PURCHASE_ORDER", False: "810_INVOICE"}
_PURPOSE_FIELDS = frozenset({"purpose", "transactionSetPurposeCode"})


@dataclass(frozen=True)
class World:
    """What can be seen from outside once all has come to rest; read once.

    Attributes:
        puts: What Visma logged of our PUTs.
    """

    laptop: Laptop
    puts: Sequence[Mapping[str, Any]]

    @cached_property
    def worked(self) -> Counter[tuple[str, int | None]]:
        """How often a PUT of an order came to what, whatever became of the answer: 204, 412, None for not begun."""
        return Counter((row["path"].rsplit("/", 1)[-1], row["work"]) for row in self.puts)

    @cached_property
    def deliveries(self) -> dict[str, dict[str, Any]]:
        """What partners sent, by Orderful's number, and how it was confirmed."""
        return {one["transactionId"]: one for one in self.laptop.orderful.control("GET", "deliveries")}

    @cached_property
    def in_visma(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        """Every document by company, list and number."""
        found = {}
        for company, company_id in COMPANY_IDS.items():
            for kind in LISTS.values():
                for document in self.laptop.visma.control("GET", f"documents?kind={kind}&company={company_id}"):
                    number = document.get("orderNbr") or document["referenceNumber"]
                    found[company, kind, number] = document
        return found

    @cached_property
    def held(self) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
        """What we sent, by sender, type and number, oldest first."""
        found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        for one in self.laptop.held():
            found.setdefault((one["sender"]["isaId"], one["type"]["name"], one["businessNumber"]), []).append(one)
        return found

    @cached_property
    def routing(self) -> Any:
        """The routing in force."""
        return self.laptop.routing()

    def transactions(self, paper: Paper) -> list[dict[str, Any]]:
        """What Orderful holds of a document, oldest first."""
        sender = self.routing.companies[paper.company].isa_id.on(Stream.TEST)
        return self.held.get((sender, _TYPES[paper.is_order], paper.number), [])

    def document(self, paper: Paper) -> dict[str, Any]:
        """A document as it stands in Visma."""
        return self.in_visma[paper.company, paper.list, paper.number]

    def wrong_document(self, paper: Paper) -> str | None:
        """What is wrong with the end of a document, in words that name it; None when all is well."""
        key = DocumentKey.parse(paper.key)
        revisions = self.laptop.ledger.revisions(key, limit=50)
        held = self.transactions(paper)
        raw = json.dumps(self.document(paper)).encode()
        read = read_document(decode(raw), company=paper.company, kind=key.kind)
        wrong = _wrong_states(revisions, revision_id(read.content)) or _wrong_transactions(revisions, held)
        wrong = wrong or self._wrong_content(read, revisions, held)
        if wrong is None:
            return None
        told = ", ".join(f"{one.sequence} {one.state}" for one in reversed(revisions))
        return f"{paper.key}: {wrong} (ledger: {told or 'nothing'}; Orderful: {[one['id'] for one in held]})"

    def _wrong_content(
        self, read: VismaDocument, revisions: Sequence[Revision], held: Sequence[dict[str, Any]]
    ) -> str | None:
        """Whether the newest transaction says what Visma has, unless the partner asked for that itself."""
        newest = next(one for one in revisions if one.state in KNOWN_TO_PARTNER)
        if newest.state is State.AGREED:
            return None
        route = self.routing.route(read.key.company, read.key.kind, read.counterparty)
        purpose = newest.purpose or Purpose.ORIGINAL
        wanted = translate(read.content, route, stream=Stream.TEST, purpose=purpose).request.body
        same = json.loads(msgspec.json.encode(wanted)) == held[-1]["request"]
        return None if same else "the newest transaction does not say what Visma has"

    def wrong_change(self, transaction_id: str, wish: Wish, asked: int) -> str | None:
        """What is wrong with the end of a change; `asked` is how many changes its order got."""
        change = self.laptop.change(transaction_id)
        delivery = self.deliveries[transaction_id]
        order = self.document(wish.paper)
        has = {line["lineNbr"]: line["orderQty"] for line in order["lines"]}
        wrong = None
        if change is None:
            wrong = "it was never recorded"
        elif change.state is not ChangeState.APPLIED or change.decided_by != "rules":
            wrong = f"it ended {change.state}: {change.reason}"
        elif change.is_unconfirmed or (delivery["status"], delivery["confirmed"]) != ("DELIVERED", 1):
            wrong = f"its delivery is {delivery['status']}, confirmed {delivery['confirmed']} times"
        elif (times := self.worked[wish.paper.number, 204]) != asked:
            wrong = f"the order was written {times} times for {asked} changes"
        elif any(has.get(number) != quantity for number, quantity in wish.quantities.items()):
            wrong = f"the lines are {has}, asked was {wish.quantities}"
        return f"change {transaction_id} of {wish.paper.key}: {wrong}" if wrong else None

    def overwritten(self, wish: Wish) -> str | None:
        """Whether an order was written in a state that was older than a user's edit of that moment."""
        met, came = self.worked[wish.paper.number, 412], len(wish.meanwhile)
        return None if met == came else f"{wish.paper.key}: {met} of {came} edits kept a stale write away"

    def lost_edit(self, paper: Paper, seen: Mapping[str, Any]) -> str | None:
        """Which of the things that users wrote into a document is not in Visma any more."""
        document = self.document(paper)
        for path, wanted in seen.items():
            found: Any = document
            for step in path.split("."):
                found = next(one for one in found if one["lineNbr"] == int(step)) if step.isdigit() else found.get(step)
            if found != wanted:
                return f"{paper.key}: {path} is {found}, a user wrote {wanted}"
        return None

    def echo(self, wish: Wish) -> str | None:
        """Whether a change came back to its partner as a document.

        One that no user edited is known to the partner and sends nothing. An edit that the partner has to see sends
        the whole, once.
        """
        sent = len(self.transactions(wish.paper))
        newest = self.laptop.newest(wish.paper.key)
        if sent != (2 if wish.material else 1):
            return f"{wish.paper.key}: {sent} transactions, {'one for the edit' if wish.material else 'an echo'}"
        if not wish.material and (newest is None or newest.state is not State.AGREED):
            return f"{wish.paper.key}: the changed order is {newest and newest.state}, not known to the partner"
        return None


def _wrong_states(revisions: Sequence[Revision], now: str) -> str | None:
    """Whether the newest revision that the partner has is what Visma has now, and nothing is open besides."""
    known = next((one for one in revisions if one.state in KNOWN_TO_PARTNER), None)
    if known is None:
        return "the partner never got it"
    moving = [one.sequence for one in revisions if one.state not in ENDED]
    if moving:
        return f"revisions {moving} have not come to an end"
    if any(one.state is not State.SUPERSEDED for one in revisions if one.sequence > known.sequence):
        return "something newer than what the partner has stands open"
    return None if known.revision_id == now else "the partner has another content than Visma"


def _wrong_transactions(revisions: Sequence[Revision], held: Sequence[dict[str, Any]]) -> str | None:
    """Whether Orderful holds one transaction for each revision that was sent, and no other."""
    recorded = sorted(one.transaction_id or "" for one in revisions if one.state in SENT)
    ids = sorted(one["id"] for one in held)
    if recorded != ids:
        return f"the ledger knows {recorded}, Orderful holds {ids}"
    contents = {json.dumps(_without_purpose(one["request"]), sort_keys=True) for one in held}
    return None if len(contents) == len(held) else "two transactions say the same"


def _without_purpose(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _without_purpose(value) for name, value in content.items() if name not in _PURPOSE_FIELDS}
    if isinstance(content, list):
        return [_without_purpose(one) for one in content]
    return content
